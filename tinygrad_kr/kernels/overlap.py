"""The input gradient of a convolution with few input channels, by overlapping and adding.

Gathering makes columns of kernel times outputs for every pixel of x, and multiplies them by a matrix as
narrow as x has channels: much is copied for few products. Here every g is multiplied by the whole kernel, and
what it gives to the pixels of its window is added there, all channels of one kernel element at a time.

One thread, forward of a transposed convolution, milliseconds (gathering / overlapping): (64, 64, 16, 16) to 3
channels, 4x4, stride 2: SCATTER1; (64, 16, 10, 10) to 6 channels, 5x5: SCATTER2.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from .threads import get_num_threads, scratch, split

__all__ = ["pays", "spread"]

_BLOCK, _PRODUCT, _GRADIENT = range(3)

_BUDGET = 2**22  # bytes of a chunk's products
_CHEAPER = 5  # how many numbers are copied in the time that one is added


def pays(g_shape: Sequence[int], x_shape: Sequence[int], stride: Sequence[int]) -> bool:
    """Whether adding is quicker than gathering, for g (N, O, *spatial) and x (N, C, *spatial)."""
    gathered = math.prod(x_shape[2:]) // math.prod(stride) * g_shape[1]
    added = math.prod(g_shape[2:]) * x_shape[1]
    return gathered > _CHEAPER * added


def spread(
    g: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    gx: np.ndarray,
    *,
    before: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> list[Callable[[], None]]:
    """Tasks that write into gx (N, *spatial, C) the gradient for x, from g (N, *spatial, O).

    weight: (O, C, *kernel); bias: (C,) or None.
    """
    outputs, channels, *kernel = weight.shape
    samples, *positions, _ = g.shape
    size = gx.shape[1:-1]
    extent = [
        max((o - 1) * s + d * (k - 1) + 1, b + n)
        for o, s, d, k, b, n in zip(positions, stride, dilation, kernel, before, size, strict=True)
    ]
    inside = tuple([slice(b, b + n) for b, n in zip(before, size, strict=True)])
    matrix = weight.reshape(outputs, -1).T  # (C·K, O)
    along = [
        [slice(t * d, t * d + (o - 1) * s + 1, s) for t in range(k)]
        for o, s, d, k in zip(positions, stride, dilation, kernel, strict=True)
    ]
    places = list(itertools.product(*along))
    at_most = max(1, _BUDGET // (g.dtype.itemsize * math.prod(positions) * len(matrix)))

    def run(chunk: tuple[int, int]) -> None:
        part = g[slice(*chunk)]
        if not part.flags.c_contiguous:
            copy = scratch(_GRADIENT, part.shape, g.dtype)
            np.copyto(copy, part)
            part = copy
        rows = part.reshape(-1, outputs)
        product = scratch(_PRODUCT, (len(matrix), len(rows)), g.dtype)
        np.matmul(matrix, rows.T, out=product)
        planes = product.reshape(channels, len(places), len(part), *positions)
        block = scratch(_BLOCK, (channels, len(part), *extent), g.dtype)
        block.fill(0)
        for number, place in enumerate(places):
            target = block[(slice(None), slice(None), *place)]
            np.add(target, planes[:, number], out=target)
        result = block[(slice(None), slice(None), *inside)]
        if bias is not None:
            np.add(result, bias.reshape(-1, *(1,) * (g.ndim - 1)), out=result)
        np.copyto(gx[slice(*chunk)], result.transpose(*range(1, g.ndim), 0))

    return [partial(run, chunk) for chunk in split(samples, at_most, parallel=get_num_threads() > 1)]
