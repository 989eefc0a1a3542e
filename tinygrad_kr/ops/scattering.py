"""Gathering and scattering along one dimension: gather, scatter, index_select, index_add and their kin.

To take elements where an index points and to add elements into zeros where it points are two linear operations, each
the other's derivative; everything here is built from this pair.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, joint, numpy_function, rule
from ..kernels.scatter import along_axis, scatter_along
from ..tensor import Tensor, wrap
from ._public import as_array, axis_of, public, require_tensor
from .broadcasting import broadcast_shapes, expand_rule
from .conversion import astype_rule
from .indexing import FULL, add_at_rule, index_rule, put_rule, scatter_rule, slice_rule
from .shape import reshape_rule

__all__ = [
    "gather",
    "index_add",
    "index_copy",
    "index_fill",
    "index_reduce",
    "index_select",
    "put",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "take",
    "take_along_dim",
]


# -- the derivatives -----------------------------------------------------------------------------------------


def gather_(x: Any, index: Any, *, axis: int) -> Any:
    """out[i, j, ...] = x[i, index[i, j, ...], ...], with the index in the place of `axis`."""
    _check_bounds(index, axis, x.shape[axis])
    if x.flags.c_contiguous:
        return x.reshape(-1).take(along_axis(x.shape, index, axis))
    return np.take_along_axis(x[_region(index.shape, axis)], index, axis)


def scatter_along_(values: Any, index: Any, *, axis: int, shape: tuple[int, ...]) -> Any:
    """Zeros of a shape with values added where `gather_` would take elements."""
    return scatter_along(values, index, axis, shape)


def scatter_add_(x: Any, src: Any, index: Any, *, axis: int) -> Any:
    """x with values added where the index points along an axis."""
    _check_bounds(index, axis, x.shape[axis])
    return x + scatter_along(src, index, axis, x.shape)


def scatter_put_(x: Any, src: Any, index: Any, *, axis: int) -> Any:
    """A copy of x with values in place of the elements where the index points along an axis."""
    _check_bounds(index, axis, x.shape[axis])
    out = np.array(x, order="K")
    np.put_along_axis(out[_region(index.shape, axis)], index, src, axis)
    return out


def index_select_(x: Any, index: Any, *, axis: int) -> Any:
    """The positions of one dimension that an index names, in its order."""
    return x.take(index, axis) if x.flags.c_contiguous else x[(*[FULL] * axis, index)]


def _region(shape: tuple[int, ...], axis: int) -> tuple[slice, ...]:
    return tuple([FULL if dim == axis else slice(size) for dim, size in enumerate(shape)])


def _check_bounds(index: np.ndarray, axis: int, size: int) -> None:
    if index.size and not (index.min() >= 0 and index.max() < size):
        wrong = index[(index < 0) | (index >= size)][0]
        raise RuntimeError(f"index {wrong} is out of bounds for dimension {axis} with size {size}")


gather_rule = rule(
    gather_,
    name="gather",
    x=lambda g, index, x_shape, axis: scatter_along_rule(g, index, axis=axis, shape=x_shape),
)
scatter_along_rule = rule(
    scatter_along_, name="scatter_add", values=lambda g, index, axis: gather_rule(g, index, axis=axis)
)
scatter_add_rule = rule(
    scatter_add_,
    name="scatter_add",
    x=lambda g: g,
    src=lambda g, index, axis: gather_rule(g, index, axis=axis),
)
scatter_put_rule = rule(
    scatter_put_,
    name="scatter",
    x=lambda g, index, axis: scatter_put_rule(g, 0.0, index, axis=axis),
    src=lambda g, index, axis: gather_rule(g, index, axis=axis),
)
index_select_rule = rule(
    index_select_,
    name="index_select",
    x=lambda g, index, x_shape, axis: scatter_rule(g, shape=x_shape, index=(*[FULL] * axis, index)),
)


@numpy_function(np.take_along_axis)
def _np_take_along_axis(arr: Any, indices: Any, axis: int) -> Any:
    """NumPy's own: the other dimensions broadcast, and negative positions count from the end."""
    index, shape = np.asarray(as_array(indices)), np.shape(as_array(arr))
    axis = axis % len(shape)
    index = np.where(index < 0, index + shape[axis], index)
    common = np.broadcast_shapes(*[(*one[:axis], 1, *one[axis + 1 :]) for one in (shape, index.shape)])
    arr = np.broadcast_to(arr, (*common[:axis], shape[axis], *common[axis + 1 :]))
    index = np.broadcast_to(index, (*common[:axis], index.shape[axis], *common[axis + 1 :]))
    return gather_rule(arr, index, axis=axis)


