"""Convolution kernels against their simple twins, over shapes, layouts, memory orders and thread counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels import (
    convolution,
    reference,
    threads,
    winograd,
    winograd_rows,
    winograd_tiles,
)


@pytest.fixture(autouse=True, scope="module")
def restore_settings() -> Iterator[None]:
    before = threads.get_num_threads(), winograd._LEAST
    yield
    threads.set_num_threads(before[0])
    winograd._LEAST = before[1]


def arranged(draw: st.DrawFn, values: np.ndarray) -> np.ndarray:
    """The same (N, C, *spatial) values in some memory order."""
    order = draw(st.sampled_from(["contiguous", "channels last", "reversed", "strided", "read-only"]))
    if order == "channels last":
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 1, -1)), -1, 1)
    if order == "reversed":
        return np.ascontiguousarray(values[::-1, :, ::-1])[::-1, :, ::-1]
    if order == "strided":
        wide = np.zeros((*values.shape[:-1], 2 * values.shape[-1]), values.dtype)
        wide[..., ::2] = values
        return wide[..., ::2]
    values = np.ascontiguousarray(values)
    if order == "read-only":
        values.flags.writeable = False
    return values


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """x, weight, bias, g and the keywords of one convolution, with sizes that reach every layout."""
    dimensions = draw(st.sampled_from([1, 2, 2, 3]))

    def several(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(dimensions))

    if dimensions == 2 and draw(st.booleans()):  # Winograd's
        kernel, stride, dilation, groups = (3, 3), (1, 1), (1, 1), 1
        per_group, outputs = draw(st.sampled_from([(16, 17), (18, 16), (128, 129)]))
    else:
        kernel, stride, dilation = several(1, 3), several(1, 3), several(1, 3)
        groups = draw(st.sampled_from([1, 1, 2, 3]))
        per_group, outputs = (
            draw(st.sampled_from([1, 2, 7, 17])),
            groups * draw(st.sampled_from([1, 2, 5, 9])),
        )
    padding = tuple((draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(dimensions))
    size = tuple(
        max(1, d * (k - 1) + 1 - sum(p)) + draw(st.integers(0, 6 if dimensions < 3 else 2))
        for k, p, d in zip(kernel, padding, dilation, strict=True)
    )
    samples = draw(st.integers(0, 4))
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    keywords = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    x = random.standard_normal((samples, groups * per_group, *size)).astype(dtype)
    weight = random.standard_normal((outputs, per_group, *kernel)).astype(dtype)
    out_size = convolution.output_shape(size, kernel, stride=stride, padding=padding, dilation=dilation)
    g = random.standard_normal((samples, outputs, *out_size)).astype(dtype)
    threads.set_num_threads(draw(st.sampled_from([1, 2])))
    winograd._LEAST = draw(st.sampled_from([0, 2**23]))
    return {
        "x": arranged(draw, x),
        "weight": arranged(draw, weight) if outputs else weight,
        "bias": draw(st.sampled_from([None, random.standard_normal(outputs).astype(dtype)])),
        "g": arranged(draw, g),
        "keywords": keywords,
    }


def assert_close(actual: np.ndarray, expected: np.ndarray) -> None:
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    tolerance = 1e-11 if actual.dtype == np.float64 else 2e-4
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@given(cases())
def test_forward(case: dict[str, Any]) -> None:
    x, weight, bias = case["x"], case["weight"], case["bias"]
    x_before, weight_before = x.copy(), weight.copy()
    out = convolution.forward(x, weight, bias, **case["keywords"])
    assert_close(out, reference.conv_forward(x, weight, bias, **case["keywords"]))
    assert np.moveaxis(out, 1, -1).flags.c_contiguous
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(weight, weight_before)


@given(cases())
def test_input_gradient(case: dict[str, Any]) -> None:
    g, weight, shape = case["g"], case["weight"], case["x"].shape
    gx = convolution.input_gradient(g, weight, shape, **case["keywords"])
    assert_close(gx, reference.conv_input_gradient(g, weight, shape, **case["keywords"]))
    assert np.moveaxis(gx, 1, -1).flags.c_contiguous


@given(cases(), st.data())
def test_input_gradient_as_transposed_convolution(case: dict[str, Any], data: st.DataObject) -> None:
    """Any x_shape whose convolution has g's shape, and a bias per channel of x."""
    g, weight, keywords = case["g"], case["weight"], case["keywords"]
    channels = case["x"].shape[1]
    size = tuple(
        max(1, (o - 1) * s + d * (k - 1) + 1 - sum(p)) + data.draw(st.integers(0, s - 1))
        for o, s, d, k, p in zip(
            g.shape[2:],
            keywords["stride"],
            keywords["dilation"],
            weight.shape[2:],
            keywords["padding"],
            strict=True,
        )
    )
    bias = np.arange(channels, dtype=g.dtype)
    shape = (g.shape[0], channels, *size)
    actual = convolution.input_gradient(g, weight, shape, bias=bias, **keywords)
    assert_close(actual, reference.conv_input_gradient(g, weight, shape, bias=bias, **keywords))


@given(cases())
def test_weight_and_bias_gradient(case: dict[str, Any]) -> None:
    g, x, shape = case["g"], case["x"], case["weight"].shape
    gw = convolution.weight_gradient(g, x, shape, **case["keywords"])
    assert_close(gw, reference.conv_weight_gradient(g, x, shape, **case["keywords"]))
    assert_close(convolution.bias_gradient(g), g.sum((0, *range(2, g.ndim))))


