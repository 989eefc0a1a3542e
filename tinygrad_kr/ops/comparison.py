"""Comparison and logic: questions about elements, answered with booleans, through which no gradient flows.

NumPy's functions registered here (`np.greater`, `np.isnan`, ...) take Tensors too, so derivative rules may
use them.
"""

from __future__ import annotations

import builtins

import numpy as np

from ..autograd import record
from ..autograd.primitive import Primitive, constant, definitions, primitives
from ..tensor import Tensor, graft
from ._public import as_array, constant_tensor, public, require_tensor
from .arithmetic import OPERANDS

__all__ = [
    "allclose",
    "eq",
    "equal",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "is_complex",
    "is_floating_point",
    "is_nonzero",
    "is_signed",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "le",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "ne",
    "not_equal",
]

Operand = Tensor | int | float | bool

constant(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, promote="same")
constant(np.logical_and, np.logical_or, np.logical_xor, np.logical_not, promote="same")
constant(np.isnan, np.isinf, np.isfinite, np.signbit, promote="same")
constant(np.isposinf, np.isneginf, np.isreal, np.isclose, np.allclose, np.array_equal, np.isin)

eq_rule, ne_rule = primitives[np.equal], primitives[np.not_equal]
lt_rule, le_rule = primitives[np.less], primitives[np.less_equal]
gt_rule, ge_rule = primitives[np.greater], primitives[np.greater_equal]


# -- comparing elements --------------------------------------------------------------------------


def _compare(primitive: Primitive, input: Tensor, other: Operand, name: str) -> Tensor:
    require_tensor(input, name)
    if not isinstance(other, OPERANDS):
        raise TypeError(f"{name}(): argument 'other' must be Tensor or a number, not {type(other).__name__}")
    return primitive(input, other)


@public(inplace=True, saves_input=False)
def eq(input: Tensor, other: Operand) -> Tensor:
    r"""Whether inputᵢ = otherᵢ; the operator `==`. Shapes broadcast.

    >>> torch.eq(torch.tensor([1, 2]), torch.tensor([1, 3]))
    tensor([ True, False])

    Source: PyTorch, `torch.eq`.
    """
    return _compare(eq_rule, input, other, "eq")


@public(method=("ne", "not_equal"), inplace=("ne_", "not_equal_"), saves_input=False)
def ne(input: Tensor, other: Operand) -> Tensor:
    r"""Whether inputᵢ ≠ otherᵢ; the operator `!=`. Shapes broadcast.

    >>> torch.ne(torch.tensor([1, 2]), torch.tensor([1, 3]))
    tensor([False,  True])

    Source: PyTorch, `torch.ne`.
    """
    return _compare(ne_rule, input, other, "ne")


@public(method=("lt", "less"), inplace=("lt_", "less_"), saves_input=False)
def lt(input: Tensor, other: Operand) -> Tensor:
    r"""Whether inputᵢ < otherᵢ; the operator `<`. Shapes broadcast.

    >>> torch.lt(torch.tensor([1, 2]), 2)
    tensor([ True, False])

    Source: PyTorch, `torch.lt`.
    """
    return _compare(lt_rule, input, other, "lt")


@public(method=("le", "less_equal"), inplace=("le_", "less_equal_"), saves_input=False)
def le(input: Tensor, other: Operand) -> Tensor:
    r"""Whether inputᵢ ≤ otherᵢ; the operator `<=`. Shapes broadcast.

    >>> torch.le(torch.tensor([1, 2, 3]), 2)
    tensor([ True,  True, False])

    Source: PyTorch, `torch.le`.
    """
    return _compare(le_rule, input, other, "le")


@public(method=("gt", "greater"), inplace=("gt_", "greater_"), saves_input=False)
def gt(input: Tensor, other: Operand) -> Tensor:
    r"""Whether inputᵢ > otherᵢ; the operator `>`. Shapes broadcast.

    >>> torch.gt(torch.tensor([1, 2]), 1)
    tensor([False,  True])

    Source: PyTorch, `torch.gt`.
    """
    return _compare(gt_rule, input, other, "gt")


@public(method=("ge", "greater_equal"), inplace=("ge_", "greater_equal_"), saves_input=False)
def ge(input: Tensor, other: Operand) -> Tensor:
    r"""Whether inputᵢ ≥ otherᵢ; the operator `>=`. Shapes broadcast.

    >>> torch.ge(torch.tensor([1, 2, 3]), 2)
    tensor([False,  True,  True])

    Source: PyTorch, `torch.ge`.
    """
    return _compare(ge_rule, input, other, "ge")


