"""The engine of convolution: chunks of samples or rows, copied and multiplied in the cache, channels last.

A chunk's windows are copied side by side into scratch of its worker and multiplied there; nothing of the
whole batch's size is made but the result. `correlate` and `accumulate` return the work as tasks, one or more
for each worker, for `parallel_for` to run.

The products are most of it: one thread makes 175 GFLOP/s with 16 outputs, 214 with 32 and 235 from 64 on
(AVX-512; half of that with AVX2). On top of their time, one thread, microseconds a sample:

    x -> outputs, 3x3         product   windows   padding   bias
    (16, 32, 32) -> 16             27        10       2.5    0.7
    (32, 32, 32) -> 32             87        18         4    0.7
    (32, 14, 14) -> 64             30         3         1    0.2
    (128, 8, 8) -> 128             77         3         1    0.1

Beside PyTorch 2.13 (oneDNN), two threads, best of several processes of each, milliseconds ours / PyTorch's;
a 3x3 kernel unless said, with bias, our images channels-last. Where two figures stand for PyTorch, its best
differed so much from process to process, the second row's with the allocator's settings (memory given back to
the system and fetched again): there the lower one is what its arithmetic takes.

    x -> outputs                            forward        forward, backward
    (64, 1, 28, 28) -> 32                 0.26 / 0.29-3.3    1.0 / 0.45-5.5, no gradient for x
    (64, 32, 32, 32) -> 32                 4.8 / 3.4-8.0     15 / 11-18
    (64, 32, 14, 14) -> 64                 1.3 / 1.1        4.7 / 3.8
    (64, 128, 8, 8) -> 128                 2.6 / 2.6        8.2 / 8.7
    (32, 128, 16, 16) -> 128               4.6 / 5.2         15 / 16
    (64, 16, 32, 32) -> 16                 1.6 / 1.1        5.5 / 5.6
    (64, 16, 32, 32) -> 32, stride 2      0.67 / 0.44       3.0 / 2.0
    (64, 32, 16, 16) -> 32                 1.1 / 0.68       3.8 / 2.2
    (64, 64, 16, 16) to 3, transposed     0.87 / 1.7        2.1 / 6.3
    (32, 64, 256) -> 64, in 1d            0.60 / 1.5        2.0 / 4.1
    (32, 256, 14, 14) -> 64, 1x1          0.55 / 0.59       1.8 / 7.3
    (8, 3, 112, 112) -> 64, 7x7, stride 2  1.5 / 1.1        3.5 / 2.7, no gradient for x
    (16, 16, 28, 28) -> 16, 9x9            2.3 / 0.92       7.5 / 3.1
    (16, 32, 28, 28) -> 32, dilation 2    0.86 / 0.51       2.8 / 1.7
    (32, 64, 28, 28) depthwise             1.2 / 3.9-5.4    4.8 / 7.4-13
    (32, 64, 14, 14) -> 64, 8 groups      0.67 / 0.40       2.1 / 1.4
    (1, 3, 8, 8) -> 4                    0.016 / 0.005     0.10 / 0.04

What paid: copying a run (kernel width times channels) as one element of a void dtype, a fifth to a third
quicker than its floats; the bias as a last row of the weight, met by a column of ones (0.7 µs where an
addition takes 5); channels by group first in the block, so that a group's windows are runs too; the phases
of a strided gradient in one hand-out; neither hand-out nor limit of BLAS for what is tiny; chunks of 2 MiB
(those of 512 KiB are up to a fifth slower on one thread, by half on two: every NumPy call lets go of the GIL,
and getting it back takes longer than reading columns from the third level of the cache).

A single small image, (1, 32, 13, 13) -> 64, takes 50 us within a network: 24 the product and its limit to one
thread, 9 turning the weight, 6 the columns, 11 everything else, here and on the page, two thirds of it cold:
called again and again it takes 40. So predicting one MNIST image takes 140 us (PyTorch 103; AVX2: 162), of
which the NumPy calls would take 66 with warm caches. Looking up, by shapes and options, what a layer checks
took 50 lines of Python off it; 1,000 are left, at 70 ns.

What did not: one copy per kernel element (three times slower). Not built: gathering along one kernel axis
only, with products over rows a kernel width apart (a third of the copies, some 5 % of the time by measuring
the copies alone); weights of several groups side by side with zeros between them (an infinite input times
such a zero is NaN).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from . import depthwise
from .threads import TINY_PRODUCT, get_num_threads, parallel_for, scratch, split
from .windows import channels_first

__all__ = ["Chunk", "Piece", "Task", "accumulate", "chunk_of", "correlate", "cut", "parts_of", "row_sum"]

Task = Callable[[], None]
Piece = tuple[tuple[int, int], tuple[int, int]]  # (start, stop) of its samples, and of its rows

# Scratch slots: a chunk uses all of these at the same time.
_BLOCK, _COLUMNS, _PRODUCT, _GRADIENT = range(4)

_BUDGET = 2**21  # bytes of a chunk's columns
_WIDE_SUM = 2**16  # numbers in a weight from which adding and turning partial sums is worth sharing out
_WIDE, _LARGE = 2**9, 2**18  # numbers in a row, and in all, for which summing rows is tuned
_PARALLEL = 250_000  # nanoseconds of work, roughly, from which waking another thread pays


class Chunk(NamedTuple):
    """One worker's share: some samples, or some rows of one sample."""

    outputs: tuple[slice, slice]  # samples and first spatial dimension of out
    positions: tuple[int, ...]  # (n, *spatial) of that part of out
    source: tuple[slice, ...]  # what is read of x (N, *spatial, C)
    inside: tuple[slice, ...] | None  # where it goes in a zero block; None where the block needs no zeros
    extent: tuple[int, ...]  # (n, *spatial) of the block
    windows: tuple[int, ...]  # shape of the windows, a view of the block whose elements are runs
    strides: tuple[int, ...]  # bytes between them


