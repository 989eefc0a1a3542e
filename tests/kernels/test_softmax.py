"""The softmax kernels against their definitions, on every axis, memory order and size."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_kr.kernels import softmax as kernels

SHAPES = [((), 0), ((5,), 0), ((3, 7), 1), ((3, 7), 0), ((2, 5, 3), 1), ((300, 1000), 1), ((2, 600, 250), 1)]


def _defined(x: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(np.atleast_1d(x).astype(np.float64))
    return (e / e.sum(axis, keepdims=True)).reshape(x.shape)


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_the_definition(shape: tuple[int, ...], axis: int, transposed: bool, dtype: type) -> None:
    x, g = np.random.default_rng(0).standard_normal((2, *shape)).astype(dtype)
    if transposed:
        x, g, axis = x.T, g.T, max(x.ndim - 1 - axis, 0)
    p = _defined(x, axis)
    close = {"rtol": 1e-5, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-12}
    out, log_out = kernels.softmax(x, axis=axis), kernels.log_softmax(x, axis=axis)
    assert out.dtype == log_out.dtype == dtype
    np.testing.assert_allclose(out, p, **close)
    np.testing.assert_allclose(log_out, np.log(p), **close)
    total = (lambda values: values) if not x.ndim else (lambda values: values.sum(axis, keepdims=True))
    np.testing.assert_allclose(
        kernels.softmax_backward(g, out, axis=axis), out * (g - total(g * out)), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        kernels.log_softmax_backward(g, log_out, axis=axis), g - p * total(g), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.filterwarnings("error")
def test_far_numbers_neither_overflow_nor_warn(axis: int) -> None:
    x = np.array([[1e30, 0.0, -np.inf], [-1e30, -np.inf, -np.inf]])
    x = x if axis == 1 else x.T
    out = kernels.softmax(x, axis=axis)
    np.testing.assert_array_equal(out if axis == 1 else out.T, [[1, 0, 0], [1, 0, 0]])
    log_out = kernels.log_softmax(x, axis=axis)
    np.testing.assert_array_equal(
        log_out if axis == 1 else log_out.T, [[0, -1e30, -np.inf], [0, -np.inf, -np.inf]]
    )
    nothing = np.full((2, 2), -np.inf)
    assert np.isnan(kernels.softmax(nothing, axis=axis)).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_rows_near_zero_and_far_from_it_are_alike(dtype: type) -> None:
    near = np.linspace(-31, 31, 60).reshape(3, 20).astype(dtype)
    close = 8 * float(np.finfo(dtype).eps)
    for x in (near, near + dtype(64)):
        np.testing.assert_allclose(kernels.softmax(x, axis=1), _defined(x, 1), rtol=close, atol=close)


def test_no_elements() -> None:
    assert kernels.softmax(np.zeros((2, 0)), axis=1).shape == (2, 0)
    assert kernels.log_softmax(np.zeros((0, 2)), axis=1).shape == (0, 2)
