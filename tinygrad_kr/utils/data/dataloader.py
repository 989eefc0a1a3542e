"""The DataLoader: batches of a dataset, one after the other."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ...ops.random import Generator
from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset
from .fetch import FetchPlan
from .iteration import Iteration, SerialIteration
from .parallel import ParallelIteration
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler
from .worker import get_worker_info

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

T_co = TypeVar("T_co", covariant=True)

_FIXED = {"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"}


class _Endless(Sampler[None]):
    """The sampler of an iterable dataset, which knows no indices."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader(Generic[T_co]):
    """Iterates over a dataset in batches.

    Args:
        dataset: anything with `__getitem__` and `__len__`, or an `IterableDataset`.
        batch_size: samples per batch; None for samples as they are.
        shuffle: whether to take them in random order, anew each epoch.
        sampler: what gives the order instead: an iterable of indices.
        batch_sampler: what gives lists of indices instead.
        num_workers: processes that make batches; 0 to make them here. Each epoch starts them anew (forked
            where that is the system's way), and each has its own seed for `torch`, `random` and
            `numpy.random`, also per epoch.
        collate_fn: makes a batch of a list of samples; `default_collate` by default.
        pin_memory, pin_memory_device: accepted, without effect on a CPU.
        drop_last: leave out the last batch if it is smaller.
        timeout: how many seconds to wait for a batch from the workers; 0 for ever.
        worker_init_fn: called in each worker with its number, after seeding.
        multiprocessing_context: how to start workers: "fork", "spawn", "forkserver" or a context.
        generator: what the random order and the seeds of workers are drawn from; by default the default
            generator.
        prefetch_factor: batches that each worker makes in advance; 2 by default.
        persistent_workers: keep the workers for the next epoch.
        in_order: whether batches come in their order; otherwise as soon as a worker has one.

    Raises:
        ValueError: for arguments that exclude each other, or are out of their range.
        RuntimeError: while iterating, when a worker dies or takes longer than `timeout`. An exception in a
            worker is raised here with the same type and the worker's traceback.

    >>> dataset = torch.utils.data.TensorDataset(torch.arange(5), torch.arange(5) * 10)
    >>> for x, y in torch.utils.data.DataLoader(dataset, batch_size=2):
    ...     print(x, y)
    tensor([0, 1]) tensor([ 0, 10])
    tensor([2, 3]) tensor([20, 30])
    tensor([4]) tensor([40])

    Source: PyTorch, `torch.utils.data.DataLoader`, with the same order under the same seed.
    """

    _iterator: ParallelIteration | None = None
    _reported_length: int | None = None
    _initialized = False

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[Any] | Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        iterable = isinstance(dataset, IterableDataset)
        if iterable:
            _check_iterable(shuffle, sampler, batch_sampler)
        _check_sampling(batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size = None
        if sampler is None:
            if iterable:
                sampler = _Endless()
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)  # type: ignore[arg-type]
            else:
                sampler = SequentialSampler(dataset)  # type: ignore[arg-type]
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = _context(multiprocessing_context, num_workers)
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.collate_fn = collate_fn or (default_collate if self._batched else default_convert)
        self._initialized = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized; make a new "
                "one"
            )
        super().__setattr__(name, value)

    @property
    def _batched(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        """What gives the indices of each batch."""
        return self.batch_sampler if self._batched else self.sampler

    def _plan(self) -> FetchPlan:
        return FetchPlan(self.dataset, self._batched, self.collate_fn, self.drop_last)

    def __iter__(self) -> Iteration:
        if self.num_workers == 0:
            return SerialIteration(self)
        if not self.persistent_workers:
            return ParallelIteration(self)
        if self._iterator is None or not self._iterator.close.alive:
            self._iterator = ParallelIteration(self)
        else:
            self._iterator.restart(self)
        return self._iterator

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self._index_sampler)
        size = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is not None:
            size = size // self.batch_size if self.drop_last else -(-size // self.batch_size)
        self._reported_length = size
        return size


def _check_workers(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool
) -> None:
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing. Got "
            f"{num_workers}"
        )
    if timeout < 0:
        raise ValueError(f"timeout option should be non-negative, but got {timeout}")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            f"prefetch_factor={prefetch_factor} option could only be specified in multiprocessing. Let "
            "num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 1:
        raise ValueError(f"prefetch_factor option should be positive, but got {prefetch_factor}")
    if num_workers == 0 and persistent_workers:
        raise ValueError("persistent_workers option needs num_workers > 0")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if num_workers > available:
        warnings.warn(
            f"This DataLoader will create {num_workers} worker processes in total. Our suggested max number "
            f"of worker in current system is {available}; more of them may run slower.",
            UserWarning,
            stacklevel=4,
        )


def _check_iterable(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    given = {
        "shuffle": None if shuffle is False else shuffle,
        "sampler": sampler,
        "batch_sampler": batch_sampler,
    }
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                f"{name}={value}; its order is its own"
            )


def _check_sampling(
    batch_size: int | None, shuffle: bool | None, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError(
            "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
        )
    if batch_size is None and drop_last:
        raise ValueError(
            "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
        )


def _context(given: Any, num_workers: int) -> Any:
    """A way of starting processes, from its name; None for the system's own."""
    if given is None:
        return None
    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={num_workers}"
        )
    if isinstance(given, str):
        methods = multiprocessing.get_all_start_methods()
        if given not in methods:
            raise ValueError(
                f"multiprocessing_context option should specify a valid start method in {methods!r}, but got "
                f"multiprocessing_context={given!r}"
            )
        return multiprocessing.get_context(given)
    if not isinstance(given, multiprocessing.context.BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the "
            f"start method, but got multiprocessing_context={given}"
        )
    return given
