"""Losses for classification: cross-entropy and the margin losses over classes.

Cross-entropy is fused: its forward computes the softmax once and its backward is softmax minus target. The
composite beside it says the same in simple operations; second derivatives differentiate that.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import joint, rule
from ..tensor import Tensor
from ._public import as_array, public, require_tensor
from .loss import matched, reduced_tensor, reduction_of

__all__: list[str] = []

FUNCTIONAL = [
    "cross_entropy",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
]


# -- classes given by index ----------------------------------------------------------------------------------


def class_axis(ndim: int) -> int:
    """Where the classes are: (C), (N, C) or (N, C, d₁, ...)."""
    return 0 if ndim == 1 else 1


def class_rows(x: np.ndarray) -> np.ndarray:
    """(N, C, d₁, ...) as a matrix with a row of C numbers per prediction."""
    return x.reshape(1, -1) if x.ndim == 1 else np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def chosen(target: np.ndarray, weight: Any, dtype: np.dtype, ignore_index: int) -> tuple[np.ndarray, Any]:
    """The class of each prediction (0 where it is ignored), and its weight (0 where it is ignored)."""
    classes = target.reshape(-1)
    ignored = classes == ignore_index
    if ignored.any():
        classes = np.where(ignored, 0, classes)
        weights = np.where(ignored, 0, 1 if weight is None else weight[classes]).astype(dtype, copy=False)
        return classes, weights
    return classes, None if weight is None else weight[classes]


def spread_weights(
    shape: tuple[int, ...], target: Any, weight: Any, dtype: Any, ignore_index: int, smoothing: float = 0.0
) -> np.ndarray:
    """The factor of each class's -ln p in the loss: mostly 0, and the class weight at the target."""
    count = shape[class_axis(len(shape))]
    classes, weights = chosen(as_array(target), as_array(weight), np.dtype(dtype), ignore_index)
    factors = np.zeros((len(classes), count), dtype)
    factors[np.arange(len(classes)), classes] = 1.0 - smoothing
    if smoothing:
        factors += smoothing / count
        factors = factors if weight is None else factors * as_array(weight)
        if weights is not None:
            factors *= weights[:, None] != 0
    elif weights is not None:
        factors *= weights[:, None]
    if len(shape) == 1:
        return factors.reshape(shape)
    return np.moveaxis(factors.reshape(shape[0], *shape[2:], count), -1, 1)


def total_weight(target: Any, weight: Any, dtype: Any, ignore_index: int) -> Any:
    """What the mean divides by: the weights of all targets together; NaN if there are none."""
    classes, weights = chosen(as_array(target), as_array(weight), np.dtype(dtype), ignore_index)
    total = float(len(classes)) if weights is None else float(weights.sum(dtype=np.float64))
    return total or math.nan


# -- the derivatives -----------------------------------------------------------------------------------------


def cross_entropy_(
    input: Any,
    target: Any,
    weight: Any,
    *,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
    recording: bool = False,
) -> Any:
    """-ln softmax(x)[t], weighted; with smoothing, that towards every class as well."""
    rows = class_rows(input)
    classes, weights = chosen(target, weight, input.dtype, ignore_index)
    places = np.arange(len(rows))
    shifted = rows - rows.max(axis=1, keepdims=True, initial=-math.inf)
    exponentials = np.exp(shifted)
    sums = np.add.reduce(exponentials, axis=1)
    logarithms = np.log(sums)
    values = logarithms - shifted[places, classes]
    if weights is not None:
        values *= weights
    if label_smoothing:
        values *= 1.0 - label_smoothing
        spread = logarithms[:, None] - shifted
        every = np.add.reduce(spread, axis=1) if weight is None else np.dot(spread, weight)
        if weights is not None:
            every = np.where(weights == 0, 0, every)
        values += every * (label_smoothing / rows.shape[1])
    total = None
    if reduction == "none":
        out = values.reshape(target.shape)
    else:
        out = np.add.reduce(values)
        if reduction == "mean":
            total = float(len(values)) if weights is None else float(weights.sum(dtype=np.float64))
            total = total or math.nan
            out = out / total
    kept = None
    if recording:
        exponentials /= sums[:, None]
        kept = exponentials, classes, weights, total
    return np.asarray(out, input.dtype), kept


def cross_entropy_gradient(
    g: Any, kept: Any, weight: Any, input_shape: Any, label_smoothing: float
) -> list[Any]:
    """softmax(x) minus the target, both times what arrives and the weight."""
    softmax, classes, weights, total = kept
    places = np.arange(len(classes))
    scale = g if total is None else g / g.dtype.type(total)
    scale = scale.reshape(-1)  # one number, or one per row
    if weights is not None:
        scale = scale * weights
    if not label_smoothing:
        gradient = softmax * scale[:, None]
        gradient[places, classes] -= scale
    else:
        gradient = _smooth_gradient(softmax, classes, weights, weight, scale, g, total, label_smoothing)
    if len(input_shape) == 1:
        return [gradient.reshape(input_shape), None, None]
    size, count, *others = input_shape
    return [np.moveaxis(gradient.reshape(size, *others, count), -1, 1), None, None]


