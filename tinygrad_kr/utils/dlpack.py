"""Tensors handed to and taken from other libraries without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.creation import from_numpy
from ..tensor import Tensor

__all__ = ["from_dlpack", "to_dlpack"]


def from_dlpack(ext_tensor: Any) -> Tensor:
    """The tensor that shares the memory of another library's array.

    Args:
        ext_tensor: an array that has `__dlpack__`.

    >>> import numpy as np
    >>> torch.from_dlpack(np.ones(2, np.float32))
    tensor([1., 1.])

    Source: PyTorch, `torch.from_dlpack`.
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        raise TypeError(
            f"from_dlpack() takes an array that has __dlpack__, not {type(ext_tensor).__name__}; a bare "
            "capsule does not say on which device it lies"
        )
    return from_numpy(np.from_dlpack(ext_tensor))


def to_dlpack(tensor: Tensor) -> Any:
    """The capsule that another library's `from_dlpack` takes.

    >>> type(torch.to_dlpack(torch.ones(2))).__name__
    'PyCapsule'

    Source: PyTorch, `torch.to_dlpack`.
    """
    return tensor.__dlpack__()
