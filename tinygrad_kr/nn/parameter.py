"""`Parameter`: a tensor that a module learns. `Buffer`: a tensor that it keeps without learning it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor, wrap

__all__ = ["Buffer", "Parameter"]


class Parameter(Tensor):
    """A tensor that becomes a parameter of the module it is assigned to.

    Assigned as an attribute of a `Module` it appears in `parameters()` and in the state dict, and an
    optimizer can train it.

    Args:
        data: its values; the memory is shared, not copied.
        requires_grad: whether gradients are wanted.

    Raises:
        TypeError: `data` is no tensor.
        RuntimeError: gradients are wanted of an integer or boolean tensor.

    >>> torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    Parameter containing:
    tensor([1., 2.], requires_grad=True)

    Source: PyTorch, `torch.nn.Parameter`.
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        return _stand_for(cls, data, requires_grad, cls.__name__)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that becomes a buffer of the module it is assigned to: part of its state, but not trained.

    Args:
        data: its values; the memory is shared, not copied.
        persistent: whether it belongs to the module's state dict.

    >>> m = torch.nn.Module()
    >>> m.mean = torch.nn.Buffer(torch.zeros(2), persistent=False)
    >>> list(m.named_buffers()), list(m.state_dict())
    ([('mean', tensor([0., 0.]))], [])

    Source: PyTorch, `torch.nn.Buffer`.
    """

    persistent: bool = True

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        requires_grad = isinstance(data, Tensor) and data.requires_grad
        self = _stand_for(cls, data, requires_grad, cls.__name__)
        self.persistent = persistent
        return self


def _stand_for(cls: type[Any], data: Tensor | None, requires_grad: bool, name: str) -> Any:
    """A leaf of class `cls` over the memory of `data`, whose in-place changes both notice."""
    if data is None:
        data = wrap(np.empty(0, dtypes.default_numpy))
    if not isinstance(data, Tensor):
        raise TypeError(
            f"{name}() takes a Tensor, got {type(data).__name__}; write {name}(torch.tensor(...)) for "
            "numbers or arrays"
        )
    self = object.__new__(cls)
    self._array = data._array
    self._storage = data._storage
    return self.requires_grad_() if requires_grad else self
