"""Order along a dimension: sort, topk, kthvalue, median, mode, quantile.

All of them choose elements, so all have the same derivative: the gradient goes to the elements chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import constant, numpy_function, rule
from ..kernels.scatter import gather_along, put_along
from ..kernels.sorting import argsort as order_of
from ..tensor import Tensor, wrap
from ._public import as_array, axis_of, public, require_ordered, require_tensor, structured
from .extremes import shared_evenly
from .gathering import chosen, gather_rule, selection
from .indexing import along
from .permutation import movedim
from .shape import reshape_rule, unsqueeze_rule

__all__ = [
    "argsort",
    "kthvalue",
    "median",
    "mode",
    "msort",
    "nanmedian",
    "nanquantile",
    "quantile",
    "sort",
    "topk",
]


# -- the derivatives ---------------------------------------------------------------------------------------


def sort_(x: Any, *, axis: int, descending: bool) -> Any:
    """All elements in order."""
    return chosen(x, order_of(x, axis, descending) if x.ndim else np.zeros((), np.intp), axis)


def few_largest(x: np.ndarray, k: int, axis: int) -> np.ndarray | None:
    """Where the k largest are, one after the other; None if some are -inf, as those taken out become."""
    rest, found = np.array(x, order="C"), []
    for _ in range(k):
        found.append(np.argmax(rest, axis, keepdims=True))
        put_along(rest, found[-1], -np.inf, axis)
    index = np.concatenate(found, axis)
    return index if np.all(gather_along(x, index, axis) != -np.inf) else None


def topk_(x: Any, *, k: int, axis: int, largest: bool) -> Any:
    """The k largest (or smallest) elements, in order."""
    size = x.shape[axis]
    if k * 8 > size or size < 256:
        return chosen(x, order_of(x, axis, largest)[along(axis, slice(k))], axis)
    if k <= 16 and largest and x.dtype.kind == "f":
        index = few_largest(x, k, axis)
        if index is not None:
            return chosen(x, index, axis)
    # few of many: find them first, in any order, then put them in order
    parted = np.argpartition(x, size - k if largest else k - 1, axis)
    found = parted[along(axis, slice(size - k, None) if largest else slice(k))]
    found.sort(axis)  # so that equal elements come in their order
    order = order_of(gather_along(x, found, axis), axis, largest)
    return chosen(x, gather_along(found, order, axis), axis)


def kthvalue_(x: Any, *, k: int, axis: int, keepdims: bool) -> Any:
    """The k-th smallest element."""
    if not x.ndim:
        return chosen(x, np.zeros((), np.intp), axis)
    return chosen(x, np.argpartition(x, k - 1, axis).take([k - 1], axis), axis, keepdims)


def median_along_(x: Any, *, axis: int, keepdims: bool, skip_nan: bool) -> Any:
    """The lower median; with NaN among the elements it is NaN, unless those are skipped."""
    if not x.ndim:
        return chosen(x, np.zeros((), np.intp), axis)
    missing = np.isnan(x)
    if not missing.any():
        return kthvalue_(x, k=(x.shape[axis] + 1) // 2, axis=axis, keepdims=keepdims)
    order = order_of(x, axis)
    valid = np.sum(~missing, axis, keepdims=True) if skip_nan else np.full((1,) * x.ndim, x.shape[axis])
    middle = np.broadcast_to(np.maximum(valid - 1, 0) // 2, (*x.shape[:axis], 1, *x.shape[axis + 1 :]))
    index = gather_along(order, middle, axis)
    if not skip_nan:
        index = np.where(np.any(missing, axis, keepdims=True), np.argmax(missing, axis, keepdims=True), index)
    return chosen(x, index, axis, keepdims)


def median_(x: Any, *, skip_nan: bool) -> Any:
    """The lower median of all elements."""
    values = np.sort(x, axis=None)  # NaN last
    missing = int(np.count_nonzero(np.isnan(values)))
    valid = values.size - missing
    return values[-1] if valid == 0 or (missing and not skip_nan) else values[(valid - 1) // 2]


def mode_(x: Any, *, axis: int, keepdims: bool) -> Any:
    """The most frequent element (the smallest of equally frequent ones), and where it is last."""
    if not x.ndim:
        return chosen(x, np.zeros((), np.intp), axis)
    order = np.moveaxis(order_of(x, axis), axis, -1)
    values = gather_along(np.moveaxis(x, axis, -1), order, x.ndim - 1)
    places = np.arange(values.shape[-1])
    begins = np.ones(values.shape, bool)
    begins[..., 1:] = values[..., 1:] != values[..., :-1]
    length = places - np.maximum.accumulate(np.where(begins, places, 0), -1)
    index = gather_along(order, np.argmax(length, -1, keepdims=True), x.ndim - 1)
    return chosen(x, np.moveaxis(index, -1, axis), axis, keepdims)


sort_rule, topk_rule = selection(sort_, "sort"), selection(topk_, "topk")
kthvalue_rule, mode_rule = selection(kthvalue_, "kthvalue"), selection(mode_, "mode")
median_along_rule = selection(median_along_, "median")
median_rule = rule(
    median_,
    name="median",
    x=lambda g, x, out, x_shape: shared_evenly(g, x, out, None, False, x_shape),
)

constant(np.argsort)


@numpy_function(np.sort)
def _np_sort(a: Any, axis: int | None = -1) -> Any:
    a = reshape_rule(a, shape=(-1,)) if axis is None else a
    return sort_rule(a, axis=axis_of(-1 if axis is None else axis, a._array.ndim), descending=False)[0]


# -- sorting -----------------------------------------------------------------------------------------------

sort_fields = structured("sort", "values", "indices")
topk_fields = structured("topk", "values", "indices")
kthvalue_fields = structured("kthvalue", "values", "indices")
median_fields = structured("median", "values", "indices")
nanmedian_fields = structured("nanmedian", "values", "indices")
mode_fields = structured("mode", "values", "indices")


@public()
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The elements along a dimension in order, and where they were; NaN counts as largest.

    Args:
        descending: the largest first.
        stable: accepted as in PyTorch; equal elements always keep their order here.

    Returns:
        a named tuple (values, indices).

    >>> torch.sort(torch.tensor([3, 1, 2]))
    torch.return_types.sort(
    values=tensor([1, 2, 3]),
    indices=tensor([1, 2, 0]))

    Source: PyTorch, `torch.sort`.
    """
    axis = axis_of(dim, require_tensor(input, "sort")._array.ndim)
    return sort_fields(*sort_rule(input, axis=axis, descending=bool(descending)))


