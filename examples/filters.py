"""Convolution finds patterns: edges and blur on a photograph, and what a network chooses to look for.

    python examples/filters.py

Kernels made by hand are applied to a photograph that comes with scikit-learn, the results stacked as
channels as in a network. Then a small CNN learns digits; its filters are drawn, and the feature maps that
they make of a digit. The tables count the CNN's weights, and what a dense layer would need where a
convolution needs few.

Found: learned 3x3 filters are edge detectors of all directions, hardly any as tidy as Sobel's; one or two
are never active. A convolution of 16 channels on a 28x28 image has 160 weights, a dense layer 9.8 million.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from common import digits, options, plt, save, table
from sklearn.datasets import load_sample_image

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.summary import summary

KERNELS = {
    "vertical edges (Sobel)": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "horizontal edges (Sobel)": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "all edges (Laplace)": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "sharper": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "blur (Gauss)": np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256,
}


def photograph() -> torch.Tensor:
    """A photograph in grey, (1, 1, H, W) in [0, 1]."""
    colours = torch.tensor(load_sample_image("china.jpg")) / 255.0  # (H, W, 3)
    return (colours @ torch.tensor([0.299, 0.587, 0.114]))[None, None]


def apply(image: torch.Tensor) -> dict[str, np.ndarray]:
    """What every kernel makes of the image. Kernels of one size are one convolution with several channels."""
    found: dict[str, np.ndarray] = {}
    for size in (3, 5):
        names = [name for name, kernel in KERNELS.items() if len(kernel) == size]
        weight = torch.tensor(np.array([KERNELS[name] for name in names], np.float32)).unsqueeze(1)
        maps = F.conv2d(image, weight, padding=size // 2)[0]  # (kernels, H, W)
        found |= dict(zip(names, maps.numpy()))
    return found


def draw_photograph(image: torch.Tensor, maps: dict[str, np.ndarray]) -> Any:
    """The photograph and its feature maps."""
    figure, axes = plt.subplots(2, 3, figsize=(13, 6.2))
    shown = {"photograph": image[0, 0].numpy()} | {name: maps[name] for name in KERNELS}
    for axis, (name, values) in zip(axes.flat, shown.items()):
        edges = "edges" in name
        limit = np.percentile(np.abs(values), 99)
        axis.imshow(
            values, cmap="RdBu" if edges else "gray", vmin=-limit if edges else 0, vmax=limit if edges else 1
        )
        axis.set(title=name)
        axis.set_axis_off()
    return figure


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 16, 10),
    )


def draw_network(model: nn.Sequential, image: torch.Tensor) -> Any:
    """A digit, the 16 first filters, and the maps that they and the second layer make of it."""
    with torch.no_grad():
        first, second = model[:2](image), model[:5](image)
    filters = model[0].weight.detach()
    figure, axes = plt.subplots(3, 17, figsize=(16, 3.4), gridspec_kw={"wspace": 0.05, "hspace": 0.1})
    rows = [("filters", filters[:, 0]), ("after ReLU", first[0]), ("2nd layer", second[0, :16])]
    for row, (name, maps) in zip(axes, rows):
        row[0].imshow(image[0, 0], cmap="gray_r")
        row[0].set_visible(name == "after ReLU")
        row[1].set_ylabel(name)
        for axis, values in zip(row[1:], maps):
            limit = maps.abs().max().item()
            axis.imshow(
                values,
                cmap="RdBu" if name == "filters" else "gray_r",
                vmin=-limit if name == "filters" else 0,
                vmax=limit,
            )
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.grid(False)
    return figure


def main(given: Sequence[str] | None = None) -> float:
    chosen = options(__doc__, given, epochs=20, images=1000)
    image = photograph()
    save(draw_photograph(image, apply(image)), chosen.out, "photograph.png")
    torch.manual_seed(chosen.seed)
    data, model = digits(chosen.images, seed=chosen.seed), network()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    train.fit(model, F.cross_entropy, optimizer, data.train, epochs=chosen.epochs, progress=False)
    accuracy = train.evaluate(model, data.test, metrics=["accuracy"])["accuracy"]
    print(f"digits: {100 * accuracy:.1f} % of the test images right")
    save(draw_network(model, data.test[0][:1]), chosen.out, "learned_filters.png")
    print(summary(model, input_size=(1, 1, 8, 8)))
    rows = [("16 feature maps of an image", "convolution 3x3", "dense", "times as many")]
    for name, shape in (
        ("8x8 digit", (1, 8, 8)),
        ("28x28 digit", (1, 28, 28)),
        ("32x32 colours", (3, 32, 32)),
    ):
        channels, height, width = shape
        small = summary(nn.Conv2d(channels, 16, 3, padding=1), input_size=(1, *shape)).parameters
        large = (channels * height * width + 1) * 16 * height * width
        rows.append((name, f"{small:,}", f"{large:,}", f"{large // small:,}"))
    print(table(rows))
    return accuracy


if __name__ == "__main__":
    main()
