"""Distances and similarities of vectors, and vectors of length 1."""

from __future__ import annotations

import numpy as np

from ..tensor import Tensor, wrap
from ._products import check_dtypes
from ._public import axis_of, public, require_tensor
from .broadcasting import broadcast_tensors
from .norms import vector_norm_rule

__all__ = ["cdist", "cosine_similarity", "pairwise_distance", "pdist"]

FUNCTIONAL = ["cosine_similarity", "normalize", "pairwise_distance", "pdist"]


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
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist") -> Tensor:
    r"""The p-norm distances of every row of x₁ to every row of x₂.

    Args:
        x1, x2: (*, n, d) and (*, m, d); batch dimensions broadcast.
        p: from 0 (how many coordinates differ) to inf (the largest difference).
        compute_mode: PyTorch's choice of a faster and less exact way for p = 2; differences are always taken
            here.

    Shapes: (*, n, m).

    Raises:
        RuntimeError: d differs, or an operand has fewer than two dimensions.

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
    return input / np.maximum(vector_norm_rule(input, p=float(p), axis=axis, keepdims=True), eps)
