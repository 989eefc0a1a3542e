"""Element-wise operations: size and sign, rounding, fused sums.

Exponentials and logarithms have the page `exponential`, sine and its kin `trigonometry`; `where`, `clamp` and
`maximum` are in `selection`. As in PyTorch, |x|' = 0 at 0, and rounding has the derivative 0 everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, numpy_function, primitives, rule
from ..tensor import Tensor
from ._public import public, require_tensor
from .conversion import clone_rule
from .selection import broadcasting, gate_rule

__all__ = [
    "abs",
    "absolute",
    "addcdiv",
    "addcmul",
    "ceil",
    "copysign",
    "fix",
    "floor",
    "frac",
    "heaviside",
    "lerp",
    "nan_to_num",
    "round",
    "sgn",
    "sign",
    "signbit",
    "trunc",
]


# -- the derivatives: size, sign and rounding ----------------------------------------------------


def sign_(x: Any) -> Any:
    """-1, 0 or 1; 0 for NaN."""
    return np.subtract(np.greater(x, 0), np.less(x, 0), dtype=x.dtype)


sign_rule = rule(np.sign, forward=sign_, name="sign", promote="same", x=lambda g: np.zeros_like(g))
abs_rule = rule(np.absolute, name="abs", promote="same", x=lambda g, x: g * np.sign(x))


def modulus_(z: Any) -> Any:
    """|z| of complex numbers."""
    return np.absolute(z)


modulus_rule = rule(
    modulus_,
    name="abs",
    promote="float",
    z=lambda g, z, out: g * np.conj(z) / np.where(np.equal(out, 0), 1.0, out),
)


@numpy_function(np.absolute)
def _np_absolute(x: Any) -> Any:
    return (modulus_rule if x.is_complex() else abs_rule)(x)


floor_rule = rule(np.floor, name="floor", promote="same", x=lambda g: np.zeros_like(g))
ceil_rule = rule(np.ceil, name="ceil", promote="same", x=lambda g: np.zeros_like(g))
trunc_rule = rule(np.trunc, name="trunc", promote="same", x=lambda g: np.zeros_like(g))
rint_rule = rule(np.rint, name="round", promote="same", x=lambda g: np.zeros_like(g))
round_rule = rule(
    np.round, forward=lambda a, *, decimals=0: np.round(a, decimals), a=lambda g: np.zeros_like(g)
)


def frac_(x: Any) -> Any:
    """What is left of x after truncation."""
    return x - np.trunc(x)


frac_rule = rule(frac_, name="frac", promote="same", x=lambda g: g)
copysign_rule = rule(
    np.copysign,
    name="copysign",
    promote="float",
    x=lambda g, x, y: g * np.sign(x) * np.copysign(np.sign(x), y),
    y=lambda g: np.zeros_like(g),
)


def heaviside_(x: Any, values: Any) -> Any:
    """0 below 0, 1 above, the given value at 0; NaN counts as below."""
    return np.where(np.equal(x, 0), values, np.greater(x, 0).astype(values.dtype))


heaviside_rule = rule(
    heaviside_,
    name="heaviside",
    promote="same",
    x=lambda g: np.zeros_like(g),
    values=lambda g, x: gate_rule(g, np.equal(x, 0)),
)


def nan_to_num_(x: Any, *, nan: float, posinf: float | None, neginf: float | None) -> Any:
    """x with numbers in place of NaN and the infinities."""
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


nan_to_num_rule = rule(nan_to_num_, name="nan_to_num", x=lambda g, x: gate_rule(g, np.isfinite(x)))


# -- the derivatives: fused sums -----------------------------------------------------------------


def lerp_(start: Any, end: Any, weight: Any) -> Any:
    """start + weight·(end - start), computed from the nearer end."""
    way = end - start
    near = np.abs(weight) < 0.5
    if np.ndim(near) == 0:
        return start + weight * way if near else end - way * (1 - weight)
    return np.where(near, start + weight * way, end - way * (1 - weight))


def addcmul_(x: Any, first: Any, second: Any, *, value: float) -> Any:
    """x + value·first·second."""
    return x + (first * second if value == 1 else value * first * second)


def addcdiv_(x: Any, first: Any, second: Any, *, value: float) -> Any:
    """x + value·first/second."""
    return x + (first / second if value == 1 else value * first / second)


lerp_rule = rule(
    lerp_,
    name="lerp",
    promote="same",
    start=lambda g, weight: g * (1 - weight),
    end=lambda g, weight: g * weight,
    weight=lambda g, start, end: g * (end - start),
)
addcmul_rule = rule(
    addcmul_,
    name="addcmul",
    promote="same",
    x=lambda g: g,
    first=lambda g, second, value: g * (value * second),
    second=lambda g, first, value: g * (value * first),
)
addcdiv_rule = rule(
    addcdiv_,
    name="addcdiv",
    promote="same",
    x=lambda g: g,
    first=lambda g, second, value: g * (value / second),
    second=lambda g, first, second, value: -g * (value * first / (second * second)),
)


# -- size and sign -------------------------------------------------------------------------------


def unsupported(input: Tensor, name: str) -> NotImplementedError:
    """PyTorch's error for an operation on a dtype that it is not made for."""
    return NotImplementedError(
        f"\"{name}_cpu\" not implemented for '{input.dtype.scalar_name}': convert the tensor first, "
        "for example with .float()"
    )


