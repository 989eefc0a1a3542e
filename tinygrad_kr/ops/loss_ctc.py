"""Connectionist temporal classification: the likelihood of labels without knowing when each of them occurs.

Fused: both recursions on arrays (`kernels/alignment.py`). The composite writes the forward recursion in
simple operations; second derivatives differentiate that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import joint
from ..kernels import alignment
from ..tensor import Tensor
from ._public import as_array, public, require_tensor
from .loss import reduced_tensor, reduction_of

__all__: list[str] = []

FUNCTIONAL = ["ctc_loss"]

_NEVER = -1e30  # minus infinity for the composite: its differences are numbers


# -- the derivative ------------------------------------------------------------------------------------------


def ctc_(
    log_probs: Any,
    targets: Any,
    times: Any,
    lengths: Any,
    *,
    blank: int,
    zero_infinity: bool,
    recording: bool = False,
) -> Any:
    """-ln of the probability of each example's labels."""
    labels, skips = alignment.extended(targets, lengths, blank)
    scores = np.take_along_axis(log_probs, np.broadcast_to(labels, (len(log_probs), *labels.shape)), axis=2)
    with np.errstate(invalid="ignore"):
        alpha = alignment.forward(scores, skips)
        blank_end, label_end = _endings(alpha, times, lengths)
        likelihood = np.where(lengths > 0, np.logaddexp(blank_end, label_end), blank_end)
    losses = np.where(np.isneginf(likelihood), 0, -likelihood) if zero_infinity else -likelihood
    return losses, (labels, skips, scores, alpha, likelihood) if recording else None


def ctc_gradient(
    g: Any, kept: Any, times: Any, lengths: Any, log_probs_shape: Any, zero_infinity: bool
) -> list[Any]:
    """Minus the probability that the path is at a label at a time, given the labels."""
    labels, skips, scores, alpha, likelihood = kept
    beta = alignment.backward(scores, skips, times, lengths)
    occupied = np.exp(alpha + beta - likelihood[:, None])
    if zero_infinity:
        occupied[:, np.isneginf(likelihood)] = 0
    gradient = np.zeros(log_probs_shape, g.dtype)
    examples = np.arange(len(times))
    for place in range(labels.shape[1]):
        gradient[:, examples, labels[:, place]] -= occupied[:, :, place] * g
    gradient[np.arange(len(gradient))[:, None] >= times] = 0
    return [gradient, None, None, None]


def _endings(alpha: Any, times: Any, lengths: Any) -> tuple[Any, Any]:
    """What the recursion has for both places where a path may end, at each example's last time."""
    examples = np.arange(len(times))
    last, before = alignment.final_places(lengths)
    return alpha[times - 1, examples, last], alpha[times - 1, examples, before]


def _log_sum(*terms: Any) -> Any:
    """ln Σ eˣ, shifted by the largest term, which changes no derivative."""
    largest = np.max(np.stack([as_array(one) for one in terms]), axis=0)
    total = 0.0
    for one in terms:
        total = total + np.exp(one - largest)
    return np.log(total) + largest


def ctc_composite(
    log_probs: Any, targets: Any, times: Any, lengths: Any, *, blank: int, zero_infinity: bool
) -> Any:
    """The forward recursion: ways to a place are those of staying, of going on, and of skipping a blank."""
    labels, skips = alignment.extended(targets, lengths, blank)
    index = np.broadcast_to(labels, (log_probs.shape[0], *labels.shape))
    scores = np.take_along_axis(log_probs, index, axis=2)
    never = np.full(labels.shape, _NEVER)
    alpha = np.where(np.arange(labels.shape[1]) < 2, scores[0], _NEVER)
    steps = [alpha]
    for time in range(1, log_probs.shape[0]):
        one = np.concatenate([never[:, :1], alpha[:, :-1]], axis=1)
        two = np.where(skips, np.concatenate([never[:, :1], one[:, :-1]], axis=1), _NEVER)
        alpha = _log_sum(alpha, one, two) + scores[time]
        steps.append(alpha)
    blank_end, label_end = _endings(np.stack(steps), times, lengths)
    losses = -_log_sum(blank_end, np.where(lengths > 0, label_end, _NEVER))
    return losses * (as_array(losses) < -_NEVER / 2) if zero_infinity else losses


