"""Convolution layers and their transposes.

What they compute is in `ops/conv.py`; here are the parameters, their initialisation and the padding
modes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from ..tensor import Tensor
from . import functional as F
from . import init
from ._arguments import IntOrTuple, new_parameter, ntuple, require_size
from .module import Module
from .parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What all convolution layers share; `dims` is how many dimensions the kernel slides along."""

    dims: ClassVar[int]
    transposed: ClassVar[bool] = False
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntOrTuple,
        stride: IntOrTuple,
        padding: str | IntOrTuple,
        dilation: IntOrTuple,
        output_padding: IntOrTuple,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        require_size("in_channels", in_channels)
        require_size("out_channels", out_channels)
        if groups <= 0:
            raise ValueError(f"groups must be a positive integer, got {groups}")
        if in_channels % groups:
            raise ValueError(
                f"in_channels must be divisible by groups, got {in_channels} and groups={groups}"
            )
        if out_channels % groups:
            raise ValueError(
                f"out_channels must be divisible by groups, got {out_channels} and groups={groups}"
            )
        if padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"padding_mode must be one of {_PADDING_MODES}, but got padding_mode={padding_mode!r}"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._sizes("kernel_size", kernel_size)
        self.stride = self._sizes("stride", stride)
        self.dilation = self._sizes("dilation", dilation)
        self.output_padding = self._sizes("output_padding", output_padding, least=0)
        self.groups = groups
        self.padding_mode = padding_mode
        self.padding: Any  # a tuple, or "same" or "valid"
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of 'same', 'valid'")
            if padding == "same" and any(step != 1 for step in self.stride):
                raise ValueError(
                    f"padding='same' is not supported for strided convolutions, got stride={stride}"
                )
            self.padding = padding
        else:
            self.padding = self._sizes("padding", padding, least=0)
        self._reversed_padding_repeated_twice = self._padding_for_pad()
        channels = (out_channels, in_channels // groups)
        if self.transposed:
            channels = (in_channels, out_channels // groups)
        self.weight = new_parameter((*channels, *self.kernel_size), device=device, dtype=dtype)
        self.register_parameter(
            "bias", new_parameter(out_channels, device=device, dtype=dtype) if bias else None
        )
        self.reset_parameters()

    def _sizes(self, name: str, value: Any, *, least: int = 1) -> tuple[int, ...]:
        sizes = ntuple(value, self.dims, name)
        require_size(name, sizes, least=least)
        return sizes

    def _padding_for_pad(self) -> list[int]:
        """The padding as `F.pad` wants it: before and after, the last dimension first."""
        if self.padding == "valid":
            return [0, 0] * self.dims
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            return [side for total in reversed(totals) for side in (total // 2, total - total // 2)]
        return [size for size in reversed(self.padding) for _ in range(2)]

    def reset_parameters(self) -> None:
        """Draw the weights and biases anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        ]
        if self.padding != (0,) * self.dims:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * self.dims:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * self.dims:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class _Conv(_ConvNd):
    """The constructor and the forward of `Conv1d`, `Conv2d` and `Conv3d`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntOrTuple,
        stride: IntOrTuple = 1,
        padding: str | IntOrTuple = 0,
        dilation: IntOrTuple = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _convolve(self, input: Tensor, weight: Tensor, bias: Tensor | None, padding: Any) -> Tensor:
        raise NotImplementedError

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The layer with another weight: what subclasses that transform the weight call."""
        if self.padding_mode == "zeros":
            return self._convolve(input, weight, bias, self.padding)
        padded = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
        return self._convolve(padded, weight, bias, 0)

    def forward(self, input: Tensor) -> Tensor:
        """The convolved input."""
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Conv):
    """A convolution along one dimension, such as time; the arguments are those of `Conv2d`.

    Shapes: (N, in_channels, L) or (in_channels, L) -> (N, out_channels, L') or (out_channels, L').

    >>> torch.nn.Conv1d(16, 33, 3, stride=2)(torch.randn(20, 16, 50)).shape
    torch.Size([20, 33, 24])

    Source: PyTorch, `torch.nn.Conv1d`.
    """

    dims = 1

    def _convolve(self, input: Tensor, weight: Tensor, bias: Tensor | None, padding: Any) -> Tensor:
        return F.conv1d(input, weight, bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(_Conv):
    r"""A convolution of images: every filter slides over the input and answers where it finds its pattern.

    out[n, o, y, x] = b[o] + Σ_{c, i, j} W[o, c, i, j] · in[n, c, y·stride + i·dilation - padding, ...]

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output, one per filter.
        kernel_size: height and width of the filters; one number for both.
        stride: distance of neighbouring positions.
        padding: rows and columns added on both sides; "same" keeps the size (stride 1 only), "valid" adds
            none.
        dilation: distance of the points of a filter.
        groups: into how many parts the channels are divided, which do not see each other; in_channels for a
            depthwise convolution. Both numbers of channels must be divisible by it.
        bias: whether b is learned; without it there is none.
        padding_mode: what is added: "zeros", or what "reflect", "replicate" or "circular" take from the
            input.
        device, dtype: of the parameters.

    Shapes: (N, in_channels, H, W) or (in_channels, H, W) -> (N, out_channels, H', W') or without N, where
    H' = ⌊(H + 2·padding - dilation·(kernel_size - 1) - 1) / stride⌋ + 1, W' likewise.
    `weight` is (out_channels, in_channels / groups, *kernel_size); it and the bias start as U(-k, k), where
    k = √(groups / (in_channels · Π kernel_size)).

    Raises:
        ValueError: a size that is not positive, channels that `groups` does not divide, an unknown padding.

    >>> torch.nn.Conv2d(3, 8, 3, padding=1)(torch.randn(2, 3, 28, 28)).shape
    torch.Size([2, 8, 28, 28])

    Source: PyTorch, `torch.nn.Conv2d`.
    """

    dims = 2

    def _convolve(self, input: Tensor, weight: Tensor, bias: Tensor | None, padding: Any) -> Tensor:
        return F.conv2d(input, weight, bias, self.stride, padding, self.dilation, self.groups)


class Conv3d(_Conv):
    """A convolution of volumes or videos; the arguments are those of `Conv2d`.

    Shapes: (N, in_channels, D, H, W) or (in_channels, D, H, W) -> (N, out_channels, D', H', W') or without N.

    >>> torch.nn.Conv3d(2, 4, (3, 5, 2), padding=(1, 2, 0))(torch.randn(1, 2, 6, 7, 8)).shape
    torch.Size([1, 4, 6, 7, 7])

    Source: PyTorch, `torch.nn.Conv3d`.
    """

    dims = 3

    def _convolve(self, input: Tensor, weight: Tensor, bias: Tensor | None, padding: Any) -> Tensor:
        return F.conv3d(input, weight, bias, self.stride, padding, self.dilation, self.groups)


class _ConvTransposeNd(_ConvNd):
    """The constructor of the transposed convolutions, and the padding that gives a wanted size."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntOrTuple,
        stride: IntOrTuple = 1,
        padding: IntOrTuple = 0,
        output_padding: IntOrTuple = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: IntOrTuple = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        name = type(self).__name__
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {name}, got {padding_mode!r}')
        if isinstance(padding, str):
            raise TypeError(f"`padding` (={padding!r}) must be numbers for {name}")
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """What to add on one side so that the output has `output_size`, which a stride leaves open."""
        if output_size is None:
            return self.output_padding
        leading = 2 if input.dim() == self.dims + 2 else 1
        wanted = tuple(output_size)
        wanted = wanted[leading:] if len(wanted) == leading + self.dims else wanted
        if len(wanted) != self.dims:
            raise ValueError(
                f"ConvTranspose{self.dims}D: for {input.dim()}D input, output_size must have {self.dims} or "
                f"{leading + self.dims} elements (got {len(wanted)})"
            )
        least = [
            (size - 1) * step - 2 * pad + gap * (kernel - 1) + 1
            for size, step, pad, gap, kernel in zip(
                input.shape[leading:],
                self.stride,
                self.padding,
                self.dilation,
                self.kernel_size,
            )
        ]
        most = [size + step - 1 for size, step in zip(least, self.stride)]
        if any(not low <= size <= high for low, size, high in zip(least, wanted, most)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to {most} (for an "
                f"input of {input.size()[leading:]})"
            )
        return tuple(size - low for size, low in zip(wanted, least))


class ConvTranspose1d(_ConvTransposeNd):
    """The transpose of a convolution along one dimension; the arguments are those of `ConvTranspose2d`.

    Shapes: (N, in_channels, L) or (in_channels, L) -> (N, out_channels, L') or (out_channels, L').

    >>> torch.nn.ConvTranspose1d(4, 2, 3, stride=2)(torch.randn(1, 4, 5)).shape
    torch.Size([1, 2, 11])

    Source: PyTorch, `torch.nn.ConvTranspose1d`.
    """

    dims = 1

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The widened input, of size `output_size` where the stride leaves it open."""
        added = self._output_padding(input, output_size)
        return F.conv_transpose1d(
            input, self.weight, self.bias, self.stride, self.padding, added, self.groups, self.dilation
        )


class ConvTranspose2d(_ConvTransposeNd):
    r"""The transpose of a convolution: it goes from the convolution's output size to its input size.

    It is the linear map that `Conv2d`'s input gradient is, not its inverse; with a stride it enlarges images.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: height and width of the filters; one number for both.
        stride: distance of neighbouring positions in the output.
        padding: rows and columns taken off both sides of the output.
        output_padding: rows and columns added at the end of the output.
        groups: into how many parts the channels are divided, which do not see each other.
        bias: whether a bias is learned.
        dilation: distance of the points of a filter.
        padding_mode: "zeros", the only one.
        device, dtype: of the parameters.

    Shapes: (N, in_channels, H, W) or (in_channels, H, W) -> (N, out_channels, H', W') or without N, where
    H' = (H - 1)·stride - 2·padding + dilation·(kernel_size - 1) + output_padding + 1, W' likewise.
    `weight` is (in_channels, out_channels / groups, *kernel_size).

    Raises:
        ValueError: a size that is not positive, channels that `groups` does not divide, another padding mode.

    >>> up = torch.nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1)
    >>> up(torch.randn(2, 8, 7, 7)).shape
    torch.Size([2, 3, 14, 14])

    Source: PyTorch, `torch.nn.ConvTranspose2d`.
    """

    dims = 2

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The enlarged input, of size `output_size` where the stride leaves it open."""
        added = self._output_padding(input, output_size)
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding, added, self.groups, self.dilation
        )


class ConvTranspose3d(_ConvTransposeNd):
    """The transpose of a convolution of volumes; the arguments are those of `ConvTranspose2d`.

    Shapes: (N, in_channels, D, H, W) or (in_channels, D, H, W) -> (N, out_channels, D', H', W') or without N.

    >>> torch.nn.ConvTranspose3d(2, 1, 2, stride=2)(torch.randn(1, 2, 3, 4, 5)).shape
    torch.Size([1, 1, 6, 8, 10])

    Source: PyTorch, `torch.nn.ConvTranspose3d`.
    """

    dims = 3

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The enlarged input, of size `output_size` where the stride leaves it open."""
        added = self._output_padding(input, output_size)
        return F.conv_transpose3d(
            input, self.weight, self.bias, self.stride, self.padding, added, self.groups, self.dilation
        )
