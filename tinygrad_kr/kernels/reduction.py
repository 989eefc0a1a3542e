"""Sums, products and extremes over some axes, whatever the order of the memory.

`ufunc.reduce` is as fast as memory along an axis outside of a long contiguous one, and for extremes of one
long run. Elsewhere it pays per row (12 ns for a sum, 40 for a maximum) or adds one float at a time. So the
axes are taken in the order of the memory, neighbours merged, and what is left has two forms:

- rows, the innermost axis goes: sums are a product with ones, which BLAS does at the speed of memory;
  extremes of long rows are found by `argmax`, which NumPy has vectorised; short rows are transposed, block by
  block;
- columns, the innermost axis stays: several rows are seen as one wide row, reduced, and then cut again.

Sums add some 64 elements one after the other, then the sums of those: as accurate as NumPy's pairwise sum,
and much more than its sum along outer axes.

Microseconds, float32, one thread, `ufunc.reduce` / here (2 cores; PyTorch's two threads):

    sum of 2,097,152                 276 /  88   (47)      maximum of rows, (262144, 8)  9900 / 700  (720)
    sum of rows, (262144, 8)        3330 / 318  (430)      maximum of rows, (256, 256)     20 /   8    (4)
    sum of columns, (262144, 8)     2920 / 125   (90)      maximum of columns, (262144, 8) 5800 / 190
    sum of rows, (256, 256)           12 /   8  (3.6)      maximum over (2, 3), channels-last
    sum over (0, 2, 3), channels-last                        (64, 32, 32, 32)             1630 / 205  (50)
      (8, 32, 16, 16)                 27 /   9  (3.8)

Two threads gain nothing here: waking one takes as long as the whole sum. PyTorch's are spinning already, and
so would BLAS's (45 for the first line), but then they steal the cores from what runs next.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np

from .copying import row_major
from .threads import serial_blas

__all__ = ["place", "reduce", "sum_of_squares"]

_SMALL = 1 << 12  # elements up to which NumPy's own reduction is as fast
_WIDE = 1024  # elements that a row is widened to
_LONG = 64  # elements of a row that is reduced where it lies
_BROAD = 128  # elements of an innermost axis that stays
_TALL = 512  # and of the others together, for which NumPy is as fast and as accurate
_RUN = 64  # elements that are added one after the other
_ROW = 512  # elements that BLAS adds, in at least four lanes
_NARROW = 16  # elements of a row whose places are found by columns
_BLOCK = 4096  # rows that are transposed at a time


def reduce(ufunc: Any, x: np.ndarray, axis: Any = None, keepdims: bool = False) -> Any:
    """What `ufunc.reduce` gives; for `np.add`, `np.multiply`, `np.maximum` and `np.minimum`.

    >>> reduce(np.add, np.ones((64, 2, 64)), (0, 2))
    array([4096., 4096.])
    """
    if x.size < _SMALL or x.dtype.kind != "f" or x.dtype.itemsize < 4:
        return ufunc.reduce(x, axis=axis, keepdims=keepdims)
    plan = _plan(x.shape, x.strides, axis)
    out: Any = x if plan is None else x.transpose(plan.order).reshape(plan.sizes)
    if plan is None or not out.flags.c_contiguous:
        return ufunc.reduce(x, axis=axis, keepdims=keepdims)
    for step in plan.steps:
        out = step(ufunc, out)
    out = np.reshape(out, plan.kept).transpose(plan.back)
    return out if keepdims else out.squeeze(plan.axes)


def sum_of_squares(x: np.ndarray) -> Any:
    """Σ x² of a vector: of pieces, then of these, as accurate as a sum.

    >>> float(sum_of_squares(np.array([3.0, 4.0])))
    25.0
    """
    if x.size < _SMALL or x.dtype.itemsize < 4:
        return np.dot(x, x)
    whole = x.size // _ROW * _ROW
    rows = x[:whole].reshape(-1, _ROW)
    return reduce(np.add, np.einsum("ij,ij->i", rows, rows)) + np.dot(x[whole:], x[whole:])


class _Plan(NamedTuple):
    """How to reduce an array of some shape and strides."""

    axes: tuple[int, ...]  # that are reduced
    order: list[int]  # of all axes in memory, the outermost first
    sizes: list[int]  # with neighbours of one fate merged
    steps: list[Callable[[Any, Any], Any]]
    kept: list[int]  # the sizes of the result in the order of the memory
    back: list[int]  # and the way back from that order


@lru_cache(512)
def _plan(shape: tuple[int, ...], strides: tuple[int, ...], axis: Any) -> _Plan | None:
    """The plan, or None where NumPy's own reduction is the best or the only one."""
    ndim = len(shape)
    given = range(ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple([one % ndim for one in given])
    if min(strides) <= 0 or not axes:
        return None
    order = sorted(range(ndim), key=lambda one: -strides[one])
    sizes, goes = _merged(shape, strides, order, axes)
    if not any(goes):
        return None
    if len(sizes) == 2 and not goes[1] and sizes[1] >= _BROAD and sizes[0] <= _TALL:
        return None
    steps: list[Callable[[Any, Any], Any]] = []
    kept = [1 if one in axes else shape[one] for one in order]
    while any(goes):
        if goes.pop():
            steps.append(_rows)
        elif goes.pop():
            steps.append(_columns)
            goes.append(False)
        else:  # two that stay
            steps.append(lambda _, x: x.reshape(*x.shape[:-2], -1))
            goes.append(False)
    return _Plan(axes, order, sizes, steps, kept, sorted(range(ndim), key=order.__getitem__))


def _merged(
    shape: tuple[int, ...], strides: tuple[int, ...], order: list[int], axes: tuple[int, ...]
) -> tuple[list[int], list[bool]]:
    """The sizes of runs of neighbouring axes of one fate in memory, and which of them are reduced."""
    sizes: list[int] = []
    goes: list[bool] = []
    inner = 0  # the stride of the axis before
    for axis in order:
        size, stride, gone = shape[axis], strides[axis], axis in axes
        if size == 1:
            continue
        if goes and goes[-1] is gone and inner == stride * size:
            sizes[-1] *= size
        else:
            sizes.append(size)
            goes.append(gone)
        inner = stride
    return sizes, goes


def _rows(ufunc: Any, x: np.ndarray) -> Any:
    """The last axis of a contiguous array reduced."""
    size = x.shape[-1]
    if ufunc is np.add:
        return _row_sums(x)
    if ufunc is np.multiply:
        return _row_products(x)
    if x.ndim == 1 or x.size // size < _LONG:
        return ufunc.reduce(x, axis=-1)
    if size < _LONG:
        return _short_rows(ufunc, x)
    places = x.argmax(-1) if ufunc is np.maximum else x.argmin(-1)
    starts = np.arange(0, x.size, size).reshape(places.shape)
    return x.reshape(-1).take(starts + places, mode="clip")


def place(ufunc: Any, x: np.ndarray, axis: int, keepdims: bool = False) -> Any:
    """Where the maximum (or minimum) along an axis is, the first of equal ones; NaN count as extreme.

    >>> place(np.maximum, np.array([[1, 5, 5], [4, 3, 2]]), 1)
    array([1, 0])
    """
    if x.size < _SMALL:
        return (x.argmax if ufunc is np.maximum else x.argmin)(axis, keepdims=keepdims)
    rows = np.moveaxis(x, axis, -1)
    if not rows.flags.c_contiguous:
        rows = row_major(rows)  # NumPy would copy it, too, but not in strips
    if rows.shape[-1] <= _NARROW:
        out = _narrow_places(ufunc, rows)
    else:
        out = np.asarray(rows.argmax(-1) if ufunc is np.maximum else rows.argmin(-1))
    return np.expand_dims(out, axis) if keepdims else out


def _narrow_places(ufunc: Any, rows: np.ndarray) -> np.ndarray:
    """Where the extremes of short rows are, by columns of transposed blocks."""
    size = rows.shape[-1]
    out = np.empty(rows.shape[:-1], np.intp)
    table, places = rows.reshape(-1, size), out.reshape(-1)
    for start in range(0, len(table), _BLOCK):
        block = slice(start, start + _BLOCK)
        columns = np.ascontiguousarray(table[block].T)
        best = ufunc.reduce(columns, 0)
        attains = columns == best
        if rows.dtype.kind == "f" and np.isnan(best).any():
            attains |= np.isnan(columns)
        masks = np.negative(attains.view(np.int8))  # all bits set where it is
        found = np.zeros(len(best), np.int8)
        for number in range(size - 1, -1, -1):
            found ^= (found ^ np.int8(number)) & masks[number]
        places[block] = found
    return out


def _short_rows(ufunc: Any, x: np.ndarray) -> np.ndarray:
    """Rows reduced as columns of transposed blocks."""
    rows = x.reshape(-1, x.shape[-1])
    out = np.empty(len(rows), x.dtype)
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        ufunc.reduce(np.ascontiguousarray(rows[block].T), 0, out=out[block])
    return out.reshape(x.shape[:-1])


def _row_sums(x: np.ndarray) -> Any:
    """The sums of rows: those of their pieces, then of these sums."""
    size = x.shape[-1]
    if x.ndim == 1:
        if size <= _SMALL:
            return np.add.reduce(x)
        pieces = size // 128 * 128
        return _row_sums(_product_with_ones(x[:pieces].reshape(-1, 128))) + np.add.reduce(x[pieces:])
    piece = size if size <= _ROW else _divisor(size, _ROW)
    if piece < 8:
        return np.add.reduce(x, -1)
    sums = _product_with_ones(x.reshape(-1, piece))
    return sums.reshape(x.shape[:-1]) if piece == size else _row_sums(sums.reshape(*x.shape[:-1], -1))


def _product_with_ones(x: np.ndarray) -> np.ndarray:
    with serial_blas():
        return np.dot(x, _ones(x.dtype)[: x.shape[1]])


@cache
def _ones(dtype: np.dtype) -> np.ndarray:
    return np.ones(_ROW, dtype)


def _row_products(x: np.ndarray) -> Any:
    """The products of rows: one half times the other, until rows are short."""
    while x.shape[-1] >= _LONG:
        half, odd = divmod(x.shape[-1], 2)
        folded = x[..., :half] * x[..., half : 2 * half]
        if odd:
            folded[..., 0] *= x[..., -1]
        x = folded
    return np.multiply.reduce(x, -1) if x.size < _SMALL else _short_rows(np.multiply, x)


def _columns(ufunc: Any, x: np.ndarray) -> Any:
    """The last axis but one of a contiguous array reduced."""
    *outer, size, width = x.shape
    down = _column_sums if ufunc is np.add else lambda columns: ufunc.reduce(columns, -2)
    several = max(_WIDE // width, 1)
    if outer:
        several = _divisor(size, several)
    elif 0 < size % several < size:
        rest = size % several
        return ufunc(_columns(ufunc, x[:-rest]), down(x[-rest:]))
    if several == 1 or size < several:
        return down(x)
    wide = down(x.reshape(*outer, size // several, several * width))
    return down(wide.reshape(*outer, several, width))


def _column_sums(x: np.ndarray) -> Any:
    """The last axis but one summed: runs of it, then their sums."""
    *outer, size, width = x.shape
    if size <= _RUN:
        return np.add.reduce(x, -2)
    run = _divisor(size, _RUN) if outer else _RUN
    if run < 4:
        return np.add.reduce(x, -2)
    whole = size // run * run
    sums = np.add.reduce(x[..., :whole, :].reshape(*outer, whole // run, run, width), -2)
    rest = np.add.reduce(x[..., whole:, :], -2)
    return _column_sums(sums) + rest


@cache
def _divisor(number: int, at_most: int) -> int:
    """The largest divisor of a number that is not above a bound.

    >>> _divisor(96, 20)
    16
    """
    return next(one for one in range(min(at_most, number), 0, -1) if number % one == 0)
