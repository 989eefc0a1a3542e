"""What a picture is: a tensor (..., C, H, W), a Pillow image, or an array (H, W) or (H, W, C).

The datasets of this package hand arrays to transforms where torchvision's hand Pillow images; both mean the
same picture here. Pillow itself is imported only where one of its images is made.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from enum import Enum
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from ...extras import require
from ...tensor import Tensor, wrap

Picture: TypeAlias = Any  # Tensor | PIL.Image.Image | np.ndarray


class InterpolationMode(Enum):
    """How `resize` finds values between pixels.

    Source: torchvision, `torchvision.transforms.InterpolationMode`.
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


def pillow(purpose: str) -> ModuleType:
    """Pillow's `Image` module, or an error that says how to get it."""
    return require("PIL.Image", extra="images", purpose=purpose)


def is_pillow(picture: Picture) -> bool:
    """Whether it is one of Pillow's images; Pillow is not imported to find out."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(picture, module.Image)


def get_dimensions(img: Picture) -> list[int]:
    """[channels, height, width] of a picture.

    >>> get_dimensions(np.zeros((4, 5), np.uint8))
    [1, 4, 5]

    Raises:
        TypeError: it is none.

    Source: torchvision, `get_dimensions`.
    """
    if isinstance(img, Tensor):
        if img.ndim < 2:
            raise TypeError(f"a tensor of shape {tuple(img.shape)} is no picture: expected (..., C, H, W)")
        return [1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1]]
    if is_pillow(img):
        return [len(img.getbands()), img.height, img.width]
    if isinstance(img, np.ndarray) and img.ndim in (2, 3):
        return [1 if img.ndim == 2 else img.shape[2], *img.shape[:2]]
    what = f"an array of shape {img.shape}" if isinstance(img, np.ndarray) else type(img).__name__
    raise TypeError(
        f"expected a tensor (..., C, H, W), a Pillow image or an array (H, W) or (H, W, C), got {what}"
    )


def pair(size: int | Sequence[int], name: str = "size") -> tuple[int, int]:
    """(height, width) from an int, a sequence of one or of two."""
    numbers = (size,) if isinstance(size, int) else tuple(size)
    if len(numbers) not in (1, 2):
        raise ValueError(f"{name} must be an int, (int,) or (height, width), got {size!r}")
    return numbers[0], numbers[-1]


def on_tensor(img: Picture, change: Callable[[Tensor], Tensor]) -> Picture:
    """What a function of tensors (..., C, H, W) makes of any picture, as what the picture was."""
    if isinstance(img, Tensor):
        get_dimensions(img)
        return change(img)
    get_dimensions(img)
    array = np.asarray(img)
    planes = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    changed = change(wrap(np.ascontiguousarray(planes))).numpy()
    out = np.ascontiguousarray(changed[0] if array.ndim == 2 else changed.transpose(1, 2, 0))
    return pillow("transforms").fromarray(out, img.mode) if is_pillow(img) else out
