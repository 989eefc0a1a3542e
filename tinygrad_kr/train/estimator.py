"""scikit-learn estimators around `fit`: for its pipelines, cross-validation and grid searches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import optim
from ..extras import require
from ..nn import Linear, Module, ReLU, Sequential
from ..nn import functional as F
from ..ops.creation import as_tensor
from ..ops.softmax import softmax
from ..random import fork_rng, manual_seed
from . import loop
from .history import History

require("sklearn", extra="train", purpose="an estimator for scikit-learn")

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin  # noqa: E402
from sklearn.utils import check_random_state  # noqa: E402
from sklearn.utils.multiclass import check_classification_targets  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402

__all__ = ["Classifier", "Regressor"]


def dense(inputs: int, outputs: int, hidden: Sequence[int]) -> Module:
    """A multilayer perceptron with ReLU between its layers."""
    layers: list[Module] = []
    for size in hidden:
        layers += [Linear(inputs, size), ReLU()]
        inputs = size
    return Sequential(*layers, Linear(inputs, outputs))


class _Estimator(BaseEstimator):
    """What both share: options, the training run, the outputs."""

    def __init__(
        self,
        model: Callable[[int, int], Module] | None = None,
        hidden: Sequence[int] = (100,),
        loss: Callable[[Any, Any], Any] | None = None,
        optimizer: str = "Adam",
        lr: float = 1e-2,
        weight_decay: float = 0.0,
        epochs: int = 50,
        batch_size: int = 32,
        validation_fraction: float = 0.0,
        callbacks: Sequence[Any] = (),
        progress: bool = False,
        random_state: Any = None,
    ) -> None:
        self.model = model
        self.hidden = hidden
        self.loss = loss
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.callbacks = callbacks
        self.progress = progress
        self.random_state = random_state

    def _train(self, x: np.ndarray, y: np.ndarray, outputs: int, loss: Callable[[Any, Any], Any]) -> None:
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(f"validation_fraction must be in [0, 1), got {self.validation_fraction}")
        algorithm = getattr(optim, self.optimizer, None)
        if algorithm is None:
            raise ValueError(f"optimizer must be the name of one in torch.optim, got {self.optimizer!r}")
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        with fork_rng():
            manual_seed(seed)
            order = np.random.default_rng(seed).permutation(len(x))
            held_out = round(self.validation_fraction * len(x))
            val, train = order[:held_out], order[held_out:]
            build = self.model
            module = dense(x.shape[1], outputs, self.hidden) if build is None else build(x.shape[1], outputs)
            rule = algorithm(module.parameters(), lr=self.lr, weight_decay=self.weight_decay)
            self.history_: History = loop.fit(
                module,
                self.loss or loss,
                rule,
                (as_tensor(x[train]), as_tensor(y[train])),
                epochs=self.epochs,
                validation=(as_tensor(x[val]), as_tensor(y[val])) if held_out else None,
                callbacks=self.callbacks,
                batch_size=self.batch_size,
                progress=self.progress,
            )
        self.module_ = module
        self.n_iter_ = self.history_.epochs

    def _outputs(self, X: Any) -> Any:
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float32, reset=False)
        return loop.predict(self.module_, as_tensor(x))


class Classifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """A classifier for scikit-learn: a network trained by `fit` with cross-entropy.

    Args:
        model: model(features, classes) -> the network, whose outputs are scores (N, classes); by default a
            multilayer perceptron with ReLU.
        hidden: the sizes of its hidden layers.
        loss: loss(scores, class numbers); `cross_entropy` by default.
        optimizer: the name of one in `torch.optim`.
        lr, weight_decay: its learning rate and decay.
        epochs, batch_size, callbacks, progress: as for `train.fit`.
        validation_fraction: the share of examples held out to measure "val_loss" on, for early stopping.
        random_state: seeds weights, shuffles and dropout (the global generator stays as it is).

    Attributes:
        module_: the trained network.
        history_: its `History`.
        classes_: the labels, in the order of the scores.
        n_iter_: how many epochs were run.

    Raises:
        ModuleNotFoundError: on import, where scikit-learn is missing.

    >>> from sklearn.datasets import load_iris
    >>> from tinygrad_kr import train
    >>> x, y = load_iris(return_X_y=True)
    >>> train.Classifier(epochs=30, random_state=0).fit(x, y).score(x, y) > 0.9
    True

    Source: scikit-learn, "Developing scikit-learn estimators".
    """

    def fit(self, X: Any, y: Any) -> Classifier:
        """Train on rows X (N, features) and labels y (N,) of any kind."""
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"Classifier needs examples of at least 2 classes, got 1 class: {self.classes_[0]!r}"
            )
        self._train(X, numbers.astype(np.int64), len(self.classes_), F.cross_entropy)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of every class, (N, classes)."""
        return softmax(self._outputs(X), 1).numpy()

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of every row, (N,)."""
        scores = self._outputs(X)
        return self.classes_[scores.argmax(1).numpy()]


class Regressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    """A regressor for scikit-learn: a network trained by `fit` with the mean squared error.

    Targets are standardised while training, so that one learning rate suits any unit.

    Args:
        model: model(features, outputs) -> the network; by default a multilayer perceptron with ReLU.
        loss: loss(outputs, targets), both (N, outputs); `mse_loss` by default.
        hidden, optimizer, lr, weight_decay, epochs, batch_size, validation_fraction, callbacks, progress,
            random_state: as for `Classifier`.

    Attributes:
        module_: the trained network, whose outputs are in units of the targets' standard deviation.
        history_, n_iter_: as for `Classifier`.

    >>> import numpy as np
    >>> from tinygrad_kr import train
    >>> x = np.linspace(-2, 2, 100)[:, None]
    >>> train.Regressor(random_state=0).fit(x, np.sin(x[:, 0])).score(x, np.sin(x[:, 0])) > 0.9
    True

    Source: scikit-learn, "Developing scikit-learn estimators".
    """

    def fit(self, X: Any, y: Any) -> Regressor:
        """Train on rows X (N, features) and targets y, (N,) or (N, outputs)."""
        X, y = validate_data(self, X, y, dtype=np.float32, multi_output=True, y_numeric=True)
        targets = np.asarray(y, np.float64).reshape(len(y), -1)
        self.mean_, self.scale_ = targets.mean(0), targets.std(0)
        self.scale_[self.scale_ == 0] = 1.0
        self.single_ = y.ndim == 1
        standard = ((targets - self.mean_) / self.scale_).astype(np.float32)
        self._train(X, standard, targets.shape[1], F.mse_loss)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> np.ndarray:
        """The prediction for every row, shaped as the targets were."""
        standard = self._outputs(X).numpy()
        outputs = standard * self.scale_ + self.mean_
        return outputs[:, 0] if self.single_ else outputs
