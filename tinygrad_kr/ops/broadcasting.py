"""Broadcasting and repetition: the same elements seen, or copied, many times.

The derivative of showing an element in many places is the sum over those places. For `expand` that is the
engine's, which sums every gradient back to the shape of what it belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import numpy_function, rule
from ..size import Size
from ..tensor import Tensor, graft
from ._public import public, require_tensor, sizes_of
from .shape import reshape_rule

__all__ = [
    "broadcast_shapes",
    "broadcast_tensors",
    "broadcast_to",
    "meshgrid",
    "tile",
]


# -- the derivatives ---------------------------------------------------------------------------------------


def expand_(array: Any, *, shape: tuple[int, ...]) -> Any:
    """The array seen as if its dimensions of size 1 were repeated; as writable as the array itself."""
    out = np.broadcast_to(array, shape)
    out.flags.writeable = array.flags.writeable
    return out


def tile_(x: Any, *, counts: tuple[int, ...]) -> Any:
    """The array repeated along each of its dimensions."""
    return np.tile(x, counts)


def tile_slope(g: Any, shape: tuple[int, ...], counts: tuple[int, ...]) -> Any:
    """The sum over the copies: each dimension seen as (count, size)."""
    pairs = [one for pair in zip(counts, shape) for one in pair]
    return np.sum(np.reshape(g, pairs), axis=tuple(range(0, len(pairs), 2)))


expand_rule = rule(np.broadcast_to, name="expand", forward=expand_, view=True, array=lambda g: g)
tile_rule = rule(
    tile_, name="repeat", x=lambda g, x_shape, counts: tile_slope(g, x_shape, counts) if counts else g
)


@numpy_function(np.tile)
def _np_tile(A: Any, reps: Any) -> Any:
    return tile(A, (reps,) if isinstance(reps, int) else tuple(reps))


@numpy_function(np.broadcast_arrays)
def _np_broadcast_arrays(*args: Any) -> Any:
    shape = broadcast_shapes(*[np.shape(one) for one in args])
    return tuple(expand_rule(one, shape=shape) for one in args)


# -- seen many times ---------------------------------------------------------------------------------------


def expand(self: Tensor, *sizes: Any, size: Sequence[int] | None = None, implicit: bool = False) -> Tensor:
    """The tensor seen with its dimensions of size 1, and new leading ones, repeated; no memory is copied.

    Args:
        sizes: the new sizes; -1 leaves a size as it is.

    Raises:
        RuntimeError: a dimension that is not of size 1 would change.

    >>> torch.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])

    Source: PyTorch, `torch.Tensor.expand`.
    """
    return _expanded(self, sizes_of(sizes if size is None else (size,)))


def _expanded(input: Tensor, target: tuple[int, ...]) -> Tensor:
    own = input._array.shape
    ahead = len(target) - len(own)
    if ahead < 0:
        raise RuntimeError(
            f"expand({input.dtype}{list(own)}, size={list(target)}): the number of sizes provided "
            f"({len(target)}) must be greater or equal to the number of dimensions in the tensor "
            f"({len(own)})"
        )
    full = list(target)
    for dim, size in enumerate(target):
        if size == -1:
            if dim < ahead:
                raise RuntimeError(
                    "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing "
                    f"dimension {dim}"
                )
            full[dim] = own[dim - ahead]
        elif dim >= ahead and own[dim - ahead] not in (1, size):
            raise RuntimeError(
                f"The expanded size of the tensor ({size}) must match the existing size "
                f"({own[dim - ahead]}) at non-singleton dimension {dim}.  Target sizes: {list(target)}.  "
                f"Tensor sizes: {list(own)}"
            )
        elif size < 0:
            raise RuntimeError(f"expand: sizes must be non-negative (or -1), got {list(target)}")
    return expand_rule(input, shape=tuple(full))


def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor expanded to the shape of another."""
    return _expanded(self, other._array.shape)


@public(out=False)
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """The tensor broadcast to a shape; the same as `expand`.

    >>> torch.broadcast_to(torch.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])

    Source: PyTorch, `torch.broadcast_to`.
    """
    return _expanded(require_tensor(input, "broadcast_to"), sizes_of((size,)))


