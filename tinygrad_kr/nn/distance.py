"""Distances and similarities of pairs of vectors."""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class PairwiseDistance(Module):
    r"""The norm of the difference: ‖x₁ - x₂ + eps‖ₚ over the last dimension.

    Args:
        p: of the norm.
        eps: keeps its derivative finite where the vectors are equal.
        keepdim: whether the last dimension stays, with size 1.

    Shapes: (N, D) or (D) twice -> (N) or (), or (N, 1) or (1) with `keepdim`.

    >>> torch.nn.PairwiseDistance()(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]]))
    tensor([5.0000])

    Source: PyTorch, `torch.nn.PairwiseDistance`.
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The distances."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    r"""The cosine of the angle: x₁ · x₂ / (max(‖x₁‖, eps) · max(‖x₂‖, eps)) along a dimension.

    Args:
        dim: the dimension of the vectors.
        eps: keeps the division away from 0.

    Shapes: (*, D, *) twice -> (*, *).

    >>> torch.nn.CosineSimilarity(dim=0)(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0]))
    tensor(0.7071)

    Source: PyTorch, `torch.nn.CosineSimilarity`.
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The cosines."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
