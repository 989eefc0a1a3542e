"""Joining tensors: cat, stack and what is made of them.

Each operation has one backward for all its inputs, which takes the gradient apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.primitive import joint, numpy_function
from ..autograd.record import promote
from ..tensor import Tensor, wrap
from ._public import axis_of, public, require_tensor
from .broadcasting import meshgrid
from .indexing import along, index_rule
from .shape import atleast_1d, atleast_2d, atleast_3d, reshape_rule

__all__ = [
    "block_diag",
    "cartesian_prod",
    "cat",
    "column_stack",
    "combinations",
    "concat",
    "concatenate",
    "dstack",
    "hstack",
    "row_stack",
    "stack",
    "vstack",
]


# -- the derivatives ---------------------------------------------------------------------------------------


def cat_(*xs: Any, axis: int) -> Any:
    """Arrays one after the other along an existing axis, in their common dtype."""
    return np.concatenate(alike(xs), axis)


def alike(xs: Sequence[Any]) -> Sequence[Any]:
    """Arrays in their common dtype, as PyTorch promotes."""
    first = xs[0].dtype
    return xs if all(x.dtype is first for x in xs) else promote(*xs)


def pieces(g: Any, xs_shape: tuple[tuple[int, ...], ...], axis: int) -> list[Any]:
    """The part of a gradient that belongs to each of the arrays joined along an axis."""
    ends = itertools.accumulate([shape[axis] for shape in xs_shape])
    return [g[along(axis, slice(end - shape[axis], end))] for shape, end in zip(xs_shape, ends)]


def stack_(*xs: Any, axis: int) -> Any:
    """Arrays of one shape one after the other along a new axis, in their common dtype."""
    return np.concatenate([x[along(axis, None)] for x in alike(xs)], axis)


def block_diag_(*xs: Any) -> Any:
    """Matrices along the diagonal of a larger one, zeros elsewhere."""
    out = np.zeros([sum(sizes) for sizes in zip(*[x.shape for x in xs])], xs[0].dtype)
    for x, (rows, columns) in zip(xs, _blocks([x.shape for x in xs])):
        out[rows, columns] = x
    return out


def _blocks(shapes: Sequence[tuple[int, int]]) -> list[tuple[slice, slice]]:
    row = column = 0
    found = []
    for height, width in shapes:
        found.append((slice(row, row + height), slice(column, column + width)))
        row, column = row + height, column + width
    return found


cat_rule = joint(cat_, pieces, name="cat")
stack_rule = joint(
    stack_,
    lambda g, xs_shape, axis: [g[along(axis, i)] for i in range(len(xs_shape))],
    name="stack",
)
block_diag_rule = joint(
    block_diag_,
    lambda g, xs_shape: [g[block] for block in _blocks(xs_shape)],
    name="block_diag",
    promote="same",
)


@numpy_function(np.concatenate)
def _np_concatenate(arrays: Any, axis: int | None = 0) -> Any:
    arrays = [one if isinstance(one, Tensor) else np.asarray(one) for one in arrays]
    if axis is None:
        arrays, axis = [np.reshape(one, -1) for one in arrays], 0
    return cat_rule(*arrays, axis=axis % np.ndim(arrays[0]))


@numpy_function(np.stack)
def _np_stack(arrays: Any, axis: int = 0) -> Any:
    arrays = [one if isinstance(one, Tensor) else np.asarray(one) for one in arrays]
    return stack_rule(*arrays, axis=axis % (np.ndim(arrays[0]) + 1))


for _name in ("hstack", "vstack", "dstack", "column_stack"):

    @numpy_function(getattr(np, _name))
    def _np_joined(tup: Any, _name: str = _name) -> Any:
        return globals()[_name]([one if isinstance(one, Tensor) else wrap(np.asarray(one)) for one in tup])


# -- joining -----------------------------------------------------------------------------------------------


def _sequence(tensors: Any, name: str) -> list[Tensor]:
    """The tensors to join, checked."""
    if isinstance(tensors, Tensor):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor; "
            f"pass a list: {name}([...])"
        )
    found = list(tensors)
    if not found:
        kind = ValueError if name == "cat" else RuntimeError
        raise kind(f"{name}(): expected a non-empty list of Tensors")
    for position, one in enumerate(found):
        if not isinstance(one, Tensor):
            raise TypeError(
                f"expected Tensor as element {position} in argument 0 of {name}(), but got "
                f"{type(one).__name__}"
            )
    return found


@public(method=False)
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors one after the other along an existing dimension; the other sizes must agree.

    Raises:
        RuntimeError: no tensors, or sizes that differ elsewhere.

    >>> torch.cat([torch.zeros(1, 2), torch.ones(2, 2)])
    tensor([[0., 0.],
            [1., 1.],
            [1., 1.]])

    Source: PyTorch, `torch.cat`.
    """
    found = _sequence(tensors, "cat")
    shapes = [one._array.shape for one in found]
    if (0,) in shapes and any(len(shape) > 1 for shape in shapes):  # PyTorch skips empty vectors
        found = [one for one in found if one._array.shape != (0,)]
        shapes = [shape for shape in shapes if shape != (0,)]
    first = shapes[0]
    axis = axis_of(dim, len(first))
    for position, shape in enumerate(shapes):
        if shape != first or not shape:
            _check_sizes(first, shape, position, axis)
    return cat_rule(*found, axis=axis)


