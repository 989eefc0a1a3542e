"""Gathering: the elements that integers point to along one dimension, or in the flattened tensor.

To take elements where an index points and to add elements into zeros where it points are two linear
operations, each the other's derivative. Whatever chooses elements (max, sort, topk, median ...) is a
`selection`: it gives values with their index, and its gradient goes to where that points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, joint, numpy_function, rule
from ..kernels.scatter import add_along, gather_along
from ..tensor import Tensor, wrap
from ._public import as_array, axis_of, public, require_tensor
from .broadcasting import broadcast_shapes, expand_rule
from .indexing import FULL, along, index_rule, scatter_rule
from .shape import reshape_rule

__all__ = ["gather", "index_select", "take", "take_along_dim"]


# -- the derivatives ---------------------------------------------------------------------------------------


def gather_(x: Any, index: Any, *, axis: int) -> Any:
    """out[i, j, ...] = x[index[i, j, ...], j, ...] for axis 0, and likewise for others."""
    check_bounds(index, axis, x.shape[axis])
    return gather_along(x, index, axis)


def scatter_along_(values: Any, index: Any, *, axis: int, shape: tuple[int, ...]) -> Any:
    """Zeros of a shape with values added where `gather_` would take elements."""
    out = np.zeros(shape, values.dtype)
    add_along(out, index, values, axis)
    return out


def index_select_(x: Any, index: Any, *, axis: int) -> Any:
    """The positions of one dimension that a vector names, in its order."""
    return x.take(index, axis) if x.flags.c_contiguous else x[along(axis, index)]


def check_bounds(index: np.ndarray, axis: int, size: int, error: type[Exception] = RuntimeError) -> None:
    """Raise unless all of an index is between 0 and the size of the dimension."""
    if index.size and np.maximum.reduce(index.view(f"u{index.itemsize}"), None) >= size:  # negative: huge
        wrong = index[(index < 0) | (index >= size)][0]
        raise error(f"index {wrong} is out of bounds for dimension {axis} with size {size}")


gather_rule = rule(
    gather_,
    name="gather",
    x=lambda g, index, x_shape, axis: scatter_along_rule(g, index, axis=axis, shape=x_shape),
)
scatter_along_rule: Primitive = rule(
    scatter_along_, name="scatter_add", values=lambda g, index, axis: gather_rule(g, index, axis=axis)
)
index_select_rule = rule(
    index_select_,
    name="index_select",
    x=lambda g, index, x_shape, axis: scatter_rule(g, shape=x_shape, index=(*[FULL] * axis, index)),
)


def chosen(x: np.ndarray, index: np.ndarray, axis: int, keepdims: bool = True) -> tuple[Any, np.ndarray]:
    """What a function that chooses elements returns: (values, indices), and the index to keep."""
    values = gather_along(x, index, axis) if x.ndim else x.copy()
    indices = index.astype(np.int64)
    if x.ndim and not keepdims:
        values, indices = values.squeeze(axis), indices.squeeze(axis)
    return (values, indices), index


def selection(function: Callable[..., Any], name: str) -> Primitive:
    """Register a function that chooses elements along its `axis` and returns `chosen(...)`."""
    return joint(function, to_chosen, keeps=True, name=name)


def to_chosen(g: Any, kept: Any, x_shape: tuple[int, ...], axis: int) -> list[Any]:
    """The gradient of the values, put where they came from."""
    if not x_shape:
        return [g[0]]
    return [scatter_along_rule(np.reshape(g[0], kept.shape), kept, axis=axis, shape=x_shape)]


@numpy_function(np.take_along_axis)
def _np_take_along_axis(arr: Any, indices: Any, axis: int) -> Any:
    """NumPy's own: the other dimensions broadcast, and negative positions count from the end."""
    index, shape = np.asarray(as_array(indices)), np.shape(as_array(arr))
    axis = axis % len(shape)
    index = np.where(index < 0, index + shape[axis], index)
    return gather_rule(*_broadcast_apart_from(axis, arr, index), axis=axis)


def _broadcast_apart_from(axis: int, *arrays: Any) -> list[Any]:
    """Arrays or tensors broadcast against each other in all dimensions but one."""
    shapes = [np.shape(as_array(one)) for one in arrays]
    common = broadcast_shapes(*[(*shape[:axis], 1, *shape[axis + 1 :]) for shape in shapes])
    wanted = [(*common[:axis], shape[axis], *common[axis + 1 :]) for shape in shapes]
    return [
        one if np.shape(as_array(one)) == shape else expand_rule(one, shape=shape)
        for one, shape in zip(arrays, wanted)
    ]


