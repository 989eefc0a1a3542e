"""Normalisation over channels, forward and backward: batch, instance and group.

Statistics belong to sets of samples: the whole batch (S = 1), or each one (S = N). In a set every channel has
its own (G = C), or groups of neighbouring channels share them. `mean` and `rstd` are (S, G); their shape says
which is meant. What is done to the elements of a channel needs numbers (S, C); what has to be known of them
are sums: Σx and Σx² going forward, Σg and Σg·x going back. `_Layout` knows how to do both where x lies in
memory as it does.

Measured (2 cores, float32, µs for 2**16 floats in the cache): a pass of one ufunc takes 4 where both operands
are long, 8 to 12 with a number per short row or column, since NumPy goes through a buffer of 8192 elements;
hence rows of many positions. Column sums take 2.5 as ones @ x, 9 as `einsum("ij,ij->j")`, 10 as `x.sum(0)`.
So sums are taken of raw values (three passes, one of them writes), and values are centred before that only
where a mean is large against its deviation. Scaling and shifting are two passes, where PyTorch needs one.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from .chunks import SMALL, cuts, over
from .row_normalization import row_dots
from .threads import get_num_threads, scratch
from .windows import channels_first, channels_last, working_dtype

__all__ = [
    "channel_normalize",
    "channel_normalize_backward",
    "channel_statistics",
]

_WIDE = 2**13  # elements per row in element-wise passes, where there are enough
_NARROW = 2**9  # elements per row in sums, at most
_FAR = 4  # standard deviations from zero beyond which values are centred before they are summed up
_VERY_FAR = 64  # and beyond which they are centred before they are scaled, as PyTorch never does

Optional = np.ndarray | None
Chunk = tuple[int, tuple[slice, slice]]  # which part of its set's rows it is, and where it lies in a view


def channel_statistics(x: np.ndarray, groups: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and biased variance in float64: of each channel (1, C), or of each sample's groups (N, G).

    >>> channel_statistics(np.array([[1.0, 10.0], [3.0, 10.0]]))
    (array([[ 2., 10.]]), array([[1., 0.]]))
    """
    channels = x.shape[1]
    shape = (1, channels) if groups is None else (len(x), groups)
    if not x.size:
        return np.full(shape, np.nan), np.full(shape, np.nan)
    layout = _layout(x, shape[0])
    values = layout.view(x)
    if layout.small and shape == (1, channels):
        return _statistics(values[0])
    mean, var = _moments(layout.sums(values, values), shape, x.size)
    if (mean * mean > _FAR * _FAR * var).any():
        centre = mean.astype(values.dtype)
        centred = layout.affine(values, None, _per_channel(-centre, channels))
        rest, var = _moments(layout.sums(centred, centred), shape, x.size)
        return centre + rest, np.maximum(var, 0)
    return mean, var


