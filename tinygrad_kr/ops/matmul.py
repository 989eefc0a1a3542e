"""Products of matrices and vectors: `matmul` and its relatives, and sums with products (`addmm` ...).

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, numpy_function, rule
from ..kernels.product import matmul as array_product
from ..tensor import Tensor, graft, wrap
from ._products import check_dtypes, check_expands, check_matmul, require_dims
from ._public import public, require_tensor

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "dot",
    "ger",
    "inner",
    "matmul",
    "mm",
    "mv",
    "outer",
    "vdot",
]


# -- the derivatives -----------------------------------------------------------------------------------------


def as_rows(a: Any) -> Any:
    """An array as a matrix: its last dimension is kept, the others become one."""
    shape = a.shape
    return a if len(shape) == 2 else np.reshape(a, (math.prod(shape[:-1]), shape[-1]))


def as_matrices(g: Any, x_shape: Any, y_shape: Any) -> Any:
    """The gradient of x @ y with the dimensions that a vector among x and y left out."""
    shape = tuple(g.shape)
    if len(y_shape) == 1:
        shape = (*shape, 1)
    if len(x_shape) == 1:
        shape = (*shape[:-1], 1, shape[-1])
    return np.reshape(g, shape)


def left_gradient(g: Any, x_shape: Any, y: Any) -> Any:
    """∂/∂x of x @ y: g yᵀ. The engine sums over batch dimensions that x lacks."""
    g = as_matrices(g, x_shape, y.shape)
    gx = matmul_rule(g, np.reshape(y, (1, len(y))) if len(y.shape) == 1 else np.swapaxes(y, -1, -2))
    return gx if len(x_shape) > 1 else np.reshape(gx, (*gx.shape[:-2], gx.shape[-1]))


def right_gradient(g: Any, x: Any, y_shape: Any) -> Any:
    """∂/∂y of x @ y: xᵀ g. Where y is one matrix for a whole batch, all rows of x are one matrix as well."""
    g = as_matrices(g, x.shape, y_shape)
    if len(y_shape) <= 2:
        x = as_rows(np.reshape(x, (1, len(x))) if len(x.shape) == 1 else x)
        return np.reshape(matmul_rule(np.transpose(x), as_rows(g)), y_shape)
    return matmul_rule(np.reshape(x, (len(x), 1)) if len(x.shape) == 1 else np.swapaxes(x, -1, -2), g)


matmul_rule: Primitive = rule(np.matmul, forward=array_product, name="mm", x=left_gradient, y=right_gradient)


def scaled_sum(input: Any, mat1: Any, mat2: Any, *, beta: float, alpha: float) -> Any:
    """β·input + α·(mat1 @ mat2); an input times 0 is not read, so that its NaN do not spread."""
    out = alpha * array_product(mat1, mat2)
    return out if beta == 0 else out + beta * input


addmm_rule = rule(
    scaled_sum,
    name="addmm",
    input=lambda g, beta: beta * g,
    mat1=lambda g, mat2, alpha: alpha * matmul_rule(g, np.transpose(mat2)),
    mat2=lambda g, mat1, alpha: alpha * matmul_rule(np.transpose(mat1), g),
)


def dot_(x: Any, y: Any) -> Any:
    """Σᵢ xᵢ yᵢ."""
    return array_product(x, y)


dot_rule = rule(dot_, name="dot", x=lambda g, y: g * y, y=lambda g, x: g * x)


def mv_(x: Any, y: Any) -> Any:
    """A matrix times a vector."""
    return array_product(x, y)


mv_rule = rule(
    mv_,
    name="mv",
    x=lambda g, y: np.reshape(g, (-1, 1)) * y,
    y=lambda g, x: matmul_rule(np.transpose(x), g),
)


# -- products ------------------------------------------------------------------------------------------------


def times(input: Tensor, other: Tensor) -> Tensor:
    """input @ other by the rule for their dimensions."""
    check_dtypes(input, other)
    dims = input._array.ndim, other._array.ndim
    try:
        if dims == (1, 1):
            return dot_rule(input, other)
        if dims == (2, 1):
            return mv_rule(input, other)
        return matmul_rule(input, other)
    except ValueError:
        check_matmul(input, other)
        raise


@public()
def matmul(input: Tensor, other: Tensor) -> Tensor:
    r"""Matrix product: outᵢⱼ = Σₖ inputᵢₖ · otherₖⱼ.

    Two vectors give their dot product; a vector beside a matrix counts as a row (left) or a column (right),
    whose dimension is dropped again. Dimensions before the last two are a batch; they broadcast.

    Raises:
        RuntimeError: the inner sizes or the dtypes differ, or an operand is 0-d.

    >>> torch.matmul(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 10.0]))
    tensor([21., 43.])

    Source: PyTorch, `torch.matmul`.
    """
    require_tensor(input, "matmul")
    require_tensor(other, "matmul", "other")
    return input @ other if input.is_sparse or other.is_sparse else times(input, other)


@public()
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    r"""Product of two matrices.

    Raises:
        RuntimeError: an operand is no matrix, or the inner sizes or the dtypes differ.

    >>> torch.mm(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]))
    tensor([[11.]])

    Source: PyTorch, `torch.mm`.
    """
    if require_tensor(input, "mm").is_sparse or require_tensor(mat2, "mm", "mat2").is_sparse:
        return input @ mat2
    require_dims(input, 2, "self must be a matrix", "mm", "input")
    return times(input, require_dims(mat2, 2, "mat2 must be a matrix", "mm", "mat2"))


@public()
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    r"""Products of two stacks of matrices: outₙ = inputₙ @ mat2ₙ.

    Shapes: (N, r, k), (N, k, c) -> (N, r, c).

    Raises:
        RuntimeError: an operand is not 3-d, or sizes or dtypes differ.

    >>> torch.bmm(torch.ones(2, 1, 3), torch.ones(2, 3, 1)).flatten()
    tensor([3., 3.])

    Source: PyTorch, `torch.bmm`.
    """
    require_dims(input, 3, "batch1 must be a 3D tensor", "bmm", "input")
    require_dims(mat2, 3, "batch2 must be a 3D tensor", "bmm", "mat2")
    (n, _, k), given = input._array.shape, mat2._array.shape[:2]
    if given != (n, k):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: {[n, k]} but got: {list(given)}."
        )
    return times(input, mat2)


@public()
def mv(input: Tensor, vec: Tensor) -> Tensor:
    r"""Product of a matrix and a vector: outᵢ = Σⱼ inputᵢⱼ · vecⱼ.

    Raises:
        RuntimeError: the operands are no matrix and vector, or the sizes or dtypes differ.

    >>> torch.mv(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 1.0]))
    tensor([3., 7.])

    Source: PyTorch, `torch.mv`.
    """
    if require_tensor(input, "mv").is_sparse:
        return input @ vec
    dims = input._array.ndim, require_tensor(vec, "mv", "vec")._array.ndim
    if dims != (2, 1):
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {dims[0]}, {dims[1]}")
    return times(input, vec)


@public()
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    r"""Dot product of two vectors: Σᵢ inputᵢ · tensorᵢ.

    Raises:
        RuntimeError: an operand is no vector, or sizes or dtypes differ.

    >>> torch.dot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)

    Source: PyTorch, `torch.dot`.
    """
    dims = require_tensor(input, "dot")._array.ndim, require_tensor(tensor, "dot", "tensor")._array.ndim
    if dims != (1, 1):
        raise RuntimeError(f"1D tensors expected, but got {dims[0]}D and {dims[1]}D tensors")
    if input.dtype is not tensor.dtype:
        names = " and ".join(one.dtype.scalar_name for one in (input, tensor))
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {names}")
    return times(input, tensor)


@public()
def vdot(input: Tensor, other: Tensor) -> Tensor:
    r"""Dot product of two vectors, the first of which is conjugated if it is complex.

    >>> torch.vdot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)

    Source: PyTorch, `torch.vdot`.
    """
    first: Any = np.conj(input) if require_tensor(input, "vdot").is_complex() else input
    return dot(first, other)


@public()
def inner(input: Tensor, other: Tensor) -> Tensor:
    r"""Sums of products over the last dimensions: out[i.., j..] = Σₖ input[i.., k] · other[j.., k].

    A number times a tensor if one of them is 0-d.

    Raises:
        RuntimeError: the last sizes differ.

    >>> torch.inner(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 1.0]]))
    tensor([[3.],
            [7.]])

    Source: PyTorch, `torch.inner`.
    """
    a, b = require_tensor(input, "inner")._array.shape, require_tensor(other, "inner", "other")._array.shape
    if not a or not b:
        return input * other
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and "
            f"{list(b)}"
        )
    check_dtypes(input, other)
    if len(a) == 1 and len(b) == 1:
        return dot_rule(input, other)
    return matmul_rule(as_rows(input), as_rows(other).t()).reshape(a[:-1] + b[:-1])


@public()
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    r"""Outer product of two vectors: outᵢⱼ = inputᵢ · vec2ⱼ.

    Raises:
        RuntimeError: an operand is no vector.

    >>> torch.outer(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0]))
    tensor([[ 1., 10.],
            [ 2., 20.]])

    Source: PyTorch, `torch.outer`.
    """
    for name, one in (("self", input), ("vec2", vec2)):
        require_dims(one, 1, f"outer: Expected 1-D argument {name}", "outer", name)
    return input.unsqueeze(1) * vec2


ger = outer
graft(outer, "ger")


# -- sums with products --------------------------------------------------------------------------------------


def _plus(input: Tensor, beta: float, product: Tensor, alpha: float) -> Tensor:
    """β·input + α·product, where input broadcasts to the product; an input times 0 is not read."""
    check_dtypes(product, input)
    check_expands(input, product._array.shape)
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        return product
    return product + (input if beta == 1 else input * beta)


@public(inplace=True)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    r"""A matrix plus a product: beta · input + alpha · (mat1 @ mat2); `input` broadcasts.

    Raises:
        RuntimeError: shapes or dtypes do not fit.

    >>> torch.addmm(torch.tensor([1.0, 2.0]), torch.ones(2, 3), torch.ones(3, 2))
    tensor([[4., 5.],
            [4., 5.]])

    Source: PyTorch, `torch.addmm`.
    """
    require_tensor(input, "addmm")
    require_dims(mat1, 2, "mat1 must be a matrix", "addmm", "mat1")
    require_dims(mat2, 2, "mat2 must be a matrix", "addmm", "mat2")
    check_dtypes(mat1, mat2)
    check_dtypes(mat1, input)
    check_matmul(mat1, mat2)
    check_expands(input, (mat1._array.shape[0], mat2._array.shape[1]))
    return addmm_rule(input, mat1, mat2, beta=beta, alpha=alpha)


@public(inplace=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    r"""A vector plus a product: beta · input + alpha · (mat @ vec).

    >>> torch.addmv(torch.ones(2), torch.ones(2, 3), torch.ones(3))
    tensor([4., 4.])

    Source: PyTorch, `torch.addmv`.
    """
    return _plus(require_tensor(input, "addmv"), beta, mv(mat, vec), alpha)


@public(inplace=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    r"""A matrix plus an outer product: beta · input + alpha · vec1 ⊗ vec2.

    >>> torch.addr(torch.ones(2, 2), torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0]))
    tensor([[ 2., 11.],
            [ 3., 21.]])

    Source: PyTorch, `torch.addr`.
    """
    return _plus(require_tensor(input, "addr"), beta, outer(vec1, vec2), alpha)


@public(inplace=True)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    r"""A stack of matrices plus a stack of products: beta · inputₙ + alpha · (batch1ₙ @ batch2ₙ).

    >>> torch.baddbmm(torch.ones(2, 1, 1), torch.ones(2, 1, 3), torch.ones(2, 3, 1)).flatten()
    tensor([4., 4.])

    Source: PyTorch, `torch.baddbmm`.
    """
    return _plus(require_tensor(input, "baddbmm"), beta, bmm(batch1, batch2), alpha)


@public(inplace=True)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    r"""A matrix plus the sum of a stack of products: beta · input + alpha · Σₙ batch1ₙ @ batch2ₙ.

    >>> torch.addbmm(torch.ones(1, 1), torch.ones(2, 1, 3), torch.ones(2, 3, 1))
    tensor([[7.]])

    Source: PyTorch, `torch.addbmm`.
    """
    return _plus(require_tensor(input, "addbmm"), beta, np.sum(bmm(batch1, batch2), axis=0), alpha)


# -- the operator `@`, and NumPy's names ---------------------------------------------------------------------


def _matmul_operator(self: Tensor, other: Any) -> Any:
    """self @ other; other arrays take part, numbers and lists do not."""
    if isinstance(other, np.ndarray):
        other = wrap(other)
    return times(self, other) if isinstance(other, Tensor) else NotImplemented


def _reflected_matmul_operator(self: Tensor, other: Any) -> Any:
    """other @ self."""
    return times(wrap(other), self) if isinstance(other, np.ndarray) else NotImplemented


graft(_matmul_operator, "__matmul__")
graft(_reflected_matmul_operator, "__rmatmul__")


@numpy_function(np.dot)
def _np_dot(a: Any, b: Any, out: None = None) -> Tensor:
    a, b = (one if isinstance(one, Tensor) else wrap(np.asarray(one)) for one in (a, b))
    if not a.ndim or not b.ndim:
        return a * b
    if b.ndim > 2:
        raise TypeError(
            "np.dot on a Tensor takes a second operand of at most 2 dimensions; use torch.tensordot"
        )
    return times(a, b)


@numpy_function(np.outer)
def _np_outer(a: Any, b: Any, out: None = None) -> Tensor:
    a, b = (one if isinstance(one, Tensor) else wrap(np.asarray(one)) for one in (a, b))
    return a.reshape(-1, 1) * b.reshape(-1)
