"""Reductions: sums, means, products, extremes and p-norms over some or all dimensions.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule needs.
`spread` gives a reduced gradient its lost dimensions back, as ones, so that it broadcasts against the input.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.primitive import constant, rule
from ..tensor import Tensor, wrap
from ._public import axes_of, axis_of, public, require_tensor, structured
from .scattering import chosen, selection

__all__ = [
    "all",
    "amax",
    "amin",
    "aminmax",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "logsumexp",
    "max",
    "mean",
    "min",
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


# -- the derivatives -----------------------------------------------------------------------------------------


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
    return np.add.reduce(a, axis, np.int64 if a.dtype.kind in "iub" else None, None, keepdims)


def mean_(a: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean; of nothing it is NaN."""
    count = count_of(a.shape, axis)
    total = np.add.reduce(a, axis, None, None, keepdims)
    return total / count if count else total * np.float16(np.nan)


def var_(x: Any, *, axis: Axis, correction: float, keepdims: bool) -> Any:
    """The variance: the squared distances to the mean, added and divided by their number less a correction."""
    away = x - mean_(x, axis=axis, keepdims=True)
    total = np.add.reduce(away * away, axis, None, None, keepdims)
    return total * inverse_degrees(x.shape, axis, correction) if x.size else total * np.float16(np.nan)


def inverse_degrees(shape: tuple[int, ...], axis: Axis, correction: float) -> float:
    """1 / (number of elements - correction); infinite where none are left."""
    degrees = count_of(shape, axis) - correction
    return 1.0 / degrees if degrees > 0 else math.inf


def std_(x: Any, *, axis: Axis, correction: float, keepdims: bool) -> Any:
    """The standard deviation: the root of the variance."""
    return np.sqrt(var_(x, axis=axis, correction=correction, keepdims=keepdims))


def centred(x: Any, axis: Axis) -> Any:
    """The distances to the mean."""
    return x - np.mean(x, axis=axis, keepdims=True)


