"""Complex gradients: what the rules compute with, and what a user sees.

For the rules, `g` is what multiplies a differential: dL = Re Σ g·dx. A rule is then the plain derivative,
`g * f'(x)`, for real and for complex arguments alike, and no page conjugates anything. PyTorch shows a user
the conjugate of that, ∂L/∂(Re x) + i ∂L/∂(Im x), the direction in which a step of gradient descent goes.

So the engine conjugates complex gradients on their way in (`backward(gradient)`), on their way out (`.grad`,
`autograd.grad`) and for the functions that users hang into the walk (hooks, `autograd.Function`). Of a
complex gradient that reaches a real tensor the real part is left: dL = Σ Re(g)·dx.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor


def turned(g: Any) -> Any:
    """A complex gradient, array or Tensor, conjugated; any other as it is."""
    array = g._array if isinstance(g, Tensor) else g
    return np.conjugate(g) if array.dtype.kind == "c" else g


def narrowed(g: Any, dtype: np.dtype) -> Any:
    """A gradient in the dtype of the tensor it belongs to; a real one gets the real part of a complex one."""
    if g.dtype.kind == "c" and dtype.kind != "c":
        g = g.real
    return g.astype(dtype)
