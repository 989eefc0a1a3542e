"""Numbers and tokens of the `torch` namespace."""

from __future__ import annotations

import math

__all__ = [
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "e",
    "inf",
    "layout",
    "memory_format",
    "nan",
    "newaxis",
    "pi",
    "preserve_format",
    "sparse_coo",
    "strided",
]


class Token:
    """A named constant that arguments such as `memory_format` take."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class memory_format(Token):
    """The type of `torch.channels_last` and its kin."""


class layout(Token):
    """The type of `torch.strided` and `torch.sparse_coo`."""


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
strided = layout("strided")
sparse_coo = layout("sparse_coo")

pi, e, inf, nan = math.pi, math.e, math.inf, math.nan
newaxis = None
