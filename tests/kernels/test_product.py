"""Products in bands equal NumPy's, whatever the shapes, strides and number of threads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels import product
from tinygrad_kr.kernels.threads import get_num_threads, set_num_threads

SIDES = st.sampled_from([0, 1, 2, 17, 40])


@pytest.fixture(autouse=True, scope="module")
def _small_thresholds() -> Iterator[None]:
    """Make every path reachable with small matrices."""
    kept = product._TINY, product._LARGE, product._BAND, get_num_threads()
    product._TINY, product._LARGE, product._BAND = 100, 2000, 4
    yield
    product._TINY, product._LARGE, product._BAND = kept[:3]
    set_num_threads(kept[3])


@given(
    sides=st.tuples(SIDES, SIDES, SIDES),
    stack=st.lists(st.integers(1, 3), max_size=2).map(tuple),
    stacked=st.sampled_from(["neither", "first", "both"]),
    turned=st.tuples(st.booleans(), st.booleans()),
    threads=st.sampled_from([1, 2, 3]),
    dtype=st.sampled_from([np.float32, np.float64, np.int64]),
)
def test_equals_numpy(
    sides: tuple[int, int, int],
    stack: tuple[int, ...],
    stacked: str,
    turned: tuple[bool, bool],
    threads: int,
    dtype: type,
) -> None:
    set_num_threads(threads)
    m, k, n = sides
    rng = np.random.default_rng(m + 7 * k + 49 * n)
    x = rng.integers(-4, 5, ((*stack, m, k) if stacked != "neither" else (m, k))).astype(dtype)
    y = rng.integers(-4, 5, ((*stack, k, n) if stacked == "both" else (k, n))).astype(dtype)
    x = x.swapaxes(-1, -2).copy().swapaxes(-1, -2) if turned[0] else x
    y = y.swapaxes(-1, -2).copy().swapaxes(-1, -2) if turned[1] else y
    out = product.matmul(x, y)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, np.matmul(x, y))


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError):
        product.matmul(np.ones((2, 3)), np.ones((4, 5)))
