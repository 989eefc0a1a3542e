"""Counting and looking up: unique values, bins, histograms, places in sorted sequences. No derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import constant
from ..kernels.scatter import put_along
from ..tensor import Tensor, wrap
from ._public import as_array, axis_of, public, require_ordered, require_tensor, sizes_of, structured

__all__ = [
    "bincount",
    "bucketize",
    "histc",
    "histogram",
    "searchsorted",
    "unique",
    "unique_consecutive",
    "unravel_index",
]

FUNCTIONAL = ["one_hot"]

constant(np.bincount, np.searchsorted, np.digitize, np.unique)


def _delivered(parts: tuple[Any, ...], wanted: tuple[bool, ...]) -> Any:
    """The parts that were asked for: one alone, or a tuple."""
    found = tuple([wrap(np.asarray(one)) for one, take in zip(parts, wanted) if take])
    return found[0] if len(found) == 1 else found


def _dense(array: np.ndarray) -> bool:
    """Whether integers lie so close together that counting all of them beats sorting."""
    return array.size > 0 and int(array.max()) - int(array.min()) <= array.size


def _counted(array: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different integers, which of them each element is, and how often each occurs."""
    low = int(array.min())
    away = array.reshape(-1).astype(np.int64) - low
    counts = np.bincount(away)
    values = np.flatnonzero(counts)
    return (values + low).astype(array.dtype), (np.cumsum(counts > 0) - 1)[away], counts[values]


@public(out=False)
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different elements, in order; or the different slices along a dimension.

    Args:
        sorted: accepted as in PyTorch; the result is always in order here.
        return_inverse: also, for each element, where its value is in the result.
        return_counts: also how often each value occurs.

    >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))

    Source: PyTorch, `torch.unique`.
    """
    array = require_ordered(input, "unique")._array
    axis = None if dim is None else axis_of(dim, array.ndim)
    if axis is None and array.dtype.kind in "iu" and _dense(array):
        values, inverse, counts = _counted(array)
    elif return_inverse or return_counts:
        values, inverse, counts = np.unique(
            array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
        )
    else:
        return wrap(np.unique(array, axis=axis, equal_nan=False))
    inverse = inverse.reshape(array.shape if axis is None else -1)
    return _delivered((values, inverse, counts), (True, return_inverse, return_counts))


@public(out=False)
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements (or slices along a dimension) without those equal to the one before.

    >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])

    Source: PyTorch, `torch.unique_consecutive`.
    """
    array = require_tensor(input, "unique_consecutive")._array
    axis = 0 if dim is None else axis_of(dim, array.ndim)
    slices = array.reshape(-1) if dim is None else np.moveaxis(array, axis, 0)
    new = np.ones(len(slices), bool)
    new[1:] = np.any(slices[1:] != slices[:-1], axis=tuple(range(1, slices.ndim)))
    begins = np.flatnonzero(new)
    values = slices[begins] if dim is None else np.moveaxis(slices[begins], 0, axis)
    inverse = np.cumsum(new) - 1
    counts = np.diff(np.append(begins, len(slices)))
    inverse = inverse.reshape(array.shape) if dim is None else inverse
    return _delivered((values, inverse, counts), (True, return_inverse, return_counts))


@public()
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each non-negative integer occurs; with weights, their sum for each integer.

    Raises:
        RuntimeError: negative or non-integer elements, or more than one dimension.

    >>> torch.bincount(torch.tensor([0, 2, 2]))
    tensor([1, 0, 2])

    Source: PyTorch, `torch.bincount`.
    """
    array = require_tensor(input, "bincount")._array
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array.size and array.min() < 0):
        raise (RuntimeError if array.dtype.kind in "iu" else NotImplementedError)(
            "bincount only supports 1-d non-negative integral inputs, got "
            f"{input.dtype} of shape {list(input.shape)}"
        )
    if weights is None:
        return wrap(np.bincount(array, minlength=minlength).astype(np.int64, copy=False))
    if weights._array.shape != array.shape:
        raise RuntimeError(
            f"weights should be 1-d and have the same length as input, got shapes {list(weights.shape)} and "
            f"{list(input.shape)}"
        )
    dtype = np.float32 if weights._array.dtype == np.float32 else np.float64
    return wrap(np.bincount(array, weights._array, minlength).astype(dtype, copy=False))


@public()
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where values would be put into a sorted sequence to keep it sorted.

    Args:
        sorted_sequence: a vector, or vectors in the last dimension, one for each row of `input`.
        input: a tensor or number.
        right: behind equal elements rather than before them; also `side="right"`.
        sorter: the indices that sort an unsorted `sorted_sequence`.

    >>> torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 6]))
    tensor([1, 3])

    Source: PyTorch, `torch.searchsorted`.
    """
    sequence = require_ordered(sorted_sequence, "searchsorted", "sorted_sequence")._array
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites: 'left' and right=True"
        )
    place: Any = "right" if right or side == "right" else "left"
    values = np.asarray(as_array(input))
    if sorter is not None:
        sequence = np.take_along_axis(sequence, sorter._array, -1)
    if sequence.ndim == 1:
        found = np.searchsorted(sequence, values, place)
    elif sequence.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of "
            "boundaries tensor and input value tensor must match, but we got boundaries tensor "
            f"{list(sequence.shape)} and input value tensor {list(values.shape)}"
        )
    else:
        count = math.prod(values.shape[:-1])
        rows = zip(sequence.reshape(count, sequence.shape[-1]), values.reshape(count, values.shape[-1]))
        found = np.array([np.searchsorted(row, wanted, place) for row, wanted in rows]).reshape(values.shape)
    return wrap(np.asarray(found, np.int32 if out_int32 else np.int64))


