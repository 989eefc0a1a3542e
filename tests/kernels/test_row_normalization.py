"""Normalisation of rows: the chunked passes against the formula, and the formula against its definition."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels import chunks, row_normalization, threads
from tinygrad_kr.kernels.row_normalization import (
    normalized,
    normalized_backward,
    row_normalize,
    row_normalize_backward,
)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Chunks of a few rows; a second thread from sixty elements."""
    before = threads.get_num_threads()
    for name, value in {"SHORT": 12, "LONG": 24, "PARALLEL": 60, "SMALL": 0}.items():
        monkeypatch.setattr(chunks, name, value)
    monkeypatch.setattr(row_normalization, "SMALL", 0)
    monkeypatch.setattr(row_normalization, "_DOT", 4)
    yield
    threads.set_num_threads(before)


Drawn = tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None, bool]


@st.composite
def rows(draw: st.DrawFn) -> Drawn:
    """x and g (R, D) in some dtype and order, some rows far from zero; weight, bias, whether centred."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    shape = draw(st.integers(0, 40)), draw(st.integers(1, 9))
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    x, g = rng.standard_normal((2, *shape))
    x += draw(st.sampled_from([0.0, 3.0, 100.0])) * (rng.random((shape[0], 1)) < 0.5)
    weight, bias = rng.standard_normal((2, shape[1])).astype(dtype)
    if draw(st.booleans()):
        x = np.asfortranarray(x)
    threads.set_num_threads(draw(st.sampled_from([1, 2])))
    return (
        x.astype(dtype),
        g.astype(dtype),
        weight if draw(st.booleans()) else None,
        bias if draw(st.booleans()) else None,
        draw(st.booleans()),
    )


def exact(*arrays: np.ndarray | None) -> list[np.ndarray | None]:
    """The arrays in float64."""
    return [None if one is None else one.astype(np.float64) for one in arrays]


@given(rows())
def test_chunks_compute_the_formula(drawn: Drawn) -> None:
    x, g, weight, bias, centred = drawn
    before = x.copy()
    tolerance = 1e-10 if x.dtype == np.float64 else 1e-4  # float32 has six digits, and values are near 100
    out, mean, rstd = row_normalize(x, weight, bias, eps=0.1, centred=centred)
    x_, g_, weight_, bias_ = exact(x, g, weight, bias)
    assert x_ is not None and g_ is not None
    expected, mean_, rstd_ = normalized(x_, weight_, bias_, 0.1, centred)
    np.testing.assert_allclose(out, expected, atol=tolerance)
    np.testing.assert_allclose(rstd, rstd_, rtol=tolerance)
    assert (mean is None) == (not centred) and out.dtype == x.dtype
    grads = row_normalize_backward(g, x, mean, rstd, weight)
    for one, other in zip(grads, normalized_backward(g_, x_, mean_, rstd_, weight_), strict=True):
        np.testing.assert_allclose(one, other, atol=tolerance * max(1, len(x)))
        assert one.dtype == x.dtype
    np.testing.assert_array_equal(x, before)


@given(rows())
def test_the_formula_and_its_gradients(drawn: Drawn) -> None:
    x, g, weight, bias, centred = drawn
    x_, g_ = x.astype(np.float64), g.astype(np.float64)
    weight_, bias_ = (
        np.ones(x.shape[1]) if one is None else one.astype(np.float64) for one in (weight, bias)
    )
    middle = x_.mean(1, keepdims=True) if centred else 0
    deviation = np.sqrt(((x_ - middle) ** 2).mean(1, keepdims=True) + 0.1)
    out, mean, rstd = normalized(x_, weight_, bias_, 0.1, centred)
    np.testing.assert_allclose(out, (x_ - middle) / deviation * weight_ + bias_, atol=1e-10)
    gx, gw, gb = normalized_backward(g_, x_, mean, rstd, weight_)
    rng, step = np.random.default_rng(0), 1e-6
    dx, direction = rng.standard_normal(x.shape), rng.standard_normal(x.shape[1])

    def value(s: float) -> float:
        moved = normalized(x_ + s * dx, weight_ + s * direction, bias_ - s * direction, 0.1, centred)[0]
        return float((g_ * moved).sum())

    slope = (gx * dx).sum() + gw @ direction - gb @ direction
    assert abs((value(step) - value(-step)) / (2 * step) - slope) < 1e-5 * max(1, np.abs(gx).sum())


def test_half_precision_is_summed_in_single() -> None:
    x = (np.random.default_rng(0).standard_normal((30, 9)) + 30).astype(np.float16)
    out, mean, rstd = row_normalize(x, None, None, eps=1e-5, centred=True)
    expected = normalized(x.astype(np.float64), None, None, 1e-5, True)[0]
    assert out.dtype == np.float16 and rstd.dtype == np.float32
    np.testing.assert_allclose(out, expected, atol=2e-3)
    gx, _, _ = row_normalize_backward(x, x, mean, rstd, None)
    assert gx.dtype == np.float16


def test_a_row_that_is_not_finite_spoils_no_other() -> None:
    x = np.random.default_rng(0).standard_normal((12, 9))
    x[3, 1], x[7, 2] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        out, _, _ = row_normalize(x, np.ones(9), np.zeros(9), eps=1e-5, centred=True)
    assert np.isnan(out[3]).all() and np.isnan(out[7, 2])
    assert np.isfinite(np.delete(out, [3, 7], 0)).all()
