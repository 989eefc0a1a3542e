"""Dtype rules, empty tensors, NaN and errors of reductions; the gradients of ties."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch

nan, inf = math.nan, math.inf


def test_integers_and_booleans_add_as_int64() -> None:
    for dtype in (torch.uint8, torch.int32, torch.bool):
        x = torch.ones(300, dtype=dtype)
        assert x.sum().dtype is torch.int64 and x.sum().item() == 300
        assert x.prod().dtype is torch.int64 and x.cumsum(0).dtype is torch.int64


def test_float32_and_float16_stay() -> None:
    for dtype in (torch.float32, torch.float16):
        x = torch.ones(2, 3, dtype=dtype)
        for out in (
            x.sum(),
            x.mean(0),
            x.var(),
            x.std(1),
            x.prod(),
            x.max(),
            x.logsumexp(0),
            x.norm(),
            x.cumsum(0),
        ):
            assert out.dtype is dtype


def test_reductions_of_nothing() -> None:
    empty = torch.zeros(0, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert empty.sum().item() == 0 and empty.prod().item() == 1
        assert empty.mean().isnan().item() and empty.std().isnan().item()
        assert empty.mean(0).isnan().all().item() and empty.var(0).isnan().all().item()
        assert empty.logsumexp(0).tolist() == [-inf] * 3
        assert not empty.any().item() and empty.all().item()
    with pytest.raises(RuntimeError, match="Specify the reduction dim"):
        empty.max()
    with pytest.raises(IndexError, match="reduction dim 0 to have non-zero size"):
        empty.max(0)
    assert empty.max(1).values.shape == (0,)


def test_ties_share_or_choose() -> None:
    x = torch.tensor([1.0, 3.0, 3.0], requires_grad=True)
    for call, expected in (
        (lambda: x.max(), [0, 0.5, 0.5]),
        (lambda: x.amax(0), [0, 0.5, 0.5]),
        (lambda: x.max(0).values, [0, 1, 0]),
        (lambda: x.cummax(0).values[2], [0, 0, 1]),
    ):
        x.grad = None
        call().backward()
        assert x.grad.tolist() == expected


def test_nan_is_the_extreme() -> None:
    x = torch.tensor([1.0, nan, 3.0])
    assert x.max().isnan() and x.min().isnan()
    assert x.argmax() == 1 and x.argmin() == 1 and x.max(0).indices == 1


def test_norm_has_the_subgradient_zero_at_zero() -> None:
    for p in (1, 2, 3, 0.5, inf):
        x = torch.zeros(3, requires_grad=True)
        x.norm(p).backward()
        assert x.grad.tolist() == [0, 0, 0]


def test_second_derivatives_of_products_of_zeros() -> None:
    x = torch.tensor([0.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(x.prod(), x, create_graph=True)
    (second,) = torch.autograd.grad(first[0], x)
    assert first.tolist() == [0, 0, 0] and second.tolist() == [0, 3, 0]


def test_extremes_along_several_dims_point_to_amax() -> None:
    with pytest.raises(TypeError, match="use amax"):
        torch.ones(2, 3).max((0, 1))


def test_results_have_names() -> None:
    values, indices = result = torch.ones(2, 3).max(1)
    assert result.values is values and result.indices is indices
    assert (
        repr(torch.tensor([1, 2]).min(0)) == "torch.return_types.min(\nvalues=tensor(1),\nindices=tensor(0))"
    )


def test_numpy_words_and_numpy_functions() -> None:
    x = torch.ones(2, 3, requires_grad=True)
    assert x.sum(axis=1, keepdims=True).shape == (2, 1)
    assert torch.mean(x, axis=0).shape == (3,)
    assert np.sum(x, axis=0).requires_grad and np.max(x).requires_grad and np.any(x).item()
    with pytest.raises(TypeError, match="does not take dtype"):
        np.sum(x, dtype=np.float64)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: x.long().mean(), RuntimeError, r"Got: torch.int64; convert it with \.float\(\)"),
        (lambda x: x.sum(2), IndexError, r"\[-2, 1\], but got 2"),
        (lambda x: x.sum((0, 0)), RuntimeError, "dim 0 appears multiple times"),
        (lambda x: x.long().std(), RuntimeError, "floating point"),
        (lambda x: (x > 1).argmax(), RuntimeError, "does not support bool"),
        (lambda x: x.long().norm(), RuntimeError, "Got torch.int64"),
        (lambda x: x.norm("max"), RuntimeError, "'max'"),
        (lambda x: x.prod((0, 1)), TypeError, "must be int, not tuple"),
    ],
)
def test_errors_name_what_was_wrong(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call(torch.ones(2, 3))
