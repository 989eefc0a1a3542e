"""Taking from and adding into arrays at integer positions, which may repeat.

Positions are turned into those of the flattened array, a piece at a time so that they stay in the cache:
there `np.take` and `np.add.at` are fast. In milliseconds for 2**20 of 2**21 float32 (one thread): `np.take`
with `mode="wrap"` 0.43 (it need not check, that was done), "clip" or "raise" 0.62, `np.take_along_axis` 3.9;
assigning 0.7, `np.put` 1.8, `np.put_along_axis` 2.9; `np.add.at` 0.84, `np.bincount` with weights 2.2. Whole
rows are another matter: see `rows`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .rows import add_rows
from .threads import parallel_for, split

__all__ = [
    "add_along",
    "add_at",
    "along_axis",
    "flat_positions",
    "gather_along",
    "numbered",
    "put_along",
    "scatter_sum",
    "shape_at",
]

_SMALL = 1 << 14  # elements of an index up to which where it points is remembered in part
_PIECE = 1 << 15  # elements of an index that are looked at together by one thread
_TINY = 1 << 7  # elements that NumPy adds while positions would still be made
_FEW = 1 << 10  # elements up to which a mask is as quick as positions
_SHARE = 1 << 18  # and by one of several: threads that pass the GIL on too often only wait for each other


def scatter_sum(values: np.ndarray, shape: tuple[int, ...], index: tuple[Any, ...]) -> np.ndarray:
    """Zeros of a shape with values added at an index.

    Args:
        values: what is added; of the shape that an array of the given shape has at that index.
        shape: of the result.
        index: a boolean mask alone, or integer arrays and full slices.

    >>> scatter_sum(np.array([1.0, 2.0, 5.0]), (3,), (np.array([0, 2, 0]),))
    array([6., 0., 2.])
    """
    out = np.zeros(shape, values.dtype)
    if is_mask(index):
        rows, where = numbered(out, index)
        rows[where] = values
    else:
        add_at(out, index, values)
    return out


def is_mask(index: Any) -> bool:
    """Whether an index is a boolean mask alone."""
    return type(index) is tuple and len(index) == 1 and index[0].dtype == bool


def numbered(x: np.ndarray, index: Any) -> tuple[np.ndarray, Any]:
    """A mask as positions: of a view whose first dimension stands for those of the mask.

    NumPy looks at every element of a mask and guesses wrong half of the time: taking half of 2**21 elements
    costs 9.2 ms by the mask, 1.2 by positions; putting them 9.2 and 1.5.
    """
    if x.size < _FEW or not (is_mask(index) and x.flags.c_contiguous):
        return x, index
    mask = index[0]
    return x.reshape(mask.size, *x.shape[mask.ndim :]), (np.flatnonzero(mask),)


def shape_at(shape: tuple[int, ...], index: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape that an array of some shape has at an index.

    >>> shape_at((2, 3, 4), (slice(None), np.array([[0, 0]])))
    (2, 1, 2, 4)
    """
    if is_mask(index):
        return (int(np.count_nonzero(index[0])), *shape[index[0].ndim :])
    if len(index) == 1:
        return (*index[0].shape, *shape[1:])
    axes = [axis for axis, one in enumerate(index) if isinstance(one, np.ndarray)]
    try:
        common = np.broadcast_shapes(*[index[axis].shape for axis in axes])
    except ValueError as error:
        raise IndexError(
            f"shape mismatch: indexing arrays could not be broadcast together: {error}"
        ) from None
    others = [size for axis, size in enumerate(shape) if axis not in axes]
    ahead = axes[0] if axes[-1] - axes[0] + 1 == len(axes) else 0
    return (*others[:ahead], *common, *others[ahead:])


def add_at(out: np.ndarray, index: tuple[Any, ...], values: np.ndarray) -> None:
    """Add values to a contiguous array at an index, as `scatter_sum` takes it.

    >>> x = np.zeros(3)
    >>> add_at(x, (np.array([0, 2, 0]),), np.array([1.0, 2.0, 5.0]))
    >>> x
    array([6., 0., 2.])
    """
    *before, last = index
    if values.size < _TINY:
        np.add.at(out, index, values)
        return
    if is_mask(index):
        rows, where = numbered(out, index)
        rows[where] += values
        return
    alone = all(isinstance(one, slice) for one in before)
    axis = len(before)
    if alone and axis == 0:
        width = out.size // len(out)
        add_rows(out.reshape(-1, width), values.reshape(-1, width), _counted(last, len(out)).reshape(-1))
    elif alone and last.ndim == 1:
        where = _counted(last, out.shape[axis]).reshape(-1, *[1] * (out.ndim - axis - 1))
        add_along(out, np.broadcast_to(where, values.shape), values, axis)
    else:
        np.add.at(out.reshape(-1), flat_positions(out.shape, index).reshape(-1), values.reshape(-1))


def _counted(index: np.ndarray, size: int) -> np.ndarray:
    """Positions counted from the start."""
    return np.where(index < 0, index + size, index).astype(np.intp, copy=False)


