"""Simple twins of the fast kernels, in obvious NumPy: the truth that tests compare with.

Same arguments and results as `convolution` and `pooling`; no threads, no layouts, no chunks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .windows import Padding, output_shape, pad_pairs

__all__ = [
    "adaptive_windows",
    "avg_pool",
    "avg_pool_backward",
    "conv_forward",
    "conv_input_gradient",
    "conv_weight_gradient",
    "max_pool",
    "max_pool_backward",
    "plain_windows",
]

Window = tuple[slice, ...]


def _windows(
    x: np.ndarray,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    groups: int,
) -> np.ndarray:
    """All windows of the zero-padded x, as a view: (N, G, C/G, *spatial, *kernel)."""
    padded = np.pad(x, ((0, 0), (0, 0), *pad_pairs(padding)))
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    views = sliding_window_view(padded, reach, axis=tuple(range(2, x.ndim)))
    views = views[_spatial(*(slice(None, None, step) for step in (*stride, *dilation)))]
    return views.reshape(x.shape[0], groups, x.shape[1] // groups, *views.shape[2:])


def _spatial(*index: Any) -> Any:
    """An index that leaves the first two axes alone."""
    return (slice(None), slice(None), *index)


def _letters(dimensions: int) -> tuple[str, str]:
    """einsum letters for spatial and for kernel axes."""
    return "xyz"[:dimensions], "ijk"[:dimensions]


def conv_forward(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    groups: int = 1,
) -> np.ndarray:
    """Every window times the kernel, summed."""
    kernel = weight.shape[2:]
    size = output_shape(x.shape[2:], kernel, stride=stride, padding=padding, dilation=dilation)
    windows = _windows(x, kernel, stride, padding, dilation, groups)
    place, tap = _letters(len(kernel))
    grouped = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    out = np.einsum(f"ngc{place}{tap},goc{tap}->ngo{place}", windows, grouped)
    out = out.reshape(x.shape[0], weight.shape[0], *size)
    return out if bias is None else np.add(out, bias.reshape(-1, *(1 for _ in size)))


def conv_weight_gradient(
    g: np.ndarray,
    x: np.ndarray,
    weight_shape: Sequence[int],
    *,
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    groups: int = 1,
) -> np.ndarray:
    """Every window times the gradient at its output, summed over samples and positions."""
    windows = _windows(x, weight_shape[2:], stride, padding, dilation, groups)
    place, tap = _letters(x.ndim - 2)
    grouped = g.reshape(g.shape[0], groups, g.shape[1] // groups, *g.shape[2:])
    return np.einsum(f"ngc{place}{tap},ngo{place}->goc{tap}", windows, grouped).reshape(weight_shape)


def conv_input_gradient(
    g: np.ndarray,
    weight: np.ndarray,
    x_shape: Sequence[int],
    *,
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    groups: int = 1,
    bias: np.ndarray | None = None,
) -> np.ndarray:
    """Each kernel position throws its share of g back to where it read; padding is cut off at the end.

    Positions that `x_shape` adds beyond the last window (`output_padding`) receive nothing.
    """
    kernel, pairs = weight.shape[2:], pad_pairs(padding)
    room = [
        max(length + sum(pair), (o - 1) * s + d * (k - 1) + 1)
        for length, pair, o, s, d, k in zip(
            x_shape[2:], pairs, g.shape[2:], stride, dilation, kernel, strict=True
        )
    ]
    padded = np.zeros((*x_shape[:2], *room), np.result_type(g, weight))
    grouped_g = g.reshape(g.shape[0], groups, -1, *g.shape[2:]) if g.size else g[:, None]
    grouped_weight = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    for tap in np.ndindex(*kernel):
        if not g.size:
            break
        share = np.einsum("ngo...,goc->ngc...", grouped_g, grouped_weight[(slice(None), *_spatial(*tap))])
        place = tuple(
            slice(t * d, t * d + (o - 1) * s + 1, s)
            for t, d, o, s in zip(tap, dilation, g.shape[2:], stride, strict=True)
        )
        padded[_spatial(*place)] += share.reshape(*x_shape[:2], *g.shape[2:])
    inside = tuple(slice(before, before + n) for (before, _), n in zip(pairs, x_shape[2:], strict=True))
    gx = padded[_spatial(*inside)]
    return gx if bias is None else np.add(gx, bias.reshape(-1, *(1 for _ in kernel)))


def plain_windows(
    length: int, size: int, kernel: int, stride: int, padding: int, dilation: int = 1
) -> list[range]:
    """The input positions of each pooling window along one axis, padding left out."""
    windows = []
    for i in range(size):
        start = i * stride - padding
        reach = range(start, start + dilation * (kernel - 1) + 1, dilation)
        inside = [position for position in reach if 0 <= position < length]
        windows.append(range(inside[0], inside[-1] + 1, dilation) if inside else range(0))
    return windows


def adaptive_windows(length: int, size: int) -> list[range]:
    """The i-th of `size` windows reaches from ⌊i·L/o⌋ up to ⌈(i + 1)·L/o⌉."""
    return [range(i * length // size, math.ceil((i + 1) * length / size)) for i in range(size)]


def _each(windows: Sequence[Sequence[range]]) -> Iterator[tuple[tuple[int, ...], Window]]:
    """(output position, input slices) of every window."""
    for position in itertools.product(*(range(len(along)) for along in windows)):
        reach = [along[i] for along, i in zip(windows, position, strict=True)]
        yield position, tuple(slice(r.start, r.stop, r.step) for r in reach)


def max_pool(x: np.ndarray, windows: Sequence[Sequence[range]]) -> tuple[np.ndarray, np.ndarray]:
    """Maximum and its index in the flattened plane, window by window; first of equals, last of NaN."""
    shape = (*x.shape[:2], *map(len, windows))
    out, indices = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    plane = np.arange(math.prod(x.shape[2:])).reshape(x.shape[2:])
    for position, reach in _each(windows):
        values = x[_spatial(*reach)].reshape(*x.shape[:2], plane[reach].size)
        nan = np.isnan(values)
        last_nan = values.shape[-1] - 1 - nan[..., ::-1].argmax(-1)
        best = np.where(nan.any(-1), last_nan, np.where(nan, -np.inf, values).argmax(-1))
        out[_spatial(*position)] = np.take_along_axis(values, best[..., None], -1)[..., 0]
        indices[_spatial(*position)] = plane[reach].reshape(-1)[best]
    return out, indices


def max_pool_backward(g: np.ndarray, indices: np.ndarray, x_shape: Sequence[int]) -> np.ndarray:
    """Each g added at the index of its window's maximum."""
    gx = np.zeros((*x_shape[:2], math.prod(x_shape[2:])), g.dtype)
    samples, channels, _ = np.indices((*g.shape[:2], math.prod(g.shape[2:])))
    np.add.at(gx, (samples, channels, indices.reshape(samples.shape)), g.reshape(samples.shape))
    return gx.reshape(x_shape)


def avg_pool(x: np.ndarray, windows: Sequence[Sequence[range]], divisor: np.ndarray) -> np.ndarray:
    """Sum of each window over its divisor, one per output position."""
    out = np.empty((*x.shape[:2], *map(len, windows)), x.dtype)
    for position, reach in _each(windows):
        out[_spatial(*position)] = x[_spatial(*reach)].sum(tuple(range(2, x.ndim))) / divisor[position]
    return out


def avg_pool_backward(
    g: np.ndarray, x_shape: Sequence[int], windows: Sequence[Sequence[range]], divisor: np.ndarray
) -> np.ndarray:
    """Each g over its divisor, added to every position of its window."""
    gx = np.zeros(x_shape, g.dtype)
    for position, reach in _each(windows):
        gx[_spatial(*reach)] += (g[_spatial(*position)] / divisor[position]).reshape(
            *g.shape[:2], *(1 for _ in reach)
        )
    return gx
