"""PyTorch's old constructors by type, `torch.FloatTensor(2, 3)`, `torch.LongTensor([1, 2])`.

New code writes `torch.tensor(data, dtype=...)`, which also takes scalars.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from .tensor import Tensor, wrap

__all__ = [
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
]


class _TensorType(type):
    """The class of the typed constructors: calling one makes a Tensor, `isinstance` asks for its dtype."""

    dtype: dtypes.dtype

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype

    def __call__(cls, *data: Any, device: Any = None) -> Tensor:
        stored = cls.dtype.numpy
        if len(data) == 1 and isinstance(data[0], Tensor):
            if data[0].dtype is not cls.dtype:
                raise TypeError(
                    f"expected {cls!r} (got {data[0].type()}); convert with "  # type: ignore[attr-defined]
                    f".to({cls.dtype!r})"
                )
            return wrap(data[0]._array)
        if len(data) == 1 and not isinstance(data[0], (int, np.integer)) and not _is_size(data[0]):
            return wrap(np.array(data[0], stored))
        sizes = data[0] if len(data) == 1 and _is_size(data[0]) else data or (0,)
        if not all(isinstance(size, (int, np.integer)) for size in sizes):
            raise TypeError(f"{cls!r} takes one sequence of data, or sizes; got {data!r}")
        return wrap(np.zeros(tuple(map(int, sizes)), stored))

    def __repr__(cls) -> str:
        return f"torch.{cls.__name__}"


def _is_size(value: Any) -> bool:
    from .size import Size

    return isinstance(value, Size)


def _typed(name: str, dtype: dtypes.dtype) -> _TensorType:
    about = f"Legacy constructor: data, or sizes, as a tensor of {dtype}. Prefer `torch.tensor`."
    return _TensorType(name, (), {"dtype": dtype, "__doc__": about, "__module__": "torch"})


FloatTensor = _typed("FloatTensor", dtypes.float32)
DoubleTensor = _typed("DoubleTensor", dtypes.float64)
HalfTensor = _typed("HalfTensor", dtypes.float16)
LongTensor = _typed("LongTensor", dtypes.int64)
IntTensor = _typed("IntTensor", dtypes.int32)
ShortTensor = _typed("ShortTensor", dtypes.int16)
CharTensor = _typed("CharTensor", dtypes.int8)
ByteTensor = _typed("ByteTensor", dtypes.uint8)
BoolTensor = _typed("BoolTensor", dtypes.bool)
