"""Interpolation: signals, images and volumes of other sizes; and pixels moved between channels and space.

Interpolation is separable: along each dimension the output is a matrix times the input, whose rows say where
an output lies among the inputs and how they are weighted there. The derivative is the transposed matrix.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, rule
from ..kernels import resampling as kernel
from ..kernels.resampling import Resampling
from ..tensor import Tensor
from ._public import public, require_tensor
from ._spatial import per_dimension, require_floating
from .pooling import avg_pool_rule

__all__: list[str] = []

FUNCTIONAL = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]


# -- the derivatives -----------------------------------------------------------------------------------------


def resample_(x: Any, *, maps: dict[int, Resampling]) -> Any:
    """x (N, C, *spatial) with some spatial dimensions, counted from 0, resampled."""
    return kernel.resample(x, maps)


def resample_back_(g: Any, *, maps: dict[int, Resampling]) -> Any:
    """The adjoint of `resample_`."""
    return kernel.resample_adjoint(g, maps)


resample_rule: Primitive = rule(
    resample_, name="upsample", x=lambda g, maps: resample_back_rule(g, maps=maps)
)
resample_back_rule: Primitive = rule(
    resample_back_, name="upsample_backward", g=lambda g, maps: resample_rule(g, maps=maps)
)


# -- where outputs lie among inputs --------------------------------------------------------------------------


@lru_cache(maxsize=256)
def nearest(size: int, out: int, factor: float | None, exact: bool, image: bool) -> Resampling:
    """The input at ⌊i · scale⌋, or ⌊(i + ½) · scale⌋ if exact, reckoned in float32 as PyTorch does.

    Images that keep or double their size do so evenly, whatever the factor was; signals and volumes do not.
    """
    places = np.arange(out)
    scale = np.float32(1 / factor if factor else size / out)
    if exact:
        places = np.floor(((places + 0.5) * scale).astype(np.float32))
    elif image and out in (size, 2 * size):
        places = places // (out // size)
    else:
        places = np.floor(places.astype(np.float32) * scale)
    return Resampling(size, np.minimum(places.astype(np.intp), size - 1)[None])


def positions(size: int, out: int, factor: float | None, align_corners: bool) -> np.ndarray:
    """Where the centre of each output lies, in inputs counted from the centre of the first."""
    places = np.arange(out, dtype=np.float64)
    if align_corners:
        return places * ((size - 1) / (out - 1) if out > 1 else 0.0)
    return (places + 0.5) * (1 / factor if factor else size / out) - 0.5


@lru_cache(maxsize=256)
def linear(size: int, out: int, factor: float | None, align_corners: bool) -> Resampling:
    """The two inputs around each output, weighted by nearness."""
    place = np.maximum(positions(size, out, factor, align_corners), 0)
    left = np.minimum(place.astype(np.intp), size - 1)
    share = np.minimum(place - left, 1)
    return Resampling(size, np.stack([left, np.minimum(left + 1, size - 1)]), np.stack([1 - share, share]))


@lru_cache(maxsize=256)
def cubic(size: int, out: int, factor: float | None, align_corners: bool) -> Resampling:
    """The four inputs around each output, weighted by Keys' cubic with a = -3/4."""
    place = positions(size, out, factor, align_corners)
    left = np.floor(place)
    offsets = np.arange(-1, 3)[:, None]
    weights = keys_cubic(offsets - (place - left), -0.75)
    return Resampling(size, np.clip(left + offsets, 0, size - 1).astype(np.intp), weights)


