"""Samplers: which indices come, and how many."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr.utils.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


@given(size=st.integers(1, 40), draws=st.none() | st.integers(1, 100))
def test_random_order(size: int, draws: int | None) -> None:
    sampler = RandomSampler(range(size), num_samples=draws)
    indices = list(sampler)
    assert len(indices) == len(sampler) == (size if draws is None else draws)
    counts = Counter(indices)
    assert set(counts) <= set(range(size)) and max(counts.values()) - min(counts.values()) <= 1
    assert all(type(index) is int for index in indices)


@given(size=st.integers(1, 40), draws=st.integers(1, 100))
def test_random_draws_with_replacement(size: int, draws: int) -> None:
    indices = list(RandomSampler(range(size), replacement=True, num_samples=draws))
    assert len(indices) == draws and set(indices) <= set(range(size))


def test_generator_and_seed() -> None:
    first = list(RandomSampler(range(50), generator=torch.Generator().manual_seed(3)))
    assert list(RandomSampler(range(50), generator=torch.Generator().manual_seed(3))) == first
    sampler = RandomSampler(range(50))
    torch.manual_seed(3)
    one, two = list(sampler), list(sampler)
    torch.manual_seed(3)
    assert list(sampler) == one != two


@given(size=st.integers(0, 20), batch_size=st.integers(1, 7), drop_last=st.booleans())
def test_batches(size: int, batch_size: int, drop_last: bool) -> None:
    sampler = BatchSampler(SequentialSampler(range(size)), batch_size, drop_last)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    kept = size - size % batch_size if drop_last else size
    assert [index for batch in batches for index in batch] == list(range(kept))
    assert all(len(batch) == batch_size for batch in batches[:-1])


def test_weights() -> None:
    sampler = WeightedRandomSampler([0.0, 3.0, 1.0], 400)
    counts = Counter(sampler)
    assert len(sampler) == 400 and counts[0] == 0 and 250 < counts[1] < 350
    assert sorted(WeightedRandomSampler(torch.ones(5), 5, replacement=False)) == list(range(5))


def test_subset() -> None:
    sampler = SubsetRandomSampler([3, 5, 8])
    assert sorted(sampler) == [3, 5, 8] and len(sampler) == 3


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: RandomSampler([]), ValueError, "num_samples=0; is the dataset empty?"),
        (lambda: RandomSampler([1], num_samples=-1), ValueError, "num_samples=-1"),
        (lambda: RandomSampler([1], replacement=1), TypeError, "replacement=1"),
        (lambda: BatchSampler([1], 0, False), ValueError, "batch_size=0"),
        (lambda: BatchSampler([1], True, False), ValueError, "batch_size=True"),
        (lambda: BatchSampler([1], 1, 0), ValueError, "drop_last=0"),
        (lambda: WeightedRandomSampler([1.0], 0), ValueError, "num_samples=0"),
        (lambda: WeightedRandomSampler([1.0], 1, None), ValueError, "replacement=None"),
        (lambda: WeightedRandomSampler([[1.0]], 1), ValueError, r"shape \(1, 1\)"),
        (lambda: iter(Sampler()), NotImplementedError, "Sampler must define __iter__"),
    ],
)
def test_errors(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    "numbers, error",
    [
        ({}, RuntimeError),
        ({"num_replicas": 2}, RuntimeError),
        ({"num_replicas": 2, "rank": 2}, ValueError),
    ],
)
def test_distributed_samplers_cannot_ask(numbers: dict[str, int], error: type[Exception]) -> None:
    with pytest.raises(error, match="rank"):
        torch.utils.data.DistributedSampler(range(3), **numbers)
