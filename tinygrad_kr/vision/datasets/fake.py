"""Pictures of noise, to try a program out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...ops.random import randint, randn
from ...random import get_rng_state, manual_seed, set_rng_state
from ...utils.data import Dataset
from ..transforms.conversion import to_pil_image


class FakeData(Dataset):
    """Random pictures and labels, drawn anew, and alike, whenever one is asked for (extra `images`).

    Args:
        size: how many there are.
        image_size: (channels, height, width).
        num_classes: how many labels there are.
        transform, target_transform: applied to each Pillow image and to each label.
        random_offset: added to an index, it is the seed of that picture.

    Source: torchvision, `FakeData`.
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        random_offset: int = 0,
    ) -> None:
        self.size, self.image_size, self.num_classes = size, image_size, num_classes
        self.transform, self.target_transform, self.random_offset = transform, target_transform, random_offset

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= self.size:
            raise IndexError(f"index {index} is out of range for {self.size} pictures")
        before = get_rng_state()
        manual_seed(index + self.random_offset)
        noise, target = randn(*self.image_size), randint(0, self.num_classes, (1,))[0]
        set_rng_state(before)
        picture: Any = to_pil_image(noise)
        picture = picture if self.transform is None else self.transform(picture)
        target = target if self.target_transform is None else self.target_transform(target)
        return picture, target.item()
