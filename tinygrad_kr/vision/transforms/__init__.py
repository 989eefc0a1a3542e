"""Image transforms in torchvision's words, for tensors, Pillow's images and NumPy arrays.

Functions are in `functional`; the classes here hold their arguments, and the random ones draw them from the
generator of `manual_seed` in torchvision's order, so that one seed crops and flips the same pictures.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import Any as _Any

from . import functional as functional
from .augmentation import ElasticTransform, RandomAffine, RandomPerspective, RandomRotation
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
from .jitter import ColorJitter, GaussianBlur, RandomErasing
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
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "ElasticTransform",
    "FiveCrop",
    "GaussianBlur",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomAffine",
    "RandomApply",
    "RandomChoice",
    "RandomCrop",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomOrder",
    "RandomPerspective",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
    "ToPILImage",
    "ToTensor",
    "functional",
]


def __getattr__(name: str) -> _Any:
    if name == "v2":  # imported when it is first asked for
        return _import_module(f"{__name__}.v2")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
