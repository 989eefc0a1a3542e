"""Factorisations of matrices: Cholesky, QR, eigenvalues of symmetric matrices, singular values.

Each rule below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs. The formulas are those of M. Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008), unless a rule names another source. All functions take stacks of
matrices: (*, n, m).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..autograd.primitive import joint, rule
from ..tensor import Tensor, wrap
from ._public import public, require_tensor, structured

__all__ = ["cholesky", "qr", "svd"]


class LinAlgError(RuntimeError):
    """A matrix for which the result does not exist: singular, or not positive-definite.

    >>> try:
    ...     torch.linalg.inv(torch.zeros(2, 2))
    ... except torch.linalg.LinAlgError:
    ...     print("singular")
    singular

    Source: PyTorch, `torch.linalg.LinAlgError`.
    """


@contextmanager
def numpy_errors(message: str) -> Iterator[None]:
    """Turn NumPy's LinAlgError into ours, with a message that says what was wanted of which function."""
    try:
        yield
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"{message} (NumPy: {error})") from None


# -- the errors ----------------------------------------------------------------------------------------------


def require_matrices(a: Any, function: str) -> Tensor:
    """A floating tensor of at least two dimensions, or PyTorch's error."""
    if require_tensor(a, function)._array.ndim < 2:
        raise RuntimeError(
            f"{function}: The input tensor A must have at least 2 dimensions, but its shape is "
            f"{list(a.shape)}."
        )
    if a._array.dtype.kind not in "fc":
        raise RuntimeError(
            f"{function}: Expected a floating point or complex tensor as input. Got {a.dtype.scalar_name}; "
            "use .float() first"
        )
    return a


def require_square(a: Any, function: str) -> Tensor:
    """A floating tensor of square matrices, or PyTorch's error."""
    rows, columns = require_matrices(a, function).shape[-2:]
    if rows != columns:
        raise RuntimeError(
            f"{function}: A must be batches of square matrices, but they are {rows} by {columns} matrices"
        )
    return a


# -- the derivatives -----------------------------------------------------------------------------------------


def swap(a: Any) -> Any:
    """Aᵀ for a stack of matrices."""
    return np.swapaxes(a, -1, -2)


def _lower(a: Any) -> Any:
    """The lower triangle with half the diagonal: what a triangular factor keeps of a differential."""
    return a * (np.tril(np.ones(a.shape[-2:])) - 0.5 * np.eye(a.shape[-1]))


def cholesky_gradient(g: Any, out: Any) -> Any:
    """∂/∂A of the lower factor L: the symmetric part of L⁻ᵀ Φ(Lᵀ g) L⁻¹."""
    inverse = np.linalg.inv(out)
    half = np.matmul(np.matmul(swap(inverse), _lower(np.matmul(swap(out), g))), inverse)
    return (half + swap(half)) / 2


def _factor(a: Any) -> Any:
    with numpy_errors(
        "linalg.cholesky: The factorization could not be completed because the input is not positive-definite"
    ):
        return np.linalg.cholesky(a)


cholesky_rule = rule(np.linalg.cholesky, forward=_factor, name="linalg_cholesky_ex", a=cholesky_gradient)


def qr_(a: Any, *, mode: str) -> Any:
    """Orthogonal Q and upper triangular R with A = Q R."""
    return tuple(np.linalg.qr(a, mode))  # type: ignore[call-overload]


def qr_gradient(g: Any, out: Any, a: Any, mode: str) -> list[Any]:
    """∂/∂A of Q and R.

    For A with at least as many rows as columns: (gQ + Q·copyltu(M)) R⁻ᵀ with M = R gRᵀ - gQᵀ Q, where
    copyltu copies the lower triangle into the upper. A wide A = [X Y] has R = [U V] with V = Qᵀ Y, so that
    the gradient of V goes on to Q and Y. Source: Roberts and Roberts, "QR and LQ decomposition matrix
    backpropagation algorithms" (2020).
    """
    (gq, gr), (q, r) = g, out
    rows, columns = a.shape[-2:]
    if mode == "complete" and rows > columns:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols; use "
            "mode='reduced'"
        )
    if rows < columns:
        gv, gr, r, y = gr[..., rows:], gr[..., :rows], r[..., :rows], a[..., rows:]
        gq = gq + np.matmul(y, swap(gv))
        return [np.concatenate([_tall_qr_gradient(gq, gr, q, r), np.matmul(q, gv)], axis=-1)]
    return [_tall_qr_gradient(gq, gr, q, r)]


