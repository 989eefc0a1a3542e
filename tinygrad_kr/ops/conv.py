"""Convolution and transposed convolution.

A convolution out = x ⋆ w is linear in x and in w, so ⟨g, x ⋆ w⟩ has three factors, and three primitives
compute what is left when one is taken away: `conv_` the output, `conv_transpose_` the gradient for x (which
is also what a transposed convolution means), `conv_weight_` the gradient for w. Each has the two others as
its derivatives, so every order runs on the same kernels (`kernels/convolution.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, rule
from ..kernels import convolution as kernel
from ..tensor import Tensor
from ._public import public, require_tensor
from ._spatial import batched, per_dimension, remembered, require_positive, require_same_dtype, unbatched

__all__ = [
    *("conv1d", "conv2d", "conv3d", "conv_tbc"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
]

FUNCTIONAL = __all__

Sizes = int | Sequence[int]


# -- convolution ---------------------------------------------------------------------------------------------


def channel_sum_(x: Any) -> Any:
    """The sum of x (N, C, *spatial) over all but the channels: (C,)."""
    return kernel.bias_gradient(x)


def spread_over_channels(values: Any, shape: tuple[int, ...]) -> Any:
    """(C,) as an array of shape (N, C, *spatial)."""
    return np.broadcast_to(np.reshape(values, (-1, *(1,) * (len(shape) - 2))), shape)


def conv_(x: Any, weight: Any, bias: Any, *, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """x (N, C, *spatial) correlated with weight (O, C/groups, *kernel), plus bias (O,)."""
    return kernel.forward(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def conv_transpose_(
    y: Any, weight: Any, bias: Any, *, size: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    """The gradient of `conv_` for its x, of spatial sizes `size`; y is that of its result. Plus bias (C,)."""
    shape = (y.shape[0], weight.shape[1] * groups, *size)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return kernel.input_gradient(y, weight, shape, bias=bias, **options)


def conv_weight_(x: Any, y: Any, *, size: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """The gradient of `conv_` for its weight, of kernel sizes `size`; y is that of its result."""
    shape = (y.shape[1], x.shape[1] // groups, *size)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return kernel.weight_gradient(y, x, shape, **options)


channel_sum_rule: Primitive = rule(
    channel_sum_, name="sum", x=lambda g, x_shape: spread_over_channels(g, x_shape)
)
conv_rule: Primitive = rule(
    conv_,
    name="convolution",
    x=lambda g, weight, x_shape, stride, padding, dilation, groups: conv_transpose_rule(
        g, weight, None, size=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: conv_weight_rule(
        x, g, size=weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=lambda g: channel_sum_rule(g),
)
conv_transpose_rule: Primitive = rule(
    conv_transpose_,
    name="convolution",
    y=lambda g, weight, stride, padding, dilation, groups: conv_rule(
        g, weight, None, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    weight=lambda g, y, weight_shape, stride, padding, dilation, groups: conv_weight_rule(
        g, y, size=weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=lambda g: channel_sum_rule(g),
)
conv_weight_rule: Primitive = rule(
    conv_weight_,
    name="convolution",
    x=lambda g, x_shape, y, stride, padding, dilation, groups: conv_transpose_rule(
        y, g, None, size=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    y=lambda g, x, stride, padding, dilation, groups: conv_rule(
        x, g, None, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
)


# -- arguments -----------------------------------------------------------------------------------------------


def same_padding(kernel: Sequence[int], dilation: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The (before, after) widths that keep the size; of an odd total the larger half comes after."""
    totals = [d * (k - 1) for k, d in zip(kernel, dilation)]
    return tuple((total // 2, total - total // 2) for total in totals)


def padding_pairs(
    padding: Any, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int], function: str
) -> tuple[tuple[int, int], ...]:
    """A `padding` argument as (before, after) pairs."""
    if isinstance(padding, str):
        if padding == "valid":
            return ((0, 0),) * len(kernel)
        if padding != "same":
            raise RuntimeError(f"Invalid padding string: {padding!r}; expected 'valid' or 'same'")
        if set(stride) - {1}:
            raise RuntimeError(
                f"padding='same' is not supported for strided convolutions, got stride={list(stride)}"
            )
        return same_padding(kernel, dilation)
    widths = per_dimension(padding, len(kernel), function, "padding")
    if min(widths) < 0:
        raise RuntimeError(f"negative padding is not supported, got padding={list(widths)} in {function}")
    return tuple([(width, width) for width in widths])


def check_weight(
    function: str, dims: int, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int
) -> None:
    """Raise where weight, bias or groups could fit no input."""
    w = require_tensor(weight, function, "weight")._array
    _check_sizes(function, dims, w.shape, groups)
    b = w if bias is None else require_tensor(bias, function, "bias")._array
    if not (input._array.dtype is w.dtype is b.dtype):
        require_same_dtype(function, input=input, weight=weight, bias=bias)


@lru_cache(maxsize=256, typed=True)
def _check_sizes(function: str, dims: int, shape: tuple[int, ...], groups: int) -> None:
    """Raise where no input could fit; what is right is checked once."""
    if len(shape) != dims + 2:
        raise RuntimeError(
            f"Expected {dims + 2}-dimensional weight for {function}, (channels, channels, kernel sizes), "
            f"but got weight of size {list(shape)}"
        )
    if type(groups) is not int or groups < 1:
        raise RuntimeError(f"non-positive groups is not supported, got groups={groups}")
    if shape[0] % groups or not shape[0]:
        what = f"divisible by {groups}" if shape[0] else "at least 1"
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be {what} at dimension 0, but got weight of size "
            f"{list(shape)} instead"
        )
    if 0 in shape[2:]:
        raise RuntimeError(f"kernel size should be greater than zero, but got weight of size {list(shape)}")


