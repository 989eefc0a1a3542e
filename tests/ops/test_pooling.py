"""Pooling: errors, ties and NaN, dtypes, what is left out when nothing is recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch

F = torch.nn.functional
NAN = float("nan")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.max_pool2d(torch.ones(4, 4), 2), RuntimeError, "Expected 3D (unbatched) or 4D (batched)"),
        (lambda: F.max_pool2d(torch.ones(1, 4, 4), 5), RuntimeError, "too small"),
        (lambda: F.max_pool2d(torch.ones(1, 4, 4), 2, padding=2), RuntimeError, "pad=2, kernel_size=2"),
        (lambda: F.max_pool2d(torch.ones(1, 4, 4), 2, padding=-1), RuntimeError, "pad: -1"),
        (lambda: F.max_pool2d(torch.ones(1, 4, 4), 2, stride=0), RuntimeError, "stride=[0, 0]"),
        (lambda: F.max_pool2d(torch.ones(1, 4, 4), 0), RuntimeError, "kernel_size=[0, 0]"),
        (lambda: F.max_pool2d(torch.ones(1, 4, 4), 2.5), TypeError, "'kernel_size' must be an int"),
        (lambda: F.max_pool2d(torch.ones(1, 4, 4), 2, dilation=0), RuntimeError, "dilation=[0, 0]"),
        (lambda: F.max_pool2d(torch.ones(1, 0, 4, 4), 2), RuntimeError, "[1, 0, 4, 4]"),
        (lambda: F.max_pool2d(torch.ones(1, 2, 2).bool(), 2), NotImplementedError, "torch.bool"),
        (lambda: F.avg_pool2d(torch.ones(1, 4, 4), 2, divisor_override=0), RuntimeError, "divisor"),
        (lambda: F.lp_pool2d(torch.ones(1, 4, 4), 0, 2), ValueError, "norm_type must not be zero"),
        (lambda: F.adaptive_avg_pool2d(torch.ones(1, 4, 4), (-1, 2)), RuntimeError, "received -1"),
        (lambda: F.adaptive_avg_pool2d(torch.ones(1, 4, 4), (1, 2, 3)), RuntimeError, "2 elements"),
        (lambda: F.adaptive_max_pool1d(torch.ones(1, 0), 1), RuntimeError, "dimension 1 being empty"),
    ],
)
def test_arguments_that_do_not_fit(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("indices", "options", "error", "words"),
    [
        ([[0, 16]], {}, RuntimeError, "invalid max index: 16 (output volumes are of size 2x4)"),
        ([[0, -1]], {}, RuntimeError, "invalid max index: -1"),
        ([[0]], {}, RuntimeError, "same as that of the input"),
        ([[0.0, 1.0]], {}, RuntimeError, "should be type int64"),
        ([[0, 1]], {"output_size": (5, 5)}, ValueError, "dim 0 must be between 0 and 4"),
        ([[0, 1]], {"output_size": (2,)}, ValueError, "has a length of '1'"),
    ],
)
def test_arguments_of_unpooling(indices: Any, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        F.max_unpool2d(torch.ones(1, 1, 2), torch.tensor([indices]), 2, **options)
    assert words in str(caught.value)


@pytest.mark.parametrize("indices", [False, True])
def test_ties_go_to_the_first_and_nan_wins(indices: bool) -> None:
    x = torch.tensor([[[2.0, 2.0, 1.0, NAN], [2.0, 2.0, NAN, 3.0]]], requires_grad=True)
    out = F.max_pool2d(x, 2, return_indices=indices)
    out = out[0] if indices else out
    assert out[0, 0, 0] == 2 and np.isnan(out.detach().numpy()[0, 0, 1])
    out.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist()[0][0][:2] == [1, 0] and x.grad.sum() == 2


def test_integers_pool() -> None:
    out = F.max_pool1d(torch.tensor([[1, 5, 2, 3]]), 2)
    assert out.dtype is torch.int64 and out.tolist() == [[5, 3]]


def test_unpooling_inverts_pooling() -> None:
    x = torch.randn(2, 3, 6, 6)
    out, indices = F.max_pool2d(x, 2, return_indices=True)
    back = F.max_unpool2d(out, indices, 2)
    assert back.shape == x.shape
    np.testing.assert_array_equal(F.max_pool2d(back.abs(), 2).numpy(), out.abs().numpy())


def test_the_norm_of_zeros_has_gradient_zero() -> None:
    x = torch.zeros(1, 1, 2, 2, requires_grad=True)
    F.lp_pool2d(x, 2, 2).sum().backward()
    assert x.grad is not None and not x.grad.numpy().any()