def _smooth_gradient(
    softmax: Any, classes: Any, weights: Any, weight: Any, scale: Any, g: Any, total: Any, smoothing: float
) -> Any:
    """As without smoothing, plus a pull of every class towards its share of the smoothing."""
    count = softmax.shape[1]
    plain = (g if total is None else g / g.dtype.type(total)).reshape(-1) * (smoothing / count)
    if weights is not None:
        plain = plain * (weights != 0)
    pull = 1.0 if weight is None else weight
    everywhere = float(count) if weight is None else float(weight.sum(dtype=np.float64))
    sharp = scale * (1.0 - smoothing)
    gradient = softmax * (sharp + plain * everywhere)[:, None] - plain[:, None] * pull
    gradient[np.arange(len(classes)), classes] -= sharp
    return gradient.astype(softmax.dtype, copy=False)


def log_softmax_(x: Any, axis: int) -> Any:
    """x - ln Σ eˣ along an axis, shifted by its maximum, which changes no derivative."""
    shifted = x - np.max(as_array(x), axis=axis, keepdims=True, initial=-math.inf)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def cross_entropy_composite(
    input: Any, target: Any, weight: Any, *, ignore_index: int, reduction: str, label_smoothing: float
) -> Any:
    """What cross-entropy means: log-softmax, times the factor of each class, summed over the classes."""
    axis, dtype = class_axis(len(input.shape)), as_array(input).dtype
    factors = spread_weights(input.shape, target, weight, dtype, ignore_index, label_smoothing)
    values = -np.sum(log_softmax_(input, axis) * factors, axis=axis)
    if reduction == "none":
        return values
    total = total_weight(target, weight, dtype, ignore_index) if reduction == "mean" else 1.0
    return np.sum(values) / total


cross_entropy_rule = joint(
    cross_entropy_,
    cross_entropy_gradient,
    composite=cross_entropy_composite,
    keeps=True,
    name="nll_loss",
)


def nll_(input: Any, target: Any, weight: Any, *, ignore_index: int, reduction: str) -> Any:
    """-x[t], weighted."""
    classes, weights = chosen(target, weight, input.dtype, ignore_index)
    values = -class_rows(input)[np.arange(len(classes)), classes]
    if weights is not None:
        values = values * weights
    if reduction == "none":
        return values.reshape(target.shape)
    total = total_weight(target, weight, input.dtype, ignore_index) if reduction == "mean" else 1.0
    return np.add.reduce(values) / total


def nll_gradient(
    g: Any, input_shape: Any, target: Any, weight: Any, ignore_index: int, reduction: str
) -> Any:
    """Minus the weight at the target, 0 elsewhere."""
    dtype = as_array(g).dtype
    factors = spread_weights(tuple(input_shape), target, weight, dtype, ignore_index)
    if reduction == "none":
        axis = class_axis(len(input_shape))
        return -np.reshape(g, (*g.shape[:axis], 1, *g.shape[axis:])) * factors
    total = total_weight(target, weight, dtype, ignore_index) if reduction == "mean" else 1.0
    return -g * (factors / total)


nll_rule = rule(nll_, name="nll_loss", input=nll_gradient)


# -- the errors ----------------------------------------------------------------------------------------------


def _check_classes(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> Tensor:
    """Raise PyTorch's errors for a target that is not one class per prediction; returns it in its final shape."""
    shape, given = input._array.shape, target._array.shape
    if target._array.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.scalar_name}: class indices are "
            f"integers, use target.long(); class probabilities have the shape of the input, {list(shape)}"
        )
    if not shape:
        raise ValueError("Expected 1 or more dimensions (got 0): the input holds one number per class")
    count = shape[class_axis(len(shape))]
    if len(shape) == 1:
        if given == (1,):
            target = target.reshape(())
        elif given:
            raise ValueError(
                f"For 1D input, 1D target must have size 1, but got target size: {list(given)}; one prediction over "
                f"{count} classes has one class"
            )
    elif given != (shape[0], *shape[2:]):
        raise _wrong_target_shape(shape, given)
    if weight is not None:
        if require_tensor(weight, "cross_entropy", "weight")._array.shape != (count,):
            raise RuntimeError(
                f"weight tensor should be defined either for all {count} classes or no classes but got weight tensor "
                f"of shape: {list(weight.shape)}"
            )
        if weight._array.dtype != input._array.dtype:
            raise RuntimeError(
                f"expected scalar type {input.dtype.scalar_name} but found {weight.dtype.scalar_name} in the weight; "
                f"use weight.to({input.dtype})"
            )
    classes = target._array
    if classes.size and (classes.min() < 0 or classes.max() >= count):
        wrong = classes[((classes < 0) | (classes >= count)) & (classes != ignore_index)]
        if wrong.size:
            raise IndexError(
                f"Target {wrong[0]} is out of bounds. The input has {count} classes, numbered from 0 to {count - 1}"
                f" (and ignore_index={ignore_index})."
            )
    return target


