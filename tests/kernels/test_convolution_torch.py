"""Convolution kernels against torch.nn.functional and its autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tinygrad_kr.kernels import convolution

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = pytest.mark.torch


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
    dimensions = draw(st.integers(1, 3))
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    per_group, outputs = draw(st.sampled_from([1, 3, 24])), groups * draw(st.sampled_from([1, 2, 24]))
    kernel, stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(dimensions)) for _ in range(3))
    if draw(st.booleans()):
        kernel, stride, dilation = (3,) * dimensions, (1,) * dimensions, (1,) * dimensions
    padding = tuple(draw(st.integers(0, 2)) for _ in range(dimensions))
    size = tuple(
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 5 if dimensions < 3 else 2))
        for k, d, p in zip(kernel, dilation, padding, strict=True)
    )
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = random.standard_normal((draw(st.integers(1, 3)), groups * per_group, *size))
    weight = random.standard_normal((outputs, per_group, *kernel))
    keywords = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return x, weight, random.standard_normal(outputs), keywords


@given(cases())
def test_convolution_and_its_gradients(
    case: tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, Any]],
) -> None:
    x, weight, bias, keywords = case
    theirs = [torch.from_numpy(a).requires_grad_() for a in (x, weight, bias)]
    function = getattr(torch.nn.functional, f"conv{x.ndim - 2}d")
    expected = function(*theirs, **keywords)
    out = convolution.forward(x, weight, bias, **keywords)
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-10, atol=1e-10)
    g = np.random.default_rng(0).standard_normal(out.shape)
    expected.backward(torch.from_numpy(g))
    gx = convolution.input_gradient(g, weight, x.shape, **keywords)
    gw, gb = convolution.weight_gradient(g, x, weight.shape, **keywords), convolution.bias_gradient(g)
    for ours, their in zip((gx, gw, gb), theirs, strict=True):
        np.testing.assert_allclose(ours, their.grad.numpy(), rtol=1e-10, atol=1e-9)


@given(cases(), st.data())
def test_transposed_convolution(
    case: tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, Any]], data: st.DataObject
) -> None:
    x, weight, _, keywords = case
    size = convolution.output_shape(
        x.shape[2:], weight.shape[2:], **{k: keywords[k] for k in ("stride", "padding", "dilation")}
    )
    g = np.random.default_rng(0).standard_normal((len(x), len(weight), *size))
    bias = np.arange(x.shape[1], dtype=float)
    extra = tuple(
        data.draw(st.integers(0, max(s, d) - 1))
        for s, d in zip(keywords["stride"], keywords["dilation"], strict=True)
    )
    smallest = [
        (o - 1) * s - 2 * p + d * (k - 1) + 1 + e
        for o, s, p, d, k, e in zip(
            size,
            *(keywords[name] for name in ("stride", "padding", "dilation")),
            weight.shape[2:],
            extra,
            strict=True,
        )
    ]
    assume(min(smallest) > 0)
    function = getattr(torch.nn.functional, f"conv_transpose{x.ndim - 2}d")
    tensors = (torch.from_numpy(a) for a in (g, weight, bias))
    expected = function(*tensors, **keywords, output_padding=extra).numpy()
    ours = convolution.input_gradient(g, weight, expected.shape, bias=bias, **keywords)
    np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-9)


def test_the_error_reads_as_pytorchs() -> None:
    with pytest.raises(RuntimeError) as theirs:
        torch.nn.functional.conv2d(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 3, 3))
    with pytest.raises(RuntimeError) as ours:
        convolution.output_shape((2, 2), (3, 3), stride=(1, 1), padding=(0, 0), dilation=(1, 1))
    assert str(ours.value) == str(theirs.value)
