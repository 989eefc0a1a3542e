"""Modules that image classifiers are built of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import nn
from ...ops.creation import ones, zeros
from ...tensor import Tensor

__all__ = ["Conv2dNormActivation", "FrozenBatchNorm2d", "SqueezeExcitation"]


class FrozenBatchNorm2d(nn.Module):
    """Batch normalization whose statistics, weight and bias are buffers: nothing of it is learned.

    Args:
        num_features: channels.
        eps: added to the variance.

    Source: torchvision, `FrozenBatchNorm2d`.
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", ones(num_features))
        self.register_buffer("bias", zeros(num_features))
        self.register_buffer("running_mean", zeros(num_features))
        self.register_buffer("running_var", ones(num_features))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        state_dict.pop(f"{prefix}num_batches_tracked", None)  # what an ordinary batch norm has beside
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        shift = self.bias - self.running_mean * scale
        return x * scale.reshape(1, -1, 1, 1) + shift.reshape(1, -1, 1, 1)

    def __repr__(self) -> str:
        return f"FrozenBatchNorm2d({self.weight.shape[0]}, eps={self.eps})"


class Conv2dNormActivation(nn.Sequential):
    """A convolution, a norm and an activation.

    Args:
        in_channels, out_channels, kernel_size, stride, groups, dilation: the convolution's.
        padding: by default what keeps the picture's size at stride 1.
        norm_layer: makes the norm for a number of channels; None for none.
        activation_layer: makes the activation; None for none.
        inplace: given to the activation; None gives it nothing.
        bias: whether the convolution has one; by default where there is no norm.

    Source: torchvision, `Conv2dNormActivation`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        stride: int = 1,
        padding: int | str | None = None,
        groups: int = 1,
        norm_layer: Callable[..., nn.Module] | None = nn.BatchNorm2d,
        activation_layer: Callable[..., nn.Module] | None = nn.ReLU,
        dilation: int = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        padding = (kernel_size - 1) // 2 * dilation if padding is None else padding
        bias = norm_layer is None if bias is None else bias
        convolution = nn.Conv2d(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias
        )
        layers: list[nn.Module] = [convolution]
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer(**({} if inplace is None else {"inplace": inplace})))
        super().__init__(*layers)
        self.out_channels = out_channels


class SqueezeExcitation(nn.Module):
    """Each channel times a factor that two 1x1 convolutions find from the means of all channels.

    Args:
        input_channels, squeeze_channels: outside and between the two convolutions.
        activation, scale_activation: make what follows the first and the second.

    Source: J. Hu et al., Squeeze-and-excitation networks, 2017; torchvision, `SqueezeExcitation`.
    """

    def __init__(
        self,
        input_channels: int,
        squeeze_channels: int,
        activation: Callable[..., nn.Module] = nn.ReLU,
        scale_activation: Callable[..., nn.Module] = nn.Sigmoid,
    ) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        return self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(input))))) * input
