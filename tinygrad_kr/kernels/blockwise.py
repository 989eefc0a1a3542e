"""Element-wise formulas on large arrays, block by block: what they compute on the way stays in the cache.

A formula such as `x / (1 + np.exp(-x))` makes an array for every operation in it. Large ones go through main
memory and back each time; blocks of 2**16 elements do not, and they are shared out to all threads.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .threads import parallel_for, split

BLOCK = 1 << 16
LARGE = 1 << 18  # elements from which the hand-out of blocks pays


def blockwise(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: run an element-wise formula on large arrays block by block, on anything else as it is.

    The arrays must have one shape, and one dtype, which is the result's; keyword arguments are passed on.
    Anything but an array goes straight to the formula, so a derivative written so runs on Tensors too.

    >>> half = blockwise(lambda x: x / 2)
    >>> half(np.array([3.0, 4.0]))
    array([1.5, 2. ])
    """

    @functools.wraps(formula)
    def run(*arrays: Any, **statics: Any) -> Any:
        first = arrays[0]
        if type(first) is not np.ndarray or first.size < LARGE:
            return formula(*arrays, **statics)
        if any(type(one) is not np.ndarray or one.shape != first.shape for one in arrays):
            return formula(*arrays, **statics)
        out = np.empty_like(first)
        flats = [_in_order_of(out, one).ravel(order="K") for one in arrays]
        filled = out.ravel(order="K")

        def fill(span: tuple[int, int]) -> None:
            block = slice(*span)
            filled[block] = formula(*[one[block] for one in flats], **statics)

        parallel_for(fill, split(out.size, BLOCK))
        return out

    return run


def _in_order_of(model: np.ndarray, array: np.ndarray) -> np.ndarray:
    """The array, copied where its elements lie in memory in another order than the model's."""
    if array.strides == model.strides:
        return array
    copy = np.empty_like(model, dtype=array.dtype)
    copy[...] = array
    return copy
