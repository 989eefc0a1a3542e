"""Discrete Fourier transforms: `torch.fft`.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs. A transform X_k = s Σ_j x_j w^{jk}, w = e^{-2πi/n}, is the product with a symmetric matrix, so the
gradient of x is the same transform of g (`g` multiplies the differential: dL = Re Σ g·dX).

Three primitives do all the work: the complex transform over any axes, and the two over one axis that know
one half of the spectrum of real numbers. What `n` and `s` cut off or add is slicing and padding around them.
`norm` says where the factor 1/n goes: "backward" to the inverse transform, "forward" to the other one,
"ortho" a root of it to both.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.primitive import Primitive, rule
from ..tensor import Tensor
from ._public import axis_of, public, require_tensor
from .complex import conj_rule
from .indexing import along, slice_rule
from .padding import pad_rule

Dims = int | Sequence[int] | None
Norm = str | None

OPPOSITE = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


# -- the derivatives -----------------------------------------------------------------------------------------


def transform_(x: Any, *, axes: tuple[int, ...], inverse: bool, norm: Any) -> Any:
    """The transform over some axes, w = e^{-2πi/n}, or e^{2πi/n} for the inverse."""
    return (np.fft.ifftn if inverse else np.fft.fftn)(x, axes=axes, norm=norm)


def half_spectrum_(x: Any, *, axis: int, norm: Any) -> Any:
    """The transform of real numbers along an axis as far as frequency n/2: the rest are conjugates."""
    return np.fft.rfft(x, axis=axis, norm=norm)


def from_half_(x: Any, *, n: int, axis: int, norm: Any) -> Any:
    """The n real numbers of a half spectrum; imaginary parts at the frequencies 0 and n/2 are not read."""
    return np.fft.irfft(x, n, axis=axis, norm=norm)


def occurrences(n: int, axis: int, ndim: int) -> Any:
    """How often the whole spectrum has each frequency of its half: twice, but 0 and n/2 once."""
    count = np.full(n // 2 + 1, 2, np.float32)
    count[0] = 1
    if n % 2 == 0:
        count[-1] = 1
    return np.reshape(count, (-1,) + (1,) * (ndim - 1 - axis))


def half_spectrum_gradient(g: Any, x_shape: tuple[int, ...], axis: int, norm: Any) -> Any:
    """Re Σ_k g_k w^{jk} over half a spectrum; `from_half_` sums the whole one, most of it twice."""
    n = x_shape[axis]
    halves = np.conj(g) / occurrences(n, axis, len(x_shape))
    return from_half_rule(halves, n=n, axis=axis, norm=OPPOSITE[norm])


def from_half_gradient(g: Any, n: int, axis: int, norm: Any) -> Any:
    """Σ_j g_j w^{-jk}, once for each frequency of the whole spectrum that the k-th stands for."""
    spectrum = np.conj(half_spectrum_rule(g, axis=axis, norm=OPPOSITE[norm]))
    return spectrum * occurrences(n, axis, len(g.shape))


transform_rule: Primitive = rule(
    transform_,
    name="fft_c2c",
    x=lambda g, axes, inverse, norm: transform_rule(g, axes=axes, inverse=inverse, norm=norm),
)
half_spectrum_rule: Primitive = rule(half_spectrum_, name="fft_r2c", x=half_spectrum_gradient)
from_half_rule: Primitive = rule(from_half_, name="fft_c2r", x=from_half_gradient)


# -- arguments -----------------------------------------------------------------------------------------------


def _input(input: Tensor, function: str, *, real: bool = False) -> Tensor:
    """What a transform starts from: floating or complex, real if that is asked for."""
    kind = require_tensor(input, f"fft_{function}")._array.dtype.kind
    if real and kind == "c":
        raise RuntimeError(
            f"{function} expects a real input tensor, but got {input.dtype.scalar_name}; take its .real, or "
            "use the transform of complex numbers"
        )
    if input.dtype is dtypes.float16:
        raise RuntimeError("Unsupported dtype Half: transform x.float()")
    return input if kind in "fc" else input.to(dtypes.get_default_dtype())


def _complex(input: Tensor, function: str) -> Tensor:
    """The input of a transform, as complex numbers."""
    input = _input(input, function)
    return input if input.is_complex() else input.to(input.dtype.to_complex())


def _norm(norm: Norm) -> str:
    if norm is not None and norm not in OPPOSITE:
        raise RuntimeError(
            f'Invalid normalization mode: "{norm}"; expected "backward" (the default), "ortho" or "forward"'
        )
    return norm or "backward"


def _axes(input: Tensor, s: Dims, dim: Dims, function: str) -> tuple[tuple[int, ...], list[int]]:
    """The axes of a transform and how many points each has; -1 in `s` keeps the size."""
    ndim = input._array.ndim
    sizes = None if s is None else [operator.index(n) for n in ((s,) if isinstance(s, int) else s)]
    if dim is None:
        if sizes is not None and len(sizes) > ndim:
            raise RuntimeError(
                f"Got shape with {len(sizes)} values but input tensor only has {ndim} dimensions."
            )
        axes = tuple(range(0 if sizes is None else ndim - len(sizes), ndim))
    else:
        if ndim == 0 and dim != ():
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        axes = tuple([axis_of(one, ndim) for one in ((dim,) if isinstance(dim, int) else dim)])
        if len(set(axes)) != len(axes):
            raise RuntimeError(f"FFT dims must be unique, got {dim}")
    if sizes is not None and len(sizes) != len(axes):
        raise RuntimeError(
            f"When given, dim and shape arguments must have the same length, got {dim} and {s}"
        )
    shape = input._array.shape
    points = [shape[axis] if n == -1 else n for axis, n in zip(axes, sizes or [-1] * len(axes))]
    return axes, points


def _resized(input: Tensor, axes: Sequence[int], points: Sequence[int]) -> Tensor:
    """The input cut or filled up with zeros to so many points along the axes."""
    for n in points:
        if n < 1:
            raise RuntimeError(f"Invalid number of data points ({n}) specified")
    widths = [(0, 0)] * input._array.ndim
    for axis, n in zip(axes, points):
        size = input._array.shape[axis]
        if n < size:
            input = slice_rule(input, index=along(axis, slice(n)))
        elif n > size:
            widths[axis] = (0, n - size)
    return pad_rule(input, widths=tuple(widths)) if any(map(any, widths)) else input


def complex_transform(
    input: Tensor, s: Dims, dim: Dims, norm: Norm, function: str, *, inverse: bool = False
) -> Tensor:
    """The transform of complex numbers, or its inverse, over any axes."""
    input = _complex(input, function)
    axes, points = _axes(input, s, dim, function)
    input = _resized(input, axes, points)
    return transform_rule(input, axes=axes, inverse=inverse, norm=_norm(norm)) if axes else input.clone()


def real_transform(input: Tensor, s: Dims, dim: Dims, norm: Norm, function: str) -> Tensor:
    """The half spectrum of real numbers over the last of some axes, and the whole one over the others."""
    input = _input(input, function, real=True)
    axes, points = _axes(input, s, dim, function)
    if not axes:
        raise RuntimeError(f"{function} must transform at least one axis")
    input = _resized(input, axes, points)
    mode = _norm(norm)
    out = half_spectrum_rule(input, axis=axes[-1], norm=mode)
    return transform_rule(out, axes=axes[:-1], inverse=False, norm=mode) if axes[1:] else out


def inverse_real(input: Tensor, s: Dims, dim: Dims, norm: Norm, function: str) -> Tensor:
    """The inverse of `real_transform`; by default the last axis gets an even number of points, 2·(m - 1)."""
    input = _complex(input, function)
    axes, points = _axes(input, s, dim, function)
    if not axes:
        raise RuntimeError(f"{function} must transform at least one axis")
    last = s[-1] if isinstance(s, Sequence) else s
    if last in (None, -1):
        points[-1] = 2 * (input._array.shape[axes[-1]] - 1)
    n, mode = points[-1], _norm(norm)
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    input = _resized(input, axes, [*points[:-1], n // 2 + 1])
    if axes[1:]:
        input = transform_rule(input, axes=axes[:-1], inverse=True, norm=mode)
    return from_half_rule(input, n=n, axis=axes[-1], norm=mode)


def hermitian_transform(input: Tensor, s: Dims, dim: Dims, norm: Norm, function: str) -> Tensor:
    """`inverse_real` in the other direction: the spectrum of numbers with x_{-j} = conj(x_j) is real."""
    return inverse_real(conj_rule(_complex(input, function)), s, dim, OPPOSITE[_norm(norm)], function)


def inverse_hermitian(input: Tensor, s: Dims, dim: Dims, norm: Norm, function: str) -> Tensor:
    """The inverse of `hermitian_transform`."""
    return conj_rule(real_transform(input, s, dim, OPPOSITE[_norm(norm)], function))


def _one(n: int | None) -> int | None:
    """An `n` argument, checked."""
    if n is not None and not isinstance(n, int):
        raise TypeError(f"fft: argument 'n' must be int, not {type(n).__name__}")
    if n is not None and n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    return n


# -- over one dimension --------------------------------------------------------------------------------------


@public(method=False)
def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: Norm = None) -> Tensor:
    r"""The discrete Fourier transform: X_k = Σ_j x_j e^{-2πi jk/n}.

    Args:
        n: how many points; the input is cut or filled up with zeros at its end. By default the input's size.
        dim: along which dimension.
        norm: the factor: "backward" (1 for transforms, 1/n for inverses; the default), "ortho" (1/√n) or
            "forward" (1/n for transforms, 1 for inverses).

    Raises:
        RuntimeError: n below 1, float16 or another `norm`.

    >>> torch.fft.fft(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([10.+0.j, -2.+2.j, -2.+0.j, -2.-2.j])

    Source: PyTorch, `torch.fft.fft`.
    """
    return complex_transform(input, _one(n), dim, norm, "fft")


@public(method=False)
def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: Norm = None) -> Tensor:
    r"""The inverse of `fft`: x_j = 1/n Σ_k X_k e^{2πi jk/n}.

    Args:
        n: how many points; the input is cut or filled up with zeros at its end. By default the input's size.
        dim: along which dimension.
        norm: the factor: "backward" (1 for transforms, 1/n for inverses; the default), "ortho" (1/√n) or
            "forward" (1/n for transforms, 1 for inverses).

    Raises:
        RuntimeError: n below 1, float16 or another `norm`.

    >>> torch.fft.ifft(torch.tensor([10.0, -2 + 2j, -2, -2 - 2j]))
    tensor([1.+0.j, 2.+0.j, 3.+0.j, 4.+0.j])

    Source: PyTorch, `torch.fft.ifft`.
    """
    return complex_transform(input, _one(n), dim, norm, "ifft", inverse=True)


@public(method=False)
def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: Norm = None) -> Tensor:
    r"""The half spectrum X_0 ... X_⌊n/2⌋ of real numbers; the rest would be its conjugates.

    Args:
        n: how many points; the input is cut or filled up with zeros at its end. By default the input's size.
        dim: along which dimension.
        norm: the factor: "backward" (1 for transforms, 1/n for inverses; the default), "ortho" (1/√n) or
            "forward" (1/n for transforms, 1 for inverses).

    Raises:
        RuntimeError: n below 1, a complex input, float16 or another `norm`.

    >>> torch.fft.rfft(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([10.+0.j, -2.+2.j, -2.+0.j])

    Source: PyTorch, `torch.fft.rfft`.
    """
    return real_transform(input, _one(n), dim, norm, "rfft")


@public(method=False)
def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: Norm = None) -> Tensor:
    r"""The inverse of `rfft`: n real numbers from their half spectrum.

    Args:
        n: how many points; the input is cut or filled up with zeros at its end. By default
            2·(m - 1) for an input of m.
        dim: along which dimension.
        norm: the factor: "backward" (1 for transforms, 1/n for inverses; the default), "ortho" (1/√n) or
            "forward" (1/n for transforms, 1 for inverses).

    Raises:
        RuntimeError: n below 1, float16 or another `norm`.

    >>> torch.fft.irfft(torch.tensor([10.0, -2 + 2j, -2]))
    tensor([1., 2., 3., 4.])

    Source: PyTorch, `torch.fft.irfft`.
    """
    return inverse_real(input, _one(n), dim, norm, "irfft")


@public(method=False)
def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: Norm = None) -> Tensor:
    r"""The real spectrum of n numbers with x_(n-j) = conj(x_j), of which the first half is given.

    Args:
        n: how many points; the input is cut or filled up with zeros at its end. By default
            2·(m - 1) for an input of m.
        dim: along which dimension.
        norm: the factor: "backward" (1 for transforms, 1/n for inverses; the default), "ortho" (1/√n) or
            "forward" (1/n for transforms, 1 for inverses).

    Raises:
        RuntimeError: n below 1, float16 or another `norm`.

    >>> torch.fft.hfft(torch.tensor([2.5, -0.5 - 0.5j, -0.5]))
    tensor([1., 2., 3., 4.])

    Source: PyTorch, `torch.fft.hfft`.
    """
    return hermitian_transform(input, _one(n), dim, norm, "hfft")


@public(method=False)
def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: Norm = None) -> Tensor:
    r"""The inverse of `hfft`: the first half of the numbers that have this real spectrum.

    Args:
        n: how many points; the input is cut or filled up with zeros at its end. By default the input's size.
        dim: along which dimension.
        norm: the factor: "backward" (1 for transforms, 1/n for inverses; the default), "ortho" (1/√n) or
            "forward" (1/n for transforms, 1 for inverses).

    Raises:
        RuntimeError: n below 1, a complex input, float16 or another `norm`.

    >>> torch.fft.ihfft(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([ 2.5000-0.0000j, -0.5000-0.5000j, -0.5000-0.0000j])

    Source: PyTorch, `torch.fft.ihfft`.
    """
    return inverse_hermitian(input, _one(n), dim, norm, "ihfft")
