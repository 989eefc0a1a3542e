"""Images sampled at points of a grid, and the grids of affine maps: what spatial transformers are made of.

Written in simple differentiable operations: which pixels surround a point is locally constant, where it lies
between them is not.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor
from ._public import as_array, public, require_tensor
from ._spatial import require_same_dtype
from .interpolation import keys_cubic
from .unpooling import pick_rule

__all__: list[str] = []

FUNCTIONAL = ["affine_grid", "grid_sample"]


@public(method=False, out=False)
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    r"""Where affine maps send the pixels of images: grid = theta · (x, y, 1), with x, y in [-1, 1].

    Args:
        theta: (N, 2, 3), or (N, 3, 4) for volumes.
        size: of the images, (N, C, H, W) or (N, C, D, H, W).
        align_corners: whether -1 and 1 are the centres of the outermost pixels, rather than their edges.

    Returns:
        (N, H, W, 2) or (N, D, H, W, 3), for `grid_sample`.

    Raises:
        ValueError: sizes that are not positive, or that `theta` does not fit.
        NotImplementedError: another number of sizes.

    >>> identity = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> torch.nn.functional.affine_grid(identity, (1, 1, 1, 2), align_corners=False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])

    Source: Jaderberg et al., "Spatial Transformer Networks", 2015; PyTorch,
    `torch.nn.functional.affine_grid`.
    """
    matrix = require_tensor(theta, "affine_grid")._array
    size = tuple(size)
    if matrix.dtype.kind != "f":
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got "
            f"size {size}."
        )
    dims = len(size) - 2
    if matrix.shape != (size[0], dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape {size[0]}x{dims}x{dims + 1} for size "
            f"{size}. Got {theta.shape}."
        )
    if min(size) < 1:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    align = aligned(align_corners, "affine_grid")
    axes = [pixel_centres(n, align) for n in size[2:]]
    points = np.stack([*np.meshgrid(*axes, indexing="ij")[::-1], np.ones(size[2:])], -1)
    flat = points.reshape(1, math.prod(size[2:]), dims + 1).astype(matrix.dtype)
    grid: Any = np.matmul(flat, np.swapaxes(theta, 1, 2))
    return np.reshape(grid, (size[0], *size[2:], dims))  # type: ignore[return-value]


def pixel_centres(size: int, align_corners: bool) -> np.ndarray:
    """Where pixels lie when the image reaches from -1 to 1."""
    places = np.linspace(-1, 1, size) if size > 1 else np.zeros(1)
    return places if align_corners else places * ((size - 1) / size)


@public(method=False, out=False)
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    r"""Images sampled at the points of a grid.

    Args:
        input: (N, C, H, W) or (N, C, D, H, W).
        grid: (N, *, 2) points (x, y), or (N, *, 3) points (x, y, z); the image reaches from -1 to 1.
        mode: "bilinear" (of volumes: trilinear), "nearest" or, for images, "bicubic".
        padding_mode: what lies outside: "zeros", the "border" pixels, or a "reflection".
        align_corners: whether -1 and 1 are the centres of the outermost pixels, rather than their edges.

    Returns:
        (N, C, *), where * are the dimensions of the grid, as many as the input's spatial ones.

    Raises:
        ValueError: a mode that does not exist.
        RuntimeError: shapes or dtypes that do not fit each other.

    >>> x, grid = torch.tensor([[[[1.0, 3.0]]]]), torch.tensor([[[[0.0, 0.0], [0.5, 0.0]]]])
    >>> torch.nn.functional.grid_sample(x, grid, align_corners=False)
    tensor([[[[2., 3.]]]])

    Source: Jaderberg et al., "Spatial Transformer Networks", 2015; PyTorch,
    `torch.nn.functional.grid_sample`.
    """
    shape = require_tensor(input, "grid_sample")._array.shape
    points = require_tensor(grid, "grid_sample", "grid")._array.shape
    check(shape, points, mode, padding_mode)
    require_same_dtype("grid_sample", input=input, grid=grid)
    align = aligned(align_corners, "grid_sample")
    sizes = shape[2:]
    # The last coordinate of the grid, z or y, belongs to the first spatial dimension.
    places = [pixel_places(grid[..., len(sizes) - 1 - axis], size, align) for axis, size in enumerate(sizes)]
    if mode != "bicubic":
        places = [inside(one, size, padding_mode, align) for one, size in zip(places, sizes)]
    taps = [TAPS[mode](one) for one in places]
    total: Any = 0.0
    for corner in itertools.product(*taps):
        indices = [index for index, _ in corner]
        if mode == "bicubic":
            indices = [inside(one, size, padding_mode, align) for one, size in zip(indices, sizes)]
        value = pixels(input, indices, sizes)
        for _, weight in corner:
            value = value * np.expand_dims(weight, 1)
        total = total + value
    return total


def pixel_places(coordinates: Any, size: int, align_corners: bool) -> Any:
    """Coordinates from -1 to 1 as places from 0, the centre of the first pixel, to size - 1."""
    if align_corners:
        return (coordinates + 1) * ((size - 1) / 2)
    return ((coordinates + 1) * size - 1) / 2


def inside(place: Any, size: int, padding_mode: str, align_corners: bool) -> Any:
    """Places outside moved in, by reflection or to the border; nothing moves where zeros lie outside."""
    if padding_mode == "zeros":
        return place
    if padding_mode == "reflection":
        low, span = (0.0, size - 1.0) if align_corners else (-0.5, float(size))
        distance = np.abs(place - low)
        turns = np.floor(as_array(distance) / span) if span else np.zeros_like(as_array(distance))
        rest = distance - turns * span
        place = np.where(turns % 2 == 0, rest, span - rest) + low if span else distance * 0.0
    known = as_array(place)
    return np.where((known > 0) & (known < size - 1), place, np.clip(known, 0, size - 1))


def nearest_taps(place: Any) -> list[tuple[Any, Any]]:
    """The nearest pixel, with weight 1."""
    known = as_array(place)
    return [(np.rint(known), np.ones_like(known))]


def linear_taps(place: Any) -> list[tuple[Any, Any]]:
    """The pixels on both sides, weighted by nearness."""
    left = np.floor(as_array(place))
    share = place - left
    return [(left, 1 - share), (left + 1, share)]


def cubic_taps(place: Any) -> list[tuple[Any, Any]]:
    """The four pixels around, weighted by Keys' cubic with a = -3/4."""
    left = np.floor(as_array(place))
    return [(left + step, keys_cubic(place - left - step, -0.75)) for step in (-1, 0, 1, 2)]