@numpy_function(np.take)
def _np_take(a: Any, indices: Any, axis: int | None = None) -> Any:
    if axis is None:
        a, axis = np.reshape(a, -1), 0
    index = np.asarray(as_array(indices))
    return index_rule(a, index=(*[FULL] * (axis % np.ndim(a)), index))


def chosen(x: np.ndarray, index: np.ndarray, axis: int, keepdims: bool = True) -> tuple[Any, np.ndarray]:
    """What a function that chooses elements along an axis returns: (values, indices), and the index to keep."""
    values = gather_(x, index, axis=axis) if x.ndim else x.copy()
    if keepdims or not x.ndim:
        return (values, index.astype(np.int64)), index
    return (values.squeeze(axis), index.squeeze(axis).astype(np.int64)), index


def selection(function: Callable[..., Any], name: str) -> Primitive:
    """Register a function that chooses elements along `axis` and returns `chosen(...)`: its gradient goes to those."""
    return joint(function, _to_chosen, keeps=True, name=name)


def _to_chosen(g: Any, kept: Any, x_shape: tuple[int, ...], axis: int) -> list[Any]:
    if not x_shape:
        return [g[0]]
    return [scatter_along_rule(np.reshape(g[0], kept.shape), kept, axis=axis, shape=x_shape)]


# -- taking ---------------------------------------------------------------------------------------------------


def _index_array(index: Any, name: str) -> np.ndarray:
    array = require_tensor(index, name, "index")._array
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 4:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index, got {index.dtype}")
    return array


def _vectors(*tensors: Any) -> list[Any]:
    """0-d tensors as vectors of one element."""
    return [reshape_rule(one, shape=(1,)) if np.ndim(as_array(one)) == 0 else one for one in tensors]


def _check_index(
    shape: tuple[int, ...], index: tuple[int, ...], axis: int, name: str, what: str = "input"
) -> None:
    """Raise unless the index is of the same dimensions and nowhere larger, apart from `axis`."""
    if len(index) != len(shape):
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as {what} tensor: {name}() got an index of "
            f"shape {list(index)} for {what} of shape {list(shape)}"
        )
    if any(dim != axis and one > two for dim, (one, two) in enumerate(zip(index, shape))):
        raise RuntimeError(
            f"Size does not match: {name}() expected index {list(index)} to be no larger than {what} "
            f"{list(shape)} apart from dimension {axis}"
        )


@public()
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """The elements where an index points along one dimension: outᵢⱼ = input[indexᵢⱼ, j] for dim 0 of a matrix.

    Args:
        index: integers, of as many dimensions as `input` and nowhere larger apart from `dim`.

    Raises:
        RuntimeError: an index out of bounds, or of an unfitting shape or dtype.

    >>> torch.gather(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])

    Source: PyTorch, `torch.gather`.
    """
    array = _index_array(index, "gather")
    x, where = _vectors(require_tensor(input, "gather"), index)
    axis = axis_of(dim, x._array.ndim)
    if array.size == 0:
        return gather_rule(x, np.empty([0] * x._array.ndim, np.int64), axis=axis).reshape(array.shape)
    _check_index(x._array.shape, where._array.shape, axis, "gather")
    out = gather_rule(x, where, axis=axis)
    return out if array.ndim else reshape_rule(out, shape=())


