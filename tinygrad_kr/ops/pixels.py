"""Pixels moved between channels and space, and channels moved between groups.

All are permutations, so each is undone by another, which is its derivative. Results keep the order of memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, rule
from ..tensor import Tensor
from ._public import public, require_tensor

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]

FUNCTIONAL = __all__


# -- the derivatives -----------------------------------------------------------------------------------------


def pixel_shuffle_(x: Any, *, factor: int) -> Any:
    """(*, C·r², H, W) -> (*, C, H·r, W·r)."""
    *lead, channels, height, width = x.shape
    out = np.empty_like(x, shape=(*lead, channels // factor**2, height * factor, width * factor))
    parts = split_channels(x, factor)
    for i in range(factor):
        for j in range(factor):
            out[..., i::factor, j::factor] = parts[..., i, j, :, :]
    return out


def pixel_unshuffle_(x: Any, *, factor: int) -> Any:
    """(*, C, H·r, W·r) -> (*, C·r², H, W)."""
    *lead, channels, height, width = x.shape
    out = np.empty_like(x, shape=(*lead, channels * factor**2, height // factor, width // factor))
    parts = split_channels(out, factor)
    for i in range(factor):
        for j in range(factor):
            parts[..., i, j, :, :] = x[..., i::factor, j::factor]
    return out


def split_channels(x: Any, factor: int) -> Any:
    """A view of (*, C·r², H, W) as (*, C, r, r, H, W)."""
    *lead, channels, height, width = x.shape
    step = x.strides
    strides = (*step[:-3], step[-3] * factor**2, step[-3] * factor, step[-3], *step[-2:])
    shape = (*lead, channels // factor**2, factor, factor, height, width)
    return np.lib.stride_tricks.as_strided(x, shape, strides)


def channel_shuffle_(x: Any, *, groups: int) -> Any:
    """Channels numbered (group, place) renumbered (place, group)."""
    channels = x.shape[1]
    order = np.arange(channels).reshape(groups, channels // max(1, groups)).T.reshape(-1)
    out = np.empty_like(x)
    out[...] = x[:, order]
    return out


pixel_shuffle_rule: Primitive = rule(
    pixel_shuffle_, name="pixel_shuffle", x=lambda g, factor: pixel_unshuffle_rule(g, factor=factor)
)
pixel_unshuffle_rule: Primitive = rule(
    pixel_unshuffle_, name="pixel_unshuffle", x=lambda g, factor: pixel_shuffle_rule(g, factor=factor)
)
channel_shuffle_rule: Primitive = rule(
    channel_shuffle_,
    name="channel_shuffle",
    x=lambda g, x_shape, groups: channel_shuffle_rule(g, groups=x_shape[1] // groups),
)


# -- the functions -------------------------------------------------------------------------------------------


@public(method=False, out=False)
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    r"""Images made larger by laying their channels out in space: (*, C·r², H, W) -> (*, C, H·r, W·r).

    Channel r·i + j of each r² goes to the pixels in row i, column j of every r x r square.

    Args:
        input: at least three dimensions.
        upscale_factor: r.

    Raises:
        RuntimeError: fewer dimensions, or channels that r² does not divide.

    >>> torch.pixel_shuffle(torch.tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2)
    tensor([[[1., 2.],
             [3., 4.]]])

    Source: Shi et al., "Real-Time Single Image Super-Resolution", 2016; PyTorch,
    `torch.nn.functional.pixel_shuffle`.
    """
    shape = image_shape(input, "pixel_shuffle", "upscale_factor", upscale_factor)
    if shape[-3] % upscale_factor**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
            f"upscale_factor, but input.size(-3)={shape[-3]} is not divisible by {upscale_factor**2}"
        )
    return pixel_shuffle_rule(input, factor=upscale_factor)


@public(method=False, out=False)
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    r"""The inverse of `pixel_shuffle`: (*, C, H·r, W·r) -> (*, C·r², H, W).

    Args:
        input: at least three dimensions.
        downscale_factor: r.

    Raises:
        RuntimeError: fewer dimensions, or a height or width that r does not divide.

    >>> torch.pixel_unshuffle(torch.tensor([[[1.0, 2.0]]]).expand(1, 2, 2), 2).flatten()
    tensor([1., 2., 1., 2.])

    Source: PyTorch, `torch.nn.functional.pixel_unshuffle`.
    """
    shape = image_shape(input, "pixel_unshuffle", "downscale_factor", downscale_factor)
    for name, dim in (("height", -2), ("width", -1)):
        if shape[dim] % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({dim})={shape[dim]} is not divisible by {downscale_factor}"
            )
    return pixel_unshuffle_rule(input, factor=downscale_factor)


def image_shape(input: Tensor, function: str, argument: str, factor: int) -> tuple[int, ...]:
    """The shape of an input that must be an image, once the factor is positive."""
    shape = require_tensor(input, function)._array.shape
    if len(shape) < 3:
        raise RuntimeError(
            f"{function} expects input to have at least 3 dimensions, but got input with {len(shape)} "
            "dimension(s)"
        )
    if factor < 1:
        raise RuntimeError(f"{function} expects a positive {argument}, but got {factor}")
    return shape


@public(method=False, out=False)
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    r"""Channels dealt out again: the first of every group, then the second of every group, and so on.

    Args:
        input: (N, C, *spatial).
        groups: how many groups the channels are in now; must divide C.

    Raises:
        RuntimeError: fewer than three dimensions, or groups that do not divide the channels.

    >>> torch.channel_shuffle(torch.arange(4.0).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])

    Source: Zhang et al., "ShuffleNet", 2017; PyTorch, `torch.nn.functional.channel_shuffle`.
    """
    shape = require_tensor(input, "channel_shuffle")._array.shape
    if len(shape) < 3:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}"
        )
    if groups < 1:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups: {groups}"
        )
    if shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} groups."
        )
    return channel_shuffle_rule(input, groups=groups)
