"""Normalisation, forward and backward: over channels (batch, instance, group) and over rows (layer, rms).

The channel kernels see x (N, C, *spatial) as (S, M, C): S sets of statistics, M positions each, the channels
last in memory. Batch normalisation has one set for the whole batch (S = 1), instance and group normalisation
one per sample, with the channels in G groups that share their statistics (G = C but for group normalisation).
`mean` and `rstd` are (S, G); their shape says which of the three is meant.

Sums over positions are products with a vector of ones: BLAS reads at full speed, `np.add.reduce` over leading
axes does not. Element-wise passes run on rows made of many positions each, since NumPy broadcasts at full
speed only along rows that are longer than its buffer of 8192 elements (measured: 35 instead of 57 µs on 2**18
floats). Work is cut into chunks that stay in the cache through all passes.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from .threads import parallel_for, scratch, split
from .windows import channels_first, channels_last

__all__ = [
    "channel_affine",
    "channel_normalize",
    "channel_normalize_backward",
    "channel_statistics",
    "row_normalize",
    "row_normalize_backward",
]

_BUDGET = 2**18  # floats per chunk
_PARALLEL = 2**17  # floats from which a second thread pays
_WIDE = 2**13  # floats per row in element-wise passes, where there are enough
_NARROW = 2**9  # floats per row in sums, at most
_FAR = 64  # standard deviations from zero beyond which means are subtracted before anything else
_SMALL = 2**14  # floats of a set below which a row is one position: less to prepare counts for more there

Chunk = tuple[slice, slice]
Optional = np.ndarray | None


# -- over channels -------------------------------------------------------------------------------------------


def channel_statistics(x: np.ndarray, groups: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and biased variance in float64: of each channel (1, C), or of each sample's groups (N, G).

    Every chunk is centred on means of its own before it is squared and summed, so that a mean that is large
    against the deviations costs no digits; what is left of the sum then corrects the mean. Chan's formula
    joins the parts.

    >>> channel_statistics(np.array([[1.0, 10.0], [3.0, 10.0]]))
    (array([[ 2., 10.]]), array([[1., 0.]]))
    """
    columns = _columns(x, merged=groups is None)
    sets, positions, channels = columns.shape
    if not x.size:
        return np.full((sets, groups or channels), np.nan), np.full((sets, groups or channels), np.nan)
    wide, width = _widened(columns)
    chunks, starts = _chunks(wide.shape)
    sums = np.empty((3, len(starts), sets, width), wide.dtype)  # means, what they are short of, squares

    def run(chunk: Chunk) -> None:
        part = wide[chunk]
        mean, rest, square = sums[:, starts[chunk[1].start], chunk[0]]
        count = part[0].size // width
        np.divide(_sums(part, width, mean), count, out=mean)
        centred = scratch(0, part.shape, wide.dtype)
        np.subtract(part, _tiled(mean, part), out=centred)
        np.divide(_sums(centred, width, rest), count, out=rest)
        np.multiply(centred, centred, out=centred)
        _sums(centred, width, square)

    parallel_for(run, chunks)
    means, rests, squares = sums.astype(np.float64)
    lengths = np.array([chunk[1].stop - chunk[1].start for chunk in chunks[: len(starts)]], np.float64)
    lengths = (lengths * (wide.shape[2] // width)).reshape(-1, 1, 1)
    squares -= rests * rests * lengths
    means += rests
    if means.shape == (1, sets, channels) and groups in (None, channels):
        return means[0], squares[0] / positions
    # The parts of a channel: (parts, S, r·C) -> (parts, S, r, G, C/G), each of `lengths` positions.
    shape = (len(starts), sets, -1, groups or channels, channels // (groups or channels))
    means, squares, lengths = means.reshape(shape), squares.reshape(shape), lengths.reshape(-1, 1, 1, 1, 1)
    count = positions * shape[-1]
    mean = (means * lengths).sum((0, 2, 4)) / count
    means -= mean[:, None, :, None]
    means *= means
    means *= lengths
    means += squares
    return mean, means.sum((0, 2, 4)) / count


def channel_normalize(
    x: np.ndarray, mean: np.ndarray, rstd: np.ndarray, weight: Optional = None, bias: Optional = None
) -> np.ndarray:
    """(x - mean) · rstd · weight + bias, with mean and rstd (S, G), weight and bias (C,).

    >>> x = np.array([[1.0], [3.0]])
    >>> channel_normalize(x, np.array([[2.0]]), np.array([[0.5]]), bias=np.array([7.0]))
    array([[6.5],
           [7.5]])
    """
    scale, centre = _per_channel(rstd, x.shape[1]), _per_channel(mean, x.shape[1])
    if weight is not None:
        scale = scale * weight
    # x · scale - mean · scale is one pass less, but of values far from zero it keeps few digits.
    first = centre.astype(x.dtype) if x.size and np.abs(mean * rstd).max() > _FAR else None
    shift = (-centre if first is None else first - centre) * scale
    return channel_affine(x, scale, shift if bias is None else shift + bias, first)


def channel_affine(
    x: np.ndarray, scale: np.ndarray, shift: np.ndarray, centre: Optional = None
) -> np.ndarray:
    """(x - centre) · scale + shift, all (S, C): S = 1 for the whole batch, else one row per sample.

    >>> channel_affine(np.array([[1.0], [3.0]]), np.array([[2.0]]), np.array([[0.5]]))
    array([[2.5],
           [6.5]])
    """
    if not x.size:
        return np.empty_like(x)
    wide, _ = _widened(_columns(x, merged=len(scale) == 1))
    out = np.empty_like(wide)
    factor, addend = _tiled(scale, wide), _tiled(shift, wide)
    middle = None if centre is None else _tiled(centre, wide)

    def run(chunk: Chunk) -> None:
        part, target = wide[chunk], out[chunk]
        if middle is not None:
            part = np.subtract(part, middle[chunk[0]], out=target)
        np.multiply(part, factor[chunk[0]], out=target)
        np.add(target, addend[chunk[0]], out=target)

    parallel_for(run, _chunks(wide.shape)[0])
    return _like(out, x)


def channel_normalize_backward(
    g: np.ndarray, x: np.ndarray, mean: np.ndarray, rstd: np.ndarray, weight: Optional = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of `channel_normalize` for x, weight and bias, where mean and rstd are those of x itself.

    With x̂ = (x - mean)·rstd and h = g·weight, and means taken over what shares its statistics:
    gx = rstd · (h - mean(h) - x̂ · mean(h·x̂)),  gw = Σ g·x̂,  gb = Σ g.

    >>> x = np.array([[1.0], [3.0]])
    >>> channel_normalize_backward(np.array([[1.0], [0.0]]), x, np.array([[2.0]]), np.array([[1.0]]))
    (array([[0.],
           [0.]]), array([-1.]), array([1.]))
    """
    if not x.size:
        return np.empty_like(x), np.zeros(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype)
    merged = len(mean) == 1
    columns = _columns(x, merged)
    sets, positions, channels = columns.shape
    wide, width = _widened(columns)
    wide_g, _ = _widened(_columns(g.astype(x.dtype, copy=False), merged))
    centre = _per_channel(mean, channels)
    centres = _tiled(centre, wide)
    chunks, starts = _chunks(wide.shape)
    sums = np.empty((2, len(starts), sets, width), wide.dtype)

    def reduce(chunk: Chunk) -> None:
        part = wide_g[chunk]
        number = starts[chunk[1].start], chunk[0]
        product = scratch(0, part.shape, wide.dtype)
        np.subtract(wide[chunk], centres[chunk[0]], out=product)
        np.multiply(product, part, out=product)
        _sums(part, width, sums[0][number])
        _sums(product, width, sums[1][number])

    parallel_for(reduce, chunks)
    sum_g, sum_gx = sums.reshape(2, len(starts), sets, -1, channels).sum(
        (1, 3), dtype=np.float64
    )  # (S, C) each
    spread = _per_channel(rstd, channels)
    sum_gx *= spread
    gain = spread if weight is None else spread * weight
    grouped = (sets, rstd.shape[1], -1)
    count = positions * (channels // rstd.shape[1])
    share = sum_g if weight is None else sum_g * weight
    share_x = sum_gx if weight is None else sum_gx * weight
    mean_h = _per_channel(share.reshape(grouped).sum(2) / count, channels)
    mean_hx = _per_channel(share_x.reshape(grouped).sum(2) / count, channels)
    slope = -spread * spread * mean_hx
    by_g, by_x, rest = (_tiled(one, wide) for one in (gain, slope, -spread * mean_h - slope * centre))
    gx = np.empty_like(wide)

    def combine(chunk: Chunk) -> None:
        target = gx[chunk]
        term = scratch(0, target.shape, wide.dtype)
        np.multiply(wide_g[chunk], by_g[chunk[0]], out=target)
        np.multiply(wide[chunk], by_x[chunk[0]], out=term)
        np.add(target, term, out=target)
        np.add(target, rest[chunk[0]], out=target)

    parallel_for(combine, chunks)
    return _like(gx, x), sum_gx.sum(0).astype(x.dtype), sum_g.sum(0).astype(x.dtype)


def _columns(x: np.ndarray, merged: bool) -> np.ndarray:
    """x (N, C, *spatial) as (N, M, C), or (1, N·M, C) if merged; a copy unless it is channels-last."""
    rows = np.ascontiguousarray(channels_last(x))
    channels = x.shape[1]
    return rows.reshape(1 if merged else len(x), math.prod(rows.shape[0 if merged else 1 : -1]), channels)


def _like(wide: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The inverse of `_columns` and `_widened`, for a result of the shape of x."""
    return channels_first(wide.reshape(x.shape[0], *x.shape[2:], x.shape[1]))


def _widened(columns: np.ndarray) -> tuple[np.ndarray, int]:
    """(S, M, C) as (S, M/r, r·C), many positions in a row; and the width, a part of r·C, to sum it up in."""
    sets, positions, channels = columns.shape
    r, width = _positions_per_row(positions, channels)
    return columns.reshape(sets, positions // r, channels * r), width


@lru_cache(maxsize=256)
def _positions_per_row(positions: int, channels: int) -> tuple[int, int]:
    if positions * channels < _SMALL:
        return 1, channels
    divisors = [d for d in range(1, positions + 1) if positions % d == 0 and d * channels <= 2 * _WIDE]
    r = next((d for d in divisors if d * channels >= _WIDE), max(divisors, default=1))
    narrow = max((d for d in divisors if r % d == 0 and d * channels <= _NARROW), default=1)
    return r, narrow * channels


def _sums(part: np.ndarray, width: int, out: np.ndarray) -> np.ndarray:
    """Sum (s, rows, r·C) over its rows and over the pieces of a row of the given width: (s, width)."""
    rows = part.reshape(len(part), -1, width)
    return np.matmul(np.ones(rows.shape[1], part.dtype), rows, out=out)


@lru_cache(maxsize=256)
def _chunks(shape: tuple[int, int, int]) -> tuple[tuple[Chunk, ...], dict[int, int]]:
    """Cut (S, rows, width) into chunks of sets and rows; number the parts by the row they start at."""
    sets, rows, width = shape
    parallel = sets * rows * width > _PARALLEL
    at_most = max(1, _BUDGET // max(1, width))
    if sets > 1 and rows <= at_most:
        cuts = split(sets, max(1, at_most // max(1, rows)), parallel=parallel)
        return tuple((slice(*cut), slice(0, rows)) for cut in cuts), {0: 0}
    cuts = split(rows, at_most, parallel=parallel)
    chunks = tuple((slice(s, s + 1), slice(*cut)) for s in range(sets) for cut in cuts)
    return chunks, {cut[0]: number for number, cut in enumerate(cuts)}


def _per_channel(values: np.ndarray, channels: int) -> np.ndarray:
    """(S, G) as (S, C): what a group has, each of its channels has."""
    return values if values.shape[1] == channels else np.repeat(values, channels // values.shape[1], axis=1)


def _tiled(values: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """(S, width) as (S, 1, r·C), in the dtype of what it meets."""
    values = values.astype(wide.dtype, copy=False)
    times = wide.shape[2] // max(1, values.shape[1])
    return (values if times == 1 else np.tile(values, (1, times)))[:, None]


# -- over rows -----------------------------------------------------------------------------------------------


def row_normalize(
    x: np.ndarray, weight: Optional, bias: Optional, *, eps: float, centred: bool
) -> tuple[np.ndarray, Optional, np.ndarray]:
    """(x - mean)/√(var + eps) · weight + bias for each row of x (R, D); and mean (R,), rstd (R,).

    Without `centred` the mean counts as zero: root-mean-square normalisation; None is given for it.

    >>> row_normalize(np.array([[1.0, 3.0]]), None, None, eps=0.0, centred=True)
    (array([[-1.,  1.]]), array([2.]), array([1.]))
    """
    rows, width = x.shape
    x = np.ascontiguousarray(x)
    out = np.empty_like(x)
    mean = np.empty(rows, x.dtype) if centred else None
    rstd = np.empty(rows, x.dtype)
    average = np.full(width, 1 / max(1, width), x.dtype)

    def run(chunk: slice) -> None:
        part, target = x[chunk], out[chunk]
        if mean is not None:
            np.matmul(part, average, out=mean[chunk])
            part = np.subtract(part, mean[chunk, None], out=target)
        scale = rstd[chunk]
        np.matmul(np.multiply(part, part, out=scratch(0, part.shape, x.dtype)), average, out=scale)
        np.add(scale, eps, out=scale)
        np.sqrt(scale, out=scale)
        np.divide(1, scale, out=scale)
        np.multiply(part, scale[:, None], out=target)
        if weight is not None:
            np.multiply(target, weight, out=target)
        if bias is not None:
            np.add(target, bias, out=target)

    parallel_for(run, _row_chunks(rows, width))
    return out, mean, rstd


def row_normalize_backward(
    g: np.ndarray, x: np.ndarray, mean: Optional, rstd: np.ndarray, weight: Optional
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of `row_normalize` for x, weight and bias.

    With x̂ = (x - mean)·rstd and h = g·weight, means along the row: gx = rstd · (h - mean(h) - x̂ · mean(h·x̂)),
    without mean(h) where nothing was centred; gw = Σ g·x̂ and gb = Σ g over the rows.

    >>> g, x = np.array([[1.0, 0.0]]), np.array([[1.0, 3.0]])
    >>> row_normalize_backward(g, x, np.array([2.0]), np.array([1.0]), None)
    (array([[0., 0.]]), array([-1.,  0.]), array([1., 0.]))
    """
    rows, width = x.shape
    x, g = np.ascontiguousarray(x), np.ascontiguousarray(g, x.dtype)
    gx = np.empty_like(x)
    chunks = _row_chunks(rows, width)
    sums = np.zeros((2, len(chunks), width), x.dtype)
    average = np.full(width, 1 / max(1, width), x.dtype) if weight is None else weight / x.dtype.type(width)

    def run(number: int) -> None:
        chunk = chunks[number]
        part, target, scale = g[chunk], gx[chunk], rstd[chunk, None]
        ones = np.ones(len(part), x.dtype)
        xhat, product = scratch(0, part.shape, x.dtype), scratch(1, part.shape, x.dtype)
        if mean is None:
            np.multiply(x[chunk], scale, out=xhat)
        else:
            np.subtract(x[chunk], mean[chunk, None], out=xhat)
            np.multiply(xhat, scale, out=xhat)
        np.multiply(part, xhat, out=product)
        np.matmul(ones, product, out=sums[0, number])
        np.matmul(ones, part, out=sums[1, number])
        np.multiply(xhat, (product @ average)[:, None], out=xhat)
        if mean is not None:
            np.add(xhat, (part @ average)[:, None], out=xhat)
        h = part if weight is None else np.multiply(part, weight, out=target)
        np.subtract(h, xhat, out=target)
        np.multiply(target, scale, out=target)

    parallel_for(run, range(len(chunks)))
    gw, gb = sums.sum(1)
    return gx, gw, gb


@lru_cache(maxsize=256)
def _row_chunks(rows: int, width: int) -> tuple[slice, ...]:
    parallel = rows * width > _PARALLEL
    return tuple(slice(*cut) for cut in split(rows, max(1, _BUDGET // max(1, width)), parallel=parallel))
