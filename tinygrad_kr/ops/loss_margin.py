"""Losses on margins: between classes, and for rankings, pairs and triplets of embeddings.

All are composed of simpler operations, which bring their derivatives with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import Tensor
from ._public import public, require_tensor
from .activation import logsigmoid_rule
from .distance import pairwise_distance
from .loss import matched, reduced_tensor, reduction_of, shapes_differ
from .loss_likelihood import bce_logits_rule

__all__: list[str] = []

FUNCTIONAL = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


@public(method=False, out=False)
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""The logistic loss of two classes: ln(1 + exp(-t x)).

    Args:
        input: scores.
        target: 1 or -1, of the same shape.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    >>> soft_margin_loss(torch.tensor([0.0, 5.0]), torch.tensor([1.0, 1.0]), reduction="none")
    tensor([0.6931, 0.0067])

    Source: PyTorch, `torch.nn.functional.soft_margin_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    input, target = matched("soft_margin_loss", input, target)
    return reduced_tensor(-logsigmoid_rule(target * input), reduction)


# -- margins between classes ---------------------------------------------------------------------------------


@public(method=False, out=False)
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""The hinge loss of several classes: Σ_{c≠t} max(0, margin - x_t + x_c)ᵖ / C.

    Args:
        input: scores, (N, C) or (C).
        target: the class of each, (N) or ().
        p: 1 or 2.
        margin: by how much the target's score should exceed the others.
        weight: a factor for each class, raised to the power p with its margin violation.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    >>> multi_margin_loss(torch.tensor([[0.5, 1.0]]), torch.tensor([1]))
    tensor(0.2500)

    Source: Crammer and Singer (2001); PyTorch, `torch.nn.functional.multi_margin_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"only p == 1 and p == 2 supported, but got p={p}")
    shape, given = (
        require_tensor(input, "multi_margin_loss").shape,
        require_tensor(target, "multi_margin_loss").shape,
    )
    if len(shape) not in (1, 2) or target.numel() != (shape[0] if len(shape) == 2 else 1) or len(given) > 1:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples "
            f"(batch size). Expected target size {list(shape[:-1])}, but got {list(given)}. Input has shape "
            f"{list(shape)}."
        )
    count, classes = shape[-1], target._array.reshape(-1)
    if classes.size and not (classes.min() >= 0 and classes.max() < count):
        raise RuntimeError(f"target out of range: {classes.tolist()} for {count} classes")
    rows = input.reshape(-1, count)
    others = np.arange(count) != classes[:, None]
    violation = (margin - rows.gather(1, target.reshape(-1, 1)) + rows).clamp(min=0)
    powers = violation if p == 1 else violation * violation
    if weight is not None:
        powers = powers * weight[target].reshape(-1, 1)
    values = (powers * others.astype(input._array.dtype)).sum(1) / count
    return reduced_tensor(values.reshape(given if reduction == "none" else (-1,)), reduction)


@public(method=False, out=False)
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""The hinge loss for several right classes: Σ over right t and wrong c of max(0, 1 - x_t + x_c) / C.

    Args:
        input: scores, (N, C) or (C).
        target: the right classes first, then -1; what follows the first -1 is not read. Of the input's shape.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    >>> multilabel_margin_loss(torch.tensor([0.5, 1.0, 0.0]), torch.tensor([1, -1, 0]))
    tensor(0.1667)

    Source: PyTorch, `torch.nn.functional.multilabel_margin_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    shape, given = (
        require_tensor(input, "multilabel_margin_loss").shape,
        require_tensor(target, "multilabel_margin_loss").shape,
    )
    if shape != given or len(shape) not in (1, 2):
        raise RuntimeError(f"inconsistent target size: {list(given)} for input of size: {list(shape)}")
    count = shape[-1]
    rows, classes = input.reshape(-1, count), target._array.reshape(-1, count)
    if classes.size and not (classes.min() >= -1 and classes.max() < count):
        raise RuntimeError(f"argument #2 'target' is out of range: it should be from -1 to {count - 1}")
    listed = np.logical_and.accumulate(classes >= 0, axis=1)  # before the first -1
    right = np.zeros(classes.shape, bool)
    right[np.nonzero(listed)[0], classes[listed]] = True
    pairs = np.logical_and(right[:, :, None], ~right[:, None, :]).astype(input._array.dtype)
    violation = (1.0 - rows.unsqueeze(2) + rows.unsqueeze(1)).clamp(min=0)
    values = (violation * pairs).sum((1, 2)) / count
    return reduced_tensor(values.reshape(shape[:-1] if reduction == "none" else (-1,)), reduction)


@public(method=False, out=False)
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""Binary cross-entropy with logits, averaged over the classes of each example.

    Args:
        input: logits, (N, C) or (C).
        target: 0 or 1 for each class, of the same shape.
        weight: a factor for each class.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum", or "none" for one loss per example.

    >>> multilabel_soft_margin_loss(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
    tensor(0.6931)

    Source: PyTorch, `torch.nn.functional.multilabel_soft_margin_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    input, target = matched("multilabel_soft_margin_loss", input, target)
    values = bce_logits_rule(input, target, reduction="none")
    if weight is not None:
        values = values * weight
    return reduced_tensor(values.mean(-1), reduction)


# -- pairs and triplets --------------------------------------------------------------------------------------


@public(method=False, out=False)
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""For distances x of pairs: x if the target is 1, max(0, margin - x) if it is -1.

    Args:
        input: distances.
        target: 1 (alike) or -1 (different), of the same shape.
        margin: from which distance on a different pair costs nothing.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    >>> hinge_embedding_loss(torch.tensor([0.2, 0.2]), torch.tensor([1.0, -1.0]), reduction="none")
    tensor([0.2000, 0.8000])

    Source: PyTorch, `torch.nn.functional.hinge_embedding_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    input, target = matched("hinge_embedding_loss", input, target)
    apart = (margin - input).clamp(min=0).masked_fill(target == 1, 0.0)
    alike = input.masked_fill(target == -1, 0.0)
    return reduced_tensor(apart + alike, reduction)


@public(method=False, out=False)
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""Which of two scores should be higher: max(0, -t (x₁ - x₂) + margin).

    Args:
        input1, input2: scores, of one shape.
        target: 1 if the first should be higher, -1 if the second; of that shape.
        margin: by how much.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    >>> margin_ranking_loss(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
    tensor(2.)

    Source: PyTorch, `torch.nn.functional.margin_ranking_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    require_tensor(input1, "margin_ranking_loss", "input1")
    sizes = [require_tensor(one, "margin_ranking_loss").shape for one in (input1, input2, target)]
    if len({len(one) for one in sizes}) > 1:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: "
            f"{sizes[0]}, input2: {sizes[1]}, target: {sizes[2]} "
        )
    input1, input2 = matched("margin_ranking_loss", input1, input2)
    if sizes[2] != sizes[0]:
        raise ValueError(f"margin_ranking_loss: {shapes_differ(sizes[0], sizes[2])}")
    return reduced_tensor((target * (input2 - input1) + margin).clamp(min=0), reduction)


@public(method=False, out=False)
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""For pairs of vectors: 1 - cos(x₁, x₂) if the target is 1, max(0, cos(x₁, x₂) - margin) if it is -1.

    Args:
        input1, input2: (N, D), or (D) for one pair.
        target: 1 (alike) or -1 (different): (N), or ().
        margin: from which similarity down a different pair costs nothing.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    >>> cosine_embedding_loss(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor(1.0))
    tensor(1.)

    Source: PyTorch, `torch.nn.functional.cosine_embedding_loss`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    input1, input2 = matched("cosine_embedding_loss", input1, input2)
    shape, given = input1.shape, require_tensor(target, "cosine_embedding_loss", "target").shape
    if len(given) > 1 or len(shape) != len(given) + 1:
        raise RuntimeError(
            f"{len(given)}D target tensor expects {len(given) + 1}D input tensors, but found inputs with "
            f"sizes {list(shape)} and {list(input2.shape)}."
        )
    if given != shape[:-1]:
        raise RuntimeError(
            f"The size of tensor a ({given[0]}) must match the size of tensor b ({shape[0]}) at "
            f"non-singleton dimension 0: the target has one number for each of the {shape[0]} pairs"
        )
    # A tiny number keeps the roots of zero vectors differentiable, as in PyTorch.
    tiny = 1e-12
    lengths = ((input1 * input1).sum(-1) + tiny) * ((input2 * input2).sum(-1) + tiny)
    cosine = (input1 * input2).sum(-1) / lengths.sqrt()
    alike = (1.0 - cosine).masked_fill(target != 1, 0.0)
    different = (cosine - margin).clamp(min=0).masked_fill(target != -1, 0.0)
    return reduced_tensor(alike + different, reduction)


@public(method=False, out=False)
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""An anchor should be closer to a positive than to a negative: max(0, d(a, p) - d(a, n) + margin).

    Args:
        anchor, positive, negative: vectors, (N, D) or (D).
        margin: by how much, greater than 0.
        p: the p-norm of the distances.
        eps: added to the differences, so that equal vectors have a gradient.
        swap: measure the negative from the positive where that is closer.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    >>> a, p, n = torch.zeros(1, 2), torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> triplet_margin_loss(a, p, n)
    tensor(3.)

    Source: Balntas et al. (2016); PyTorch, `torch.nn.functional.triplet_margin_loss`.
    """

    def distance(x: Tensor, y: Tensor) -> Tensor:
        return pairwise_distance(x, y, p, eps)

    return _triplet(
        "triplet_margin_loss",
        (anchor, positive, negative),
        distance,
        margin,
        swap,
        reduction_of(reduction, size_average, reduce),
    )


