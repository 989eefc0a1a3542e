"""Distances and similarities of vectors, and vectors of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import rule
from ..tensor import Tensor, wrap
from ._products import check_dtypes
from ._public import axis_of, public, require_tensor
from .broadcasting import broadcast_tensors
from .matmul import array_product, matmul_rule
from .norms import inverse_or_zero, vector_norm_rule
from .reduction import sum_rule

__all__ = ["cdist", "cosine_similarity", "pairwise_distance", "pdist"]

FUNCTIONAL = ["cosine_similarity", "normalize", "pairwise_distance", "pdist"]

MANY = 25  # rows from which PyTorch computes Euclidean distances by a product


# -- the derivatives ---------------------------------------------------------------------------------------


def euclidean_(x: Any, y: Any) -> Any:
    """√(|xᵢ|² - 2 xᵢ·yⱼ + |yⱼ|²) by one product: (-2x, |x|², 1) · (y, 1, |y|²)."""
    x_squared, y_squared = (sum_rule(one * one, axis=-1, keepdims=True) for one in (x, y))
    left = np.concatenate([-2 * x, x_squared, np.ones_like(x_squared)], -1)
    right = np.concatenate([y, np.ones_like(y_squared), y_squared], -1)
    out = array_product(left, np.swapaxes(right, -1, -2))
    return np.sqrt(np.maximum(out, 0, out=out), out=out)


def towards(g: Any, x: Any, y: Any, distances: Any) -> Any:
    """Σⱼ gᵢⱼ (xᵢ - yⱼ) / dᵢⱼ, with nothing from equal points."""
    pull = g * inverse_or_zero(distances)
    return x * sum_rule(pull, axis=-1, keepdims=True) - matmul_rule(pull, y)


euclidean_rule = rule(
    euclidean_,
    name="euclidean_dist",
    x=lambda g, x, y, out: towards(g, x, y, out),
    y=lambda g, x, y, out: towards(np.swapaxes(g, -1, -2), y, x, np.swapaxes(out, -1, -2)),
)


# -- the functions -----------------------------------------------------------------------------------------


@public(method=False, out=False)
def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    r"""The p-norm of x₁ - x₂ + eps over the last dimension; the others broadcast.

    >>> pairwise_distance(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]]))
    tensor([5.0000])

    Source: PyTorch, `torch.nn.functional.pairwise_distance`.
    """
    x1, x2 = require_tensor(x1, "pairwise_distance", "x1"), require_tensor(x2, "pairwise_distance", "x2")
    return vector_norm_rule(x1 - x2 + eps, p=float(p), axis=-1, keepdims=keepdim)


@public(method=False, out=False)
def cdist(
    x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary"
) -> Tensor:
    r"""The p-norm distances of every row of x₁ to every row of x₂.

    Args:
        x1, x2: (*, n, d) and (*, m, d); batch dimensions broadcast.
        p: from 0 (how many coordinates differ) to inf (the largest difference).
        compute_mode: whether p = 2 is computed by a product of matrices, which is faster and less exact for
            near points: "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist", or, the default,
            "use_mm_for_euclid_dist_if_necessary": for more than 25 rows.

    Shapes: (*, n, m).

    Raises:
        RuntimeError: d differs, or an operand has fewer than two dimensions.
        ValueError: another `compute_mode`.

    >>> torch.cdist(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])

    Source: PyTorch, `torch.cdist`.
    """
    for name, one in (("X1", x1), ("X2", x2)):
        if require_tensor(one, "cdist", name).ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {one.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError(f"cdist only supports non-negative p values, but got {p}")
    check_dtypes(x1, x2)
    product = {
        "use_mm_for_euclid_dist_if_necessary": max(x1.shape[-2], x2.shape[-2]) > MANY,
        "use_mm_for_euclid_dist": True,
        "donot_use_mm_for_euclid_dist": False,
    }
    if compute_mode not in product:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    if p == 2 and product[compute_mode]:
        return euclidean_rule(x1, x2)
    return vector_norm_rule(x1.unsqueeze(-2) - x2.unsqueeze(-3), p=float(p), axis=-1, keepdims=False)


@public(method=False, out=False)
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    r"""The p-norm distances of all pairs of rows, i < j, in one vector.

    >>> pdist(torch.tensor([[0.0], [1.0], [3.0]]))
    tensor([1., 3., 2.])

    Source: PyTorch, `torch.nn.functional.pdist`.
    """
    if require_tensor(input, "pdist").ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    first, second = np.triu_indices(len(input), 1)
    differences = input[wrap(first)] - input[wrap(second)]
    return vector_norm_rule(differences, p=float(p), axis=-1, keepdims=False)


@public(method=False, out=False)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    r"""The cosine of the angle between vectors: x₁·x₂ / (max(‖x₁‖, eps) · max(‖x₂‖, eps)).

    Args:
        x1, x2: tensors that broadcast.
        dim: the dimension of the vectors.
        eps: the smallest length to divide by.

    >>> torch.cosine_similarity(torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1.0]]))
    tensor([0.7071])

    Source: PyTorch, `torch.nn.functional.cosine_similarity`.
    """
    x1, x2 = require_tensor(x1, "cosine_similarity", "x1"), require_tensor(x2, "cosine_similarity", "x2")
    for one in (x1, x2):
        if one._array.dtype.kind != "f":
            raise RuntimeError(
                f"expected common dtype to be floating point, yet common dtype is {one.dtype.scalar_name}; "
                "use .float()"
            )
    x1, x2 = broadcast_tensors(x1, x2)
    return (normalize(x1, dim=dim, eps=eps) * normalize(x2, dim=dim, eps=eps)).sum(dim)


@public(method=False)
def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    r"""Vectors of length 1: x / max(‖x‖ₚ, eps).

    Args:
        input: a tensor.
        p: the p-norm that becomes 1.
        dim: the dimension of the vectors; the second by default.
        eps: the smallest length to divide by; zero vectors stay zero.

    >>> normalize(torch.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])

    Source: PyTorch, `torch.nn.functional.normalize`.
    """
    axis = axis_of(dim, require_tensor(input, "normalize").ndim)
    size = input.abs() if input.is_complex() else input
    return input / np.maximum(vector_norm_rule(size, p=float(p), axis=axis, keepdims=True), eps)
