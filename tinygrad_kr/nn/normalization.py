"""Layer, group, root-mean-square and local response normalisation. Batch norm is in `batchnorm.py`."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from ..tensor import Tensor
from . import functional as F
from . import init
from ._arguments import new_parameter, require_size
from .module import Module
from .parameter import Parameter

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


def _sizes(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (index(normalized_shape),)
    require_size("normalized_shape", sizes, least=0)
    return sizes


class _Affine(Module):
    """A normalisation with a learned weight and bias of one size, or without."""

    weight: Parameter | None
    bias: Parameter | None

    def _register_affine(self, size: Any, weight: bool, bias: bool, device: Any, dtype: Any) -> None:
        for name, wanted in (("weight", weight), ("bias", bias)):
            self.register_parameter(name, new_parameter(size, device=device, dtype=dtype) if wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to 1 and the bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class LayerNorm(_Affine):
    r"""Each sample normalised over its last dimensions: y = (x - mean) / √(var + eps) · weight + bias.

    Training and evaluation are the same; the variance is the biased one.

    Args:
        normalized_shape: the sizes of the last dimensions, over which the statistics are taken.
        eps: keeps the root away from 0.
        elementwise_affine: whether weight and bias, of `normalized_shape`, are learned.
        bias: whether the bias is, if the weight is.
        device, dtype: of the parameters.

    Shapes: (*, *normalized_shape) -> the same.

    >>> y = torch.nn.LayerNorm(10)(torch.randn(20, 5, 10))
    >>> y.mean(-1).abs().max().item() < 1e-5
    True

    Source: Ba, Kiros & Hinton 2016, "Layer normalization"; PyTorch, `torch.nn.LayerNorm`.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        affine = elementwise_affine
        self._register_affine(self.normalized_shape, affine, affine and bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """The normalised input."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_Affine):
    r"""Each sample divided by the root of its mean square: y = x / √(mean(x²) + eps) · weight.

    Args:
        normalized_shape: the sizes of the last dimensions, over which the mean is taken.
        eps: keeps the root away from 0; by default the machine epsilon of the input's dtype.
        elementwise_affine: whether the weight, of `normalized_shape`, is learned.
        device, dtype: of the weight.

    Shapes: (*, *normalized_shape) -> the same.

    >>> torch.nn.RMSNorm(2)(torch.tensor([[3.0, 3.0]]))
    tensor([[1., 1.]], grad_fn=<...>)

    Source: Zhang & Sennrich 2019, "Root mean square layer normalization"; PyTorch, `torch.nn.RMSNorm`.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = new_parameter(self.normalized_shape, device=device, dtype=dtype)
        self.register_parameter("weight", weight if elementwise_affine else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """The normalised input."""
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(_Affine):
    r"""Each sample's channels normalised in groups: y = (x - mean) / √(var + eps) · weight + bias.

    Args:
        num_groups: into how many groups the channels are divided.
        num_channels: the channels of the input; `num_groups` must divide it.
        eps: keeps the root away from 0.
        affine: whether weight and bias, one per channel, are learned.
        device, dtype: of the parameters.
        bias: whether the bias is learned, if the weight is.

    Shapes: (N, num_channels, *) -> the same.

    Raises:
        ValueError: `num_groups` does not divide `num_channels`.

    >>> torch.nn.GroupNorm(3, 6)(torch.randn(20, 6, 10, 10)).shape
    torch.Size([20, 6, 10, 10])

    Source: Wu & He 2018, "Group normalization"; PyTorch, `torch.nn.GroupNorm`.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        require_size("num_groups", num_groups)
        require_size("num_channels", num_channels, least=0)
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self._register_affine(num_channels, affine, affine and bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """The normalised input."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    r"""Each channel divided by what its neighbours answer: b_c = a_c / (k + alpha/n · Σ a_c'²)^beta.

    The sum is over the `size` channels around c, n is `size`.

    Args:
        size: how many neighbouring channels count.
        alpha, beta, k: factor, exponent and summand of the formula.

    Shapes: (N, C, *) -> the same.

    >>> torch.nn.LocalResponseNorm(2)(torch.randn(32, 5, 24, 24)).shape
    torch.Size([32, 5, 24, 24])

    Source: Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural networks";
    PyTorch, `torch.nn.LocalResponseNorm`.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        require_size("size", size)
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """The normalised input."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