def _check_sizes(first: tuple[int, ...], shape: tuple[int, ...], position: int, axis: int) -> None:
    if not shape:
        raise RuntimeError(
            f"zero-dimensional tensor (at position {position}) cannot be concatenated; use torch.stack"
        )
    if len(shape) != len(first):
        raise RuntimeError(
            f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)} "
            f"(tensor number {position} in the list)"
        )
    for dim, (one, two) in enumerate(zip(first, shape)):
        if one != two and dim != axis:
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {axis}. Expected size {one} but got size "
                f"{two} for tensor number {position} in the list."
            )


@public(method=False)
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape one after the other along a new dimension.

    Raises:
        RuntimeError: no tensors, or shapes that differ.

    >>> torch.stack([torch.tensor([1, 2]), torch.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])

    Source: PyTorch, `torch.stack`.
    """
    found = _sequence(tensors, "stack")
    first = found[0]._array.shape
    for position, one in enumerate(found):
        if one._array.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(one.shape)} at entry {position}"
            )
    return stack_rule(*found, axis=axis_of(dim, len(first) + 1))


@public(method=False)
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side: vectors along their only dimension, others along the second.

    >>> torch.hstack([torch.tensor([1, 2]), torch.tensor([3])])
    tensor([1, 2, 3])

    Source: PyTorch, `torch.hstack`.
    """
    found = [atleast_1d(one) for one in _sequence(tensors, "hstack")]
    return cat(found, 0 if found[0]._array.ndim == 1 else 1)


@public(method=False)
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors below each other, vectors as rows.

    >>> torch.vstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])

    Source: PyTorch, `torch.vstack`.
    """
    return cat([atleast_2d(one) for one in _sequence(tensors, "vstack")], 0)


@public(method=False)
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors behind each other, along the third dimension.

    >>> torch.dstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[[1, 3],
             [2, 4]]])

    Source: PyTorch, `torch.dstack`.
    """
    return cat([atleast_3d(one) for one in _sequence(tensors, "dstack")], 2)


@public(method=False)
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side, vectors as columns.

    >>> torch.column_stack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])

    Source: PyTorch, `torch.column_stack`.
    """
    found = _sequence(tensors, "column_stack")
    return hstack([one if one._array.ndim > 1 else reshape_rule(one, shape=(-1, 1)) for one in found])


@public(method=False, out=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices (or vectors, as rows) along the diagonal of a matrix of zeros.

    >>> torch.block_diag(torch.tensor([[1, 2]]), torch.tensor([3]))
    tensor([[1, 2, 0],
            [0, 0, 3]])

    Source: PyTorch, `torch.block_diag`.
    """
    found = [atleast_2d(require_tensor(one, "block_diag", "tensors")) for one in tensors]
    for position, one in enumerate(found):
        if one._array.ndim > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. "
                f"Input {position} has {one._array.ndim} dimensions"
            )
    return block_diag_rule(*found) if found else wrap(np.empty((1, 0), dtypes.default_numpy))


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every choice of one element from each vector, one row each.

    >>> torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([4, 5]))
    tensor([[1, 4],
            [1, 5],
            [2, 4],
            [2, 5]])

    Source: PyTorch, `torch.cartesian_prod`.
    """
    if len(tensors) == 1:
        return reshape_rule(tensors[0], shape=tensors[0]._array.shape)
    return stack([reshape_rule(one, shape=(-1,)) for one in meshgrid(*tensors)], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of r elements of a vector, in their order, one row each.

    Args:
        with_replacement: an element may be chosen more than once.

    >>> torch.combinations(torch.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])

    Source: PyTorch, `torch.combinations`.
    """
    if require_tensor(input, "combinations")._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input._array.size), r)), np.intp).reshape(-1, r)
    return index_rule(input, index=(rows,)) if r else wrap(np.empty(0, input._array.dtype))


concat = concatenate = cat
row_stack = vstack
