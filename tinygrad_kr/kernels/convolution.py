"""Convolution forward, input gradient and weight gradient in any number of spatial dimensions.

Shapes are PyTorch's: x (N, C, *spatial) in any memory order, weight (O, C/groups, *kernel). Results are
(N, *spatial, O) buffers handed out as (N, O, *spatial) views: a network runs channels-last throughout.
The work is done in `correlation`; `winograd`, `depthwise` and `overlap` are quicker ways for some shapes.
Each of them says what was measured and when it pays.

A step of ResNet-8 (16-32-64 channels, 32x32, batch 64, AVX-512) in milliseconds, measured inside the step:

                                     one thread    two threads    PyTorch, two (profiled)
    3x3 of 16 channels, forward         2 x 3.0       2 x 2.0       2 x 3.0
        both gradients                  2 x 6.1       2 x 4.0       2 x 4.0
    other convolutions                  26            18            15
    batch norm                          8.8           8.1           7.0
    whole step                          55            39 to 42      27 to 31 (one thread: 62)

So on one thread we are the quicker. The second one speeds PyTorch up twofold and us by 1.4: the time inside
chunks, added up over both threads, grows from 47 to 62, and 58 hand-outs start the second thread 40 µs late
and leave one of them idle for 55 to 65 at their ends, 3 in all. Little of it is waiting for the GIL (100 to
260 switches of context a step, most of them the hand-outs'): it is copies and sums of chunks that fit no
second-level cache. Chunks of twice the size take 15 % longer, half the size changes nothing. No fresh pages
are asked for (0 page faults). The products alone need 11 of two threads, and reading and writing once what
convolutions read and write some 3 at 40 GB/s; with batch norm and the hand-outs 25 is what can be hoped for.

Not built: both gradients from one set of columns. Those of g, which the gradient for x is made of, serve the
weight's as well (gw = Σ x[q]·g[q - k]): a third of that gradient's passes, and a hand-out, less.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from . import overlap, winograd
from .correlation import Task, accumulate, correlate, row_sum
from .threads import parallel_for
from .windows import Padding, channels_first, channels_last, output_shape, pad_pairs, working_dtype

__all__ = ["bias_gradient", "forward", "input_gradient", "output_shape", "weight_gradient"]


def forward(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    groups: int = 1,
) -> np.ndarray:
    """Cross-correlation out[n, o, y] = bias[o] + Σ weight[o, c, k] · x[n, c, s·y + d·k - before].

    >>> x = np.arange(5.0).reshape(1, 1, 5)
    >>> forward(x, np.ones((1, 1, 2)), stride=(1,), padding=(0,), dilation=(1,))
    array([[[1., 3., 5., 7.]]])
    """
    stride, dilation = tuple(stride), tuple(dilation)
    size, before = _placement(x.shape[2:], weight.shape[2:], stride, tuple(padding), dilation)
    dtype = x.dtype if x.dtype == weight.dtype else np.result_type(x, weight)
    work = working_dtype(dtype)
    out = np.empty((x.shape[0], *size, weight.shape[0]), work)
    tasks = _correlate(
        channels_last(x.astype(work, copy=False)),
        _grouped(weight.astype(work, copy=False), groups),
        None if bias is None else bias.astype(work, copy=False),
        out,
        before,
        stride,
        dilation,
    )
    _run(tasks)
    return channels_first(out.astype(dtype, copy=False))


@lru_cache(maxsize=256)
def _placement(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int | tuple[int, int], ...],
    dilation: tuple[int, ...],
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The spatial sizes of the output, and the padding before the input."""
    before = tuple([pair[0] for pair in pad_pairs(padding)])
    return output_shape(size, kernel, stride=stride, padding=padding, dilation=dilation), before


def _grouped(weight: np.ndarray, groups: int) -> np.ndarray:
    """(O, C/G, *kernel) -> (G, O/G, C/G, *kernel)."""
    return weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])


