"""Functions about the normal distribution and entropy that `torch.special` has beside the exponentials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import rule
from ..kernels import special_normal
from ..tensor import Tensor
from ._public import public, require_tensor

ROOT_HALF, TWO_OVER_ROOT_PI = math.sqrt(0.5), 2 / math.sqrt(math.pi)
ROOT_TWO_PI = math.sqrt(2 * math.pi)


# -- the derivatives -----------------------------------------------------------------------------------------

erfcx_rule = rule(
    special_normal.erfcx,
    name="special_erfcx",
    promote="float",
    x=lambda g, x, out: g * (2 * x * out - TWO_OVER_ROOT_PI),
)
ndtr_rule = rule(
    special_normal.ndtr,
    name="special_ndtr",
    promote="float",
    x=lambda g, x: g * (np.exp(x * x * -0.5) / ROOT_TWO_PI),
)
log_ndtr_rule = rule(
    special_normal.log_ndtr,
    name="special_log_ndtr",
    promote="float",
    x=lambda g, x: g / erfcx_rule(x * -ROOT_HALF) * (2 / ROOT_TWO_PI),
)
ndtri_rule = rule(
    special_normal.ndtri,
    name="special_ndtri",
    promote="float",
    p=lambda g, out: g * (ROOT_TWO_PI * np.exp(out * out * 0.5)),
)


def entr_(x: Any) -> Any:
    """-x ln x: 0 at 0, -∞ below."""
    positive = np.greater(x, 0)
    inside = -x * np.log(np.where(positive, x, 1.0))
    return np.where(positive, inside, np.where(np.less(x, 0), -math.inf, 0 * x))


entr_rule = rule(entr_, name="special_entr", promote="float", x=lambda g, x: g * (-1 - np.log(x)))


def xlog1py_(x: Any, y: Any) -> Any:
    """x·ln(1 + y), and 0 where x = 0 unless y is NaN."""
    absent = np.logical_and(np.equal(x, 0), np.logical_not(np.isnan(y)))
    return x * np.log1p(np.where(absent, 0.0, y))


xlog1py_rule = rule(
    xlog1py_,
    name="special_xlog1py",
    promote="float",
    x=lambda g, x, y: g * np.log1p(np.where(np.logical_and(np.equal(x, 0), np.less_equal(y, -1)), 0.0, y)),
    y=lambda g, x, y: g * x / (y + 1),
)


# -- the functions -------------------------------------------------------------------------------------------


@public(method=False)
def erfcx(input: Tensor) -> Tensor:
    r"""outᵢ = exp(inputᵢ²) · erfc(inputᵢ), which does not underflow.

    >>> torch.special.erfcx(torch.tensor([0.0, 1.0, 100.0]))
    tensor([1.0000, 0.4276, 0.0056])

    Source: PyTorch, `torch.special.erfcx`.
    """
    return erfcx_rule(require_tensor(input, "special_erfcx"))


@public(method=False)
def ndtr(input: Tensor) -> Tensor:
    r"""The standard normal distribution function: outᵢ = ½ erfc(-inputᵢ / √2).

    >>> torch.special.ndtr(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([0.1587, 0.5000, 0.8413])

    Source: PyTorch, `torch.special.ndtr`.
    """
    return ndtr_rule(require_tensor(input, "special_ndtr"))


@public(method=False)
def log_ndtr(input: Tensor) -> Tensor:
    r"""The logarithm of `ndtr`, which stays finite where that underflows.

    >>> torch.special.log_ndtr(torch.tensor([-100.0, 0.0]))
    tensor([-5.0055e+03, -6.9315e-01])

    Source: PyTorch, `torch.special.log_ndtr`.
    """
    return log_ndtr_rule(require_tensor(input, "special_log_ndtr"))


@public(method=False)
def ndtri(input: Tensor) -> Tensor:
    r"""The standard normal quantile, the inverse of `ndtr`: infinite at 0 and 1, NaN outside.

    >>> torch.special.ndtri(torch.tensor([0.5, 0.975]))
    tensor([0.0000, 1.9600])

    Source: PyTorch, `torch.special.ndtri`; M. J. Wichura, algorithm AS 241 (1988).
    """
    return ndtri_rule(require_tensor(input, "special_ndtri"))


@public(method=False)
def entr(input: Tensor) -> Tensor:
    r"""The summand of an entropy: outᵢ = -inputᵢ · ln inputᵢ; 0 at 0, -inf below.

    >>> torch.special.entr(torch.tensor([-1.0, 0.0, 0.5]))
    tensor([  -inf, 0.0000, 0.3466])

    Source: PyTorch, `torch.special.entr`.
    """
    return entr_rule(require_tensor(input, "special_entr"))


@public(method=False)
def xlog1py(input: Tensor | float, other: Tensor | float) -> Tensor:
    r"""outᵢ = inputᵢ · ln(1 + otherᵢ), and 0 where inputᵢ = 0 (unless otherᵢ is NaN).

    Args:
        input, other: tensors; one of them may be a number.

    >>> torch.special.xlog1py(torch.tensor([0.0, 2.0]), torch.tensor([-1.0, 1.0]))
    tensor([0.0000, 1.3863])

    Source: PyTorch, `torch.special.xlog1py`.
    """
    if not isinstance(input, Tensor):
        require_tensor(other, "special_xlog1py", "other")
    return xlog1py_rule(input, other)
