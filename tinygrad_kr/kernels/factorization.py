"""Factorisations that NumPy does not offer: LU with partial pivoting, and Bunch and Kaufman's LDLᵀ.

Both give what LAPACK's `getrf` and `sytrf` give, pivots counted from 1.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["ldl", "ldl_solve", "lu", "permutation"]


def lu(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stacked LU factors in one matrix, the pivots (int32, from 1), and the first zero pivot (int32, or 0).

    All matrices (*, n, m) of a stack take each step together.

    >>> lu(np.array([[4.0, 3.0], [6.0, 3.0]]))[:2]
    (array([[6.        , 3.        ],
           [0.66666667, 1.        ]]), array([2, 2], dtype=int32))
    """
    batch, (rows, columns) = a.shape[:-2], a.shape[-2:]
    count, steps = math.prod(batch), min(rows, columns)
    out = np.array(a, order="C").reshape(count, rows, columns)
    pivots = np.empty((count, steps), np.int32)
    info = np.zeros(count, np.int32)
    every = np.arange(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        for k in range(steps):
            chosen = k + np.argmax(np.abs(out[:, k:, k]), axis=1)
            pivots[:, k] = chosen + 1
            upper = out[every, chosen]
            out[every, chosen] = out[:, k]
            out[:, k] = upper
            pivot = upper[:, k]
            info[(pivot == 0) & (info == 0)] = k + 1
            column = out[:, k + 1 :, k]
            column /= np.where(pivot == 0, 1, pivot)[:, None]
            out[:, k + 1 :, k + 1 :] -= column[:, :, None] * upper[:, None, k + 1 :]
    return out.reshape(a.shape), pivots.reshape(*batch, steps), info.reshape(batch)


def permutation(pivots: np.ndarray, rows: int) -> np.ndarray:
    """The rows of A in the order that pivots put them: A[order] = L U.

    >>> permutation(np.array([3, 3]), 3)
    array([2, 0, 1])
    """
    flat = pivots.reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1])
    order = np.tile(np.arange(rows), (len(flat), 1))
    every = np.arange(len(flat))
    for k in range(flat.shape[1]):
        chosen = flat[:, k] - 1
        order[every, k], order[every, chosen] = order[every, chosen], order[every, k]
    return order.reshape(*pivots.shape[:-1], rows)


THRESHOLD = (1 + 17**0.5) / 8  # Bunch and Kaufman's, which bounds the growth of the elements


def ldl(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """One symmetric matrix, its lower triangle read, as L D Lᵀ with blocks of 1 or 2 in D.

    Returns L below D in one matrix, the pivots (negative, twice, for a block of 2), and the first zero block.
    Source: J. Bunch and L. Kaufman, "Some stable methods for calculating inertia and solving symmetric linear
    systems" (1977).

    >>> ldl(np.array([[0.0, 1.0], [1.0, 0.0]]))[1]
    array([-2, -2], dtype=int32)
    """
    out, n = np.tril(a), len(a)
    pivots, info, k = np.zeros(n, np.int32), 0, 0
    while k < n:
        size, step, chosen = abs(out[k, k]), 1, k
        below = np.abs(out[k + 1 :, k])
        largest = below.max(initial=0)
        if max(size, largest) == 0:
            info = info or k + 1
        elif size < THRESHOLD * largest:
            other = k + 1 + int(below.argmax())
            beside = max(np.abs(out[other, k:other]).max(), np.abs(out[other + 1 :, other]).max(initial=0))
            if size * beside >= THRESHOLD * largest * largest:
                pass
            elif abs(out[other, other]) >= THRESHOLD * beside:
                chosen = other
            else:
                step, chosen = 2, other
        _exchange(out, k + step - 1, chosen, k)
        if step == 1:
            pivots[k] = chosen + 1
            if out[k, k] != 0:
                column = out[k + 1 :, k].copy()
                out[k + 1 :, k + 1 :] -= np.tril(np.outer(column, column / out[k, k]))
                out[k + 1 :, k] = column / out[k, k]
        else:
            pivots[k : k + 2] = -(chosen + 1)
            block = np.array([[out[k, k], out[k + 1, k]], [out[k + 1, k], out[k + 1, k + 1]]])
            columns = out[k + 2 :, k : k + 2].copy()
            factors = np.linalg.solve(block, columns.T).T
            out[k + 2 :, k + 2 :] -= np.tril(factors @ columns.T)
            out[k + 2 :, k : k + 2] = factors
        k += step
    return out, pivots, info


def _exchange(a: np.ndarray, i: int, j: int, start: int) -> None:
    """Exchange rows and columns i < j of a symmetric matrix, held in its lower triangle, from `start` on."""
    if i == j:
        return
    a[j + 1 :, [i, j]] = a[j + 1 :, [j, i]]
    between = a[i + 1 : j, i].copy()
    a[i + 1 : j, i] = a[j, i + 1 : j]
    a[j, i + 1 : j] = between
    a[i, i], a[j, j] = a[j, j], a[i, i]
    a[[i, j], start:i] = a[[j, i], start:i]


def ldl_solve(ld: np.ndarray, pivots: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The solution X of A X = B, given what `ldl` made of A.

    >>> a = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> ldl_solve(*ldl(a)[:2], np.array([[2.0], [3.0]]))
    array([[3.],
           [2.]])
    """
    x, n, k = np.array(b), len(ld), 0
    steps = []
    while k < n:
        step = 1 if pivots[k] > 0 else 2
        steps.append((k, step, abs(int(pivots[k])) - 1))
        k += step
    for k, step, chosen in steps:
        last = k + step - 1
        x[[last, chosen]] = x[[chosen, last]]
        x[k + step :] -= ld[k + step :, k : k + step] @ x[k : k + step]
        block = ld[k : k + step, k : k + step]
        x[k : k + step] = np.linalg.solve(block + np.tril(block, -1).T, x[k : k + step])
    for k, step, chosen in reversed(steps):
        last = k + step - 1
        x[k : k + step] -= ld[k + step :, k : k + step].T @ x[k + step :]
        x[[last, chosen]] = x[[chosen, last]]
    return x
