"""The Hurwitz zeta function, the derivatives of log gamma, and the incomplete gamma functions, in NumPy.

Every function takes arrays that broadcast and keeps their floating dtype; all is computed in float64, to a
few units in the last place (`gammainc` and `gammaincc`: some hundred of them, as their power x^a has).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from .special import about_one, digamma, erfc, lgamma

__all__ = ["gammainc", "gammaincc", "polygamma", "zeta"]


def on_float64(function: Callable[..., np.ndarray], *arrays: ArrayLike) -> np.ndarray:
    """`function` of the arrays, broadcast, flat and in float64, in their shape and floating dtype."""
    given = [np.asarray(one) for one in arrays]
    dtype = np.result_type(*given)
    wide = np.broadcast_arrays(*[one.astype(np.float64) for one in given])
    with np.errstate(all="ignore"):
        out = function(*[one.reshape(-1) for one in wide])
    return out.astype(dtype if dtype.kind == "f" else np.float64, copy=False).reshape(wide[0].shape)


# -- zeta ----------------------------------------------------------------------------------------------------


@functools.cache
def bernoulli(n: int) -> Fraction:
    """The n-th Bernoulli number, from Σ (n+1 over k) B_k = 0."""
    if n == 0:
        return Fraction(1)
    return -sum((math.comb(n + 1, k) * bernoulli(k) for k in range(n)), Fraction(0)) / (n + 1)


def zeta(s: ArrayLike, q: ArrayLike) -> np.ndarray:
    """The Hurwitz zeta function, the sum of (q + k)^-s over k ≥ 0; s > 1, and for q < 0 an integer.

    Ten terms, and the rest of the sum by Euler and Maclaurin. For q < 0 two sums that run away from 0.

    >>> zeta(np.array([2.0, 3.0]), 1.0)
    array([1.64493407, 1.2020569 ])

    PyTorch: `torch.special.zeta`.
    """
    return on_float64(_zeta, s, q)


def _zeta(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    after = -q - np.floor(-q)  # q = -(m + after) for a whole m
    mirrored = q < 0
    out = _zeta_of_positive(s, np.where(mirrored, 1 - after, q))
    left = _zeta_of_positive(s, np.where(mirrored, after, 1)) - _zeta_of_positive(
        s, np.where(mirrored, 1 - q, 1)
    )
    out = np.where(mirrored, out + np.where(s % 2 == 0, left, -left), out)
    pole = np.logical_and(q <= 0, q == np.floor(q))
    out[pole] = np.inf
    out[mirrored & ~pole & (s != np.floor(s))] = np.nan
    out[s == 1] = np.inf
    out[~(s >= 1) | np.isnan(q)] = np.nan
    return out


def _zeta_of_positive(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    terms = 10
    total = np.zeros_like(q)
    for k in range(terms):
        total += (q + k) ** -s
    a = q + terms
    last = a**-s
    total += a * last / (s - 1) + last / 2
    rising, power = s.copy(), last / a
    for j in range(1, 13):
        total += float(bernoulli(2 * j) / math.factorial(2 * j)) * rising * power
        rising *= (s + 2 * j - 1) * (s + 2 * j)
        power /= a * a
    total[np.isposinf(q)] = 0
    return total


def polygamma(x: ArrayLike, n: int) -> np.ndarray:
    """The n-th derivative of `digamma`: (-1)^(n+1) n! zeta(n + 1, x).

    >>> polygamma(np.array([1.0, 0.5]), 1)
    array([1.64493407, 4.9348022 ])

    PyTorch: `torch.polygamma`.
    """
    if n == 0:
        return digamma(x)
    factor = (1 if n % 2 else -1) * (float(math.factorial(n)) if n <= 170 else math.inf)
    return on_float64(lambda x: factor * _zeta(np.full_like(x, n + 1), x), x)


# -- the incomplete gamma functions --------------------------------------------------------------------------


def gammainc(a: ArrayLike, x: ArrayLike) -> np.ndarray:
    """The lower incomplete gamma function, regularised: the integral of t^(a-1) e^-t / gamma(a) from 0 to x.

    The power series where x ≤ a, one minus `gammaincc` elsewhere, and Temme's uniform expansion where a is
    large and x near it.

    >>> gammainc(np.array([1.0, 4.0]), np.array([1.0, 4.0]))
    array([0.63212056, 0.56652988])

    Source: N. M. Temme, "The asymptotic expansion of the incomplete gamma functions" (1979).
    PyTorch: `torch.igamma`.
    """
    return on_float64(lambda a, x: _incomplete(a, x, upper=False), a, x)


def gammaincc(a: ArrayLike, x: ArrayLike) -> np.ndarray:
    """The regularised upper incomplete gamma function, `1 - gammainc(a, x)` with its digits where it is tiny.

    >>> gammaincc(np.array([1.0, 4.0]), np.array([1.0, 40.0]))
    array([3.67879441e-01, 4.88886447e-14])

    PyTorch: `torch.igammac`.
    """
    return on_float64(lambda a, x: _incomplete(a, x, upper=True), a, x)


def _incomplete(a: np.ndarray, x: np.ndarray, *, upper: bool) -> np.ndarray:
    out = np.full(a.shape, np.nan)
    out[(a == 0) & (x > 0)] = 0.0 if upper else 1.0
    usual = (a > 0) & (x >= 0) & np.isfinite(a) & np.isfinite(x)
    out[(a > 0) & (x == 0)] = 1.0 if upper else 0.0
    out[np.isposinf(a) & (x >= 0) & np.isfinite(x)] = 1.0 if upper else 0.0
    out[np.isposinf(x) & (a > 0) & np.isfinite(a)] = 0.0 if upper else 1.0
    usual &= x > 0
    near = usual & (a > 20) & (np.abs(x - a) < 0.3 * a)
    fraction = usual & ~near & (x > np.maximum(a, 1.1))
    # Where P would come close to 1, Q has a series of its own.
    limit = np.where(x <= 0.5, -0.4 / np.log(np.minimum(x, 0.9)), 1.1 * x)
    small = usual & ~near & ~fraction & (x <= 1.1) & (a <= limit)
    series = usual & ~near & ~fraction & ~small
    out[near] = _temme(a[near], x[near], upper)
    q = _upper_fraction(a[fraction], x[fraction])
    out[fraction] = q if upper else 1 - q
    if upper:
        out[small] = _upper_series(a[small], x[small])
    else:
        series |= small
    p = _lower_series(a[series], x[series])
    out[series] = 1 - p if upper else p
    return out


def _density(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """x^a e^-x / gamma(a), without the cancellation between large powers where a is large."""
    ordinary = np.exp(a * np.log(x) - x - lgamma(a))
    large = np.maximum(a, 10)
    ratio = (x - large) / large
    error = sum(float(c) / large ** (2 * k + 1) for k, c in enumerate(_stirling(8)))
    scaled = np.sqrt(large / (2 * math.pi)) * np.exp(large * _log1p_less(ratio) - error)
    return np.where(a < 10, ordinary, scaled)


@functools.cache
def _stirling(terms: int) -> tuple[Fraction, ...]:
    """The coefficients of 1/z, 1/z³, ... in log gamma(z) - (z - ½) log z + z - ½ log 2π."""
    return tuple(bernoulli(2 * k) / (2 * k * (2 * k - 1)) for k in range(1, terms + 1))


def _log1p_less(t: np.ndarray) -> np.ndarray:
    """log(1 + t) - t, by its series near 0."""
    near = np.abs(t) < 0.3
    u = np.where(near, t, 0)
    series = np.zeros_like(u)
    for k in range(34, 1, -1):
        series = series * u + (-1) ** (k + 1) / k
    return np.where(near, series * u * u, np.log1p(t) - t)


def _lower_series(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """P = x^a e^-x / gamma(a+1) · (1 + x/(a+1) + x²/((a+1)(a+2)) + ...)."""
    term = np.ones_like(x)
    total = term.copy()
    n = 0
    while np.any(term > 1e-17 * total):
        n += 1
        term = term * x / (a + n)
        total += term
    return total * _density(a, x) / a


def _upper_series(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Q = 1 - x^a / gamma(a+1) · (1 + a Σ (-x)^n / (n! (a + n))), for x ≤ 1.1."""
    factor, total = np.ones_like(x), np.zeros_like(x)
    for n in range(1, 25):
        factor = factor * -x / n
        total += factor / (a + n)
    power = a * np.log(x)
    return -np.expm1(power - about_one(a)) - np.exp(power - lgamma(a)) * total


