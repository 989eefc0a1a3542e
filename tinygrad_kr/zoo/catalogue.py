"""Which trained models there are, how each was trained, and how good it is."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..nn.module import Module
from ..vision.datasets import Digits, MNIST5k
from . import models
from .storage import read

__all__ = ["Entry", "entry", "load", "names"]


@dataclass(frozen=True)
class Entry:
    """A trained model: its recipe, and its figure on the part of the data that was not trained on.

    Attributes:
        architecture: makes the model, with fresh weights, for pictures of some size.
        data: "digits" (1,501 and 296 pictures of 8x8 pixels) or "mnist5k" (4,170 and 830 of 28x28).
        epochs, lr, shift: how long it was trained, at which highest rate, moved by up to how many pixels.
            On 8x8 pictures LeNet-5, ViT and autoencoder did better without (on held-out training pictures).
        result: the test accuracy; for autoencoders the mean squared error of a pixel in [0, 1].
    """

    architecture: Callable[[int], Module]
    data: str
    epochs: int
    lr: float
    shift: int
    result: float

    @property
    def name(self) -> str:
        """What `load` calls it."""
        return f"{self.architecture.__name__}-{self.data}"

    @property
    def figure(self) -> str:
        """What `result` is: "accuracy" or "squared error"."""
        return "squared error" if self.architecture is models.autoencoder else "accuracy"

    @property
    def dataset(self) -> type[Digits | MNIST5k]:
        """The class of its data."""
        return Digits if self.data == "digits" else MNIST5k

    @property
    def path(self) -> Path:
        """The file of its weights."""
        return Path(__file__).with_name("weights") / f"{self.name}.safetensors"

    def build(self) -> Module:
        """The model with fresh weights."""
        return self.architecture(8 if self.data == "digits" else 28)


_ENTRIES = [
    Entry(models.lenet5, "digits", 60, 5e-3, 0, 0.9764),
    Entry(models.vgg, "digits", 40, 5e-3, 1, 0.9899),
    Entry(models.resnet20, "digits", 40, 1e-2, 1, 0.9932),
    Entry(models.vit, "digits", 60, 3e-3, 0, 0.9831),
    Entry(models.autoencoder, "digits", 60, 1e-2, 0, 0.0063),
    Entry(models.lenet5, "mnist5k", 30, 5e-3, 2, 0.9795),
    Entry(models.vgg, "mnist5k", 15, 5e-3, 2, 0.9892),
    Entry(models.resnet20, "mnist5k", 12, 1e-2, 2, 0.9892),
    Entry(models.vit, "mnist5k", 30, 3e-3, 2, 0.9675),
    Entry(models.autoencoder, "mnist5k", 15, 1e-2, 2, 0.0065),
]
_BY_NAME = {one.name: one for one in _ENTRIES}


def names() -> list[str]:
    """The names of all trained models.

    >>> from tinygrad_kr import zoo
    >>> zoo.names()[:2]
    ['lenet5-digits', 'vgg-digits']
    """
    return list(_BY_NAME)


def entry(name: str) -> Entry:
    """What is known about a trained model.

    Raises:
        ValueError: there is none of this name.

    >>> from tinygrad_kr import zoo
    >>> zoo.entry("resnet20-digits").epochs
    40
    """
    if name not in _BY_NAME:
        near = difflib.get_close_matches(str(name), _BY_NAME, 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"the zoo has no model {name!r}{hint}; it has {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def load(name: str, path: str | os.PathLike[str] | None = None) -> Module:
    """A trained model, in evaluation mode.

    Args:
        name: such as "lenet5-mnist5k"; `names()` lists them.
        path: another file of weights for this model, such as `train_model` writes.

    Shapes: the model takes pictures (N, 1, 8, 8) or (N, 1, 28, 28) with values in [0, 1].

    Raises:
        ValueError: there is none of this name, or the file is damaged or another model's.
        FileNotFoundError: the file is not there.

    >>> from tinygrad_kr import zoo
    >>> model = zoo.load("lenet5-digits")
    >>> model(torch.zeros(2, 1, 8, 8)).shape, model.training
    (torch.Size([2, 10]), False)
    """
    found = entry(name)
    path = found.path if path is None else path
    model = found.build()
    try:
        model.load_state_dict(read(path))
    except RuntimeError as error:
        raise ValueError(f"{path} has the weights of another model than {name}: {error}") from None
    return model.eval()
