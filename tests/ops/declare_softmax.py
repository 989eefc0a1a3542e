"""Declarations of `ops/softmax.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import declare, fixed, real, shaped


def _dim(draw: Any, shape: tuple[int, ...]) -> list[int]:
    size = max(len(shape), 1)
    return [draw(st.integers(-size, size - 1))]


def _softmax(x: np.ndarray, dim: int) -> np.ndarray:
    e = np.exp(x)
    return e / e.sum(dim, keepdims=True)


declare("softmax", None, shaped(real(), _dim), reference=_softmax)
declare("log_softmax", None, shaped(real(), _dim), reference=lambda x, dim: np.log(_softmax(x, dim)))
declare(
    "softmin",
    lambda torch, x, dim: torch.nn.functional.softmin(x, dim),
    shaped(real(), _dim),
    reference=lambda x, dim: _softmax(-x, dim),
)
declare(
    "softmax",
    lambda torch, x: torch.softmax(x, 0, dtype=torch.float64),
    shaped(real()),
    extra={"dtype": "float64"},
    float32=False,
)
declare("softmax", lambda torch, x: x.transpose(0, 1).softmax(-1), fixed(((3, 4), real())))


def _gumbel(torch: Any, x: Any) -> Any:
    torch.manual_seed(5)
    return torch.nn.functional.gumbel_softmax(x, tau=0.7)


declare("gumbel_softmax", _gumbel, fixed(((3, 4), real())), float32=False)
