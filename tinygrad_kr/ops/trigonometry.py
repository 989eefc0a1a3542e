"""Trigonometric and hyperbolic functions, their inverses, and the angle conversions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import rule
from ..tensor import Tensor
from ._public import public, require_tensor

__all__ = [
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "hypot",
    "rad2deg",
    "sin",
    "sinc",
    "sinh",
    "tan",
    "tanh",
]


# -- the derivatives -----------------------------------------------------------------------------

sin_rule = rule(np.sin, name="sin", promote="float", x=lambda g, x: g * np.cos(x))
cos_rule = rule(np.cos, name="cos", promote="float", x=lambda g, x: -g * np.sin(x))
tan_rule = rule(np.tan, name="tan", promote="float", x=lambda g, out: g * (1 + out * out))
asin_rule = rule(np.arcsin, name="asin", promote="float", x=lambda g, x: g / np.sqrt(1 - x * x))
acos_rule = rule(np.arccos, name="acos", promote="float", x=lambda g, x: -g / np.sqrt(1 - x * x))
atan_rule = rule(np.arctan, name="atan", promote="float", x=lambda g, x: g / (1 + x * x))
sinh_rule = rule(np.sinh, name="sinh", promote="float", x=lambda g, x: g * np.cosh(x))
cosh_rule = rule(np.cosh, name="cosh", promote="float", x=lambda g, x: g * np.sinh(x))
tanh_rule = rule(np.tanh, name="tanh", promote="float", x=lambda g, out: g * (1 - out * out))
asinh_rule = rule(np.arcsinh, name="asinh", promote="float", x=lambda g, x: g / np.sqrt(x * x + 1))
acosh_rule = rule(
    np.arccosh, name="acosh", promote="float", x=lambda g, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1))
)
atanh_rule = rule(np.arctanh, name="atanh", promote="float", x=lambda g, x: g / (1 - x * x))


def _turn(g: Any, x: Any, y: Any) -> Any:
    """g / (x² + y²), and 0 at the origin, where the angle has no derivative."""
    square = x * x + y * y
    origin = np.equal(square, 0)
    return np.where(origin, 0.0, g / np.where(origin, 1.0, square))


atan2_rule = rule(
    np.arctan2,
    name="atan2",
    promote="float",
    x=lambda g, x, y: _turn(g, x, y) * y,
    y=lambda g, x, y: -_turn(g, x, y) * x,
)
hypot_rule = rule(
    np.hypot,
    name="hypot",
    promote="float",
    x=lambda g, x, out: g * (x / out),
    y=lambda g, y, out: g * (y / out),
)
deg2rad_rule = rule(np.deg2rad, name="deg2_rad", promote="float", x=lambda g: g * (math.pi / 180))
rad2deg_rule = rule(np.rad2deg, name="rad2_deg", promote="float", x=lambda g: g * (180 / math.pi))


def sinc_(x: Any) -> Any:
    """sin(πx) / (πx), and 1 at 0."""
    zero = np.equal(x, 0)
    angle = math.pi * np.where(zero, 1.0, x)
    return np.where(zero, 1.0, np.sin(angle) / angle)


def sinc_slope(x: Any, out: Any) -> Any:
    """(cos(πx) - sinc x) / x, and 0 at 0."""
    zero = np.equal(x, 0)
    return np.where(zero, 0.0, (np.cos(math.pi * x) - out) / np.where(zero, 1.0, x))


sinc_rule = rule(
    sinc_,
    name="sinc",
    promote="float",
    result_may_change=True,
    x=lambda g, x, out: g * sinc_slope(x, out),
)


# -- angles to ratios -----------------------------------------------------------------------------


@public(inplace=True)
def sin(input: Tensor) -> Tensor:
    r"""Sine: outᵢ = sin(inputᵢ), in radians.

    >>> torch.sin(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])

    Source: PyTorch, `torch.sin`.
    """
    return sin_rule(require_tensor(input, "sin"))


@public(inplace=True)
def cos(input: Tensor) -> Tensor:
    r"""Cosine: outᵢ = cos(inputᵢ), in radians.

    >>> torch.cos(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])

    Source: PyTorch, `torch.cos`.
    """
    return cos_rule(require_tensor(input, "cos"))


@public(inplace=True, saves_input=False)
def tan(input: Tensor) -> Tensor:
    r"""Tangent: outᵢ = tan(inputᵢ), in radians.

    >>> torch.tan(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])

    Source: PyTorch, `torch.tan`.
    """
    return tan_rule(require_tensor(input, "tan"))


@public(inplace=True)
def sinc(input: Tensor) -> Tensor:
    r"""Cardinal sine: outᵢ = sin(π·inputᵢ) / (π·inputᵢ), and 1 at 0.

    >>> torch.sinc(torch.tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])

    Source: PyTorch, `torch.sinc`.
    """
    return sinc_rule(require_tensor(input, "sinc"))


# -- ratios to angles -----------------------------------------------------------------------------


@public(method=("asin", "arcsin"), inplace=("asin_", "arcsin_"))
def asin(input: Tensor) -> Tensor:
    r"""Arc sine, between -π/2 and π/2; NaN outside of [-1, 1].

    >>> torch.asin(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])

    Source: PyTorch, `torch.asin`.
    """
    return asin_rule(require_tensor(input, "asin"))


@public(method=("acos", "arccos"), inplace=("acos_", "arccos_"))
def acos(input: Tensor) -> Tensor:
    r"""Arc cosine, between 0 and π; NaN outside of [-1, 1].

    >>> torch.acos(torch.tensor([0.0, 1.0]))
    tensor([1.5708, 0.0000])

    Source: PyTorch, `torch.acos`.
    """
    return acos_rule(require_tensor(input, "acos"))


@public(method=("atan", "arctan"), inplace=("atan_", "arctan_"))
def atan(input: Tensor) -> Tensor:
    r"""Arc tangent, between -π/2 and π/2.

    >>> torch.atan(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])

    Source: PyTorch, `torch.atan`.
    """
    return atan_rule(require_tensor(input, "atan"))


@public(method=("atan2", "arctan2"), inplace=("atan2_", "arctan2_"))
def atan2(input: Tensor, other: Tensor) -> Tensor:
    r"""The angle of the point (otherᵢ, inputᵢ), between -π and π.

    >>> torch.atan2(torch.tensor([1.0, -1.0]), torch.tensor([1.0, -1.0]))
    tensor([ 0.7854, -2.3562])

    Source: PyTorch, `torch.atan2`.
    """
    return atan2_rule(require_tensor(input, "atan2"), require_tensor(other, "atan2", "other"))


@public(inplace=True)
def hypot(input: Tensor, other: Tensor) -> Tensor:
    r"""The length of a hypotenuse: outᵢ = √(inputᵢ² + otherᵢ²), without overflow.

    >>> torch.hypot(torch.tensor([3.0]), torch.tensor([4.0]))
    tensor([5.])

    Source: PyTorch, `torch.hypot`.
    """
    return hypot_rule(require_tensor(input, "hypot"), require_tensor(other, "hypot", "other"))


@public(inplace=True, saves_input=False)
def deg2rad(input: Tensor) -> Tensor:
    r"""Degrees to radians: outᵢ = inputᵢ · π / 180.

    >>> torch.deg2rad(torch.tensor([0.0, 180.0]))
    tensor([0.0000, 3.1416])

    Source: PyTorch, `torch.deg2rad`.
    """
    return deg2rad_rule(require_tensor(input, "deg2rad"))


@public(inplace=True, saves_input=False)
def rad2deg(input: Tensor) -> Tensor:
    r"""Radians to degrees: outᵢ = inputᵢ · 180 / π.

    >>> torch.rad2deg(torch.tensor([0.0, 3.1416]))
    tensor([  0.0000, 180.0004])

    Source: PyTorch, `torch.rad2deg`.
    """
    return rad2deg_rule(require_tensor(input, "rad2deg"))


# -- hyperbolic functions -------------------------------------------------------------------------


@public(inplace=True)
def sinh(input: Tensor) -> Tensor:
    r"""Hyperbolic sine: outᵢ = (e^inputᵢ - e^(-inputᵢ)) / 2.

    >>> torch.sinh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])

    Source: PyTorch, `torch.sinh`.
    """
    return sinh_rule(require_tensor(input, "sinh"))


@public(inplace=True)
def cosh(input: Tensor) -> Tensor:
    r"""Hyperbolic cosine: outᵢ = (e^inputᵢ + e^(-inputᵢ)) / 2.

    >>> torch.cosh(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])

    Source: PyTorch, `torch.cosh`.
    """
    return cosh_rule(require_tensor(input, "cosh"))


@public(inplace=True, saves_input=False)
def tanh(input: Tensor) -> Tensor:
    r"""Hyperbolic tangent: outᵢ = sinh(inputᵢ) / cosh(inputᵢ).

    >>> torch.tanh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])

    Source: PyTorch, `torch.tanh`.
    """
    return tanh_rule(require_tensor(input, "tanh"))


@public(method=("asinh", "arcsinh"), inplace=("asinh_", "arcsinh_"))
def asinh(input: Tensor) -> Tensor:
    r"""Inverse hyperbolic sine.

    >>> torch.asinh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])

    Source: PyTorch, `torch.asinh`.
    """
    return asinh_rule(require_tensor(input, "asinh"))


@public(method=("acosh", "arccosh"), inplace=("acosh_", "arccosh_"))
def acosh(input: Tensor) -> Tensor:
    r"""Inverse hyperbolic cosine; NaN below 1.

    >>> torch.acosh(torch.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])

    Source: PyTorch, `torch.acosh`.
    """
    return acosh_rule(require_tensor(input, "acosh"))


@public(method=("atanh", "arctanh"), inplace=("atanh_", "arctanh_"))
def atanh(input: Tensor) -> Tensor:
    r"""Inverse hyperbolic tangent; NaN outside of [-1, 1].

    >>> torch.atanh(torch.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])

    Source: PyTorch, `torch.atanh`.
    """
    return atanh_rule(require_tensor(input, "atanh"))


arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
arcsinh, arccosh, arctanh = asinh, acosh, atanh
