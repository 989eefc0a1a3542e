"""Running reductions along a dimension: cumsum, cumprod, cummax, logcumsumexp; differences and integrals.

The derivative of a running sum is the running sum from the other end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.primitive import numpy_function, rule
from ..kernels.scans import accumulate
from ..tensor import Tensor
from ._public import axis_of, public, require_tensor, structured
from .gathering import selection
from .indexing import FULL, slice_rule
from .joining import cat
from .reduction import others_rule
from .shape import reshape_rule

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "diff",
    "logcumsumexp",
    "trapezoid",
    "trapz",
]

SAFE_RANGE = 80.0  # differences whose exponentials float32 can hold


# -- the derivatives ---------------------------------------------------------------------------------------


def cumsum_(x: Any, *, axis: int) -> Any:
    """Running sums; integers and booleans are added as int64."""
    return accumulate(np.add, x.astype(np.int64, copy=False) if x.dtype.kind in "iub" else x, axis)


def cumprod_(x: Any, *, axis: int) -> Any:
    """Running products; integers and booleans are multiplied as int64."""
    return accumulate(np.multiply, x.astype(np.int64, copy=False) if x.dtype.kind in "iub" else x, axis)


def logcumsumexp_(x: Any, *, axis: int) -> Any:
    """Running sums of exponentials, as logarithms."""
    return np.logaddexp.accumulate(x, axis)


def from_the_end(g: Any, axis: int) -> Any:
    """Running sums that start at the end."""
    return np.flip(cumsum_rule(np.flip(g, axis=axis), axis=axis), axis=axis)


def cumprod_slope(g: Any, x: Any, out: Any, axis: int) -> Any:
    """Σₖ gₖ · Πⱼ xⱼ over j ≤ k, j ≠ i: with no zeros, the sum of gₖ·outₖ over k ≥ i, divided by xᵢ."""
    if not np.any(np.equal(x, 0)):
        return from_the_end(g * out, axis) / x
    size = x.shape[axis]
    before = np.tri(size, dtype=bool)  # j ≤ k
    rows = np.where(before, np.expand_dims(np.moveaxis(x, axis, -1), -2), 1.0)  # (..., k, j)
    products = np.where(before, others_rule(rows, axis=-1), 0.0)
    return np.moveaxis(np.sum(np.expand_dims(np.moveaxis(g, axis, -1), -1) * products, axis=-2), -1, axis)


def logcumsumexp_slope(g: Any, x: Any, out: Any, axis: int) -> Any:
    """Σₖ gₖ · exp(xᵢ - outₖ) over k ≥ i; as one running sum where the exponentials are in range."""
    if 0 in x.shape:
        return np.zeros_like(x)
    top = np.max(x, axis=axis, keepdims=True)
    if np.all(np.less(np.abs(top - out), SAFE_RANGE)):
        return np.exp(x - top) * from_the_end(g * np.exp(top - out), axis)
    behind = np.tri(x.shape[axis], dtype=bool)  # i ≤ k
    away = np.expand_dims(np.moveaxis(x, axis, -1), -2) - np.expand_dims(np.moveaxis(out, axis, -1), -1)
    shares = np.where(behind, np.exp(np.where(behind, away, 0.0)), 0.0)  # (..., k, i)
    return np.moveaxis(np.sum(np.expand_dims(np.moveaxis(g, axis, -1), -1) * shares, axis=-2), -1, axis)


def _running_extreme(x: np.ndarray, axis: int, ufunc: np.ufunc) -> Any:
    values = accumulate(ufunc, x, axis)
    attains = x == values
    if x.dtype.kind == "f":
        attains |= np.isnan(x)
    short = np.int32 if x.shape[axis] < 2**31 else np.int64
    places = np.arange(x.shape[axis], dtype=short).reshape(-1, *[1] * (x.ndim - 1 - axis))
    index = accumulate(np.maximum, attains * places, axis).astype(np.int64, copy=False)
    return (values, index), index


def cummax_(x: Any, *, axis: int) -> Any:
    """Running maxima, and where they are (the last of equal ones)."""
    return _running_extreme(x, axis, np.maximum)


def cummin_(x: Any, *, axis: int) -> Any:
    """Running minima, and where they are (the last of equal ones)."""
    return _running_extreme(x, axis, np.minimum)


cumsum_rule = rule(cumsum_, name="cumsum", x=lambda g, axis: from_the_end(g, axis))
cumprod_rule = rule(cumprod_, name="cumprod", x=lambda g, x, out, axis: cumprod_slope(g, x, out, axis))
logcumsumexp_rule = rule(
    logcumsumexp_,
    name="logcumsumexp",
    promote="float",
    x=lambda g, x, out, axis: logcumsumexp_slope(g, x, out, axis),
)
cummax_rule, cummin_rule = selection(cummax_, "cummax"), selection(cummin_, "cummin")


@numpy_function(np.cumsum)
def _np_cumsum(a: Any, axis: int | None = None) -> Any:
    return cumsum_rule(reshape_rule(a, shape=(-1,)), axis=0) if axis is None else cumsum(a, axis)


@numpy_function(np.cumprod)
def _np_cumprod(a: Any, axis: int | None = None) -> Any:
    return cumprod_rule(reshape_rule(a, shape=(-1,)), axis=0) if axis is None else cumprod(a, axis)


@numpy_function(np.diff)
def _np_diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    return diff(a, n, axis)


# -- running reductions ------------------------------------------------------------------------------------


def _along(input: Tensor, dim: int, function: Callable[..., Any]) -> Any:
    """A running reduction along a dimension; of a 0-d tensor, as of a vector of one."""
    ndim = input._array.ndim
    axis = axis_of(dim, ndim)
    if ndim:
        return function(input, axis=axis)
    result = function(reshape_rule(input, shape=(1,)), axis=0)
    if isinstance(result, tuple):
        return tuple(reshape_rule(one, shape=()) for one in result)
    return reshape_rule(result, shape=())


@public(inplace=True)
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running sums along a dimension; integers become int64.

    >>> torch.cumsum(torch.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])

    Source: PyTorch, `torch.cumsum`.
    """
    input = require_tensor(input, "cumsum") if dtype is None else input.to(dtypes.as_dtype(dtype))
    return _along(input, dim, cumsum_rule)


