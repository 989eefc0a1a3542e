"""Gathering, putting and adding at positions along an axis agree with NumPy, whatever size and threads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_kr.kernels import scatter
from tinygrad_kr.kernels.rows import add_rows
from tinygrad_kr.kernels.threads import get_num_threads, set_num_threads


@pytest.fixture(params=[1, 2], autouse=True)
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = get_num_threads()
    set_num_threads(request.param)
    yield
    set_num_threads(before)


CASES = [
    ((3, 4), (2, 5)),
    ((6,), (9,)),
    ((2, 3, 4), (2, 2, 3)),
    ((0, 3), (0, 0)),
    ((40, 90, 60), (40, 90, 50)),
]
CASES += [((3000, 70), (3000, 50)), ((30000,), (200000,))]


@pytest.mark.parametrize(("shape", "size"), CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_along_an_axis(shape: tuple[int, ...], size: tuple[int, ...], dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, values = (rng.integers(-9, 9, one).astype(dtype) for one in (shape, size))
    for axis in range(len(shape)):
        if any(two > one for dim, (one, two) in enumerate(zip(shape, size)) if dim != axis):
            continue
        index = rng.integers(0, max(shape[axis], 1), size)
        grid = list(np.indices(size, sparse=True))
        grid[axis] = index
        places = tuple(np.broadcast_arrays(*grid))
        for source in (x, np.asfortranarray(x)):
            np.testing.assert_array_equal(scatter.gather_along(source, index, axis), x[places])
        added, put = x.copy(), x.copy()
        np.add.at(added, places, values)
        put[places] = values
        found = x.copy()
        scatter.add_along(found, index.astype(np.int32), values, axis)
        np.testing.assert_array_equal(found, added)
        found = x.copy()
        scatter.put_along(found, index, values, axis)
        np.testing.assert_array_equal(found, put)
        put[places] = 5
        scatter.put_along(found, index, 5, axis)
        np.testing.assert_array_equal(found, put)


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 300), st.sampled_from([1, 40, 130]), st.integers(0, 99))
def test_rows_are_added_one_after_the_other(n: int, count: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    index = (count * rng.random(n) ** rng.choice([1, 9])).astype(np.int64)  # evenly, or most of them at 0
    values, out = (rng.integers(-9, 9, (rows, width)).astype(np.float32) for rows in (n, count))
    expected = out.copy()
    np.add.at(expected, index, values)
    add_rows(out, values, index)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_positions_of_a_dimension(axis: int) -> None:
    rng = np.random.default_rng(0)
    shape = (50, 40, 60)
    where = rng.integers(-shape[axis], shape[axis], 90)
    index = (*[slice(None)] * axis, where)
    out = rng.integers(-9, 9, shape).astype(np.float32)
    values = rng.integers(-9, 9, out[index].shape).astype(np.float32)
    expected = out.copy()
    np.add.at(expected, index, values)
    scatter.add_at(out, index, values)
    np.testing.assert_array_equal(out, expected)
