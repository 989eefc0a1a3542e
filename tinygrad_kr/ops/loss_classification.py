"""The likelihood of classes: cross-entropy, and the negative log-likelihood of log-probabilities.

Cross-entropy is fused: its forward computes the softmax once and its backward is softmax minus target. The
composite beside it says the same in simple operations; second derivatives differentiate that.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import joint, rule
from ..kernels.classes import chosen, class_axis, class_factors, class_rows, from_class_rows, total_weight
from ..tensor import Tensor
from ._public import as_array, public, require_tensor
from .loss import reduced_tensor, reduction_of

__all__: list[str] = []

FUNCTIONAL = ["cross_entropy", "nll_loss"]


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
    classes, weights, ignored = chosen(target, weight, input.dtype, ignore_index)
    places = np.arange(len(rows))
    largest = rows[places, rows.argmax(axis=1)]  # np.max takes twice as long on short rows
    exponentials = rows - largest[:, None]
    ones = np.ones(rows.shape[1], rows.dtype)
    pull = ones if weight is None else weight
    leaning = np.dot(exponentials, pull) if label_smoothing else 0.0
    np.exp(exponentials, out=exponentials)
    sums = np.dot(exponentials, ones)  # six times as fast as np.sum
    logarithms = np.log(sums)
    values = logarithms + (largest - rows[places, classes])
    even = logarithms * np.add.reduce(pull) - leaning if label_smoothing else values
    if ignored is not None:
        values[ignored] = even[ignored] = 0
    if weights is not None:
        values *= weights
    if label_smoothing:
        values = (1.0 - label_smoothing) * values + (label_smoothing / rows.shape[1]) * even
    total = total_weight(weights, len(rows)) if reduction == "mean" else 1.0
    out = values.reshape(target.shape) if reduction == "none" else np.add.reduce(values) / total
    kept = None
    if recording:
        exponentials /= sums[:, None]
        kept = exponentials, classes, weights, ignored, total
    return np.asarray(out, input.dtype), kept


def cross_entropy_gradient(
    g: Any, kept: Any, weight: Any, input_shape: Any, label_smoothing: float
) -> list[Any]:
    """softmax(x) minus the target, times the weight and what arrives.

    For the part ε of label smoothing every class is a target with its own weight.
    """
    softmax, classes, weights, ignored, total = kept
    scale = g.reshape(-1) / g.dtype.type(total)  # one number, or one for each row
    sharp = scale if weights is None else scale * weights
    if not label_smoothing:
        gradient = softmax * sharp[:, None]
    else:
        even = scale * (label_smoothing / softmax.shape[1])
        even = even if ignored is None else even * ~ignored
        sharp = sharp * (1.0 - label_smoothing)
        pull, together = (1.0, softmax.shape[1]) if weight is None else (weight, weight.sum())
        gradient = softmax * (sharp + even * together)[:, None] - even[:, None] * pull
    gradient[np.arange(len(classes)), classes] -= sharp
    return [from_class_rows(gradient, input_shape), None, None]


def log_softmax_(x: Any, axis: int) -> Any:
    """x - ln Σ eˣ along an axis, shifted by its maximum, which changes no derivative."""
    shifted = x - np.max(as_array(x), axis=axis, keepdims=True, initial=-math.inf)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def cross_entropy_composite(
    input: Any, target: Any, weight: Any, *, ignore_index: int, reduction: str, label_smoothing: float
) -> Any:
    """What cross-entropy means: log-softmax, times the factor of each class, summed over the classes."""
    axis = class_axis(len(input.shape))
    factors, total = class_factors(
        tuple(input.shape), target, weight, as_array(input).dtype, ignore_index, label_smoothing
    )
    values = -np.sum(log_softmax_(input, axis) * factors, axis=axis)
    if reduction == "none":
        return values
    return np.sum(values) / total if reduction == "mean" else np.sum(values)


cross_entropy_rule = joint(
    cross_entropy_,
    cross_entropy_gradient,
    composite=cross_entropy_composite,
    keeps=True,
    name="nll_loss",
)


def nll_(input: Any, target: Any, weight: Any, *, ignore_index: int, reduction: str) -> Any:
    """-x[t], weighted."""
    classes, weights, _ = chosen(target, weight, input.dtype, ignore_index)
    values = -class_rows(input)[np.arange(len(classes)), classes]
    if weights is not None:
        values = values * weights
    if reduction == "none":
        return values.reshape(target.shape)
    total = np.add.reduce(values)
    return total / total_weight(weights, len(classes)) if reduction == "mean" else total


def nll_gradient(
    g: Any, input_shape: Any, target: Any, weight: Any, ignore_index: int, reduction: str
) -> Any:
    """Minus the weight at the target, 0 elsewhere."""
    factors, total = class_factors(tuple(input_shape), target, weight, None, ignore_index)
    if reduction == "none":
        return -np.expand_dims(g, class_axis(len(input_shape))) * factors
    return -g * (factors / total if reduction == "mean" else factors)


nll_rule = rule(nll_, name="nll_loss", input=nll_gradient)


# -- the errors ----------------------------------------------------------------------------------------------


def _check_classes(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> Tensor:
    """The target in its final shape; raises PyTorch's errors unless it has one class per prediction."""
    shape, given = input._array.shape, target._array.shape
    if target._array.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.scalar_name}: class indices "
            f"are integers, use target.long(); class probabilities have the shape of the input, {list(shape)}"
        )
    if not shape:
        raise ValueError("Expected 1 or more dimensions (got 0): the input holds one number per class")
    count = shape[class_axis(len(shape))]
    if len(shape) == 1:
        if given == (1,):
            target = target.reshape(())
        elif given:
            raise ValueError(
                f"For 1D input, 1D target must have size 1, but got target size: {list(given)}; one "
                f"prediction over {count} classes has one class"
            )
    elif given != (shape[0], *shape[2:]):
        raise _wrong_target_shape(shape, given)
    if weight is not None:
        _check_weight(input, weight)
    classes = target._array
    if classes.size and (classes.min() < 0 or classes.max() >= count):
        wrong = classes[((classes < 0) | (classes >= count)) & (classes != ignore_index)]
        if wrong.size:
            raise IndexError(
                f"Target {wrong[0]} is out of bounds. The input has {count} classes, numbered from 0 to "
                f"{count - 1} (and ignore_index={ignore_index})."
            )
    return target


def _check_weight(input: Tensor, weight: Tensor) -> None:
    """Raise unless there is one weight per class, of the input's dtype."""
    count = input._array.shape[class_axis(input._array.ndim)]
    if require_tensor(weight, "cross_entropy", "weight")._array.shape != (count,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {count} classes or no classes but got weight "
            f"tensor of shape: {list(weight.shape)}"
        )
    if weight._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"expected scalar type {input.dtype.scalar_name} but found {weight.dtype.scalar_name} in the "
            f"weight; use weight.to({input.dtype})"
        )


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
            f"0D or 1D target tensor expected, multi-target not supported: the input is {list(shape)}, the "
            f"target {list(given)} instead of {wanted}; {fix}"
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
        target: classes from 0 to C - 1, of shape (N), (N, d₁, ...) or (); or probabilities in the shape of
            the input.
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
            "Expected floating point type for target with class probabilities, got "
            f"{target.dtype.scalar_name}: use target.float() for one-hot targets; class indices lack the "
            "dimension of the classes"
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
        _check_weight(input, weight)
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
    r"""The negative log-likelihood of the target class: -x_t, for an input of log-probabilities
    (`log_softmax`).

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
