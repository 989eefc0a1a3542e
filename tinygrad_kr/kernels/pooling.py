"""Max and average pooling, plain and adaptive, forward and backward, in any number of spatial dimensions.

Windows are tables of taps per spatial axis (see `pooling_axes`). Maxima and sums are separable: one pass per
axis and tap instead of one per window position. The winner of a window is found again in the backward pass,
by equality with its maximum: nothing but x and out is kept.

Shapes are PyTorch's, (N, C, *spatial) in any memory order; results are (N, *spatial, C) buffers handed out as
(N, C, *spatial) views. Work is cut along samples, or along channels when samples are few.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from .pooling_axes import Axes, Axis, Index, Tap, adaptive_axes, along, window_axis
from .threads import get_num_threads, parallel_for, split
from .windows import channels_first, channels_last, channels_last_copy, working_dtype

__all__ = [
    "adaptive_avg_pool",
    "adaptive_avg_pool_backward",
    "adaptive_max_pool",
    "adaptive_max_pool_backward",
    "avg_pool",
    "avg_pool_backward",
    "max_pool",
    "max_pool_backward",
    "output_shape",
]

_BUDGET = 2**19  # elements of input per chunk
_PARALLEL = 2**20  # elements of input from which a second thread pays (its passes are over parts of them)
_MANY = 16  # elements per tile from which one reduction beats a pass per tap


def output_shape(
    size: Sequence[int],
    kernel: Sequence[int],
    *,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> tuple[int, ...]:
    """Spatial sizes after pooling; with `ceil_mode` windows may overhang on the right, but must start inside.

    Raises `RuntimeError` when no window fits.

    >>> output_shape((7, 7), (2, 2), stride=(2, 2), padding=(0, 0)), output_shape(
    ...     (7, 7), (2, 2), stride=(2, 2), padding=(0, 0), ceil_mode=True)
    ((3, 3), (4, 4))
    """
    result = []
    for length, k, s, p, d in zip(size, kernel, stride, padding, dilation or [1] * len(size), strict=True):
        span = length + 2 * p - d * (k - 1) - 1
        count = (span + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= length + p:
            count -= 1
        result.append(count)
    if min(result, default=1) < 1:
        raise RuntimeError(
            f"Given input spatial size {tuple(size)}, kernel size {tuple(kernel)}, padding {tuple(padding)}: "
            f"calculated output size {tuple(result)} is too small"
        )
    return tuple(result)


def max_pool(
    x: np.ndarray,
    kernel: Sequence[int],
    *,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Maximum of each window and, if asked, its int64 position in the flattened spatial plane (else None).

    NaN wins; of equal maxima the first does, of several NaN the last (as in PyTorch).

    >>> out, indices = max_pool(np.arange(16.0).reshape(1, 1, 4, 4), (2, 2), stride=(2, 2), padding=(0, 0),
    ...                         dilation=(1, 1), return_indices=True)
    >>> out
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    >>> indices
    array([[[[ 5,  7],
             [13, 15]]]])
    """
    return _maximum(x, _window_axes(x.shape, kernel, stride, padding, dilation, ceil_mode), return_indices)


def max_pool_backward(
    g: np.ndarray,
    x: np.ndarray,
    out: np.ndarray,
    kernel: Sequence[int],
    *,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool = False,
) -> np.ndarray:
    """Gradient of `max_pool`: each g goes to the input position that won its window.

    >>> x = np.array([[[1.0, 3.0, 2.0, 2.0]]])
    >>> window = dict(kernel=(2,), stride=(2,), padding=(0,), dilation=(1,))
    >>> out, _ = max_pool(x, **window)
    >>> max_pool_backward(np.ones((1, 1, 2)), x, out, **window)
    array([[[0., 1., 1., 0.]]])
    """
    return _maximum_backward(g, x, out, _window_axes(x.shape, kernel, stride, padding, dilation, ceil_mode))


