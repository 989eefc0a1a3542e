"""Fourier transforms: of real and of complex numbers, the latter made of two real tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import tinygrad_kr.fft  # the page, which is imported when it is asked for
from tests.declared import declare, fixed, real, shaped
from tests.ops.declare_complex import pairs, parts

X = real()
assert tinygrad_kr.fft
ONE = [
    st.sampled_from([None, 1, 2, 5]),
    st.sampled_from([0, 1, -1]),
    st.sampled_from([None, "ortho", "forward"]),
]
SIZES = st.sampled_from([None, (2, 4), (3, 3), (1, 5)])
BOTH = [SIZES, st.sampled_from([(0, 1), (-1, 0), (-2, -1)]), st.sampled_from([None, "backward", "ortho"])]


def seen(torch: Any, out: Any) -> Any:
    """The result as real numbers."""
    return parts(torch, out) if out.is_complex() else out


def _declare(name: str, domain: str, extra: list[Any]) -> None:
    """One transform, of real numbers ("real"), of complex ones, or of either."""

    def reference(x: np.ndarray, args: tuple[Any, ...]) -> np.ndarray:
        n, axis, norm = args
        if name.startswith(("hfft", "ihfft")) and name[-1] in "2n":
            other = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}[norm]
            if name.startswith("hfft"):
                out = np.fft.irfftn(x.conj(), n, axes=axis, norm=other)
            else:
                out = np.fft.rfftn(x, n, axes=axis, norm=other).conj()
        else:
            out = getattr(np.fft, name)(x, n, axis, norm)
        return pairs(out) if np.iscomplexobj(out) else out

    if domain != "complex":
        declare(
            name,
            lambda torch, x, *args: seen(torch, getattr(torch.fft, name)(x, *args)),
            fixed(((3, 4), X), extra=extra),
            reference=lambda x, *args: reference(x, args),
        )
    if domain != "real":
        declare(
            name,
            lambda torch, x, y, *args: seen(torch, getattr(torch.fft, name)(torch.complex(x, y), *args)),
            fixed(((3, 4), X), ((3, 4), X), extra=extra),
            reference=lambda x, y, *args: reference(x + 1j * y, args),
        )


for _name, _domain in {
    "fft": "both",
    "ifft": "both",
    "rfft": "real",
    "irfft": "both",
    "hfft": "both",
    "ihfft": "real",
}.items():
    _declare(_name, _domain, ONE)
    for _suffix in "2n":
        _declare(_name + _suffix, _domain, BOTH)

declare(
    "fftshift",
    lambda torch, x: torch.fft.fftshift(x),
    shaped(X, min_dims=1),
    reference=np.fft.fftshift,
)
declare("fftshift", lambda torch, x: torch.fft.fftshift(x, dim=1), fixed(((2, 3), X)))
declare(
    "ifftshift", lambda torch, x: torch.fft.ifftshift(x), shaped(X, min_dims=1), reference=np.fft.ifftshift
)
_POINTS = st.tuples(st.integers(1, 6), st.sampled_from([1.0, 0.5]))
declare(
    "fftfreq",
    lambda torch, n, d: torch.fft.fftfreq(n, d, dtype=torch.float64),
    _POINTS,
    reference=np.fft.fftfreq,
    float32=False,
    order=0,
)
declare(
    "rfftfreq",
    lambda torch, n, d: torch.fft.rfftfreq(n, d, dtype=torch.float64),
    _POINTS,
    reference=np.fft.rfftfreq,
    float32=False,
    order=0,
)
