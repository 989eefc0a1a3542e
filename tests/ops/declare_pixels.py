"""Declarations of `ops/pixels.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, real


@st.composite
def pixels(draw: Any, apart: bool) -> list[Any]:
    """Images of any number of leading dimensions, and a factor."""
    rng = np.random.default_rng(draw(SEEDS))
    r = draw(st.integers(1, 3))
    lead = draw(st.sampled_from([(), (2,), (1, 2)]))  # PyTorch leaves empty images as they are
    channels, height, width = (draw(st.integers(1, 2)) for _ in range(3))
    size = (channels, height * r, width * r) if apart else (channels * r * r, height, width)
    return [real().fill((*lead, *size), rng), r]


@st.composite
def channels(draw: Any) -> list[Any]:
    """(N, C, *spatial) and a number of groups."""
    rng = np.random.default_rng(draw(SEEDS))
    groups = draw(st.integers(1, 3))
    size = (draw(st.integers(0, 2)), groups * draw(st.integers(1, 3)), 2, *draw(st.sampled_from([(), (2,)])))
    return [real().fill(size, rng), groups]


def shuffled(x: np.ndarray, r: int) -> np.ndarray:
    """Pixel shuffle by reshaping."""
    *lead, c, h, w = x.shape
    parts = x.reshape(*lead, c // r**2, r, r, h, w)
    n = len(lead)
    return parts.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2).reshape(*lead, c // r**2, h * r, w * r)


def dealt(x: np.ndarray, groups: int) -> np.ndarray:
    """Channel shuffle by reshaping."""
    parts = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
    return parts.swapaxes(1, 2).reshape(x.shape)


declare("pixel_shuffle", None, pixels(apart=False), reference=shuffled)
declare("pixel_unshuffle", None, pixels(apart=True))
declare("channel_shuffle", None, channels(), reference=dealt)

# Squared, so that the derivatives of the gradients count.
for _name, _apart in (("pixel_shuffle", False), ("pixel_unshuffle", True)):
    declare(
        _name,
        lambda torch, x, r, name=_name: torch.square(getattr(torch, name)(x, r)),
        pixels(apart=_apart),
    )
declare(
    "channel_shuffle",
    lambda torch, x, groups: torch.square(torch.channel_shuffle(x, groups)),
    channels(),
)
