"""The likelihood of classes: cross-entropy, and the negative log-likelihood of log-probabilities.

Cross-entropy is fused: its forward computes the softmax once and its backward is softmax minus target. The
composite beside it says the same in simple operations; second derivatives differentiate that.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import joint, rule
from ..kernels import cross_entropy as kernels
from ..kernels.classes import chosen, class_axis, class_factors, total_weight
from ..tensor import Tensor
from ._public import as_array, public, require_tensor
from .loss import reduced_tensor, reduction_of
from .softmax import log_softmax_composite, log_softmax_rule

__all__: list[str] = []

FUNCTIONAL = ["cross_entropy", "nll_loss"]

TARGET_DTYPES = frozenset([np.dtype(np.int64), np.dtype(np.uint8)])


# -- the derivatives -----------------------------------------------------------------------------------------


def cross_entropy_composite(
    input: Any, target: Any, weight: Any, *, ignore_index: int | None, reduction: str, label_smoothing: float
) -> Any:
    """What cross-entropy means: log-softmax, times the factor of each class, summed over the classes."""
    axis = class_axis(len(input.shape))
    factors, total = class_factors(
        tuple(input.shape), target, weight, as_array(input).dtype, ignore_index, label_smoothing
    )
    values = -np.sum(log_softmax_composite(input, axis=axis) * factors, axis=axis)
    if reduction == "none":
        return values
    return np.sum(values) / total if reduction == "mean" else np.sum(values)


cross_entropy_rule = joint(
    kernels.cross_entropy,
    lambda g, kept, weight, input_shape, label_smoothing: [
        kernels.cross_entropy_gradient(g, kept, weight, input_shape, label_smoothing),
        None,
        None,
    ],
    composite=cross_entropy_composite,
    keeps=True,
    name="nll_loss",
)


def nll_(input: Any, target: Any, weight: Any, *, ignore_index: int | None, reduction: str) -> Any:
    """-x[t], weighted."""
    classes, weights, _ = chosen(target, weight, input.dtype, ignore_index)
    blocks = kernels.class_blocks(input)
    values = blocks.reshape(-1).take(kernels.places(blocks, classes))
    values = -values if weights is None else values * -weights
    if reduction == "none":
        return values.reshape(target.shape)
    total = np.add.reduce(values)
    return total / total_weight(weights, len(classes)) if reduction == "mean" else total


def nll_gradient(
    g: Any, input_shape: Any, target: Any, weight: Any, ignore_index: int | None, reduction: str
) -> Any:
    """Minus the weight at the target, 0 elsewhere."""
    if type(g) is np.ndarray:
        return kernels.nll_gradient(g, input_shape, target, weight, ignore_index, reduction)
    factors, total = class_factors(tuple(input_shape), target, weight, np.float64, ignore_index)
    if reduction == "none":
        return -np.expand_dims(g, class_axis(len(input_shape))) * factors
    return g * (-1 / total if reduction == "mean" else -1) * factors


nll_rule = rule(nll_, name="nll_loss", input=nll_gradient)


# -- the errors ----------------------------------------------------------------------------------------------


def _check_classes(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int
) -> tuple[Tensor, int | None]:
    """The target in its final shape, and the `ignore_index`, None if no target has it.

    Raises PyTorch's errors unless there is one class per prediction.
    """
    shape, given = input._array.shape, target._array.shape
    if target._array.dtype not in TARGET_DTYPES:
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
    # Read as unsigned, numbers below 0 are large: one maximum finds what is out of range on either side.
    unsigned = classes if classes.dtype.kind == "u" else classes.view(np.uint64)
    largest = np.maximum.reduce(unsigned, axis=None, initial=0)
    if largest < count and not 0 <= ignore_index < count:
        return target, None
    if largest >= count:
        wrong = classes[((classes < 0) | (classes >= count)) & (classes != ignore_index)]
        if wrong.size:
            raise IndexError(
                f"Target {wrong[0]} is out of bounds. The input has {count} classes, numbered from 0 to "
                f"{count - 1} (and ignore_index={ignore_index})."
            )
    return target, ignore_index


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
    target, ignored = _check_classes(input, target, weight, ignore_index)
    return cross_entropy_rule(
        input,
        target,
        weight,
        ignore_index=ignored,
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
    terms = log_softmax_rule(input, axis=axis) * target
    if weight is not None:
        _check_weight(input, weight)
        terms = terms * weight.reshape([-1] + [1] * (len(shape) - 1 - axis))
    if reduction == "mean":
        return terms.sum() * (-count / (math.prod(shape) or math.nan))
    return -reduced_tensor(terms if reduction == "sum" else terms.sum(axis), reduction)


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
    require_tensor(target, "nll_loss", "target")
    target, ignored = _check_classes(input, target, weight, ignore_index)
    return nll_rule(input, target, weight, ignore_index=ignored, reduction=reduction)
