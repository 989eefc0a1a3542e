"""Transforms without chance: each holds the arguments of a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import dtypes
from ...nn.module import Module
from ...tensor import Tensor
from . import conversion, geometry
from .pictures import InterpolationMode, Picture, pair


class ToTensor:
    """`functional.to_tensor` as a transform."""

    def __call__(self, pic: Picture) -> Tensor:
        return conversion.to_tensor(pic)

    def __repr__(self) -> str:
        return "ToTensor()"


class PILToTensor:
    """`functional.pil_to_tensor` as a transform."""

    def __call__(self, pic: Picture) -> Tensor:
        return conversion.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return "PILToTensor()"


class ToPILImage:
    """`functional.to_pil_image` as a transform."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return conversion.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return "ToPILImage()" if self.mode is None else f"ToPILImage(mode={self.mode})"


class ConvertImageDtype(Module):
    """`functional.convert_image_dtype` as a transform."""

    def __init__(self, dtype: dtypes.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        """The picture in the other dtype."""
        return conversion.convert_image_dtype(image, self.dtype)


class Normalize(Module):
    """`functional.normalize` as a transform.

    >>> Normalize((0.5,), (0.25,))
    Normalize(mean=(0.5,), std=(0.25,))
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        """The normalized picture."""
        return conversion.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean}, std={self.std})"


class Resize(Module):
    """`functional.resize` as a transform."""

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = size
        self.interpolation = interpolation
        self.max_size = max_size
        self.antialias = antialias

    def forward(self, img: Picture) -> Picture:
        """The picture in the other size."""
        return geometry.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        inside = f"size={self.size}, interpolation={self.interpolation.value}, max_size={self.max_size}"
        return f"Resize({inside}, antialias={self.antialias})"


class CenterCrop(Module):
    """`functional.center_crop` as a transform."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair(size)

    def forward(self, img: Picture) -> Picture:
        """The middle of the picture."""
        return geometry.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"CenterCrop(size={self.size})"


class FiveCrop(Module):
    """`functional.five_crop` as a transform: one picture becomes a tuple of five."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair(size)

    def forward(self, img: Picture) -> tuple[Picture, ...]:
        """The five parts."""
        return geometry.five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"FiveCrop(size={self.size})"


class TenCrop(Module):
    """`functional.ten_crop` as a transform: one picture becomes a tuple of ten."""

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = pair(size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Picture) -> tuple[Picture, ...]:
        """The ten parts."""
        return geometry.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"TenCrop(size={self.size}, vertical_flip={self.vertical_flip})"


class Pad(Module):
    """`functional.pad` as a transform."""

    def __init__(
        self,
        padding: int | Sequence[int],
        fill: float | Sequence[float] = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Picture) -> Picture:
        """The picture with its border."""
        return geometry.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return f"Pad(padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode})"


class Grayscale(Module):
    """`functional.rgb_to_grayscale` as a transform."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Picture) -> Picture:
        """The picture in grey."""
        return conversion.rgb_to_grayscale(img, self.num_output_channels)

    def __repr__(self) -> str:
        return f"Grayscale(num_output_channels={self.num_output_channels})"