def _correlate(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    out: np.ndarray,
    before: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> list[Task]:
    """What is left to do to write the correlation of x into out; weight (G, O/G, C/G, *kernel)."""
    quick = winograd.pays(weight.shape, out.shape, stride, dilation)
    if quick and winograd.correlate(x, weight[0], bias, out, before):
        return []
    return correlate(x, weight, bias, out, before=before, stride=stride, dilation=dilation)


def _run(tasks: list[Task]) -> None:
    if tasks:
        parallel_for(operator.call, tasks)


def input_gradient(
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
    """Gradient of `forward` with respect to x, of shape `x_shape`; the forward of a transposed convolution.

    Input positions of one residue modulo the stride meet the same subset of kernel positions, at distance
    one in g: each residue is an ordinary convolution of stride one with that subset, flipped, and nothing is
    computed twice or added up afterwards (but see `overlap`). `bias`, one number per channel of x, serves
    transposed convolution; `x_shape` settles what its `output_padding` leaves open.

    >>> g = np.ones((1, 1, 2))
    >>> input_gradient(g, np.ones((1, 1, 3)), (1, 1, 5), stride=(2,), padding=(0,), dilation=(1,))
    array([[[1., 1., 2., 1., 1.]]])
    """
    dtype = g.dtype if g.dtype == weight.dtype else np.result_type(g, weight)
    work = working_dtype(dtype)
    size = tuple(x_shape[2:])
    gx = np.empty((x_shape[0], *size, x_shape[1]), work)
    weight = weight.astype(work, copy=False)
    bias = None if bias is None else bias.astype(work, copy=False)
    source = channels_last(g.astype(work, copy=False))
    stride, dilation, pairs = tuple(stride), tuple(dilation), pad_pairs(padding)
    if groups == 1 and overlap.pays(g.shape, x_shape, stride):
        before = tuple([pair[0] for pair in pairs])
        _run(overlap.spread(source, weight, bias, gx, before=before, stride=stride, dilation=dilation))
        return channels_first(gx.astype(dtype, copy=False))
    turned = _grouped(weight, groups).swapaxes(1, 2)  # (G, C/G, O/G, *kernel)
    tasks: list[Task] = []
    for phase in _phases(size, weight.shape[2:], stride, pairs, dilation):
        target = gx[(slice(None), *phase.outputs)]
        if phase.before is None:
            target[...] = 0 if bias is None else bias
        else:
            taps = turned[(slice(None), slice(None), slice(None), *phase.taps)]
            once = (1,) * len(size)
            tasks += _correlate(source, taps, bias, target, phase.before, once, phase.dilation)
    _run(tasks)
    return channels_first(gx.astype(dtype, copy=False))


def weight_gradient(
    g: np.ndarray,
    x: np.ndarray,
    weight_shape: Sequence[int],
    *,
    stride: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    groups: int = 1,
) -> np.ndarray:
    """Gradient of `forward` with respect to weight.

    >>> x, g = np.arange(5.0).reshape(1, 1, 5), np.ones((1, 1, 4))
    >>> weight_gradient(g, x, (1, 1, 2), stride=(1,), padding=(0,), dilation=(1,))
    array([[[ 6., 10.]]])
    """
    dtype = np.result_type(g, x)
    work = working_dtype(dtype)
    before = tuple([pair[0] for pair in pad_pairs(padding)])
    stride, dilation, shape = tuple(stride), tuple(dilation), tuple(weight_shape)
    source, arrived = channels_last(x.astype(work, copy=False)), channels_last(g.astype(work, copy=False))
    gw = None
    if winograd.pays((groups, *shape), arrived.shape, stride, dilation):
        gw = winograd.accumulate(arrived, source, before)
    if gw is None:
        place = {"before": before, "stride": stride, "dilation": dilation}
        gw = accumulate(arrived, source, shape, groups=groups, **place)
    return np.ascontiguousarray(gw, dtype)


def bias_gradient(g: np.ndarray) -> np.ndarray:
    """Gradient of `forward` with respect to bias: the sum of g (N, O, *spatial) over all but the channels.

    >>> bias_gradient(np.ones((2, 3, 4, 4)))
    array([32., 32., 32.])
    """
    work = working_dtype(g.dtype)
    return row_sum(channels_last(g.astype(work, copy=False))).astype(g.dtype, copy=False)


class _Phase(NamedTuple):
    """The convolution that yields one residue class of input positions; no taps meet it if before is None."""

    outputs: tuple[slice, ...]
    taps: tuple[slice, ...]
    before: tuple[int, ...] | None
    dilation: tuple[int, ...]


@lru_cache(maxsize=256)
def _phases(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
) -> tuple[_Phase, ...]:
    """Split the input gradient by residue; in one dimension, position y = s·t + first meets tap k at
    g[(y + before - d·k) / s], an integer for every (s / gcd(s, d))-th tap."""
    phases = [_Phase((), (), (), ())]
    for length, k, s, (before, _), d in zip(size, kernel, stride, padding, dilation, strict=True):
        common = math.gcd(s, d)
        along: list[tuple[slice, slice, int | None, int]] = []
        for first in range(min(s, length)):
            taps = range(next((i for i in range(k) if (first + before - d * i) % s == 0), k), k, s // common)
            outputs = slice(first, None, s)
            if not taps:
                along.append((outputs, slice(0, 0), None, 1))
                continue
            nearest = (first + before - d * taps[-1]) // s
            flipped = slice(taps[-1], taps[0] - 1 if taps[0] else None, -taps.step)
            along.append((outputs, flipped, -nearest, d // common))
        phases = [
            _Phase(
                (*phase.outputs, outputs),
                (*phase.taps, taps),
                None if phase.before is None or start is None else (*phase.before, start),
                (*phase.dilation, step),
            )
            for phase in phases
            for outputs, taps, start, step in along
        ]
    return tuple(phases)
