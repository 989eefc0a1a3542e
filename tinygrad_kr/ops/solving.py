"""Factorisations and solutions that report what went wrong in `info` instead of raising, LDLᵀ, LOBPCG."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kernels import factorization as kernels
from ..tensor import Tensor, wrap
from ._products import check_dtypes
from ._public import as_array, public, require_tensor, structured
from .decomposition import LinAlgError, cholesky, eigh, require_matrices, require_square, swap
from .factorization import check_info
from .inverse import inv, solve, solve_triangular

__all__ = ["lobpcg"]

_cholesky_ex = structured("linalg_cholesky_ex", "L", "info")
_inv_ex = structured("linalg_inv_ex", "inverse", "info")
_solve_ex = structured("linalg_solve_ex", "result", "info")


def _success(A: Tensor) -> Tensor:
    """An `info` of zeros."""
    return wrap(np.zeros(A.shape[:-2], np.int32))


@public(method=False, out=False)
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    r"""`linalg.cholesky` that reports in `info` which leading minor is not positive, or 0.

    Where one is not, the factor is NaN; the other matrices of the stack have theirs.

    >>> torch.linalg.cholesky_ex(torch.tensor([[1.0, 2.0], [2.0, 1.0]])).info
    tensor(2, dtype=torch.int32)

    Source: PyTorch, `torch.linalg.cholesky_ex`.
    """
    require_square(A, "linalg.cholesky_ex")
    try:
        return _cholesky_ex(cholesky(A, upper), _success(A))
    except LinAlgError:
        info = np.array([_first_bad_minor(one) for one in _matrices(A._array)], np.int32)
        info = info.reshape(A.shape[:-2])
    if check_errors:
        check_info(
            info,
            "linalg.cholesky_ex: {where}The factorization could not be completed because the input is not "
            "positive-definite (the leading minor of order {k} is not positive-definite).",
        )
    return _cholesky_ex(cholesky(_without(A, info), upper) + _nan_where(info, A), wrap(info))


def _matrices(a: Any) -> Any:
    """The matrices of a stack, one after the other."""
    return a.reshape(math.prod(a.shape[:-2]), *a.shape[-2:])


def _first_bad_minor(a: Any) -> int:
    """The order of the first leading minor that is not positive, or 0."""
    for k in range(1, len(a) + 1):
        try:
            np.linalg.cholesky(a[:k, :k])
        except np.linalg.LinAlgError:
            return k
    return 0


def _without(A: Tensor, info: Any) -> Tensor:
    """The stack with the identity in place of the matrices that `info` reports."""
    eye = wrap(np.eye(A.shape[-1], dtype=A._array.dtype))
    return eye.where(wrap((info != 0)[..., None, None]), A)


def _nan_where(info: Any, like: Tensor) -> Tensor:
    """NaN for the matrices that `info` reports, 0 for the others."""
    return wrap(np.where(info != 0, np.nan, 0.0)[..., None, None].astype(like._array.dtype))


def _first_zero_pivot(A: Tensor, name: str, check_errors: bool) -> Any:
    info = kernels.lu(A._array)[2]
    if check_errors:
        check_info(
            info,
            f"{name}: {{where}}The diagonal element {{k}} is zero, the inversion could not be completed "
            "because the input matrix is singular.",
        )
    return info


@public(method=False, out=False)
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    r"""`linalg.inv` that reports in `info` which pivot is zero, or 0; the inverse is NaN there.

    >>> torch.linalg.inv_ex(torch.tensor([[1.0, 2.0], [2.0, 4.0]])).info
    tensor(2, dtype=torch.int32)

    Source: PyTorch, `torch.linalg.inv_ex`.
    """
    require_square(A, "linalg.inv_ex")
    info = _first_zero_pivot(A, "linalg.inv_ex", check_errors)
    if not info.any():
        return _inv_ex(inv(A), wrap(info))
    return _inv_ex(inv(_without(A, info)) + _nan_where(info, A), wrap(info))


@public(method=False, out=False)
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    r"""`linalg.solve` that reports in `info` which pivot is zero, or 0; the solution is NaN there.

    >>> torch.linalg.solve_ex(torch.zeros(2, 2), torch.ones(2))
    torch.return_types.linalg_solve_ex(
    result=tensor([nan, nan]),
    info=tensor(1, dtype=torch.int32))

    Source: PyTorch, `torch.linalg.solve_ex`.
    """
    require_square(A, "linalg.solve_ex")
    info = _first_zero_pivot(A, "linalg.solve_ex", check_errors)
    if not info.any():
        return _solve_ex(solve(A, B, left=left), wrap(info))
    result = solve(_without(A, info), B, left=left)
    vectors = result.ndim < max(A.ndim, B.ndim) or result.ndim == A.ndim - 1
    broken = _nan_where(info, A)
    return _solve_ex(result + (broken.squeeze(-1) if vectors else broken), wrap(info))


# -- LDLᵀ ----------------------------------------------------------------------------------------------------

_ldl_factor = structured("linalg_ldl_factor", "LD", "pivots")
_ldl_factor_ex = structured("linalg_ldl_factor_ex", "LD", "pivots", "info")


@public(method=False, out=False)
def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    r"""`ldl_factor` that reports in `info` which block of D is zero, or 0.

    >>> torch.linalg.ldl_factor_ex(torch.zeros(2, 2)).info
    tensor(1, dtype=torch.int32)

    Source: PyTorch, `torch.linalg.ldl_factor_ex`.
    """
    require_square(A, "torch.linalg.ldl_factor_ex")
    found = [kernels.ldl(one) for one in _matrices(A._array)]
    batch, n, dtype = A.shape[:-2], A.shape[-1], A._array.dtype
    LD = np.array([one[0] for one in found], dtype).reshape(A.shape)
    pivots = np.array([one[1] for one in found], np.int32).reshape(*batch, n)
    info = np.array([one[2] for one in found], np.int32).reshape(batch)
    if check_errors:
        check_info(
            info,
            "torch.linalg.ldl_factor_ex: {where}The diagonal element {k} of D is zero. Using ldl_solve would "
            "result in a division by zero.",
        )
    return _ldl_factor_ex(wrap(LD), wrap(pivots), wrap(info))


@public(method=False, out=False)
def ldl_factor(A: Tensor, *, hermitian: bool = False) -> Any:
    r"""A symmetric matrix as L D Lᵀ with blocks of 1 or 2 in D, in LAPACK's compact form. No gradient.

    Args:
        A: (*, n, n); the lower triangles are read.
        hermitian: the same for real matrices.

    >>> torch.linalg.ldl_factor(torch.tensor([[2.0, 1.0], [1.0, 3.0]])).LD
    tensor([[2.0000, 0.0000],
            [0.5000, 2.5000]])

    Source: PyTorch, `torch.linalg.ldl_factor`.
    """
    LD, pivots, _ = ldl_factor_ex(A, hermitian=hermitian, check_errors=True)
    return _ldl_factor(LD, pivots)


@public(method=False)
def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    r"""The X with A X = B for the A that `ldl_factor` factored. No gradient.

    >>> LD, pivots = torch.linalg.ldl_factor(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    >>> torch.linalg.ldl_solve(LD, pivots, torch.ones(2, 1))
    tensor([[0.5000],
            [0.2500]])

    Source: PyTorch, `torch.linalg.ldl_solve`.
    """
    check_dtypes(require_square(LD, "torch.linalg.ldl_solve"), require_matrices(B, "torch.linalg.ldl_solve"))
    batch = np.broadcast_shapes(LD.shape[:-2], B.shape[:-2])
    factors, right = (np.broadcast_to(as_array(one), (*batch, *one.shape[-2:])) for one in (LD, B))
    order = np.broadcast_to(pivots._array, (*batch, LD.shape[-1]))
    order = order.reshape(math.prod(batch), LD.shape[-1])
    found = [kernels.ldl_solve(ld, one, b) for ld, one, b in zip(_matrices(factors), order, _matrices(right))]
    return wrap(np.array(found, B._array.dtype).reshape(right.shape))


# -- eigenvalues ---------------------------------------------------------------------------------------------


@public(method=False, out=False)
def lobpcg(
    A: Tensor,
    k: int | None = None,
    B: Tensor | None = None,
    X: Tensor | None = None,
    n: int | None = None,
    iK: Tensor | None = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: Any = None,
    ortho_iparams: Any = None,
    ortho_fparams: Any = None,
    ortho_bparams: Any = None,
) -> tuple[Tensor, Tensor]:
    r"""The k largest or smallest eigenvalues λ and vectors of A x = λ B x, for dense symmetric A.

    All eigenvalues are computed, by `linalg.eigh`, and k are returned: exact, where PyTorch iterates. So what
    steers an iteration (X beside its size, iK, niter, tol, method, tracker, ortho_*) has no effect.

    Args:
        A: (*, m, m), symmetric.
        k: how many; as many as X has columns, or 1.
        B: (*, m, m), symmetric and positive-definite; the identity by default.
        n: the number of columns of a default X, and so of k.
        largest: the largest (the default) or the smallest.

    >>> torch.lobpcg(torch.diag(torch.arange(1.0, 10.0)), k=2)[0]
    tensor([9., 8.])

    Source: PyTorch, `torch.lobpcg`.
    """
    size = require_square(A, "lobpcg").shape[-1]
    k = k or (X.shape[-1] if X is not None else n or 1)
    if size < 3 * k:
        raise ValueError(
            f"LOBPCG algorithm is not applicable when the number of A rows (={size}) is smaller than 3 x the "
            f"number of requested eigenpairs (={k}); use linalg.eigh"
        )
    if B is None:
        values, vectors = eigh(A)
    else:  # with B = L Lᵀ: L⁻¹ A L⁻ᵀ y = λ y, x = L⁻ᵀ y
        L = cholesky(require_tensor(B, "lobpcg", "B"))
        half = solve_triangular(L, A, upper=False)
        values, vectors = eigh(solve_triangular(L, swap(half), upper=False))
        vectors = solve_triangular(swap(L), vectors, upper=True)
    if largest is False:
        return values[..., :k], vectors[..., :k]
    return values.flip(-1)[..., :k], vectors.flip(-1)[..., :k]
