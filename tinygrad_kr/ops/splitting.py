"""Splitting tensors: split, chunk, unbind and what is made of them. All results are views.

Each operation has one backward for all its results, which joins the gradients that arrive. In memory, and for
changes in place, every result is the slice of the input that it shows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..autograd.primitive import joint, numpy_function
from ..autograd.record import share
from ..tensor import Tensor, graft
from ._public import as_array, axis_of, public, require_tensor, sizes_of
from .indexing import along, select_rule, slice_rule

__all__ = [
    "chunk",
    "dsplit",
    "hsplit",
    "split",
    "split_with_sizes",
    "tensor_split",
    "unbind",
    "unsafe_chunk",
    "unsafe_split",
    "vsplit",
]


# -- the derivatives ---------------------------------------------------------------------------------------


def split_(x: Any, *, axis: int, bounds: tuple[int, ...]) -> Any:
    """The views between successive bounds along an axis."""
    return tuple([x[along(axis, slice(*pair))] for pair in itertools.pairwise(bounds)])


def unbind_(x: Any, *, axis: int) -> Any:
    """The views at each position of an axis."""
    return tuple([x[along(axis, position)] for position in range(x.shape[axis])])


split_rule = joint(split_, lambda g, axis: [np.concatenate(g, axis)], name="split")
unbind_rule = joint(unbind_, lambda g, axis: [np.stack(g, axis)], name="unbind")


@numpy_function(np.split)
def _np_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    return list(tensor_split(ary, indices_or_sections, axis))


# -- the functions -----------------------------------------------------------------------------------------


def _split(input: Tensor, axis: int, bounds: Sequence[int]) -> tuple[Tensor, ...]:
    """The views between bounds; each is a view like the slice it is, in-place changes included."""
    results = split_rule(input, axis=axis, bounds=tuple(bounds))
    for one, pair in zip(results, itertools.pairwise(bounds)):
        share(one, input, partial(slice_rule, index=along(axis, slice(*pair))))
    return results


@public(method=False, out=False)
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of successive parts of one dimension.

    Args:
        split_size_or_sections: the size of each part (the last may be smaller), or a list of sizes.

    Raises:
        RuntimeError: the sizes do not add up to that of the dimension.

    >>> torch.split(torch.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))

    Source: PyTorch, `torch.split`.
    """
    if not isinstance(split_size_or_sections, int):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    shape, size = require_tensor(tensor, "split", "tensor")._array.shape, split_size_or_sections
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    axis = axis_of(dim, len(shape))
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and shape[axis]:
        raise RuntimeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {shape[axis]}"
        )
    return _split(
        tensor, axis, [*range(0, shape[axis], max(size, 1)), shape[axis]] if shape[axis] else [0, 0]
    )


def split_of(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """`torch.split`, whose second argument has this name as a method's.

    >>> torch.arange(5).split(split_size=2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    return split(self, split_size, dim)


graft(split_of, "split")


@public(out=False)
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of successive parts of the given sizes.

    Raises:
        RuntimeError: the sizes do not add up to that of the dimension.

    >>> torch.split_with_sizes(torch.arange(5), [1, 4])
    (tensor([0]), tensor([1, 2, 3, 4]))

    Source: PyTorch, `torch.split_with_sizes`.
    """
    shape, sizes = require_tensor(input, "split_with_sizes")._array.shape, sizes_of((split_sizes,))
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    axis = axis_of(dim, len(shape))
    if any(size < 0 for size in sizes) or sum(sizes) != shape[axis]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to be non-negative and to sum exactly to {shape[axis]} "
            f"(input tensor's size at dimension {axis}), but got split_sizes={list(sizes)}"
        )
    return _split(input, axis, [0, *itertools.accumulate(sizes)])


