"""The loader in this process: batches, orders, arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    SequentialSampler,
    Subset,
    TensorDataset,
    default_collate,
)


class Stream(IterableDataset):
    def __init__(self, size: int, length: int | None = None) -> None:
        self.size = size
        self.length = length

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.size))

    def __len__(self) -> int:
        if self.length is None:
            raise TypeError("no length")
        return self.length


@given(
    size=st.integers(1, 20),
    batch_size=st.integers(1, 7),
    drop_last=st.booleans(),
    iterable=st.booleans(),
)
def test_batches_cover_the_dataset(size: int, batch_size: int, drop_last: bool, iterable: bool) -> None:
    dataset: Any = Stream(size, size) if iterable else range(size)
    loader = DataLoader(dataset, batch_size=batch_size, drop_last=drop_last)
    batches = [batch.tolist() for batch in loader]
    assert len(batches) == len(loader)
    assert [one for batch in batches for one in batch] == list(
        range(size - size % batch_size if drop_last else size)
    )
    assert [batch.tolist() for batch in loader] == batches


@given(
    shape=st.lists(st.integers(0, 3), max_size=3),
    size=st.integers(1, 12),
    batch_size=st.integers(1, 5),
    dtype=st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]),
    transposed=st.booleans(),
)
def test_tensor_dataset_at_once_or_one_by_one(
    shape: list[int], size: int, batch_size: int, dtype: Any, transposed: bool
) -> None:
    array = np.random.default_rng(size).integers(0, 100, (size, *shape)).astype(dtype)
    x = torch.from_numpy(np.asfortranarray(array) if transposed else array)
    dataset = TensorDataset(x, torch.arange(size))
    order = list(np.random.default_rng(1).permutation(size))
    fast = list(DataLoader(dataset, batch_size=batch_size, sampler=order))
    slow = list(
        DataLoader(dataset, batch_size=batch_size, sampler=order, collate_fn=lambda b: default_collate(b))
    )
    assert len(fast) == len(slow)
    for one, other in zip(fast, slow):
        assert type(one) is type(other) is list
        for a, b in zip(one, other):
            assert a.dtype is b.dtype and a.is_contiguous() == b.is_contiguous()
            np.testing.assert_array_equal(a.numpy(), b.numpy())
            assert not np.shares_memory(a.numpy(), x.numpy())


@pytest.mark.parametrize("indices", [[4, 1, -2], range(1, 6), np.array([3, 0]), torch.tensor([2, 5])])
def test_parts_of_a_tensor_dataset(indices: Any) -> None:
    dataset = TensorDataset(torch.arange(12.0).reshape(6, 2), torch.arange(6))
    for part in (Subset(dataset, indices), Subset(Subset(dataset, [5, 4, 3, 2, 1, 0]), indices)):
        fast = list(DataLoader(part, batch_size=2))
        slow = list(DataLoader(part, batch_size=2, collate_fn=lambda b: default_collate(b)))
        assert len(fast) == len(slow)
        for one, other in zip(fast, slow):
            assert [a.tolist() for a in one] == [b.tolist() for b in other]
    sliced = DataLoader(Subset(dataset, [4, 1]), batch_sampler=[[slice(0, 1), slice(1, 2)]])
    assert next(iter(sliced))[1].tolist() == [[4], [1]]


def test_tensor_dataset_special_cases() -> None:
    w = torch.ones(3, requires_grad=True)
    (batch,) = next(iter(DataLoader(TensorDataset(w), batch_size=2)))
    batch.sum().backward()
    assert w.grad.tolist() == [1, 1, 0]
    dataset = TensorDataset(torch.arange(4))
    assert next(iter(DataLoader(dataset, batch_sampler=[[-1, 0]])))[0].tolist() == [3, 0]
    sliced = next(iter(DataLoader(dataset, batch_sampler=[[slice(0, 2), slice(2, 4)]])))
    assert sliced[0].tolist() == [[0, 1], [2, 3]]
    with pytest.raises(IndexError):
        next(iter(DataLoader(dataset, batch_sampler=[[4]])))

    class Doubled(TensorDataset):
        def __getitem__(self, index: Any) -> Any:
            return (super().__getitem__(index)[0] * 2,)

    assert next(iter(DataLoader(Doubled(torch.arange(4)), batch_size=4)))[0].tolist() == [0, 2, 4, 6]


def test_without_batches() -> None:
    loader = DataLoader([np.ones(2), 3], batch_size=None)
    first, second = loader
    assert isinstance(first, torch.Tensor) and second == 3 and len(loader) == 2
    assert list(DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]
    whole = DataLoader(torch.arange(6), batch_size=None, sampler=BatchSampler(range(6), 4, False))
    assert [batch.tolist() for batch in whole] == [[0, 1, 2, 3], [4, 5]]


def test_custom_collate_and_samplers() -> None:
    loader = DataLoader("abcd", batch_size=3, collate_fn="".join)
    assert list(loader) == ["abc", "d"]
    assert list(DataLoader("abcd", sampler=[3, 1], batch_size=2, collate_fn="".join)) == ["db"]
    loader = DataLoader("abcd", batch_sampler=[[0], [1, 2]], collate_fn="".join)
    assert list(loader) == ["a", "bc"] and len(loader) == 2 and loader.batch_size is None


def test_shuffle_is_a_permutation_each_epoch() -> None:
    loader = DataLoader(range(30), batch_size=30, shuffle=True)
    first, second = (next(iter(loader)).tolist() for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(30)) and first != second
    torch.manual_seed(1)
    again = next(iter(loader)).tolist()
    torch.manual_seed(1)
    assert next(iter(loader)).tolist() == again


def test_two_iterations_at_once() -> None:
    loader = DataLoader(range(4))
    assert [(int(a), int(b)) for a, b in zip(loader, loader)] == [(i, i) for i in range(4)]


def test_lengths() -> None:
    assert len(iter(DataLoader(range(7), batch_size=2))) == 4
    with pytest.raises(TypeError, match="no length"):
        len(DataLoader(Stream(3)))


def test_more_samples_than_reported() -> None:
    loader = DataLoader(Stream(5, length=2), batch_size=1)
    assert len(loader) == 2
    with pytest.warns(UserWarning) as warned:
        list(loader)
    assert ["but 3 batches" in str(one.message) for one in warned] == [True, False, False]


def test_stop_iteration_in_a_dataset_is_an_error() -> None:
    class Broken(Dataset):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> int:
            raise StopIteration

    with pytest.raises(RuntimeError, match="Broken raised StopIteration"):
        list(DataLoader(Broken()))


def test_attributes_are_fixed() -> None:
    loader = DataLoader(range(3))
    for name in ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"):
        with pytest.raises(ValueError, match=f"{name} attribute should not be set after DataLoader"):
            setattr(loader, name, None)
    loader.collate_fn = tuple
    assert next(iter(loader)) == (0,)


def test_generic_and_typed() -> None:
    assert DataLoader[int] and Dataset[int] and Subset[int]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"num_workers": -1}, ValueError, "num_workers option should be non-negative"),
        ({"timeout": -1}, ValueError, "timeout option should be non-negative, but got -1"),
        ({"prefetch_factor": 2}, ValueError, "prefetch_factor=2 option could only be"),
        ({"num_workers": 1, "prefetch_factor": 0}, ValueError, "should be positive, but got 0"),
        ({"persistent_workers": True}, ValueError, "persistent_workers option needs"),
        ({"shuffle": True, "sampler": [0]}, ValueError, "mutually exclusive with shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, ValueError, "batch_sampler option is mutually exclusive"),
        (
            {"batch_sampler": [[0]], "drop_last": True},
            ValueError,
            "batch_sampler option is mutually exclusive",
        ),
        ({"batch_size": None, "drop_last": True}, ValueError, "batch_size=None option disables"),
        ({"batch_size": 0}, ValueError, "batch_size=0"),
        (
            {"dataset": Stream(1), "shuffle": True},
            ValueError,
            "unspecified shuffle option, but got shuffle=True",
        ),
        ({"dataset": Stream(1), "sampler": [0]}, ValueError, r"sampler=\[0\]"),
        ({"dataset": Stream(1), "batch_sampler": [[0]]}, ValueError, r"batch_sampler=\[\[0\]\]"),
        ({"multiprocessing_context": "fork"}, ValueError, "num_workers=0"),
        ({"num_workers": 1, "multiprocessing_context": "thread"}, ValueError, "='thread'"),
        ({"num_workers": 1, "multiprocessing_context": 3}, TypeError, "=3"),
        ({"dataset": [], "shuffle": True}, ValueError, "is the dataset empty?"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        DataLoader(**{"dataset": range(3), **arguments})


def test_accepted_without_effect() -> None:
    loader = DataLoader(SequentialSampler(range(3)).data_source, pin_memory=True, shuffle=False)
    assert [batch.item() for batch in loader] == [0, 1, 2]
    assert [batch.item() for batch in DataLoader(Stream(2), shuffle=False)] == [0, 1]


def test_too_many_workers_warn() -> None:
    with pytest.warns(UserWarning, match="will create 9999 worker processes"):
        DataLoader(range(3), num_workers=9999)
