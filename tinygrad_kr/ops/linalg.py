"""Products of matrices and vectors: `matmul` and its relatives, `linear`, and what is composed of them.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule needs.
Factorisations and inverses have their own page (`decomposition`), and so has `einsum`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import numpy_function, rule
from ..tensor import Tensor, graft, wrap
from ._public import axis_of, public, require_tensor

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "chain_matmul",
    "cross",
    "dot",
    "ger",
    "inner",
    "kron",
    "matmul",
    "matrix_power",
    "mm",
    "mv",
    "outer",
    "trace",
    "vdot",
]

FUNCTIONAL = ["bilinear", "linear"]  # the names that belong to nn.functional only


# -- the derivatives ----------------------------------------------------------------------------------------------------


def as_rows(a: Any) -> Any:
    """An array as a matrix: its last dimension is kept, the others become one."""
    shape = a.shape
    return a if len(shape) == 2 else np.reshape(a, (math.prod(shape[:-1]), shape[-1]))


def product(x: Any, y: Any) -> Any:
    """x @ y; a stack of matrices times one matrix is a single product."""
    if x.ndim == 2 and y.ndim == 2:
        return np.dot(x, y)
    if x.ndim > 2 and y.ndim == 2 and x.shape[-1] == y.shape[0]:
        return np.dot(as_rows(x), y).reshape(*x.shape[:-1], y.shape[-1])
    return np.matmul(x, y)


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
    gx = np.matmul(g, np.reshape(y, (1, len(y))) if len(y.shape) == 1 else np.swapaxes(y, -1, -2))
    return gx if len(x_shape) > 1 else np.reshape(gx, (*gx.shape[:-2], gx.shape[-1]))


def right_gradient(g: Any, x: Any, y_shape: Any) -> Any:
    """∂/∂y of x @ y: xᵀ g. Where y is one matrix for a whole batch, all rows of x are one matrix as well."""
    g = as_matrices(g, x.shape, y_shape)
    if len(y_shape) <= 2:
        x = as_rows(np.reshape(x, (1, len(x))) if len(x.shape) == 1 else x)
        return np.reshape(np.matmul(np.transpose(x), as_rows(g)), y_shape)
    return np.matmul(np.reshape(x, (len(x), 1)) if len(x.shape) == 1 else np.swapaxes(x, -1, -2), g)


matmul_rule = rule(np.matmul, forward=product, name="mm", x=left_gradient, y=right_gradient)


def column_sums(x: Any) -> Any:
    """The sum of the rows of a matrix, as a product with ones: several times faster than np.sum on narrow ones."""
    return np.dot(np.ones(len(x), x.dtype), x)


column_sums_rule = rule(column_sums, name="sum", x=lambda g, x_shape: np.broadcast_to(g, x_shape))


def affine(input: Any, weight: Any, bias: Any) -> Any:
    """x Wᵀ + b for the rows of x; b may be None."""
    out = np.dot(as_rows(input), weight.transpose())
    if bias is not None:
        np.add(out, bias, out=out)
    return out if input.ndim == 2 else out.reshape(*input.shape[:-1], len(weight))


linear_rule = rule(
    affine,
    name="addmm",
    input=lambda g, weight: np.matmul(g, weight),
    weight=lambda g, input: np.matmul(np.transpose(as_rows(g)), as_rows(input)),
    bias=lambda g: column_sums_rule(as_rows(g)),
)


def scaled_sum(input: Any, mat1: Any, mat2: Any, *, beta: float, alpha: float) -> Any:
    """β·input + α·(mat1 @ mat2); an input times 0 is not read, so that its NaN do not spread."""
    out = alpha * np.dot(mat1, mat2)
    return out if beta == 0 else out + beta * input


addmm_rule = rule(
    scaled_sum,
    name="addmm",
    input=lambda g, beta: beta * g,
    mat1=lambda g, mat2, alpha: alpha * np.matmul(g, np.transpose(mat2)),
    mat2=lambda g, mat1, alpha: alpha * np.matmul(np.transpose(mat1), g),
)


def dot_(x: Any, y: Any) -> Any:
    """Σᵢ xᵢ yᵢ."""
    return np.dot(x, y)


dot_rule = rule(dot_, name="dot", x=lambda g, y: g * y, y=lambda g, x: g * x)


def mv_(x: Any, y: Any) -> Any:
    """A matrix times a vector."""
    return np.dot(x, y)


mv_rule = rule(
    mv_,
    name="mv",
    x=lambda g, y: np.reshape(g, (-1, 1)) * y,
    y=lambda g, x: np.matmul(np.transpose(x), g),
)


def cross_(x: Any, y: Any, *, axis: int) -> Any:
    """x × y along an axis of length 3; both have the same number of dimensions."""
    return np.cross(x, y, axis=axis)


cross_rule = rule(
    cross_,
    name="linalg_cross",
    x=lambda g, y, axis: cross_rule(np.broadcast_to(y, g.shape), g, axis=axis),
    y=lambda g, x, axis: cross_rule(g, np.broadcast_to(x, g.shape), axis=axis),
)


def trace_(x: Any) -> Any:
    """Σᵢ xᵢᵢ."""
    return np.trace(x)


trace_rule = rule(trace_, name="trace", x=lambda g, x_shape: g * np.eye(*x_shape))


# -- the errors ---------------------------------------------------------------------------------------------------------

_C_NAMES = {"float32": "float", "float64": "double", "int64": "long int", "int32": "int", "float16": "c10::Half"}


def _check_dtypes(x: Tensor, y: Tensor) -> None:
    """Products do not promote: raise PyTorch's error for operands of different dtypes."""
    one, two = x._array.dtype, y._array.dtype
    if one is not two and one != two:
        names = " != ".join(_C_NAMES.get(dtype.name, dtype.name) for dtype in (one, two))
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {names}; convert one, for example with "
            f".to({x.dtype if one.kind == 'f' else y.dtype})"
        )


