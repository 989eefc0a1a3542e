"""Smooth activations: exponential units, GELU, SiLU and their kin, the gated linear unit.

Each is one rule in closed form; on large arrays value and derivative are computed block by block
(`kernels.blockwise`).
Activations of straight pieces have the page `piecewise`, softmax and its kin the page `softmax`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, joint, rule
from ..kernels import activation as kernels
from ..kernels.activation import DENSITY_AT_0, GELU_CUBIC, GELU_SCALE
from ..kernels.blockwise import blockwise
from ..kernels.special import normal_cdf as normal_cdf_kernel
from ..tensor import Tensor
from ._public import axis_of, in_place, public
from .exponential import erf_rule, sigmoid_rule
from .piecewise import delivered, floating, numeric
from .selection import where_rule

__all__ = [
    "celu",
    "celu_",
    "selu",
    "selu_",
]

FUNCTIONAL = [
    "elu",
    "elu_",
    "gelu",
    "glu",
    "logsigmoid",
    "mish",
    "silu",
    "softplus",
    "softsign",
    "tanhshrink",
]

ROOT_HALF = math.sqrt(0.5)
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


# -- the derivatives: smooth curves ---------------------------------------------------------


@blockwise(kernels.exponential_unit, shared=True)
def exponential_unit(x: Any, *, alpha: float, scale: float, rate: float) -> Any:
    """scale·x where x is positive, scale·alpha·(e^(rate·x) - 1) elsewhere."""
    below = (alpha * scale) * np.expm1(np.minimum(x, 0) * rate)
    return np.where(x > 0, x * scale, below)


@blockwise(kernels.exponential_unit_gradient, shared=True)
def exponential_unit_gradient(g: Any, x: Any, *, alpha: float, scale: float, rate: float) -> Any:
    """g·scale where x is positive, g·scale·alpha·rate·e^(rate·x) elsewhere."""
    positive = np.greater(x, 0)
    growth = np.exp(rate * where_rule(positive, 0.0, x))  # where x is positive, e^x might overflow
    return where_rule(positive, g * scale, g * (alpha * scale * rate * growth))


elu_rule = rule(
    exponential_unit,
    name="elu",
    x=lambda g, x, alpha, scale, rate: exponential_unit_gradient(g, x, alpha=alpha, scale=scale, rate=rate),
)


@blockwise(kernels.softplus, shared=True)
def softplus_(x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """ln(1 + e^(beta·x)) / beta; x itself where beta·x is above the threshold."""
    scaled = x * beta
    smooth = (np.maximum(scaled, 0) + np.log1p(np.exp(-np.abs(scaled)))) / beta
    return np.where(scaled > threshold, x, smooth)


@blockwise(kernels.softplus_gradient, shared=True)
def softplus_gradient(g: Any, x: Any, *, beta: float, threshold: float) -> Any:
    """g·σ(beta·x); g itself where beta·x is above the threshold."""
    scaled = x * beta
    return np.where(np.greater(scaled, threshold), g, g * sigmoid_rule(scaled))


softplus_rule = rule(
    softplus_,
    name="softplus",
    promote="float",
    x=lambda g, x, beta, threshold: softplus_gradient(g, x, beta=beta, threshold=threshold),
)


@blockwise(kernels.log_sigmoid, shared=True)
def logsigmoid_(x: Any) -> Any:
    """ln σ(x)."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@blockwise(kernels.log_sigmoid_gradient, shared=True)
def logsigmoid_gradient(g: Any, x: Any) -> Any:
    """g·σ(-x)."""
    return g * sigmoid_rule(-x)


logsigmoid_rule = rule(logsigmoid_, name="log_sigmoid", promote="float", x=logsigmoid_gradient)


@blockwise(kernels.silu, shared=True)
def silu_(x: Any) -> Any:
    """x·σ(x)."""
    return x / (1 + np.exp(-x))


@blockwise(kernels.silu_and_slope, shared=True, results=2)
def silu_and_slope(x: Any) -> Any:
    """x·s, and its derivative s + x·s·(1 - s), for s = σ(x)."""
    s = sigmoid_rule(x)
    return x * s, s * (1 + x * (1 - s))


def _mish_factor(x: Any) -> Any:
    """tanh(ln(1 + eˣ)) = n / (n + 2) for n = eˣ·(eˣ + 2); 1 to the last bit from x = 20 on."""
    e = np.exp(np.minimum(x, 20))
    n = e * (e + 2)
    return n / (n + 2)


@blockwise(kernels.mish, shared=True)
def mish_(x: Any) -> Any:
    """x·tanh(ln(1 + eˣ))."""
    return x * _mish_factor(x)


@blockwise(kernels.mish_and_slope, shared=True, results=2)
def mish_and_slope(x: Any) -> Any:
    """x·t, and its derivative t + x·(1 - t²)·σ(x), for t = tanh(ln(1 + eˣ))."""
    t = _mish_factor(x)
    return x * t, t + x * (1 - t * t) * sigmoid_rule(x)


