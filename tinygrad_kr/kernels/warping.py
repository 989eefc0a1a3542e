"""Images sampled between their pixels, every image of a batch at places of its own.

Places are given in pixels, (0, 0) being the centre of the first one; what lies outside an image is 0. The
four pixels around each place are fetched plane by plane: a fetch of single numbers from a block of images
that fits the cache costs a nanosecond, and the arithmetic between fetches runs along contiguous memory.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .threads import parallel_for, split

__all__ = ["affine_places", "warp"]

_PIXELS = 2**14  # outputs of one plane that are handled at a time
_PARALLEL = 2**15  # outputs from which a second thread pays

Places = Callable[
    [int, int], tuple[np.ndarray, np.ndarray]
]  # images a to b -> rows and columns (b - a, h, w)


def affine_places(matrices: np.ndarray, old: tuple[int, int], new: tuple[int, int]) -> Places:
    """Where affine maps about the centre take the pixels of images of size `new`, in images of size `old`.

    (x, y) = matrix · (X, Y, 1), both measured from the centre of their image.

    Args:
        matrices: (N, 2, 3), floating point; their dtype is the places'.
        old: (height, width) of what is sampled.
        new: (height, width) of the result.
    """
    kind = matrices.dtype.type
    ys, xs = (np.arange(size, dtype=kind) - kind((size - 1) / 2) for size in new)
    half = [kind(size / 2) for size in old]

    def places(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        found = []
        for row, middle in ((1, half[0]), (0, half[1])):
            # From -1 to 1 and back, as grids have it: so ties of the nearest pixel fall as they do there.
            a, b, c = (matrices[start:stop, row, column, None] / middle for column in range(3))
            from_x, from_y = a * xs, b * ys + c  # (n, w), (n, h)
            place = from_x[:, None, :] + from_y[:, :, None]
            place += 1
            place *= middle
            place -= kind(0.5)
            found.append(place)
        return found[0], found[1]

    return places


def warp(
    x: np.ndarray, places: Places, size: tuple[int, int], nearest: bool, fill: np.ndarray | None = None
) -> np.ndarray:
    """x (N, C, H, W) sampled at places of each image; returns (N, C, *size).

    Args:
        x: of any dtype for the nearest pixels, floating point for weighted ones.
        places: called with the first and behind the last of some images.
        size: (height, width) of the result.
        nearest: copy the nearest pixel (halves to even) rather than weighting the four around.
        fill: a value per channel (C,) for what lies outside. A weighted result v that lies within the image
            by the share m becomes v · m + fill · (1 - m), as torchvision has it.

    >>> row = np.array([[[[1.0, 3.0, 5.0]]]])
    >>> half = np.array([[[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]]])
    >>> warp(row, affine_places(half, (1, 3), (1, 3)), (1, 3), nearest=False)
    array([[[[2. , 4. , 2.5]]]])
    """
    count, channels, height, width = x.shape
    out = np.empty((count, channels, *size), x.dtype)
    pixels = max(1, size[0] * size[1])
    sample = _nearest if nearest else _weighted

    def chunk(part: tuple[int, int]) -> None:
        start, stop = part
        # (n, C, H, W) -> (C, n, H + 2, W + 2): a frame of zeros, and one plane for each channel
        framed = np.zeros((channels, stop - start, height + 2, width + 2), x.dtype)
        framed[:, :, 1:-1, 1:-1] = x[start:stop].swapaxes(0, 1)
        sample(framed, *places(start, stop), fill, out[start:stop].swapaxes(0, 1))

    parts = split(count, max(1, _PIXELS // pixels), parallel=count * pixels >= _PARALLEL)
    parallel_for(chunk, parts)
    return out


def _nearest(
    framed: np.ndarray, rows: np.ndarray, columns: np.ndarray, fill: np.ndarray | None, out: np.ndarray
) -> None:
    height, width = framed.shape[2] - 2, framed.shape[3] - 2
    down, right = (np.clip(np.rint(place), -1, size) for place, size in ((rows, height), (columns, width)))
    index = _index(down, right, framed.shape)
    for channel, plane in enumerate(framed):
        out[channel] = np.take(plane, index)
    if fill is not None:
        outside = (down < 0) | (down == height) | (right < 0) | (right == width)
        if outside.any():
            for channel, value in enumerate(fill):
                out[channel][outside] = value


def _weighted(
    framed: np.ndarray, rows: np.ndarray, columns: np.ndarray, fill: np.ndarray | None, out: np.ndarray
) -> None:
    height, width = framed.shape[2] - 2, framed.shape[3] - 2
    kind = framed.dtype
    top, below = _neighbours(rows, height, kind)
    left, right = _neighbours(columns, width, kind)
    index = _index(top, left, framed.shape)
    corners = [index, index + 1, index + (width + 2), index + (width + 3)]
    if fill is not None:
        within = _share_within(top, below, height) * _share_within(left, right, width)
    for channel, plane in enumerate(framed):
        first, second, third, fourth = (np.take(plane, corner) for corner in corners)
        second -= first
        second *= right
        first += second  # the upper two
        fourth -= third
        fourth *= right
        third += fourth  # the lower two
        third -= first
        third *= below
        first += third
        if fill is not None:
            value = kind.type(fill[channel])
            first -= value
            first *= within
            first += value
        out[channel] = first


def _neighbours(place: np.ndarray, size: int, kind: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The pixel before each place, from -1 to size - 1, and how far towards the next one it lies."""
    place = np.clip(place, -1, size)
    before = np.minimum(np.floor(place), size - 1)
    return before, (place - before).astype(kind, copy=False)


def _share_within(before: np.ndarray, share: np.ndarray, size: int) -> np.ndarray:
    """The weight of those of two neighbours that exist."""
    return (1 - share) * (before >= 0) + share * (before < size - 1)


def _index(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Where the pixels at whole places (n, h, w) lie in a plane (n, H + 2, W + 2) with its frame."""
    _, count, height, width = shape
    index = rows.astype(np.intp)
    index *= width
    index += columns.astype(np.intp)
    index += (np.arange(count) * (height * width) + width + 1)[:, None, None]
    return index
