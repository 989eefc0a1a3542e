"""Declarations of `ops/activation.py`."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from tests.declared import declare, elementwise, fixed, real

erf = np.vectorize(math.erf, otypes=[float])


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


declare(
    "elu",
    lambda torch, x, alpha: torch.nn.functional.elu(x, alpha),
    elementwise(real(avoid=0), extra=[st.sampled_from([1.0, 0.5, -0.5])]),
    reference=lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x)),
)
declare(
    "celu",
    lambda torch, x, alpha: torch.celu(x, alpha=alpha),
    elementwise(real(avoid=0), extra=[st.sampled_from([1.0, 0.5])]),
    reference=lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x / alpha)),
)
declare("selu", None, elementwise(real(avoid=0)))
declare("selu", lambda torch, x: torch.selu_(x * 2), elementwise(real(avoid=0)))
declare(
    "gelu",
    lambda torch, x: torch.nn.functional.gelu(x),
    elementwise(real(-4, 4)),
    reference=lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
)
declare(
    "gelu",
    lambda torch, x: torch.nn.functional.gelu(x, approximate="tanh"),
    elementwise(real(-4, 4)),
    reference=lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
)
declare(
    "silu",
    lambda torch, x: torch.nn.functional.silu(x),
    elementwise(real(-6, 6)),
    reference=lambda x: x * _sigmoid(x),
)
declare("silu", lambda torch, x: torch.nn.functional.silu(x * 2, inplace=True), elementwise(real()))
declare(
    "mish",
    lambda torch, x: torch.nn.functional.mish(x),
    elementwise(real(-6, 6)),
    reference=lambda x: x * np.tanh(np.log1p(np.exp(x))),
)
declare(
    "softplus",
    lambda torch, x, beta, threshold: torch.nn.functional.softplus(x, beta, threshold),
    elementwise(real(avoid=1.5), extra=[st.sampled_from([1, 2.0]), st.sampled_from([20, 3.0])]),
    reference=lambda x, beta, threshold: np.where(beta * x > threshold, x, np.log1p(np.exp(beta * x)) / beta),
)
declare(
    "logsigmoid",
    lambda torch, x: torch.nn.functional.logsigmoid(x),
    elementwise(real(-6, 6)),
    reference=lambda x: np.log(_sigmoid(x)),
)
declare(
    "softsign",
    lambda torch, x: torch.nn.functional.softsign(x),
    elementwise(real(avoid=0)),
    reference=lambda x: x / (1 + np.abs(x)),
)
declare(
    "tanhshrink",
    lambda torch, x: torch.nn.functional.tanhshrink(x),
    elementwise(real()),
    reference=lambda x: x - np.tanh(x),
)


def _glu(x: np.ndarray, dim: int = -1) -> np.ndarray:
    a, b = np.split(x, 2, dim)
    return a * _sigmoid(b)


declare("glu", lambda torch, x: torch.nn.functional.glu(x), fixed(((3, 4), real())), reference=_glu)
declare(
    "glu",
    lambda torch, x: torch.nn.functional.glu(x, 0),
    fixed(((2, 3, 1), real())),
    reference=lambda x: _glu(x, 0),
)
