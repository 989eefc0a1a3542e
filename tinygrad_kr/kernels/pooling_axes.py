"""How pooling windows lie along one axis, as a table of taps.

Tap number k says which outputs have a k-th input position in their window, and which position that is. A
plain pooling's taps are slices, clipped to the input, so that no padding is ever written; an adaptive
pooling's windows differ in size, and its taps are index arrays.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Axes", "Axis", "Index", "Tap", "adaptive_axes", "along", "window_axis"]

Index = slice | np.ndarray


class Tap(NamedTuple):
    """Outputs along one axis that have this tap, and the inputs it reads for them.

    Each is an `Index` along that axis or, in `Axes.reductions`, one of the whole array.
    """

    outputs: Any
    inputs: Any


class Axis(NamedTuple):
    """How windows lie along one axis.

    `taps` come in window order; `counts` is how many inputs each window holds, padding left out. `reduction`
    has the taps that reach every output first, `full` of them. Where windows tile the input, `tile` is their
    size and the taps of one window can be reduced in one call; else it is 0.
    """

    size: int
    taps: tuple[Tap, ...]
    counts: np.ndarray
    reduction: tuple[Tap, ...]
    full: int
    overlapping: bool
    tile: int = 0


class Axes(tuple[Axis, ...]):
    """How windows lie along all axes of (n, *spatial, c), with what is worth working out once."""

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many windows there are along each axis."""
        return tuple([axis.size for axis in self])

    @cached_property
    def reductions(self) -> tuple[tuple[Tap, ...], ...]:
        """The taps of each axis's `reduction`, as indices of whole arrays."""
        return tuple(
            [
                tuple([Tap(along(number, tap.outputs), along(number, tap.inputs)) for tap in axis.reduction])
                for number, axis in enumerate(self)
            ]
        )


def along(number: int, index: Index) -> tuple[Index, ...]:
    """`index` at spatial axis `number` of (n, *spatial, c)."""
    return (*(slice(None),) * (number + 1), index)


@lru_cache(maxsize=512)
def window_axis(length: int, size: int, k: int, s: int, p: int, d: int) -> Axis:
    """`size` windows of k taps, d apart, over `length` inputs with p of padding before; one every s.

    >>> window_axis(4, 3, 2, 2, 1, 1).taps[0]
    Tap(outputs=slice(1, 3, None), inputs=slice(1, 4, 2))
    """
    taps = []
    counts = np.zeros(size, np.int64)
    for i in range(k):
        offset = i * d - p
        first = max(0, -(offset // s))  # the first output whose tap is not left of the input
        last = min(size - 1, (length - 1 - offset) // s)
        if first <= last:
            outputs = slice(first, last + 1)
            taps.append(Tap(outputs, slice(first * s + offset, last * s + offset + 1, s)))
            counts[outputs] += 1
    tile = k if k == s and p == 0 and d == 1 and size * k <= length else 0
    return _axis(size, taps, counts, overlapping=(k - 1) * d + 1 > s, tile=tile)


@lru_cache(maxsize=512)
def adaptive_axes(lengths: tuple[int, ...], sizes: tuple[int, ...]) -> Axes:
    """Along each axis, `size` windows of about equal length that cover everything."""
    return Axes(map(_adaptive_axis, lengths, sizes))


def _adaptive_axis(length: int, size: int) -> Axis:
    if size and length and length % size == 0:
        return window_axis(length, size, length // size, length // size, 0, 1)
    starts = np.arange(size) * length // max(1, size)
    counts = -(-(np.arange(size) + 1) * length // max(1, size)) - starts
    taps = []
    for k in range(int(counts.max(initial=0))):
        (outputs,) = np.nonzero(counts > k)
        taps.append(Tap(outputs, starts[outputs] + k))
    return _axis(size, taps, counts, overlapping=True)


def _axis(size: int, taps: list[Tap], counts: np.ndarray, *, overlapping: bool, tile: int = 0) -> Axis:
    reach = [len(range(size)[tap.outputs] if isinstance(tap.outputs, slice) else tap.outputs) for tap in taps]
    full = [tap for tap, count in zip(taps, reach, strict=True) if count == size]
    rest = [tap for tap, count in zip(taps, reach, strict=True) if count < size]
    return Axis(size, tuple(taps), counts, (*full, *rest), len(full), overlapping, tile)
