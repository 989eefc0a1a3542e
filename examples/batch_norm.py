"""Where batch norm belongs: before the activation, behind it, or nowhere, at several learning rates.

    python examples/batch_norm.py

Eight dense layers learn 1,000 digits by SGD. The picture shows the training loss for three learning rates,
from He's initial weights and from weights that are ten times too small, which batch norm makes good for.

Found: batch norm makes the start and the learning rate matter little: from weights a tenth of He's nothing
is learned without it, and a rate of 1 diverges. Where it stands matters less than that. With good weights
and a good rate (0.1) eight layers learn further without it, and its statistics over batches of 32 make the
loss, and the test accuracy of the last epoch, jump.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from common import digits, options, plt, save, table

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train

PLACES = ("none", "before ReLU", "behind ReLU")
RATES = (0.01, 0.1, 1.0)
STARTS = {"He's weights": 1.0, "a tenth of them": 0.1}


def network(place: str, scale: float, depth: int = 8) -> nn.Sequential:
    """Dense layers of 64 units with batch norm in one of the places."""
    layers: list[nn.Module] = [nn.Flatten()]
    for _ in range(depth):
        dense = nn.Linear(64, 64)
        nn.init.kaiming_normal_(dense.weight, nonlinearity="relu")
        with torch.no_grad():
            dense.weight.mul_(scale)
        layers.append(dense)
        layers += [nn.BatchNorm1d(64)] * (place == "before ReLU")
        layers.append(nn.ReLU())
        layers += [nn.BatchNorm1d(64)] * (place == "behind ReLU")
    return nn.Sequential(*layers, nn.Linear(64, 10))


def learn(place: str, scale: float, lr: float, epochs: int, seed: int) -> tuple[list[float], float]:
    """Training losses, infinite after the run diverged, and the test accuracy."""
    torch.manual_seed(seed)
    data, model = digits(1000, seed=seed), network(place, scale)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is part of the experiment
            history = train.fit(model, F.cross_entropy, optimizer, data.train, epochs=epochs, progress=False)
    except train.DivergenceError as error:
        losses = list(error.history["loss"]) if error.history.epochs else []
        return losses + [np.inf] * (epochs - len(losses)), 0.1
    return history["loss"], train.evaluate(model, data.test, metrics=["accuracy"])["accuracy"]


def draw(found: dict[tuple[str, float, str], tuple[list[float], float]]) -> Any:
    """A panel for each learning rate and start."""
    figure, axes = plt.subplots(len(STARTS), len(RATES), figsize=(12, 6), sharex=True, sharey=True)
    for row, start in zip(axes, STARTS):
        for axis, lr in zip(row, RATES):
            for place in PLACES:
                losses = found[start, lr, place][0]
                axis.plot(range(1, len(losses) + 1), losses, label=place)
            axis.set(title=f"{start}, learning rate {lr:g}", yscale="log", ylim=(1e-4, 4))
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
    for axis in axes[:, 0]:
        axis.set_ylabel("training loss")
    axes[0, 0].legend(title="batch norm")
    return figure


def main(given: Sequence[str] | None = None) -> dict[tuple[str, float, str], tuple[list[float], float]]:
    chosen = options(__doc__, given, epochs=30)
    found = {
        (start, lr, place): learn(place, scale, lr, chosen.epochs, chosen.seed)
        for start, scale in STARTS.items()
        for lr in RATES
        for place in PLACES
    }
    rows = [("test accuracy, %", *(f"lr {lr:g}" for lr in RATES))]
    for start in STARTS:
        for place in PLACES:
            ends = (f"{100 * found[start, lr, place][1]:.1f}" for lr in RATES)
            rows.append((f"{start}; batch norm {place}", *ends))
    print(table(rows))
    save(draw(found), chosen.out, "batch_norm.png")
    return found


if __name__ == "__main__":
    main()
