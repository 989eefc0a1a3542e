"""Batches of whatever holds examples: a loader, a dataset, or arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..ops.creation import as_tensor
from ..tensor import Tensor
from ..utils.data import DataLoader, Dataset, TensorDataset

__all__ = ["Batches", "call", "length", "loader", "pair"]

Batches = Iterable[Any]


def loader(data: Any, batch_size: int, shuffle: bool = False) -> Batches:
    """What yields batches of `data`: itself if it does already, else a `DataLoader` of it.

    Args:
        data: a `DataLoader` (or any other iterable of batches that can be run through again); a `Dataset`;
            one array or tensor; or a tuple of them, whose first dimensions agree.
        batch_size, shuffle: for what is not batched yet.

    Raises:
        ValueError: nothing in it, a batch size below 1, or first dimensions that differ.
        TypeError: an iterator, which is used up after one epoch.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    if isinstance(data, (Tensor, np.ndarray)):
        data = (data,)
    if isinstance(data, tuple) and data and all(isinstance(one, (Tensor, np.ndarray)) for one in data):
        tensors = [as_tensor(one) for one in data]
        sizes = [len(one) for one in tensors]
        if len(set(sizes)) > 1:
            raise ValueError(
                f"arrays of one dataset have as many rows as each other, got {sizes}: inputs and targets "
                "belong together row by row"
            )
        if not sizes[0]:
            raise ValueError("the arrays have no rows: there is nothing to make batches of")
        data = TensorDataset(*tensors) if shuffle else _Slices(tensors, batch_size)
    if isinstance(data, Dataset):
        if hasattr(data, "__len__") and not len(data):
            raise ValueError("the dataset is empty: there is nothing to make batches of")
        data = DataLoader(data, batch_size=batch_size, shuffle=shuffle and hasattr(data, "__getitem__"))
    if not isinstance(data, Iterable):
        raise TypeError(
            "expected a DataLoader, a Dataset, an array or a tuple of arrays as data, got "
            f"{type(data).__name__}"
        )
    if isinstance(data, Iterator):
        raise TypeError(
            f"{type(data).__name__} is an iterator, which is used up after one epoch: pass the DataLoader or "
            "the list of batches itself"
        )
    return data


class _Slices:
    """Batches of arrays in their order. Unlike a `DataLoader` it draws nothing from the random generator."""

    def __init__(self, tensors: list[Tensor], batch_size: int) -> None:
        self.parts = [tensor.split(batch_size) for tensor in tensors]

    def __len__(self) -> int:
        return len(self.parts[0])

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        return zip(*self.parts)


def length(batches: Batches) -> int | None:
    """How many batches there are, where they say."""
    try:
        return len(batches)  # type: ignore[arg-type]
    except TypeError:
        return None


def pair(batch: Any) -> tuple[Any, Any]:
    """Inputs and targets of a batch. A batch that is one tensor is its own target, as for autoencoders.

    >>> pair([torch.zeros(4, 2), torch.ones(4)])[1]
    tensor([1., 1., 1., 1.])
    """
    if isinstance(batch, (tuple, list)):
        if len(batch) == 1:
            return batch[0], batch[0]
        if len(batch) == 2:
            return batch[0], batch[1]
        raise ValueError(
            f"a batch is (inputs, targets) or inputs alone, got {len(batch)} parts: give several inputs as "
            "one tuple, ((a, b), targets)"
        )
    return batch, batch


def call(model: Any, inputs: Any) -> Any:
    """The model on its inputs: a tuple or list gives several arguments, a dict keyword arguments."""
    if isinstance(inputs, (tuple, list)):
        return model(*inputs)
    if isinstance(inputs, Mapping):
        return model(**inputs)
    return model(inputs)


def rows(inputs: Any) -> int:
    """How many examples a batch holds: the first dimension of its first tensor."""
    while not isinstance(inputs, (Tensor, np.ndarray)):
        parts = inputs.values() if isinstance(inputs, Mapping) else inputs
        inputs = next(iter(parts))
    return len(inputs) if inputs.ndim else 1