@public(method=False, out=False)
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    r"""`triplet_margin_loss` with any distance: max(0, d(a, p) - d(a, n) + margin).

    Args:
        anchor, positive, negative: what the distance function takes.
        distance_function: the distances of two tensors; the Euclidean one by default.
        margin: by how much, greater than 0.
        swap: measure the negative from the positive where that is closer.
        reduction: "mean", "sum" or "none".

    >>> a, p, n = torch.zeros(1, 2), torch.tensor([[3.0, 1.0]]), torch.tensor([[0.0, 1.0]])
    >>> triplet_margin_with_distance_loss(a, p, n, distance_function=lambda x, y: (x - y).abs().sum(-1))
    tensor(4.)

    Source: PyTorch, `torch.nn.functional.triplet_margin_with_distance_loss`.
    """
    return _triplet(
        "triplet_margin_with_distance_loss",
        (anchor, positive, negative),
        distance_function or pairwise_distance,
        margin,
        swap,
        reduction_of(reduction),
    )


def _triplet(
    function: str,
    triplet: tuple[Tensor, Tensor, Tensor],
    distance: Callable[[Tensor, Tensor], Any],
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    anchor, positive, negative = (require_tensor(one, function) for one in triplet)
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
            f"but got: anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced_tensor((near - far + margin).clamp(min=0), reduction)
