"""Declarations of `ops/exponential.py`."""

from __future__ import annotations

import math

import numpy as np

from tests.declared import declare, elementwise, real

erf, erfc = np.vectorize(math.erf, otypes=[float]), np.vectorize(math.erfc, otypes=[float])

declare("exp", None, elementwise(real()), reference=np.exp)
declare("exp2", None, elementwise(real()), reference=np.exp2)
declare("expm1", None, elementwise(real()), reference=np.expm1)
declare("log", None, elementwise(real(0.3, 3)), reference=np.log)
declare("log2", None, elementwise(real(0.3, 3)), reference=np.log2)
declare("log10", None, elementwise(real(0.3, 3)), reference=np.log10)
declare("log1p", None, elementwise(real(-0.6, 3)), reference=np.log1p)
declare("logaddexp", None, elementwise(real(), real()), reference=np.logaddexp)
declare("logaddexp2", None, elementwise(real(), real()), reference=np.logaddexp2)
declare("xlogy", None, elementwise(real(avoid=0), real(0.3, 3)), reference=lambda x, y: x * np.log(y))
declare(
    "xlogy",
    lambda torch, x: torch.xlogy(x, 2.5) + torch.xlogy(2, x),
    elementwise(real(0.3, 3)),
    reference=lambda x: x * np.log(2.5) + 2 * np.log(x),
)
declare("sigmoid", None, elementwise(real(-6, 6)), reference=lambda x: 1 / (1 + np.exp(-x)))
declare("logit", None, elementwise(real(0.1, 0.9)), reference=lambda x: np.log(x / (1 - x)))
declare(
    "logit",
    lambda torch, x: torch.logit(x, eps=0.2),
    elementwise(real(0.01, 0.99, avoid=[0.2, 0.8])),
    reference=lambda x: np.log(np.clip(x, 0.2, 0.8) / (1 - np.clip(x, 0.2, 0.8))),
)
declare("erf", None, elementwise(real()), reference=erf)
declare("erfc", None, elementwise(real()), reference=erfc)
declare("erfinv", None, elementwise(real(-0.9, 0.9)))
declare(
    "erfinv",
    lambda torch, x: torch.erf(torch.erfinv(x)),
    elementwise(real(-0.9, 0.9)),
    reference=np.positive,
)
