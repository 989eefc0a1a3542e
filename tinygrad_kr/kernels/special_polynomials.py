"""Orthogonal polynomials by their three-term recurrences, in NumPy.

Every function takes an array and the degrees, which broadcast; a degree below 0 gives 0, a fractional one is
cut. All is computed in float64.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .special_gamma import on_float64

__all__ = ["chebyshev_t", "chebyshev_u", "chebyshev_v", "chebyshev_w", "hermite", "laguerre", "legendre"]

Step = Callable[[int, np.ndarray, np.ndarray], np.ndarray]


def _recurrence(x: np.ndarray, n: np.ndarray, first: np.ndarray, step: Step) -> np.ndarray:
    """p_n for p_0 = 1, p_1 = first and p_(k+1) = step(k, p_k, p_(k-1))."""
    degree = np.trunc(n)
    out = np.where(degree == 0, 1.0, np.where(degree == 1, first, 0.0))
    before, now = np.ones_like(x), first
    for k in range(1, int(np.nanmax(degree, initial=0))):
        before, now = now, step(k, now, before)
        out = np.where(degree == k + 1, now, out)
    return np.where(np.isnan(x) & (degree > 0), np.nan, out)


def _chebyshev(
    x: ArrayLike, n: ArrayLike, first: Callable[[np.ndarray], np.ndarray], closed: Callable[..., np.ndarray]
) -> np.ndarray:
    def function(x: np.ndarray, n: np.ndarray) -> np.ndarray:
        inside = (np.abs(x) < 1) & (n > 8)
        out = np.empty_like(x)
        out[inside] = closed(np.trunc(n[inside]), np.arccos(x[inside]))
        y = x[~inside]
        out[~inside] = _recurrence(y, n[~inside], first(y), lambda k, now, before: 2 * y * now - before)
        return out

    return on_float64(function, x, n)


def chebyshev_t(x: ArrayLike, n: ArrayLike) -> np.ndarray:
    """The Chebyshev polynomials of the first kind, cos(n arccos x).

    >>> chebyshev_t(2.0, np.arange(4))
    array([ 1.,  2.,  7., 26.])

    PyTorch: `torch.special.chebyshev_polynomial_t`.
    """
    return _chebyshev(x, n, lambda x: x, lambda n, angle: np.cos(n * angle))


def chebyshev_u(x: ArrayLike, n: ArrayLike) -> np.ndarray:
    """The second kind, sin((n + 1) t) / sin(t) for x = cos t.

    >>> chebyshev_u(2.0, np.arange(4))
    array([ 1.,  4., 15., 56.])

    PyTorch: `torch.special.chebyshev_polynomial_u`.
    """
    return _chebyshev(x, n, lambda x: 2 * x, lambda n, angle: np.sin((n + 1) * angle) / np.sin(angle))


def chebyshev_v(x: ArrayLike, n: ArrayLike) -> np.ndarray:
    """The third kind, cos((n + ½) t) / cos(t/2) for x = cos t.

    >>> chebyshev_v(2.0, np.arange(4))
    array([ 1.,  3., 11., 41.])

    PyTorch: `torch.special.chebyshev_polynomial_v`.
    """
    return _chebyshev(
        x, n, lambda x: 2 * x - 1, lambda n, angle: np.cos((n + 0.5) * angle) / np.cos(angle / 2)
    )


def chebyshev_w(x: ArrayLike, n: ArrayLike) -> np.ndarray:
    """The fourth kind, sin((n + ½) t) / sin(t/2) for x = cos t.

    >>> chebyshev_w(2.0, np.arange(4))
    array([ 1.,  5., 19., 71.])

    PyTorch: `torch.special.chebyshev_polynomial_w`.
    """
    return _chebyshev(
        x, n, lambda x: 2 * x + 1, lambda n, angle: np.sin((n + 0.5) * angle) / np.sin(angle / 2)
    )


def hermite(x: ArrayLike, n: ArrayLike, *, scale: float) -> np.ndarray:
    """Hermite's polynomials: scale 2 is the physicists' H, scale 1 the probabilists' He.

    p_(k+1) = scale · (x p_k - k p_(k-1)).

    >>> hermite(2.0, np.arange(4), scale=2.0), hermite(2.0, np.arange(4), scale=1.0)
    (array([ 1.,  4., 14., 40.]), array([1., 2., 3., 2.]))

    PyTorch: `torch.special.hermite_polynomial_h`, `torch.special.hermite_polynomial_he`.
    """

    def function(x: np.ndarray, n: np.ndarray) -> np.ndarray:
        return _recurrence(x, n, scale * x, lambda k, now, before: scale * (x * now - k * before))

    return on_float64(function, x, n)


def laguerre(x: ArrayLike, n: ArrayLike) -> np.ndarray:
    """Laguerre's polynomials: (k+1) p_(k+1) = (2k + 1 - x) p_k - k p_(k-1).

    >>> laguerre(2.0, np.arange(4))
    array([ 1.        , -1.        , -1.        , -0.33333333])

    PyTorch: `torch.special.laguerre_polynomial_l`.
    """

    def function(x: np.ndarray, n: np.ndarray) -> np.ndarray:
        return _recurrence(x, n, 1 - x, lambda k, now, before: ((2 * k + 1 - x) * now - k * before) / (k + 1))

    return on_float64(function, x, n)


def legendre(x: ArrayLike, n: ArrayLike) -> np.ndarray:
    """Legendre's polynomials: (k+1) p_(k+1) = (2k + 1) x p_k - k p_(k-1).

    >>> legendre(0.5, np.arange(4))
    array([ 1.    ,  0.5   , -0.125 , -0.4375])

    PyTorch: `torch.special.legendre_polynomial_p`.
    """

    def function(x: np.ndarray, n: np.ndarray) -> np.ndarray:
        return _recurrence(x, n, x, lambda k, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1))

    return on_float64(function, x, n)
