"""Normalisation over rows, forward and backward: layer and root-mean-square.

Elements meet a number of their row as well as one of their column. Measured (µs for 2**16 floats in 512 rows,
one thread): a pass with a number per row or per column takes 8, one of two full operands 4, a sum of rows or
columns as a product with a vector 2.5, the matrix u ⊗ w + v ⊗ b as a product of inner dimension two 2.7 (of
inner dimension one 62: NumPy keeps that from BLAS). So x · (rstd ⊗ w) + (1 ⊗ b - mean·rstd ⊗ w) takes 13
where four passes take 32; and the rows' numbers in the gradients of weight and bias cost nothing, being the
vectors that the sums over rows are products with.

What did not pay for (1024, 128), where forward takes 67 and backward 123 (PyTorch: 56 and 48 on one thread):
smaller chunks (2**16 elements 75 and 132, 2**14 128 and 199: calls cost more than the cache saves), two
threads (88 to 126 and 130 to 163), and u ⊗ 1 instead of a number per row in backward (115 to 120 with
AVX-512; with AVX2 that product takes three times as long).
"""

from __future__ import annotations

import numpy as np

from .chunks import SMALL, cuts, over
from .threads import scratch
from .windows import working_dtype

__all__ = ["normalized", "normalized_backward", "row_dots", "row_normalize", "row_normalize_backward"]

_FAR = 4  # standard deviations from zero beyond which rows are centred first
_DOT = 64  # elements per row from which NumPy's product of rows is the quickest

Optional = np.ndarray | None


def row_normalize(
    x: np.ndarray, weight: Optional, bias: Optional, *, eps: float, centred: bool
) -> tuple[np.ndarray, Optional, np.ndarray]:
    """(x - mean)/√(var + eps) · weight + bias for each row of x (R, D); and mean (R,), rstd (R,).

    Without `centred` the mean counts as zero: root-mean-square normalisation; None is given for it.

    >>> row_normalize(np.array([[1.0, 3.0]]), None, None, eps=0.0, centred=True)
    (array([[-1.,  1.]]), array([2.]), array([1.]))
    """
    rows, width = x.shape
    values = np.ascontiguousarray(x, working_dtype(x.dtype))
    if x.size <= SMALL:
        small, mean, rstd = normalized(values, weight, bias, eps, centred)
        return small.astype(x.dtype, copy=False), mean, rstd
    out = np.empty_like(values)
    mean = np.empty(rows, values.dtype) if centred else None
    rstd = np.empty(rows, values.dtype)
    average, share = _average(values), 1 / max(1, width)
    factors, addends = _pair(weight, None, average), _pair(weight, bias, average)

    def run(chunk: slice) -> None:
        part, target, scale = values[chunk], out[chunk], rstd[chunk]
        row_dots(part, part, scale)
        scale *= share
        middle = None
        if mean is not None:
            middle = np.matmul(part, average, out=mean[chunk])
            square = middle * middle
            scale -= square
            if (square > _FAR * _FAR * scale).any():
                part = np.subtract(part, middle[:, None], out=scratch(1, part.shape, part.dtype))
                rest = part @ average
                np.subtract(row_dots(part, part, scale) * share, rest * rest, out=scale)
                np.maximum(scale, 0, out=scale)
                middle += rest
                middle = rest
        scale += eps
        np.sqrt(scale, out=scale)
        np.divide(1, scale, out=scale)
        np.multiply(part, _outer(scale, 0, factors, target), out=target)
        if middle is not None:
            target += _outer(-middle * scale, 1, addends, scratch(0, part.shape, part.dtype))
        elif bias is not None:
            target += addends[1]

    over(cuts(rows, width, x.size), run, x.size)
    return out.astype(x.dtype, copy=False), mean, rstd