not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge


for _symbol, _ufunc in {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}.items():
    graft(record.binary(definitions[_ufunc], operator=True), f"__{_symbol}__")


# -- logic ---------------------------------------------------------------------------------------


def _logic(ufunc: np.ufunc, input: Tensor, other: Tensor, name: str) -> Tensor:
    return primitives[ufunc](require_tensor(input, name), require_tensor(other, name, "other"))


@public(inplace=True, saves_input=False)
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    r"""Whether both elements are true (not zero).

    >>> torch.logical_and(torch.tensor([0, 1, 2]), torch.tensor([True, True, False]))
    tensor([False,  True, False])

    Source: PyTorch, `torch.logical_and`.
    """
    return _logic(np.logical_and, input, other, "logical_and")


@public(inplace=True, saves_input=False)
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    r"""Whether at least one of two elements is true (not zero).

    >>> torch.logical_or(torch.tensor([0, 1, 2]), torch.tensor([False, True, False]))
    tensor([False,  True,  True])

    Source: PyTorch, `torch.logical_or`.
    """
    return _logic(np.logical_or, input, other, "logical_or")


@public(inplace=True, saves_input=False)
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    r"""Whether exactly one of two elements is true (not zero).

    >>> torch.logical_xor(torch.tensor([0, 1, 2]), torch.tensor([False, True, False]))
    tensor([False, False,  True])

    Source: PyTorch, `torch.logical_xor`.
    """
    return _logic(np.logical_xor, input, other, "logical_xor")


@public(inplace=True, saves_input=False)
def logical_not(input: Tensor) -> Tensor:
    r"""Whether an element is false (zero).

    >>> torch.logical_not(torch.tensor([0, 1, 2]))
    tensor([ True, False, False])

    Source: PyTorch, `torch.logical_not`.
    """
    return primitives[np.logical_not](require_tensor(input, "logical_not"))


# -- kinds of numbers ----------------------------------------------------------------------------


@public(out=False)
def isnan(input: Tensor) -> Tensor:
    r"""Whether an element is NaN.

    >>> torch.isnan(torch.tensor([1.0, float("nan"), float("inf")]))
    tensor([False,  True, False])

    Source: PyTorch, `torch.isnan`.
    """
    return primitives[np.isnan](require_tensor(input, "isnan"))


@public(out=False)
def isinf(input: Tensor) -> Tensor:
    r"""Whether an element is infinite, of either sign.

    >>> torch.isinf(torch.tensor([1.0, float("nan"), -float("inf")]))
    tensor([False, False,  True])

    Source: PyTorch, `torch.isinf`.
    """
    return primitives[np.isinf](require_tensor(input, "isinf"))


@public(out=False)
def isfinite(input: Tensor) -> Tensor:
    r"""Whether an element is neither infinite nor NaN.

    >>> torch.isfinite(torch.tensor([1.0, float("nan"), float("inf")]))
    tensor([ True, False, False])

    Source: PyTorch, `torch.isfinite`.
    """
    return primitives[np.isfinite](require_tensor(input, "isfinite"))


@public()
def isposinf(input: Tensor) -> Tensor:
    r"""Whether an element is +∞.

    >>> torch.isposinf(torch.tensor([-float("inf"), float("inf"), 1.0]))
    tensor([False,  True, False])

    Source: PyTorch, `torch.isposinf`.
    """
    return constant_tensor(np.isposinf(require_tensor(input, "isposinf")._array))


@public()
def isneginf(input: Tensor) -> Tensor:
    r"""Whether an element is -∞.

    >>> torch.isneginf(torch.tensor([-float("inf"), float("inf"), 1.0]))
    tensor([ True, False, False])

    Source: PyTorch, `torch.isneginf`.
    """
    return constant_tensor(np.isneginf(require_tensor(input, "isneginf")._array))


@public(out=False)
def isreal(input: Tensor) -> Tensor:
    r"""Whether an element has no imaginary part.

    >>> torch.isreal(torch.tensor([1.0, -2.0]))
    tensor([True, True])

    Source: PyTorch, `torch.isreal`.
    """
    return constant_tensor(np.isreal(require_tensor(input, "isreal")._array))


# -- closeness, equality, membership -------------------------------------------------------------


