"""Windows: weights that fade a stretch of a signal out at both ends, before its spectrum is taken.

All are computed in double precision and rounded once. A symmetric window of M points has its maximum in the
middle; a periodic one is the first M of the symmetric window of M + 1, whose copies fit end to end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import Tensor
from .creation import finish, numpy_dtype

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def positions(M: int, sym: bool) -> np.ndarray:
    """Where the M points lie: from -1 to 1 at the ends of a symmetric window."""
    last = M - 1 if sym else M
    return np.arange(M) * (2 / last) - 1 if last > 0 else np.zeros(M)


def cosines(M: int, sym: bool, coefficients: Any) -> np.ndarray:
    """Σ_k aₖ cos(kπu) over the positions u, whose terms at the middle all add up."""
    u = positions(M, sym)
    return np.asarray(sum((a * np.cos(k * np.pi * u) for k, a in enumerate(coefficients)), np.zeros(M)))


def triangle(M: int, sym: bool) -> np.ndarray:
    """1 - |u|."""
    return 1 - np.abs(positions(M, sym))


def kaiser_bessel(M: int, sym: bool, beta: float) -> np.ndarray:
    """I₀(β √(1 - u²)) / I₀(β)."""
    u = positions(M, sym)
    return np.asarray(np.i0(beta * np.sqrt(np.maximum(1 - u * u, 0))) / np.i0(beta))


def _factory(
    name: str, length: int, periodic: bool, shape: Callable[[int, bool], np.ndarray], options: dict[str, Any]
) -> Tensor:
    """A window in the dtype that is asked for."""
    dtype = numpy_dtype(options.pop("dtype", None))
    if dtype.kind != "f":
        raise RuntimeError(f"{name} expects floating point dtypes, got: {dtype.name}")
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    values = np.ones(1) if length == 1 else shape(length, not periodic)
    return finish(values.astype(dtype), **options)


def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """The Hann window ½ + ½ cos πu, u from -1 to 1.

    Args:
        window_length: the number of points.
        periodic: leave the last point out, which would repeat the first.
        **options: `dtype`, `device`, `requires_grad` and the other keywords of factories.

    Raises:
        RuntimeError: a negative length, or a dtype that is not floating.

    >>> import tinygrad_kr as torch
    >>> torch.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])

    Source: PyTorch, `torch.hann_window`.
    """
    return _factory(
        "hann_window", window_length, periodic, lambda M, sym: cosines(M, sym, (0.5, 0.5)), options
    )


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, **options: Any
) -> Tensor:
    """The Hamming window α + β cos πu, u from -1 to 1.

    Args: as for `hann_window`, and its two coefficients.

    >>> import tinygrad_kr as torch
    >>> torch.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])

    Source: PyTorch, `torch.hamming_window`.
    """
    return _factory(
        "hamming_window", window_length, periodic, lambda M, sym: cosines(M, sym, (alpha, beta)), options
    )


def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """The Blackman window 0.42 + ½ cos πu + 0.08 cos 2πu, u from -1 to 1.

    Args: as for `hann_window`.

    >>> import tinygrad_kr as torch
    >>> torch.blackman_window(3, dtype=torch.float64)
    tensor([-1.3878e-17,  6.3000e-01,  6.3000e-01], dtype=torch.float64)

    Source: PyTorch, `torch.blackman_window`.
    """
    return _factory(
        "blackman_window", window_length, periodic, lambda M, sym: cosines(M, sym, BLACKMAN), options
    )


def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """The Bartlett window 1 - |u|, u from -1 to 1.

    Args: as for `hann_window`.

    >>> import tinygrad_kr as torch
    >>> torch.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])

    Source: PyTorch, `torch.bartlett_window`.
    """
    return _factory("bartlett_window", window_length, periodic, triangle, options)


def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any) -> Tensor:
    """The Kaiser window I₀(β √(1 - u²)) / I₀(β), u from -1 to 1.

    Args: as for `hann_window`, and β, the narrowness.

    >>> import tinygrad_kr as torch
    >>> torch.kaiser_window(4, beta=2.0)
    tensor([0.4387, 0.8348, 1.0000, 0.8348])

    Source: PyTorch, `torch.kaiser_window`.
    """
    return _factory(
        "kaiser_window", window_length, periodic, lambda M, sym: kaiser_bessel(M, sym, beta), options
    )


BLACKMAN = (0.42, 0.5, 0.08)
