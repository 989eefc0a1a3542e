"""How a batch is got from a dataset: what runs in this process, or in each worker."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...tensor import wrap
from .collate import default_collate
from .dataset import IterableDataset, Subset, TensorDataset, get_samples


@dataclass(frozen=True)
class FetchPlan:
    """What a worker must know to make batches."""

    dataset: Any
    batched: bool  # whether what the sampler yields is a list of indices
    collate_fn: Callable[[Any], Any]
    drop_last: bool

    def start(self) -> Callable[[Any], Any]:
        """A new epoch: a function from what the sampler yields to a batch. StopIteration ends it."""
        if isinstance(self.dataset, IterableDataset):
            return self._from_iterator()
        if self.batched and self.collate_fn is default_collate:
            return self._from_tensors()
        return self._from_indices

    def _from_indices(self, index: Any) -> Any:
        try:
            data = get_samples(self.dataset, index) if self.batched else self.dataset[index]
        except StopIteration as error:  # which would end the epoch in silence
            raise RuntimeError(
                f"{type(self.dataset).__name__} raised StopIteration for index {index}"
            ) from error
        return self.collate_fn(data)

    def _from_tensors(self) -> Callable[[Any], Any]:
        """The whole batch of each tensor at once: equal to a collated list of samples, without making one.

        For a `TensorDataset` and for parts of one; not for their subclasses, whose samples may be others.
        """
        dataset, parts = self.dataset, []
        while type(dataset) is Subset and isinstance(dataset.indices, (list, range)):
            parts.append(dataset.indices)
            dataset = dataset.dataset
        if type(dataset) is not TensorDataset or any(one._node is not None for one in dataset.tensors):
            return self._from_indices

        def fetch(indices: Any) -> Any:
            rows = np.asarray(indices)
            for part in parts if rows.dtype.kind == "i" else ():
                rows = np.asarray([part[row] for row in rows.tolist()])
            if rows.ndim != 1 or rows.dtype.kind != "i":
                return self._from_indices(indices)
            return [wrap(np.take(tensor._array, rows, axis=0)) for tensor in dataset.tensors]

        return fetch

    def _from_iterator(self) -> Callable[[Any], Any]:
        samples = iter(self.dataset)

        def fetch(indices: Any) -> Any:
            if not self.batched:
                return self.collate_fn(next(samples))
            batch = list(itertools.islice(samples, len(indices)))
            if not batch or (self.drop_last and len(batch) < len(indices)):
                raise StopIteration
            return self.collate_fn(batch)

        return fetch
