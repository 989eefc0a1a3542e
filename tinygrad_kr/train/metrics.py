"""Counting how good predictions are, batch by batch.

A metric adds up counts in `update` and makes a figure of them in `compute`, so that the figure is that of all
examples together, whatever the batches. Scores of classes are (N, C), for each of N examples one score per
class, and targets (N,) class numbers; further dimensions, as (N, C, H, W) and (N, H, W), count as more
examples. Two classes may as well have one score per example, a logit: (N,) or (N, 1). Targets that are
probabilities (N, C), as mixup makes them, count as their likeliest class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor

__all__ = [
    "F1",
    "Accuracy",
    "ConfusionMatrix",
    "Metric",
    "Precision",
    "R2Score",
    "Recall",
    "TopKAccuracy",
    "metrics_by_name",
]


class Metric:
    """A figure over many batches: `reset`, `update` for each, `compute`.

    Attributes:
        name: what the history calls it.
    """

    name = "metric"

    def reset(self) -> None:
        """Forget all batches."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to begin anew: define reset")

    def update(self, outputs: Any, targets: Any) -> None:
        """Count one more batch."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to count a batch: define update")

    def compute(self) -> Any:
        """The figure. Raises ValueError without any example."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its figure is: define compute")

    def __call__(self, outputs: Any, targets: Any) -> Any:
        """The figure of one batch alone.

        >>> from tinygrad_kr import train
        >>> train.Accuracy()(torch.tensor([[2.0, 1.0], [0.0, 1.0]]), torch.tensor([0, 0]))
        0.5
        """
        self.reset()
        self.update(outputs, targets)
        return self.compute()

    def _nothing(self) -> ValueError:
        return ValueError(f"{self.name} of no examples: update it with at least one batch first")


def _array(values: Any) -> np.ndarray:
    return values.detach().numpy() if isinstance(values, Tensor) else np.asarray(values)


