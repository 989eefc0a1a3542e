"""Functions that change a picture's brightness, contrast, colours and sharpness, or cover a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ...extras import require
from ...nn.functional import conv2d
from ...ops.joining import stack
from ...ops.padding import pad as pad_tensor
from ...ops.selection import where
from ...tensor import Tensor, wrap
from .conversion import convert_image_dtype, rgb_to_grayscale
from .pictures import Picture, get_dimensions, is_pillow, on_tensor

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "erase",
    "gaussian_blur",
    "gaussian_noise",
    "invert",
    "solarize",
]


def _largest(img: Tensor) -> float:
    return 1.0 if img.is_floating_point() else dtypes.iinfo(img.dtype).max


def _blend(one: Tensor, other: Any, share: float) -> Tensor:
    """share · one + (1 - share) · other, held within the range of the dtype."""
    return (share * one + (1 - share) * other).clamp(0, _largest(one)).to(one.dtype)


def _enhanced(img: Picture, name: str, factor: float) -> Picture:
    """What Pillow makes of its own image."""
    enhance = require("PIL.ImageEnhance", extra="images", purpose="changing colours")
    return getattr(enhance, name)(img).enhance(factor)


def _check(factor: float, name: str) -> None:
    if factor < 0:
        raise ValueError(f"{name} must not be negative, got {factor}")


def _channels(img: Tensor) -> int:
    channels = get_dimensions(img)[0]
    if channels not in (1, 3) or img.ndim < 3:
        raise TypeError(f"expected a picture (..., C, H, W) of 1 or 3 channels, got shape {tuple(img.shape)}")
    return channels


def adjust_brightness(img: Picture, brightness_factor: float) -> Picture:
    """The picture times a factor: 0 is black, 1 the picture itself.

    Raises:
        ValueError: a negative factor.

    >>> adjust_brightness(np.array([[100, 200]], np.uint8), 1.5)
    array([[150, 255]], dtype=uint8)

    Source: torchvision, `adjust_brightness`.
    """
    _check(brightness_factor, "brightness_factor")
    if is_pillow(img):
        return _enhanced(img, "Brightness", brightness_factor)
    return on_tensor(img, lambda one: _blend(one, 0.0, brightness_factor))


def adjust_contrast(img: Picture, contrast_factor: float) -> Picture:
    """The picture's distance from its mean grey times a factor: 0 is grey all over.

    Raises:
        ValueError: a negative factor.
        TypeError: neither 1 nor 3 channels.

    Source: torchvision, `adjust_contrast`.
    """
    _check(contrast_factor, "contrast_factor")
    if is_pillow(img):
        return _enhanced(img, "Contrast", contrast_factor)

    def change(one: Tensor) -> Tensor:
        grey = rgb_to_grayscale(one) if _channels(one) == 3 else one
        kind = one.dtype if one.is_floating_point() else dtypes.float32
        return _blend(one, grey.to(kind).mean((-3, -2, -1), keepdim=True), contrast_factor)

    return on_tensor(img, change)


def adjust_saturation(img: Picture, saturation_factor: float) -> Picture:
    """The picture's distance from its own grey times a factor: 0 is black and white.

    Raises:
        ValueError: a negative factor.
        TypeError: neither 1 nor 3 channels.

    Source: torchvision, `adjust_saturation`.
    """
    _check(saturation_factor, "saturation_factor")
    if is_pillow(img):
        return _enhanced(img, "Color", saturation_factor)
    return on_tensor(
        img,
        lambda one: one if _channels(one) == 1 else _blend(one, rgb_to_grayscale(one), saturation_factor),
    )


def adjust_hue(img: Picture, hue_factor: float) -> Picture:
    """The picture with its colours turned on the colour circle.

    Args:
        img: the picture; one of 1 channel stays as it is.
        hue_factor: from -0.5 to 0.5, both of which are half a turn.

    Raises:
        ValueError: another factor.
        TypeError: neither 1 nor 3 channels.

    >>> adjust_hue(np.array([[[255, 0, 0]]], np.uint8), 1 / 3)
    array([[[  0, 255,   0]]], dtype=uint8)

    Source: torchvision, `adjust_hue`.
    """
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor must be from -0.5 to 0.5, got {hue_factor}")
    if is_pillow(img):
        if img.mode in ("L", "1", "I", "F"):
            return img
        hue, saturation, value = img.convert("HSV").split()
        # A turn of the circle is 256 steps, and bytes wrap around as the circle does.
        turned = np.asarray(hue) + np.array(hue_factor * 255).astype(np.int32).astype(np.uint8)
        image = require("PIL.Image", extra="images", purpose="changing colours")
        return image.merge("HSV", (image.fromarray(turned), saturation, value)).convert(img.mode)

    def change(one: Tensor) -> Tensor:
        if _channels(one) == 1:
            return one
        kind = one.dtype
        floats = one if one.is_floating_point() else convert_image_dtype(one)
        hue, saturation, value = _to_hsv(floats)
        return convert_image_dtype(_from_hsv((hue + hue_factor) % 1.0, saturation, value), kind)

    return on_tensor(img, change)


def _to_hsv(img: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue, saturation and value (..., H, W), each from 0 to 1."""
    red, green, blue = img.unbind(-3)
    largest, smallest = img.amax(-3), img.amin(-3)
    grey = largest == smallest
    span = largest - smallest
    saturation = span / where(grey, 1.0, largest)
    divisor = where(grey, 1.0, span)
    from_red, from_green, from_blue = ((largest - one) / divisor for one in (red, green, blue))
    hue = where(
        largest == red,
        from_blue - from_green,
        where(largest == green, 2.0 + from_red - from_blue, 4.0 + from_green - from_red),
    )
    return (hue / 6.0 + 1.0).fmod(1.0), saturation, largest


