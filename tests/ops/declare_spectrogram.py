"""Short-time Fourier transforms, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import tinygrad_kr.ops.spectrogram  # the page, which is imported when it is asked for
from tests.declared import declare, fixed, real
from tests.ops.declare_complex import pairs, parts

X, WINDOW = real(), real(0.5, 1.5)
assert tinygrad_kr.ops.spectrogram
ONE_SIDED = st.sampled_from([None, True, False])


def _frames(x: np.ndarray, window: np.ndarray, onesided: bool | None) -> np.ndarray:
    """The definition: the spectrum of each frame, of 4 points and 2 apart."""
    transform = np.fft.fft if onesided is False else np.fft.rfft
    padded = np.concatenate([x[2:0:-1], x, x[-2:-4:-1]])
    return pairs(np.stack([transform(padded[m : m + 4] * window) for m in range(0, len(x) + 1, 2)], -1))


declare(
    "stft",
    lambda torch, x, window, onesided: parts(
        torch, torch.stft(x, 4, 2, window=window, onesided=onesided, return_complex=True)
    ),
    fixed(((7,), X), ((4,), WINDOW), extra=[ONE_SIDED]),
    reference=_frames,
)
declare(
    "stft",
    lambda torch, x, y, window, normalized: parts(
        torch,
        torch.stft(torch.complex(x, y), 4, 1, 3, window, center=False, normalized=normalized),
    ),
    fixed(((2, 5), X), ((2, 5), X), ((3,), WINDOW), extra=[st.booleans()]),
)


def _there_and_back(torch: Any, x: Any, window: Any, options: dict[str, Any]) -> Any:
    spectrum = torch.stft(x, 4, 2, window=window, return_complex=True, **options)
    return torch.istft(spectrum, 4, 2, window=window, length=x.shape[-1], **options)


declare(
    "istft",
    _there_and_back,
    fixed(
        ((2, 8), X),
        ((4,), WINDOW),
        extra=[st.sampled_from([{}, {"normalized": True}, {"onesided": False}])],
    ),
    reference=lambda x, window, options: x,
)
declare(
    "istft",
    lambda torch, x, y, window: torch.istft(torch.complex(x, y), 4, 2, window=window),
    fixed(((3, 4), X), ((3, 4), X), ((4,), WINDOW)),
)
