"""Declarations of `ops/unfolding.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, real


@st.composite
def windowed(draw: Any, folded: bool = False) -> list[Any]:
    """Images, or columns and the size of the images they make, and the sizes of windows."""
    rng = np.random.default_rng(draw(SEEDS))
    names = {"kernel_size": (1, 3), "dilation": (1, 2), "padding": (0, 1), "stride": (1, 2)}
    options = {name: (draw(st.integers(*ends)), draw(st.integers(*ends))) for name, ends in names.items()}
    reach = [(k - 1) * d + 1 - 2 * p for k, d, p in zip(*list(options.values())[:3])]
    size = [max(1, one) + draw(st.integers(0, 2)) for one in reach]
    batch = draw(st.sampled_from([(2,), (1,), (), (0,)]))
    channels = draw(st.integers(1, 2))
    if not folded:
        return [real().fill((*batch, channels, *size), rng), options]
    counts = [(n - r) // s + 1 for n, r, s in zip(size, reach, options["stride"])]
    rows = channels * int(np.prod(options["kernel_size"]))
    return [real().fill((*batch, rows, int(np.prod(counts))), rng), tuple(size), options]


declare("unfold", lambda torch, x, options: torch.nn.functional.unfold(x, **options), windowed())
declare(
    "fold",
    lambda torch, x, size, options: torch.nn.functional.fold(x, size, **options),
    windowed(folded=True),
)

# Squared, so that the derivative of the gradient counts.
declare(
    "unfold", lambda torch, x, options: torch.square(torch.nn.functional.unfold(x, **options)), windowed()
)
