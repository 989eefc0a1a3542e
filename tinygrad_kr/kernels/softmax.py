"""Softmax and log-softmax along one axis, and their backward passes, on arrays.

Along a contiguous last axis NumPy reduces row by row at some 60 ns each, which for short rows costs more than
all the rest. `argmax` finds the largest number five times as fast, a product with ones sums six times as fast
(1024 rows of 128, microseconds: np.max 70, reduceat 28, argmax 13; np.sum 29, einsum 9, product 6). Large
arrays are worked on by pieces that fit the cache, very large ones on all threads.

Where all numbers are near 0 softmax needs no shift by the rows' largest: of 2**16 in rows of 128 the shift
takes 18 of 60 microseconds, looking for the largest and smallest of all 5. The logarithm of a softmax near 1
would lose its digits: it is always shifted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .blockwise import BLOCK, LARGE, SHARED_BLOCK, workspace
from .product import matmul
from .threads import get_num_threads, parallel_for, split

# From 0: such numbers' exponentials neither overflow nor lose digits, unless in float16, and need no shift.
_NEAR = 32


def softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """eˣ / Σ eˣ along an axis.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]), axis=1)
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    return _by_samples(_softmax, axis, x)


def softmax_backward(g: np.ndarray, out: np.ndarray, *, axis: int) -> np.ndarray:
    """The gradient of the input, from the softmax: out·(g - Σ g·out)."""
    return _by_samples(_softmax_backward, axis, g, out)


def log_softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """x - ln Σ eˣ along an axis.

    >>> log_softmax(np.array([[0.0, -1000.0], [1000.0, 0.0]]), axis=1)
    array([[    0., -1000.],
           [    0., -1000.]])
    """
    return _by_samples(_log_softmax, axis, x)


def log_softmax_backward(g: np.ndarray, out: np.ndarray, *, axis: int) -> np.ndarray:
    """The gradient of the input, from the log-softmax: g - e^out·Σ g."""
    return _by_samples(_log_softmax_backward, axis, g, out)


def _by_samples(kernel: Callable[..., None], axis: int, *arrays: np.ndarray) -> np.ndarray:
    """Run a kernel on the whole, or on pieces of the first axis where the arrays are large."""
    first = arrays[0]
    out = np.empty_like(first)
    if not first.size:
        return out
    if not first.ndim:
        kernel(out.reshape(1), *[one.reshape(1) for one in arrays], axis=0)
    elif axis == 0 or first.size <= BLOCK:
        kernel(out, *arrays, axis=axis)
    else:
        shared = first.size >= LARGE and get_num_threads() > 1

        def fill(span: tuple[int, int]) -> None:
            piece = slice(*span)
            kernel(out[piece], *[one[piece] for one in arrays], axis=axis)

        rows = (SHARED_BLOCK if shared else BLOCK) * len(first) // first.size
        spans = split(len(first), max(1, rows), parallel=shared)
        if shared:
            parallel_for(fill, spans)
        else:
            for span in spans:
                fill(span)
    return out


def _softmax(out: np.ndarray, x: np.ndarray, *, axis: int) -> None:
    if x.dtype != np.float16 and _is_last(x, axis) and x.max() < _NEAR and x.min() > -_NEAR:
        np.exp(x, out=out)
    else:
        _shift(out, x, axis)
        np.exp(out, out=out)
    np.divide(out, _sum(out, axis), out=out)


def _softmax_backward(gx: np.ndarray, g: np.ndarray, out: np.ndarray, *, axis: int) -> None:
    if _is_last(out, axis) and _is_last(g, axis):
        total = np.vecdot(g, out)[..., None]
    else:
        total = np.add.reduce(np.multiply(g, out, out=gx), axis=axis, keepdims=True)
    np.subtract(g, total, out=gx)
    np.multiply(gx, out, out=gx)


def _log_softmax(out: np.ndarray, x: np.ndarray, *, axis: int) -> None:
    _shift(out, x, axis)
    exponentials = np.exp(out, out=_like(out))
    np.subtract(out, np.log(_sum(exponentials, axis)), out=out)


def _log_softmax_backward(gx: np.ndarray, g: np.ndarray, out: np.ndarray, *, axis: int) -> None:
    np.exp(out, out=gx)
    np.multiply(gx, _sum(g, axis), out=gx)
    np.subtract(g, gx, out=gx)


def _is_last(x: np.ndarray, axis: int) -> bool:
    return axis == x.ndim - 1 and x.flags.c_contiguous


def _like(x: np.ndarray) -> np.ndarray:
    """An array to work in: of this thread where x is a block, so that it stays in the cache."""
    return workspace(x) if x.flags.c_contiguous and x.size <= SHARED_BLOCK else np.empty_like(x)


def _shift(out: np.ndarray, x: np.ndarray, axis: int) -> None:
    """x less its maximum, so that no exponential overflows; NaN where that is infinite."""
    if _is_last(x, axis):
        rows = x.reshape(-1, x.shape[axis])
        places = np.arange(0, x.size, x.shape[axis]) + rows.argmax(axis=1)
        top = x.reshape(-1).take(places).reshape(*x.shape[:-1], 1)
    else:
        top = np.maximum.reduce(x, axis=axis, keepdims=True)
    with np.errstate(invalid="ignore"):
        np.subtract(x, top, out=out)


def _sum(x: np.ndarray, axis: int) -> np.ndarray:
    if _is_last(x, axis):
        rows = x.reshape(-1, x.shape[axis])
        return matmul(rows, np.ones(x.shape[axis], x.dtype)).reshape(*x.shape[:-1], 1)
    return np.add.reduce(x, axis=axis, keepdims=True)
