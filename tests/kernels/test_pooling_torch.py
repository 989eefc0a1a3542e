"""Pooling kernels against torch.nn.functional and its autograd."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tinygrad_kr.kernels import pooling, reference

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = pytest.mark.torch


@given(st.data())
def test_plain_pooling(data: st.DataObject) -> None:
    draw = data.draw
    dimensions = draw(st.integers(1, 3))
    kernel, stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(dimensions)) for _ in range(3))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    size = tuple(d * (k - 1) + 1 + draw(st.integers(0, 5)) for k, d in zip(kernel, dilation, strict=True))
    ceil_mode = draw(st.booleans())
    x = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).standard_normal((2, 3, *size)).round(1)
    if draw(st.booleans()):
        x[..., ::2] = np.nan
    common = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}

    shape = pooling.output_shape(size, kernel, dilation=dilation, **common)
    along = zip(size, shape, kernel, stride, padding, dilation, strict=True)
    assume(all(window for axis in along for window in reference.plain_windows(*axis)))
    tensor = torch.from_numpy(x).requires_grad_()
    function = getattr(torch.nn.functional, f"max_pool{dimensions}d")
    expected, expected_indices = function(tensor, kernel, dilation=dilation, return_indices=True, **common)
    out, indices = pooling.max_pool(x, kernel, dilation=dilation, return_indices=True, **common)
    np.testing.assert_array_equal(out, expected.detach().numpy())
    np.testing.assert_array_equal(indices, expected_indices.numpy())
    expected.backward(torch.ones_like(expected))
    gx = pooling.max_pool_backward(np.ones_like(out), x, out, kernel, dilation=dilation, **common)
    np.testing.assert_array_equal(gx, tensor.grad.numpy())

    tensor = torch.from_numpy(x).requires_grad_()
    function = getattr(torch.nn.functional, f"avg_pool{dimensions}d")
    include = draw(st.booleans())
    expected = function(tensor, kernel, count_include_pad=include, **common)
    out = pooling.avg_pool(x, kernel, count_include_pad=include, **common)
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-12, atol=1e-12)
    expected.backward(torch.ones_like(expected))
    gx = pooling.avg_pool_backward(np.ones_like(out), x.shape, kernel, count_include_pad=include, **common)
    np.testing.assert_allclose(gx, tensor.grad.numpy(), rtol=1e-12, atol=1e-12)


@given(st.data())
def test_adaptive_pooling(data: st.DataObject) -> None:
    draw = data.draw
    dimensions = draw(st.integers(1, 3))
    size, output = (tuple(draw(st.integers(1, 7)) for _ in range(dimensions)) for _ in range(2))
    x = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).standard_normal((2, 3, *size)).round(1)

    tensor = torch.from_numpy(x).requires_grad_()
    function = getattr(torch.nn.functional, f"adaptive_max_pool{dimensions}d")
    expected, expected_indices = function(tensor, output, return_indices=True)
    out, indices = pooling.adaptive_max_pool(x, output, return_indices=True)
    np.testing.assert_array_equal(out, expected.detach().numpy())
    np.testing.assert_array_equal(indices, expected_indices.numpy())
    expected.backward(torch.ones_like(expected))
    gx = pooling.adaptive_max_pool_backward(np.ones_like(out), x, out, output)
    np.testing.assert_array_equal(gx, tensor.grad.numpy())

    tensor = torch.from_numpy(x).requires_grad_()
    expected = getattr(torch.nn.functional, f"adaptive_avg_pool{dimensions}d")(tensor, output)
    np.testing.assert_allclose(
        pooling.adaptive_avg_pool(x, output), expected.detach().numpy(), rtol=1e-12, atol=1e-12
    )
    expected.backward(torch.ones_like(expected))
    gx = pooling.adaptive_avg_pool_backward(np.ones(expected.shape), x.shape, output)
    np.testing.assert_allclose(gx, tensor.grad.numpy(), rtol=1e-12, atol=1e-12)
