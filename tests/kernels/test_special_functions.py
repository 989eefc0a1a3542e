"""Zeta, incomplete gamma, Bessel, Airy, normal and polynomial kernels against identities and known values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import chebyshev as cheb
from numpy.polynomial import hermite as herm
from numpy.polynomial import hermite_e as herme
from numpy.polynomial import laguerre as lag
from numpy.polynomial import legendre as leg

from tinygrad_kr.kernels import special_bessel as bessel
from tinygrad_kr.kernels import special_gamma as gamma
from tinygrad_kr.kernels import special_normal as normal
from tinygrad_kr.kernels import special_polynomials as polynomials
from tinygrad_kr.kernels.special import digamma, erf, lgamma

EPS = 2.0**-52


# -- gamma and zeta ------------------------------------------------------------------------------------------


def test_zeta_at_even_numbers_and_its_poles() -> None:
    expected = [math.pi**2 / 6, math.pi**4 / 90, math.pi**6 / 945, 1 + 2.0**-60]
    np.testing.assert_allclose(gamma.zeta([2.0, 4, 6, 60], 1.0), expected, rtol=4 * EPS)
    np.testing.assert_array_equal(
        gamma.zeta([1.0, 0.5, 2, 2, 2.5, 2, 2], [2.0, 2, 0, -3, -1.5, np.inf, np.nan]),
        [np.inf, np.nan, np.inf, np.inf, np.nan, 0, np.nan],
    )


@given(st.integers(2, 9), st.floats(-40, 40))
def test_zeta_loses_one_term_per_step(s: int, q: float) -> None:
    if abs(q - round(q)) < 0.01:
        q = round(q) + 0.25
    term = q ** -float(s)
    whole, rest = gamma.zeta(float(s), [q, q + 1])
    np.testing.assert_allclose(whole, rest + term, rtol=1e-12, atol=1e-12 * abs(term))


def test_polygamma() -> None:
    np.testing.assert_allclose(gamma.polygamma([1.0, 0.5], 1), [math.pi**2 / 6, math.pi**2 / 2], rtol=4 * EPS)
    x = np.array([-2.3, -0.4, 0.3, 1.7, 12.0])
    for n in range(4):
        h = 1e-3
        values = [gamma.polygamma(x + k * h, n) for k in (-2, -1, 1, 2)]
        slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
        np.testing.assert_allclose(gamma.polygamma(x, n + 1), slope, rtol=1e-6, atol=1e-8)
    np.testing.assert_array_equal(gamma.polygamma(x, 0), digamma(x))
    assert gamma.polygamma(np.float32([1, 2]), 3).dtype == np.float32


def test_incomplete_gamma_of_special_shapes() -> None:
    x = np.concatenate([10.0 ** -np.arange(1, 20, 3), np.linspace(0.01, 40, 99)])
    np.testing.assert_allclose(gamma.gammainc(1.0, x), -np.expm1(-x), rtol=1e-14)
    np.testing.assert_allclose(gamma.gammaincc(1.0, x), np.exp(-x), rtol=1e-14)
    np.testing.assert_allclose(gamma.gammainc(0.5, x), erf(np.sqrt(x)), rtol=1e-13)
    # Q(5, x) is the chance of fewer than 5 events of a Poisson distribution
    poisson = sum(np.exp(-x) * x**k / math.factorial(k) for k in range(5))
    np.testing.assert_allclose(gamma.gammaincc(5.0, x), poisson, rtol=1e-13)


@given(st.floats(0.05, 3000), st.floats(0.01, 3))
def test_incomplete_gamma_climbs_by_its_recurrence(a: float, ratio: float) -> None:
    x = a * ratio
    one, two = gamma.gammainc([a, a + 1], x)
    step = math.exp(a * math.log(x) - x - float(lgamma(a + 1)))
    np.testing.assert_allclose(one - two, step, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(gamma.gammaincc(a, x), 1 - one, rtol=1e-11, atol=1e-13)


def test_incomplete_gamma_at_the_ends() -> None:
    a, x = [0.0, 0.0, 2, 2, -1, 2, np.inf, 2], [1.0, 0.0, 0, np.inf, 1, -1, 2, np.nan]
    np.testing.assert_array_equal(gamma.gammainc(a, x), [1, np.nan, 0, 1, np.nan, np.nan, 0, np.nan])
    np.testing.assert_array_equal(gamma.gammaincc(a, x), [0, np.nan, 1, 0, np.nan, np.nan, 1, np.nan])


# -- Bessel --------------------------------------------------------------------------------------------------

POSITIVE = np.concatenate([10.0 ** np.linspace(-8, -1, 15), np.linspace(0.1, 60, 500)])


def test_wronskians() -> None:
    x = POSITIVE
    modified = bessel.i0e(x) * bessel.k1e(x) + bessel.i1e(x) * bessel.k0e(x)
    np.testing.assert_allclose(modified * x, 1, rtol=4e-14)
    ordinary = bessel.bessel_j1(x) * bessel.bessel_y0(x) - bessel.bessel_j0(x) * bessel.bessel_y1(x)
    np.testing.assert_allclose(ordinary * x * math.pi / 2, 1, rtol=4e-13)


def test_known_values_of_bessel_functions() -> None:
    np.testing.assert_allclose(bessel.i0([1.0, 30.0]), [1.2660658777520084, 781672297823.9775], rtol=8 * EPS)
    np.testing.assert_allclose(bessel.i1([1.0, -1.0]), [0.565159103992485, -0.565159103992485], rtol=8 * EPS)
    np.testing.assert_allclose(bessel.k0([0.1, 2.0]), [2.427069024702017, 0.1138938727495334], rtol=3e-14)
    np.testing.assert_allclose(
        bessel.bessel_j0([1.0, 20.0, 2.404825557695773]),
        [0.7651976865579666, 0.16702466434058316, 0],
        rtol=1e-14,
        atol=4e-15,
    )
    np.testing.assert_allclose(
        bessel.airy_ai([-5.0, 0.0, 1.0, 10.0]),
        [0.35076100902411433, 0.3550280538878172, 0.1352924163128814, 1.1047532552898687e-10],
        rtol=4e-14,
    )


@pytest.mark.parametrize("function", [bessel.i0, bessel.bessel_j0])
def test_the_slope_of_order_0_is_order_1(function: object) -> None:
    slopes = {bessel.i0: bessel.i1, bessel.bessel_j0: lambda x: -bessel.bessel_j1(x)}
    x, h = np.array([-30.0, -7.99, -1, 0.5, 8.01, 24.99, 25.01]), 1e-3
    values = [function(x + k * h) for k in (-2, -1, 1, 2)]  # type: ignore[operator]
    slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
    np.testing.assert_allclose(slope, slopes[function](x), rtol=1e-8, atol=1e-9)  # type: ignore[index]


@given(st.floats(-40, 12))
def test_airy_solves_its_equation(x: float) -> None:
    h = 0.01
    y = bessel.airy_ai(x + h * np.arange(-3.0, 4))
    second = (y @ np.array([2, -27, 270, -490, 270, -27, 2])) / (180 * h * h)
    np.testing.assert_allclose(second, x * y[3], rtol=2e-6, atol=2e-6)


def test_bessel_functions_at_the_ends() -> None:
    ends = np.array([0.0, -1.0, np.inf, np.nan])
    np.testing.assert_array_equal(bessel.bessel_y0(ends), [-np.inf, np.nan, 0, np.nan])
    np.testing.assert_array_equal(bessel.k1(ends), [np.inf, np.nan, 0, np.nan])
    np.testing.assert_array_equal(bessel.spherical_bessel_j0(ends[[0, 2, 3]]), [1, 0, np.nan])
    np.testing.assert_array_equal(bessel.i1e(ends[[0, 3]]), [0, np.nan])


# -- the normal distribution ---------------------------------------------------------------------------------


def test_normal_functions() -> None:
    x = np.linspace(-5, 25, 301)
    expected = [math.erfc(one) * math.exp(one * one) for one in x]
    np.testing.assert_allclose(normal.erfcx(x), expected, rtol=2e-13)
    np.testing.assert_allclose(normal.erfcx([1e8]), [1e-8 / math.sqrt(math.pi)], rtol=1e-15)
    x = np.linspace(-30, 8, 301)
    np.testing.assert_allclose(normal.log_ndtr(x), np.log(normal.ndtr(x)), rtol=1e-13, atol=2e-16)
    p = np.concatenate([np.linspace(0.001, 0.999, 99), 10.0 ** -np.arange(4, 300, 5)])
    np.testing.assert_allclose(normal.ndtr(normal.ndtri(p)), p, rtol=2e-12)
    np.testing.assert_array_equal(
        normal.ndtri([0.0, 1.0, 0.5, -0.1, 1.1]), [-np.inf, np.inf, 0, np.nan, np.nan]
    )


# -- polynomials ---------------------------------------------------------------------------------------------


@given(st.integers(0, 12), st.lists(st.floats(-3, 3), min_size=1, max_size=5))
def test_polynomials_are_numpys(n: int, points: list[float]) -> None:
    x, one = np.array(points), [0.0] * n + [1.0]
    cases = [
        (polynomials.chebyshev_t(x, n), cheb.chebval(x, one)),
        (polynomials.hermite(x, n, scale=2.0), herm.hermval(x, one)),
        (polynomials.hermite(x, n, scale=1.0), herme.hermeval(x, one)),
        (polynomials.laguerre(x, n), lag.lagval(x, one)),
        (polynomials.legendre(x, n), leg.legval(x, one)),
    ]
    for got, expected in cases:
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9 * (1 + np.abs(expected).max()))


@given(st.integers(0, 12), st.floats(0.05, 3.1))
def test_chebyshev_polynomials_of_four_kinds(n: int, angle: float) -> None:
    x = math.cos(angle)
    expected = [
        math.cos(n * angle),
        math.sin((n + 1) * angle) / math.sin(angle),
        math.cos((n + 0.5) * angle) / math.cos(angle / 2),
        math.sin((n + 0.5) * angle) / math.sin(angle / 2),
    ]
    kinds = "tuvw"
    got = [float(getattr(polynomials, f"chebyshev_{kind}")(x, n)) for kind in kinds]
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


def test_degrees_below_0_and_between_whole_ones() -> None:
    np.testing.assert_array_equal(polynomials.legendre(0.5, [-1.0, 0.9, 2.7]), [0, 1, -0.125])


@pytest.mark.parametrize(
    "function", [bessel.i0e, bessel.k1, bessel.bessel_y1, bessel.airy_ai, normal.ndtri, normal.erfcx]
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 4), (2, 3)])
def test_shape_and_dtype(function: object, dtype: type, shape: tuple[int, ...]) -> None:
    x = np.full(shape, 0.25, dtype)
    x.flags.writeable = False
    out = function(x)  # type: ignore[operator]
    assert out.shape == shape and out.dtype == dtype
    expected = np.full(shape, function(0.25))  # type: ignore[operator]
    np.testing.assert_allclose(out, expected, rtol=3 * float(np.finfo(dtype).eps))
