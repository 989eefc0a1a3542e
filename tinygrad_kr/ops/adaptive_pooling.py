"""Adaptive pooling: windows that divide the input into a given number of outputs.

The i-th of o windows over L elements reaches from ⌊i·L/o⌋ up to ⌈(i + 1)·L/o⌉. The primitives are those of
`ops/pooling.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor
from ._public import public
from ._spatial import batched, unbatched
from .pooling import avg_pool_rule, max_pool_rule, max_pool_with_indices_rule

__all__ = ["adaptive_avg_pool1d"]

FUNCTIONAL = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
]

Sizes = int | None | Sequence[int | None]


def adaptive(
    function: str, dims: int, input: Tensor, output_size: Any
) -> tuple[Tensor, bool, dict[str, Any]]:
    """The input as a batch, whether it was none, and its windows; None keeps a dimension's size."""
    x, added = batched(input, dims, function)
    shape = x._array.shape
    if isinstance(output_size, (tuple, list)):
        sizes = tuple(output_size) * dims if len(output_size) == 1 else tuple(output_size)
    else:
        sizes = (output_size,) * dims
    if len(sizes) != dims:
        raise RuntimeError(f"{function}: output_size must have {dims} elements, got {output_size}")
    for axis, one in enumerate(sizes):
        if one is not None and (not hasattr(one, "__index__") or one.__index__() < 0):
            raise RuntimeError(
                f"{function}: elements of output_size must be integers greater than or equal to 0, or None, "
                f"but received {one!r} for dimension {axis}"
            )
    if 0 in shape[1:]:
        raise RuntimeError(
            f"{function}(): Expected input to have non-zero size for non-batch dimensions, but input has "
            f"sizes {list(input.shape)} with dimension {len(input.shape) - len(shape) + shape.index(0, 1)} "
            "being empty"
        )
    sizes = tuple(n if one is None else one.__index__() for n, one in zip(shape[2:], sizes))
    return x, added, {"output_size": sizes}


def adaptive_maxima(function: str, dims: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    """Adaptive max pooling in `dims` dimensions."""
    x, added, windows = adaptive(function, dims, input, output_size)
    if not return_indices:
        return unbatched(max_pool_rule(x, windows=windows), added)
    out, indices = max_pool_with_indices_rule(x, windows=windows)
    return unbatched(out, added), unbatched(indices, added)


def adaptive_means(function: str, dims: int, input: Tensor, output_size: Any) -> Tensor:
    """Adaptive average pooling in `dims` dimensions."""
    x, added, windows = adaptive(function, dims, input, output_size)
    return unbatched(avg_pool_rule(x, windows=windows), added)


@public(method=False, out=False)
def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
    r"""Means of windows that divide signals into `output_size` outputs: see `adaptive_avg_pool2d`.

    >>> torch.adaptive_avg_pool1d(torch.arange(5.0).reshape(1, 5), 2)
    tensor([[1., 3.]])

    Source: PyTorch, `torch.nn.functional.adaptive_avg_pool1d`.
    """
    return adaptive_means("adaptive_avg_pool1d", 1, input, output_size)


@public(method=False, out=False)
def adaptive_avg_pool2d(input: Tensor, output_size: Sizes) -> Tensor:
    r"""Means of windows that divide images into `output_size` outputs.

    `output_size=1` is global average pooling.

    Args:
        input: (N, C, H, W) or (C, H, W).
        output_size: an int or a pair; None keeps the input's size.

    Raises:
        RuntimeError: a negative size, or an empty input.

    >>> torch.nn.functional.adaptive_avg_pool2d(torch.arange(6.0).reshape(1, 2, 3), (1, 2))
    tensor([[[2., 3.]]])

    Source: PyTorch, `torch.nn.functional.adaptive_avg_pool2d`.
    """
    return adaptive_means("adaptive_avg_pool2d", 2, input, output_size)


@public(method=False, out=False)
def adaptive_avg_pool3d(input: Tensor, output_size: Sizes) -> Tensor:
    r"""Means of windows that divide volumes into `output_size` outputs: see `adaptive_avg_pool2d`.

    >>> torch.nn.functional.adaptive_avg_pool3d(torch.arange(8.0).reshape(1, 2, 2, 2), 1)
    tensor([[[[3.5000]]]])

    Source: PyTorch, `torch.nn.functional.adaptive_avg_pool3d`.
    """
    return adaptive_means("adaptive_avg_pool3d", 3, input, output_size)


@public(method=False, out=False)
def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Any:
    r"""Maxima of windows that divide signals into `output_size` outputs: see `adaptive_max_pool2d`.

    >>> torch.nn.functional.adaptive_max_pool1d(torch.arange(5.0).reshape(1, 5), 2)
    tensor([[2., 4.]])

    Source: PyTorch, `torch.nn.functional.adaptive_max_pool1d`.
    """
    return adaptive_maxima("adaptive_max_pool1d", 1, input, output_size, return_indices)


@public(method=False, out=False)
def adaptive_max_pool2d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Any:
    r"""Maxima of windows that divide images into `output_size` outputs.

    Args:
        input: (N, C, H, W) or (C, H, W).
        output_size: an int or a pair; None keeps the input's size.
        return_indices: also give the positions of the maxima in the flattened plane.

    Raises:
        RuntimeError: a negative size, or an empty input.

    >>> torch.nn.functional.adaptive_max_pool2d(torch.arange(6.0).reshape(1, 2, 3), (1, 2))
    tensor([[[4., 5.]]])

    Source: PyTorch, `torch.nn.functional.adaptive_max_pool2d`.
    """
    return adaptive_maxima("adaptive_max_pool2d", 2, input, output_size, return_indices)


@public(method=False, out=False)
def adaptive_max_pool3d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Any:
    r"""Maxima of windows that divide volumes into `output_size` outputs: see `adaptive_max_pool2d`.

    >>> torch.nn.functional.adaptive_max_pool3d(torch.arange(8.0).reshape(1, 2, 2, 2), 1)
    tensor([[[[7.]]]])

    Source: PyTorch, `torch.nn.functional.adaptive_max_pool3d`.
    """
    return adaptive_maxima("adaptive_max_pool3d", 3, input, output_size, return_indices)