class Geometry(NamedTuple):
    layout: str
    depth: int  # elements of a window, of one group's channels
    run: np.dtype  # elements that lie side by side both in the block and in the columns, copied as one
    copies: bool  # whether columns are a copy; the block itself serves a kernel of one element
    tiny: bool  # one chunk, whose product BLAS leaves on one thread anyway
    chunks: tuple[Chunk, ...]


def _layout(per_group: int, groups: int, out_shape: Sequence[int], kernel: Sequence[int]) -> str:
    """Which way to multiply, by measurement (see the module's table).

    "taps": one input channel per group, several groups: see `depthwise`.
    "rows": a window is a row of the columns; copies runs of kernel width times channels.
    "columns": the transpose, which copies runs of output width, where the former's runs are short.
    """
    if groups > 1:
        return "taps" if per_group == 1 else "rows"
    short = kernel[-1] * per_group < 16 <= 4 * out_shape[-2]
    return "columns" if short and math.prod(kernel) > 1 else "rows"


@lru_cache(maxsize=512)
def _geometry(
    x_shape: tuple[int, ...],
    out_shape: tuple[int, ...],
    kernel: tuple[int, ...],
    before: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    itemsize: int,
    num_threads: int,
) -> Geometry:
    """Layout and chunks for x (N, *spatial, C) and out (N, *spatial, O)."""
    samples, *size, outputs = out_shape
    channels = x_shape[-1]
    per_group = channels // groups
    layout = _layout(per_group, groups, out_shape, kernel)
    depth = math.prod(kernel) * per_group
    # Bytes that a chunk writes to scratch per position, and roughly the nanoseconds that one thread takes.
    bytes_each = itemsize * (outputs if layout == "taps" else depth * groups + outputs)
    work = samples * math.prod(size) * (depth * outputs / 100 + depth * groups / 8 + outputs / 8)
    parallel = num_threads > 1 and work > _PARALLEL
    per_sample = math.prod(size) * bytes_each
    pieces = cut(samples, size[0], per_sample if depth else 0, _BUDGET, parallel=parallel)
    if layout == "columns":
        run = size[-1] if stride[-1] == 1 else 1
    else:
        run = kernel[-1] * per_group if dilation[-1] == 1 else per_group
    chunks = tuple(
        chunk_of(piece, x_shape, size, kernel, before, stride, dilation, groups, layout, itemsize)
        for piece in pieces
    )
    copies = layout == "columns" or math.prod(kernel) * math.prod(stride) > 1
    tiny = len(chunks) == 1 and math.prod(out_shape) * depth < TINY_PRODUCT
    return Geometry(layout, depth, np.dtype((np.void, max(1, run) * itemsize)), copies, tiny, chunks)


