"""Numbers and tokens of the `torch` namespace."""

from __future__ import annotations

import math

__all__ = [
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "e",
    "inf",
    "nan",
    "newaxis",
    "pi",
    "preserve_format",
    "sparse_coo",
    "strided",
]


class Token:
    """A named constant that arguments such as `memory_format` take; it changes nothing here."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


contiguous_format = Token("contiguous_format")
preserve_format = Token("preserve_format")
channels_last = Token("channels_last")
channels_last_3d = Token("channels_last_3d")
strided = Token("strided")
sparse_coo = Token("sparse_coo")

pi, e, inf, nan = math.pi, math.e, math.inf, math.nan
newaxis = None
