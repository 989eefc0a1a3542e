"""Discrete Fourier transforms over several dimensions, and the order of frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor
from ._public import axes_of, public, require_tensor
from .arrangement import roll
from .creation import finish, numpy_dtype
from .fourier import (
    Dims,
    Norm,
    complex_transform,
    hermitian_transform,
    inverse_hermitian,
    inverse_real,
    real_transform,
)

# -- over several dimensions --------------------------------------------------------------------------------


@public(method=False)
def fftn(input: Tensor, s: Dims = None, dim: Dims = None, norm: Norm = None) -> Tensor:
    r"""The discrete Fourier transform over several dimensions.

    Args:
        s: how many points per dimension, -1 for the input's own; it is cut or filled up with zeros.
        dim: which dimensions; by default the last len(s), or all.
        norm: "backward", "ortho" or "forward", as for `fft`, with n the number of all points.

    Raises:
        RuntimeError: sizes below 1, as many of them as not dims, or a dimension twice.

    >>> torch.fft.fftn(torch.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])

    Source: PyTorch, `torch.fft.fftn`.
    """
    return complex_transform(input, s, dim, norm, "fftn")


@public(method=False)
def ifftn(input: Tensor, s: Dims = None, dim: Dims = None, norm: Norm = None) -> Tensor:
    r"""The inverse of `fftn`, over several dimensions.

    Args:
        s: how many points per dimension, -1 for the input's own; it is cut or filled up with zeros.
        dim: which dimensions; by default the last len(s), or all.
        norm: "backward", "ortho" or "forward", as for `fft`, with n the number of all points.

    Raises:
        RuntimeError: sizes below 1, as many of them as not dims, or a dimension twice.

    >>> torch.fft.ifftn(torch.ones(2, 2))
    tensor([[1.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])

    Source: PyTorch, `torch.fft.ifftn`.
    """
    return complex_transform(input, s, dim, norm, "ifftn", inverse=True)


@public(method=False)
def rfftn(input: Tensor, s: Dims = None, dim: Dims = None, norm: Norm = None) -> Tensor:
    r"""The half spectrum (over the last dimension) of real numbers, transformed over the others as well.

    Args:
        s: how many points per dimension, -1 for the input's own; it is cut or filled up with zeros.
        dim: which dimensions; by default the last len(s), or all.
        norm: "backward", "ortho" or "forward", as for `fft`, with n the number of all points.

    Raises:
        RuntimeError: sizes below 1, as many of them as not dims, or a dimension twice.

    >>> torch.fft.rfftn(torch.ones(2, 3))
    tensor([[6.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])

    Source: PyTorch, `torch.fft.rfftn`.
    """
    return real_transform(input, s, dim, norm, "rfftn")


@public(method=False)
def irfftn(input: Tensor, s: Dims = None, dim: Dims = None, norm: Norm = None) -> Tensor:
    r"""The inverse of `rfftn`: real numbers from their half spectrum.

    Args:
        s: how many points per dimension, -1 for the input's own; it is cut or filled up with zeros.
        dim: which dimensions; by default the last len(s), or all.
        norm: "backward", "ortho" or "forward", as for `fft`, with n the number of all points.

    Raises:
        RuntimeError: sizes below 1, as many of them as not dims, or a dimension twice.

    >>> torch.fft.irfftn(torch.ones(2, 2))
    tensor([[1., 0.],
            [0., 0.]])

    Source: PyTorch, `torch.fft.irfftn`.
    """
    return inverse_real(input, s, dim, norm, "irfftn")


@public(method=False)
def hfftn(input: Tensor, s: Dims = None, dim: Dims = None, norm: Norm = None) -> Tensor:
    r"""The real spectrum of numbers whose mirror images are their conjugates, one half of which is given.

    Args:
        s: how many points per dimension, -1 for the input's own; it is cut or filled up with zeros.
        dim: which dimensions; by default the last len(s), or all.
        norm: "backward", "ortho" or "forward", as for `fft`, with n the number of all points.

    Raises:
        RuntimeError: sizes below 1, as many of them as not dims, or a dimension twice.

    >>> torch.fft.hfftn(torch.ones(2, 2))
    tensor([[4., 0.],
            [0., 0.]])

    Source: PyTorch, `torch.fft.hfftn`.
    """
    return hermitian_transform(input, s, dim, norm, "hfftn")


@public(method=False)
def ihfftn(input: Tensor, s: Dims = None, dim: Dims = None, norm: Norm = None) -> Tensor:
    r"""The inverse of `hfftn`: one half of the numbers that have this real spectrum.

    Args:
        s: how many points per dimension, -1 for the input's own; it is cut or filled up with zeros.
        dim: which dimensions; by default the last len(s), or all.
        norm: "backward", "ortho" or "forward", as for `fft`, with n the number of all points.

    Raises:
        RuntimeError: sizes below 1, as many of them as not dims, or a dimension twice.

    >>> torch.fft.ihfftn(torch.ones(2, 2))
    tensor([[1.-0.j, 0.-0.j],
            [0.-0.j, 0.-0.j]])

    Source: PyTorch, `torch.fft.ihfftn`.
    """
    return inverse_hermitian(input, s, dim, norm, "ihfftn")


# -- over two dimensions ------------------------------------------------------------------------------------


@public(method=False)
def fft2(input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: Norm = None) -> Tensor:
    r"""`fftn` over two dimensions, by default the last two.

    >>> torch.fft.fft2(torch.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])

    Source: PyTorch, `torch.fft.fft2`.
    """
    return complex_transform(input, s, dim, norm, "fft2")


@public(method=False)
def ifft2(input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: Norm = None) -> Tensor:
    r"""`ifftn` over two dimensions, by default the last two.

    >>> torch.fft.ifft2(torch.ones(2, 2))
    tensor([[1.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])

    Source: PyTorch, `torch.fft.ifft2`.
    """
    return complex_transform(input, s, dim, norm, "ifft2", inverse=True)


@public(method=False)
def rfft2(input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: Norm = None) -> Tensor:
    r"""`rfftn` over two dimensions, by default the last two.

    >>> torch.fft.rfft2(torch.ones(2, 3))
    tensor([[6.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])

    Source: PyTorch, `torch.fft.rfft2`.
    """
    return real_transform(input, s, dim, norm, "rfft2")


@public(method=False)
def irfft2(input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: Norm = None) -> Tensor:
    r"""`irfftn` over two dimensions, by default the last two.

    >>> torch.fft.irfft2(torch.ones(2, 2))
    tensor([[1., 0.],
            [0., 0.]])

    Source: PyTorch, `torch.fft.irfft2`.
    """
    return inverse_real(input, s, dim, norm, "irfft2")


@public(method=False)
def hfft2(input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: Norm = None) -> Tensor:
    r"""`hfftn` over two dimensions, by default the last two.

    >>> torch.fft.hfft2(torch.ones(2, 2))
    tensor([[4., 0.],
            [0., 0.]])

    Source: PyTorch, `torch.fft.hfft2`.
    """
    return hermitian_transform(input, s, dim, norm, "hfft2")


@public(method=False)
def ihfft2(input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: Norm = None) -> Tensor:
    r"""`ihfftn` over two dimensions, by default the last two.

    >>> torch.fft.ihfft2(torch.ones(2, 2))
    tensor([[1.-0.j, 0.-0.j],
            [0.-0.j, 0.-0.j]])

    Source: PyTorch, `torch.fft.ihfft2`.
    """
    return inverse_hermitian(input, s, dim, norm, "ihfft2")


# -- the order of frequencies --------------------------------------------------------------------------------


def _frequencies(count: Any, n: int, d: float, options: dict[str, Any]) -> Tensor:
    """Multiples of 1/(n·d) in the dtype asked for."""
    dtype = numpy_dtype(options.pop("dtype", None))
    if dtype.kind not in "fc":
        raise RuntimeError(
            f"fftfreq requires a floating point or complex dtype, got {dtypes.from_numpy(dtype)}"
        )
    return finish((count * (1.0 / (n * d))).astype(dtype), **options)


@public(method=False)
def fftfreq(n: int, d: float = 1.0, **options: Any) -> Tensor:
    r"""The frequencies that `fft` gives of n points, over n·d: 0, 1, ..., then the negative ones.

    Args:
        n: the number of points.
        d: the distance between them.
        **options: `dtype`, `device`, `requires_grad` and the other keywords of factories.

    >>> torch.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])

    Source: PyTorch, `torch.fft.fftfreq`.
    """
    half = (n + 1) // 2
    return _frequencies(np.concatenate([np.arange(half), np.arange(half - n, 0)]), n, d, options)


@public(method=False)
def rfftfreq(n: int, d: float = 1.0, **options: Any) -> Tensor:
    r"""The frequencies that `rfft` gives of n points: 0, 1, ..., ⌊n/2⌋; over n·d.

    Args:
        n, d, **options: as for `fftfreq`.

    >>> torch.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])

    Source: PyTorch, `torch.fft.rfftfreq`.
    """
    return _frequencies(np.arange(n // 2 + 1), n, d, options)


@public(method=False, out=False)
def fftshift(input: Tensor, dim: Dims = None) -> Tensor:
    r"""Reorder the spectrum that `fftn` gives: frequency 0 comes to the middle, the negative ones before it.

    Args:
        dim: along which dimensions; all by default.

    >>> torch.fft.fftshift(torch.tensor([0, 1, 2, -2, -1]))
    tensor([-2, -1,  0,  1,  2])

    Source: PyTorch, `torch.fft.fftshift`.
    """
    axes = axes_of(dim, require_tensor(input, "fft_fftshift")._array.ndim)
    return roll(input, [input._array.shape[axis] // 2 for axis in axes], axes) if axes else input.clone()


@public(method=False, out=False)
def ifftshift(input: Tensor, dim: Dims = None) -> Tensor:
    r"""Undo `fftshift`.

    >>> torch.fft.ifftshift(torch.tensor([-2, -1, 0, 1, 2]))
    tensor([ 0,  1,  2, -2, -1])

    Source: PyTorch, `torch.fft.ifftshift`.
    """
    axes = axes_of(dim, require_tensor(input, "fft_ifftshift")._array.ndim)
    return (
        roll(input, [(input._array.shape[axis] + 1) // 2 for axis in axes], axes) if axes else input.clone()
    )
