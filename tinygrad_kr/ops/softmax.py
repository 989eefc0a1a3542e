"""Softmax and its kin: numbers along a dimension turned into probabilities, or into their logarithms."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.primitive import joint
from ..kernels import softmax as kernels
from ..tensor import Tensor, wrap
from ._public import as_array, axis_of, public
from .piecewise import floating

__all__ = ["log_softmax", "softmax"]

FUNCTIONAL = ["gumbel_softmax", "softmin"]


# -- the derivatives -----------------------------------------------------------------------------


def _exponentials(x: Any, axis: int) -> Any:
    """e^(x - max x); the shift cancels out of softmax, so it counts as constant."""
    return np.exp(x - np.max(as_array(x), axis=axis, keepdims=True, initial=-np.inf))


def softmax_composite(x: Any, *, axis: int) -> Any:
    """eˣ / Σ eˣ in simple operations."""
    e = _exponentials(x, axis)
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax_composite(x: Any, *, axis: int) -> Any:
    """x - ln Σ eˣ in simple operations."""
    shifted = x - np.max(as_array(x), axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


softmax_rule = joint(
    kernels.softmax,
    lambda g, out, axis: (kernels.softmax_backward(g, out, axis=axis),),
    composite=softmax_composite,
    name="softmax",
)
log_softmax_rule = joint(
    kernels.log_softmax,
    lambda g, out, axis: (kernels.log_softmax_backward(g, out, axis=axis),),
    composite=log_softmax_composite,
    name="log_softmax",
)


# -- the functions -------------------------------------------------------------------------------


def _prepared(input: Tensor, dim: int | None, dtype: Any, name: str, level: int) -> tuple[Tensor, int]:
    """The input in the dtype asked for, and the axis; None chooses it as PyTorch once did, and warns."""
    if dtype is not None and isinstance(input, Tensor):
        input = input.to(dtypes.as_dtype(dtype))
    floating(input, name)
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
            "dim=X as an argument.",
            UserWarning,
            stacklevel=level + 2,
        )
        dim = 0 if input.ndim in (0, 1, 3) else 1
    return input, axis_of(dim, input.ndim)


@public()
def softmax(input: Tensor, dim: int | None = None, dtype: Any = None, *, _stacklevel: int = 3) -> Tensor:
    r"""Probabilities, which add up to 1: outᵢ = e^inputᵢ / Σⱼ e^inputⱼ along `dim`, without overflow.

    Args:
        dim: the dimension; to leave it out is deprecated.
        dtype: convert the input to it first.

    >>> torch.softmax(torch.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([0.0900, 0.2447, 0.6652])

    Source: PyTorch, `torch.softmax`.
    """
    input, axis = _prepared(input, dim, dtype, "softmax", _stacklevel)
    return softmax_rule(input, axis=axis)


@public()
def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None, *, _stacklevel: int = 3) -> Tensor:
    r"""Logarithms of probabilities: outᵢ = inputᵢ - ln Σⱼ e^inputⱼ along `dim`, without overflow.

    Args:
        dim: the dimension; to leave it out is deprecated.
        dtype: convert the input to it first.

    >>> torch.log_softmax(torch.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([-2.4076, -1.4076, -0.4076])

    Source: PyTorch, `torch.log_softmax`.
    """
    input, axis = _prepared(input, dim, dtype, "log_softmax", _stacklevel)
    return log_softmax_rule(input, axis=axis)


@public(method=False, out=False)
def softmin(input: Tensor, dim: int | None = None, dtype: Any = None, *, _stacklevel: int = 3) -> Tensor:
    r"""Softmax of the negative: the smaller the number, the larger its probability.

    Args:
        dim: the dimension; to leave it out is deprecated.
        dtype: convert the input to it first.

    >>> torch.nn.functional.softmin(torch.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([0.6652, 0.2447, 0.0900])

    Source: PyTorch, `torch.nn.functional.softmin`.
    """
    input, axis = _prepared(input, dim, dtype, "softmin", _stacklevel)
    return softmax_rule(-input, axis=axis)


@public(method=False, out=False)
def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    r"""A random choice along `dim` that gradients flow through: softmax((logits + noise) / tau).

    The noise is Gumbel's, -ln(e) of exponential numbers e: the position of the largest element is distributed
    as `softmax(logits)`.

    Args:
        logits: logarithms of probabilities, not normalised.
        tau: the temperature; towards 0 the result nears a one-hot choice.
        hard: give the one-hot choice itself, with the gradient of the soft one (straight-through).
        eps: without effect, as in PyTorch.
        dim: the dimension along which one is chosen.

    >>> torch.nn.functional.gumbel_softmax(torch.tensor([0.0, 100.0]), hard=True)
    tensor([0., 1.])

    Source: Jang et al. 2017; Maddison et al. 2017; PyTorch, `torch.nn.functional.gumbel_softmax`.
    """
    axis = axis_of(dim, floating(logits, "gumbel_softmax").ndim)
    noise = -wrap(np.empty(logits._array.shape, logits._array.dtype)).exponential_().log()
    soft = softmax_rule((logits + noise) / tau, axis=axis)
    if not hard:
        return soft
    best = np.expand_dims(np.argmax(soft._array, axis=axis), axis)
    choice = np.zeros_like(soft._array)
    np.put_along_axis(choice, best, 1, axis=axis)
    return wrap(choice) - soft.detach() + soft