def _upper_fraction(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Q by Legendre's continued fraction, x^a e^-x / gamma(a) / (x + 1 - a - 1(1-a)/(x + 3 - a - ...)).

    Evaluated by W. J. Lentz's method (1976).
    """
    b = x + 1 - a
    d = 1 / np.where(b == 0, 1e-300, b)
    c, value = np.full_like(x, 1e300), d.copy()
    step, n = np.zeros_like(x), 0
    while np.any(np.abs(step - 1) > 2e-16) and n < 2000:
        n += 1
        numerator = n * (a - n)
        b = b + 2
        d = 1 / _away_from_zero(numerator * d + b)
        c = _away_from_zero(b + numerator / c)
        step = c * d
        value *= step
    return value * _density(a, x)


def _away_from_zero(t: np.ndarray) -> np.ndarray:
    return np.where(np.abs(t) < 1e-300, 1e-300, t)


@functools.cache
def _temme_coefficients(orders: int = 16, powers: int = 22) -> tuple[tuple[float, ...], ...]:
    """d[k][n] of Temme's expansion Σ d[k][n] η^n a^-k, by his recurrences (DLMF 8.12), in exact fractions."""
    length = powers + 2 * orders
    alpha = [Fraction(0), Fraction(1)]  # x/a - 1 = Σ alpha_n η^n
    for n in range(2, length + 3):
        products = sum((j * alpha[j] * alpha[n - j + 1] for j in range(2, n)), Fraction(0))
        alpha.append((alpha[n - 1] - products) / (n + 1))
    logarithm = [Fraction(0)] * (orders + 1)
    for k, coefficient in enumerate(_stirling(orders // 2 + 1)):
        if 2 * k + 1 <= orders:
            logarithm[2 * k + 1] = coefficient
    gamma = [Fraction(1)]  # the exponential of that series: gamma(z) ~ √(2π/z) (z/e)^z Σ gamma_k z^-k
    for k in range(1, orders + 1):
        gamma.append(sum((j * logarithm[j] * gamma[k - j] for j in range(1, k + 1)), Fraction(0)) / k)
    first = [Fraction(-1, 3), *((n + 2) * alpha[n + 2] for n in range(1, length))]
    rows = [first]
    for k in range(1, orders):
        above = rows[-1]
        rows.append([(-1) ** k * gamma[k] * first[n] + (n + 2) * above[n + 2] for n in range(len(above) - 2)])
    return tuple(tuple(map(float, row[:powers])) for row in rows)


def _temme(a: np.ndarray, x: np.ndarray, upper: bool) -> np.ndarray:
    """½ erfc(±η √(a/2)) ± e^(-a η²/2) / √(2πa) · Σ d[k][n] η^n a^-k, with η²/2 = x/a - 1 - log(x/a)."""
    half_square = -_log1p_less((x - a) / a)
    eta = np.copysign(np.sqrt(2 * half_square), x - a)
    total = np.zeros_like(a)
    for row in reversed(_temme_coefficients()):
        inner = np.zeros_like(a)
        for coefficient in reversed(row):
            inner = inner * eta + coefficient
        total = total / a + inner
    rest = np.exp(-a * half_square) / np.sqrt(2 * math.pi * a) * total
    sign = 1 if upper else -1
    return 0.5 * erfc(sign * eta * np.sqrt(a / 2)) + sign * rest
