"""A row-major copy holds the same elements, whatever the order of the source."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tinygrad_kr.kernels.copying import row_major


@pytest.mark.parametrize("shape", [(), (7,), (0, 3), (300, 200), (257, 1024), (9, 70, 80), (4, 20, 30, 40)])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_the_elements_stay(shape: tuple[int, ...], dtype: type) -> None:
    x = np.random.default_rng(0).integers(0, 99, shape).astype(dtype)
    for order in itertools.permutations(range(len(shape))):
        for view in (x.transpose(order), x.transpose(order)[::-1] if shape else x):
            copy = row_major(view)
            assert copy.flags.c_contiguous and copy.flags.owndata
            np.testing.assert_array_equal(copy, view)
