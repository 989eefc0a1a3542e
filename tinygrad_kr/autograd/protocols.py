"""NumPy's two protocols: `np.exp(t)`, `np.concatenate([a, b])` and `ndarray + t` are differentiable.

Both methods are short look-ups in the registry of primitives.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor, graft
from .primitive import dispatch


def __array_ufunc__(self: Tensor, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    if method == "__call__" and ufunc in dispatch and not kwargs:
        return dispatch[ufunc](*inputs)
    if kwargs.get("out") is not None:
        raise TypeError(
            f"np.{ufunc.__name__}(..., out=...) cannot be recorded for backward when a Tensor takes part "
            f"(also "
            f"what `array += tensor` means); use `array = array + tensor`, or tensor.detach().numpy()"
        )
    what = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
    options = f" with {', '.join(kwargs)}" if kwargs else ""
    raise TypeError(
        f"{what}{options} has no derivative rule for Tensors; use an operation of this package, or "
        "tensor.detach().numpy() if no gradient is needed"
    )


def __array_function__(self: Tensor, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    if function in dispatch:
        return dispatch[function](*args, **kwargs)
    name = f"{getattr(function, '__module__', 'numpy')}.{getattr(function, '__name__', function)}"
    raise TypeError(
        f"{name} has no derivative rule for Tensors; use an operation of this package, or "
        "tensor.detach().numpy() if no gradient is needed"
    )


graft(__array_ufunc__)
graft(__array_function__)