@public()
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The indices that sort along a dimension.

    >>> torch.argsort(torch.tensor([3, 1, 2]))
    tensor([1, 2, 0])

    Source: PyTorch, `torch.argsort`.
    """
    array = require_ordered(input, "argsort")._array
    axis = axis_of(dim, array.ndim)
    return wrap(order_of(array, axis, descending) if array.ndim else np.zeros((), np.int64))


@public()
def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension.

    >>> torch.msort(torch.tensor([[3, 1], [2, 4]]))
    tensor([[2, 1],
            [3, 4]])

    Source: PyTorch, `torch.msort`.
    """
    return sort(input, 0)[0]


@public()
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest elements along a dimension, and where they are.

    Args:
        largest: False for the smallest.
        sorted: accepted as in PyTorch; the elements are always in order here.

    Raises:
        RuntimeError: there are fewer than k elements.

    >>> torch.topk(torch.tensor([1, 5, 3]), 2)
    torch.return_types.topk(
    values=tensor([5, 3]),
    indices=tensor([1, 2]))

    Source: PyTorch, `torch.topk`.
    """
    shape = require_tensor(input, "topk")._array.shape
    axis = axis_of(dim, len(shape))
    if not 0 <= k <= (shape or (1,))[axis]:
        raise RuntimeError(f"selected index k out of range: {k} of {(shape or (1,))[axis]} elements")
    if not shape:
        return topk_fields(*sort_rule(input, axis=0, descending=False))
    return topk_fields(*topk_rule(input, k=k, axis=axis, largest=largest))


@public()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element along a dimension (counted from 1), and where it is.

    Raises:
        RuntimeError: there are fewer than k elements.

    >>> torch.kthvalue(torch.tensor([3, 1, 2]), 2).values
    tensor(2)

    Source: PyTorch, `torch.kthvalue`.
    """
    shape = require_tensor(input, "kthvalue")._array.shape
    axis = axis_of(dim, len(shape))
    if not 1 <= k <= (shape or (1,))[axis]:
        raise RuntimeError(
            f"kthvalue(): selected number k out of range for dimension {axis}: {k} of {(shape or (1,))[axis]}"
        )
    return kthvalue_fields(*kthvalue_rule(input, k=k, axis=axis, keepdims=keepdim))


# -- middles -----------------------------------------------------------------------------------------------


def _median(input: Tensor, dim: int | None, keepdim: bool, name: str) -> Any:
    array = require_tensor(input, name)._array
    skip = name == "nanmedian"
    if dim is None:
        if array.size == 0:
            return wrap(
                np.array(np.nan if array.dtype.kind == "f" else np.iinfo(array.dtype).min, array.dtype)
            )
        return median_rule(input, skip_nan=skip)
    axis = axis_of(dim, array.ndim)
    if array.ndim and array.shape[axis] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
    fields = nanmedian_fields if skip else median_fields
    return fields(*median_along_rule(input, axis=axis, keepdims=keepdim, skip_nan=skip))


