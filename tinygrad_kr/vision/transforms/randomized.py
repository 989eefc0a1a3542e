"""Transforms that draw their arguments, from the generator of `manual_seed` and in torchvision's order."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...nn.module import Module
from ...ops.creation import arange, empty
from ...ops.random import rand, randint
from ...tensor import Tensor
from . import conversion, geometry
from .pictures import InterpolationMode, Picture, get_dimensions, pair


def uniform(low: float, high: float) -> float:
    """One draw between `low` and `high`, in float32 as torchvision draws it."""
    return empty(1).uniform_(low, high).item()


def below(count: int) -> int:
    """One draw from 0 to `count - 1`."""
    return int(randint(0, count, (1,)).item())


def positive_pair(size: int | Sequence[int]) -> tuple[int, int]:
    """(height, width), both at least 1."""
    height, width = pair(size)
    if min(height, width) < 1:
        raise ValueError(f"size must be positive, got {size!r}")
    return height, width


def require_probability(p: float, name: str) -> float:
    """The number, if it lies within [0, 1]."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name} must be a probability, from 0 to 1, got {p}")
    return p


def require_batch(img: Picture, name: str) -> int:
    """The number of pictures of a tensor (N, C, H, W)."""
    if not isinstance(img, Tensor) or img.ndim != 4:
        what = f"shape {tuple(img.shape)}" if isinstance(img, Tensor) else type(img).__name__
        raise ValueError(f"{name} with batch=True needs a tensor (N, C, H, W), got {what}")
    return len(img)


class _Sometimes(Module):
    """What is done to a picture with probability `p`; with `batch`, to each of a batch by itself."""

    def __init__(self, p: float = 0.5, *, batch: bool = False) -> None:
        super().__init__()
        self.batch = batch
        self.p = require_probability(p, "p")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"

    def forward(self, img: Picture) -> Picture:
        """The picture, changed or not."""
        if self.batch:
            chosen = rand(require_batch(img, type(self).__name__)) < self.p
            out = img.clone()
            out[chosen] = self.change(img[chosen])
            return out
        return self.change(img) if rand(1).item() < self.p else img

    def change(self, img: Picture) -> Picture:
        """What happens with probability `p`."""
        raise NotImplementedError


class RandomHorizontalFlip(_Sometimes):
    """`functional.hflip` with probability `p`."""

    def change(self, img: Picture) -> Picture:
        """The mirror image."""
        return geometry.hflip(img)


class RandomVerticalFlip(_Sometimes):
    """`functional.vflip` with probability `p`."""

    def change(self, img: Picture) -> Picture:
        """The picture upside down."""
        return geometry.vflip(img)


class RandomGrayscale(_Sometimes):
    """Grey, in as many channels as before, with probability `p`."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def change(self, img: Picture) -> Picture:
        """The picture in grey."""
        return conversion.rgb_to_grayscale(img, get_dimensions(img)[0])


def require_room(size: tuple[int, int], crop: tuple[int, int]) -> None:
    """Raise where a crop is larger than the picture."""
    if size[0] < crop[0] or size[1] < crop[1]:
        raise ValueError(
            f"a crop of {crop} does not fit into a picture of {size}; pad_if_needed=True widens it"
        )


class RandomCrop(Module):
    """A part of the picture from a random place.

    Args:
        size: (height, width), or an int for a square.
        padding: a border put around the picture first, as in `functional.pad`.
        pad_if_needed: widen a picture that is smaller than `size`.
        fill, padding_mode: the border's, as in `functional.pad`.
        batch: own places for each picture of a batch.

    Raises:
        ValueError: when called: `size` does not fit into the picture.

    Source: torchvision, `RandomCrop`.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: float | Sequence[float] = 0,
        padding_mode: str = "constant",
        *,
        batch: bool = False,
    ) -> None:
        super().__init__()
        self.size = positive_pair(size)
        self.batch = batch
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Picture, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Draws (top, left, height, width)."""
        _, rows, columns = get_dimensions(img)
        height, width = output_size
        require_room((rows, columns), output_size)
        if (rows, columns) == (height, width):
            return 0, 0, height, width
        return below(rows - height + 1), below(columns - width + 1), height, width

    def forward(self, img: Picture) -> Picture:
        """The part."""
        if self.padding is not None:
            img = geometry.pad(img, self.padding, self.fill, self.padding_mode)
        _, rows, columns = get_dimensions(img)
        if self.pad_if_needed and columns < self.size[1]:
            img = geometry.pad(img, [self.size[1] - columns, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and rows < self.size[0]:
            img = geometry.pad(img, [0, self.size[0] - rows], self.fill, self.padding_mode)
        if not self.batch:
            return geometry.crop(img, *self.get_params(img, self.size))
        count = require_batch(img, "RandomCrop")
        _, rows, columns = get_dimensions(img)
        height, width = self.size
        require_room((rows, columns), self.size)
        tops = randint(0, rows - height + 1, (count, 1, 1)) + arange(height)[:, None]  # (N, h, 1)
        lefts = randint(0, columns - width + 1, (count, 1, 1)) + arange(width)  # (N, 1, w)
        return img[arange(count)[:, None, None], :, tops, lefts].permute(0, 3, 1, 2)

    def __repr__(self) -> str:
        return f"RandomCrop(size={self.size}, padding={self.padding})"


class RandomResizedCrop(Module):
    """A part of random area and shape, resized: what ImageNet models are trained on.

    Args:
        size: (height, width) of the result, or an int for a square.
        scale: bounds of the part's share of the area.
        ratio: bounds of its width over its height, drawn evenly on a logarithmic scale.
        interpolation, antialias: as in `functional.resize`.

    Source: torchvision, `RandomResizedCrop`; C. Szegedy et al., Going deeper with convolutions, 2015.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3 / 4, 4 / 3),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = positive_pair(size)
        if len(scale) != 2 or not 0 <= scale[0] <= scale[1]:
            raise ValueError(f"scale must be (least, most) share of the area, got {scale!r}")
        if len(ratio) != 2 or not 0 < ratio[0] <= ratio[1]:
            raise ValueError(f"ratio must be (least, most), both positive, got {ratio!r}")
        self.scale = scale
        self.ratio = ratio
        self.interpolation = interpolation
        self.antialias = antialias

    @staticmethod
    def get_params(img: Picture, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int, int, int]:
        """Draws (top, left, height, width); after ten that do not fit, the middle of the picture."""
        _, rows, columns = get_dimensions(img)
        low, high = np.log(np.asarray(ratio, np.float32)).tolist()
        for _ in range(10):
            area = rows * columns * uniform(scale[0], scale[1])
            aspect = float(np.exp(np.float32(uniform(low, high))))
            width, height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < width <= columns and 0 < height <= rows:
                return below(rows - height + 1), below(columns - width + 1), height, width
        width, height = columns, rows
        if columns / rows < min(ratio):
            height = round(columns / min(ratio))
        elif columns / rows > max(ratio):
            width = round(rows * max(ratio))
        return (rows - height) // 2, (columns - width) // 2, height, width

    def forward(self, img: Picture) -> Picture:
        """The part, resized."""
        place = self.get_params(img, self.scale, self.ratio)
        return geometry.resized_crop(img, *place, self.size, self.interpolation, self.antialias)

    def __repr__(self) -> str:
        bounds = ", ".join(
            f"{name}={tuple(round(value, 4) for value in getattr(self, name))}" for name in ("scale", "ratio")
        )
        inside = f"size={self.size}, {bounds}, interpolation={self.interpolation.value}"
        return f"RandomResizedCrop({inside}, antialias={self.antialias})"
