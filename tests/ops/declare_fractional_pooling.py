"""Declarations of `ops/fractional_pooling.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, real


@st.composite
def sampled(draw: Any, dims: int) -> list[Any]:
    """Inputs with or without a batch, a kernel, an output size that fits, and random samples."""
    rng = np.random.default_rng(draw(SEEDS))
    batch = draw(st.sampled_from([(2,), (1,), ()]))
    kernel = [draw(st.integers(1, 2)) for _ in range(dims)]
    outputs = [draw(st.integers(1, 2)) for _ in range(dims)]
    # In 3-D PyTorch wants a size more than windows need.
    size = [k + o - 1 + draw(st.integers(dims - 2, 2)) for k, o in zip(kernel, outputs)]
    planes = (*batch, draw(st.integers(1, 2)))
    samples = rng.random((*(batch or (1,)), planes[-1], dims))
    return [real(distinct=True).fill((*planes, *size), rng), kernel, outputs, samples]


for _dims in (2, 3):
    _name = f"fractional_max_pool{_dims}d"
    for _square in (False, True):  # so that the derivative of the gradient counts
        declare(
            _name,
            lambda torch, x, kernel, outputs, samples, name=_name, square=_square: (
                torch.square if square else torch.clone
            )(
                getattr(torch.nn.functional, name)(
                    x, kernel, outputs, _random_samples=samples.detach().to(x.dtype)
                )
            ),
            sampled(_dims),
        )