def row_normalize_backward(
    g: np.ndarray, x: np.ndarray, mean: Optional, rstd: np.ndarray, weight: Optional
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of `row_normalize` for x, weight and bias.

    With x̂ = (x - mean)·rstd and h = g·weight, means along the row: gx = rstd · (h - mean(h) - x̂ · mean(h·x̂)),
    without mean(h) where nothing was centred; gw = Σ g·x̂ and gb = Σ g over the rows.

    >>> g, x = np.array([[1.0, 0.0]]), np.array([[1.0, 3.0]])
    >>> row_normalize_backward(g, x, np.array([2.0]), np.array([1.0]), None)
    (array([[0., 0.]]), array([-1.,  0.]), array([1., 0.]))
    """
    rows, width = x.shape
    dtype = working_dtype(x.dtype)
    values, given = np.ascontiguousarray(x, dtype), np.ascontiguousarray(g, dtype)
    if x.size <= SMALL:
        small, gw, gb = normalized_backward(given, values, mean, rstd, weight)
        return small.astype(x.dtype, copy=False), gw, gb
    gx = np.empty_like(values)
    chunks = cuts(rows, width, x.size)
    sums = np.zeros((max(1, len(chunks)), 2, width), dtype)  # gb and gw of each chunk
    average = _average(values)
    factors = _pair(weight, None, average)
    weighted = average if weight is None else average * weight

    def run(chunk: tuple[int, slice]) -> None:
        number, where = chunk
        h, part, target, scale = given[where], values[where], gx[where], rstd[where]
        middle = None if mean is None else mean[where]
        if middle is not None and np.abs(middle * scale).max() > _FAR:
            part = np.subtract(part, middle[:, None], out=scratch(1, part.shape, dtype))
            middle = np.zeros_like(middle)
        product = np.multiply(h, part, out=scratch(0, part.shape, dtype))
        slope = product @ weighted
        lead = np.empty((2, len(scale)), dtype)
        lead[0], lead[1] = 1, 0 if middle is None else -middle * scale
        np.matmul(lead, h, out=sums[number])
        sums[number, 1] += scale @ product
        if middle is not None:
            rest = h @ weighted
            slope -= middle * rest
        slope *= scale * scale * scale
        np.multiply(h, _outer(scale, 0, factors, target), out=target)
        target -= np.multiply(part, slope[:, None], out=product)
        if middle is not None:
            target += (slope * middle - scale * rest)[:, None]

    over(tuple(enumerate(chunks)), run, x.size)
    gb, gw = sums.sum(0) if len(sums) > 1 else sums[0]
    return gx.astype(x.dtype, copy=False), gw, gb


def normalized(
    x: np.ndarray, weight: Optional, bias: Optional, eps: float, centred: bool
) -> tuple[np.ndarray, Optional, np.ndarray]:
    """`row_normalize` as the formula says it: the twin of the above, and quicker on little."""
    average = _average(x)
    mean = x @ average if centred else None
    part = x if mean is None else x - mean[:, None]
    rstd = 1 / np.sqrt((part * part) @ average + eps)
    out = part * rstd[:, None]
    if weight is not None:
        out *= weight
    if bias is not None:
        out += bias
    return out, mean, rstd


def normalized_backward(
    g: np.ndarray, x: np.ndarray, mean: Optional, rstd: np.ndarray, weight: Optional
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`row_normalize_backward` as the formula says it."""
    xhat = (x if mean is None else x - mean[:, None]) * rstd[:, None]
    product = g * xhat
    average, ones = _average(x), np.ones(len(x), x.dtype)
    if weight is None:
        gx, weighted = g.copy(), average
    else:
        gx, weighted = g * weight, average * weight
    xhat *= (product @ weighted)[:, None]
    gx -= xhat
    if mean is not None:
        gx -= (g @ weighted)[:, None]
    gx *= rstd[:, None]
    return gx, ones @ product, ones @ g


def _average(x: np.ndarray) -> np.ndarray:
    """The vector whose product with a row of x is the mean of the row."""
    return np.full(x.shape[1], 1 / max(1, x.shape[1]), x.dtype)


def row_dots(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The dot product of each row of a with the same row of b, into `out`; takes scratch buffer 0."""
    if a.shape[1] >= _DOT:
        return np.vecdot(a, b, out=out)
    product = np.multiply(a, b, out=scratch(0, a.shape, a.dtype))
    return np.matmul(product, np.ones(a.shape[1], a.dtype), out=out)


def _pair(weight: Optional, bias: Optional, like: np.ndarray) -> np.ndarray:
    """weight and bias as the rows of a matrix; ones and zeros where they are None."""
    pair = np.empty((2, like.size), like.dtype)
    pair[0] = 1 if weight is None else weight
    pair[1] = 0 if bias is None else bias
    return pair


def _outer(u: np.ndarray, v: np.ndarray | float, pair: np.ndarray, out: np.ndarray) -> np.ndarray:
    """u ⊗ the first row of a pair + v ⊗ the second."""
    left = np.empty((len(u), 2), out.dtype)
    left[:, 0], left[:, 1] = u, v
    return np.matmul(left, pair, out=out)
