"""Scattering: elements put, added or reduced to where integers point along one dimension.

Adding is `gather` read backwards. Extremes share their gradient evenly, products give each factor the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, joint, rule
from ..kernels.scatter import add_along, along_axis, put_along
from ..tensor import Tensor, wrap
from ._public import as_array, axis_of, public, require_tensor
from .conversion import astype_rule
from .gathering import (
    check_bounds,
    check_flat,
    check_index,
    gather_rule,
    index_array,
    positions,
    scatter_along_rule,
    vectors,
)
from .indexing import FULL, add_at_rule, put_rule, slice_rule
from .shape import reshape_rule

__all__ = [
    "index_add",
    "index_copy",
    "index_fill",
    "index_reduce",
    "put",
    "scatter",
    "scatter_add",
    "scatter_reduce",
]


# -- the derivatives ---------------------------------------------------------------------------------------


def scatter_add_(x: Any, src: Any, index: Any, *, axis: int) -> Any:
    """x with values added where the index points along an axis."""
    check_bounds(index, axis, x.shape[axis])
    out = np.array(x, order="C")
    add_along(out, index, src, axis)
    return out


def scatter_put_(x: Any, src: Any, index: Any, *, axis: int) -> Any:
    """A copy of x with values in place of the elements where the index points along an axis."""
    check_bounds(index, axis, x.shape[axis])
    out = np.array(x, order="C")
    put_along(out, index, src, axis)
    return out


def _starting_from(x: np.ndarray, index: np.ndarray, axis: int, include_self: bool, empty: Any) -> np.ndarray:
    """A copy of x; unless x is included, `empty` where the index points."""
    out = np.array(x, order="C")
    if not include_self:
        out.reshape(-1)[along_axis(x.shape, index, axis).reshape(-1)] = empty
    return out


def _bounds(dtype: np.dtype) -> tuple[Any, Any]:
    """The least and the largest value of a dtype."""
    if dtype.kind in "fb":
        return (-np.inf, np.inf) if dtype.kind == "f" else (False, True)
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def scatter_extreme_(x: Any, src: Any, index: Any, *, axis: int, include_self: bool, largest: bool) -> Any:
    """The largest (or smallest) of x and the values that an index points there."""
    check_bounds(index, axis, x.shape[axis])
    below, above = _bounds(x.dtype)
    out = _starting_from(x, index, axis, include_self, below if largest else above)
    where = along_axis(x.shape, index, axis).reshape(-1)
    (np.maximum if largest else np.minimum).at(out.reshape(-1), where, src.reshape(-1))
    return out


def scatter_prod_(x: Any, src: Any, index: Any, *, axis: int, include_self: bool) -> Any:
    """The product of x and the values that an index points there."""
    check_bounds(index, axis, x.shape[axis])
    out = _starting_from(x, index, axis, include_self, 1)
    where = along_axis(x.shape, index, axis).reshape(-1)
    np.multiply.at(out.reshape(-1), where, src.reshape(-1))
    return out


def _counts(index: np.ndarray, axis: int, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """How often an index points to each place."""
    counts = np.zeros(shape, dtype)
    add_along(counts, index, np.ones(index.shape, dtype), axis)
    return counts


def _own_part(x: Any, index: Any, axis: int, include_self: bool, x_shape: tuple[int, ...]) -> Any:
    """Where the result depends on x: everywhere, or where the index does not point."""
    if include_self:
        return np.ones_like(x)
    return np.equal(_counts(index, axis, x_shape, np.int64), 0) * np.ones_like(x)


def extreme_backward(
    g: Any, x: Any, src: Any, index: Any, out: Any, axis: int, include_self: bool, x_shape: tuple[int, ...]
) -> list[Any]:
    """The gradient divided evenly among those that are the largest."""
    own = np.equal(x, out) * _own_part(x, index, axis, include_self, x_shape)
    there = np.equal(src, gather_rule(out, index, axis=axis)) * np.ones_like(src)
    portion = g / (own + scatter_along_rule(there, index, axis=axis, shape=x_shape))
    return [portion * own, gather_rule(portion, index, axis=axis) * there, None]


def scatter_prod_backward(
    g: Any, x: Any, src: Any, index: Any, axis: int, include_self: bool, x_shape: tuple[int, ...]
) -> list[Any]:
    """The gradient times all other factors: zeros are counted and left out, so that one may divide."""
    own = _own_part(x, index, axis, include_self, x_shape)
    x_zero, src_zero = np.equal(x, 0) * own, np.equal(src, 0) * np.ones_like(src)
    x_safe, src_safe = np.where(np.equal(x, 0), 1.0, x), np.where(np.equal(src, 0), 1.0, src)
    product = scatter_prod_rule(x_safe, src_safe, index, axis=axis, include_self=include_self)
    zeros = x_zero + scatter_along_rule(src_zero, index, axis=axis, shape=x_shape)
    without, only = g * product * np.equal(zeros, 0), g * product * np.equal(zeros, 1)
    gx = own * np.where(np.equal(x, 0), only, without / x_safe)
    there = gather_rule(without, index, axis=axis) / src_safe
    return [gx, np.where(np.equal(src, 0), gather_rule(only, index, axis=axis), there), None]


scatter_add_rule = rule(
    scatter_add_,
    name="scatter_add",
    x=lambda g: g,
    src=lambda g, index, axis: gather_rule(g, index, axis=axis),
)
scatter_put_rule: Primitive = rule(
    scatter_put_,
    name="scatter",
    x=lambda g, index, axis: scatter_put_rule(g, 0.0, index, axis=axis),
    src=lambda g, index, axis: gather_rule(g, index, axis=axis),
)
scatter_extreme_rule = joint(scatter_extreme_, extreme_backward, name="scatter_reduce")
scatter_prod_rule = joint(scatter_prod_, scatter_prod_backward, name="scatter_reduce")


def _shaped(out: Tensor, input: Tensor) -> Tensor:
    """A result that was computed as a vector for a 0-d input, as 0-d again."""
    return out if input._array.ndim else reshape_rule(out, shape=())


# -- along a dimension, with an index for each element -----------------------------------------------------


def _scatter_arguments(input: Any, dim: int, index: Any, src: Any, name: str) -> tuple[Any, Any, Any, int]:
    """The input, source and index of a scatter, all of at least one dimension and fitting, and the axis."""
    index_array(index, name)
    x, where = vectors(require_tensor(input, name), index)
    axis = axis_of(dim, x._array.ndim)
    if isinstance(src, Tensor):
        (src,) = vectors(src)
        if src._array.dtype != x._array.dtype:
            raise RuntimeError(
                f"{name}(): Expected self.dtype to be equal to src.dtype, got {input.dtype} and {src.dtype}"
            )
    if where._array.size == 0:  # fits anything
        where = wrap(np.empty([0] * x._array.ndim, np.int64))
    check_index(x._array.shape, where._array.shape, axis, name)
    if isinstance(src, Tensor):
        check_index(src._array.shape, where._array.shape, None, name, "src")
    if isinstance(src, Tensor) and src._array.shape != where._array.shape:
        src = slice_rule(src, index=tuple([slice(size) for size in where._array.shape]))
    return x, src, where, axis


@public(inplace=True)
def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    *,
    value: Any = None,
    reduce: str | None = None,
) -> Tensor:
    """A copy of `input` with elements put where an index points: out[indexᵢⱼ, j] = srcᵢⱼ for dim 0.

    Args:
        index: integers, of as many dimensions as `input` and nowhere larger, apart from `dim`.
        src: a tensor no smaller than the index, or a number (also as `value=`).
        reduce: "add" or "multiply" with what is there, rather than replace it.

    Raises:
        RuntimeError: an index out of bounds, or of an unfitting shape or dtype.

    >>> torch.scatter(torch.zeros(2, 3), 1, torch.tensor([[0], [2]]), 1.0)
    tensor([[1., 0., 0.],
            [0., 0., 1.]])

    Source: PyTorch, `torch.scatter`.
    """
    src = value if src is None else src
    if reduce is not None:
        names = {"add": "sum", "multiply": "prod"}
        if reduce not in names:
            raise RuntimeError(f"reduce argument must be either add or multiply, got {reduce!r}")
        if not isinstance(src, Tensor):
            src = wrap(np.full(np.shape(as_array(index)), src, input._array.dtype))
        return scatter_reduce(input, dim, index, src, names[reduce])
    x, src, where, axis = _scatter_arguments(input, dim, index, src, "scatter")
    return _shaped(scatter_put_rule(x, src, where, axis=axis), input)


@public(inplace=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with elements of `src` added where an index points: out[indexᵢⱼ, j] += srcᵢⱼ for dim 0.

    Args:
        index: integers, of as many dimensions as `input`; positions may repeat.
        src: a tensor no smaller than the index.

    >>> torch.scatter_add(torch.zeros(3), 0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])

    Source: PyTorch, `torch.scatter_add`.
    """
    require_tensor(src, "scatter_add", "src")
    x, src, where, axis = _scatter_arguments(input, dim, index, src, "scatter_add")
    return _shaped(scatter_add_rule(x, src, where, axis=axis), input)


