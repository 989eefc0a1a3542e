"""Products of sparse matrices equal those of the dense matrices with the same elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels import sparse
from tinygrad_kr.kernels.sparse import Pattern, product, sampled, transposed


def dense_of(values: np.ndarray, pattern: Pattern) -> np.ndarray:
    """The simple twin: one entry after the other."""
    out = np.zeros(pattern.shape, values.dtype)
    for value, (row, column) in zip(values, pattern.indices.T):
        out[row, column] += value
    return out


@st.composite
def matrices(draw: Any) -> tuple[np.ndarray, Pattern, np.random.Generator]:
    """Entries and where they are: none, few, many, or nearly all in one row."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    shape = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    count = draw(st.sampled_from([0, 1, 5, 60]))
    indices = rng.integers(0, shape, (count, 2)).T
    if draw(st.booleans()):
        indices[0, : count // 2] = 0
    dtype = draw(st.sampled_from([np.float32, np.float64, np.complex128, np.int64]))
    return (rng.standard_normal(count) * 3).astype(dtype), Pattern(indices, shape), rng


@given(matrices(), st.integers(0, 3), st.sampled_from("CF"), st.sampled_from([1, 1 << 18]))
def test_product(matrix: Any, width: int, order: Any, piece: int) -> None:
    values, pattern, rng = matrix
    sparse._PIECE, before = piece, sparse._PIECE
    try:
        for one in (pattern, transposed(pattern), transposed(transposed(pattern))):
            other = np.asarray(rng.standard_normal((one.shape[1], width)) * 3, order=order).astype(
                values.dtype
            )
            kept = other.copy()
            np.testing.assert_allclose(
                product(values, other, one), dense_of(values, one) @ other, rtol=1e-4, atol=1e-4
            )
            np.testing.assert_array_equal(other, kept)
    finally:
        sparse._PIECE = before


@given(matrices(), st.integers(0, 3), st.sampled_from([1, 1 << 18]))
def test_sampled(matrix: Any, width: int, piece: int) -> None:
    values, pattern, rng = matrix
    x, y = (np.asarray(rng.standard_normal((n, width)) * 3).astype(values.dtype) for n in pattern.shape)
    sparse._PIECE, before = piece, sparse._PIECE
    try:
        got = sampled(x, y, pattern)
    finally:
        sparse._PIECE = before
    np.testing.assert_allclose(got, (x @ y.T)[tuple(pattern.indices)], rtol=1e-4, atol=1e-4)


def test_the_transposed_pattern_knows_what_was_found() -> None:
    pattern = Pattern(np.array([[0, 1], [1, 0]]), (2, 2))
    groups = pattern.groups()
    assert transposed(transposed(pattern)).groups() is groups
    assert transposed(pattern).groups() is transposed(pattern).groups()


def test_many_columns_of_positions() -> None:
    rng = np.random.default_rng(0)
    shape = (70_000, 5)  # more rows than 16 bits count
    pattern = Pattern(np.stack([rng.integers(0, shape[0], 300), rng.integers(0, 5, 300)]), shape)
    values, other = rng.standard_normal(300), rng.standard_normal((5, 2))
    np.testing.assert_allclose(product(values, other, pattern), dense_of(values, pattern) @ other, atol=1e-12)
