"""How a list of samples becomes a batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ...ops.creation import as_tensor, tensor
from ...ops.joining import stack
from ...tensor import Tensor, wrap

__all__ = ["default_collate", "default_convert"]


def default_collate(batch: Sequence[Any]) -> Any:
    """A list of samples as one batch: their tensors stacked along a new first dimension.

    Arrays and numbers become tensors (floats float64), strings stay in a list; mappings, named tuples and
    sequences are collated field by field (tuples to lists), by the type of the first sample.

    Raises:
        RuntimeError: for tensors of different shapes, and sequences of different lengths.
        TypeError: for anything else.

    >>> torch.utils.data.default_collate([(torch.tensor([1.0]), 3), (torch.tensor([2.0]), 4)])
    [tensor([[1.],
            [2.]]), tensor([3, 4])]

    Source: PyTorch, `torch.utils.data.default_collate`.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return _stacked(batch)
    if isinstance(first, np.ndarray):
        if first.dtype.kind not in "biufc":
            raise _unfit(first.dtype)
        return _stacked([as_tensor(one) for one in batch])
    if isinstance(first, (np.bool_, np.number)):
        return as_tensor(list(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=dtypes.float64)
    if isinstance(first, int):
        return tensor(list(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _like_mapping(
            first, {key: default_collate([sample[key] for sample in batch]) for key in first}
        )
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(field) for field in zip(*batch)))
    if isinstance(first, Sequence):
        lengths = [len(sample) for sample in batch]
        if len(set(lengths)) > 1:
            raise RuntimeError(
                f"each element in list of batch should be of equal size, but their lengths are {lengths}; "
                "give the DataLoader a collate_fn that pads them, or keeps them apart"
            )
        return _like_sequence(first, [default_collate(field) for field in zip(*batch)])
    raise _unfit(type(first))


def default_convert(data: Any) -> Any:
    """The arrays and NumPy numbers in a sample as tensors; what a DataLoader without batches does.

    >>> torch.utils.data.default_convert({"x": np.ones(2), "name": "a"})
    {'x': tensor([1., 1.], dtype=torch.float64), 'name': 'a'}

    Source: PyTorch, `torch.utils.data.default_convert`.
    """
    if isinstance(data, (np.ndarray, np.bool_, np.number)):
        return data if isinstance(data, np.ndarray) and data.dtype.kind not in "biufc" else as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, list(map(default_convert, data)))
    return data


def _stacked(batch: Sequence[Tensor]) -> Tensor:
    arrays = [one._array for one in batch]
    first = arrays[0]
    if any(one.shape != first.shape for one in arrays):
        place = next(i for i, one in enumerate(arrays) if one.shape != first.shape)
        raise RuntimeError(
            f"stack expects each tensor to be equal size, but got {list(first.shape)} at entry 0 and "
            f"{list(arrays[place].shape)} at entry {place}; give the DataLoader a collate_fn that pads them, "
            "or keeps them apart"
        )
    if any(one._node is not None for one in batch) or any(one.dtype != first.dtype for one in arrays):
        return stack(list(batch))
    out = np.empty((len(arrays), *first.shape), first.dtype)
    for place, one in enumerate(arrays):  # a third of the time of np.stack, which makes a view of each first
        out[place] = one
    return wrap(out)


def _like_mapping(example: Mapping[Any, Any], values: dict[Any, Any]) -> Any:
    """The values in a mapping of the example's type (in a copy, if it is mutable), or else in a dict."""
    if isinstance(example, MutableMapping):
        return _or_plain(lambda: _filled(example, values.items()), values)
    return _or_plain(lambda: type(example)(values), values)  # type: ignore[call-arg]


def _like_sequence(example: Sequence[Any], values: list[Any]) -> Any:
    """Likewise for sequences; tuples become lists."""
    if isinstance(example, tuple):
        return values
    if isinstance(example, MutableSequence):
        return _or_plain(lambda: _filled(example, enumerate(values)), values)
    return _or_plain(lambda: type(example)(values), values)  # type: ignore[call-arg]


def _filled(example: Any, items: Any) -> Any:
    clone = copy.copy(example)
    for key, value in items:
        clone[key] = value
    return clone


def _or_plain(make: Callable[[], Any], plain: Any) -> Any:
    try:
        return make()
    except TypeError:
        return plain


def _unfit(found: Any) -> TypeError:
    return TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {found}. "
        "Convert the samples in the dataset, or give the DataLoader a collate_fn"
    )
