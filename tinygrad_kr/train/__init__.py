"""A training loop that stays out of the way: `fit`, `evaluate`, `predict`, metrics and callbacks.

`fit(model, loss, optimizer, (x, y), epochs=20)` does what these lines do, and calls back at each of them::

    for epoch in range(epochs):
        model.train()
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = loss_function(model(inputs), targets)
            loss.backward()
            optimizer.step()

so whatever the loop does not offer is written by hand in as many lines, with the same models, optimizers and
loaders. `loop` holds the loop, `data` makes batches of what it is given, `history` keeps the figures, and
`callbacks`, `best` and `logging` hold what can happen in between. `metrics` counts. `Classifier` and
`Regressor` (which need scikit-learn) are estimators for its pipelines and searches.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import metrics as metrics
from .best import BestSnapshot as BestSnapshot
from .best import EarlyStopping as EarlyStopping
from .callbacks import Callback as Callback
from .callbacks import Checkpoint as Checkpoint
from .callbacks import ClipGradients as ClipGradients
from .callbacks import MaxNorm as MaxNorm
from .callbacks import Mixup as Mixup
from .callbacks import Schedule as Schedule
from .history import History as History
from .logging import CSVLog as CSVLog
from .logging import ProgressBar as ProgressBar
from .logging import TensorBoard as TensorBoard
from .loop import DivergenceError as DivergenceError
from .loop import Run as Run
from .loop import evaluate as evaluate
from .loop import fit as fit
from .loop import predict as predict
from .metrics import F1 as F1
from .metrics import Accuracy as Accuracy
from .metrics import ConfusionMatrix as ConfusionMatrix
from .metrics import Metric as Metric
from .metrics import Precision as Precision
from .metrics import R2Score as R2Score
from .metrics import Recall as Recall
from .metrics import TopKAccuracy as TopKAccuracy

if _TYPE_CHECKING:
    from .estimator import Classifier as Classifier
    from .estimator import Regressor as Regressor

__all__ = [
    "F1",
    "Accuracy",
    "BestSnapshot",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "Classifier",
    "ClipGradients",
    "ConfusionMatrix",
    "DivergenceError",
    "EarlyStopping",
    "History",
    "MaxNorm",
    "Metric",
    "Mixup",
    "Precision",
    "ProgressBar",
    "R2Score",
    "Recall",
    "Regressor",
    "Run",
    "Schedule",
    "TensorBoard",
    "TopKAccuracy",
    "evaluate",
    "fit",
    "predict",
]


def __getattr__(name: str) -> _Any:
    if name in ("Classifier", "Regressor"):  # imported when asked for: they need scikit-learn
        return getattr(_import_module(f"{__name__}.estimator"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
