"""Declarations of `ops/memory.py`."""

from __future__ import annotations

import numpy as np

from tests.declared import declare, fixed, real

declare(
    "as_strided_scatter",
    lambda torch, x, src: torch.as_strided_scatter(x, src, (2, 2), (1, 3), 1),
    fixed(((3, 3), real()), ((2, 2), real())),
    reference=lambda x, src: np.array(
        [[x[0, 0], src[0, 0], src[1, 0]], [x[1, 0], src[0, 1], src[1, 1]], [x[2, 0], x[2, 1], x[2, 2]]]
    ),
    torch=False,  # its gradient for x is that of src, put where src is
)
declare(
    "as_strided_scatter",
    lambda torch, x, src: torch.as_strided_scatter(x, src, (2, 2), (1, 3), 1),
    fixed(((3, 3), real()), ((2, 2), real())),
    order=0,
)
declare(
    "is_same_size",
    lambda torch, x, y: [torch.is_same_size(x, y), y.is_same_size(y)],
    fixed(((2, 3), real()), ((3, 2), real())),
    order=0,
)
