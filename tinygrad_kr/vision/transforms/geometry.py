"""Functions that move pixels: crops, borders, mirrors, other sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ...ops.interpolation import interpolate
from ...ops.padding import pad as pad_tensor
from ...tensor import Tensor
from .pictures import InterpolationMode, Picture, get_dimensions, is_pillow, pair, pillow

__all__ = ["center_crop", "crop", "five_crop", "hflip", "pad", "resize", "resized_crop", "ten_crop", "vflip"]

PADDINGS = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "symmetric": "symmetric"}
ANTIALIASED = (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)


def crop(img: Picture, top: int, left: int, height: int, width: int) -> Picture:
    """The part of a picture that begins at (top, left); where it reaches over the edge it is 0.

    >>> crop(np.arange(9).reshape(3, 3), 1, 1, 2, 2)
    array([[4, 5],
           [7, 8]])

    Source: torchvision, `crop`.
    """
    if is_pillow(img):
        return img.crop((left, top, left + width, top + height))
    _, rows, columns = get_dimensions(img)
    over = [max(-left, 0), max(-top, 0), max(left + width - columns, 0), max(top + height - rows, 0)]
    if any(over):
        img, left, top = pad(img, over), left + over[0], top + over[1]
    place = (slice(top, top + height), slice(left, left + width))
    return img[(..., *place)] if isinstance(img, Tensor) else img[place]


def pad(
    img: Picture,
    padding: int | Sequence[int],
    fill: float | Sequence[float] = 0,
    padding_mode: str = "constant",
) -> Picture:
    """A picture with a border.

    Args:
        img: the picture.
        padding: its width on all sides, or (left/right, top/bottom), or (left, top, right, bottom).
        fill: value of a constant border.
        padding_mode: "constant", "edge" (the last pixels), "reflect" (mirrored, without the last pixels) or
            "symmetric" (mirrored, with them).

    Raises:
        ValueError: another number of widths, or another mode.

    >>> pad(np.ones((1, 2), int), (1, 0), fill=7)
    array([[7, 1, 1, 7]])

    Source: torchvision, `pad`.
    """
    left, top, right, bottom = _sides(padding)
    if padding_mode not in PADDINGS:
        raise ValueError(f"padding_mode must be one of {sorted(PADDINGS)}, got {padding_mode!r}")
    if isinstance(img, Tensor):
        return _pad_tensor(img, (left, right, top, bottom), fill, padding_mode)
    array = np.asarray(img)
    widths = [(top, bottom), (left, right), *[(0, 0)] * (array.ndim - 2)]
    if padding_mode != "constant":
        padded = np.pad(array, widths, mode=padding_mode)  # type: ignore[call-overload]
    else:
        padded = np.empty([sum(ends) + size for ends, size in zip(widths, array.shape)], array.dtype)
        padded[...] = fill
        padded[top : top + array.shape[0], left : left + array.shape[1]] = array
    return _like(img, padded)


def _pad_tensor(img: Tensor, widths: tuple[int, int, int, int], fill: Any, padding_mode: str) -> Tensor:
    if padding_mode == "constant":
        return pad_tensor(img, widths, "constant", fill)
    if padding_mode == "symmetric":
        left, right, top, bottom = widths
        rows, columns = (
            np.pad(np.arange(size), ends, mode="symmetric")
            for size, ends in zip(img.shape[-2:], ((top, bottom), (left, right)))
        )
        return img[..., rows, :][..., columns]
    flat = img.reshape(-1, 1, *img.shape[-2:])  # the modes of pad take 4 dimensions
    kept = flat if flat.is_floating_point() else flat.to(dtypes.float64)
    padded = pad_tensor(kept, widths, PADDINGS[padding_mode]).to(img.dtype)
    return padded.reshape(*img.shape[:-2], *padded.shape[-2:])


def _sides(padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom)."""
    widths = (padding,) if isinstance(padding, int) else tuple(padding)
    if len(widths) not in (1, 2, 4):
        raise ValueError(f"padding must be 1, 2 or 4 widths, got {padding!r}")
    left, top, right, bottom = widths * (4 // len(widths))
    return left, top, right, bottom


def _like(img: Picture, array: np.ndarray) -> Picture:
    """An array of the values of a Pillow image or array, as what `img` is."""
    if not is_pillow(img):
        return array
    made = pillow("transforms").fromarray(array)
    if img.mode == "P":
        made.putpalette(img.getpalette())
    return made


def hflip(img: Picture) -> Picture:
    """The picture with left and right exchanged.

    >>> hflip(np.array([[1, 2, 3]]))
    array([[3, 2, 1]])

    Source: torchvision, `hflip`.
    """
    if isinstance(img, Tensor):
        return img.flip(-1)
    if is_pillow(img):
        return img.transpose(pillow("hflip").Transpose.FLIP_LEFT_RIGHT)
    get_dimensions(img)
    return np.ascontiguousarray(img[:, ::-1])


def vflip(img: Picture) -> Picture:
    """The picture with top and bottom exchanged.

    Source: torchvision, `vflip`.
    """
    if isinstance(img, Tensor):
        return img.flip(-2)
    if is_pillow(img):
        return img.transpose(pillow("vflip").Transpose.FLIP_TOP_BOTTOM)
    get_dimensions(img)
    return np.ascontiguousarray(img[::-1])


def center_crop(img: Picture, output_size: int | Sequence[int]) -> Picture:
    """The middle of a picture; a picture that is too small gets a border of zeros first.

    Args:
        img: the picture.
        output_size: (height, width), or an int for a square.

    >>> center_crop(np.arange(16).reshape(4, 4), 2)
    array([[ 5,  6],
           [ 9, 10]])

    Source: torchvision, `center_crop`.
    """
    height, width = pair(output_size, "output_size")
    _, rows, columns = get_dimensions(img)
    down, across = max(height - rows, 0), max(width - columns, 0)
    if down or across:
        img = pad(img, [across // 2, down // 2, (across + 1) // 2, (down + 1) // 2])
        _, rows, columns = get_dimensions(img)
    return crop(img, round((rows - height) / 2), round((columns - width) / 2), height, width)


def resize(
    img: Picture,
    size: int | Sequence[int],
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Picture:
    """The picture in another size.

    Tensors go through `nn.functional.interpolate`; Pillow images and arrays through Pillow (extra `images`).

    Args:
        img: the picture.
        size: (height, width), or one number for the shorter edge.
        interpolation: how values between pixels are found.
        max_size: a bound for the longer edge, where `size` is one number.
        antialias: when a tensor shrinks, let each pixel have weight in all those it covers.

    Raises:
        ValueError: `max_size` is no larger than the size of the shorter edge.

    Source: torchvision, `resize`.
    """
    _, rows, columns = get_dimensions(img)
    height, width = _new_size((rows, columns), size, max_size)
    if (height, width) == (rows, columns):
        return img
    if not isinstance(img, Tensor):
        image = pillow("resizing a picture that is no tensor")
        mode = interpolation.name.removesuffix("_EXACT")
        source = img if is_pillow(img) else image.fromarray(img)
        resized = source.resize((width, height), image.Resampling[mode])
        return resized if is_pillow(img) else np.array(resized)
    flat = img.reshape(-1, 1, rows, columns)
    flat = flat if flat.dtype in (dtypes.float32, dtypes.float64) else flat.to(dtypes.float32)
    smooth = interpolation in ANTIALIASED
    out = interpolate(
        flat,
        size=(height, width),
        mode=interpolation.value,
        align_corners=False if smooth else None,
        antialias=bool(antialias) and smooth,
    )
    if img.dtype == dtypes.uint8 and interpolation is InterpolationMode.BICUBIC:
        out = out.clamp(0, 255)
    out = out if img.is_floating_point() else out.round()
    return out.to(img.dtype).reshape(*img.shape[:-2], height, width)


def _new_size(old: tuple[int, int], size: int | Sequence[int], max_size: int | None) -> tuple[int, int]:
    numbers = (size,) if isinstance(size, int) else tuple(size)
    if len(numbers) == 2:
        if max_size is not None:
            raise ValueError(f"max_size bounds the longer edge where size is one number, got size={size!r}")
        return numbers[0], numbers[1]
    if len(numbers) != 1:
        raise ValueError(f"size must be an int, (int,) or (height, width), got {size!r}")
    short, long = min(old), max(old)
    new_short, new_long = numbers[0], int(numbers[0] * long / short)
    if max_size is not None:
        if max_size <= new_short:
            raise ValueError(f"max_size={max_size} must be larger than the shorter edge, size={size!r}")
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_long, new_short) if old[1] <= old[0] else (new_short, new_long)


def resized_crop(
    img: Picture,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Picture:
    """`resize(crop(img, top, left, height, width), size)`.

    Source: torchvision, `resized_crop`.
    """
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def five_crop(img: Picture, size: int | Sequence[int]) -> tuple[Picture, ...]:
    """The four corners (top left, top right, bottom left, bottom right) and the middle.

    Raises:
        ValueError: the picture is smaller than `size`.

    Source: torchvision, `five_crop`.
    """
    height, width = pair(size)
    _, rows, columns = get_dimensions(img)
    if height > rows or width > columns:
        raise ValueError(f"a crop of {(height, width)} does not fit into a picture of {(rows, columns)}")
    down, right = rows - height, columns - width
    corners = [crop(img, top, left, height, width) for top in (0, down) for left in (0, right)]
    return (*corners, center_crop(img, (height, width)))


def ten_crop(img: Picture, size: int | Sequence[int], vertical_flip: bool = False) -> tuple[Picture, ...]:
    """`five_crop` of the picture and of its mirror image.

    Source: torchvision, `ten_crop`.
    """
    flip: Callable[[Picture], Picture] = vflip if vertical_flip else hflip
    return five_crop(img, size) + five_crop(flip(img), size)