def _tall_qr_gradient(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    m = np.matmul(r, swap(gr)) - np.matmul(swap(gq), q)
    below = m * np.tril(np.ones(m.shape[-2:]), -1)
    diagonal = m * np.eye(m.shape[-1])
    inner = gq + np.matmul(q, below + swap(below) + diagonal)
    return swap(np.linalg.solve(r, swap(inner)))


qr_rule = joint(qr_, qr_gradient, name="linalg_qr")


def _gaps(values: Any) -> Any:
    """1 / (vⱼ - vᵢ) off the diagonal, 0 on it."""
    n = values.shape[-1]
    rows, columns = np.reshape(values, (*values.shape, 1)), np.reshape(values, (*values.shape[:-1], 1, n))
    eye = np.eye(n)
    return (1 - eye) / (columns - rows + eye)


def _scale_columns(a: Any, values: Any) -> Any:
    """A · diag(values)."""
    return a * np.reshape(values, (*values.shape[:-1], 1, values.shape[-1]))


def eigh_(a: Any, *, UPLO: str) -> Any:
    """Eigenvalues, ascending, and orthonormal eigenvectors of a symmetric matrix."""
    with numpy_errors("linalg.eigh: the algorithm failed to converge"):
        return tuple(np.linalg.eigh(a, UPLO))  # type: ignore[call-overload]


def eigh_gradient(g: Any, out: Any) -> list[Any]:
    """V (diag(gλ) + (Vᵀ gV) ∘ 1/(λⱼ - λᵢ)) Vᵀ."""
    (gw, gv), (w, v) = g, out
    inner = np.matmul(swap(v), gv) * _gaps(w)
    return [np.matmul(np.matmul(v, inner) + _scale_columns(v, gw), swap(v))]


eigh_rule = joint(eigh_, eigh_gradient, name="linalg_eigh")


def eigvalsh_(a: Any, *, UPLO: str) -> Any:
    """The eigenvalues of a symmetric matrix, ascending."""
    with numpy_errors("linalg.eigvalsh: the algorithm failed to converge"):
        return np.linalg.eigvalsh(a, UPLO)  # type: ignore[call-overload]


def eigvalsh_gradient(g: Any, a: Any, UPLO: str) -> Any:
    """V diag(gλ) Vᵀ, which needs no gaps: it exists where eigenvalues coincide."""
    v = eigh_rule(a, UPLO=UPLO)[1]
    return np.matmul(_scale_columns(v, g), swap(v))


eigvalsh_rule = rule(eigvalsh_, name="linalg_eigh", a=eigvalsh_gradient)


def svd_(a: Any, *, full_matrices: bool) -> Any:
    """U, the singular values in descending order, and Vᵀ with A = U diag(s) Vᵀ."""
    with numpy_errors("linalg.svd: the algorithm failed to converge"):
        return tuple(np.linalg.svd(a, full_matrices))


def svd_gradient(g: Any, out: Any) -> list[Any]:
    """∂/∂A of the reduced factors, for distinct singular values; columns of U or V beyond them are left out.

    With A = U diag(s) Vᵀ, Fᵢⱼ = 1/(sⱼ² - sᵢ²): U [(F∘skew(Uᵀ gU)) S + S (F∘skew(Vᵀ gV)) + diag(gs)] Vᵀ and,
    where A is not square, the parts of gU and gV that are orthogonal to U and V. Source: J. Townsend,
    "Differentiating the singular value decomposition" (2016).
    """
    (gu, gs, gvh), (u, s, vh) = g, out
    k = s.shape[-1]
    gu, u, gv, v = gu[..., :k], u[..., :k], swap(gvh)[..., :k], swap(vh)[..., :k]
    gaps = _gaps(s * s)

    def skew(a: Any) -> Any:
        return gaps * (a - swap(a))

    from_u = _scale_columns(skew(np.matmul(swap(u), gu)), s)
    from_v = swap(_scale_columns(swap(skew(np.matmul(swap(v), gv))), s))
    a = np.matmul(np.matmul(u, from_u + from_v), swap(v)) + np.matmul(_scale_columns(u, gs), swap(v))
    if u.shape[-2] > k:
        beside = gu - np.matmul(u, np.matmul(swap(u), gu))
        a = a + np.matmul(_scale_columns(beside, 1 / s), swap(v))
    if v.shape[-2] > k:
        beside = gv - np.matmul(v, np.matmul(swap(v), gv))
        a = a + np.matmul(_scale_columns(u, 1 / s), swap(beside))
    return [a]


svd_rule = joint(svd_, svd_gradient, name="linalg_svd")


def svdvals_(a: Any) -> Any:
    """The singular values, descending."""
    with numpy_errors("linalg.svdvals: the algorithm failed to converge"):
        return np.linalg.svd(a, compute_uv=False)


def svdvals_gradient(g: Any, a: Any) -> Any:
    """U diag(gs) Vᵀ, which needs no gaps: it exists where singular values coincide."""
    u, _, vh = svd_rule(a, full_matrices=False)
    return np.matmul(_scale_columns(u, g), vh)


svdvals_rule = rule(svdvals_, name="linalg_svd", a=svdvals_gradient)


# -- the functions -------------------------------------------------------------------------------------------


@public()
def cholesky(A: Tensor, upper: bool = False) -> Tensor:
    r"""The triangular factor of symmetric positive-definite matrices: A = L Lᵀ, or A = Uᵀ U if `upper`.

    The gradient is symmetric.

    Raises:
        LinAlgError: a matrix is not positive-definite.

    >>> torch.linalg.cholesky(torch.tensor([[4.0, 2.0], [2.0, 2.0]]))
    tensor([[2., 0.],
            [1., 1.]])

    Source: PyTorch, `torch.linalg.cholesky`.
    """
    L = cholesky_rule(require_square(A, "linalg.cholesky"))
    return swap(L) if upper else L


_qr = structured("linalg_qr", "Q", "R")


@public(method=False, out=False)
def linalg_qr(A: Tensor, mode: str = "reduced") -> Any:
    r"""Orthogonal Q and upper triangular R with A = Q R; `torch.linalg.qr`.

    Args:
        A: (*, n, m).
        mode: "reduced": Q is (n, k), R (k, m) with k = min(n, m); "complete": (n, n) and (n, m); "r": R
            alone, Q empty.

    >>> Q, R = torch.linalg.qr(torch.tensor([[3.0, 1.0], [4.0, 2.0]]))
    >>> R.abs()
    tensor([[5.0000, 2.2000],
            [0.0000, 0.4000]])

    Source: PyTorch, `torch.linalg.qr`.
    """
    require_matrices(A, "linalg.qr")
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or "
            "'complete'"
        )
    Q, R = qr_rule(A, mode="complete" if mode == "complete" else "reduced")
    return _qr(wrap(np.empty(0, A._array.dtype)), R.detach()) if mode == "r" else _qr(Q, R)


