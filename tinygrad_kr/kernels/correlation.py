"""The engine of convolution: chunks of samples or rows, copied and multiplied in the cache, channels last.

Each worker takes a chunk, copies its windows (and any padding) into scratch of its own and multiplies them
there; nothing of the whole batch's size is made but the result. Four layouts, chosen by `_layout`.

Measured against PyTorch 2.13 (oneDNN, AVX-512), float32, two threads on two cores, best of three alternating
processes, milliseconds ours / PyTorch's, padding k // 2, 3x3 unless said:

    x -> outputs                      layout     forward        input gradient   weight gradient
    (64, 32, 28, 28) -> 64            winograd   10.1 / 15.9    11.2 / 8.7       12.6 / 9.3
    (64, 32, 14, 14) -> 64            winograd    2.7 / 2.1      2.9 / 2.1        3.1 / 2.3
    (32, 64, 16, 16) -> 128           winograd    4.9 / 5.1      5.2 / 5.2        5.4 / 5.7
    (32, 128, 16, 16) -> 128          winograd    9.1 / 10.1     9.1 / 10.0       9.6 / 11.5
    (64, 1, 28, 28) -> 32             columns    0.52 / 0.29     2.2 / 2.1       0.86 / 0.30
    (64, 3, 32, 32) -> 32             columns     1.3 / 0.8      3.4 / 2.9        1.3 / 0.8
    (64, 16, 32, 32) -> 16            rows        3.5 / 2.0      3.3 / 1.5        3.5 / 1.8
    (64, 16, 32, 32) -> 32, stride 2  rows        1.5 / 0.8      2.5 / 1.5        1.5 / 0.9
    (32, 256, 14, 14) -> 64, 1x1      rows        1.2 / 1.1      1.2 / 1.1        1.3 / 1.3
    (64, 1, 8, 8) -> 16               columns    0.08 / 0.06    0.23 / 0.14      0.08 / 0.09
    (64, 16, 8, 8) -> 32              rows       0.44 / 0.22    0.51 / 0.24      0.48 / 0.33
    (1, 1, 28, 28) -> 32              columns    0.04 / 0.03    0.08 / 0.02      0.04 / 0.03
    (32, 64, 16, 16) depthwise        taps        1.2 / 0.2      1.1 / 0.2        1.0 / 0.2

What paid: winograd from 24 channels on (1.2 to 1.5 times the speed of rows; at 16 its sums cost what its
products save); few, large NumPy calls, because every call lets go of the GIL and a worker that waits to get
it back loses some 15 µs (winograd chunks of 2**20 numbers rather than 2**18: the first row from 22 to 11 ms);
one thread below 0.25 ms of work. What did not: one copy per kernel row; scratch aligned to cache lines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from . import winograd
from .threads import get_num_threads, parallel_for, scratch, serial_blas, split
from .windows import channels_last

__all__ = ["Chunk", "Geometry", "accumulate", "correlate", "row_sum"]

# Scratch slots: a chunk uses all of these at the same time.
_BLOCK, _COLUMNS, _PRODUCT, _GRADIENT = range(4)


class Chunk(NamedTuple):
    """One worker's share: some samples, or some rows of one sample."""

    outputs: tuple[slice, slice]  # samples and first spatial dimension of out
    positions: tuple[int, ...]  # (n, *spatial) of that part of out
    source: tuple[slice, ...]  # what is read of x (N, *spatial, C)
    inside: tuple[slice, ...] | None  # where it goes in a zero block; None where the block needs no zeros
    extent: tuple[int, ...]  # (n, *spatial) of the block


class Geometry(NamedTuple):
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    layout: str
    chunks: tuple[Chunk, ...]