def _from_hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    sector = (hue * 6.0).floor()
    rest = hue * 6.0 - sector
    low = (value * (1.0 - saturation)).clamp(0.0, 1.0)
    falling = (value * (1.0 - saturation * rest)).clamp(0.0, 1.0)
    rising = (value * (1.0 - saturation * (1.0 - rest))).clamp(0.0, 1.0)
    # In each sixth of the circle one colour is full, one absent, one rises or falls.
    sixths = [
        (value, rising, low),
        (falling, value, low),
        (low, value, rising),
        (low, falling, value),
        (rising, low, value),
        (value, low, falling),
    ]
    sector = sector.to(dtypes.int64) % 6
    colours = []
    for channel in range(3):
        chosen = sixths[5][channel]
        for number in range(5):
            chosen = where(sector == number, sixths[number][channel], chosen)
        colours.append(chosen)
    return stack(colours, -3)


def adjust_gamma(img: Picture, gamma: float, gain: float = 1) -> Picture:
    """gain · picture^gamma, of values from 0 to 1: more than 1 darkens the shadows.

    Raises:
        ValueError: a negative gamma.

    Source: torchvision, `adjust_gamma`.
    """
    _check(gamma, "gamma")

    def change(one: Tensor) -> Tensor:
        floats = one if one.is_floating_point() else convert_image_dtype(one)
        return convert_image_dtype((gain * floats**gamma).clamp(0, 1), one.dtype)

    if is_pillow(img):
        table = [int((255 + 1 - 1e-3) * gain * pow(value / 255.0, gamma)) for value in range(256)]
        colours = img.convert("RGB") if img.mode not in ("L", "RGB") else img
        return colours.point(table * len(colours.getbands())).convert(img.mode)
    return on_tensor(img, change)


def invert(img: Picture) -> Picture:
    """The negative.

    >>> invert(np.array([[0, 55]], np.uint8))
    array([[255, 200]], dtype=uint8)

    Source: torchvision, `invert`.
    """
    return on_tensor(img, lambda one: (_largest(one) - one).to(one.dtype))


def solarize(img: Picture, threshold: float) -> Picture:
    """The negative of what is at least as bright as `threshold`.

    Raises:
        TypeError: a threshold beyond the brightest value.

    Source: torchvision, `solarize`.
    """

    def change(one: Tensor) -> Tensor:
        if threshold > _largest(one):
            raise TypeError(f"threshold must be at most {_largest(one)} for {one.dtype}, got {threshold}")
        return where(one >= threshold, (_largest(one) - one).to(one.dtype), one)

    return on_tensor(img, change)


