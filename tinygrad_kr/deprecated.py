"""What programs use though PyTorch does not recommend it: older ways of writing, and a private name."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from .size import Size
from .tensor import Tensor, graft, wrap

__all__ = ["_assert"]


def number_first(name: str, option: str, tensors: int) -> None:
    """Let a method take its factor before its tensors, `x.add_(factor, other)`: PyTorch does, and warns.

    Args:
        name: of the method.
        option: the keyword that the factor has now.
        tensors: how many tensors follow it.
    """
    method = getattr(Tensor, name)

    @functools.wraps(method)
    def either(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if len(args) > tensors:
            kwargs[option], *args = args  # type: ignore[assignment]
            now = f"{name}({', '.join(['tensor'] * tensors)}, {option}=...)"
            warnings.warn(f"{name} with a number before its tensors is deprecated; write {now}", stacklevel=2)
        return method(self, *args, **kwargs)

    setattr(Tensor, name, either)


for name, option, tensors in (("add", "alpha", 1), ("addcmul", "value", 2), ("addcdiv", "value", 2)):
    number_first(name, option, tensors)
    number_first(f"{name}_", option, tensors)


def new(self: Tensor, *data: Any, device: Any = None) -> Tensor:
    """Another tensor of this dtype: from data, or zeros of given sizes. Write `new_tensor`, `new_zeros`.

    >>> torch.tensor([1.5]).new([2, 3]), torch.tensor([1]).new(1, 2)
    (tensor([2., 3.]), tensor([[0, 0]]))

    Raises:
        TypeError: neither one sequence of data nor sizes.

    Source: PyTorch, `torch.Tensor.new`.
    """
    if len(data) == 1 and isinstance(data[0], Tensor):
        return wrap(data[0]._array.astype(self._array.dtype, copy=False))
    if len(data) == 1 and not isinstance(data[0], (int, np.integer, Size)):
        return wrap(np.array(data[0], self._array.dtype))
    sizes = data[0] if len(data) == 1 and isinstance(data[0], Size) else data or (0,)
    if not all(isinstance(size, (int, np.integer)) for size in sizes):
        raise TypeError(f"new() takes one sequence of data, or sizes; got {data!r}")
    return wrap(np.zeros(tuple(map(int, sizes)), self._array.dtype))


graft(new, "new")


def _assert(condition: Any, message: str) -> None:
    """`assert` as a function, private in PyTorch, but common in the models of its libraries.

    Raises:
        AssertionError: the condition does not hold.
    """
    assert condition, message
