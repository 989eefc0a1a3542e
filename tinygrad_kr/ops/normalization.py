"""Normalisation: batch, instance, group, layer, root-mean-square and local response.

All but the last are one formula, x̂ = (x - mean) / √(var + eps), then weight · x̂ + bias; they differ in what
the statistics are taken over. Each is a fused forward and backward of few passes (`kernels/normalization.py`)
and a composite that says what it means; second derivatives differentiate the composite, since the statistics
that the fused forward saves would be constants there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import joint
from ..kernels import normalization as kernel
from ..kernels.row_normalization import row_normalize, row_normalize_backward
from ..tensor import Tensor
from ._public import public, require_tensor
from ._spatial import require_floating, require_same_dtype
from .padding import pad_rule

__all__ = ["group_norm", "layer_norm", "rms_norm"]

FUNCTIONAL = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]


# -- what they mean ------------------------------------------------------------------------------------------


def standardized(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    """x less its mean, over its standard deviation, both taken over `axes`."""
    centred = x - np.mean(x, axis=axes, keepdims=True)
    return centred / np.sqrt(np.mean(centred * centred, axis=axes, keepdims=True) + eps)


def over_channels(values: Any, shape: tuple[int, ...]) -> Any:
    """(C,) as (C, 1, 1 ...), to meet an array of shape (N, C, *spatial)."""
    return np.reshape(values, (-1, *(1,) * (len(shape) - 2)))


def scaled_and_shifted(x: Any, weight: Any, bias: Any) -> Any:
    """weight · x + bias, either of which may be None."""
    if weight is not None:
        x = x * weight
    return x if bias is None else x + bias


def batch_norm_meaning(x: Any, weight: Any, bias: Any, *, mean: Any, rstd: Any, eps: float) -> Any:
    """Each channel standardised over samples and positions; `mean` and `rstd` are those of x."""
    xhat = standardized(x, (0, *range(2, len(x.shape))), eps)
    weight, bias = (None if one is None else over_channels(one, x.shape) for one in (weight, bias))
    return scaled_and_shifted(xhat, weight, bias)


def estimated_norm_meaning(x: Any, weight: Any, bias: Any, *, mean: Any, rstd: Any) -> Any:
    """Each channel less a constant mean, times a constant 1 / deviation, both (1, C)."""
    xhat = (x - over_channels(mean, x.shape)) * over_channels(rstd, x.shape)
    weight, bias = (None if one is None else over_channels(one, x.shape) for one in (weight, bias))
    return scaled_and_shifted(xhat, weight, bias)


def group_norm_meaning(x: Any, weight: Any, bias: Any, *, mean: Any, rstd: Any, eps: float) -> Any:
    """Each sample's groups of channels standardised; `mean` and `rstd` (N, groups) are those of x."""
    groups = mean.shape[1]
    parts = np.reshape(x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    xhat = np.reshape(standardized(parts, tuple(range(2, len(parts.shape))), eps), x.shape)
    weight, bias = (None if one is None else over_channels(one, x.shape) for one in (weight, bias))
    return scaled_and_shifted(xhat, weight, bias)


def layer_norm_meaning(x: Any, weight: Any, bias: Any, *, dims: int, eps: float) -> Any:
    """The last `dims` dimensions standardised together."""
    ndim = len(x.shape)
    return scaled_and_shifted(standardized(x, tuple(range(ndim - dims, ndim)), eps), weight, bias)


def rms_norm_meaning(x: Any, weight: Any, *, dims: int, eps: float) -> Any:
    """x over its root mean square along the last `dims` dimensions."""
    axes = tuple(range(len(x.shape) - dims, len(x.shape)))
    return scaled_and_shifted(x / np.sqrt(np.mean(x * x, axis=axes, keepdims=True) + eps), weight, None)


# -- how they run --------------------------------------------------------------------------------------------


def batch_norm_(x: Any, weight: Any, bias: Any, *, mean: Any, rstd: Any, eps: float) -> Any:
    """Each channel by its statistics over the batch, mean and rstd (1, C)."""
    return kernel.channel_normalize(x, mean, rstd, weight, bias)


def estimated_norm_(x: Any, weight: Any, bias: Any, *, mean: Any, rstd: Any) -> Any:
    """Each channel by numbers that are not its own statistics, mean and rstd (1, C)."""
    return kernel.channel_normalize(x, mean, rstd, weight, bias)


def group_norm_(x: Any, weight: Any, bias: Any, *, mean: Any, rstd: Any, eps: float) -> Any:
    """Each channel by the statistics of its group in its sample, mean and rstd (N, groups)."""
    return kernel.channel_normalize(x, mean, rstd, weight, bias)


def channels_backward(g: Any, x: Any, weight: Any, mean: Any, rstd: Any) -> Any:
    """The gradients of `batch_norm_` and `group_norm_` for x, weight and bias."""
    return kernel.channel_normalize_backward(g, x, mean, rstd, weight)


def estimated_backward(g: Any, x: Any, weight: Any, mean: Any, rstd: Any) -> Any:
    """The gradients of `estimated_norm_` for x, weight and bias."""
    return kernel.channel_normalize_backward(g, x, mean, rstd, weight, constant=True)


def layer_norm_(x: Any, weight: Any, bias: Any, *, dims: int, eps: float) -> Any:
    """The last `dims` dimensions of x as rows, each by its own statistics, which are kept for backward."""
    flat = [None if one is None else np.reshape(one, -1) for one in (weight, bias)]
    out, mean, rstd = row_normalize(as_rows(x, x.shape, dims), *flat, eps=eps, centred=True)
    return np.reshape(out, x.shape), (mean, rstd)


def rms_norm_(x: Any, weight: Any, *, dims: int, eps: float) -> Any:
    """The last `dims` dimensions of x as rows, each over its root mean square, which is kept for backward."""
    flat = None if weight is None else np.reshape(weight, -1)
    out, mean, rstd = row_normalize(as_rows(x, x.shape, dims), flat, None, eps=eps, centred=False)
    return np.reshape(out, x.shape), (mean, rstd)


def rows_backward(g: Any, x: Any, weight: Any, dims: int, kept: Any) -> Any:
    """The gradients of `layer_norm_` and `rms_norm_` for x, weight and bias."""
    flat = None if weight is None else np.reshape(weight, -1)
    mean, rstd = kept
    gx, gw, gb = row_normalize_backward(
        as_rows(g, x.shape, dims), as_rows(x, x.shape, dims), mean, rstd, flat
    )
    shape = x.shape[x.ndim - dims :]
    return np.reshape(gx, x.shape), np.reshape(gw, shape), np.reshape(gb, shape)


def as_rows(x: Any, shape: tuple[int, ...], dims: int) -> Any:
    """x as (rows, the last `dims` dimensions in one)."""
    ahead = len(shape) - dims
    return np.reshape(x, (math.prod(shape[:ahead]), math.prod(shape[ahead:])))


batch_norm_rule = joint(
    batch_norm_, channels_backward, composite=batch_norm_meaning, name="native_batch_norm"
)
estimated_norm_rule = joint(
    estimated_norm_, estimated_backward, composite=estimated_norm_meaning, name="native_batch_norm"
)
group_norm_rule = joint(
    group_norm_, channels_backward, composite=group_norm_meaning, name="native_group_norm"
)
layer_norm_rule = joint(
    layer_norm_, rows_backward, composite=layer_norm_meaning, keeps=True, name="native_layer_norm"
)
rms_norm_rule = joint(rms_norm_, rows_backward, composite=rms_norm_meaning, keeps=True, name="fused_rms_norm")
# -- the functions -------------------------------------------------------------------------------------------


@public(method=False, out=False)
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    r"""Batch normalisation: each channel standardised over samples and positions.

    .. math:: y = (x - μ) / \sqrt{σ² + eps} · weight + bias

    In training μ and σ² are those of the batch (σ² the biased variance), and the running estimates, if given,
    move towards μ and the *unbiased* variance: running = (1 - momentum) · running + momentum · batch. In
    evaluation μ and σ² are the running estimates.

    Args:
        input: (N, C) or (N, C, *spatial).
        running_mean, running_var: (C,), changed in place by training; None if not wanted there.
        weight, bias: (C,) or None.

    Raises:
        ValueError: training on a single value per channel, whose variance would be 0.
        RuntimeError: a size or dtype that does not fit, or evaluation without running estimates.

    >>> x = torch.tensor([[1.0, 10.0], [3.0, 30.0]])
    >>> mean, var = torch.zeros(2), torch.ones(2)
    >>> torch.nn.functional.batch_norm(x, mean, var, training=True)
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    >>> mean, var
    (tensor([0.2000, 2.0000]), tensor([ 1.1000, 20.9000]))

    Source: Ioffe and Szegedy, "Batch Normalization", 2015; PyTorch, `torch.nn.functional.batch_norm`.
    """
    x = require_tensor(input, "batch_norm")._array
    require_floating(input, "batch_norm")
    if x.ndim < 2:
        raise RuntimeError(
            f"batch_norm: expected input of shape (N, C) or (N, C, *spatial), got {list(x.shape)}"
        )
    channels = x.shape[1]
    require_channels(channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    require_same_dtype("batch_norm", input=input, weight=weight, bias=bias)
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("running_mean must be defined in evaluation mode; pass it, or training=True")
        return by_estimates(input, running_mean, running_var, weight, bias, eps)
    count = x.size // channels if channels else 0
    if count == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )
    mean, var = kernel.channel_statistics(x)
    if running_mean is not None and running_var is not None:
        update(running_mean, mean[0], momentum)
        update(running_var, var[0] * (count / max(1, count - 1)), momentum)
    return batch_norm_rule(input, weight, bias, mean=mean, rstd=1 / np.sqrt(var + eps), eps=eps)


def update(running: Tensor, batch: np.ndarray, momentum: float) -> None:
    """Move a running estimate towards the batch's, in place."""
    array = running._array
    np.multiply(array, 1 - momentum, out=array)
    np.add(array, (momentum * batch).astype(array.dtype), out=array)
    running._storage.version += 1


def by_estimates(
    input: Tensor, mean: Tensor, var: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:
    """Normalisation by running estimates, copied since training may change them before backward."""
    rstd = 1 / np.sqrt(var._array[None] + eps)
    return estimated_norm_rule(input, weight, bias, mean=mean._array[None].copy(), rstd=rstd)


def require_channels(channels: int, **vectors: Tensor | None) -> None:
    """Raise unless every vector that is given has one element per channel."""
    for name, vector in vectors.items():
        if vector is not None and require_tensor(vector, "batch_norm", name)._array.shape != (channels,):
            raise RuntimeError(
                f"{name} should contain {channels} elements not {vector._array.size}: one for each channel "
                "of the input"
            )


@public(method=False, out=False)
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    r"""Instance normalisation: each channel of each sample standardised over its positions.

    The running estimates, if given, move towards the mean over the samples of their means and *unbiased*
    variances. With `use_input_stats=False` the running estimates normalise, as in `batch_norm`.

    Args:
        input: (N, C, *spatial).
        running_mean, running_var, weight, bias: (C,) or None.

    Raises:
        ValueError: a single position per channel, whose variance would be 0.
        RuntimeError: a size that does not fit, or no running estimates where they are to be used.

    >>> torch.nn.functional.instance_norm(torch.tensor([[[1.0, 3.0], [10.0, 30.0]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])

    Source: Ulyanov et al., "Instance Normalization", 2016; PyTorch, `torch.nn.functional.instance_norm`.
    """
    x = require_tensor(input, "instance_norm")._array
    require_floating(input, "instance_norm")
    if use_input_stats and (x.ndim < 3 or math.prod(x.shape[2:]) == 1):
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    channels = x.shape[1]
    require_channels(channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    require_same_dtype("instance_norm", input=input, weight=weight, bias=bias)
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "Expected running_mean and running_var to be defined when use_input_stats is false"
            )
        return by_estimates(input, running_mean, running_var, weight, bias, eps)
    mean, var = kernel.channel_statistics(x, channels)
    count = math.prod(x.shape[2:])
    if running_mean is not None:
        update(running_mean, mean.mean(0), momentum)
    if running_var is not None:
        update(running_var, var.mean(0) * (count / max(1, count - 1)), momentum)
    return group_norm_rule(input, weight, bias, mean=mean, rstd=1 / np.sqrt(var + eps), eps=eps)


@public(method=False, out=False)
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    r"""Group normalisation: the channels of each sample in groups, each group standardised.

    Args:
        input: (N, C, *spatial).
        num_groups: how many groups of neighbouring channels; must divide C.
        weight, bias: (C,) or None.

    Raises:
        RuntimeError: `num_groups` does not divide C, or a size does not fit.
        ValueError: a single value per group, whose variance would be 0.

    >>> torch.group_norm(torch.tensor([[1.0, 3.0, 10.0, 30.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])

    Source: Wu and He, "Group Normalization", 2018; PyTorch, `torch.nn.functional.group_norm`.
    """
    x = require_tensor(input, "group_norm")._array
    require_floating(input, "group_norm")
    if x.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {x.ndim}")
    channels = x.shape[1]
    if num_groups < 1 or channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(x.shape)} and num_groups={num_groups}"
        )
    if x.size == len(x) * num_groups == num_groups:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {list(x.shape)}"
        )
    for name, vector in (("weight", weight), ("bias", bias)):
        if vector is not None and require_tensor(vector, "group_norm", name)._array.shape != (channels,):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got "
                f"{name} of shape {list(vector.shape)} and input of shape {list(x.shape)}"
            )
    require_same_dtype("group_norm", input=input, weight=weight, bias=bias)
    mean, var = kernel.channel_statistics(x, num_groups)
    return group_norm_rule(input, weight, bias, mean=mean, rstd=1 / np.sqrt(var + eps), eps=eps)


