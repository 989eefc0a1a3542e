"""What can happen between the lines of the loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..nn.utils import clip_grad_norm_, clip_grad_value_
from ..optim.lr_scheduler import ReduceLROnPlateau
from ..random import get_rng_state, set_rng_state
from ..tensor import Tensor

__all__ = ["Callback", "Checkpoint", "ClipGradients", "MaxNorm", "Mixup", "Schedule", "clone", "restore"]


class Callback:
    """Called by `fit` with the `Run`; override what you need.

    `on_fit_start`, then in every epoch `on_epoch_start`, for every batch `on_batch_start` (inputs and targets
    are there and may be replaced), `on_backward` (gradients are there, the step is not taken),
    `on_batch_end` (it is), then `on_epoch_end` (the history has the epoch's figures), and `on_fit_end` in any
    case. `on_interrupt` comes before that when Ctrl-C ended the run.

    A callback with a state of its own offers `state_dict` and `load_state_dict`: checkpoints keep it.

    >>> from tinygrad_kr import train
    >>> class Count(train.Callback):
    ...     batches = 0
    ...     def on_batch_end(self, run):
    ...         self.batches += 1
    >>> count, layer, x = Count(), nn.Linear(2, 1), torch.zeros(64, 2)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    >>> history = train.fit(layer, F.mse_loss, optimizer, (x, torch.zeros(64, 1)), epochs=3,
    ...                     callbacks=[count], progress=False)
    >>> count.batches
    6
    """

    def on_fit_start(self, run: Any) -> None:
        """Before the first epoch."""

    def on_epoch_start(self, run: Any) -> None:
        """Before the first batch of an epoch; the model is in training mode."""

    def on_batch_start(self, run: Any) -> None:
        """Before a batch goes into the model."""

    def on_backward(self, run: Any) -> None:
        """When a batch's gradients are there."""

    def on_batch_end(self, run: Any) -> None:
        """After the optimizer's step."""

    def on_epoch_end(self, run: Any) -> None:
        """When the epoch is measured and in the history."""

    def on_interrupt(self, run: Any) -> None:
        """After Ctrl-C."""

    def on_fit_end(self, run: Any) -> None:
        """At the very end, whatever ended the run."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must keep of this callback."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""


class Schedule(Callback):
    """Steps a learning-rate scheduler after every epoch or every batch.

    Args:
        scheduler: any of `torch.optim.lr_scheduler`.
        per: "epoch" or "batch" (as `OneCycleLR` wants).
        monitor: the figure that a `ReduceLROnPlateau` watches.

    >>> from tinygrad_kr import train
    >>> layer = nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    >>> schedule = train.Schedule(torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5))
    >>> data = torch.zeros(4, 2), torch.zeros(4, 1)
    >>> train.fit(layer, F.mse_loss, optimizer, data, epochs=3, callbacks=[schedule], progress=False)["lr"]
    [1.0, 0.5, 0.25]
    """

    def __init__(self, scheduler: Any, per: str = "epoch", monitor: str = "val_loss") -> None:
        if per not in ("epoch", "batch"):
            raise ValueError(f"per must be 'epoch' or 'batch', got {per!r}")
        if per == "batch" and isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError("ReduceLROnPlateau watches a figure of the epoch: use per='epoch'")
        self.scheduler = scheduler
        self.per = per
        self.monitor = monitor

    def on_batch_end(self, run: Any) -> None:
        """Step, if it is per batch."""
        if self.per == "batch":
            self.scheduler.step()

    def on_epoch_end(self, run: Any) -> None:
        """Step, if it is per epoch."""
        if self.per == "epoch":
            plateau = isinstance(self.scheduler, ReduceLROnPlateau)
            self.scheduler.step(*([run.history[self.monitor][-1]] if plateau else []))

    def state_dict(self) -> dict[str, Any]:
        """The scheduler's."""
        return self.scheduler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Into the scheduler."""
        self.scheduler.load_state_dict(state)


class ClipGradients(Callback):
    """Clips gradients before every step: by their common norm, by value, or both (value first).

    Args:
        norm: the largest norm of all gradients together; the history gets the mean norm before clipping as
            "gradient_norm".
        value: the largest absolute value of an element.
        norm_type: the p of the norm.

    >>> from tinygrad_kr import train
    >>> layer = nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    >>> data = torch.full((4, 2), 100.0), torch.zeros(4, 1)
    >>> before = layer.weight.detach().clone()
    >>> history = train.fit(layer, F.mse_loss, optimizer, data, epochs=1,
    ...                     callbacks=[train.ClipGradients(norm=0.1)], progress=False)
    >>> bool((layer.weight - before).norm() <= 0.1), history["gradient_norm"][0] > 0.1
    (True, True)

    Source: Pascanu et al. 2013, "On the difficulty of training recurrent neural networks".
    """

    def __init__(self, norm: float | None = None, value: float | None = None, norm_type: float = 2.0) -> None:
        if norm is None and value is None:
            raise ValueError("say what to clip: norm=1.0, value=0.5, or both")
        for name, limit in (("norm", norm), ("value", value)):
            if limit is not None and not limit > 0:
                raise ValueError(f"{name} must be positive, got {limit}")
        self.norm, self.value, self.norm_type = norm, value, norm_type
        self._total = 0.0

    def on_epoch_start(self, run: Any) -> None:
        """Begin a mean of the norms."""
        self._total = 0.0

    def on_backward(self, run: Any) -> None:
        """Clip."""
        parameters = [one for group in run.optimizer.param_groups for one in group["params"]]
        if self.value is not None:
            clip_grad_value_(parameters, self.value)
        if self.norm is not None:
            self._total += float(clip_grad_norm_(parameters, self.norm, self.norm_type))
            run.figures["gradient_norm"] = self._total / (run.step + 1)


class MaxNorm(Callback):
    """After every step, scales every unit's incoming weights back to a norm of at most `r`.

    Args:
        r: the largest norm.
        select: which parameters, as for `torch.regularization.max_norm_`; all weights by default.

    >>> from tinygrad_kr import train
    >>> layer = nn.Linear(3, 2)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    >>> history = train.fit(layer, F.mse_loss, optimizer, (torch.randn(8, 3), torch.randn(8, 2)), epochs=1,
    ...                     callbacks=[train.MaxNorm(0.25)], progress=False)
    >>> bool((layer.weight.norm(dim=1) < 0.2501).all())
    True

    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting".
    """

    def __init__(self, r: float = 3.0, select: Callable[[str, Tensor], bool] | None = None) -> None:
        if not r > 0:
            raise ValueError(f"the largest norm must be positive, got {r}")
        self.r, self.select = r, select

    def on_batch_end(self, run: Any) -> None:
        """Project the weights."""
        from ..regularization import max_norm_

        max_norm_(run.model, self.r, select=self.select)


class Mixup(Callback):
    """Blends the examples of every training batch, see `torch.regularization.mixup`.

    Args:
        alpha: of the Beta distribution that the shares come from.
        classes: how many classes there are; targets become probabilities.

    >>> from tinygrad_kr import train
    >>> layer = nn.Linear(2, 3)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    >>> data = torch.randn(9, 2), torch.arange(9) % 3
    >>> train.fit(layer, F.cross_entropy, optimizer, data, epochs=2, callbacks=[train.Mixup(0.2, 3)],
    ...           metrics=["accuracy"], progress=False).epochs
    2

    Source: Zhang et al. 2018, "mixup: beyond empirical risk minimization".
    """

    def __init__(self, alpha: float = 0.2, classes: int | None = None) -> None:
        if not alpha > 0:
            raise ValueError(f"alpha must be positive, got {alpha}")
        self.alpha, self.classes = alpha, classes

    def on_batch_start(self, run: Any) -> None:
        """Blend."""
        from ..regularization import mixup

        run.inputs, run.targets = mixup(run.inputs, run.targets, self.alpha, self.classes)


class Checkpoint(Callback):
    """Writes the whole run to a file, to go on from with `fit(..., resume=path)`.

    The file holds the model's, the optimizer's and the callbacks' states, the history and the random
    generator's state, so a run that goes on takes the steps that it would have taken without a break. It is
    written atomically: a process killed at any moment leaves the previous file whole. After Ctrl-C the file
    gets the weights as they are; the interrupted epoch is run again from them.

    Args:
        path: the file.
        every: after every how many epochs.

    >>> import tempfile, pathlib
    >>> from tinygrad_kr import train
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "run.pt"
    >>> layer = nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    >>> data = torch.randn(8, 2), torch.randn(8, 1)
    >>> history = train.fit(layer, F.mse_loss, optimizer, data, epochs=2,
    ...                     callbacks=[train.Checkpoint(path)], progress=False)
    >>> train.fit(layer, F.mse_loss, optimizer, data, epochs=5, resume=path, progress=False).epochs
    5
    """

    def __init__(self, path: str | Path, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"every must be at least 1 epoch, got {every}")
        self.path = Path(path)
        self.every = every

    def on_epoch_end(self, run: Any) -> None:
        """Write, if it is time."""
        if (run.epoch + 1) % self.every == 0 or run.epoch + 1 == run.epochs or run.stop:
            self._write(run)

    def on_interrupt(self, run: Any) -> None:
        """Write what there is."""
        self._write(run)

    def _write(self, run: Any) -> None:
        from ..serialization import save

        save(
            {
                "model": clone(run.model.state_dict()),
                "optimizer": run.optimizer.state_dict(),
                "history": run.history.state_dict(),
                "callbacks": [[type(one).__name__, one.state_dict()] for one in run.callbacks],
                "random": get_rng_state(),
            },
            self.path,
        )


def clone(state: dict[str, Any]) -> dict[str, Any]:
    """A state dict with its tensors copied."""
    return {
        name: value.detach().clone() if isinstance(value, Tensor) else value for name, value in state.items()
    }


def restore(path: str | Path, run: Any) -> None:
    """Put a checkpoint into the parts of a run.

    Raises:
        ValueError: no checkpoint of `train.Checkpoint`, or one of a run with other callbacks.
        RuntimeError: the model has other parameters. Nothing is changed in either case.
    """
    from ..serialization import load

    saved = load(path)
    if not isinstance(saved, dict) or not {"model", "optimizer", "history", "callbacks"} <= saved.keys():
        raise ValueError(
            f"{path} is not a checkpoint of train.Checkpoint: load it with torch.load and pass its state "
            "dict to model.load_state_dict"
        )
    kept = [(name, state) for name, state in saved["callbacks"] if state]
    stateful = [one for one in run.callbacks if one.state_dict()]
    names = [type(one).__name__ for one in stateful]
    if names != [name for name, _ in kept] and stateful:
        raise ValueError(
            f"{path} holds the states of {[name for name, _ in kept]}, but the callbacks with a state are "
            f"{names}: go on with the callbacks of the run that wrote it"
        )
    run.model.load_state_dict(saved["model"])
    run.optimizer.load_state_dict(saved["optimizer"])
    run.history.load_state_dict(saved["history"])
    for one, (_, state) in zip(stateful, kept):
        one.load_state_dict(state)
    set_rng_state(saved["random"])