def _wrong_target_shape(shape: tuple[int, ...], given: tuple[int, ...]) -> Exception:
    wanted = [shape[0], *shape[2:]]
    if given[:1] != shape[:1] and given:
        return ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size ({given[0]}): the input is "
            f"{list(shape)}, so the target should be {wanted}."
        )
    if len(shape) == 2 and len(given) > 1:
        fix = "use target.squeeze(1)" if given == (shape[0], 1) else "one-hot targets must be floating"
        return RuntimeError(
            f"0D or 1D target tensor expected, multi-target not supported: the input is {list(shape)}, the target "
            f"{list(given)} instead of {wanted}; {fix}"
        )
    return RuntimeError(
        f"size mismatch (got input: {list(shape)}, target: {list(given)}): the target should be {wanted}"
    )


# -- the functions -------------------------------------------------------------------------------------------


@public(method=False, out=False)
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    r"""The negative log-likelihood of the target class under softmax(x): -x_t + ln Σ_c exp(x_c).

    The input holds *logits*: no softmax before it. The mean is over the weights of all targets.

    Args:
        input: (N, C), (N, C, d₁, ...), or (C) for one prediction.
        target: classes from 0 to C - 1, of shape (N), (N, d₁, ...) or (); or probabilities in the shape of the input.
        weight: a factor for each class.
        size_average, reduce: older forms of `reduction`.
        ignore_index: targets with this number add nothing to loss, gradient and mean.
        reduction: "mean", "sum", or "none" for one loss per prediction.
        label_smoothing: ε, to mix the target with the uniform distribution: (1 - ε) t + ε/C.

    Raises:
        IndexError: a class that the input does not have.
        ValueError, RuntimeError: shapes or dtypes do not fit.

    >>> cross_entropy(torch.tensor([[0.0, 0.0], [100.0, 0.0]]), torch.tensor([1, 0]), reduction="none")
    tensor([0.6931, 0.0000])

    Source: PyTorch, `torch.nn.functional.cross_entropy`; label smoothing: Szegedy et al. (2016).
    """
    reduction = reduction_of(reduction, size_average, reduce)
    array = require_tensor(input, "cross_entropy")._array
    given = require_tensor(target, "cross_entropy", "target")._array
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if array.dtype.kind != "f":
        raise RuntimeError(f"cross_entropy: expected a floating input, but got {input.dtype}; use .float()")
    if given.shape == array.shape:
        return _cross_entropy_of_probabilities(
            input, target, weight, ignore_index, reduction, label_smoothing
        )
    target = _check_classes(input, target, weight, ignore_index)
    return cross_entropy_rule(
        input,
        target,
        weight,
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=float(label_smoothing),
    )


def _cross_entropy_of_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    """Cross-entropy for a target that is a distribution; gradients flow to the target too."""
    if target._array.dtype.kind != "f":
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {target.dtype.scalar_name}: use "
            "target.float() for one-hot targets; class indices lack the dimension of the classes"
        )
    if ignore_index >= 0:
        raise RuntimeError(
            f"ignore_index is not supported for floating point target, but ignore_index={ignore_index}"
        )
    shape = input._array.shape
    axis = class_axis(len(shape))
    count = shape[axis]
    if smoothing:
        target = target * (1.0 - smoothing) + smoothing / count
    terms = log_softmax_(input, axis) * target
    if weight is not None:
        _check_classes(input, input.new_zeros((shape[0], *shape[2:]), dtype=_LONG), weight, -100)
        terms = terms * weight.reshape([-1] + [1] * (len(shape) - 1 - axis))
    values = -terms.sum(axis)
    if reduction == "mean":
        return values.sum() / (math.prod(shape) / count if math.prod(shape) else math.nan)
    return reduced_tensor(values, reduction)


