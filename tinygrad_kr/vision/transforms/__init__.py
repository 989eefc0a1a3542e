"""Image transforms in torchvision's words, for tensors, Pillow's images and NumPy arrays.

Functions are in `functional`; the classes here hold their arguments, and the random ones draw them from the
generator of `manual_seed` in torchvision's order, so that one seed crops and flips the same pictures.
"""

from __future__ import annotations

from . import functional as functional
from .composition import Compose, Lambda, RandomApply, RandomChoice, RandomOrder
from .fixed import (
    CenterCrop,
    ConvertImageDtype,
    FiveCrop,
    Grayscale,
    Normalize,
    Pad,
    PILToTensor,
    Resize,
    TenCrop,
    ToPILImage,
    ToTensor,
)
from .pictures import InterpolationMode
from .randomized import (
    RandomCrop,
    RandomGrayscale,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
)

__all__ = [
    "CenterCrop",
    "Compose",
    "ConvertImageDtype",
    "FiveCrop",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomApply",
    "RandomChoice",
    "RandomCrop",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomOrder",
    "RandomResizedCrop",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
    "ToPILImage",
    "ToTensor",
    "functional",
]