def check_bias(shape: tuple[int, ...], bias_shape: tuple[int, ...] | None, channels: int, given: str) -> None:
    """Raise unless the bias has one element per output channel."""
    if bias_shape is not None and bias_shape != (channels,):
        raise RuntimeError(
            f"Given {given}weight of size {list(shape)}, expected bias to be 1-dimensional with "
            f"{channels} elements, but got bias of size {list(bias_shape)} instead"
        )


def convolve(
    function: str,
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Tensor:
    """A convolution in `dims` dimensions, its arguments checked."""
    x, added = batched(input, dims, function)
    w = require_tensor(weight, function, "weight")._array
    b = w if bias is None else require_tensor(bias, function, "bias")._array
    shapes = input._array.shape, w.shape, None if bias is None else b.shape
    options = _options(function, dims, *shapes, stride, padding, dilation, groups)
    if not (x._array.dtype is w.dtype is b.dtype):
        require_same_dtype(function, input=input, weight=weight, bias=bias)
    return unbatched(conv_rule(x, weight, bias, **options), added)


@remembered
def _options(
    function: str,
    dims: int,
    input_shape: tuple[int, ...],
    shape: tuple[int, ...],
    bias_shape: tuple[int, ...] | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> dict[str, Any]:
    """The options of `conv_`, not to be changed; raises where they or the shapes do not fit."""
    _check_sizes(function, dims, shape, groups)
    check_bias(shape, bias_shape, shape[0], "")
    channels = input_shape[-dims - 1]
    if channels != shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(shape)}, expected input{list(input_shape)} to have "
            f"{shape[1] * groups} channels, but got {channels} channels instead"
        )
    stride = per_dimension(stride, dims, function, "stride")
    dilation = per_dimension(dilation, dims, function, "dilation")
    require_positive(stride, function, "stride")
    require_positive(dilation, function, "dilation")
    pairs = padding_pairs(padding, shape[2:], stride, dilation, function)
    return {"stride": stride, "padding": pairs, "dilation": dilation, "groups": groups}


