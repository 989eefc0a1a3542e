"""Covariances, histograms of several dimensions, slopes of sampled functions, Vandermonde matrices."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor, wrap
from ._public import axes_of, public, require_tensor, structured
from .creation import linspace
from .joining import cat

__all__ = ["corrcoef", "cov", "gradient", "histogramdd", "vander"]


def _weights(weights: Any, count: int, name: str, kind: str, what: str) -> Any:
    """Weights of observations, checked."""
    if weights is None:
        return None
    if require_tensor(weights, "cov", name).ndim > 1:
        raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got {weights.ndim}")
    if weights._array.dtype.kind not in kind:
        raise RuntimeError(
            f"cov(): expected {name} to have {what} dtype but got {name} with "
            f"{weights.dtype.scalar_name} dtype"
        )
    if weights.numel() != count:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{weights.numel()} != {count}"
        )
    if (weights._array < 0).any():
        raise RuntimeError(f"cov(): {name} cannot be negative, got {weights.min().item()}")
    return weights


@public(out=False)
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    r"""The covariance matrix of variables in rows, whose observations are the columns.

    Args:
        input: (variables, observations), or (observations) of one variable.
        correction: what is taken from the number of observations: 1 for an unbiased estimate.
        fweights: how often each observation was made, whole numbers.
        aweights: the importance of each observation.

    Raises:
        RuntimeError: more than two dimensions, or weights that do not fit.

    >>> torch.cov(torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])

    Source: PyTorch, `torch.cov`.
    """
    if require_tensor(input, "cov").ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} "
            "dimensions"
        )
    x = input.reshape(1, -1) if input.ndim < 2 else input
    x = x if x.is_floating_point() else x.to(dtypes.get_default_dtype())
    count = x.shape[1]
    repeated = _weights(fweights, count, "fweights", "iu", "integral")
    weights = _weights(aweights, count, "aweights", "f", "floating point")
    both = repeated if weights is None else weights if repeated is None else repeated * weights
    total = count if both is None else both.sum()
    mean = (x if both is None else x * both).sum(1, keepdim=True) / total
    if weights is not None and correction:
        divisor = total - correction * (both * weights).sum() / total
    else:
        divisor = total - correction
    if divisor <= 0:
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of "
            f"observations: correction={correction}, observations: {count}",
            stacklevel=2,
        )
        divisor = divisor * 0
    centred = x - mean
    return (centred @ (centred if both is None else centred * both).T / divisor).squeeze()


@public(out=False)
def corrcoef(input: Tensor) -> Tensor:
    r"""Pearson's correlation coefficients of variables in rows: the covariances over the deviations.

    >>> torch.corrcoef(torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])

    Source: PyTorch, `torch.corrcoef`.
    """
    if require_tensor(input, "corrcoef").ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.ndim} "
            "dimensions"
        )
    c = cov(input)
    if c.ndim == 0:
        return c / c
    deviation = c.diagonal().sqrt()
    return (c / deviation.unsqueeze(1) / deviation).clip(-1, 1)


@public(out=False, method=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    r"""The Vandermonde matrix, of decreasing powers: out[i, j] = x[i] ^ (N - 1 - j).

    `linalg.vander` has increasing powers and takes stacks.

    >>> torch.vander(torch.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])

    Source: PyTorch, `torch.vander`.
    """
    if require_tensor(x, "vander", "x").ndim != 1:
        raise RuntimeError(f"x must be a one-dimensional tensor, but its shape is {list(x.shape)}.")
    count = x.shape[0] if N is None else N
    if count < 0:
        raise RuntimeError(f"N must be non-negative, got {N}.")
    ones = wrap(np.ones((x.shape[0], min(count, 1)), x._array.dtype))
    powers = x.unsqueeze(1).expand(-1, max(count - 1, 0)).cumprod(1)
    out = cat([ones, powers.to(x.dtype)], 1)
    return out if increasing else out.flip(1)


# -- slopes --------------------------------------------------------------------------------------------------


@public(out=False, method=False)
def gradient(input: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    r"""The slopes of a function given at points of a grid, one tensor for each dimension.

    Inside, differences of second order, (f₊ - f₋) / 2h on an even grid; at the ends, of `edge_order`.

    Args:
        input: the values.
        spacing: the distance of neighbours; or one for each dimension; or tensors of the coordinates.
        dim: the dimensions; all by default.
        edge_order: 1 or 2.

    Raises:
        RuntimeError: too few points, or spacings that do not fit.

    >>> torch.gradient(torch.tensor([1.0, 2.0, 4.0, 7.0]))
    (tensor([1.0000, 1.5000, 2.5000, 3.0000]),)

    Source: PyTorch, `torch.gradient`.
    """
    axes = axes_of(dim, require_tensor(input, "gradient").ndim)
    if edge_order not in (1, 2):
        raise RuntimeError(f"torch.gradient only supports edge_order=1 and edge_order=2, got {edge_order}.")
    spacing = 1 if spacing is None else spacing
    spacings = list(spacing) if isinstance(spacing, (list, tuple)) else [spacing] * len(axes)
    if len(spacings) != len(axes):
        expected = (
            f"'self.dim() = {input.ndim}', since dim argument was not given"
            if dim is None
            else f"the length of dim, {len(axes)}"
        )
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to "
            f"{expected}, but got a list of length {len(spacings)}"
        )
    for axis in axes:
        if input.shape[axis] < edge_order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1, but dimension "
                f"{axis} has {input.shape[axis]} points and edge_order is {edge_order}"
            )
    return tuple(_slope(input, axis, step, edge_order) for axis, step in zip(axes, spacings))


def _slope(input: Tensor, axis: int, spacing: Any, edge_order: int) -> Tensor:
    """The slopes along one dimension."""
    f = input.movedim(axis, -1)
    n = f.shape[-1]
    if isinstance(spacing, Tensor) and spacing.ndim:
        if spacing.shape[0] != n:
            raise RuntimeError(
                f"torch.gradient expected the coordinates of dimension {axis} to be {n} numbers, but got "
                f"{spacing.shape[0]}"
            )
        steps = spacing[1:] - spacing[:-1]
        before, after = steps[:-1], steps[1:]
        inside = (
            -after / (before * (before + after)) * f[..., :-2]
            + (after - before) / (before * after) * f[..., 1:-1]
            + before / (after * (before + after)) * f[..., 2:]
        )
        first, last = steps[0], steps[-1]
    else:
        inside = (f[..., 2:] - f[..., :-2]) / (2.0 * spacing)
        steps, first, last = [spacing] * (n - 1), spacing, spacing
    if edge_order == 1:
        left = (f[..., 1:2] - f[..., :1]) / first
        right = (f[..., -1:] - f[..., -2:-1]) / last
    else:
        left = _end(f[..., :1], f[..., 1:2], f[..., 2:3], steps[0], steps[1])
        right = -_end(f[..., -1:], f[..., -2:-1], f[..., -3:-2], steps[-1], steps[-2])
    return cat([left, inside, right], -1).movedim(-1, axis)


def _end(f0: Tensor, f1: Tensor, f2: Tensor, h1: Any, h2: Any) -> Tensor:
    """The slope at the first of three points at distances h1 and h2, of the parabola through them."""
    return (
        -(2.0 * h1 + h2) / (h1 * (h1 + h2)) * f0
        + (h1 + h2) / (1.0 * h1 * h2) * f1
        - h1 / (h2 * (1.0 * h1 + h2)) * f2
    )


# -- histograms ----------------------------------------------------------------------------------------------

_histogramdd = structured("histogramdd", "hist", "bin_edges")


@public(out=False, method=False)
def histogramdd(
    input: Tensor,
    bins: Any,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    r"""A histogram of points: how many (or which weight of them) lie in each box of a grid.

    Args:
        input: (*, d): points of d coordinates.
        bins: the number of bins of each coordinate, one number for all, or d tensors of edges.
        range: the lowest and highest edge of each coordinate in turn; those of the points by default.
        weight: (*): the weight of each point.
        density: divide by the total and by the volume of each box.

    >>> torch.histogramdd(torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [2.0, 2.0]]), bins=2).hist
    tensor([[0., 1.],
            [2., 1.]])

    Source: PyTorch, `torch.histogramdd`.
    """
    if require_tensor(input, "histogramdd").ndim < 2:
        raise RuntimeError(
            f"torch.histogramdd: input tensor should have at least 2 dimensions, but got {input.ndim}"
        )
    if not input.is_floating_point():
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{input.dtype.scalar_name}'")
    size = input.shape[-1]
    points = input._array.reshape(-1, size)
    bins = [bins] * size if isinstance(bins, int) else list(bins)
    if len(bins) != size:
        raise RuntimeError(
            f"torch.histogramdd: The size of bins must be equal to the innermost dimension of the input, but "
            f"they are {len(bins)} and {size}"
        )
    if weight is not None and tuple(weight.shape) != tuple(input.shape[:-1]):
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the input "
            f"tensor excluding its innermost dimension, but got {list(weight.shape)} and {list(input.shape)}"
        )
    edges = [_edges(one, points[:, i], i, range, input) for i, one in enumerate(bins)]
    counts, _ = np.histogramdd(
        points, [one._array for one in edges], weights=None if weight is None else weight._array.reshape(-1)
    )
    if density:
        volumes = np.ones(())
        for one in edges:
            volumes = np.multiply.outer(volumes, np.diff(one._array.astype(np.float64)))
        counts = counts / counts.sum() / volumes
    return _histogramdd(wrap(counts.astype(points.dtype)), tuple(edges))


def _edges(bins: Any, values: Any, i: int, range: Any, like: Tensor) -> Tensor:
    """The edges along coordinate i."""
    if isinstance(bins, Tensor) and bins.ndim:
        return bins
    if range is not None:
        low, high = range[2 * i], range[2 * i + 1]
        if low > high:
            raise RuntimeError(f"torch.histogramdd: max must be larger than min, got {low} and {high}")
    else:
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return linspace(low, high, int(bins) + 1, dtype=like.dtype)
