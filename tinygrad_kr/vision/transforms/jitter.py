"""Random colours, blur, noise and covered rectangles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...nn.module import Module
from ...ops.random import rand, randperm
from ...tensor import Tensor, wrap
from . import colour
from .augmentation import Range
from .pictures import Picture, get_dimensions, pair
from .randomized import below, require_batch, require_probability, uniform


class ColorJitter(Module):
    """Brightness, contrast, saturation and hue changed by random factors, in random order.

    Args:
        brightness, contrast, saturation: (least, most) factor; a number v means (max(0, 1 - v), 1 + v).
        hue: (least, most) turn of the colour circle within [-0.5, 0.5]; a number v means (-v, v).

    Raises:
        ValueError: numbers that are negative, out of these bounds or out of order.

    Source: torchvision, `ColorJitter`.
    """

    NAMES = ("brightness", "contrast", "saturation", "hue")

    def __init__(
        self, brightness: Range = 0, contrast: Range = 0, saturation: Range = 0, hue: Range = 0
    ) -> None:
        super().__init__()
        self.brightness = _bounds(brightness, "brightness")
        self.contrast = _bounds(contrast, "contrast")
        self.saturation = _bounds(saturation, "saturation")
        self.hue = _bounds(hue, "hue", middle=0.0, least=-0.5, most=0.5)

    @staticmethod
    def get_params(*ranges: Sequence[float] | None) -> tuple[Any, ...]:
        """Draws (order, brightness, contrast, saturation, hue); None for what does not change."""
        order = randperm(4)
        return order, *(None if bounds is None else uniform(*bounds) for bounds in ranges)

    def forward(self, img: Picture) -> Picture:
        """The picture in other colours."""
        order, *factors = self.get_params(*(getattr(self, name) for name in self.NAMES))
        for number in order.tolist():
            if factors[number] is not None:
                img = getattr(colour, f"adjust_{self.NAMES[number]}")(img, factors[number])
        return img

    def __repr__(self) -> str:
        return f"ColorJitter({', '.join(f'{name}={getattr(self, name)}' for name in self.NAMES)})"


def _bounds(
    value: Range, name: str, middle: float = 1.0, least: float = 0.0, most: float = math.inf
) -> tuple[float, float] | None:
    if isinstance(value, (int, float)):
        if value < 0:
            raise ValueError(f"{name} must not be negative if it is one number, got {value}")
        low, high = middle - value, middle + value
        low = max(low, 0.0) if name != "hue" else low
    elif len(value) == 2:
        low, high = (float(bound) for bound in value)
    else:
        raise ValueError(f"{name} must be a number or (least, most), got {value!r}")
    if not least <= low <= high <= most:
        raise ValueError(f"{name} must lie within [{least}, {most}], from least to most, got {(low, high)}")
    return None if low == high == middle else (low, high)


class GaussianBlur(Module):
    """`functional.gaussian_blur` with a random sigma.

    Args:
        kernel_size: odd, (width, height) or one number.
        sigma: (least, most), or one number.

    Raises:
        ValueError: sizes that are not odd and positive, a sigma that is not positive.

    Source: torchvision, `GaussianBlur`.
    """

    def __init__(self, kernel_size: int | Sequence[int], sigma: Range = (0.1, 2.0)) -> None:
        super().__init__()
        colour.blur_sizes(kernel_size)
        self.kernel_size = pair(kernel_size)
        bounds = (sigma, sigma) if isinstance(sigma, (int, float)) else tuple(sigma)
        if len(bounds) != 2 or not 0 < bounds[0] <= bounds[1]:
            raise ValueError(f"sigma must be a positive number or (least, most) of them, got {sigma!r}")
        self.sigma = bounds

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """Draws sigma."""
        return uniform(sigma_min, sigma_max)

    def forward(self, img: Picture) -> Picture:
        """The picture, blurred."""
        return colour.gaussian_blur(img, self.kernel_size, [self.get_params(*self.sigma)] * 2)

    def __repr__(self) -> str:
        return f"GaussianBlur(kernel_size={self.kernel_size}, sigma={self.sigma})"


class GaussianNoise(Module):
    """`functional.gaussian_noise` as a transform; every value of a batch has its own draw.

    Source: torchvision, `transforms.v2.GaussianNoise`.
    """

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        super().__init__()
        if sigma < 0:
            raise ValueError(f"sigma must not be negative, got {sigma}")
        self.mean, self.sigma, self.clip = mean, sigma, clip

    def forward(self, img: Picture) -> Picture:
        """The picture with noise."""
        return colour.gaussian_noise(img, self.mean, self.sigma, self.clip)

    def __repr__(self) -> str:
        return f"GaussianNoise(mean={self.mean}, sigma={self.sigma}, clip={self.clip})"


class RandomErasing(Module):
    """A random rectangle covered, with probability `p`.

    Args:
        p: the probability.
        scale: bounds of the rectangle's share of the area.
        ratio: bounds of its height over its width, drawn evenly on a logarithmic scale.
        value: what covers it: a number, one per channel, or "random" for Gaussian noise.
        inplace: change the picture itself.
        batch: own rectangles for each picture of a batch.

    Raises:
        ValueError: a probability outside [0, 1], shares outside [0, 1], bounds out of order, or as
            many values as there are no channels.

    Source: torchvision, `RandomErasing`; Z. Zhong et al., Random erasing data augmentation, 2017.
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: float | Sequence[float] | str = 0,
        inplace: bool = False,
        *,
        batch: bool = False,
    ) -> None:
        super().__init__()
        self.p = require_probability(p, "p")
        if not 0 <= scale[0] <= scale[1] <= 1:
            raise ValueError(f"scale must be (least, most) share of the area, from 0 to 1, got {scale!r}")
        if not 0 < ratio[0] <= ratio[1]:
            raise ValueError(f"ratio must be (least, most), both positive, got {ratio!r}")
        if isinstance(value, str) and value != "random":
            raise ValueError(f"value must be numbers or 'random', got {value!r}")
        self.scale, self.ratio, self.value, self.inplace = scale, ratio, value, inplace
        self.batch = batch

    @staticmethod
    def get_params(
        img: Tensor, scale: Sequence[float], ratio: Sequence[float], value: Sequence[float] | None = None
    ) -> tuple[int, int, int, int, Tensor]:
        """Draws (top, left, height, width, values); the picture itself after ten that do not fit."""
        channels, rows, columns = get_dimensions(img)
        low, high = np.log(np.asarray(ratio, np.float32)).tolist()
        for _ in range(10):
            area = rows * columns * uniform(*scale)
            aspect = float(np.exp(np.float32(uniform(low, high))))
            height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if height >= rows or width >= columns:
                continue
            if value is None:
                cover = wrap(np.empty((channels, height, width), np.float32)).normal_()
            else:
                cover = wrap(np.asarray(value, np.float32)[:, None, None])
            return below(rows - height + 1), below(columns - width + 1), height, width, cover
        return 0, 0, rows, columns, img

    def forward(self, img: Tensor) -> Tensor:
        """The picture, covered or not."""
        if not self.batch:
            return self._covered(img, self.inplace)
        require_batch(img, "RandomErasing")
        out = img if self.inplace else img.clone()
        for one in out:
            self._covered(one, inplace=True)
        return out

    def _covered(self, img: Tensor, inplace: bool) -> Tensor:
        if not rand(1).item() < self.p:
            return img
        value = None if isinstance(self.value, str) else np.atleast_1d(self.value).tolist()
        channels = get_dimensions(img)[0]
        if value is not None and len(value) not in (1, channels):
            raise ValueError(f"value must be one number or {channels}, one per channel, got {self.value!r}")
        return colour.erase(img, *self.get_params(img, self.scale, self.ratio, value), inplace)

    def __repr__(self) -> str:
        names = ("p", "scale", "ratio", "value", "inplace")
        return f"RandomErasing({', '.join(f'{name}={getattr(self, name)}' for name in names)})"
