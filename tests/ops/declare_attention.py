"""Declarations of `ops/attention.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, real


def attended(q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: Any, options: dict[str, Any]) -> np.ndarray:
    """Attention by its definition."""
    if options.get("enable_gqa"):
        times = q.shape[-3] // k.shape[-3]
        k, v = np.repeat(k, times, -3), np.repeat(v, times, -3)
    scores = q @ np.swapaxes(k, -1, -2) * options.get("scale", 1 / math.sqrt(q.shape[-1]))
    if options.get("is_causal"):
        mask = np.tri(*scores.shape[-2:], dtype=bool)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    e = np.exp(scores)
    total = e.sum(-1, keepdims=True)
    return e / np.where(total == 0, 1, total) @ v


@st.composite
def attention(draw: Any, mask: str = "none", lead: Any = ((), (2,), (2, 1), (1, 2), (0, 2))) -> list[Any]:
    """Query, key, value, mask and options."""
    rng = np.random.default_rng(draw(SEEDS))
    batch = draw(st.sampled_from(lead))
    rows, keys = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    width, out = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    arrays = [real().fill((*batch, *shape), rng) for shape in ((rows, width), (keys, width), (keys, out))]
    options: dict[str, Any] = {"scale": 0.7} if draw(st.booleans()) else {}
    shape = (rows, keys) if draw(st.booleans()) else (*batch, rows, keys)
    if mask == "causal":
        options["is_causal"] = True
    seen = {"bool": rng.random(shape) < 0.7, "added": real().fill(shape, rng)}
    return [*arrays, seen.get(mask), options]


for _mask in ("none", "causal", "bool", "added"):
    declare(
        "scaled_dot_product_attention",
        lambda torch, q, k, v, mask, options: torch.nn.functional.scaled_dot_product_attention(
            q, k, v, mask, **options
        ),
        attention(_mask),
        reference=attended,
    )
declare(
    "scaled_dot_product_attention",
    lambda torch, q, k, v, mask, options: torch.nn.functional.scaled_dot_product_attention(
        q, k, v, mask.detach(), **options
    ),
    attention("bool"),
    reference=attended,
)


@st.composite
def grouped(draw: Any) -> list[Any]:
    """Four query heads, one, two or four heads of keys and values."""
    rng = np.random.default_rng(draw(SEEDS))
    heads = draw(st.sampled_from([1, 2, 4]))
    arrays = [real().fill((2, h, n, 3), rng) for h, n in ((4, 2), (heads, 3), (heads, 3))]
    return [*arrays, rng.random((4, 2, 3)) < 0.7, {"enable_gqa": True}]


declare(
    "scaled_dot_product_attention",
    lambda torch, q, k, v, mask, options: torch.nn.functional.scaled_dot_product_attention(
        q, k, v, mask, **options
    ),
    grouped(),
    reference=attended,
)


@st.composite
def large(draw: Any) -> list[Any]:
    """Scores far from zero, which exp would not bear without a shift."""
    q, k, v, mask, options = draw(attention(lead=((2,),)))
    return [q * 100, k * 100, v, mask, options]


declare(
    "scaled_dot_product_attention",
    lambda torch, q, k, v, mask, options: torch.nn.functional.scaled_dot_product_attention(
        q, k, v, mask, **options
    ),
    large(),
    order=0,
    float32=False,
)

# Squared, so that second derivatives see the incoming gradient.
declare(
    "scaled_dot_product_attention",
    lambda torch, q, k, v, mask, options: torch.square(
        torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, **options)
    ),
    attention("bool"),
)
