"""Operations on the bits of integers, which for booleans are logic. None of them has a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import constant, primitives
from ..tensor import Tensor
from ._public import as_array, public, require_tensor
from .arithmetic import operator

__all__ = [
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
]

Operand = Tensor | int | bool

constant(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, promote="same")
constant(np.left_shift, np.right_shift, promote="same")


def _on_bits(ufunc: np.ufunc, input: Any, other: Any) -> Tensor:
    """The function on tensors and numbers; PyTorch's error where one of them is no integer."""
    name = ufunc.__name__
    if not isinstance(other, Tensor):
        require_tensor(input, name)
    for one in (input, other):
        kind = np.asarray(as_array(one)).dtype.kind
        if kind not in "biu":
            what = one.dtype.scalar_name if isinstance(one, Tensor) else type(one).__name__
            raise NotImplementedError(
                f"\"{name}_cpu\" not implemented for '{what}': bits are those of integers and booleans; "
                "convert first, for example with .int()"
            )
    return primitives[ufunc](input, other)


@public(inplace=True, saves_input=False)
def bitwise_and(input: Operand, other: Operand) -> Tensor:
    r"""Bits that are set in both; the operator `&`.

    >>> torch.bitwise_and(torch.tensor([5, 6]), 3), torch.tensor([True, False]) & True
    (tensor([1, 2]), tensor([ True, False]))

    Source: PyTorch, `torch.bitwise_and`.
    """
    return _on_bits(np.bitwise_and, input, other)


@public(inplace=True, saves_input=False)
def bitwise_or(input: Operand, other: Operand) -> Tensor:
    r"""Bits that are set in at least one; the operator `|`.

    >>> torch.bitwise_or(torch.tensor([5, 6]), 3), torch.tensor([True, False]) | True
    (tensor([7, 7]), tensor([True, True]))

    Source: PyTorch, `torch.bitwise_or`.
    """
    return _on_bits(np.bitwise_or, input, other)


@public(inplace=True, saves_input=False)
def bitwise_xor(input: Operand, other: Operand) -> Tensor:
    r"""Bits that are set in exactly one; the operator `^`.

    >>> torch.bitwise_xor(torch.tensor([5, 6]), 3), torch.tensor([True, False]) ^ True
    (tensor([6, 5]), tensor([False,  True]))

    Source: PyTorch, `torch.bitwise_xor`.
    """
    return _on_bits(np.bitwise_xor, input, other)


@public(inplace=True, saves_input=False)
def bitwise_left_shift(input: Operand, other: Operand) -> Tensor:
    r"""Bits moved up: outᵢ = inputᵢ · 2^otherᵢ; the operator `<<`.

    >>> torch.bitwise_left_shift(torch.tensor([1, -2]), 3)
    tensor([  8, -16])

    Source: PyTorch, `torch.bitwise_left_shift`.
    """
    return _on_bits(np.left_shift, input, other)


@public(inplace=True, saves_input=False)
def bitwise_right_shift(input: Operand, other: Operand) -> Tensor:
    r"""Bits moved down: outᵢ = ⌊inputᵢ / 2^otherᵢ⌋; the operator `>>`.

    >>> torch.bitwise_right_shift(torch.tensor([9, -9]), 1)
    tensor([ 4, -5])

    Source: PyTorch, `torch.bitwise_right_shift`.
    """
    return _on_bits(np.right_shift, input, other)


@public(method=("bitwise_not", "__invert__"), inplace=True, saves_input=False)
def bitwise_not(input: Tensor) -> Tensor:
    r"""All bits turned over; the operator `~`.

    >>> torch.bitwise_not(torch.tensor([0, 5])), ~torch.tensor([True, False])
    (tensor([-1, -6]), tensor([False,  True]))

    Raises:
        TypeError: the tensor holds no integers.

    Source: PyTorch, `torch.bitwise_not`.
    """
    if require_tensor(input, "bitwise_not")._array.dtype.kind not in "biu":
        raise TypeError(
            f"~ (operator.invert) is only implemented on integer and Boolean-type tensors, got "
            f"{input.dtype}; compare first, for example ~(x > 0)"
        )
    return primitives[np.invert](input)


for _function, _symbol in {
    bitwise_and: "and",
    bitwise_or: "or",
    bitwise_xor: "xor",
    bitwise_left_shift: "lshift",
    bitwise_right_shift: "rshift",
}.items():
    operator(_function, _symbol, saves_input=False)
