"""How gamma and beta variates move with their parameters, against finite differences of the probability."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels import implicit
from tinygrad_kr.kernels.implicit import beta_gradient, gamma_gradient
from tinygrad_kr.kernels.special import lgamma

PANELS = 10000
SIMPSON = np.array([1.0, *[4.0, 2.0] * (PANELS - 1), 4.0, 1.0]) / (6 * PANELS)


def gamma_below(alpha: float, x: float) -> float:
    """The probability below x, an integral over log t from where it is nothing."""
    width = (50 + x) / alpha
    s = math.log(x) - np.linspace(width, 0, 2 * PANELS + 1)
    return float(SIMPSON @ np.exp(alpha * s - np.exp(s) - math.lgamma(alpha))) * width


def beta_below(alpha: float, beta: float, x: float) -> float:
    width = (50 + (alpha + beta) / (1 - x)) / alpha
    s = math.log(x / (1 - x)) - np.linspace(width, 0, 2 * PANELS + 1)
    constant = float(lgamma(alpha + beta) - lgamma(alpha) - lgamma(beta))
    return float(SIMPSON @ np.exp(alpha * s - (alpha + beta) * np.logaddexp(0, s) + constant)) * width


@given(st.floats(0.05, 30), st.floats(0.05, 0.95))
def test_gamma(alpha: float, level: float) -> None:
    x = alpha * (0.4 + 1.5 * level)
    step = 1e-5 * alpha
    change = (gamma_below(alpha + step, x) - gamma_below(alpha - step, x)) / (2 * step)
    density = math.exp((alpha - 1) * math.log(x) - x - math.lgamma(alpha))
    (found,) = gamma_gradient(np.array([alpha]), np.array([x]))
    assert found == pytest.approx(-change / density, rel=1e-5)


@given(st.floats(0.5, 20), st.floats(0.5, 20), st.floats(-1.5, 1.5))
def test_beta(alpha: float, beta: float, deviations: float) -> None:
    total = alpha + beta
    x = alpha / total + deviations * math.sqrt(alpha * beta / (total + 1)) / total
    x = min(max(x, 0.05), 0.95)
    step = 1e-5 * alpha
    change = (beta_below(alpha + step, beta, x) - beta_below(alpha - step, beta, x)) / (2 * step)
    constant = float(lgamma(alpha + beta) - lgamma(alpha) - lgamma(beta))
    density = math.exp((alpha - 1) * math.log(x) + (beta - 1) * math.log1p(-x) + constant)
    (found,) = beta_gradient(np.array([alpha]), np.array([beta]), np.array([x]))
    assert found == pytest.approx(-change / density, rel=1e-5, abs=1e-6)


def test_closed_forms() -> None:
    """A beta variate with beta = 1 is u ** (1 / alpha), and a gamma one of alpha -> 0 goes like x log x."""
    u, alpha = np.array([0.01, 0.3, 0.9]), np.array([0.2, 1.0, 7.0])
    x = u ** (1 / alpha)
    np.testing.assert_allclose(beta_gradient(alpha, np.ones(3), x), -x * np.log(x) / alpha, rtol=1e-10)
    small = np.array([1e-3])
    x = np.array([1e-30])
    np.testing.assert_allclose(gamma_gradient(small, x), -x * (np.log(x) + np.euler_gamma) / small, rtol=5e-2)


def test_extremes_are_finite() -> None:
    alpha = np.array([1e-4, 1e-2, 1.0, 1e6, 1e6])
    x = np.array([1e-300, 0.5, 1e-300, 1e6, 1.01e6])
    assert np.isfinite(gamma_gradient(alpha, x)).all()
    ends = np.array([0.0, 1e-300, 0.5, 1 - 1e-16, 1.0])
    assert np.isfinite(beta_gradient(np.full(5, 0.3), np.full(5, 2.0), ends)).all()


def test_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    alpha, x = rng.uniform(0.5, 3, (5, 7)), rng.uniform(0.1, 4, (5, 7))
    whole = gamma_gradient(alpha, x)
    monkeypatch.setattr(implicit, "_PIECE", 3)
    np.testing.assert_array_equal(gamma_gradient(alpha, x), whole)
    assert gamma_gradient(alpha[:0], x[:0]).shape == (0, 7)