@public(inplace=True)
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """All elements of `src` that an index points to one place, reduced to one.

    Args:
        reduce: "sum", "prod", "mean", "amax" or "amin".
        include_self: whether what is at the place takes part.

    Raises:
        RuntimeError: an index out of bounds, or another `reduce`.

    >>> x, index = torch.tensor([1.0, 5.0, 3.0]), torch.tensor([0, 0, 1])
    >>> torch.scatter_reduce(torch.zeros(2), 0, index, x, "amax")
    tensor([5., 3.])

    Source: PyTorch, `torch.scatter_reduce`.
    """
    require_tensor(src, "scatter_reduce", "src")
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}.")
    x, src, where, axis = _scatter_arguments(input, dim, index, src, "scatter_reduce")
    if reduce in ("amax", "amin"):
        out = scatter_extreme_rule(
            x, src, where, axis=axis, include_self=include_self, largest=reduce == "amax"
        )
    elif reduce == "prod":
        out = scatter_prod_rule(x, src, where, axis=axis, include_self=include_self)
    else:
        counts = _counts(where._array, axis, x._array.shape, x._array.dtype)
        start = x if include_self else x * wrap(np.equal(counts, 0))
        out = scatter_add_rule(start, src, where, axis=axis)
        if reduce == "mean":
            divisor = wrap(np.maximum(counts + include_self, 1).astype(counts.dtype))
            out = out / divisor if x._array.dtype.kind == "f" else out // divisor
    return _shaped(out, input)


