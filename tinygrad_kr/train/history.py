"""What a training run measured, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["History", "better", "direction"]


class History(Mapping[str, list[Any]]):
    """Lists of figures by name, one for every finished epoch.

    `history["loss"]` and each metric's name hold what was measured on the training batches while the weights
    were still moving and dropout was on; `history["val_loss"]` and `val_` names what was measured after the
    epoch on the validation data. An epoch that did not measure a name has NaN there.

    Attributes:
        epochs: how many epochs are finished.
        stopped: why the run ended before its last epoch; "" if it did not.

    >>> from tinygrad_kr import train
    >>> history = train.History()
    >>> history.add({"loss": 0.7, "val_loss": 0.8})
    >>> history.add({"loss": 0.5, "val_loss": 0.9})
    >>> history["loss"], history.best("val_loss")
    ([0.7, 0.5], 0)
    """

    def __init__(self) -> None:
        self._figures: dict[str, list[Any]] = {}
        self.epochs = 0
        self.stopped = ""

    def add(self, figures: Mapping[str, Any]) -> None:
        """The figures of one more epoch."""
        for name in [*self._figures, *(one for one in figures if one not in self._figures)]:
            column = self._figures.setdefault(name, [math.nan] * self.epochs)
            column.append(figures.get(name, math.nan))
        self.epochs += 1

    def best(self, monitor: str = "val_loss", mode: str = "auto") -> int:
        """The epoch, counted from 0, in which `monitor` was best (the first of equals).

        Raises:
            KeyError: nothing of that name was measured.
            ValueError: it was never a number.
        """
        column = self[monitor]
        mode = direction(monitor, mode)
        best = None
        for epoch, value in enumerate(column):
            if not math.isnan(value) and (best is None or better(value, column[best], mode)):
                best = epoch
        if best is None:
            raise ValueError(f"{monitor!r} has no value in {self.epochs} epochs: {column}")
        return best

    def __getitem__(self, name: str) -> list[Any]:
        try:
            return self._figures[name]
        except KeyError:
            measured = ", ".join(map(repr, self._figures)) or "nothing yet"
            raise KeyError(f"{name!r} was not measured; measured were: {measured}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._figures)

    def __len__(self) -> int:
        return len(self._figures)

    def __repr__(self) -> str:
        last = ", ".join(
            f"{name}={column[-1]:.4g}" if isinstance(column[-1], float) else f"{name}={column[-1]}"
            for name, column in self._figures.items()
        )
        return f"History({self.epochs} epochs{': ' + last if last else ''})"

    def state_dict(self) -> dict[str, Any]:
        """All of it in plain Python values."""
        return {
            "figures": {name: list(column) for name, column in self._figures.items()},
            "epochs": self.epochs,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self._figures = {name: list(column) for name, column in state["figures"].items()}
        self.epochs = state["epochs"]


SMALLER = ("loss", "error", "mse", "mae")


def direction(monitor: str, mode: str) -> str:
    """ "min" or "max": given, or guessed from the name (losses and errors fall, everything else rises)."""
    if mode not in ("auto", "min", "max"):
        raise ValueError(f"mode must be 'auto', 'min' or 'max', got {mode!r}")
    if mode != "auto":
        return mode
    return "min" if monitor.endswith(SMALLER) else "max"


def better(value: float, than: float, mode: str, by: float = 0.0) -> bool:
    """Whether `value` beats `than` by more than `by`."""
    return value < than - by if mode == "min" else value > than + by
