"""Extremes: the largest and smallest elements over some or all dimensions, and where they are.

Equal largest elements share the gradient of `max()` and `amax`; that of `max(dim)`, which names one of them
by its index, goes to that one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import constant, rule
from ..kernels.reduction import place, reduce
from ..tensor import Tensor, wrap
from ._public import axes_of, axis_of, public, require_ordered, require_tensor, structured
from .gathering import chosen, selection
from .reduction import Axis, Dim, spread, sum_rule

__all__ = [
    "amax",
    "amin",
    "aminmax",
    "argmax",
    "argmin",
    "max",
    "min",
]


# -- the derivatives ---------------------------------------------------------------------------------------


def shared_evenly(g: Any, a: Any, out: Any, axis: Axis, keepdims: bool, shape: tuple[int, ...]) -> Any:
    """The gradient of an extreme, in equal parts to all elements that attain it."""
    g, out = spread(g, shape, axis, keepdims), spread(out, shape, axis, keepdims)
    attains = np.equal(a, out)
    if np.any(np.isnan(out)):
        attains = np.logical_or(attains, np.isnan(a))
    weights = attains * np.ones_like(out)
    return weights * (g / sum_rule(weights, axis=axis, keepdims=True))


def place_along(ufunc: np.ufunc, x: Any, axis: int) -> np.ndarray:
    """Where the extremes along an axis are, which stays as one of size 1."""
    return place(ufunc, x, axis, keepdims=True) if x.ndim else np.zeros((), np.intp)


def max_along_(x: Any, *, axis: int, keepdims: bool) -> Any:
    """The largest elements along an axis, and where they are (the first of equal ones)."""
    return chosen(x, place_along(np.maximum, x, axis), axis, keepdims)


def min_along_(x: Any, *, axis: int, keepdims: bool) -> Any:
    """The smallest elements along an axis, and where they are (the first of equal ones)."""
    return chosen(x, place_along(np.minimum, x, axis), axis, keepdims)


def _extreme(function: Any, ufunc: np.ufunc, name: str) -> Any:
    return rule(
        function,
        forward=lambda a, *, axis=None, keepdims=False: reduce(ufunc, a, axis, keepdims),
        name=name,
        a=lambda g, a, out, a_shape, axis, keepdims: shared_evenly(g, a, out, axis, keepdims, a_shape),
    )


max_rule, amax_rule = _extreme(np.max, np.maximum, "max"), _extreme(np.amax, np.maximum, "amax")
min_rule, amin_rule = _extreme(np.min, np.minimum, "min"), _extreme(np.amin, np.minimum, "amin")
max_along_rule, min_along_rule = selection(max_along_, "max"), selection(min_along_, "min")

constant(np.argmax, np.argmin)


# -- the functions -----------------------------------------------------------------------------------------


def _check_not_empty(shape: tuple[int, ...], dim: Any, name: str, error: type = RuntimeError) -> None:
    """Raise PyTorch's error where an extreme of nothing is asked for."""
    if 0 not in shape:
        return
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        raise error(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
            "reduction dim with the 'dim' argument."
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
    """The largest element; or the largest along a dimension, with indices; or the larger of two tensors.

    The gradient of `max(input)` is divided evenly among equal largest elements, that of `max(input, dim)`
    goes to the one at `indices` (the first of equal ones). NaN counts as largest.

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
    """The smallest element; or the smallest along a dimension, with indices; or the smaller of two tensors.

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
    if any(shape[one] == 0 for one in axis):
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    return aminmax_fields(
        amin_rule(input, axis=axis, keepdims=keepdim), amax_rule(input, axis=axis, keepdims=keepdim)
    )


def _position(input: Tensor, dim: int | None, keepdim: bool, name: str) -> Tensor:
    array = require_ordered(input, name)._array
    if array.dtype.kind == "b":
        raise RuntimeError(f"{name}(): does not support bool input; convert it with .int()")
    _check_not_empty(array.shape, dim, name, IndexError)
    axis = None if dim is None or not array.ndim else axis_of(dim, array.ndim)
    if dim is not None:
        axis_of(dim, array.ndim)
    if axis is not None:
        return wrap(np.asarray(place(np.maximum if name == "argmax" else np.minimum, array, axis, keepdim)))
    found = (np.argmax if name == "argmax" else np.argmin)(array, keepdims=keepdim)
    return wrap(np.asarray(found, np.int64))


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
