"""Learning-rate schedules: drawn side by side, and compared on handwritten digits.

    python examples/schedules.py

The picture shows what each schedule makes of a rate of 0.5 over 60 epochs, and the training loss of a network
with each of them, by SGD with momentum. The table compares them at that rate and at one that is too high.

Found: at 0.5 all end within 0.6 % of each other, the constant rate included. At 1 they do not: rates that
rise slowly from a small one (one cycle, cyclic), fall at once (exponential, power) or come back to small
values early (warm restarts) still reach 95 %; with a constant or slowly falling one some seeds are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from common import digits, options, plt, save, table

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.optim import lr_scheduler as schedules

RATES = 0.5, 1.0


def rate(optimizer: torch.optim.Optimizer) -> float:
    """The rate that an optimizer begins with."""
    return optimizer.param_groups[0]["lr"]


# Each makes a scheduler for an optimizer and a number of epochs.
SCHEDULES: dict[str, Callable[[Any, int], Any]] = {
    "constant": lambda opt, n: schedules.LambdaLR(opt, lambda epoch: 1.0),
    "piecewise (MultiStepLR)": lambda opt, n: schedules.MultiStepLR(opt, [n // 2, 3 * n // 4], 0.1),
    "step (StepLR)": lambda opt, n: schedules.StepLR(opt, max(1, n // 5), 0.5),
    "exponential": lambda opt, n: schedules.ExponentialLR(opt, 0.01 ** (1 / n)),
    "power (PowerLR)": lambda opt, n: schedules.PowerLR(opt, step_size=max(1, n // 10)),
    "polynomial": lambda opt, n: schedules.PolynomialLR(opt, n, 2.0),
    "cosine": lambda opt, n: schedules.CosineAnnealingLR(opt, n),
    "warm restarts": lambda opt, n: schedules.CosineAnnealingWarmRestarts(opt, max(1, n // 7), 2),
    "one cycle": lambda opt, n: schedules.OneCycleLR(opt, rate(opt), total_steps=n + 1, cycle_momentum=False),
    "cyclic": lambda opt, n: schedules.CyclicLR(
        opt, rate(opt) / 50, rate(opt), max(1, n // 6), cycle_momentum=False
    ),
    "warm-up, then cosine": lambda opt, n: schedules.SequentialLR(
        opt,
        [
            schedules.LinearLR(opt, 0.1, total_iters=max(1, n // 10)),
            schedules.CosineAnnealingLR(opt, n - max(1, n // 10)),
        ],
        [max(1, n // 10)],
    ),
    "performance (ReduceLROnPlateau)": lambda opt, n: schedules.ReduceLROnPlateau(
        opt, factor=0.3, patience=max(1, n // 20)
    ),
}


def learn(name: str, lr: float, epochs: int, seed: int) -> train.History:
    """Train with a schedule; the history has the rates, and the test accuracy as its last figure."""
    torch.manual_seed(seed)
    data = digits(400, seed=seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.7)
    scheduler = SCHEDULES[name](optimizer, epochs)
    return train.fit(
        model,
        F.cross_entropy,
        optimizer,
        data.train,
        epochs=epochs,
        validation=data.test,
        metrics=["accuracy"],
        callbacks=[train.Schedule(scheduler)],
        progress=False,
    )


def draw(runs: dict[str, list[train.History]]) -> Any:
    """The rate and the training loss of each schedule (first seed)."""
    figure, axes = plt.subplots(3, 4, figsize=(15, 8), sharex=True)
    for axis, (name, histories) in zip(axes.flat, runs.items()):
        epochs = range(1, histories[0].epochs + 1)
        axis.fill_between(epochs, histories[0]["lr"], color="#2a6fbb", alpha=0.25, step="mid")
        axis.set(title=name, ylim=(0, 1.05 * RATES[0]))
        loss = axis.twinx()
        loss.plot(epochs, histories[0]["loss"], color="#e07b39")
        loss.set(yscale="log", ylim=(1e-4, 4))
        loss.grid(False)
    for row in axes:
        row[0].set_ylabel("learning rate (filled)")
    figure.supylabel("training loss (line, logarithmic)", x=1.01, rotation=270)
    return figure


def main(given: Sequence[str] | None = None) -> dict[str, float]:
    chosen = options(__doc__, given, epochs=60, seeds=5)
    runs = {
        (name, lr): [learn(name, lr, chosen.epochs, chosen.seed + one) for one in range(chosen.seeds)]
        for name in SCHEDULES
        for lr in RATES
    }
    rows = [("schedule", *(f"{what} at {lr}" for lr in RATES for what in ("loss", "accuracy, %")))]
    accuracies = {}
    for name in SCHEDULES:
        row = [name]
        for lr in RATES:
            ends = [100 * history["val_accuracy"][-1] for history in runs[name, lr]]
            accuracies[name] = float(np.mean(ends))
            loss = np.mean([history["loss"][-1] for history in runs[name, lr]])
            row += [f"{loss:.4f}", f"{np.mean(ends):.1f} ± {np.std(ends):.1f}"]
        rows.append(tuple(row))
    print(table(rows))
    save(draw({name: runs[name, RATES[0]] for name in SCHEDULES}), chosen.out, "schedules.png")
    return accuracies


if __name__ == "__main__":
    main()