def _moments(sums: np.ndarray, shape: tuple[int, int], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance (S, G) from Σx and Σx² (2, S, C) of `size` elements in all."""
    sums *= shape[0] * shape[1] / size
    mean, square = sums if sums.shape[1:] == shape else sums.reshape(2, *shape, -1).sum(3)
    return mean, square - mean * mean


def channel_normalize(
    x: np.ndarray, mean: np.ndarray, rstd: np.ndarray, weight: Optional = None, bias: Optional = None
) -> np.ndarray:
    """(x - mean) · rstd · weight + bias, with mean and rstd (S, G), weight and bias (C,).

    >>> x = np.array([[1.0], [3.0]])
    >>> channel_normalize(x, np.array([[2.0]]), np.array([[0.5]]), bias=np.array([7.0]))
    array([[6.5],
           [7.5]])
    """
    if not x.size:
        return np.empty_like(x)
    channels = x.shape[1]
    layout = _layout(x, len(mean))
    if layout.small and mean.shape[1] == channels:
        return layout.result(_normalized(layout.view(x)[0], mean, rstd, weight, bias), x.dtype)
    scale, centre = _per_channel(rstd, channels), _per_channel(mean, channels)
    if weight is not None:
        scale = scale * weight
    # x · scale - mean · scale is one pass less, but of values far from zero it keeps few digits.
    first = centre.astype(working_dtype(x.dtype)) if np.abs(mean * rstd).max() > _VERY_FAR else None
    shift = (-centre if first is None else first - centre) * scale
    out = layout.affine(layout.view(x), scale, shift if bias is None else shift + bias, first)
    return layout.result(out, x.dtype)


def channel_normalize_backward(
    g: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    rstd: np.ndarray,
    weight: Optional = None,
    *,
    constant: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of `channel_normalize` for x, weight and bias.

    With x̂ = (x - mean)·rstd, h = g·weight and means taken over what shares its statistics:
    gx = rstd · (h - mean(h) - x̂ · mean(h·x̂)),  gw = Σ g·x̂,  gb = Σ g.
    Where mean and rstd are `constant`, and not those of x itself, gx = rstd · h.

    >>> x = np.array([[1.0], [3.0]])
    >>> channel_normalize_backward(np.array([[1.0], [0.0]]), x, np.array([[2.0]]), np.array([[1.0]]))
    (array([[0.],
           [0.]]), array([-1.]), array([1.]))
    """
    channels = x.shape[1]
    if not x.size:
        return np.empty_like(x), np.zeros(channels, x.dtype), np.zeros(channels, x.dtype)
    layout = _layout(x, len(mean))
    values, given = layout.view(x), layout.view(g)
    if layout.small and mean.shape[1] == channels:
        gx, gw, gb = _normalized_backward(given[0], values[0], mean, rstd, weight, constant)
        return layout.result(gx, x.dtype), gw.astype(x.dtype, copy=False), gb.astype(x.dtype, copy=False)
    centre, spread = _per_channel(mean, channels), _per_channel(rstd, channels)
    first = centre.astype(values.dtype) if np.abs(mean * rstd).max() > _FAR else None
    sum_g, sum_gx = layout.sums(given, values, first)
    left = centre if first is None else centre - first
    sum_gx -= left * sum_g
    sum_gx *= spread
    gain = spread if weight is None else spread * weight
    if constant:
        gx = layout.affine(given, gain, None)
    else:
        share, share_x = (sum_g, sum_gx) if weight is None else (sum_g * weight, sum_gx * weight)
        if mean.shape[1] != channels:
            grouped = (*mean.shape, -1)
            share = _per_channel(share.reshape(grouped).sum(2), channels)
            share_x = _per_channel(share_x.reshape(grouped).sum(2), channels)
        part = spread * (mean.size / x.size)
        slope = share_x * spread * part
        gx = layout.combination(given, gain, values, -slope, slope * left - share * part, first)
    return layout.result(gx, x.dtype), sum_gx.sum(0).astype(x.dtype), sum_g.sum(0).astype(x.dtype)


def _per_channel(values: np.ndarray, channels: int) -> np.ndarray:
    """(S, G) as (S, C): what a group has, each of its channels has."""
    return values if values.shape[1] == channels else np.repeat(values, channels // values.shape[1], axis=1)


# -- the formulas themselves, for the rows of a small batch --------------------------------------------------


def _statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`channel_statistics` of x (M, C)."""
    average = _constants(len(x), 1 / len(x), x.dtype)
    mean = average @ x
    centred = x - mean
    return mean[None], (average @ (centred * centred))[None]


def _normalized(x: np.ndarray, mean: Any, rstd: Any, weight: Optional, bias: Optional) -> np.ndarray:
    """`channel_normalize` of x (M, C)."""
    out = np.subtract(x, mean, dtype=x.dtype)
    out *= rstd if weight is None else rstd * weight
    if bias is not None:
        out += bias
    return out


def _normalized_backward(
    g: np.ndarray, x: np.ndarray, mean: Any, rstd: Any, weight: Optional, constant: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`channel_normalize_backward` for x (M, C)."""
    ones = _constants(len(x), 1.0, x.dtype)
    xhat = np.subtract(x, mean, dtype=x.dtype)
    xhat *= rstd
    gb, gw = ones @ g, ones @ (g * xhat)
    gain = rstd if weight is None else rstd * weight
    if constant:
        return np.multiply(g, gain, dtype=x.dtype), gw, gb
    xhat *= gw / len(x)
    xhat += gb / len(x)
    gx = g - xhat
    gx *= gain
    return gx, gw, gb


# -- how elements lie in memory ------------------------------------------------------------------------------


class _Layout:
    """How the elements of (N, C, *spatial) lie in memory, and passes over them that go that way.

    A `view` is (A, rows, width): in each of A parts, every row meets the same numbers. Channels-last memory,
    and (N, C), is seen as rows of whole positions; C-contiguous memory as rows of whole samples where all
    samples share their numbers and are small enough, else as a row for each channel of each sample.
    """

    def __init__(self, shape: tuple[int, ...], sets: int, last: bool) -> None:
        samples, channels = shape[:2]
        self.last, self.sets, self.channels, self.size = last, sets, channels, math.prod(shape)
        self.positions = self.size // (samples * channels)
        self.shape = (samples, *shape[2:], channels) if last else shape
        if last:
            positions = samples * self.positions // sets
            many, few = _positions_per_row(positions, channels, sets)
            self.narrow = few * channels
            self.wide = (sets, positions // many, many * channels)
        elif sets == 1 and channels * self.positions <= 4 * _WIDE:
            self.wide = (1, samples, channels * self.positions)
        else:
            self.wide = (samples * channels, 1, self.positions)
        self.small = last and sets == 1 and self.size <= SMALL
        parts, rows, width = self.wide
        if parts > 1:
            self.chunks = [(0, (part, slice(None))) for part in cuts(parts, rows * width, self.size)]
        else:
            self.chunks = [(i, (slice(0, 1), part)) for i, part in enumerate(cuts(rows, width, self.size))]

    def view(self, x: np.ndarray) -> np.ndarray:
        """x (N, C, *spatial) as (A, rows, width), copied where it lies in memory in another way."""
        x = x.astype(working_dtype(x.dtype), copy=False)
        return np.ascontiguousarray(channels_last(x) if self.last else x).reshape(self.wide)

    def result(self, view: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """The inverse of `view`."""
        out = view.reshape(self.shape).astype(dtype, copy=False)
        return channels_first(out) if self.last else out

    def spread(self, values: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """(S, C) as what a view (A, rows, width) meets."""
        parts, _, width = self.wide
        if self.last:
            rows = np.empty((self.sets, width // self.channels, self.channels), dtype)
            rows[...] = values[:, None]
            return rows.reshape(self.sets, 1, width)
        values = values.astype(dtype, copy=False)
        if parts == 1:
            return np.repeat(values, self.positions, axis=1)[:, None]
        return np.broadcast_to(values, self.shape[:2]).reshape(parts, 1, 1)

    def affine(self, x: np.ndarray, scale: Any, shift: Any, centre: Any = None) -> np.ndarray:
        """(x - centre) · scale + shift for a view of x; what is None is left out."""
        out = np.empty_like(x)
        steps = [
            (ufunc, self.spread(values, x.dtype))
            for ufunc, values in ((np.subtract, centre), (np.multiply, scale), (np.add, shift))
            if values is not None
        ]

        def run(chunk: Chunk) -> None:
            _, where = chunk
            part, target = x[where], out[where]
            for ufunc, values in steps:
                ufunc(part, values[where[0]], out=target)
                part = target

        over(self.chunks, run, self.size)
        return out

    def combination(
        self, g: np.ndarray, by_g: Any, x: np.ndarray, by_x: Any, rest: Any, centre: Optional
    ) -> np.ndarray:
        """g · by_g + (x - centre) · by_x + rest, for views of g and x."""
        out = np.empty_like(x)
        by_g, by_x, rest = (self.spread(values, x.dtype) for values in (by_g, by_x, rest))
        less = None if centre is None else self.spread(centre, x.dtype)

        def run(chunk: Chunk) -> None:
            _, where = chunk
            part, target, which = x[where], out[where], where[0]
            term = scratch(0, target.shape, x.dtype)
            if less is not None:
                part = np.subtract(part, less[which], out=term)
            np.multiply(part, by_x[which], out=term)
            np.multiply(g[where], by_g[which], out=target)
            np.add(target, term, out=target)
            np.add(target, rest[which], out=target)

        over(self.chunks, run, self.size)
        return out

    def sums(self, a: np.ndarray, b: np.ndarray, centre: Optional = None) -> np.ndarray:
        """Σa and Σa·(b - centre) of each channel, for views of a and b: (2, S, C) in float64."""
        return self._column_sums(a, b, centre) if self.last else self._row_sums(a, b, centre)

    def _column_sums(self, a: np.ndarray, b: np.ndarray, centre: Optional) -> np.ndarray:
        less = None if centre is None else self.spread(centre, b.dtype)
        several = self.chunks[-1][0] + 1
        sums = np.empty((2, several, self.sets, self.narrow), a.dtype)

        def run(chunk: Chunk) -> None:
            number, where = chunk
            part = a[where]
            product = scratch(0, part.shape, a.dtype)
            if less is None:
                np.multiply(part, b[where], out=product)
            else:
                np.subtract(b[where], less[where[0]], out=product)
                np.multiply(part, product, out=product)
            rows = (len(part), part.size // (len(part) * self.narrow), self.narrow)
            ones = _constants(rows[1], 1.0, a.dtype)
            np.matmul(ones, part.reshape(rows), out=sums[0, number, where[0]])
            np.matmul(ones, product.reshape(rows), out=sums[1, number, where[0]])

        over(self.chunks, run, self.size)
        if sums.shape[1] == 1 and self.narrow == self.channels:
            return sums[:, 0].astype(np.float64)
        return sums.reshape(2, several, self.sets, -1, self.channels).sum((1, 3), dtype=np.float64)

    def _row_sums(self, a: np.ndarray, b: np.ndarray, centre: Optional) -> np.ndarray:
        samples, count = self.shape[0], self.shape[0] * self.channels
        a, b = a.reshape(count, -1), b.reshape(count, -1)
        if centre is not None:
            centre = np.broadcast_to(centre, self.shape[:2]).reshape(count, 1).astype(b.dtype)
        sums = np.empty((2, count), a.dtype)
        ones = _constants(self.positions, 1.0, a.dtype)

        def run(chunk: slice) -> None:
            part, other = a[chunk], b[chunk]
            np.matmul(part, ones, out=sums[0, chunk])
            if centre is not None:
                other = np.subtract(other, centre[chunk], out=scratch(1, part.shape, a.dtype))
            row_dots(part, other, sums[1, chunk])

        over(cuts(count, self.positions, self.size), run, self.size)
        lines = sums.reshape(2, samples, self.channels)
        return lines.sum(1, keepdims=True, dtype=np.float64) if self.sets == 1 else lines.astype(np.float64)


def _layout(x: np.ndarray, sets: int) -> _Layout:
    last = x.ndim == 2 or not x.flags.c_contiguous or x.size == x.shape[0] * x.shape[1]
    return _layout_of(x.shape, sets, last, get_num_threads())


@lru_cache(maxsize=256)
def _layout_of(shape: tuple[int, ...], sets: int, last: bool, threads: int) -> _Layout:
    """`threads` is named since the cut depends on it: nothing that is remembered may outlive a change."""
    return _Layout(shape, sets, last)


@lru_cache(maxsize=64)
def _constants(count: int, value: float, dtype: np.dtype) -> np.ndarray:
    return np.full(count, value, dtype)


def _positions_per_row(positions: int, channels: int, sets: int) -> tuple[int, int]:
    """How many positions make a row, for passes over elements and for sums; the second divides the first."""
    if sets * positions * channels <= SMALL:
        return 1, 1
    # Preparing the numbers that rows meet must cost little against the passes over the rows.
    widest = min(2 * _WIDE, positions * channels // (16 if sets > 1 else 4))
    divisors = [d for d in range(1, max(1, widest // channels) + 1) if positions % d == 0]
    many = next((d for d in divisors if d * channels >= _WIDE), max(divisors, default=1))
    few = max((d for d in divisors if many % d == 0 and d * channels <= _NARROW), default=1)
    return many, few
