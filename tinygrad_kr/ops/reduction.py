"""Reductions: sums, means, variances and products over some or all dimensions.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs. `spread` gives a reduced gradient its lost dimensions back, as ones, so that it broadcasts against the
input.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.primitive import constant, rule
from ..kernels.reduction import reduce
from ..tensor import Tensor, wrap
from ._public import axes_of, axis_of, public, require_tensor

__all__ = [
    "all",
    "any",
    "count_nonzero",
    "logsumexp",
    "mean",
    "nanmean",
    "nansum",
    "prod",
    "std",
    "std_mean",
    "sum",
    "var",
    "var_mean",
]

Axis = int | tuple[int, ...] | None
Dim = int | Sequence[int] | None


# -- the derivatives ---------------------------------------------------------------------------------------


def spread(g: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """A reduced array as one that broadcasts against the shape that was reduced over `axis`."""
    if keepdims or axis is None or not shape:
        return g
    axes = (axis,) if isinstance(axis, int) else axis
    gone = [one % len(shape) for one in axes]
    return np.reshape(g, tuple([1 if i in gone else size for i, size in enumerate(shape)]))


def count_of(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements each result of a reduction over `axis` is made of."""
    if axis is None:
        return math.prod(shape)
    return math.prod([shape[one] for one in ((axis,) if isinstance(axis, int) else axis)])


