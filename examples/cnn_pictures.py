"""What a trained CNN looks like: curves, filters, feature maps, errors and the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import tinygrad_kr as torch

BLUE, ORANGE, GREY = "#2a6fbb", "#e07b39", "#777777"
plt.rcParams.update(
    {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "figure.dpi": 110}
)


def draw(
    out: Path,
    model: Any,
    history: Any,
    images: torch.Tensor,
    labels: torch.Tensor,
    predicted: torch.Tensor,
    classes: Sequence[str],
) -> list[Path]:
    """Draw all pictures into a folder and return their paths."""
    pictures = {
        "curves.png": curves(history),
        "filters.png": filters(model),
        "feature_maps.png": feature_maps(model, images[:1], classes[int(labels[0])]),
        "misclassified.png": misclassified(images, labels, predicted, classes),
        "confusion.png": confusion(labels, predicted, classes),
    }
    for name, figure in pictures.items():
        figure.savefig(out / name, bbox_inches="tight")
        plt.close(figure)
    return [out / name for name in pictures]


def curves(history: Any) -> plt.Figure:
    """Loss and accuracy of training and validation, epoch by epoch."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    epochs = np.arange(1, len(history.train_loss) + 1)
    best = int(np.argmin(history.val_loss))
    for axis, train, val, name in (
        (left, history.train_loss, history.val_loss, "loss"),
        (right, history.train_accuracy, history.val_accuracy, "accuracy"),
    ):
        axis.plot(epochs, train, color=BLUE, label="training (with dropout, shifts, smoothed labels)")
        axis.plot(epochs, val, color=ORANGE, label="validation")
        axis.plot(best + 1, val[best], "o", color=ORANGE, label=f"kept: epoch {best + 1}")
        axis.set(xlabel="epoch", title=name)
        axis.grid(alpha=0.25)
    left.set_yscale("log")
    right.legend(loc="lower right", frameon=False, fontsize=8)
    return figure


def _grid(pictures: np.ndarray, title: str, columns: int, *, symmetric: bool = False) -> plt.Figure:
    """Small pictures (N, H, W) side by side, on one colour scale if they have signs."""
    rows = -(-len(pictures) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * 0.9, rows * 0.9 + 0.5), layout="constrained"
    )
    limit = float(np.abs(pictures).max()) or 1.0
    style = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if symmetric else {"cmap": "magma"}
    for axis in np.ravel(axes):
        axis.axis("off")
    for axis, picture in zip(np.ravel(axes), pictures):
        axis.imshow(picture, **style)
    figure.suptitle(title)
    return figure


def filters(model: Any) -> plt.Figure:
    """The kernels of the first convolution, averaged over image channels: red adds, blue subtracts."""
    weight = model.features[0].weight.detach().numpy()  # (filters, channels, 3, 3)
    return _grid(weight.mean(1), "what the first layer looks for (3x3 filters)", 8, symmetric=True)


@torch.no_grad()
def feature_maps(model: Any, image: torch.Tensor, name: str) -> plt.Figure:
    """What the first block makes of one image: a map for each filter, after ReLU."""
    model.eval()
    maps = model.features[:3](image)[0].numpy()  # (filters, H, W)
    shown = np.concatenate([image[0].mean(0, keepdim=True).numpy(), maps])
    shown = shown / np.maximum(shown.max((1, 2), keepdims=True), 1e-6)
    return _grid(shown[:32], f"an image of class {name!r} (first) and its feature maps", 8)


def misclassified(
    images: torch.Tensor, labels: torch.Tensor, predicted: torch.Tensor, classes: Sequence[str]
) -> plt.Figure:
    """The test images that the model gets wrong, with what they are and what it says."""
    wrong = torch.nonzero(predicted != labels).flatten().tolist()
    shown = wrong[:24]
    columns = min(6, max(len(shown), 1))
    rows = max(-(-len(shown) // columns), 1)
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * 1.5, rows * 1.75 + 0.4), layout="constrained"
    )
    for axis in np.ravel(axes):
        axis.axis("off")
    for axis, index in zip(np.ravel(axes), shown):
        axis.imshow(images[index].mean(0).numpy(), cmap="gray_r")
        axis.set_title(f"{classes[int(labels[index])]}, said {classes[int(predicted[index])]}", fontsize=9)
    figure.suptitle(f"{len(wrong)} of {len(labels)} test images are misclassified")
    return figure


def confusion(labels: torch.Tensor, predicted: torch.Tensor, classes: Sequence[str]) -> plt.Figure:
    """How often each class (row) was taken for each other (column)."""
    count = len(classes)
    table = np.bincount(labels.numpy() * count + predicted.numpy(), minlength=count**2).reshape(count, count)
    figure, axis = plt.subplots(figsize=(5, 4.6), layout="constrained")
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    axis.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)  # the root makes rare errors visible
    for row, column in zip(*np.nonzero(table)):
        colour = "white" if shares[row, column] > 0.4 else "black"
        axis.text(column, row, table[row, column], ha="center", va="center", color=colour, fontsize=8)
    axis.set(xlabel="said", ylabel="is", title="confusion matrix (test images)")
    axis.set_xticks(range(count), classes, rotation=45 if max(map(len, classes)) > 2 else 0)
    axis.set_yticks(range(count), classes)
    return figure
