"""The gradients of convolutions, for those who write a backward pass by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import autograd
from ..ops.conv import conv1d, conv2d, conv3d
from ..ops.creation import zeros
from ..tensor import Tensor

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _input_gradient(name: str, conv: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def gradient(
        input_size: Sequence[int],
        weight: Tensor,
        grad_output: Tensor,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        input = zeros(input_size, dtype=weight.dtype, requires_grad=True)
        with autograd.enable_grad():
            out = conv(input, weight.detach(), None, stride, padding, dilation, groups)
        return autograd.grad(out, input, grad_output)[0]

    gradient.__name__ = gradient.__qualname__ = name
    gradient.__doc__ = f"""The gradient of `{conv.__name__}` for its input, of `input_size`.

    Source: PyTorch, `torch.nn.grad.{name}`.
    """
    return gradient


def _weight_gradient(name: str, conv: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def gradient(
        input: Tensor,
        weight_size: Sequence[int],
        grad_output: Tensor,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        weight = zeros(weight_size, dtype=input.dtype, requires_grad=True)
        with autograd.enable_grad():
            out = conv(input.detach(), weight, None, stride, padding, dilation, groups)
        return autograd.grad(out, weight, grad_output)[0]

    gradient.__name__ = gradient.__qualname__ = name
    gradient.__doc__ = f"""The gradient of `{conv.__name__}` for its weight, of `weight_size`.

    Source: PyTorch, `torch.nn.grad.{name}`.
    """
    return gradient


conv1d_input, conv1d_weight = (
    _input_gradient("conv1d_input", conv1d),
    _weight_gradient("conv1d_weight", conv1d),
)
conv2d_input, conv2d_weight = (
    _input_gradient("conv2d_input", conv2d),
    _weight_gradient("conv2d_weight", conv2d),
)
conv3d_input, conv3d_weight = (
    _input_gradient("conv3d_input", conv3d),
    _weight_gradient("conv3d_weight", conv3d),
)
