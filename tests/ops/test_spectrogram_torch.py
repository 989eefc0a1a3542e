"""`stft`, `istft` and the windows beside PyTorch's: every option, values, errors and warnings."""

# ruff: noqa: B023  (what is called in a loop is called at once)
from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_kr

theirs = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch


def both(call: Any) -> tuple[Any, Any]:
    """What a call gives on each library: a result or an error, and how many warnings."""
    found: list[Any] = []
    for torch in (tinygrad_kr, theirs):
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            try:
                found.append(call(torch))
            except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
                found.append(error)
    return found[0], found[1]


def agree(call: Any) -> None:
    got, want = both(call)
    if isinstance(want, Exception):
        assert isinstance(got, type(want)), got
        return
    assert not isinstance(got, Exception), got
    assert str(got.dtype) == str(want.dtype) and tuple(got.shape) == tuple(want.shape)
    np.testing.assert_allclose(
        got.resolve_conj().numpy(), want.resolve_conj().numpy(), rtol=2e-5, atol=2e-5, equal_nan=True
    )


SIGNAL = np.random.default_rng(0).standard_normal((2, 20))


def signal(torch: Any, *, is_complex: bool = False) -> Any:
    x = torch.from_numpy(SIGNAL)
    return torch.complex(x, x.flip(1)) if is_complex else x.float()


@pytest.mark.parametrize("is_complex", [False, True])
def test_stft_with_every_option(is_complex: bool) -> None:
    for center, normalized, onesided, win, hop in itertools.product(
        (True, False), (True, False), (None, True, False), (None, 5, 9), (None, 3, 0)
    ):
        agree(
            lambda torch: torch.stft(
                signal(torch, is_complex=is_complex),
                8,
                hop,
                win,
                torch.hann_window(win or 8),
                center,
                "reflect",
                normalized,
                onesided,
                True,
            )
        )


@pytest.mark.parametrize(
    "call",
    [
        lambda torch, x: torch.stft(x, 8),
        lambda torch, x: torch.stft(x, 8, return_complex=False),
        lambda torch, x: torch.stft(x, 8, return_complex=True),
        lambda torch, x: torch.stft(x[None], 8, return_complex=True),
        lambda torch, x: torch.stft(x[0], 8, return_complex=True),
        lambda torch, x: torch.stft(x, 30, return_complex=True, center=False),
        lambda torch, x: torch.stft(x.long(), 8, return_complex=True, center=False),
        lambda torch, x: torch.stft(x, 8, pad_mode="constant", return_complex=True),
        lambda torch, x: torch.stft(x, 8, pad_mode="nowhere", return_complex=True),
        lambda torch, x: torch.stft(x, 8, align_to_window=True, return_complex=True),
        lambda torch, x: torch.stft(
            x, 8, 2, 4, torch.ones(4), False, align_to_window=True, return_complex=True
        ),
        lambda torch, x: torch.stft(x, 8, window=torch.ones(8, dtype=torch.complex64), return_complex=True),
        lambda torch, x: torch.stft(x.double(), 8, window=torch.ones(8), return_complex=True),
        lambda torch, x: torch.stft(x, 8, window=torch.ones(7), return_complex=True),
        lambda torch, x: x.stft(8, 2, return_complex=True),
    ],
)
def test_stft(call: Any) -> None:
    agree(lambda torch: call(torch, signal(torch)))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"length": 15},
        {"length": 25},
        {"length": 19},
        {"center": False},
        {"onesided": False},
        {"onesided": True},
        {"return_complex": True},
        {"hop_length": 9},
        {"hop_length": 0},
        {"win_length": 9},
        {"win_length": 6},
        {"normalized": True},
        {"window": None},
        {"window": "zeros"},
        {"window": "double"},
        {"window": "complex"},
    ],
)
def test_istft(options: dict[str, Any]) -> None:
    def call(torch: Any) -> Any:
        window = torch.hann_window(8)
        spectrum = torch.stft(signal(torch), 8, window=window, return_complex=True)
        chosen = {
            "zeros": window * 0,
            "double": window.double(),
            "complex": window * (1 + 0j),
            None: None,
        }.get(options.get("window", ""), window)
        return torch.istft(spectrum, 8, **{**options, "window": chosen})

    agree(call)


@pytest.mark.parametrize(
    "call",
    [
        lambda torch, s: torch.istft(s.real, 8),
        lambda torch, s: torch.istft(s[None], 8),
        lambda torch, s: torch.istft(s[0], 8),
        lambda torch, s: torch.istft(s[..., :0], 8),
        lambda torch, s: torch.istft(s, 10),
        lambda torch, s: s.istft(8),
        lambda torch, s: torch.istft(
            torch.stft(signal(torch, is_complex=True), 8), 8, onesided=False, return_complex=True
        ),
    ],
)
def test_istft_of_other_inputs(call: Any) -> None:
    agree(lambda torch: call(torch, torch.stft(signal(torch), 8, return_complex=True)))


WINDOWS = {
    "bartlett": [{}],
    "blackman": [{}],
    "cosine": [{}],
    "exponential": [{}, {"tau": 2.0}, {"center": 1.0}, {"tau": -1}],
    "gaussian": [{}, {"std": 0.7}, {"std": -1}],
    "general_cosine": [{"a": [0.5, 0.3]}, {"a": [1.0]}, {"a": []}, {"a": 3}],
    "general_hamming": [{}, {"alpha": 0.6}],
    "hamming": [{}],
    "hann": [{}],
    "kaiser": [{}, {"beta": 3.0}, {"beta": -1}],
    "nuttall": [{}],
}


@pytest.mark.parametrize("name", WINDOWS)
def test_windows(name: str) -> None:
    for options, sym, M, dtype in itertools.product(
        WINDOWS[name], (True, False), (0, 1, 2, 5, 8, -1), (None, "float64", "int64")
    ):
        agree(
            lambda torch: getattr(torch.signal.windows, name)(
                M, sym=sym, dtype=dtype and getattr(torch, dtype), **options
            )
        )


@pytest.mark.parametrize("name", ["hann", "hamming", "blackman", "bartlett", "kaiser"])
def test_older_windows(name: str) -> None:
    for periodic, length, dtype in itertools.product(
        (True, False), (0, 1, 2, 5, 8, -1), (None, "float64", "int64")
    ):
        agree(
            lambda torch: getattr(torch, f"{name}_window")(
                length, periodic, dtype=dtype and getattr(torch, dtype)
            )
        )
    agree(lambda torch: torch.kaiser_window(6, True, 3.0))
    agree(lambda torch: torch.hamming_window(6, True, 0.5, 0.4))
