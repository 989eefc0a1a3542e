"""Resampling along dimensions: every output is a weighted sum of a few neighbouring inputs.

Along one dimension that is a product with a sparse matrix whose non-zero elements lie near its diagonal. The
matrix is kept as dense blocks, each of some consecutive outputs and the inputs they see, so that BLAS does
the work; choosing the nearest input copies instead. The adjoint multiplies with transposed blocks and adds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .threads import parallel_for, split
from .windows import channels_first, channels_last

__all__ = ["Resampling", "resample", "resample_adjoint"]

_OUTPUTS = 32  # outputs per block
_PARALLEL = 2**17  # elements of the larger side from which a second thread pays


class Resampling:
    """How a dimension becomes another: n outputs, each the sum of `weights` (taps, n) at `indices` (taps, n).

    >>> halves = Resampling(3, np.array([[0, 1], [1, 2]]), np.array([[0.5, 0.5], [0.5, 0.5]]))
    >>> resample(np.array([[[1.0, 3.0, 7.0]]]), {0: halves})
    array([[[2., 5.]]])
    """

    def __init__(self, size: int, indices: np.ndarray, weights: np.ndarray | None = None) -> None:
        self.input_size = size
        self.output_size = indices.shape[1]
        self.copied = indices[0] if weights is None else None
        weights = np.ones(indices.shape) if weights is None else weights
        self.blocks: list[tuple[slice, slice, np.ndarray]] = []
        for start, stop in split(self.output_size, _OUTPUTS, parallel=False):
            seen = indices[:, start:stop]
            low, high = int(seen.min()), int(seen.max()) + 1
            block = np.zeros((stop - start, high - low))
            for index, weight in zip(seen - low, weights[:, start:stop]):
                block[np.arange(stop - start), index] += weight
            self.blocks.append((slice(start, stop), slice(low, high), block))


def resample(x: np.ndarray, maps: Mapping[int, Resampling]) -> np.ndarray:
    """x (N, C, *spatial) resampled along some spatial dimensions, counted from 0; memory keeps its order."""
    # What shrinks comes first: there is less to do afterwards.
    order = sorted(maps, key=lambda axis: maps[axis].output_size / max(1, maps[axis].input_size))
    return _along_all(x, [(axis, maps[axis]) for axis in order], _forward)


def resample_adjoint(g: np.ndarray, maps: Mapping[int, Resampling]) -> np.ndarray:
    """The adjoint of `resample`.

    >>> twice = Resampling(1, np.array([[0, 0]]))
    >>> resample_adjoint(np.array([[[1.0, 2.0]]]), {0: twice})
    array([[[3.]]])
    """
    order = sorted(maps, key=lambda axis: maps[axis].input_size / max(1, maps[axis].output_size))
    return _along_all(g, [(axis, maps[axis]) for axis in order], _adjoint)


def _along_all(
    x: np.ndarray, maps: Sequence[tuple[int, Resampling]], run: Callable[..., np.ndarray]
) -> np.ndarray:
    if not maps:
        return np.array(x, order="K")
    last = channels_last(x)
    if last.flags.c_contiguous and not x.flags.c_contiguous:
        for axis, one in maps:
            last = run(last, axis + 1, one)
        return channels_first(last)
    x = np.ascontiguousarray(x)
    for axis, one in maps:
        x = run(x, axis + 2, one)
    return x


def _forward(x: np.ndarray, axis: int, one: Resampling) -> np.ndarray:
    if one.copied is not None:
        return np.take(x, one.copied, axis)
    before, after = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    source = x.reshape(before, one.input_size, after)
    out = np.empty((before, one.output_size, after), x.dtype)
    blocks = [(to, of, block.astype(x.dtype)) for to, of, block in one.blocks]

    def run(part: slice) -> None:
        for to, of, block in blocks:
            _multiply(block, source[part, of], out[part, to])

    parallel_for(run, _parts(before, max(source[:1].size, out[:1].size)))
    return out.reshape(*x.shape[:axis], one.output_size, *x.shape[axis + 1 :])


def _adjoint(g: np.ndarray, axis: int, one: Resampling) -> np.ndarray:
    before, after = math.prod(g.shape[:axis]), math.prod(g.shape[axis + 1 :])
    source = g.reshape(before, one.output_size, after)
    out = np.zeros((before, one.input_size, after), g.dtype)
    blocks = [(to, of, block.astype(g.dtype).T) for to, of, block in one.blocks]

    def run(part: slice) -> None:
        for to, of, block in blocks:
            place = out[part, of]
            place += _multiply(block, source[part, to], np.empty_like(place))

    parallel_for(run, _parts(before, max(source[:1].size, out[:1].size)))
    return out.reshape(*g.shape[:axis], one.input_size, *g.shape[axis + 1 :])


def _multiply(block: np.ndarray, x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """block @ x for every x (n, m) of a stack; as one product where n is followed by nothing in memory."""
    if x.shape[2] > 1:
        return np.matmul(block, x, out=out)
    np.matmul(x[..., 0], block.T, out=out[..., 0])
    return out


def _parts(count: int, size: int) -> list[slice]:
    """Cut a number of lines of a size into parts of some 2**18 elements."""
    parallel = count * size > _PARALLEL
    return [slice(*cut) for cut in split(count, max(1, 2**18 // max(1, size)), parallel=parallel)]
