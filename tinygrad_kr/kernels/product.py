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
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .threads import get_num_threads, parallel_for, serial_blas, split

__all__ = ["matmul"]

_TINY = 2**18  # multiplications below which BLAS itself stays on one thread
_TINY_VECTOR = 2**13  # and with a vector
_LARGE = 2**22  # multiplications that are worth waking other threads for
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
    return _serial(np.matmul, x, y)


def _product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The product of two matrices."""
    columns = y.shape[1]
    work = x.size * columns
    if columns == 1 or len(x) == 1:
        return _serial(np.dot, x, y)
    if work < _TINY or x.dtype.kind != "f" or x.dtype != y.dtype or x.dtype.itemsize < 4:
        return np.dot(x, y)
    rows = len(x)
    bands = min(get_num_threads(), max(rows, columns) // _BAND)
    if work < _LARGE or bands < 2:
        with serial_blas():
            return np.dot(x, y)
    out = np.empty((rows, columns), x.dtype)
    by_rows = rows >= columns  # each thread packs what it multiplies: cut the longer side

    def multiply(band: tuple[int, int]) -> None:
        chosen = slice(*band)
        if by_rows:
            np.matmul(x[chosen], y, out=out[chosen])
        else:
            np.matmul(x, y[:, chosen], out=out[:, chosen])

    parallel_for(multiply, split(max(rows, columns), -(-max(rows, columns) // bands), parallel=False))
    return out


def _serial(product: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A product with a vector."""
    if max(x.size, y.size) < _TINY_VECTOR:
        return product(x, y)
    with serial_blas():
        return product(x, y)


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