@public(method=("abs", "absolute", "__abs__"), inplace=("abs_", "absolute_"))
def abs(input: Tensor) -> Tensor:
    r"""Absolute value: outᵢ = |inputᵢ|; its derivative at 0 is 0.

    >>> torch.abs(torch.tensor([-1.5, 2.0]))
    tensor([1.5000, 2.0000])

    Source: PyTorch, `torch.abs`.
    """
    kind = require_tensor(input, "abs")._array.dtype.kind
    if kind == "b":
        raise unsupported(input, "abs")
    return abs_rule(input) if kind != "c" else modulus_rule(input)


absolute = abs


@public(inplace=True, saves_input=False)
def sign(input: Tensor) -> Tensor:
    r"""Sign: -1, 0 or 1; its derivative is 0.

    >>> torch.sign(torch.tensor([-1.5, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])

    Source: PyTorch, `torch.sign`.
    """
    kind = require_tensor(input, "sign")._array.dtype.kind
    if kind == "b":
        return clone_rule(input)
    if kind == "c":
        raise NotImplementedError(
            "Unlike NumPy, torch.sign is not intended to support complex numbers; use torch.sgn instead"
        )
    return sign_rule(input)


@public(inplace=True, saves_input=False)
def sgn(input: Tensor) -> Tensor:
    r"""Sign, as `sign`; of a complex number the one of size 1 in its direction, z / |z|, and 0 for 0.

    >>> torch.sgn(torch.tensor([-1.5, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])

    Source: PyTorch, `torch.sgn`.
    """
    if not require_tensor(input, "sgn").is_complex():
        return sign(input)
    size = modulus_rule(input)
    zero = np.equal(size, 0)
    direction: Any = np.where(zero, 0.0, input / np.where(zero, 1.0, size))
    return direction  # type: ignore[no-any-return]


@public()
def signbit(input: Tensor) -> Tensor:
    r"""Whether the sign bit is set: negative numbers, and the floating -0.

    >>> torch.signbit(torch.tensor([-1.5, -0.0, 2.0]))
    tensor([ True,  True, False])

    Source: PyTorch, `torch.signbit`.
    """
    return primitives[np.signbit](require_tensor(input, "signbit"))


@public(inplace=True)
def copysign(input: Tensor, other: Tensor | float) -> Tensor:
    r"""The size of `input` with the sign of `other`, which may be -0.

    >>> torch.copysign(torch.tensor([1.0, -2.0]), -0.0)
    tensor([-1., -2.])

    Source: PyTorch, `torch.copysign`.
    """
    return copysign_rule(require_tensor(input, "copysign"), other)


@public(inplace=True)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    r"""Step: 0 where inputᵢ < 0, valuesᵢ where it is 0, 1 above.

    Raises:
        RuntimeError: the dtypes differ.

    >>> torch.heaviside(torch.tensor([-1.5, 0.0, 2.0]), torch.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])

    Source: PyTorch, `torch.heaviside`.
    """
    require_tensor(input, "heaviside")
    if input._array.dtype != require_tensor(values, "heaviside", "values")._array.dtype:
        raise RuntimeError(
            f"heaviside is not yet implemented for tensors with different dtypes, got {input.dtype} and "
            f"{values.dtype}; convert one of them"
        )
    return heaviside_rule(input, values)


# -- rounding ------------------------------------------------------------------------------------


def _rounded(primitive: Primitive, input: Tensor, name: str) -> Tensor:
    kind = require_tensor(input, name)._array.dtype.kind
    if kind in "iu":
        return clone_rule(input)
    if kind != "f":
        raise unsupported(input, name)
    return primitive(input)


@public(inplace=True, saves_input=False)
def floor(input: Tensor) -> Tensor:
    r"""The next integer below: outᵢ = ⌊inputᵢ⌋; its derivative is 0.

    >>> torch.floor(torch.tensor([-1.5, 1.5]))
    tensor([-2.,  1.])

    Source: PyTorch, `torch.floor`.
    """
    return _rounded(floor_rule, input, "floor")


@public(inplace=True, saves_input=False)
def ceil(input: Tensor) -> Tensor:
    r"""The next integer above: outᵢ = ⌈inputᵢ⌉; its derivative is 0.

    >>> torch.ceil(torch.tensor([-1.5, 1.5]))
    tensor([-1.,  2.])

    Source: PyTorch, `torch.ceil`.
    """
    return _rounded(ceil_rule, input, "ceil")


