"""Layers that move pixels: enlarging images, channels into space and back, windows into columns and back."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from . import functional as F
from ._arguments import IntOrTuple
from .module import Module

__all__ = [
    "ChannelShuffle",
    "Fold",
    "PixelShuffle",
    "PixelUnshuffle",
    "Unfold",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]


class Upsample(Module):
    r"""A signal, image or volume enlarged (or reduced) by interpolation.

    Args:
        size: the sizes of the result; either this or `scale_factor` is given.
        scale_factor: by how much each size grows; one number for all.
        mode: "nearest", "linear" (3D input), "bilinear" and "bicubic" (4D), "trilinear" (5D).
        align_corners: whether the centres of the corner elements stay where they are, rather than their outer
            edges.
        recompute_scale_factor: interpolate with the ratio of the sizes rather than with `scale_factor`.

    Shapes: (N, C, *sizes) -> (N, C, *new sizes).

    >>> torch.nn.Upsample(scale_factor=2)(torch.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.]]]])

    Source: PyTorch, `torch.nn.Upsample`.
    """

    def __init__(
        self,
        size: IntOrTuple | None = None,
        scale_factor: float | tuple[float, ...] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        self.scale_factor: float | tuple[float, ...] | None
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple(map(float, scale_factor))
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        """The enlarged input."""
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """An image enlarged by repeating its pixels: `Upsample` with mode "nearest".

    >>> torch.nn.UpsamplingNearest2d(scale_factor=2)(torch.zeros(1, 1, 2, 3)).shape
    torch.Size([1, 1, 4, 6])

    Source: PyTorch, `torch.nn.UpsamplingNearest2d`.
    """

    def __init__(self, size: IntOrTuple | None = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """An image enlarged by bilinear interpolation: `Upsample` with mode "bilinear" and `align_corners=True`.

    >>> torch.nn.UpsamplingBilinear2d(size=(1, 3))(torch.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[1.0000, 1.5000, 2.0000]]]])

    Source: PyTorch, `torch.nn.UpsamplingBilinear2d`.
    """

    def __init__(self, size: IntOrTuple | None = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """Channels into space: r² channels become an image r times as high and wide.

    Args:
        upscale_factor: r.

    Shapes: (*, C·r², H, W) -> (*, C, H·r, W·r).

    >>> torch.nn.PixelShuffle(2)(torch.tensor([[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]))
    tensor([[[[1., 2.],
              [3., 4.]]]])

    Source: Shi et al. 2016, "Real-time single image and video super-resolution"; PyTorch,
    `torch.nn.PixelShuffle`.
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """The shuffled input."""
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Space into channels: the inverse of `PixelShuffle`.

    Args:
        downscale_factor: r.

    Shapes: (*, C, H·r, W·r) -> (*, C·r², H, W).

    >>> torch.nn.PixelUnshuffle(2)(torch.zeros(1, 1, 4, 6)).shape
    torch.Size([1, 4, 2, 3])

    Source: PyTorch, `torch.nn.PixelUnshuffle`.
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """The shuffled input."""
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Channels dealt out like cards: of the groups, first every first channel, then every second ...

    Args:
        groups: into how many groups the channels are divided.

    Shapes: (N, C, *) -> the same.

    >>> torch.nn.ChannelShuffle(2)(torch.arange(4.0).view(1, 4, 1)).flatten()
    tensor([0., 2., 1., 3.])

    Source: Zhang et al. 2017, "ShuffleNet"; PyTorch, `torch.nn.ChannelShuffle`.
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """The shuffled input."""
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class Unfold(Module):
    """The windows of an image as columns: what a convolution multiplies its weight with.

    Args:
        kernel_size: height and width of the window; one number for both.
        dilation: distance of the elements of a window.
        padding: zeros added on both sides.
        stride: distance of neighbouring windows.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C·Π kernel_size, windows) or without N.

    >>> torch.nn.Unfold(kernel_size=(2, 3))(torch.zeros(2, 5, 3, 4)).shape
    torch.Size([2, 30, 4])

    Source: PyTorch, `torch.nn.Unfold`.
    """

    def __init__(
        self,
        kernel_size: IntOrTuple,
        dilation: IntOrTuple = 1,
        padding: IntOrTuple = 0,
        stride: IntOrTuple = 1,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """The columns."""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Module):
    """Columns back into an image, elements that meet being added: the transpose of `Unfold`.

    Args:
        output_size: height and width of the image.
        kernel_size, dilation, padding, stride: as for `Unfold`.

    Shapes: (N, C·Π kernel_size, windows) or without N -> (N, C, *output_size) or (C, *output_size).

    >>> torch.nn.Fold(output_size=(4, 5), kernel_size=(2, 2))(torch.zeros(1, 3 * 2 * 2, 12)).shape
    torch.Size([1, 3, 4, 5])

    Source: PyTorch, `torch.nn.Fold`.
    """

    def __init__(
        self,
        output_size: IntOrTuple,
        kernel_size: IntOrTuple,
        dilation: IntOrTuple = 1,
        padding: IntOrTuple = 0,
        stride: IntOrTuple = 1,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """The image."""
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
