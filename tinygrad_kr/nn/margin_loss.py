"""Losses with a margin: hinges, rankings, triplets. What they share with the others is said in `loss.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from . import functional as F
from .distance import PairwiseDistance
from .loss import _Loss, _WeightedLoss

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class _MarginLoss(_Loss):
    """A loss whose only argument besides the reduction is its margin."""

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class HingeEmbeddingLoss(_MarginLoss):
    r"""x where y = 1, max(0, margin - x) where y = -1; x is a distance that shall be small or large.

    Args:
        margin: how large.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (*) and (*) -> (), or (*) with "none".

    >>> torch.nn.HingeEmbeddingLoss()(torch.tensor([0.5, 0.2]), torch.tensor([1.0, -1.0]))
    tensor(0.6500)

    Source: PyTorch, `torch.nn.HingeEmbeddingLoss`.
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_MarginLoss):
    r"""1 - cos(x₁, x₂) where y = 1, max(0, cos(x₁, x₂) - margin) where y = -1.

    Args:
        margin: how alike different ones may be, from -1 to 1; 0 to 0.5 is sensible.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (N, D) twice and (N), or (D) twice and () -> (), or (N) with "none".

    >>> x, y = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> torch.nn.CosineEmbeddingLoss()(x, y, torch.tensor([1]))
    tensor(1.)

    Source: PyTorch, `torch.nn.CosineEmbeddingLoss`.
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_MarginLoss):
    r"""max(0, -y · (x₁ - x₂) + margin): x₁ shall be the greater one for y = 1, the smaller for y = -1.

    Args:
        margin: by how much.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (N) three times -> (), or (N) with "none".

    >>> loss = torch.nn.MarginRankingLoss()
    >>> loss(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0]))
    tensor(1.)

    Source: PyTorch, `torch.nn.MarginRankingLoss`.
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    r"""log(1 + exp(-y · x)) for y = ±1.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (*) and (*) -> (), or (*) with "none".

    >>> torch.nn.SoftMarginLoss()(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.6931)

    Source: PyTorch, `torch.nn.SoftMarginLoss`.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    r"""Multi-class hinge: Σ_{i ≠ y} w[y] · max(0, margin - x[y] + x[i])ᵖ / C.

    Args:
        p: 1 or 2.
        margin: by how much the score of the class shall exceed the others.
        weight: w, a factor for every class.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (N, C) or (C) and classes (N) or () -> (), or the latter with "none".

    Raises:
        ValueError: another p, or a weight that is not one-dimensional.

    >>> torch.nn.MultiMarginLoss()(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([3]))
    tensor(0.3250)

    Source: PyTorch, `torch.nn.MultiMarginLoss`.
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError(f"only p == 1 and p == 2 supported, got p={p}")
        if weight is not None and weight.dim() != 1:
            raise ValueError(
                f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead"
            )
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(_Loss):
    r"""Multi-label hinge: Σ_{j target, i not} max(0, 1 - (x[j] - x[i])) / C.

    The target lists the classes, up to the first -1.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (N, C) or (C) and integers of the same shape -> (), or (N) with "none".

    >>> torch.nn.MultiLabelMarginLoss()(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([[3, 0, -1, 1]]))
    tensor(0.8500)

    Source: PyTorch, `torch.nn.MultiLabelMarginLoss`.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    r"""Binary cross-entropy of the logits of every class, averaged over the classes.

    Args:
        weight: a factor for every class.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (N, C) and (N, C) of zeros and ones -> (), or (N) with "none".

    >>> torch.nn.MultiLabelSoftMarginLoss()(torch.zeros(1, 2), torch.tensor([[0.0, 1.0]]))
    tensor(0.6931)

    Source: PyTorch, `torch.nn.MultiLabelSoftMarginLoss`.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    r"""max(0, ‖a - p‖ - ‖a - n‖ + margin): the positive shall be nearer to the anchor than the negative.

    Args:
        margin: by how much.
        p: of the norm.
        eps: keeps its derivative finite.
        swap: whether the distance of positive and negative is used where it is the smaller one.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (N, D) or (D) three times -> (), or (N) or () with "none".

    Raises:
        ValueError: a margin that is not positive.

    >>> a, p, n = torch.zeros(1, 2), torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 1.0]])
    >>> torch.nn.TripletMarginLoss()(a, p, n)
    tensor(5.0000)

    Source: Balntas et al. 2016; PyTorch, `torch.nn.TripletMarginLoss`.
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        _require_positive(self, margin)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    r"""`TripletMarginLoss` with any distance.

    Args:
        distance_function: takes two tensors; the Euclidean `PairwiseDistance` if not given.
        margin: by how much the positive shall be nearer.
        swap: whether the distance of positive and negative is used where it is the smaller one.
        reduction: "mean", "sum" or "none".

    Shapes: (N, *) three times -> (), or (N) with "none".

    Raises:
        ValueError: a margin that is not positive.

    >>> loss = torch.nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(-1))
    >>> loss(torch.zeros(1, 2), torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 1.0]]))
    tensor(7.)

    Source: PyTorch, `torch.nn.TripletMarginWithDistanceLoss`.
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        _require_positive(self, margin)
        self.distance_function: Any = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


def _require_positive(loss: _Loss, margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"{type(loss).__name__}: expected margin to be greater than 0, got {margin} instead")
