"""Image datasets, from dependencies (`Digits`, `MNIST5k`) or from the user's files (`MNIST`, `CIFAR10` ...).

Nothing is ever downloaded.
"""

from __future__ import annotations

from .cifar import CIFAR10
from .fake import FakeData
from .folder import ImageFolder
from .images import ImageDataset
from .mnist import MNIST, FashionMNIST
from .packaged import Digits, MNIST5k

__all__ = [
    "CIFAR10",
    "MNIST",
    "Digits",
    "FakeData",
    "FashionMNIST",
    "ImageDataset",
    "ImageFolder",
    "MNIST5k",
]
