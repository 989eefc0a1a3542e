"""The gamma function's logarithm, its derivatives, its incomplete integrals, and the zeta function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.primitive import Primitive, rule
from ..kernels import special, special_gamma
from ..tensor import Tensor, graft
from ._public import constant_tensor, in_place, public, require_tensor

__all__ = ["digamma", "igamma", "igammac", "lgamma", "mvlgamma", "polygamma"]


# -- the derivatives -----------------------------------------------------------------------------------------


def polygamma_(x: Any, *, n: int) -> Any:
    """The n-th derivative of digamma."""
    return special_gamma.polygamma(x, n)


polygamma_rule: Primitive = rule(
    polygamma_, name="polygamma", promote="float", x=lambda g, x, n: g * polygamma_rule(x, n=n + 1)
)
digamma_rule = rule(
    special.digamma, name="digamma", promote="float", x=lambda g, x: g * polygamma_rule(x, n=1)
)
lgamma_rule = rule(special.lgamma, name="lgamma", promote="float", x=lambda g, x: g * digamma_rule(x))


def gamma_density(a: Any, x: Any) -> Any:
    """x^(a-1) e^-x / Γ(a)."""
    return np.exp((a - 1) * np.log(x) - x - lgamma_rule(a))


igamma_rule = rule(
    special_gamma.gammainc, name="igamma", promote="float", x=lambda g, a, x: g * gamma_density(a, x)
)
igammac_rule = rule(
    special_gamma.gammaincc, name="igammac", promote="float", x=lambda g, a, x: -g * gamma_density(a, x)
)
zeta_rule: Primitive = rule(
    special_gamma.zeta, name="special_zeta", promote="float", q=lambda g, s, q: g * (-s * zeta_rule(s + 1, q))
)


# -- the functions -------------------------------------------------------------------------------------------


@public(inplace=True)
def lgamma(input: Tensor) -> Tensor:
    r"""The logarithm of the gamma function's size: outᵢ = ln |Γ(inputᵢ)|; infinite at 0, -1, -2, ...

    >>> torch.lgamma(torch.tensor([1.0, 5.0, 0.5]))
    tensor([0.0000, 3.1781, 0.5724])

    Source: PyTorch, `torch.lgamma`.
    """
    return lgamma_rule(require_tensor(input, "lgamma"))


@public(inplace=True)
def digamma(input: Tensor) -> Tensor:
    r"""The derivative of `lgamma`: outᵢ = Γ′(inputᵢ) / Γ(inputᵢ); -inf at 0, NaN at -1, -2, ...

    >>> torch.digamma(torch.tensor([1.0, 0.5]))
    tensor([-0.5772, -1.9635])

    Source: PyTorch, `torch.digamma`.
    """
    return digamma_rule(require_tensor(input, "digamma"))


@public(method=False)
def polygamma(n: int, input: Tensor) -> Tensor:
    r"""The n-th derivative of `digamma`.

    Args:
        n: 0 or more.
        input: a tensor.

    Raises:
        RuntimeError: n is negative.

    >>> torch.polygamma(1, torch.tensor([1.0, 0.5]))
    tensor([1.6449, 4.9348])

    Source: PyTorch, `torch.polygamma`.
    """
    if not isinstance(n, int):
        raise TypeError(f"polygamma(): argument 'n' (position 1) must be int, not {type(n).__name__}")
    if n < 0:
        raise RuntimeError(f"polygamma(n, x) does not support negative n, got {n}.")
    require_tensor(input, "polygamma")
    return polygamma_rule(input, n=n) if n else digamma_rule(input)


def _polygamma_method(input: Tensor, n: int) -> Tensor:
    """The n-th derivative of `digamma`: `torch.polygamma(n, self)`."""
    return polygamma(n, input)


graft(_polygamma_method, "polygamma")
graft(in_place(_polygamma_method, "polygamma_"), "polygamma_")


@public(inplace=True)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    r"""The logarithm of the multivariate gamma function of dimension p.

    outᵢ = p (p - 1) / 4 · ln π + Σⱼ ln |Γ(inputᵢ - j / 2)|, j = 0 ... p - 1.

    Args:
        input: a tensor, greater than (p - 1) / 2.
        p: the dimension, 1 or more.

    Raises:
        RuntimeError: p is less than 1.

    >>> torch.mvlgamma(torch.tensor([3.0, 4.0]), 2)
    tensor([1.5502, 3.5651])

    Source: PyTorch, `torch.mvlgamma`.
    """
    if p < 1:
        raise RuntimeError(f"p has to be greater than or equal to 1, got {p}")
    halves = np.arange(p) / 2
    array = require_tensor(input, "mvlgamma")._array
    dtype = array.dtype if array.dtype.kind == "f" else dtypes.default_numpy
    shifted = input.unsqueeze(-1) - constant_tensor(halves.astype(dtype))
    return lgamma_rule(shifted).sum(-1) + p * (p - 1) / 4 * math.log(math.pi)


@public(inplace=True)
def igamma(input: Tensor, other: Tensor) -> Tensor:
    r"""The regularised lower incomplete gamma function, of shape `input` at the bound `other`.

    outᵢ = 1 / Γ(a) · ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt for a = inputᵢ, x = otherᵢ. It has a derivative by `other` only.

    >>> torch.igamma(torch.tensor([1.0, 4.0]), torch.tensor([1.0, 4.0]))
    tensor([0.6321, 0.5665])

    Source: PyTorch, `torch.igamma`; kernels/special_gamma.py names the method.
    """
    return igamma_rule(*_floating(input, other, "igamma"))


@public(inplace=True)
def igammac(input: Tensor, other: Tensor) -> Tensor:
    r"""The regularised upper incomplete gamma function: 1 - `igamma`, with its digits where it is tiny.

    >>> torch.igammac(torch.tensor([1.0, 4.0]), torch.tensor([1.0, 4.0]))
    tensor([0.3679, 0.4335])

    Source: PyTorch, `torch.igammac`.
    """
    return igammac_rule(*_floating(input, other, "igammac"))


def _floating(input: Any, other: Any, name: str) -> tuple[Tensor, Tensor]:
    """Both tensors, if one of them is floating; PyTorch's error otherwise."""
    both = require_tensor(input, name), require_tensor(other, name, "other")
    if all(one._array.dtype.kind in "biu" for one in both):
        raise NotImplementedError(
            f"\"{name}_cpu\" not implemented for '{input.dtype.scalar_name}': convert with .float()"
        )
    return both


@public(method=False)
def zeta(input: Tensor | float, other: Tensor | float) -> Tensor:
    r"""The Hurwitz zeta function: outᵢ = Σₖ 1 / (k + otherᵢ)^inputᵢ, k = 0, 1, 2 ...

    With other = 1 it is Riemann's. It has a derivative by `other` only.

    Args:
        input, other: tensors; one of them may be a number.

    >>> torch.special.zeta(torch.tensor([2.0, 4.0]), 1)
    tensor([1.6449, 1.0823])

    Source: PyTorch, `torch.special.zeta`.
    """
    if not isinstance(input, Tensor):
        require_tensor(other, "special_zeta", "other")
    return zeta_rule(input, other)
