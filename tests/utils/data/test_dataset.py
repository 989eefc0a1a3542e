"""Datasets: indexing, joining, dividing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr.utils.data import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Count(IterableDataset):
    def __init__(self, size: int) -> None:
        self.size = size

    def __iter__(self) -> Any:
        return iter(range(self.size))

    def __len__(self) -> int:
        return self.size


class Fast(Dataset):
    """A dataset that gives several samples at once, and remembers how it was asked."""

    def __init__(self, answer: int | None = None) -> None:
        self.asked: list[list[int]] = []
        self.answer = answer

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> int:
        raise AssertionError("asked one by one")

    def __getitems__(self, indices: list[int]) -> list[int]:
        self.asked.append(indices)
        return [10 * index for index in indices][: self.answer]


def test_tensor_dataset() -> None:
    x, y = torch.arange(6).reshape(3, 2), torch.tensor([7, 8, 9])
    dataset = TensorDataset(x, y)
    assert len(dataset) == 3
    assert [one.tolist() for one in dataset[-1]] == [[4, 5], 9]
    assert [one.tolist() for one in dataset[1:]] == [[[2, 3], [4, 5]], [8, 9]]
    with pytest.raises(AssertionError, match=r"Size mismatch between tensors: .*\[3, 2\]"):
        TensorDataset(x, torch.zeros(2))


def test_stack_dataset() -> None:
    assert StackDataset([1, 2], "ab")[1] == (2, "b")
    inner = Fast()
    named = StackDataset(x=inner, y=range(10))
    assert len(named) == 10
    assert named.__getitems__([3, 1]) == [{"x": 30, "y": 3}, {"x": 10, "y": 1}] and inner.asked == [[3, 1]]
    assert StackDataset(Fast(), range(10)).__getitems__([3, 1]) == [(30, 3), (10, 1)]
    with pytest.raises(ValueError, match=r"Size mismatch between datasets: .*\[2, 3\]"):
        StackDataset([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="0 without and 0 with"):
        StackDataset()
    with pytest.raises(ValueError, match="1 without and 1 with"):
        StackDataset([1], x=[1])


@given(sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_concat_is_concatenation(sizes: list[int]) -> None:
    parts = [list(range(10 * i, 10 * i + size)) for i, size in enumerate(sizes)]
    whole = [one for part in parts for one in part]
    dataset = ConcatDataset(parts)
    assert len(dataset) == len(whole)
    assert [dataset[i] for i in range(len(whole))] == whole
    assert [dataset[-1 - i] for i in range(len(whole))] == whole[::-1]
    with pytest.raises(IndexError):
        dataset[len(whole)]
    with pytest.raises(ValueError, match="absolute value of index"):
        dataset[-len(whole) - 1]


def test_addition() -> None:
    a, b = Subset([1, 2, 3], [0, 2]), Subset("xyz", [1])
    assert [(a + b)[i] for i in range(3)] == [1, 3, "y"]
    chain = Count(2) + Count(3)
    assert isinstance(chain, ChainDataset) and list(chain) == [0, 1, 0, 1, 2] and len(chain) == 5
    with pytest.raises(AssertionError, match="got list"):
        list(ChainDataset([Count(1), [1, 2]]))
    with pytest.raises(AssertionError, match="ChainDataset"):
        ConcatDataset([Count(1)])
    with pytest.raises(AssertionError, match="empty"):
        ConcatDataset([])


def test_subset_asks_for_several_at_once() -> None:
    inner = Fast()
    subset = Subset(inner, [5, 7, 9])
    assert subset.__getitems__([2, 0]) == [90, 50] and inner.asked == [[9, 5]]
    assert next(iter(torch.utils.data.DataLoader(subset, batch_size=2))).tolist() == [50, 70]
    with pytest.raises(ValueError, match=r"Fast.__getitems__ gave 1 samples for 2 indices"):
        Subset(Fast(1), [0, 1]).__getitems__([0, 1])


def test_half_overridden_subset() -> None:
    class Doubled(Subset):
        def __getitem__(self, index: Any) -> Any:
            return 2 * super().__getitem__(index)

    with pytest.raises(NotImplementedError, match="Doubled overrides __getitem__ but not __getitems__"):
        Doubled([1], [0])


def test_abstract_datasets() -> None:
    with pytest.raises(NotImplementedError, match="Dataset must define __getitem__"):
        Dataset()[0]
    with pytest.raises(NotImplementedError, match="IterableDataset must define __iter__"):
        iter(IterableDataset())


# -- random_split --------------------------------------------------------------------------------------------


@given(lengths=st.lists(st.integers(0, 5), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_split_is_a_partition(lengths: list[int], seed: int) -> None:
    total = sum(lengths)
    generator = torch.Generator().manual_seed(seed)
    if total == 1:  # PyTorch reads these as fractions, with the same result
        return
    parts = random_split(range(total), lengths, generator=generator)
    assert [len(part) for part in parts] == lengths
    assert sorted(one for part in parts for one in part) == list(range(total))


@pytest.mark.parametrize(
    ("total", "fractions", "sizes"),
    [
        (10, [0.5, 0.5], [5, 5]),
        (10, [0.33, 0.33, 0.34], [4, 3, 3]),
        (7, [0.9, 0.1], [7, 0]),
        (5, [1.0], [5]),
    ],
)
def test_split_by_fractions(total: int, fractions: list[float], sizes: list[int]) -> None:
    if 0 in sizes:
        with pytest.warns(UserWarning, match="split at index 1 is 0"):
            parts = random_split(range(total), fractions)
    else:
        parts = random_split(range(total), fractions)
    assert [len(part) for part in parts] == sizes


def test_split_errors() -> None:
    with pytest.raises(ValueError, match=r"\[3, 3\] add up to 6, and the dataset has 5"):
        random_split(range(5), [3, 3])
    with pytest.raises(ValueError, match=r"Fraction at index 0 is not between 0 and 1: 1.5"):
        random_split(range(5), [1.5, -0.5])