@public(method=False, out=False)
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""The negative log-likelihood of the target class: -x_t, for an input of log-probabilities (`log_softmax`).

    Args:
        input: log-probabilities: (N, C), (N, C, d₁, ...), or (C).
        target: classes from 0 to C - 1, of shape (N), (N, d₁, ...) or ().
        weight, size_average, ignore_index, reduce, reduction: as for `cross_entropy`.

    Raises:
        IndexError: a class that the input does not have.
        ValueError, RuntimeError: shapes or dtypes do not fit.

    >>> nll_loss(torch.tensor([[-1.0, -2.0]]), torch.tensor([1]))
    tensor(2.)

    Source: PyTorch, `torch.nn.functional.nll_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    require_tensor(input, "nll_loss")
    target = _check_classes(input, require_tensor(target, "nll_loss", "target"), weight, ignore_index)
    return nll_rule(input, target, weight, ignore_index=ignore_index, reduction=reduction)


# -- margins between classes ---------------------------------------------------------------------------------


@public(method=False, out=False)
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""The hinge loss of several classes: Σ_{c≠t} max(0, margin - x_t + x_c)ᵖ / C.

    Args:
        input: scores, (N, C) or (C).
        target: the class of each, (N) or ().
        p: 1 or 2.
        margin: by how much the target's score should exceed the others.
        weight: a factor for each class, raised to the power p with its margin violation.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    >>> multi_margin_loss(torch.tensor([[0.5, 1.0]]), torch.tensor([1]))
    tensor(0.2500)

    Source: Crammer and Singer (2001); PyTorch, `torch.nn.functional.multi_margin_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"only p == 1 and p == 2 supported, but got p={p}")
    shape, given = (
        require_tensor(input, "multi_margin_loss").shape,
        require_tensor(target, "multi_margin_loss").shape,
    )
    if len(shape) not in (1, 2) or target.numel() != (shape[0] if len(shape) == 2 else 1) or len(given) > 1:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size {list(shape[:-1])}, but got {list(given)}. Input has shape {list(shape)}."
        )
    count, classes = shape[-1], target._array.reshape(-1)
    if classes.size and not (classes.min() >= 0 and classes.max() < count):
        raise RuntimeError(f"target out of range: {classes.tolist()} for {count} classes")
    rows = input.reshape(-1, count)
    others = np.arange(count) != classes[:, None]
    violation = (margin - rows.gather(1, target.reshape(-1, 1)) + rows).clamp(min=0)
    powers = violation if p == 1 else violation * violation
    if weight is not None:
        powers = powers * weight[target].reshape(-1, 1)
    values = (powers * others.astype(input._array.dtype)).sum(1) / count
    return reduced_tensor(values.reshape(given if reduction == "none" else (-1,)), reduction)


@public(method=False, out=False)
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""The hinge loss for several right classes: Σ over right t and wrong c of max(0, 1 - x_t + x_c) / C.

    Args:
        input: scores, (N, C) or (C).
        target: the right classes first, then -1; what follows the first -1 is not read. Of the input's shape.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    >>> multilabel_margin_loss(torch.tensor([0.5, 1.0, 0.0]), torch.tensor([1, -1, 0]))
    tensor(0.1667)

    Source: PyTorch, `torch.nn.functional.multilabel_margin_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    shape, given = (
        require_tensor(input, "multilabel_margin_loss").shape,
        require_tensor(target, "multilabel_margin_loss").shape,
    )
    if shape != given or len(shape) not in (1, 2):
        raise RuntimeError(f"inconsistent target size: {list(given)} for input of size: {list(shape)}")
    count = shape[-1]
    rows, classes = input.reshape(-1, count), target._array.reshape(-1, count)
    if classes.size and not (classes.min() >= -1 and classes.max() < count):
        raise RuntimeError(f"argument #2 'target' is out of range: it should be from -1 to {count - 1}")
    listed = np.logical_and.accumulate(classes >= 0, axis=1)  # before the first -1
    right = np.zeros(classes.shape, bool)
    right[np.nonzero(listed)[0], classes[listed]] = True
    pairs = np.logical_and(right[:, :, None], ~right[:, None, :]).astype(input._array.dtype)
    violation = (1.0 - rows.unsqueeze(2) + rows.unsqueeze(1)).clamp(min=0)
    values = (violation * pairs).sum((1, 2)) / count
    return reduced_tensor(values.reshape(shape[:-1] if reduction == "none" else (-1,)), reduction)


@public(method=False, out=False)
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""Binary cross-entropy with logits, averaged over the classes of each example.

    Args:
        input: logits, (N, C) or (C).
        target: 0 or 1 for each class, of the same shape.
        weight: a factor for each class.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum", or "none" for one loss per example.

    >>> multilabel_soft_margin_loss(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
    tensor(0.6931)

    Source: PyTorch, `torch.nn.functional.multilabel_soft_margin_loss`.
    """
    from .loss_likelihood import bce_logits_rule

    reduction = reduction_of(reduction, size_average, reduce)
    input, target = matched("multilabel_soft_margin_loss", input, target)
    values = bce_logits_rule(input, target, reduction="none")
    if weight is not None:
        values = values * weight
    return reduced_tensor(values.mean(-1), reduction)
