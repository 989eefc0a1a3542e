"""Picking elements of planes at given positions, putting them back, and unpooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, rule
from ..kernels.scatter import add_along
from ..tensor import Tensor
from ._public import public, require_tensor
from ._spatial import batched, per_dimension, unbatched

__all__: list[str] = []

FUNCTIONAL = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]

Sizes = int | Sequence[int]


# -- the derivatives -----------------------------------------------------------------------------------------


def plane(x: Any) -> Any:
    """(N, C, *spatial) as (N, C, positions)."""
    return x.reshape(*x.shape[:2], math.prod(x.shape[2:]))


def pick_(x: Any, indices: Any) -> Any:
    """The elements of the planes of x (N, C, *spatial) at positions (N, C, *) of the flattened plane."""
    return np.take_along_axis(plane(x), plane(indices), 2).reshape(indices.shape)


def put_(x: Any, indices: Any, *, shape: tuple[int, ...]) -> Any:
    """The adjoint of `pick_`: x added into zeros of a shape at the positions."""
    out = np.zeros((*shape[:2], math.prod(shape[2:])), x.dtype)
    add_along(out, plane(indices), plane(x), 2)
    return out.reshape(shape)


def unpool_(x: Any, indices: Any, *, size: tuple[int, ...]) -> Any:
    """x written into planes of zeros at the positions; of several for one position the last stays."""
    out = np.zeros((*x.shape[:2], math.prod(size)), x.dtype)
    np.put_along_axis(out, plane(indices), plane(x), 2)
    return out.reshape(*x.shape[:2], *size)


pick_rule: Primitive = rule(
    pick_, name="gather", x=lambda g, indices, x_shape: put_rule(g, indices, shape=x_shape)
)
put_rule: Primitive = rule(put_, name="scatter_add", x=lambda g, indices: pick_rule(g, indices))
unpool_rule: Primitive = rule(unpool_, name="max_unpool2D", x=lambda g, indices: pick_rule(g, indices))


# -- the functions -------------------------------------------------------------------------------------------


def unpool(
    function: str,
    dims: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Sequence[int] | None,
) -> Tensor:
    """Unpooling in `dims` dimensions, its arguments checked."""
    x, added = batched(input, dims, function)
    require_tensor(indices, function, "indices")
    if indices._array.dtype != np.int64:
        raise RuntimeError(f"elements in indices should be type int64 but got: {indices.dtype} in {function}")
    if indices.shape != input.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) but "
            f"got indices tensor with shape: {list(indices.shape)}"
        )
    kernel = per_dimension(kernel_size, dims, function, "kernel_size")
    step = kernel if stride is None or stride == () else per_dimension(stride, dims, function, "stride")
    border = per_dimension(padding, dims, function, "padding")
    size = unpooled_size(x._array.shape[2:], kernel, step, border, output_size)
    positions = indices._array.reshape(x._array.shape)
    if positions.size and not 0 <= positions.min() <= positions.max() < math.prod(size):
        bad = positions[(positions < 0) | (positions >= math.prod(size))][0]
        raise RuntimeError(
            f"Found an invalid max index: {bad} (output volumes are of size {'x'.join(map(str, size))}); "
            "give the output_size that was pooled"
        )
    return unbatched(unpool_rule(x, positions, size=size), added)


def unpooled_size(
    given: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    output_size: Sequence[int] | None,
) -> tuple[int, ...]:
    """The size that was pooled: the smallest possible one, or `output_size` if that is possible."""
    smallest = tuple((n - 1) * s + k - 2 * p for n, k, s, p in zip(given, kernel, stride, padding))
    if output_size is None:
        return smallest
    size = tuple(output_size)[-len(smallest) :]
    if len(size) != len(smallest):
        raise ValueError(
            f"output_size should be a sequence containing {len(smallest)} or {len(smallest) + 2} elements, "
            f"but it has a length of '{len(output_size)}'"
        )
    for axis, (one, least, s) in enumerate(zip(size, smallest, stride)):
        if not least - s < one < least + s:
            raise ValueError(
                f'invalid output_size "{size}" (dim {axis} must be between {least - s} and {least + s})'
            )
    return size


@public(method=False, out=False)
def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    r"""Signals with maxima at their places and zeros elsewhere: see `max_unpool2d`.

    >>> x = torch.tensor([[1.0, 3.0, 2.0, 5.0]])
    >>> out, where = torch.nn.functional.max_pool1d(x, 2, return_indices=True)
    >>> torch.nn.functional.max_unpool1d(out, where, 2)
    tensor([[0., 3., 0., 5.]])

    Source: PyTorch, `torch.nn.functional.max_unpool1d`.
    """
    return unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


@public(method=False, out=False)
def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    r"""Images with maxima at their places and zeros elsewhere: a partial inverse of `max_pool2d`.

    Args:
        input, indices: what `max_pool2d(..., return_indices=True)` gave.
        kernel_size, stride, padding: what it was given.
        output_size: the size that was pooled; by default the smallest possible.

    Raises:
        RuntimeError: an index outside the output, or indices of another shape than the input.
        ValueError: an impossible `output_size`.

    >>> x = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> torch.nn.functional.max_unpool2d(*torch.nn.functional.max_pool2d(x, 2, return_indices=True), 2)
    tensor([[[0., 0.],
             [0., 4.]]])

    Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2013; PyTorch,
    `torch.nn.functional.max_unpool2d`.
    """
    return unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


@public(method=False, out=False)
def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    r"""Volumes with maxima at their places and zeros elsewhere: see `max_unpool2d`.

    >>> out, where = torch.nn.functional.max_pool3d(torch.ones(1, 1, 1, 2), (1, 1, 2), return_indices=True)
    >>> torch.nn.functional.max_unpool3d(out, where, (1, 1, 2))
    tensor([[[[1., 0.]]]])

    Source: PyTorch, `torch.nn.functional.max_unpool3d`.
    """
    return unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
