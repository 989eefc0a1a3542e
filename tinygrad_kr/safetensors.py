"""The format of the `safetensors` library: named tensors and nothing else. Needs the extra of that name.

The four functions of its module `safetensors.torch`:

    from tinygrad_kr.safetensors import load_file, save_file

Its own module for NumPy writes strided arrays wrongly, in silence, and cannot read bfloat16. Here strided
tensors are written in row-major order, and bfloat16 is read as float32, with the same values.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

from . import dtypes
from .devices import device as _device
from .devices import require_cpu
from .extras import require
from .serialization.atomic import replacing
from .serialization.pickling import shared_memory
from .serialization.tensors import from_bfloat16
from .tensor import Tensor, wrap

__all__ = ["load", "load_file", "save", "save_file"]

_DTYPES = {
    "BOOL": dtypes.bool,
    "U8": dtypes.uint8,
    "I8": dtypes.int8,
    "I16": dtypes.int16,
    "I32": dtypes.int32,
    "I64": dtypes.int64,
    "F16": dtypes.float16,
    "F32": dtypes.float32,
    "F64": dtypes.float64,
    "C64": dtypes.complex64,
}


def save(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """The content of a safetensors file with these tensors.

    Args:
        tensors: by name.
        metadata: strings, by name, to store with them.

    Raises:
        RuntimeError: tensors share memory, which the format cannot say.
        ValueError: something is no tensor, or complex128.
        ModuleNotFoundError: safetensors is not installed.

    >>> from tinygrad_kr.safetensors import load, save  # doctest: +SKIP
    >>> load(save({"weight": torch.eye(2).t()}))  # doctest: +SKIP
    {'weight': tensor([[1., 0.],
            [0., 1.]])}

    Source: `safetensors.torch.save`.
    """
    library = require("safetensors.numpy", extra="safetensors", purpose="the safetensors format")
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors).__name__}")
    for name, x in tensors.items():
        if not isinstance(name, str) or not isinstance(x, Tensor):
            raise ValueError(
                f"Key `{name}` is invalid, expected torch.Tensor but received {type(x).__name__}"
            )
        if x.dtype not in _DTYPES.values():
            raise ValueError(
                f"tensor `{name}` is {x.dtype}, which safetensors lacks; convert it first, e.g. to complex64"
            )
    together: dict[Any, list[str]] = {}
    for name, memory in zip(tensors, shared_memory(x._array for x in tensors.values())):
        together.setdefault(memory, []).append(name)
    shared = [names for names in together.values() if len(names) > 1]
    if shared:
        raise RuntimeError(
            "Some tensors share memory, this will lead to duplicate memory on disk and potential differences "
            f"when loading them again: {shared}. Leave out all but one of each (tied weights), clone() them, "
            "or use torch.save, which keeps the sharing."
        )
    arrays = {name: np.asarray(x._array, order="C") for name, x in tensors.items()}
    content: bytes = library.save(arrays, metadata)
    return content


def save_file(
    tensors: dict[str, Tensor], filename: str | os.PathLike[str], metadata: dict[str, str] | None = None
) -> None:
    """Write tensors to a safetensors file, which changes only at the end, as a whole.

    Arguments and errors are those of `save`.

    Source: `safetensors.torch.save_file`.
    """
    content = save(tensors, metadata)
    with replacing(filename) as file:
        file.write(content)


def load(data: bytes) -> dict[str, Tensor]:
    """The tensors in the content of a safetensors file.

    Raises:
        safetensors.SafetensorError: it is damaged.
        ValueError: it has a dtype that is not supported here.
        ModuleNotFoundError: safetensors is not installed.

    Source: `safetensors.torch.load`.
    """
    library = require("safetensors", extra="safetensors", purpose="the safetensors format")
    return {name: _tensor(name, **parts) for name, parts in library.deserialize(data)}


def load_file(filename: str | os.PathLike[str], device: str | _device = "cpu") -> dict[str, Tensor]:
    """The tensors of a safetensors file. Errors are those of `load`.

    Source: `safetensors.torch.load_file`.
    """
    require_cpu(device)
    with open(filename, "rb") as file:
        return load(file.read())


def _tensor(name: str, dtype: str, shape: list[int], data: bytearray) -> Tensor:
    """A tensor over the bytes of one entry."""
    if dtype != "BF16" and dtype not in _DTYPES:
        raise ValueError(f"tensor `{name}` is of type {dtype}, which is not supported here; convert it first")
    array = np.frombuffer(data, np.uint16 if dtype == "BF16" else _DTYPES[dtype].numpy).reshape(shape)
    if sys.byteorder == "big":
        array = array.byteswap()
    return wrap(from_bfloat16(array) if dtype == "BF16" else array)