def gaussian_blur(
    img: Picture, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None
) -> Picture:
    """The picture with every pixel spread by a Gaussian bell, mirrored at the edge.

    Args:
        img: the picture.
        kernel_size: odd, (width, height) or one number for both.
        sigma: of the bell, (across, down) or one number; by default 0.3 ((kernel_size - 1) / 2 - 1) + 0.8.

    Raises:
        ValueError: sizes that are not odd and positive, a sigma that is not positive, or a picture that
            is too small to be mirrored so far.

    Source: torchvision, `gaussian_blur`.
    """
    sizes = blur_sizes(kernel_size)
    if sigma is None:
        spreads: Sequence[float] = [0.15 * size + 0.35 for size in sizes]
    else:
        spreads = [sigma] * 2 if isinstance(sigma, (int, float)) else list(sigma) * (2 // len(sigma))
    if len(spreads) != 2 or not min(spreads) > 0:
        raise ValueError(f"sigma must be one or two positive numbers, got {sigma!r}")
    reach = [size // 2 for size in sizes]

    def change(one: Tensor) -> Tensor:
        _, rows, columns = get_dimensions(one)
        if reach[0] >= columns or reach[1] >= rows:
            raise ValueError(
                f"kernel_size {sizes} reaches {reach} pixels over the edge of a picture of width {columns} "
                f"and height {rows}; less than its own size can be mirrored"
            )
        kind = one.dtype if one.is_floating_point() else dtypes.float32
        flat = one.to(kind).reshape(-1, 1, rows, columns)
        flat = pad_tensor(flat, (reach[0], reach[0], reach[1], reach[1]), mode="reflect")
        across, down = (wrap(_bell(n, s).astype(kind.numpy)) for n, s in zip(sizes, spreads))
        flat = conv2d(conv2d(flat, across.reshape(1, 1, 1, -1)), down.reshape(1, 1, -1, 1))
        flat = flat if one.is_floating_point() else flat.round()
        return flat.to(one.dtype).reshape(one.shape)

    return on_tensor(img, change)


def blur_sizes(kernel_size: int | Sequence[int]) -> list[int]:
    """(width, height) of a bell, checked."""
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(sizes) != 2 or any(size < 1 or size % 2 == 0 for size in sizes):
        raise ValueError(f"kernel_size must be one or two odd positive numbers, got {kernel_size!r}")
    return sizes


def _bell(size: int, sigma: float) -> np.ndarray:
    places = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
    heights = np.exp(-0.5 * np.square(places / np.float32(sigma)))
    return heights / heights.sum()


def gaussian_noise(img: Picture, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Picture:
    """The picture plus Gaussian noise, drawn anew for every value.

    Args:
        img: of floats, or bytes, for which `mean` and `sigma` count in 255ths.
        mean, sigma: of the noise.
        clip: hold the values within [0, 1].

    Raises:
        ValueError: a negative sigma, or values of another dtype.

    Source: torchvision, `transforms.v2.functional.gaussian_noise`.
    """
    _check(sigma, "sigma")

    def change(one: Tensor) -> Tensor:
        if not one.is_floating_point() and one.dtype != dtypes.uint8:
            raise ValueError(f"noise needs a picture of floats or bytes, got {one.dtype}")
        if one.is_floating_point():
            noisy = one + (mean + wrap(np.empty_like(one.numpy())).normal_() * sigma)
            return noisy.clamp(0, 1) if clip else noisy
        noise = wrap(np.empty(one.shape, np.float32)).normal_() * (sigma * 255) + mean * 255
        # Towards zero before they are added, as torchvision does: bytes stay whole numbers.
        noisy = one.to(dtypes.int16) + noise.to(dtypes.int16)
        return (noisy.clamp(0, 255) if clip else noisy).to(dtypes.uint8)

    return on_tensor(img, change)


def erase(img: Picture, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Picture:
    """The picture with the rectangle of height h and width w at row i and column j covered by v.

    Args:
        img: the picture.
        i, j, h, w: top, left, height, width.
        v: a number, or a tensor that spreads to (C, h, w).
        inplace: change the picture itself (a tensor).

    Source: torchvision, `erase`.
    """

    def change(one: Tensor) -> Tensor:
        out = one if inplace else one.clone()
        out[..., i : i + h, j : j + w] = v
        return out

    return on_tensor(img, change)
