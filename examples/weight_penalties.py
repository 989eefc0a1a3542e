"""What L1 and L2 penalties do to weights: many zeros, or many small ones.

    python examples/weight_penalties.py

One hidden layer on 400 digits, trained without a penalty, with λ Σ|w|, with λ Σw², with both, with λ Σ|w|³,
and with the L1 penalty as a proximal step, which shrinks every weight by λ·lr after each step of the
optimizer and stops at 0. The picture shows the first layer's weights as histograms, and those of 16 hidden
units as images.

Found: L1 as a term of the loss brings 79 % of the weights below 0.001, but none to exactly 0, since a
gradient step of that size jumps over it; the proximal step makes 57 % exactly 0. L2 keeps most weights,
evened out, and L3 allows no large ones at all. Test accuracies are within four images of 296.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from common import digits, options, plt, save, table

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, regularization, train

LR = 0.1


class Shrink(train.Callback):
    """The proximal step of an L1 penalty: w ← sign(w) · max(|w| - λ·lr, 0) after every step."""

    def __init__(self, strength: float) -> None:
        self.threshold = strength * LR

    def on_batch_end(self, run: train.Run) -> None:
        with torch.no_grad():
            for _, w in regularization.weights(run.model):
                w.copy_(F.softshrink(w, self.threshold))


@dataclass
class Case:
    """A penalty as a term of the loss, or as a callback."""

    penalty: Callable[[nn.Module], torch.Tensor] | None = None
    callbacks: tuple[train.Callback, ...] = ()


CASES = {
    "no penalty": Case(),
    "L1": Case(lambda model: regularization.penalty(model, 1e-3, p=1)),
    "L1, proximal": Case(callbacks=(Shrink(1e-3),)),
    "L2": Case(lambda model: regularization.penalty(model, 2e-3, p=2)),
    "L1 + L2": Case(lambda model: regularization.elastic_net(model, 5e-4, 1e-3)),
    "L3": Case(lambda model: regularization.penalty(model, 5e-3, p=3)),
}


def learn(case: Case, epochs: int, seed: int) -> tuple[np.ndarray, float]:
    """The first layer's weights (units, 8, 8) and the test accuracy."""
    torch.manual_seed(seed)
    data = digits(400, seed=seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

    def loss(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        fit = F.cross_entropy(scores, labels)
        return fit if case.penalty is None else fit + case.penalty(model)

    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=0.5)
    train.fit(model, loss, optimizer, data.train, epochs=epochs, callbacks=case.callbacks, progress=False)
    accuracy = train.evaluate(model, data.test, metrics=["accuracy"])["accuracy"]
    return model[1].weight.detach().numpy().reshape(-1, 8, 8), accuracy


def draw(found: dict[str, tuple[np.ndarray, float]]) -> Any:
    """Histograms above, the 16 strongest units' weights as images below."""
    figure, axes = plt.subplots(2, len(found), figsize=(2.6 * len(found), 5), height_ratios=[1, 1.25])
    for (upper, lower), (name, (w, _)) in zip(axes.T, found.items()):
        upper.hist(w.ravel(), bins=61, range=(-0.6, 0.6))
        upper.set(title=name, yscale="log", ylim=(0.7, 5000), xlabel="weight")
        strongest = w[np.argsort(-np.abs(w).sum((1, 2)))[:16]]
        padded = np.pad(strongest, ((0, 0), (0, 1), (0, 1)), constant_values=np.nan)
        tiles = (
            padded.reshape(4, 4, 9, 9).transpose(0, 2, 1, 3).reshape(36, 36)
        )  # (rows, columns, 9, 9) -> image
        limit = np.abs(w).max()
        lower.imshow(tiles, cmap="RdBu", vmin=-limit, vmax=limit)
        lower.set_axis_off()
    axes[0, 0].set_ylabel("how many")
    return figure


def main(given: Sequence[str] | None = None) -> dict[str, tuple[np.ndarray, float]]:
    chosen = options(__doc__, given, epochs=200)
    found = {name: learn(case, chosen.epochs, chosen.seed) for name, case in CASES.items()}
    rows = [("penalty", "exactly 0, %", "|w| < 0.001, %", "largest |w|", "test accuracy, %")]
    for name, (w, accuracy) in found.items():
        zero, small = 100 * np.mean(w == 0), 100 * np.mean(np.abs(w) < 1e-3)
        rows.append((name, f"{zero:.1f}", f"{small:.1f}", f"{np.abs(w).max():.2f}", f"{100 * accuracy:.1f}"))
    print(table(rows))
    save(draw(found), chosen.out, "weight_penalties.png")
    return found


if __name__ == "__main__":
    main()
