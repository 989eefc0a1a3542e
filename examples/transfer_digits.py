"""Transfer: what a network learned from the digits 0 to 4 helps with 5 to 9, of which few are labelled.

    python examples/transfer_digits.py

A CNN learns 0 to 4 from 700 images. For 5 to 9 there are 5 to 100 labelled images in all. Compared over
seeds: a fresh network; the trained one with a new head, its convolutions frozen (their outputs computed once
and kept); the same, then unfrozen and trained on with earlier layers slower; and a network that was
pretrained on an auxiliary task which needs no labels, telling by how many quarter turns an image was turned.

Found: on these digits transfer helps little. With 10 labelled images, two per class, tuning gains 4 % on the
average, no more than the spread; from 25 on a fresh network does as well. Digits are easy: what 700 others
teach, 50 teach as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from common import options, plt, save, table

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train, transfer
from tinygrad_kr.vision import datasets

Data = tuple[torch.Tensor, torch.Tensor]
LABELLED = (5, 10, 25, 50, 100)


def network(classes: int) -> nn.Sequential:
    """Convolutions with batch norm, and a head."""
    features = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
    )
    return nn.Sequential(features, nn.Linear(64 * 16, classes))


def fit(model: nn.Module, groups: Any, data: Any, epochs: int) -> None:
    optimizer = torch.optim.Adam(groups, lr=1e-3)
    train.fit(model, F.cross_entropy, optimizer, data, epochs=epochs, batch_size=16, progress=False)


def fresh(state: dict[str, Any], few: Data, epochs: int) -> nn.Module:
    """No transfer: everything learned from the few."""
    model = network(5)
    fit(model, model.parameters(), few, epochs)
    return model


def frozen(state: dict[str, Any], few: Data, epochs: int) -> nn.Module:
    """The trained convolutions as they are, a new head trained on their outputs."""
    model = network(5)
    transfer.load_matching(model[0], state, prefix="0.")
    transfer.freeze(model[0])
    cached = transfer.cache_features(model[0], few)
    fit(model[1], model[1].parameters(), cached, epochs)
    return model


def tuned(state: dict[str, Any], few: Data, epochs: int) -> nn.Module:
    """The head first, then everything, the convolutions at a tenth of the rate."""
    model = frozen(state, few, epochs)
    transfer.unfreeze(model)
    fit(model, transfer.layerwise_lr(model, 1e-3, decay=0.1), few, epochs)
    return model


def turned(images: torch.Tensor) -> Data:
    """Every image in its four turns, and how many quarter turns each is: labels that cost nothing."""
    copies = torch.cat([torch.rot90(images, turns, (2, 3)) for turns in range(4)])
    return copies, torch.arange(4).repeat_interleave(len(images))


WAYS: dict[str, Callable[[dict[str, Any], Data, int], nn.Module]] = {
    "fresh network": fresh,
    "0-4, frozen": frozen,
    "0-4, tuned": tuned,
    "quarter turns, tuned": tuned,
}


def draw(found: dict[str, np.ndarray]) -> Any:
    """Accuracy on 5 to 9 by the number of labelled images, mean and spread over the seeds."""
    figure, axis = plt.subplots(figsize=(7.5, 4.6))
    for name, values in found.items():
        mean, spread = 100 * values.mean(1), 100 * values.std(1)
        axis.plot(LABELLED, mean, marker="o", label=name)
        axis.fill_between(LABELLED, mean - spread, mean + spread, alpha=0.15)
    axis.set(xscale="log", xticks=LABELLED, xlabel="labelled images of 5 to 9", ylabel="test accuracy, %")
    axis.set_xticklabels(LABELLED)
    axis.minorticks_off()
    axis.legend()
    return figure


def main(given: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    chosen = options(__doc__, given, epochs=30, seeds=5)
    images, labels = datasets.Digits(train=True).tensors()
    test_images, test_labels = datasets.Digits(train=False).tensors()
    low, high = labels < 5, labels >= 5
    test = test_images[test_labels >= 5], test_labels[test_labels >= 5] - 5
    found = {name: np.zeros((len(LABELLED), chosen.seeds)) for name in WAYS}
    for column in range(chosen.seeds):
        torch.manual_seed(chosen.seed + column)
        source, turns = network(5), network(4)
        fit(source, source.parameters(), (images[low], labels[low]), max(2, chosen.epochs // 3))
        fit(turns, turns.parameters(), turned(images), max(2, chosen.epochs // 6))
        order = torch.randperm(int(high.sum()))
        for row, count in enumerate(LABELLED):
            few = images[high][order[:count]], labels[high][order[:count]] - 5
            for name, way in WAYS.items():
                state = (turns if name.startswith("quarter") else source).state_dict()
                model = way(state, few, chosen.epochs)
                found[name][row, column] = train.evaluate(model, test, metrics=["accuracy"])["accuracy"]
    rows = [("test accuracy, %", *(f"{count} labelled" for count in LABELLED))]
    for name, values in found.items():
        rows.append((name, *(f"{100 * row.mean():.1f} ± {100 * row.std():.1f}" for row in values)))
    print(table(rows))
    save(draw(found), chosen.out, "transfer.png")
    return found


if __name__ == "__main__":
    main()
