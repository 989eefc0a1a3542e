"""Declarations of `ops/linalg.py`, `ops/decomposition.py`, `ops/inverse.py` and `ops/distance.py`.

Square matrices are drawn well away from singular ones, and symmetric ones with distinct eigenvalues, so that
derivatives exist and finite differences are exact enough. Signs of eigenvectors and of factors are free:
what is compared does not depend on them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, elementwise, fixed, real
from tests.ops.declare_matmul import matrices

X = real()


def spread_matrix(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random matrices with the singular values 1, 2, 3 ..., so that all are invertible."""
    u, _, vh = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
    return u * np.arange(1.0, u.shape[-1] + 1) @ vh


@st.composite
def squares(draw: Any, *others: str, batch: bool = True) -> list[Any]:
    """A well-conditioned square matrix or a stack of them, n by n, and others that fit."""
    rng = np.random.default_rng(draw(SEEDS))
    n, k = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    stack = draw(st.sampled_from([(), (2,)])) if batch else ()
    sizes = {"n": n, "k": k}
    rest = [X.fill((*stack, *(sizes[one] for one in shape)), rng) for shape in others]
    return [spread_matrix(rng, *stack, n, n), *rest]


@st.composite
def rectangles(draw: Any) -> list[Any]:
    """A matrix of full rank with distinct singular values, tall, wide or square, or a stack of them."""
    rng = np.random.default_rng(draw(SEEDS))
    stack = draw(st.sampled_from([(), (2,)]))
    return [spread_matrix(rng, *stack, draw(st.integers(1, 3)), draw(st.integers(1, 3)))]


@st.composite
def square_and_vectors(draw: Any) -> list[Any]:
    """A system with right-hand sides: one vector, a stack of vectors, or matrices that broadcast."""
    rng = np.random.default_rng(draw(SEEDS))
    n = draw(st.integers(1, 3))
    stack, right = draw(
        st.sampled_from(
            [((), (n,)), ((2,), (2, n)), ((), (n, 2)), ((2,), (2, n, 2)), ((2,), (n, 3)), ((), (2, n, 1))]
        )
    )
    return [spread_matrix(rng, *stack, n, n), X.fill(right, rng)]


def _exponential(a: np.ndarray) -> np.ndarray:
    """The series of the matrix exponential."""
    total = term = np.broadcast_to(np.eye(a.shape[-1]), a.shape)
    for k in range(1, 60):
        term = term @ a / k
        total = total + term
    return total


def symmetric(a: Any) -> Any:
    """A symmetric matrix with distinct eigenvalues, made of one with distinct singular values."""
    return a @ a.swapaxes(-1, -2)


# -- inverse -------------------------------------------------------------------------------------------------

declare("inv", lambda torch, a: torch.linalg.inv(a), squares(), reference=np.linalg.inv)
declare("inverse", None, squares(), reference=np.linalg.inv)


