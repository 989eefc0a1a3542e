"""Random affine maps, tilts and bends.

Where a class takes `batch=True`, every picture of a tensor (N, C, H, W) gets draws of its own, and all are
moved in one call. By default a batch shares one draw, as torchvision has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...nn.module import Module
from ...ops.creation import empty
from ...ops.random import rand
from ...tensor import Tensor
from . import warping
from .pictures import InterpolationMode, Picture, get_dimensions
from .randomized import _Sometimes, below, require_batch, require_probability, uniform

Range = float | Sequence[float]


def symmetric(value: Range, name: str, sizes: tuple[int, ...] = (2,)) -> list[float]:
    """[-value, value] of a number, or the bounds as they are."""
    if isinstance(value, (int, float)):
        if value < 0:
            raise ValueError(f"{name} must not be negative if it is one number, got {value}")
        return [float(-value), float(value)]
    bounds = [float(bound) for bound in value]
    if len(bounds) not in sizes:
        raise ValueError(f"{name} must be a number or {' or '.join(map(str, sizes))} bounds, got {value!r}")
    return bounds


def uniforms(count: int, low: float, high: float) -> np.ndarray:
    """As many draws between `low` and `high`."""
    return empty(count).uniform_(low, high).numpy()


class RandomAffine(Module):
    """`functional.affine` with random arguments.

    Args:
        degrees: (least, most) degrees to turn by; a number d means (-d, d).
        translate: the largest shifts, as shares of width and height.
        scale: (least, most).
        shear: (least, most) degrees along x, or four numbers, along x and along y; a number as in `degrees`.
        interpolation, fill, center: as in `functional.affine`.
        batch: own draws for each picture of a batch.

    Raises:
        ValueError: negative degrees, shares outside [0, 1], scales that are not positive.

    >>> turned = RandomAffine(10, translate=(0.1, 0.1), batch=True)(rand(8, 1, 28, 28))
    >>> turned.shape
    torch.Size([8, 1, 28, 28])

    Source: torchvision, `RandomAffine`.
    """

    def __init__(
        self,
        degrees: Range,
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: Range | None = None,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: float | Sequence[float] = 0,
        center: Sequence[float] | None = None,
        *,
        batch: bool = False,
    ) -> None:
        super().__init__()
        self.degrees = symmetric(degrees, "degrees")
        for name, values in (("translate", translate), ("scale", scale), ("center", center)):
            if values is not None and len(values) != 2:
                raise ValueError(f"{name} must be two numbers, got {values!r}")
        if translate is not None and not all(0 <= share <= 1 for share in translate):
            raise ValueError(f"translate must be shares from 0 to 1, got {translate!r}")
        if scale is not None and not min(scale) > 0:
            raise ValueError(f"scale must be positive, got {scale!r}")
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else symmetric(shear, "shear", (2, 4))
        self.interpolation = interpolation
        self.fill = fill
        self.center = center
        self.batch = batch

    @staticmethod
    def get_params(
        degrees: Sequence[float],
        translate: Sequence[float] | None,
        scale_ranges: Sequence[float] | None,
        shears: Sequence[float] | None,
        img_size: Sequence[int],
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """Draws (angle, shifts, scale, shears) for a picture of (width, height)."""
        (angle,), (right, down), (scale,), (along_x, along_y) = (
            [np.atleast_1d(one)[0].item() for one in group]
            for group in _draw(1, degrees, translate, scale_ranges, shears, img_size)
        )
        return angle, (int(right), int(down)), scale, (along_x, along_y)

    def forward(self, img: Picture) -> Picture:
        """The picture, moved."""
        _, rows, columns = get_dimensions(img)
        ranges = (self.degrees, self.translate, self.scale, self.shear, (columns, rows))
        how: dict[str, Any] = {"interpolation": self.interpolation, "fill": self.fill, "center": self.center}
        if not self.batch:
            return warping.affine(img, *self.get_params(*ranges), **how)
        count = require_batch(img, "RandomAffine")
        if not count:
            return img
        (angle,), shifts, (scale,), shears = _draw(count, *ranges)
        return warping.affine(img, angle, shifts, scale, shears, **how)

    def __repr__(self) -> str:
        inside = [f"degrees={self.degrees}"]
        inside += [
            f"{name}={value}"
            for name in ("translate", "scale", "shear")
            if (value := getattr(self, name)) is not None
        ]
        if self.interpolation is not InterpolationMode.NEAREST:
            inside.append(f"interpolation={self.interpolation.value}")
        if self.fill != 0:
            inside.append(f"fill={self.fill}")
        if self.center is not None:
            inside.append(f"center={self.center}")
        return f"RandomAffine({', '.join(inside)})"


def _draw(count: int, degrees: Any, translate: Any, scale: Any, shears: Any, size: Any) -> list[list[Any]]:
    """[angle], [right, down], [scale], [along x, along y]: each a number or `count` of them."""
    angle = uniforms(count, *degrees)
    shifts: list[Any] = [0.0, 0.0]
    if translate is not None:
        reach = [float(share * length) for share, length in zip(translate, size)]
        shifts = [np.rint(uniforms(count, -far, far)) for far in reach]
    one = uniforms(count, *scale) if scale is not None else 1.0
    slant: list[Any] = [0.0, 0.0]
    if shears is not None:
        slant = [uniforms(count, *shears[:2]), uniforms(count, *shears[2:]) if len(shears) == 4 else 0.0]
    return [[angle], shifts, [one], slant]


class RandomRotation(Module):
    """`functional.rotate` by a random angle.

    Args:
        degrees: (least, most); a number d means (-d, d).
        interpolation, expand, center, fill: as in `functional.rotate`.
        batch: own angles for each picture of a batch (not with `expand`).

    Raises:
        ValueError: negative degrees, or `expand` with `batch`.

    Source: torchvision, `RandomRotation`.
    """

    def __init__(
        self,
        degrees: Range,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: float | Sequence[float] = 0,
        *,
        batch: bool = False,
    ) -> None:
        super().__init__()
        self.degrees = symmetric(degrees, "degrees")
        if expand and batch:
            raise ValueError("expand=True makes results of different sizes, which batch=True cannot hold")
        self.interpolation = interpolation
        self.expand = expand
        self.center = center
        self.fill = fill
        self.batch = batch

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """Draws the angle."""
        return uniform(degrees[0], degrees[1])

    def forward(self, img: Picture) -> Picture:
        """The picture, turned."""
        angle: Any
        if self.batch:
            count = require_batch(img, "RandomRotation")
            if not count:
                return img
            angle = uniforms(count, *self.degrees)
        else:
            angle = self.get_params(self.degrees)
        return warping.rotate(img, angle, self.interpolation, self.expand, self.center, self.fill)

    def __repr__(self) -> str:
        inside = f"degrees={self.degrees}, interpolation={self.interpolation.value}, expand={self.expand}"
        inside += "" if self.center is None else f", center={self.center}"
        return f"RandomRotation({inside}, fill={self.fill})"


class RandomPerspective(_Sometimes):
    """`functional.perspective` with random corners, with probability `p`.

    Args:
        distortion_scale: from 0 (none) to 1 (corners come as far as the middle).
        p: the probability.
        interpolation, fill: as in `functional.perspective`.

    Raises:
        ValueError: a scale or probability outside [0, 1].

    Source: torchvision, `RandomPerspective`.
    """

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        fill: float | Sequence[float] = 0,
    ) -> None:
        super().__init__(p)
        self.distortion_scale = require_probability(distortion_scale, "distortion_scale")
        self.interpolation = interpolation
        self.fill = fill

    @staticmethod
    def get_params(
        width: int, height: int, distortion_scale: float
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Draws the corners' (old, new) places, from the upper left one clockwise."""
        across, down = (int(distortion_scale * (length // 2)) for length in (width, height))
        near, far = (lambda reach: below(reach + 1)), (lambda reach, end: end - reach - 1 + below(reach + 1))
        ends = [
            [near(across), near(down)],
            [far(across, width), near(down)],
            [far(across, width), far(down, height)],
            [near(across), far(down, height)],
        ]
        return [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], ends

    def change(self, img: Picture) -> Picture:
        """The picture, tilted."""
        _, rows, columns = get_dimensions(img)
        corners = self.get_params(columns, rows, self.distortion_scale)
        return warping.perspective(img, *corners, self.interpolation, self.fill)


class ElasticTransform(Module):
    """Bends a picture by smooth random displacements: handwriting by a less steady hand.

    Args:
        alpha: how far pixels move, (across, down) or one number.
        sigma: how smoothly, in pixels: the noise is blurred by a bell of this width.
        interpolation, fill: as in `functional.elastic_transform`.
        batch: own displacements for each picture of a batch.

    Raises:
        ValueError: negative numbers; when called: a picture smaller than half of the bell, 4 sigma.

    Source: torchvision, `ElasticTransform`; Simard, Steinkraus and Platt 2003.
    """

    def __init__(
        self,
        alpha: Range = 50.0,
        sigma: Range = 5.0,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        fill: float | Sequence[float] = 0,
        *,
        batch: bool = False,
    ) -> None:
        super().__init__()
        self.alpha, self.sigma = _twice(alpha, "alpha"), _twice(sigma, "sigma")
        self.interpolation = interpolation
        self.fill = [float(fill)] if isinstance(fill, (int, float)) else [float(one) for one in fill]
        self.batch = batch

    @staticmethod
    def get_params(
        alpha: Sequence[float], sigma: Sequence[float], size: Sequence[int], count: int = 1
    ) -> Tensor:
        """Draws displacements (count, H, W, 2)."""
        noise = [rand(count, 1, *size) * 2 - 1 for _ in range(2)]
        return warping.elastic_displacement(noise, alpha, sigma, size)

    def forward(self, img: Picture) -> Picture:
        """The picture, bent."""
        count = require_batch(img, "ElasticTransform") if self.batch else 1
        if not count:
            return img
        bend = self.get_params(self.alpha, self.sigma, get_dimensions(img)[1:], count)
        return warping.elastic_transform(img, bend, self.interpolation, self.fill)

    def __repr__(self) -> str:
        inside = f"alpha={self.alpha}, sigma={self.sigma}, interpolation={self.interpolation}"
        return f"ElasticTransform({inside}, fill={self.fill})"


def _twice(value: Range, name: str) -> list[float]:
    numbers = [value] if isinstance(value, (int, float)) else list(value)
    if len(numbers) not in (1, 2) or min(numbers) < 0:
        raise ValueError(f"{name} must be one or two numbers that are not negative, got {value!r}")
    return [float(numbers[0]), float(numbers[-1])]
