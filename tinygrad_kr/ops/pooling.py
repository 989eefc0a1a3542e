"""Pooling: maximum, mean and p-norm of windows.

Windows are a dictionary of sizes, checked once: of a kernel that moves, or, with "output_size", of an
adaptive pooling (`ops/adaptive_pooling.py`). The mean is linear and its gradient is its adjoint. Which
element of a window is the maximum is locally constant, so the gradient, sent to where it was, is linear too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, rule
from ..kernels import pooling as kernels
from ..tensor import Tensor
from ._public import public
from ._spatial import batched, per_dimension, remembered, require_positive, unbatched
from .unpooling import pick_rule

__all__ = ["avg_pool1d", "max_pool1d", "max_pool2d", "max_pool3d"]

FUNCTIONAL = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
]

Sizes = int | Sequence[int]
Windows = dict[str, Any]


# -- the derivatives -----------------------------------------------------------------------------------------


def max_pool_(x: Any, *, windows: Windows) -> Any:
    """The maximum of each window of x (N, C, *spatial)."""
    pool = kernels.adaptive_max_pool if "output_size" in windows else kernels.max_pool
    return pool(x, **windows)[0]


def max_pool_with_indices_(x: Any, *, windows: Windows) -> Any:
    """The maximum of each window, and where it lies in the flattened plane."""
    pool = kernels.adaptive_max_pool if "output_size" in windows else kernels.max_pool
    return pool(x, return_indices=True, **windows)


def max_indices_(x: Any, *, windows: Windows) -> Any:
    """Where the maximum of each window lies in the flattened plane."""
    return max_pool_with_indices_(x, windows=windows)[1]


def max_pool_back_(y: Any, x: Any, pooled: Any, *, windows: Windows) -> Any:
    """y, of the shape of `pooled`, sent to where the maxima of x were; zero elsewhere."""
    back = kernels.adaptive_max_pool_backward if "output_size" in windows else kernels.max_pool_backward
    return back(y, x, pooled, **windows)


def avg_pool_(x: Any, *, windows: Windows) -> Any:
    """The mean of each window of x (N, C, *spatial)."""
    pool = kernels.adaptive_avg_pool if "output_size" in windows else kernels.avg_pool
    return pool(x, **windows)


def avg_pool_back_(y: Any, *, shape: tuple[int, ...], windows: Windows) -> Any:
    """The adjoint of `avg_pool_`: each y, divided as its window was, to every element of the window."""
    back = kernels.adaptive_avg_pool_backward if "output_size" in windows else kernels.avg_pool_backward
    return back(y, shape, **windows)


max_indices_rule: Primitive = rule(max_indices_, name="max_indices")
max_pool_rule: Primitive = rule(
    max_pool_,
    name="max_pool2D_with_indices",
    result_may_change=True,
    x=lambda g, x, out, windows: max_pool_back_rule(g, x, out, windows=windows),
)
max_pool_with_indices_rule: Primitive = rule(
    max_pool_with_indices_,
    name="max_pool2D_with_indices",
    result_may_change=True,
    x=lambda g, x, out, windows: max_pool_back_rule(g[0], x, out[0], windows=windows),
)
max_pool_back_rule: Primitive = rule(
    max_pool_back_,
    name="max_pool2D_with_indices_backward",
    y=lambda g, x, windows: pick_rule(g, max_indices_rule(x, windows=windows)),
    x=lambda g: None,  # the places of the maxima are locally constant
    pooled=lambda g: None,
)
avg_pool_rule: Primitive = rule(
    avg_pool_,
    name="avg_pool2D",
    x=lambda g, x_shape, windows: avg_pool_back_rule(g, shape=x_shape, windows=windows),
)
avg_pool_back_rule: Primitive = rule(
    avg_pool_back_, name="avg_pool2D_backward", y=lambda g, windows: avg_pool_rule(g, windows=windows)
)


# -- arguments -----------------------------------------------------------------------------------------------


@remembered
def windows_of(
    function: str, dims: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Windows:
    """The sizes of moving windows, checked, not to be changed; a stride of None or () is the kernel's."""
    kernel = per_dimension(kernel_size, dims, function, "kernel_size")
    step = kernel if stride is None or stride == () else per_dimension(stride, dims, function, "stride")
    border = per_dimension(padding, dims, function, "padding")
    dilations = per_dimension(dilation, dims, function, "dilation")
    require_positive(kernel, function, "kernel_size")
    require_positive(step, function, "stride")
    require_positive(dilations, function, "dilation")
    for k, p, d in zip(kernel, border, dilations):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p} in {function}")
        if p > (d * (k - 1) + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and "
                f"dilation={d}"
            )
    return {
        "kernel": kernel,
        "stride": step,
        "padding": border,
        "dilation": dilations,
        "ceil_mode": bool(ceil_mode),
    }


