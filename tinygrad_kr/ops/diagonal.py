"""Diagonals and triangles: diagonal, diag and their inverses, tril and triu, the indices of triangles.

To take a diagonal and to place values on a diagonal among zeros are each other's derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, numpy_function, rule
from ..kernels.selection import gate
from ..tensor import Tensor
from ._public import axis_of, public, require_tensor
from .creation import finish, numpy_dtype
from .shape import reshape_rule

__all__ = [
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "diagonal_scatter",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
]


# -- the derivatives ---------------------------------------------------------------------------------------


def diagonal_(a: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The view of a diagonal, as the last dimension; as writable as the array itself."""
    out = np.diagonal(a, offset, axis1, axis2)
    out.flags.writeable = a.flags.writeable
    return out


def embed_(values: Any, *, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Zeros of a shape with values on the diagonal that `diagonal_` would show."""
    out = np.zeros(shape, values.dtype)
    diagonal_(out, offset=offset, axis1=axis1, axis2=axis2)[...] = values
    return out


def put_diagonal_(x: Any, src: Any, *, offset: int, axis1: int, axis2: int) -> Any:
    """A copy of x with the diagonal that `diagonal_` would show replaced."""
    out = np.array(x, order="K")
    diagonal_(out, offset=offset, axis1=axis1, axis2=axis2)[...] = src
    return out


def tril_(m: Any, *, k: int = 0) -> Any:
    """Matrices with zeros above a diagonal."""
    return gate(m, np.tri(m.shape[-2], m.shape[-1], k, bool))


def triu_(m: Any, *, k: int = 0) -> Any:
    """Matrices with zeros below a diagonal."""
    return gate(m, ~np.tri(m.shape[-2], m.shape[-1], k - 1, bool))


diagonal_rule = rule(
    np.diagonal,
    forward=diagonal_,
    view=True,
    a=lambda g, a_shape, offset, axis1, axis2: embed_rule(
        g, shape=a_shape, offset=offset, axis1=axis1, axis2=axis2
    ),
)
embed_rule: Primitive = rule(
    embed_,
    name="diag_embed",
    values=lambda g, offset, axis1, axis2: diagonal_rule(g, offset=offset, axis1=axis1, axis2=axis2),
)
put_diagonal_rule: Primitive = rule(
    put_diagonal_,
    name="diagonal_scatter",
    x=lambda g, offset, axis1, axis2: put_diagonal_rule(g, 0.0, offset=offset, axis1=axis1, axis2=axis2),
    src=lambda g, offset, axis1, axis2: diagonal_rule(g, offset=offset, axis1=axis1, axis2=axis2),
)
tril_rule: Primitive = rule(np.tril, forward=tril_, m=lambda g, k: tril_rule(g, k=k))
triu_rule: Primitive = rule(np.triu, forward=triu_, m=lambda g, k: triu_rule(g, k=k))


@numpy_function(np.diag)
def _np_diag(v: Any, k: int = 0) -> Any:
    return diag(v, k)


# -- diagonals ---------------------------------------------------------------------------------------------


def _axes(dim1: int, dim2: int, ndim: int) -> tuple[int, int]:
    axes = axis_of(dim1, ndim), axis_of(dim2, ndim)
    if axes[0] == axes[1]:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return axes


@public(out=False)
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The view of a diagonal of two dimensions, as the last dimension.

    Args:
        offset: which: the main one, above it (positive) or below it (negative).

    Raises:
        RuntimeError: the two dimensions are one.

    >>> torch.diagonal(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])

    Source: PyTorch, `torch.diagonal`.
    """
    axis1, axis2 = _axes(dim1, dim2, require_tensor(input, "diagonal")._array.ndim)
    return diagonal_rule(input, offset=offset, axis1=axis1, axis2=axis2)


@public()
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of `input` with a diagonal replaced by `src`.

    Raises:
        RuntimeError: `src` is not of the shape of that diagonal.

    >>> torch.diagonal_scatter(torch.zeros(2, 2), torch.ones(2))
    tensor([[1., 0.],
            [0., 1.]])

    Source: PyTorch, `torch.diagonal_scatter`.
    """
    axis1, axis2 = _axes(dim1, dim2, require_tensor(input, "diagonal_scatter")._array.ndim)
    wanted = diagonal_(input._array, offset=offset, axis1=axis1, axis2=axis2).shape
    if require_tensor(src, "diagonal_scatter", "src")._array.shape != wanted:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. "
            f"src size = {list(src.shape)}, slice size = {list(wanted)}"
        )
    return put_diagonal_rule(input, src, offset=offset, axis1=axis1, axis2=axis2)


@public()
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last dimension of `input` on a diagonal and zeros elsewhere.

    Args:
        offset: which diagonal.
        dim1, dim2: which dimensions of the result the matrices are in.

    >>> torch.diag_embed(torch.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])

    Source: PyTorch, `torch.diag_embed`.
    """
    shape = require_tensor(input, "diag_embed")._array.shape
    if not shape:
        raise RuntimeError("diag_embed() needs at least one dimension, got a 0-d tensor")
    axis1, axis2 = _axes(dim1, dim2, len(shape) + 1)
    side = shape[-1] + abs(offset)
    full = list(shape[:-1])
    for axis in sorted((axis1, axis2)):
        full.insert(axis, side)
    return embed_rule(input, shape=tuple(full), offset=offset, axis1=axis1, axis2=axis2)


@public()
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix with a vector on its diagonal; of a matrix, a copy of its diagonal.

    Raises:
        RuntimeError: neither vector nor matrix.

    >>> torch.diag(torch.tensor([1, 2])), torch.diag(torch.tensor([[1, 2], [3, 4]]), 1)
    (tensor([[1, 0],
            [0, 2]]), tensor([2]))

    Source: PyTorch, `torch.diag`.
    """
    ndim = require_tensor(input, "diag")._array.ndim
    if ndim == 1:
        return diag_embed(input, diagonal)
    if ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    return diagonal_rule(input, offset=diagonal).clone()


@public()
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements of a tensor on a diagonal.

    >>> torch.diagflat(torch.tensor([[1], [2]]))
    tensor([[1, 0],
            [0, 2]])

    Source: PyTorch, `torch.diagflat`.
    """
    return diag_embed(reshape_rule(require_tensor(input, "diagflat"), shape=(-1,)), offset)


# -- triangles ---------------------------------------------------------------------------------------------


def _require_matrices(input: Tensor, name: str) -> Tensor:
    if require_tensor(input, name)._array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions, got {input._array.ndim}")
    return input


@public(inplace=True)
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangles of matrices, zeros above.

    Args:
        diagonal: up to which diagonal: the main one, above it (positive) or below it (negative).

    >>> torch.tril(torch.ones(2, 3))
    tensor([[1., 0., 0.],
            [1., 1., 0.]])

    Source: PyTorch, `torch.tril`.
    """
    return tril_rule(_require_matrices(input, "tril"), k=diagonal)


@public(inplace=True)
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangles of matrices, zeros below.

    Args:
        diagonal: from which diagonal on: the main one, above it (positive) or below it (negative).

    >>> torch.triu(torch.ones(2, 3))
    tensor([[1., 1., 1.],
            [0., 1., 1.]])

    Source: PyTorch, `torch.triu`.
    """
    return triu_rule(_require_matrices(input, "triu"), k=diagonal)


@public(method=False, out=False)
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, **options: Any) -> Tensor:
    """The rows and columns of the elements of a lower triangle, as two rows.

    >>> torch.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])

    Source: PyTorch, `torch.tril_indices`.
    """
    found = np.array(np.tril_indices(row, offset, col))
    return finish(found.astype(numpy_dtype(dtype, np.dtype(np.int64))), **options)


@public(method=False, out=False)
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, **options: Any) -> Tensor:
    """The rows and columns of the elements of an upper triangle, as two rows.

    >>> torch.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])

    Source: PyTorch, `torch.triu_indices`.
    """
    found = np.array(np.triu_indices(row, offset, col))
    return finish(found.astype(numpy_dtype(dtype, np.dtype(np.int64))), **options)