ctc_rule = joint(ctc_, ctc_gradient, composite=ctc_composite, keeps=True, name="ctc_loss")


# -- the function --------------------------------------------------------------------------------------------


def _lengths(name: str, given: Tensor | Sequence[int], count: int, longest: int) -> np.ndarray:
    lengths = np.atleast_1d(np.asarray(as_array(given)))
    if lengths.shape != (count,):
        raise RuntimeError(f"{name} must be of size batch_size ({count}), but got {list(lengths.shape)}")
    if lengths.dtype.kind not in "iu":
        raise RuntimeError(f"{name} must be integral, but got {lengths.dtype}; use .long()")
    if lengths.size and (lengths.min() < 0 or lengths.max() > longest):
        raise RuntimeError(f"Expected {name} to have value at most {longest}, but got {lengths.tolist()}")
    return lengths.astype(np.int64, copy=False)


def _padded(targets: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Targets as a matrix with a row per example; a vector holds all of them one after the other."""
    if targets.ndim == 2:
        return targets
    if len(targets) < lengths.sum():
        raise RuntimeError(
            f"ctc_loss: the target lengths add up to {lengths.sum()}, but there are {len(targets)} targets"
        )
    matrix = np.zeros((len(lengths), int(lengths.max(initial=0))), np.int64)
    matrix[np.arange(matrix.shape[1]) < lengths[:, None]] = targets[: lengths.sum()]
    return matrix


@public(method=False, out=False)
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    r"""-ln of the probability of label sequences, summed over all ways to spread them over time.

    The gradient is that for `log_probs` as they are. PyTorch's has another term, which `log_softmax` before
    the loss cancels: the gradients of its input are equal.

    Args:
        log_probs: (T, N, C) or (T, C): log-probabilities of the classes at each time, from `log_softmax`.
        targets: classes other than the blank: (N, S), or all examples' one after the other.
        input_lengths: the time steps of each example, (N) or ().
        target_lengths: the labels of each example, (N) or ().
        blank: the class that means no label.
        reduction: "mean" divides each loss by its number of labels first; or "sum", or "none".
        zero_infinity: take losses of examples that are too short for their labels, and their gradients, as 0.

    Raises:
        RuntimeError: lengths or classes do not fit.

    >>> log_probs = torch.log(torch.full((2, 1, 2), 0.5))
    >>> ctc_loss(log_probs, torch.tensor([[1]]), [2], [1])
    tensor(0.2877)

    Source: Graves et al. (2006); PyTorch, `torch.nn.functional.ctc_loss`.
    """
    reduction = reduction_of(reduction)
    array = require_tensor(log_probs, "ctc_loss")._array
    labels = require_tensor(targets, "ctc_loss", "targets")._array
    if array.ndim not in (2, 3) or array.dtype.kind != "f":
        raise RuntimeError(
            f"ctc_loss: log_probs must be floating, (T, N, C) or (T, C), got {log_probs.dtype} of "
            f"{list(array.shape)}"
        )
    single = array.ndim == 2
    if single:
        log_probs = log_probs.unsqueeze(1)
        labels = labels.reshape(1, -1) if labels.ndim == 1 else labels
    count, classes = log_probs._array.shape[1:]
    if not 0 <= blank < classes:
        raise RuntimeError(f"blank must be in label range, from 0 to {classes - 1}, but got {blank}")
    times = _lengths("input_lengths", input_lengths, count, len(array))
    lengths = _lengths("target_lengths", target_lengths, count, labels.shape[-1])
    matrix = _padded(labels, lengths)
    used = matrix[np.arange(matrix.shape[1]) < lengths[:, None]]
    if used.size and (used.min() < 0 or used.max() >= classes or (used == blank).any()):
        raise RuntimeError(
            f"ctc_loss: targets must be classes from 0 to {classes - 1} other than the blank {blank}"
        )
    if (times == 0).any():
        raise RuntimeError("ctc_loss: every example needs at least one time step")
    losses = ctc_rule(log_probs, matrix, times, lengths, blank=blank, zero_infinity=bool(zero_infinity))
    if single and reduction == "none":
        return losses.reshape(())
    if reduction == "mean":
        losses = losses / np.maximum(lengths, 1).astype(array.dtype)
    return reduced_tensor(losses, reduction)