@public(out=False)
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    r"""Whether |inputᵢ - otherᵢ| ≤ atol + rtol · |otherᵢ|; infinities are close to themselves.

    Args:
        input, other: tensors of one dtype; shapes broadcast.
        rtol, atol: relative and absolute tolerance.
        equal_nan: whether NaN is close to NaN.

    Raises:
        RuntimeError: the dtypes differ, or a tolerance is negative.

    >>> torch.isclose(torch.tensor([1.0, 1.1]), torch.tensor([1.0000001, 1.0]))
    tensor([ True, False])

    Source: PyTorch, `torch.isclose`.
    """
    require_tensor(input, "isclose")
    require_tensor(other, "isclose", "other")
    if input._array.dtype != other._array.dtype:
        raise RuntimeError(
            f"{input.dtype.scalar_name} did not match {other.dtype.scalar_name}: both tensors must have the "
            f"same dtype; convert one, for example other.to({input.dtype})"
        )
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {value}")
    eq_rule(input, other)  # for its error about shapes
    return constant_tensor(np.isclose(input._array, other._array, rtol, atol, equal_nan))


@public(out=False)
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> builtins.bool:
    r"""Whether all elements are close, as `isclose` defines it; a Python bool.

    >>> torch.allclose(torch.tensor([1.0]), torch.tensor([1.0000001]))
    True

    Source: PyTorch, `torch.allclose`.
    """
    return builtins.bool(np.all(isclose(input, other, rtol, atol, equal_nan)._array))


@public(out=False)
def equal(input: Tensor, other: Tensor) -> builtins.bool:
    r"""Whether two tensors have the same shape and the same elements; a Python bool. NaN equals nothing.

    >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
    True

    Source: PyTorch, `torch.equal`.
    """
    one, two = require_tensor(input, "equal")._array, require_tensor(other, "equal", "other")._array
    return one.shape == two.shape and builtins.bool(np.all(one == two))


@public(method=False)
def isin(
    elements: Tensor | float,
    test_elements: Tensor | float,
    *,
    assume_unique: bool = False,
    invert: bool = False,
) -> Tensor:
    r"""Whether each of `elements` occurs among `test_elements`.

    Args:
        elements, test_elements: tensors; one of them may be a number.
        assume_unique: a promise that neither has repetitions, which may save time.
        invert: ask the opposite.

    >>> torch.isin(torch.tensor([[1, 2], [3, 4]]), torch.tensor([2, 3]))
    tensor([[False,  True],
            [ True, False]])

    Source: PyTorch, `torch.isin`.
    """
    if not (isinstance(elements, Tensor) or isinstance(test_elements, Tensor)):
        raise TypeError(
            "isin(): at least one of 'elements' and 'test_elements' must be a Tensor, got "
            f"{type(elements).__name__} and {type(test_elements).__name__}"
        )
    for name, value in (("elements", elements), ("test_elements", test_elements)):
        if not isinstance(value, (Tensor, int, float)):
            raise TypeError(
                f"isin(): argument '{name}' must be Tensor or a number, not {type(value).__name__}"
            )
    found = np.isin(as_array(elements), as_array(test_elements), assume_unique=assume_unique, invert=invert)
    return constant_tensor(found)


# -- questions about a whole tensor --------------------------------------------------------------


@public(method=False, out=False)
def is_floating_point(input: Tensor) -> builtins.bool:
    r"""Whether the dtype is a floating one.

    >>> torch.is_floating_point(torch.tensor([1.0])), torch.is_floating_point(torch.tensor([1]))
    (True, False)

    Source: PyTorch, `torch.is_floating_point`.
    """
    return require_tensor(input, "is_floating_point").is_floating_point()


@public(method=False, out=False)
def is_complex(input: Tensor) -> builtins.bool:
    r"""Whether the dtype is a complex one.

    >>> torch.is_complex(torch.tensor([1.0]))
    False

    Source: PyTorch, `torch.is_complex`.
    """
    return require_tensor(input, "is_complex").is_complex()


@public(method=False, out=False)
def is_signed(input: Tensor) -> builtins.bool:
    r"""Whether the dtype can hold negative numbers.

    >>> torch.is_signed(torch.tensor([True]))
    False

    Source: PyTorch, `torch.is_signed`.
    """
    return require_tensor(input, "is_signed").is_signed()


@public(out=False)
def is_nonzero(input: Tensor) -> builtins.bool:
    r"""Whether the only element of a tensor is not zero.

    Raises:
        RuntimeError: the tensor has no element, or several.

    >>> torch.is_nonzero(torch.tensor([0.0]))
    False

    Source: PyTorch, `torch.is_nonzero`.
    """
    return builtins.bool(require_tensor(input, "is_nonzero"))
