"""scikit-learn takes the estimators for its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn, train

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks


@parametrize_with_checks(
    [train.Classifier(epochs=60, random_state=0), train.Regressor(epochs=60, random_state=0)]
)
def test_sklearn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_in_a_pipeline_and_a_search() -> None:
    x, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    pipeline = make_pipeline(StandardScaler(), train.Classifier(epochs=20, random_state=0))
    assert cross_val_score(pipeline, x, names, cv=3).mean() > 0.9
    search = GridSearchCV(pipeline, {"classifier__hidden": [(4,), (20, 20)], "classifier__lr": [0.01]}, cv=2)
    search.fit(x, names)
    assert search.best_score_ > 0.85 and set(search.predict(x)) <= set(names)
    chances = search.predict_proba(x)
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)


def test_a_model_of_ones_own() -> None:
    x, y = load_digits(return_X_y=True)

    def convolutional(features: int, classes: int) -> nn.Module:
        return nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)),
            nn.Conv2d(1, 8, 3),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(8 * 36, classes),
        )

    stopping = train.EarlyStopping("val_loss", patience=3)
    estimator = train.Classifier(
        convolutional, epochs=8, validation_fraction=0.2, callbacks=[stopping], random_state=0
    )
    estimator.fit(x[:600] / 16, y[:600])
    assert estimator.score(x[600:900] / 16, y[600:900]) > 0.85
    assert isinstance(estimator.module_[1], nn.Conv2d) and "val_loss" in estimator.history_
    assert clone(estimator).model is convolutional


def test_the_global_generator_stays_as_it_is() -> None:
    x, y = load_iris(return_X_y=True)
    state = torch.get_rng_state()
    one = train.Classifier(epochs=2, random_state=3).fit(x, y).predict_proba(x)
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(77)
    np.testing.assert_array_equal(one, train.Classifier(epochs=2, random_state=3).fit(x, y).predict_proba(x))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"validation_fraction": 1.0}, r"in \[0, 1\), got 1.0"),
        ({"optimizer": "Adamm"}, "name of one in torch.optim, got 'Adamm'"),
    ],
)
def test_bad_options(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        train.Classifier(**options).fit(*load_iris(return_X_y=True))