def _sizes(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _check_matmul(x: Tensor, y: Tensor) -> None:
    """Raise PyTorch's error for x @ y whose shapes do not fit."""
    a, b = x._array.shape, y._array.shape
    if not a or not b:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {len(a)}D and {len(b)}D; "
            "use * for a number times a tensor"
        )
    if a[-1] != (b[-1] if len(b) == 1 else b[-2]):
        if len(a) == 1 and len(b) == 1:
            raise _vectors_differ(a, b)
        if len(a) == 2 and len(b) == 1:
            raise RuntimeError(f"size mismatch, got input ({a[0]}), mat ({_sizes(a)}), vec ({b[0]})")
        if len(a) > 2 and len(b) > 2:
            raise RuntimeError(
                f"Expected size for first two dimensions of batch2 tensor to be: {[*b[:-2], a[-1]]} but got: "
                f"{[*b[:-2], b[-2]]}; the shapes {list(a)} and {list(b)} cannot be multiplied"
            )
        rows = (math.prod(a[:-1]), a[-1])
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({_sizes(rows)} and {_sizes(b)})")
    for dim in range(3, min(len(a), len(b)) + 1):
        if a[-dim] != b[-dim] and 1 not in (a[-dim], b[-dim]):
            raise RuntimeError(
                f"The size of tensor a ({a[-dim]}) must match the size of tensor b ({b[-dim]}) at non-singleton "
                f"dimension {max(len(a), len(b)) - dim}; the shapes are {list(a)} and {list(b)}"
            )


def _vectors_differ(a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    return RuntimeError(
        f"inconsistent tensor size, expected tensor [{a[0]}] and src [{b[0]}] to have the same number of elements, "
        f"but got {a[0]} and {b[0]} elements respectively"
    )


def _check_expands(input: Tensor, shape: Sequence[int]) -> None:
    """Raise PyTorch's error where `input` does not broadcast to the shape of a product."""
    own = input._array.shape
    if len(own) > len(shape):
        raise RuntimeError(
            f"The number of sizes provided ({len(shape)}) must be greater or equal to the number of dimensions in the "
            f"tensor ({len(own)}): {list(own)} does not expand to {list(shape)}"
        )
    for dim in range(1, len(own) + 1):
        if own[-dim] not in (1, shape[-dim]):
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[-dim]}) must match the existing size ({own[-dim]}) at "
                f"non-singleton dimension {len(shape) - dim}.  Target sizes: {list(shape)}.  Tensor sizes: {list(own)}"
            )


