"""Sums over all alignments of label sequences with time steps: connectionist temporal classification (CTC).

The labels of an example are extended by blanks around and between them: b l₁ b l₂ b ... A path stays at its
place, goes on by one, or skips a blank between two different labels. `forward` and `backward` are the two
recursions over time on logarithms; together they give the probability of being at each place.

Source: Graves et al., "Connectionist temporal classification" (2006).
"""

from __future__ import annotations

import numpy as np

__all__ = ["backward", "extended", "final_places", "forward"]


def extended(targets: np.ndarray, lengths: np.ndarray, blank: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels with blanks around them, (N, 2S + 1), and where a path may skip the blank before a label.

    >>> extended(np.array([[1, 1, 2]]), np.array([3]), 0)
    (array([[0, 1, 0, 1, 0, 2, 0]]), array([[False, False, False, False, False,  True, False]]))
    """
    count, longest = targets.shape
    labels = np.full((count, 2 * longest + 1), blank, np.int64)
    used = np.arange(longest) < lengths[:, None]
    labels[:, 1::2] = np.where(used, targets, blank)
    skips = np.zeros(labels.shape, bool)
    skips[:, 2:] = (labels[:, 2:] != blank) & (labels[:, 2:] != labels[:, :-2])
    return labels, skips


def final_places(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a path may end: at the last blank, or at the last label (the blank if there is none)."""
    last = 2 * lengths
    return last, np.maximum(last - 1, 0)


def forward(scores: np.ndarray, skips: np.ndarray) -> np.ndarray:
    """ln of the probability of all beginnings that are at a place at a time, that time's score included: (T,
    N, L).

    Args:
        scores: the log-probability of the label of each place at each time, (T, N, L).
        skips: where the blank before may be skipped, (N, L).
    """
    alpha = np.full(scores.shape, -np.inf, scores.dtype)
    alpha[0, :, :2] = scores[0, :, :2]
    for time in range(1, len(scores)):
        before = alpha[time - 1]
        ways = before.copy()
        ways[:, 1:] = np.logaddexp(ways[:, 1:], before[:, :-1])
        ways[:, 2:] = np.where(skips[:, 2:], np.logaddexp(ways[:, 2:], before[:, :-2]), ways[:, 2:])
        alpha[time] = ways + scores[time]
    return alpha


def backward(scores: np.ndarray, skips: np.ndarray, times: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """ln of the probability of all ends that start after a place at a time: (T, N, L).

    Args:
        scores, skips: as for `forward`.
        times: how many time steps each example has, (N).
        lengths: how many labels, (N).
    """
    beta = np.full(scores.shape, -np.inf, scores.dtype)
    examples = np.arange(len(times))
    ends = final_places(lengths)
    for time in range(len(scores) - 1, -1, -1):
        if time + 1 < len(scores):
            after = beta[time + 1] + scores[time + 1]
            ways = after.copy()
            ways[:, :-1] = np.logaddexp(ways[:, :-1], after[:, 1:])
            ways[:, :-2] = np.where(skips[:, 2:], np.logaddexp(ways[:, :-2], after[:, 2:]), ways[:, :-2])
            beta[time] = ways
        ending = times == time + 1
        beta[time, times <= time + 1] = -np.inf
        for places in ends:
            beta[time, examples[ending], places[ending]] = 0
    return beta
