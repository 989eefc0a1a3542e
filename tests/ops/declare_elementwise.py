"""Declarations of `ops/elementwise.py`."""

from __future__ import annotations

import numpy as np

from tests.declared import declare, elementwise, real, whole

HALVES = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2]

declare("abs", None, elementwise(real(avoid=0)), reference=np.abs)
declare("abs", lambda torch, x: torch.absolute(x), elementwise(whole()), reference=np.abs, order=0)
declare("sign", None, elementwise(real(avoid=0)), reference=np.sign)
declare("sgn", None, elementwise(real(avoid=0)), reference=np.sign, torch=False)
declare("sgn", None, elementwise(whole()), reference=np.sign, order=0)
declare("signbit", None, elementwise(real()), reference=np.signbit, order=0)
declare("copysign", None, elementwise(real(avoid=0), real(avoid=0)), reference=np.copysign)
declare("copysign", lambda torch, x: torch.copysign(x, -1.0), elementwise(real(avoid=0)))
declare("heaviside", None, elementwise(real(avoid=0), real()), reference=np.heaviside, torch=False)
declare("heaviside", None, elementwise(whole(-1, 1), whole()), reference=np.heaviside, order=0)
declare("floor", None, elementwise(real(avoid=HALVES)), reference=np.floor)
declare("ceil", None, elementwise(real(avoid=HALVES)), reference=np.ceil)
declare("trunc", None, elementwise(real(avoid=HALVES)), reference=np.trunc)
declare("trunc", lambda torch, x: torch.fix(x), elementwise(whole()), reference=np.trunc, order=0)
declare("round", None, elementwise(real(avoid=HALVES)), reference=np.round)
declare(
    "round",
    lambda torch, x: torch.round(x, decimals=1),
    elementwise(real(-0.23, 0.23, avoid=[-0.15, -0.05, 0.05, 0.15], gap=0.01)),
    reference=lambda x: np.round(x, 1),
)
declare("frac", None, elementwise(real(avoid=HALVES)), reference=lambda x: x - np.trunc(x))
declare("nan_to_num", None, elementwise(real()), reference=np.nan_to_num)
declare(
    "lerp",
    None,
    elementwise(real(), real(), real(-1, 2, avoid=0.5)),
    reference=lambda start, end, weight: start + weight * (end - start),
)
declare(
    "lerp",
    lambda torch, start, end: start.lerp(end, 0.75),
    elementwise(real(), real()),
    reference=lambda start, end: start + 0.75 * (end - start),
)
declare(
    "addcmul",
    lambda torch, x, y, z: torch.addcmul(x, y, z, value=0.5),
    elementwise(real(), real(), real()),
    reference=lambda x, y, z: x + 0.5 * y * z,
)
declare("addcmul", None, elementwise(whole(), whole(), whole()), reference=lambda x, y, z: x + y * z, order=0)
declare(
    "addcdiv",
    lambda torch, x, y, z: torch.addcdiv(x, y, z, value=0.5),
    elementwise(real(), real(), real(avoid=0, gap=0.3)),
    reference=lambda x, y, z: x + 0.5 * y / z,
)
declare("addcdiv", None, elementwise(real(), real(), real(0.5, 2)), reference=lambda x, y, z: x + y / z)