def _require_dims(tensor: Any, dims: int, message: str, function: str, argument: str) -> Tensor:
    if require_tensor(tensor, function, argument)._array.ndim != dims:
        raise RuntimeError(f"{message}, but got {tensor.ndim}D of shape {list(tensor.shape)}")
    return tensor


# -- products -----------------------------------------------------------------------------------------------------------


def _matmul(input: Tensor, other: Tensor) -> Tensor:
    _check_dtypes(input, other)
    dims = input._array.ndim, other._array.ndim
    try:
        if dims == (1, 1):
            return dot_rule(input, other)
        if dims == (2, 1):
            return mv_rule(input, other)
        return matmul_rule(input, other)
    except ValueError:
        _check_matmul(input, other)
        raise


@public()
def matmul(input: Tensor, other: Tensor) -> Tensor:
    r"""Matrix product: outᵢⱼ = Σₖ inputᵢₖ · otherₖⱼ.

    Two vectors give their dot product; a vector beside a matrix counts as a row (left) or a column (right), whose
    dimension is dropped again. Dimensions before the last two are a batch; they broadcast.

    Raises:
        RuntimeError: the inner sizes or the dtypes differ, or an operand is 0-d.

    >>> torch.matmul(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 10.0]))
    tensor([21., 43.])

    Source: PyTorch, `torch.matmul`.
    """
    return _matmul(require_tensor(input, "matmul"), require_tensor(other, "matmul", "other"))


@public()
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    r"""Product of two matrices.

    Raises:
        RuntimeError: an operand is no matrix, or the inner sizes or the dtypes differ.

    >>> torch.mm(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]))
    tensor([[11.]])

    Source: PyTorch, `torch.mm`.
    """
    _require_dims(input, 2, "self must be a matrix", "mm", "input")
    return _matmul(input, _require_dims(mat2, 2, "mat2 must be a matrix", "mm", "mat2"))


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
    _require_dims(input, 3, "batch1 must be a 3D tensor", "bmm", "input")
    _require_dims(mat2, 3, "batch2 must be a 3D tensor", "bmm", "mat2")
    (n, _, k), given = input._array.shape, mat2._array.shape[:2]
    if given != (n, k):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: {[n, k]} but got: {list(given)}."
        )
    return _matmul(input, mat2)


@public()
def mv(input: Tensor, vec: Tensor) -> Tensor:
    r"""Product of a matrix and a vector: outᵢ = Σⱼ inputᵢⱼ · vecⱼ.

    Raises:
        RuntimeError: the operands are no matrix and vector, or the sizes or dtypes differ.

    >>> torch.mv(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 1.0]))
    tensor([3., 7.])

    Source: PyTorch, `torch.mv`.
    """
    dims = require_tensor(input, "mv")._array.ndim, require_tensor(vec, "mv", "vec")._array.ndim
    if dims != (2, 1):
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {dims[0]}, {dims[1]}")
    return _matmul(input, vec)


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
    return _matmul(input, tensor)


@public()
def vdot(input: Tensor, other: Tensor) -> Tensor:
    r"""Dot product of two vectors; for real numbers the same as `dot`.

    >>> torch.vdot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)

    Source: PyTorch, `torch.vdot`.
    """
    return dot(input, other)


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
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
        )
    _check_dtypes(input, other)
    if len(a) == 1 and len(b) == 1:
        return dot_rule(input, other)
    return np.reshape(matmul_rule(as_rows(input), np.transpose(as_rows(other))), a[:-1] + b[:-1])


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
        _require_dims(one, 1, f"outer: Expected 1-D argument {name}", "outer", name)
    return np.reshape(input, (input._array.size, 1)) * vec2


ger = outer
graft(outer, "ger")


# -- sums with products -------------------------------------------------------------------------------------------------


