"""Telling what happens: on the screen, in a CSV file, in TensorBoard."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from typing import Any

from .callbacks import Callback

__all__ = ["CSVLog", "ProgressBar", "TensorBoard"]


class ProgressBar(Callback):
    """A line per epoch, and while it runs a bar (where tqdm is installed and there is something to draw on).

    >>> from tinygrad_kr import train
    >>> layer = nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=0.0)
    >>> data = torch.zeros(4, 2), torch.zeros(4, 1)
    >>> history = train.fit(layer, F.mse_loss, optimizer, data, epochs=1)
    epoch 1/1  loss ...  lr 0  seconds ...
    """

    def __init__(self) -> None:
        self._bar: Any = None

    def on_epoch_start(self, run: Any) -> None:
        """Open a bar."""
        self._bar = _bar(self._title(run), run.steps)

    def on_batch_end(self, run: Any) -> None:
        """Move it."""
        if self._bar is not None:
            self._bar.update()
            self._bar.set_postfix_str(_shown(run.figures), refresh=False)

    def on_epoch_end(self, run: Any) -> None:
        """Replace it by a line."""
        self._close()
        print(f"{self._title(run)}  {_shown(run.figures)}", flush=True)

    def on_fit_end(self, run: Any) -> None:
        """Say why the run ended early, if it did."""
        self._close()
        if run.history.stopped:
            print(f"stopped: {run.history.stopped}", flush=True)

    def _title(self, run: Any) -> str:
        return f"epoch {run.epoch + 1:>{len(str(run.epochs))}}/{run.epochs}"

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _bar(title: str, steps: int | None) -> Any:
    """A bar that vanishes when it is closed; None where there is nowhere to draw it, or no tqdm."""
    if not sys.stderr.isatty() and "ipykernel" not in sys.modules:
        return None
    try:
        from tqdm.auto import tqdm
    except ModuleNotFoundError:
        return None
    return tqdm(desc=title, total=steps, leave=False, unit="batch")


def _shown(figures: dict[str, Any]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in figures.items() if isinstance(value, float))


class CSVLog(Callback):
    """A row per epoch in a CSV file, whole after every epoch.

    The columns are "epoch" and what the first epoch measures. A run that goes on appends to its file.

    Args:
        path: the file.
        append: keep the rows that are there, rather than begin anew.

    Raises:
        ValueError: appending to a file with other columns.

    >>> import tempfile, pathlib
    >>> from tinygrad_kr import train
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "log.csv"
    >>> layer = nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=0.0)
    >>> history = train.fit(layer, F.mse_loss, optimizer, (torch.zeros(4, 2), torch.zeros(4, 1)), epochs=2,
    ...                     callbacks=[train.CSVLog(path)], progress=False)
    >>> path.read_text().splitlines()[0]
    'epoch,loss,lr,seconds'
    """

    def __init__(self, path: str | Path, append: bool = False) -> None:
        self.path = Path(path)
        self.append = append

    def on_fit_start(self, run: Any) -> None:
        """Begin a new file, unless the run goes on."""
        if not self.append and run.history.epochs == 0:
            self.path.write_text("", encoding="utf-8")

    def on_epoch_end(self, run: Any) -> None:
        """One row."""
        row = {"epoch": run.epoch + 1} | run.figures
        there = self.path.exists() and self.path.stat().st_size > 0
        if there:
            with self.path.open(newline="", encoding="utf-8") as file:
                columns = next(csv.reader(file))
            if set(columns) != set(row):
                raise ValueError(
                    f"{self.path} has the columns {columns}, this run measures {list(row)}: use another "
                    "file, or append=False to begin anew"
                )
        else:
            columns = list(row)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            if not there:
                writer.writeheader()
            writer.writerow(row)


class TensorBoard(Callback):
    """Every figure of every epoch as a scalar for TensorBoard.

    Args:
        folder: where the event files go.

    Raises:
        ModuleNotFoundError: at the start of the run, if the extra `tensorboard` is not installed.

    >>> import tempfile, pathlib
    >>> from tinygrad_kr import train
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> layer = nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=0.0)
    >>> history = train.fit(layer, F.mse_loss, optimizer, (torch.zeros(4, 2), torch.zeros(4, 1)), epochs=1,
    ...                     callbacks=[train.TensorBoard(folder)], progress=False)
    >>> len(list(folder.glob("events.*")))
    1
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._writer: Any = None

    def on_fit_start(self, run: Any) -> None:
        """Open the writer."""
        from ..utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(self.folder))

    def on_epoch_end(self, run: Any) -> None:
        """Write the figures."""
        for name, value in run.figures.items():
            if isinstance(value, (int, float)) and math.isfinite(value):
                self._writer.add_scalar(name, value, run.epoch)
        self._writer.flush()

    def on_fit_end(self, run: Any) -> None:
        """Close the writer."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