@public()
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` with the other dimensions broadcast; without `dim`, from the flattened input.

    >>> x = torch.tensor([[3, 1, 2]])
    >>> torch.take_along_dim(x, torch.argsort(x, dim=1), dim=1)
    tensor([[1, 2, 3]])

    Source: PyTorch, `torch.take_along_dim`.
    """
    _index_array(indices, "take_along_dim")
    if dim is None:
        return gather_rule(reshape_rule(input, shape=(-1,)), reshape_rule(indices, shape=(-1,)), axis=0)
    shape, wanted = require_tensor(input, "take_along_dim")._array.shape, indices._array.shape
    if len(shape) != len(wanted):
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{len(shape)} dimensions for input, and {len(wanted)} dimensions for indices"
        )
    axis = axis_of(dim, len(shape))
    common = broadcast_shapes(*[(*one[:axis], 1, *one[axis + 1 :]) for one in (shape, wanted)])
    x = expand_rule(input, shape=(*common[:axis], shape[axis], *common[axis + 1 :]))
    index = expand_rule(indices, shape=(*common[:axis], wanted[axis], *common[axis + 1 :]))
    return gather_rule(x, index, axis=axis)


@public()
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The positions of one dimension that a vector of integers names, in its order.

    Raises:
        IndexError: an index out of bounds or of more than one dimension.

    >>> torch.index_select(torch.tensor([[1, 2, 3]]), 1, torch.tensor([2, 0]))
    tensor([[3, 1]])

    Source: PyTorch, `torch.index_select`.
    """
    (where,) = _vectors(_positions(index, "index_select"))
    shape = require_tensor(input, "index_select")._array.shape
    axis = axis_of(dim, len(shape))
    if not shape:
        _check_bounds(where._array, 0, 1)
        return reshape_rule(input, shape=()).clone()
    _check_bounds_index_error(where._array, axis, shape[axis])
    return index_select_rule(input, where, axis=axis)


def _positions(index: Any, name: str) -> Tensor:
    """A vector of positions along a dimension, checked."""
    if _index_array(index, name).ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector, got shape {list(index.shape)}")
    return index


def _check_bounds_index_error(index: np.ndarray, axis: int, size: int) -> None:
    try:
        _check_bounds(index, axis, size)
    except RuntimeError as error:
        raise IndexError(str(error)) from None


@public()
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at positions of the flattened input, in the shape of the index.

    >>> torch.take(torch.tensor([[1, 2], [3, 4]]), torch.tensor([0, 3]))
    tensor([1, 4])

    Source: PyTorch, `torch.take`.
    """
    where = np.array(_index_array(index, "take"))
    _check_take(where, require_tensor(input, "take")._array.size)
    return index_rule(reshape_rule(input, shape=(-1,)), index=(where,))


def _check_take(index: np.ndarray, size: int) -> None:
    if index.size and not (-size <= index.min() and index.max() < size):
        wrong = index[(index < -size) | (index >= size)].flat[0]
        raise IndexError(f"out of range: tried to access index {wrong} on a tensor of {size} elements.")


# -- putting --------------------------------------------------------------------------------------------------


@public(inplace=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with elements put (or added) at positions of the flattened input.

    >>> torch.put(torch.zeros(2, 2), torch.tensor([3, 0]), torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 1.]])

    Source: PyTorch, `torch.put`.
    """
    where, shape = _index_array(index, "put").reshape(-1), require_tensor(input, "put")._array.shape
    if source._array.size != where.size:
        raise RuntimeError(
            f"put_(): Expected source and index to have the same number of elements, but got {source._array.size} "
            f"and {where.size}"
        )
    _check_take(where, input._array.size)
    flat, values = reshape_rule(input, shape=(-1,)), reshape_rule(source, shape=(-1,))
    out = (add_at_rule if accumulate else put_rule)(flat, values, index=(np.array(where),))
    return reshape_rule(out, shape=shape)


def _scatter_arguments(input: Any, dim: int, index: Any, src: Any, name: str) -> tuple[Any, Any, Any, int]:
    """The input, source and index of a scatter, all of at least one dimension and fitting, and the axis."""
    _index_array(index, name)
    x, where = _vectors(require_tensor(input, name), index)
    axis = axis_of(dim, x._array.ndim)
    if isinstance(src, Tensor):
        (src,) = _vectors(src)
        if src._array.dtype != x._array.dtype:
            raise RuntimeError(
                f"{name}(): Expected self.dtype to be equal to src.dtype, got {input.dtype} and {src.dtype}"
            )
    if where._array.size == 0:  # fits anything
        where = wrap(np.empty([0] * x._array.ndim, np.int64))
    _check_index(x._array.shape, where._array.shape, axis, name)
    if isinstance(src, Tensor):
        _check_index(src._array.shape, where._array.shape, -1, name, "src")
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
    """A copy of `input` with elements of `src` put where an index points: out[indexᵢⱼ, j] = srcᵢⱼ for dim 0.

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
    return reshape_rule(scatter_put_rule(x, src, where, axis=axis), shape=input._array.shape)


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
    return reshape_rule(scatter_add_rule(x, src, where, axis=axis), shape=input._array.shape)


def _starting_from(x: np.ndarray, index: np.ndarray, axis: int, include_self: bool, empty: Any) -> np.ndarray:
    """A copy of x; unless x is included, `empty` where the index points."""
    out = np.array(x, order="C")
    if not include_self:
        out.reshape(-1)[along_axis(x.shape, index, axis).reshape(-1)] = empty
    return out


def scatter_extreme_(x: Any, src: Any, index: Any, *, axis: int, include_self: bool, largest: bool) -> Any:
    """The largest (or smallest) of x and the values that an index points there."""
    _check_bounds(index, axis, x.shape[axis])
    limits = np.iinfo(x.dtype) if x.dtype.kind in "iu" else None
    worst = (
        (-np.inf if limits is None else limits.min) if largest else np.inf if limits is None else limits.max
    )
    out = _starting_from(x, index, axis, include_self, worst)
    where = along_axis(x.shape, index, axis).reshape(-1)
    (np.maximum if largest else np.minimum).at(out.reshape(-1), where, src.reshape(-1))
    return out


def scatter_prod_(x: Any, src: Any, index: Any, *, axis: int, include_self: bool) -> Any:
    """The product of x and the values that an index points there."""
    _check_bounds(index, axis, x.shape[axis])
    out = _starting_from(x, index, axis, include_self, 1)
    where = along_axis(x.shape, index, axis).reshape(-1)
    np.multiply.at(out.reshape(-1), where, src.reshape(-1))
    return out


def _counts(index: np.ndarray, axis: int, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """How often an index points to each place."""
    return scatter_along(np.ones(index.shape, dtype), index, axis, shape)


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
    """The gradient times the product of all other factors; with zeros left out and counted, one may be divided by."""
    own = _own_part(x, index, axis, include_self, x_shape)
    x_zero, src_zero = np.equal(x, 0) * own, np.equal(src, 0) * np.ones_like(src)
    x_safe, src_safe = np.where(np.equal(x, 0), 1.0, x), np.where(np.equal(src, 0), 1.0, src)
    product = scatter_prod_rule(x_safe, src_safe, index, axis=axis, include_self=include_self)
    zeros = x_zero + scatter_along_rule(src_zero, index, axis=axis, shape=x_shape)
    without, only = g * product * np.equal(zeros, 0), g * product * np.equal(zeros, 1)
    gx = own * np.where(np.equal(x, 0), only, without / x_safe)
    there = gather_rule(without, index, axis=axis) / src_safe
    return [gx, np.where(np.equal(src, 0), gather_rule(only, index, axis=axis), there), None]


scatter_extreme_rule = joint(scatter_extreme_, extreme_backward, name="scatter_reduce")
scatter_prod_rule = joint(scatter_prod_, scatter_prod_backward, name="scatter_reduce")


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
    return reshape_rule(out, shape=input._array.shape)


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
    out = add_at_rule(*_vectors(input, values), index=where)
    return reshape_rule(out, shape=input._array.shape)


@public(inplace=True)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of `input` with the positions of one dimension that a vector names replaced by `source`.

    Raises:
        RuntimeError: `source` does not fit, or a position is out of bounds.

    >>> torch.index_copy(torch.zeros(3), 0, torch.tensor([2, 0]), torch.tensor([1.0, 2.0]))
    tensor([2., 0., 1.])

    Source: PyTorch, `torch.index_copy`.
    """
    where = _index_arguments(input, dim, index, source, "index_copy")
    return reshape_rule(put_rule(*_vectors(input, source), index=where), shape=input._array.shape)


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
    (where,) = _vectors(_positions(index, "index_fill"))
    _check_bounds_index_error(where._array, axis, (shape or (1,))[axis])
    out = put_rule(*_vectors(input), value, index=(*[FULL] * axis, np.array(where._array)))
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
    full = np.broadcast_to(where.reshape(shape), _vectors(source)[0]._array.shape)
    return scatter_reduce(input, dim, wrap(full), source, reduce, include_self=include_self)


def _index_arguments(input: Any, dim: int, index: Any, source: Any, name: str) -> tuple[Any, ...]:
    """The index that a vector of positions along `dim` stands for, with its source checked to fit."""
    shape = np.atleast_1d(require_tensor(input, name)._array).shape
    values = np.atleast_1d(require_tensor(source, name, "source")._array)
    where, axis = np.array(_index_array(index, name)).reshape(-1), axis_of(dim, len(shape))
    if _positions(index, name) is not None and source._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"{name}(): self and source expected to have the same dtype, but got {input.dtype} and {source.dtype}"
        )
    wanted = (*shape[:axis], where.size, *shape[axis + 1 :])
    if values.shape != wanted:
        raise RuntimeError(
            f"{name}(): source of shape {list(source.shape)} does not fit: for {where.size} positions of dimension "
            f"{axis} of a tensor of shape {list(input.shape)} it must be of shape {list(wanted)}"
        )
    _check_bounds_index_error(where, axis, shape[axis])
    return (*[FULL] * axis, where)
