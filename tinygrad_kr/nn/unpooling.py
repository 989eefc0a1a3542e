"""Unpooling layers: what undoes a max pooling, as far as that is possible."""

from __future__ import annotations

from collections.abc import Sequence

from ..tensor import Tensor
from . import functional as F
from ._arguments import IntOrTuple, ntuple
from .module import Module

__all__ = ["MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class _MaxUnpoolNd(Module):
    dims: int

    def __init__(
        self, kernel_size: IntOrTuple, stride: IntOrTuple | None = None, padding: IntOrTuple = 0
    ) -> None:
        super().__init__()
        self.kernel_size = ntuple(kernel_size, self.dims, "kernel_size")
        self.stride = ntuple(kernel_size if stride is None else stride, self.dims, "stride")
        self.padding = ntuple(padding, self.dims, "padding")

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """The maxima of `MaxPool1d` back at their places, 0 elsewhere; the arguments are those of `MaxUnpool2d`.

    Shapes: (N, C, L) or (C, L) -> (N, C, L') or (C, L').

    >>> pooled, places = torch.nn.MaxPool1d(2, return_indices=True)(torch.tensor([[1.0, 3.0, 2.0, 0.0]]))
    >>> torch.nn.MaxUnpool1d(2)(pooled, places)
    tensor([[0., 3., 2., 0.]])

    Source: PyTorch, `torch.nn.MaxUnpool1d`.
    """

    dims = 1

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpoolNd):
    """The maxima of `MaxPool2d` back at their places, 0 elsewhere.

    Args:
        kernel_size, stride, padding: those of the pooling.

    `forward` takes the pooled image, the indices that the pooling returned, and optionally the size of the
    result.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W').

    >>> pooled, places = torch.nn.MaxPool2d(2, return_indices=True)(torch.tensor([[[1.0, 3.0], [2.0, 0.0]]]))
    >>> torch.nn.MaxUnpool2d(2)(pooled, places)
    tensor([[[0., 3.],
             [0., 0.]]])

    Source: PyTorch, `torch.nn.MaxUnpool2d`.
    """

    dims = 2

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpoolNd):
    """The maxima of `MaxPool3d` back at their places, 0 elsewhere; the arguments are those of `MaxUnpool2d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W') or without N.

    >>> pooled, places = torch.nn.MaxPool3d(2, return_indices=True)(torch.randn(1, 2, 2, 2))
    >>> torch.nn.MaxUnpool3d(2)(pooled, places).shape
    torch.Size([1, 2, 2, 2])

    Source: PyTorch, `torch.nn.MaxUnpool3d`.
    """

    dims = 3

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)
