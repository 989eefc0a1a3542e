"""Declarations of `ops/trigonometry.py`."""

from __future__ import annotations

import numpy as np

from tests.declared import declare, elementwise, real

declare("sin", None, elementwise(real(-6, 6)), reference=np.sin)
declare("cos", None, elementwise(real(-6, 6)), reference=np.cos)
declare("tan", None, elementwise(real(-1, 1)), reference=np.tan)
declare("sinc", None, elementwise(real(avoid=0)), reference=np.sinc)
declare("asin", None, elementwise(real(-0.8, 0.8)), reference=np.arcsin)
declare("acos", None, elementwise(real(-0.8, 0.8)), reference=np.arccos)
declare("atan", None, elementwise(real()), reference=np.arctan)
declare("atan2", None, elementwise(real(), real(0.5, 2)), reference=np.arctan2)
declare("hypot", None, elementwise(real(), real(0.5, 2)), reference=np.hypot)
declare("deg2rad", None, elementwise(real(-180, 180)), reference=np.deg2rad)
declare("rad2deg", None, elementwise(real()), reference=np.rad2deg)
declare("sinh", None, elementwise(real()), reference=np.sinh)
declare("cosh", None, elementwise(real()), reference=np.cosh)
declare("tanh", None, elementwise(real()), reference=np.tanh)
declare("asinh", None, elementwise(real()), reference=np.arcsinh)
declare("acosh", None, elementwise(real(1.5, 3)), reference=np.arccosh)
declare("atanh", None, elementwise(real(-0.8, 0.8)), reference=np.arctanh)
declare("asin", lambda torch, x: torch.arcsin(x) + torch.arccos(x), elementwise(real(-0.8, 0.8)))
declare("atan", lambda torch, x: torch.arctan(x) + torch.arctan2(x, x + 3), elementwise(real()))
declare("asinh", lambda torch, x: torch.arcsinh(x) + torch.arctanh(x / 4), elementwise(real()))
declare("acosh", lambda torch, x: torch.arccosh(x), elementwise(real(1.5, 3)))
