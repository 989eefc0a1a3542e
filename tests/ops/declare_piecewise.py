"""Declarations of `ops/piecewise.py`."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.declared import declare, elementwise, fixed, real, whole

declare("relu", None, elementwise(real(avoid=0)), reference=lambda x: np.maximum(x, 0))
declare("relu", None, elementwise(whole()), reference=lambda x: np.maximum(x, 0), order=0)
declare("relu", lambda torch, x: (x * 2).relu_(), elementwise(real(avoid=0)))
declare(
    "leaky_relu",
    lambda torch, x, slope: torch.nn.functional.leaky_relu(x, slope),
    elementwise(real(avoid=0), extra=[st.sampled_from([0.01, 1.5, -0.5])]),
    reference=lambda x, slope: np.where(x > 0, x, slope * x),
)
declare(
    "hardtanh",
    lambda torch, x: torch.nn.functional.hardtanh(x, -1, 0.5),
    elementwise(real(avoid=[-1, 0.5])),
    reference=lambda x: np.clip(x, -1, 0.5),
)
declare(
    "relu6",
    lambda torch, x: torch.nn.functional.relu6(x * 2, inplace=True),
    elementwise(real(-1, 4, avoid=[0, 3])),
    reference=lambda x: np.clip(2 * x, 0, 6),
)
declare(
    "hardsigmoid",
    lambda torch, x: torch.nn.functional.hardsigmoid(x),
    elementwise(real(-5, 5, avoid=[-3, 3])),
    reference=lambda x: np.clip(x + 3, 0, 6) / 6,
    torch=False,  # PyTorch's derivative is 1/6 in float32
)
declare(
    "hardswish",
    lambda torch, x: torch.nn.functional.hardswish(x),
    elementwise(real(-5, 5, avoid=[-3, 3])),
    reference=lambda x: x * np.clip(x + 3, 0, 6) / 6,
)
declare(
    "hardshrink",
    lambda torch, x: torch.hardshrink(x, 1.0),
    elementwise(real(avoid=[-1, 1])),
    reference=lambda x: np.where(np.abs(x) > 1, x, 0),
)
declare(
    "softshrink",
    lambda torch, x: torch.nn.functional.softshrink(x, 1.0),
    elementwise(real(avoid=[-1, 1])),
    reference=lambda x: np.sign(x) * np.maximum(np.abs(x) - 1, 0),
)
declare(
    "threshold",
    lambda torch, x: torch.threshold(x, 0.5, 20),
    elementwise(real(avoid=0.5)),
    reference=lambda x: np.where(x > 0.5, x, 20),
)
declare("prelu", None, fixed(((2, 3), real(avoid=0)), ((3,), real())))
declare("prelu", None, fixed(((2, 3, 2), real(avoid=0)), ((3,), real())))
declare("prelu", None, fixed(((2, 3, 2), real(avoid=0)), ((1,), real())))
declare("prelu", None, fixed(((4,), real(avoid=0)), ((), real())))
declare("prelu", None, fixed(((), real(avoid=0)), ((1,), real())))
declare(
    "rrelu",
    lambda torch, x: torch.rrelu(x, 0.1, 0.5),
    elementwise(real(avoid=0)),
    reference=lambda x: np.where(x > 0, x, 0.3 * x),
)


def _noisy(torch, x):  # type: ignore[no-untyped-def]
    torch.manual_seed(3)
    return torch.rrelu(x, 0.1, 0.5, training=True)


declare("rrelu", _noisy, elementwise(real(avoid=0)))
