"""Declarations of `ops/padding.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import declare, fixed, real, shaped


def widths(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    """Widths for some of the last dimensions, negative ones among them."""
    dims = draw(st.integers(0, len(shape)))
    pairs = [
        (before, draw(st.integers(max(-2, -size - min(0, before)), 2)))
        for size in shape[::-1][:dims]
        for before in [draw(st.integers(-min(2, size), 2))]
    ]
    return [tuple(one for pair in pairs for one in pair), draw(st.sampled_from([0.0, 1.5]))]


def padded(x: np.ndarray, pad: tuple[int, ...], value: float) -> np.ndarray:
    """What `pad` with a constant means, from np.pad and slices."""
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[::2], pad[1::2]))[::-1]
    added = np.array([(max(0, a), max(0, b)) for a, b in pairs], int).reshape(-1, 2)
    wide = np.pad(x, added, constant_values=value) if x.ndim else x
    return wide[tuple(slice(max(0, -a), n - max(0, -b)) for n, (a, b) in zip(wide.shape, pairs))]


declare(
    "pad",
    lambda torch, x, pad, value: torch.nn.functional.pad(x, pad, value=value),
    shaped(real(), widths),
    reference=padded,
)
declare("constant_pad_nd", None, shaped(real(), widths), reference=padded)

for _mode, _numpy, _pads in (
    ("reflect", "reflect", [(2, 1), (0, 2), (-1, 2), (2, -2)]),
    ("replicate", "edge", [(2, 1), (0, 5), (-1, 2), (4, -2)]),
    ("circular", "wrap", [(2, 1), (0, 3), (3, 3), (-1, 2), (1, -1)]),
):
    declare(
        "pad",
        lambda torch, x, pad, mode=_mode: torch.nn.functional.pad(x, pad, mode=mode),
        fixed(((1, 2, 3), real()), extra=[st.sampled_from(_pads)]),
    )
    declare(
        "pad",
        lambda torch, x, mode=_mode: torch.nn.functional.pad(x, (1, 2, 2, 0), mode=mode),
        fixed(((2, 3, 4), real())),
        reference=lambda x, mode=_numpy: np.pad(x, [(0, 0), (2, 0), (1, 2)], mode=mode),
    )
    declare(
        "np.pad",
        lambda torch, x, mode=_numpy: np.pad(x, [(0, 0), (2, 1)], mode=mode),
        fixed(((2, 3), real())),
        reference=lambda x, mode=_numpy: np.pad(x, [(0, 0), (2, 1)], mode=mode),
        torch=False,
    )
declare(
    "np.pad",
    lambda torch, x: np.pad(x, 1, constant_values=2.0),
    fixed(((2, 3), real())),
    reference=lambda x: np.pad(x, 1, constant_values=2.0),
    torch=False,
)
declare(
    "pad",
    lambda torch, x: torch.nn.functional.pad(x, (1, 1, 2, 0, 1, 1), mode="reflect"),
    fixed(((1, 2, 3, 4), real())),
)

# Squared, so that the derivatives of the gradients count.
for _mode in ("constant", "reflect", "replicate", "circular"):
    declare(
        "pad",
        lambda torch, x, mode=_mode: torch.square(torch.nn.functional.pad(x, (2, -1, 1, 2), mode=mode)),
        fixed(((1, 2, 3, 4), real())),
    )