# -- along a dimension, with a position for each slice -----------------------------------------------------


def _index_arguments(
    input: Any, dim: int, index: Any, source: Any, name: str, error: type[Exception] = RuntimeError
) -> tuple[Any, ...]:
    """The index that a vector of positions along `dim` stands for, with its source checked to fit."""
    shape = require_tensor(input, name)._array.shape or (1,)
    values = require_tensor(source, name, "source")._array
    where, axis = np.array(positions(index, name)), axis_of(dim, len(shape))
    if values.dtype != input._array.dtype:
        raise RuntimeError(
            f"{name}(): self and source expected to have the same dtype, but got {input.dtype} and "
            f"{source.dtype}"
        )
    wanted = (*shape[:axis], where.size, *shape[axis + 1 :])
    if (values.shape or (1,)) != wanted:
        raise RuntimeError(
            f"{name}(): source of shape {list(source.shape)} does not fit: for {where.size} positions of "
            f"dimension {axis} of a tensor of shape {list(input.shape)} it must be of shape {list(wanted)}"
        )
    check_bounds(where, axis, shape[axis], error)
    return (*[FULL] * axis, where)


@public(inplace=True)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """`input` with alpha · source added at the positions of one dimension that a vector names.

    Raises:
        RuntimeError: `source` does not fit, or a position is out of bounds.

    >>> torch.index_add(torch.zeros(3), 0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0]))
    tensor([3., 0., 3.])

    Source: PyTorch, `torch.index_add`.
    """
    where = _index_arguments(input, dim, index, source, "index_add")
    values = source if alpha == 1 else source * alpha
    out = add_at_rule(*vectors(input, values), index=where)
    return _shaped(out, input)


@public(inplace=True)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` with the positions of one dimension that a vector names replaced by `source`.

    Raises:
        RuntimeError: `source` does not fit, or a position is out of bounds.

    >>> torch.index_copy(torch.zeros(3), 0, torch.tensor([2, 0]), torch.tensor([1.0, 2.0]))
    tensor([2., 0., 1.])

    Source: PyTorch, `torch.index_copy`.
    """
    where = _index_arguments(input, dim, index, source, "index_copy", IndexError)
    return _shaped(put_rule(*vectors(input, source), index=where), input)


@public(inplace=True)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `input` with the positions of one dimension that a vector names filled with one value.

    >>> torch.index_fill(torch.zeros(3), 0, torch.tensor([2, 0]), 7)
    tensor([7., 0., 7.])

    Source: PyTorch, `torch.index_fill`.
    """
    shape = require_tensor(input, "index_fill")._array.shape
    axis = axis_of(dim, len(shape))
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._array.ndim} dimension(s)."
            )
        value = astype_rule(value, dtype=input._array.dtype)
    where, size = positions(index, "index_fill"), shape[axis] if shape else 1
    where = np.unique(np.where(where < 0, where + size, where))
    check_bounds(where, axis, size, IndexError)
    out = put_rule(*vectors(input), value, index=(*[FULL] * axis, where))
    return reshape_rule(out, shape=shape)


@public(inplace=True)
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """The positions of `source` that a vector points to one position of `input`, reduced to one.

    Args:
        reduce: "prod", "mean", "amax" or "amin".
        include_self: whether what is at the position takes part.

    >>> index = torch.tensor([0, 0, 1])
    >>> torch.index_reduce(torch.zeros(2), 0, index, torch.tensor([1.0, 5.0, 3.0]), "amax")
    tensor([5., 3.])

    Source: PyTorch, `torch.index_reduce`.
    """
    *before, where = _index_arguments(input, dim, index, source, "index_reduce")
    shape = (*[1] * len(before), -1, *[1] * (max(source._array.ndim, 1) - 1 - len(before)))
    full = np.broadcast_to(where.reshape(shape), vectors(source)[0]._array.shape)
    return scatter_reduce(input, dim, wrap(full), source, reduce, include_self=include_self)


# -- in the flattened tensor -------------------------------------------------------------------------------


@public(inplace=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with elements put (or added) at positions of the flattened input.

    >>> torch.put(torch.zeros(2, 2), torch.tensor([3, 0]), torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 1.]])

    Source: PyTorch, `torch.put`.
    """
    where, shape = index_array(index, "put").reshape(-1), require_tensor(input, "put")._array.shape
    if source._array.size != where.size:
        raise RuntimeError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"{source._array.size} and {where.size}"
        )
    check_flat(where, input._array.size)
    flat, values = reshape_rule(input, shape=(-1,)), reshape_rule(source, shape=(-1,))
    out = (add_at_rule if accumulate else put_rule)(flat, values, index=(np.array(where),))
    return reshape_rule(out, shape=shape)
