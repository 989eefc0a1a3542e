"""Declarations of `ops/selection.py`."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.declared import declare, elementwise, fixed, real, truth, whole

declare("where", None, elementwise(truth(), real(), real()), reference=np.where)
declare("where", None, elementwise(truth(), whole(), real()), reference=np.where)
declare("where", lambda torch, c, x: torch.where(c, x, 0.5), elementwise(truth(), real()))
declare("where", lambda torch, c, x: x.where(c, x * x), elementwise(truth(), real()))
declare("where", None, elementwise(truth()), reference=lambda c: np.nonzero(np.atleast_1d(c)), order=0)
declare(  # large enough for the arithmetic on bits
    "where", None, fixed(((70, 60), truth()), ((70, 60), real()), ((60,), real())), reference=np.where
)
declare(
    "masked_fill",
    lambda torch, x, mask, value: torch.masked_fill(x, mask, value),
    elementwise(real(), truth(), extra=[st.sampled_from([0, 2.5, -1.0])]),
    reference=lambda x, mask, value: np.where(mask, value, x),
)
declare("masked_fill", None, fixed(((2, 3), real()), ((3,), truth()), ((), real())))
declare("masked_fill", None, fixed(((70, 60), real()), ((70, 1), truth()), ((), real())))
declare(
    "masked_fill",
    lambda torch, x: x.clone().masked_fill_(x > 0, 2.0),
    elementwise(real(avoid=0)),
    reference=lambda x: np.where(x > 0, 2.0, x),
)
declare(
    "clamp",
    lambda torch, x, low, high: torch.clamp(x, low, high),
    elementwise(real(avoid=[-1, 1]), extra=[st.sampled_from([None, -1, -1.0]), st.sampled_from([1, 1.0])]),
    reference=lambda x, low, high: np.clip(x, low, high),
)
declare(
    "clamp",
    lambda torch, x, low, high: x.clamp(low, high),
    fixed(((2, 3), real(-2, 2)), ((3,), real(-1.2, -0.5)), ((2, 1), real(0.5, 1.2))),
    reference=lambda x, low, high: np.minimum(np.maximum(x, low), high),
)
declare(
    "clamp",
    lambda torch, x, low: torch.clip(x, min=low),
    elementwise(real(avoid=[-1, 0, 1]), whole(-1, 1)),
)
declare("clamp", lambda torch, x: torch.clamp(x, 0.5, 1.5), elementwise(whole()), order=0)
declare("clamp_min", lambda torch, x: torch.clamp_min(x, 0.5), elementwise(real(avoid=0.5)))
declare("clamp_min", None, elementwise(real(0, 2, avoid=1), real(0.97, 1.03)), reference=np.maximum)
declare("clamp_max", lambda torch, x: torch.clamp_max(x, 0.5), elementwise(real(avoid=0.5)))
declare("clamp_max", None, elementwise(real(0, 2, avoid=1), real(0.97, 1.03)), reference=np.minimum)
declare("maximum", None, elementwise(real(0, 2, avoid=1), real(0.97, 1.03)), reference=np.maximum)
declare("minimum", None, elementwise(real(0, 2, avoid=1), real(0.97, 1.03)), reference=np.minimum)
declare("maximum", None, elementwise(whole(), whole()), reference=np.maximum, order=0)
declare("fmax", None, elementwise(real(0, 2, avoid=1), real(0.97, 1.03)), reference=np.fmax)
declare("fmin", None, elementwise(real(0, 2, avoid=1), real(0.97, 1.03)), reference=np.fmin)