def avg_pool(
    x: np.ndarray,
    kernel: Sequence[int],
    *,
    stride: Sequence[int],
    padding: Sequence[int],
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Sum of each window, divided by `divisor_override` if given, else by the window's size.

    The size counts padding if `count_include_pad`, but never what `ceil_mode` lets overhang beyond it.

    >>> avg_pool(np.arange(6.0).reshape(1, 1, 6), (2,), stride=(2,), padding=(1,))
    array([[[0. , 1.5, 3.5, 2.5]]])
    """
    axes = _window_axes(x.shape, kernel, stride, padding, (1,) * len(kernel), ceil_mode)
    divisor = _divisor(x.shape, axes, kernel, stride, padding, count_include_pad, divisor_override)
    return _average(x, axes, divisor)


def avg_pool_backward(
    g: np.ndarray,
    x_shape: Sequence[int],
    kernel: Sequence[int],
    *,
    stride: Sequence[int],
    padding: Sequence[int],
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Gradient of `avg_pool`: each g, divided as the window was, to every input position of the window.

    >>> avg_pool_backward(np.ones((1, 1, 2)), (1, 1, 4), (2,), stride=(2,), padding=(0,))
    array([[[0.5, 0.5, 0.5, 0.5]]])
    """
    axes = _window_axes(x_shape, kernel, stride, padding, (1,) * len(kernel), ceil_mode)
    divisor = _divisor(x_shape, axes, kernel, stride, padding, count_include_pad, divisor_override)
    return _average_backward(g, tuple(x_shape), axes, divisor)


def adaptive_max_pool(
    x: np.ndarray, output_size: Sequence[int], *, return_indices: bool = False
) -> tuple[np.ndarray, np.ndarray | None]:
    """`max_pool` into `output_size` windows, the i-th from ⌊i·L/o⌋ up to ⌈(i + 1)·L/o⌉.

    >>> adaptive_max_pool(np.arange(5.0).reshape(1, 1, 5), (2,))[0]
    array([[[2., 4.]]])
    """
    return _maximum(x, adaptive_axes(x.shape[2:], tuple(output_size)), return_indices)


def adaptive_max_pool_backward(
    g: np.ndarray, x: np.ndarray, out: np.ndarray, output_size: Sequence[int]
) -> np.ndarray:
    """Gradient of `adaptive_max_pool`: each g goes to the input position that won its window."""
    return _maximum_backward(g, x, out, adaptive_axes(x.shape[2:], tuple(output_size)))


def adaptive_avg_pool(x: np.ndarray, output_size: Sequence[int]) -> np.ndarray:
    """Means of `output_size` windows, the i-th from ⌊i·L/o⌋ up to ⌈(i + 1)·L/o⌉.

    >>> adaptive_avg_pool(np.arange(5.0).reshape(1, 1, 5), (2,))
    array([[[1., 3.]]])
    """
    axes = adaptive_axes(x.shape[2:], tuple(output_size))
    return _average(x, axes, _per_window([axis.counts for axis in axes]))


def adaptive_avg_pool_backward(
    g: np.ndarray, x_shape: Sequence[int], output_size: Sequence[int]
) -> np.ndarray:
    """Gradient of `adaptive_avg_pool`: each g, over its window's size, to every position of the window."""
    axes = adaptive_axes(tuple(x_shape[2:]), tuple(output_size))
    return _average_backward(g, tuple(x_shape), axes, _per_window([axis.counts for axis in axes]))


def _window_axes(
    x_shape: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool,
) -> Axes:
    size = tuple(x_shape[2:])
    return _window_axes_of(size, tuple(kernel), tuple(stride), tuple(padding), tuple(dilation), ceil_mode)


@lru_cache(maxsize=256)
def _window_axes_of(
    size: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool,
) -> Axes:
    out = output_shape(size, kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)
    return Axes(map(window_axis, size, out, kernel, stride, padding, dilation))


def _divisor(
    x_shape: Sequence[int],
    axes: Axes,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    count_include_pad: bool,
    divisor_override: int | None,
) -> float | np.ndarray:
    """What each window's sum is divided by: a number, or one per window as (*spatial, 1)."""
    if divisor_override is not None:
        return float(divisor_override)
    if not count_include_pad:
        return _per_window([axis.counts for axis in axes])
    if all(axis.tile for axis in axes):
        return float(math.prod(kernel))
    counts = []
    for length, axis, k, s, p in zip(x_shape[2:], axes, kernel, stride, padding, strict=True):
        starts = np.arange(axis.size) * s - p
        counts.append(np.minimum(starts + k, length + p) - starts)
    return _per_window(counts)


def _per_window(counts: Sequence[np.ndarray]) -> float | np.ndarray:
    """Product over the axes of counts per output, as (*spatial, 1), or a single number if all are equal."""
    product: np.ndarray = np.ones((), np.int64)
    for count in counts:
        product = product[..., None] * count
    if product.size and (product == product.flat[0]).all():
        return float(product.flat[0])
    return product[..., None]


@lru_cache(maxsize=256)
def _parts(samples: int, channels: int, plane: int, threads: int) -> list[tuple[slice, slice]]:
    """Cut (N, C) into (samples, channels) slices of about `_BUDGET` numbers of input."""
    total = samples * channels * plane
    if not total:
        return []
    parallel = threads > 1 and total >= _PARALLEL
    if parallel and samples < threads:
        cuts = split(channels, max(1, _BUDGET // plane))
        return [(slice(n, n + 1), slice(*cut)) for n in range(samples) for cut in cuts]
    cuts = split(samples, max(1, _BUDGET // (channels * plane)), parallel=parallel)
    return [(slice(*cut), slice(None)) for cut in cuts]


def _for_parts(shape: Sequence[int], run: Callable[..., None], *arrays: np.ndarray) -> None:
    """Call `run` with the same part of every array (N, *spatial, C); `shape` is the input's (N, C, ...)."""
    parts = _parts(shape[0], shape[1], math.prod(shape[2:]), get_num_threads())
    if len(parts) == 1:
        run(*arrays)
        return
    parallel_for(lambda part: run(*(array[part[0], ..., part[1]] for array in arrays)), parts)


def _readable(x: np.ndarray) -> np.ndarray:
    """x (n, *spatial, c) with the channels last in memory too: a short inner stride keeps every pass fast."""
    return x if x.shape[-1] == 1 or x.strides[-1] == x.itemsize else channels_last_copy(x)


def _reduce(x: np.ndarray, axes: Axes, combine: np.ufunc, empty: float, out: np.ndarray) -> None:
    """Combine each window of x (n, *spatial, c) into out, one axis after the other."""
    x = _readable(x)
    if combine is np.add and all(axis.size == 1 and axis.tile == n for axis, n in zip(axes, x.shape[1:])):
        flat = x.reshape(len(x), -1, x.shape[-1])
        np.matmul(np.ones((1, flat.shape[1]), x.dtype), flat, out=out.reshape(len(x), 1, -1))
        return
    for number, axis in enumerate(axes):
        if number == len(axes) - 1:
            target = out
        else:
            target = np.empty((*x.shape[: number + 1], axis.size, *x.shape[number + 2 :]), out.dtype)
        if axis.tile >= _MANY:
            tiles = x[along(number, slice(0, axis.size * axis.tile))]
            tiles = tiles.reshape(*x.shape[: number + 1], axis.size, axis.tile, *x.shape[number + 2 :])
            combine.reduce(tiles, axis=number + 2, out=target)
        else:
            _reduce_taps(x, axes.reductions[number], axis.full, combine, empty, target)
        x = target


def _reduce_taps(
    x: np.ndarray, taps: tuple[Tap, ...], full: int, combine: np.ufunc, empty: float, target: np.ndarray
) -> None:
    """Combine what the taps read, of which the first `full` reach every output."""
    if full >= 2:
        combine(x[taps[0].inputs], x[taps[1].inputs], out=target)
        taps = taps[2:]
    elif full == 1:
        np.copyto(target, x[taps[0].inputs])
        taps = taps[1:]
    else:
        target.fill(empty)
    for where, source in taps:
        if isinstance(where[-1], slice):
            combine(target[where], x[source], out=target[where])
        else:
            target[where] = combine(target[where], x[source])


def _maximum(x: np.ndarray, axes: Axes, return_indices: bool) -> tuple[np.ndarray, np.ndarray | None]:
    source = channels_last(x)
    shape = (x.shape[0], *axes.sizes, x.shape[1])
    out = np.empty(shape, x.dtype)
    lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf
    if not return_indices:
        _for_parts(x.shape, lambda part, target: _reduce(part, axes, np.maximum, lowest, target), source, out)
        return channels_first(out), None
    indices = np.zeros(shape, np.int64)
    plane = np.arange(math.prod(x.shape[2:])).reshape(*x.shape[2:], 1)

    def run(part: np.ndarray, target: np.ndarray, positions: np.ndarray) -> None:
        part = _readable(part)
        _reduce(part, axes, np.maximum, lowest, target)
        for where, source, won, _ in _winners(part, target, axes):
            positions[where] += won * plane[source[1:]]

    _for_parts(x.shape, run, source, out, indices)
    return channels_first(out), channels_first(indices)


def _maximum_backward(g: np.ndarray, x: np.ndarray, out: np.ndarray, axes: Axes) -> np.ndarray:
    gx = np.empty((x.shape[0], *x.shape[2:], x.shape[1]), g.dtype)
    separate = not any(axis.overlapping for axis in axes)
    many = all(axis.tile for axis in axes) and math.prod(axis.tile for axis in axes) >= _MANY
    # Windows that are more than the inputs along an axis may share a first input.
    repeated = any(axis.size > length for axis, length in zip(axes, x.shape[2:], strict=True))
    bits = np.dtype(f"i{g.itemsize}")

    # A masked copy stumbles over every branch; a product does not. It is one of bit patterns, since an
    # infinite g times "not the winner" would be NaN.
    def run(gx: np.ndarray, g: np.ndarray, x: np.ndarray, out: np.ndarray) -> None:
        g, x, out = _readable(g), _readable(x), _readable(out)
        if not _covered(gx, axes):
            gx.fill(0)
        if many:
            won = _tiles(x, axes) == _per_tile(out)
            if np.count_nonzero(won) == out.size:  # no ties, no NaN
                np.multiply(_per_tile(g).view(bits), won, out=_tiles(gx, axes).view(bits))
                return
        for where, source, won, again in _winners(x, out, axes):
            if separate and not again:
                np.multiply(g[where].view(bits), won, out=gx[source].view(bits))
                continue
            share = np.multiply(g[where].view(bits), won).view(g.dtype)
            if repeated and any(isinstance(index, np.ndarray) for index in source):
                np.add.at(gx, source, share)  # type: ignore[arg-type]
            else:
                gx[source] += share

    _for_parts(x.shape, run, gx, *map(channels_last, (g, x, out)))
    return channels_first(gx)


def _covered(x: np.ndarray, axes: Axes) -> bool:
    """Whether windows tile x (n, *spatial, c) without a rest."""
    return all(axis.size * axis.tile == length for axis, length in zip(axes, x.shape[1:-1], strict=True))


def _tiles(x: np.ndarray, axes: Axes) -> np.ndarray:
    """View of what windows tile of x (n, *spatial, c): (n, size, tile, ..., c), two dimensions per axis."""
    shape = [count for axis in axes for count in (axis.size, axis.tile)]
    covered = x[(slice(None), *(slice(axis.size * axis.tile) for axis in axes))]
    return covered.reshape(len(x), *shape, x.shape[-1])


def _per_tile(out: np.ndarray) -> np.ndarray:
    """View of (n, *spatial, c) that meets `_tiles`."""
    return out[(slice(None), *(slice(None), None) * (out.ndim - 2))]


def _winners(
    x: np.ndarray, out: np.ndarray, axes: Axes
) -> Iterator[tuple[tuple[Index, ...], tuple[Index, ...], np.ndarray, bool]]:
    """For each window position in order: (index into out, index into x, which windows it won, second visit?).

    A window is won once, by the first position equal to its maximum. Windows that nobody won have NaN as
    their maximum, and are offered once more, to the last NaN.
    """
    free = np.ones(out.shape, bool)
    positions = [_position(taps) for taps in itertools.product(*(axis.taps for axis in axes))]
    for where, source in positions:
        won = x[source] == out[where]
        won &= free[where]
        free[where] ^= won
        yield where, source, won, False
    if free.any():
        for where, source in reversed(positions):
            won = np.isnan(x[source])
            won &= free[where]
            free[where] ^= won
            yield where, source, won, True


def _position(taps: tuple[Tap, ...]) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
    """One tap per axis as indices into out and x, both (n, *spatial, c)."""
    where = [tap.outputs for tap in taps]
    source = [tap.inputs for tap in taps]
    if any(isinstance(index, np.ndarray) for index in where):
        where, source = list(np.ix_(*map(_as_array, where))), list(np.ix_(*map(_as_array, source)))
    return (slice(None), *where), (slice(None), *source)


def _as_array(index: Index) -> np.ndarray:
    if isinstance(index, slice):
        return np.arange(index.start, index.stop, index.step)
    return index


def _average(x: np.ndarray, axes: Axes, divisor: float | np.ndarray) -> np.ndarray:
    work = working_dtype(x.dtype)
    whole = all(axis.size == 1 and axis.tile == n for axis, n in zip(axes, x.shape[2:], strict=True))
    if whole and x.size and x.flags.c_contiguous:
        planes = x.reshape(*x.shape[:2], -1).astype(work, copy=False)
        sums = planes @ np.ones(planes.shape[2], work)
        return (sums / divisor).astype(x.dtype, copy=False).reshape(*x.shape[:2], *(1 for _ in axes))
    out = np.empty((x.shape[0], *(axis.size for axis in axes), x.shape[1]), work)

    def run(part: np.ndarray, target: np.ndarray) -> None:
        _reduce(part.astype(work, copy=False), axes, np.add, 0, target)
        np.divide(target, divisor, out=target, dtype=work)

    _for_parts(x.shape, run, channels_last(x), out)
    return channels_first(out.astype(x.dtype, copy=False))


def _average_backward(
    g: np.ndarray, x_shape: tuple[int, ...], axes: Axes, divisor: float | np.ndarray
) -> np.ndarray:
    gx = np.empty((x_shape[0], *x_shape[2:], x_shape[1]), g.dtype)

    def run(gx: np.ndarray, g: np.ndarray) -> None:
        spread = np.divide(_readable(g), divisor, dtype=g.dtype)
        if all(axis.tile for axis in axes):
            if not _covered(gx, axes):
                gx.fill(0)
            np.copyto(_tiles(gx, axes), _per_tile(spread))
            return
        for number in reversed(range(len(axes))):
            shape = (*spread.shape[: number + 1], gx.shape[number + 1], *spread.shape[number + 2 :])
            target = np.empty(shape, g.dtype) if number else gx
            target.fill(0)
            _spread_axis(spread, number, axes[number], target)
            spread = target

    _for_parts(x_shape, run, gx, channels_last(g))
    return channels_first(gx)


def _spread_axis(g: np.ndarray, number: int, axis: Axis, target: np.ndarray) -> None:
    """Add g at each window to every input of the window, along one axis."""
    if axis.taps and isinstance(axis.taps[0].inputs, np.ndarray):
        for window, (start, count) in enumerate(zip(axis.taps[0].inputs, axis.counts)):
            inputs, output = slice(start, start + count), slice(window, window + 1)
            target[along(number, inputs)] += g[along(number, output)]
        return
    for tap in axis.taps:
        where, source = along(number, tap.outputs), along(number, tap.inputs)
        if axis.overlapping:
            target[source] += g[where]
        else:
            target[source] = g[where]