def _plus(input: Tensor, beta: float, product: Tensor, alpha: float) -> Tensor:
    """β·input + α·product, where input broadcasts to the product; an input times 0 is not read."""
    _check_dtypes(product, input)
    _check_expands(input, product._array.shape)
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
    _require_dims(mat1, 2, "mat1 must be a matrix", "addmm", "mat1")
    _require_dims(mat2, 2, "mat2 must be a matrix", "addmm", "mat2")
    _check_dtypes(mat1, mat2)
    _check_dtypes(mat1, input)
    _check_matmul(mat1, mat2)
    _check_expands(input, (mat1._array.shape[0], mat2._array.shape[1]))
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


# -- layers -------------------------------------------------------------------------------------------------------------


@public(method=False, out=False)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""The affine map of a dense layer: y = x Wᵀ + b.

    Args:
        input: (*, in_features); any number of batch dimensions.
        weight: (out_features, in_features), or (in_features) for a single output without its dimension.
        bias: (out_features).

    Raises:
        RuntimeError: the shapes or the dtypes do not fit.

    >>> linear(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 1.0], [0.0, 3.0]]), torch.tensor([0.5, 0.0]))
    tensor([[3.5000, 6.0000]])

    Source: PyTorch, `torch.nn.functional.linear`.
    """
    if not (isinstance(input, Tensor) and isinstance(weight, Tensor)):
        require_tensor(input, "linear")
        require_tensor(weight, "linear", "weight")
    x, w = input._array, weight._array
    if w.ndim != 2 or not x.ndim:
        return _linear_of_vector(input, weight, bias)
    _check_dtypes(input, weight)
    if bias is not None:
        _check_dtypes(input, require_tensor(bias, "linear", "bias"))
        if bias._array.shape != w.shape[:1]:
            _check_expands(bias, (math.prod(x.shape[:-1]), len(w)))
            bias = np.broadcast_to(bias, w.shape[:1])
    if x.shape[-1] != w.shape[1]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({_sizes((math.prod(x.shape[:-1]), x.shape[-1]))} and "
            f"{_sizes(w.shape[::-1])}): the input has {x.shape[-1]} features, the weight expects {w.shape[1]}"
        )
    return linear_rule(input, weight, bias)


def _linear_of_vector(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`linear` for a weight of one dimension, and its errors for impossible ones."""
    dims = input._array.ndim, weight._array.ndim
    if not dims[0] or not dims[1]:
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are {dims[0]}D and {dims[1]}D"
        )
    if dims[1] > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {dims[1]}D: the weight")
    out = _matmul(input, weight)
    return out if bias is None else out + bias


