"""Questions that libraries ask about foreign tensors; nothing here hands over to `__torch_function__`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .tensor import Tensor

__all__ = ["has_torch_function", "is_tensor_like", "is_tensor_method_or_property"]


def is_tensor_like(inp: Any) -> bool:
    """Whether it is a tensor or claims to be one by a method `__torch_function__`.

    >>> torch.overrides.is_tensor_like(torch.ones(2)), torch.overrides.is_tensor_like([1.0])
    (True, False)
    """
    return isinstance(inp, Tensor) or hasattr(inp, "__torch_function__")


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """False: functions here do not hand over to `__torch_function__`."""
    return False


def is_tensor_method_or_property(func: Any) -> bool:
    """Whether it belongs to `Tensor`."""
    name = getattr(func, "__name__", "")
    return name == "__get__" or getattr(Tensor, name, None) is func
