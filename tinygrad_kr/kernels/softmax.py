"""Softmax and log-softmax along one axis, and their backward passes, on arrays.

Along a contiguous last axis NumPy reduces row by row at some 60 ns each, which for short rows costs more than
all the rest; `reduceat` and `einsum` do the same in a half and a quarter of the time. Large arrays are shared
out to the threads.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .blockwise import BLOCK, LARGE
from .threads import parallel_for, split


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


def _by_samples(kernel: Callable[..., np.ndarray], axis: int, *arrays: np.ndarray) -> np.ndarray:
    """Run a kernel on the whole, or on pieces of the first axis where the arrays are large."""
    first = arrays[0]
    if not first.size:
        return first.copy()
    if not first.ndim:
        return kernel(*(one.reshape(1) for one in arrays), axis=0).reshape(())
    if axis == 0 or first.size < LARGE:
        return kernel(*arrays, axis=axis)
    out = np.empty_like(first)

    def fill(span: tuple[int, int]) -> None:
        piece = slice(*span)
        out[piece] = kernel(*[one[piece] for one in arrays], axis=axis)

    parallel_for(fill, split(len(first), max(1, BLOCK * len(first) // first.size)))
    return out


def _softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    out = _shifted(x, axis)
    np.exp(out, out=out)
    out /= _sum(out, axis)
    return out


def _softmax_backward(g: np.ndarray, out: np.ndarray, *, axis: int) -> np.ndarray:
    if _is_last(out, axis) and _is_last(g, axis):
        gx = g - np.einsum("...i,...i->...", g, out)[..., None]
    else:
        gx = g - np.sum(g * out, axis=axis, keepdims=True)
    gx *= out
    return gx


def _log_softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    out = _shifted(x, axis)
    out -= np.log(_sum(np.exp(out), axis))
    return out


def _log_softmax_backward(g: np.ndarray, out: np.ndarray, *, axis: int) -> np.ndarray:
    gx = np.exp(out)
    gx *= _sum(g, axis)
    return np.subtract(g, gx, out=gx)


def _is_last(x: np.ndarray, axis: int) -> bool:
    return axis == x.ndim - 1 and x.flags.c_contiguous


def _shifted(x: np.ndarray, axis: int) -> np.ndarray:
    """x less its maximum, so that no exponential overflows; NaN where that is infinite."""
    if _is_last(x, axis):
        starts = np.arange(0, x.size, x.shape[axis])
        top = np.maximum.reduceat(x.reshape(-1), starts).reshape(*x.shape[:-1], 1)
    else:
        top = np.max(x, axis=axis, keepdims=True)
    with np.errstate(invalid="ignore"):
        return x - top


def _sum(x: np.ndarray, axis: int) -> np.ndarray:
    if _is_last(x, axis):
        return np.einsum("...i->...", x)[..., None]
    return np.sum(x, axis=axis, keepdims=True)
