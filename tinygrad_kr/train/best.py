"""The best weights of a run, and stopping when they do not get better any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .callbacks import Callback, clone
from .history import better, direction

__all__ = ["BestSnapshot", "EarlyStopping"]


class BestSnapshot(Callback):
    """Keeps the weights of the best epoch, and puts them back into the model at the end.

    Args:
        monitor: the figure that decides: "val_loss", "val_accuracy", "loss" ...
        mode: "min", "max", or "auto", which takes "min" for losses and errors.
        min_delta: by how much it must be better to count.
        path: a file for the weights of the best epoch as well (`torch.save` of the state dict), written
            atomically.
        restore: whether the model gets them back at the end, however the run ends.

    Attributes:
        best: the best value so far, None before the first epoch.
        best_epoch: its epoch, counted from 0.
        state: a copy of the model's state dict then.

    Raises:
        KeyError: after the first epoch, if `monitor` is not measured.

    >>> from tinygrad_kr import train
    >>> train.BestSnapshot("val_accuracy").mode
    'max'
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        min_delta: float = 0.0,
        path: str | Path | None = None,
        restore: bool = True,
    ) -> None:
        if not min_delta >= 0:
            raise ValueError(f"min_delta must be at least 0, got {min_delta}")
        self.monitor = monitor
        self.mode = direction(monitor, mode)
        self.min_delta = min_delta
        self.path = None if path is None else Path(path)
        self.restore = restore
        self.best: float | None = None
        self.best_epoch = -1
        self.state: dict[str, Any] | None = None

    def on_epoch_end(self, run: Any) -> None:
        """Compare this epoch's figure with the best, and copy the weights if it is better."""
        value = float(run.history[self.monitor][-1])
        if value == value and (self.best is None or better(value, self.best, self.mode, self.min_delta)):
            self.best, self.best_epoch = value, run.epoch
            self.state = clone(run.model.state_dict())
            if self.path is not None:
                from ..serialization import save

                save(self.state, self.path)

    def on_fit_end(self, run: Any) -> None:
        """Put the best weights back."""
        if self.restore and self.state is not None:
            run.model.load_state_dict(self.state)

    def state_dict(self) -> dict[str, Any]:
        """The best epoch so far, for a checkpoint."""
        return {"best": self.best, "best_epoch": self.best_epoch, "state": self.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.best, self.best_epoch, self.state = state["best"], state["best_epoch"], state["state"]


class EarlyStopping(BestSnapshot):
    """Stops when the monitored figure has not been better for some epochs, and restores the best weights.

    Args:
        patience: how many epochs without a better figure are waited for. With 0 the first one stops.
        monitor, mode, min_delta, path, restore: as for `BestSnapshot`.

    Attributes:
        waited: epochs since the best one.

    >>> from tinygrad_kr import train
    >>> x = torch.randn(32, 3)
    >>> model = nn.Linear(3, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.0)  # nothing will get better
    >>> stopping = train.EarlyStopping(patience=2)
    >>> history = train.fit(
    ...     model, F.mse_loss, optimizer, (x, x[:, :1]), epochs=50, validation=(x, x[:, :1]),
    ...     callbacks=[stopping], progress=False)
    >>> history.epochs, history.stopped
    (3, 'no better val_loss for 2 epochs (epoch 2)')

    Source: Prechelt 1998, "Early stopping - but when?"; the names are Keras'.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        mode: str = "auto",
        path: str | Path | None = None,
        restore: bool = True,
    ) -> None:
        super().__init__(monitor, mode, min_delta, path, restore)
        if patience < 0:
            raise ValueError(f"patience must be at least 0 epochs, got {patience}")
        self.patience = patience
        self.waited = 0

    def on_epoch_end(self, run: Any) -> None:
        """Count the epochs since the best, and ask to stop when patience is at its end."""
        super().on_epoch_end(run)
        self.waited = run.epoch - self.best_epoch
        if self.waited >= max(self.patience, 1):
            run.stop = f"no better {self.monitor} for {self.waited} epoch{'s' * (self.waited > 1)}"