def require_elements(input: Tensor, dims: int, function: str) -> None:
    """Raise where channels or spatial dimensions are empty: there is nothing to pool."""
    shape = input._array.shape
    if 0 in shape[-dims - 1 :]:
        raise RuntimeError(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size for "
            f"input to {function}, but got: {list(shape)}"
        )


def pool_maxima(
    function: str,
    dims: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    """Max pooling in `dims` dimensions, its arguments checked."""
    x, added = batched(input, dims, function)
    if x._array.dtype.kind == "b":
        raise NotImplementedError(
            f'"{function}" not implemented for {x.dtype}; convert the input with .float()'
        )
    windows = windows_of(function, dims, kernel_size, stride, padding, dilation, ceil_mode)
    require_elements(input, dims, function)
    if not return_indices:
        return unbatched(max_pool_rule(x, windows=windows), added)
    out, indices = max_pool_with_indices_rule(x, windows=windows)
    return unbatched(out, added), unbatched(indices, added)


def pool_means(
    function: str,
    dims: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None = None,
) -> Tensor:
    """Average pooling in `dims` dimensions, its arguments checked."""
    x, added = batched(input, dims, function)
    windows = dict(windows_of(function, dims, kernel_size, stride, padding, 1, ceil_mode))
    del windows["dilation"]
    if divisor_override == 0:
        raise RuntimeError(f"divisor must be not zero, got divisor_override=0 in {function}")
    require_elements(input, dims, function)
    windows.update(count_include_pad=bool(count_include_pad), divisor_override=divisor_override)
    return unbatched(avg_pool_rule(x, windows=windows), added)


def pool_norms(
    function: str, dims: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Tensor:
    """Power-average pooling in `dims` dimensions: the p-norm of each window."""
    if norm_type == 0:
        raise ValueError(f"{function}: norm_type must not be zero, got {norm_type}")
    if abs(norm_type) == float("inf"):
        sign = 1.0 if norm_type > 0 else -1.0
        return (
            pool_maxima(function, dims, abs(input) * sign, kernel_size, stride, 0, 1, ceil_mode, False) * sign
        )
    count = math.prod(per_dimension(kernel_size, dims, function, "kernel_size"))
    means: Any = pool_means(function, dims, input**norm_type, kernel_size, stride, 0, ceil_mode, True)
    zero = np.equal(means, 0)  # where the root has no derivative; PyTorch's is 0
    return np.where(zero, 0.0, (np.where(zero, 1.0, means) * count) ** (1.0 / norm_type))  # type: ignore[return-value]


# -- the functions -------------------------------------------------------------------------------------------


@public(method=False, out=False)
def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""Maximum of each window of signals: see `max_pool2d`, with one spatial dimension.

    Args:
        input: (N, C, L) or (C, L).

    >>> torch.max_pool1d(torch.tensor([[1.0, 3.0, 2.0, 5.0]]), 2)
    tensor([[3., 5.]])

    Source: PyTorch, `torch.nn.functional.max_pool1d`.
    """
    return pool_maxima(
        "max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


@public(method=False, out=False)
def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""Maximum of each window of images.

    NaN wins; the gradient goes to the first of equal maxima.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: of the window; an int or a pair, as the next three.
        stride: from one window to the next; the kernel's size by default.
        padding: rows and columns that count as -∞ at each border, at most half a kernel.
        dilation: from one element of a window to the next.
        ceil_mode: windows may reach over the end, if they start inside.
        return_indices: also give the positions of the maxima in the flattened plane, for `max_unpool2d`.

    Raises:
        RuntimeError: sizes that do not fit, or an output without elements.

    >>> x = torch.tensor([[[1.0, 2.0, 0.0, 0.0], [3.0, 4.0, 0.0, 9.0]]])
    >>> torch.max_pool2d(x, 2)
    tensor([[[4., 9.]]])
    >>> torch.nn.functional.max_pool2d(x, 2, return_indices=True)[1]
    tensor([[[5, 7]]])

    Source: PyTorch, `torch.nn.functional.max_pool2d`.
    """
    return pool_maxima(
        "max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


@public(method=False, out=False)
def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""Maximum of each window of volumes: see `max_pool2d`, with three spatial dimensions.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).

    >>> torch.max_pool3d(torch.arange(8.0).reshape(1, 1, 2, 2, 2), 2)
    tensor([[[[[7.]]]]])

    Source: PyTorch, `torch.nn.functional.max_pool3d`.
    """
    return pool_maxima(
        "max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


@public(method=False, out=False)
def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    r"""Mean of each window of signals: see `avg_pool2d`, with one spatial dimension.

    Args:
        input: (N, C, L) or (C, L).

    >>> torch.avg_pool1d(torch.tensor([[1.0, 3.0, 2.0, 6.0]]), 2)
    tensor([[2., 4.]])

    Source: PyTorch, `torch.nn.functional.avg_pool1d`.
    """
    return pool_means("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


@public(method=False, out=False)
def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    r"""Mean of each window of images.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: of the window; an int or a pair, as the next two.
        stride: from one window to the next; the kernel's size by default.
        padding: rows and columns of zeros at each border, at most half a kernel.
        ceil_mode: windows may reach over the end, if they start inside.
        count_include_pad: whether the zeros count; what `ceil_mode` lets reach over never does.
        divisor_override: what to divide sums by, instead of the number of elements.

    Raises:
        RuntimeError: sizes that do not fit, or an output without elements.

    >>> x = torch.tensor([[[1.0, 2.0, 0.0, 0.0], [3.0, 4.0, 0.0, 8.0]]])
    >>> torch.nn.functional.avg_pool2d(x, 2)
    tensor([[[2.5000, 2.0000]]])

    Source: PyTorch, `torch.nn.functional.avg_pool2d`.
    """
    return pool_means(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@public(method=False, out=False)
def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    r"""Mean of each window of volumes: see `avg_pool2d`, with three spatial dimensions.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).

    >>> torch.nn.functional.avg_pool3d(torch.arange(8.0).reshape(1, 1, 2, 2, 2), 2)
    tensor([[[[[3.5000]]]]])

    Source: PyTorch, `torch.nn.functional.avg_pool3d`.
    """
    return pool_means(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@public(method=False, out=False)
def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    r"""The p-norm of each window of signals, (Σ xᵖ)^(1/p): see `lp_pool2d`.

    >>> torch.nn.functional.lp_pool1d(torch.tensor([[3.0, 4.0, 5.0, 12.0]]), 2, 2)
    tensor([[ 5., 13.]])

    Source: PyTorch, `torch.nn.functional.lp_pool1d`.
    """
    return pool_norms("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


@public(method=False, out=False)
def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    r"""The p-norm of each window of images, (Σ xᵖ)^(1/p): p = 1 is the sum, p → ∞ the maximum.

    Args:
        input: (N, C, H, W) or (C, H, W).
        norm_type: the power p; powers are taken of x itself, not of its absolute value.
        kernel_size: of the window; an int or a pair.
        stride: from one window to the next; the kernel's size by default.
        ceil_mode: windows may reach over the end, if they start inside.

    >>> torch.nn.functional.lp_pool2d(torch.tensor([[[3.0, 0.0], [0.0, 4.0]]]), 2, 2)
    tensor([[[5.]]])

    Source: PyTorch, `torch.nn.functional.lp_pool2d`.
    """
    return pool_norms("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


@public(method=False, out=False)
def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    r"""The p-norm of each window of volumes, (Σ xᵖ)^(1/p): see `lp_pool2d`.

    >>> torch.nn.functional.lp_pool3d(torch.ones(1, 2, 2, 2), 3, 2)
    tensor([[[[2.]]]])

    Source: PyTorch, `torch.nn.functional.lp_pool3d`.
    """
    return pool_norms("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)