@public(method=False, out=False)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""A bilinear map: y[.., o] = Σᵢⱼ x₁[.., i] · W[o, i, j] · x₂[.., j] + b[o].

    Args:
        input1, input2: (*, in1_features) and (*, in2_features) with equal batch dimensions.
        weight: (out_features, in1_features, in2_features).
        bias: (out_features).

    Raises:
        RuntimeError: the shapes or the dtypes do not fit.

    >>> bilinear(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]]), torch.ones(1, 2, 1))
    tensor([[9.]])

    Source: PyTorch, `torch.nn.functional.bilinear`.
    """
    a, b = require_tensor(input1, "bilinear", "input1").shape, require_tensor(input2, "bilinear", "input2").shape
    w = require_tensor(weight, "bilinear", "weight").shape
    if len(w) != 3 or a[:-1] != b[:-1] or (a[-1], b[-1]) != w[1:]:
        raise RuntimeError(
            "bilinear(): expected input1 (*, in1), input2 (*, in2) and weight (out, in1, in2), got the shapes "
            f"{list(a)}, {list(b)} and {list(w)}"
        )
    _check_dtypes(input1, weight)
    _check_dtypes(input2, weight)
    out_features, in1, in2 = w
    # (*, i) @ (i, o·j) -> (rows, o, j), times x₂ summed over j
    flat = np.reshape(np.transpose(weight, (1, 0, 2)), (in1, out_features * in2))
    half = np.reshape(matmul_rule(as_rows(input1), flat), (math.prod(a[:-1]), out_features, in2))
    column = np.reshape(input2, (math.prod(b[:-1]), in2, 1))
    out = np.reshape(matmul_rule(half, column), (*a[:-1], out_features))
    return out if bias is None else out + bias


# -- compositions -------------------------------------------------------------------------------------------------------


@public(method=False)
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    r"""The product of several matrices, in the order that takes the fewest multiplications.

    The first may be a vector (a row) and the last one too (a column).

    Raises:
        RuntimeError: fewer than two tensors, or shapes that do not fit.

    >>> torch.linalg.multi_dot([torch.ones(2, 3), torch.ones(3, 4), torch.ones(4)])
    tensor([12., 12.])

    Source: PyTorch, `torch.linalg.multi_dot`; the order by dynamic programming, Cormen et al., chapter 15.
    """
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    for i, one in enumerate(tensors):
        allowed = (1, 2) if i in (0, len(tensors) - 1) else (2,)
        if require_tensor(one, "multi_dot", "tensors").ndim not in allowed:
            raise RuntimeError(f"multi_dot(): tensor {i} must be {allowed[-1]}D but got {one.ndim}D")
    shapes = [tuple(one.shape) for one in tensors]
    for i, (left, right) in enumerate(zip(shapes, shapes[1:])):
        if left[-1] != right[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(left)} and {list(right)} cannot be multiplied"
            )
    row = (1,) if len(shapes[0]) == 1 else ()
    sides = [*row, *shapes[0], *(shape[1] for shape in shapes[1:-1]), *(shapes[-1][1:] or (1,))]
    splits = _cheapest_order(sides)

    def combine(first: int, last: int) -> Tensor:
        if first == last:
            return tensors[first]
        middle = splits[first, last]
        return _matmul(combine(first, middle), combine(middle + 1, last))

    return combine(0, len(tensors) - 1)


def _cheapest_order(sides: Sequence[int]) -> dict[tuple[int, int], int]:
    """Where to split each run of matrices, matrix i having the shape (sides[i], sides[i + 1])."""
    count = len(sides) - 1
    cost = {(i, i): 0 for i in range(count)}
    splits = {}
    for length in range(1, count):
        for first in range(count - length):
            last = first + length
            options = {
                middle: cost[first, middle]
                + cost[middle + 1, last]
                + sides[first] * sides[middle + 1] * sides[last + 1]
                for middle in range(first, last)
            }
            splits[first, last] = min(options, key=options.__getitem__)
            cost[first, last] = options[splits[first, last]]
    return splits


@public(method=False)
def chain_matmul(*matrices: Tensor) -> Tensor:
    r"""The product of several matrices in the cheapest order; `linalg.multi_dot` is its newer name.

    >>> torch.chain_matmul(torch.ones(1, 2), torch.ones(2, 3), torch.ones(3, 1))
    tensor([[6.]])

    Source: PyTorch, `torch.chain_matmul`.
    """
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)


@public()
def matrix_power(input: Tensor, n: int) -> Tensor:
    r"""A square matrix to an integer power, by repeated squaring; a negative one takes the inverse.

    Raises:
        RuntimeError: the matrices are not square (`LinAlgError` if singular and n < 0).
        TypeError: n is no int.

    >>> torch.matrix_power(torch.tensor([[1.0, 1.0], [1.0, 0.0]]), 5)
    tensor([[8., 5.],
            [5., 3.]])

    Source: PyTorch, `torch.linalg.matrix_power`.
    """
    from .decomposition import inv, require_square

    if not isinstance(n, int):
        raise TypeError(
            f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}"
        )
    require_square(input, "linalg.matrix_power")
    if n == 0:
        return wrap(np.array(np.broadcast_to(np.eye(input.shape[-1], dtype=input._array.dtype), input.shape)))
    square = inv(input) if n < 0 else input
    result, remaining = None, abs(n)
    while True:
        if remaining % 2:
            result = square if result is None else _matmul(result, square)
        remaining //= 2
        if not remaining:
            break
        square = _matmul(square, square)
    return result.clone() if result is input else result


@public()
def kron(input: Tensor, other: Tensor) -> Tensor:
    r"""Kronecker product: every element of `input` times the whole of `other`, as blocks.

    >>> torch.kron(torch.tensor([1.0, 10.0]), torch.tensor([1.0, 2.0]))
    tensor([ 1.,  2., 10., 20.])

    Source: PyTorch, `torch.kron`.
    """
    a, b = tuple(require_tensor(input, "kron").shape), tuple(require_tensor(other, "kron", "other").shape)
    ndim = max(len(a), len(b))
    a, b = (1,) * (ndim - len(a)) + a, (1,) * (ndim - len(b)) + b
    left = np.reshape(input, [side for size in a for side in (size, 1)])
    right = np.reshape(other, [side for size in b for side in (1, size)])
    return np.reshape(left * right, [one * two for one, two in zip(a, b)])


def _cross(input: Tensor, other: Tensor, dim: int) -> Tensor:
    a, b = require_tensor(input, "linalg.cross").shape, require_tensor(other, "linalg.cross", "other").shape
    if len(a) != len(b):
        raise RuntimeError(
            f"linalg.cross: inputs must have the same number of dimensions, but got {list(a)} and {list(b)}."
        )
    axis = axis_of(dim, len(a))
    if a[axis] != 3 or b[axis] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a[axis]} and {b[axis]}"
        )
    _check_dtypes(input, other)
    return cross_rule(input, other, axis=axis)


@public()
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    r"""Cross product of 3-vectors along a dimension.

    Args:
        input, other: tensors of as many dimensions; they broadcast.
        dim: the dimension of length 3; by default the first such. `linalg.cross` takes the last by default.

    Raises:
        RuntimeError: no dimension of size 3.

    >>> torch.cross(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])

    Source: PyTorch, `torch.cross`.
    """
    if dim is None:
        dim = next((i for i, size in enumerate(require_tensor(input, "cross").shape) if size == 3), None)
        if dim is None:
            raise RuntimeError(f"no dimension of size 3 in input, its shape is {list(input.shape)}")
    return _cross(input, other, dim)


@public(method=False)
def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    r"""Cross product of 3-vectors along a dimension, the last by default; `torch.linalg.cross`.

    >>> torch.linalg.cross(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])

    Source: PyTorch, `torch.linalg.cross`.
    """
    return _cross(input, other, dim)


@public(method=False)
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    r"""Dot products of vectors along a dimension: out = Σ x · y; the other dimensions broadcast.

    >>> torch.linalg.vecdot(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 1.0]))
    tensor([3., 7.])

    Source: PyTorch, `torch.linalg.vecdot`.
    """
    both = require_tensor(x, "linalg.vecdot", "x") * require_tensor(y, "linalg.vecdot", "y")
    return np.sum(both, axis=axis_of(dim, both.ndim))


@public()
def trace(input: Tensor) -> Tensor:
    r"""Sum of the diagonal: Σᵢ inputᵢᵢ.

    Raises:
        RuntimeError: the input is no matrix.

    >>> torch.trace(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)

    Source: PyTorch, `torch.trace`.
    """
    if require_tensor(input, "trace").ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return trace_rule(input)


# -- the operator `@`, and NumPy's names ----------------------------------------------------------------------------------


def _matmul_operator(self: Tensor, other: Any) -> Any:
    """self @ other; other arrays take part, numbers and lists do not."""
    if isinstance(other, np.ndarray):
        other = wrap(other)
    return _matmul(self, other) if isinstance(other, Tensor) else NotImplemented


def _reflected_matmul_operator(self: Tensor, other: Any) -> Any:
    """other @ self."""
    return _matmul(wrap(other), self) if isinstance(other, np.ndarray) else NotImplemented


graft(_matmul_operator, "__matmul__")
graft(_reflected_matmul_operator, "__rmatmul__")


@numpy_function(np.dot)
def _np_dot(a: Any, b: Any, out: None = None) -> Tensor:
    a, b = (one if isinstance(one, Tensor) else wrap(np.asarray(one)) for one in (a, b))
    if not a.ndim or not b.ndim:
        return a * b
    if b.ndim > 2:
        raise TypeError("np.dot on a Tensor takes a second operand of at most 2 dimensions; use torch.tensordot")
    return _matmul(a, b)


@numpy_function(np.outer)
def _np_outer(a: Any, b: Any, out: None = None) -> Tensor:
    a, b = (one if isinstance(one, Tensor) else wrap(np.asarray(one)) for one in (a, b))
    return np.reshape(a, (a._array.size, 1)) * np.reshape(b, (b._array.size,))
