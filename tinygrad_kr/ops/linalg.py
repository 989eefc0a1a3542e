"""Further products: chains, powers, Kronecker and cross products, the trace.

The product of two matrices has its own page (`matmul`), and so have factorisations (`decomposition`) and
`einsum`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, rule
from ..tensor import Tensor, wrap
from ._products import check_dtypes
from ._public import axis_of, public, require_tensor
from .decomposition import require_matrices, require_square, svdvals
from .diagonal import diagonal
from .inverse import inv, solve
from .matmul import times

__all__ = [
    "chain_matmul",
    "cross",
    "kron",
    "matrix_exp",
    "matrix_power",
    "trace",
]


def cross_(x: Any, y: Any, *, axis: int) -> Any:
    """x × y along an axis of length 3; both have the same number of dimensions."""
    return np.cross(x, y, axis=axis)


cross_rule: Primitive = rule(
    cross_,
    name="linalg_cross",
    x=lambda g, y, axis: cross_rule(np.broadcast_to(y, g.shape), g, axis=axis),
    y=lambda g, x, axis: cross_rule(g, np.broadcast_to(x, g.shape), axis=axis),
)


def trace_(x: Any) -> Any:
    """Σᵢ xᵢᵢ."""
    return np.trace(x)


trace_rule = rule(trace_, name="trace", x=lambda g, x_shape: g * np.eye(*x_shape))


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
    for i, (left, right) in enumerate(itertools.pairwise(shapes)):
        if left[-1] != right[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(left)} and {list(right)} cannot be "
                "multiplied"
            )
    row = (1,) if len(shapes[0]) == 1 else ()
    sides = [*row, *shapes[0], *(shape[1] for shape in shapes[1:-1]), *(shapes[-1][1:] or (1,))]
    splits = _cheapest_order(sides)

    def combine(first: int, last: int) -> Tensor:
        if first == last:
            return tensors[first]
        middle = splits[first, last]
        return times(combine(first, middle), combine(middle + 1, last))

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
    if not isinstance(n, int):
        raise TypeError(
            f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}"
        )
    require_square(input, "linalg.matrix_power")
    if n == 0:
        return wrap(np.array(np.broadcast_to(np.eye(input.shape[-1], dtype=input._array.dtype), input.shape)))
    base = inv(input) if n < 0 else input
    result = base
    for digit in f"{abs(n):b}"[1:]:
        result = times(result, result)
        if digit == "1":
            result = times(result, base)
    return result.clone() if result is input else result


_PADE = 7  # the degree at which the error of matrices of norm 1/2 is below float64's


@public(method=True)
def matrix_exp(A: Tensor) -> Tensor:
    r"""The matrix exponential: Σₖ Aᵏ / k!.

    A is halved until its norm is at most 1/2, where a Padé approximant is exact enough, and the result is
    squared as often.

    >>> torch.linalg.matrix_exp(torch.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])

    Source: Golub and Van Loan, "Matrix computations", algorithm 9.3.1; PyTorch, `torch.linalg.matrix_exp`.
    """
    array = require_square(A, "linalg.matrix_exp")._array
    norm = float(np.abs(array).sum(-1).max(initial=0.0))
    halvings = max(0, math.frexp(norm)[1] + 1) if norm else 0
    scaled = A * 0.5**halvings
    eye = wrap(np.eye(array.shape[-1], dtype=array.dtype))
    power, factor = eye, 1.0
    above, below = eye, eye
    for k in range(1, _PADE + 1):
        factor *= (_PADE - k + 1) / (k * (2 * _PADE - k + 1))
        power = scaled if k == 1 else times(scaled, power)
        above = above + factor * power
        below = below + (-1) ** k * factor * power
    result = solve(below, above)
    for _ in range(halvings):
        result = times(result, result)
    return result


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
    left = input.reshape([side for size in a for side in (size, 1)])
    right = other.reshape([side for size in b for side in (1, size)])
    return (left * right).reshape([one * two for one, two in zip(a, b)])


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
    check_dtypes(input, other)
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
    return both.sum(dim)


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


_INFINITY = float("inf")


@public(method=False)
def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    r"""A norm of matrices.

    Args:
        A: a tensor of at least two dimensions.
        ord: "fro" (Frobenius), "nuc" (sum of the singular values), 2 or -2 (largest or smallest singular
            value), 1 or -1 (largest or smallest column sum of sizes), inf or -inf (the same of rows).
        dim: the two dimensions of the matrices.
        keepdim: keep them with size 1.
        dtype: convert to it first.

    Raises:
        RuntimeError: another `ord`.

    >>> torch.linalg.matrix_norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(5.)

    Source: PyTorch, `torch.linalg.matrix_norm`.
    """
    A = A if dtype is None else A.to(dtype)
    require_matrices(A, "linalg.matrix_norm")
    if len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    rows, columns = (axis_of(one, A.ndim) for one in dim)
    if rows == columns:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    values = _norms(A.movedim((rows, columns), (-2, -1)), ord)
    if keepdim:
        values = values.reshape([1 if i in (rows, columns) else size for i, size in enumerate(A.shape)])
    return values


def _norms(A: Tensor, ord: Any) -> Tensor:
    """One norm per matrix in the last two dimensions."""
    if ord == "fro":
        from .norms import vector_norm_rule  # that page imports this one for `linalg.norm`

        return vector_norm_rule(A.abs() if A.is_complex() else A, p=2.0, axis=(-2, -1), keepdims=False)
    if ord in ("nuc", 2, -2):
        values = svdvals(A)
        return values.sum(-1) if ord == "nuc" else values[..., 0 if ord == 2 else -1]
    if ord in (1, -1, _INFINITY, -_INFINITY):
        sums = A.abs().sum(-2 if abs(ord) == 1 else -1)
        return sums.amax(-1) if ord > 0 else sums.amin(-1)
    raise RuntimeError(
        f"linalg.matrix_norm: Order {ord} not supported; it is one of 'fro', 'nuc', 1, -1, 2, -2, inf, -inf."
    )


@public(method=False)
def cond(A: Tensor, p: Any = None) -> Tensor:
    r"""The condition number of matrices: ‖A‖ · ‖A⁻¹‖, by default in the 2-norm; inf for singular ones.

    Args:
        A: (*, n, m); square unless p is None, 2 or -2.
        p: an `ord` of `matrix_norm`.

    >>> torch.linalg.cond(torch.tensor([[1.0, 0.0], [0.0, 0.5]]))
    tensor(2.)

    Source: PyTorch, `torch.linalg.cond`.
    """
    if p in (None, 2, -2):
        values = svdvals(require_matrices(A, "linalg.cond"))
        largest, smallest = values[..., 0], values[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    if p not in ("fro", "nuc", 1, -1, _INFINITY, -_INFINITY):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    require_square(A, "linalg.cond")
    singular = np.linalg.det(A._array) == 0
    if not np.any(singular):
        return _norms(A, p) * _norms(inv(A), p)
    regular = np.where(singular[..., None, None], np.eye(A.shape[-1], dtype=A._array.dtype), A._array)
    values = _norms(wrap(regular), p) * _norms(inv(wrap(regular)), p)
    return wrap(np.where(singular, np.array(np.inf, A._array.dtype), values._array))


@public(method=False)
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    r"""The inverse of `tensordot` with A: A as a matrix whose rows are its first `ind` dimensions, inverted.

    >>> torch.linalg.tensorinv(torch.eye(4).reshape(2, 2, 4), ind=2).shape
    torch.Size([4, 2, 2])

    Source: PyTorch, `torch.linalg.tensorinv`.
    """
    shape = tuple(require_tensor(A, "linalg.tensorinv").shape)
    if ind < 1:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', got {ind}")
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    if rows != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but "
            f"got {columns} != {rows} for the shape {list(shape)} and ind={ind}"
        )
    return inv(A.reshape(rows, columns)).reshape(shape[ind:] + shape[:ind])


@public(method=False)
def tensorsolve(A: Tensor, B: Tensor, dims: tuple[int, ...] | None = None) -> Tensor:
    r"""The X with tensordot(A, X, X.ndim) = B.

    Args:
        A: its first dimensions are those of B, the others become those of X.
        B: the right-hand side.
        dims: dimensions of A to move to its end first.

    >>> torch.linalg.tensorsolve(torch.eye(4).reshape(2, 2, 4), torch.ones(2, 2))
    tensor([1., 1., 1., 1.])

    Source: PyTorch, `torch.linalg.tensorsolve`.
    """
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    shape = tuple(A.shape)[B.ndim :]
    if math.prod(shape) != B.numel():
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {math.prod(shape)} != {B.numel()} for the shapes "
            f"{list(A.shape)} and {list(B.shape)}"
        )
    return solve(A.reshape(B.numel(), math.prod(shape)), B.reshape(-1)).reshape(shape)


@public(method=False, out=False)
def linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    r"""The view of a diagonal, by default of the last two dimensions; `torch.linalg.diagonal`.

    >>> torch.linalg.diagonal(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([1., 4.])

    Source: PyTorch, `torch.linalg.diagonal`.
    """
    return diagonal(A, offset, dim1, dim2)


@public(method=False)
def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    r"""The Vandermonde matrix: out[.., i, j] = x[.., i] ^ j for j < N; square by default.

    >>> torch.linalg.vander(torch.tensor([1.0, 2.0, 3.0]), N=3)
    tensor([[1., 1., 1.],
            [1., 2., 4.],
            [1., 3., 9.]])

    Source: PyTorch, `torch.linalg.vander`.
    """
    rows = require_tensor(x, "linalg.vander").reshape(x.shape or (1,))  # a number is a vector of one
    size = rows.shape[-1] if N is None else N
    return rows.unsqueeze(-1) ** wrap(np.arange(size))
