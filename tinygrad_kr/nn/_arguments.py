"""Checks and spellings of constructor arguments that the layers share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ops.creation import empty
from .parameter import Parameter

IntOrTuple = int | tuple[int, ...]


def ntuple(value: Any, count: int, name: str) -> tuple[Any, ...]:
    """A number as `count` equal ones, a sequence as a tuple; it must have `count` elements then."""
    if not isinstance(value, Iterable):
        return (value,) * count
    values = tuple(value)
    if len(values) == 1:
        return values * count
    if len(values) != count:
        raise ValueError(f"`{name}` (={value}) must be one number or a tuple of {count}, got {len(values)}")
    return values


def require_size(name: str, value: Any, *, least: int = 1) -> None:
    """Raise unless `value` is an int (or several), none below `least`, naming the argument and the value."""
    for one in value if isinstance(value, tuple) else (value,):
        if not hasattr(one, "__index__") or isinstance(one, bool):
            raise TypeError(f"`{name}` (={value!r}) must be an int, got {type(one).__name__}")
        if one < least:
            wanted = "positive" if least == 1 else "0 or more" if least == 0 else f"{least} or more"
            raise ValueError(f"`{name}` (={value}) must be {wanted}")


def factory_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """The `device`, `dtype` and `memory_format` of a layer's keyword arguments, for what makes its tensors.

    They may also stand together in `kwargs["factory_kwargs"]`.

    Raises:
        TypeError: another keyword, or one given twice.

    >>> torch.nn.factory_kwargs({"dtype": torch.float64})
    {'dtype': torch.float64}

    Source: PyTorch, `torch.nn.factory_kwargs`.
    """
    given = dict(kwargs or {})
    found = dict(given.pop("factory_kwargs", {}))
    unknown = given.keys() - {"device", "dtype", "memory_format"}
    if unknown:
        raise TypeError(f"unexpected kwargs {unknown}")
    for name in given:
        if name in found:
            raise TypeError(f"{name} specified twice, in **kwargs and in factory_kwargs")
    return found | given


def new_parameter(*size: Any, device: Any = None, dtype: Any = None) -> Parameter:
    """A parameter of the given size whose values are still to be set."""
    return Parameter(empty(*size, device=device, dtype=dtype))
