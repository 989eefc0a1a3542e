"""What all image datasets share: arrays of images and labels, and how one sample is made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...tensor import Tensor, wrap
from ...utils.data import Dataset


class ImageDataset(Dataset):
    """Images and labels held in memory.

    A sample is `(image, label)`. Without a transform the image is a float32 tensor (C, H, W) with values in
    [0, 1]; a transform gets the raw uint8 array, (H, W) or (H, W, 3), as torchvision's get a picture.

    Args:
        images: uint8 array, (N, H, W) or (N, H, W, 3).
        labels: N integers.
        classes: the name of each label.
        transform, target_transform: applied to each image and to each label.
    """

    classes: Sequence[str]

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        classes: Sequence[str],
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        if len(images) != len(labels):
            raise ValueError(f"there are {len(images)} images but {len(labels)} labels; each image needs one")
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
            raise ValueError(
                f"labels range from {labels.min()} to {labels.max()}, but there are {len(classes)} classes: "
                "is this the right file of labels?"
            )
        self._images = images
        self.targets = wrap(labels.astype(np.int64))
        self.classes = classes
        self.transform = transform
        self.target_transform = target_transform

    @property
    def data(self) -> Tensor:
        """All raw images, uint8."""
        return wrap(self._images)

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class name."""
        return {name: label for label, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image: Any = self._images[index]
        label: Any = int(self.targets._array[index])
        image = wrap(_channels_first(image[None])[0]) if self.transform is None else self.transform(image)
        return image, label if self.target_transform is None else self.target_transform(label)

    def tensors(self) -> tuple[Tensor, Tensor]:
        """All images as one float32 tensor (N, C, H, W) in [0, 1], and all labels."""
        return wrap(_channels_first(self._images)), self.targets

    def __repr__(self) -> str:
        size, classes = self._images.shape[1:], len(self.classes)
        return f"{type(self).__name__}({len(self)} images of {size}, {classes} classes)"


def _channels_first(images: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W) or (N, H, W, C) -> float32 (N, C, H, W) in [0, 1]."""
    scaled = images.astype(np.float32) / np.float32(255)
    if scaled.ndim == 3:
        return scaled[:, None]
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