@blockwise(normal_cdf_kernel)
def normal_cdf(x: Any) -> Any:
    """Φ(x), the normal distribution function."""
    return 0.5 * (1 + erf_rule(x * ROOT_HALF))


@blockwise(kernels.tanh_cdf)
def tanh_cdf(x: Any) -> Any:
    """(1 + tanh u) / 2 for u = √(2/π)·(x + 0.044715·x³), which is almost Φ(x)."""
    return 0.5 * (1 + np.tanh(GELU_SCALE * x * (1 + GELU_CUBIC * (x * x))))


@blockwise(kernels.gelu, shared=True)
def gelu_value(x: Any) -> Any:
    """x·Φ(x)."""
    return x * normal_cdf(x)


@blockwise(kernels.gelu_tanh, shared=True)
def gelu_tanh_value(x: Any) -> Any:
    """x·(1 + tanh u)/2."""
    return x * tanh_cdf(x)


@blockwise(kernels.gelu_and_slope, shared=True, results=2)
def gelu_and_slope(x: Any) -> Any:
    """x·Φ(x), and its derivative Φ(x) + x·φ(x), φ being the normal density."""
    cdf = normal_cdf(x)
    return x * cdf, cdf + x * (DENSITY_AT_0 * np.exp(-0.5 * (x * x)))


@blockwise(kernels.gelu_tanh_and_slope, shared=True, results=2)
def gelu_tanh_and_slope(x: Any) -> Any:
    """x·c for c = (1 + tanh u)/2, and its derivative c + x·2c(1 - c)·du/dx."""
    cdf = tanh_cdf(x)
    slope = GELU_SCALE + (3 * GELU_SCALE * GELU_CUBIC) * (x * x)
    return x * cdf, cdf + x * (2 * cdf * (1 - cdf) * slope)


def _keeping_slope(value: Any, value_and_slope: Any, name: str) -> Primitive:
    """The rule of a curve whose forward keeps the derivative, if that will be wanted."""

    def forward(x: Any, *, recording: bool = False) -> Any:
        return value_and_slope(x) if recording else (value(x), None)

    return joint(
        forward, lambda g, kept: (g * kept,), composite=value, keeps=True, promote="float", name=name
    )


silu_rule = _keeping_slope(silu_, silu_and_slope, "silu")
mish_rule = _keeping_slope(mish_, mish_and_slope, "mish")
gelu_rule = _keeping_slope(gelu_value, gelu_and_slope, "gelu")
gelu_tanh_rule = _keeping_slope(gelu_tanh_value, gelu_tanh_and_slope, "gelu")


def tanhshrink_(x: Any) -> Any:
    """x - tanh x."""
    return x - np.tanh(x)


tanhshrink_rule = rule(
    tanhshrink_, name="tanhshrink", promote="float", x=lambda g, x: g * np.square(np.tanh(x))
)


def softsign_(x: Any) -> Any:
    """x / (1 + |x|)."""
    return x / (1 + np.abs(x))


softsign_rule = rule(softsign_, name="softsign", promote="float", x=lambda g, x: g / np.square(1 + np.abs(x)))


# -- the derivatives: a gate ---------------------------------------------------------------------


def _halves(x: Any, axis: int) -> tuple[Any, Any]:
    half = x.shape[axis] // 2
    ahead = (slice(None),) * axis
    return x[(*ahead, slice(None, half))], x[(*ahead, slice(half, None))]


def glu_(x: Any, *, axis: int) -> Any:
    """a·σ(b), a and b being the halves of x along an axis."""
    a, b = _halves(x, axis)
    return a * sigmoid_rule(b)


def glu_gradient(g: Any, x: Any, axis: int) -> tuple[Any]:
    """The gradients of both halves, in one array."""
    a, b = _halves(x, axis)
    gx = np.empty_like(x)
    ga, gb = _halves(gx, axis)
    s = sigmoid_rule(b)
    np.multiply(g, s, out=ga)
    np.multiply(ga, a * (1 - s), out=gb)
    return (gx,)


glu_rule = joint(glu_, glu_gradient, composite=glu_, name="glu")


# -- the functions -------------------------------------------------------------------------------


@public(method=False, out=False)
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    r"""Exponential linear unit: outᵢ = inputᵢ where that is positive, alpha · (e^inputᵢ - 1) elsewhere.

    >>> torch.nn.functional.elu(torch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])

    Source: Clevert et al. 2015; PyTorch, `torch.nn.functional.elu`.
    """
    return delivered(
        input, elu_rule(floating(input, "elu", inplace), alpha=alpha, scale=1.0, rate=1.0), inplace
    )


