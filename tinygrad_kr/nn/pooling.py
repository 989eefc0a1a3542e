"""Pooling layers: the maximum, the mean or a norm of every window.

The 2d layers say what the arguments mean; those of other dimensions take the same.
"""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from . import functional as F
from ._arguments import IntOrTuple, ntuple
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]


# -- maximum ---------------------------------------------------------------------------------------


class _MaxPoolNd(Module):
    def __init__(
        self,
        kernel_size: IntOrTuple,
        stride: IntOrTuple | None = None,
        padding: IntOrTuple = 0,
        dilation: IntOrTuple = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """The maximum of every window of a signal; the arguments are those of `MaxPool2d`.

    Shapes: (N, C, L) or (C, L) -> (N, C, L') or (C, L').

    >>> torch.nn.MaxPool1d(2)(torch.tensor([[1.0, 3.0, 2.0, 0.0]]))
    tensor([[3., 2.]])

    Source: PyTorch, `torch.nn.MaxPool1d`.
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class MaxPool2d(_MaxPoolNd):
    r"""The maximum of every window of an image.

    Args:
        kernel_size: height and width of the window; one number for both.
        stride: distance of neighbouring windows; `kernel_size` if not given.
        padding: rows and columns of -∞ added on both sides, at most half a window.
        dilation: distance of the elements of a window.
        return_indices: give the places of the maxima as well, for `MaxUnpool2d`.
        ceil_mode: let windows start that do not fit in completely.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'),
    H' = ⌊(H + 2·padding - dilation·(kernel_size - 1) - 1) / stride⌋ + 1 (⌈ ⌉ with `ceil_mode`), W' likewise.

    >>> torch.nn.MaxPool2d(2)(torch.tensor([[[1.0, 3.0], [2.0, 0.0]]]))
    tensor([[[3.]]])

    Source: PyTorch, `torch.nn.MaxPool2d`.
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class MaxPool3d(_MaxPoolNd):
    """The maximum of every window of a volume; the arguments are those of `MaxPool2d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W') or without N.

    >>> torch.nn.MaxPool3d(2)(torch.zeros(1, 4, 6, 8)).shape
    torch.Size([1, 2, 3, 4])

    Source: PyTorch, `torch.nn.MaxPool3d`.
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


# -- mean ------------------------------------------------------------------------------------------


class _AvgPoolNd(Module):
    def __init__(
        self,
        kernel_size: IntOrTuple,
        stride: IntOrTuple | None = None,
        padding: IntOrTuple = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """The mean of every window of a signal; arguments as for `AvgPool2d`, without `divisor_override`.

    Shapes: (N, C, L) or (C, L) -> (N, C, L') or (C, L').

    >>> torch.nn.AvgPool1d(2)(torch.tensor([[1.0, 3.0, 2.0, 0.0]]))
    tensor([[2., 1.]])

    Source: PyTorch, `torch.nn.AvgPool1d`.
    """

    def __init__(
        self,
        kernel_size: IntOrTuple,
        stride: IntOrTuple | None = None,
        padding: IntOrTuple = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        kernel = ntuple(kernel_size, 1, "kernel_size")
        step = kernel if stride is None else ntuple(stride, 1, "stride")
        super().__init__(kernel, step, ntuple(padding, 1, "padding"), ceil_mode, count_include_pad)

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )


class AvgPool2d(_AvgPoolNd):
    r"""The mean of every window of an image.

    Args:
        kernel_size: height and width of the window; one number for both.
        stride: distance of neighbouring windows; `kernel_size` if not given.
        padding: rows and columns of zeros added on both sides, at most half a window.
        ceil_mode: let windows start that do not fit in completely.
        count_include_pad: whether the zeros of the padding count in the mean.
        divisor_override: divide by this rather than by the number of elements.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'),
    H' = ⌊(H + 2·padding - kernel_size) / stride⌋ + 1 (⌈ ⌉ with `ceil_mode`), W' likewise.

    >>> torch.nn.AvgPool2d(2)(torch.tensor([[[1.0, 3.0], [2.0, 0.0]]]))
    tensor([[[1.5000]]])

    Source: PyTorch, `torch.nn.AvgPool2d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool3d(_AvgPoolNd):
    """The mean of every window of a volume; the arguments are those of `AvgPool2d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W') or without N.

    >>> torch.nn.AvgPool3d(2)(torch.zeros(1, 4, 6, 8)).shape
    torch.Size([1, 2, 3, 4])

    Source: PyTorch, `torch.nn.AvgPool3d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


# -- norm ------------------------------------------------------------------------------------------


class _LPPoolNd(Module):
    def __init__(
        self,
        norm_type: float,
        kernel_size: IntOrTuple,
        stride: IntOrTuple | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """(Σ xᵖ)^(1/p) of every window of a signal; the arguments are those of `LPPool2d`.

    Shapes: (N, C, L) or (C, L) -> (N, C, L') or (C, L').

    >>> torch.nn.LPPool1d(2, 2)(torch.tensor([[3.0, 4.0]]))
    tensor([[5.]])

    Source: PyTorch, `torch.nn.LPPool1d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPoolNd):
    r"""(Σ xᵖ)^(1/p) of every window of an image: the sum for p = 1, the maximum for p → ∞.

    Args:
        norm_type: p.
        kernel_size: height and width of the window; one number for both.
        stride: distance of neighbouring windows; `kernel_size` if not given.
        ceil_mode: let windows start that do not fit in completely.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W'), H' = ⌊(H - kernel_size) / stride⌋ + 1.

    >>> torch.nn.LPPool2d(1, 2)(torch.tensor([[[[1.0, 3.0], [2.0, 0.0]]]]))
    tensor([[[[6.]]]])

    Source: PyTorch, `torch.nn.LPPool2d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPoolNd):
    """(Σ xᵖ)^(1/p) of every window of a volume; the arguments are those of `LPPool2d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W') or without N.

    >>> torch.nn.LPPool3d(2, 2)(torch.ones(1, 1, 2, 2, 4)).shape
    torch.Size([1, 1, 1, 1, 2])

    Source: PyTorch, `torch.nn.LPPool3d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


