"""Helpers that programs take from `torch.nn.modules.utils`: a number or a tuple, as a tuple."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def _ntuple(n: int) -> Callable[[Any], tuple[Any, ...]]:
    """A function that makes n equal numbers of one, and a tuple of anything iterable.

    >>> from tinygrad_kr.nn.modules.utils import _ntuple
    >>> _ntuple(3)(7), _ntuple(3)([1, 2, 3])
    ((7, 7, 7), (1, 2, 3))
    """

    def parse(value: Any) -> tuple[Any, ...]:
        return tuple(value) if isinstance(value, Iterable) else (value,) * n

    return parse


_single, _pair, _triple, _quadruple = _ntuple(1), _ntuple(2), _ntuple(3), _ntuple(4)


def _reverse_repeat_tuple(t: tuple[Any, ...], n: int) -> tuple[Any, ...]:
    """The elements in reverse order, each n times: a convolution's padding as `F.pad` wants it."""
    return tuple(one for one in reversed(t) for _ in range(n))
