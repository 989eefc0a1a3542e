"""Rows are added where they belong, by sorting or one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels.rows import sum_rows


@given(st.integers(0, 60), st.integers(1, 5), st.integers(0, 3), st.integers(0, 2**31))
def test_every_row_is_added(n: int, count: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    index, values = rng.integers(0, count, n), rng.integers(-9, 9, (n, width)).astype(np.float32)
    expected = np.zeros((count, width), np.float32)
    for position, row in zip(index, values):
        expected[position] += row
    found = sum_rows(values, index, count)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32


def test_positions_may_have_any_shape() -> None:
    index = np.array([[0, 1], [1, 1]])
    np.testing.assert_array_equal(sum_rows(np.ones((2, 2, 1)), index, 3), [[1], [3], [0]])


def test_rows_in_another_order_of_memory_are_the_same_rows() -> None:
    rng = np.random.default_rng(0)
    index = rng.integers(0, 5, (40, 70))
    values = rng.integers(-9, 9, (70, 40, 32)).astype(np.float32).transpose(1, 0, 2)
    expected = sum_rows(values.copy(), index, 5)
    np.testing.assert_array_equal(sum_rows(values, index, 5), expected)
    np.testing.assert_array_equal(
        sum_rows(np.broadcast_to(values[:, :1], values.shape), index, 5).sum(0), 70 * values[:, 0].sum(0)
    )
