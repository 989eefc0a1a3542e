"""Uniform words to normal numbers, rounded where PyTorch rounds.

Three Box-Muller transforms, as PyTorch has three:

- `normal_float32`, blocks of 16: PyTorch evaluates Pommier's single-precision polynomials for log, sine and
  cosine with fused multiply-adds (AVX2). The same polynomials, rounded at the same places, give the same
  bits.
- `normal_float64`, blocks of 16 from 64-bit words, with the C library's log, sine and cosine.
- `polar_pairs`, for fewer than 16 numbers and for destinations that are not contiguous: pairs, in float64.

The last two call NumPy's functions, whose last bit is not always the C library's (1 value in 500 differs, by
a unit in the last place); for few numbers `polar_pairs` calls the C library itself. PyTorch without AVX2 (on
ARM, say) takes its C library's functions in place of the polynomials and differs by up to 2e-6.

A million float32 normals from their words: 6.6 ms on one core, 4 on two, most of it in 15 steps that round
once. NumPy's float32 functions would take some 3 ms and give other numbers. A million float64 normals: 19.6
ms on one core, 12 ms on two.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tinygrad_kr.kernels.random_words import pieces, unit_float64
from tinygrad_kr.kernels.threads import get_num_threads, parallel_for, scratch, split

__all__ = [
    "fused_multiply_add",
    "normal_float32",
    "normal_float64",
    "polar_pairs",
]

# Chunks of 32,768 pairs: smaller ones pay more for calls (2,048 blocks: +8%), larger ones for memory. Threads
# take turns at the interpreter after each call, so that they gain with longer calls only: 1.6 million normals
# take 10.6 ms on one thread, on two 8.1 with these chunks and 6.4 with twice as large ones.
_CHUNK_BLOCKS = 4096
_SHARED_BLOCKS = 8192
_FLOAT64_BLOCKS = 1024  # a quarter of a millisecond of sines and cosines: worth a thread
_FEW_PAIRS = 64


def _singles(*values: float) -> list[float]:
    """The float32 nearest to each value, as Python floats."""
    return [float(np.float32(value)) for value in values]


# Cephes logf: log(1 + x) = x - x^2/2 + x^3 P(x) for 1 + x in [sqrt(1/2), sqrt(2)), and log(2) in two parts.
_LOG = _singles(
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_LN2_LOW, _LN2_HIGH = np.float32(-2.12194440e-4), np.float32(0.693359375)
_SQRT_HALF_BITS = np.int32(0x3F3504F3)
# Cephes sinf and cosf on [-pi/4, pi/4]; a row for the cosine, a row for the sine.
_TRIG = np.array(
    [
        _singles(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2),
        _singles(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1),
    ]
)[:, :, None]  # (2, 3, 1)
_FOUR_OVER_PI = np.float32(1.27323954473516)
_PI_OVER_4 = [np.float32(part) for part in (0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)]


def fused_multiply_add(x: np.ndarray, scale: float, offset: float) -> None:
    """`x = x * scale + offset`, rounded once, in the dtype of the flat array `x`: float32 or float64.

    float32 passes through float64. float64 has no wider type to pass through: the product and the sum are
    split into value and error (Dekker 1971), and the errors are added last.
    """
    if x.dtype == np.float32:
        scale, offset = float(np.float32(scale)), float(np.float32(offset))
    if scale == 1.0 or offset == 0.0:
        if scale != 1.0:
            x *= x.dtype.type(scale)
        x += x.dtype.type(offset)  # adding zero too: it makes -0 a 0, as the fused operation does
        return
    for part in pieces(x):
        if x.dtype == np.float32:
            wide = part * np.float64(scale)  # exact: 24 bits by 24 bits
            np.add(wide, offset, out=part, casting="same_kind")
            continue
        product, product_error = _exact_product(part, scale)
        total = product + offset
        shift = total - product
        total_error = (product - (total - shift)) + (offset - shift)
        np.add(total, total_error + product_error, out=part)


def _exact_product(x: np.ndarray, y: float) -> tuple[np.ndarray, np.ndarray]:
    """The rounded product and what rounding took from it (Veltkamp's splitting)."""
    splitter = 2.0**27 + 1
    x_high = x * splitter
    x_high -= x_high - x
    x_low = x - x_high
    y_high = y * splitter - (y * splitter - y)
    y_low = y - y_high
    product = x * y
    return product, ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low


def normal_float32(words: np.ndarray, out: np.ndarray) -> None:
    """Standard normals from 32-bit words, both flat and in blocks of 16; they may share their memory.

    Of the uniforms of a block, `1 - u[:8]` give the radii and `u[8:]` the angles; the cosines make the first
    half of the result, the sines the second.
    """
    blocks, results = words.reshape(-1, 2, 8), out.reshape(-1, 2, 8)

    def work(piece: tuple[int, int]) -> None:
        part = slice(*piece)
        _box_muller_float32(blocks[part], results[part])

    if len(blocks) >= 2 * _SHARED_BLOCKS and get_num_threads() > 1:
        parallel_for(work, split(len(blocks), _SHARED_BLOCKS))
    else:
        for piece in split(len(blocks), _CHUNK_BLOCKS, parallel=False):
            work(piece)


def _box_muller_float32(words: np.ndarray, out: np.ndarray) -> None:
    """Words (blocks, 2, 8) to normals of the same shape.

    Where PyTorch rounds a product and a sum once, they pass through float64, which holds the product exactly;
    where the product is exact in float32, or rounds by itself, they do not.
    """
    pairs = 8 * len(words)
    single = scratch(0, (7, pairs), np.dtype(np.float32))
    double = scratch(1, (3, pairs), np.dtype(np.float64))
    unit, radius, trig = single[0:2], single[2], single[3:5]
    np.bitwise_and(words.swapaxes(0, 1), np.uint32(0xFFFFFF), out=trig.view(np.uint32).reshape(2, -1, 8))
    unit[...] = trig.view(np.int32)
    unit *= np.float32(2**-24)
    np.subtract(np.float32(1), unit[0], out=unit[0])
    _log_float32(unit[0], radius, single[3:7], double)
    radius *= np.float32(-2)
    np.sqrt(radius, out=radius)
    unit[1] *= np.float32(2 * math.pi)
    _cos_sin_float32(unit[1], trig, single[5:7], double)
    trig *= radius
    out[...] = trig.reshape(2, -1, 8).swapaxes(0, 1)


def _log_float32(x: np.ndarray, log: np.ndarray, single: np.ndarray, double: np.ndarray) -> None:
    """log(x) for float32 x in (0, 1], which is overwritten; `single` and `double` are scratch."""
    exponent, square = single[:2]
    wide, x_wide = double[:2]
    bits, exponent_bits = x.view(np.int32), square.view(np.int32)
    np.subtract(bits, _SQRT_HALF_BITS, out=exponent_bits)
    exponent_bits >>= 23
    exponent[...] = exponent_bits
    exponent_bits <<= 23
    bits -= exponent_bits  # x is now its mantissa, in [sqrt(1/2), sqrt(2))
    x -= np.float32(1)
    x_wide[...] = x
    np.multiply(x, x, out=square)
    np.multiply(x_wide, _LOG[0], out=wide)
    for coefficient in _LOG[1:-1]:
        wide += coefficient
        log[...] = wide
        wide[...] = log
        wide *= x_wide
    wide += _LOG[-1]
    log[...] = wide
    log *= x
    np.multiply(log, square, out=wide, dtype=np.float64)
    np.multiply(exponent, _LN2_LOW, out=log)
    np.add(wide, log, out=log, casting="same_kind")
    square *= np.float32(0.5)
    log -= square
    log += x
    exponent *= _LN2_HIGH
    log += exponent


def _cos_sin_float32(angle: np.ndarray, trig: np.ndarray, single: np.ndarray, double: np.ndarray) -> None:
    """Cosine and sine, into the rows of `trig`, of float32 angles in [0, 2 pi], which are overwritten."""
    cosine, sine = trig
    square = single[0]
    octant = single[1].view(np.int32)
    wide, square_wide = double[:2], double[2]
    np.multiply(angle, _FOUR_OVER_PI, out=cosine)
    octant[...] = cosine
    octant += np.int32(1)
    octant &= np.int32(~1)  # 0, 2, 4, 6 or 8: the nearest multiple of pi/2, in octants
    cosine[...] = octant
    for part in _PI_OVER_4[:2]:  # these products are exact, the third is not
        np.multiply(cosine, part, out=sine)
        angle -= sine
    np.multiply(cosine, _PI_OVER_4[2], out=square_wide, dtype=np.float64)
    np.subtract(angle, square_wide, out=angle, casting="same_kind")
    np.multiply(angle, angle, out=square)

    # cos = 1 - z/2 + z^2 C(z) and sin = x + x z S(z), of which the innermost steps are alike
    square_wide[...] = square
    np.multiply(square_wide, _TRIG[:, 0], out=wide)
    wide += _TRIG[:, 1]
    trig[...] = wide
    wide[...] = trig
    wide *= square_wide
    wide += _TRIG[:, 2]
    trig[...] = wide
    trig *= square
    wide[...] = trig
    wide[0] *= square_wide
    wide[1] *= angle
    square *= np.float32(-0.5)
    wide[0] += square
    wide[1] += angle
    trig[...] = wide
    cosine += np.float32(1)

    # In the second and fourth quadrant sine and cosine change places; then come the signs.
    swap, flip = angle.view(np.int32), square.view(np.int32)
    cosine_bits, sine_bits = trig.view(np.int32)
    np.left_shift(octant, 30, out=swap)
    swap >>= 31
    np.bitwise_xor(cosine_bits, sine_bits, out=flip)
    swap &= flip
    cosine_bits ^= swap
    sine_bits ^= swap
    np.bitwise_and(octant, 4, out=flip)
    flip <<= 29
    sine_bits ^= flip
    octant += np.int32(2)
    octant &= np.int32(4)
    octant <<= 29
    cosine_bits ^= octant


def normal_float64(words: np.ndarray, out: np.ndarray) -> None:
    """Standard normals from 64-bit words, flat, in blocks of 16; `words` is overwritten, also by `out`."""
    unit = np.empty(words.size)
    unit_float64(words, unit)
    height, turn = unit.reshape(-1, 2, 8).swapaxes(0, 1)
    results = out.reshape(-1, 2, 8)

    def work(piece: tuple[int, int]) -> None:
        part = slice(*piece)
        radius = np.sqrt(-2 * np.log(1 - height[part].ravel()))
        angle = 2 * math.pi * turn[part].ravel()
        results[part, 0] = (radius * np.cos(angle)).reshape(-1, 8)
        results[part, 1] = (radius * np.sin(angle)).reshape(-1, 8)

    _share_out(work, len(results))


def polar_pairs(unit: np.ndarray) -> np.ndarray:
    """Standard normals from pairs of float64 uniforms: radius `sqrt(-2 log1p(-u[1]))`, angle `2 pi u[0]`."""
    out = np.empty(unit.size)
    turns, heights, cosines, sines = unit[0::2], unit[1::2], out[0::2], out[1::2]

    def work(piece: tuple[int, int]) -> None:
        part = slice(*piece)
        radius = np.sqrt(-2 * np.log1p(-heights[part]))
        angle = 2 * math.pi * turns[part]
        np.multiply(radius, np.cos(angle), out=cosines[part])
        np.multiply(radius, np.sin(angle), out=sines[part])

    if turns.size > _FEW_PAIRS:
        _share_out(work, turns.size, grain=16 * _FLOAT64_BLOCKS)
        return out
    for i, (turn, height) in enumerate(zip(turns.tolist(), heights.tolist())):
        radius, angle = math.sqrt(-2 * math.log1p(-height)), 2 * math.pi * turn
        cosines[i], sines[i] = radius * math.cos(angle), radius * math.sin(angle)
    return out


def _share_out(work: Callable[[tuple[int, int]], None], total: int, grain: int = _FLOAT64_BLOCKS) -> None:
    """Call `work` on pieces of `range(total)`, on all threads if there is more than one piece's worth."""
    if total <= grain:
        work((0, total))
    else:
        parallel_for(work, split(total, grain))