@public(out=False)
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of at most `chunks` successive parts of equal size (the last may be smaller).

    Raises:
        RuntimeError: `chunks` is not positive.

    >>> torch.chunk(torch.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))

    Source: PyTorch, `torch.chunk`.
    """
    shape = require_tensor(input, "chunk")._array.shape
    if not shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    axis = axis_of(dim, len(shape))
    if shape[axis] == 0:
        return _split(input, axis, [0] * (chunks + 1))
    size = -(-shape[axis] // chunks)
    return _split(input, axis, [*range(0, shape[axis], size), shape[axis]])


@public(out=False)
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of parts: a number of nearly equal ones, or those between given positions.

    Args:
        indices_or_sections: how many parts (the first ones are larger by one where they must be), or where
            to cut.

    >>> torch.tensor_split(torch.arange(5), 3), torch.tensor_split(torch.arange(5), [1, 4])
    ((tensor([0, 1]), tensor([2, 3]), tensor([4])), (tensor([0]), tensor([1, 2, 3]), tensor([4])))

    Source: PyTorch, `torch.tensor_split`.
    """
    shape = require_tensor(input, "tensor_split")._array.shape
    if not shape:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    axis = axis_of(dim, len(shape))
    cuts = as_array(indices_or_sections)
    cuts = cuts.tolist() if isinstance(cuts, np.ndarray) else cuts
    size = shape[axis]
    if isinstance(cuts, int):
        if cuts <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {cuts}")
        small, larger = divmod(size, cuts)
        return _split(input, axis, [part * small + min(part, larger) for part in range(cuts + 1)])
    bounds = [0, *[max(cut + size, 0) if cut < 0 else min(cut, size) for cut in cuts], size]
    if bounds == sorted(bounds):
        return _split(input, axis, bounds)
    return tuple(slice_rule(input, index=along(axis, slice(*pair))) for pair in itertools.pairwise(bounds))


@public(out=False)
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along the second dimension (the only one of a vector), into equal parts.

    >>> torch.hsplit(torch.tensor([[1, 2], [3, 4]]), 2)
    (tensor([[1],
            [3]]), tensor([[2],
            [4]]))

    Source: PyTorch, `torch.hsplit`.
    """
    axis = 0 if require_tensor(input, "hsplit")._array.ndim == 1 else 1
    return _split_evenly(input, indices_or_sections, axis, "hsplit", 1)


@public(out=False)
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along the first dimension, into equal parts.

    >>> torch.vsplit(torch.tensor([[1, 2], [3, 4]]), 2)
    (tensor([[1, 2]]), tensor([[3, 4]]))

    Source: PyTorch, `torch.vsplit`.
    """
    return _split_evenly(input, indices_or_sections, 0, "vsplit", 2)


@public(out=False)
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along the third dimension, into equal parts.

    >>> [part.shape for part in torch.dsplit(torch.zeros(1, 2, 4), 2)]
    [torch.Size([1, 2, 2]), torch.Size([1, 2, 2])]

    Source: PyTorch, `torch.dsplit`.
    """
    return _split_evenly(input, indices_or_sections, 2, "dsplit", 3)


def _split_evenly(input: Tensor, sections: Any, axis: int, name: str, least: int) -> tuple[Tensor, ...]:
    ndim = require_tensor(input, name)._array.ndim
    if ndim < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with {ndim} "
            "dimensions!"
        )
    size = input._array.shape[axis]
    if isinstance(sections, int) and (sections <= 0 or size % sections):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {axis}, but the size of the dimension {size} "
            f"is not divisible by the split_size {sections}!"
        )
    return tensor_split(input, sections, axis)


@public(out=False)
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Views at every position of one dimension, which is then gone.

    >>> torch.unbind(torch.tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))

    Source: PyTorch, `torch.unbind`.
    """
    shape = require_tensor(input, "unbind")._array.shape
    if not shape:
        raise IndexError("unbind(): Dimension specified as 0 but tensor has no dimensions")
    axis = axis_of(dim, len(shape))
    results = unbind_rule(input, axis=axis)
    for position, one in enumerate(results):
        share(one, input, partial(select_rule, index=along(axis, position)))
    return results


unsafe_split, unsafe_chunk = split, chunk
graft(split, "unsafe_split")
graft(chunk, "unsafe_chunk")
