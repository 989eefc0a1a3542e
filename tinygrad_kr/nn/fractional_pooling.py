"""Fractional max pooling layers."""

from __future__ import annotations

from typing import Any, ClassVar

from ..tensor import Tensor
from . import functional as F
from ._arguments import IntOrTuple, ntuple
from .module import Module

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]


class _FractionalMaxPool(Module):
    dims: ClassVar[int]

    def __init__(
        self,
        kernel_size: IntOrTuple,
        output_size: IntOrTuple | None = None,
        output_ratio: float | tuple[float, ...] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if (output_size is None) == (output_ratio is None):
            raise ValueError(
                f"{name} requires specifying either an output size, or a pooling ratio, and not both; got "
                f"output_size={output_size} and output_ratio={output_ratio}"
            )
        self.kernel_size = ntuple(kernel_size, self.dims, "kernel_size")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else ntuple(output_size, self.dims, "output_size")
        self.output_ratio = None if output_ratio is None else ntuple(output_ratio, self.dims, "output_ratio")
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        pool = F.fractional_max_pool2d if self.dims == 2 else F.fractional_max_pool3d
        return pool(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    """Maxima of windows of an image that begin at random distances, drawn anew for each plane and call.

    Args:
        kernel_size: height and width of the windows; one number for both.
        output_size: of the result; one number for both.
        output_ratio: or its ratio to the input's, between 0 and 1.
        return_indices: give the places of the maxima as well, for `MaxUnpool2d`.

    Shapes: (N, C, H, W) or (C, H, W) -> (N, C, *output_size) or (C, *output_size).

    Raises:
        ValueError: neither a size nor a ratio, or both; a ratio out of its range.

    >>> torch.nn.FractionalMaxPool2d(3, output_ratio=(0.5, 0.25))(torch.randn(2, 16, 50, 32)).shape
    torch.Size([2, 16, 25, 8])

    Source: PyTorch, `torch.nn.FractionalMaxPool2d`; Graham, "Fractional Max-Pooling", 2014.
    """

    dims = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """Maxima of windows of a volume that begin at random distances; the arguments of `FractionalMaxPool2d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *output_size) or (C, *output_size).

    >>> torch.nn.FractionalMaxPool3d(2, output_size=3)(torch.randn(2, 4, 5, 6, 7)).shape
    torch.Size([2, 4, 3, 3, 3])

    Source: PyTorch, `torch.nn.FractionalMaxPool3d`.
    """

    dims = 3
