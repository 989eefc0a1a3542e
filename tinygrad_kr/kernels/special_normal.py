"""The normal distribution's functions whose digits are lost when they are written with `erf`, in NumPy.

Every function takes an array and keeps its floating dtype; all is computed in float64.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .special import erfc, normal_quantile, scaled_erfc
from .special_gamma import on_float64

__all__ = ["erfcx", "log_ndtr", "ndtr", "ndtri"]

ROOT_HALF = math.sqrt(0.5)


def erfcx(x: ArrayLike) -> np.ndarray:
    """e^(x²) erfc(x), which does not underflow.

    >>> erfcx(np.array([0.0, 1.0, 1e10]))
    array([1.00000000e+00, 4.27583576e-01, 5.64189584e-11])

    Source: Cody (1969). PyTorch: `torch.special.erfcx`.
    """
    return on_float64(scaled_erfc, x)


def ndtr(x: ArrayLike) -> np.ndarray:
    """The normal distribution function, with its digits where it is tiny.

    >>> ndtr(np.array([0.0, -10.0]))
    array([5.00000000e-01, 7.61985302e-24])

    PyTorch: `torch.special.ndtr`.
    """
    return on_float64(lambda x: 0.5 * erfc(-x * ROOT_HALF), x)


def log_ndtr(x: ArrayLike) -> np.ndarray:
    """The logarithm of `ndtr`.

    >>> log_ndtr(np.array([0.0, -100.0]))
    array([-6.93147181e-01, -5.00552421e+03])

    PyTorch: `torch.special.log_ndtr`.
    """

    def function(x: np.ndarray) -> np.ndarray:
        low = x < -1
        t = np.where(low, -x, 1) * ROOT_HALF
        tail = np.log(scaled_erfc(t) / 2) - t * t
        return np.where(low, tail, np.log1p(-0.5 * erfc(np.where(low, 0, x) * ROOT_HALF)))

    return on_float64(function, x)


def ndtri(p: ArrayLike) -> np.ndarray:
    """The normal quantile, the inverse of `ndtr`: infinite at 0 and 1, NaN outside.

    >>> ndtri(np.array([0.5, 0.975, 1e-100]))
    array([  0.        ,   1.95996398, -21.27345356])

    Source: Wichura (1988), AS 241. PyTorch: `torch.special.ndtri`.
    """
    return on_float64(normal_quantile, p)
