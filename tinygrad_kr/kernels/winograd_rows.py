"""Winograd's F(2, 3) along the rows: 3x3 convolutions of stride one with 12 products per 2 outputs, not 18.

    out = Aᵀ [(G w) ⊙ (Bᵀ x)]        gw = Gᵀ [(A g) ⊙ (Bᵀ x)]

for every two outputs, one above the other, and the four rows that they read. The product ⊙ is summed over
channels and the three columns of the kernel: 4 matrix products with windows as in `correlation`.

A NumPy function that meets runs apart from each other copies them through its buffer of 8192 numbers: an
addition of rows of 2 KiB takes three times as long as one of all in one run. So even and odd rows are laid
apart first, by a mere copy, and every sum is of a single run over all samples of a chunk. (`np.setbufsize`
below the length of a run avoids that buffer, too; it makes short runs slower.)

Half of it costs no copy at all: every third window of three pixels, q = p, p + 3 ..., is a contiguous matrix
as it lies in memory, whose product goes to every third pixel. Windows across the ends of rows are then
computed in vain. Milliseconds forward with copies / without:

                               one thread    two
    (64, 16, 32, 32) -> 16     2.7 / 2.3     1.7 / 1.5
    (64, 32, 32, 32) -> 32     7.2 / 7.0     4.1 / 4.1
    (64, 32, 16, 16) -> 32     1.7 / 1.9     1.1 / 1.2
    (64, 64, 16, 16) -> 64     5.2 / 6.0     2.9 / 3.4

So it is left out: it would be worth it for 16 channels only.
"""

from __future__ import annotations

import numpy as np

from .correlation import Chunk
from .threads import scratch

PRODUCTS = 4  # matrix products
TAPS = 3  # of the kernel that one of them sums over
READS = (4, 3)  # inputs that a place of the outputs reads, down and across
PLACE = (2, 1)  # outputs of a place

# Scratch slots; those of the columns are free while these are in use.
_BLOCK, _LINES, _COLUMNS, _PRODUCT = range(4)

# The last rows of G and A have the opposite sign of the paper's: a sign less everywhere else.
_G = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, -1.0))


def transform_weight(weight: np.ndarray) -> np.ndarray:
    """G w: (O, C, 3, 3) -> (4, 3·C, O), the kernel's columns ahead of the channels as in `correlation`."""
    outputs, channels = weight.shape[:2]
    taps = np.ascontiguousarray(weight.transpose(2, 3, 1, 0)).reshape(3, -1)
    return np.matmul(np.array(_G, weight.dtype), taps).reshape(4, 3 * channels, outputs)


def untransform_weight(total: np.ndarray) -> np.ndarray:
    """Gᵀ m: (4, 3·C, O) -> (O, C, 3, 3), the transpose of `transform_weight`."""
    taps = np.matmul(np.array(_G, total.dtype).T, total.reshape(4, -1))
    return taps.reshape(3, 3, total.shape[1] // 3, total.shape[2]).transpose(3, 2, 0, 1)


def correlate_chunk(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, target: np.ndarray, chunk: Chunk
) -> None:
    """Write the chunk's outputs; weight as `transform_weight` made it."""
    samples, high, wide = chunk.positions
    outputs = weight.shape[2]
    columns = _columns(x, chunk)
    product = scratch(_PRODUCT, (4, samples * high, wide * outputs), x.dtype)
    np.matmul(columns, weight, out=product.reshape(4, -1, outputs))
    if bias is not None:
        # Once, where it enters both outputs with sign plus; repeated along the row, for a long run.
        np.add(product[1], np.tile(bias, wide), out=product[1])
    upper, lower = halves = scratch(_LINES, product[:2].shape, x.dtype)
    np.add(product[1], product[2], out=upper)
    np.subtract(product[1], product[2], out=lower)
    np.add(halves, product[0::3], out=halves)
    halves = halves.reshape(2, samples, high, wide, outputs)
    if target.shape[1] == 2 * high:
        np.copyto(_parities(target), halves)
        return
    for parity, half in enumerate(halves):
        rows = target[:, parity::2]
        np.copyto(rows, half[:, : rows.shape[1]])


def accumulate_chunk(total: np.ndarray, g: np.ndarray, x: np.ndarray, chunk: Chunk) -> None:
    """Add the chunk's share of (A g) ⊙ (Bᵀ x), summed over positions, to total (4, 3·C, O)."""
    columns = _columns(x, chunk)
    outer = _gradient_terms(g[chunk.outputs], chunk)
    product = scratch(_BLOCK, total.shape, total.dtype)
    np.matmul(columns.swapaxes(1, 2), outer, out=product)
    np.add(total, product, out=total)


def _columns(x: np.ndarray, chunk: Chunk) -> np.ndarray:
    """Windows, three columns wide, of the four lines Bᵀ x: (4, positions, 3·C)."""
    samples, high, wide = chunk.positions
    channels = x.shape[-1]
    # Even and odd rows apart, sample after sample: so every sum below is of one long run. It has a line too
    # many between two samples.
    block = scratch(_BLOCK, (2, samples, high + 1, wide + 2, channels), x.dtype)
    part, top, inner = x[chunk.source], 0, slice(None)
    if chunk.inside is not None:
        block.fill(0)
        top, inner = chunk.inside[1].start, chunk.inside[2]
    for parity in range(2):
        rows = part[:, (top + parity) % 2 :: 2]
        first = (top + 1 - parity) // 2
        np.copyto(block[parity, :, first : first + rows.shape[1], inner], rows)
    pairs = block.reshape(2, samples * (high + 1), -1)
    odd, even = pairs[1, :-1], pairs[0, 1:]
    lines = scratch(_LINES, (4, *pairs.shape[1:]), x.dtype)
    np.subtract(pairs[:, :-1], pairs[:, 1:], out=lines[0::3, :-1])
    np.add(odd, even, out=lines[1, :-1])
    np.subtract(even, odd, out=lines[2, :-1])
    run = np.dtype((np.void, 3 * channels * x.itemsize))
    strides = lines.reshape(4, *block.shape[1:]).strides
    windows: np.ndarray = np.ndarray((4, samples, high, wide), run, lines, 0, strides[:-1])
    columns = scratch(_COLUMNS, (4, samples * high * wide, 3 * channels), x.dtype)
    np.copyto(columns.view(run).reshape(windows.shape), windows)
    return columns


def _gradient_terms(g: np.ndarray, chunk: Chunk) -> np.ndarray:
    """A g for every pair of rows of the chunk's part of g: (4, positions, O)."""
    samples, high, wide = chunk.positions
    outputs = g.shape[-1]
    terms = scratch(_PRODUCT, (4, samples, high, wide, outputs), g.dtype)
    if g.shape[1] == 2 * high:
        np.copyto(terms[0::3], _parities(g))
    else:
        np.copyto(terms[0], g[:, 0::2])
        np.copyto(terms[3, :, :-1], g[:, 1::2])
        terms[3, :, -1] = 0
    np.add(terms[0], terms[3], out=terms[1])
    np.subtract(terms[0], terms[3], out=terms[2])
    return terms.reshape(4, samples * high * wide, outputs)


def _parities(x: np.ndarray) -> np.ndarray:
    """View of x (n, 2·high, wide, c), its even rows and its odd rows: (2, n, high, wide, c)."""
    samples, rows, wide, channels = x.shape
    return x.reshape(samples, rows // 2, 2, wide, channels).transpose(2, 0, 1, 3, 4)
