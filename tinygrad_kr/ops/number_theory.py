"""Divisors of whole numbers, and the parts that floating ones consist of."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, constant, joint, primitives, rule
from ..tensor import Tensor
from ._public import public, require_tensor, structured

__all__ = ["frexp", "gcd", "lcm", "ldexp", "nextafter"]

constant(np.gcd, np.lcm, np.nextafter, promote="same")


# -- the derivatives -----------------------------------------------------------------------------------------


def frexp_(x: Any) -> Any:
    """The mantissa in [0.5, 1) and the exponent of two; what is kept is 2^-exponent."""
    mantissa, exponent = np.frexp(x)
    return (mantissa, exponent), np.ldexp(np.ones_like(x), -exponent)


frexp_rule = joint(frexp_, lambda g, kept: [g[0] * kept], keeps=True, name="frexp")


def ldexp_(x: Any, n: Any) -> Any:
    """x·2ⁿ for whole n."""
    return np.ldexp(x, n).astype(x.dtype, copy=False)


ldexp_rule: Primitive = rule(ldexp_, name="ldexp", x=lambda g, n: ldexp_rule(g, n))


# -- whole numbers -------------------------------------------------------------------------------------------


def _of_integers(ufunc: np.ufunc, input: Any, other: Any) -> Tensor:
    name = ufunc.__name__
    for one in (require_tensor(input, name), require_tensor(other, name, "other")):
        if one._array.dtype.kind not in "iu":
            raise NotImplementedError(
                f"\"{name}_cpu\" not implemented for '{one.dtype.scalar_name}': it is of integers; "
                "convert first, for example with .long()"
            )
    return primitives[ufunc](input, other)


@public(inplace=True, saves_input=False)
def gcd(input: Tensor, other: Tensor) -> Tensor:
    r"""The greatest common divisor, of integers; gcd(0, 0) = 0.

    >>> torch.gcd(torch.tensor([12, -9]), torch.tensor([18, 6]))
    tensor([6, 3])

    Source: PyTorch, `torch.gcd`.
    """
    return _of_integers(np.gcd, input, other)


@public(inplace=True, saves_input=False)
def lcm(input: Tensor, other: Tensor) -> Tensor:
    r"""The least common multiple, of integers; 0 where one of them is 0.

    >>> torch.lcm(torch.tensor([4, 6]), torch.tensor([6, 0]))
    tensor([12,  0])

    Source: PyTorch, `torch.lcm`.
    """
    return _of_integers(np.lcm, input, other)


# -- floating numbers ----------------------------------------------------------------------------------------


@public(inplace=True)
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    r"""outᵢ = inputᵢ · 2^otherᵢ.

    >>> torch.ldexp(torch.tensor([1.0, 3.0]), torch.tensor([2, -1]))
    tensor([4.0000, 1.5000])

    Source: PyTorch, `torch.ldexp`.
    """
    require_tensor(other, "ldexp", "other")
    if require_tensor(input, "ldexp").is_floating_point() and other._array.dtype.kind in "biu":
        return ldexp_rule(input, other)
    return input * 2.0**other


_frexp = structured("frexp", "mantissa", "exponent")


@public(out=False)
def frexp(input: Tensor) -> Any:
    r"""Mantissas, of sizes in [0.5, 1), and whole exponents: input = mantissa · 2^exponent.

    >>> torch.frexp(torch.tensor([6.0, 0.5])).mantissa
    tensor([0.7500, 0.5000])

    Source: PyTorch, `torch.frexp`.
    """
    if not require_tensor(input, "frexp").is_floating_point():
        raise RuntimeError(f"torch.frexp() only supports floating-point dtypes, got {input.dtype}")
    return _frexp(*frexp_rule(input))


@public(inplace=True, saves_input=False)
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    r"""The floating number after `input` in the direction of `other`; it has no derivative.

    >>> torch.nextafter(torch.tensor(1.0), torch.tensor(2.0)) - 1 == torch.finfo(torch.float32).eps
    tensor(True)

    Source: PyTorch, `torch.nextafter`.
    """
    for one in (require_tensor(input, "nextafter"), require_tensor(other, "nextafter", "other")):
        if not one.is_floating_point():
            raise NotImplementedError(
                f"\"nextafter_cpu\" not implemented for '{one.dtype.scalar_name}': convert with .float()"
            )
    return primitives[np.nextafter](input, other)
