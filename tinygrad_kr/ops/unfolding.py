"""Images as columns of windows, and back: each of the two is the other's derivative."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, rule
from ..tensor import Tensor
from ._public import public, require_tensor
from ._spatial import batched, per_dimension, require_floating, require_positive, unbatched
from .padding import pad_

__all__: list[str] = []

FUNCTIONAL = ["fold", "unfold"]

Sizes = int | Sequence[int]


# -- the derivatives -----------------------------------------------------------------------------------------


def windows(size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> list[Any]:
    """For each kernel position, in row-major order, the slices of the padded image that it visits."""
    counts = window_counts(size, kernel, stride, padding, dilation)
    along = [
        [slice(i * d, i * d + (count - 1) * s + 1, s) for i in range(k)]
        for k, s, d, count in zip(kernel, stride, dilation, counts)
    ]
    return list(itertools.product(*along))


def window_counts(size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> tuple[int, ...]:
    """How many windows lie along each dimension."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation)
    )


def unfold_(x: Any, *, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Columns of windows: (N, C, *spatial) -> (N, C·∏kernel, windows)."""
    size = x.shape[2:]
    counts = window_counts(size, kernel, stride, padding, dilation)
    padded = pad_(x, widths=((0, 0), (0, 0), *((p, p) for p in padding)))
    columns = np.empty((*x.shape[:2], math.prod(kernel), *counts), x.dtype)
    for position, place in enumerate(windows(size, kernel, stride, padding, dilation)):
        columns[:, :, position] = padded[(slice(None), slice(None), *place)]
    return columns.reshape(x.shape[0], x.shape[1] * math.prod(kernel), math.prod(counts))


def fold_(columns: Any, *, size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """The adjoint of `unfold_`: window elements added to the pixels of images of `size` they came from."""
    counts = window_counts(size, kernel, stride, padding, dilation)
    channels = columns.shape[1] // math.prod(kernel)
    parts = columns.reshape(columns.shape[0], channels, math.prod(kernel), *counts)
    padded = np.zeros(
        (columns.shape[0], channels, *(n + 2 * p for n, p in zip(size, padding))), columns.dtype
    )
    for position, place in enumerate(windows(size, kernel, stride, padding, dilation)):
        padded[(slice(None), slice(None), *place)] += parts[:, :, position]
    return pad_(padded, widths=((0, 0), (0, 0), *((-p, -p) for p in padding)))


unfold_rule: Primitive = rule(
    unfold_,
    name="im2_col",
    x=lambda g, x_shape, kernel, stride, padding, dilation: fold_rule(
        g, size=x_shape[2:], kernel=kernel, stride=stride, padding=padding, dilation=dilation
    ),
)
fold_rule: Primitive = rule(
    fold_,
    name="col2_im",
    columns=lambda g, kernel, stride, padding, dilation: unfold_rule(
        g, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    ),
)


# -- the functions -------------------------------------------------------------------------------------------


def options_of(
    function: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> dict[str, tuple[int, ...]]:
    """The sizes of windows, checked, as pairs."""
    options = {
        "kernel": per_dimension(kernel_size, 2, function, "kernel_size"),
        "dilation": per_dimension(dilation, 2, function, "dilation"),
        "padding": per_dimension(padding, 2, function, "padding"),
        "stride": per_dimension(stride, 2, function, "stride"),
    }
    for name in ("kernel", "dilation", "stride"):
        require_positive(options[name], function, "kernel_size" if name == "kernel" else name)
    if min(options["padding"]) < 0:
        raise RuntimeError(f"{function}: padding should be non-negative, got {padding}")
    return options


@public(method=False, out=False)
def unfold(
    input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Tensor:
    r"""The windows of images, each flattened into a column ("im2col").

    A convolution is the product of its flattened weight with these columns.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size, dilation, padding, stride: an int or a pair, as for `conv2d`.

    Returns:
        (N, C·KH·KW, windows): channels, then rows and columns of the window; windows in reading order.

    Raises:
        RuntimeError: no window fits into the image.

    >>> torch.nn.functional.unfold(torch.arange(6.0).reshape(1, 1, 2, 3), (2, 2))
    tensor([[[0., 1.],
             [1., 2.],
             [3., 4.],
             [4., 5.]]])

    Source: PyTorch, `torch.nn.functional.unfold`.
    """
    x, added = batched(input, 2, "unfold")
    require_floating(input, "unfold")
    options = options_of("unfold", kernel_size, dilation, padding, stride)
    size = x._array.shape[2:]
    counts = window_counts(size, **options)
    if min(counts) < 1:
        raise RuntimeError(
            f"Given input with spatial size {tuple(size)}, kernel_size={options['kernel']}, "
            f"dilation={options['dilation']}, padding={options['padding']}, calculated shape of the array "
            f"of sliding blocks as {counts}, but its components must be at least one."
        )
    return unbatched(unfold_rule(x, **options), added)


@public(method=False, out=False)
def fold(
    input: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    r"""Images from columns of windows ("col2im"): where windows overlap, their elements are added.

    Args:
        input: (N, C·KH·KW, windows) or (C·KH·KW, windows), as `unfold` gives them.
        output_size: the sizes of the images.
        kernel_size, dilation, padding, stride: those of the windows.

    Raises:
        RuntimeError: the number of rows or windows does not fit the sizes.

    >>> torch.nn.functional.fold(torch.ones(1, 4, 2), (2, 3), (2, 2))
    tensor([[[[1., 2., 1.],
              [1., 2., 1.]]]])

    Source: PyTorch, `torch.nn.functional.fold`.
    """
    shape = require_tensor(input, "fold")._array.shape
    require_floating(input, "fold")
    if len(shape) not in (2, 3):
        raise RuntimeError(f"Expected 2D or 3D (batch mode) tensor for input to fold, but got: {list(shape)}")
    columns: Any = np.expand_dims(input, 0) if len(shape) == 2 else input
    size = per_dimension(output_size, 2, "fold", "output_size")
    options = options_of("fold", kernel_size, dilation, padding, stride)
    if shape[-2] % math.prod(options["kernel"]):
        raise RuntimeError(
            f"Expected size of input's dimension {len(shape) - 2} to be divisible by the product of "
            f"kernel_size, but got input.size({len(shape) - 2})={shape[-2]} and "
            f"kernel_size={options['kernel']}."
        )
    counts = window_counts(size, **options)
    if min(counts) < 1 or shape[-1] != math.prod(counts):
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={options['kernel']}, dilation={options['dilation']}, "
            f"padding={options['padding']}, stride={options['stride']}, expected size of input's dimension "
            f"{len(shape) - 1} to match the calculated number of sliding blocks {counts[0]} * {counts[1]} = "
            f"{math.prod(max(0, count) for count in counts)}, but got "
            f"input.size({len(shape) - 1})={shape[-1]}."
        )
    return unbatched(fold_rule(columns, size=size, **options), len(shape) == 2)
