"""Declarations of `ops/unpooling.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, real


@st.composite
def indexed(draw: Any, dims: int) -> list[Any]:
    """Values, distinct positions in each plane of doubled size, and that size or None."""
    rng = np.random.default_rng(draw(SEEDS))
    size = [draw(st.integers(1, 2)) for _ in range(dims)]
    extra = draw(st.sampled_from([None, 1]))
    target = tuple(2 * n + (extra or 0) for n in size)
    planes = (*draw(st.sampled_from([(2,), (1,), (), (0,)])), draw(st.integers(1, 2)))
    positions = np.zeros((*planes, math.prod(size)), np.int64)
    for plane in np.ndindex(*planes):
        positions[plane] = rng.permutation(math.prod(target))[: math.prod(size)]
    shape = (*planes, *size)
    return [real().fill(shape, rng), positions.reshape(shape), None if extra is None else target]


for _dims in (1, 2, 3):
    declare(
        f"max_unpool{_dims}d",
        lambda torch, x, indices, size, name=f"max_unpool{_dims}d": getattr(torch.nn.functional, name)(
            x, indices, 2, output_size=size
        ),
        indexed(_dims),
    )

# Squared, so that the derivative of the gradient counts.
declare(
    "max_unpool2d",
    lambda torch, x, indices, size: torch.square(
        torch.nn.functional.max_unpool2d(x, indices, 2, output_size=size)
    ),
    indexed(2),
)
