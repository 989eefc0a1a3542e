"""Datasets: what has samples by number, or in a row."""

from __future__ import annotations

import itertools
import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from ...ops.random import Generator, randperm
from ...tensor import Tensor

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Samples by number: subclass it and define `__getitem__`, and `__len__` for the samplers.

    `__getitems__(indices)`, if defined, returns a list of samples at once, where that is faster. `a + b` has
    the samples of both.

    >>> class Squares(torch.utils.data.Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, index):
    ...         return index**2
    >>> for batch in torch.utils.data.DataLoader(Squares(), batch_size=2):
    ...     print(batch)
    tensor([0, 1])
    tensor([4, 9])

    Source: PyTorch, `torch.utils.data.Dataset`.
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index)")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """Samples in a row, as from a stream: subclass it and define `__iter__`.

    With several worker processes each has a copy; `get_worker_info` tells them which part is theirs.

    >>> class Count(torch.utils.data.IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(5))
    >>> [batch.tolist() for batch in torch.utils.data.DataLoader(Count(), batch_size=2)]
    [[0, 1], [2, 3], [4]]

    Source: PyTorch, `torch.utils.data.IterableDataset`.
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__()")

    def __add__(self, other: Dataset[Any]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors side by side: sample `i` is `(tensors[0][i], tensors[1][i], ...)`.

    Raises:
        AssertionError: unless all tensors have the same first size.

    >>> dataset = torch.utils.data.TensorDataset(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([0, 1]))
    >>> dataset[1]
    (tensor([3., 4.]), tensor(1))

    Source: PyTorch, `torch.utils.data.TensorDataset`.
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        sizes = [tensor.size(0) for tensor in tensors]
        if len(set(sizes)) > 1:
            raise AssertionError(f"Size mismatch between tensors: their first sizes are {sizes}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].size(0)


class StackDataset(Dataset[Any]):
    """Datasets side by side: samples are tuples, or dicts for datasets given by name.

    Raises:
        ValueError: for no dataset, for datasets both with and without names, and for different lengths.

    >>> dataset = torch.utils.data.StackDataset(x=[1, 2, 3], y="abc")
    >>> dataset[1]
    {'x': 2, 'y': 'b'}

    Source: PyTorch, `torch.utils.data.StackDataset`.
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ValueError(
                "StackDataset takes datasets either all with or all without names, at least one, but got "
                f"{len(args)} without and {len(kwargs)} with"
            )
        self.datasets = args or kwargs
        sizes = [len(one) for one in args or kwargs.values()]
        if len(set(sizes)) > 1:
            raise ValueError(f"Size mismatch between datasets: their lengths are {sizes}")

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: one[index] for name, one in self.datasets.items()}
        return tuple(one[index] for one in self.datasets)

    def __getitems__(self, indices: list[int]) -> list[Any]:
        if isinstance(self.datasets, dict):
            columns = [get_samples(one, indices) for one in self.datasets.values()]
            return [dict(zip(self.datasets, row)) for row in zip(*columns)]
        return list(zip(*(get_samples(one, indices) for one in self.datasets)))

    def __len__(self) -> int:
        return len(next(iter(self.datasets.values() if isinstance(self.datasets, dict) else self.datasets)))


class ConcatDataset(Dataset[T_co]):
    """Datasets one after the other, as one.

    Raises:
        AssertionError: for no dataset, and for iterable ones (see `ChainDataset`).

    >>> dataset = torch.utils.data.ConcatDataset([[1, 2], [3, 4, 5]])
    >>> len(dataset), dataset[3], dataset[-1]
    (5, 4, 5)

    Source: PyTorch, `torch.utils.data.ConcatDataset`.
    """

    datasets: list[Any]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(one, IterableDataset) for one in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset; chain them: ChainDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(one) for one in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> T_co:
        if index < 0:
            if -index > len(self):
                raise ValueError(
                    f"absolute value of index should not exceed dataset length, but got {index} for length "
                    f"{len(self)}"
                )
            index += len(self)
        number = bisect_right(self.cumulative_sizes, index)
        if number == len(self.datasets):
            raise IndexError(f"index {index} is out of range for a dataset of length {len(self)}")
        return self.datasets[number][index - (self.cumulative_sizes[number - 1] if number else 0)]


class ChainDataset(IterableDataset[Any]):
    """Iterable datasets one after the other, as one.

    Raises:
        AssertionError: on iterating, for datasets of another kind.

    >>> class Count(torch.utils.data.IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(2))
    >>> list(Count() + Count())
    [0, 1, 0, 1]

    Source: PyTorch, `torch.utils.data.ChainDataset`.
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def _each(self) -> Iterator[Any]:
        for one in self.datasets:
            if not isinstance(one, IterableDataset):
                raise AssertionError(
                    f"ChainDataset only supports IterableDataset, but got {type(one).__name__}"
                )
            yield one

    def __iter__(self) -> Iterator[Any]:
        for one in self._each():
            yield from one

    def __len__(self) -> int:
        return sum(len(one) for one in self._each())


class Subset(Dataset[T_co]):
    """The samples of a dataset at the given indices.

    >>> subset = torch.utils.data.Subset(["a", "b", "c"], [2, 0])
    >>> len(subset), subset[0]
    (2, 'c')

    Source: PyTorch, `torch.utils.data.Subset`.
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        kind = type(self)
        if kind.__getitem__ is not Subset.__getitem__ and kind.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{kind.__name__} overrides __getitem__ but not __getitems__, which a DataLoader prefers; "
                "define it too: def __getitems__(self, indices): return [self[index] for index in indices]"
            )

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[one] for one in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[T_co]:
        return get_samples(self.dataset, [self.indices[index] for index in indices])

    def __len__(self) -> int:
        return len(self.indices)


def get_samples(dataset: Any, indices: Iterable[Any]) -> list[Any]:
    """The samples at several indices, through `__getitems__` where a dataset has it."""
    if not callable(getattr(dataset, "__getitems__", None)):
        return [dataset[index] for index in indices]
    indices = list(indices)
    samples = dataset.__getitems__(indices)
    if len(samples) != len(indices):
        raise ValueError(
            f"{type(dataset).__name__}.__getitems__ gave {len(samples)} samples for {len(indices)} indices"
        )
    return samples


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[Any]]:
    """Divide a dataset at random into parts that do not overlap.

    Args:
        dataset: what to divide.
        lengths: the sizes of the parts; or fractions that add up to 1, where left-over samples go to the
            first parts.
        generator: where to draw from; the default generator if it is None.

    Raises:
        ValueError: for sizes that do not add up to the dataset's, and fractions outside [0, 1].

    >>> generator = torch.Generator().manual_seed(0)
    >>> train, test = torch.utils.data.random_split(range(10), [0.8, 0.2], generator=generator)
    >>> sorted([*train, *test]) == list(range(10)), len(test)
    (True, 2)

    Source: PyTorch, `torch.utils.data.random_split`.
    """
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _sizes(len(dataset), lengths)
    if sum(lengths) != len(dataset):
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset! {list(lengths)} add up to "
            f"{sum(lengths)}, and the dataset has {len(dataset)} samples"
        )
    order = iter(randperm(len(dataset), generator=generator).tolist())
    return [Subset(dataset, list(itertools.islice(order, int(length)))) for length in lengths]


def _sizes(total: int, fractions: Sequence[float]) -> list[int]:
    for number, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {number} is not between 0 and 1: {fraction}")
    sizes = [math.floor(total * fraction) for fraction in fractions]
    for number in range(total - sum(sizes)):
        sizes[number % len(sizes)] += 1
    for number, size in enumerate(sizes):
        if size == 0:
            warnings.warn(
                f"Length of split at index {number} is 0. This might result in an empty dataset.",
                UserWarning,
                stacklevel=3,
            )
    return sizes
