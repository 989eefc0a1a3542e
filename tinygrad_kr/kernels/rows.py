"""Adding rows into a matrix at integer positions: the gradient of a table look-up.

Whole rows are moved and added at the speed of memory, but `a[index] += rows` counts repeated positions once.
So it is done in rounds: the first row of every position, then the second of those that have one, and so on.
Positions that come very often would make many rounds; the rows of such a one are added up by themselves.
Sorted by position, all of it is a slice: round r takes the rows r places behind the starts.

Microseconds for n rows of length d into v (one thread, float32; `np.add.reduceat` of sorted rows never won):

    n, v, d               rounds    flat np.add.at
    1024, 65, 128            68          135
    2048, 1000, 128          84          277
    4096, 5000, 64          124          315
    16384, 10000, 128      1050         3080
    16384, 256, 128         580         2370
    1024, 64, 64             65           67
    4096, 65, 16            159           75
    100, 30, 16              24            5
"""

from __future__ import annotations

import numpy as np

__all__ = ["add_rows", "sum_rows"]

_NARROW = 32  # elements of a row below which rows are added element by element
_FEW = 1 << 16  # elements altogether up to which they are
_PIECE = 1 << 16  # elements that are added up in the cache
_ALONE = 3  # rounds that take as long as adding up the rows of one position


def sum_rows(values: np.ndarray, index: np.ndarray, count: int) -> np.ndarray:
    """A matrix of `count` rows, each the sum of the rows of `values` whose position in `index` is its number.

    Args:
        values: (*index.shape, d).
        index: positions from 0 to count - 1.
        count: of the rows of the result.

    >>> sum_rows(np.array([[1.0], [2.0], [5.0]]), np.array([0, 2, 0]), 3)
    array([[6.],
           [0.],
           [2.]])
    """
    out = np.zeros((count, values.shape[-1]), values.dtype)
    # The rows are taken in the order of the memory, in which they need no copy: a recurrent layer gives
    # (batch, time, d) as a view of (time, batch, d).
    order = sorted(range(index.ndim), key=lambda axis: -values.strides[axis])
    values, index = values.transpose(*order, index.ndim), index.transpose(order)
    add_rows(out, values.reshape(index.size, values.shape[-1]), index.reshape(-1))
    return out


def add_rows(out: np.ndarray, values: np.ndarray, index: np.ndarray) -> None:
    """Add every row of `values`, (n, d), to the row of `out`, (v, d), that `index`, (n), names.

    `out` is contiguous; positions are from 0 to v - 1.
    """
    width = out.shape[1]
    if not values.size:
        return
    if width < _NARROW or values.size < _FEW:
        _add_elements(out, values, index.astype(np.intp, copy=False))
        return
    order = np.argsort(index.astype(np.uint16) if len(out) <= 1 << 16 else index, kind="stable")
    positions = index[order]
    starts = np.flatnonzero(np.concatenate(([True], positions[1:] != positions[:-1])))
    lengths = np.diff(starts, append=len(index))
    by_length = np.argsort(-lengths, kind="stable")
    starts, lengths = starts[by_length], lengths[by_length]
    step = max(1, _PIECE // width)
    for begin in range(0, len(starts), step):
        piece = slice(begin, begin + step)
        _add_rounds(out, values, order, positions[starts[piece]], starts[piece], lengths[piece])


def _add_rounds(
    out: np.ndarray,
    values: np.ndarray,
    order: np.ndarray,
    places: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
) -> None:
    """Add to the rows at some places what `order` has for each from its start on; the longest come first."""
    # How many places have more than r rows, for every r; and the rounds after which the rest are few.
    left = np.searchsorted(-lengths, -np.arange(lengths[0]), side="left")
    rounds = int(np.argmin(np.arange(1, lengths[0] + 1) + _ALONE * np.append(left[1:], 0))) + 1
    total = out.take(places, 0)
    for number in range(rounds):
        some = left[number]
        total[:some] += values.take(order[starts[:some] + number], 0)
    for one in range(left[rounds] if rounds < lengths[0] else 0):
        rest = order[starts[one] + rounds : starts[one] + lengths[one]]
        total[one] += np.add.reduce(values.take(rest, 0), 0)
    out[places] = total


def _add_elements(out: np.ndarray, values: np.ndarray, index: np.ndarray) -> None:
    """`np.add.at`, which is fast on one-dimensional arrays alone, some rows at a time."""
    width = out.shape[1]
    flat, within = out.reshape(-1), np.arange(width)
    step = max(1, _PIECE // width)
    for start in range(0, len(index), step):
        part = slice(start, start + step)
        positions = index[part, None] * width + within
        np.add.at(flat, positions.reshape(-1), values[part].reshape(-1))