def _solved(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    vectors = b.ndim == 1 or b.shape == a.shape[:-1]
    return np.linalg.inv(a) @ b if not vectors else (np.linalg.inv(a) @ b[..., None])[..., 0]


declare("solve", lambda torch, a, b: torch.linalg.solve(a, b), square_and_vectors(), reference=_solved)
declare(
    "solve",
    lambda torch, a, b: torch.linalg.solve(a, b, left=False),
    squares("kn"),
    reference=lambda a, b: b @ np.linalg.inv(a),
)
declare(
    "solve_triangular",
    lambda torch, a, b: torch.linalg.solve_triangular(a, b, upper=True),
    fixed(((2, 2), real(0.5, 2)), ((2, 3), X)),
    reference=lambda a, b: np.linalg.solve(np.triu(a), b),
)
declare(
    "solve_triangular",
    lambda torch, a, b: torch.linalg.solve_triangular(a, b, upper=False, unitriangular=True),
    fixed(((2, 2), X), ((2, 3), X)),
    reference=lambda a, b: np.linalg.solve(np.tril(a, -1) + np.eye(2), b),
)
declare("pinv", lambda torch, a: torch.linalg.pinv(a), rectangles(), reference=np.linalg.pinv)
declare("pinverse", None, rectangles(), reference=np.linalg.pinv)
declare(
    "lstsq",
    lambda torch, a, b: torch.linalg.lstsq(a, b).solution,
    fixed(((3, 2), X), ((3, 2), X)).map(
        lambda args: [spread_matrix(np.random.default_rng(1), 3, 2), args[1]]
    ),
    reference=lambda a, b: np.linalg.lstsq(a, b)[0],
)
declare("matrix_rank", lambda torch, a: torch.linalg.matrix_rank(a), rectangles(), order=0)
declare("det", None, squares(), reference=np.linalg.det)
declare("logdet", lambda torch, a: torch.logdet(symmetric(a)), squares())
declare("slogdet", lambda torch, a: tuple(torch.linalg.slogdet(a)), squares(), reference=np.linalg.slogdet)
declare(
    "cholesky_solve",
    lambda torch, b, a: torch.cholesky_solve(b, a.tril()),
    fixed(((2, 1), X), ((2, 2), real(0.5, 2))),
    reference=lambda b, a: np.linalg.solve(np.tril(a) @ np.tril(a).T, b),
)
declare(
    "cholesky_inverse",
    lambda torch, a: torch.cholesky_inverse(a.tril()),
    fixed(((2, 2), real(0.5, 2))),
    reference=lambda a: np.linalg.inv(np.tril(a) @ np.tril(a).T),
)

# -- factorisations ------------------------------------------------------------------------------------------

declare(
    "cholesky",
    lambda torch, a: torch.linalg.cholesky(symmetric(a)),
    squares(),
    reference=lambda a: np.linalg.cholesky(symmetric(a)),
)
declare("cholesky", lambda torch, a: torch.linalg.cholesky(symmetric(a)).mT, squares())
declare("linalg_qr", lambda torch, a: tuple(torch.linalg.qr(a)), rectangles(), reference=np.linalg.qr)
declare("qr", lambda torch, a: tuple(torch.qr(a)), rectangles(), reference=np.linalg.qr)
declare(
    "linalg_svd",
    lambda torch, a: _gauge_free(torch, *torch.linalg.svd(a, full_matrices=False)),
    rectangles(),
    tolerance=1e-5,
)
declare("svd", lambda torch, a: torch.svd(a).S, rectangles(), tolerance=1e-5)
declare("svdvals", lambda torch, a: torch.linalg.svdvals(a), rectangles(), tolerance=1e-5)
declare(
    "eigh",
    lambda torch, a: _functions_of(torch, *torch.linalg.eigh(symmetric(a))),
    squares(),
    tolerance=1e-5,
)
declare("eigvalsh", lambda torch, a: torch.linalg.eigvalsh(symmetric(a)), squares(), tolerance=1e-5)


def _gauge_free(torch: Any, u: Any, s: Any, vh: Any) -> Any:
    """What of a singular value decomposition does not change with the signs of its vectors."""
    return (
        s,
        (u * s.exp().unsqueeze(-2)) @ u.mT,
        (u * s.sin().unsqueeze(-2)) @ vh,
        (vh.mT * s.unsqueeze(-2)) @ vh,
    )


def _functions_of(torch: Any, values: Any, vectors: Any) -> Any:
    """The eigenvalues, and functions of the matrix made with the eigenvectors."""
    return values, (vectors * values.sin().unsqueeze(-2)) @ vectors.mT


# -- products, powers, norms ---------------------------------------------------------------------------------

declare(
    "multi_dot",
    lambda torch, *args: torch.linalg.multi_dot(args),
    matrices("n", "nk", "km", "m"),
    reference=lambda *args: np.asarray(np.linalg.multi_dot(args)),
    torch=False,
)
declare(
    "multi_dot",
    lambda torch, *args: torch.linalg.multi_dot(args),
    matrices("ab", "bc", "cd", "de", smallest=1),
    reference=lambda *args: np.linalg.multi_dot(args),
)
declare(
    "chain_matmul",
    None,
    matrices("ab", "bc", "cd", smallest=1),
    reference=lambda *args: np.linalg.multi_dot(args),
)
declare("matrix_power", lambda torch, a: torch.matrix_power(a, 3), squares(), reference=lambda a: a @ a @ a)
declare(
    "matrix_power",
    lambda torch, a: torch.linalg.matrix_power(a, -2),
    squares(),
    reference=lambda a: np.linalg.inv(a) @ np.linalg.inv(a),
)
declare(
    "matrix_exp",
    lambda torch, a: torch.linalg.matrix_exp(a),
    squares(),
    reference=lambda a: _exponential(a),
    value_tolerance=1e-9,
)
declare(
    "vander",
    lambda torch, x: torch.linalg.vander(x, N=3),
    matrices("bn"),
    reference=lambda x: x[..., None] ** np.arange(3),
)
declare(
    "linalg_diagonal",
    lambda torch, a: torch.linalg.diagonal(a, offset=1),
    fixed(((2, 2, 3), X)),
    reference=lambda a: np.diagonal(a, 1, 1, 2),
    view=True,
)
declare("kron", None, elementwise(X, X), reference=np.kron)
declare("cross", None, fixed(((2, 3), X), ((2, 3), X)), reference=np.cross)
declare(
    "linalg_cross",
    lambda torch, x, y: torch.linalg.cross(x, y, dim=0),
    fixed(((3, 2), X), ((3, 1), X)),
    reference=lambda x, y: np.cross(x, y, axis=0),
)
declare("vecdot", lambda torch, x, y: torch.linalg.vecdot(x, y), matrices("abk", "k"), reference=np.vecdot)
declare("trace", None, matrices("nm"), reference=np.trace)
for _ord in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf):
    declare(
        "matrix_norm",
        lambda torch, a, _ord=_ord: torch.linalg.matrix_norm(a, ord=_ord),
        rectangles(),
        reference=lambda a, _ord=_ord: np.linalg.norm(a, _ord, axis=(-2, -1)),
        tolerance=1e-5,
    )
