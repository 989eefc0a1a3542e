"""Padding layers: zeros, a constant, or what the borders reflect, repeat or continue with."""

from __future__ import annotations

from typing import ClassVar

from ..tensor import Tensor
from . import functional as F
from ._arguments import IntOrTuple, ntuple
from .module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _PadNd(Module):
    """Padding of the last `dims` dimensions in one of the modes of `F.pad`."""

    dims: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: IntOrTuple) -> None:
        super().__init__()
        self.padding = ntuple(padding, 2 * self.dims, "padding")

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPadNd(_PadNd):
    mode = "constant"

    def __init__(self, padding: IntOrTuple, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """A signal with one value added at both ends.

    Args:
        padding: how many elements at (left, right); one number for both, negative to remove.
        value: the value.

    Shapes: (*, W) -> (*, left + W + right).

    >>> torch.nn.ConstantPad1d((1, 2), 9.0)(torch.tensor([[1.0, 2.0]]))
    tensor([[9., 1., 2., 9., 9.]])

    Source: PyTorch, `torch.nn.ConstantPad1d`.
    """

    dims = 1


class ConstantPad2d(_ConstantPadNd):
    """An image with one value added on all sides.

    Args:
        padding: how many elements at (left, right, top, bottom); one number for all, negative to remove.
        value: the value.

    Shapes: (*, H, W) -> (*, top + H + bottom, left + W + right).

    >>> torch.nn.ConstantPad2d((1, 0, 0, 1), 9.0)(torch.tensor([[[1.0]]]))
    tensor([[[9., 1.],
             [9., 9.]]])

    Source: PyTorch, `torch.nn.ConstantPad2d`.
    """

    dims = 2


class ConstantPad3d(_ConstantPadNd):
    """A volume with one value added on all sides.

    Args:
        padding: how many elements at (left, right, top, bottom, front, back); one number for all.
        value: the value.

    Shapes: (*, D, H, W) -> each longer by its two paddings.

    >>> torch.nn.ConstantPad3d(1, 9.0)(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 4, 5, 6])

    Source: PyTorch, `torch.nn.ConstantPad3d`.
    """

    dims = 3


class _ZeroPadNd(_ConstantPadNd):
    def __init__(self, padding: IntOrTuple) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPadNd, ConstantPad1d):
    """A signal with zeros added at both ends; see `ConstantPad1d`.

    >>> torch.nn.ZeroPad1d(1)(torch.tensor([[1.0, 2.0]]))
    tensor([[0., 1., 2., 0.]])

    Source: PyTorch, `torch.nn.ZeroPad1d`.
    """


class ZeroPad2d(_ZeroPadNd, ConstantPad2d):
    """An image with zeros added on all sides; see `ConstantPad2d`.

    >>> torch.nn.ZeroPad2d(1)(torch.tensor([[[1.0]]]))
    tensor([[[0., 0., 0.],
             [0., 1., 0.],
             [0., 0., 0.]]])

    Source: PyTorch, `torch.nn.ZeroPad2d`.
    """


class ZeroPad3d(_ZeroPadNd, ConstantPad3d):
    """A volume with zeros added on all sides; see `ConstantPad3d`.

    >>> torch.nn.ZeroPad3d(1)(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 4, 5, 6])

    Source: PyTorch, `torch.nn.ZeroPad3d`.
    """


class _ReflectionPadNd(_PadNd):
    mode = "reflect"


class ReflectionPad1d(_ReflectionPadNd):
    """A signal continued by its mirror image, the border itself not repeated.

    Args:
        padding: how many elements at (left, right), each less than the size; one number for both.

    Shapes: (N, C, W) or (C, W) -> (N, C, left + W + right) or without N.

    >>> torch.nn.ReflectionPad1d(2)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 2., 1., 2., 3., 2., 1.]])

    Source: PyTorch, `torch.nn.ReflectionPad1d`.
    """

    dims = 1


class ReflectionPad2d(_ReflectionPadNd):
    """An image continued by its mirror images; `padding` is (left, right, top, bottom) or one number for all.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, top + H + bottom, left + W + right) or without N.

    >>> torch.nn.ReflectionPad2d((1, 0, 0, 0))(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    tensor([[[2., 1., 2.],
             [4., 3., 4.]]])

    Source: PyTorch, `torch.nn.ReflectionPad2d`.
    """

    dims = 2


class ReflectionPad3d(_ReflectionPadNd):
    """A volume continued by its mirror images; `padding` is that of `ConstantPad3d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> each longer by its two paddings.

    >>> torch.nn.ReflectionPad3d(1)(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 4, 5, 6])

    Source: PyTorch, `torch.nn.ReflectionPad3d`.
    """

    dims = 3


class _ReplicationPadNd(_PadNd):
    mode = "replicate"


class ReplicationPad1d(_ReplicationPadNd):
    """A signal continued by its first and last element; `padding` is (left, right) or one number for both.

    Shapes: (N, C, W) or (C, W) -> (N, C, left + W + right) or without N.

    >>> torch.nn.ReplicationPad1d(2)(torch.tensor([[1.0, 2.0]]))
    tensor([[1., 1., 1., 2., 2., 2.]])

    Source: PyTorch, `torch.nn.ReplicationPad1d`.
    """

    dims = 1


class ReplicationPad2d(_ReplicationPadNd):
    """An image continued by its borders; `padding` is (left, right, top, bottom) or one number for all.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, top + H + bottom, left + W + right) or without N.

    >>> torch.nn.ReplicationPad2d((1, 0, 1, 0))(torch.tensor([[[1.0, 2.0]]]))
    tensor([[[1., 1., 2.],
             [1., 1., 2.]]])

    Source: PyTorch, `torch.nn.ReplicationPad2d`.
    """

    dims = 2


class ReplicationPad3d(_ReplicationPadNd):
    """A volume continued by its borders; `padding` is that of `ConstantPad3d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> each longer by its two paddings.

    >>> torch.nn.ReplicationPad3d(1)(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 4, 5, 6])

    Source: PyTorch, `torch.nn.ReplicationPad3d`.
    """

    dims = 3


class _CircularPadNd(_PadNd):
    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        if input.dim() not in (self.dims + 1, self.dims + 2):
            raise ValueError(
                f"expected {self.dims + 1}D or {self.dims + 2}D input (got {input.dim()}D input)"
            )
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """A signal continued by its other end; `padding` is (left, right) or one number for both.

    Shapes: (N, C, W) or (C, W) -> (N, C, left + W + right) or without N.

    >>> torch.nn.CircularPad1d(1)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 1., 2., 3., 1.]])

    Source: PyTorch, `torch.nn.CircularPad1d`.
    """

    dims = 1


class CircularPad2d(_CircularPadNd):
    """An image continued by its opposite sides; `padding` is (left, right, top, bottom) or one number.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, top + H + bottom, left + W + right) or without N.

    >>> torch.nn.CircularPad2d((1, 0, 0, 0))(torch.tensor([[[1.0, 2.0]]]))
    tensor([[[2., 1., 2.]]])

    Source: PyTorch, `torch.nn.CircularPad2d`.
    """

    dims = 2


class CircularPad3d(_CircularPadNd):
    """A volume continued by its opposite sides; `padding` is that of `ConstantPad3d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> each longer by its two paddings.

    >>> torch.nn.CircularPad3d(1)(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 4, 5, 6])

    Source: PyTorch, `torch.nn.CircularPad3d`.
    """

    dims = 3
