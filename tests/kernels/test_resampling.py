"""Resampling kernels against the matrices they stand for."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels.resampling import Resampling, resample, resample_adjoint


@st.composite
def maps(draw: st.DrawFn) -> tuple[Resampling, np.ndarray]:
    """A resampling of more outputs than a block holds, and its matrix (outputs, inputs)."""
    size, out, taps = draw(st.integers(1, 9)), draw(st.integers(1, 70)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    indices = rng.integers(0, size, (taps, out))
    weights = rng.standard_normal((taps, out)) if taps > 1 else None
    matrix = np.zeros((out, size))
    for index, weight in zip(indices, np.ones((1, out)) if weights is None else weights):
        matrix[np.arange(out), index] += weight
    return Resampling(size, indices, weights), matrix


@given(maps(), maps(), st.booleans(), st.integers(0, 2))
def test_resampling_is_a_product_along_each_dimension(
    rows: tuple[Resampling, np.ndarray],
    columns: tuple[Resampling, np.ndarray],
    channels_last: bool,
    batch: int,
) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, 2, rows[0].input_size, columns[0].input_size))
    if channels_last:
        x = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    both = {0: rows[0], 1: columns[0]}
    out = resample(x, both)
    np.testing.assert_allclose(out, rows[1] @ x @ columns[1].T, atol=1e-10)
    g = rng.standard_normal(out.shape)
    np.testing.assert_allclose(resample_adjoint(g, both), rows[1].T @ g @ columns[1], atol=1e-10)
    assert np.array_equal(resample(x, {}), x) and not np.shares_memory(resample(x, {}), x)


def test_an_infinite_value_stays_where_it_is_copied() -> None:
    x = np.array([[[1.0, np.inf, 2.0]]])
    np.testing.assert_array_equal(
        resample(x, {0: Resampling(3, np.array([[0, 0, 2, 2]]))}), [[[1.0, 1.0, 2.0, 2.0]]]
    )


def test_channels_last_memory_is_kept() -> None:
    x = np.ones((2, 4, 5, 3)).transpose(0, 3, 1, 2)
    out = resample(x, {1: Resampling(5, np.array([[0, 1], [1, 4]]), np.full((2, 2), 0.5))})
    assert out.shape == (2, 3, 4, 2) and out.transpose(0, 2, 3, 1).flags.c_contiguous
