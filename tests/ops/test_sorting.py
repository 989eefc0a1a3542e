"""Orders of equal elements and of NaN, and errors, of sorting and counting."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tests.declared import SEEDS

nan = math.nan


def test_sorting_is_stable_both_ways() -> None:
    x = torch.tensor([2, 1, 2, 1])
    assert x.sort().indices.tolist() == [1, 3, 0, 2]
    assert x.sort(descending=True).indices.tolist() == [0, 2, 1, 3]


def test_nan_is_largest() -> None:
    x = torch.tensor([nan, 1.0, 3.0])
    assert x.argsort().tolist() == [1, 2, 0] and x.argsort(descending=True).tolist() == [0, 2, 1]
    assert x.topk(1).indices.tolist() == [0] and x.topk(1, largest=False).indices.tolist() == [1]


@given(SEEDS, st.integers(1, 30), st.booleans())
def test_few_of_many_are_the_same_as_the_head_of_all(seed: int, k: int, largest: bool) -> None:
    x = torch.from_numpy(np.random.default_rng(seed).integers(0, 50, (2, 300)).astype(np.float32))
    values, indices = x.topk(k, largest=largest)
    expected = x.sort(descending=largest).values[:, :k]
    np.testing.assert_array_equal(values.numpy(), expected.numpy())
    np.testing.assert_array_equal(np.take_along_axis(x.numpy(), indices.numpy(), 1), values.numpy())


def test_the_lower_median() -> None:
    assert torch.tensor([4.0, 1.0, 3.0, 2.0]).median() == 2
    assert torch.tensor([4.0, nan]).median().isnan() and torch.tensor([4.0, nan]).nanmedian() == 4


def test_unique_keeps_every_nan() -> None:
    assert torch.tensor([nan, nan, 1.0]).unique().numel() == 3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: x.topk(4), "selected index k out of range: 4 of 3"),
        (lambda x: x.kthvalue(0), "out of range for dimension 1: 0 of 3"),
        (lambda x: x.quantile(2.0), "must be in the range"),
        (lambda x: x.long().quantile(0.5), "either float or double"),
        (lambda x: torch.bincount(torch.tensor([-1])), "non-negative"),
        (lambda x: torch.nn.functional.one_hot(torch.tensor([3]), 2), "smaller than num_classes, got 3"),
        (lambda x: torch.nn.functional.one_hot(x), r"use \.long\(\)"),
    ],
)
def test_errors_name_what_was_wrong(call: Any, words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        call(torch.ones(2, 3))


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int64])
def test_unique_integers_are_counted_or_sorted(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(0)
    for array in (rng.integers(0, 100, 300), rng.integers(0, 100, (4, 5)), np.array([0, 100])):
        x = torch.tensor(array - (0 if dtype is torch.uint8 else 90)).to(dtype)
        values, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True)
        expected = np.unique(x.numpy(), return_inverse=True, return_counts=True)
        assert values.dtype is dtype and inverse.shape == x.shape
        for one, two in zip((values, inverse.reshape(-1), counts), expected):
            np.testing.assert_array_equal(one.numpy(), two.reshape(-1))
        assert torch.equal(torch.unique(x), values)
