"""One pass over a DataLoader: what all passes share, and the one in this process."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .sampler import draw_seed

if TYPE_CHECKING:
    from .dataloader import DataLoader


class Iteration(Iterator[Any]):
    """An iterator over batches.

    It draws a seed for workers also where it has none, as PyTorch does: so the random numbers that follow do
    not depend on how data is loaded.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._dataset = loader.dataset
        self._index_sampler = loader._index_sampler
        self._begin_pass(loader)
        self._base_seed = draw_seed(loader.generator)

    def _begin_pass(self, loader: DataLoader[Any]) -> None:
        self._indices = iter(self._index_sampler)
        self._yielded = 0
        self._reported_length = loader._reported_length

    def _next_batch(self) -> Any:
        raise NotImplementedError

    def __next__(self) -> Any:
        batch = self._next_batch()
        self._yielded += 1
        if self._reported_length is not None and self._yielded > self._reported_length:
            warnings.warn(
                f"Length of IterableDataset {self._dataset} was reported to be {self._reported_length} (when "
                f"accessing len(dataloader)), but {self._yielded} batches have been fetched. With several "
                "workers, each must yield only its part: see get_worker_info().",
                UserWarning,
                stacklevel=2,
            )
        return batch

    def __len__(self) -> int:
        return len(self._index_sampler)


class SerialIteration(Iteration):
    """Makes batches in this process, when they are asked for."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        self._fetch = loader._plan().start()

    def _next_batch(self) -> Any:
        return self._fetch(next(self._indices))
