"""Special functions against Python's math module, known values and identities."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels.special import digamma, erf, erfc, erfinv, lgamma, normal_cdf

EPS = 2.0**-52
EULER = 0.57721566490153286
FUNCTIONS = (digamma, erf, erfc, erfinv, lgamma)


def each(function: Callable[[float], float], x: np.ndarray) -> np.ndarray:
    return np.array([function(value) for value in x.tolist()])


@pytest.mark.parametrize(
    "x",
    [
        np.linspace(-0.5, 0.5, 1001),
        np.linspace(0.45, 4.1, 1001),
        np.linspace(4, 26.5, 1001),
        np.linspace(-7, -0.4, 1001),
        10.0 ** -np.arange(1, 300, 7),
        np.array([0.0, 27.0, 40.0, 1e300, -1e300, np.inf, -np.inf]),
    ],
    ids=["small", "middle", "large", "negative", "tiny", "ends"],
)
def test_erf_and_erfc(x: np.ndarray) -> None:
    np.testing.assert_allclose(erf(x), each(math.erf, x), rtol=4 * EPS, atol=0)
    np.testing.assert_allclose(erfc(x), each(math.erfc, x), rtol=8 * EPS, atol=1e-320)


def test_erf_of_float32() -> None:
    x = np.concatenate([np.linspace(-6, 6, 200_001), 10.0 ** -np.arange(2, 38)]).astype(np.float32)
    truth = each(math.erf, x)
    result = erf(x)
    assert result.dtype == np.float32
    spacing = np.spacing(np.maximum(abs(truth), np.finfo(np.float32).tiny).astype(np.float32))
    assert (abs(result - truth) / spacing).max() < 2.6
    assert abs(result).max() == 1
    cdf = np.empty_like(x)
    normal_cdf(cdf, x)
    np.testing.assert_allclose(cdf, (1 + each(math.erf, x * math.sqrt(0.5))) / 2, rtol=0, atol=1.1e-7)
    assert erf(np.float32([np.inf, -np.inf])).tolist() == [1, -1]


def test_erfinv_undoes_erf() -> None:
    y = np.linspace(-0.999, 0.999, 1999)
    np.testing.assert_allclose(erf(erfinv(y)), y, rtol=8 * EPS, atol=EPS)
    # Towards 1 erf loses what erfc keeps: 1 - y is exact here.
    y = 1 - 10.0 ** -np.linspace(1, 15, 99)
    np.testing.assert_allclose(erfc(erfinv(y)), 1 - y, rtol=600 * EPS)
    tiny = 10.0 ** -np.arange(10, 300, 10)
    np.testing.assert_allclose(erfinv(tiny), tiny * math.sqrt(math.pi) / 2, rtol=8 * EPS)


def test_erfinv_at_and_beyond_the_ends() -> None:
    np.testing.assert_array_equal(erfinv([1.0, -1.0, 0.0, 1.5, -2.0]), [np.inf, -np.inf, 0.0, np.nan, np.nan])


@pytest.mark.parametrize(
    "x",
    [
        np.linspace(0.001, 3, 2001),
        np.linspace(2, 14, 1001),
        10.0 ** np.arange(1, 300, 7),
        np.linspace(-9.99, -0.013, 1111),
        10.0 ** -np.arange(1, 300, 7),
        -(10.0 ** -np.arange(1, 300, 7)),
    ],
    ids=["near", "middle", "large", "negative", "tiny", "tiny negative"],
)
def test_lgamma(x: np.ndarray) -> None:
    np.testing.assert_allclose(lgamma(x), each(math.lgamma, x), rtol=8 * EPS, atol=16 * EPS)


def test_lgamma_keeps_its_digits_at_its_zeros() -> None:
    t = np.array([2.0**-20, 2.0**-30, 2.0**-40, -(2.0**-20), -(2.0**-40)])
    # log gamma(2 + t) = (1 - euler) t + (pi^2/6 - 1) t^2/2 - (zeta(3) - 1) t^3/3 + ...; at 1, one log1p less
    series = t * (1 - EULER + t * ((math.pi**2 / 6 - 1) / 2 - t * 0.2020569031595943 / 3))
    np.testing.assert_allclose(lgamma(2 + t), series, rtol=8 * EPS)
    np.testing.assert_allclose(lgamma(1 + t), series - np.log1p(t), rtol=8 * EPS)


def test_lgamma_at_its_poles() -> None:
    np.testing.assert_array_equal(
        lgamma([0.0, -1.0, -50.0, np.inf, -np.inf, np.nan]), [np.inf] * 5 + [np.nan]
    )


@given(st.floats(0.01, 50))
def test_digamma_recurrence(x: float) -> None:
    np.testing.assert_allclose(digamma(x + 1), digamma(x) + 1 / x, rtol=1e-13, atol=1e-13)


@given(st.floats(0.02, 0.98), st.integers(0, 20))
def test_digamma_reflection(fraction: float, whole: int) -> None:
    x = fraction + whole
    fraction = x - whole  # what rounding left of it
    expected = digamma(x + 1) + math.pi / math.tan(math.pi * fraction)
    np.testing.assert_allclose(digamma(-x), expected, rtol=1e-12, atol=1e-11)


@given(st.floats(0.2, 30))
def test_digamma_is_the_slope_of_lgamma(x: float) -> None:
    h = 1e-4 * x
    slope = (lgamma(x - 2 * h) - 8 * lgamma(x - h) + 8 * lgamma(x + h) - lgamma(x + 2 * h)) / (12 * h)
    np.testing.assert_allclose(digamma(x), slope, rtol=1e-8, atol=1e-8)


def test_digamma_values() -> None:
    expected = [-EULER, -EULER - 2 * math.log(2), 1 - EULER]
    np.testing.assert_allclose(digamma([1, 0.5, 2]), expected, rtol=0, atol=8 * EPS)
    np.testing.assert_array_equal(
        digamma([0.0, -0.0, -1.0, -7.0, np.inf, -np.inf]), [-np.inf, np.inf, np.nan, np.nan, np.inf, np.nan]
    )


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4)])
def test_shape_and_dtype(function: Callable[..., np.ndarray], dtype: type, shape: tuple[int, ...]) -> None:
    x = np.full(shape, 0.25, dtype)
    x.flags.writeable = False
    result = function(x)
    assert isinstance(result, np.ndarray) and result.shape == shape and result.dtype == dtype
    assert (x == dtype(0.25)).all() and not np.shares_memory(result, x)
    np.testing.assert_allclose(result, np.full(shape, function(0.25)), rtol=3 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_integers_strides_and_nan(function: Callable[..., np.ndarray]) -> None:
    assert function([1, 2]).dtype == np.float64
    x = np.linspace(0.1, 0.9, 24).reshape(4, 6)
    np.testing.assert_array_equal(function(x.T[::2]), function(np.ascontiguousarray(x.T[::2])))
    assert np.isnan(function(np.array([np.nan, 0.5]))).tolist() == [True, False]
    assert np.isnan(function(np.float32([np.nan]))).all()