@public(method=False, out=False)
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    r"""Layer normalisation: the last dimensions of each sample standardised together.

    Args:
        input: (*, *normalized_shape).
        normalized_shape: the sizes of the dimensions to standardise over.
        weight, bias: of shape `normalized_shape`, or None.

    Raises:
        RuntimeError: the input does not end in `normalized_shape`, or weight or bias has another shape.

    >>> torch.layer_norm(torch.tensor([[1.0, 3.0], [10.0, 30.0]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])

    Source: Ba et al., "Layer Normalization", 2016; PyTorch, `torch.nn.functional.layer_norm`.
    """
    dims = trailing_dims("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    return layer_norm_rule(input, weight, bias, dims=dims, eps=eps)


@public(method=False, out=False)
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    r"""Root-mean-square normalisation: y = x / \sqrt{mean(x²) + eps} · weight along the last dimensions.

    Args:
        input: (*, *normalized_shape).
        normalized_shape: the sizes of the dimensions to take the mean over.
        weight: of shape `normalized_shape`, or None.
        eps: the smallest number that changes 1 in the input's dtype by default.

    Raises:
        RuntimeError: the input does not end in `normalized_shape`, or weight has another shape.

    >>> torch.rms_norm(torch.tensor([[1.0, 7.0], [5.0, 5.0]]), (2,))
    tensor([[0.2000, 1.4000],
            [1.0000, 1.0000]])

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019; PyTorch,
    `torch.nn.functional.rms_norm`.
    """
    dims = trailing_dims("rms_norm", input, normalized_shape, weight=weight)
    eps = float(np.finfo(input._array.dtype).eps) if eps is None else eps
    return rms_norm_rule(input, weight, dims=dims, eps=eps)


def trailing_dims(function: str, input: Tensor, shape: Sequence[int], **vectors: Tensor | None) -> int:
    """How many dimensions `normalized_shape` names, once it fits the input and what is applied afterwards."""
    x = require_tensor(input, function)._array
    require_floating(input, function)
    if not isinstance(shape, (tuple, list)):
        raise TypeError(
            f"{function}(): argument 'normalized_shape' must be tuple of ints, not {type(shape).__name__}; "
            f"write ({shape},)"
        )
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, "
            "but got normalized_shape = []"
        )
    for name, vector in vectors.items():
        if vector is not None and require_tensor(vector, function, name)._array.shape != tuple(shape):
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(vector.shape)} and normalized_shape = {list(shape)}"
            )
    if x.shape[max(0, x.ndim - len(shape)) :] != tuple(shape):
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape "
            f"[*, {', '.join(map(str, shape))}], but got input of size{list(x.shape)}"
        )
    require_same_dtype(function, input=input, **vectors)
    return len(shape)


@public(method=False, out=False)
def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    r"""Local response normalisation: y_c = x_c / (k + alpha/size · Σ x²)^beta over `size` channels around c.

    Args:
        input: (N, C, *spatial), at least three dimensions.
        size: how many neighbouring channels; of an even number one more lies below c than above.

    Raises:
        ValueError: an input of fewer than three dimensions.

    >>> torch.nn.functional.local_response_norm(torch.tensor([[[2.0], [0.0]]]), 2, alpha=1.0, beta=1.0)
    tensor([[[0.6667],
             [0.0000]]])

    Source: Krizhevsky et al., "ImageNet Classification with Deep CNNs", 2012; PyTorch,
    `torch.nn.functional.local_response_norm`.
    """
    ndim = require_tensor(input, "local_response_norm")._array.ndim
    if ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {ndim} dimensions)")
    if size < 1:
        raise ValueError(f"local_response_norm: size must be positive, got {size}")
    squares = input * input
    around = ((0, 0),) * (ndim - 2)
    total = sum(
        pad_rule(squares, widths=((0, 0), (shift, -shift), *around), value=0.0)
        for shift in range(size // 2, size // 2 - size, -1)
    )
    return input / (total * (alpha / size) + k) ** beta
