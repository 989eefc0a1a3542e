"""What optimizers do with options and states: check them, and turn them into numbers and arrays and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor, wrap

Arrays = dict[str, np.ndarray]
Options = Mapping[str, Any]


# -- for the algorithms --------------------------------------------------------------------------------------


def scalar(value: float = 0.0) -> np.ndarray:
    """A number that is part of the state, such as the count of steps, as PyTorch keeps it."""
    return np.array(value, np.float64 if dtypes.default_numpy == np.float64 else np.float32)


def count(state: Arrays) -> float:
    """Count a step; returns t, the number of steps with this one."""
    state["step"] += 1
    return state["step"].item()


def check_options(options: dict[str, Any]) -> dict[str, Any]:
    """The options of an algorithm, or PyTorch's ValueError for one out of its range."""
    lr = options["lr"]
    if isinstance(lr, Tensor) and lr._array.size != 1:
        raise ValueError(f"Tensor lr must be 1-element, but has shape {tuple(lr.shape)}")
    for name, label in _NOT_NEGATIVE.items():
        if name in options and not plain(options[name]) >= 0:
            raise ValueError(f"Invalid {label}: {options[name]}, it must be at least 0")
    if "betas" in options:
        options["betas"] = tuple(plain(beta) for beta in options["betas"])
        for index, beta in enumerate(options["betas"]):
            if not 0 <= beta < 1:
                raise ValueError(f"Invalid beta parameter at index {index}: {beta}, it must be in [0, 1)")
    if options.get("fused") and options.get("foreach"):
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    return options


_NOT_NEGATIVE = {
    "lr": "learning rate",
    "eps": "epsilon value",
    "momentum": "momentum value",
    "alpha": "alpha value",
    "lr_decay": "lr_decay value",
    "weight_decay": "weight_decay value",
    "momentum_decay": "momentum_decay value",
    "initial_accumulator_value": "initial_accumulator_value value",
}


# -- for the base --------------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """An option as Python's own number: a NumPy float64 would turn float32 parameters into float64."""
    if isinstance(value, (Tensor, np.generic)):
        return value.item()
    if isinstance(value, (tuple, list)):
        return type(value)(plain(one) for one in value)
    return value


def real(array: np.ndarray) -> np.ndarray:
    """A complex array as pairs of real numbers, in the same memory; any other as it is."""
    if array.dtype.kind != "c":
        return array
    return array[..., None].view(array.real.dtype)  # (...) -> (..., 2)


def restored(array: Any, p: Tensor) -> Tensor:
    """A part of the state that `start` or `update` made, as a tensor of the parameter's kind."""
    array = np.asarray(array)
    if p._array.dtype.kind == "c" and array.ndim:
        array = array.view(p._array.dtype)[..., 0]  # (..., 2) -> (...)
    return wrap(array)


def fitted(value: Any, p: Tensor, name: str | None = None) -> Any:
    """A copy of a loaded state; arrays get their parameter's dtype, counts and other numbers keep theirs."""
    if isinstance(value, dict):
        return {key: fitted(one, p, key) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(fitted(one, p) for one in value)
    if name == "step" and isinstance(value, (int, float)):
        return wrap(scalar(value))
    if not isinstance(value, Tensor) and not hasattr(value, "__array__"):
        return value
    array = value._array if isinstance(value, Tensor) else np.asarray(value)
    keep = name == "step" or array.ndim == 0 < p.ndim or array.dtype.kind not in "fc"
    return wrap(np.array(array, None if keep else p._array.dtype))
