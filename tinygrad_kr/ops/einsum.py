"""Einstein summation, and `tensordot`, which is one."""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..autograd.primitive import joint, numpy_function
from ..kernels.contraction import contract
from ..tensor import Tensor, wrap
from ._public import axis_of, public, require_tensor

__all__ = ["einsum", "tensordot"]


# -- the derivative ------------------------------------------------------------------------------------------


def einsum_(*operands: Any, terms: tuple[str, ...], output: str) -> Any:
    """The sum over all dimensions that `output` does not name of the product of the operands."""
    return contract(terms, output, operands)


def einsum_gradients(g: Any, operands: Any, terms: tuple[str, ...], output: str) -> list[Any]:
    """The gradient for an operand is an einsum as well: of `g` and the other operands, into its term.

    Dimensions that only this operand has were summed over: the gradient is constant along them (a factor of
    ones). A name that it has twice meant the diagonal: the gradient is zero beside it (a factor that is an
    identity matrix).
    """
    gradients = []
    for position, operand in enumerate(operands):
        others = [i for i in range(len(operands)) if i != position]
        factors = [g, *(operands[i] for i in others)]
        names = [output, *(terms[i] for i in others)]
        target = ""
        for name, size in zip(terms[position], operand.shape):
            if name in target:
                twin = _unused("".join([*terms, *names, target]))
                factors.append(np.eye(size, dtype=bool))  # boolean, so that they change no dtype
                names.append(name + twin)
                name = twin
            elif not any(name in one for one in names):
                factors.append(np.ones(size, bool))
                names.append(name)
            target = target + name
        gradients.append(einsum_rule(*factors, terms=tuple(names), output=target))
    return gradients


einsum_rule = joint(einsum_, einsum_gradients, name="einsum")


def _unused(names: str) -> str:
    """A character that names no dimension yet."""
    return chr(max(256, *map(ord, names)) + 1)


# -- reading equations ---------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def parse(equation: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], str]:
    """The terms of the operands and of the output; what an ellipsis hides gets names beyond the letters."""
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    given = inputs.split(",")
    _check_letters(equation, "".join(given) + output)
    if len(given) != len(shapes):
        fewer = "more" if len(shapes) > len(given) else "fewer"
        raise RuntimeError(
            f"einsum(): {fewer} operands were provided than specified in the equation: {len(shapes)} for "
            f"{equation!r}, which has {len(given)} terms"
        )
    hidden = [
        len(shape) - len(term.replace("...", "")) if "..." in term else 0
        for term, shape in zip(given, shapes)
    ]
    for position, (term, shape, extra) in enumerate(zip(given, shapes, hidden)):
        named = len(term.replace("...", ""))
        if extra < 0 or ("..." not in term and named != len(shape)):
            needs = "no more than" if "..." in term else "equal to"
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) should be {needs} the number "
                f"of dimensions ({len(shape)}) of operand {position}, whose shape is {list(shape)}"
                + ("" if "..." in term else " and no ellipsis was given")
            )
    dots = "".join(chr(256 + i) for i in range(max(hidden)))
    terms = tuple(term.replace("...", dots[len(dots) - extra :]) for term, extra in zip(given, hidden))
    if arrow:
        output = output.replace("...", dots)
    else:
        every = "".join(terms)
        output = dots + "".join(sorted(name for name in set(every) - set(dots) if every.count(name) == 1))
    _check_terms(terms, output, shapes)
    return terms, output


def _check_letters(equation: str, letters: str) -> None:
    for letter in letters.replace("...", ""):
        if letter not in string.ascii_letters:
            raise RuntimeError(
                f"einsum(): invalid subscript {letter!r} in the equation {equation!r}, subscripts must be in "
                "[a-zA-Z] (and an ellipsis has three dots)"
            )


def _check_terms(terms: Sequence[str], output: str, shapes: Sequence[Sequence[int]]) -> None:
    """Raise PyTorch's errors for names that clash in size or that the output has and no operand."""
    seen: dict[str, int] = {}
    for position, (term, shape) in enumerate(zip(terms, shapes)):
        for name, size in zip(term, shape):
            if seen.get(name, 1) != 1 and size not in (1, seen[name]):
                label = name if name in string.ascii_letters else "..."
                raise RuntimeError(
                    f"einsum(): subscript {label} has size {size} for operand {position} which does not "
                    f"broadcast with previously seen size {seen[name]}"
                )
            if term.count(name) > 1 and any(
                shape[i] != size for i, other in enumerate(term) if other == name
            ):
                raise RuntimeError(
                    f"einsum(): subscript {name} is repeated for operand {position} but the sizes don't "
                    f"match: {list(shape)}"
                )
            seen[name] = size if seen.get(name, 1) == 1 else seen[name]
    for name in output:
        if output.count(name) > 1:
            raise RuntimeError(f"einsum(): output subscript {name} appears more than once in the output")
        if name not in seen:
            raise RuntimeError(
                f"einsum(): output subscript {name} does not appear in the equation for any input operand"
            )


