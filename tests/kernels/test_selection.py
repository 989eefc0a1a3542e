"""`gate`, `select` and `positive` are `np.where` and `np.maximum` to the last bit, for every dtype."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels.selection import gate, positive, select

DTYPES = [np.float16, np.float32, np.float64, np.int8, np.int32, np.int64, np.bool_, np.complex128]
SHAPES = [((), (), ()), ((3,), (3,), (1,)), ((70, 80), (80,), (70, 1)), ((80,), (70, 80), ()), ((0, 2),) * 3]


def _values(shape: tuple[int, ...], dtype: object, rng: np.random.Generator) -> np.ndarray:
    values = rng.standard_normal(shape) * 3
    if np.dtype(dtype).kind == "f":
        special = rng.choice([np.nan, np.inf, -np.inf, -0.0], shape)
        values = np.where(rng.random(shape) < 0.2, special, values)
    return np.asarray(values).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shapes", SHAPES)
@given(seed=st.integers(0, 999))
def test_choices_are_where(shapes: tuple, dtype: type, seed: int) -> None:  # type: ignore[type-arg]
    rng = np.random.default_rng(seed)
    mask = np.asarray(rng.random(shapes[0]) < 0.5)
    x, y = _values(shapes[1], dtype, rng), _values(shapes[2], dtype, rng)
    chosen = select(mask, x, y)
    assert chosen.dtype == dtype
    np.testing.assert_array_equal(chosen, np.where(mask, x, y))
    kept = gate(x, mask)
    assert kept.dtype == dtype
    np.testing.assert_array_equal(kept, np.where(mask, x, np.zeros((), dtype)))


@pytest.mark.parametrize("shape", [(), (5,), (40000,), (4, 8, 30, 40)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_positive_is_maximum(shape: tuple[int, ...], dtype: type) -> None:
    x = _values(shape, dtype, np.random.default_rng(1))
    np.testing.assert_array_equal(positive(x), np.maximum(x, 0))
    if x.ndim == 4:
        swapped = x.transpose(0, 2, 3, 1)
        assert positive(swapped).strides == swapped.strides
        np.testing.assert_array_equal(positive(swapped[:, ::2]), np.maximum(swapped[:, ::2], 0))


def test_the_order_of_memory_is_the_masks() -> None:
    mask = (np.arange(24).reshape(2, 3, 4) % 2 == 0).transpose(2, 0, 1)
    assert gate(np.ones(mask.shape, np.float32), mask).strides == tuple(4 * step for step in mask.strides)