def prod_(a: Any, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The product; integers and booleans are multiplied as int64."""
    return np.multiply.reduce(a, axis, np.int64 if a.dtype.kind in "iub" else None, None, keepdims)


def others_(x: Any, *, axis: int) -> Any:
    """For each element, the product of all others along an axis: those before it times those behind it."""
    x = np.moveaxis(x, axis, 0)
    before, behind = np.ones_like(x), np.ones_like(x)
    np.multiply.accumulate(x[:-1], 0, out=before[1:])
    np.multiply.accumulate(x[:0:-1], 0, out=behind[-2::-1])
    return np.moveaxis(before * behind, 0, axis)


def others_slope(g: Any, x: Any, axis: int) -> Any:
    """Σᵢ gᵢ · Πⱼ xⱼ over j ≠ i, k, for each k ≠ i: pairs left out of the products by putting a 1 for the first."""
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


def shared_evenly(g: Any, a: Any, out: Any, axis: Axis, keepdims: bool, shape: tuple[int, ...]) -> Any:
    """The gradient of an extreme, in equal parts to all elements that attain it."""
    g, out = spread(g, shape, axis, keepdims), spread(out, shape, axis, keepdims)
    attains = np.equal(a, out)
    if np.any(np.isnan(out)):
        attains = np.logical_or(attains, np.isnan(a))
    attains = attains * np.ones_like(out)
    return g * attains / np.sum(attains, axis=axis, keepdims=True)


def logsumexp_(x: Any, *, axis: Axis, keepdims: bool) -> Any:
    """log Σ exp(x), moved by the largest element so that nothing overflows."""
    if x.size == 0:
        return np.full_like(np.add.reduce(x, axis, None, None, keepdims), -np.inf)
    top = np.maximum.reduce(x, axis, None, None, True)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype, copy=False)
    total = np.add.reduce(np.exp(x - top), axis, None, None, keepdims)
    with np.errstate(divide="ignore"):  # log 0 = -inf, the sum of nothing
        return np.log(total) + top.reshape(np.shape(total))


def max_along_(x: Any, *, axis: int, keepdims: bool) -> Any:
    """The largest elements along an axis, and where they are (the first of equal ones)."""
    return chosen(x, x.argmax(axis, keepdims=True) if x.ndim else np.zeros((), np.intp), axis, keepdims)


def min_along_(x: Any, *, axis: int, keepdims: bool) -> Any:
    """The smallest elements along an axis, and where they are (the first of equal ones)."""
    return chosen(x, x.argmin(axis, keepdims=True) if x.ndim else np.zeros((), np.intp), axis, keepdims)


sum_rule = rule(
    np.sum,
    forward=sum_,
    a=lambda g, a_shape, axis, keepdims: np.broadcast_to(spread(g, a_shape, axis, keepdims), a_shape),
)
mean_rule = rule(
    np.mean,
    forward=mean_,
    a=lambda g, a_shape, axis, keepdims: np.broadcast_to(
        spread(g, a_shape, axis, keepdims) / builtins.max(count_of(a_shape, axis), 1), a_shape
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
        spread(g, x_shape, axis, keepdims) * np.exp(x - finite(spread(out, x_shape, axis, keepdims)))
    ),
)


def finite(x: Any) -> Any:
    """x with zeros for infinities, which differences could not stand."""
    return np.where(np.isinf(x), 0.0, x)


def _extreme(function: Any, ufunc: np.ufunc, name: str) -> Any:
    return rule(
        function,
        forward=lambda a, *, axis=None, keepdims=False: ufunc.reduce(a, axis, None, None, keepdims),
        name=name,
        a=lambda g, a, out, a_shape, axis, keepdims: shared_evenly(g, a, out, axis, keepdims, a_shape),
    )


max_rule, amax_rule = _extreme(np.max, np.maximum, "max"), _extreme(np.amax, np.maximum, "amax")
min_rule, amin_rule = _extreme(np.min, np.minimum, "min"), _extreme(np.amin, np.minimum, "amin")
max_along_rule, min_along_rule = selection(max_along_, "max"), selection(min_along_, "min")

constant(np.any, np.all, np.argmax, np.argmin, np.count_nonzero)


# -- sums and means ------------------------------------------------------------------------------------------


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
    if input._array.dtype.kind != "f":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {input.dtype}; convert it with .float() or give dtype="
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


def _without_nan(input: Tensor) -> Tensor:
    return input if input._array.dtype.kind != "f" else np.where(np.isnan(input), 0.0, input)


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


# -- spread and products ---------------------------------------------------------------------------------------


def _spread_arguments(
    dim: Any, unbiased: Any, correction: float | None, input: Any, name: str
) -> tuple[Any, float]:
    """The axes and the correction that the overloads std(unbiased), std(dim, unbiased) and std(dim, correction=) mean."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = 1.0 if unbiased else 0.0
    if require_tensor(input, name)._array.dtype.kind != "f":
        raise RuntimeError(f"std and var only support floating point and complex dtypes, got {input.dtype}")
    return _all_axes(dim, input._array.ndim), 1.0 if correction is None else correction


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
    return var_rule(input, axis=axis, correction=correction, keepdims=keepdim)


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
    return std_rule(input, axis=axis, correction=correction, keepdims=keepdim)


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
    variance = var_rule(input, axis=axis, correction=correction, keepdims=keepdim)
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
    deviation = std_rule(input, axis=axis, correction=correction, keepdims=keepdim)
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
    tensor(1000.6931)

    Source: PyTorch, `torch.logsumexp`.
    """
    axis = axes_of(dim, require_tensor(input, "logsumexp")._array.ndim)
    return logsumexp_rule(input, axis=axis, keepdims=keepdim)


# -- extremes ------------------------------------------------------------------------------------------------


def _check_not_empty(shape: tuple[int, ...], dim: Any, name: str, error: type = RuntimeError) -> None:
    """Raise PyTorch's error where an extreme of nothing is asked for."""
    if 0 not in shape:
        return
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        raise error(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
            "the 'dim' argument."
        )
    for axis in axes_of(dim, len(shape)):
        if shape[axis] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")


max_fields = structured("max", "values", "indices")
min_fields = structured("min", "values", "indices")
aminmax_fields = structured("aminmax", "min", "max")


def _extreme_of(input: Tensor, dim: Any, keepdim: bool, name: str) -> Any:
    """What `max` and `min` have in common: of all elements, along a dimension, or of two tensors."""
    whole, along, pairs, fields = {
        "max": (max_rule, max_along_rule, np.maximum, max_fields),
        "min": (min_rule, min_along_rule, np.minimum, min_fields),
    }[name]
    shape = require_tensor(input, name)._array.shape
    if isinstance(dim, Tensor):
        return pairs(input, dim)
    if dim is None:
        _check_not_empty(shape, None, name)
        return whole(input)
    if not isinstance(dim, int):
        raise TypeError(
            f"{name}(): dim must be one int, got {dim!r}; use a{name} for several dimensions, or flatten them"
        )
    axis = axis_of(dim, len(shape))
    _check_not_empty(shape, dim, name)
    return fields(*along(input, axis=axis, keepdims=keepdim))


@public()
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The largest element; or the largest along a dimension, with their indices; or the larger of two tensors.

    The gradient of `max(input)` is divided evenly among equal largest elements, that of `max(input, dim)` goes to the
    one at `indices` (the first of equal ones). NaN counts as largest.

    Args:
        dim: a dimension, or the other tensor.

    Returns:
        a tensor; with `dim`, a named tuple (values, indices).

    Raises:
        RuntimeError: there are no elements.

    >>> torch.max(torch.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
    torch.return_types.max(
    values=tensor([5., 3.]),
    indices=tensor([1, 0]))

    Source: PyTorch, `torch.max`.
    """
    return _extreme_of(input, dim if other is None else other, keepdim, "max")


@public()
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The smallest element; or the smallest along a dimension, with their indices; or the smaller of two tensors.

    See `max`; all conventions are the same. NaN counts as smallest.

    >>> torch.min(torch.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1).values
    tensor([1., 2.])

    Source: PyTorch, `torch.min`.
    """
    return _extreme_of(input, dim if other is None else other, keepdim, "min")


@public()
def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The largest elements over some dimensions, or over all; equal ones share the gradient evenly.

    >>> torch.amax(torch.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=0)
    tensor([3., 5.])

    Source: PyTorch, `torch.amax`.
    """
    shape = require_tensor(input, "amax")._array.shape
    _check_not_empty(shape, dim, "amax")
    return amax_rule(input, axis=axes_of(dim, len(shape)), keepdims=keepdim)


@public()
def amin(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The smallest elements over some dimensions, or over all; equal ones share the gradient evenly.

    >>> torch.amin(torch.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=0)
    tensor([1., 2.])

    Source: PyTorch, `torch.amin`.
    """
    shape = require_tensor(input, "amin")._array.shape
    _check_not_empty(shape, dim, "amin")
    return amin_rule(input, axis=axes_of(dim, len(shape)), keepdims=keepdim)


@public()
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest elements along a dimension, or of all.

    >>> torch.aminmax(torch.tensor([1.0, 5.0, 3.0]))
    torch.return_types.aminmax(
    min=tensor(1.),
    max=tensor(5.))

    Source: PyTorch, `torch.aminmax`.
    """
    shape = require_tensor(input, "aminmax")._array.shape
    axis = axes_of(dim, len(shape))
    if builtins.any(shape[one] == 0 for one in axis):
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    return aminmax_fields(
        amin_rule(input, axis=axis, keepdims=keepdim), amax_rule(input, axis=axis, keepdims=keepdim)
    )


def _position(input: Tensor, dim: int | None, keepdim: bool, name: str) -> Tensor:
    array = require_tensor(input, name)._array
    if array.dtype.kind == "b":
        raise RuntimeError(f"{name}(): does not support bool input; convert it with .int()")
    _check_not_empty(array.shape, dim, name, IndexError)
    axis = None if dim is None or not array.ndim else axis_of(dim, array.ndim)
    if dim is not None:
        axis_of(dim, array.ndim)
    position = (np.argmax if name == "argmax" else np.argmin)(array, axis, keepdims=keepdim)
    return wrap(np.asarray(position, np.int64))


@public()
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is, the first of equal ones: along a dimension, or in the flattened tensor.

    >>> torch.argmax(torch.tensor([[1, 5, 5], [4, 3, 2]]), dim=1)
    tensor([1, 0])

    Source: PyTorch, `torch.argmax`.
    """
    return _position(input, dim, keepdim, "argmax")


@public()
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is, the first of equal ones: along a dimension, or in the flattened tensor.

    >>> torch.argmin(torch.tensor([[1, 5, 5], [4, 3, 2]]), dim=1)
    tensor([0, 2])

    Source: PyTorch, `torch.argmin`.
    """
    return _position(input, dim, keepdim, "argmin")


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
