"""Losses that are negative log-likelihoods of numbers: Bernoulli, Poisson and Gaussian, and their divergence.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs. The likelihood of classes has its own page (`loss_classification`).
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
from ._public import constant_tensor, public, require_tensor
from .activation import logsigmoid_rule
from .exponential import sigmoid_rule
from .loss import matched, per_element, reduced_tensor, reduction_of, summed

__all__: list[str] = []

FUNCTIONAL = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "gaussian_nll_loss",
    "kl_div",
    "poisson_nll_loss",
]


# -- the derivatives -----------------------------------------------------------------------------------------


def log_at_least(x: Any, floor: float = -100.0) -> Any:
    """ln x, but no less than `floor`: what binary cross-entropy makes of the probability 0."""
    return np.maximum(np.log(x), floor)


def bernoulli_nll(input: Any, target: Any) -> Any:
    """-t ln x - (1 - t) ln(1 - x), each logarithm no less than -100."""
    with np.errstate(divide="ignore"):
        return (target - 1.0) * np.maximum(np.log1p(-input), -100.0) - target * log_at_least(input)


bce_rule = rule(
    bernoulli_nll,
    name="binary_cross_entropy",
    input=lambda g, input, target: g * ((input - target) / np.maximum(input * (1.0 - input), 1e-12)),
    target=lambda g, input: g * (np.maximum(np.log1p(-input), -100.0) - log_at_least(input)),
)


@blockwise(kernels.divergence, shared=True)
def kl_(input: Any, target: Any) -> Any:
    """t (ln t - x), and 0 where t = 0."""
    return target * (np.log(np.where(target == 0, 1, target)) - input)


kl_rule = rule(
    kl_,
    name="kl_div",
    input=lambda g, target: -g * target,
    target=lambda g, input, target: g * (np.log(target) + 1.0 - input),
)


@blockwise(kernels.logistic, shared=True)
def logistic_nll(input: Any, target: Any) -> Any:
    """-ln of the likelihood of t under the probability σ(x): max(x, 0) - t x + ln(1 + e^-|x|)."""
    return np.maximum(input, 0) - target * input + np.log1p(np.exp(-np.abs(input)))


@blockwise(kernels.logistic_gradient, shared=True)
def logistic_gradient(input: Any, target: Any) -> Any:
    """σ(x) - t."""
    return sigmoid_rule(input) - target


def bce_logits_(input: Any, target: Any, *, reduction: str) -> Any:
    """`logistic_nll`, averaged, summed, or as it is."""
    if reduction == "none":
        return logistic_nll(input, target)
    return summed(block_total(kernels.logistic_total, input, target), input, reduction)


bce_logits_rule = rule(
    bce_logits_,
    name="binary_cross_entropy_with_logits",
    input=lambda g, input, target, reduction: (
        per_element(g, input.shape, reduction) * logistic_gradient(input, target)
    ),
    target=lambda g, input, reduction: -per_element(g, input.shape, reduction) * input,
)


# -- the functions -------------------------------------------------------------------------------------------


@public(method=False, out=False)
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""The negative log-likelihood of yes-or-no targets: -t ln x - (1 - t) ln(1 - x).

    Logarithms are no less than -100, so that a certain but wrong prediction costs 100. Prefer
    `binary_cross_entropy_with_logits`, which takes what comes before the sigmoid and loses no digits.

    Args:
        input: probabilities, from 0 to 1.
        target: 0 or 1, or between, of the same shape and dtype.
        weight: a factor for each element; it broadcasts.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the shapes differ.
        RuntimeError: something outside [0, 1] (logits?), or dtypes that differ.

    >>> binary_cross_entropy(torch.tensor([0.5, 0.25]), torch.tensor([1.0, 0.0]), reduction="none")
    tensor([0.6931, 0.2877])

    Source: PyTorch, `torch.nn.functional.binary_cross_entropy`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    _require_float_target("binary_cross_entropy", input, target)
    input, target = matched("binary_cross_entropy", input, target)
    _require_probabilities(input, "input", "; for logits use binary_cross_entropy_with_logits")
    _require_probabilities(target, "target", "")
    values = bce_rule(input, target)
    if weight is not None:
        values = values * _broadcastable(weight, "weight", input)
    return reduced_tensor(values, reduction)


def _require_float_target(function: str, input: Any, target: Any) -> None:
    require_tensor(input, function)
    if require_tensor(target, function, "target")._array.dtype != input._array.dtype:
        names = target.dtype.scalar_name, input.dtype.scalar_name
        raise RuntimeError(
            f"{function}: Found dtype {names[0]} but expected {names[1]}: convert the target with "
            f".to({input.dtype})"
        )


def _require_probabilities(tensor: Tensor, name: str, hint: str) -> None:
    array = tensor._array
    if array.size and not (array.min() >= 0 and array.max() <= 1):
        raise RuntimeError(
            f"all elements of {name} should be between 0 and 1, but they are between {array.min():.4g} and "
            f"{array.max():.4g}{hint}"
        )


def _broadcastable(weight: Tensor, name: str, input: Tensor) -> Tensor:
    """A weight that broadcasts to the shape of the input, without making it larger."""
    given, shape = require_tensor(weight, "binary_cross_entropy", name).shape, input.shape
    if len(given) > len(shape) or any(one not in (1, two) for one, two in zip(given[::-1], shape[::-1])):
        raise RuntimeError(
            f"{name} of shape {list(given)} does not broadcast to the input's shape {list(shape)}"
        )
    return weight


@public(method=False, out=False)
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Binary cross-entropy of σ(x), computed from x without overflow: (1 - t) x + (1 + (p - 1) t) ln(1 +
    e⁻ˣ).

    Args:
        input: logits, any numbers.
        target: 0 or 1, or between, of the same shape.
        weight: a factor for each element; it broadcasts.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".
        pos_weight: the factor p of the positive part, to balance rare positives; it broadcasts.

    Raises:
        ValueError: the shapes differ.

    >>> binary_cross_entropy_with_logits(torch.tensor([0.0, 100.0]), torch.tensor([1.0, 0.0]))
    tensor(50.3466)

    Source: PyTorch, `torch.nn.functional.binary_cross_entropy_with_logits`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    input, target = matched("binary_cross_entropy_with_logits", input, target)
    if pos_weight is None and weight is None:
        return bce_logits_rule(input, target, reduction=reduction)
    if pos_weight is None:
        values = bce_logits_rule(input, target, reduction="none")
    else:
        factor = 1.0 + (_broadcastable(pos_weight, "pos_weight", input) - 1.0) * target
        values = (1.0 - target) * input - factor * logsigmoid_rule(input)
    if weight is not None:
        values = values * _broadcastable(weight, "weight", input)
    return reduced_tensor(values, reduction)


@public(method=False, out=False)
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    r"""Kullback-Leibler divergence of the target from the prediction: t (ln t - x), 0 where t = 0.

    Args:
        input: *logarithms* of the predicted probabilities, as `log_softmax` gives them.
        target: probabilities, or their logarithms if `log_target`; of the same shape.
        size_average, reduce: older forms of `reduction`.
        reduction: "batchmean" divides the sum by the first size, which is the divergence of the definition;
            "mean" divides by the number of elements; or "sum" or "none".
        log_target: whether the target is given as logarithms.

    Raises:
        ValueError: the shapes differ.

    >>> kl_div(torch.log(torch.tensor([[0.5, 0.5]])), torch.tensor([[1.0, 0.0]]), reduction="batchmean")
    tensor(0.6931)

    Source: PyTorch, `torch.nn.functional.kl_div`.
    """
    per_example = reduction == "batchmean"
    reduction = reduction_of("sum" if per_example else reduction, size_average, reduce)
    input, target = matched("kl_div", input, target)
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size; "
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition.",
            UserWarning,
            stacklevel=2,
        )
    values = target.exp() * (target - input) if log_target else kl_rule(input, target)
    loss = reduced_tensor(values, reduction)
    return loss / input.shape[0] if per_example and input.ndim else loss


@public(method=False, out=False)
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""The negative log-likelihood of counts under a predicted rate: eˣ - t x, without terms that x does not
    change.

    Args:
        input: logarithms of the rates, or the rates x themselves if not `log_input`: x - t ln(x + eps).
        target: counts, of the same shape.
        log_input: what `input` is.
        full: add Stirling's approximation of ln t! where t > 1.
        size_average, reduce: older forms of `reduction`.
        eps: keeps the logarithm finite.
        reduction: "mean", "sum" or "none".

    >>> poisson_nll_loss(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 2.0]), reduction="none")
    tensor([1.0000, 0.7183])

    Source: PyTorch, `torch.nn.functional.poisson_nll_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    input, target = matched("poisson_nll_loss", input, target)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (target * (2 * math.pi)).log()
        loss = loss + stirling.masked_fill(target <= 1, 0.0)
    return reduced_tensor(loss, reduction)


@public(method=False, out=False)
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    r"""The negative log-likelihood of a target under a predicted normal distribution: ½ (ln v + (x - t)²/v).

    Args:
        input, target: predicted mean and target, of one shape.
        var: predicted variances v, not negative: of the same shape, or with a last dimension of size 1 or
            none for one variance per example, or one number for all.
        full: add ½ ln 2π.
        eps: the variance counts as at least this; gradients ignore that.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the shapes do not fit, or a variance is negative.

    >>> gaussian_nll_loss(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([4.0]))
    tensor(1.1931)

    Source: Nix and Weigend (1994); PyTorch, `torch.nn.functional.gaussian_nll_loss`.
    """
    reduction = reduction_of(reduction)
    input, target = matched("gaussian_nll_loss", input, target)
    if isinstance(var, Tensor):
        variance = var
    else:
        variance = constant_tensor(np.full(input.shape, var, input._array.dtype))
    if bool((variance < 0).any()):
        raise ValueError(f"var has negative entry/entries, the smallest is {variance.min().item():.4g}")
    sizes, given = tuple(input.shape), tuple(variance.shape)
    if given != sizes:
        if given == sizes[:-1]:
            variance = variance.unsqueeze(-1)
        elif len(given) != len(sizes) or [b for a, b in zip(sizes, given) if a != b] != [1]:
            raise ValueError(f"var is of incorrect size: {list(given)} for an input of {list(sizes)}")
    # What lifts each variance to eps is a constant, as in PyTorch, so that the gradient does not stop there.
    variance = variance + (eps - variance.detach()).clamp(min=0)
    loss = 0.5 * (variance.log() + (input - target).square() / variance)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced_tensor(loss, reduction)