def cut(samples: int, rows: int, per_sample: int, budget: int, *, parallel: bool) -> list[Piece]:
    """Cut a batch into pieces of at most `budget`: several samples, or rows of one where it is too large."""
    num_threads = get_num_threads()
    if not samples or not per_sample:
        return []
    if per_sample <= budget and not (parallel and samples < num_threads):
        return [(part, (0, rows)) for part in split(samples, budget // per_sample, parallel=parallel)]
    at_most = max(1, budget * rows // per_sample)
    if parallel:
        at_most = min(at_most, math.ceil(rows * samples / num_threads))
    return [((n, n + 1), part) for n in range(samples) for part in split(rows, at_most, parallel=False)]


def chunk_of(
    piece: Piece,
    x_shape: tuple[int, ...],
    size: Sequence[int],
    kernel: tuple[int, ...],
    before: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int = 1,
    layout: str = "rows",
    itemsize: int = 1,
) -> Chunk:
    """What a piece reads and writes."""
    samples, rows = piece
    source, inside = [slice(*samples)], [slice(None)]
    extent = [samples[1] - samples[0]]
    positions = [samples[1] - samples[0], rows[1] - rows[0], *size[1:]]
    padded = False
    for axis, (length, k, b, s, d) in enumerate(
        zip(x_shape[1:-1], kernel, before, stride, dilation, strict=True)
    ):
        start = (rows[0] * s if axis == 0 else 0) - b
        reach = (positions[axis + 1] - 1) * s + (k - 1) * d + 1
        low = min(max(start, 0), length)
        high = max(low, min(start + reach, length))
        padded = padded or low != start or high != start + reach
        source.append(slice(low, high))
        inside.append(slice(low - start, high - start) if high > low else slice(0, 0))
        extent.append(reach)
    channels = x_shape[-1]
    if layout == "columns":
        each, *steps = _steps((extent[0], channels, *extent[1:]), itemsize)
        channel, *spatial = steps
        place = (each, *(step * s for step, s in zip(spatial, stride, strict=True)))
        tap = tuple(step * d for step, d in zip(spatial, dilation, strict=True))
        whole = stride[-1] == 1  # rows of outputs are runs
        windows = (*kernel, channels, *(positions[:-1] if whole else positions))
        strides = (*tap, channel, *(place[:-1] if whole else place))
    else:
        group, each, *spatial, _ = _steps((groups, *extent, channels // groups), itemsize)
        place = (each, *(step * s for step, s in zip(spatial, stride, strict=True)))
        tap = tuple(step * d for step, d in zip(spatial, dilation, strict=True))
        whole = dilation[-1] == 1  # rows of the window are runs
        windows = (groups, *positions, *(kernel[:-1] if whole else kernel))
        strides = (group, *place, *(tap[:-1] if whole else tap))
    return Chunk(
        (slice(*samples), slice(*rows)),
        tuple(positions),
        tuple(source),
        tuple(inside) if padded else None,
        tuple(extent),
        windows,
        strides,
    )


def _steps(shape: Sequence[int], itemsize: int) -> list[int]:
    """The strides of a C-contiguous array."""
    return [itemsize * math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def correlate(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    out: np.ndarray,
    *,
    before: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> list[Task]:
    """Tasks that write the correlation of x (N, *spatial, C) into out (N, *spatial, O), maybe a strided view.

    What is read outside of x counts as zero; `before` may be negative. weight: (G, O/G, C/G, *kernel).
    What is too little to hand out is done at once.
    """
    groups, kernel = len(weight), weight.shape[3:]
    geometry = _geometry(
        x.shape, out.shape, kernel, before, stride, dilation, groups, x.dtype.itemsize, get_num_threads()
    )
    if not geometry.depth:
        out[...] = 0 if bias is None else bias
    if geometry.layout == "taps":
        return depthwise.correlate(x, weight, bias, out, stride, dilation, geometry.chunks)
    chunks = geometry.chunks
    if not chunks:
        return []
    with_ones = bias is not None and geometry.copies
    matrix = _weight_matrix(weight, bias if with_ones else None)
    addend = None if with_ones else bias

    def run(chunk: Chunk) -> None:
        target = out[chunk.outputs]
        result = target if target.flags.c_contiguous else scratch(_PRODUCT, target.shape, out.dtype)
        columns = _columns(x, chunk, geometry, groups, with_ones)
        grouped = result.reshape(columns.shape[1], groups, -1)  # (positions, G, O/G)
        np.matmul(columns, matrix, out=grouped.swapaxes(0, 1))
        if addend is not None:
            np.add(result, addend, out=result)
        if result is not target:
            np.copyto(target, result)

    if geometry.tiny:
        run(chunks[0])
        return []
    return [partial(run, chunk) for chunk in chunks]


def _weight_matrix(weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """(G, O/G, C/G, *kernel) -> (G, K, O/G) in the columns' order, with the bias as a last row if given."""
    groups, outputs, per_group, *kernel = weight.shape
    depth = per_group * math.prod(kernel)
    matrix = np.empty((groups, depth + (bias is not None), outputs), weight.dtype)
    by_tap = matrix[:, :depth].reshape(groups, *kernel, per_group, outputs)
    np.copyto(by_tap, weight.transpose(0, *range(3, weight.ndim), 2, 1))
    if bias is not None:
        matrix[:, depth] = bias.reshape(groups, -1)
    return matrix


def _columns(x: np.ndarray, chunk: Chunk, geometry: Geometry, groups: int, with_ones: bool) -> np.ndarray:
    """The chunk's windows as (G, positions, K [+ 1]), K = (*kernel, C/G)."""
    depth, count = geometry.depth, math.prod(chunk.positions)
    by_column = geometry.layout == "columns"
    block = _channels_before(x, chunk) if by_column else _channels_after(x, chunk, groups)
    if not geometry.copies:
        return block.reshape(groups, count, depth)
    windows: np.ndarray = np.ndarray(chunk.windows, geometry.run, block, 0, chunk.strides)
    if by_column:
        columns = scratch(_COLUMNS, (depth + with_ones, count), x.dtype)
        np.copyto(columns[:depth].view(geometry.run).reshape(chunk.windows), windows)
        columns[depth:] = 1
        return columns.T[None]
    columns = scratch(_COLUMNS, (groups, count, depth + with_ones), x.dtype)
    np.copyto(columns[..., :depth].view(geometry.run).reshape(chunk.windows), windows)
    columns[..., depth:] = 1
    return columns


def _channels_after(x: np.ndarray, chunk: Chunk, groups: int) -> np.ndarray:
    """What the chunk reads of x (N, *spatial, C), zeros around it: contiguous (G, n, *extent, C/G)."""
    part = x[chunk.source]
    if chunk.inside is None and groups == 1 and part.flags.c_contiguous:
        return part
    block = scratch(_BLOCK, (groups, *chunk.extent, x.shape[-1] // groups), x.dtype)
    target = block.transpose(*range(1, x.ndim), 0, x.ndim)  # (n, *extent, G, C/G)
    if chunk.inside is not None:
        block.fill(0)
        target = target[chunk.inside]
    np.copyto(target, part.reshape(target.shape))
    return block


def _channels_before(x: np.ndarray, chunk: Chunk) -> np.ndarray:
    """What the chunk reads of x (N, *spatial, C), zeros around it: contiguous (n, C, *extent)."""
    part = channels_first(x[chunk.source])
    if chunk.inside is None and part.flags.c_contiguous:
        return part
    samples, *extent = chunk.extent
    block = scratch(_BLOCK, (samples, x.shape[-1], *extent), x.dtype)
    target = block
    if chunk.inside is not None:
        block.fill(0)
        target = block[(slice(None), *chunk.inside)]
    np.copyto(target, part)
    return block


def accumulate(
    g: np.ndarray,
    x: np.ndarray,
    weight_shape: tuple[int, ...],
    *,
    before: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> np.ndarray:
    """Weight gradient (O, C/G, *kernel) from g (N, *spatial, O) and x (N, *spatial, C)."""
    outputs, per_group, *kernel = weight_shape
    geometry = _geometry(
        x.shape,
        g.shape,
        tuple(kernel),
        before,
        stride,
        dilation,
        groups,
        x.dtype.itemsize,
        get_num_threads(),
    )
    chunks = geometry.chunks
    if not chunks:
        return np.zeros(weight_shape, g.dtype)
    parts = parts_of(len(chunks), math.prod(weight_shape))
    if geometry.layout == "taps":
        return depthwise.accumulate(g, x, weight_shape, stride, dilation, [chunks[a:b] for a, b in parts])
    sums = np.empty((len(parts), groups, geometry.depth, outputs // groups), g.dtype)

    def run(number: int) -> None:
        total = sums[number]
        first, last = parts[number]
        for chunk in chunks[first:last]:
            columns = _columns(x, chunk, geometry, groups, False)
            part = _contiguous(g[chunk.outputs]).reshape(columns.shape[1], groups, -1)  # (positions, G, O/G)
            if chunk is chunks[first]:
                np.matmul(columns.swapaxes(1, 2), part.swapaxes(0, 1), out=total)
            else:
                product = scratch(_PRODUCT, total.shape, g.dtype)
                np.matmul(columns.swapaxes(1, 2), part.swapaxes(0, 1), out=product)
                np.add(total, product, out=total)

    if geometry.tiny:
        run(0)
    else:
        parallel_for(run, range(len(parts)))
    gw = np.empty((groups, outputs // groups, per_group, *kernel), g.dtype)
    by_tap = sums.reshape(len(sums), groups, *kernel, per_group, outputs // groups)
    axes = (0, x.ndim, x.ndim - 1, *range(1, x.ndim - 1))

    def finish(span: tuple[int, int]) -> None:
        total = by_tap[..., slice(*span), :]
        gw[:, :, slice(*span)] = (total[0] if len(total) == 1 else total.sum(0)).transpose(axes)

    if gw.size < _WIDE_SUM:
        finish((0, per_group))
    else:
        parallel_for(finish, split(per_group, -(-per_group // get_num_threads())))
    return gw.reshape(weight_shape)


def parts_of(count: int, size: int) -> list[tuple[int, int]]:
    """Chunks in parts that have a partial sum each, of `size` numbers.

    The sums are added in order: it does not matter who was faster. There are more small ones than threads, so
    that a thread whose core is busy elsewhere does less.
    """
    each = 2 if size < _WIDE_SUM else 1
    return [(0, 1)] if count == 1 else split(count, -(-count // (each * get_num_threads())))


def _contiguous(part: np.ndarray) -> np.ndarray:
    """The part itself, or a copy in scratch."""
    if part.flags.c_contiguous:
        return part
    copy = scratch(_GRADIENT, part.shape, part.dtype)
    np.copyto(copy, part)
    return copy


def row_sum(x: np.ndarray) -> np.ndarray:
    """Sum over all axes but the last, as a product: several times faster than `sum` for few columns."""
    columns = x.shape[-1]
    rows = x.reshape(-1, columns)
    # Several rows side by side: BLAS sums long rows faster.
    wide = rows.reshape(-1, columns * math.gcd(len(rows), max(1, _WIDE // max(1, columns))))
    if x.size < _LARGE:
        return np.matmul(np.ones(len(wide), x.dtype), wide).reshape(-1, columns).sum(0)
    parts = split(len(wide), -(-len(wide) // get_num_threads()))
    sums = np.empty((len(parts), wide.shape[1]), x.dtype)

    def run(number: int) -> None:
        part = wide[slice(*parts[number])]
        np.matmul(np.ones(len(part), x.dtype), part, out=sums[number])

    parallel_for(run, range(len(parts)))
    return sums.reshape(-1, columns).sum(0)