def _layout(channels: int, out_shape: Sequence[int], kernel: Sequence[int], plain: bool, groups: int) -> str:
    """Which way to multiply, by measurement (see the module's table).

    "winograd": large 3x3 kernels of stride one.
    "taps": one input channel per group, several groups: a product and a sum per kernel position.
    "rows": a column matrix with (kernel, channel) last; copies runs of kernel width times channels.
    "columns": its transpose, copying runs of output width, where the former's runs are short.
    """
    per_group = channels // groups
    *_, width, outputs = out_shape
    if groups > 1 and per_group == 1:
        return "taps"
    if plain and groups == 1 and tuple(kernel) == (3, 3) and min(channels, outputs) >= 24 and width >= 4:
        return "winograd"
    return "columns" if kernel[-1] * per_group < 16 <= 4 * width else "rows"


@lru_cache(maxsize=512)
def _geometry(
    x_shape: tuple[int, ...],
    out_shape: tuple[int, ...],
    kernel: tuple[int, ...],
    before: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    num_threads: int,
    exact: bool,
) -> Geometry:
    """Layout and chunks for x (N, *spatial, C) and out (N, *spatial, O); `exact` rules winograd out."""
    samples, *size, outputs = out_shape
    per_group = x_shape[-1] // groups
    plain = not exact and set(stride) == set(dilation) == {1}
    layout = _layout(x_shape[-1], out_shape, kernel, plain, groups)
    depth = math.prod(kernel) * per_group
    if layout == "winograd":
        # One position per tile of 2x2 outputs, which reads 4x4 inputs.
        size = [-(-length // 2) for length in size]
        kernel, stride = (4, 4), (2, 2)
    # Numbers a chunk writes to scratch per position.
    floats = {"winograd": 16 * (x_shape[-1] + outputs), "taps": outputs}.get(layout, depth * groups + outputs)
    per_sample = math.prod(size) * max(1, floats)
    # Roughly the nanoseconds one thread takes; below a quarter millisecond, waking another does not pay.
    work = samples * math.prod(size) * (depth * outputs / 40 + depth * groups / 3 + outputs / 2)
    budget = 2**20 if layout == "winograd" else 2**19
    parallel = num_threads > 1 and work > 250_000
    if not samples or not per_sample or 0 in size:
        pieces = []
    elif per_sample > budget or (parallel and samples < num_threads):
        rows = max(1, budget * size[0] // per_sample)
        if parallel:
            rows = min(rows, math.ceil(size[0] * samples / num_threads))
        pieces = [((n, n + 1), part) for n in range(samples) for part in split(size[0], rows, parallel=False)]
    else:
        pieces = [(part, (0, size[0])) for part in split(samples, budget // per_sample, parallel=parallel)]
    chunks = tuple(
        _chunk(samples, rows, x_shape, tuple(size), kernel, before, stride, dilation)
        for samples, rows in pieces
    )
    if layout == "winograd":
        chunks = tuple(
            chunk._replace(
                outputs=(chunk.outputs[0], slice(2 * chunk.outputs[1].start, 2 * chunk.outputs[1].stop))
            )
            for chunk in chunks
        )
    return Geometry(kernel, stride, dilation, groups, layout, chunks)


def _chunk(
    samples: tuple[int, int],
    rows: tuple[int, int],
    x_shape: tuple[int, ...],
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    before: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Chunk:
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
    return Chunk(
        (slice(*samples), slice(*rows)),
        tuple(positions),
        tuple(source),
        tuple(inside) if padded else None,
        tuple(extent),
    )


def correlate(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    out: np.ndarray,
    *,
    before: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    exact: bool = False,
) -> None:
    """Write the correlation of x (N, *spatial, C) into out (N, *spatial, O), which may be a strided view.

    What is read outside of x counts as zero; `before` may be negative.
    """
    kernel = weight.shape[2:]
    exact = exact or x.dtype.kind != "f"
    geometry = _geometry(
        x.shape, out.shape, kernel, before, stride, dilation, groups, get_num_threads(), exact
    )
    if geometry.layout == "winograd":
        with serial_blas(), np.errstate(invalid="ignore", over="ignore"):
            transformed = winograd.transform_weight(weight)
        finite = True

        def run(chunk: Chunk) -> None:
            nonlocal finite
            target = out[chunk.outputs]
            with np.errstate(invalid="ignore", over="ignore"):
                winograd.correlate(x, transformed, bias, target, chunk)
            if not winograd.is_finite(target):
                finite = False  # never set back: chunks finish in any order

        parallel_for(run, geometry.chunks)
        if not finite:
            place = {"before": before, "stride": stride, "dilation": dilation}
            correlate(x, weight, bias, out, **place, groups=groups, exact=True)
        return
    if geometry.layout == "taps":
        taps = _tap_weights(weight, geometry, out.shape[-2])

        def run(chunk: Chunk) -> None:
            _multiply_taps(x, taps, bias, out[chunk.outputs], chunk, geometry)
    else:
        with_ones = bias is not None and geometry.layout == "columns"
        matrix = _weight_matrix(weight, bias if with_ones else None, groups)
        addend = None if with_ones else bias

        def run(chunk: Chunk) -> None:
            target = out[chunk.outputs]
            result = target if target.flags.c_contiguous else scratch(_PRODUCT, target.shape, out.dtype)
            columns = _columns(x, chunk, geometry, with_ones)
            grouped = result.reshape(columns.shape[1], groups, -1)  # (positions, G, O/G)
            np.matmul(columns, matrix, out=grouped.swapaxes(0, 1))
            if addend is not None:
                np.add(result, addend, out=result)
            if result is not target:
                np.copyto(target, result)

    parallel_for(run, geometry.chunks)


def _weight_matrix(weight: np.ndarray, bias: np.ndarray | None, groups: int) -> np.ndarray:
    """(O, C/G, *kernel) -> (G, K, O/G) in the columns' order, with the bias as a last row if it is given."""
    outputs, per_group, *kernel = weight.shape
    depth = per_group * math.prod(kernel)
    matrix = np.empty((groups, depth + (bias is not None), outputs // groups), weight.dtype)
    last_channels = np.moveaxis(weight.reshape(groups, outputs // groups, per_group, -1), (3, 2), (1, 2))
    matrix[:, :depth].reshape(groups, -1, per_group, outputs // groups)[...] = last_channels
    if bias is not None:
        matrix[:, depth] = bias.reshape(groups, -1)
    return matrix


def _columns(x: np.ndarray, chunk: Chunk, geometry: Geometry, with_ones: bool) -> np.ndarray:
    """The chunk's windows as (G, positions, K [+ 1]), K = (*kernel, C/G); in scratch unless x lies so."""
    kernel, groups = geometry.kernel, geometry.groups
    per_group = x.shape[-1] // groups
    depth = math.prod(kernel) * per_group
    count = math.prod(chunk.positions)
    by_column = geometry.layout == "columns"
    block = _block(x, chunk, channel_axis=1 if by_column else -1, copies=math.prod(kernel) > 1)
    step = block.strides
    spatial = step[1:-1]
    place = (step[0], *(size * s for size, s in zip(spatial, geometry.stride, strict=True)))
    tap = tuple(size * d for size, d in zip(spatial, geometry.dilation, strict=True))
    group = (step[-1] * per_group,)
    if by_column:
        result = scratch(_COLUMNS, (groups, depth + with_ones, count), x.dtype)
        windows = as_strided(
            block, (groups, *kernel, per_group, *chunk.positions), (*group, *tap, step[-1], *place)
        )
        np.copyto(result[:, :depth].reshape(windows.shape), windows)
        if with_ones:
            result[:, depth] = 1
        return result.swapaxes(1, 2)
    windows = as_strided(
        block, (groups, *chunk.positions, *kernel, per_group), (*group, *place, *tap, step[-1])
    )
    if not windows.flags.c_contiguous:
        copy = scratch(_COLUMNS, windows.shape, x.dtype)
        np.copyto(copy, windows)
        windows = copy
    return windows.reshape(groups, count, depth)


def _block(x: np.ndarray, chunk: Chunk, *, channel_axis: int, copies: bool) -> np.ndarray:
    """The part of x (N, *spatial, C) that the chunk reads, zeros around it, as a (n, *extent, C) view.

    Copied to scratch where zeros are needed or where reading it several times from its own layout would be
    slow; `channel_axis` says which axis comes last in memory there, the channels (-1) or the width (1).
    """
    part = x[chunk.source]
    fastest = -1 if channel_axis == -1 else -2
    if chunk.inside is None and (not copies or part.strides[fastest] == x.itemsize):
        return part
    samples, *spatial = chunk.extent
    if channel_axis == -1:
        block = scratch(_BLOCK, (*chunk.extent, x.shape[-1]), x.dtype)
    else:
        block = channels_last(scratch(_BLOCK, (samples, x.shape[-1], *spatial), x.dtype))
    if chunk.inside is None:
        np.copyto(block, part)
    else:
        block.fill(0)
        np.copyto(block[chunk.inside], part)
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
    with_bias: bool,
    exact: bool = False,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Weight gradient (O, C/G, *kernel) and bias gradient from g (N, *spatial, O) and x (N, *spatial, C)."""
    place = (weight_shape[2:], before, stride, dilation, groups, get_num_threads())
    geometry = _geometry(x.shape, g.shape, *place, exact or x.dtype.kind != "f")
    gw, gb = _accumulate_chunks(g, x, weight_shape, geometry, with_bias)
    if geometry.layout == "winograd" and not winograd.is_finite(gw):
        geometry = _geometry(x.shape, g.shape, *place, True)
        return _accumulate_chunks(g, x, weight_shape, geometry, with_bias)
    return gw, gb


def _accumulate_chunks(
    g: np.ndarray, x: np.ndarray, weight_shape: tuple[int, ...], geometry: Geometry, with_bias: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    outputs, per_group, *kernel = weight_shape
    groups = geometry.groups
    chunks = geometry.chunks
    # One partial sum per worker, added in order: the result does not depend on who was faster.
    parts = split(len(chunks), len(chunks), parallel=True) or [(0, 0)]
    rows = math.prod(kernel) * per_group
    bias_sums = None
    if geometry.layout == "winograd":
        sums = np.zeros((len(parts), 16, per_group, outputs), g.dtype)
        bias_sums = np.zeros((len(parts), outputs), g.dtype)
    else:
        sums = np.zeros((len(parts), groups, rows + with_bias, outputs // groups), g.dtype)
    add = _accumulate_taps if geometry.layout == "taps" else _accumulate_products

    def run(index: int) -> None:
        for chunk in chunks[slice(*parts[index])]:
            if bias_sums is None:
                add(sums[index], g, x, chunk, geometry, with_bias)
                continue
            with np.errstate(invalid="ignore", over="ignore"):
                winograd.accumulate(sums[index], g, x, chunk)
            if with_bias:
                bias_sums[index] += row_sum(g[chunk.outputs])

    parallel_for(run, range(len(parts)))
    total = sums[0] if len(sums) == 1 else sums.sum(0)
    if bias_sums is not None:
        with serial_blas(), np.errstate(invalid="ignore", over="ignore"):
            gw = winograd.untransform_weight(total)
        return gw, bias_sums.sum(0) if with_bias else None
    gw = total[:, :rows].reshape(groups, *kernel, per_group, outputs // groups)
    # (G, *kernel, C/G, O/G) -> (O, C/G, *kernel)
    gw = np.moveaxis(gw, (-1, -2), (1, 2)).reshape(weight_shape)
    return gw, total[:, rows].reshape(outputs) if with_bias else None


def row_sum(x: np.ndarray) -> np.ndarray:
    """Sum over all axes but the last, as a product: several times faster than `sum` for few columns."""
    rows = x.reshape(-1, x.shape[-1])
    return np.matmul(np.ones(len(rows), x.dtype), rows)


def _tap_weights(weight: np.ndarray, geometry: Geometry, width: int) -> np.ndarray:
    """(O, 1, *kernel) -> (*kernel, width or 1, O): repeated along the width where that makes long runs."""
    taps: np.ndarray = np.moveaxis(weight[:, 0], 0, -1)[..., None, :]
    if geometry.stride[-1] == 1:
        taps = np.broadcast_to(taps, (*taps.shape[:-2], width, taps.shape[-1]))
    return np.ascontiguousarray(taps)


def _tap_views(x: np.ndarray, outputs: int, chunk: Chunk, geometry: Geometry) -> np.ndarray:
    """What each kernel position reads of the chunk, channels repeated to O: (*kernel, n, *positions, O)."""
    channels = x.shape[-1]
    if outputs == channels:
        block = _block(x, chunk, channel_axis=-1, copies=True)
    else:
        block = scratch(_BLOCK, (*chunk.extent, channels, outputs // channels), x.dtype)
        block.fill(0)
        np.copyto(block[chunk.inside or ()], x[chunk.source][..., None])
        block = block.reshape(*chunk.extent, outputs)
    step = block.strides
    place = (size * s for size, s in zip(step[1:-1], geometry.stride, strict=True))
    tap = (size * d for size, d in zip(step[1:-1], geometry.dilation, strict=True))
    shape = (*geometry.kernel, *chunk.positions, outputs)
    return as_strided(block, shape, (*tap, step[0], *place, step[-1]))


def _multiply_taps(
    x: np.ndarray,
    taps: np.ndarray,
    bias: np.ndarray | None,
    target: np.ndarray,
    chunk: Chunk,
    geometry: Geometry,
) -> None:
    """target = bias + Σ over kernel positions of what the position reads times its weight."""
    views = _tap_views(x, target.shape[-1], chunk, geometry)
    term = scratch(_PRODUCT, target.shape, x.dtype)
    for number, position in enumerate(np.ndindex(*geometry.kernel)):
        if number == 0:
            np.multiply(views[position], taps[position], out=target)
        else:
            np.multiply(views[position], taps[position], out=term)
            np.add(target, term, out=target)
    if bias is not None:
        np.add(target, bias, out=target)


def _accumulate_taps(
    total: np.ndarray, g: np.ndarray, x: np.ndarray, chunk: Chunk, geometry: Geometry, with_bias: bool
) -> None:
    """Add the chunk's share of the weight gradient to total (G, K [+ 1], O/G), by kernel position."""
    outputs = g.shape[-1]
    views = _tap_views(x, outputs, chunk, geometry)
    part = _gradient_block(g, chunk)
    term = scratch(_PRODUCT, part.shape, g.dtype)
    ones = np.ones(math.prod(chunk.positions[:-1]), g.dtype)
    for number, position in enumerate(np.ndindex(*geometry.kernel)):
        np.multiply(views[position], part, out=term)
        total[:, number] += (
            (ones @ term.reshape(len(ones), -1)).reshape(-1, outputs).sum(0).reshape(len(total), -1)
        )
    if with_bias:
        total[:, -1] += (
            (ones @ part.reshape(len(ones), -1)).reshape(-1, outputs).sum(0).reshape(len(total), -1)
        )


def _accumulate_products(
    total: np.ndarray, g: np.ndarray, x: np.ndarray, chunk: Chunk, geometry: Geometry, with_bias: bool
) -> None:
    """Add the chunk's share of the weight gradient, columnsᵀ @ g, to total (G, K [+ 1], O/G)."""
    groups = geometry.groups
    with_ones = with_bias and geometry.layout == "columns"
    columns = _columns(x, chunk, geometry, with_ones)
    part = _gradient_block(g, chunk).reshape(columns.shape[1], groups, -1)  # (positions, G, O/G)
    depth = columns.shape[2]
    product = scratch(_PRODUCT, (groups, depth, part.shape[2]), g.dtype)
    np.matmul(columns.swapaxes(1, 2), part.swapaxes(0, 1), out=product)
    total[:, :depth] += product
    if with_bias and not with_ones:
        total[:, depth] += (np.ones(len(part), g.dtype) @ part.reshape(len(part), -1)).reshape(groups, -1)


def _gradient_block(g: np.ndarray, chunk: Chunk) -> np.ndarray:
    """The chunk's part of g (N, *spatial, O), contiguous."""
    part = g[chunk.outputs]
    if part.flags.c_contiguous:
        return part
    copy = scratch(_GRADIENT, part.shape, g.dtype)
    np.copyto(copy, part)
    return copy
