"""Norms: of vectors, of tensors as long vectors, of matrices; distances; renorm.

`linalg_norm` and `linalg_vector_norm` are what the `linalg` namespace calls `norm` and `vector_norm`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.primitive import rule
from ..kernels.reduction import reduce, sum_of_squares
from ..tensor import Tensor
from ._public import axes_of, axis_of, public, require_tensor
from .linalg import matrix_norm
from .reduction import spread

__all__ = ["dist", "norm", "renorm"]

LINALG = ["linalg_norm", "linalg_vector_norm"]

Dim = int | Sequence[int] | None


# -- the derivatives ---------------------------------------------------------------------------------------


def vector_norm_(x: Any, *, p: float, axis: Any, keepdims: bool) -> Any:
    """(Σ |x|ᵖ)^(1/p), with its limits at p = ∞, -∞ and 0."""
    if p == 2:
        if axis is None and not keepdims and (x.flags.c_contiguous or x.flags.f_contiguous):
            return np.sqrt(sum_of_squares(x.ravel(order="K")))
        return np.sqrt(reduce(np.add, x * x, axis, keepdims))
    size = np.abs(x)
    if p == math.inf:
        return reduce(np.maximum, size, axis, keepdims)
    if p == -math.inf:
        return reduce(np.minimum, size, axis, keepdims)
    if p == 1:
        return reduce(np.add, size, axis, keepdims)
    if p == 0:
        return reduce(np.add, (x != 0).astype(x.dtype), axis, keepdims)
    with np.errstate(divide="ignore"):  # 0 to a negative power
        return reduce(np.add, size**p, axis, keepdims) ** (1 / p)


def inverse_or_zero(x: Any) -> Any:
    """1 / x, and 0 at 0: the subgradient that norms have there."""
    zero = np.equal(x, 0)
    return np.where(zero, 0.0, 1 / np.where(zero, 1.0, x))


def vector_norm_slope(g: Any, x: Any, out: Any, p: float, axis: Any, keepdims: bool, shape: Any) -> Any:
    """∂‖x‖/∂x = sign(x)·(|x| / ‖x‖)^(p-1), in the form that suits p."""
    g, out = spread(g, shape, axis, keepdims), spread(out, shape, axis, keepdims)
    if p == 2:
        return x * (g * inverse_or_zero(out))
    if p == 0:
        return np.zeros_like(x)
    if p == 1:
        return g * np.sign(x)
    if math.isinf(p):
        attains = np.equal(np.abs(x), out) * np.ones_like(x)
        return np.sign(x) * (g * attains / np.sum(attains, axis=axis, keepdims=True))
    scale = g * inverse_or_zero(np.power(out, p - 1))
    if p > 2:
        return x * np.power(np.abs(x), p - 2) * scale
    zero = np.equal(x, 0)
    return np.where(zero, 0.0, np.sign(x) * np.power(np.where(zero, 1.0, np.abs(x)), p - 1)) * scale


vector_norm_rule = rule(
    vector_norm_,
    name="linalg_vector_norm",
    x=lambda g, x, out, x_shape, p, axis, keepdims: vector_norm_slope(g, x, out, p, axis, keepdims, x_shape),
)


# -- the functions -----------------------------------------------------------------------------------------


@public(method=False)
def linalg_vector_norm(
    x: Tensor, ord: float = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    r"""The norm (Σ |xᵢ|ᵖ)^(1/p) over some dimensions, or over all. The subgradient at 0 is 0.

    Args:
        ord: p; also inf and -inf (largest and smallest size) and 0 (how many are not 0).
        dim: the dimension or dimensions that make the vectors; all by default.

    Raises:
        RuntimeError: integers; ord = ±inf (or negative) of no elements.

    >>> torch.linalg.vector_norm(torch.tensor([[3.0, 4.0], [6.0, 8.0]]), dim=1)
    tensor([ 5., 10.])

    Source: PyTorch, `torch.linalg.vector_norm`.
    """
    if require_tensor(x, "linalg.vector_norm", "x").is_complex():
        x = x.abs()
    if not x.is_floating_point():
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {x.dtype}; "
            "convert it with .float()"
        )
    x = x if dtype is None else x.to(dtypes.as_dtype(dtype))
    axis = None if dim is None else axes_of(dim, x._array.ndim)
    ord = float(ord)
    if (ord < 0 or math.isinf(ord)) and x._array.size == 0:
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the operation "
            "does not have an identity"
        )
    return vector_norm_rule(x, p=ord, axis=axis, keepdims=keepdim)


@public(method=False)
def linalg_norm(
    A: Tensor, ord: Any = None, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """A norm of vectors or of matrices.

    Args:
        ord: None for the 2-norm of all elements; else the norm of vectors (one `dim`, or a 1-d tensor) or of
            matrices (two dims, or a 2-d tensor): 'fro', 'nuc', inf, -inf, 1, -1, 2, -2.

    Raises:
        RuntimeError: an `ord` without `dim` for a tensor of more than two dimensions.

    >>> A = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> torch.linalg.norm(A), torch.linalg.norm(A, 1), torch.linalg.norm(A, dim=1)
    (tensor(5.4772), tensor(6.), tensor([2.2361, 5.0000]))

    Source: PyTorch, `torch.linalg.norm`.
    """
    ndim = require_tensor(A, "linalg.norm", "A")._array.ndim
    dims = None if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if dims is not None and len(dims) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {dims}")
    if ord is None:
        return linalg_vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and ndim > 2:
        raise RuntimeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D."
        )
    if (ndim if dims is None else len(dims)) == 2:
        rows, columns = (0, 1) if dims is None else dims
        if ord == "fro":
            return linalg_vector_norm(A, 2, dims, keepdim, dtype=dtype)
        return matrix_norm(A, ord, (rows, columns), keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise RuntimeError(f"linalg.norm: order {ord!r} is a norm of matrices; give two dims")
    return linalg_vector_norm(A, ord, dim, keepdim, dtype=dtype)


@public()
def norm(input: Tensor, p: Any = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    r"""The p-norm (Σ |xᵢ|ᵖ)^(1/p) over some dimensions, or over all: matrices count as long vectors.

    Args:
        p: any number, inf, -inf, 'fro' (the same as 2), or 'nuc' (the nuclear norm of matrices).

    >>> torch.norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]])), torch.norm(torch.tensor([3.0, -4.0]), 1)
    (tensor(5.), tensor(7.))

    Source: PyTorch, `torch.norm`.
    """
    if p == "nuc":
        return linalg_norm(input, "nuc", dim, keepdim, dtype=dtype)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm(): p must be a number, 'fro' or 'nuc', got {p!r}")
    return linalg_vector_norm(input, 2 if p in (None, "fro") else p, dim, keepdim, dtype=dtype)


@public()
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    r"""The p-norm of a difference: ‖input - other‖ₚ.

    >>> torch.dist(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 6.0]))
    tensor(5.)

    Source: PyTorch, `torch.dist`.
    """
    return linalg_vector_norm(require_tensor(input, "dist") - require_tensor(other, "dist", "other"), p)


@public(inplace=True)
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Every slice along a dimension scaled down, where its p-norm is larger, to the norm `maxnorm`.

    >>> torch.renorm(torch.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])

    Source: PyTorch, `torch.renorm`.
    """
    if p <= 0:
        raise RuntimeError(f"renorm: non-positive-norm not supported, got p={p}")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    ndim = require_tensor(input, "renorm")._array.ndim
    if ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {ndim} dimensions")
    own = axis_of(dim, ndim)
    others = tuple([axis for axis in range(ndim) if axis != own])
    sizes = linalg_vector_norm(input, float(p), others, True)
    return input * np.where(np.greater(sizes, maxnorm), maxnorm / (sizes + 1e-7), 1.0)