@public(inplace=True)
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running products along a dimension; integers become int64. The derivatives are right at zeros as well.

    >>> torch.cumprod(torch.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])

    Source: PyTorch, `torch.cumprod`.
    """
    input = require_tensor(input, "cumprod") if dtype is None else input.to(dtypes.as_dtype(dtype))
    return _along(input, dim, cumprod_rule)


@public()
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    r"""Logarithms of running sums of exponentials, log Σ exp(xⱼ) over j ≤ i, without overflow.

    >>> torch.logcumsumexp(torch.tensor([0.0, 0.0, 0.0]), 0)
    tensor([0.0000, 0.6931, 1.0986])

    Source: PyTorch, `torch.logcumsumexp`.
    """
    return _along(require_tensor(input, "logcumsumexp"), dim, logcumsumexp_rule)


cummax_fields = structured("cummax", "values", "indices")
cummin_fields = structured("cummin", "values", "indices")


@public()
def cummax(input: Tensor, dim: int) -> Any:
    """Running maxima along a dimension, and where they are (the last of equal ones).

    >>> torch.cummax(torch.tensor([1, 3, 2]), 0)
    torch.return_types.cummax(
    values=tensor([1, 3, 3]),
    indices=tensor([0, 1, 1]))

    Source: PyTorch, `torch.cummax`.
    """
    return cummax_fields(*_along(require_tensor(input, "cummax"), dim, cummax_rule))


@public()
def cummin(input: Tensor, dim: int) -> Any:
    """Running minima along a dimension, and where they are (the last of equal ones).

    >>> torch.cummin(torch.tensor([3, 1, 2]), 0).values
    tensor([3, 1, 1])

    Source: PyTorch, `torch.cummin`.
    """
    return cummin_fields(*_along(require_tensor(input, "cummin"), dim, cummin_rule))


# -- differences and integrals -----------------------------------------------------------------------------


def _part(x: Tensor, axis: int, start: int | None, stop: int | None) -> Tensor:
    return slice_rule(x, index=(*[FULL] * axis, slice(start, stop), ...))


@public()
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The n-th differences of neighbours along a dimension.

    Args:
        prepend, append: what to put before or behind `input` first.

    >>> torch.diff(torch.tensor([1, 4, 9]))
    tensor([3, 5])

    Source: PyTorch, `torch.diff`.
    """
    if require_tensor(input, "diff")._array.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    axis = axis_of(dim, input._array.ndim)
    ends = [one for one in (prepend, input, append) if one is not None]
    x: Any = cat(ends, axis) if len(ends) > 1 else input
    for _ in range(min(n, x._array.shape[axis])):
        later, earlier = _part(x, axis, 1, None), _part(x, axis, None, -1)
        x = np.not_equal(later, earlier) if x._array.dtype.kind == "b" else later - earlier
    return x.clone() if n == 0 else x


def _steps(y: Tensor, x: Tensor | None, dx: float, axis: int) -> Any:
    """The distances of the points that an integral is taken over."""
    if x is None:
        return dx
    if x._array.ndim == 1:
        x = reshape_rule(x, shape=(-1, *[1] * (y._array.ndim - 1 - axis)))
        return diff(x, dim=0)
    return diff(x, dim=axis - y._array.ndim)


def _trapezoids(y: Tensor, x: Tensor | None, dx: float, axis: int) -> Tensor:
    heights = _part(y, axis, 1, None) + _part(y, axis, None, -1)
    return heights * _steps(y, x, dx, axis) / 2


@public()
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1, dim: int = -1) -> Tensor:
    r"""The integral along a dimension by the trapezoidal rule: Σ (xᵢ₊₁ - xᵢ)(yᵢ + yᵢ₊₁) / 2.

    Args:
        y: the values.
        x: where they were taken; by default at distances `dx`.

    >>> torch.trapezoid(torch.tensor([1.0, 2.0, 3.0]))
    tensor(4.)

    Source: PyTorch, `torch.trapezoid`.
    """
    axis = axis_of(dim, require_tensor(y, "trapezoid", "y")._array.ndim)
    return np.sum(_trapezoids(y, x, dx, axis), axis=axis)


@public(method=False)
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1, dim: int = -1) -> Tensor:
    """Running integrals along a dimension by the trapezoidal rule.

    >>> torch.cumulative_trapezoid(torch.tensor([1.0, 2.0, 3.0]))
    tensor([1.5000, 4.0000])

    Source: PyTorch, `torch.cumulative_trapezoid`.
    """
    axis = axis_of(dim, require_tensor(y, "cumulative_trapezoid", "y")._array.ndim)
    return cumsum_rule(_trapezoids(y, x, dx, axis), axis=axis)


trapz = trapezoid
