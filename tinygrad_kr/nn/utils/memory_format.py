"""The memory layout of convolution weights."""

from __future__ import annotations

from typing import Any

from ..conv import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d
from ..module import Module

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]


def convert_conv2d_weight_memory_format(module: Any, memory_format: Any) -> Any:
    """Lay out the weights of all 2-D convolutions in a module in a memory format; the values stay.

    The layout is a hint here: kernels arrange weights as they need them.

    >>> m = torch.nn.Conv2d(2, 3, 3)
    >>> torch.nn.utils.convert_conv2d_weight_memory_format(m, torch.channels_last) is m
    True

    Source: PyTorch, `torch.nn.utils.convert_conv2d_weight_memory_format`.
    """
    return _convert(module, (Conv2d, ConvTranspose2d), memory_format)


def convert_conv3d_weight_memory_format(module: Any, memory_format: Any) -> Any:
    """`convert_conv2d_weight_memory_format` for 3-D convolutions.

    >>> m = torch.nn.Conv3d(2, 3, 3)
    >>> torch.nn.utils.convert_conv3d_weight_memory_format(m, torch.channels_last_3d) is m
    True

    Source: PyTorch, `torch.nn.utils.convert_conv3d_weight_memory_format`.
    """
    return _convert(module, (Conv3d, ConvTranspose3d), memory_format)


def _convert(module: Module, kinds: tuple[type[Module], ...], memory_format: Any) -> Module:
    for one in module.modules():
        if isinstance(one, kinds):
            one.weight.data = one.weight.detach().clone().contiguous(memory_format=memory_format)
    return module
