"""Declarations of `ops/grid_sampling.py`; points keep away from where the surrounding pixels change."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, fixed, real


@st.composite
def sampled(draw: Any, dims: int = 2) -> list[Any]:
    """Images, points inside and outside of them, the mode of padding and the alignment."""
    rng = np.random.default_rng(draw(SEEDS))
    sizes = [draw(st.integers(2, 4)) for _ in range(dims)]
    batch = draw(st.integers(1, 2))
    align = draw(st.booleans())
    shape = (batch, *[draw(st.integers(1, 2)) for _ in sizes])
    axes = []
    for size in sizes[::-1]:
        place = rng.integers(-size, 2 * size, shape) + rng.uniform(0.1, 0.4, shape)
        axes.append(2 * place / (size - 1) - 1 if align else (2 * place + 1) / size - 1)
    x = real().fill((batch, draw(st.integers(1, 2)), *sizes), rng)
    padding = draw(st.sampled_from(["zeros", "border", "reflection"]))
    return [x, np.stack(axes, -1), padding, align]


for _mode, _dims in (("bilinear", 2), ("bicubic", 2), ("bilinear", 3)):
    declare(
        "grid_sample",
        lambda torch, x, grid, padding, align, mode=_mode: torch.nn.functional.grid_sample(
            x, grid, mode, padding, align
        ),
        sampled(_dims),
        float32=False,
        tolerance=1e-5,
    )
declare(
    "grid_sample",
    lambda torch, x, grid, padding, align: torch.nn.functional.grid_sample(
        x, grid.detach(), "nearest", padding, align
    ),
    sampled().map(lambda args: [args[0], args[1].round(1), *args[2:]]),
    order=0,
)
declare(
    "grid_sample",
    lambda torch, x: torch.nn.functional.grid_sample(
        x, torch.full((1, 1, 2, 2), 0.3, dtype=x.dtype), "nearest", align_corners=True
    ),
    fixed(((1, 2, 3, 3), real())),
)
for _dims in (2, 3):
    declare(
        "affine_grid",
        lambda torch, theta, align, size=(2, 1, 3, 2, 4)[: _dims + 2]: torch.nn.functional.affine_grid(
            theta, size, align
        ),
        fixed(((2, _dims, _dims + 1), real()), extra=[st.booleans()]),
    )