PLAIN = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1)}


@pytest.mark.parametrize("channels", [1, 3, 17, 64])
@pytest.mark.parametrize("samples", [1, 5])
def test_results_do_not_depend_on_scheduling(samples: int, channels: int) -> None:
    """Large enough for several chunks per worker: equal to the last bit over repetitions."""
    threads.set_num_threads(2)
    random = np.random.default_rng(0)
    x = random.standard_normal((samples, channels, 70, 61), np.float32)
    weight = random.standard_normal((64, channels, 3, 3), np.float32)
    g = random.standard_normal((samples, 64, 70, 61), np.float32)
    first = (
        convolution.forward(x, weight, **PLAIN),
        convolution.input_gradient(g, weight, x.shape, **PLAIN),
        convolution.weight_gradient(g, x, weight.shape, **PLAIN),
        convolution.bias_gradient(g),
    )
    for expected, actual in zip(
        first,
        (
            reference.conv_forward(x, weight, **PLAIN),
            reference.conv_input_gradient(g, weight, x.shape, **PLAIN),
            reference.conv_weight_gradient(g, x, weight.shape, **PLAIN),
            g.sum((0, 2, 3)),
        ),
        strict=True,
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=2e-2)
    for _ in range(3):
        np.testing.assert_array_equal(convolution.forward(x, weight, **PLAIN), first[0])
        np.testing.assert_array_equal(convolution.input_gradient(g, weight, x.shape, **PLAIN), first[1])
        np.testing.assert_array_equal(convolution.weight_gradient(g, x, weight.shape, **PLAIN), first[2])
        np.testing.assert_array_equal(convolution.bias_gradient(g), first[3])


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channels", [8, 16, 128])
def test_special_values_stay_where_they_belong(channels: int, special: float) -> None:
    """A NaN or an infinity reaches its own 3x3 neighbourhood, no matter which layout computes."""
    winograd._LEAST = 0
    random = np.random.default_rng(0)
    x = random.standard_normal((2, channels, 9, 9))
    x[1, 5, 4, 4] = special
    weight = random.standard_normal((channels, channels, 3, 3))
    g = random.standard_normal((2, channels, 9, 9))
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(
            convolution.forward(x, weight, **PLAIN), reference.conv_forward(x, weight, **PLAIN), atol=1e-11
        )
        np.testing.assert_allclose(
            convolution.input_gradient(x, weight, x.shape, **PLAIN),
            reference.conv_input_gradient(x, weight, x.shape, **PLAIN),
            atol=1e-11,
        )
        np.testing.assert_allclose(
            convolution.weight_gradient(g, x, weight.shape, **PLAIN),
            reference.conv_weight_gradient(g, x, weight.shape, **PLAIN),
            atol=1e-11,
        )


@pytest.mark.parametrize("channels", [16, 64, 128])
def test_winograd_rounds_about_as_well_as_the_plain_sum(channels: int) -> None:
    winograd._LEAST = 0
    random = np.random.default_rng(0)
    x = random.standard_normal((2, channels, 16, 16), np.float32)
    weight = random.standard_normal((channels, channels, 3, 3), np.float32)
    truth = reference.conv_forward(x.astype(np.float64), weight.astype(np.float64), **PLAIN)
    error = np.abs(convolution.forward(x, weight, **PLAIN) - truth).max()
    plain = np.abs(reference.conv_forward(x, weight, **PLAIN) - truth).max()
    assert error < 4 * plain


@pytest.mark.parametrize("way", [winograd_rows, winograd_tiles])
def test_winograd_weight_transforms_are_adjoint(way: Any) -> None:
    random = np.random.default_rng(0)
    weight = random.standard_normal((5, 4, 3, 3))
    transformed = way.transform_weight(weight)
    total = random.standard_normal(transformed.shape)
    there, back = np.vdot(transformed, total), np.vdot(weight, way.untransform_weight(total))
    assert there == pytest.approx(back)


@pytest.mark.parametrize("dtype", [np.float16, np.int64, np.int8])
def test_other_dtypes_go_through_a_cast(dtype: type) -> None:
    x = np.arange(50).reshape(2, 1, 5, 5).astype(dtype)
    weight = np.array([[[[1, -2], [0, 1]]]], dtype)
    keywords = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)}
    out = convolution.forward(x, weight, weight[:, 0, 0, 0], **keywords)
    assert out.dtype == dtype
    expected = reference.conv_forward(x.astype(float), weight.astype(float), np.ones(1), **keywords)
    np.testing.assert_array_equal(out, expected)
    assert convolution.weight_gradient(out, x, weight.shape, **keywords).dtype == dtype
    assert convolution.input_gradient(out, weight, x.shape, **keywords).dtype == dtype
    assert convolution.bias_gradient(out).dtype == dtype


def test_a_kernel_larger_than_its_input_raises() -> None:
    message = (
        r"padded input size per channel: \(2 x 2\). Kernel size: \(3 x 3\). Kernel size can't be greater"
    )
    with pytest.raises(RuntimeError, match=message):
        convolution.forward(
            np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 3, 3)), stride=(1, 1), padding=(0, 0), dilation=(1, 1)
        )
