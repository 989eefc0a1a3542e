"""Normalisation kernels against their formulas, with chunks so small that every cut happens."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels import chunks, row_normalization, threads
from tinygrad_kr.kernels import normalization as kernel

SMALL = {
    kernel: {"_WIDE": 8, "_NARROW": 4, "SMALL": 8},
    row_normalization: {"_DOT": 4},
    chunks: {"SHORT": 12, "LONG": 24, "PARALLEL": 60, "SMALL": 8},
}


@pytest.fixture(autouse=True, scope="module")
def small_chunks() -> Iterator[None]:
    """Chunks of a few rows, rows of a few positions, a second thread from sixty elements."""
    patch, before = pytest.MonkeyPatch(), threads.get_num_threads()
    for module, values in SMALL.items():
        for name, value in values.items():
            patch.setattr(module, name, value)
    cached = (kernel._layout_of, chunks._cuts)
    for one in cached:
        one.cache_clear()
    threads.set_num_threads(2)
    yield
    patch.undo()
    threads.set_num_threads(before)
    for one in cached:
        one.cache_clear()


@st.composite
def images(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int | None]:
    """x and g (N, C, *spatial) in two memory orders, and how many groups of channels, None for the batch."""
    groups = draw(st.sampled_from([None, 1, 2, 3]))
    channels = (groups or 1) * draw(st.integers(1, 3))
    shape = (
        draw(st.integers(1, 4)),
        channels,
        *draw(st.lists(st.integers(1, 6), min_size=1, max_size=2)),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    x, g = rng.standard_normal((2, *shape))
    if draw(st.booleans()):
        x = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    return x, g, draw(st.sampled_from([groups, channels])) if groups else None


def parts(x: np.ndarray, groups: int | None) -> tuple[np.ndarray, tuple[int, ...]]:
    """x as (sets, groups, *) and the axes of what shares its statistics."""
    if groups is None:
        moved = np.moveaxis(x, 1, 0).reshape(1, x.shape[1], -1)
        return moved, (2,)
    return x.reshape(len(x), groups, -1), (2,)


@given(images())
def test_statistics_are_means_and_variances(drawn: tuple[np.ndarray, np.ndarray, int | None]) -> None:
    x, _, groups = drawn
    grouped, axes = parts(x, groups)
    mean, var = kernel.channel_statistics(x, groups)
    np.testing.assert_allclose(mean, grouped.mean(axes), atol=1e-12)
    np.testing.assert_allclose(var, grouped.var(axes), atol=1e-12)


@given(images())
def test_normalize_and_its_gradients(drawn: tuple[np.ndarray, np.ndarray, int | None]) -> None:
    x, g, groups = drawn
    rng = np.random.default_rng(0)
    weight, bias, direction = rng.standard_normal((3, x.shape[1]))
    dx = rng.standard_normal(x.shape)

    def run(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        mean, var = kernel.channel_statistics(x, groups)
        return kernel.channel_normalize(x, mean, 1 / np.sqrt(var + 0.1), weight, bias)

    grouped, axes = parts(x, groups)
    xhat = (grouped - grouped.mean(axes, keepdims=True)) / np.sqrt(grouped.var(axes, keepdims=True) + 0.1)
    if groups is None:
        xhat = np.moveaxis(xhat.reshape(x.shape[1], len(x), *x.shape[2:]), 0, 1)
    shape = (-1, *(1,) * (x.ndim - 2))
    expected = xhat.reshape(x.shape) * weight.reshape(shape) + bias.reshape(shape)
    np.testing.assert_allclose(run(x, weight, bias), expected, atol=1e-10)

    mean, var = kernel.channel_statistics(x, groups)
    gx, gw, gb = kernel.channel_normalize_backward(g, x, mean, 1 / np.sqrt(var + 0.1), weight)
    step = 1e-6
    ends = [(g * run(x + s * dx, weight + s * direction, bias - s * direction)).sum() for s in (step, -step)]
    slope = (gx * dx).sum() + gw @ direction - gb @ direction
    assert abs((ends[0] - ends[1]) / (2 * step) - slope) < 1e-6 * max(1, np.abs(gx).sum())


def test_a_large_mean_costs_no_digits() -> None:
    x = (np.random.default_rng(0).standard_normal((8, 3, 10, 10)) + 1e4).astype(np.float32)
    mean, var = kernel.channel_statistics(x)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(mean[0], exact.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(var[0], exact.var((0, 2, 3)), rtol=1e-4)


@pytest.mark.parametrize("shape", [(0, 3), (2, 3, 0), (0, 4, 2, 2)])
def test_empty_inputs(shape: tuple[int, ...]) -> None:
    x = np.zeros(shape)
    mean, var = kernel.channel_statistics(x)
    assert kernel.channel_normalize(x, mean, var).shape == shape
    gx, gw, gb = kernel.channel_normalize_backward(x, x, mean, var)
    assert gx.shape == shape and not gw.any() and not gb.any()


@given(st.integers(0, 40), st.integers(1, 9), st.booleans(), st.booleans(), st.integers(0, 2**31))
def test_rows_and_their_gradients(rows: int, width: int, centred: bool, affine: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, g, dx = rng.standard_normal((3, rows, width))
    weight, bias, direction = rng.standard_normal((3, width))

    def run(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        given = (weight, bias) if affine else (None, None)
        return row_normalization.row_normalize(x, *given, eps=0.1, centred=centred)[0]

    middle = x.mean(1, keepdims=True) if centred else 0
    expected = (x - middle) / np.sqrt(((x - middle) ** 2).mean(1, keepdims=True) + 0.1)
    np.testing.assert_allclose(
        run(x, weight, bias), expected * weight + bias if affine else expected, atol=1e-10
    )
    _, mean, rstd = row_normalization.row_normalize(x, None, None, eps=0.1, centred=centred)
    gx, gw, gb = row_normalization.row_normalize_backward(g, x, mean, rstd, weight if affine else None)
    step = 1e-6
    ends = [(g * run(x + s * dx, weight + s * direction, bias - s * direction)).sum() for s in (step, -step)]
    slope = (gx * dx).sum() + (gw @ direction - gb @ direction if affine else 0)
    assert abs((ends[0] - ends[1]) / (2 * step) - slope) < 1e-6 * max(1, np.abs(gx).sum())
