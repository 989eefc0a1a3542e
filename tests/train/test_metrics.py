"""Metrics agree with scikit-learn's, whatever the batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr import train

reference = pytest.importorskip("sklearn.metrics")

METRICS: list[tuple[train.Metric, Any]] = [
    (train.Accuracy(), lambda y, p: reference.accuracy_score(y, p)),
    (train.ConfusionMatrix(), lambda y, p: reference.confusion_matrix(y, p, labels=range(4)).tolist()),
    *(
        (
            metric(average),
            lambda y, p, score=score, average=average: score(y, p, average=average, zero_division=0),
        )
        for metric, score in (
            (train.Precision, reference.precision_score),
            (train.Recall, reference.recall_score),
            (train.F1, reference.f1_score),
        )
        for average in ("macro", "micro", "weighted")
    ),
]


@given(st.integers(0, 2**31), st.integers(1, 30), st.integers(1, 9))
def test_of_classes(seed: int, count: int, batch: int) -> None:
    random = np.random.default_rng(seed)
    scores, classes = random.normal(size=(count, 4)).astype(np.float32), random.integers(0, 4, count)
    for metric, expected in METRICS:
        metric.reset()
        for start in range(0, count, batch):
            part = slice(start, start + batch)
            metric.update(torch.tensor(scores[part]), torch.tensor(classes[part]))
        np.testing.assert_allclose(metric.compute(), expected(classes, scores.argmax(1)), atol=1e-12)


@given(st.integers(0, 2**31), st.integers(2, 30), st.integers(1, 9), st.integers(1, 3))
def test_r2(seed: int, count: int, batch: int, columns: int) -> None:
    random = np.random.default_rng(seed)
    y = random.normal(3, 2, (count, columns))
    p = y + random.normal(size=y.shape)
    metric = train.R2Score()
    for start in range(0, count, batch):
        metric.update(p[start : start + batch], y[start : start + batch])
    np.testing.assert_allclose(metric.compute(), reference.r2_score(y, p), rtol=1e-9, atol=1e-9)


def test_top_k() -> None:
    random = np.random.default_rng(0)
    scores, classes = random.normal(size=(50, 6)), random.integers(0, 6, 50)
    for k in (1, 2, 5, 6, 7):
        expected = reference.top_k_accuracy_score(classes, scores, k=k, labels=range(6)) if k < 6 else 1.0
        assert train.TopKAccuracy(k)(torch.tensor(scores), torch.tensor(classes)) == expected


def test_two_classes_and_pictures() -> None:
    logits, classes = torch.tensor([[0.5], [-1.0], [2.0]]), torch.tensor([1, 0, 0])
    assert train.Accuracy()(logits, classes) == train.Accuracy()(logits[:, 0], classes) == 2 / 3
    assert train.F1("binary")(logits, classes) == pytest.approx(2 / 3)
    pictures = torch.randn(2, 3, 4, 5)  # a score per pixel
    assert train.Accuracy()(pictures, pictures.argmax(1)) == 1


def test_a_function_is_averaged_over_examples() -> None:
    distance = lambda out, y: (out - y).abs().mean()  # noqa: E731
    out, y = torch.arange(5.0), torch.zeros(5)
    batches = [(out[:3], y[:3]), (out[3:], y[3:])]
    found = train.evaluate(torch.nn.Identity(), batches, metrics={"distance": distance})
    assert found == {"distance": 2.0}


@pytest.mark.parametrize("name", ["accuracy", "confusion", "precision", "recall", "f1", "top5", "r2"])
def test_of_nothing(name: str) -> None:
    (metric,) = train.metrics.metrics_by_name([name]).values()
    with pytest.raises(ValueError, match=r"no examples|at least two examples, got 0"):
        metric.compute()


def test_bad_input() -> None:
    scores = torch.zeros(2, 3)
    with pytest.raises(ValueError, match="class number 3 with 3 classes: expected 0 to 2"):
        train.Accuracy()(scores, torch.tensor([0, 3]))
    with pytest.raises(ValueError, match=r"got \(2, 3\) and \(3,\)"):
        train.Accuracy()(scores, torch.tensor([0, 1, 2]))
    with pytest.raises(ValueError, match=r"compare \(N, 1\) with \(N, 1\)"):
        train.R2Score()(torch.zeros(3, 1), torch.zeros(3))
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        train.TopKAccuracy(0)
    with pytest.raises(ValueError, match="got 'mean'"):
        train.F1("mean")
    with pytest.raises(ValueError, match="needs two classes, got 3"):
        train.F1("binary")(scores, torch.tensor([0, 1]))
    with pytest.raises(NotImplementedError, match="define reset"):
        train.Metric()(scores, scores)
