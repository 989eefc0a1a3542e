"""Arrangement: elements in other places (flip, roll, rot90), repeated in place, in windows (unfold).

To cut windows and to add windows back where they overlap are each other's derivative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, numpy_function, rule
from ..tensor import Tensor, graft, wrap
from ._public import as_array, axes_of, axis_of, public, require_tensor, sizes_of
from .gathering import index_select_rule
from .indexing import FULL, along, scatter_rule
from .shape import reshape_rule

__all__ = ["as_strided", "flip", "fliplr", "flipud", "repeat_interleave", "roll", "rot90"]


# -- the derivatives ---------------------------------------------------------------------------------------


def repeat_(x: Any, *, times: int, axis: int) -> Any:
    """Each position of an axis several times in a row."""
    return np.repeat(x, times, axis)


def repeat_slope(g: Any, shape: tuple[int, ...], times: int, axis: int) -> Any:
    """The sum over the copies: the axis seen as (size, times). A few are quicker added as wholes."""
    copies = np.reshape(g, (*shape[: axis + 1], times, *shape[axis + 1 :]))
    if not 1 <= times <= 8:
        return np.sum(copies, axis=axis + 1)
    total = copies[along(axis + 1, 0)]
    for one in range(1, times):
        total = total + copies[along(axis + 1, one)]
    return total


def windows_(x: Any, *, axis: int, size: int, step: int) -> Any:
    """The view of all windows along an axis, `step` apart; what is inside a window is the last dimension."""
    count = (x.shape[axis] - size) // step + 1
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :], size)
    strides = (*x.strides[:axis], x.strides[axis] * step, *x.strides[axis + 1 :], x.strides[axis])
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=x.flags.writeable)


def add_windows_(windows: Any, *, axis: int, size: int, step: int, shape: tuple[int, ...]) -> Any:
    """Zeros of a shape with windows added where `windows_` would cut them."""
    out = np.zeros(shape, windows.dtype)
    count = windows.shape[axis]
    before = [FULL] * axis
    if size <= count:
        for place in range(size):
            out[(*before, slice(place, place + step * count, step))] += windows[..., place]
    else:
        for window in range(count):
            inside = np.moveaxis(windows[(*before, window)], -1, axis)
            out[(*before, slice(window * step, window * step + size))] += inside
    return out


def as_strided_(x: Any, *, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> Any:
    """The view of row-major memory with the given sizes and steps."""
    flat = x.reshape(-1)[offset:]
    steps = tuple(step * flat.strides[0] for step in stride)
    return np.lib.stride_tricks.as_strided(flat, size, steps, writeable=x.flags.writeable)


def strided_positions(size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> np.ndarray:
    """Where the elements of a strided view lie in the flattened memory."""
    steps = [np.arange(n) * step for n, step in zip(size, stride)]
    return sum(np.ix_(*steps), np.asarray(offset))


def reversed_shift(shift: Any) -> Any:
    """The shift that undoes another."""
    return -shift if isinstance(shift, int) else tuple([-one for one in shift])


flip_rule = rule(
    np.flip,
    forward=lambda m, *, axis=None: np.array(np.flip(m, axis)),
    m=lambda g, axis: np.flip(g, axis=axis),
)
roll_rule = rule(
    np.roll,
    forward=lambda a, *, shift, axis=None: np.roll(a, shift, axis),
    a=lambda g, shift, axis: np.roll(g, reversed_shift(shift), axis=axis),
)
rot90_rule = rule(
    np.rot90,
    forward=lambda m, *, k=1, axes=(0, 1): np.array(np.rot90(m, k, axes)),
    m=lambda g, k, axes: np.rot90(g, k=-k, axes=axes),
)
repeat_rule = rule(
    repeat_,
    name="repeat_interleave",
    x=lambda g, x_shape, times, axis: repeat_slope(g, x_shape, times, axis),
)
windows_rule = rule(
    windows_,
    name="unfold",
    view=True,
    x=lambda g, x_shape, axis, size, step: add_windows_rule(
        g, axis=axis, size=size, step=step, shape=x_shape
    ),
)
add_windows_rule: Primitive = rule(
    add_windows_,
    name="unfold_backward",
    windows=lambda g, axis, size, step: windows_rule(g, axis=axis, size=size, step=step),
)
as_strided_rule = rule(
    as_strided_,
    name="as_strided",
    view=True,
    x=lambda g, x_shape, size, stride, offset: np.reshape(
        scatter_rule(g, shape=(math.prod(x_shape),), index=(strided_positions(size, stride, offset),)),
        x_shape,
    ),
)


@numpy_function(np.fliplr)
def _np_fliplr(m: Any) -> Any:
    return flip_rule(m, axis=1)


@numpy_function(np.flipud)
def _np_flipud(m: Any) -> Any:
    return flip_rule(m, axis=0)


@numpy_function(np.repeat)
def _np_repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    return repeat_interleave(
        a, repeats if isinstance(repeats, (int, Tensor)) else wrap(np.asarray(repeats)), axis
    )


@numpy_function(np.lib.stride_tricks.sliding_window_view)
def _np_sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Any:
    sizes = (window_shape,) if isinstance(window_shape, int) else tuple(window_shape)
    axes = range(len(sizes)) if axis is None else (axis,) if isinstance(axis, int) else axis
    for size, one in zip(sizes, axes):
        x = unfold(x, one, size, 1)
    return x


# -- in other places ---------------------------------------------------------------------------------------


@public(out=False)
def flip(input: Tensor, *axes: Any, dims: Sequence[int] | None = None) -> Tensor:
    """A copy with the order along some dimensions reversed.

    Args:
        input: any shape.
        axes, dims: the dimensions, one by one, as one sequence or by keyword.

    >>> torch.flip(torch.tensor([[1, 2], [3, 4]]), [0])
    tensor([[3, 4],
            [1, 2]])

    Source: PyTorch, `torch.flip`.
    """
    return _flipped(input, sizes_of(axes, dims))


def _flipped(input: Tensor, dims: Sequence[int]) -> Tensor:
    ndim = require_tensor(input, "flip")._array.ndim
    return flip_rule(input, axis=axes_of(dims, ndim) if len(dims) else ())


@public(out=False)
def fliplr(input: Tensor) -> Tensor:
    """A copy with the columns in reverse order.

    >>> torch.fliplr(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])

    Source: PyTorch, `torch.fliplr`.
    """
    if require_tensor(input, "fliplr")._array.ndim < 2:
        raise RuntimeError(f"Input must be >= 2-d, got {input._array.ndim}-d")
    return flip_rule(input, axis=1)


@public(out=False)
def flipud(input: Tensor) -> Tensor:
    """A copy with the rows in reverse order.

    >>> torch.flipud(torch.tensor([[1, 2], [3, 4]]))
    tensor([[3, 4],
            [1, 2]])

    Source: PyTorch, `torch.flipud`.
    """
    if require_tensor(input, "flipud")._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d, got a 0-d tensor")
    return flip_rule(input, axis=0)


@public(out=False)
def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """A copy with the elements moved along some dimensions; what leaves at one end enters at the other.

    Args:
        shifts: how far, for each of `dims`.
        dims: along what; by default along the flattened tensor.

    Raises:
        RuntimeError: `shifts` and `dims` are of different lengths.

    >>> torch.roll(torch.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])

    Source: PyTorch, `torch.roll`.
    """
    ndim = require_tensor(input, "roll")._array.ndim
    moves = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if dims is None or (not isinstance(dims, int) and len(dims) == 0):
        if len(moves) != 1:
            raise RuntimeError(f"shifts and dimensions must align. shifts: {len(moves)}, dims:0")
        return roll_rule(input, shift=moves[0])
    axes = tuple([axis_of(dim, ndim) for dim in ((dims,) if isinstance(dims, int) else dims)])
    if len(moves) != len(axes):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(moves)}, dims:{len(axes)}")
    return roll_rule(input, shift=moves, axis=axes) if ndim else input.clone()


@public(out=False)
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A copy turned by k quarter turns in the plane of two dimensions, from the first towards the second.

    >>> torch.rot90(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])

    Source: PyTorch, `torch.rot90`.
    """
    ndim = require_tensor(input, "rot90")._array.ndim
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    axes = tuple([axis_of(dim, ndim) for dim in dims])
    if axes[0] == axes[1]:
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    return rot90_rule(input, k=k % 4, axes=axes)


