"""Short-time Fourier transforms, `stft` and `istft`: composites of windows, products and transforms.

What overlaps when the frames are put back is divided by the sum of the squared windows, so `istft` gives the
signal whose transform is nearest to the given one (Griffin and Lim, 1984).
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
from ._public import public, require_tensor
from .arrangement import add_windows_rule, windows_rule
from .complex import real_rule, view_as_real
from .fourier import fft, ifft, irfft, rfft
from .indexing import along, slice_rule
from .padding import pad as pad_signal
from .padding import pad_rule

__all__ = ["istft", "stft"]


def _window(function: str, window: Tensor | None, n_fft: int, win_length: int, like: Tensor) -> Tensor:
    """The window, in the middle of n_fft points; ones where there is none."""
    if not 0 < win_length <= n_fft:
        raise RuntimeError(f"{function}: expected 0 < win_length <= n_fft, but got win_length={win_length}")
    if window is None:
        warnings.warn(
            "A window was not provided. A rectangular window will be applied, which is known to cause "
            f"spectral leakage; to suppress this warning set window=torch.ones({win_length}).",
            UserWarning,
            stacklevel=4,
        )
        window = wrap(np.ones(win_length, like._array.real.dtype))
    elif require_tensor(window, function, "window")._array.shape != (win_length,):
        raise RuntimeError(
            f"{function}: expected a 1D window tensor of size equal to win_length={win_length}, but got "
            f"window with size {list(window.shape)}"
        )
    left = (n_fft - win_length) // 2
    return pad_rule(window, widths=((left, n_fft - win_length - left),)) if win_length < n_fft else window


def _one_sided(onesided: bool | None, is_complex: bool) -> bool:
    if onesided and is_complex:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    return not is_complex if onesided is None else onesided


@public(method=False, out=False)
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    r"""Short-time Fourier transform: X[ω, m] = Σ_k window[k] · input[m·hop + k] · e^{-2πi ωk/n}.

    Args:
        input: a signal (L) or a batch of them (B, L).
        n_fft: n, the points of each transform.
        hop_length: the distance between frames; n/4 by default.
        win_length: the length of the window, which stands in the middle of the frame; n by default.
        window: such as `torch.hann_window(win_length)`; ones by default, with a warning.
        center: pad the signal by n/2 at both ends, so that frame m is centred at m·hop.
        pad_mode: how, as for `nn.functional.pad`.
        normalized: divide by √n.
        onesided: only the frequencies up to n/2; by default where signal and window are real.
        return_complex: must be given for a real signal; False, which is deprecated, gives pairs of real
            numbers.
        align_to_window: without `center`, let the frames start where the window does.

    Shapes: (frequencies, frames), with the batch before them.

    Raises:
        RuntimeError: sizes that do not fit, a signal of integers or of more dimensions, `return_complex` left
            out, or a complex signal or window together with `onesided`.

    >>> x = torch.arange(8.0)
    >>> torch.stft(x, 4, window=torch.ones(4), center=False, return_complex=True)[0]
    tensor([ 6.+0.j, 10.+0.j, 14.+0.j, 18.+0.j, 22.+0.j])

    Source: PyTorch, `torch.stft`.
    """
    if center and align_to_window is not None:
        raise RuntimeError("stft align_to_window should only be set when center = false")
    is_complex = require_tensor(input, "stft").is_complex() or (window is not None and window.is_complex())
    if return_complex is None and not is_complex:
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs, and will further require "
            "that return_complex=True in a future PyTorch release."
        )
    if input._array.ndim not in (1, 2):
        raise RuntimeError(f"stft: expected a 1D or 2D tensor, got the shape {list(input.shape)}")
    if center:
        batch = input if input._array.ndim == 2 else input.unsqueeze(0)
        batch = pad_signal(batch, (n_fft // 2, n_fft // 2), pad_mode)
        input = batch if input._array.ndim == 2 else batch.squeeze(0)
    hop_length = n_fft // 4 if hop_length is None else hop_length
    win_length = n_fft if win_length is None else win_length
    if input._array.dtype.kind not in "fc":
        raise RuntimeError(f"stft: expected a tensor of floating point or complex values, got {input.dtype}")
    if align_to_window:
        margin = (n_fft - win_length) // 2
        input = pad_rule(input, widths=(*[(0, 0)] * (input._array.ndim - 1), (margin, margin)))
    length = input._array.shape[-1]
    if not 0 < n_fft <= length:
        raise RuntimeError(f"stft: expected 0 < n_fft <= {length}, but got n_fft={n_fft}")
    if hop_length <= 0:
        raise RuntimeError(f"stft: expected hop_length > 0, but got hop_length={hop_length}")
    window = _window("stft", window, n_fft, win_length, input)
    frames = windows_rule(input, axis=input._array.ndim - 1, size=n_fft, step=hop_length) * window
    transform = rfft if _one_sided(onesided, is_complex) and not is_complex else fft
    out = transform(frames, norm="ortho" if normalized else None).transpose(-1, -2)  # (..., frequency, frame)
    if return_complex is False:
        warnings.warn(
            "stft with return_complex=False is deprecated. In a future pytorch release, stft will return "
            "complex tensors for all inputs, and return_complex=False will raise an error.\nNote: you can "
            "still call torch.view_as_real on the complex output to recover the old return format.",
            UserWarning,
            stacklevel=2,
        )
        return view_as_real(out)
    return out


@public(method=False, out=False)
def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    r"""The signal whose short-time Fourier transform is nearest to the given one; the inverse of `stft`.

    Args:
        input: a complex tensor (frequencies, frames), perhaps with a batch before them.
        n_fft, hop_length, win_length, window, center, normalized, onesided: as they were for `stft`.
        length: of the signal; by default as long as is known, without the padding of `center`.
        return_complex: whether the signal is complex; not with `onesided`.

    Raises:
        RuntimeError: an input that is real, empty or of another shape; windows that leave a point uncovered.

    >>> x, window = torch.arange(8.0), torch.hann_window(4)
    >>> torch.istft(torch.stft(x, 4, window=window, return_complex=True), 4, window=window)
    tensor([0., 1., 2., 3., 4., 5., 6., 7.])

    Source: PyTorch, `torch.istft`.
    """
    if not require_tensor(input, "istft").is_complex():
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with "
            "return_complex=True."
        )
    hop_length = n_fft // 4 if hop_length is None else hop_length
    win_length = n_fft if win_length is None else win_length
    shape = input._array.shape
    if input._array.size == 0:
        raise RuntimeError(f"istft: input tensor cannot be empty, got the shape {list(shape)}")
    if len(shape) not in (2, 3):
        raise RuntimeError(f"istft: expected a tensor with 2 or 3 dimensions, but got {len(shape)}")
    one_sided = shape[-2] != n_fft if onesided is None else onesided
    wanted = n_fft // 2 + 1 if one_sided else n_fft
    if shape[-2] != wanted:
        raise RuntimeError(
            f"istft: expected the frequency dimension (the last but one) of the input tensor to match "
            f"{'n_fft / 2 + 1' if one_sided else 'n_fft'} (={wanted}) when "
            f"onesided={one_sided}, but got {shape[-2]}"
        )
    if not 0 < hop_length <= win_length:
        raise RuntimeError(f"istft: expected 0 < hop_length <= win_length, but got hop_length={hop_length}")
    if window is not None and window.is_complex() and not return_complex:
        raise RuntimeError("Complex windows are incompatible with return_complex=False")
    if return_complex:
        _one_sided(one_sided, is_complex=True)
    window = _window("istft", window, n_fft, win_length, input)
    norm = "ortho" if normalized else None
    frames = input.transpose(-1, -2)  # (..., frame, frequency)
    frames = irfft(frames, n_fft, norm=norm) if one_sided else ifft(frames, norm=norm)
    frames = frames if return_complex or one_sided else real_rule(frames)
    whole = n_fft + hop_length * (shape[-1] - 1)
    places: dict[str, Any] = {"size": n_fft, "step": hop_length}
    out = add_windows_rule(frames * window, axis=len(shape) - 2, shape=(*shape[:-2], whole), **places)
    squares = (window * window).expand(shape[-1], n_fft)
    envelope = add_windows_rule(squares, axis=0, shape=(whole,), **places)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else whole - (n_fft // 2 if center else 0)
    known = slice(start, min(end, whole))
    out = slice_rule(out, index=along(len(shape) - 2, known))
    envelope = slice_rule(envelope, index=(known,))
    least = float(np.abs(envelope._array).min(initial=math.inf))
    if least <= 1e-11:
        raise RuntimeError(
            f"istft: window overlap add min: {least:g}: some points of the signal lie where all windows are "
            "0; use center=True, a smaller hop_length or another window"
        )
    out = out / envelope
    if end > whole:
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in "
            "the tail. Please check your center and hop_length settings.",
            UserWarning,
            stacklevel=2,
        )
        out = pad_rule(out, widths=(*[(0, 0)] * (len(shape) - 2), (0, end - whole)))
    return out
