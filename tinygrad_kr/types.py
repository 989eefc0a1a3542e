"""Names for annotations."""

from __future__ import annotations

import os
from typing import IO, TypeAlias

from .devices import device as _device
from .raw_storage import UntypedStorage as Storage
from .size import Size as Size
from .tensor import Tensor as Tensor

__all__ = ["Device", "FileLike", "Number", "Size", "Storage", "Tensor"]

Number: TypeAlias = int | float | bool
Device: TypeAlias = _device | str | int | None
FileLike: TypeAlias = str | os.PathLike[str] | IO[bytes]
IntLikeType: TypeAlias = int
FloatLikeType: TypeAlias = float
BoolLikeType: TypeAlias = bool
_size: TypeAlias = Size | list[int] | tuple[int, ...]
