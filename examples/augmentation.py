"""Augmentation: what each random transform does to a picture, and what it is worth with few labels.

    python examples/augmentation.py              # 100 training digits, 7 ways, 5 seeds
    python examples/augmentation.py --images 500

A small convolutional network learns from a few handwritten digits of 8x8 pixels. In every step each picture
of the batch is changed by draws of its own, in one call for the whole batch.

Found, with 100 images: 88.0 % without, 89.8 with shifts, 89.3 with noise, 89.0 with elastic bends, all within
the spread of 2 to 3 over seeds. Turning, shearing and erasing give half a percent or less: on 8x8 pixels,
resampling also blurs. Mirroring, which makes digits that nobody
writes, costs 4 %. So here a right augmentation gains little, and a wrong one loses more than any gains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from common import COLOURS, Split, digits, options, plt, save, table

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.vision import datasets
from tinygrad_kr.vision.transforms import InterpolationMode, v2

SMOOTH = InterpolationMode.BILINEAR
WAYS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "nothing": v2.Identity(),
    "turn": v2.RandomRotation(15, SMOOTH, batch=True),
    "shift": v2.RandomAffine(0, translate=(0.125, 0.125), batch=True),
    "turn, scale, shear": v2.RandomAffine(10, scale=(0.9, 1.1), shear=10, interpolation=SMOOTH, batch=True),
    "elastic": v2.ElasticTransform(4.0, 1.0, batch=True),
    "erase": v2.RandomErasing(0.5, scale=(0.05, 0.2), batch=True),
    "noise": v2.GaussianNoise(sigma=0.15),
    "flip (wrong)": v2.RandomHorizontalFlip(batch=True),
}
PHOTOGRAPH: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "photograph": v2.Identity(),
    "RandomResizedCrop": v2.RandomResizedCrop((160, 240), scale=(0.2, 0.5)),
    "RandomAffine": v2.RandomAffine((15, 25), shear=15, interpolation=SMOOTH),
    "RandomPerspective": v2.RandomPerspective(0.5, p=1.0),
    "ElasticTransform": v2.ElasticTransform(250.0, 8.0),
    "ColorJitter": v2.ColorJitter(0.3, 0.3, 0.5, 0.4),
    "GaussianBlur": v2.GaussianBlur(11, (3.0, 4.0)),
    "RandomErasing": v2.RandomErasing(1.0, scale=(0.1, 0.2), value="random"),
}


class Augment(train.Callback):
    """Changes the inputs of every batch."""

    def __init__(self, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self.change = change

    def on_batch_start(self, run: train.Run) -> None:
        run.inputs = self.change(run.inputs)


def accuracy(change: Callable[[torch.Tensor], torch.Tensor], data: Split, seed: int, epochs: int) -> float:
    """Test accuracy of a network trained on pictures changed so."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10)),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    train.fit(
        model,
        F.cross_entropy,
        optimizer,
        data.train,
        epochs=epochs,
        callbacks=[Augment(change)],
        progress=False,
    )
    return 100 * train.evaluate(model, data.test, metrics=["accuracy"])["accuracy"]


def contact_sheet() -> Any:
    """One photograph and one digit by every transform."""
    from sklearn.datasets import load_sample_image

    photograph = torch.tensor(load_sample_image("china.jpg")).permute(2, 0, 1)
    photograph = F.interpolate(photograph.unsqueeze(0).float() / 255, size=(160, 240), mode="area")[0]
    digit = datasets.Digits(train=False).tensors()[0][3]
    figure, axes = plt.subplots(4, 8, figsize=(16, 7), height_ratios=[1.2, 1.2, 1, 1])
    torch.manual_seed(3)
    for number, (name, change) in enumerate(PHOTOGRAPH.items()):
        places = axes[number // 4, 2 * (number % 4) : 2 * (number % 4) + 2]
        for axis in places:
            axis.imshow(change(photograph).permute(1, 2, 0).numpy().clip(0, 1))
        places[0].set_title(name, loc="left", fontsize=10)
    torch.manual_seed(1)
    for number, (name, change) in enumerate(WAYS.items()):
        places = axes[2 + number // 4, 2 * (number % 4) : 2 * (number % 4) + 2]
        for axis, one in zip(places, change(digit.repeat(2, 1, 1, 1))):
            axis.imshow(one[0].numpy(), cmap="gray_r", vmin=0, vmax=1)
        places[0].set_title(name, loc="left", fontsize=10)
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
        axis.grid(False)
        axis.spines[:].set_visible(False)
    return figure


def bars(results: dict[str, list[float]]) -> Any:
    """Accuracy by way, with its spread over seeds."""
    figure, axis = plt.subplots(figsize=(7, 3.6))
    means = [np.mean(values) for values in results.values()]
    spreads = [np.std(values) for values in results.values()]
    axis.barh(list(results), means, xerr=spreads, color=COLOURS[: len(results)])
    axis.axvline(means[0], color="black", linewidth=0.8, linestyle="--")
    lowest = min(mean - spread for mean, spread in zip(means, spreads))
    axis.set(xlabel="test accuracy, %", xlim=(max(0, lowest - 3), 100))
    axis.invert_yaxis()
    return figure


def main(given: Sequence[str] | None = None) -> dict[str, list[float]]:
    chosen = options(__doc__, given, images=100, epochs=100, seeds=5)
    results: dict[str, list[float]] = {name: [] for name in WAYS}
    for seed in range(chosen.seed, chosen.seed + chosen.seeds):
        data = digits(max(chosen.images, 20), seed=seed)
        for name, change in WAYS.items():
            results[name].append(accuracy(change, data, seed, chosen.epochs))
    rows = [("augmentation", "test accuracy, %", "gain")]
    plain = np.mean(results["nothing"])
    for name, values in results.items():
        gain = np.mean(values) - plain
        rows.append((name, f"{np.mean(values):.1f} ± {np.std(values):.1f}", f"{gain:+.1f}"))
    print(table(rows))
    save(contact_sheet(), chosen.out, "augmented.png")
    save(bars(results), chosen.out, "augmentation.png")
    return results


if __name__ == "__main__":
    main()
