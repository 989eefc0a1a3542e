"""What products of tensors require of shapes and dtypes, and PyTorch's errors where it is not so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor
from ._public import require_tensor

_C_NAMES = {
    "float32": "float",
    "float64": "double",
    "int64": "long int",
    "int32": "int",
    "float16": "c10::Half",
}


def check_dtypes(x: Tensor, y: Tensor) -> None:
    """Products do not promote: raise PyTorch's error for operands of different dtypes."""
    one, two = x._array.dtype, y._array.dtype
    if one is not two and one != two:
        names = " != ".join(_C_NAMES.get(dtype.name, dtype.name) for dtype in (one, two))
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {names}; convert one, for example with "
            f".to({x.dtype if one.kind == 'f' else y.dtype})"
        )


def sizes_text(shape: Sequence[int]) -> str:
    """A shape as PyTorch writes it in errors of products: 2x3."""
    return "x".join(map(str, shape))


def check_matmul(x: Tensor, y: Tensor) -> None:
    """Raise PyTorch's error for x @ y whose shapes do not fit."""
    a, b = x._array.shape, y._array.shape
    if not a or not b:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {len(a)}D and {len(b)}D; use * "
            "for a number times a tensor"
        )
    if a[-1] != (b[-1] if len(b) == 1 else b[-2]):
        if len(a) == 1 and len(b) == 1:
            raise _vectors_differ(a, b)
        if len(a) == 2 and len(b) == 1:
            raise RuntimeError(f"size mismatch, got input ({a[0]}), mat ({sizes_text(a)}), vec ({b[0]})")
        if len(a) > 2 and len(b) > 2:
            raise RuntimeError(
                f"Expected size for first two dimensions of batch2 tensor to be: {[*b[:-2], a[-1]]} but got: "
                f"{[*b[:-2], b[-2]]}; the shapes {list(a)} and {list(b)} cannot be multiplied"
            )
        rows = (math.prod(a[:-1]), a[-1])
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({sizes_text(rows)} and {sizes_text(b)})"
        )
    for dim in range(3, min(len(a), len(b)) + 1):
        if a[-dim] != b[-dim] and 1 not in (a[-dim], b[-dim]):
            raise RuntimeError(
                f"The size of tensor a ({a[-dim]}) must match the size of tensor b ({b[-dim]}) at "
                f"non-singleton dimension {max(len(a), len(b)) - dim}; the shapes are {list(a)} and {list(b)}"
            )


def _vectors_differ(a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    return RuntimeError(
        f"inconsistent tensor size, expected tensor [{a[0]}] and src [{b[0]}] to have the same number of "
        f"elements, but got {a[0]} and {b[0]} elements respectively"
    )


def check_expands(input: Tensor, shape: Sequence[int]) -> None:
    """Raise PyTorch's error where `input` does not broadcast to the shape of a product."""
    own = input._array.shape
    if len(own) > len(shape):
        raise RuntimeError(
            f"The number of sizes provided ({len(shape)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(own)}): {list(own)} does not expand to {list(shape)}"
        )
    for dim in range(1, len(own) + 1):
        if own[-dim] not in (1, shape[-dim]):
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[-dim]}) must match the existing size ({own[-dim]}) "
                f"at non-singleton dimension {len(shape) - dim}.  Target sizes: {list(shape)}.  Tensor "
                f"sizes: {list(own)}"
            )


def require_dims(tensor: Any, dims: int, message: str, function: str, argument: str) -> Tensor:
    """A tensor of so many dimensions, or an error that begins with PyTorch's words."""
    if require_tensor(tensor, function, argument)._array.ndim != dims:
        raise RuntimeError(f"{message}, but got {tensor.ndim}D of shape {list(tensor.shape)}")
    return tensor
