"""Losses: regression, likelihood and classification. Those with a margin are in `margin_loss.py`.

All take the prediction first and the target second, and reduce the losses of the elements (or examples) to
their mean; `reduction="sum"` adds them, `reduction="none"` leaves them as they are. `size_average` and
`reduce` are PyTorch's older words for the same. Shapes must agree: nothing is broadcast in silence.
"""

from __future__ import annotations

from typing import Any

from ..ops.loss import reduction_of
from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
]


class _Loss(Module):
    """What all losses share: how they reduce."""

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        legacy = size_average is not None or reduce is not None
        self.reduction = reduction_of(reduction, size_average, reduce) if legacy else reduction


class _WeightedLoss(_Loss):
    """A loss with a factor for every class or element, kept as the buffer `weight`."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


# -- regression ------------------------------------------------------------------------------------


class MSELoss(_Loss):
    r"""Squared error: (x - y)².

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (*) and (*) -> (), or (*) with "none".

    >>> torch.nn.MSELoss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(2.)

    Source: PyTorch, `torch.nn.MSELoss`.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    r"""Absolute error: |x - y|.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (*) and (*) -> (), or (*) with "none".

    >>> torch.nn.L1Loss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(1.)

    Source: PyTorch, `torch.nn.L1Loss`.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    r"""½ d² / beta where |d| < beta, |d| - ½ beta elsewhere, with d = x - y.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".
        beta: where the one becomes the other.

    Shapes: (*) and (*) -> (), or (*) with "none".

    >>> torch.nn.SmoothL1Loss(reduction="none")(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 0.0]))
    tensor([0.5000, 2.5000])

    Source: Girshick 2015, "Fast R-CNN"; PyTorch, `torch.nn.SmoothL1Loss`.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    r"""½ d² where |d| < delta, delta · (|d| - ½ delta) elsewhere, with d = x - y.

    Args:
        reduction: "mean", "sum" or "none".
        delta: where the one becomes the other.

    Shapes: (*) and (*) -> (), or (*) with "none".

    Raises:
        TypeError: `delta` is no number.

    >>> torch.nn.HuberLoss("none", delta=2.0)(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 0.0]))
    tensor([0.5000, 4.0000])

    Source: Huber 1964; PyTorch, `torch.nn.HuberLoss`.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, (float, int)):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


# -- likelihood ------------------------------------------------------------------------------------


class BCELoss(_WeightedLoss):
    r"""Binary cross-entropy of probabilities: -(y · log x + (1 - y) · log(1 - x)), logarithms at least -100.

    Args:
        weight: a factor for every element, of a shape that broadcasts to it.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".

    Shapes: (*) in [0, 1] and (*) -> (), or (*) with "none".

    >>> torch.nn.BCELoss()(torch.tensor([0.5, 0.5]), torch.tensor([0.0, 1.0]))
    tensor(0.6931)

    Source: PyTorch, `torch.nn.BCELoss`.
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    r"""Binary cross-entropy of logits: -(p · y · log σ(x) + (1 - y) · log(1 - σ(x))); stable for all x.

    Args:
        weight: a factor for every element, of a shape that broadcasts to it.
        size_average, reduce: older forms of `reduction`.
        reduction: "mean", "sum" or "none".
        pos_weight: p, a factor for the positive examples of every class.

    Shapes: (*) and (*) -> (), or (*) with "none".

    >>> torch.nn.BCEWithLogitsLoss()(torch.tensor([0.0, 0.0]), torch.tensor([0.0, 1.0]))
    tensor(0.6931)

    Source: PyTorch, `torch.nn.BCEWithLogitsLoss`.
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


class PoissonNLLLoss(_Loss):
    r"""Negative log-likelihood of Poisson counts: exp(x) - y · x, x being the logarithm of the rate.

    Args:
        log_input: whether x is that logarithm; else the loss is x - y · log(x + eps).
        full: whether to add Stirling's approximation of log y!.
        size_average, reduce: older forms of `reduction`.
        eps: keeps the logarithm away from 0.
        reduction: "mean", "sum" or "none".

    Shapes: (*) and (*) -> (), or (*) with "none".

    >>> torch.nn.PoissonNLLLoss()(torch.tensor([0.0]), torch.tensor([3.0]))
    tensor(1.)

    Source: PyTorch, `torch.nn.PoissonNLLLoss`.
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            log_input,
            target,
            log_input=self.log_input,
            full=self.full,
            eps=self.eps,
            reduction=self.reduction,
        )


