"""Declarations of `ops/conversion.py`."""

from __future__ import annotations

import numpy as np

from tests.declared import declare, elementwise, real

declare("clone", None, elementwise(real()), reference=np.copy)
declare(
    "to",
    lambda torch, x: x.to(torch.float64, copy=True),
    elementwise(real()),
    reference=np.copy,
    float32=False,
)
declare("double", lambda torch, x: x.float().double(), elementwise(real()), order=0, float32=False)