@public()
def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The number of the bucket between sorted boundaries that each value falls into.

    >>> torch.bucketize(torch.tensor([0.5, 3.0]), torch.tensor([1.0, 3.0]))
    tensor([0, 1])

    Source: PyTorch, `torch.bucketize`.
    """
    if require_tensor(boundaries, "bucketize", "boundaries")._array.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


@public()
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` equal parts of the range from min to max.

    Args:
        min, max: the range; where both are 0, that of the elements. What lies outside is not counted.

    >>> torch.histc(torch.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])

    Source: PyTorch, `torch.histc`.
    """
    array = require_ordered(input, "histc")._array
    if bins <= 0:
        raise RuntimeError(f"torch.histc(): bins must be > 0, but got {bins}")
    low, high = float(as_array(min)), float(as_array(max))
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError(f"torch.histc: max must be larger than min, got {high} and {low}")
    values = array[(array >= low) & (array <= high)]
    place = np.minimum(((values - low) / (high - low) * bins).astype(np.intp), bins - 1)
    dtype = array.dtype
    return wrap(np.bincount(place, minlength=bins).astype(dtype, copy=False))


histogram_fields = structured("histogram", "hist", "bin_edges")


@public()
def histogram(
    input: Tensor,
    bins: Any,
    *,
    range: tuple[float, float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """How many elements fall between each two edges, and the edges.

    Args:
        bins: the number of equal bins, or their edges as a vector.
        range: where equal bins begin and end; by default at the smallest and the largest element.
        weight: what each element counts.
        density: the counts divided so that the integral over the range is 1.

    >>> torch.histogram(torch.tensor([1.0, 2.0, 1.0]), bins=2, range=(0.0, 3.0))
    torch.return_types.histogram(
    hist=tensor([2., 1.]),
    bin_edges=tensor([0.0000, 1.5000, 3.0000]))

    Source: PyTorch, `torch.histogram`.
    """
    array = require_tensor(input, "histogram")._array
    if array.dtype.kind != "f":
        raise NotImplementedError(
            f"torch.histogram: input tensor must have a floating dtype, got {input.dtype}"
        )
    counts, edges = np.histogram(array, as_array(bins), range, density, as_array(weight))
    return histogram_fields(wrap(counts.astype(array.dtype)), wrap(edges.astype(array.dtype)))


@public(method=False, out=False)
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Positions in a flattened tensor as one tensor of positions per dimension of its shape.

    Raises:
        ValueError: a position outside of the shape.

    >>> torch.unravel_index(torch.tensor([5, 1]), (2, 3))
    (tensor([1, 0]), tensor([2, 1]))

    Source: PyTorch, `torch.unravel_index`.
    """
    array = require_tensor(indices, "unravel_index", "indices")._array
    if array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    return tuple([wrap(one) for one in np.unravel_index(array, sizes_of((shape,)))])


@public(method=False, out=False)
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Class numbers as rows of zeros with a one at that place.

    Args:
        tensor: class numbers, int64.
        num_classes: the length of a row; by default one more than the largest number.

    Raises:
        RuntimeError: numbers that are negative, too large or not int64.

    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])

    Source: PyTorch, `torch.nn.functional.one_hot`.
    """
    array = require_tensor(tensor, "one_hot", "tensor")._array
    if array.dtype != np.int64:
        raise RuntimeError(
            f"one_hot is only applicable to index tensor of type LongTensor, got {tensor.dtype}; use .long()"
        )
    if array.size == 0:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return wrap(np.zeros((*array.shape, num_classes), np.int64))
    if array.min() < 0:
        raise RuntimeError(f"Class values must be non-negative, got {array.min()}.")
    if num_classes == -1:
        num_classes = int(array.max()) + 1
    elif array.max() >= num_classes:
        raise RuntimeError(
            f"Class values must be smaller than num_classes, got {array.max()} for num_classes={num_classes}."
        )
    out = np.zeros((*array.shape, num_classes), np.int64)
    put_along(out, array[..., None], 1, array.ndim)
    return wrap(out)
