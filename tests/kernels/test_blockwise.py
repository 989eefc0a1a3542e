"""A formula gives the same block by block as at once, in the memory order of its first array."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_kr.kernels.blockwise import BLOCK, LARGE, blockwise
from tinygrad_kr.kernels.threads import get_num_threads, set_num_threads


@blockwise
def formula(x: np.ndarray, y: np.ndarray, *, scale: float = 1.0) -> np.ndarray:
    return np.tanh(x * y) * scale + np.square(x)


@pytest.fixture(params=[1, 3])
def _threads(request: pytest.FixtureRequest) -> object:
    before = get_num_threads()
    set_num_threads(request.param)
    yield
    set_num_threads(before)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("size", [3, LARGE, LARGE + 7, LARGE + BLOCK + 1])
def test_equals_the_formula(size: int) -> None:
    x, y = np.random.default_rng(0).standard_normal((2, size)).astype(np.float32)
    out = formula(x, y, scale=2.0)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, formula.__wrapped__(x, y, scale=2.0), rtol=1e-6)


def test_memory_orders() -> None:
    x, y = np.random.default_rng(0).standard_normal((2, 8, 64, 32, 32))
    swapped, strided = x.transpose(0, 2, 3, 1), np.repeat(x, 2, -1)[..., ::2]
    plain = formula.__wrapped__
    for one, other in [(swapped, y.transpose(0, 2, 3, 1)), (swapped, y.reshape(swapped.shape)), (strided, y)]:
        out = formula(one, other)
        np.testing.assert_allclose(out, plain(one, other))
        assert out.strides == np.empty_like(one).strides


def test_other_shapes_go_to_the_formula_as_they_are() -> None:
    x = np.ones((LARGE // 4, 4))
    np.testing.assert_array_equal(formula(x, np.ones(4)), formula.__wrapped__(x, np.ones(4)))
    assert formula(2.0, 0.0) == 4.0


def test_an_error_in_a_block_is_raised() -> None:
    @blockwise
    def fails(x: np.ndarray) -> np.ndarray:
        raise FloatingPointError("in a block")

    with pytest.raises(FloatingPointError, match="in a block"):
        fails(np.ones(LARGE))