@public()
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median, the lower one of an even number: of all elements, or along a dimension with where it is.

    With a NaN among the elements the median is NaN.

    >>> torch.median(torch.tensor([4.0, 1.0, 3.0, 2.0]))
    tensor(2.)

    Source: PyTorch, `torch.median`.
    """
    return _median(input, dim, keepdim, "median")


@public()
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of the elements that are not NaN; see `median`.

    >>> torch.nanmedian(torch.tensor([4.0, float("nan"), 3.0, 2.0]))
    tensor(3.)

    Source: PyTorch, `torch.nanmedian`.
    """
    return _median(input, dim, keepdim, "nanmedian")


@public()
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element along a dimension (of several, the smallest), and where it is last.

    >>> torch.mode(torch.tensor([3, 1, 2, 1]))
    torch.return_types.mode(
    values=tensor(1),
    indices=tensor(3))

    Source: PyTorch, `torch.mode`.
    """
    shape = require_tensor(input, "mode")._array.shape
    axis = axis_of(dim, len(shape))
    if shape and shape[axis] == 0:
        raise IndexError(f"mode(): Expected reduction dim {axis} to have non-zero size.")
    return mode_fields(*mode_rule(input, axis=axis, keepdims=keepdim))


def _quantile(
    input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, skip_nan: bool
) -> Tensor:
    name = "nanquantile" if skip_nan else "quantile"
    x = require_tensor(input, name)
    if x._array.dtype.kind != "f":
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype, got {x.dtype}")
    if x._array.size == 0:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    levels = np.asarray(as_array(q), x._array.dtype)
    if levels.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor, got shape {list(levels.shape)}")
    if levels.size and not (levels.min() >= 0 and levels.max() <= 1):
        raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
    ndim = x._array.ndim
    axis = None if dim is None else axis_of(dim, ndim)
    rows = reshape_rule(x, shape=(-1,)) if axis is None or not ndim else movedim(x, axis, -1)
    found = _interpolated(rows, levels.reshape(-1), interpolation, skip_nan)  # (..., levels)
    found = movedim(found, -1, 0)
    if keepdim and ndim:
        shape = found._array.shape[:1] + (1,) * ndim
        found = reshape_rule(found, shape=shape) if axis is None else unsqueeze_rule(found, axis=axis + 1)
    return found if levels.ndim else found[0]


def _interpolated(x: Tensor, levels: np.ndarray, interpolation: str, skip_nan: bool) -> Tensor:
    """The quantiles of the last dimension."""
    values, _ = sort_rule(x, axis=x._array.ndim - 1, descending=False)
    missing = np.isnan(x._array)
    valid = np.sum(~missing, -1, keepdims=True)
    last = x._array.shape[-1] - 1
    rank = levels * (np.maximum(valid - 1, 0) if skip_nan else np.full_like(valid, last)).astype(levels.dtype)
    if interpolation == "nearest":
        rank = np.round(rank)
    if not skip_nan:
        rank = np.where(valid <= last, last, rank)  # NaN is last, and makes the result NaN
    below = np.floor(rank)
    above = np.ceil(rank)
    if interpolation == "higher":
        below = above
    low = gather_rule(values, below.astype(np.int64), axis=x._array.ndim - 1)
    if interpolation not in ("linear", "midpoint"):
        return low
    high = gather_rule(values, above.astype(np.int64), axis=x._array.ndim - 1)
    weight = np.where(above > below, 0.5, 0.0) if interpolation == "midpoint" else rank - below
    return low + wrap(weight.astype(levels.dtype)) * (high - low)


@public()
def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The values below which given fractions of the elements lie; with NaN among the elements it is NaN.

    Args:
        q: a fraction between 0 and 1, or a vector of them, which then is the first dimension of the result.
        interpolation: where a fraction falls between two elements: "linear" (the default), "lower", "higher",
            "midpoint" or "nearest".

    Raises:
        RuntimeError: integers; fractions out of range.

    >>> torch.quantile(torch.tensor([0.0, 1.0, 2.0, 3.0]), torch.tensor([0.5, 0.75]))
    tensor([1.5000, 2.2500])

    Source: PyTorch, `torch.quantile`.
    """
    return _quantile(input, q, dim, keepdim, interpolation, skip_nan=False)


@public()
def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The quantiles of the elements that are not NaN; see `quantile`.

    >>> torch.nanquantile(torch.tensor([0.0, 1.0, float("nan"), 2.0]), 0.5)
    tensor(1.)

    Source: PyTorch, `torch.nanquantile`.
    """
    return _quantile(input, q, dim, keepdim, interpolation, skip_nan=True)
