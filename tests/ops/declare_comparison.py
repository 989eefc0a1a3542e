"""Declarations of `ops/comparison.py`."""

from __future__ import annotations

import numpy as np

from tests.declared import declare, elementwise, fixed, real, truth, whole

for _name, _function in {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}.items():
    declare(_name, None, elementwise(whole(), whole()), reference=_function, order=0)
    declare(_name, None, elementwise(real(), whole()), reference=_function, order=0)
for _name, _function in {
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
}.items():
    declare(_name, None, elementwise(whole(-1, 1), truth()), reference=_function, order=0)
declare("logical_not", None, elementwise(whole(-1, 1)), reference=np.logical_not, order=0)
for _name, _function in {
    "isnan": np.isnan,
    "isinf": np.isinf,
    "isfinite": np.isfinite,
    "isposinf": np.isposinf,
    "isneginf": np.isneginf,
}.items():
    declare(_name, None, elementwise(whole()), reference=_function, order=0)
    declare(
        _name,
        lambda torch, x, name=_name: getattr(torch, name)(torch.log(x) / (x * x)),
        elementwise(whole(-1, 1)),
        order=0,
    )
declare("isreal", None, elementwise(real()), reference=np.isreal, order=0)
declare("isclose", None, elementwise(whole(), whole()), reference=np.isclose, order=0)
declare(
    "isclose",
    lambda torch, x, y: torch.isclose(x, y, rtol=0.5, atol=0.1),
    elementwise(real(), real()),
    reference=lambda x, y: np.isclose(x, y, 0.5, 0.1),
    order=0,
    float32=False,
)
declare(
    "allclose", lambda torch, x, y: torch.allclose(x, y, 1.0), fixed(((2,), real()), ((2,), real())), order=0
)
declare("equal", None, fixed(((2,), whole(0, 1)), ((2,), whole(0, 1))), order=0)
declare("isin", None, fixed(((2, 3), whole()), ((2,), whole())), reference=np.isin, order=0)
declare("isin", lambda torch, x: torch.isin(x, 1, invert=True), elementwise(whole()), order=0)
declare("isin", lambda torch, x: torch.isin(1, x), elementwise(whole()), order=0)
declare("is_floating_point", None, elementwise(real()), order=0)
declare("is_complex", None, elementwise(real()), order=0)
declare("is_signed", None, elementwise(truth()), order=0)
declare("is_nonzero", None, fixed(((1,), whole(0, 1))), order=0)
