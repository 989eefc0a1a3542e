"""Running sums and products are those of `ufunc.accumulate`, along every axis and in any order of memory."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_kr.kernels.scans import accumulate


@pytest.mark.parametrize("shape", [(5,), (0,), (3, 0), (20000,), (90, 300), (300, 1100), (4, 50, 90)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum])
def test_it_is_the_ufuncs_own(shape: tuple[int, ...], dtype: type, ufunc: np.ufunc) -> None:
    x = np.random.default_rng(0).uniform(0.999, 1.001, shape).astype(dtype)
    for source in (x, x[..., ::-1], np.asfortranarray(x)):
        for axis in range(x.ndim):
            expected = ufunc.accumulate(source, axis)
            found = accumulate(ufunc, source, axis)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
