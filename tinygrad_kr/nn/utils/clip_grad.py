"""Gradient clipping: bounds for the norm of all gradients together, or for every element."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ...tensor import Tensor, wrap

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
]

Tensors = Tensor | Iterable[Tensor]


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Tensor]:
    return [one._grad for one in _listed(parameters) if one._grad is not None]


def _norm(array: np.ndarray, p: float) -> Any:
    """The p-norm of all elements; of nothing, 0."""
    if not array.size:
        return array.dtype.type(0)
    if p == 2:
        flat = array.ravel(order="K")
        with np.errstate(over="ignore"):
            square = np.dot(flat, flat)
        if 1e-30 < square < 1e30:  # far from where squares of float32 under- or overflow
            return np.sqrt(square)
    return array.dtype.type(np.linalg.norm(array.ravel().astype(np.float64), p))


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    r"""The norm of several tensors taken together, as if they were one long vector.

    Args:
        tensors: one or several; gradients, usually.
        norm_type: the p of the norm; `math.inf` for the largest absolute value.
        error_if_nonfinite: raise if the norm is NaN or infinite.
        foreach: PyTorch's choice of implementation; changes nothing here.

    Raises:
        RuntimeError: the norm is not finite, with `error_if_nonfinite`.

    >>> torch.nn.utils.get_total_norm([torch.tensor([3.0]), torch.tensor([0.0, 4.0])])
    tensor(5.)

    Source: PyTorch, `torch.nn.utils.get_total_norm`.
    """
    tensors = _listed(tensors)
    if not tensors:
        return wrap(np.array(0.0, np.float32))
    p = float(norm_type)
    total = _norm(np.array([_norm(one._array, p) for one in tensors]), p)
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {p} for gradients from `parameters` is non-finite ({total}), so it "
            "cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, "
            "set `error_if_nonfinite=False`"
        )
    return wrap(np.asarray(total))


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    r"""Scale the gradients of parameters by max_norm / (total_norm + 1e-6), if that is below 1; in place.

    Args:
        parameters: one or several tensors; those without gradient are left out.
        max_norm: the norm that the gradients together shall not exceed.
        total_norm: what it is now, from `get_total_norm`.
        foreach: PyTorch's choice of implementation; changes nothing here.

    >>> w = torch.nn.Parameter(torch.zeros(2))
    >>> w.grad = torch.tensor([3.0, 4.0])
    >>> torch.nn.utils.clip_grads_with_norm_(w, 1.0, torch.tensor(5.0))
    >>> w.grad
    tensor([0.6000, 0.8000])

    Source: PyTorch, `torch.nn.utils.clip_grads_with_norm_`.
    """
    scale = np.minimum(float(max_norm) / (total_norm._array + 1e-6), 1.0)
    if scale == 1:
        return
    for grad in _gradients(parameters):
        np.multiply(grad._array, scale.astype(grad._array.dtype), out=grad._array)
        grad._storage.version += 1


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    r"""Scale the gradients of all parameters together so that their norm is at most `max_norm`; in place.

    The direction of the step stays. It is what keeps recurrent networks from exploding gradients.

    Args:
        parameters: one or several tensors; those without gradient are left out.
        max_norm: the norm that the gradients together shall not exceed.
        norm_type: the p of the norm; `math.inf` for the largest absolute value.
        error_if_nonfinite: raise if the norm is NaN or infinite.
        foreach: PyTorch's choice of implementation; changes nothing here.

    Returns:
        The norm before clipping.

    Raises:
        RuntimeError: the norm is not finite, with `error_if_nonfinite`.

    >>> w = torch.nn.Parameter(torch.zeros(2))
    >>> w.grad = torch.tensor([3.0, 4.0])
    >>> torch.nn.utils.clip_grad_norm_([w], max_norm=1.0), w.grad
    (tensor(5.), tensor([0.6000, 0.8000]))

    Source: Pascanu et al. 2012, "On the difficulty of training recurrent neural networks"; PyTorch,
    `torch.nn.utils.clip_grad_norm_`.
    """
    empty_handed = isinstance(parameters, Iterator)
    parameters = _listed(parameters)
    if empty_handed and not parameters:
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur: a generator such as "
            "model.parameters() can be used once only.",
            UserWarning,
            stacklevel=2,
        )
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The older name of `clip_grad_norm_`, which it calls with a warning."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    r"""Cut every element of every gradient to [-clip_value, clip_value]; in place.

    Args:
        parameters: one or several tensors; those without gradient are left out.
        clip_value: the bound.
        foreach: PyTorch's choice of implementation; changes nothing here.

    >>> w = torch.nn.Parameter(torch.zeros(2))
    >>> w.grad = torch.tensor([3.0, -0.5])
    >>> torch.nn.utils.clip_grad_value_(w, 1.0)
    >>> w.grad
    tensor([ 1.0000, -0.5000])

    Source: PyTorch, `torch.nn.utils.clip_grad_value_`.
    """
    bound = float(clip_value)
    for grad in _gradients(parameters):
        grad._array.clip(-bound, bound, out=grad._array)
        grad._storage.version += 1
