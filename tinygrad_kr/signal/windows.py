"""`torch.signal.windows`: windows of M points, symmetric by default.

Keywords that all of them take: `sym` (False gives the periodic window), `dtype` (float32 or float64; the
default dtype by default), `device` and `requires_grad`. A window of one point is 1. ValueError for a negative
M, another dtype, or a parameter outside its range.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..ops.creation import finish, numpy_dtype
from ..ops.windows import BLACKMAN, cosines, kaiser_bessel, triangle
from ..tensor import Tensor

__all__ = [
    "bartlett",
    "blackman",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hann",
    "kaiser",
    "nuttall",
]

NUTTALL = (0.3635819, 0.4891775, 0.1365995, 0.0106411)


def _check(name: str, M: int, dtype: Any) -> np.dtype[Any]:
    """The dtype of a window, once its arguments are checked."""
    found = numpy_dtype(dtype)
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if found not in (np.float32, np.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtypes.from_numpy(found)}")
    return found


def _window(values: np.ndarray, dtype: np.dtype[Any], options: dict[str, Any]) -> Tensor:
    """The window of these values; one point alone is 1."""
    return finish((np.ones(1) if values.size == 1 else values).astype(dtype), **options)


def _steps(M: int, sym: bool) -> np.ndarray:
    """How far each point is from the middle, in points."""
    return np.arange(M) - (M - 1 if sym or M == 1 else M) / 2


def bartlett(M: int, *, sym: bool = True, dtype: Any = None, **options: Any) -> Tensor:
    """The Bartlett window 1 - |u|, u from -1 to 1.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.bartlett(4, sym=False)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])

    Source: PyTorch, `torch.signal.windows.bartlett`.
    """
    found = _check("bartlett", M, dtype)
    return _window(triangle(M, sym), found, options)


def blackman(M: int, *, sym: bool = True, dtype: Any = None, **options: Any) -> Tensor:
    """The Blackman window 0.42 + ½ cos πu + 0.08 cos 2πu, u from -1 to 1.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.blackman(1)
    tensor([1.])

    Source: PyTorch, `torch.signal.windows.blackman`.
    """
    found = _check("blackman", M, dtype)
    return _window(cosines(M, sym, BLACKMAN), found, options)


def cosine(M: int, *, sym: bool = True, dtype: Any = None, **options: Any) -> Tensor:
    """The cosine window: half a period of a cosine, sampled in the middles of M equal parts.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.cosine(2)
    tensor([0.7071, 0.7071])

    Source: PyTorch, `torch.signal.windows.cosine`.
    """
    found = _check("cosine", M, dtype)
    return _window(np.cos(np.pi * _steps(M, sym) / (M if sym else M + 1)), found, options)


def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """The exponential window e^(-|n - center| / τ).

    `center` is the middle by default, which it is for every symmetric window.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.exponential(3)
    tensor([0.3679, 1.0000, 0.3679])

    Source: PyTorch, `torch.signal.windows.exponential`.
    """
    found = _check("exponential", M, dtype)
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    distance = np.abs(_steps(M, sym) if center is None else np.arange(M) - center)
    return finish(np.exp(-distance / tau).astype(found), **options)


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, dtype: Any = None, **options: Any) -> Tensor:
    """The Gaussian window e^(-(n - middle)² / 2σ²), σ = `std` points.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.gaussian(3)
    tensor([0.6065, 1.0000, 0.6065])

    Source: PyTorch, `torch.signal.windows.gaussian`.
    """
    found = _check("gaussian", M, dtype)
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    return _window(np.exp(-0.5 * (_steps(M, sym) / std) ** 2), found, options)


def general_cosine(
    M: int, *, a: Iterable[float], sym: bool = True, dtype: Any = None, **options: Any
) -> Tensor:
    """A sum of cosines, Σ_k aₖ cos(kπu), u from -1 to 1.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.general_cosine(3, a=[0.5, 0.3])
    tensor([0.2000, 0.8000, 0.2000])

    Source: PyTorch, `torch.signal.windows.general_cosine`.
    """
    found = _check("general_cosine", M, dtype)
    if M > 1 and not isinstance(a, Iterable):
        raise TypeError(f"Coefficients must be a list/tuple, got {type(a).__name__}")
    a = list(a) if M > 1 else [1.0]
    if not a:
        raise ValueError("Coefficients cannot be empty")
    return _window(cosines(M, sym, a), found, options)


def general_hamming(
    M: int, *, alpha: float = 0.54, sym: bool = True, dtype: Any = None, **options: Any
) -> Tensor:
    """The generalised Hamming window α + (1 - α) cos πu, u from -1 to 1.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.general_hamming(3)
    tensor([0.0800, 1.0000, 0.0800])

    Source: PyTorch, `torch.signal.windows.general_hamming`.
    """
    found = _check("general_hamming", M, dtype)
    return _window(cosines(M, sym, (alpha, 1 - alpha)), found, options)


def hamming(M: int, *, sym: bool = True, dtype: Any = None, **options: Any) -> Tensor:
    """The Hamming window 0.54 + 0.46 cos πu, u from -1 to 1.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.hamming(3)
    tensor([0.0800, 1.0000, 0.0800])

    Source: PyTorch, `torch.signal.windows.hamming`.
    """
    found = _check("hamming", M, dtype)
    return _window(cosines(M, sym, (0.54, 0.46)), found, options)


def hann(M: int, *, sym: bool = True, dtype: Any = None, **options: Any) -> Tensor:
    """The Hann window ½ + ½ cos πu, u from -1 to 1.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.hann(3)
    tensor([0., 1., 0.])

    Source: PyTorch, `torch.signal.windows.hann`.
    """
    found = _check("hann", M, dtype)
    return _window(cosines(M, sym, (0.5, 0.5)), found, options)


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, dtype: Any = None, **options: Any) -> Tensor:
    """The Kaiser window I₀(β √(1 - u²)) / I₀(β), u from -1 to 1.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.kaiser(3, beta=2.0)
    tensor([0.4387, 1.0000, 0.4387])

    Source: PyTorch, `torch.signal.windows.kaiser`.
    """
    found = _check("kaiser", M, dtype)
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return _window(kaiser_bessel(M, sym, beta), found, options)


def nuttall(M: int, *, sym: bool = True, dtype: Any = None, **options: Any) -> Tensor:
    """The Nuttall window: four cosines that leave the smallest side lobes.

    >>> import tinygrad_kr as torch
    >>> torch.signal.windows.nuttall(1)
    tensor([1.])

    Source: PyTorch, `torch.signal.windows.nuttall`.
    """
    found = _check("nuttall", M, dtype)
    return _window(cosines(M, sym, NUTTALL), found, options)
