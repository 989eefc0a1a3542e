"""Bessel functions and Airy's Ai.

`i0`, `i0e`, `i1` and `i1e` have derivatives; PyTorch gives none to the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, rule
from ..kernels import special_bessel
from ..tensor import Tensor
from ._public import public, require_tensor

__all__ = ["i0"]


# -- the derivatives -----------------------------------------------------------------------------------------


def over(out: Any, x: Any) -> Any:
    """out / x for an odd function with the slope ½ at 0."""
    zero = np.equal(x, 0)
    return np.where(zero, 0.5, out / np.where(zero, 1.0, x))


i0_rule = rule(special_bessel.i0, name="i0", promote="float", x=lambda g, x: g * i1_rule(x))
i1_rule: Primitive = rule(
    special_bessel.i1,
    name="special_i1",
    promote="float",
    x=lambda g, x, out: g * (i0_rule(x) - over(out, x)),
)
i0e_rule = rule(
    special_bessel.i0e,
    name="special_i0e",
    promote="float",
    x=lambda g, x, out: g * (i1e_rule(x) - np.sign(x) * out),
)
i1e_rule: Primitive = rule(
    special_bessel.i1e,
    name="special_i1e",
    promote="float",
    x=lambda g, x, out: g * (i0e_rule(x) - np.sign(x) * out - over(out, x)),
)

bessel_j0_rule = rule(special_bessel.bessel_j0, name="special_bessel_j0", promote="float")
bessel_j1_rule = rule(special_bessel.bessel_j1, name="special_bessel_j1", promote="float")
bessel_y0_rule = rule(special_bessel.bessel_y0, name="special_bessel_y0", promote="float")
bessel_y1_rule = rule(special_bessel.bessel_y1, name="special_bessel_y1", promote="float")
k0_rule = rule(special_bessel.k0, name="special_modified_bessel_k0", promote="float")
k1_rule = rule(special_bessel.k1, name="special_modified_bessel_k1", promote="float")
k0e_rule = rule(special_bessel.k0e, name="special_scaled_modified_bessel_k0", promote="float")
k1e_rule = rule(special_bessel.k1e, name="special_scaled_modified_bessel_k1", promote="float")
spherical_rule = rule(special_bessel.spherical_bessel_j0, name="special_spherical_bessel_j0", promote="float")
airy_rule = rule(special_bessel.airy_ai, name="special_airy_ai", promote="float")


# -- the functions -------------------------------------------------------------------------------------------


@public(inplace=True)
def i0(input: Tensor) -> Tensor:
    r"""The modified Bessel function of the first kind, order 0: outᵢ = Σₖ (inputᵢ² / 4)ᵏ / (k!)².

    >>> torch.i0(torch.tensor([0.0, 1.0, 2.0]))
    tensor([1.0000, 1.2661, 2.2796])

    Source: PyTorch, `torch.i0`.
    """
    return i0_rule(require_tensor(input, "i0"))


@public(method=False)
def i0e(input: Tensor) -> Tensor:
    r"""exp(-|inputᵢ|) · I₀(inputᵢ), which does not overflow.

    >>> torch.special.i0e(torch.tensor([0.0, 1.0, 1000.0]))
    tensor([1.0000, 0.4658, 0.0126])

    Source: PyTorch, `torch.special.i0e`.
    """
    return i0e_rule(require_tensor(input, "special_i0e"))


@public(method=False)
def i1(input: Tensor) -> Tensor:
    r"""The modified Bessel function of the first kind, order 1: the derivative of `i0`.

    >>> torch.special.i1(torch.tensor([0.0, 1.0, -1.0]))
    tensor([ 0.0000,  0.5652, -0.5652])

    Source: PyTorch, `torch.special.i1`.
    """
    return i1_rule(require_tensor(input, "special_i1"))


@public(method=False)
def i1e(input: Tensor) -> Tensor:
    r"""exp(-|inputᵢ|) · I₁(inputᵢ), which does not overflow.

    >>> torch.special.i1e(torch.tensor([0.0, 1.0, 1000.0]))
    tensor([0.0000, 0.2079, 0.0126])

    Source: PyTorch, `torch.special.i1e`.
    """
    return i1e_rule(require_tensor(input, "special_i1e"))


@public(method=False)
def bessel_j0(input: Tensor) -> Tensor:
    r"""The Bessel function of the first kind, order 0. No gradient, as in PyTorch.

    >>> torch.special.bessel_j0(torch.tensor([0.0, 1.0, 10.0]))
    tensor([ 1.0000,  0.7652, -0.2459])

    Source: PyTorch, `torch.special.bessel_j0`.
    """
    return bessel_j0_rule(require_tensor(input, "special_bessel_j0"))


@public(method=False)
def bessel_j1(input: Tensor) -> Tensor:
    r"""The Bessel function of the first kind, order 1. No gradient, as in PyTorch.

    >>> torch.special.bessel_j1(torch.tensor([0.0, 1.0, 10.0]))
    tensor([0.0000, 0.4401, 0.0435])

    Source: PyTorch, `torch.special.bessel_j1`.
    """
    return bessel_j1_rule(require_tensor(input, "special_bessel_j1"))


@public(method=False)
def bessel_y0(input: Tensor) -> Tensor:
    r"""The Bessel function of the second kind, order 0: -inf at 0, NaN below. No gradient.

    >>> torch.special.bessel_y0(torch.tensor([0.0, 1.0, 10.0]))
    tensor([  -inf, 0.0883, 0.0557])

    Source: PyTorch, `torch.special.bessel_y0`.
    """
    return bessel_y0_rule(require_tensor(input, "special_bessel_y0"))


@public(method=False)
def bessel_y1(input: Tensor) -> Tensor:
    r"""The Bessel function of the second kind, order 1: -inf at 0, NaN below. No gradient.

    >>> torch.special.bessel_y1(torch.tensor([0.0, 1.0, 10.0]))
    tensor([   -inf, -0.7812,  0.2490])

    Source: PyTorch, `torch.special.bessel_y1`.
    """
    return bessel_y1_rule(require_tensor(input, "special_bessel_y1"))


@public(method=False)
def modified_bessel_i0(input: Tensor) -> Tensor:
    r"""`i0` without a gradient, as in PyTorch.

    >>> torch.special.modified_bessel_i0(torch.tensor([0.0, 1.0, 2.0]))
    tensor([1.0000, 1.2661, 2.2796])

    Source: PyTorch, `torch.special.modified_bessel_i0`.
    """
    return i0_rule(require_tensor(input, "special_modified_bessel_i0").detach())


@public(method=False)
def modified_bessel_i1(input: Tensor) -> Tensor:
    r"""`i1` without a gradient, as in PyTorch.

    >>> torch.special.modified_bessel_i1(torch.tensor([0.0, 1.0, 2.0]))
    tensor([0.0000, 0.5652, 1.5906])

    Source: PyTorch, `torch.special.modified_bessel_i1`.
    """
    return i1_rule(require_tensor(input, "special_modified_bessel_i1").detach())


@public(method=False)
def modified_bessel_k0(input: Tensor) -> Tensor:
    r"""The modified Bessel function of the second kind, order 0: inf at 0. No gradient.

    >>> torch.special.modified_bessel_k0(torch.tensor([0.0, 1.0, 2.0]))
    tensor([   inf, 0.4210, 0.1139])

    Source: PyTorch, `torch.special.modified_bessel_k0`.
    """
    return k0_rule(require_tensor(input, "special_modified_bessel_k0"))


@public(method=False)
def modified_bessel_k1(input: Tensor) -> Tensor:
    r"""The modified Bessel function of the second kind, order 1: inf at 0. No gradient.

    >>> torch.special.modified_bessel_k1(torch.tensor([0.0, 1.0, 2.0]))
    tensor([   inf, 0.6019, 0.1399])

    Source: PyTorch, `torch.special.modified_bessel_k1`.
    """
    return k1_rule(require_tensor(input, "special_modified_bessel_k1"))


@public(method=False)
def scaled_modified_bessel_k0(x: Tensor) -> Tensor:
    r"""exp(x) · K₀(x), which does not underflow. No gradient, as in PyTorch.

    >>> torch.special.scaled_modified_bessel_k0(torch.tensor([1.0, 1000.0]))
    tensor([1.1445, 0.0396])

    Source: PyTorch, `torch.special.scaled_modified_bessel_k0`.
    """
    return k0e_rule(require_tensor(x, "special_scaled_modified_bessel_k0", "x"))


@public(method=False)
def scaled_modified_bessel_k1(x: Tensor) -> Tensor:
    r"""exp(x) · K₁(x), which does not underflow. No gradient, as in PyTorch.

    >>> torch.special.scaled_modified_bessel_k1(torch.tensor([1.0, 1000.0]))
    tensor([1.6362, 0.0396])

    Source: PyTorch, `torch.special.scaled_modified_bessel_k1`.
    """
    return k1e_rule(require_tensor(x, "special_scaled_modified_bessel_k1", "x"))


@public(method=False)
def spherical_bessel_j0(input: Tensor) -> Tensor:
    r"""The spherical Bessel function of order 0: sin(x) / x. No gradient, as in PyTorch.

    >>> torch.special.spherical_bessel_j0(torch.tensor([0.0, 1.0, 2.0]))
    tensor([1.0000, 0.8415, 0.4546])

    Source: PyTorch, `torch.special.spherical_bessel_j0`.
    """
    return spherical_rule(require_tensor(input, "special_spherical_bessel_j0"))


@public(method=False)
def airy_ai(x: Tensor) -> Tensor:
    r"""Airy's function Ai, the solution of y″ = x y that falls to 0. No gradient, as in PyTorch.

    >>> torch.special.airy_ai(torch.tensor([-5.0, 0.0, 1.0]))
    tensor([0.3508, 0.3550, 0.1353])

    Source: PyTorch, `torch.special.airy_ai`.
    """
    return airy_rule(require_tensor(x, "special_airy_ai", "x"))
