"""Exponentials and logarithms, and the functions made of them: sigmoid, logit, the error functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import promote, rule
from ..kernels import activation, special
from ..kernels.blockwise import blockwise, on_all_threads
from ..tensor import Tensor
from ._public import constant_tensor, public, require_tensor
from .selection import gate_rule

__all__ = [
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logaddexp2",
    "logit",
    "sigmoid",
    "xlogy",
]

LN_2, LN_10 = math.log(2.0), math.log(10.0)
TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)


# -- the derivatives -----------------------------------------------------------------------------

exp_rule = rule(np.exp, forward=on_all_threads(np.exp), name="exp", promote="float", x=lambda g, out: g * out)
exp2_rule = rule(np.exp2, name="exp2", promote="float", x=lambda g, out: g * (out * LN_2))
expm1_rule = rule(np.expm1, name="expm1", promote="float", x=lambda g, out: g * (out + 1))
log_rule = rule(np.log, name="log", promote="float", x=lambda g, x: g / x)
log2_rule = rule(np.log2, name="log2", promote="float", x=lambda g, x: g / (x * LN_2))
log10_rule = rule(np.log10, name="log10", promote="float", x=lambda g, x: g / (x * LN_10))
log1p_rule = rule(np.log1p, name="log1p", promote="float", x=lambda g, x: g / (x + 1))


@blockwise(activation.sigmoid, shared=True)
def sigmoid_(x: Any) -> Any:
    """1 / (1 + e⁻ˣ)."""
    return 1 / (1 + np.exp(-x))


@blockwise(activation.sigmoid_gradient)
def sigmoid_gradient(g: Any, out: Any) -> Any:
    """g·(1 - σ)·σ."""
    return g * ((1 - out) * out)


sigmoid_rule = rule(sigmoid_, name="sigmoid", promote="float", x=sigmoid_gradient)


def logit_(x: Any, *, eps: float | None) -> Any:
    """ln(x / (1 - x)), of x moved into [eps, 1 - eps] if eps is given."""
    if eps is not None:
        x = np.clip(x, eps, 1 - eps)
    return np.log(x / (1 - x))


def logit_gradient(g: Any, x: Any, eps: float | None) -> Any:
    """g / (x·(1 - x)); 0 where x was moved, NaN where it is no probability."""
    if eps is None:
        possible = np.logical_and(np.greater_equal(x, 0), np.less_equal(x, 1))
        return np.where(possible, g / (x * (1 - x)), math.nan)
    kept = np.logical_and(np.greater_equal(x, eps), np.less_equal(x, 1 - eps))
    return gate_rule(g / (x * (1 - x)), kept)


logit_rule = rule(logit_, name="logit", promote="float", x=logit_gradient)

erf_rule = rule(
    special.erf, name="erf", promote="float", x=lambda g, x: g * (TWO_OVER_ROOT_PI * np.exp(-x * x))
)
erfc_rule = rule(
    special.erfc, name="erfc", promote="float", x=lambda g, x: g * (-TWO_OVER_ROOT_PI * np.exp(-x * x))
)
erfinv_rule = rule(
    special.erfinv,
    name="erfinv",
    promote="float",
    result_may_change=True,
    x=lambda g, out: g * (np.exp(out * out) / TWO_OVER_ROOT_PI),
)

logaddexp_rule = rule(
    np.logaddexp,
    name="logaddexp",
    promote="float",
    x=lambda g, x, y: g * sigmoid_rule(x - y),
    y=lambda g, x, y: g * sigmoid_rule(y - x),
)
logaddexp2_rule = rule(
    np.logaddexp2,
    name="logaddexp2",
    promote="float",
    x=lambda g, x, y: g * sigmoid_rule((x - y) * LN_2),
    y=lambda g, x, y: g * sigmoid_rule((y - x) * LN_2),
)


def xlogy_(x: Any, y: Any) -> Any:
    """x·ln y, and 0 where x = 0 unless y is NaN."""
    absent = np.logical_and(np.equal(x, 0), np.logical_not(np.isnan(y)))
    with np.errstate(divide="ignore", invalid="ignore"):  # -inf at y = 0 and NaN below, as PyTorch has them
        return x * np.log(np.where(absent, 1.0, y))


xlogy_rule = rule(
    xlogy_,
    name="xlogy",
    promote="float",
    x=lambda g, x, y: g * np.log(np.where(np.logical_and(np.equal(x, 0), np.less_equal(y, 0)), 1.0, y)),
    y=lambda g, x, y: g * x / y,
)


# -- exponentials --------------------------------------------------------------------------------


@public(inplace=True, saves_input=False)
def exp(input: Tensor) -> Tensor:
    r"""Exponential: outᵢ = e^inputᵢ.

    >>> torch.exp(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])

    Source: PyTorch, `torch.exp`.
    """
    return exp_rule(require_tensor(input, "exp"))


@public(inplace=True, saves_input=False)
def exp2(input: Tensor) -> Tensor:
    r"""Power of two: outᵢ = 2^inputᵢ.

    >>> torch.exp2(torch.tensor([0.0, 3.0]))
    tensor([1., 8.])

    Source: PyTorch, `torch.exp2`.
    """
    return exp2_rule(require_tensor(input, "exp2"))


@public(inplace=True, saves_input=False)
def expm1(input: Tensor) -> Tensor:
    r"""Exponential less one: outᵢ = e^inputᵢ - 1, exact for small inputs too.

    >>> torch.expm1(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])

    Source: PyTorch, `torch.expm1`.
    """
    return expm1_rule(require_tensor(input, "expm1"))


# -- logarithms ----------------------------------------------------------------------------------


@public(inplace=True)
def log(input: Tensor) -> Tensor:
    r"""Natural logarithm: outᵢ = ln inputᵢ; -∞ at 0, NaN below.

    >>> torch.log(torch.tensor([1.0, 10.0]))
    tensor([0.0000, 2.3026])

    Source: PyTorch, `torch.log`.
    """
    return log_rule(require_tensor(input, "log"))


@public(inplace=True)
def log2(input: Tensor) -> Tensor:
    r"""Logarithm to the base 2.

    >>> torch.log2(torch.tensor([1.0, 3.0]))
    tensor([0.0000, 1.5850])

    Source: PyTorch, `torch.log2`.
    """
    return log2_rule(require_tensor(input, "log2"))


@public(inplace=True)
def log10(input: Tensor) -> Tensor:
    r"""Logarithm to the base 10.

    >>> torch.log10(torch.tensor([1.0, 50.0]))
    tensor([0.0000, 1.6990])

    Source: PyTorch, `torch.log10`.
    """
    return log10_rule(require_tensor(input, "log10"))


@public(inplace=True)
def log1p(input: Tensor) -> Tensor:
    r"""Logarithm of one more: outᵢ = ln(1 + inputᵢ), exact for small inputs too.

    >>> torch.log1p(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])

    Source: PyTorch, `torch.log1p`.
    """
    return log1p_rule(require_tensor(input, "log1p"))


@public()
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    r"""Sum of exponentials as a logarithm: outᵢ = ln(e^inputᵢ + e^otherᵢ), without overflow.

    >>> torch.logaddexp(torch.tensor([0.0, 1000.0]), torch.tensor([0.0, 1000.0]))
    tensor([6.9315e-01, 1.0007e+03])

    Source: PyTorch, `torch.logaddexp`.
    """
    return logaddexp_rule(require_tensor(input, "logaddexp"), require_tensor(other, "logaddexp", "other"))


@public()
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    r"""Sum of powers of two as a logarithm: outᵢ = log₂(2^inputᵢ + 2^otherᵢ), without overflow.

    >>> torch.logaddexp2(torch.tensor([0.0, 1000.0]), torch.tensor([0.0, 1000.0]))
    tensor([1.0000e+00, 1.0010e+03])

    Source: PyTorch, `torch.logaddexp2`.
    """
    return logaddexp2_rule(require_tensor(input, "logaddexp2"), require_tensor(other, "logaddexp2", "other"))


def _as_tensor(number: float, like: Tensor) -> Tensor:
    """A number as a 0-d tensor of the dtype it takes on beside another tensor."""
    return constant_tensor(promote(like._array, number, to_float=True)[1])


@public(inplace=True)
def xlogy(input: Tensor | float, other: Tensor | float) -> Tensor:
    r"""outᵢ = inputᵢ · ln otherᵢ, and 0 where inputᵢ = 0 (unless otherᵢ is NaN).

    Args:
        input, other: tensors; one of them may be a number.

    >>> torch.xlogy(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 2.0]))
    tensor([0.0000, 0.6931])

    Source: PyTorch, `torch.xlogy`.
    """
    if not isinstance(other, Tensor):
        other = _as_tensor(other, require_tensor(input, "xlogy"))
    elif not isinstance(input, Tensor):
        input = _as_tensor(input, other)
    return xlogy_rule(input, other)


# -- sigmoid and logit ---------------------------------------------------------------------------


@public(inplace=True, saves_input=False)
def sigmoid(input: Tensor) -> Tensor:
    r"""Logistic function: outᵢ = 1 / (1 + e^(-inputᵢ)).

    >>> torch.sigmoid(torch.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])

    Source: PyTorch, `torch.sigmoid`.
    """
    return sigmoid_rule(require_tensor(input, "sigmoid"))


@public(inplace=True)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    r"""Inverse of the sigmoid: outᵢ = ln(inputᵢ / (1 - inputᵢ)).

    Args:
        input: probabilities; what lies outside of [0, 1] gives NaN.
        eps: if given, inputs are first moved into [eps, 1 - eps].

    >>> torch.logit(torch.tensor([0.5, 0.8808]))
    tensor([0.0000, 2.0000])

    Source: PyTorch, `torch.logit`.
    """
    return logit_rule(require_tensor(input, "logit"), eps=eps)


# -- error functions -----------------------------------------------------------------------------


@public(inplace=True)
def erf(input: Tensor) -> Tensor:
    r"""Error function: outᵢ = 2/√π · ∫₀ˣ e^(-t²) dt for x = inputᵢ.

    >>> torch.erf(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])

    Source: PyTorch, `torch.erf`.
    """
    return erf_rule(require_tensor(input, "erf"))


@public(inplace=True)
def erfc(input: Tensor) -> Tensor:
    r"""Complementary error function: outᵢ = 1 - erf(inputᵢ), exact for large inputs too.

    >>> torch.erfc(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.1573])

    Source: PyTorch, `torch.erfc`.
    """
    return erfc_rule(require_tensor(input, "erfc"))


@public(inplace=True, saves_input=False)
def erfinv(input: Tensor) -> Tensor:
    r"""Inverse of the error function, on [-1, 1]: erf(outᵢ) = inputᵢ.

    >>> torch.erfinv(torch.tensor([0.0, 0.8427]))
    tensor([0.0000, 1.0000])

    Source: PyTorch, `torch.erfinv`.
    """
    return erfinv_rule(require_tensor(input, "erfinv"))