@numpy_function(np.take)
def _np_take(a: Any, indices: Any, axis: int | None = None) -> Any:
    if axis is None:
        a, axis = np.reshape(a, -1), 0
    return index_rule(a, index=(*[FULL] * (axis % np.ndim(a)), np.array(as_array(indices))))


# -- what the functions check ------------------------------------------------------------------------------


def index_array(index: Any, name: str) -> np.ndarray:
    """The array of an index tensor, or PyTorch's error."""
    array = require_tensor(index, name, "index")._array
    if array.size and (array.dtype.kind not in "iu" or array.dtype.itemsize < 4):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index, got {index.dtype}; use .long()")
    return array


def positions(index: Any, name: str) -> np.ndarray:
    """The array of a vector (or number) that names positions of a dimension."""
    array = index_array(index, name)
    if array.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector, got shape {list(array.shape)}")
    return array.reshape(-1)


def vectors(*tensors: Any) -> list[Any]:
    """0-d tensors as vectors of one element."""
    return [reshape_rule(one, shape=(1,)) if np.ndim(as_array(one)) == 0 else one for one in tensors]


def check_index(shape: Any, index: Any, axis: int | None, name: str, what: str = "input") -> None:
    """Raise unless an index is of as many dimensions as a shape and nowhere larger, apart from `axis`."""
    if len(index) != len(shape):
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as {what} tensor: {name}() got an index "
            f"of shape {list(index)} for {what} of shape {list(shape)}"
        )
    if any(dim != axis and one > two for dim, (one, two) in enumerate(zip(index, shape))):
        where = "" if axis is None else f" apart from dimension {axis}"
        raise RuntimeError(
            f"Size does not match: {name}() expected index {list(index)} to be no larger than {what} "
            f"{list(shape)}{where}"
        )


def check_flat(index: np.ndarray, size: int) -> None:
    """Raise unless all of an index points into a flattened tensor."""
    if index.size and not (index.min() >= -size and index.max() < size):
        wrong = index[(index < -size) | (index >= size)][0]
        raise IndexError(f"out of range: tried to access index {wrong} on a tensor of {size} elements.")


# -- the functions -----------------------------------------------------------------------------------------


@public()
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """The elements where an index points along one dimension: outᵢⱼ = input[indexᵢⱼ, j] for dim 0.

    Args:
        index: integers, of as many dimensions as `input` and nowhere larger apart from `dim`.

    Raises:
        RuntimeError: an index out of bounds, or of an unfitting shape or dtype.

    >>> torch.gather(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])

    Source: PyTorch, `torch.gather`.
    """
    array = index_array(index, "gather")
    x, where = vectors(require_tensor(input, "gather"), index)
    axis = axis_of(dim, x._array.ndim)
    if array.size == 0:
        return gather_rule(x, np.empty([0] * x._array.ndim, np.int64), axis=axis).reshape(array.shape)
    check_index(x._array.shape, where._array.shape, axis, "gather")
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
    index_array(indices, "take_along_dim")
    if dim is None:
        return gather_rule(reshape_rule(input, shape=(-1,)), reshape_rule(indices, shape=(-1,)), axis=0)
    ndim = require_tensor(input, "take_along_dim")._array.ndim
    if ndim != indices._array.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{ndim} dimensions for input, and {indices._array.ndim} dimensions for indices"
        )
    axis = axis_of(dim, ndim)
    wanted = indices._array
    wanted = np.where(wanted < 0, wanted + input._array.shape[axis], wanted)
    return gather_rule(*_broadcast_apart_from(axis, input, wrap(wanted)), axis=axis)


@public()
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The positions of one dimension that a vector of integers names, in its order.

    Raises:
        IndexError: an index out of bounds or of more than one dimension.

    >>> torch.index_select(torch.tensor([[1, 2, 3]]), 1, torch.tensor([2, 0]))
    tensor([[3, 1]])

    Source: PyTorch, `torch.index_select`.
    """
    shape = require_tensor(input, "index_select")._array.shape
    axis = axis_of(dim, len(shape))
    check_bounds(positions(index, "index_select"), axis, shape[axis] if shape else 1, IndexError)
    if not shape:
        return input.clone()
    return index_select_rule(input, *vectors(index), axis=axis)


@public()
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at positions of the flattened input, in the shape of the index.

    >>> torch.take(torch.tensor([[1, 2], [3, 4]]), torch.tensor([0, 3]))
    tensor([1, 4])

    Source: PyTorch, `torch.take`.
    """
    where = np.array(index_array(index, "take"))
    check_flat(where, require_tensor(input, "take")._array.size)
    return index_rule(reshape_rule(input, shape=(-1,)), index=(where,))
