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
    kernel: {"_WIDE": 8, "_NARROW": 4, "SMALL": 30},
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


Twin = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def twin(x: np.ndarray, g: np.ndarray, weight: np.ndarray, bias: np.ndarray, groups: int | None) -> Twin:
    """Result and gradients by the formulas, in float64."""
    shape = (-1, *(1,) * (x.ndim - 2))

    def mean(values: np.ndarray) -> np.ndarray:
        """Over what shares its statistics, broadcast back."""
        if groups is None:
            return values.mean((0, *range(2, x.ndim)), keepdims=True)
        grouped = values.reshape(len(x), groups, -1)
        return np.broadcast_to(grouped.mean(2, keepdims=True), grouped.shape).reshape(x.shape)

    centred = x - mean(x)
    rstd = 1 / np.sqrt(mean(centred * centred) + 0.1)
    xhat, h = centred * rstd, g * weight.reshape(shape)
    gx = rstd * (h - mean(h) - xhat * mean(h * xhat))
    others = (0, *range(2, x.ndim))
    return xhat * weight.reshape(shape) + bias.reshape(shape), gx, (g * xhat).sum(others), g.sum(others)


@given(
    images(),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from([0.0, 10.0, 1000.0]),
    st.integers(1, 2),
)
def test_chunks_compute_the_formulas(
    drawn: tuple[np.ndarray, np.ndarray, int | None], dtype: type, offset: float, count: int
) -> None:
    x, g, groups = (drawn[0] + offset).astype(dtype), drawn[1].astype(dtype), drawn[2]
    threads.set_num_threads(count)
    weight, bias = np.random.default_rng(0).standard_normal((2, x.shape[1])).astype(dtype)
    mean, var = kernel.channel_statistics(x, groups)
    rstd = 1 / np.sqrt(var + 0.1)
    out = kernel.channel_normalize(x, mean, rstd, weight, bias)
    grads = kernel.channel_normalize_backward(g, x, mean, rstd, weight)
    wide = (one.astype(np.float64) for one in (x, g, weight, bias))
    # Means are kept in float32, as in PyTorch, where they are as many digits short as they are far from zero.
    tolerance = 1e-9 if dtype is np.float64 else 3e-5 + 2e-7 * offset
    for one, other in zip((out, *grads), twin(*wide, groups), strict=True):
        np.testing.assert_allclose(one, other, atol=tolerance * len(x) * x.shape[-1], rtol=tolerance)
        assert one.dtype == dtype
    if x.flags.c_contiguous == out.flags.c_contiguous:
        assert grads[0].strides == out.strides
    constants = kernel.channel_normalize_backward(g, x, mean, rstd, weight, constant=True)
    by_channel = rstd if groups is None else np.repeat(rstd, x.shape[1] // groups, 1)
    factor = (by_channel * weight).reshape(*by_channel.shape, *(1,) * (x.ndim - 2))
    np.testing.assert_allclose(constants[0], g * factor, atol=tolerance, rtol=tolerance)


def test_groups_of_a_single_small_sample() -> None:
    x = np.array([[1.0, 3.0, 10.0, 30.0]])
    mean, var = kernel.channel_statistics(x, 2)
    np.testing.assert_allclose((mean, var), [[[2, 20]], [[1, 100]]])
    rstd = 1 / np.sqrt(var)
    np.testing.assert_allclose(kernel.channel_normalize(x, mean, rstd), [[-1, 1, -1, 1]])
    gx, gw, gb = kernel.channel_normalize_backward(x, x, mean, rstd)
    np.testing.assert_allclose(gx, np.zeros((1, 4)), atol=1e-12)
    np.testing.assert_allclose((gw, gb), [[-1, 3, -10, 30], x[0]])


def test_a_channels_last_input_gives_channels_last_results() -> None:
    x = np.moveaxis(np.ones((2, 5, 4, 3)), -1, 1)
    mean, var = kernel.channel_statistics(x)
    out = kernel.channel_normalize(x, mean, var + 1)
    gx, _, _ = kernel.channel_normalize_backward(out, x, mean, var + 1)
    assert x.strides == out.strides == gx.strides
    straight = np.ascontiguousarray(x)
    assert kernel.channel_normalize(straight, mean, var + 1).flags.c_contiguous


def test_half_precision_is_summed_in_single() -> None:
    x = (np.random.default_rng(0).standard_normal((8, 3, 5, 5)) + 20).astype(np.float16)
    mean, var = kernel.channel_statistics(x)
    np.testing.assert_allclose(var[0], x.astype(np.float64).var((0, 2, 3)), rtol=1e-4)
    out = kernel.channel_normalize(x, mean, 1 / np.sqrt(var))
    assert out.dtype == np.float16 and abs(float(out.astype(np.float64).std()) - 1) < 1e-3


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
