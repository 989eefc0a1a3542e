"""MNIST, KMNIST and FashionMNIST, from their IDX files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .files import find, read_idx
from .images import ImageDataset
from .packaged import DIGITS


class MNIST(ImageDataset):
    """70,000 handwritten digits of 28x28 pixels, from the four IDX files (plain or gzipped).

    Args:
        root: the folder with the files; torchvision's layout `root/MNIST/raw` is found as well.
        train: the 60,000 training images, or the 10,000 test images.
        transform, target_transform: applied to each image and label.
        download: accepted; nothing is downloaded.

    Raises:
        FileNotFoundError: a file is missing; says where it looked.
        ValueError: a file is truncated, foreign, or does not belong to the other.

    Source: Y. LeCun et al., Gradient-based learning applied to document recognition, 1998.
    """

    classes = DIGITS

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        folders = (f"{type(self).__name__}/raw", "raw")
        part = "train" if train else "t10k"
        images = read_idx(find(root, folders, f"{part}-images-idx3-ubyte"), dimensions=3)
        labels = read_idx(find(root, folders, f"{part}-labels-idx1-ubyte"), dimensions=1)
        super().__init__(images, labels, type(self).classes, transform, target_transform)


class KMNIST(MNIST):
    """70,000 handwritten hiragana of 28x28 pixels, in MNIST's file format.

    Args: as for `MNIST`.

    Source: T. Clanuwat et al., Deep learning for classical Japanese literature, arXiv:1812.01718, 2018.
    """

    classes = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


class FashionMNIST(MNIST):
    """70,000 pictures of clothes of 28x28 pixels, in MNIST's file format.

    Args: as for `MNIST`.

    Source: H. Xiao et al., Fashion-MNIST, arXiv:1708.07747, 2017.
    """

    classes = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
