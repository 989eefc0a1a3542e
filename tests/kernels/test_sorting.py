"""The order is NumPy's stable one, with equal elements and NaN, in both directions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels.sorting import argsort


@pytest.mark.parametrize("shape", [(5,), (40,), (0, 3), (3, 0), (200, 300), (4, 50, 6)])
@given(st.sampled_from([np.float32, np.float64, np.float16, np.int64]), st.booleans(), st.integers(0, 99))
def test_equal_elements_keep_their_order(shape: tuple[int, ...], dtype: type, ties: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = (rng.integers(-9, 9, shape) if ties else rng.standard_normal(shape) * 1000).astype(dtype)
    if x.dtype.kind == "f":
        x[rng.random(shape) < 0.02] = np.nan
    for axis in range(len(shape)):
        np.testing.assert_array_equal(argsort(x, axis), np.argsort(x, axis, kind="stable"))
        flipped = np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)
        np.testing.assert_array_equal(argsort(x, axis, descending=True), shape[axis] - 1 - flipped)
