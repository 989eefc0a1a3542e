"""Inverses, linear systems and determinants.

Each rule below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs. The formulas are those of M. Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008), unless a rule names another source. All functions take stacks of
matrices: (*, n, m).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import joint, rule
from ..tensor import Tensor, wrap
from ._products import check_dtypes
from ._public import as_array, public, require_tensor, structured
from .decomposition import numpy_errors, require_matrices, require_square, svdvals, swap

__all__ = ["cholesky_inverse", "cholesky_solve", "det", "inverse", "logdet", "pinverse", "slogdet"]


# -- the derivatives -----------------------------------------------------------------------------------------


def over_matrices(g: Any) -> Any:
    """One number per matrix, with two dimensions of size 1 so that it multiplies the matrices."""
    return np.reshape(g, (*g.shape, 1, 1))


def _inverse(a: Any) -> Any:
    with numpy_errors(
        "linalg.inv: the inversion could not be completed because the input matrix is singular"
    ):
        return np.linalg.inv(a)


inv_rule = rule(
    np.linalg.inv,
    forward=_inverse,
    name="linalg_inv_ex",
    a=lambda g, out: -np.matmul(np.matmul(swap(out), g), swap(out)),
)


def _solution(a: Any, b: Any) -> Any:
    with numpy_errors("torch.linalg.solve: The solver failed because the input matrix is singular"):
        return np.linalg.solve(a, b)


solve_rule = rule(  # b is a stack of matrices here; `solve` lifts vectors
    np.linalg.solve,
    forward=_solution,
    name="linalg_solve_ex",
    a=lambda g, a, out: -np.matmul(np.linalg.solve(swap(a), g), swap(out)),
    b=lambda g, a: np.linalg.solve(swap(a), g),
)


def cofactors(a: Any, out: Any) -> Any:
    """∂det(A)/∂A: det(A)·A⁻ᵀ, or from the minors where a matrix of the stack is singular."""
    n = a.shape[-1]
    if not np.any(np.equal(out, 0)):
        return over_matrices(out) * swap(np.linalg.inv(a))
    if n == 1:
        return np.ones_like(a)
    kept = np.array([[k for k in range(n) if k != i] for i in range(n)])
    minors = a[..., kept[:, None, :, None], kept[None, :, None, :]]  # (*, n, n, n-1, n-1)
    signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    return np.linalg.det(minors) * signs


det_rule = rule(np.linalg.det, name="linalg_det", a=lambda g, a, out: over_matrices(g) * cofactors(a, out))


def slogdet_(a: Any) -> Any:
    """The sign of det(A), and ln |det(A)|."""
    sign, logarithm = np.linalg.slogdet(a)
    return np.asarray(sign), np.asarray(logarithm)


slogdet_rule = joint(
    slogdet_,
    lambda g, a: [over_matrices(g[1]) * swap(np.linalg.inv(a))],
    name="linalg_slogdet",
)


def pinv_(a: Any, *, rtol: Any) -> Any:
    """The Moore-Penrose inverse; singular values up to rtol times the largest count as 0."""
    return np.linalg.pinv(a, rcond=rtol)


def pinv_gradient(g: Any, a: Any, out: Any) -> Any:
    """∂/∂A of P = A⁺, for constant rank: -Pᵀ g Pᵀ + (I - A P) gᵀ P Pᵀ + Pᵀ P gᵀ (I - P A).

    Source: Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems"
    (1973).
    """
    p, pt, gt = out, swap(out), swap(g)
    left = np.matmul(gt, np.matmul(p, pt))
    right = np.matmul(np.matmul(pt, p), gt)
    beside_left = left - np.matmul(a, np.matmul(p, left))
    beside_right = right - np.matmul(np.matmul(right, p), a)
    return beside_left + beside_right - np.matmul(np.matmul(pt, g), pt)


pinv_rule = rule(pinv_, name="linalg_pinv", a=pinv_gradient)


# -- inverses and linear systems -----------------------------------------------------------------------------


@public(method="inverse")
def inv(A: Tensor) -> Tensor:
    r"""The inverse of square matrices. To solve A x = b, `linalg.solve` is faster and more exact.

    Raises:
        RuntimeError: the matrices are not square.
        LinAlgError: a matrix is singular.

    >>> torch.linalg.inv(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])

    Source: PyTorch, `torch.linalg.inv`.
    """
    return inv_rule(require_square(A, "linalg.inv"))


inverse = inv


@public(method=False)
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    r"""The solution X of A X = B, or of X A = B if not `left`.

    Args:
        A: (*, n, n).
        B: (n), (*, n) for a stack of vectors, or (*, n, k).

    Raises:
        RuntimeError: the shapes or dtypes do not fit.
        LinAlgError: a matrix is singular.

    >>> torch.linalg.solve(torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([1.0, 1.0]))
    tensor([0.5000, 0.2500])

    Source: PyTorch, `torch.linalg.solve`.
    """
    require_square(A, "linalg.solve")
    check_dtypes(A, require_tensor(B, "linalg.solve", "B"))
    vectors = B.ndim == 1 or (B.ndim == A.ndim - 1 and tuple(B.shape) == tuple(A.shape[:-1]))
    matrices = B.unsqueeze(-1) if vectors else B
    if not left:
        if vectors:
            raise RuntimeError("linalg.solve: a vector B needs left=True")
        return swap(solve(swap(A), swap(B)))
    n, (rows, columns) = A.shape[-1], matrices.shape[-2:]
    if rows != n:
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation AX = B ({n}x{n} and "
            f"{rows}x{columns})"
        )
    X = solve_rule(A, matrices)
    return X.squeeze(-1) if vectors else X


@public(method=False)
def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    r"""The solution X of A X = B (or X A = B) with the upper or lower triangle of A; the rest of A is not
    read.

    Args:
        A: (*, n, n).
        B: (*, n, k).
        upper: which triangle.
        left: whether A stands on the left of X.
        unitriangular: take the diagonal as ones.

    >>> torch.linalg.solve_triangular(torch.tensor([[2.0, 9.0], [1.0, 1.0]]), torch.ones(2, 1), upper=False)
    tensor([[0.5000],
            [0.5000]])

    Source: PyTorch, `torch.linalg.solve_triangular`.
    """
    require_square(A, "linalg.solve_triangular")
    require_matrices(B, "linalg.solve_triangular")
    B = B[(None,) * (A.ndim - B.ndim)]  # else `solve` might take a matrix for a stack of vectors
    ones = np.ones(A.shape[-2:], A._array.dtype)
    eye = np.eye(A.shape[-1], dtype=A._array.dtype)
    triangle = np.triu(ones) if upper else np.tril(ones)
    triangular = A * (triangle - eye) + eye if unitriangular else A * triangle
    return solve(triangular, B, left=left)


@public(method="pinverse")
def pinv(
    A: Tensor, rcond: float | None = None, hermitian: bool = False, *, rtol: float | None = None
) -> Tensor:
    r"""The Moore-Penrose pseudo-inverse.

    Args:
        A: (*, n, m).
        rcond, rtol: singular values up to rtol times the largest count as 0; max(n, m)·eps by default.
        hermitian: says that A is symmetric: its lower triangle is read.

    >>> torch.linalg.pinv(torch.tensor([[2.0], [0.0]]))
    tensor([[0.5000, 0.0000]])

    Source: PyTorch, `torch.linalg.pinv`.
    """
    require_matrices(A, "linalg.pinv")
    if hermitian:
        below = require_square(A, "linalg.pinv").tril(-1)
        A = A.tril() + below.transpose(-2, -1)
    rtol = rcond if rtol is None else rtol
    if rtol is None:
        rtol = max(A.shape[-2:]) * float(np.finfo(A._array.dtype).eps)
    return pinv_rule(A, rtol=rtol)


pinverse = pinv

_lstsq = structured("linalg_lstsq", "solution", "residuals", "rank", "singular_values")


@public(method=False, out=False)
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    r"""Least squares: the X that makes ‖A X - B‖ smallest.

    Args:
        A: (*, n, m).
        B: (*, n, k), or (n) for one right-hand side.
        rcond: singular values up to rcond times the largest count as 0.
        driver: PyTorch's choice of a LAPACK routine; the singular values are given for "gelsd" and "gelss"
            only.

    Returns:
        A named tuple of solution, residuals (squared; empty unless n > m at full rank and the driver is not
        "gelsy"), rank, and singular values.

    >>> torch.linalg.lstsq(torch.tensor([[1.0], [1.0]]), torch.tensor([[1.0], [3.0]])).solution
    tensor([[2.0000]])

    Source: PyTorch, `torch.linalg.lstsq`.
    """
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(
            "torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss), but got "
            + repr(driver)
        )
    require_matrices(A, "linalg.lstsq")
    check_dtypes(A, require_tensor(B, "linalg.lstsq", "B"))
    vector = B.ndim == A.ndim - 1
    right = B.unsqueeze(-1) if vector else B
    if right.shape[-2] != A.shape[-2]:
        raise RuntimeError(
            f"torch.linalg.lstsq: input.size(-2) should match other.size(-2), got {list(A.shape)} and "
            f"{list(B.shape)}"
        )
    X = pinv(A, rcond) @ right
    rank = matrix_rank(A, rtol=rcond)
    rows, columns = A.shape[-2:]
    nothing = wrap(np.empty(0, A._array.dtype))
    residuals = nothing
    if rows > columns and driver not in (None, "gelsy") and bool(np.all(rank._array == columns)):
        residuals = (A @ X - right).square().sum(-2)
    values = svdvals(A.detach()) if driver in ("gelsd", "gelss") else nothing
    if driver == "gels":
        rank = wrap(np.empty(0, np.int64))
    return _lstsq(X.squeeze(-1) if vector else X, residuals, rank, values)


@public(method=False)
def matrix_rank(
    A: Tensor, tol: float | None = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:
    r"""The number of singular values above max(atol, rtol · the largest); it has no derivative.

    Args:
        A: (*, n, m).
        tol: an older name of `atol` that switches `rtol` off.
        hermitian: whether A is symmetric; the result is the same.
        atol: 0 by default.
        rtol: max(n, m)·eps by default; 0 if `atol` is given.

    >>> torch.linalg.matrix_rank(torch.tensor([[1.0, 1.0], [1.0, 1.0]]))
    tensor(1)

    Source: PyTorch, `torch.linalg.matrix_rank`.
    """
    array = require_matrices(A, "linalg.matrix_rank")._array
    atol, rtol = as_array(tol if atol is None else atol), as_array(rtol)
    if rtol is None:
        rtol = 0.0 if atol is not None else max(array.shape[-2:]) * float(np.finfo(array.dtype).eps)
    values = np.linalg.svd(array, compute_uv=False)
    largest = values.max(-1, initial=0.0, keepdims=True)
    threshold = np.maximum(
        0.0 if atol is None else np.asarray(atol)[..., None], np.asarray(rtol)[..., None] * largest
    )
    return wrap(np.asarray(np.sum(values > threshold, axis=-1)))


# -- determinants --------------------------------------------------------------------------------------------


@public()
def det(A: Tensor) -> Tensor:
    r"""The determinant of square matrices.

    >>> torch.linalg.det(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)

    Source: PyTorch, `torch.linalg.det`.
    """
    return det_rule(require_square(A, "linalg.det"))


_slogdet = structured("linalg_slogdet", "sign", "logabsdet")


@public(out=False)
def slogdet(A: Tensor) -> Any:
    r"""The sign of the determinant and the logarithm of its size, which do not overflow: det = sign ·
    exp(logabsdet).

    >>> sign, logabsdet = torch.linalg.slogdet(torch.tensor([[2.0, 0.0], [0.0, -1.0]]))
    >>> sign, logabsdet
    (tensor(-1.), tensor(0.6931))

    Source: PyTorch, `torch.linalg.slogdet`.
    """
    return _slogdet(*slogdet_rule(require_square(A, "linalg.slogdet")))


@public()
def logdet(A: Tensor) -> Tensor:
    r"""The logarithm of the determinant: NaN if it is negative, -inf if it is 0.

    >>> torch.logdet(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor(0.6931)

    Source: PyTorch, `torch.logdet`.
    """
    sign, logarithm = slogdet(A)
    return logarithm + wrap(np.where(sign._array < 0, np.nan, 0.0).astype(sign._array.dtype))


@public()
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    r"""The solution X of A X = B, given the Cholesky factor of A.

    >>> torch.cholesky_solve(torch.tensor([[8.0]]), torch.tensor([[2.0]]))
    tensor([[2.]])

    Source: PyTorch, `torch.cholesky_solve`.
    """
    first, second = (swap(L), L) if upper else (L, swap(L))
    half = solve_triangular(first, B, upper=False)
    return solve_triangular(second, half, upper=True)


@public()
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    r"""The inverse of A, given its Cholesky factor.

    >>> torch.cholesky_inverse(torch.tensor([[2.0]]))
    tensor([[0.2500]])

    Source: PyTorch, `torch.cholesky_inverse`.
    """
    eye = wrap(np.eye(require_square(L, "cholesky_inverse").shape[-1], dtype=L._array.dtype))
    return cholesky_solve(eye, L, upper)
