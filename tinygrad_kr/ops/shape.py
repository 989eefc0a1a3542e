"""Shape: the same elements in other shapes and orders. Most results are views of their input's memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import numpy_function, rule

__all__: list[str] = []


def reshape_(x: Any, *, shape: tuple[int, ...]) -> Any:
    """The elements in row-major order, in another shape."""
    return x.reshape(shape)


reshape_rule = rule(
    reshape_, name="view", view=True, x=lambda g, x_shape: np.reshape(g, x_shape)
)


@numpy_function(np.reshape)
def _np_reshape(a: Any, shape: Any, order: str = "C") -> Any:
    if order != "C":
        raise TypeError(f"np.reshape on a Tensor takes order='C' only, got {order!r}")
    return reshape_rule(a, shape=shape)


expand_rule = rule(
    np.broadcast_to,
    name="expand",
    forward=lambda array, *, shape: np.broadcast_to(array, shape),
    view=True,
    array=lambda g: g,  # the engine sums over what was broadcast
)
