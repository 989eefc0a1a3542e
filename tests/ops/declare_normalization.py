"""Declarations of `ops/normalization.py`: order two in training is where saved statistics would show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, real

EPS = 0.1  # large, so that finite differences stay sharp where deviations are small


def standardized(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """x less its mean, over its standard deviation."""
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + EPS)


def affine(x: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None) -> np.ndarray:
    """weight · x + bias, one of each per channel."""
    shape = (-1, *(1,) * (x.ndim - 2))
    return x * (1 if weight is None else weight.reshape(shape)) + (0 if bias is None else bias.reshape(shape))


@st.composite
def images(draw: Any, *, groups: bool = False, spatial: int = 0) -> list[Any]:
    """(N, C, *spatial), weight and bias or None, and a number of groups where wanted."""
    rng = np.random.default_rng(draw(SEEDS))
    count = draw(st.integers(1, 2)) if groups else 1
    channels = count * draw(st.integers(1, 3))
    size = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(spatial, 3)))]
    if spatial and math.prod(size) == 1:
        size[0] = 2
    batch = draw(st.integers(2, 3))
    given = draw(st.integers(0, 2))  # PyTorch's group_norm has no backward for a bias without a weight
    vectors = [real(0.5, 2).fill((channels,), rng) if i < given else None for i in range(2)]
    return [real().fill((batch, channels, *size), rng), *vectors, *([count] if groups else [])]


@st.composite
def rows(draw: Any, with_bias: bool = True) -> list[Any]:
    """(*, *normalized_shape), the shape, weight and bias of that shape or None; empty ones among them."""
    rng = np.random.default_rng(draw(SEEDS))
    ahead = [draw(st.integers(0, 3)) for _ in range(draw(st.integers(0, 2)))]
    shape = tuple(draw(st.integers(1, 3)) for _ in range(draw(st.integers(1, 2))))
    vectors = [real(0.5, 2).fill(shape, rng) if draw(st.booleans()) else None for _ in range(1 + with_bias)]
    return [real().fill((*ahead, *shape), rng), shape, *vectors]


def row_axes(x: np.ndarray, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The dimensions that a normalized_shape names."""
    return tuple(range(x.ndim - len(shape), x.ndim))


declare(
    "batch_norm",
    lambda torch, x, weight, bias: torch.nn.functional.batch_norm(
        x, None, None, weight, bias, training=True, eps=EPS
    ),
    images(),
    reference=lambda x, weight, bias: affine(standardized(x, (0, *range(2, x.ndim))), weight, bias),
)


def estimates(torch: Any, x: Any) -> tuple[Any, Any]:
    """A running mean and variance for the channels of x, which are no inputs: nothing flows to them."""
    number = torch.arange(x.shape[1], dtype=x.dtype)
    return number / 2 - 1, number / 3 + 1


declare(
    "batch_norm",
    lambda torch, x, weight, bias: torch.nn.functional.batch_norm(
        x, *estimates(torch, x), weight, bias, eps=EPS
    ),
    images(),
    reference=lambda x, weight, bias: affine(
        affine(
            affine(x, None, 1 - np.arange(x.shape[1]) / 2),
            (np.arange(x.shape[1]) / 3 + 1 + EPS) ** -0.5,
            None,
        ),
        weight,
        bias,
    ),
)
declare(
    "instance_norm",
    lambda torch, x, weight, bias: torch.nn.functional.instance_norm(x, None, None, weight, bias, eps=EPS),
    images(spatial=1),
    reference=lambda x, weight, bias: affine(standardized(x, tuple(range(2, x.ndim))), weight, bias),
)
declare(
    "instance_norm",
    lambda torch, x, weight, bias: torch.nn.functional.instance_norm(
        x, *estimates(torch, x), weight, bias, use_input_stats=False, eps=EPS
    ),
    images(spatial=1),
)


def grouped(x: np.ndarray, weight: Any, bias: Any, groups: int) -> np.ndarray:
    """Group normalisation by its definition."""
    parts = x.reshape(len(x), groups, -1)
    return affine(standardized(parts, (2,)).reshape(x.shape), weight, bias)


declare(
    "group_norm",
    lambda torch, x, weight, bias, groups: torch.group_norm(x, groups, weight, bias, EPS),
    images(groups=True),
    reference=grouped,
)
declare(
    "layer_norm",
    lambda torch, x, shape, weight, bias: torch.layer_norm(x, shape, weight, bias, EPS),
    rows(),
    reference=lambda x, shape, weight, bias: (
        standardized(x, row_axes(x, shape)) * (1 if weight is None else weight)
        + (0 if bias is None else bias)
    ),
)
declare(
    "rms_norm",
    lambda torch, x, shape, weight: torch.rms_norm(x, shape, weight, EPS),
    rows(with_bias=False),
    reference=lambda x, shape, weight: (
        x / np.sqrt((x * x).mean(row_axes(x, shape), keepdims=True) + EPS) * (1 if weight is None else weight)
    ),
)
declare(
    "local_response_norm",
    lambda torch, x, weight, bias, size: torch.nn.functional.local_response_norm(
        x, size, alpha=0.5, beta=0.6, k=1.5
    ),
    images(spatial=1).flatmap(lambda args: st.tuples(*map(st.just, args), st.integers(1, 9))).map(list),
)

# Squared, so that second derivatives see the incoming gradient.
declare(
    "batch_norm",
    lambda torch, x, weight, bias: torch.square(
        torch.nn.functional.batch_norm(x, None, None, weight, bias, training=True, eps=EPS)
    ),
    images(),
)
