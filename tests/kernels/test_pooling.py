"""Pooling kernels against their simple twins, over shapes, memory orders, ties, NaN and thread counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tinygrad_kr.kernels import pooling, reference, threads, windows


@pytest.fixture(autouse=True, scope="module")
def restore_threads() -> Iterator[None]:
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


@st.composite
def inputs(draw: st.DrawFn, size: tuple[int, ...]) -> np.ndarray:
    """Values with ties, NaN or infinities, in some memory order."""
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = random.standard_normal((draw(st.integers(0, 3)), *size, draw(st.sampled_from([1, 2, 9])))).astype(
        dtype
    )
    kind = draw(st.sampled_from(["plain", "ties", "nan", "-inf"]))
    if kind == "ties":
        x = x.round()
    elif kind != "plain":
        x[random.random(x.shape) < 0.3] = float(kind)
    x = np.moveaxis(x, -1, 1)
    order = draw(st.sampled_from(["channels last", "contiguous", "reversed", "read-only"]))
    if order == "reversed":
        x = np.ascontiguousarray(x[:, :, ::-1])[:, :, ::-1]
    elif order != "channels last":
        x = np.ascontiguousarray(x)
        x.flags.writeable = order != "read-only"
    threads.set_num_threads(draw(st.sampled_from([1, 2])))
    return x


@st.composite
def pools(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, ...], dict[str, Any], list[list[range]]]:
    """x, kernel, keywords and the windows of a plain pooling, all of which hold at least one input."""
    dimensions = draw(st.sampled_from([1, 2, 2, 3]))

    def several(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(dimensions))

    kernel, stride, dilation = several(1, 4), several(1, 5), several(1, 2)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    ceil_mode = draw(st.booleans())
    size = tuple(
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 7 if dimensions < 3 else 2))
        for k, p, d in zip(kernel, padding, dilation, strict=True)
    )
    keywords = {"stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    shape = pooling.output_shape(size, kernel, **keywords)
    windows = [
        reference.plain_windows(*along)
        for along in zip(size, shape, kernel, stride, padding, dilation, strict=True)
    ]
    assume(all(window for along in windows for window in along))
    return draw(inputs(size)), kernel, keywords, windows


@st.composite
def adaptives(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, ...], list[list[range]]]:
    dimensions = draw(st.integers(1, 3))
    size = tuple(draw(st.integers(1, 9 if dimensions < 3 else 4)) for _ in range(dimensions))
    output = tuple(draw(st.integers(1, 9 if dimensions < 3 else 4)) for _ in range(dimensions))
    windows = [reference.adaptive_windows(*along) for along in zip(size, output, strict=True)]
    return draw(inputs(size)), output, windows


def gradient(like: np.ndarray) -> np.ndarray:
    """A gradient for `like` in another memory order, with an infinity in it."""
    g = np.random.default_rng(0).standard_normal(like.shape).astype(like.dtype)
    if g.size:
        g[0, 0] = np.inf
    return np.ascontiguousarray(g)


def close(actual: np.ndarray, expected: np.ndarray) -> None:
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    tolerance = 1e-12 if actual.dtype == np.float64 else 1e-5
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@given(pools())
def test_max_pool(case: tuple[np.ndarray, tuple[int, ...], dict[str, Any], list[list[range]]]) -> None:
    x, kernel, keywords, windows = case
    before = x.copy()
    expected, expected_indices = reference.max_pool(x, windows)
    out, indices = pooling.max_pool(x, kernel, return_indices=True, **keywords)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(indices, expected_indices)
    assert indices is not None
    assert indices.dtype == np.int64
    again, nothing = pooling.max_pool(x, kernel, **keywords)
    np.testing.assert_array_equal(again, expected)
    assert nothing is None
    assert np.moveaxis(out, 1, -1).flags.c_contiguous
    g = gradient(out)
    gx = pooling.max_pool_backward(g, x, out, kernel, **keywords)
    close(gx, reference.max_pool_backward(g, expected_indices, x.shape))
    np.testing.assert_array_equal(x, before)


@given(adaptives())
def test_adaptive_max_pool(case: tuple[np.ndarray, tuple[int, ...], list[list[range]]]) -> None:
    x, size, windows = case
    expected, expected_indices = reference.max_pool(x, windows)
    out, indices = pooling.adaptive_max_pool(x, size, return_indices=True)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(indices, expected_indices)
    np.testing.assert_array_equal(pooling.adaptive_max_pool(x, size)[0], expected)
    g = gradient(out)
    gx = pooling.adaptive_max_pool_backward(g, x, out, size)
    close(gx, reference.max_pool_backward(g, expected_indices, x.shape))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@given(pools(), st.booleans(), st.sampled_from([None, None, 3]))
def test_avg_pool(
    case: tuple[np.ndarray, tuple[int, ...], dict[str, Any], list[list[range]]],
    count_include_pad: bool,
    divisor_override: int | None,
) -> None:
    x, kernel, keywords, _ = case
    keywords = {name: keywords[name] for name in ("stride", "padding", "ceil_mode")}
    try:
        shape = pooling.output_shape(x.shape[2:], kernel, **keywords)
    except RuntimeError:
        assume(False)
    along = list(zip(x.shape[2:], shape, kernel, keywords["stride"], keywords["padding"], strict=True))
    windows = [reference.plain_windows(*arguments) for arguments in along]
    counts = [
        [
            min(i * s - p + k, length + p) - (i * s - p) if count_include_pad else len(window)
            for i, window in enumerate(axis)
        ]
        for axis, (length, _, k, s, p) in zip(windows, along, strict=True)
    ]
    assume(all(len(window) for axis in windows for window in axis))
    divisor = np.ones(())
    for count in counts:
        divisor = np.multiply.outer(divisor, count)
    if divisor_override is not None:
        divisor = np.full(shape, divisor_override)
    keywords |= {"count_include_pad": count_include_pad, "divisor_override": divisor_override}
    out = pooling.avg_pool(x, kernel, **keywords)
    close(out, reference.avg_pool(x, windows, divisor))
    g = gradient(out)
    gx = pooling.avg_pool_backward(g, x.shape, kernel, **keywords)
    close(gx, reference.avg_pool_backward(g, x.shape, windows, divisor))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@given(adaptives())
def test_adaptive_avg_pool(case: tuple[np.ndarray, tuple[int, ...], list[list[range]]]) -> None:
    x, size, windows = case
    divisor = np.ones(())
    for axis in windows:
        divisor = np.multiply.outer(divisor, [len(window) for window in axis])
    out = pooling.adaptive_avg_pool(x, size)
    close(out, reference.avg_pool(x, windows, divisor))
    g = gradient(out)
    gx = pooling.adaptive_avg_pool_backward(g, x.shape, size)
    close(gx, reference.avg_pool_backward(g, x.shape, windows, divisor))


@pytest.mark.parametrize("kernel", [16, 20])
def test_long_tiles_are_reduced_in_one_call(kernel: int) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 65))
    tiles = x[..., : 65 // kernel * kernel].reshape(2, 3, -1, kernel)
    arguments = {"stride": (kernel,), "padding": (0,)}
    np.testing.assert_array_equal(
        pooling.max_pool(x, (kernel,), dilation=(1,), **arguments)[0], tiles.max(-1)
    )
    np.testing.assert_allclose(pooling.avg_pool(x, (kernel,), **arguments), tiles.mean(-1))
    g = np.arange(6.0 * (65 // kernel)).reshape(2, 3, -1)
    gx = pooling.avg_pool_backward(g, x.shape, (kernel,), **arguments)
    expected = np.zeros_like(x)
    expected[..., : 65 // kernel * kernel] = np.repeat(g / kernel, kernel, -1)
    np.testing.assert_allclose(gx, expected)


@pytest.mark.parametrize("samples", [1, 40])
def test_large_inputs_are_cut_into_chunks(samples: int) -> None:
    threads.set_num_threads(2)
    x = np.random.default_rng(0).standard_normal((samples, 16, 40, 38), np.float32)
    keywords = {"stride": (2, 2), "padding": (0, 0), "dilation": (1, 1)}
    out, _ = pooling.max_pool(x, (2, 2), **keywords)
    quarters = x.reshape(samples, 16, 20, 2, 19, 2)
    np.testing.assert_array_equal(out, quarters.max((3, 5)))
    gx = pooling.max_pool_backward(out, x, out, (2, 2), **keywords)
    np.testing.assert_array_equal(gx, np.where(x == np.repeat(np.repeat(out, 2, 2), 2, 3), x, 0))


@pytest.mark.parametrize("shape", [(2, 19, 32, 32), (2, 19, 16, 64), (1, 3, 32, 32), (2, 9, 8, 8)])
def test_channels_are_brought_last_whatever_the_plane(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).standard_normal(shape, np.float32)
    copied = windows.channels_last_copy(windows.channels_last(x))
    np.testing.assert_array_equal(copied, np.moveaxis(x, 1, -1))
    assert copied.flags.c_contiguous


def test_integers_have_a_maximum_too() -> None:
    x = np.array([[[-5, -7, -3]]])
    out, indices = pooling.max_pool(x, (2,), stride=(2,), padding=(1,), dilation=(1,), return_indices=True)
    np.testing.assert_array_equal(out, [[[-5, -3]]])
    np.testing.assert_array_equal(indices, [[[0, 2]]])


def test_a_window_that_does_not_fit_raises() -> None:
    with pytest.raises(RuntimeError, match=r"size \(2,\), kernel size \(3,\).*\(0,\) is too small"):
        pooling.output_shape((2,), (3,), stride=(1,), padding=(0,))
