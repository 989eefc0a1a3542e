"""Image datasets, from dependencies (`Digits`, `MNIST5k`) or from the user's files (`MNIST`, `CIFAR10` ...).

Nothing is ever downloaded.
"""

from __future__ import annotations

from ...absent import absent
from .cifar import CIFAR10
from .fake import FakeData
from .folder import ImageFolder
from .images import ImageDataset
from .mnist import KMNIST, MNIST, FashionMNIST
from .packaged import Digits, MNIST5k

__all__ = [
    "CIFAR10",
    "KMNIST",
    "MNIST",
    "Digits",
    "FakeData",
    "FashionMNIST",
    "ImageDataset",
    "ImageFolder",
    "MNIST5k",
]

_FOLDERS = "sort its pictures into one folder per class and use ImageFolder"
CIFAR100 = absent("vision.datasets.CIFAR100", _FOLDERS)
ImageNet = absent("vision.datasets.ImageNet", _FOLDERS)
