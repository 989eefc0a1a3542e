"""Einstein summation on arrays: operands are contracted pair by pair, each pair as one (batched) product.

A term names the dimensions of an operand, one character each: `contract(["ij", "jk"], "ik", [a, b])` is
`a @ b`. `np.einsum` multiplies in plain loops, which BLAS beats by far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .product import matmul

__all__ = ["contract"]


def contract(terms: Sequence[str], output: str, operands: Sequence[np.ndarray]) -> np.ndarray:
    """The sum over all dimensions that `output` does not name of the product of the operands.

    Operands are taken from left to right. A dimension of size 1 broadcasts against others of its name; a name
    that occurs twice in a term means the diagonal.

    >>> contract(["ij", "j"], "i", [np.eye(2), np.array([1.0, 2.0])])
    array([1., 2.])
    """
    pairs = [_diagonals(term, operand) for term, operand in zip(terms, operands, strict=True)]
    term, result = pairs[0]
    for position in range(1, len(pairs)):
        kept = set(output).union(*(later for later, _ in pairs[position + 1 :]))
        term, result = _pair(term, result, *pairs[position], kept)
    summed = tuple(axis for axis, name in enumerate(term) if name not in output)
    if summed:
        result = np.add.reduce(result, axis=summed)
        term = "".join(name for name in term if name in output)
    order = [term.index(name) for name in output]
    result = np.asarray(result).transpose(order)
    shared = len(operands) == 1 and np.may_share_memory(result, operands[0])
    return np.array(result) if shared else result


def _diagonals(term: str, operand: np.ndarray) -> tuple[str, np.ndarray]:
    """Take the diagonal over every name that occurs more than once."""
    for name in dict.fromkeys(term):
        while term.count(name) > 1:
            first = term.index(name)
            second = term.index(name, first + 1)
            operand = np.diagonal(operand, axis1=first, axis2=second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + name
    return term, operand


def _pair(xs: str, x: np.ndarray, ys: str, y: np.ndarray, kept: set[str]) -> tuple[str, np.ndarray]:
    """Contract two operands over the names that are not in `kept`."""
    xs, x = _sum_alone(xs, x, ys, kept)
    ys, y = _sum_alone(ys, y, xs, kept)
    sizes = {name: max(_size(name, xs, x), _size(name, ys, y), key=lambda n: (n != 1, n)) for name in xs + ys}
    batch = [name for name in xs if name in ys and name in kept]
    inner = [name for name in xs if name in ys and name not in kept]
    left = [name for name in xs if name not in ys]
    right = [name for name in ys if name not in xs]
    term = "".join([*batch, *left, *right])
    if not inner:  # no sum: a product with broadcasting
        x = x.transpose([xs.index(name) for name in batch + left])
        y = y.transpose([ys.index(name) for name in batch + right])
        x = x.reshape(x.shape + (1,) * len(right))
        y = y.reshape(y.shape[: len(batch)] + (1,) * len(left) + y.shape[len(batch) :])
        return term, x * y
    x = _stretched(xs, x, inner, sizes).transpose([xs.index(name) for name in batch + left + inner])
    y = _stretched(ys, y, inner, sizes).transpose([ys.index(name) for name in batch + inner + right])
    rows, depth, columns = (math.prod(sizes[name] for name in names) for names in (left, inner, right))
    x = x.reshape(*x.shape[: len(batch)], rows, depth)
    y = y.reshape(*y.shape[: len(batch)], depth, columns)
    out = matmul(x, y)
    return term, out.reshape([*out.shape[: len(batch)], *(sizes[name] for name in left + right)])


def _size(name: str, term: str, operand: np.ndarray) -> int:
    return operand.shape[term.index(name)] if name in term else 1


def _sum_alone(term: str, operand: np.ndarray, other: str, kept: set[str]) -> tuple[str, np.ndarray]:
    """Sum over the names that nothing else has."""
    alone = tuple(axis for axis, name in enumerate(term) if name not in other and name not in kept)
    if not alone:
        return term, operand
    return "".join(name for axis, name in enumerate(term) if axis not in alone), np.add.reduce(
        operand, axis=alone
    )


def _stretched(term: str, operand: np.ndarray, names: Sequence[str], sizes: dict[str, int]) -> np.ndarray:
    """Broadcast the dimensions to be summed over that have size 1 here and another elsewhere."""
    shape = tuple(sizes[name] if name in names else operand.shape[axis] for axis, name in enumerate(term))
    return operand if shape == operand.shape else np.broadcast_to(operand, shape)
