"""Arithmetic: sums, products, quotients, remainders, powers, and the operators of Tensors.

Each `rule` below is a derivative: `g` is the gradient that arrives, the names after it are what it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import record
from ..autograd.primitive import definitions, primitives, rule
from ..tensor import Tensor, graft
from ._public import in_place, public, require_tensor

__all__ = [
    "add",
    "div",
    "divide",
    "float_power",
    "floor_divide",
    "fmod",
    "mul",
    "multiply",
    "neg",
    "negative",
    "positive",
    "pow",
    "reciprocal",
    "remainder",
    "rsqrt",
    "rsub",
    "sqrt",
    "square",
    "sub",
    "subtract",
    "true_divide",
]

Operand = Tensor | int | float | bool


# -- the derivatives -----------------------------------------------------------------------------

add_rule = rule(np.add, name="add", promote="same", x=lambda g: g, y=lambda g: g)
sub_rule = rule(np.subtract, name="sub", promote="same", x=lambda g: g, y=lambda g: -g)
mul_rule = rule(np.multiply, name="mul", promote="same", x=lambda g, y: g * y, y=lambda g, x: g * x)
div_rule = rule(
    np.true_divide,
    name="div",
    promote="float",
    result_may_change=True,
    x=lambda g, y: g / y,
    y=lambda g, y, out: -g * out / y,
)
neg_rule = rule(np.negative, name="neg", promote="same", x=lambda g: -g)
positive_rule = rule(np.positive, name="positive", promote="same", x=lambda g: g)
square_rule = rule(np.square, name="pow", promote="same", x=lambda g, x: g * (2 * x))
sqrt_rule = rule(np.sqrt, name="sqrt", promote="float", x=lambda g, out: g / (2 * out))


def reciprocal_(x: Any) -> Any:
    """1 / x."""
    return 1 / x


def rsqrt_(x: Any) -> Any:
    """1 / √x."""
    return 1 / np.sqrt(x)


reciprocal_rule = rule(reciprocal_, name="reciprocal", promote="float", x=lambda g, out: -g * (out * out))
rsqrt_rule = rule(rsqrt_, name="rsqrt", promote="float", x=lambda g, out: -0.5 * g * (out * out * out))


def truncated_quotient(x: Any, y: Any) -> Any:
    """x / y rounded towards zero, in the dtype of the operands."""
    quotient = np.trunc(np.true_divide(x, y))
    return quotient.astype(np.result_type(x, y), copy=False)


def power_slope(x: Any, y: Any) -> Any:
    """∂(xʸ)/∂x = y·xʸ⁻¹, and 0 where y = 0 (also at x = 0, as PyTorch has it)."""
    zero = np.equal(y, 0)
    return np.where(zero, 0.0, y * np.power(x, np.where(zero, 1.0, y - 1)))


def power_growth(x: Any, y: Any, out: Any) -> Any:
    """∂(xʸ)/∂y = xʸ·ln x, and 0 where x = 0 and y ≥ 0."""
    flat = np.logical_and(np.equal(x, 0), np.greater_equal(np.real(y), 0))
    return np.where(flat, 0.0, out * np.log(np.where(flat, 1.0, x)))


def power_(x: Any, y: Any) -> Any:
    """xʸ, also of integers to negative integers: the reciprocals of 1 and -1, and 0 for all others."""
    try:
        return np.power(x, y)
    except ValueError:
        if np.result_type(x, y).kind not in "iu":
            raise
        positive = np.power(x, np.abs(y))
        return np.where((np.less(y, 0)) & (np.abs(x) != 1), 0, positive).astype(positive.dtype)


pow_rule = rule(
    np.power,
    forward=power_,
    name="pow",
    promote="same",
    x=lambda g, x, y: g * power_slope(x, y),
    y=lambda g, x, y, out: g * power_growth(x, y, out),
)
remainder_rule = rule(
    np.remainder,
    name="remainder",
    promote="same",
    x=lambda g: g,
    y=lambda g, x, y: -g * np.floor_divide(x, y),
)
fmod_rule = rule(np.fmod, name="fmod", promote="same", x=lambda g: g, y=lambda g, x, y: -g * np.trunc(x / y))
floor_divide_rule = rule(
    np.floor_divide,
    name="floor_divide",
    promote="same",
    x=lambda g: np.zeros_like(g),
    y=lambda g: np.zeros_like(g),
)
trunc_divide_rule = rule(
    truncated_quotient, promote="same", x=lambda g: np.zeros_like(g), y=lambda g: np.zeros_like(g)
)


# -- the functions -------------------------------------------------------------------------------


def _scaled(other: Any, alpha: Any) -> Any:
    return other if alpha == 1 else mul_rule(other, alpha) if isinstance(other, Tensor) else other * alpha


@public(inplace=True, saves_input=False)
def add(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    r"""Sum: outᵢ = inputᵢ + alpha · otherᵢ.

    Args:
        input, other: tensors or numbers; shapes broadcast, dtypes promote.
        alpha: the factor of `other`.

    >>> torch.add(torch.tensor([1.0, 2.0]), 10, alpha=2)
    tensor([21., 22.])

    Source: PyTorch, `torch.add`.
    """
    return add_rule(input, _scaled(other, alpha))


@public(inplace=True, saves_input=False)
def sub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    r"""Difference: outᵢ = inputᵢ - alpha · otherᵢ.

    Args:
        input, other: tensors or numbers; shapes broadcast, dtypes promote.
        alpha: the factor of `other`.

    >>> torch.sub(torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.5]))
    tensor([0.5000, 1.5000])

    Source: PyTorch, `torch.sub`.
    """
    return sub_rule(input, _scaled(other, alpha))


@public(method=False)
def rsub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    r"""Reversed difference: outᵢ = otherᵢ - alpha · inputᵢ.

    >>> torch.rsub(torch.tensor([1.0, 2.0]), 3)
    tensor([2., 1.])

    Source: PyTorch, `torch.rsub`.
    """
    return sub_rule(other, _scaled(input, alpha))


@public(inplace=True)
def mul(input: Operand, other: Operand) -> Tensor:
    r"""Product: outᵢ = inputᵢ · otherᵢ.

    >>> torch.mul(torch.tensor([1.0, 2.0]), torch.tensor([[2.0], [3.0]]))
    tensor([[2., 4.],
            [3., 6.]])

    Source: PyTorch, `torch.mul`.
    """
    return mul_rule(input, other)


@public(inplace=True)
def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    r"""Quotient: outᵢ = inputᵢ / otherᵢ; integers divide to the default floating dtype.

    Args:
        input, other: tensors or numbers; shapes broadcast, dtypes promote.
        rounding_mode: None for the true quotient; "trunc" rounds towards zero, "floor" down; both keep ints.

    Raises:
        RuntimeError: for another `rounding_mode`.

    >>> torch.div(torch.tensor([-7, 7]), 2), torch.div(torch.tensor([-7, 7]), 2, rounding_mode="trunc")
    (tensor([-3.5000,  3.5000]), tensor([-3,  3]))

    Source: PyTorch, `torch.div`.
    """
    if rounding_mode is None:
        return div_rule(input, other)
    if rounding_mode == "floor":
        return floor_divide_rule(input, other)
    if rounding_mode == "trunc":
        return trunc_divide_rule(input, other)
    raise RuntimeError(
        f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
    )


@public(inplace=True)
def floor_divide(input: Operand, other: Operand) -> Tensor:
    r"""Quotient rounded down: outᵢ = ⌊inputᵢ / otherᵢ⌋.

    >>> torch.floor_divide(torch.tensor([-7, 7]), 2)
    tensor([-4,  3])

    Source: PyTorch, `torch.floor_divide`.
    """
    return floor_divide_rule(input, other)


@public(inplace=True)
def remainder(input: Operand, other: Operand) -> Tensor:
    r"""Python's modulus, with the sign of the divisor: outᵢ = inputᵢ - otherᵢ·⌊inputᵢ / otherᵢ⌋.

    >>> torch.remainder(torch.tensor([-3.0, 3.0]), 2)
    tensor([1., 1.])

    Source: PyTorch, `torch.remainder`.
    """
    return remainder_rule(input, other)


@public(inplace=True)
def fmod(input: Operand, other: Operand) -> Tensor:
    r"""C's modulus, with the sign of the dividend: outᵢ = inputᵢ - otherᵢ·trunc(inputᵢ / otherᵢ).

    >>> torch.fmod(torch.tensor([-3.0, 3.0]), 2)
    tensor([-1.,  1.])

    Source: PyTorch, `torch.fmod`.
    """
    return fmod_rule(input, other)


@public(inplace=True)
def neg(input: Tensor) -> Tensor:
    r"""Negative: outᵢ = -inputᵢ.

    >>> torch.neg(torch.tensor([1.0, -2.0]))
    tensor([-1.,  2.])

    Source: PyTorch, `torch.neg`.
    """
    return neg_rule(require_tensor(input, "neg"))


@public()
def positive(input: Tensor) -> Tensor:
    r"""The tensor itself: outᵢ = inputᵢ.

    >>> torch.positive(torch.tensor([1.0, -2.0]))
    tensor([ 1., -2.])

    Source: PyTorch, `torch.positive`.
    """
    return positive_rule(require_tensor(input, "positive"))


@public(inplace=True)
def square(input: Tensor) -> Tensor:
    r"""Square: outᵢ = inputᵢ².

    >>> torch.square(torch.tensor([1.0, -2.0]))
    tensor([1., 4.])

    Source: PyTorch, `torch.square`.
    """
    if require_tensor(input, "square")._array.dtype.kind == "b":
        return mul_rule(input, 1).square()
    return square_rule(input)


@public(inplace=True)
def sqrt(input: Tensor) -> Tensor:
    r"""Square root: outᵢ = √inputᵢ; its derivative at 0 is infinite.

    >>> torch.sqrt(torch.tensor([1.0, 4.0]))
    tensor([1., 2.])

    Source: PyTorch, `torch.sqrt`.
    """
    return sqrt_rule(require_tensor(input, "sqrt"))


@public(inplace=True)
def rsqrt(input: Tensor) -> Tensor:
    r"""Reciprocal square root: outᵢ = 1 / √inputᵢ.

    >>> torch.rsqrt(torch.tensor([1.0, 4.0]))
    tensor([1.0000, 0.5000])

    Source: PyTorch, `torch.rsqrt`.
    """
    return rsqrt_rule(require_tensor(input, "rsqrt"))


@public(inplace=True)
def reciprocal(input: Tensor) -> Tensor:
    r"""Reciprocal: outᵢ = 1 / inputᵢ.

    >>> torch.reciprocal(torch.tensor([1.0, 4.0]))
    tensor([1.0000, 0.2500])

    Source: PyTorch, `torch.reciprocal`.
    """
    return reciprocal_rule(require_tensor(input, "reciprocal"))


@public(inplace=True)
def pow(input: Operand, exponent: Operand) -> Tensor:
    r"""Power: outᵢ = inputᵢ ^ exponentᵢ.

    The derivative for the exponent is 0 where the base is 0 and the exponent is not negative.

    Raises:
        RuntimeError: integers to a negative integer power.

    >>> torch.pow(torch.tensor([1.0, 2.0, 3.0]), 2), torch.pow(2, torch.tensor([1.0, 2.0]))
    (tensor([1., 4., 9.]), tensor([2., 4.]))

    Source: PyTorch, `torch.pow`.
    """
    if isinstance(input, Tensor) and not isinstance(exponent, Tensor):
        if exponent == 2:
            return square_rule(input) if input._array.dtype.kind != "b" else mul_rule(input, input)
        if isinstance(exponent, int) and exponent < 0 and input._array.dtype.kind in "iu":
            raise RuntimeError(
                f"Integers to negative integer powers are not allowed, got exponent {exponent}; use "
                f".float() first"
            )
    return pow_rule(input, exponent)


@public(inplace=True)
def float_power(input: Operand, exponent: Operand) -> Tensor:
    r"""Power in double precision: outᵢ = inputᵢ ^ exponentᵢ as float64, or complex128.

    >>> torch.float_power(torch.tensor([4, 9]), 0.5)
    tensor([2., 3.], dtype=torch.float64)

    Source: PyTorch, `torch.float_power`.
    """
    given = [one for one in (input, exponent) if isinstance(one, Tensor)]
    is_complex = any(one.is_complex() for one in given) or isinstance(exponent, complex)
    wide = dtypes.complex128 if is_complex else dtypes.float64
    return pow_rule(*[one.to(wide) if isinstance(one, Tensor) else one for one in (input, exponent)])


subtract, multiply, divide, true_divide, negative = sub, mul, div, div, neg
for _function, _names in (
    (sub, ("subtract",)),
    (mul, ("multiply",)),
    (div, ("divide", "true_divide")),
    (neg, ("negative",)),
):
    for _name in _names:
        graft(getattr(Tensor, _function.__name__), _name)
        graft(getattr(Tensor, _function.__name__ + "_"), _name + "_")


# -- the operators -------------------------------------------------------------------------------

OPERANDS = record.OPERANDS


def operator(
    function: Callable[[Any, Any], Any],
    symbol: str,
    *,
    saves_input: bool,
    infix: Callable[[Any, Any], Any] | None = None,
) -> None:
    """Make a function of two operands the operator `__symbol__`, its reflected and its in-place form.

    `infix` is the function again, if there is one that leaves what is neither tensor nor number to Python.
    """

    def left(self: Tensor, other: Any) -> Any:
        return function(self, other) if isinstance(other, OPERANDS) else NotImplemented

    def right(self: Tensor, other: Any) -> Any:
        return function(other, self) if isinstance(other, OPERANDS) else NotImplemented

    graft(infix or left, f"__{symbol}__")
    graft(right if infix is None else lambda self, other: infix(other, self), f"__r{symbol}__")
    graft(in_place(function, f"__i{symbol}__", saves_input=saves_input), f"__i{symbol}__")


for _symbol, _ufunc in {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.true_divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
}.items():
    operator(
        primitives[_ufunc],
        _symbol,
        saves_input=_symbol not in ("add", "sub"),
        infix=record.binary(definitions[_ufunc], operator=True),
    )
operator(pow, "pow", saves_input=True)
graft(neg_rule, "__neg__")
graft(positive_rule, "__pos__")
