"""Softmax over very many classes, most of them rare."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..ops.joining import cat
from ..tensor import Tensor
from . import functional as F
from .containers import ModuleList, Sequential
from .linear import Linear
from .module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    r"""An output layer with its loss for many classes, which are numbered from the most frequent on.

    A small head tells the frequent classes, and the clusters of the rarer ones, apart; each cluster has a
    layer of its own, the smaller the rarer:

    .. math::
        \log p(c) = \log p_{head}(cluster) + \log p_{cluster}(c)

    Args:
        in_features: size of the input.
        n_classes: how many classes.
        cutoffs: the first classes of the clusters, in increasing order.
        div_value: by how much smaller each cluster's layer is than the one before.
        head_bias: whether the head has a bias.
        device, dtype: of the parameters.

    Shapes: input (N, in_features), target (N) -> output (N), loss (); without N likewise.

    Returns:
        A named tuple of `output`, the log-probabilities of the targets, and `loss`, their negative mean.

    Raises:
        ValueError: cutoffs that are not increasing numbers from 1 to n_classes - 1.
        RuntimeError: inputs and targets that do not fit, targets out of range.

    >>> layer = torch.nn.AdaptiveLogSoftmaxWithLoss(20, 200, [10, 50])
    >>> layer(torch.randn(3, 20), torch.tensor([0, 30, 199])).output.shape
    torch.Size([3])

    Source: PyTorch, `torch.nn.AdaptiveLogSoftmaxWithLoss`; Grave et al., "Efficient softmax approximation for
    GPUs", 2017.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cuts = list(cutoffs)
        if not cuts:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if any(int(cut) != cut for cut in cuts) or not all(a < b for a, b in pairwise([0, *cuts, n_classes])):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, "
                f"where each value is between 1 and n_classes-1, got {cuts} for {n_classes} classes"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cuts, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cuts[0]
        self.n_clusters = len(cuts)
        self.head_size = self.shortlist_size + self.n_clusters
        options = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **options)
        self.tail = ModuleList()
        for number, (first, last) in enumerate(pairwise(self.cutoffs), 1):
            hidden = int(in_features // div_value**number)
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, bias=False, **options),
                    Linear(hidden, last - first, bias=False, **options),
                )
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for first, second in self.tail:  # type: ignore[attr-defined]
            first.reset_parameters()
            second.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """The log-probabilities of the targets, and the loss."""
        if target_.dim() > 1:
            raise RuntimeError(f"0D or 1D target tensor expected, got {target_.dim()}D: one class per sample")
        if input_.dim() != target_.dim() + 1:
            raise RuntimeError(
                f"{target_.dim()}D target tensor expects {target_.dim() + 1}D input tensors, but found "
                f"inputs with size {input_.size()}"
            )
        single = target_.dim() == 0
        input, target = (input_.unsqueeze(0), target_.unsqueeze(0)) if single else (input_, target_)
        if input.size(0) != target.size(0):
            raise RuntimeError(
                "Input and target should have the same size in the batch dimension, got "
                f"{input.size(0)} and {target.size(0)}"
            )
        if bool(((target < 0) | (target >= self.n_classes)).any()):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. "
            )
        head = F.log_softmax(self.head(input), 1)
        place = target.clone()  # what of the head says each target's class, or its cluster
        parts, order = [], []
        for number, (first, last) in enumerate(pairwise(self.cutoffs)):
            rows = ((target >= first) & (target < last)).nonzero().squeeze(1)
            if rows.numel():
                place[rows] = self.shortlist_size + number
                inside = F.log_softmax(self.tail[number](input.index_select(0, rows)), 1)
                parts.append(inside.gather(1, (target[rows] - first).unsqueeze(1)).squeeze(1))
                order.append(rows)
        output = head.gather(1, place.unsqueeze(1)).squeeze(1)
        if parts:
            output = output.index_add(0, cat(order), cat(parts))
        loss = (-output).mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: (N, in_features) -> (N, n_classes)."""
        head = F.log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for number, layer in enumerate(self.tail):
            cluster = head[:, self.shortlist_size + number].unsqueeze(1)
            parts.append(F.log_softmax(layer(input), 1) + cluster)
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each sample: (N, in_features) -> (N).

        The clusters are looked at only for samples of which the head finds one of them most probable.
        """
        best = self.head(input).argmax(1)
        rare = best >= self.shortlist_size
        if bool(rare.any()):
            best[rare] = self.log_prob(input[rare]).argmax(1)
        return best
