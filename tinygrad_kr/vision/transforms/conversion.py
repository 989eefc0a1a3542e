"""Functions that turn pictures into tensors and back, and that change their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ...tensor import Tensor, wrap
from .pictures import Picture, get_dimensions, is_pillow, pillow

__all__ = [
    "convert_image_dtype",
    "normalize",
    "pil_to_tensor",
    "rgb_to_grayscale",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
]

PILLOW_TYPES = {"I": np.int32, "I;16": np.int16, "F": np.float32}  # the others are bytes


def to_tensor(pic: Picture) -> Tensor:
    """A picture as a tensor (C, H, W); bytes become floats in [0, 1], other values stay what they are.

    Args:
        pic: a Pillow image, or an array (H, W) or (H, W, C).

    Raises:
        TypeError: it is neither (a tensor needs no conversion).
        ValueError: an array of another number of dimensions.

    >>> to_tensor(np.array([[0, 51], [102, 255]], np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])

    Source: torchvision, `to_tensor`.
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(
                f"pic must have 2 or 3 dimensions, (H, W) or (H, W, C), got {pic.ndim}: {pic.shape}"
            )
        array = pic
    elif is_pillow(pic):
        array = _pillow_array(pic)
    else:
        raise TypeError(f"pic must be a Pillow image or an array, got {type(pic).__name__}")
    tensor = _channels_first(array)
    if array.dtype != np.uint8:
        return tensor
    return tensor.to(dtypes.get_default_dtype()).div(255)


def pil_to_tensor(pic: Picture) -> Tensor:
    """A Pillow image as a tensor (C, H, W) of its own values, bytes as a rule.

    Raises:
        TypeError: it is no Pillow image.

    Source: torchvision, `pil_to_tensor`.
    """
    if not is_pillow(pic):
        raise TypeError(f"pic must be a Pillow image, got {type(pic).__name__}; to_tensor takes arrays too")
    return _channels_first(np.array(pic))


def _pillow_array(image: Any) -> np.ndarray:
    values = np.array(image, PILLOW_TYPES.get(image.mode, np.uint8))
    return values * np.uint8(255) if image.mode == "1" else values


def _channels_first(array: np.ndarray) -> Tensor:
    """(H, W) or (H, W, C) -> (C, H, W), in fresh memory."""
    array = array[:, :, None] if array.ndim == 2 else array
    return wrap(np.array(array.transpose(2, 0, 1), order="C"))


