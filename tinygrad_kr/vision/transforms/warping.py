"""Functions that turn, shear, tilt and bend pictures, one for all or each picture of a batch by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kernels.warping import Places, affine_places, warp
from ...ops.joining import cat
from ...tensor import Tensor, wrap
from .colour import gaussian_blur
from .pictures import InterpolationMode, Picture, get_dimensions, is_pillow, on_tensor, pillow

__all__ = ["affine", "elastic_transform", "perspective", "rotate"]

Fill = float | Sequence[float] | None
NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


def affine(
    img: Picture,
    angle: float | Sequence[float],
    translate: Sequence[Any],
    scale: float | Sequence[float],
    shear: Any,
    interpolation: InterpolationMode = NEAREST,
    fill: Fill = None,
    center: Sequence[float] | None = None,
) -> Picture:
    r"""A picture turned, scaled, sheared and moved, about its centre.

    What was at $p$ comes to $T C R(\alpha) S(s_x, s_y) k C^{-1} p$: scaled by $k$, sheared, turned
    clockwise by $\alpha$ degrees, moved.

    Args:
        img: the picture, or a tensor (N, C, H, W) of some.
        angle: degrees. Of a batch, `angle`, `scale`, and each of `translate` and `shear` may hold N numbers.
        translate: (right, down), in pixels.
        scale: positive.
        shear: degrees along x, or (along x, along y).
        interpolation: NEAREST or BILINEAR; Pillow's images take BICUBIC too.
        fill: what comes in from outside, a value or one per channel. None is 0, without blending at the edge.
        center: (x, y) from the upper left corner; the middle by default.

    Raises:
        ValueError: a scale that is not positive, or arguments of other lengths.

    >>> affine(np.array([[1, 2, 3]]), angle=0, translate=(1, 0), scale=1.0, shear=0.0)
    array([[0, 1, 2]])

    Source: torchvision, `affine`.
    """
    if len(translate) != 2:
        raise ValueError(f"translate must be (right, down), got {translate!r}")
    shear = (shear, 0.0) if isinstance(shear, (int, float)) else tuple(shear)
    if len(shear) != 2:
        raise ValueError(f"shear must be degrees along x, or (along x, along y), got {shear!r}")
    if not np.all(np.asarray(scale) > 0):
        raise ValueError(f"scale must be positive, got {scale}")
    _, rows, columns = get_dimensions(img)
    if is_pillow(img):
        middle = center or (columns * 0.5, rows * 0.5)
        matrix = inverse_matrix(middle, angle, translate, scale, shear).ravel().tolist()
        image = pillow("affine")
        mode = image.Resampling[interpolation.name]
        return img.transform(
            (columns, rows), image.Transform.AFFINE, matrix, mode, fillcolor=_pillow_fill(fill, img)
        )
    about = (0.0, 0.0) if center is None else (center[0] - columns * 0.5, center[1] - rows * 0.5)
    matrices = inverse_matrix(about, angle, translate, scale, shear)
    return _warp_affine(img, matrices, (rows, columns), interpolation, fill)


def inverse_matrix(
    center: Sequence[float], angle: Any, translate: Sequence[Any], scale: Any, shear: Sequence[Any]
) -> np.ndarray:
    """The matrices (N, 2, 3) that say where the pixels of a result come from, in float64."""
    turn, along_x, along_y = (np.radians(np.asarray(one, np.float64)) for one in (angle, *shear))
    a = np.cos(turn - along_y) / np.cos(along_y)
    b = -np.cos(turn - along_y) * np.tan(along_x) / np.cos(along_y) - np.sin(turn)
    c = np.sin(turn - along_y) / np.cos(along_y)
    d = -np.sin(turn - along_y) * np.tan(along_x) / np.cos(along_y) + np.cos(turn)
    # [[a, b], [c, d]] is turn and shear, of determinant 1: this is its inverse.
    inverse = np.stack(np.broadcast_arrays(*(one / np.asarray(scale) for one in (d, -b, -c, a))), -1)
    inverse = inverse.reshape(-1, 2, 2)
    shifts = [np.reshape(np.asarray(step, np.float64), -1) + start for step, start in zip(translate, center)]
    moved = np.stack(np.broadcast_arrays(*shifts), -1)  # (N or 1, 2)
    offset = np.asarray(center)[:, None] - inverse @ moved[:, :, None]
    return np.concatenate([np.broadcast_to(inverse, (len(offset), 2, 2)), offset], -1)


def rotate(
    img: Picture,
    angle: float | Sequence[float],
    interpolation: InterpolationMode = NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Fill = None,
) -> Picture:
    """A picture turned counter-clockwise.

    Args:
        img: the picture, or a tensor (N, C, H, W) of some.
        angle: degrees, of a batch also N numbers.
        interpolation, fill, center: as in `affine`.
        expand: make the result so large that nothing is cut off (turned about the middle).

    Raises:
        ValueError: `expand` with several angles.

    >>> rotate(np.array([[1, 2], [3, 4]]), 90)
    array([[2, 4],
           [1, 3]])

    Source: torchvision, `rotate`.
    """
    _, rows, columns = get_dimensions(img)
    if is_pillow(img):
        mode = pillow("rotate").Resampling[interpolation.name]
        return img.rotate(angle, mode, expand, center, fillcolor=_pillow_fill(fill, img))
    about = (0.0, 0.0) if center is None else (center[0] - columns * 0.5, center[1] - rows * 0.5)
    matrices = inverse_matrix(about, -np.asarray(angle, np.float64), (0, 0), 1.0, (0, 0))
    size = (rows, columns)
    if expand:
        if len(matrices) > 1:
            raise ValueError("expand makes results of different sizes; one angle is needed")
        size = _size_around(matrices[0].astype(np.float32), columns, rows)
    return _warp_affine(img, matrices, size, interpolation, fill)


def _size_around(matrix: np.ndarray, width: int, height: int) -> tuple[int, int]:
    """(height, width) that holds all corners, small rounding errors aside."""
    x, y = width / 2, height / 2
    corners = np.array([[-x, -y, 1], [-x, y, 1], [x, y, 1], [x, -y, 1]], np.float32) @ matrix.T
    tolerance = np.float32(1e-4)
    reach = [end + np.array([x, y], np.float32) for end in (corners.min(0), corners.max(0))]
    low, high = (np.trunc(end / tolerance) * tolerance for end in reach)
    columns, rows = (np.ceil(high) - np.floor(low)).astype(int).tolist()
    return rows, columns


def perspective(
    img: Picture,
    startpoints: Sequence[Sequence[float]],
    endpoints: Sequence[Sequence[float]],
    interpolation: InterpolationMode = BILINEAR,
    fill: Fill = None,
) -> Picture:
    """A picture tilted so that four of its points come to four others.

    Args:
        img: the picture.
        startpoints, endpoints: four points (x, y), as a rule the corners from the upper left one clockwise.
        interpolation, fill: as in `affine`.

    Raises:
        ValueError: not four points.

    Source: torchvision, `perspective`.
    """
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(f"four points are needed, got {len(startpoints)} and {len(endpoints)}")
    # Source (u, v) of target (x, y): u = (a x + b y + c) / (g x + h y + 1), v = (d x + e y + f) / (the same)
    rows = []
    for (u, v), (x, y) in zip(startpoints, endpoints):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    right = np.asarray(startpoints, np.float64).ravel()
    solved = np.linalg.lstsq(np.array(rows, np.float64), right, rcond=None)[0]
    coefficients = solved.astype(np.float32)
    _, height, width = get_dimensions(img)
    if is_pillow(img):
        image = pillow("perspective")
        mode = image.Resampling[interpolation.name]
        how = (image.Transform.PERSPECTIVE, coefficients.tolist(), mode)
        return img.transform((width, height), *how, fillcolor=_pillow_fill(fill, img))
    a, b, c, d, e, f, g, h = coefficients
    across, down = (np.arange(size, dtype=np.float32) + np.float32(0.5) for size in (width, height))
    down = down[:, None]
    below = g * across + h * down + 1
    sources = (d * across + e * down + f, a * across + b * down + c)
    places = tuple((source / below - np.float32(0.5))[None] for source in sources)
    return _warp_at(img, places, (height, width), interpolation, fill)


def elastic_transform(
    img: Picture,
    displacement: Tensor,
    interpolation: InterpolationMode = BILINEAR,
    fill: Fill = None,
) -> Picture:
    """A picture whose pixels are fetched from elsewhere.

    Args:
        img: the picture, or a tensor (N, C, H, W) of some.
        displacement: (1, H, W, 2) how far to the right and down to look, in halves of width and height; for
            a batch also (N, H, W, 2).
        interpolation, fill: as in `affine`.

    Raises:
        TypeError: the displacement is no tensor.
        ValueError: it has another shape.

    Source: torchvision, `elastic_transform`; Simard, Steinkraus and Platt, "Best practices for convolutional
    neural networks applied to visual document analysis", 2003.
    """
    if not isinstance(displacement, Tensor):
        raise TypeError(f"displacement must be a tensor, got {type(displacement).__name__}")
    _, height, width = get_dimensions(img)
    shift = displacement.detach().numpy()
    if shift.ndim != 4 or shift.shape[1:] != (height, width, 2):
        raise ValueError(f"displacement must be (1, {height}, {width}, 2), got {shift.shape}")
    rows = np.arange(height, dtype=np.float32)[:, None] + shift[..., 1] * (height / 2)
    columns = np.arange(width, dtype=np.float32) + shift[..., 0] * (width / 2)
    return _warp_at(img, (rows, columns), (height, width), interpolation, fill)


def _pillow_fill(fill: Fill, img: Any) -> Any:
    if fill is None:
        return None
    numbers = _colours(fill, len(img.getbands())).tolist()
    numbers = numbers if img.mode == "F" else [int(one) for one in numbers]
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def _warp_affine(
    img: Picture, matrices: np.ndarray, size: tuple[int, int], interpolation: InterpolationMode, fill: Fill
) -> Picture:
    old = tuple(get_dimensions(img)[1:])
    places = affine_places(matrices.astype(np.float32), old, size)  # type: ignore[arg-type]
    return _warp(img, len(matrices), places, size, interpolation, fill)


def _warp_at(
    img: Picture,
    found: tuple[np.ndarray, np.ndarray],
    size: tuple[int, int],
    interpolation: InterpolationMode,
    fill: Fill,
) -> Picture:
    """Sampled at rows and columns (N or 1, h, w)."""
    places = lambda start, stop: (found[0][start:stop], found[1][start:stop])  # noqa: E731
    return _warp(img, len(found[0]), places, size, interpolation, fill)


def _warp(
    img: Picture,
    count: int,
    places: Places,
    size: tuple[int, int],
    interpolation: InterpolationMode,
    fill: Fill,
) -> Picture:
    """Sampled alike (`count` 1), or each of a batch of `count` by itself."""
    if interpolation not in (NEAREST, BILINEAR):
        raise ValueError(f"interpolation must be NEAREST or BILINEAR, got {interpolation}")

    def sampled(tensor: Tensor) -> Tensor:
        if tensor.requires_grad:
            raise RuntimeError("pictures are moved without gradients: detach() them, or use F.grid_sample")
        array = tensor.numpy()
        channels = get_dimensions(tensor)[0]
        colours = None if fill is None else _colours(fill, channels)
        if count == 1:  # all planes move alike
            x = array.reshape(1, -1, *array.shape[-2:])
            colours = None if colours is None else np.tile(colours, x.shape[1] // channels)
        else:
            if array.ndim != 4 or len(array) != count:
                raise ValueError(
                    f"{count} sets of arguments need {count} pictures, got {tuple(tensor.shape)}"
                )
            x = array
        nearest = interpolation is NEAREST
        kept = x if nearest or x.dtype in (np.float32, np.float64) else x.astype(np.float32)
        out = warp(kept, places, size, nearest, colours)
        if out.dtype != array.dtype:
            out = (np.rint(out) if array.dtype.kind in "iu" else out).astype(array.dtype)
        return wrap(out.reshape(*array.shape[:-2], *size))

    return on_tensor(img, sampled)


def _colours(fill: float | Sequence[float], channels: int) -> np.ndarray:
    colours = np.asarray(fill, np.float64).reshape(-1)
    if len(colours) not in (1, channels):
        raise ValueError(f"fill must be a number or one for each of {channels} channels, got {fill!r}")
    return np.resize(colours, channels)


def elastic_displacement(
    noise: Sequence[Tensor], alpha: Sequence[float], sigma: Sequence[float], size: Sequence[int]
) -> Tensor:
    """Noise (N, 1, H, W) for x and y, blurred and scaled: displacements (N, H, W, 2) of smooth bends."""
    bent = []
    for one, strength, spread, length in zip(noise, alpha, sigma, reversed(size)):
        if spread > 0:
            width = int(8 * spread + 1) | 1
            one = gaussian_blur(one, [width, width], list(sigma))
        bent.append(one * strength / length)
    return cat(bent, 1).permute(0, 2, 3, 1)
