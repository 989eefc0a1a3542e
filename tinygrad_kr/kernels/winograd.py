"""Winograd's minimal filtering: 3x3 convolutions of stride one with fewer products, for some additions more.

`winograd_rows` saves a third of the products and adds along one axis, `winograd_tiles` five ninths and adds
along both. Here is what they share, and the choice between them and plain columns.

Rounding errors are those of the plain product (root mean square 4.8e-7 against 4.7e-7 at 128 channels in
float32). A difference of infinities is NaN: where the results are not finite, `correlate` and `accumulate`
say so, and the caller computes the plain way.

Milliseconds forward / weight gradient on one thread; with products at 230 GFLOP/s, and at 125 (AVX2):

                               columns        rows          tiles         AVX2: columns  rows        tiles
    (64, 16, 32, 32) -> 16     2.9 / 3.5      2.6 / 2.8     4.4 / 5.4     4.2 / 4.6      3.4 / 3.5   4.8 / 6.1
    (64, 32, 32, 32) -> 32     8.2 / 9.2      7.2 / 7.5     9.4 / 10      13 / 13        10 / 11     12 / 13
    (64, 64, 16, 16) -> 64     6.4 / 6.8      5.2 / 5.4     5.5 / 6.0     11 / 11        7.9 / 8.2   7.9 / 8.6
    (64, 128, 8, 8) -> 128     5.6 / 5.9      4.1 / 4.2     4.1 / 4.7     10 / 11        7.9 / 8.0   6.5 / 7.1
    (32, 128, 16, 16) -> 128   11 / 12        8.7 / 9.1     8.6 / 9.4     20 / 21        15 / 15     12 / 13

On two threads chunks of 4 MiB are the best: smaller ones stay in the cache, but every NumPy call lets go of
the GIL, and a worker that waits to get it back loses time (forward of the first row, ms: 1 MiB 2.4, 2 MiB
1.8, 4 MiB 1.7; steps of ResNet-8 and of a VGG: 2 MiB 39 and 69, 4 MiB 39 and 69, 8 MiB 45 and 78, 16 MiB 50
and 89). What is done once for all chunks, with the weights, is shared out by outputs.

Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016 (arXiv:1509.09308).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import ModuleType

import numpy as np

from . import winograd_rows, winograd_tiles
from .correlation import Chunk, chunk_of, cut, parts_of
from .threads import get_num_threads, parallel_for, split

__all__ = ["accumulate", "correlate", "pays"]

_LEAST = 2**23  # multiplications of the plain way from which it pays: the weights are transformed every time
_CHANNELS = 16  # from which it does, on both sides,
_TILED = 128  # and from which tiles do
_BUDGET = 2**22  # bytes of a chunk's columns (or tiles) and products
_PARALLEL = 2**22  # multiplications from which waking another thread pays
_WIDE = 2**14  # numbers in a weight from which sharing out its transformation does


def pays(
    weight_shape: Sequence[int], out_shape: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> bool:
    """Whether this is the way for a convolution, weight (G, O/G, C/G, *kernel), out (N, *spatial, O)."""
    groups, outputs, channels, *kernel = weight_shape
    return (
        kernel == [3, 3]
        and groups == 1
        and min(outputs, channels) >= _CHANNELS
        and 9 * channels * math.prod(out_shape) >= _LEAST
        and (*stride, *dilation) == (1, 1, 1, 1)
        and min(out_shape[1:-1]) >= 4
    )


def _way(channels: int, outputs: int) -> ModuleType:
    return winograd_tiles if min(channels, outputs) >= _TILED else winograd_rows


@lru_cache(maxsize=256)
def _chunks(
    way: ModuleType,
    x_shape: tuple[int, ...],
    out_shape: tuple[int, ...],
    before: tuple[int, ...],
    itemsize: int,
    num_threads: int,
) -> tuple[Chunk, ...]:
    """Chunks whose positions are places of several outputs."""
    samples, high, wide, outputs = out_shape
    channels = x_shape[-1]
    size = (-(-high // way.PLACE[0]), -(-wide // way.PLACE[1]))
    numbers = math.prod(size) * way.PRODUCTS * (way.TAPS * channels + outputs)
    work = samples * math.prod(size) * way.PRODUCTS * way.TAPS * channels * outputs
    parallel = num_threads > 1 and work > _PARALLEL
    pieces = cut(samples, size[0], numbers * itemsize, _BUDGET, parallel=parallel)
    chunks = [chunk_of(piece, x_shape, size, way.READS, before, way.PLACE, (1, 1)) for piece in pieces]
    return tuple(
        chunk._replace(outputs=(chunk.outputs[0], slice(2 * piece[1][0], 2 * piece[1][1])))
        for piece, chunk in zip(pieces, chunks, strict=True)
    )


def correlate(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, out: np.ndarray, before: tuple[int, ...]
) -> bool:
    """Write the correlation of x (N, *spatial, C) into out (N, *spatial, O); False if it is not finite.

    weight: (O, C, 3, 3).
    """
    outputs, channels = weight.shape[:2]
    way = _way(channels, outputs)
    finite = True
    with np.errstate(invalid="ignore", over="ignore"):
        transformed = np.empty((way.PRODUCTS, way.TAPS * channels, outputs), weight.dtype)

        def prepare(span: slice) -> None:
            transformed[..., span] = way.transform_weight(weight[span])

        _share_out(prepare, weight.shape)

        def run(chunk: Chunk) -> None:
            nonlocal finite
            target = out[chunk.outputs]
            way.correlate_chunk(x, transformed, bias, target, chunk)
            if not _is_finite(target):
                finite = False  # never set back: chunks finish in any order

        parallel_for(run, _chunks(way, x.shape, out.shape, before, x.itemsize, get_num_threads()))
    return finite


def accumulate(g: np.ndarray, x: np.ndarray, before: tuple[int, ...]) -> np.ndarray | None:
    """Weight gradient (O, C, 3, 3) from g (N, *spatial, O), x (N, *spatial, C); None if it is not finite."""
    channels, outputs = x.shape[-1], g.shape[-1]
    way = _way(channels, outputs)
    chunks = _chunks(way, x.shape, g.shape, before, x.itemsize, get_num_threads())
    parts = parts_of(len(chunks), way.PRODUCTS * way.TAPS * channels * outputs)
    sums = np.zeros((len(parts), way.PRODUCTS, way.TAPS * channels, outputs), g.dtype)

    def run(number: int) -> None:
        for chunk in chunks[slice(*parts[number])]:
            way.accumulate_chunk(sums[number], g, x, chunk)

    gw = np.empty((outputs, channels, 3, 3), g.dtype)

    def finish(span: slice) -> None:
        gw[span] = way.untransform_weight(sums[..., span].sum(0))

    with np.errstate(invalid="ignore", over="ignore"):
        parallel_for(run, range(len(parts)))
        _share_out(finish, gw.shape)
        return gw if _is_finite(gw) else None


def _share_out(run: Callable[[slice], None], weight_shape: tuple[int, ...]) -> None:
    """Call `run` with slices of a weight's outputs, for as many threads as pay."""
    outputs = weight_shape[0]
    if math.prod(weight_shape) < _WIDE:
        run(slice(0, outputs))
    else:
        parallel_for(run, [slice(*span) for span in split(outputs, -(-outputs // get_num_threads()))])


def _is_finite(x: np.ndarray) -> bool:
    """Whether all of x, and the sum of its squares, is finite; one quick pass."""
    flat = x.reshape(-1)
    return bool(np.isfinite(np.dot(flat, flat)))