@public(method=("trunc", "fix"), inplace=("trunc_", "fix_"), saves_input=False)
def trunc(input: Tensor) -> Tensor:
    r"""The integer next towards zero; its derivative is 0.

    >>> torch.trunc(torch.tensor([-1.5, 1.5]))
    tensor([-1.,  1.])

    Source: PyTorch, `torch.trunc`.
    """
    return _rounded(trunc_rule, input, "trunc")


fix = trunc


@public(inplace=True, saves_input=False)
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    r"""The nearest number with so many decimals; halves go to the even neighbour. Its derivative is 0.

    Args:
        decimals: places after the decimal point; negative ones count before it.

    >>> torch.round(torch.tensor([0.5, 1.5, 2.7]))
    tensor([0., 2., 3.])

    Source: PyTorch, `torch.round`.
    """
    if decimals == 0:
        return _rounded(rint_rule, input, "round")
    if require_tensor(input, "round")._array.dtype.kind != "f":
        raise unsupported(input, "round")
    return round_rule(input, decimals=decimals)


@public(inplace=True, saves_input=False)
def frac(input: Tensor) -> Tensor:
    r"""What truncation cuts off: outᵢ = inputᵢ - trunc(inputᵢ), of the sign of the input.

    >>> torch.frac(torch.tensor([-1.5, 2.25]))
    tensor([-0.5000,  0.2500])

    Source: PyTorch, `torch.frac`.
    """
    if require_tensor(input, "frac")._array.dtype.kind != "f":
        raise unsupported(input, "frac")
    return frac_rule(input)


@public(inplace=True)
def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    r"""Numbers in place of NaN and the infinities; no gradient flows through what was replaced.

    Args:
        nan: what NaN becomes; 0 by default.
        posinf, neginf: what +∞ and -∞ become; the largest and the smallest number of the dtype by default.

    >>> torch.nan_to_num(torch.tensor([float("nan"), float("inf"), 1.0]), posinf=9.0)
    tensor([0., 9., 1.])

    Source: PyTorch, `torch.nan_to_num`.
    """
    if require_tensor(input, "nan_to_num")._array.dtype.kind not in "fc":
        return clone_rule(input)
    return nan_to_num_rule(input, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


# -- fused sums ----------------------------------------------------------------------------------


@public(inplace=True)
def lerp(input: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    r"""Linear interpolation: outᵢ = inputᵢ + weightᵢ · (endᵢ - inputᵢ).

    Raises:
        RuntimeError: the dtypes differ.

    >>> torch.lerp(torch.tensor([0.0, 10.0]), torch.tensor([1.0, 20.0]), 0.25)
    tensor([ 0.2500, 12.5000])

    Source: PyTorch, `torch.lerp`.
    """
    require_tensor(input, "lerp")
    if input._array.dtype.kind not in "fc":
        raise unsupported(input, "lerp")
    require_tensor(end, "lerp", "end")
    for name, one in (("end", end), ("weight", weight)):
        if isinstance(one, Tensor) and one._array.dtype != input._array.dtype:
            raise RuntimeError(
                f"expected dtype {input.dtype} for `{name}` but got dtype {one.dtype}; "
                f"convert it: {name}.to(input.dtype)"
            )
    return broadcasting(lerp_rule, input, end, weight)


@public(inplace=True, saves_input=False)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    r"""Sum with a product: outᵢ = inputᵢ + value · tensor1ᵢ · tensor2ᵢ.

    >>> torch.addcmul(torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([3.0]), value=0.5)
    tensor([4.])

    Source: PyTorch, `torch.addcmul`.
    """
    require_tensor(input, "addcmul")
    first, second = (
        require_tensor(tensor1, "addcmul", "tensor1"),
        require_tensor(tensor2, "addcmul", "tensor2"),
    )
    return broadcasting(addcmul_rule, input, first, second, value=value)


@public(inplace=True, saves_input=False)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    r"""Sum with a quotient: outᵢ = inputᵢ + value · tensor1ᵢ / tensor2ᵢ.

    Raises:
        RuntimeError: `tensor1` and `tensor2` are both of integers.

    >>> torch.addcdiv(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([2.0]), value=2)
    tensor([4.])

    Source: PyTorch, `torch.addcdiv`.
    """
    require_tensor(input, "addcdiv")
    first, second = (
        require_tensor(tensor1, "addcdiv", "tensor1"),
        require_tensor(tensor2, "addcdiv", "tensor2"),
    )
    if first._array.dtype.kind in "biu" and second._array.dtype.kind in "biu":
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported; use input + value * torch.trunc(tensor1 / "
            "tensor2) for integer quotients, or convert one of the tensors with .float()"
        )
    return broadcasting(addcdiv_rule, input, first, second, value=value)