class GaussianNLLLoss(_Loss):
    r"""Negative log-likelihood of a normal distribution: ½ (log var + (x - y)² / var), with var at least eps.

    Args:
        full: whether to add ½ log 2π.
        eps: the least variance.
        reduction: "mean", "sum" or "none".

    Shapes: mean (*), target (*), variance (*) or with a last dimension of 1 or none -> (), or (*) with
    "none".

    >>> loss = torch.nn.GaussianNLLLoss()
    >>> loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]), torch.tensor([1.0, 1.0]))
    tensor(1.)

    Source: Nix & Weigend 1994; PyTorch, `torch.nn.GaussianNLLLoss`.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(None, None, reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class KLDivLoss(_Loss):
    r"""Kullback-Leibler divergence: y · (log y - x), x being log-probabilities.

    Args:
        size_average, reduce: older forms of `reduction`.
        reduction: "batchmean" for the divergence itself (the sum over the batch size), "mean", "sum" or
            "none".
        log_target: whether y are log-probabilities too.

    Shapes: (*) and (*) -> (), or (*) with "none".

    >>> x = torch.tensor([[0.5, 0.5]]).log()
    >>> torch.nn.KLDivLoss(reduction="batchmean")(x, torch.tensor([[1.0, 0.0]]))
    tensor(0.6931)

    Source: PyTorch, `torch.nn.KLDivLoss`.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


# -- classification --------------------------------------------------------------------------------


class NLLLoss(_WeightedLoss):
    r"""Negative log-likelihood of classes: -w[y] · x[y], x being what `LogSoftmax` gives.

    Args:
        weight: w, a factor for every class; the mean is then divided by the sum of the factors used.
        size_average, reduce: older forms of `reduction`.
        ignore_index: a target that counts nothing.
        reduction: "mean", "sum" or "none".

    Shapes: (C), (N, C) or (N, C, d₁, ...) and integers (), (N) or (N, d₁, ...) -> (), or the latter with
    "none".

    >>> torch.nn.NLLLoss()(torch.tensor([[-1.0, -2.0], [-3.0, -4.0]]), torch.tensor([0, 1]))
    tensor(2.5000)

    Source: PyTorch, `torch.nn.NLLLoss`.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(
            input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class CrossEntropyLoss(_WeightedLoss):
    r"""Cross-entropy of classes from logits: -w[y] · log softmax(x)[y]; no softmax may stand before it.

    Args:
        weight: w, a factor for every class; the mean is then divided by the sum of the factors used.
        size_average, reduce: older forms of `reduction`.
        ignore_index: a target that counts nothing.
        reduce: older form of `reduction`.
        reduction: "mean", "sum" or "none".
        label_smoothing: ε in [0, 1]: the target is (1 - ε) the class and ε all classes alike.

    Shapes: (C), (N, C) or (N, C, d₁, ...), and classes (), (N) or (N, d₁, ...) or probabilities of the
    input's shape -> (), or one loss per class target with "none".

    >>> torch.nn.CrossEntropyLoss()(torch.zeros(3, 2), torch.tensor([0, 1, 0]))
    tensor(0.6931)

    Source: PyTorch, `torch.nn.CrossEntropyLoss`; smoothing: Szegedy et al. 2015.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class CTCLoss(_Loss):
    r"""Connectionist temporal classification: -log of a label sequence's probability over all alignments.

    Args:
        blank: the label that means "none".
        reduction: "mean" (each loss over its target's length first), "sum" or "none".
        zero_infinity: whether impossible targets count 0 rather than ∞.

    Shapes: log-probabilities (T, N, C) or (T, C), targets (N, S) or (sum of lengths), input lengths (N),
    target lengths (N) -> (), or (N) with "none".

    >>> log_probs = torch.zeros(4, 1, 3).log_softmax(2)
    >>> torch.nn.CTCLoss()(log_probs, torch.tensor([[1, 2]]), torch.tensor([4]), torch.tensor([2])).ndim
    0

    Source: Graves et al. 2006; PyTorch, `torch.nn.CTCLoss`.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )
