"""Winograd's F(2x2, 3x3): 3x3 convolutions of stride one with 16 products per 2x2 outputs instead of 36.

    out = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A        gw = Gᵀ [(A g Aᵀ) ⊙ (Bᵀ x B)] G

per 4x4 tile of the input, tiles two apart. The products ⊙, summed over channels (for gw over tiles), are 16
matrix products; Bᵀ, Aᵀ and A are sums and differences of slices, made in the cache, chunk by chunk.
"""

from __future__ import annotations

import numpy as np

from .correlation import Chunk
from .threads import scratch

PRODUCTS = 16  # matrix products
TAPS = 1  # of the kernel that one of them sums over
READS = (4, 4)  # inputs that a place of the outputs reads, down and across
PLACE = (2, 2)  # outputs of a place

# Scratch slots; those of the columns are free while these are in use.
_BLOCK, _ROWS, _INPUT, _PRODUCT, _HALF, _TERM = range(6)

# The last rows of G and A have the opposite sign of the paper's: one call then serves two rows everywhere.
_G = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, -1.0))


def transform_weight(weight: np.ndarray) -> np.ndarray:
    """G w Gᵀ: (O, C, 3, 3) -> (16, C, O)."""
    outputs, channels = weight.shape[:2]
    matrix = np.array(_G, weight.dtype)
    half = np.matmul(matrix, np.ascontiguousarray(weight.transpose(2, 3, 1, 0)).reshape(3, -1))
    return np.matmul(matrix, half.reshape(4, 3, -1)).reshape(16, channels, outputs)


def untransform_weight(total: np.ndarray) -> np.ndarray:
    """Gᵀ m G: (16, C, O) -> (O, C, 3, 3), the transpose of `transform_weight`."""
    _, channels, outputs = total.shape
    matrix = np.array(_G, total.dtype).T
    half = np.matmul(matrix, total.reshape(4, 4, -1))  # (4 rows, 3 columns, C·O)
    whole = np.matmul(matrix, half.reshape(4, -1))
    return whole.reshape(3, 3, channels, outputs).transpose(3, 2, 0, 1)


def correlate_chunk(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, target: np.ndarray, chunk: Chunk
) -> None:
    """Write the chunk's outputs; weight as `transform_weight` made it."""
    samples, high, wide = chunk.positions
    outputs = weight.shape[2]
    tiles = _input_tiles(x, chunk)
    product = scratch(_PRODUCT, (16, tiles.shape[1], outputs), x.dtype)
    np.matmul(tiles, weight, out=product)
    product = product.reshape(4, 4, samples, high, wide, outputs)
    if bias is not None:
        product[1, 1] += bias  # the one of the 16 that enters all four outputs with sign plus
    half = scratch(_HALF, (2, 4, samples, high, wide, outputs), x.dtype)  # (output row, 4, tiles, O)
    np.add(product[1], product[2], out=half[0])
    np.subtract(product[1], product[2], out=half[1])
    np.add(half, product[0::3], out=half)
    whole = scratch(_TERM, (2, 2, samples, high, wide, outputs), x.dtype)  # (output row, column, tiles, O)
    np.add(half[:, 1], half[:, 2], out=whole[:, 0])
    np.subtract(half[:, 1], half[:, 2], out=whole[:, 1])
    if target.shape[1:3] == (2 * high, 2 * wide):
        place = target.reshape(samples, high, 2, wide, 2, outputs).transpose(2, 4, 0, 1, 3, 5)
        np.add(whole, half[:, 0::3], out=place)
        return
    np.add(whole, half[:, 0::3], out=whole)
    for row, column in np.ndindex(2, 2):
        place = target[:, row::2, column::2]
        np.copyto(place, whole[row, column, :, : place.shape[1], : place.shape[2]])


def accumulate_chunk(total: np.ndarray, g: np.ndarray, x: np.ndarray, chunk: Chunk) -> None:
    """Add the chunk's share of (A g Aᵀ) ⊙ (Bᵀ x B), summed over tiles, to total (16, C, O)."""
    tiles = _input_tiles(x, chunk)
    outer = _gradient_tiles(g[chunk.outputs], chunk)
    product = scratch(_BLOCK, total.shape, total.dtype)
    np.matmul(tiles.swapaxes(1, 2), outer, out=product)
    np.add(total, product, out=total)


def _input_tiles(x: np.ndarray, chunk: Chunk) -> np.ndarray:
    """Bᵀ x B for every tile of the chunk: (16, tiles, C)."""
    samples, high, wide = chunk.positions
    channels = x.shape[-1]
    # Even and odd columns apart: so every slice below is one long run per row of tiles.
    block = scratch(_BLOCK, (samples, 2 * high + 2, 2, wide + 1, channels), x.dtype)
    part, rows, left, right = x[chunk.source], slice(None), 0, 2 * wide + 2
    if chunk.inside is not None:
        block.fill(0)
        rows, (left, right) = chunk.inside[1], (chunk.inside[2].start, chunk.inside[2].stop)
    for parity in range(2):
        first = left + (left + parity) % 2
        if first < right:
            place = slice(first // 2, (right - 1 - parity) // 2 + 1)
            block[:, rows, parity, place] = part[:, :, first - left :: 2]
    line = scratch(_ROWS, (4, samples, high, 2, wide + 1, channels), x.dtype)
    second, third = block[:, 1 : 1 + 2 * high : 2], block[:, 2 : 2 + 2 * high : 2]
    pairs = block.reshape(samples, high + 1, 2, 2, wide + 1, channels).transpose(2, 0, 1, 3, 4, 5)
    np.subtract(pairs[:, :, :-1], pairs[:, :, 1:], out=line[0::3])
    np.add(second, third, out=line[1])
    np.subtract(third, second, out=line[2])
    tiles = scratch(_INPUT, (4, 4, samples, high, wide, channels), x.dtype)
    second, third = line[:, :, :, 1, :-1], line[:, :, :, 0, 1:]
    np.subtract(line[..., :-1, :], line[..., 1:, :], out=tiles[:, 0::3].transpose(0, 2, 3, 1, 4, 5))
    np.add(second, third, out=tiles[:, 1])
    np.subtract(third, second, out=tiles[:, 2])
    return tiles.reshape(16, samples * high * wide, channels)


def _gradient_tiles(g: np.ndarray, chunk: Chunk) -> np.ndarray:
    """A g Aᵀ for every tile of the chunk's part of g: (16, tiles, O)."""
    samples, high, wide = chunk.positions
    outputs = g.shape[-1]
    if g.shape[1:3] != (2 * high, 2 * wide) or g.strides[-1] != g.itemsize:
        block = scratch(_TERM, (samples, 2 * high, 2 * wide, outputs), g.dtype)
        if g.shape[1:3] != (2 * high, 2 * wide):
            block.fill(0)
        block[:, : g.shape[1], : g.shape[2]] = g
        g = block
    pairs = g.reshape(samples, high, 2, 2 * wide, outputs).transpose(2, 0, 1, 3, 4)
    line = scratch(_HALF, (4, samples, high, 2 * wide, outputs), g.dtype)
    np.copyto(line[0::3], pairs)
    np.add(pairs[0], pairs[1], out=line[1])
    np.subtract(pairs[0], pairs[1], out=line[2])
    tiles = scratch(_PRODUCT, (4, 4, samples, high, wide, outputs), g.dtype)
    pairs = line.reshape(4, samples, high, wide, 2, outputs).transpose(0, 4, 1, 2, 3, 5)
    np.copyto(tiles[:, 0::3], pairs)
    np.add(pairs[:, 0], pairs[:, 1], out=tiles[:, 1])
    np.subtract(pairs[:, 0], pairs[:, 1], out=tiles[:, 2])
    return tiles.reshape(16, samples * high * wide, outputs)