TAPS = {"nearest": nearest_taps, "bilinear": linear_taps, "bicubic": cubic_taps}


def pixels(input: Tensor, places: Sequence[np.ndarray], sizes: Sequence[int]) -> Any:
    """The pixels (N, C, *) at whole places (N, *) along each dimension; zeros outside."""
    exists = np.ones(places[0].shape, bool)
    flat: Any = 0
    for place, size in zip(places, sizes):
        exists &= (place >= 0) & (place < size)
        flat = flat * size + np.clip(place, 0, size - 1)
    flat = np.where(exists, flat, 0).astype(np.int64)
    shape = (flat.shape[0], input._array.shape[1], *flat.shape[1:])
    found = pick_rule(input, np.broadcast_to(flat[:, None], shape))
    return found if exists.all() else found * exists[:, None].astype(input._array.dtype)


def aligned(align_corners: bool | None, function: str) -> bool:
    """The value of `align_corners`; None is False, with PyTorch's warning."""
    if align_corners is None:
        warnings.warn(
            f"Default {function} behavior has changed to align_corners=False since 1.3.0. Please specify "
            f"align_corners=True if the old behavior is desired. See the documentation of {function} for "
            "details.",
            stacklevel=3,
        )
    return bool(align_corners)


def check(shape: Sequence[int], points: Sequence[int], mode: str, padding_mode: str) -> None:
    """Raise where the arguments of `grid_sample` do not fit each other."""
    if mode not in TAPS:
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: "
            f"{mode!r}"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', "
            f"but got: {padding_mode!r}"
        )
    if len(shape) not in (4, 5) or len(points) != len(shape):
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input "
            f"with sizes {list(shape)} and grid with sizes {list(points)}"
        )
    if points[0] != shape[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
            f"{list(shape)} and grid with sizes {list(points)}"
        )
    if points[-1] != len(shape) - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {len(shape) - 2} in last dimension, but got grid "
            f"with sizes {list(points)}"
        )
    if 0 in shape[2:]:
        raise RuntimeError(
            f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
            f"{list(shape)}"
        )
    if mode == "bicubic" and len(shape) != 4:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