def keys_cubic(x: np.ndarray, a: float) -> np.ndarray:
    """Keys' convolution kernel: cubic in |x| on [0, 1] and [1, 2], zero beyond."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def lanczos(x: np.ndarray) -> np.ndarray:
    """sinc(x) · sinc(x / 3) on [-3, 3], zero beyond."""
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


FILTERS = {
    "bilinear": (1.0, lambda x: np.maximum(0.0, 1 - np.abs(x))),
    "bicubic": (2.0, lambda x: keys_cubic(x, -0.5)),
    "lanczos": (3.0, lanczos),
}


@lru_cache(maxsize=256)
def smoothed(size: int, out: int, factor: float | None, align_corners: bool, mode: str) -> Resampling:
    """All inputs that a filter reaches; where the output is smaller, the filter is wider by as much."""
    radius, weigh = FILTERS[mode]
    if align_corners:
        scale = (size - 1) / (out - 1) if out > 1 else 0.0
    else:
        scale = 1 / factor if factor else size / out
    widening = max(scale, 1.0)
    centres = scale * (np.arange(out) + 0.5)
    low = np.maximum((centres - radius * widening + 0.5).astype(np.intp), 0)
    high = np.minimum((centres + radius * widening + 0.5).astype(np.intp), size)
    reach = low + np.arange(int((high - low).max()))[:, None]
    weights = np.where(reach < high, weigh((reach - centres + 0.5) / widening), 0.0)
    return Resampling(size, np.minimum(reach, size - 1), weights / weights.sum(0))


# -- the functions -------------------------------------------------------------------------------------------

MODES = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5, "lanczos": 4}
ALL_MODES = "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact"


@public(method=False, out=False)
def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    r"""Resize the spatial dimensions of signals, images or volumes.

    Args:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W).
        size: the sizes of the result; either this or `scale_factor`.
        scale_factor: what to multiply the sizes by.
        mode: "nearest" (as OpenCV's, half a pixel off), "nearest-exact", "area" (means of windows); "linear"
            for signals, "bilinear", "bicubic" and "lanczos" for images, "trilinear" for volumes.
        align_corners: whether the centres of the corner pixels stay where they are, rather than their edges.
        recompute_scale_factor: use the ratio of the sizes rather than `scale_factor` to find places.
        antialias: when an image shrinks, let its pixels have weight in all the pixels they cover ("bilinear",
            "bicubic", "lanczos").

    Raises:
        ValueError: both or none of `size` and `scale_factor`, or options that a mode does not have.
        NotImplementedError: a mode that does not exist for the number of dimensions.

    >>> torch.nn.functional.interpolate(torch.tensor([[[0.0, 1.0]]]), scale_factor=2, mode="linear")
    tensor([[[0.0000, 0.2500, 0.7500, 1.0000]]])

    Source: Keys, "Cubic Convolution Interpolation", 1981; PyTorch, `torch.nn.functional.interpolate`.
    """
    given = require_tensor(input, "interpolate")._array.shape
    align = check_mode(len(given), mode, align_corners, antialias)
    sizes, factors = target_of(given, size, scale_factor)
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if recompute_scale_factor or mode == "area":
        factors = (None,) * len(sizes)
    if min(*sizes, *given[1:]) < 1:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input {list(given)} and output sizes "
            f"{list(sizes)}"
        )
    if not mode.startswith("nearest") or input._array.dtype != np.uint8:
        require_floating(input, "interpolate")
    if mode == "area":
        return avg_pool_rule(input, windows={"output_size": sizes})
    maps: dict[int, Resampling] = {}
    for axis, (n, out, factor) in enumerate(zip(given[2:], sizes, factors)):
        if mode.startswith("nearest"):
            maps[axis] = nearest(n, out, factor, mode == "nearest-exact", len(sizes) == 2)
        elif out == n and (antialias or mode != "bicubic"):
            continue  # whatever the factor was
        elif antialias:
            maps[axis] = smoothed(n, out, factor, align, mode)
        else:
            maps[axis] = (cubic if mode == "bicubic" else linear)(n, out, factor, align)
    return resample_rule(input, maps=maps)


def check_mode(ndim: int, mode: str, align_corners: bool | None, antialias: bool) -> bool:
    """Raise where a mode does not exist for an input or lacks an option; say what `align_corners` is."""
    if ndim not in (3, 4, 5) or mode not in ALL_MODES.split(" | "):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: "
            f"{ALL_MODES} (got {mode})"
        )
    if MODES.get(mode, ndim) != ndim:
        raise NotImplementedError(f"Got {ndim}D input, but {mode} mode needs {MODES[mode]}D input")
    if mode not in MODES and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic "
            f"| trilinear, not with {mode!r}"
        )
    if antialias and mode not in FILTERS:
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D "
            f"tensor as input, got mode {mode!r}"
        )
    if mode == "lanczos" and (align_corners or not antialias):
        raise ValueError("Lanczos mode requires antialias=True and does not support align_corners=True")
    return bool(align_corners)


def target_of(given: Sequence[int], size: Any, scale_factor: Any) -> tuple[Any, Any]:
    """The sizes of the result, and the factors that were given or None for each."""
    dims = len(given) - 2
    if (size is None) == (scale_factor is None):
        raise ValueError(
            f"{'either' if size is None else 'only one of'} size or scale_factor should be defined, got "
            f"size={size} and scale_factor={scale_factor}"
        )
    name, value = ("output size", size) if scale_factor is None else ("scale_factor", scale_factor)
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims
    if len(values) != dims:
        raise ValueError(
            f"Input and {name} must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {list(given[2:])} and {name} of {value}: one number for all, or {dims}"
        )
    if scale_factor is None:
        return per_dimension(values, dims, "interpolate", "size"), (None,) * dims
    return tuple(math.floor(n * float(one)) for n, one in zip(given[2:], values)), tuple(map(float, values))


@public(method=False, out=False)
def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    r"""Deprecated name of `interpolate`.

    >>> torch.nn.functional.upsample(torch.tensor([[[0.0, 1.0]]]), 4)
    tensor([[[0., 0., 1., 1.]]])

    Source: PyTorch, `torch.nn.functional.upsample`.
    """
    deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


@public(method=False, out=False)
def upsample_nearest(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
) -> Tensor:
    r"""Deprecated: `interpolate(..., mode="nearest")`.

    >>> torch.nn.functional.upsample_nearest(torch.tensor([[[0.0, 1.0]]]), 4)
    tensor([[[0., 0., 1., 1.]]])

    Source: PyTorch, `torch.nn.functional.upsample_nearest`.
    """
    deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, "nearest")


@public(method=False, out=False)
def upsample_bilinear(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
) -> Tensor:
    r"""Deprecated: `interpolate(..., mode="bilinear", align_corners=True)`.

    >>> torch.nn.functional.upsample_bilinear(torch.tensor([[[[0.0, 1.0]]]]), (1, 3))
    tensor([[[[0.0000, 0.5000, 1.0000]]]])

    Source: PyTorch, `torch.nn.functional.upsample_bilinear`.
    """
    deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)


def deprecated(name: str) -> None:
    """PyTorch's warning."""
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3
    )
