"""Losses for regression, and what all losses share.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs. With `reduction="mean"` or `"sum"` the result is a number and `g` too; `per_element` is what each
element gets of it.

No loss broadcasts prediction against target: `(N, 1)` against `(N)` would compare all pairs, and train, but
badly. PyTorch warns in some losses and says nothing in others; here all of them raise.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..autograd.primitive import rule
from ..kernels import loss as kernels
from ..kernels.blockwise import block_total, blockwise
from ..tensor import Tensor
from ._public import public, require_tensor

__all__: list[str] = []

FUNCTIONAL = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


# -- what all losses share -----------------------------------------------------------------------------------


def reduction_of(reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """The `reduction` argument, checked; PyTorch's older two arguments are translated, with its warning."""
    if size_average is not None or reduce is not None:
        averaged, reduced_at_all = size_average is not False, reduce is not False
        reduction = "none" if not reduced_at_all else "mean" if averaged else "sum"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            UserWarning,
            stacklevel=4,
        )
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(
            f"{reduction} is not a valid value for reduction; it is one of 'mean', 'sum' and 'none'"
        )
    return reduction


def reduced_tensor(values: Tensor, reduction: str) -> Tensor:
    """One loss per element, averaged, summed, or as they are."""
    return values.mean() if reduction == "mean" else values.sum() if reduction == "sum" else values


def per_element(g: Any, shape: tuple[int, ...], reduction: str) -> Any:
    """The gradient of each element's loss, given that of the reduced one."""
    return g * (1.0 / max(math.prod(shape), 1)) if reduction == "mean" else g


def matched(function: str, input: Any, target: Any) -> tuple[Tensor, Tensor]:
    """Prediction and target in one floating dtype; raises where their shapes differ, saying what to do."""
    shape = require_tensor(input, function)._array.shape
    given = require_tensor(target, function, "target")._array.shape
    if shape != given:
        raise ValueError(f"{function}: {shapes_differ(shape, given)}")
    a, b = input._array.dtype, target._array.dtype
    if a is b or a == b:
        if a.kind != "f":
            raise RuntimeError(f"{function}: expected floating tensors, but got {input.dtype}; use .float()")
        return input, target
    common = np.promote_types(a, b) if a.kind == b.kind == "f" else a if a.kind == "f" else b
    if common.kind != "f":
        raise RuntimeError(
            f"{function}: expected floating tensors, but got {input.dtype} and {target.dtype}; use .float()"
        )
    if a != common:
        input = input.to(target.dtype)
    return input, (target.to(input.dtype) if b != common else target)


def shapes_differ(shape: tuple[int, ...], given: tuple[int, ...]) -> str:
    """The message for a target of another shape than the input, with the fix that its shape suggests."""
    if math.prod(shape) == math.prod(given):
        fix = "they have equally many elements: use target.view_as(input), or input.squeeze() or .unsqueeze()"
    else:
        fix = "if every prediction is meant to meet the same target, say so with target.expand_as(input)"
    return (
        f"Using a target size ({list(given)}) that is different to the input size ({list(shape)}). Losses do "
        f"not broadcast, since that compares predictions with targets of other examples; {fix}."
    )


