"""What operations on images and signals share: the reading of sizes, inputs with or without a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any, TypeVar

import numpy as np

from ..tensor import Tensor
from ._public import require_tensor

Result = TypeVar("Result")


def remembered(check: Callable[..., Result]) -> Callable[..., Result]:
    """`check`, a function of sizes and options, with its results kept, of which a program has few.

    Among a layer's options may be lists, which cannot be looked up: those are checked every time.
    """
    kept = lru_cache(maxsize=512, typed=True)(check)

    @wraps(check)
    def call(*options: Any) -> Result:
        try:
            hash(options)
        except TypeError:
            return check(*options)
        return kept(*options)

    return call


def per_dimension(value: Any, dims: int, function: str, argument: str) -> tuple[int, ...]:
    """An argument that is one int for all spatial dimensions or one for each, as a tuple of ints."""
    if type(value) is int:
        return (value,) * dims
    if type(value) is tuple and len(value) == dims and {int}.issuperset(map(type, value)):
        return value
    try:
        entries = tuple([one.__index__() for one in value]) if np.iterable(value) else (value.__index__(),)
    except (AttributeError, TypeError):
        raise TypeError(
            f"{function}(): argument '{argument}' must be an int or a tuple of {dims} ints, got {value!r}"
        ) from None
    if len(entries) == 1:
        return entries * dims
    if len(entries) != dims:
        raise RuntimeError(
            f"{function}: expected {argument} to be a single integer value or a list of {dims} values to "
            f"match the {dims} spatial dimensions, but got {argument}={list(entries)}"
        )
    return entries


def require_positive(entries: Sequence[int], function: str, argument: str) -> None:
    """Raise unless all entries are greater than zero."""
    if min(entries, default=1) < 1:
        raise RuntimeError(
            f"{function}: {argument} should be greater than zero, but got {argument}={list(entries)}"
        )


def batched(input: Tensor, dims: int, function: str) -> tuple[Tensor, bool]:
    """The input as (N, C, *spatial), and whether the batch had to be added to (C, *spatial)."""
    ndim = require_tensor(input, function)._array.ndim
    if ndim == dims + 2:
        return input, False
    if ndim == dims + 1:
        return np.expand_dims(input, 0), True  # type: ignore[return-value]
    raise RuntimeError(
        f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {function}, but got input of "
        f"size: {list(input.shape)}"
    )


def unbatched(result: Any, added: bool) -> Any:
    """The result without the batch that `batched` added."""
    return np.squeeze(result, axis=0) if added else result


def require_same_dtype(function: str, **tensors: Tensor | None) -> None:
    """Raise unless all tensors that are given have the dtype of the first."""
    first, *others = [(name, one) for name, one in tensors.items() if one is not None]
    for name, one in others:
        if one._array.dtype != first[1]._array.dtype:
            raise RuntimeError(
                f"{function}: {first[0]} is {first[1].dtype} but {name} is {one.dtype}; they should have "
                f"the same dtype, convert one with .to({first[1].dtype})"
            )


def require_floating(input: Tensor, function: str) -> None:
    """Raise PyTorch's error for a dtype that has no such operation."""
    if input._array.dtype.kind not in "fc":
        raise NotImplementedError(
            f'"{function}" not implemented for {input.dtype}; convert the input with .float()'
        )
