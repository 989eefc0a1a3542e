"""Files of weights: the safetensors format, read here in a few lines, so that no library is needed for it.

A file is 8 bytes for the length of its header (little-endian), the header as JSON, and the numbers. The
header has the dtype, the shape and the place of every tensor by name, and here a checksum besides.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap

__all__ = ["digest", "read", "write"]

_DTYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "I64": np.dtype("<i8")}


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of named arrays: of names, dtypes, shapes and numbers."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def compact(tensor: Tensor) -> Tensor:
    """A tensor as it is stored: matrices and kernels in half precision, vectors and counts as they are."""
    return tensor.detach().half() if tensor.dim() > 1 else tensor.detach()


def write(state: Mapping[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Store a state dict of float32 and int64 tensors (extra `safetensors`)."""
    from ..safetensors import save_file

    stored = {name: compact(tensor) for name, tensor in state.items()}
    save_file(stored, path, {"sha256": digest({name: tensor.numpy() for name, tensor in stored.items()})})


def read(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The tensors of a file that `write` made.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it is damaged, or no such file.
    """
    content = Path(path).read_bytes()
    try:
        start = 8 + int.from_bytes(content[:8], "little")
        header: dict[str, Any] = json.loads(content[8:start])
        expected = header.pop("__metadata__")["sha256"]
        arrays = {name: _array(content[start:], **entry) for name, entry in header.items()}
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged, or not a file of the zoo: {error}") from None
    if digest(arrays) != expected:
        raise ValueError(f"{path} is damaged: its numbers do not have the checksum that it was written with")
    return {name: wrap(array) for name, array in arrays.items()}


def _array(body: bytes, dtype: str, shape: list[int], data_offsets: list[int]) -> np.ndarray:
    """A copy of one tensor's numbers, in this machine's byte order."""
    begin, end = data_offsets
    kind = _DTYPES[dtype]
    return np.frombuffer(body[begin:end], kind).reshape(shape).astype(kind.newbyteorder("="))
