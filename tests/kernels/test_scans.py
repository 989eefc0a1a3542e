"""Running sums and products are those of `ufunc.accumulate`, along every axis, on one thread and several."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_kr.kernels.scans import accumulate
from tinygrad_kr.kernels.threads import get_num_threads, set_num_threads


@pytest.mark.parametrize(
    "shape", [(5,), (0,), (3, 0), (20000,), (16411,), (90, 300), (300, 1100), (7, 4096), (4, 50, 90)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply])
def test_it_is_the_ufuncs_own(shape: tuple[int, ...], dtype: type, ufunc: np.ufunc) -> None:
    x = np.random.default_rng(0).uniform(0.999, 1.001, shape).astype(dtype)
    before = get_num_threads()
    for source in (x, x[..., ::-1], np.asfortranarray(x)):
        for axis in range(x.ndim):
            expected = ufunc.accumulate(source, axis)
            found = accumulate(ufunc, source, axis)
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, 0.02 if dtype == np.float16 else 2e-4)
            set_num_threads(1)
            np.testing.assert_array_equal(accumulate(ufunc, source, axis), found)
            set_num_threads(before)


def test_sums_are_accurate_and_pass_on_nan() -> None:
    x = np.random.default_rng(0).uniform(0, 1, 2**20).astype(np.float32)
    exact = np.cumsum(x, dtype=np.float64)
    assert np.max(np.abs(accumulate(np.add, x, 0) - exact) / exact) < 2e-5
    x[70], x[90] = np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        found = accumulate(np.add, x, 0)
    assert np.isfinite(found[:70]).all() and np.isposinf(found[70:90]).all() and np.isnan(found[90:]).all()