declare(
    "matrix_norm",
    lambda torch, a: torch.linalg.matrix_norm(a, dim=(0, 2), keepdim=True),
    fixed(((2, 3, 2), X)),
    reference=lambda a: np.linalg.norm(a, axis=(0, 2), keepdims=True),
)
for _p in (None, "fro", 1):
    declare(
        "cond",
        lambda torch, a, _p=_p: torch.linalg.cond(a, _p),
        squares(),
        reference=lambda a, _p=_p: np.linalg.cond(a, _p),
        tolerance=1e-5,
        torch=_p is None,  # PyTorch's own graph refuses the others: it writes into a saved inverse
    )
declare(
    "tensorinv",
    lambda torch, a: torch.linalg.tensorinv(a, ind=1),
    fixed(((4, 2, 2), X)).map(lambda _: [spread_matrix(np.random.default_rng(3), 4, 4).reshape(4, 2, 2)]),
    reference=lambda a: np.linalg.tensorinv(a, ind=1),
)
declare(
    "tensorsolve",
    lambda torch, a, b: torch.linalg.tensorsolve(a, b),
    fixed(((2, 2), X)).map(lambda b: [spread_matrix(np.random.default_rng(3), 4, 4).reshape(2, 2, 4), *b]),
    reference=np.linalg.tensorsolve,
)

# -- distances -----------------------------------------------------------------------------------------------

APART = fixed(((2, 3), real(-2, -1)), ((2, 3), real(0.5, 2)))

for _p in (0.5, 1.0, 2.0, 3.0, np.inf):
    declare(
        "cdist",
        lambda torch, x, y, _p=_p: torch.cdist(x, y, p=_p, compute_mode="donot_use_mm_for_euclid_dist"),
        APART,
        reference=lambda x, y, _p=_p: _norm(x[:, None] - y, _p),
        order=1 if _p == np.inf else 2,
    )
declare(
    "cdist",
    lambda torch, x, y: torch.cdist(x, y, compute_mode="use_mm_for_euclid_dist"),
    APART,
    reference=lambda x, y: _norm(x[:, None] - y, 2),
)
declare(
    "cdist",
    lambda torch, x, y: torch.cdist(x, y, p=0),
    fixed(((2, 2, 3), X), ((1, 4, 3), X)),
    reference=lambda x, y: np.full((2, 2, 4), 3.0),
)
declare("pdist", lambda torch, x: torch.nn.functional.pdist(x), matrices("nk", smallest=2))
for _p in (1.0, 2.0):
    declare(
        "pairwise_distance",
        lambda torch, x, y, _p=_p: torch.nn.functional.pairwise_distance(x, y, p=_p, keepdim=True),
        APART,
        reference=lambda x, y, _p=_p: _norm(x - y + 1e-6, _p)[:, None],
    )
declare(
    "cosine_similarity",
    lambda torch, x, y: torch.nn.functional.cosine_similarity(x, y, dim=-1),
    fixed(((2, 3), real(0.5, 2)), ((3,), real(0.5, 2))),
    reference=lambda x, y: (x @ y) / np.linalg.norm(x, axis=-1) / np.linalg.norm(y),
)
for _p in (1.0, 2.0, 3.0):
    declare(
        "normalize",
        lambda torch, x, _p=_p: torch.nn.functional.normalize(x, p=_p),
        fixed(((2, 3, 2), real(avoid=0, gap=0.3))),
        reference=lambda x, _p=_p: x / _norm(x.swapaxes(1, 2), _p)[:, None],
    )


def _norm(x: np.ndarray, p: float) -> np.ndarray:
    """The p-norm over the last axis."""
    size = np.abs(x)
    return size.max(-1) if p == np.inf else (size**p).sum(-1) ** (1 / p)