# -- several times -----------------------------------------------------------------------------------------


@public(out=False)
def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element of a dimension several times in a row.

    Args:
        repeats: how often: a number, or one for each element of the dimension as a tensor.
        dim: the dimension; by default the tensor is flattened.
        output_size: accepted as in PyTorch; the size is known without it.

    Raises:
        RuntimeError: `repeats` is negative, or of another length than the dimension.

    >>> torch.repeat_interleave(torch.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    >>> torch.repeat_interleave(torch.tensor([1, 2]), torch.tensor([3, 1]))
    tensor([1, 1, 1, 2])

    Source: PyTorch, `torch.repeat_interleave`.
    """
    if repeats is None:
        counts = require_tensor(input, "repeat_interleave", "repeats")._array
        return wrap(np.repeat(np.arange(counts.size), counts))
    if dim is None:
        input, dim = reshape_rule(require_tensor(input, "repeat_interleave"), shape=(-1,)), 0
    shape = input._array.shape
    axis = axis_of(dim, len(shape))
    counts = np.asarray(as_array(repeats)).reshape(-1)
    if counts.size and counts.min() < 0:
        raise RuntimeError(f"repeats can not be negative, got {counts.min()}")
    if counts.size not in (1, shape[axis]):
        raise RuntimeError(
            "repeats must have the same size as input along dim, but got "
            f"repeats.size(0) = {counts.size} and input.size({axis}) = {shape[axis]}"
        )
    if counts.size != 1:
        return index_select_rule(input, np.repeat(np.arange(shape[axis]), counts), axis=axis)
    return repeat_rule(input, times=int(counts[0]), axis=axis)


# -- in windows --------------------------------------------------------------------------------------------


def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """The view of all windows of one dimension; what is inside a window is a new last dimension.

    Args:
        dimension: along which windows are cut.
        size: of a window.
        step: from one window to the next.

    Raises:
        RuntimeError: a window is larger than the dimension, or the step not positive.

    >>> torch.arange(5).unfold(0, 3, 1)
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])

    Source: PyTorch, `torch.Tensor.unfold`.
    """
    shape = self._array.shape
    axis = axis_of(dimension, len(shape))
    length = shape[axis] if shape else 1
    if not 0 <= size <= length:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {length} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if not shape:
        return reshape_rule(self, shape=(1,))[:size]
    return windows_rule(self, axis=axis, size=size, step=step)


@public(out=False)
def as_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """The view of the memory of a row-major tensor with sizes and strides of its own, counted in elements.

    Args:
        storage_offset: where it starts, counted from the first element of `input`.

    Raises:
        RuntimeError: the tensor is not row-major, or the view would leave its memory.

    >>> torch.as_strided(torch.arange(6), (2, 2), (3, 1))
    tensor([[0, 1],
            [3, 4]])

    Source: PyTorch, `torch.as_strided`.
    """
    array = require_tensor(input, "as_strided")._array
    sizes, strides, offset = sizes_of((size,)), sizes_of((stride,)), storage_offset or 0
    if len(sizes) != len(strides):
        raise RuntimeError(f"mismatch in length of strides and shape: {list(strides)} and {list(sizes)}")
    if not array.flags.c_contiguous:
        raise RuntimeError("as_strided() needs a contiguous tensor here; call .contiguous() before")
    last = offset + sum((n - 1) * step for n, step in zip(sizes, strides))
    if min(strides, default=0) < 0 or offset < 0 or (0 not in sizes and last >= array.size):
        raise RuntimeError(
            f"setStorage: sizes {list(sizes)}, strides {list(strides)} and storage offset {offset} reach "
            f"element {last} of a tensor of {array.size} elements"
        )
    return as_strided_rule(input, size=sizes, stride=strides, offset=offset)


graft(unfold)