@public(method=False, out=False)
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    r"""Continuously differentiable ELU: alpha · (e^(inputᵢ/alpha) - 1) below 0, inputᵢ above.

    Raises:
        RuntimeError: alpha is 0.

    >>> torch.celu(torch.tensor([-1.0, 2.0]), alpha=2.0)
    tensor([-0.7869,  2.0000])

    Source: Barron 2017; PyTorch, `torch.nn.functional.celu`.
    """
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return delivered(
        input, elu_rule(floating(input, "celu", inplace), alpha=alpha, scale=1.0, rate=1 / alpha), inplace
    )


@public(method=False, out=False)
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    r"""Self-normalising ELU: outᵢ = 1.0507 · elu(inputᵢ) with alpha = 1.6733.

    >>> torch.selu(torch.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])

    Source: Klambauer et al. 2017; PyTorch, `torch.nn.functional.selu`.
    """
    output = elu_rule(floating(input, "selu", inplace), alpha=SELU_ALPHA, scale=SELU_SCALE, rate=1.0)
    return delivered(input, output, inplace)


@public(method=False, out=False)
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    r"""Gaussian error linear unit: outᵢ = inputᵢ · Φ(inputᵢ), Φ being the normal distribution function.

    Args:
        approximate: "none", or "tanh" for x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³))).

    Raises:
        RuntimeError: for another `approximate`.

    >>> torch.nn.functional.gelu(torch.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])

    Source: Hendrycks & Gimpel 2016; PyTorch, `torch.nn.functional.gelu`.
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, got {approximate!r}")
    return (gelu_rule if approximate == "none" else gelu_tanh_rule)(floating(input, "gelu"))


@public(method=False, out=False)
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    r"""Sigmoid linear unit (swish): outᵢ = inputᵢ · σ(inputᵢ).

    >>> torch.nn.functional.silu(torch.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])

    Source: Elfwing et al. 2017; PyTorch, `torch.nn.functional.silu`.
    """
    return delivered(input, silu_rule(floating(input, "silu", inplace)), inplace)


@public(method=False, out=False)
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    r"""outᵢ = inputᵢ · tanh(softplus(inputᵢ)).

    >>> torch.nn.functional.mish(torch.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])

    Source: Misra 2019; PyTorch, `torch.nn.functional.mish`.
    """
    return delivered(input, mish_rule(floating(input, "mish", inplace)), inplace)


@public(method=False, out=False)
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    r"""Smooth ReLU: outᵢ = ln(1 + e^(beta · inputᵢ)) / beta.

    Args:
        beta: how sharply it bends.
        threshold: where beta · inputᵢ is above it, outᵢ = inputᵢ.

    >>> torch.nn.functional.softplus(torch.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])

    Source: PyTorch, `torch.nn.functional.softplus`.
    """
    return softplus_rule(floating(input, "softplus"), beta=float(beta), threshold=float(threshold))


@public(method=False, out=False)
def logsigmoid(input: Tensor) -> Tensor:
    r"""outᵢ = ln σ(inputᵢ), without overflow.

    >>> torch.nn.functional.logsigmoid(torch.tensor([-1.0, 2.0]))
    tensor([-1.3133, -0.1269])

    Source: PyTorch, `torch.nn.functional.logsigmoid`.
    """
    return logsigmoid_rule(floating(input, "logsigmoid"))


@public(method=False, out=False)
def softsign(input: Tensor) -> Tensor:
    r"""outᵢ = inputᵢ / (1 + |inputᵢ|).

    >>> torch.nn.functional.softsign(torch.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])

    Source: PyTorch, `torch.nn.functional.softsign`.
    """
    return softsign_rule(numeric(input, "softsign"))


@public(method=False, out=False)
def tanhshrink(input: Tensor) -> Tensor:
    r"""outᵢ = inputᵢ - tanh(inputᵢ).

    >>> torch.nn.functional.tanhshrink(torch.tensor([-1.0, 2.0]))
    tensor([-0.2384,  1.0360])

    Source: PyTorch, `torch.nn.functional.tanhshrink`.
    """
    return tanhshrink_rule(numeric(input, "tanhshrink"))


@public(method=False, out=False)
def glu(input: Tensor, dim: int = -1) -> Tensor:
    r"""Gated linear unit: out = a · σ(b), a and b being the halves of the input along `dim`.

    Raises:
        RuntimeError: the dimension is odd, or the input has none.

    >>> torch.nn.functional.glu(torch.tensor([[1.0, 2.0, 0.0, 100.0]]))
    tensor([[0.5000, 2.0000]])

    Source: Dauphin et al. 2016; PyTorch, `torch.nn.functional.glu`.
    """
    if not floating(input, "glu").ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    axis = axis_of(dim, input.ndim)
    if input.shape[axis] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {axis} is size {input.shape[axis]}"
        )
    return glu_rule(input, axis=axis)


elu_, celu_, selu_ = in_place(elu, "elu_"), in_place(celu, "celu_"), in_place(selu, "selu_")