def sum_(a: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum; integers and booleans are added as int64."""
    if a.dtype.kind in "fc":
        return reduce(np.add, a, axis, keepdims)
    if a.dtype.kind == "b" and axis is None and not keepdims:
        return np.count_nonzero(a)
    if a.dtype.kind == "b" and a.size < 1 << 24:  # what float32 counts exactly
        return np.asarray(reduce(np.add, a.astype(np.float32), axis, keepdims)).astype(np.int64)
    return np.sum(a, axis=axis, dtype=np.int64, keepdims=keepdims)


def mean_(a: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean; of nothing it is NaN."""
    count = count_of(a.shape, axis)
    total = sum_(a, axis=axis, keepdims=keepdims)
    return total / count if count else total * np.float16(np.nan)


def var_(x: Any, *, axis: Axis, correction: float, keepdims: bool) -> Any:
    """The variance: the sum of the squared distances to the mean, over their number less a correction."""
    away = np.asarray(x - mean_(x, axis=axis, keepdims=True))
    total = reduce(np.add, np.multiply(away, away, out=away), axis, keepdims)
    scale = inverse_degrees(x.shape, axis, correction) if x.size else math.nan
    if scale < math.inf:
        return total * scale
    with np.errstate(invalid="ignore"):  # 0 · ∞, where no degrees of freedom are left, is NaN
        return total * np.float16(scale)


def inverse_degrees(shape: tuple[int, ...], axis: Axis, correction: float) -> float:
    """1 / (number of elements - correction); infinite where none are left."""
    degrees = count_of(shape, axis) - correction
    return 1.0 / degrees if degrees > 0 else math.inf


def std_(x: Any, *, axis: Axis, correction: float, keepdims: bool) -> Any:
    """The standard deviation: the root of the variance."""
    return np.sqrt(var_(x, axis=axis, correction=correction, keepdims=keepdims))


def centred(x: Any, axis: Axis) -> Any:
    """The distances to the mean."""
    return x - mean_rule(x, axis=axis, keepdims=True)


def prod_(a: Any, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The product; integers and booleans are multiplied as int64."""
    if a.dtype.kind in "fc":
        return reduce(np.multiply, a, axis, keepdims)
    return np.prod(a, axis=axis, dtype=np.int64, keepdims=keepdims)


def others_(x: Any, *, axis: int) -> Any:
    """For each element, the product of all others along an axis: those before it times those behind it."""
    product = reduce(np.multiply, x, axis, keepdims=True)
    if np.all(product) and np.all(np.isfinite(product)):  # no zeros, and none from underflow
        return product / x
    x = np.moveaxis(x, axis, 0)
    before, behind = np.ones_like(x), np.ones_like(x)
    np.multiply.accumulate(x[:-1], 0, out=before[1:])
    np.multiply.accumulate(x[:0:-1], 0, out=behind[-2::-1])
    return np.moveaxis(before * behind, 0, axis)


def others_slope(g: Any, x: Any, axis: int) -> Any:
    """Σᵢ gᵢ · Πⱼ xⱼ over i ≠ k and j ≠ i, k: a 1 in the place of the i-th leaves pairs out."""
    rows = np.expand_dims(np.moveaxis(x, axis, -1), -2)  # (..., 1, j)
    diagonal = np.eye(x.shape[axis], dtype=bool)  # i = j
    pairs = np.where(diagonal, 0.0, others_rule(np.where(diagonal, 1.0, rows), axis=-1))  # (..., i, k)
    return np.moveaxis(np.sum(np.expand_dims(np.moveaxis(g, axis, -1), -1) * pairs, axis=-2), -1, axis)


def products_of_others(a: Any, axis: int | None, shape: tuple[int, ...]) -> Any:
    """The derivative of a product for each of its factors, zeros among them or not."""
    if not shape:
        return np.ones_like(a)
    if axis is None:
        return np.reshape(others_rule(np.reshape(a, -1), axis=0), shape)
    return others_rule(a, axis=axis)


def logsumexp_(x: Any, *, axis: Axis, keepdims: bool) -> Any:
    """log Σ exp(x), moved by the largest element so that nothing overflows."""
    if x.size == 0:
        return np.full_like(reduce(np.add, x, axis, keepdims), -np.inf)
    top = reduce(np.maximum, x, axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype, copy=False)
    away = np.asarray(x - top)
    total = reduce(np.add, np.exp(away, out=away), axis, keepdims)
    with np.errstate(divide="ignore"):  # log 0 = -inf, the sum of nothing
        return np.log(total) + top.reshape(np.shape(total))


sum_rule = rule(
    np.sum,
    forward=sum_,
    a=lambda g, a_shape, axis, keepdims: np.broadcast_to(spread(g, a_shape, axis, keepdims), a_shape),
)
mean_rule = rule(
    np.mean,
    forward=mean_,
    a=lambda g, a_shape, axis, keepdims: np.broadcast_to(
        spread(g, a_shape, axis, keepdims) / max(count_of(a_shape, axis), 1), a_shape
    ),
)
var_rule = rule(
    var_,
    name="var",
    x=lambda g, x, x_shape, axis, correction, keepdims: (
        spread(g, x_shape, axis, keepdims)
        * (2.0 * inverse_degrees(x_shape, axis, correction))
        * centred(x, axis)
    ),
)
std_rule = rule(
    std_,
    name="std",
    x=lambda g, x, out, x_shape, axis, correction, keepdims: (
        spread(
            np.where(np.equal(out, 0), 0.0, g / np.where(np.equal(out, 0), 1.0, out)), x_shape, axis, keepdims
        )
        * inverse_degrees(x_shape, axis, correction)
        * centred(x, axis)
    ),
)
prod_rule = rule(
    np.prod,
    forward=prod_,
    a=lambda g, a, a_shape, axis, keepdims: (
        spread(g, a_shape, axis, keepdims) * products_of_others(a, axis, a_shape)
    ),
)
others_rule = rule(others_, x=lambda g, x, axis: others_slope(g, x, axis))
logsumexp_rule = rule(
    logsumexp_,
    name="logsumexp",
    promote="float",
    x=lambda g, x, out, x_shape, axis, keepdims: (
        spread(g, x_shape, axis, keepdims) * np.exp(x - spread(out, x_shape, axis, keepdims))
    ),
)

constant(np.any, np.all, np.count_nonzero)


# -- sums and means ----------------------------------------------------------------------------------------


def _converted(input: Tensor, dtype: Any) -> Tensor:
    return input if dtype is None or input.dtype is dtypes.as_dtype(dtype) else input.to(dtype)


def _all_axes(dim: Dim, ndim: int) -> tuple[int, ...] | None:
    """A `dim` as axes; None (which is quicker) for all of them."""
    return None if dim is None else axes_of(dim, ndim)


@public()
def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over some dimensions, or over all.

    Args:
        dim: the dimension or dimensions to reduce; all by default.
        keepdim: keep them, with size 1.
        dtype: what to convert to before adding; integers and booleans become int64.

    >>> torch.sum(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])

    Source: PyTorch, `torch.sum`.
    """
    input = _converted(require_tensor(input, "sum"), dtype)
    return sum_rule(input, axis=_all_axes(dim, input._array.ndim), keepdims=keepdim)


@public()
def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over some dimensions, or over all.

    Raises:
        RuntimeError: integers, which have no mean of their own dtype.

    >>> torch.mean(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1, keepdim=True)
    tensor([[1.5000],
            [3.5000]])

    Source: PyTorch, `torch.mean`.
    """
    input = _converted(require_tensor(input, "mean"), dtype)
    if input._array.dtype.kind not in "fc":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex "
            f"dtype. Got: {input.dtype}; convert it with .float() or give dtype="
        )
    return mean_rule(input, axis=_all_axes(dim, input._array.ndim), keepdims=keepdim)


@public()
def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over some dimensions, or all, of the elements that are not NaN.

    >>> torch.nansum(torch.tensor([1.0, float("nan"), 2.0]))
    tensor(3.)

    Source: PyTorch, `torch.nansum`.
    """
    return sum(_without_nan(require_tensor(input, "nansum")), dim, keepdim, dtype=dtype)


def _without_nan(input: Any) -> Tensor:
    return input if input._array.dtype.kind != "f" else np.where(np.isnan(input), 0.0, input)  # type: ignore[return-value]


@public()
def nanmean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over some dimensions, or all, of the elements that are not NaN.

    >>> torch.nanmean(torch.tensor([1.0, float("nan"), 2.0]))
    tensor(1.5000)

    Source: PyTorch, `torch.nanmean`.
    """
    input = _converted(require_tensor(input, "nanmean"), dtype)
    if input._array.dtype.kind != "f":
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {input.dtype}"
        )
    present = wrap(np.logical_not(np.isnan(input._array)).astype(input._array.dtype))
    with np.errstate(invalid="ignore"):  # of nothing: NaN
        return sum(_without_nan(input), dim, keepdim) / sum(present, dim, keepdim)


@public()
def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """The number of elements that are not zero, over some dimensions or over all.

    >>> torch.count_nonzero(torch.tensor([[0, 1], [2, 3]]), dim=0)
    tensor([1, 2])

    Source: PyTorch, `torch.count_nonzero`.
    """
    array = require_tensor(input, "count_nonzero")._array
    return wrap(np.asarray(np.count_nonzero(array, axis=axes_of(dim, array.ndim)), np.int64))


# -- spread and products -----------------------------------------------------------------------------------


def _spread_arguments(
    dim: Any, unbiased: Any, correction: float | None, input: Any, name: str
) -> tuple[Any, float]:
    """The axes and correction that std(unbiased), std(dim, unbiased) and std(dim, correction=) mean."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = 1.0 if unbiased else 0.0
    if require_tensor(input, name)._array.dtype.kind not in "fc":
        raise RuntimeError(f"std and var only support floating point and complex dtypes, got {input.dtype}")
    return _all_axes(dim, input._array.ndim), 1.0 if correction is None else correction


def _variance(input: Tensor, axis: Axis, correction: float, keepdims: bool) -> Tensor:
    """The variance; of complex numbers that of their real parts plus that of their imaginary parts."""
    if not input.is_complex():
        return var_rule(input, axis=axis, correction=correction, keepdims=keepdims)
    parts: list[Any] = [np.real(input), np.imag(input)]
    real, imag = [_variance(part, axis, correction, keepdims) for part in parts]
    return real + imag


def _deviation(input: Tensor, axis: Axis, correction: float, keepdims: bool) -> Tensor:
    """The root of the variance."""
    if not input.is_complex():
        return std_rule(input, axis=axis, correction=correction, keepdims=keepdims)
    return _variance(input, axis, correction, keepdims).sqrt()


@public()
def var(
    input: Tensor,
    dim: Dim = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    r"""The variance over some dimensions, or over all: Σ (xᵢ - x̄)² / (n - correction).

    Args:
        dim: the dimension or dimensions to reduce; all by default.
        unbiased: the older word for a correction of 1 (True, the default) or 0 (False).
        keepdim: keep the reduced dimensions, with size 1.
        correction: what is taken from the number of elements; 1 by default.

    >>> torch.var(torch.tensor([1.0, 2.0, 3.0, 4.0])), torch.var(torch.tensor([1.0, 3.0]), correction=0)
    (tensor(1.6667), tensor(1.))

    Source: PyTorch, `torch.var`.
    """
    axis, correction = _spread_arguments(dim, unbiased, correction, input, "var")
    return _variance(input, axis, correction, keepdim)


@public()
def std(
    input: Tensor,
    dim: Dim = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    r"""The standard deviation: the root of the variance, which see for the arguments. Its gradient at 0 is 0.

    >>> torch.std(torch.tensor([1.0, 3.0]), correction=0)
    tensor(1.)

    Source: PyTorch, `torch.std`.
    """
    axis, correction = _spread_arguments(dim, unbiased, correction, input, "std")
    return _deviation(input, axis, correction, keepdim)


@public(method=False)
def var_mean(
    input: Tensor,
    dim: Dim = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean; see `var`.

    >>> torch.var_mean(torch.tensor([1.0, 3.0]))
    (tensor(2.), tensor(2.))

    Source: PyTorch, `torch.var_mean`.
    """
    axis, correction = _spread_arguments(dim, unbiased, correction, input, "var_mean")
    variance = _variance(input, axis, correction, keepdim)
    return variance, mean_rule(input, axis=axis, keepdims=keepdim)


@public(method=False)
def std_mean(
    input: Tensor,
    dim: Dim = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean; see `std`.

    >>> torch.std_mean(torch.tensor([1.0, 3.0]), correction=0)
    (tensor(1.), tensor(2.))

    Source: PyTorch, `torch.std_mean`.
    """
    axis, correction = _spread_arguments(dim, unbiased, correction, input, "std_mean")
    deviation = _deviation(input, axis, correction, keepdim)
    return deviation, mean_rule(input, axis=axis, keepdims=keepdim)


@public()
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product over one dimension, or over all. Its derivatives are right where factors are zero as well.

    >>> torch.prod(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([3., 8.])

    Source: PyTorch, `torch.prod`.
    """
    input = _converted(require_tensor(input, "prod"), dtype)
    if dim is not None and not isinstance(dim, int):
        raise TypeError(f"prod(): argument 'dim' must be int, not {type(dim).__name__}")
    axis = None if dim is None or not input._array.ndim else axis_of(dim, input._array.ndim)
    return prod_rule(input, axis=axis, keepdims=keepdim)


@public()
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    r"""The logarithm of a sum of exponentials, log Σ exp(xᵢ), without overflow.

    >>> torch.logsumexp(torch.tensor([1000.0, 1000.0]), 0)
    tensor(1000.6932)

    Source: PyTorch, `torch.logsumexp`.
    """
    axis = axes_of(dim, require_tensor(input, "logsumexp")._array.ndim)
    return logsumexp_rule(input, axis=axis, keepdims=keepdim)


# -- truth -------------------------------------------------------------------------------------------------


def _truth(input: Tensor, dim: Dim, keepdim: bool, name: str) -> Tensor:
    array = require_tensor(input, name)._array
    found = (np.any if name == "any" else np.all)(array, axis=_all_axes(dim, array.ndim), keepdims=keepdim)
    return wrap(np.asarray(found, np.uint8 if array.dtype == np.uint8 else np.bool_))


@public()
def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether any element is not zero, over some dimensions or over all.

    >>> torch.any(torch.tensor([[False, True], [False, False]]), dim=1)
    tensor([ True, False])

    Source: PyTorch, `torch.any`.
    """
    return _truth(input, dim, keepdim, "any")


@public()
def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether no element is zero, over some dimensions or over all.

    >>> torch.all(torch.tensor([[True, True], [True, False]]), dim=1)
    tensor([ True, False])

    Source: PyTorch, `torch.all`.
    """
    return _truth(input, dim, keepdim, "all")
