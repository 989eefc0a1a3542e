"""How the weights were trained: one recipe for all, with the numbers of the catalogue."""

from __future__ import annotations

import os
from typing import Any

from .. import train
from ..nn import functional as F
from ..nn.module import Module
from ..ops.creation import arange
from ..ops.random import randint
from ..optim import AdamW
from ..optim.lr_scheduler import OneCycleLR
from ..random import manual_seed
from ..tensor import Tensor
from ..unsupervised import Autoencoder
from .catalogue import entry, load
from .storage import write

__all__ = ["Shift", "measure", "shifted", "train_model"]

BATCH = 32


def shifted(images: Tensor, by: int) -> Tensor:
    """Every picture moved by up to `by` pixels along each axis, at random; black comes in at the edges.

    Shapes: (N, C, H, W) -> the same.

    >>> from tinygrad_kr.zoo.training import shifted
    >>> shifted(torch.ones(1, 1, 2, 2), 0)
    tensor([[[[1., 1.],
              [1., 1.]]]])
    """
    count, _, height, width = images.shape
    rows = randint(0, 2 * by + 1, (count, 1)) + arange(height)  # (N, H), in the padded picture
    columns = randint(0, 2 * by + 1, (count, 1)) + arange(width)
    padded = F.pad(images, (by, by, by, by)).permute(0, 2, 3, 1)  # (N, H + 2 by, W + 2 by, C)
    taken = padded[arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]  # (N, H, W, C)
    return taken.permute(0, 3, 1, 2)


class Shift(train.Callback):
    """Moves the pictures of every training batch, see `shifted`; an autoencoder's targets move with them."""

    def __init__(self, by: int) -> None:
        self.by = by

    def on_batch_start(self, run: Any) -> None:
        """Move."""
        alone = run.targets is run.inputs
        run.inputs = shifted(run.inputs, self.by)
        if alone:
            run.targets = run.inputs


def measure(model: Module, name: str, part: str = "test") -> float:
    """A model's figure on the part of its data that was not trained on: accuracy, or squared error.

    Args:
        model: the model.
        name: whose data and figure, such as "lenet5-digits".
        part: "test", or "train".
    """
    found = entry(name)
    images, labels = found.dataset(train=part == "train").tensors()
    if found.figure == "accuracy":
        return float(train.evaluate(model, (images, labels), metrics=["accuracy"])["accuracy"])
    return float(train.evaluate(model, images, F.mse_loss)["loss"])


def train_model(
    name: str,
    path: str | os.PathLike[str] | None = None,
    *,
    epochs: int | None = None,
    examples: int | None = None,
    seed: int = 0,
    progress: bool = True,
) -> float:
    """Train a model of the zoo and write its weights.

    AdamW, one cycle of the learning rate, shifted pictures. The weights kept are those after the last epoch,
    not those that were best on the test part.

    Args:
        name: the model's, such as "lenet5-digits".
        path: the file; by default the package's own.
        epochs, examples: how long and on how many pictures; by default as the catalogue says, and all.
        seed: of weights, order and shifts.
        progress: whether to print a line per epoch.

    Returns:
        The figure on the test part, of the weights as they are stored.

    Raises:
        ValueError: there is no such model.
        ModuleNotFoundError: the data or the library that writes are not installed.
    """
    found = entry(name)
    manual_seed(seed)
    model = found.build()
    images, labels = (one[:examples] for one in found.dataset(train=True).tensors())
    optimizer = AdamW(model.parameters(), lr=found.lr, weight_decay=0.05)
    epochs = epochs or found.epochs
    steps = epochs * -(-len(images) // BATCH)
    train.fit(
        model,
        model.loss if isinstance(model, Autoencoder) else F.cross_entropy,
        optimizer,
        images if isinstance(model, Autoencoder) else (images, labels),
        epochs=epochs,
        batch_size=BATCH,
        callbacks=[
            Shift(found.shift),
            train.ClipGradients(norm=1.0),
            train.Schedule(OneCycleLR(optimizer, found.lr, total_steps=steps + 1), per="batch"),
        ],
        progress=progress,
    )
    path = found.path if path is None else path
    write(model.state_dict(), path)
    return measure(load(name, path), name)
