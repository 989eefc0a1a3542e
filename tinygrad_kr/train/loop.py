"""The loop itself: `fit`, `evaluate` and `predict`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..autograd.modes import no_grad
from ..ops.joining import cat
from ..tensor import Tensor
from . import data as examples
from .callbacks import Checkpoint, restore
from .history import History
from .logging import ProgressBar
from .metrics import Metric, metrics_by_name

__all__ = ["DivergenceError", "Run", "evaluate", "evaluating", "fit", "predict"]

Loss = Callable[[Any, Any], Tensor]
Metrics = Sequence[str | Metric | Callable[[Any, Any], Any]] | Mapping[str, Any] | None


class DivergenceError(ArithmeticError):
    """The loss became NaN or infinite.

    The run stops before that batch changes a weight, and callbacks end as usual, so the best snapshot is
    restored if one was kept.

    Attributes:
        history: what was measured in the epochs before.
        epoch, step: where it happened, both counted from 0; the step within the epoch.
    """

    def __init__(self, value: float, run: Run) -> None:
        self.history, self.epoch, self.step = run.history, run.epoch, run.step
        rates = ", ".join(f"{group['lr']:.3g}" for group in run.optimizer.param_groups)
        super().__init__(
            f"the loss is {value} in epoch {run.epoch}, step {run.step} (learning rate {rates}): lower the "
            "learning rate, clip gradients (train.ClipGradients), or find the operation with "
            "autograd.set_detect_anomaly(True); check the data for NaN as well"
        )


class Run:
    """A training run as its callbacks see it.

    Attributes:
        model, loss_function, optimizer: what `fit` was given.
        batches, validation: the training batches, and the validation batches or None.
        epochs: how many epochs there will be at most.
        callbacks: in the order in which they are called; checkpoints come last, so that they keep the states
            that the others have after the epoch.
        epoch: the one that runs now, counted from 0.
        step: the batch within the epoch, counted from 0; `steps` is how many there are, None if unknown.
        inputs, targets: the batch. A callback may replace them in `on_batch_start` (mixup does).
        outputs: what the model gave for it.
        loss: its loss, a tensor until backward has run, with its graph.
        figures: the figures of this epoch so far, which the history gets at its end.
        history: the figures of all epochs before.
        stop: why to stop after this epoch; set it in a callback. "" goes on.
    """

    def __init__(
        self, model: Any, loss: Loss, optimizer: Any, batches: Any, epochs: int, callbacks: Sequence[Any]
    ) -> None:
        self.model = model
        self.loss_function = loss
        self.optimizer = optimizer
        self.batches = batches
        self.validation: Any = None
        self.epochs = epochs
        self.callbacks = sorted(callbacks, key=lambda one: isinstance(one, Checkpoint))
        self.epoch = self.step = 0
        self.steps = examples.length(batches)
        self.inputs: Any = None
        self.targets: Any = None
        self.outputs: Any = None
        self.loss: Any = None
        self.figures: dict[str, Any] = {}
        self.history = History()
        self.stop = ""


def fit(
    model: Any,
    loss: Loss,
    optimizer: Any,
    data: Any,
    *,
    epochs: int,
    validation: Any = None,
    metrics: Metrics = None,
    callbacks: Sequence[Any] = (),
    batch_size: int = 32,
    shuffle: bool = True,
    progress: bool = True,
    resume: str | Path | None = None,
) -> History:
    r"""Train a model, and measure it after every epoch.

    Without options it is the loop of the package's docstring: for every batch, zero the gradients, forward,
    loss, backward, step. Ctrl-C ends the run in order: callbacks save what they keep, the history so far is
    returned, and its `stopped` says where the run was.

    Args:
        model: a module (or whatever has `train`, `eval`, `state_dict` and can be called).
        loss: loss(outputs, targets) -> a tensor with one element, the mean over the batch.
        optimizer: over the model's parameters.
        data: a `DataLoader`, or another iterable of (inputs, targets); a `Dataset`; or a tuple of arrays or
            tensors (x, y). Inputs in a tuple are several arguments of the model, in a dict keyword arguments.
            Data without targets are their own targets.
        epochs: how many times to run through the data; with `resume` the epochs done before count as well.
        validation: data to measure `loss` and `metrics` on after every epoch, as `val_...`.
        metrics: names ("accuracy", "f1" ...), `Metric` objects or functions f(outputs, targets) -> number; or
            a dict of them by name.
        callbacks: `Callback` objects, called in this order.
        batch_size, shuffle: for data that are no loader.
        progress: a line per epoch on standard output, and a bar where there is a terminal or a notebook and
            tqdm is installed.
        resume: a file that `train.Checkpoint` wrote, to go on from.

    Returns:
        The figures of every epoch.

    Raises:
        DivergenceError: the loss is NaN or infinite.
        ValueError: epochs < 0, empty data, or a loss with more than one element.
        RuntimeError: the checkpoint belongs to another model; nothing was changed then.

    >>> from tinygrad_kr import train
    >>> x = torch.linspace(-1, 1, 64).unsqueeze(1)
    >>> model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
    >>> optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    >>> history = train.fit(model, F.mse_loss, optimizer, (x, x**2), epochs=100, progress=False)
    >>> history["loss"][-1] < 0.01 < history["loss"][0]
    True

    Source: the loop of PyTorch's tutorials; callbacks after Keras.
    """
    if not isinstance(epochs, int) or epochs < 0:
        raise ValueError(f"epochs must be a whole number of at least 0, got {epochs!r}")
    listeners = [*callbacks, ProgressBar()] if progress else callbacks
    run = Run(model, loss, optimizer, examples.loader(data, batch_size, shuffle), epochs, listeners)
    if validation is not None:
        run.validation = examples.loader(validation, batch_size)
    measures = metrics_by_name(metrics)
    if resume is not None:
        restore(resume, run)
    first = run.history.epochs

    def tell(event: str) -> None:
        for listener in run.callbacks:
            getattr(listener, event)(run)

    tell("on_fit_start")
    try:
        for run.epoch in range(first, epochs):
            _epoch(run, measures, tell)
            if run.stop:
                run.history.stopped = f"{run.stop} (epoch {run.epoch})"
                break
    except KeyboardInterrupt:
        run.history.stopped = f"interrupted in epoch {run.epoch}, step {run.step}"
        tell("on_interrupt")
    finally:
        tell("on_fit_end")
    return run.history


def _epoch(run: Run, measures: dict[str, Metric], tell: Callable[[str], None]) -> None:
    """One pass over the training batches, then one over the validation batches."""
    began = time.perf_counter()
    run.figures = {}
    total, count = 0.0, 0
    for measure in measures.values():
        measure.reset()
    run.model.train()
    tell("on_epoch_start")
    for step, batch in enumerate(run.batches):
        run.step = step
        run.inputs, run.targets = examples.pair(batch)
        tell("on_batch_start")
        run.optimizer.zero_grad()
        run.outputs = examples.call(run.model, run.inputs)
        run.loss = run.loss_function(run.outputs, run.targets)
        value = _number(run.loss)
        if not math.isfinite(value):
            raise DivergenceError(value, run)
        run.loss.backward()
        tell("on_backward")
        run.optimizer.step()
        size = examples.rows(run.inputs)
        total, count = total + value * size, count + size
        run.figures["loss"] = total / count
        with no_grad():
            for measure in measures.values():
                measure.update(run.outputs, run.targets)
        run.loss = run.loss.detach()
        tell("on_batch_end")
    if not count:
        raise ValueError("the training data gave no batch: an empty loader, or an iterator that is used up")
    run.figures |= {name: measure.compute() for name, measure in measures.items()}
    if run.validation is not None:
        found = _measure(run.model, run.validation, run.loss_function, measures)
        run.figures |= {f"val_{name}": value for name, value in found.items()}
    run.figures["lr"] = float(run.optimizer.param_groups[0]["lr"])
    run.figures["seconds"] = time.perf_counter() - began
    run.history.add(run.figures)
    tell("on_epoch_end")


def evaluate(
    model: Any, data: Any, loss: Loss | None = None, metrics: Metrics = None, batch_size: int = 256
) -> dict[str, Any]:
    """The mean loss and the metrics of a model on data, in evaluation mode and without a graph.

    The model's modes (training or evaluation, module by module) are as before afterwards. The loss is the
    mean over examples of what the batches give.

    Args:
        model, data, loss, metrics: as for `fit`; without a loss only the metrics are measured.
        batch_size: for data that are no loader.

    Returns:
        Figures by name.

    Raises:
        ValueError: no data, or nothing to measure.

    >>> from tinygrad_kr import train
    >>> scores = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 0.0]])
    >>> found = train.evaluate(nn.Identity(), (scores, torch.tensor([0, 1, 1])), metrics=["accuracy"])
    >>> round(found["accuracy"], 4)
    0.6667
    """
    measures = metrics_by_name(metrics)
    if loss is None and not measures:
        raise ValueError("nothing to measure: give a loss, or metrics such as ['accuracy']")
    return _measure(model, examples.loader(data, batch_size), loss, measures)


def _measure(model: Any, batches: Any, loss: Loss | None, measures: dict[str, Metric]) -> dict[str, Any]:
    total, count = 0.0, 0
    for measure in measures.values():
        measure.reset()
    with evaluating(model), no_grad():
        for batch in batches:
            inputs, targets = examples.pair(batch)
            outputs = examples.call(model, inputs)
            size = examples.rows(inputs)
            count += size
            if loss is not None:
                total += _number(loss(outputs, targets)) * size
            for measure in measures.values():
                measure.update(outputs, targets)
    if not count:
        raise ValueError("the data to measure on are empty: there is nothing to take a mean of")
    figures: dict[str, Any] = {} if loss is None else {"loss": total / count}
    return figures | {name: measure.compute() for name, measure in measures.items()}


def predict(model: Any, data: Any, batch_size: int = 256) -> Tensor:
    """The outputs of a model for all the data, in evaluation mode and without a graph.

    Args:
        model: a module whose outputs are one tensor.
        data: inputs as an array or a tensor, or a loader or dataset whose targets, if any, are left aside.
        batch_size: for data that are no loader.

    Shapes: (N, *) for N examples.

    >>> from tinygrad_kr import train
    >>> train.predict(nn.Linear(3, 2), torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """
    parts = []
    with evaluating(model), no_grad():
        for batch in examples.loader(data, batch_size):
            parts.append(examples.call(model, examples.pair(batch)[0]))
    if not parts:
        raise ValueError("the data to predict for are empty")
    return cat(parts)


class evaluating:
    """Evaluation mode for every part of a model, and back to the mode that each part had."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.modes = [(part, part.training) for part in model.modules()] if hasattr(model, "modules") else []

    def __enter__(self) -> None:
        if self.modes:
            self.model.eval()

    def __exit__(self, *error: object) -> None:
        for part, training in self.modes:
            part.training = training


def _number(loss: Any) -> float:
    """The value of a loss, which must be one number."""
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        shown = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else repr(loss)
        raise ValueError(
            f"a loss is a tensor with one element, got {shown}: take its mean, for instance with "
            "reduction='mean'"
        )
    return loss.item()
