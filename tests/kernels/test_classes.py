"""Targets as class numbers: what counts, with which weight."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinygrad_kr.kernels.classes import chosen, class_factors, from_class_rows, total_weight


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_rows_in_the_shape_of_predictions(shape: tuple[int, ...]) -> None:
    rows = np.arange(math.prod(shape)).reshape(-1, 3)
    x = from_class_rows(rows, shape)
    assert x.shape == shape
    if len(shape) > 1:
        np.testing.assert_array_equal(rows[0], x[(0, slice(None), *[0] * (len(shape) - 2))])


def test_ignored_targets_have_no_weight() -> None:
    classes, weights, ignored = chosen(np.array([1, -1, 0]), np.array([0.5, 2.0]), np.float64, -1)
    assert classes.tolist() == [1, 0, 0] and weights.tolist() == [2.0, 0.0, 0.5]
    assert ignored.tolist() == [False, True, False]
    assert total_weight(weights, 3) == 2.5
    assert math.isnan(total_weight(np.zeros(2), 2))


def test_factors_add_up_to_the_weights() -> None:
    weight = np.array([0.5, 2.0, 1.0])
    target = np.array([[0, 2], [-100, 1]])
    plain, total = class_factors((2, 3, 2), target, weight, np.float64, -100)
    np.testing.assert_array_equal(plain.sum(1), [[0.5, 1.0], [0.0, 2.0]])
    assert total == 3.5 and plain.dtype == np.float64
    smooth, _ = class_factors((2, 3, 2), target, None, np.float32, -100, 0.3)
    np.testing.assert_allclose(smooth.sum(1), [[1, 1], [0, 1]], rtol=1e-6)
    assert smooth.dtype == np.float32