@public(method=False, out=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of the given shapes broadcast to.

    Raises:
        RuntimeError: they do not broadcast.

    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])

    Source: PyTorch, `torch.broadcast_shapes`.
    """
    result: list[int] = []
    for position, shape in enumerate(shapes):
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        result = [1] * (len(sizes) - len(result)) + result
        for dim in range(-1, -len(sizes) - 1, -1):
            if sizes[dim] != 1 and result[dim] not in (1, sizes[dim]):
                raise RuntimeError(
                    f"Shape mismatch: objects cannot be broadcast to a single shape. Argument {position} "
                    f"has {sizes}, whose size {sizes[dim]} at dimension {dim} does not match {result[dim]} "
                    "of the arguments before it"
                )
            result[dim] = sizes[dim] if sizes[dim] != 1 else result[dim]
    return Size(result)


@public(method=False, out=False)
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape.

    >>> [one.shape for one in torch.broadcast_tensors(torch.zeros(2, 1), torch.zeros(3))]
    [torch.Size([2, 3]), torch.Size([2, 3])]

    Source: PyTorch, `torch.broadcast_tensors`.
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    shape = broadcast_shapes(*[require_tensor(one, "broadcast_tensors")._array.shape for one in given])
    return tuple(one if one._array.shape == shape else _expanded(one, shape) for one in given)


def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The tensor summed over whatever must be for it to have the given shape: the transpose of `expand`."""
    target, own = sizes_of(size), self._array.shape
    ahead = len(own) - len(target)
    if ahead < 0 or any(small not in (1, large) for small, large in zip(target, own[ahead:])):
        raise RuntimeError(f"size {{{list(target)}}} is not expandable to size {{{list(own)}}}.")
    axes = [*range(ahead), *(ahead + i for i, one in enumerate(target) if one == 1 and own[ahead + i] != 1)]
    return reshape_rule(np.sum(self, axis=tuple(axes), keepdims=True) if axes else self, shape=target)


@public(method=False, out=False)
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: vectors expanded over the dimensions of each other.

    Args:
        tensors: vectors, one by one or as one sequence.
        indexing: "ij": the first vector runs along the first dimension; "xy": along the second, as in plots.

    Raises:
        RuntimeError: a tensor of more than one dimension, or another `indexing`.

    >>> rows, columns = torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4]), indexing="ij")
    >>> rows, columns
    (tensor([[1, 1],
            [2, 2]]), tensor([[3, 4],
            [3, 4]]))

    Source: PyTorch, `torch.meshgrid`.
    """
    found = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for one in found:
        if require_tensor(one, "meshgrid", "tensors")._array.ndim > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {list(one.shape)}"
            )
    shape = [one._array.size for one in found]
    places = list(range(len(shape)))
    if indexing == "xy" and len(shape) > 1:
        shape[0], shape[1], places[0], places[1] = shape[1], shape[0], 1, 0
    return tuple(
        expand_rule(
            reshape_rule(one, shape=(*[1] * place, -1, *[1] * (len(shape) - 1 - place))), shape=tuple(shape)
        )
        for one, place in zip(found, places)
    )


# -- copied many times -------------------------------------------------------------------------------------


def repeat(self: Tensor, *counts: Any, repeats: Sequence[int] | None = None) -> Tensor:
    """Copies of the tensor beside each other: as often as given along each dimension, new leading ones too.

    Raises:
        RuntimeError: fewer numbers than dimensions.

    >>> torch.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])

    Source: PyTorch, `torch.Tensor.repeat`.
    """
    counts, shape = sizes_of(counts, repeats), self._array.shape
    if len(counts) < len(shape):
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
            f"{list(counts)} for shape {list(shape)}"
        )
    if any(count < 0 for count in counts):
        raise RuntimeError(f"Trying to create tensor with negative dimension: repeat{counts}")
    ahead = len(counts) - len(shape)
    return tile_rule(reshape_rule(self, shape=(*[1] * ahead, *shape)) if ahead else self, counts=counts)


@public(out=False)
def tile(input: Tensor, *counts: Any, dims: Sequence[int] | None = None) -> Tensor:
    """`repeat` in which missing numbers, in front, are ones.

    >>> torch.tile(torch.tensor([[1], [2]]), (2,))
    tensor([[1, 1],
            [2, 2]])

    Source: PyTorch, `torch.tile`.
    """
    counts = sizes_of(counts, dims)
    missing = require_tensor(input, "tile")._array.ndim - len(counts)
    return repeat(input, *[1] * missing, *counts)


for _function in (expand, expand_as, sum_to_size, repeat):
    graft(_function)
