"""`reduce` is `ufunc.reduce`, and its sums are at least as accurate, for every order of the memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels.reduction import place, reduce, sum_of_squares

SIZES = [(9000,), (90, 100), (4500, 2), (3, 1500), (65, 129), (20, 30, 40), (8, 700, 3), (4, 16, 10, 30)]
UFUNCS = [np.add, np.multiply, np.maximum, np.minimum]


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    """Arrays large enough for every path, their dimensions in any order, some with gaps or repetitions."""
    shape = draw(st.sampled_from(SIZES))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.uniform(0.99, 1.01, shape) * rng.choice([-1, 1], shape)
    x = x.astype(draw(st.sampled_from([np.float32, np.float64, np.float16, np.int64])))
    x = x.transpose(draw(st.permutations(range(len(shape)))))
    form = draw(st.sampled_from(["whole", "whole", "whole", "gaps", "flipped", "repeated"]))
    if form == "gaps":
        return x[..., ::2]
    if form == "flipped":
        return x[::-1]
    return np.broadcast_to(x[:1], x.shape) if form == "repeated" else x


@pytest.mark.parametrize("ufunc", UFUNCS)
@given(x=arrays(), data=st.data(), keepdims=st.booleans())
def test_it_is_the_ufuncs_own(ufunc: np.ufunc, x: np.ndarray, data: st.DataObject, keepdims: bool) -> None:
    axes = data.draw(st.lists(st.integers(-x.ndim, x.ndim - 1), unique_by=lambda one: one % x.ndim))
    axis = data.draw(st.sampled_from([tuple(axes), None, *axes]))
    found = reduce(ufunc, x, axis, keepdims)
    expected = ufunc.reduce(x.astype(np.float64), axis=axis, keepdims=keepdims)
    assert np.shape(found) == np.shape(expected) and np.asarray(found).dtype == ufunc.reduce(x, axis).dtype
    if x.dtype != np.float16 or ufunc in (np.maximum, np.minimum):
        tolerance = {"f": 1e-4, "d": 1e-11}.get(x.dtype.char, 0)
        np.testing.assert_allclose(found, expected, tolerance, 30 * tolerance)


def test_the_result_is_never_the_array() -> None:
    x = np.ones((1, 5000), np.float32)
    for axis in (0, (), (0,)):
        assert not np.shares_memory(reduce(np.add, x, axis), x)


@pytest.mark.parametrize("shape", [(70, 80), (700, 8), (8, 700)])
@pytest.mark.parametrize("ufunc", UFUNCS)
def test_nan_and_infinities(shape: tuple[int, ...], ufunc: np.ufunc) -> None:
    x = np.ones(shape, np.float32)
    x[0, 0], x[1, 1], x[2, 2], x[2, 3] = np.nan, np.inf, np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        for axis in (0, 1, None):
            np.testing.assert_array_equal(reduce(ufunc, x, axis), ufunc.reduce(x, axis=axis))


@pytest.mark.parametrize("size", [5000, 2**16, 2**16 + 77, 2**20 + 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_sums_are_as_accurate_as_pairwise_ones(size: int, axis: int) -> None:
    x = np.random.default_rng(0).uniform(0, 1, (2, size) if axis else (size, 2)).astype(np.float32)
    exact = x.sum(axis, dtype=np.float64)
    assert np.abs(reduce(np.add, x, axis) - exact).max() <= 4e-7 * exact.max()
    assert abs(reduce(np.add, x) - exact.sum()) <= 4e-7 * exact.sum()
    squares = np.dot(x.reshape(-1).astype(np.float64), x.reshape(-1))
    assert abs(sum_of_squares(x.reshape(-1)) - squares) <= 4e-7 * squares


@pytest.mark.parametrize("shape", [(), (700,), (3, 0), (0, 3), (900, 10), (10, 900), (90, 100), (30, 16, 20)])
@given(st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.uint8]), st.integers(0, 99))
def test_places_are_the_first_ones(shape: tuple[int, ...], dtype: type, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.asarray(rng.integers(0, 9, shape)).astype(dtype)
    if x.dtype.kind == "f" and x.ndim:
        x[rng.random(shape) < 0.01] = np.nan
    for axis in range(x.ndim):
        if x.shape[axis]:
            np.testing.assert_array_equal(place(np.maximum, x, axis), x.argmax(axis))
            np.testing.assert_array_equal(place(np.minimum, x, axis), x.argmin(axis))
