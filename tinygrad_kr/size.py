"""``Size``, the tuple that ``Tensor.shape`` returns."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any, SupportsIndex, overload

__all__ = ["Size"]


class Size(tuple[int, ...]):
    """A tuple of ints whose slices, sums and multiples are Sizes again.

    ``tuple.__new__(Size, array.shape)`` skips the check of the items where they are known to be ints.

    Raises TypeError if an item is not an integer.

    >>> shape = Size([2, 3, 4])
    >>> shape[:2], shape + (1,), shape.numel()
    (torch.Size([2, 3]), torch.Size([2, 3, 4, 1]), 24)

    Source: PyTorch: torch.Size.
    """

    __slots__ = ()

    def __new__(cls, iterable: Iterable[SupportsIndex] = ()) -> Size:
        self = super().__new__(cls, iterable)  # type: ignore[arg-type]
        for item in self:
            if type(item) is not int:
                return super().__new__(cls, map(_as_int, self, range(len(self))))
        return self

    def numel(self) -> int:
        """The number of elements of a tensor of this size: the product of the items, 1 if there are none."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> Size: ...
    def __getitem__(self, key: SupportsIndex | slice) -> int | Size:
        if isinstance(key, slice):
            return tuple.__new__(Size, tuple.__getitem__(self, key))
        return tuple.__getitem__(self, key)

    def __add__(self, other: Any) -> Size:
        if not isinstance(other, tuple):
            raise TypeError(
                f"can only concatenate tuple (not {type(other).__name__}) to torch.Size; "
                f"make a tuple of {other!r} first"
            )
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Size:
        return Size(tuple.__add__(other, self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: SupportsIndex) -> Size:
        return tuple.__new__(Size, tuple.__mul__(self, times))

    __rmul__ = __mul__


def _as_int(item: Any, position: int) -> int:
    """``item`` as a Python int, or TypeError naming its position."""
    try:
        return operator.index(item)
    except TypeError:
        raise TypeError(
            f"torch.Size() takes an iterable of 'int' (item {position} is {type(item).__name__!r}: {item!r})"
        ) from None
