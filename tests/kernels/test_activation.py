"""The kernels of activations, of losses and of their derivatives against the formulas they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels.blockwise import BLOCK, LARGE
from tinygrad_kr.kernels.threads import get_num_threads, set_num_threads
from tinygrad_kr.ops import activation, exponential, loss, loss_likelihood, piecewise

ELU: dict[str, float] = {"alpha": 1.0, "scale": 1.0, "rate": 1.0}
SELU: dict[str, float] = {"alpha": 1.67, "scale": 1.05, "rate": 1.0}
CELU: dict[str, float] = {"alpha": 2.0, "scale": 1.0, "rate": 0.5}
FORMULAS: list[tuple[Callable[..., Any], int, dict[str, float]]] = [
    (exponential.sigmoid_, 1, {}),
    (exponential.sigmoid_gradient, 2, {}),
    *[
        (formula, arrays, statics)
        for formula, arrays in [(activation.exponential_unit, 1), (activation.exponential_unit_gradient, 2)]
        for statics in [ELU, SELU, CELU]
    ],
    *[
        (formula, arrays, {"beta": beta, "threshold": threshold})
        for formula, arrays in [(activation.softplus_, 1), (activation.softplus_gradient, 2)]
        for beta, threshold in [(1.0, 20.0), (2.5, 20.0), (1.0, 1.5), (0.5, -1.0)]
    ],
    (activation.logsigmoid_, 1, {}),
    (activation.logsigmoid_gradient, 2, {}),
    (activation.silu_, 1, {}),
    (activation.silu_and_slope, 1, {}),
    (activation.mish_, 1, {}),
    (activation.mish_and_slope, 1, {}),
    (activation.normal_cdf, 1, {}),
    (activation.tanh_cdf, 1, {}),
    (activation.gelu_value, 1, {}),
    (activation.gelu_tanh_value, 1, {}),
    (activation.gelu_and_slope, 1, {}),
    (activation.gelu_tanh_and_slope, 1, {}),
    (piecewise.relu_gradient, 2, {}),
    *[(piecewise.leaky, 1, {"slope": slope}) for slope in (0.0, 0.01, -0.5, 2.0)],
    (piecewise.leaky_gradient, 2, {"slope": 0.01}),
    (piecewise.leaky_gradient, 2, {"slope": -0.5}),
    (piecewise.hardtanh_gradient, 2, {"low": -1.0, "high": 2.0}),
    (piecewise.hardsigmoid_, 1, {}),
    (piecewise.hardsigmoid_gradient, 2, {}),
    (piecewise.hardswish_, 1, {}),
    (piecewise.hardswish_gradient, 2, {}),
    (loss.clipped_difference, 2, {"bound": 1.5}),
    (loss_likelihood.logistic_nll, 2, {}),
    (loss_likelihood.logistic_gradient, 2, {}),
    (loss_likelihood.kl_, 2, {}),
]
each = pytest.mark.parametrize(
    ("formula", "arrays", "statics"),
    FORMULAS,
    ids=[f"{formula.__name__}-{i}" for i, (formula, _, _) in enumerate(FORMULAS)],
)


def _compare(formula: Callable[..., Any], arrays: list[np.ndarray], statics: dict[str, float]) -> None:
    before = [one.copy() for one in arrays]
    with np.errstate(all="ignore"):
        out = formula(*arrays, **statics)
        wanted = formula.__wrapped__(*[one.astype(np.float64) for one in arrays], **statics)  # type: ignore[attr-defined]
    found, right = (one if isinstance(one, tuple) else (one,) for one in (out, wanted))
    assert len(found) == len(right)
    for result, value in zip(found, right):
        assert result.dtype == arrays[0].dtype and result.shape == arrays[0].shape
        tolerance = 16 * float(np.finfo(result.dtype).eps)
        np.testing.assert_allclose(result, value, rtol=tolerance, atol=tolerance)
        for one, old in zip(arrays, before):
            np.testing.assert_array_equal(one, old)
            assert not np.shares_memory(result, one)


@each
@given(
    shape=st.sampled_from([(), (0,), (5,), (70, 80), (2, 3, 4, 5)]),
    dtype=st.sampled_from([np.float32, np.float64]),
    transposed=st.booleans(),
    seed=st.integers(0, 99),
)
def test_equals_the_formula(
    formula: Callable[..., Any],
    arrays: int,
    statics: dict[str, float],
    shape: tuple[int, ...],
    dtype: type,
    transposed: bool,
    seed: int,
) -> None:
    values = np.asarray(np.random.default_rng(seed).standard_normal((arrays, *shape)) * 3).astype(dtype)
    _compare(formula, [one.T if transposed else one for one in values], statics)


@each
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("size", [BLOCK + 5, LARGE + 3])
def test_large_arrays(
    formula: Callable[..., Any], arrays: int, statics: dict[str, float], threads: int, size: int
) -> None:
    before = get_num_threads()
    set_num_threads(threads)
    try:
        _compare(
            formula,
            list((np.random.default_rng(0).standard_normal((arrays, size)) * 3).astype(np.float32)),
            statics,
        )
    finally:
        set_num_threads(before)


@pytest.mark.filterwarnings("error")
def test_far_numbers_neither_overflow_nor_warn() -> None:
    far = np.float32([-np.inf, -1e30, -200, 200, 1e30, np.inf, np.nan])
    nan = np.nan
    np.testing.assert_array_equal(exponential.sigmoid_(far), [0, 0, 0, 1, 1, 1, nan])
    np.testing.assert_array_equal(activation.normal_cdf(far), [0, 0, 0, 1, 1, 1, nan])
    np.testing.assert_array_equal(activation.exponential_unit(far, **ELU), [-1, -1, -1, *far[3:]])
    softplus = activation.softplus_(far, beta=1.0, threshold=20.0)
    np.testing.assert_array_equal(softplus, [0, 0, 0, *far[3:]])


def test_a_gate_is_shut_for_infinite_gradients_and_open_for_nan() -> None:
    g, x = np.float32([np.inf, np.inf, 2.0]), np.float32([-5.0, 5.0, np.nan])
    np.testing.assert_array_equal(piecewise.relu_gradient(g, np.float32([0, 5, np.nan])), [0, np.inf, 2])
    np.testing.assert_array_equal(piecewise.hardswish_gradient(g, x), [0, np.inf, 2])
    np.testing.assert_array_equal(piecewise.leaky_gradient(g[1:], x[1:], slope=0.25), [np.inf, 0.5])
