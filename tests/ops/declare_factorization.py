"""Declarations of `ops/factorization.py` and `ops/solving.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, fixed, real
from tests.ops.declare_linalg import X, rectangles, spread_matrix, squares, symmetric


@st.composite
def clear_pivots(draw: Any, *, square: bool = False) -> list[Any]:
    """Matrices with one element much larger than the others in each column: their pivots are clear."""
    rng = np.random.default_rng(draw(SEEDS))
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    columns = rows if square else columns
    stack = draw(st.sampled_from([(), (2,)]))
    a = rng.uniform(-0.5, 0.5, (*stack, rows, columns)) + 3 * np.eye(rows, columns)
    return [a[..., rng.permutation(rows), :]]


def _product(p: Any, lower: Any, upper: Any) -> Any:
    return p @ lower @ upper


for _call in (
    lambda torch, a: torch.linalg.lu_factor(a).LU,
    lambda torch, a: torch.linalg.lu_factor_ex(a).LU,
):
    declare("lu_factor_ex", _call, clear_pivots())
declare("lu_factor", lambda torch, a: tuple(torch.linalg.lu_factor(a)), clear_pivots())
declare("lu", lambda torch, a: tuple(a.lu()), clear_pivots(), torch=False)
declare("linalg_lu", lambda torch, a: tuple(torch.linalg.lu(a)), clear_pivots())
declare(
    "lu_unpack",
    lambda torch, a: _product(*torch.lu_unpack(*torch.linalg.lu_factor(a))),
    clear_pivots(),
    reference=np.positive,
)
for _left in (True, False):
    for _adjoint in (True, False):
        declare(
            "linalg_lu_solve",
            lambda torch, a, b, _left=_left, _adjoint=_adjoint: torch.linalg.lu_solve(
                *torch.linalg.lu_factor(a), b, left=_left, adjoint=_adjoint
            ),
            st.tuples(clear_pivots(square=True), st.integers(0, 9)).map(
                lambda drawn: [
                    drawn[0][0],
                    np.random.default_rng(drawn[1]).standard_normal((drawn[0][0].shape[-1],) * 2),
                ]
            ),
            reference=lambda a, b, _left=_left, _adjoint=_adjoint: _solved(
                a.swapaxes(-1, -2) if _adjoint else a, b, _left
            ),
        )


def _solved(a: np.ndarray, b: np.ndarray, left: bool) -> np.ndarray:
    inverse = np.linalg.inv(a)
    return inverse @ b if left else b @ inverse


declare(
    "lu_solve",
    lambda torch, a, b: torch.lu_solve(b, *torch.linalg.lu_factor(a)),
    squares("nk"),
    reference=lambda a, b: np.linalg.inv(a) @ b,
)
declare(
    "triangular_solve",
    lambda torch, b, a: torch.triangular_solve(b, a, upper=False, transpose=True).solution,
    fixed(((2, 3), X), ((2, 2), real(0.5, 2))),
    reference=lambda b, a: np.linalg.solve(np.tril(a).T, b),
)

# -- Householder reflections ---------------------------------------------------------------------------------

declare("geqrf", lambda torch, a: tuple(torch.geqrf(a.detach())), rectangles(), order=0)
_PACKED = fixed(((2, 4, 3), X), ((2, 2), X))


def _reflected(a: np.ndarray, tau: np.ndarray, columns: int) -> np.ndarray:
    rows = a.shape[-2]
    q = np.broadcast_to(np.eye(rows), (*a.shape[:-2], rows, rows))
    for i in range(tau.shape[-1]):
        v = np.where(np.arange(rows) < i, 0, np.where(np.arange(rows) == i, 1, a[..., i]))
        q = q @ (np.eye(rows) - tau[..., i, None, None] * v[..., :, None] * v[..., None, :])
    return q[..., :columns]


declare(
    "householder_product",
    lambda torch, a, tau: torch.linalg.householder_product(a, tau),
    _PACKED,
    reference=lambda a, tau: _reflected(a, tau, 3),
    torch=False,  # PyTorch's derivative is right for reflections only, where tau = 2 / |v|²
)
declare(
    "householder_product",
    lambda torch, a, tau: torch.linalg.householder_product(a.detach(), tau.detach()),
    _PACKED,
    reference=lambda a, tau: _reflected(a, tau, 3),
)
for _left, _transpose in ((True, False), (True, True), (False, False), (False, True)):
    declare(
        "ormqr",
        lambda torch, a, tau, c, _left=_left, _transpose=_transpose: torch.ormqr(
            a, tau, c, left=_left, transpose=_transpose
        ),
        fixed(((4, 3), X), ((3,), X), ((4, 4), X)),
        reference=lambda a, tau, c, _left=_left, _transpose=_transpose: _multiplied(
            _reflected(a, tau, 4), c, _left, _transpose
        ),
        torch=False,  # PyTorch's derivative is right for reflections only
    )


def _multiplied(q: np.ndarray, c: np.ndarray, left: bool, transpose: bool) -> np.ndarray:
    q = q.T if transpose else q
    return q @ c if left else c @ q


# -- those that report ---------------------------------------------------------------------------------------

declare("cholesky_ex", lambda torch, a: tuple(torch.linalg.cholesky_ex(symmetric(a))), squares())
declare("inv_ex", lambda torch, a: tuple(torch.linalg.inv_ex(a)), squares(), reference=None)
declare("solve_ex", lambda torch, a, b: tuple(torch.linalg.solve_ex(a, b)), squares("nk"))


@st.composite
def symmetric_indefinite(draw: Any) -> list[Any]:
    """Symmetric matrices, among them such that need blocks of 2, and right-hand sides."""
    rng = np.random.default_rng(draw(SEEDS))
    n, stack = draw(st.integers(1, 6)), draw(st.sampled_from([(), (2,)]))
    a = rng.uniform(-1, 1, (*stack, n, n))
    a = a + a.swapaxes(-1, -2)
    a[..., range(n), range(n)] *= draw(st.sampled_from([1, 0.01]))
    return [a, rng.uniform(-1, 1, (*stack, n, 2))]


declare(
    "ldl_solve",
    lambda torch, a, b: torch.linalg.ldl_solve(*torch.linalg.ldl_factor(a.detach()), b.detach()),
    symmetric_indefinite(),
    reference=np.linalg.solve,
    order=0,
    float32=False,  # badly conditioned ones among them
)
declare(
    "ldl_factor",
    lambda torch, a, b: tuple(torch.linalg.ldl_factor(a.detach())),
    symmetric_indefinite(),
    order=0,
    float32=False,
)
declare(
    "ldl_factor_ex",
    lambda torch, a, b: tuple(torch.linalg.ldl_factor_ex(a.detach())),
    symmetric_indefinite(),
    order=0,
    float32=False,
)
declare(
    "lobpcg",
    lambda torch, a: torch.lobpcg(symmetric(a), k=1)[0],
    fixed(((4, 4), X)).map(lambda _: [spread_matrix(np.random.default_rng(3), 4, 4)]),
    reference=lambda a: np.linalg.eigvalsh(symmetric(a))[-1:],
    tolerance=1e-5,
    torch=False,  # PyTorch iterates from a random start
)
declare(
    "lobpcg",
    lambda torch, a, b: torch.lobpcg(symmetric(a), k=1, B=symmetric(b), largest=False)[0],
    fixed(((4, 4), X)).map(
        lambda _: [
            spread_matrix(np.random.default_rng(3), 4, 4),
            spread_matrix(np.random.default_rng(5), 4, 4),
        ]
    ),
    reference=lambda a, b: np.sort(np.linalg.eigvals(np.linalg.solve(symmetric(b), symmetric(a))).real)[:1],
    tolerance=1e-5,
    torch=False,
)
