"""Bessel functions of orders 0 and 1, ordinary and modified, and Airy's Ai, in NumPy.

Every function takes an array and keeps its floating dtype; all is computed in float64, to some ten units in
the last place, or of 1 where the function oscillates about 0. Near 0 stands a power series, summed or (where
its terms cancel) fitted by a Chebyshev series, and far from 0 what is left of the function when its
exponential or oscillation is divided out. No table is needed: each fit computes what it is fitted to, once,
when it is first wanted: power series in exact fractions, and far from 0 the integral

    √(2z/π) e^z K_ν(z) = 1/gamma(ν+½) · ∫ e^-t t^(ν-½) (1 + t/2z)^(ν-½) dt,   t > 0,

which for an imaginary z is the amplitude and phase of J and Y, by the trapezoidal rule (exponentially exact).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from .special_gamma import on_float64

__all__ = [
    *("airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1"),
    *("i0", "i0e", "i1", "i1e", "k0", "k0e", "k1", "k1e", "spherical_bessel_j0"),
]

EULER = 0.57721566490153286
NEAR = 64.0  # x² up to which the oscillating functions are fitted by their power series


# -- I -------------------------------------------------------------------------------------------------------


def i0(x: ArrayLike) -> np.ndarray:
    """The modified Bessel function of the first kind I₀, the sum of (x²/4)^k / k!².

    >>> i0(np.array([0.0, 1.0, 5.0]))
    array([ 1.        ,  1.26606588, 27.23987182])

    PyTorch: `torch.special.i0`.
    """
    return on_float64(lambda x: _scaled_i(x, 0) * np.exp(np.abs(x)), x)


def i0e(x: ArrayLike) -> np.ndarray:
    """e^-|x| I₀(x).

    >>> i0e(np.array([0.0, 1000.0]))
    array([1.        , 0.01261724])

    PyTorch: `torch.special.i0e`.
    """
    return on_float64(lambda x: _scaled_i(x, 0), x)


def i1(x: ArrayLike) -> np.ndarray:
    """I₁, the derivative of I₀.

    >>> i1(np.array([0.0, 1.0, -1.0]))
    array([ 0.        ,  0.5651591, -0.5651591])

    PyTorch: `torch.special.i1`.
    """
    return on_float64(lambda x: _scaled_i(x, 1) * np.exp(np.abs(x)), x)


def i1e(x: ArrayLike) -> np.ndarray:
    """e^-|x| I₁(x).

    >>> i1e(np.array([1.0, 1000.0]))
    array([0.20791042, 0.01261093])

    PyTorch: `torch.special.i1e`.
    """
    return on_float64(lambda x: _scaled_i(x, 1), x)


def _scaled_i(x: np.ndarray, order: int) -> np.ndarray:
    """e^-|x| I(x): the power series, and from 25 on the asymptotic one."""
    size = np.abs(x)
    out = np.empty_like(x)
    near = ~(size >= 25)
    y = size[near]
    out[near] = np.exp(-y) * _power_series(y * y / 4, order) * (y / 2 if order else 1)
    y = size[~near]
    series = np.zeros_like(y)
    for coefficient in reversed(_asymptotic(order)):
        series = series / y + coefficient
    out[~near] = series / np.sqrt(2 * math.pi * y)
    return out * np.sign(x) if order else out


def _power_series(y: np.ndarray, order: int) -> np.ndarray:
    """The sum of y^k / (k! (k + order)!): I of 2√y, over y^(order/2)."""
    largest = float(np.max(y, initial=0, where=~np.isnan(y)))
    terms, size = 1, 1.0
    while size > 1e-18 * math.exp(2 * math.sqrt(largest)) / (1 + largest):
        size *= largest / (terms * (terms + order))
        terms += 1
    out = np.ones_like(y)
    for k in range(terms, 0, -1):
        out = 1 + out * y / (k * (k + order))
    return out


@functools.cache
def _asymptotic(order: int, terms: int = 31) -> tuple[float, ...]:
    """The coefficients of x^-k in √(2πx) e^-x I(x)."""
    found = [Fraction(1)]
    for k in range(1, terms):
        found.append(found[-1] * ((2 * k - 1) ** 2 - 4 * order * order) / (8 * k))
    return tuple(map(float, found))


# -- fits ----------------------------------------------------------------------------------------------------


def _fit(function: Callable[[np.ndarray], np.ndarray], low: float, high: float, degree: int) -> np.ndarray:
    """The Chebyshev coefficients of a function on an interval, from its values at the nodes."""
    angles = math.pi * (np.arange(degree + 1) + 0.5) / (degree + 1)
    values = function((low + high) / 2 + (high - low) / 2 * np.cos(angles))
    turns = np.outer(np.arange(degree + 1), 2 * np.arange(degree + 1) + 1) % (4 * degree + 4)
    coefficients = np.cos(turns * (math.pi / (2 * degree + 2))) @ values * (2 / (degree + 1))
    coefficients[0] /= 2
    return coefficients


def _value(coefficients: np.ndarray, low: float, high: float, x: np.ndarray) -> np.ndarray:
    return np.polynomial.chebyshev.chebval((2 * x - (low + high)) / (high - low), coefficients)


def _far(z: np.ndarray, order: int) -> np.ndarray:
    """√(2z/π) e^z K(z) for order 0 or 1, by the trapezoidal rule in the root of t."""
    u = np.arange(-70, 71) * 0.1
    weights = np.exp(-u * u) * 0.1 / math.sqrt(math.pi)
    y = 1 + u * u / (2 * z[:, None])
    return (2 * u * u * np.sqrt(y) * weights).sum(-1) if order else (weights / np.sqrt(y)).sum(-1)


def _exactly(series: Callable[[Fraction], Fraction]) -> Callable[[np.ndarray], np.ndarray]:
    """A function of exact fractions as one of arrays."""
    return lambda x: np.array([float(series(Fraction(float(value)))) for value in x])


def _alternating(y: Fraction, order: int, weight: Callable[[int], Fraction]) -> Fraction:
    """The sum of weight(k) (-y/4)^k / (k! (k + order)!)."""
    term, total, k = Fraction(1), Fraction(0), 0
    while k < 40:
        total += weight(k) * term
        k += 1
        term *= -y / (4 * k * (k + order))
        term = Fraction(round(term * 2**160), 2**160)
    return total


def _harmonic(k: int) -> Fraction:
    return sum((Fraction(1, j) for j in range(1, k + 1)), Fraction(0))


# -- J and Y -------------------------------------------------------------------------------------------------


@functools.cache
def _j_near(order: int) -> np.ndarray:
    """J₀(x), or 2 J₁(x) / x, as a function of x²."""
    return _fit(_exactly(lambda y: _alternating(y, order, lambda k: Fraction(1))), 0, NEAR, 24)


@functools.cache
def _y_near(order: int) -> np.ndarray:
    """What Y₀, or Y₁ / x, has beside its logarithm and its pole, as a function of x²."""
    euler = Fraction("0.57721566490153286060651209008240243")

    def weight(k: int) -> Fraction:
        return 2 * euler - _harmonic(k) - _harmonic(k + order)

    scale = 1 / math.pi if order == 0 else 1 / (2 * math.pi)
    return scale * _fit(_exactly(lambda y: _alternating(y, order, weight)), 0, NEAR, 24)


@functools.cache
def _amplitude(order: int) -> tuple[np.ndarray, np.ndarray]:
    """P and x Q of J = √(2/πx) (P cos χ - Q sin χ), Y = √(2/πx) (P sin χ + Q cos χ), χ = x - (2ν+1)π/4."""

    def fitted(part: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
        def at(y: np.ndarray) -> np.ndarray:  # y = 1/x²
            x = 1 / np.sqrt(y)
            return part(_far(-1j * x, order)) * (1 if part is np.real else x)

        return at

    return _fit(fitted(np.real), 0, 1 / NEAR, 18), _fit(fitted(np.imag), 0, 1 / NEAR, 18)


def _oscillating(x: np.ndarray, order: int, second: bool) -> np.ndarray:
    """J or Y of x ≥ 8."""
    p, q = (_value(one, 0, 1 / NEAR, 1 / (x * x)) for one in _amplitude(order))
    q /= x
    sine, cosine = np.sin(x), np.cos(x)
    # √2 cos χ and √2 sin χ, without rounding x - π/4
    along, across = (cosine + sine, sine - cosine) if order == 0 else (sine - cosine, -sine - cosine)
    return (p * across + q * along if second else p * along - q * across) / np.sqrt(math.pi * x)


def _bessel(x: np.ndarray, order: int, second: bool) -> np.ndarray:
    size = np.abs(x)
    out = np.empty_like(x)
    near = size * size <= NEAR
    y = size[near]
    j = _value(_j_near(order), 0, NEAR, y * y) * (y / 2 if order else 1)
    if second:
        rest = _value(_y_near(order), 0, NEAR, y * y)
        j = 2 / math.pi * np.log(y / 2) * j + (rest if order == 0 else y * rest - 2 / (math.pi * y))
        j[y == 0] = -np.inf
    out[near] = j
    far = size[~near]
    out[~near] = np.where(np.isinf(far), 0, _oscillating(far, order, second))
    if second:
        out[x < 0] = np.nan
        return out
    return out * np.sign(x) if order else out


def bessel_j0(x: ArrayLike) -> np.ndarray:
    """The Bessel function of the first kind J₀.

    >>> bessel_j0(np.array([0.0, 1.0, 10.0]))
    array([ 1.        ,  0.76519769, -0.24593576])

    PyTorch: `torch.special.bessel_j0`.
    """
    return on_float64(lambda x: _bessel(x, 0, False), x)


def bessel_j1(x: ArrayLike) -> np.ndarray:
    """J₁.

    >>> bessel_j1(np.array([0.0, 1.0, -10.0]))
    array([ 0.        ,  0.44005059, -0.04347275])

    PyTorch: `torch.special.bessel_j1`.
    """
    return on_float64(lambda x: _bessel(x, 1, False), x)


def bessel_y0(x: ArrayLike) -> np.ndarray:
    """The Bessel function of the second kind Y₀: -inf at 0, NaN below.

    >>> bessel_y0(np.array([0.0, 1.0, 10.0]))
    array([      -inf, 0.08825696, 0.05567117])

    PyTorch: `torch.special.bessel_y0`.
    """
    return on_float64(lambda x: _bessel(x, 0, True), x)


def bessel_y1(x: ArrayLike) -> np.ndarray:
    """Y₁: -inf at 0, NaN below.

    >>> bessel_y1(np.array([0.0, 1.0, 10.0]))
    array([       -inf, -0.78121282,  0.24901542])

    PyTorch: `torch.special.bessel_y1`.
    """
    return on_float64(lambda x: _bessel(x, 1, True), x)


def spherical_bessel_j0(x: ArrayLike) -> np.ndarray:
    """sin(x) / x: 1 at 0, 0 at infinity.

    >>> spherical_bessel_j0(np.array([0.0, 1.0]))
    array([1.        , 0.84147098])

    PyTorch: `torch.special.spherical_bessel_j0`.
    """
    return on_float64(
        lambda x: np.where(np.isinf(x), 0, np.where(x == 0, 1, np.sin(x) / np.where(x == 0, 1, x))), x
    )


# -- K -------------------------------------------------------------------------------------------------------


def k0(x: ArrayLike) -> np.ndarray:
    """The modified Bessel function of the second kind K₀: inf at 0, NaN below.

    >>> k0(np.array([0.0, 1.0, 10.0]))
    array([           inf, 4.21024438e-01, 1.77800623e-05])

    PyTorch: `torch.special.modified_bessel_k0`.
    """
    return on_float64(lambda x: _scaled_k(x, 0) * np.exp(-x), x)


def k0e(x: ArrayLike) -> np.ndarray:
    """e^x K₀(x).

    >>> k0e(np.array([1.0, 1000.0]))
    array([1.14446308, 0.03962832])

    PyTorch: `torch.special.scaled_modified_bessel_k0`.
    """
    return on_float64(lambda x: _scaled_k(x, 0), x)


def k1(x: ArrayLike) -> np.ndarray:
    """K₁: inf at 0, NaN below.

    >>> k1(np.array([1.0, 10.0]))
    array([6.01907230e-01, 1.86487735e-05])

    PyTorch: `torch.special.modified_bessel_k1`.
    """
    return on_float64(lambda x: _scaled_k(x, 1) * np.exp(-x), x)


def k1e(x: ArrayLike) -> np.ndarray:
    """e^x K₁(x).

    >>> k1e(np.array([1.0, 1000.0]))
    array([1.63615349, 0.03964813])

    PyTorch: `torch.special.scaled_modified_bessel_k1`.
    """
    return on_float64(lambda x: _scaled_k(x, 1), x)


@functools.cache
def _k_far(order: int) -> np.ndarray:
    """√(2x/π) e^x K(x) as a function of 1/x."""
    return _fit(lambda y: _far(1 / y, order), 0, 1, 46)


def _scaled_k(x: np.ndarray, order: int) -> np.ndarray:
    out = np.empty_like(x)
    near = ~(x > 1)
    y = x[near]
    quarter, series = y * y / 4, np.zeros_like(y)
    for k in range(14, -1, -1):  # Σ (H_k + H_{k+ν} - 2γ)/2 · y^k / (k! (k+ν)!)
        weight = float(_harmonic(k) + _harmonic(k + order)) / 2 - EULER
        series = series * quarter / ((k + 1) * (k + 1 + order)) + weight
    logarithm = np.log(y / 2) * _power_series(quarter, order)
    value = series - logarithm if order == 0 else 1 / y + y / 2 * (logarithm - series)
    out[near] = value * np.exp(y)
    y = x[~near]
    out[~near] = _value(_k_far(order), 0, 1, 1 / y) * np.sqrt(math.pi / 2 / y)
    out[x == 0] = np.inf
    return out


# -- Ai ------------------------------------------------------------------------------------------------------


def airy_ai(x: ArrayLike) -> np.ndarray:
    """Airy's function Ai, the solution of y″ = x y that falls to 0.

    >>> airy_ai(np.array([0.0, 1.0, -5.0]))
    array([0.35502805, 0.13529242, 0.35076101])

    PyTorch: `torch.special.airy_ai`.
    """
    return on_float64(_airy, x)


LEFT, RIGHT = -5.0, 2.0  # between them the power series


def _airy_series(x: Fraction) -> Fraction:
    value = Fraction("0.35502805388781723926006318600418317639797917419918")
    slope = Fraction("-0.25881940379280679840518356018920396347909113835493")
    total, one, two = Fraction(0), value, slope * x
    for k in range(0, 90, 3):
        total += one + two
        one *= x**3 / ((k + 2) * (k + 3))
        two *= x**3 / ((k + 3) * (k + 4))
    return total


def _airy_far(zeta: np.ndarray) -> np.ndarray:
    """2√π x^(1/4) e^ζ Ai(x), for ζ = ⅔ x^(3/2): the integral of the head of this page for ν = 1/3."""
    u = np.arange(-400, 401) * 0.005  # t = u⁶
    weights = np.exp(-(u**6)) * 3 * u**4 * 0.005 / math.gamma(5 / 6)
    return (weights * (1 + u**6 / (2 * zeta[:, None])) ** (-1 / 6)).sum(-1)


@functools.cache
def _airy_fits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    def oscillation(part: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
        def at(y: np.ndarray) -> np.ndarray:  # y = 1/ζ²
            zeta = 1 / np.sqrt(y)
            return part(_airy_far(-1j * zeta)) * (1 if part is np.real else zeta)

        return at

    least, far = 1 / _zeta_of(RIGHT), 1 / _zeta_of(-LEFT) ** 2
    return (
        _fit(_exactly(_airy_series), LEFT, RIGHT, 36),
        _fit(lambda y: _airy_far(1 / y), 0, least, 36),
        _fit(oscillation(np.real), 0, far, 20),
        _fit(oscillation(np.imag), 0, far, 20),
    )


def _zeta_of(x: float) -> float:
    return 2 / 3 * x**1.5


def _airy(x: np.ndarray) -> np.ndarray:
    centre, right, p, q = _airy_fits()
    out = np.empty_like(x)
    left_side, right_side = x < LEFT, x > RIGHT
    middle = ~(left_side | right_side)
    out[middle] = _value(centre, LEFT, RIGHT, x[middle])
    y = x[right_side]
    zeta = 2 / 3 * y * np.sqrt(y)
    factor = np.exp(-zeta) / (2 * math.sqrt(math.pi) * np.sqrt(np.sqrt(y)))
    out[right_side] = factor * _value(right, 0, 1 / _zeta_of(RIGHT), 1 / zeta)
    y = -x[left_side]
    zeta = 2 / 3 * y * np.sqrt(y)
    span = 1 / _zeta_of(-LEFT) ** 2
    real, imaginary = _value(p, 0, span, 1 / zeta**2), _value(q, 0, span, 1 / zeta**2) / zeta
    sine, cosine = np.sin(zeta), np.cos(zeta)
    wave = real * (sine + cosine) - imaginary * (sine - cosine)
    out[left_side] = wave / math.sqrt(2 * math.pi) / np.sqrt(np.sqrt(y))
    out[np.isinf(x)] = 0
    return out
