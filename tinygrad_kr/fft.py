"""`torch.fft`: discrete Fourier transforms, under PyTorch's names."""

from __future__ import annotations

from .ops.fourier import fft, hfft, ifft, ihfft, irfft, rfft
from .ops.fourier_dimensions import (
    fft2,
    fftfreq,
    fftn,
    fftshift,
    hfft2,
    hfftn,
    ifft2,
    ifftn,
    ifftshift,
    ihfft2,
    ihfftn,
    irfft2,
    irfftn,
    rfft2,
    rfftfreq,
    rfftn,
)
from .tensor import Tensor

__all__ = [
    "Tensor",
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "hfft2",
    "hfftn",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "ihfft2",
    "ihfftn",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]