# -- to a given size -------------------------------------------------------------------------------


class _AdaptivePoolNd(Module):
    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveAvgPoolNd(_AdaptivePoolNd):
    pass


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Means of windows that divide a signal into `output_size` parts.

    Shapes: (N, C, L) or (C, L) -> (N, C, output_size) or (C, output_size).

    >>> torch.nn.AdaptiveAvgPool1d(2)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[1.5000, 2.5000]])

    Source: PyTorch, `torch.nn.AdaptiveAvgPool1d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    r"""Means of windows that divide an image into parts of a given number, whatever its size.

    Part i of n covers the rows from ⌊i·H/n⌋ to ⌈(i+1)·H/n⌉.

    Args:
        output_size: height and width of the result; one number for both, None for the input's. 1 is global
            pooling.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, *output_size) or (C, *output_size).

    >>> torch.nn.AdaptiveAvgPool2d((5, None))(torch.zeros(1, 64, 8, 9)).shape
    torch.Size([1, 64, 5, 9])

    Source: PyTorch, `torch.nn.AdaptiveAvgPool2d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Means of windows that divide a volume into parts; the argument is that of `AdaptiveAvgPool2d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *output_size) or (C, *output_size).

    >>> torch.nn.AdaptiveAvgPool3d(1)(torch.ones(1, 2, 3, 4, 5)).flatten()
    tensor([1., 1.])

    Source: PyTorch, `torch.nn.AdaptiveAvgPool3d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class _AdaptiveMaxPoolNd(_AdaptivePoolNd):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Maxima of windows that divide a signal into `output_size` parts.

    Shapes: (N, C, L) or (C, L) -> (N, C, output_size) or (C, output_size).

    >>> torch.nn.AdaptiveMaxPool1d(2)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[2., 3.]])

    Source: PyTorch, `torch.nn.AdaptiveMaxPool1d`.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """Maxima of windows that divide an image into parts; see `AdaptiveAvgPool2d`.

    Args:
        output_size: height and width of the result; one number for both, None for the input's.
        return_indices: give the places of the maxima as well.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, *output_size) or (C, *output_size).

    >>> torch.nn.AdaptiveMaxPool2d(1)(torch.tensor([[[1.0, 3.0], [2.0, 0.0]]]))
    tensor([[[3.]]])

    Source: PyTorch, `torch.nn.AdaptiveMaxPool2d`.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """Maxima of windows that divide a volume into parts; the arguments are those of `AdaptiveMaxPool2d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *output_size) or (C, *output_size).

    >>> torch.nn.AdaptiveMaxPool3d((1, 2, 2))(torch.zeros(1, 2, 3, 4, 5)).shape
    torch.Size([1, 2, 1, 2, 2])

    Source: PyTorch, `torch.nn.AdaptiveMaxPool3d`.
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)