def _scores(outputs: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N, C) and class numbers (N,); one score per example becomes the two scores (0, score)."""
    scores, classes = _array(outputs), _array(targets)
    if scores.shape == classes.shape and scores.ndim > 1 < scores.shape[1] and classes.dtype.kind == "f":
        classes = classes.argmax(1)
    if scores.shape == classes.shape or (scores.ndim == classes.ndim + 1 and scores.shape[1:2] == (1,)):
        scores = scores.reshape(-1)
        scores = np.stack([np.zeros_like(scores), scores], axis=1)  # (N,) -> (N, 2)
    elif scores.ndim == classes.ndim + 1 and scores.shape[:1] + scores.shape[2:] == classes.shape:
        scores = np.moveaxis(scores, 1, -1).reshape(-1, scores.shape[1])  # (N, C, *) -> (N * *, C)
    else:
        raise ValueError(
            f"scores (N, C, ...) go with class numbers (N, ...), got {scores.shape} and {classes.shape}"
        )
    classes = classes.reshape(-1)
    if classes.size and (classes.min() < 0 or classes.max() >= scores.shape[1]):
        wrong = classes.min() if classes.min() < 0 else classes.max()
        raise ValueError(
            f"class number {wrong} with {scores.shape[1]} classes: expected 0 to {scores.shape[1] - 1}"
        )
    return scores, classes.astype(np.int64)


class Accuracy(Metric):
    """The share of examples whose class has the highest score.

    >>> from tinygrad_kr import train
    >>> train.Accuracy()(torch.tensor([0.3, -2.0, 1.5]), torch.tensor([1, 1, 1]))  # logits of two classes
    0.6666666666666666
    """

    name = "accuracy"

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self.correct = self.count = 0

    def update(self, outputs: Any, targets: Any) -> None:
        """Count the right ones."""
        scores, classes = _scores(outputs, targets)
        self.correct += int((scores.argmax(1) == classes).sum())
        self.count += len(classes)

    def compute(self) -> float:
        """Right ones over all."""
        if not self.count:
            raise self._nothing()
        return self.correct / self.count


class TopKAccuracy(Accuracy):
    """The share of examples whose class is among the k highest scores.

    >>> from tinygrad_kr import train
    >>> train.TopKAccuracy(2)(torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]]), torch.tensor([1, 2]))
    0.5
    """

    def __init__(self, k: int = 5) -> None:
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        super().__init__()
        self.k = k
        self.name = f"top{k}"

    def update(self, outputs: Any, targets: Any) -> None:
        """Count those with fewer than k classes above their own; of equal scores the lower class is above."""
        scores, classes = _scores(outputs, targets)
        own = scores[np.arange(len(classes)), classes][:, None]
        lower = np.arange(scores.shape[1]) < classes[:, None]
        above = (scores > own) | ((scores == own) & lower)
        self.correct += int((above.sum(1) < self.k).sum())
        self.count += len(classes)


class ConfusionMatrix(Metric):
    """How many examples of class i (row) were taken for class j (column).

    Args:
        classes: how many there are; by default as many as the scores have.

    >>> from tinygrad_kr import train
    >>> train.ConfusionMatrix()(torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 0.0]]), torch.tensor([0, 1, 1]))
    [[1, 0], [1, 1]]
    """

    name = "confusion"

    def __init__(self, classes: int | None = None) -> None:
        self.classes = classes
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self.counts = np.zeros((self.classes or 0,) * 2, np.int64)

    def update(self, outputs: Any, targets: Any) -> None:
        """Count the pairs."""
        scores, classes = _scores(outputs, targets)
        size = scores.shape[1]
        if not self.counts.size:
            self.counts = np.zeros((size, size), np.int64)
        if self.counts.shape[0] != size:
            raise ValueError(f"expected scores of {self.counts.shape[0]} classes, got {size}")
        pairs = np.bincount(classes * size + scores.argmax(1), minlength=size * size)
        self.counts += pairs.reshape(size, size)

    def matrix(self) -> np.ndarray:
        """The counts as an array (classes, classes)."""
        if not self.counts.sum():
            raise self._nothing()
        return self.counts.copy()

    def compute(self) -> list[list[int]]:
        """The counts as a list of rows."""
        return self.matrix().tolist()


class _PerClass(ConfusionMatrix):
    r"""A score of every class, averaged.

    Args:
        average: "macro", the mean over the classes that occur (as target or prediction); "weighted", weighted
            by how many examples a class has; "micro", of all decisions together; "binary", class 1 of two; or
            "none", a list with the score of every class.
        classes: how many there are; by default as many as the scores have.

    A class whose score would be 0 / 0 counts as 0.
    """

    def __init__(self, average: str = "macro", classes: int | None = None) -> None:
        if average not in ("macro", "weighted", "micro", "binary", "none"):
            raise ValueError(
                f"average must be 'macro', 'weighted', 'micro', 'binary' or 'none', got {average!r}"
            )
        super().__init__(classes)
        self.average = average

    def _score(self, hits: np.ndarray, predicted: np.ndarray, actual: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def compute(self) -> Any:
        """The averaged score."""
        counts = self.matrix()
        hits, predicted, actual = np.diagonal(counts), counts.sum(0), counts.sum(1)
        if self.average == "micro":
            return float(self._score(hits.sum(), predicted.sum(), actual.sum()))
        scores = self._score(hits, predicted, actual)
        if self.average == "none":
            return scores.tolist()
        if self.average == "binary":
            if len(counts) != 2:
                raise ValueError(f"average='binary' needs two classes, got {len(counts)}: use 'macro'")
            return float(scores[1])
        weights = actual if self.average == "weighted" else (predicted + actual > 0)
        return float(np.average(scores, weights=weights))


def _ratio(part: Any, whole: Any) -> Any:
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) > 0)


class Precision(_PerClass):
    """Of the examples taken for a class, the share that belongs to it.

    Args:
        average: "macro", "weighted", "micro", "binary" or "none", as scikit-learn's.
        classes: how many there are; by default as many as the scores have.

    >>> from tinygrad_kr import train
    >>> scores, classes = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 0.0]]), torch.tensor([0, 1, 1])
    >>> train.Precision("none")(scores, classes)
    [0.5, 1.0]
    """

    name = "precision"

    def _score(self, hits: Any, predicted: Any, actual: Any) -> Any:
        return _ratio(hits, predicted)


class Recall(_PerClass):
    """Of the examples of a class, the share that was found.

    Args:
        average: "macro", "weighted", "micro", "binary" or "none", as scikit-learn's.
        classes: how many there are; by default as many as the scores have.

    >>> from tinygrad_kr import train
    >>> scores, classes = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 0.0]]), torch.tensor([0, 1, 1])
    >>> train.Recall("none")(scores, classes)
    [1.0, 0.5]
    """

    name = "recall"

    def _score(self, hits: Any, predicted: Any, actual: Any) -> Any:
        return _ratio(hits, actual)


class F1(_PerClass):
    """The harmonic mean of precision and recall: 2 PR / (P + R).

    Args:
        average: "macro", "weighted", "micro", "binary" or "none", as scikit-learn's.
        classes: how many there are; by default as many as the scores have.

    >>> from tinygrad_kr import train
    >>> scores, classes = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 0.0]]), torch.tensor([0, 1, 1])
    >>> round(train.F1("binary")(scores, classes), 4)
    0.6667
    """

    name = "f1"

    def _score(self, hits: Any, predicted: Any, actual: Any) -> Any:
        return _ratio(2.0 * hits, predicted + actual)


class R2Score(Metric):
    r"""The share of the targets' variance that is explained: 1 - Σ(y - ŷ)² / Σ(y - ȳ)².

    1 is perfect, 0 as good as the mean, below that worse. Several columns of targets are averaged.

    >>> from tinygrad_kr import train
    >>> round(train.R2Score()(torch.tensor([2.5, 0.0, 2.0, 8.0]), torch.tensor([3.0, -0.5, 2.0, 7.0])), 4)
    0.9486
    """

    name = "r2"

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self.count = 0
        self.errors = self.mean = self.spread = np.zeros(())

    def update(self, outputs: Any, targets: Any) -> None:
        """Add squared errors, and join the means and the squared deviations (Chan et al. 1979)."""
        predicted, actual = _array(outputs), _array(targets)
        if predicted.shape != actual.shape:
            raise ValueError(
                f"predictions and targets must have one shape, got {predicted.shape} and {actual.shape}: "
                "compare (N, 1) with (N, 1), not with (N,)"
            )
        rows = len(actual)
        if not rows:
            return
        actual, predicted = actual.reshape(rows, -1).astype(np.float64), predicted.reshape(rows, -1)
        mean = actual.mean(0)
        both = self.count + rows
        self.errors = self.errors + ((actual - predicted) ** 2).sum(0)
        self.spread = (
            self.spread + ((actual - mean) ** 2).sum(0) + (mean - self.mean) ** 2 * self.count * rows / both
        )
        self.mean = self.mean + (mean - self.mean) * rows / both
        self.count = both

    def compute(self) -> float:
        """The figure. Raises ValueError for fewer than two examples, which have no variance."""
        if self.count < 2:
            raise ValueError(f"{self.name} needs at least two examples, got {self.count}")
        perfect = np.where(self.errors == 0, 1.0, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = np.where(self.spread > 0, 1 - self.errors / self.spread, perfect)
        return float(scores.mean())


class _Mean(Metric):
    """The mean over examples of what a function gives for each batch."""

    def __init__(self, name: str, function: Callable[[Any, Any], Any]) -> None:
        self.name = name
        self.function = function
        self.reset()

    def reset(self) -> None:
        self.total, self.count = 0.0, 0

    def update(self, outputs: Any, targets: Any) -> None:
        self.total += float(self.function(outputs, targets)) * len(targets)
        self.count += len(targets)

    def compute(self) -> float:
        if not self.count:
            raise self._nothing()
        return self.total / self.count


NAMED: dict[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "top5": TopKAccuracy,
    "confusion": ConfusionMatrix,
    "precision": Precision,
    "recall": Recall,
    "f1": F1,
    "r2": R2Score,
}


def metrics_by_name(
    metrics: Sequence[str | Metric | Callable[[Any, Any], Any]] | Mapping[str, Any] | None,
) -> dict[str, Metric]:
    """The metrics that `fit` and `evaluate` were asked for.

    >>> list(metrics_by_name(["accuracy", TopKAccuracy(3)]))
    ['accuracy', 'top3']
    """
    if isinstance(metrics, (str, Metric)):
        metrics = [metrics]
    if metrics is None:
        metrics = []
    named = metrics if isinstance(metrics, Mapping) else {_name(one): one for one in metrics}
    return {name: _metric(name, one) for name, one in named.items()}


def _name(metric: Any) -> str:
    named = getattr(metric, "name", None) or getattr(metric, "__name__", None)
    return metric if isinstance(metric, str) else named or repr(metric)


def _metric(name: str, metric: Any) -> Metric:
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, str):
        if metric not in NAMED:
            raise ValueError(f"unknown metric {metric!r}: known are {', '.join(NAMED)}")
        return NAMED[metric]()
    if callable(metric):
        return _Mean(name, metric)
    raise TypeError(f"a metric is a name, a Metric or a function, got {metric!r}")