def convolve_transposed(
    function: str,
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    """A transposed convolution in `dims` dimensions, its arguments checked."""
    x, added = batched(input, dims, function)
    check_weight(function, dims, input, weight, bias, groups)
    shape = weight._array.shape
    bias_shape = None if bias is None else bias._array.shape
    check_bias(shape, bias_shape, shape[1] * groups, "transposed=1, ")
    if x._array.shape[1] != shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(shape)}, expected input{list(input.shape)} to have "
            f"{shape[0]} channels, but got {x._array.shape[1]} channels instead"
        )
    stride = per_dimension(stride, dims, function, "stride")
    dilation = per_dimension(dilation, dims, function, "dilation")
    extra = per_dimension(output_padding, dims, function, "output_padding")
    require_positive(stride, function, "stride")
    require_positive(dilation, function, "dilation")
    if any(e < 0 or e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        raise RuntimeError(
            f"output padding must be smaller than either stride or dilation, but got "
            f"output_padding={list(extra)} stride={list(stride)} dilation={list(dilation)}"
        )
    if isinstance(padding, str):
        raise TypeError(
            f"{function}(): argument 'padding' must be an int or a tuple of ints, got {padding!r}"
        )
    pairs = padding_pairs(padding, shape[2:], stride, dilation, function)
    # Less padding after it makes the convolution that this transposes see the added rows, and no others.
    pairs = tuple([(before, after - e) for (before, after), e in zip(pairs, extra)])
    size = tuple(
        (n - 1) * s - sum(pair) + d * (k - 1) + 1
        for n, s, pair, d, k in zip(x._array.shape[2:], stride, pairs, dilation, shape[2:])
    )
    if min(size) < 1:
        raise RuntimeError(
            f"Given input size per channel: {list(x._array.shape[2:])}. Calculated output size per channel: "
            f"{list(size)}. Output size is too small"
        )
    out = conv_transpose_rule(
        x, weight, bias, size=size, stride=stride, padding=pairs, dilation=dilation, groups=groups
    )
    return unbatched(out, added)


# -- the functions -------------------------------------------------------------------------------------------


@public(method=False, out=False)
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    r"""Convolution of signals (cross-correlation): see `conv2d`, with one spatial dimension.

    Args:
        input: (N, C, L) or (C, L).
        weight: (O, C/groups, K).

    >>> x = torch.tensor([[[1.0, 2.0, 4.0, 8.0]]])
    >>> torch.conv1d(x, torch.tensor([[[-1.0, 1.0]]]))
    tensor([[[1., 2., 4.]]])

    Source: PyTorch, `torch.nn.functional.conv1d`.
    """
    return convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@public(method=False, out=False)
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    r"""Convolution of images (cross-correlation, the kernel is not flipped).

    out[n, o, y, x] = bias[o] + Σ weight[o, c, i, j] · input[n, c, s·y + d·i - p, s·x + d·j - p]
    with the sum over the channels c and the kernel's elements i, j.

    Args:
        input: (N, C, H, W) or (C, H, W); what lies outside counts as zero.
        weight: (O, C/groups, KH, KW).
        bias: (O,) or None.
        stride, dilation: steps s between outputs and d between the kernel's elements; an int or a pair.
        padding: how far p the kernel reaches over the border; an int, a pair, "valid" (0) or "same" (the
            output has the input's size).
        groups: input and output channels are split into this many groups that do not see each other.

    Raises:
        RuntimeError: channels, kernel size or dtypes that do not fit each other.

    >>> image = torch.tensor([[[[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]]])
    >>> edge = torch.tensor([[[[-1.0, 1.0]]]])
    >>> torch.conv2d(image, edge)
    tensor([[[[0., 1.],
              [0., 1.],
              [0., 1.]]]])

    Source: PyTorch, `torch.nn.functional.conv2d`.
    """
    return convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@public(method=False, out=False)
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    r"""Convolution of volumes (cross-correlation): see `conv2d`, with three spatial dimensions.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).
        weight: (O, C/groups, KD, KH, KW).

    >>> torch.conv3d(torch.ones(1, 1, 2, 2, 2), torch.ones(1, 1, 2, 2, 2))
    tensor([[[[[8.]]]]])

    Source: PyTorch, `torch.nn.functional.conv3d`.
    """
    return convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


@public(method=False, out=False)
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    r"""Convolution of signals that lie (time, batch, channels): `conv1d` with other orders of dimensions.

    Args:
        input: (L, N, C).
        weight: (K, C, O).
        bias: (O,).
        pad: how far the kernel reaches over both ends.

    >>> torch.conv_tbc(torch.tensor([[[1.0]], [[2.0]]]), torch.ones(2, 1, 1), torch.zeros(1))
    tensor([[[3.]]])

    Source: PyTorch, `torch.nn.functional.conv_tbc`.
    """
    for one, name in ((input, "input"), (weight, "weight")):
        if require_tensor(one, "conv_tbc", name).ndim != 3:
            raise RuntimeError(f"conv_tbc: {name} must have 3 dimensions, but has {one.ndim}")
    # (L, N, C) -> (N, C, L) and (K, C, O) -> (O, C, K)
    out = conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad)
    return out.permute(2, 0, 1)  # (N, O, L) -> (L, N, O)


@public(method=False, out=False)
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    r"""Transposed convolution of signals: see `conv_transpose2d`, with one spatial dimension.

    Args:
        input: (N, C, L) or (C, L).
        weight: (C, O/groups, K).

    >>> torch.conv_transpose1d(torch.tensor([[[1.0, 10.0]]]), torch.tensor([[[1.0, 2.0]]]), stride=2)
    tensor([[[ 1.,  2., 10., 20.]]])

    Source: PyTorch, `torch.nn.functional.conv_transpose1d`.
    """
    return convolve_transposed(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@public(method=False, out=False)
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    r"""Transposed convolution of images: what the gradient of `conv2d` for its input is.

    Every input pixel adds the kernel, times its value, to the output at s·(its place) - p: with stride 2 the
    image is doubled.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: (C, O/groups, KH, KW).
        bias: (O,) or None.
        stride, padding, dilation: those of the `conv2d` that this transposes.
        output_padding: rows and columns added at the end: several sizes are one to a strided `conv2d`.

    Raises:
        RuntimeError: sizes or dtypes that do not fit each other.

    >>> torch.conv_transpose2d(torch.tensor([[[[1.0, 2.0]]]]), torch.ones(1, 1, 1, 2), stride=2)
    tensor([[[[1., 1., 2., 2.]]]])

    Source: Zeiler et al., "Deconvolutional Networks", 2010; PyTorch, `torch.nn.functional.conv_transpose2d`.
    """
    return convolve_transposed(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@public(method=False, out=False)
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    r"""Transposed convolution of volumes: see `conv_transpose2d`, with three spatial dimensions.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).
        weight: (C, O/groups, KD, KH, KW).

    >>> torch.conv_transpose3d(torch.ones(1, 1, 1, 1, 1), torch.full((1, 1, 1, 1, 2), 3.0))
    tensor([[[[[3., 3.]]]]])

    Source: PyTorch, `torch.nn.functional.conv_transpose3d`.
    """
    return convolve_transposed(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
