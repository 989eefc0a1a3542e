"""Activations along a dimension: softmax and its kin, and the gated linear unit."""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = ["GLU", "LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


class _AlongDim(Module):
    """An activation along one dimension."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_AlongDim):
    r"""Numbers as probabilities: exp(xᵢ) / Σⱼ exp(xⱼ) along a dimension.

    Before `CrossEntropyLoss` there must be none: that loss takes the numbers themselves.

    Args:
        dim: the dimension whose sum is 1; give it always, PyTorch's guess for None depends on the shape.

    Shapes: (*) -> the same.

    >>> torch.nn.Softmax(dim=1)(torch.tensor([[1.0, 1.0], [0.0, 2.0]]))
    tensor([[0.5000, 0.5000],
            [0.1192, 0.8808]])

    Source: PyTorch, `torch.nn.Softmax`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The probabilities."""
        return F.softmax(input, self.dim, _stacklevel=5)


class LogSoftmax(_AlongDim):
    r"""The logarithm of softmax: xᵢ - log Σⱼ exp(xⱼ) along a dimension; what `NLLLoss` takes.

    Args:
        dim: the dimension whose probabilities sum to 1.

    Shapes: (*) -> the same.

    >>> torch.nn.LogSoftmax(dim=0)(torch.tensor([1.0, 1.0]))
    tensor([-0.6931, -0.6931])

    Source: PyTorch, `torch.nn.LogSoftmax`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The logarithms of the probabilities."""
        return F.log_softmax(input, self.dim, _stacklevel=5)


class Softmin(_AlongDim):
    r"""Softmax of the negative: exp(-xᵢ) / Σⱼ exp(-xⱼ) along a dimension.

    Args:
        dim: the dimension whose sum is 1.

    Shapes: (*) -> the same.

    >>> torch.nn.Softmin(dim=0)(torch.tensor([0.0, 2.0]))
    tensor([0.8808, 0.1192])

    Source: PyTorch, `torch.nn.Softmin`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The probabilities."""
        return F.softmin(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    r"""Softmax over the channels at every position of an image.

    Shapes: (N, C, H, W) or (C, H, W) -> the same.

    >>> torch.nn.Softmax2d()(torch.zeros(1, 2, 1, 1)).flatten()
    tensor([0.5000, 0.5000])

    Source: PyTorch, `torch.nn.Softmax2d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The probabilities."""
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3, _stacklevel=5)


class GLU(_AlongDim):
    r"""Gated linear unit: a · σ(b), where a and b are the halves of the input along a dimension.

    Args:
        dim: the dimension that is halved.

    Shapes: (*, 2k, *) -> (*, k, *).

    >>> torch.nn.GLU()(torch.tensor([[1.0, 2.0, 0.0, 0.0]]))
    tensor([[0.5000, 1.0000]])

    Source: Dauphin et al. 2016, "Language modeling with gated convolutional networks"; PyTorch,
    `torch.nn.GLU`.
    """

    dim: int

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim)

    def forward(self, input: Tensor) -> Tensor:
        """a · σ(b)."""
        return F.glu(input, self.dim)
