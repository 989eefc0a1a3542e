"""Matrix products whose threads do not wait for each other.

A threaded BLAS spins at its barriers: with one of two cores busy elsewhere, a product of (64, 256) and
(256, 128) takes 6 ms instead of 0.05. So small products run on one thread, and large ones are cut into one
band of rows or columns for each thread of our pool, every band a product of its own.

Measured on 2 idle cores, each in its own process (ms, ours / threaded BLAS): (64, 256, 128) 0.05 / 0.03,
(1024, 128, 784) 1.1 / 1.0, (128, 784, 1024) 1.2 / 1.2, (1024, 1024, 1024) 11.0 / 10.7. Measured in turn in
one process ours doubles, because BLAS threads go on spinning after their work.

They spin for 2**26 cycles, some 25 ms: one threaded product of a matrix and a vector in a training step (the
sum of a bias's gradients, as a product with ones) kept a core from our workers all the time, and made a step
of a small transformer take 29 ms, not 24. So nothing here leaves a product to BLAS's threads.

x @ Wᵀ takes longer than x @ y where W is small: (64, 64, 128) 7.8 us against 4.5 on one thread with AVX-512
(9.9 against 9.3 with AVX2). Turning W first takes 6.8 (11.5), and (W @ xᵀ)ᵀ 6.9 (9.8), in an order that the
next reader has to undo: nothing to gain.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from .threads import get_num_threads, parallel_for, serial_blas, split

__all__ = ["affine", "matmul", "ones"]

_TINY = 2**18  # multiplications below which BLAS itself stays on one thread
_TINY_VECTOR = 2**13  # and with a vector
_LARGE = 2**22  # multiplications that are worth waking other threads for
_ONES = 2**12  # ones that are kept at hand
_BAND = 16  # rows that a band should have at least


def matmul(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x @ y; a stack of matrices times one matrix is a single product.

    >>> matmul(np.ones((2, 3)), np.ones((3, 1)))
    array([[3.],
           [3.]])
    """
    if x.ndim == 2 and y.ndim == 2:
        return _product(x, y)
    if x.ndim > 2 and y.ndim == 2 and x.shape[-1] == len(y):
        rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
        return _product(rows, y).reshape(*x.shape[:-1], y.shape[-1])
    if x.ndim > 2 and y.ndim > 2:
        return _stacked(x, y)
    if max(x.size, y.size) < _TINY_VECTOR:
        return np.matmul(x, y)
    with serial_blas():
        return np.matmul(x, y)


def ones(count: int, dtype: np.dtype) -> np.ndarray:
    """A vector of ones, not to be written to: products with it are the quickest sums of short rows."""
    return _ones(dtype)[:count] if count <= _ONES else np.ones(count, dtype)


@cache
def _ones(dtype: np.dtype) -> np.ndarray:
    vector = np.ones(_ONES, dtype)
    vector.flags.writeable = False
    return vector


def affine(x: np.ndarray, y: np.ndarray, addend: np.ndarray | None) -> np.ndarray:
    """x @ y + addend for two matrices and one number per column, each band while it is in the cache.

    >>> affine(np.ones((2, 3)), np.ones((3, 1)), np.array([1.0]))
    array([[4.],
           [4.]])
    """
    return _product(x, y, addend)


def _product(x: np.ndarray, y: np.ndarray, addend: np.ndarray | None = None) -> np.ndarray:
    """The product of two matrices, plus one number per column if they are given."""
    rows, columns = len(x), y.shape[1]
    work = x.size * columns
    vector = rows == 1 or columns == 1
    if work < (_TINY_VECTOR if vector else _TINY) or not _for_blas(x, y):
        return _plus(x.dot(y), addend)
    bands = min(get_num_threads(), max(rows, columns) // _BAND)
    if work < _LARGE or bands < 2 or vector:
        with serial_blas():
            return _plus(x.dot(y), addend)
    out = np.empty((rows, columns), x.dtype)
    by_rows = rows >= columns  # each thread packs what it multiplies: cut the longer side

    def multiply(band: tuple[int, int]) -> None:
        chosen = slice(*band)
        part = out[chosen] if by_rows else out[:, chosen]
        if by_rows:
            np.matmul(x[chosen], y, out=part)
        else:
            np.matmul(x, y[:, chosen], out=part)
        _plus(part, addend if by_rows or addend is None else addend[chosen])

    parallel_for(multiply, split(max(rows, columns), -(-max(rows, columns) // bands), parallel=False))
    return out


def _for_blas(x: np.ndarray, y: np.ndarray) -> bool:
    return x.dtype.kind == "f" and x.dtype == y.dtype and x.dtype.itemsize >= 4


def _plus(out: np.ndarray, addend: np.ndarray | None) -> np.ndarray:
    """A product, one number per column added to it in place."""
    return out if addend is None else np.add(out, addend, out=out)


def _stacked(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The products of two stacks of matrices that broadcast."""
    each = x.shape[-2] * x.shape[-1] * y.shape[-1]
    stacks = x.shape[:-2] == y.shape[:-2]
    if not stacks or len(x) * each * math.prod(x.shape[1:-2]) < _LARGE or len(x) < get_num_threads():
        if each < _TINY:
            return np.matmul(x, y)
        with serial_blas():
            return np.matmul(x, y)
    out = np.empty((*x.shape[:-1], y.shape[-1]), np.result_type(x, y))

    def multiply(part: tuple[int, int]) -> None:
        chosen = slice(*part)
        np.matmul(x[chosen], y[chosen], out=out[chosen])

    parallel_for(multiply, split(len(x), -(-len(x) // get_num_threads()), parallel=False))
    return out
