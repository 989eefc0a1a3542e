"""Declarations of `ops/matmul.py` and `ops/linear.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, fixed, real

X = real()


def parts(*shapes: tuple[int, ...]) -> st.SearchStrategy[list[Any]]:
    """Arguments of the given shapes."""
    return fixed(*((shape, X) for shape in shapes))


@st.composite
def factors(draw: Any) -> list[np.ndarray]:
    """Two operands of `matmul`: vectors, matrices, and stacks whose batch dimensions broadcast."""
    rng = np.random.default_rng(draw(SEEDS))
    n, k, m = (draw(st.integers(0, 3)) for _ in range(3))
    batch = draw(st.sampled_from([(), (2,), (1,), (2, 3), (0,)]))
    left = draw(st.sampled_from([(k,), (n, k), (*batch, n, k)]))
    own = tuple(draw(st.sampled_from([side, 1])) for side in batch)[draw(st.integers(0, len(batch))) :]
    right = draw(st.sampled_from([(k,), (k, m), (*own, k, m)]))
    return [X.fill(left, rng), X.fill(right, rng)]


@st.composite
def matrices(draw: Any, *shapes: str, smallest: int = 0) -> list[np.ndarray]:
    """Operands whose sizes are letters, such as "nk" and "km"; the same letter is the same size."""
    rng = np.random.default_rng(draw(SEEDS))
    sizes = {letter: draw(st.integers(smallest, 3)) for letter in sorted(set("".join(shapes)))}
    return [X.fill(tuple(sizes[letter] for letter in shape), rng) for shape in shapes]


declare("matmul", None, factors(), reference=np.matmul)
declare("matmul", lambda torch, x, y: x @ y, factors(), reference=np.matmul)
declare("mm", None, matrices("nk", "km"), reference=np.matmul)
declare("bmm", None, matrices("bnk", "bkm"), reference=np.matmul)
declare("mv", None, matrices("nk", "k"), reference=np.matmul)
declare("dot", None, matrices("k", "k"), reference=np.dot)
declare("vdot", None, matrices("k", "k"), reference=np.dot)
declare("inner", None, matrices("abk", "ck"), reference=np.inner)
declare("inner", None, matrices("k", "k"), reference=np.inner)
declare("inner", None, parts((), (2, 3)), reference=np.multiply)
declare("outer", None, matrices("n", "m"), reference=np.outer)
declare(
    "addmm",
    lambda torch, x, a, b: torch.addmm(x, a, b, beta=0.5, alpha=2),
    matrices("m", "nk", "km"),
    reference=lambda x, a, b: 0.5 * x + 2 * (a @ b),
)
declare("addmm", None, matrices("nm", "nk", "km"), reference=lambda x, a, b: x + a @ b)
declare("addmv", None, matrices("n", "nk", "k"), reference=lambda x, a, b: x + a @ b)
declare(
    "addr",
    lambda torch, x, a, b: torch.addr(x, a, b, beta=2, alpha=-1),
    matrices("nm", "n", "m"),
    reference=lambda x, a, b: 2 * x - np.outer(a, b),
)
declare(
    "baddbmm",
    lambda torch, x, a, b: torch.baddbmm(x, a, b, beta=2, alpha=0.5),
    matrices("bnm", "bnk", "bkm"),
    reference=lambda x, a, b: 2 * x + 0.5 * (a @ b),
)
declare("addbmm", None, matrices("nm", "bnk", "bkm"), reference=lambda x, a, b: x + (a @ b).sum(0))


@st.composite
def dense(draw: Any) -> list[Any]:
    """Input of up to three dimensions, weight, and a bias or None."""
    rng = np.random.default_rng(draw(SEEDS))
    inputs, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    batch = draw(st.sampled_from([(), (2,), (0,), (2, 3)]))
    bias = X.fill((outputs,), rng) if draw(st.booleans()) else None
    return [X.fill((*batch, inputs), rng), X.fill((outputs, inputs), rng), bias]


declare(
    "linear",
    lambda torch, x, w, b: torch.nn.functional.linear(x, w, b),
    dense(),
    reference=lambda x, w, b: x @ w.T + (0 if b is None else b),
)
declare(
    "linear",
    lambda torch, x, w: torch.nn.functional.linear(x, w),
    matrices("nk", "k"),
    reference=np.matmul,
)
declare(
    "bilinear",
    lambda torch, *args: torch.nn.functional.bilinear(*args),
    matrices("abi", "abj", "oij", "o", smallest=1),
    reference=lambda x, y, w, b: np.einsum("abi,oij,abj->abo", x, w, y) + b,
)
