"""Declarations of `ops/adaptive_pooling.py`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, Domain, declare, real
from tests.ops.declare_pooling import joined


def divided(x: np.ndarray, sizes: tuple[int | None, ...], reduce: Callable[[np.ndarray], Any]) -> np.ndarray:
    """Adaptive pooling by its definition."""
    lengths = x.shape[x.ndim - len(sizes) :]
    counts = [n if one is None else one for n, one in zip(lengths, sizes)]
    axes = [[range(i * n // o, -(-(i + 1) * n // o)) for i in range(o)] for n, o in zip(lengths, counts)]
    parts = [x[(..., *np.ix_(*places))] for places in itertools.product(*axes)]
    flat = [reduce(joined(part, len(sizes))) for part in parts]
    shape = (*x.shape[: x.ndim - len(sizes)], *counts)
    return np.stack(flat, -1).reshape(shape) if flat else np.empty(shape)


@st.composite
def sized(draw: Any, dims: int, domain: Domain, least: int) -> list[Any]:
    """Inputs with or without a batch, and sizes of the output, None among them."""
    rng = np.random.default_rng(draw(SEEDS))
    size = [draw(st.integers(1, 5)) for _ in range(dims)]
    batch = draw(st.sampled_from([(2,), (1,), (), (0,)]))
    sizes = tuple(draw(st.sampled_from([None, *range(least, 5)])) for _ in size)
    return [domain.fill((*batch, draw(st.integers(1, 2)), *size), rng), sizes]


for _dims in (1, 2, 3):
    # PyTorch takes no None in one dimension, and has no gradient of an empty result.
    declare(
        f"adaptive_avg_pool{_dims}d",
        lambda torch, x, sizes, name=f"adaptive_avg_pool{_dims}d": getattr(torch.nn.functional, name)(
            x, sizes
        ),
        sized(_dims, real(), 0),
        reference=lambda x, sizes: divided(x, sizes, lambda part: part.mean(-1)),
        torch=False,
    )
    declare(
        f"adaptive_max_pool{_dims}d",
        lambda torch, x, sizes, name=f"adaptive_max_pool{_dims}d": getattr(torch.nn.functional, name)(
            x, sizes
        ),
        sized(_dims, real(distinct=True), 1),
        reference=lambda x, sizes: divided(x, sizes, lambda part: part.max(-1)),
        torch=_dims > 1,
    )
    declare(
        f"adaptive_max_pool{_dims}d",
        lambda torch, x, sizes, name=f"adaptive_max_pool{_dims}d": getattr(torch.nn.functional, name)(
            x, [2] * len(sizes), True
        ),
        sized(_dims, real(distinct=True), 1),
    )
    declare(
        f"adaptive_avg_pool{_dims}d",
        lambda torch, x, sizes, name=f"adaptive_avg_pool{_dims}d": getattr(torch.nn.functional, name)(
            x, [3] * len(sizes)
        ),
        sized(_dims, real(), 1),
    )

# Squared, so that the derivatives of the gradients count.
for _name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
    declare(
        _name,
        lambda torch, x, sizes, name=_name: torch.square(getattr(torch.nn.functional, name)(x, [2, 3])),
        sized(2, real(distinct=True), 1),
    )
