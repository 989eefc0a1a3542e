"""Samplers: in which order samples come, and in which batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

from ... import dtypes
from ...ops.creation import as_tensor, empty
from ...ops.random import Generator, multinomial, randint, randperm
from ...tensor import Tensor

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """An order of indices: subclass it and define `__iter__`, and `__len__` if it is known.

    >>> class Backwards(torch.utils.data.Sampler):
    ...     def __init__(self, data):
    ...         self.data = data
    ...     def __len__(self):
    ...         return len(self.data)
    ...     def __iter__(self):
    ...         return iter(range(len(self.data) - 1, -1, -1))
    >>> list(torch.utils.data.DataLoader("abc", sampler=Backwards("abc")))
    [['c'], ['b'], ['a']]

    Source: PyTorch, `torch.utils.data.Sampler`.
    """

    def __init__(self, data_source: Any = None) -> None:
        """Nothing; older programs hand over a dataset here."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__()")


class SequentialSampler(Sampler[int]):
    """All indices in their order.

    >>> list(torch.utils.data.SequentialSampler("abc"))
    [0, 1, 2]

    Source: PyTorch, `torch.utils.data.SequentialSampler`.
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """All indices in random order, anew each time.

    Args:
        data_source: the dataset, for its length.
        replacement: draw each index independently of the others.
        num_samples: how many to draw; as many as there are by default.
        generator: where to draw from; by default a new one, which is seeded from the default one, for each
            iteration.

    Raises:
        TypeError: unless `replacement` is a bool.
        ValueError: unless there is a positive number to draw.

    >>> _ = torch.manual_seed(0)
    >>> sorted(torch.utils.data.RandomSampler(range(5)))
    [0, 1, 2, 3, 4]

    Source: PyTorch, `torch.utils.data.RandomSampler`, with the same order under the same seed.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                f"num_samples should be a positive integer value, but got num_samples={self.num_samples}"
                + ("; is the dataset empty?" if num_samples is None else "")
            )

    @property
    def num_samples(self) -> int:
        """How many indices an iteration has; the length of the dataset is looked up each time."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        size = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(draw_seed())
        if self.replacement:
            # In draws of 32, as PyTorch makes them.
            for first in range(0, self.num_samples, 32):
                count = min(32, self.num_samples - first)
                yield from randint(size, (count,), generator=generator).tolist()
        else:
            for _ in range(self.num_samples // size):
                yield from randperm(size, generator=generator).tolist()
            # Also if nothing is left over: PyTorch draws this permutation too.
            yield from randperm(size, generator=generator).tolist()[: self.num_samples % size]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order, anew each time.

    >>> sorted(torch.utils.data.SubsetRandomSampler([2, 5, 7]))
    [2, 5, 7]

    Source: PyTorch, `torch.utils.data.SubsetRandomSampler`.
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for place in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[place]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with probabilities proportional to weights.

    Args:
        weights: one for each index; they need not add up to 1.
        num_samples: how many to draw.
        replacement: whether an index may come more than once.
        generator: where to draw from; the default generator if it is None.

    Raises:
        ValueError: for `num_samples` that is no positive integer, and weights in other than one dimension.

    >>> list(torch.utils.data.WeightedRandomSampler([0.0, 1.0, 0.0], 4))
    [1, 1, 1, 1]

    Source: PyTorch, `torch.utils.data.WeightedRandomSampler`.
    """

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(
                f"num_samples should be a positive integer value, but got num_samples={num_samples}"
            )
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = as_tensor(weights, dtype=dtypes.float64)
        if self.weights.ndim != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        yield from multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        ).tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler, in lists.

    Args:
        sampler: a sampler, or any iterable.
        batch_size: the length of the lists.
        drop_last: leave out the last list if it is shorter.

    Raises:
        ValueError: for a `batch_size` that is no positive integer, a `drop_last` that is no bool.

    >>> list(torch.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]

    Source: PyTorch, `torch.utils.data.BatchSampler`.
    """

    def __init__(self, sampler: Sampler[Any] | Iterable[Any], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(
                f"batch_size should be a positive integer value, but got batch_size={batch_size}"
            )
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        size: int = len(self.sampler)  # type: ignore[arg-type]
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)


def draw_seed(generator: Generator | None = None) -> int:
    """A seed for other generators, drawn as PyTorch draws it."""
    return int(empty((), dtype=dtypes.int64).random_(generator=generator).item())
