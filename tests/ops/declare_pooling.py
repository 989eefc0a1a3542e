"""Declarations of `ops/pooling.py`. Distinct inputs keep maxima away from ties."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, Domain, declare, fixed, real


def windowed(
    x: np.ndarray, kernel: tuple[int, ...], options: dict[str, Any], reduce: Callable[[np.ndarray], Any]
) -> np.ndarray:
    """Pooling by its definition: `reduce` on the elements (not the padding) of every window."""
    dims = len(kernel)
    stride, padding, dilation = (options.get(name) or (one,) * dims for name, one in NAMES.items())
    stride = kernel if options.get("stride") is None else stride
    axes = []
    for n, k, s, p, d in zip(x.shape[x.ndim - dims :], kernel, stride, padding, dilation):
        span = n + 2 * p - d * (k - 1) - 1
        count = (-(-span // s) if options.get("ceil_mode") else span // s) + 1
        count -= bool(options.get("ceil_mode")) and (count - 1) * s >= n + p
        starts = [i * s - p for i in range(count)]
        axes.append([[i for i in range(a, a + d * k, d) if 0 <= i < n] for a in starts])
    parts = [x[(..., *np.ix_(*places))] for places in itertools.product(*axes)]
    flat = [reduce(joined(part, dims)) for part in parts]
    shape = (*x.shape[: x.ndim - dims], *map(len, axes))
    return np.stack(flat, -1).reshape(shape) if flat else np.empty(shape)


def joined(part: np.ndarray, dims: int) -> np.ndarray:
    """The last `dims` dimensions as one."""
    ahead = part.ndim - dims
    return part.reshape(*part.shape[:ahead], math.prod(part.shape[ahead:]))


NAMES = {"stride": 0, "padding": 0, "dilation": 1}


@st.composite
def pooled(draw: Any, dims: int, domain: Domain, *, dilated: bool = False, padded: bool = True) -> list[Any]:
    """Inputs with or without a batch, kernel sizes and options."""
    rng = np.random.default_rng(draw(SEEDS))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(dims))
    options: dict[str, Any] = {"ceil_mode": draw(st.booleans())}
    options["stride"] = draw(st.sampled_from([None, tuple(draw(st.integers(1, 3)) for _ in kernel)]))
    dilation = (1,) * dims
    if padded:
        options["padding"] = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    if dilated:
        dilation = options["dilation"] = tuple(draw(st.integers(1, 2)) for _ in kernel)
    size = [d * (k - 1) + 1 + draw(st.integers(0, 3)) for k, d in zip(kernel, dilation)]
    batch = draw(st.sampled_from([(2,), (1,), (), (0,)]))
    return [domain.fill((*batch, draw(st.integers(1, 2)), *size), rng), kernel, options]


for _dims in (1, 2, 3):
    declare(
        f"max_pool{_dims}d",
        lambda torch, x, kernel, options, name=f"max_pool{_dims}d": getattr(torch.nn.functional, name)(
            x, kernel, **options
        ),
        pooled(_dims, real(distinct=True), dilated=True),
        reference=lambda x, kernel, options: windowed(x, kernel, options, lambda part: part.max(-1)),
    )
    declare(
        f"max_pool{_dims}d",
        lambda torch, x, kernel, options, name=f"max_pool{_dims}d": getattr(torch.nn.functional, name)(
            x, kernel, return_indices=True, **options
        ),
        pooled(_dims, real(distinct=True), dilated=True),
    )
    declare(
        f"avg_pool{_dims}d",
        lambda torch, x, kernel, options, name=f"avg_pool{_dims}d": getattr(torch.nn.functional, name)(
            x, kernel, **options
        ),
        pooled(_dims, real()),
    )
    declare(
        f"avg_pool{_dims}d",
        lambda torch, x, kernel, options, name=f"avg_pool{_dims}d": getattr(torch.nn.functional, name)(
            x, kernel, count_include_pad=False, **options
        ),
        pooled(_dims, real()),
        reference=lambda x, kernel, options: windowed(x, kernel, options, lambda part: part.mean(-1)),
    )
    declare(
        f"lp_pool{_dims}d",
        lambda torch, x, kernel, options, name=f"lp_pool{_dims}d": getattr(torch.nn.functional, name)(
            x, 3.0, kernel if len(kernel) > 1 else kernel[0], **options
        ),
        pooled(_dims, real(0.5, 2), padded=False),
        tolerance=1e-5,
    )
declare(
    "lp_pool2d",
    lambda torch, x: torch.nn.functional.lp_pool2d(x, float("inf"), 2),
    fixed(((1, 4, 4), real(0.5, 2, distinct=True))),
)
declare(
    "avg_pool2d",
    lambda torch, x, kernel, options: torch.nn.functional.avg_pool2d(
        x, kernel, divisor_override=3, **options
    ),
    pooled(2, real()),
    reference=lambda x, kernel, options: windowed(x, kernel, options, lambda part: part.sum(-1) / 3),
)

# Squared, so that the derivatives of the gradients count.
for _indices in (False, True):
    declare(
        "max_pool2d",
        lambda torch, x, kernel, options, indices=_indices: torch.square(
            torch.nn.functional.max_pool2d(x, kernel, return_indices=True, **options)[0]
            if indices
            else torch.max_pool2d(x, kernel, **options)
        ),
        pooled(2, real(distinct=True), dilated=True),
    )
declare(
    "avg_pool2d",
    lambda torch, x, kernel, options: torch.square(torch.nn.functional.avg_pool2d(x, kernel, **options)),
    pooled(2, real()),
)
