"""Declarations of `ops/gamma.py`, `ops/bessel.py`, `ops/normal.py` and `ops/orthogonal.py`."""

from __future__ import annotations

import math

import numpy as np

import tinygrad_kr.special  # noqa: F401  (its pages are imported when it is)
from tests.declared import declare, elementwise, real, whole


def each(function: object) -> np.vectorize:
    """A function of numbers as one of arrays."""
    return np.vectorize(function, otypes=[float])


POLES = [-2, -1, 0]

declare("lgamma", None, elementwise(real(-1.9, 6, avoid=POLES, gap=0.2)), reference=each(math.lgamma))
declare("digamma", None, elementwise(real(-1.9, 6, avoid=POLES, gap=0.3)), tolerance=1e-5)
for _n in (0, 1, 2):
    declare(
        "polygamma",
        lambda torch, x, _n=_n: torch.polygamma(_n, x) + x.polygamma(_n),
        elementwise(real(0.5, 6)),
        tolerance=1e-5,
        value_tolerance=1e-8,
        torch=_n != 1,  # PyTorch's of order 1 is good to 5e-10 only
    )
declare(
    "mvlgamma",
    lambda torch, x: torch.mvlgamma(x, 3),
    elementwise(real(1.5, 6)),
    reference=lambda x: 1.5 * math.log(math.pi) + sum(each(math.lgamma)(x - j / 2) for j in range(3)),
)
for _name in ("igamma", "igammac"):
    declare(
        _name,
        lambda torch, a, x, _name=_name: getattr(torch, _name)(a, x),
        elementwise(whole(1, 6), real(0.2, 6)),
    )
declare(
    "igamma",
    lambda torch, x: torch.igamma(torch.ones_like(x).detach(), x),
    elementwise(real(0.2, 6)),
    reference=lambda x: -np.expm1(-x),
)
declare("zeta", lambda torch, s, q: torch.special.zeta(s, q), elementwise(whole(2, 5), real(0.5, 5)))
declare(
    "zeta",
    lambda torch, q, s: (torch.special.zeta(2, q), torch.special.zeta(s, 2.5)),
    elementwise(real(0.5, 5), whole(2, 5)),
)

declare("i0", None, elementwise(real(-6, 6)), reference=np.i0)
for _name in ("i0e", "i1", "i1e"):
    declare(
        _name,
        lambda torch, x, _name=_name: getattr(torch.special, _name)(x),
        elementwise(real(-6, 6, avoid=0)),
    )
# PyTorch's ordinary Bessel functions are off by up to 8e-7 beyond 5, in float64 too.
_WITHOUT_GRADIENT = {
    (-5, 5): ["bessel_j0", "bessel_j1"],
    (0.1, 5): ["bessel_y0", "bessel_y1"],
    (-20, 20): ["spherical_bessel_j0", "airy_ai", "modified_bessel_i0", "modified_bessel_i1"],
    (0.1, 20): [f"{_scale}modified_bessel_k{_n}" for _scale in ("", "scaled_") for _n in (0, 1)],
}
for (_low, _high), _names in _WITHOUT_GRADIENT.items():
    for _name in _names:
        declare(
            _name,
            lambda torch, x, _name=_name: getattr(torch.special, _name)(x),
            elementwise(real(_low, _high)),
            order=0,
        )

declare("erfcx", lambda torch, x: torch.special.erfcx(x), elementwise(real(-3, 6)))
declare("ndtr", lambda torch, x: torch.special.ndtr(x), elementwise(real(-6, 6)))
declare("log_ndtr", lambda torch, x: torch.special.log_ndtr(x), elementwise(real(-20, 3)))
declare("ndtri", lambda torch, x: torch.special.ndtri(x), elementwise(real(0.05, 0.95)), tolerance=1e-5)
declare(
    "entr",
    lambda torch, x: torch.special.entr(x),
    elementwise(real(0.3, 3)),
    reference=lambda x: -x * np.log(x),
)
declare(
    "xlog1py",
    lambda torch, x, y: torch.special.xlog1py(x, y),
    elementwise(real(avoid=0), real(-0.6, 3)),
    reference=lambda x, y: x * np.log1p(y),
)
declare(
    "xlog1py",
    lambda torch, x: torch.special.xlog1py(x, 2.5) + torch.special.xlog1py(2, x),
    elementwise(real(-0.6, 3)),
    reference=lambda x: x * np.log1p(2.5) + 2 * np.log1p(x),
)

_POLYNOMIALS = [
    *(f"chebyshev_polynomial_{kind}" for kind in "tuvw"),
    *(f"shifted_chebyshev_polynomial_{kind}" for kind in "tuvw"),
    *("hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p"),
]
for _name in _POLYNOMIALS:
    declare(
        _name,
        lambda torch, x, n, _name=_name: getattr(torch.special, _name)(x, n),
        elementwise(real(-1.5, 1.5), whole(-1, 12)),
        order=0,
    )
    declare(
        _name,
        lambda torch, x, _name=_name: (
            getattr(torch.special, _name)(x, 3),
            getattr(torch.special, _name)(0.5, (x * 3).trunc()),
        ),
        elementwise(real(-1.5, 1.5)),
        order=0,
    )
