"""Both recursions of CTC: together they give the same likelihood at every time."""

from __future__ import annotations

import numpy as np

from tinygrad_kr.kernels.alignment import backward, extended, final_places, forward


def test_paths_through_any_time_add_up_to_the_likelihood() -> None:
    rng = np.random.default_rng(0)
    times, lengths = np.array([6, 5]), np.array([2, 1])
    labels, skips = extended(np.array([[1, 2], [2, 0]]), lengths, 0)
    log_probs = np.log(rng.dirichlet(np.ones(3), (6, 2)))
    scores = np.take_along_axis(log_probs, np.broadcast_to(labels, (6, *labels.shape)), 2)
    alpha, beta = forward(scores, skips), backward(scores, skips, times, lengths)
    for n in range(2):
        ends = [alpha[times[n] - 1, n, places[n]] for places in final_places(lengths)]
        likelihood = np.logaddexp(*ends)
        through = np.logaddexp.reduce(alpha[:, n] + beta[:, n], axis=1)
        np.testing.assert_allclose(through[: times[n]], likelihood)


def test_equal_neighbours_need_a_blank_between() -> None:
    _, skips = extended(np.array([[1, 1, 2]]), np.array([3]), 0)
    assert skips.tolist() == [[False, False, False, False, False, True, False]]
