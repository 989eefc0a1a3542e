"""Fractional max pooling: windows at random distances, so that a size shrinks by any ratio.

And the `*_with_indices` names of all max poolings, which give the positions of the maxima as well.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
from ._public import public
from ._spatial import batched, unbatched
from .adaptive_pooling import adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d
from .gathering import gather
from .pooling import max_pool1d, max_pool2d, max_pool3d
from .random import rand

__all__ = ["max_pool1d_with_indices"]

FUNCTIONAL = [
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d_with_indices",
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "max_pool1d_with_indices",
    "max_pool2d_with_indices",
    "max_pool3d_with_indices",
]

Sizes = int | Sequence[int]


def window_starts(samples: np.ndarray, size: int, outputs: int, kernel: int) -> np.ndarray:
    """Where the windows of each plane begin: (...) samples u -> (..., outputs).

    The i-th begins at ⌊(i + u)·α⌋ - ⌊u·α⌋, α = (size - kernel) / (outputs - 1), the last at the end.
    """
    last = np.full((*samples.shape, 1), size - kernel)
    if outputs == 1:
        return last
    kind = samples.dtype.type
    alpha = kind(size - kernel) / kind(outputs - 1)
    u = samples[..., None]
    starts = np.trunc((np.arange(outputs - 1, dtype=kind) + u) * alpha) - np.trunc(u * alpha)
    return np.concatenate([starts.astype(np.int64), last], -1)


def fractional(
    dims: int, input: Tensor, kernel_size: Sizes, output_size: Any, output_ratio: Any, samples: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Fractional max pooling in `dims` dimensions: maxima and their positions in the flattened planes."""
    name = f"fractional_max_pool{dims}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    x, added = batched(input, dims, name)
    sizes = x._array.shape[2:]
    kernels = _each(kernel_size, dims, f"{name}: kernel_size")
    if output_size is None:
        ratios = _each(output_ratio, dims, f"{name}: output_ratio")
        output_size = [int(size * ratio) for size, ratio in zip(sizes, ratios)]
    outputs = _each(output_size, dims, f"{name}: output_size")
    for size, kernel, count in zip(sizes, kernels, outputs):
        if count <= 0 or kernel <= 0 or count + kernel - 1 > size:
            raise RuntimeError(
                f"{name}: kernel_size {kernels} and output_size {outputs} must be positive, and windows of "
                f"{kernel} at {count} different places do not fit into a size of {size}"
            )
    planes = x._array.shape[:2]
    if samples is None:
        samples = rand(*planes, dims, dtype=input.dtype)
    elif tuple(samples.shape) != (*planes, dims):
        raise RuntimeError(
            f"{name}: _random_samples must have shape {(*planes, dims)}, got {tuple(samples.shape)}"
        )
    drawn = samples._array if dims == 3 else samples._array[..., ::-1]  # in 2-D the width's comes first
    # The flat positions of all elements of all windows: (N, C, *outputs, *kernels).
    places: Any = np.zeros((1,) * (2 + 2 * dims), np.int64)
    for axis, (size, kernel, count) in enumerate(zip(sizes, kernels, outputs)):
        starts = window_starts(drawn[..., axis], size, count, kernel)  # (N, C, count)
        along = starts[..., None] + np.arange(kernel)  # (N, C, count, kernel)
        shape = [*planes] + [1] * (2 * dims)
        shape[2 + axis], shape[2 + dims + axis] = count, kernel
        places = places * size + along.reshape(shape)
    places = places.reshape(*planes, math.prod(outputs), math.prod(kernels))
    flat = x._array.reshape(*planes, 1, math.prod(sizes))
    best = np.take_along_axis(flat, places, -1).argmax(-1, keepdims=True)
    where = np.take_along_axis(places, best, -1)[..., 0]  # (N, C, outputs)
    found = gather(x.flatten(2), 2, wrap(where)).view(*planes, *outputs)
    return unbatched(found, added), unbatched(wrap(where.reshape(*planes, *outputs)), added)


def _each(value: Any, dims: int, name: str) -> tuple[Any, ...]:
    """One number for all dimensions, or a sequence with one for each."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims
    if len(values) != dims:
        raise ValueError(f"{name} must be one number or {dims}, got {value}")
    return values


@public(method=False, out=False)
def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    r"""Maxima of windows of an image that begin at random distances.

    .. math::
        start_i = \lfloor (i + u) \alpha \rfloor - \lfloor u \alpha \rfloor, \qquad
        \alpha = (size - kernel) / (outputs - 1), \qquad u \sim U(0, 1)

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: height and width of the windows; one number for both.
        output_size: of the result; one number for both.
        output_ratio: or its ratio to the input's.
        return_indices: also give the positions of the maxima in the flattened plane.
        _random_samples: u for each plane and dimension, the width first: (N, C, 2).

    Raises:
        ValueError: neither a size nor a ratio.
        RuntimeError: windows that do not fit.

    >>> torch.nn.functional.fractional_max_pool2d(torch.randn(20, 16, 50, 32), 3, output_size=(13, 12)).shape
    torch.Size([20, 16, 13, 12])

    Source: PyTorch, `torch.nn.functional.fractional_max_pool2d`, with the same windows under the same seed;
    Graham, "Fractional Max-Pooling", 2014.
    """
    found = fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


@public(method=False, out=False)
def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    output_size: Sizes | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    r"""Maxima of windows of a volume that begin at random distances: see `fractional_max_pool2d`.

    `_random_samples` has the depth's first, (N, C, 3).

    >>> torch.nn.functional.fractional_max_pool3d(torch.randn(2, 6, 8, 8, 8), 2, output_ratio=0.5).shape
    torch.Size([2, 6, 4, 4, 4])

    Source: PyTorch, `torch.nn.functional.fractional_max_pool3d`.
    """
    found = fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def _with_indices(function: Callable[..., Any]) -> Callable[..., Any]:
    """The pooling `function` under the name by which it always gives the positions of the maxima as well."""
    signature = inspect.signature(function)
    name = f"{function.__name__}_with_indices"

    @functools.wraps(function)
    def both(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        given.arguments["return_indices"] = True
        return function(*given.args, **given.kwargs)

    both.__name__ = both.__qualname__ = name
    both.__doc__ = f"`{function.__name__}` with `return_indices=True`.\n\nSource: PyTorch, `{name}`."
    return both


max_pool1d_with_indices = _with_indices(max_pool1d)
max_pool2d_with_indices = _with_indices(max_pool2d)
max_pool3d_with_indices = _with_indices(max_pool3d)
adaptive_max_pool1d_with_indices = _with_indices(adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = _with_indices(adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = _with_indices(adaptive_max_pool3d)
fractional_max_pool2d_with_indices = _with_indices(fractional_max_pool2d)
fractional_max_pool3d_with_indices = _with_indices(fractional_max_pool3d)
