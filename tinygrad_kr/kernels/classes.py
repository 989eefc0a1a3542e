"""Targets given as class numbers: which of them count, with which weight, and where they stand in an array.

Predictions are (C), (N, C) or (N, C, d₁, ...); a target has one class number per prediction.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["chosen", "class_axis", "class_factors", "from_class_rows", "total_weight"]


def class_axis(ndim: int) -> int:
    """Which axis of the predictions counts the classes."""
    return 0 if ndim == 1 else 1


def from_class_rows(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A matrix with one row of C numbers for each prediction, in the shape of the predictions."""
    if len(shape) == 1:
        return rows.reshape(shape)
    return np.moveaxis(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1)


def chosen(
    target: np.ndarray, weight: np.ndarray | None, dtype: np.dtype, ignore_index: int | None
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """The class of each prediction, its weight, and which predictions are ignored.

    Ignored ones have class 0 and weight 0. There are no weights (None) if all are 1, no mask if none is
    ignored, as where `ignore_index` is None.

    >>> chosen(np.array([2, -100]), None, np.float32, -100)
    (array([2, 0]), array([1., 0.], dtype=float32), array([False,  True]))
    """
    classes = target.reshape(-1)
    ignored = classes == ignore_index if ignore_index is not None else None
    if ignored is None or not ignored.any():
        return classes, None if weight is None else weight[classes], None
    classes = np.where(ignored, 0, classes)
    weights = np.where(ignored, 0, 1 if weight is None else weight[classes]).astype(dtype, copy=False)
    return classes, weights, ignored


def total_weight(weights: np.ndarray | None, count: int) -> float:
    """What a mean over `count` predictions divides by: their weights together; NaN if that is 0.

    >>> total_weight(None, 3), total_weight(np.array([0.5, 0.0]), 2)
    (3.0, 0.5)
    """
    return (float(count) if weights is None else float(weights.sum(dtype=np.float64))) or math.nan


def class_factors(
    shape: tuple[int, ...],
    target: np.ndarray,
    weight: np.ndarray | None,
    dtype: Any,
    ignore_index: int | None,
    smoothing: float = 0.0,
) -> tuple[np.ndarray, float]:
    """The factor of every -ln p in the loss, and what the mean divides by.

    It is the weight at the target and 0 elsewhere; smoothing moves a part of it to all classes evenly.

    >>> class_factors((1, 4), np.array([2]), None, np.float64, -100, 0.4)
    (array([[0.1, 0.1, 0.7, 0.1]]), 1.0)
    """
    dtype = np.dtype(dtype)
    count = shape[class_axis(len(shape))]
    classes, weights, ignored = chosen(target, weight, dtype, ignore_index)
    factors = np.full((len(classes), count), smoothing / count, dtype)
    factors[np.arange(len(classes)), classes] += 1.0 - smoothing
    if weight is not None:
        factors *= weight
    if ignored is not None:
        factors[ignored] = 0
    return from_class_rows(factors, shape), total_weight(weights, len(classes))
