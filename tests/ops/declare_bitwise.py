"""Declarations of `ops/bitwise.py`."""

from __future__ import annotations

import numpy as np

from tests.declared import declare, elementwise, truth, whole

for _name, _function in {
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
}.items():
    declare(_name, None, elementwise(whole(), whole(-9, 9, np.int32)), reference=_function, order=0)
    declare(_name, None, elementwise(truth(), truth()), reference=_function, order=0)
declare("bitwise_not", None, elementwise(whole()), reference=np.invert, order=0)
declare("bitwise_not", lambda torch, x: ~x, elementwise(truth()), reference=np.invert, order=0)
declare("bitwise_left_shift", None, elementwise(whole(), whole(0, 5)), reference=np.left_shift, order=0)
declare("bitwise_right_shift", None, elementwise(whole(), whole(0, 5)), reference=np.right_shift, order=0)
declare(
    "bitwise_and",
    lambda torch, x, y: ((x & 6) | (3 & y)) ^ (x << 2) ^ (2 ^ (y >> 1)),
    elementwise(whole(), whole()),
    reference=lambda x, y: ((x & 6) | (3 & y)) ^ (x << 2) ^ (2 ^ (y >> 1)),
    order=0,
)
