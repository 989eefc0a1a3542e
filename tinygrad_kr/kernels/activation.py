"""Smooth activations and their derivatives on arrays, in as few passes over memory as NumPy allows.

Every kernel is `kernel(out, ...)`: it computes in `out` and, where it must, in `workspace`. The formulas they
stand for are on the derivative pages, decorated with them; a test compares both.

What a pass costs: 65,536 float32 take some 3 us for +, -, *, 5 for / and a comparison made a number, 6 for
clip, 10 for tanh, 16 for expm1, 19 for log1p, 22 for exp, and 200 for `np.where` on a random mask. So
choices between two values are made of clip, or of integer arithmetic on the bits of the floats. PyTorch's
sigmoid and SiLU cost less than NumPy's exp alone, which bounds both.

GELU, SiLU and Mish keep their slope for backward, which saves the second exponential: SiLU of 65,536 forward
and backward takes 73 us, not 100, Mish 99, not 163 (of 4 million on two threads 3.9 ms, not 6.2, and 5.2, not
11.8). GELU keeps it instead of Φ: everything is in the cache when it is computed, and backward
is one product. Of (1024, 512), microseconds, Φ and its use apart / together on one thread / on two: forward
510 / 610 with the slope / 350, backward 420 / 90 / 90. PyTorch's on two threads: 55 and 120; tanh and exp
alone take 80 and 160 on one.
"""

from __future__ import annotations

import math

import numpy as np

from .blockwise import workspace
from .special import normal_cdf

GELU_SCALE, GELU_CUBIC = math.sqrt(2 / math.pi), 0.044715
DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)  # of the normal distribution


# -- sigmoid and its kin -------------------------------------------------------------------------


