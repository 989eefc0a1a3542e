"""Depthwise convolution: every output channel reads one input channel.

There is no matrix product in it, only a multiplication and an addition for every kernel element. `einsum`
does both in one pass over rows of width times channels, which lie side by side in the image and in the
result; along a stride the block is split into its phases, so that they still do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .threads import parallel_for, scratch

if TYPE_CHECKING:
    from .correlation import Chunk

__all__ = ["accumulate", "correlate"]

_BLOCK, _RESULT, _TERM, _GRADIENT = range(4)


class _Phase(NamedTuple):
    """The kernel columns that read input columns of one residue modulo the stride."""

    taps: slice
    windows: np.ndarray  # (n, *outer positions, *outer kernel, taps, width·O), a view of the block


def correlate(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    out: np.ndarray,
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    chunks: Sequence[Chunk],
) -> list[Callable[[], None]]:
    """Tasks that write the correlation of x (N, *spatial, C) into out (N, *spatial, O).

    weight: (C, O/C, 1, *kernel).
    """
    kernel, width, outputs = weight.shape[3:], out.shape[-2], out.shape[-1]
    by_tap = weight.reshape(outputs, *kernel).transpose(*range(1, x.ndim - 1), 0)[..., None, :]
    taps = np.empty((*kernel, width, outputs), x.dtype)
    taps[...] = by_tap
    taps = taps.reshape(*kernel, -1)
    place, tap = _letters(len(kernel))
    formula = f"n{place}{tap}x,{tap}x->n{place}x"

    def run(chunk: Chunk) -> None:
        target = out[chunk.outputs]
        result = target if target.flags.c_contiguous else scratch(_RESULT, target.shape, x.dtype)
        rows = result.reshape(*chunk.positions[:-1], -1)
        term = rows
        for phase in _phases(x, chunk, outputs, kernel, stride, dilation):
            np.einsum(formula, phase.windows, taps[..., phase.taps, :], out=term)
            if term is not rows:
                np.add(rows, term, out=rows)
            term = scratch(_TERM, rows.shape, x.dtype)
        if bias is not None:
            np.add(result, bias, out=result)
        if result is not target:
            np.copyto(target, result)

    return [partial(run, chunk) for chunk in chunks]


def accumulate(
    g: np.ndarray,
    x: np.ndarray,
    weight_shape: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    parts: Sequence[Sequence[Chunk]],
) -> np.ndarray:
    """Weight gradient (O, 1, *kernel), a partial sum for each of the parts."""
    outputs, _, *kernel = weight_shape
    place, tap = _letters(len(kernel))
    formula = f"n{place}{tap}x,n{place}x->{tap}x"
    sums = np.zeros((len(parts), *kernel, g.shape[-2] * outputs), g.dtype)

    def run(number: int) -> None:
        for chunk in parts[number]:
            part = g[chunk.outputs]
            if not part.flags.c_contiguous:
                copy = scratch(_GRADIENT, part.shape, g.dtype)
                np.copyto(copy, part)
                part = copy
            rows = part.reshape(*chunk.positions[:-1], -1)
            for phase in _phases(x, chunk, outputs, kernel, stride, dilation):
                total = sums[number][..., phase.taps, :]
                term = scratch(_TERM, total.shape, g.dtype)
                np.einsum(formula, phase.windows, rows, out=term)
                np.add(total, term, out=total)

    parallel_for(run, range(len(parts)))
    by_tap = sums.reshape(len(parts), *kernel, -1, outputs).sum((0, -2))
    return np.moveaxis(by_tap, -1, 0).reshape(weight_shape)


def _letters(dimensions: int) -> tuple[str, str]:
    """einsum letters for the output positions but the last, and for the kernel."""
    return "abcdefgh"[: dimensions - 1], "ijklm"[:dimensions]


def _phases(
    x: np.ndarray,
    chunk: Chunk,
    outputs: int,
    kernel: Sequence[int],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Iterator[_Phase]:
    """The windows of a chunk, by the residue of the column they read."""
    s, d = stride[-1], dilation[-1]
    block = _block(x, chunk, outputs, s)  # (n, *outer extent, s, columns, O)
    each, *outer, by_phase, column, _ = block.strides
    width = chunk.positions[-1]
    place = [step * along for step, along in zip(outer, stride)]
    tap = [step * along for step, along in zip(outer, dilation)]
    period = s // math.gcd(s, d)  # kernel columns so far apart read the same residue
    shape = (*chunk.positions[:-1], *kernel[:-1])
    for first in range(min(period, kernel[-1])):
        taps = slice(first, None, period)
        count = len(range(first, kernel[-1], period))
        offset = first * d % s * by_phase + first * d // s * column
        strides = (each, *place, *tap, period * d // s * column, x.dtype.itemsize)
        windows: np.ndarray = np.ndarray((*shape, count, width * outputs), x.dtype, block, offset, strides)
        yield _Phase(taps, windows)


def _block(x: np.ndarray, chunk: Chunk, outputs: int, s: int) -> np.ndarray:
    """What the chunk reads, zeros around it, channels repeated to O, columns by residue modulo s.

    (n, *outer extent, s, columns / s, O).
    """
    part = x[chunk.source]
    channels = x.shape[-1]
    if chunk.inside is None and s == 1 and outputs == channels and part.flags.c_contiguous:
        return part.reshape(*chunk.extent[:-1], 1, chunk.extent[-1], outputs)
    columns = -(-chunk.extent[-1] // s)
    block = scratch(_BLOCK, (*chunk.extent[:-1], s, columns, channels, outputs // channels), x.dtype)
    start = 0
    target = block
    if chunk.inside is not None:
        block.fill(0)
        start = chunk.inside[-1].start
        target = block[chunk.inside[:-1]]
    for residue in range(s):
        # Column i of x is column start + i of the block, which is number (start + i) // s of its residue.
        first = (residue - start) % s
        source = part[..., first::s, :]
        place = (start + first) // s
        target[..., residue, place : place + source.shape[-2], :, :] = source[..., None]
    return block.reshape(*chunk.extent[:-1], s, columns, outputs)
