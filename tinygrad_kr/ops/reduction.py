"""Reductions: sums, means, extremes and norms over some or all dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import rule

__all__: list[str] = []


def spread(g: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """A reduced gradient as one that broadcasts against the shape that was reduced over `axis`."""
    if keepdims or axis is None or not shape:
        return g
    axes = (axis,) if isinstance(axis, int) else axis
    kept = tuple(1 if i in [a % len(shape) for a in axes] else size for i, size in enumerate(shape))
    return np.reshape(g, kept)


sum_rule = rule(
    np.sum,
    forward=lambda a, *, axis=None, keepdims=False: np.add.reduce(a, axis=axis, keepdims=keepdims),
    a=lambda g, a_shape, axis, keepdims: np.broadcast_to(spread(g, a_shape, axis, keepdims), a_shape),
)