def flat_positions(shape: tuple[int, ...], index: Sequence[Any]) -> np.ndarray:
    """Where the elements at an index of integer arrays and full slices lie in the flattened array.

    >>> flat_positions((2, 3), (slice(None), np.array([2, 0])))
    array([[2, 0],
           [5, 3]])
    """
    arrays = {axis: one for axis, one in enumerate(index) if isinstance(one, np.ndarray)}
    others = [axis for axis in range(len(shape)) if axis not in arrays]
    common = np.broadcast(*arrays.values()).ndim
    first, last = min(arrays), max(arrays)
    ahead = first if last - first + 1 == len(arrays) else 0  # dimensions of the result before the arrays' own
    total: Any = 0
    stride = 1
    for axis in range(len(shape) - 1, -1, -1):
        size = shape[axis]
        if axis in arrays:
            found = arrays[axis]
            part = _counted(found, size) * stride
            behind = len(others) - ahead
            part = part.reshape((*found.shape, *[1] * behind))
        else:
            place = others.index(axis)
            behind = len(others) - 1 - place + (common if place < ahead else 0)
            part = (np.arange(size) * stride).reshape((size, *[1] * behind))
        total = total + part
        stride *= size
    return total


def along_axis(shape: tuple[int, ...], index: np.ndarray, axis: int, start: int = 0) -> np.ndarray:
    """Where `index`, of as many dimensions as `shape`, points along an axis, in the flattened array.

    Unless the axis is the first, the index begins at position `start` of that.

    >>> along_axis((2, 3), np.array([[1], [2]]), 1)
    array([[1],
           [5]])
    """
    steps = (_kept_steps if index.size <= _SMALL else _steps)(shape, index.shape, axis, start)
    stride = math.prod(shape[axis + 1 :])
    return (index if stride == 1 else index.astype(np.intp, copy=False) * stride) + steps


def _steps(shape: tuple[int, ...], size: tuple[int, ...], axis: int, start: int) -> Any:
    """What the other dimensions of an index add to the position: of a shape that broadcasts against it."""
    total: Any = np.zeros((), np.intp)
    for dim, count in enumerate(size):
        if dim != axis:
            first = 0 if dim else start
            steps = np.arange(first, first + count) * math.prod(shape[dim + 1 :])
            total = total + steps.reshape(-1, *[1] * (len(shape) - 1 - dim))
    return total


_kept_steps = lru_cache(128)(_steps)


def _in_pieces(
    act: Callable[[slice, np.ndarray], object],
    shape: tuple[int, ...],
    index: np.ndarray,
    axis: int,
    parallel: bool = True,
) -> None:
    """Call `act(rows, positions)` for pieces of an index; positions are those of the flattened array."""
    if index.size <= _SMALL:
        act(slice(None), along_axis(shape, index, axis))
        return
    parallel = parallel and index.size >= 2 * _SHARE
    size = _SHARE if parallel else _PIECE
    pieces = split(len(index), max(1, size * len(index) // index.size), parallel=parallel)

    def run(piece: tuple[int, int]) -> None:
        rows = slice(*piece)
        act(rows, along_axis(shape, index[rows], axis, piece[0]))

    if parallel:
        parallel_for(run, pieces)
    else:
        for piece in pieces:
            run(piece)


def gather_along(x: np.ndarray, index: np.ndarray, axis: int) -> np.ndarray:
    """The elements where `index` points along an axis; it is known to be right.

    >>> gather_along(np.array([[1, 2], [3, 4]]), np.array([[0, 0], [1, 0]]), 1)
    array([[1, 1],
           [4, 3]])
    """
    if not x.flags.c_contiguous:
        grid = [
            np.arange(size).reshape(-1, *[1] * (x.ndim - 1 - dim)) for dim, size in enumerate(index.shape)
        ]
        grid[axis] = index
        return x[tuple(grid)]
    flat = x.reshape(-1)
    if index.size <= _SMALL:
        return flat.take(along_axis(x.shape, index, axis))
    out = np.empty(index.shape, x.dtype)
    _in_pieces(lambda rows, where: flat.take(where, out=out[rows], mode="wrap"), x.shape, index, axis)
    return out


def put_along(out: np.ndarray, index: np.ndarray, values: Any, axis: int) -> None:
    """Put values where `index` points along an axis of `out`, which is contiguous.

    Args:
        values: one number, or an array of the index's shape; of several for one place the last stays.

    >>> x = np.zeros((1, 3))
    >>> put_along(x, np.array([[1, 1]]), np.array([[1.0, 2.0]]), 1)
    >>> x
    array([[0., 2., 0.]])
    """
    flat, each = out.reshape(-1), np.ndim(values) > 0

    def put(rows: slice, where: np.ndarray) -> None:
        flat[where] = values[rows] if each else values

    _in_pieces(put, out.shape, index, axis, parallel=axis > 0)


def add_along(out: np.ndarray, index: np.ndarray, values: np.ndarray, axis: int) -> None:
    """Add values where `index` points along an axis of `out`, which is contiguous.

    >>> x = np.zeros((1, 3))
    >>> add_along(x, np.array([[1, 1]]), np.array([[1.0, 2.0]]), 1)
    >>> x
    array([[0., 3., 0.]])
    """
    flat = out.reshape(-1)
    _in_pieces(
        lambda rows, where: np.add.at(flat, where.reshape(-1), values[rows].reshape(-1)),
        out.shape,
        index,
        axis,
        parallel=axis > 0,
    )