def to_pil_image(pic: Tensor | np.ndarray, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or (H, W), or an array (H, W) or (H, W, C), as a Pillow image.

    Floats are taken as values in [0, 1] and become bytes, unless `mode` is "F".

    Args:
        pic: the picture, of 1 to 4 channels.
        mode: Pillow's name of the colour space, where the number of channels leaves a choice.

    Raises:
        TypeError: neither tensor nor array, or values that no mode holds.
        ValueError: wrong dimensions, more than 4 channels, or a `mode` that does not fit.

    Source: torchvision, `to_pil_image`.
    """
    image = pillow("to_pil_image")
    if isinstance(pic, Tensor):
        array = pic.detach().numpy()
        array = array.transpose(1, 2, 0) if array.ndim == 3 else array
    elif isinstance(pic, np.ndarray):
        array = pic
    else:
        raise TypeError(f"pic must be a tensor or an array, got {type(pic).__name__}")
    if array.ndim not in (2, 3):
        raise ValueError(f"pic must have 2 or 3 dimensions, got {array.ndim}: {tuple(pic.shape)}")
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels > 4:
        raise ValueError(f"pic must have at most 4 channels, got {channels}; is it (C, H, W) as a tensor?")
    if np.issubdtype(array.dtype, np.floating) and mode != "F":
        array = (array * 255).astype(np.uint8)
    array = array[:, :, 0] if array.ndim == 3 and channels == 1 else array
    modes = _modes(channels, array.dtype)
    if mode is not None and mode not in modes:
        raise ValueError(f"mode {mode!r} does not fit {channels} channels of {array.dtype}; {modes} would")
    if not modes:
        raise TypeError(f"no Pillow mode holds {channels} channels of {array.dtype}")
    array = np.ascontiguousarray(array)
    mode = mode or modes[0]
    return image.frombytes(mode, (array.shape[1], array.shape[0]), array.tobytes())


def _modes(channels: int, dtype: np.dtype) -> tuple[str, ...]:
    if channels == 1:
        one = {np.uint8: "L", np.int16: "I;16", np.int32: "I", np.float32: "F"}.get(dtype.type)
        return () if one is None else (one,)
    if dtype != np.uint8:
        return ()
    return {2: ("LA",), 3: ("RGB", "YCbCr", "HSV"), 4: ("RGBA", "CMYK", "RGBX")}[channels]


def convert_image_dtype(image: Tensor, dtype: dtypes.dtype = dtypes.float32) -> Tensor:
    """The picture in another dtype, its values scaled from one range to the other.

    Floats range over [0, 1], integers from 0 to the largest of their type.

    Args:
        image: a tensor picture.
        dtype: of the result.

    Raises:
        RuntimeError: floats to integers that they cannot count exactly.

    >>> convert_image_dtype(wrap(np.array([0, 255], np.uint8)))
    tensor([0., 1.])

    Source: torchvision, `convert_image_dtype`.
    """
    if image.dtype == dtype:
        return image
    if image.dtype.is_floating_point:
        if dtype.is_floating_point:
            return image.to(dtype)
        wide = (dtypes.int64,) if image.dtype == dtypes.float64 else (dtypes.int32, dtypes.int64)
        if dtype in wide:
            raise RuntimeError(
                f"{image.dtype} cannot count all values of {dtype}: convert to a smaller integer"
            )
        return image.mul(_largest(dtype) + 1 - 1e-3).to(dtype)  # 1 maps to the largest, equal shares to all
    if dtype.is_floating_point:
        return image.to(dtype) / _largest(image.dtype)
    factor = (_largest(image.dtype) + 1) // (_largest(dtype) + 1)
    if factor > 1:
        return (image // factor).to(dtype)
    return image.to(dtype) * ((_largest(dtype) + 1) // (_largest(image.dtype) + 1))


def _largest(dtype: dtypes.dtype) -> int:
    return 1 if dtype == dtypes.bool else dtypes.iinfo(dtype).max


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """`(tensor - mean) / std`, channel by channel.

    Args:
        tensor: (..., C, H, W), floating point.
        mean, std: a number per channel.
        inplace: change `tensor` itself.

    Raises:
        TypeError: no tensor, or not of floats: `to_tensor` comes first.
        ValueError: fewer than 3 dimensions, or a `std` of 0.

    >>> normalize(wrap(np.full((1, 1, 2), 0.75)), mean=[0.5], std=[0.5])
    tensor([[[0.5000, 0.5000]]], dtype=torch.float64)

    Source: torchvision, `normalize`.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"normalize takes a tensor, got {type(tensor).__name__}: put ToTensor() before it")
    if not tensor.is_floating_point():
        raise TypeError(
            f"normalize takes a tensor of floats, got {tensor.dtype}: convert_image_dtype makes one"
        )
    if tensor.ndim < 3:
        raise ValueError(f"normalize takes (..., C, H, W), got shape {tuple(tensor.shape)}")
    kind = tensor.dtype.numpy
    offset, scale = (np.asarray(value, kind).reshape(-1, 1, 1) for value in (mean, std))
    if not scale.all():
        raise ValueError(f"std must not be 0, got {std} (as {tensor.dtype})")
    tensor = tensor if inplace else tensor.clone()
    return tensor.sub_(wrap(offset)).div_(wrap(scale))


def rgb_to_grayscale(img: Picture, num_output_channels: int = 1) -> Picture:
    """The brightness `0.2989 r + 0.587 g + 0.114 b` of a colour picture, in 1 channel or in 3 equal ones.

    Args:
        img: a picture of 3 channels (1 is grey already).
        num_output_channels: 1 or 3.

    Raises:
        ValueError: another number of channels asked for.
        TypeError: a picture of another number of channels.

    Source: torchvision, `rgb_to_grayscale`.
    """
    if num_output_channels not in (1, 3):
        raise ValueError(f"num_output_channels must be 1 or 3, got {num_output_channels}")
    if is_pillow(img):
        grey = img.convert("L")
        return grey if num_output_channels == 1 else pillow("grey images").merge("RGB", [grey] * 3)
    if isinstance(img, np.ndarray):
        grey = rgb_to_grayscale(_channels_first(img), num_output_channels).numpy()
        return np.ascontiguousarray(grey.transpose(1, 2, 0))
    channels = get_dimensions(img)[0]
    if channels not in (1, 3) or img.ndim < 3:
        raise TypeError(f"expected a picture (..., C, H, W) of 1 or 3 channels, got shape {tuple(img.shape)}")
    if channels == 3:
        red, green, blue = img.unbind(-3)
        grey = (0.2989 * red + 0.587 * green + 0.114 * blue).to(img.dtype).unsqueeze(-3)
    else:
        grey = img.clone()
    return grey if num_output_channels == 1 else grey.expand(*img.shape[:-3], 3, *img.shape[-2:])


to_grayscale = rgb_to_grayscale
