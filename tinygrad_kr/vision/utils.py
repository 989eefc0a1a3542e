"""Pictures side by side, and pictures as files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, Any

from .. import dtypes
from ..autograd.modes import no_grad
from ..ops.joining import cat, stack
from ..tensor import Tensor
from .transforms.pictures import pillow

__all__ = ["make_grid", "save_image"]


@no_grad()
def make_grid(
    tensor: Tensor | list[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """One picture of many, in rows.

    Args:
        tensor: (N, C, H, W), or a list of pictures of one size; grey ones become colour.
        nrow: how many stand in a row.
        padding: pixels between them and around.
        normalize: scale the values to [0, 1].
        value_range: the values that become 0 and 1; by default the least and the largest there are.
        scale_each: find that range for each picture by itself.
        pad_value: value between the pictures.

    Returns:
        (C, height, width); a single picture comes back without a border.

    Raises:
        TypeError: neither a tensor nor a list of tensors, or a range that is no pair.

    >>> from tinygrad_kr import zeros
    >>> make_grid(zeros(5, 3, 4, 4), nrow=3).shape
    torch.Size([3, 14, 20])

    Source: torchvision, `make_grid`.
    """
    if isinstance(tensor, list) and all(isinstance(one, Tensor) for one in tensor):
        tensor = stack(tensor)
    if not isinstance(tensor, Tensor):
        raise TypeError(f"expected a tensor or a list of tensors, got {type(tensor).__name__}")
    tensor = tensor.reshape((1,) * (4 - tensor.ndim) + tuple(tensor.shape))  # (N, C, H, W)
    if tensor.shape[1] == 1:
        tensor = cat([tensor] * 3, 1)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError(f"value_range must be a tuple (min, max), got {type(value_range).__name__}")
        tensor = tensor.clone()
        for part in tensor if scale_each else [tensor]:
            low, high = value_range or (part.min().item(), part.max().item())
            part.clamp_(low, high).sub_(low).div_(max(high - low, 1e-5))
    count, channels, height, width = tensor.shape
    if count == 1:
        return tensor.squeeze(0)
    columns = min(nrow, count)
    rows, height, width = math.ceil(count / columns), height + padding, width + padding
    grid = tensor.new_full((channels, height * rows + padding, width * columns + padding), pad_value)
    for place in range(count):
        top, left = (place // columns) * height + padding, (place % columns) * width + padding
        grid[:, top : top + height - padding, left : left + width - padding] = tensor[place]
    return grid


@no_grad()
def save_image(
    tensor: Tensor | list[Tensor], fp: str | Path | IO[bytes], format: str | None = None, **kwargs: Any
) -> None:
    """Write pictures with values in [0, 1] to a file, many as a grid (extra `images`).

    Args:
        tensor: as in `make_grid`.
        fp: a file name or an open file.
        format: "png", "jpeg" ...; by default what the file name ends with.
        kwargs: for `make_grid`.

    Source: torchvision, `save_image`.
    """
    image = pillow("save_image")
    grid = make_grid(tensor, **kwargs)
    values = grid.mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0).to(dtypes.uint8)
    image.fromarray(values.numpy()).save(fp, format=format)
