"""Windows and short-time transforms: what they are for, and how they fail."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_kr as torch


@pytest.mark.parametrize("name", torch.signal.windows.__all__)
def test_windows_are_symmetric_and_periodic_ones_are_cut(name: str) -> None:
    make = getattr(torch.signal.windows, name)
    options = {"a": (0.4, 0.4, 0.2)} if name == "general_cosine" else {}
    whole = make(7, dtype=torch.float64, **options).numpy()
    np.testing.assert_allclose(whole, whole[::-1], atol=1e-15)
    assert whole.argmax() == 3
    np.testing.assert_allclose(
        make(6, sym=False, dtype=torch.float64, **options).numpy(), whole[:-1], atol=1e-15
    )
    assert make(5, requires_grad=True, **options).requires_grad


def test_the_older_names_are_the_same_windows() -> None:
    for name in ("hann", "hamming", "blackman", "bartlett", "kaiser"):
        old, new = getattr(torch, f"{name}_window"), getattr(torch.signal.windows, name)
        assert old(6).tolist() == new(6, sym=False).tolist()
        assert old(6, periodic=False).tolist() == new(6).tolist()
    with pytest.raises(RuntimeError, match="non-negative"):
        torch.hann_window(-1)
    with pytest.raises(RuntimeError, match="floating"):
        torch.hann_window(3, dtype=torch.int64)
    with pytest.raises(ValueError, match="float32 or float64"):
        torch.signal.windows.hann(3, dtype=torch.float16)


def test_a_tone_is_found_at_its_frequency() -> None:
    x = torch.cos(2 * torch.pi * 5 / 32 * torch.arange(256.0))
    spectrum = torch.stft(x, 32, window=torch.hann_window(32), return_complex=True)
    assert spectrum.shape == (17, 33) and (spectrum.abs().argmax(0)[2:-2] == 5).all()


def test_warnings_and_errors() -> None:
    x = torch.arange(16.0)
    with pytest.warns(UserWarning, match="window was not provided"):
        torch.stft(x, 4, return_complex=True)
    with pytest.warns(UserWarning, match="deprecated"):
        assert torch.stft(x, 4, window=torch.ones(4), return_complex=False).shape == (3, 17, 2)
    with pytest.raises(RuntimeError, match="return_complex"):
        torch.stft(x, 4, window=torch.ones(4))
    spectrum = torch.stft(x, 4, window=torch.ones(4), return_complex=True)
    with pytest.raises(RuntimeError, match="overlap add min"):
        torch.istft(spectrum, 4, window=torch.zeros(4))
    with pytest.raises(RuntimeError, match="complex-valued"):
        torch.istft(spectrum.real, 4, window=torch.ones(4))
    with pytest.warns(UserWarning, match="padded with zeros"):
        torch.istft(spectrum, 4, window=torch.ones(4), length=30)
