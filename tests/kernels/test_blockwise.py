"""A kernel gives block by block what its formula gives, in the memory order of its last array."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_kr.kernels.blockwise import BLOCK, LARGE, SHARED_BLOCK, blockwise, on_all_threads, workspace
from tinygrad_kr.kernels.threads import get_num_threads, set_num_threads


def kernel(out: np.ndarray, x: np.ndarray, y: np.ndarray, *, scale: float = 1.0) -> None:
    square = np.square(x, out=workspace(out))
    np.multiply(x, y, out=out)
    np.tanh(out, out=out)
    np.multiply(out, scale, out=out)
    np.add(out, square, out=out)


@blockwise(kernel)
def formula(x: np.ndarray, y: np.ndarray, *, scale: float = 1.0) -> np.ndarray:
    return np.tanh(x * y) * scale + np.square(x)


@pytest.fixture(params=[1, 3])
def _threads(request: pytest.FixtureRequest) -> object:
    before = get_num_threads()
    set_num_threads(request.param)
    yield
    set_num_threads(before)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("size", [0, 3, BLOCK, BLOCK + 7, LARGE, LARGE + SHARED_BLOCK + 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_the_formula(size: int, dtype: type) -> None:
    x, y = np.random.default_rng(0).standard_normal((2, size)).astype(dtype)
    x.flags.writeable = False
    out = formula(x, y, scale=2.0)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, formula.__wrapped__(x, y, scale=2.0))


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("batch", [1, 8])
def test_memory_orders(batch: int) -> None:
    x, y = np.random.default_rng(0).standard_normal((2, batch, 64, 33, 32))
    swapped, strided = x.transpose(0, 2, 3, 1), np.repeat(x, 2, -1)[..., ::2]
    plain = formula.__wrapped__
    for one, other in [(swapped, y.transpose(0, 2, 3, 1)), (swapped, y.reshape(swapped.shape)), (strided, y)]:
        out = formula(one, other)
        np.testing.assert_array_equal(out, plain(one, other))
        assert out.strides == np.empty_like(other).strides


def test_what_the_kernel_cannot_take_goes_to_the_formula() -> None:
    x = np.ones((LARGE // 4, 4))
    np.testing.assert_array_equal(formula(x, np.ones(4)), formula.__wrapped__(x, np.ones(4)))
    assert formula(x.astype(np.float32), x).dtype == np.float64
    assert formula(2.0, 0.0) == 4.0


@pytest.mark.parametrize("size", [3, LARGE])
def test_an_error_in_a_block_is_raised(size: int) -> None:
    def fails(out: np.ndarray, x: np.ndarray) -> None:
        raise FloatingPointError("in a block")

    with pytest.raises(FloatingPointError, match="in a block"):
        blockwise(fails)(lambda x: x)(np.ones(size))


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("size", [3, LARGE + 1])
def test_a_function_on_all_threads_is_the_function(size: int) -> None:
    x = np.random.default_rng(0).standard_normal(size)
    np.testing.assert_array_equal(on_all_threads(np.exp)(x), np.exp(x))
    assert on_all_threads(np.exp)(0.0) == 1