def _from_sublists(args: Sequence[Any]) -> tuple[str, list[Any]]:
    """The equation and operands of `einsum(x, [0, 1], y, [1, 2], [0, 2])`."""
    operands, sublists = list(args[: len(args) // 2 * 2 : 2]), list(args[1::2])
    output = args[-1] if len(args) % 2 else None

    def letters(sublist: Any) -> str:
        for one in sublist:
            if one is not Ellipsis and not 0 <= one < len(string.ascii_letters):
                raise RuntimeError(
                    f"einsum(): not within the expected range [0, 52): subscript {one} of the sublist "
                    f"{sublist}"
                )
        return "".join("..." if one is Ellipsis else string.ascii_letters[one] for one in sublist)

    equation = ",".join(map(letters, sublists))
    return equation if output is None else f"{equation}->{letters(output)}", operands


# -- the functions -------------------------------------------------------------------------------------------


@public(method=False, out=False)
def einsum(*args: Any) -> Tensor:
    r"""Einstein summation: products of elements, summed over the dimensions that the output does not name.

    `einsum("ij,jk->ik", a, b)` is the matrix product. Without `->`, the output has the names that occur once,
    in alphabetical order. `...` stands for any further dimensions; a name that an operand has twice for its
    diagonal. Operands are contracted from left to right.

    Args:
        *args: the equation and the operands (or a list of them); or operands each followed by a list of
            dimension numbers, and the list of the output.

    Raises:
        RuntimeError: the equation does not fit the operands.

    >>> a, b = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 10.0])
    >>> torch.einsum("ij,j->i", a, b), torch.einsum("ii", a)
    (tensor([21., 43.]), tensor(5.))

    Source: PyTorch, `torch.einsum`.
    """
    if not args:
        raise ValueError("einsum(): must specify the equation string and at least one operand")
    if isinstance(args[0], str):
        equation, operands = args[0], list(args[1:])
        if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
            operands = list(operands[0])
    else:
        equation, operands = _from_sublists(args)
    if not operands:
        raise ValueError("einsum(): must provide at least one operand")
    for one in operands:
        require_tensor(one, "einsum", "operands")
    terms, output = parse(equation, tuple([one._array.shape for one in operands]))
    dtypes = {one._array.dtype for one in operands}
    if len(dtypes) > 1:
        found = ", ".join(str(one.dtype) for one in operands)
        raise RuntimeError(
            f"einsum(): operands must have the same dtype, but got {found}; convert them first"
        )
    return einsum_rule(*operands, terms=terms, output=output)


@public(method=False)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    r"""Products summed over several dimensions of both tensors.

    Args:
        a, b: the tensors.
        dims: a number n, for the last n dimensions of `a` and the first n of `b`; or two lists of dimensions.

    Raises:
        RuntimeError: the dimensions do not fit.

    >>> torch.tensordot(torch.ones(2, 3, 4), torch.ones(3, 4, 5), dims=2).shape
    torch.Size([2, 5])

    Source: PyTorch, `torch.tensordot`.
    """
    a_shape, b_shape = require_tensor(a, "tensordot", "a").shape, require_tensor(b, "tensordot", "b").shape
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if not 0 <= dims <= min(len(a_shape), len(b_shape)):
            raise RuntimeError(
                f"tensordot expects dims from 0 to {min(len(a_shape), len(b_shape))} for these tensors, but "
                f"got dims={dims}"
            )
        dims = [range(len(a_shape) - dims, len(a_shape)), range(dims)]
    left = [axis_of(int(dim), len(a_shape)) for dim in ([dims[0]] if isinstance(dims[0], int) else dims[0])]
    right = [axis_of(int(dim), len(b_shape)) for dim in ([dims[1]] if isinstance(dims[1], int) else dims[1])]
    if len(left) != len(right):
        raise RuntimeError(
            f"both dimension lists should have same length, got {len(left)} and {len(right)} dimensions"
        )
    if len(set(left)) < len(left) or len(set(right)) < len(right):
        raise RuntimeError(f"a dim appears multiple times in the list of dims: {left}, {right}")
    for one, two in zip(left, right):
        if a_shape[one] != b_shape[two] and 1 not in (a_shape[one], b_shape[two]):
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a_shape[one]} in dim {one} and "
                f"second has size {b_shape[two]} in dim {two}"
            )
    x = [chr(256 + i) for i in range(len(a_shape))]
    y = [x[left[right.index(i)]] if i in right else chr(512 + i) for i in range(len(b_shape))]
    output = [name for i, name in enumerate(x) if i not in left]
    output += [name for i, name in enumerate(y) if i not in right]
    return einsum_rule(a, b, terms=("".join(x), "".join(y)), output="".join(output))


@numpy_function(np.einsum)
def _np_einsum(*operands: Any, out: None = None, optimize: Any = False) -> Any:
    equation, *given = operands
    return einsum(equation, *(one if isinstance(one, Tensor) else wrap(np.asarray(one)) for one in given))


@numpy_function(np.tensordot)
def _np_tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    x, y = (one if isinstance(one, Tensor) else wrap(np.asarray(one)) for one in (a, b))
    return tensordot(x, y, axes)
