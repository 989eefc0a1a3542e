"""Declarations of `ops/einsum.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, fixed, real

X = real()

EQUATIONS = [
    "ij,jk->ik",
    "ij,jk",
    "bij,bjk->bik",
    "bhid,bhjd->bhij",
    "ij->ji",
    "ij->",
    "ii",
    "ii->i",
    "iij->ji",
    "i,j->ij",
    "ij,ij->i",
    "ij,kj,j->ik",
    "ij,jk,kl->il",
    "ij,kl->ik",
    "...i,ij->...j",
    "b...i,...i->b...",
    "ab,ab,b->a",
]


@st.composite
def terms(draw: Any) -> list[Any]:
    """An equation and operands that fit it."""
    rng = np.random.default_rng(draw(SEEDS))
    equation = draw(st.sampled_from(EQUATIONS))
    sizes = {letter: draw(st.integers(0, 3)) for letter in "abcdefghijkl"}
    dots = draw(st.sampled_from([(), (2,), (2, 3)]))
    operands = []
    for term in equation.split("->")[0].split(","):
        head, found, tail = term.partition("...")
        shape = (
            tuple(sizes[one] for one in head) + (dots if found else ()) + tuple(sizes[one] for one in tail)
        )
        operands.append(X.fill(shape, rng))
    return [equation, *operands]


declare("einsum", None, terms(), reference=lambda equation, *args: np.asarray(np.einsum(equation, *args)))
declare(
    "einsum",
    lambda torch, x, y: torch.einsum("ij,jk->ik", x, y),
    fixed(((2, 1), X), ((3, 2), X)),
    reference=lambda x, y: x @ y.sum(0, keepdims=True),
)
declare(
    "einsum",
    lambda torch, x, y: torch.einsum(x, [0, 1], y, [1, 2], [2, 0]),
    fixed(((2, 3), X), ((3, 2), X)),
    reference=lambda x, y: (x @ y).T,
)
declare(
    "tensordot",
    lambda torch, x, y: torch.tensordot(x, y, dims=2),
    fixed(((2, 3, 2), X), ((3, 2, 2), X)),
    reference=np.tensordot,
)
declare(
    "tensordot",
    lambda torch, x, y: torch.tensordot(x, y, dims=([0, 2], [-1, 0])),
    fixed(((2, 3, 2), X), ((2, 2, 2), X)),
    reference=lambda x, y: np.tensordot(x, y, ([0, 2], [-1, 0])),
)
