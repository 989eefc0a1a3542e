"""Declarations of `ops/arithmetic.py`."""

from __future__ import annotations

import numpy as np

from tests.declared import declare, elementwise, real

declare(
    "add",
    lambda torch, x, y: torch.add(x, y, alpha=2),
    elementwise(real(), real()),
    reference=lambda x, y: x + 2 * y,
)
declare(
    "sub",
    lambda torch, x, y: torch.sub(x, y, alpha=3),
    elementwise(real(), real()),
    reference=lambda x, y: x - 3 * y,
)
declare("rsub", None, elementwise(real(), real()), reference=lambda x, y: y - x)
declare("mul", None, elementwise(real(), real()), reference=np.multiply)
declare("div", None, elementwise(real(), real(avoid=0, gap=0.3)), reference=np.true_divide)
declare(
    "div",
    lambda torch, x, y: torch.div(x, y, rounding_mode="trunc"),
    elementwise(real(1.1, 1.9), real(0.51, 0.54)),
    reference=lambda x, y: np.trunc(x / y),
)
declare(
    "floor_divide", None, elementwise(real(1.1, 1.9), real(2.1, 2.5)), reference=np.floor_divide, torch=False
)
declare("remainder", None, elementwise(real(-1.9, -1.1), real(2.1, 2.5)), reference=np.remainder)
declare("fmod", None, elementwise(real(-1.9, -1.1), real(2.1, 2.5)), reference=np.fmod)
declare("neg", None, elementwise(real()), reference=np.negative)
declare("positive", None, elementwise(real()), reference=np.positive)
declare("square", None, elementwise(real()), reference=np.square)
declare("sqrt", None, elementwise(real(0.2, 3)), reference=np.sqrt)
declare("rsqrt", None, elementwise(real(0.2, 3)), reference=lambda x: x**-0.5)
declare("reciprocal", None, elementwise(real(avoid=0, gap=0.3)), reference=np.reciprocal)
declare("pow", None, elementwise(real(0.2, 3), real()), reference=np.power)
declare("pow", lambda torch, x: torch.pow(x, 3), elementwise(real()), reference=lambda x: x**3)
declare("pow", lambda torch, x: 2**x, elementwise(real()), reference=lambda x: 2**x)
declare(
    "float_power",
    None,
    elementwise(real(0.2, 3), real()),
    reference=np.power,
    extra={"dtype": "float64"},
    float32=False,
)
