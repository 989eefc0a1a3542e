"""Geometry shared by convolution and pooling: paddings, output sizes, channels-last views.

Shapes are (N, C, *spatial) outside; memory is (N, *spatial, C) underneath. Spatial arguments are tuples with
one entry per spatial dimension; a padding entry is an int (both sides) or a pair (before, after).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = [
    "Padding",
    "channels_first",
    "channels_last",
    "channels_last_copy",
    "output_shape",
    "pad_pairs",
    "working_dtype",
]

Padding = Sequence["int | tuple[int, int]"]

# By the number of dimensions, written out since every layer of a network asks.
_LAST = {ndim: (0, *range(2, ndim), 1) for ndim in range(2, 9)}
_FIRST = {ndim: (0, ndim - 1, *range(1, ndim - 1)) for ndim in range(2, 9)}


def pad_pairs(padding: Padding) -> tuple[tuple[int, int], ...]:
    """Padding as (before, after) pairs, whichever way it was given.

    >>> pad_pairs((1, (0, 2)))
    ((1, 1), (0, 2))
    """
    return tuple(
        (entry[0], entry[1]) if isinstance(entry, (tuple, list)) else (entry, entry) for entry in padding
    )


def channels_last(x: np.ndarray) -> np.ndarray:
    """View of (N, C, *spatial) as (N, *spatial, C)."""
    return x.transpose(_LAST[x.ndim])


def channels_last_copy(x: np.ndarray) -> np.ndarray:
    """A C-contiguous copy of a view (N, *spatial, C) of other memory.

    Channels whose planes are multiples of a page lie in the same cache lines: eight at a time are twice as
    fast as all at once. Of other planes all at once are.

    >>> channels_last_copy(np.arange(4).reshape(2, 2).T).flags.c_contiguous
    True
    """
    out = np.empty(x.shape, x.dtype)
    step = 8 if x.strides[-1] % 4096 == 0 else max(1, x.shape[-1])
    for first in range(0, x.shape[-1], step):
        few = slice(first, first + step)
        out[..., few] = x[..., few]
    return out


def channels_first(x: np.ndarray) -> np.ndarray:
    """View of (N, *spatial, C) as (N, C, *spatial)."""
    return x.transpose(_FIRST[x.ndim])


def output_shape(
    size: Sequence[int],
    kernel: Sequence[int],
    *,
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
) -> tuple[int, ...]:
    """Spatial sizes of a convolution's output: ⌊(L + before + after - d·(k - 1) - 1) / s⌋ + 1.

    Raises `RuntimeError` when the dilated kernel is larger than the padded input.

    >>> output_shape((28, 28), (3, 3), stride=(2, 2), padding=(1, 1), dilation=(1, 1))
    (14, 14)
    """
    padded = [length + sum(pair) for length, pair in zip(size, pad_pairs(padding), strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if any(r > length for r, length in zip(reach, padded, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({_by(padded)}). Kernel size: ({_by(reach)}). "
            "Kernel size can't be greater than actual input size"
        )
    return tuple((length - r) // s + 1 for length, r, s in zip(padded, reach, stride, strict=True))


def _by(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes))


def working_dtype(dtype: np.dtype) -> np.dtype:
    """What sums and products are taken in: float16 as float32, integers as float64 (exact below 2**53)."""
    if dtype == np.float16:
        return np.dtype(np.float32)
    return np.dtype(np.float64) if dtype.kind in "iub" else dtype