def sigmoid(out: np.ndarray, x: np.ndarray) -> None:
    """1 / (1 + e⁻ˣ); where e⁻ˣ overflows, the quotient is rightly 0."""
    with np.errstate(over="ignore"):
        np.negative(x, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        np.divide(1, out, out=out)


def sigmoid_gradient(gx: np.ndarray, g: np.ndarray, out: np.ndarray) -> None:
    """g·(1 - s)·s."""
    np.subtract(1, out, out=gx)
    np.multiply(gx, out, out=gx)
    np.multiply(gx, g, out=gx)


def silu(out: np.ndarray, x: np.ndarray) -> None:
    """x / (1 + e⁻ˣ)."""
    with np.errstate(over="ignore"):
        np.negative(x, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        np.divide(x, out, out=out)


def silu_and_slope(out: np.ndarray, slope: np.ndarray, x: np.ndarray) -> None:
    """x·s, and s + x·s·(1 - s), for s = σ(x)."""
    with np.errstate(over="ignore"):
        np.negative(x, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        np.divide(1, out, out=slope)
        np.divide(x, out, out=out)
    rest = np.subtract(1, slope, out=workspace(out))
    np.multiply(rest, out, out=rest)
    np.add(slope, rest, out=slope)


def softplus(out: np.ndarray, x: np.ndarray, *, beta: float, threshold: float) -> None:
    """(max(βx, 0) + ln(1 + e^-|βx|)) / β.

    Above the threshold x itself: from 20 on, unless x is float64, the logarithm adds nothing anyway.
    """
    scaled = x
    if beta != 1:
        scaled = np.multiply(x, beta, out=workspace(out))
    np.abs(scaled, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
    np.add(out, scaled.clip(0, math.inf), out=out)
    if beta != 1:
        np.divide(out, beta, out=out)
    if threshold < 20 or beta != 1 or x.dtype == np.float64:
        np.copyto(out, x, where=scaled > threshold)


def softplus_gradient(gx: np.ndarray, g: np.ndarray, x: np.ndarray, *, beta: float, threshold: float) -> None:
    """g·σ(βx); g itself above the threshold."""
    scaled = x
    if beta != 1:
        scaled = np.multiply(x, beta, out=workspace(gx))
    sigmoid(gx, scaled)
    np.multiply(gx, g, out=gx)
    if threshold < 20 or x.dtype == np.float64:
        np.copyto(gx, g, where=scaled > threshold)


def log_sigmoid(out: np.ndarray, x: np.ndarray) -> None:
    """min(x, 0) - ln(1 + e^-|x|)."""
    np.abs(x, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
    np.subtract(x.clip(-math.inf, 0), out, out=out)


def log_sigmoid_gradient(gx: np.ndarray, g: np.ndarray, x: np.ndarray) -> None:
    """g·σ(-x)."""
    with np.errstate(over="ignore"):
        np.exp(x, out=gx)
        np.add(gx, 1, out=gx)
        np.divide(g, gx, out=gx)


# -- exponential units ---------------------------------------------------------------------------


def exponential_unit(out: np.ndarray, x: np.ndarray, *, alpha: float, scale: float, rate: float) -> None:
    """scale·max(x, 0) + scale·alpha·(e^(rate·min(x, 0)) - 1): one of both is always 0."""
    np.clip(x, -math.inf, 0, out=out)
    if rate != 1:
        np.multiply(out, rate, out=out)
    np.expm1(out, out=out)
    if alpha * scale != 1:
        np.multiply(out, alpha * scale, out=out)
    above = np.clip(x, 0, math.inf, out=workspace(out))
    if scale != 1:
        np.multiply(above, scale, out=above)
    np.add(out, above, out=out)


def exponential_unit_gradient(
    gx: np.ndarray, g: np.ndarray, x: np.ndarray, *, alpha: float, scale: float, rate: float
) -> None:
    """g·scale·alpha·rate·e^(rate·min(x, 0)), the factors after scale being 1 where x is positive."""
    np.clip(x, -math.inf, 0, out=gx)
    if rate != 1:
        np.multiply(gx, rate, out=gx)
    np.exp(gx, out=gx)
    if alpha * rate != 1:
        slope = workspace(gx)
        np.copyto(slope, np.less_equal(x, 0))
        np.multiply(slope, alpha * rate - 1, out=slope)
        np.add(slope, 1, out=slope)
        np.multiply(gx, slope, out=gx)
    if scale != 1:
        np.multiply(gx, scale, out=gx)
    np.multiply(gx, g, out=gx)


# -- Mish and GELU -------------------------------------------------------------------------------


def _mish_factor(out: np.ndarray, x: np.ndarray) -> None:
    """tanh(ln(1 + eˣ)) = n / (n + 2) for n = eˣ·(eˣ + 2); 1 to the last bit from x = 20 on."""
    np.clip(x, -math.inf, 20, out=out)
    np.exp(out, out=out)
    n = np.add(out, 2, out=workspace(out))
    np.multiply(n, out, out=n)
    np.add(n, 2, out=out)
    np.divide(n, out, out=out)


def mish(out: np.ndarray, x: np.ndarray) -> None:
    """x·tanh(ln(1 + eˣ))."""
    _mish_factor(out, x)
    np.multiply(out, x, out=out)


def mish_and_slope(out: np.ndarray, slope: np.ndarray, x: np.ndarray) -> None:
    """x·t, and t + x·(1 - t²)·σ(x), for t = tanh(ln(1 + eˣ)).

    With n = eˣ·(eˣ + 2) and d = 1 / (n + 2), t is n·d and the slope d·(n + 4x·(n - eˣ)·d): one exponential.
    """
    near = np.clip(x, -math.inf, 20, out=slope)
    e = np.exp(near, out=out)
    n = np.add(e, 2, out=workspace(out))
    np.multiply(n, e, out=n)
    np.subtract(n, e, out=out)
    np.multiply(out, near, out=out)
    np.multiply(out, 4, out=out)
    d = np.add(n, 2, out=slope)
    np.divide(1, d, out=d)
    np.multiply(out, d, out=out)
    np.add(out, n, out=out)
    np.multiply(n, d, out=n)
    np.multiply(out, d, out=slope)
    np.multiply(n, x, out=out)


def gelu(out: np.ndarray, x: np.ndarray) -> None:
    """x·Φ(x)."""
    normal_cdf(out, x)
    np.multiply(out, x, out=out)


def gelu_and_slope(out: np.ndarray, slope: np.ndarray, x: np.ndarray) -> None:
    """x·Φ(x), and Φ(x) + x·φ(x), φ being the normal density."""
    np.multiply(x, x, out=slope)
    np.multiply(slope, -0.5, out=slope)
    np.exp(slope, out=slope)
    np.multiply(slope, DENSITY_AT_0, out=slope)
    np.multiply(slope, x, out=slope)
    normal_cdf(out, x)
    np.add(slope, out, out=slope)
    np.multiply(out, x, out=out)


def tanh_cdf(out: np.ndarray, x: np.ndarray) -> None:
    """(1 + tanh u) / 2 for u = √(2/π)·(x + 0.044715·x³)."""
    np.multiply(x, x, out=out)
    np.multiply(out, GELU_SCALE * GELU_CUBIC, out=out)
    np.add(out, GELU_SCALE, out=out)
    np.multiply(out, x, out=out)
    np.tanh(out, out=out)
    np.multiply(out, 0.5, out=out)
    np.add(out, 0.5, out=out)


def gelu_tanh(out: np.ndarray, x: np.ndarray) -> None:
    """x·(1 + tanh u)/2."""
    tanh_cdf(out, x)
    np.multiply(out, x, out=out)


def gelu_tanh_and_slope(out: np.ndarray, slope: np.ndarray, x: np.ndarray) -> None:
    """x·c, and c + x·2c(1 - c)·du/dx, for c = (1 + tanh u)/2."""
    tanh_cdf(out, x)
    np.multiply(x, x, out=slope)
    np.multiply(slope, 6 * GELU_SCALE * GELU_CUBIC, out=slope)
    np.add(slope, 2 * GELU_SCALE, out=slope)
    np.multiply(slope, x, out=slope)
    bell = np.subtract(1, out, out=workspace(out))
    np.multiply(slope, bell, out=slope)
    np.add(slope, 1, out=slope)
    np.multiply(slope, out, out=slope)
    np.multiply(out, x, out=out)
