"""LU factors and what is solved with them, and products of Householder reflections.

All functions take stacks of matrices: (*, n, m).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import joint
from ..kernels import factorization as kernels
from ..tensor import Tensor, wrap
from ._products import check_dtypes
from ._public import public, require_tensor, structured
from .decomposition import LinAlgError, require_matrices, require_square, swap
from .inverse import solve_triangular

__all__ = ["geqrf", "lu", "lu_solve", "lu_unpack", "orgqr", "ormqr", "triangular_solve"]


# -- the derivative ------------------------------------------------------------------------------------------


def lu_(a: Any) -> Any:
    """L below the diagonal and U above it in one matrix, the pivots, and the first zero pivot."""
    factors, pivots, info = kernels.lu(a)
    return (factors, pivots, info), kernels.permutation(pivots, a.shape[-2])


def lu_gradient(g: Any, out: Any, kept: Any) -> list[Any]:
    """∂/∂A of L and U: P L⁻ᵀ (tril₋₁(Lᵀ gL) + triu(gU Uᵀ)) U⁻ᵀ, where the rows of P order A as `kept` does.

    A wide A = P L [U V] has V = L⁻¹ Pᵀ Y, so that the gradient of V goes on to L and Y, and a tall one has
    further rows of L likewise. Source: de Hoog, Anderssen and Lukas, "Differentiation of matrix functionals
    using triangular factorization" (2011).
    """
    both, factors = g[0], out[0]
    rows, columns = factors.shape[-2:]
    k = min(rows, columns)
    square, gs = factors[..., :k, :k], both[..., :k, :k]
    below, above = np.tril(np.ones((k, k)), -1), np.triu(np.ones((k, k)))
    lower, upper = square * below + np.eye(k), square * above
    left = np.matmul(swap(lower), gs * below)
    right = np.matmul(gs * above, swap(upper))
    if rows < columns:
        left = left - np.matmul(both[..., k:], swap(factors[..., k:]))
    if rows > columns:
        right = right - np.matmul(swap(factors[..., k:, :]), both[..., k:, :])
    inner = np.linalg.solve(swap(lower), left * below + right * above)
    ga = swap(np.linalg.solve(upper, swap(inner)))
    if rows < columns:
        ga = np.concatenate([ga, np.linalg.solve(swap(lower), both[..., k:])], axis=-1)
    if rows > columns:
        ga = np.concatenate([ga, swap(np.linalg.solve(upper, swap(both[..., k:, :])))], axis=-2)
    back = np.broadcast_to(np.argsort(kept, axis=-1)[..., None], ga.shape)
    return [np.take_along_axis(ga, back, axis=-2)]


lu_rule = joint(lu_, lu_gradient, keeps=True, name="linalg_lu_factor_ex")


# -- LU ------------------------------------------------------------------------------------------------------

_lu_factor = structured("linalg_lu_factor", "LU", "pivots")
_lu_factor_ex = structured("linalg_lu_factor_ex", "LU", "pivots", "info")
_linalg_lu = structured("linalg_lu", "P", "L", "U")
_lu_unpack = structured("lu_unpack", "P", "L", "U")


def _require_pivoting(pivot: bool) -> None:
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def check_info(info: Any, message: str) -> None:
    """Raise for the first matrix of a stack whose factorisation broke off."""
    broken = np.flatnonzero(info)
    if broken.size:
        where = f"(Batch element {broken[0]}): " if info.ndim else ""
        raise LinAlgError(message.format(where=where, k=info.reshape(-1)[broken[0]]))


@public(method=False, out=False)
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    r"""`lu_factor` that reports zero pivots in `info` instead of raising: 0, or which is the first.

    >>> torch.linalg.lu_factor_ex(torch.zeros(2, 2)).info
    tensor(1, dtype=torch.int32)

    Source: PyTorch, `torch.linalg.lu_factor_ex`.
    """
    _require_pivoting(pivot)
    LU, pivots, info = lu_rule(require_matrices(A, "torch.linalg.lu_factor_ex"))
    if check_errors:
        _check_zero_pivots(info._array)
    return _lu_factor_ex(LU, pivots, info)


def _check_zero_pivots(info: Any) -> None:
    check_info(
        info,
        "torch.linalg.lu_factor: {where}U[{k},{k}] is zero and using it on lu_solve would result in a "
        "division by zero. If you still want to perform the factorization, consider calling "
        "linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)",
    )


@public(method=False, out=False)
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    r"""The LU factors in one matrix, and the pivots: row k was exchanged with row pivots[k], from 1.

    Args:
        A: (*, n, m).
        pivot: must be True.

    Raises:
        RuntimeError: a pivot is zero.

    >>> torch.linalg.lu_factor(torch.tensor([[4.0, 3.0], [6.0, 3.0]])).LU
    tensor([[6.0000, 3.0000],
            [0.6667, 1.0000]])

    Source: PyTorch, `torch.linalg.lu_factor`.
    """
    LU, pivots, _ = lu_factor_ex(A, pivot=pivot, check_errors=True)
    return _lu_factor(LU, pivots)


_lu_with_info = structured("_lu_with_info", "LU", "pivots", "info")


@public(out=False)
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    r"""`linalg.lu_factor`, or `linalg.lu_factor_ex` if `get_infos`, under PyTorch's older name.

    >>> LU, pivots = torch.lu(torch.tensor([[4.0, 3.0], [6.0, 3.0]]))
    >>> pivots
    tensor([2, 2], dtype=torch.int32)

    Source: PyTorch, `torch.lu`.
    """
    LU, pivots, info = lu_factor_ex(A, pivot=pivot, check_errors=not get_infos)
    return _lu_with_info(LU, pivots, info) if get_infos else (LU, pivots)


@public(out=False, method=False)
def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> Any:
    r"""The matrices P, L and U with A = P L U, of what `linalg.lu_factor` returns.

    Args:
        LU_data, LU_pivots: the factors and the pivots.
        unpack_data: L and U stay empty otherwise.
        unpack_pivots: P stays empty otherwise.

    >>> A = torch.tensor([[4.0, 3.0], [6.0, 3.0]])
    >>> P, L, U = torch.lu_unpack(*torch.linalg.lu_factor(A))
    >>> torch.dist(P @ L @ U, A)
    tensor(0.)

    Source: PyTorch, `torch.lu_unpack`.
    """
    require_matrices(LU_data, "torch.lu_unpack")
    if unpack_pivots and LU_pivots._array.dtype != np.int32:
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype. Got "
            f"{LU_pivots.dtype}: pass the pivots that lu_factor returned"
        )
    rows, columns = LU_data.shape[-2:]
    k, dtype = min(rows, columns), LU_data._array.dtype
    nothing = wrap(np.empty(0, dtype))
    P, L, U = nothing, nothing, nothing
    if unpack_pivots:
        P = wrap(_permutation_matrix(LU_pivots._array, rows, dtype))
    if unpack_data:
        L = LU_data[..., :k].tril(-1) + wrap(np.eye(rows, k, dtype=dtype))
        U = LU_data[..., :k, :].triu()
    return _lu_unpack(P, L, U)


def _permutation_matrix(pivots: Any, rows: int, dtype: Any) -> Any:
    """P with A = P L U."""
    return swap(np.eye(rows, dtype=dtype)[kernels.permutation(pivots, rows)])


@public(method=False, out=False)
def linalg_lu(A: Tensor, *, pivot: bool = True) -> Any:
    r"""A = P L U: a permutation, a lower unit-triangular and an upper triangular matrix; `torch.linalg.lu`.

    >>> torch.linalg.lu(torch.tensor([[4.0, 3.0], [6.0, 3.0]])).U
    tensor([[6., 3.],
            [0., 1.]])

    Source: PyTorch, `torch.linalg.lu`.
    """
    LU, pivots, _ = lu_factor_ex(A, pivot=pivot)
    return _linalg_lu(*lu_unpack(LU, pivots))


@public(method=False)
def linalg_lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False
) -> Tensor:
    r"""The X with A X = B for the A that `lu_factor` factored; `torch.linalg.lu_solve`.

    Args:
        LU, pivots: what `lu_factor` returned.
        B: (*, n, k), or (*, k, n) if not `left`.
        left: solve X A = B otherwise.
        adjoint: use Aᵀ instead of A.

    >>> LU, pivots = torch.linalg.lu_factor(torch.tensor([[4.0, 0.0], [0.0, 2.0]]))
    >>> torch.linalg.lu_solve(LU, pivots, torch.ones(2, 1))
    tensor([[0.2500],
            [0.5000]])

    Source: PyTorch, `torch.linalg.lu_solve`.
    """
    n = require_square(LU, "torch.linalg.lu_solve").shape[-1]
    check_dtypes(LU, require_tensor(B, "torch.linalg.lu_solve", "B"))
    if not left:
        return swap(linalg_lu_solve(LU, pivots, swap(B), adjoint=not adjoint))
    if B.shape[-2] != n:
        raise RuntimeError(
            "linalg.lu_solve: Incompatible shapes of A and B for the equation "
            f"AX = B ({n}x{n} and {B.shape[-2]}x{B.shape[-1]})"
        )
    P = wrap(_permutation_matrix(pivots._array, n, LU._array.dtype))
    if adjoint:  # Uᵀ Lᵀ Pᵀ X = B
        half = solve_triangular(swap(LU), B, upper=False)
        return P @ solve_triangular(swap(LU), half, upper=True, unitriangular=True)
    half = solve_triangular(LU, swap(P) @ B, upper=False, unitriangular=True)
    return solve_triangular(LU, half, upper=True)


@public()
def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    r"""`linalg.lu_solve` with PyTorch's older order of arguments.

    >>> torch.lu_solve(torch.ones(1, 1), *torch.linalg.lu_factor(torch.tensor([[4.0]])))
    tensor([[0.2500]])

    Source: PyTorch, `torch.lu_solve`.
    """
    return linalg_lu_solve(LU_data, LU_pivots, b)


_triangular_solve = structured("triangular_solve", "solution", "cloned_coefficient")


@public(out=False)
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    r"""`linalg.solve_triangular` with PyTorch's older arguments; returns the solution and a copy of A.

    >>> torch.triangular_solve(torch.ones(2, 1), torch.tensor([[2.0, 0.0], [5.0, 4.0]])).solution
    tensor([[0.5000],
            [0.2500]])

    Source: PyTorch, `torch.triangular_solve`.
    """
    matrix, upper = (swap(A), not upper) if transpose else (A, upper)
    return _triangular_solve(solve_triangular(matrix, b, upper=upper, unitriangular=unitriangular), A.clone())


# -- Householder reflections ---------------------------------------------------------------------------------

_geqrf = structured("geqrf", "a", "tau")


@public(out=False)
def geqrf(input: Tensor) -> Any:
    r"""The QR factorisation as Householder reflections: R above the diagonal, their vectors below, and tau.

    It has no gradient, as in PyTorch; `linalg.qr` has.

    >>> a, tau = torch.geqrf(torch.tensor([[3.0], [4.0]]))
    >>> a[0], tau
    (tensor([-5.]), tensor([1.6000]))

    Source: PyTorch, `torch.geqrf`.
    """
    packed, tau = np.linalg.qr(require_matrices(input, "geqrf")._array, mode="raw")
    return _geqrf(wrap(swap(packed)), wrap(tau))


def _reflections(A: Tensor, tau: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The reflections I - tau v vᵀ that Q is the product of: their (tau, v)."""
    rows, count = A.shape[-2], tau.shape[-1]
    if count > A.shape[-1]:
        raise RuntimeError(
            f"torch.linalg.householder_product: input.shape[-1] must be greater than or equal to "
            f"tau.shape[-1], but they are {A.shape[-1]} and {count}"
        )
    vectors = A[..., :count].tril(-1) + wrap(np.eye(rows, count, dtype=A._array.dtype))
    return [(tau[..., i, None, None], vectors[..., i : i + 1]) for i in range(count)]