_old_qr = structured("qr", "Q", "R")


@public(out=False)
def qr(input: Tensor, some: bool = True) -> Any:
    r"""`linalg.qr` with PyTorch's older arguments: reduced if `some`, else complete.

    >>> Q, R = torch.qr(torch.tensor([[3.0], [4.0]]))
    >>> R.abs()
    tensor([[5.]])

    Source: PyTorch, `torch.qr`.
    """
    return _old_qr(*linalg_qr(input, "reduced" if some else "complete"))


_svd = structured("linalg_svd", "U", "S", "Vh")


@public(method=False, out=False)
def linalg_svd(A: Tensor, full_matrices: bool = True) -> Any:
    r"""Singular value decomposition: A = U diag(S) Vh, S descending; `torch.linalg.svd`.

    The gradient exists where the singular values are distinct; columns of a full U or V beyond them get none.

    Args:
        A: (*, n, m).
        full_matrices: U (n, n) and Vh (m, m); otherwise (n, k) and (k, m) with k = min(n, m).

    >>> torch.linalg.svd(torch.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])

    Source: PyTorch, `torch.linalg.svd`.
    """
    return _svd(*svd_rule(require_matrices(A, "linalg.svd"), full_matrices=bool(full_matrices)))


_old_svd = structured("svd", "U", "S", "V")


@public(out=False)
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    r"""`linalg.svd` with PyTorch's older arguments and V instead of its transpose: input = U diag(S) Vᵀ.

    >>> torch.svd(torch.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])

    Source: PyTorch, `torch.svd`.
    """
    require_matrices(input, "svd")
    if not compute_uv:
        *batch, rows, columns = input.shape
        zeros = (wrap(np.zeros((*batch, side, side), input._array.dtype)) for side in (rows, columns))
        U, V = zeros
        return _old_svd(U, svdvals(input), V)
    U, S, Vh = svd_rule(input, full_matrices=not some)
    return _old_svd(U, S, swap(Vh))


@public(method=False)
def svdvals(A: Tensor) -> Tensor:
    r"""The singular values, descending.

    >>> torch.linalg.svdvals(torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor([4., 3.])

    Source: PyTorch, `torch.linalg.svdvals`.
    """
    return svdvals_rule(require_matrices(A, "linalg.svdvals"))


_eigh = structured("linalg_eigh", "eigenvalues", "eigenvectors")


@public(method=False, out=False)
def eigh(A: Tensor, UPLO: str = "L") -> Any:
    r"""Eigenvalues, ascending, and orthonormal eigenvectors (in columns) of symmetric matrices.

    The gradient of the eigenvectors exists where the eigenvalues are distinct.

    Args:
        A: (*, n, n), symmetric.
        UPLO: which triangle is read, "L" or "U".

    >>> torch.linalg.eigh(torch.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])

    Source: PyTorch, `torch.linalg.eigh`.
    """
    return _eigh(*eigh_rule(require_square(A, "linalg.eigh"), UPLO=_triangle(UPLO)))


def _triangle(UPLO: str) -> str:
    """Which triangle of a symmetric matrix is read, checked."""
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return UPLO.upper()


@public(method=False)
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    r"""The eigenvalues of symmetric matrices, ascending.

    >>> torch.linalg.eigvalsh(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor([1., 2.])

    Source: PyTorch, `torch.linalg.eigvalsh`.
    """
    return eigvalsh_rule(require_square(A, "linalg.eigvalsh"), UPLO=_triangle(UPLO))