def weighted_mean(values: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """Losses times weights of the same shape; their mean is divided by the sum of the weights."""
    if weight.shape != values.shape:
        raise ValueError(
            f"Weights and input must have the same size, but got {list(weight.shape)} and "
            f"{list(values.shape)}."
        )
    values = values * weight
    return values.sum() / weight.sum() if reduction == "mean" else reduced_tensor(values, reduction)


# -- the derivatives -----------------------------------------------------------------------------------------


def summed(total: float, like: Any, reduction: str) -> Any:
    """A sum over all elements, or the mean made of it (of nothing: NaN), in the dtype of the elements."""
    return like.dtype.type(total if reduction == "sum" else total / (like.size or math.nan))


def squared_error(input: Any, target: Any, *, reduction: str) -> Any:
    """(x - t)²."""
    if reduction == "none":
        return np.square(input - target)
    return summed(block_total(kernels.squared_total, input, target), input, reduction)


mse_rule = rule(
    squared_error,
    name="mse_loss",
    input=lambda g, input, target, reduction: 2.0 * per_element(g, input.shape, reduction) * (input - target),
    target=lambda g, input, target, reduction: (
        2.0 * per_element(g, input.shape, reduction) * (target - input)
    ),
)


def absolute_error(input: Any, target: Any, *, reduction: str) -> Any:
    """|x - t|."""
    if reduction == "none":
        return np.abs(input - target)
    return summed(block_total(kernels.absolute_total, input, target), input, reduction)


l1_rule = rule(
    absolute_error,
    name="l1_loss",
    input=lambda g, input, target, reduction: (
        per_element(g, input.shape, reduction) * np.sign(input - target)
    ),
    target=lambda g, input, target, reduction: (
        per_element(g, input.shape, reduction) * np.sign(target - input)
    ),
)


@blockwise(kernels.clipped_difference)
def clipped_difference(x: Any, t: Any, *, bound: float) -> Any:
    """x - t, no larger than `bound` in size."""
    return np.minimum(np.maximum(x - t, -bound), bound)


def huber(input: Any, target: Any, *, delta: float, reduction: str) -> Any:
    """½ d² near 0 and δ (|d| - ½ δ) beyond δ, where d = x - t: c (d - ½ c) with c = d, clipped to ±δ."""
    if reduction == "none":
        difference = input - target
        inside = np.clip(difference, -delta, delta)
        return inside * (difference - 0.5 * inside)
    total = block_total(kernels.huber_total, input, target, delta=delta)
    return summed(total, input, reduction)


huber_rule = rule(
    huber,
    name="huber_loss",
    input=lambda g, input, target, delta, reduction: (
        per_element(g, input.shape, reduction) * clipped_difference(input, target, bound=delta)
    ),
    target=lambda g, input, target, delta, reduction: (
        per_element(g, input.shape, reduction) * clipped_difference(target, input, bound=delta)
    ),
)


# -- regression ----------------------------------------------------------------------------------------------


@public(method=False, out=False)
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    r"""Squared error: (x - t)².

    Args:
        input, target: prediction and target, of one shape.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum", or "none" for one loss per element.
        weight: a factor for each element; the mean is then divided by the sum of the weights.

    Raises:
        ValueError: the shapes differ; nothing is broadcast.

    >>> mse_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(2.)

    Source: PyTorch, `torch.nn.functional.mse_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    input, target = matched("mse_loss", input, target)
    if weight is not None:
        return weighted_mean(mse_rule(input, target, reduction="none"), weight, reduction)
    return mse_rule(input, target, reduction=reduction)


@public(method=False, out=False)
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    r"""Absolute error: |x - t|. The arguments are those of `mse_loss`.

    >>> l1_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(1.)

    Source: PyTorch, `torch.nn.functional.l1_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    input, target = matched("l1_loss", input, target)
    if weight is not None:
        return weighted_mean(l1_rule(input, target, reduction="none"), weight, reduction)
    return l1_rule(input, target, reduction=reduction)


@public(method=False, out=False)
def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    r"""Squared error near 0, absolute error beyond: ½ d² if |d| < δ, else δ (|d| - ½ δ), where d = x - t.

    Args:
        input, target: prediction and target, of one shape.
        reduction: "mean", "sum" or "none".
        delta: where the parabola becomes a line.
        weight: a factor for each element; the mean is divided by the number of elements.

    >>> huber_loss(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 3.0]), delta=1.0, reduction="none")
    tensor([0.5000, 2.5000])

    Source: Huber, "Robust estimation of a location parameter" (1964); PyTorch,
    `torch.nn.functional.huber_loss`.
    """
    reduction = reduction_of(reduction)
    if delta <= 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta, but got {delta}.")
    input, target = matched("huber_loss", input, target)
    if weight is None:
        return huber_rule(input, target, delta=float(delta), reduction=reduction)
    if weight.shape != input.shape:
        raise ValueError(
            f"Weights and input must have the same size, but got {list(weight.shape)} and "
            f"{list(input.shape)}."
        )
    values = huber_rule(input, target, delta=float(delta), reduction="none") * weight
    return reduced_tensor(values, reduction)


@public(method=False, out=False)
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    r"""The Huber loss divided by its δ: ½ d²/β if |d| < β, else |d| - ½ β; the absolute error for β = 0.

    >>> smooth_l1_loss(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 3.0]), reduction="none")
    tensor([0.5000, 2.5000])

    Source: Girshick, "Fast R-CNN" (2015); PyTorch, `torch.nn.functional.smooth_l1_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, but got {beta}.")
    input, target = matched("smooth_l1_loss", input, target)
    if beta == 0:
        return l1_rule(input, target, reduction=reduction)
    loss = huber_rule(input, target, delta=float(beta), reduction=reduction)
    return loss if beta == 1 else loss * (1.0 / beta)