@public(method="orgqr")
def householder_product(input: Tensor, tau: Tensor) -> Tensor:
    r"""The first columns of the product of Householder reflections (I - τ₁v₁v₁ᵀ)(I - τ₂v₂v₂ᵀ)...

    Args:
        input: (*, n, m), n ≥ m: below its diagonal the vectors v, whose diagonal elements are 1.
        tau: (*, k), k ≤ m.

    >>> A = torch.tensor([[3.0], [4.0]])
    >>> torch.linalg.householder_product(*torch.geqrf(A))
    tensor([[-0.6000],
            [-0.8000]])

    Source: PyTorch, `torch.linalg.householder_product`.
    """
    rows, columns = require_matrices(input, "torch.linalg.householder_product").shape[-2:]
    if rows < columns:
        raise RuntimeError(
            "torch.linalg.householder_product: input.shape[-2] must be greater than or equal to "
            f"input.shape[-1], but the matrices are {rows} by {columns}"
        )
    start = np.broadcast_to(np.eye(rows, columns, dtype=input._array.dtype), input.shape)
    return _reflect(_reflections(input, tau), wrap(start.copy()))


def _reflect(reflections: list[tuple[Tensor, Tensor]], Q: Tensor) -> Tensor:
    """The product of reflections times Q."""
    for tau, v in reversed(reflections):
        Q = Q - (tau * v) @ (swap(v) @ Q)
    return Q


orgqr = householder_product


@public()
def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    r"""The product Q C or C Q of a matrix with all n columns of the Q that `geqrf` made, or with Qᵀ.

    Args:
        input, tau: what `geqrf` returned.
        other: C.
        left: Q C; C Q otherwise.
        transpose: use Qᵀ.

    >>> a, tau = torch.geqrf(torch.tensor([[3.0], [4.0]]))
    >>> torch.ormqr(a, tau, torch.tensor([[3.0], [4.0]]), transpose=True)
    tensor([[-5.],
            [ 0.]])

    Source: PyTorch, `torch.ormqr`.
    """
    check_dtypes(require_matrices(input, "torch.ormqr"), require_matrices(other, "torch.ormqr"))
    if not left:
        return swap(ormqr(input, tau, swap(other), True, not transpose))
    if other.shape[-2] != input.shape[-2]:
        raise RuntimeError(
            "torch.ormqr: other.shape[-2] must be equal to input.shape[-2], but they are "
            f"{other.shape[-2]} and {input.shape[-2]}"
        )
    reflections = _reflections(input, tau)
    return _reflect(reflections[::-1] if transpose else reflections, other)
