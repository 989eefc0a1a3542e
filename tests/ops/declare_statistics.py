"""Declarations of `ops/number_theory.py` and `ops/statistics.py`."""

from __future__ import annotations

import numpy as np

from tests.declared import declare, elementwise, fixed, real, whole

X = real()

declare("gcd", None, elementwise(whole(-12, 12), whole(-12, 12)), reference=np.gcd, order=0)
declare("lcm", None, elementwise(whole(-12, 12), whole(-12, 12)), reference=np.lcm, order=0)
declare("ldexp", None, elementwise(real(), whole(0, 3)), reference=np.ldexp)
declare(
    "ldexp",
    None,
    elementwise(real(), whole(-3, -1)),
    reference=np.ldexp,
    torch=False,  # PyTorch's derivative is 0 here: an integer power of 2
)
declare("ldexp", None, elementwise(real(), real()), reference=lambda x, y: x * 2**y)
declare(
    "frexp",
    lambda torch, x: tuple(torch.frexp(x)),
    elementwise(real(avoid=[-2, -1, -0.5, -0.25, -0.125, 0, 0.125, 0.25, 0.5, 1, 2], gap=0.01)),
    reference=np.frexp,
)
declare(
    "nextafter",
    lambda torch, x, y: torch.nextafter(x.detach(), y.detach()),
    elementwise(X, X),
    reference=np.nextafter,
    float32=False,
    order=0,
)
declare("real", lambda torch, x: torch.real(x) * 1, elementwise(X), reference=np.real)
declare("angle", None, elementwise(real(avoid=0)), reference=np.angle)

declare("cov", None, fixed(((3, 5), X)), reference=np.cov)
declare("cov", None, fixed(((5,), X)), reference=np.cov)
declare(
    "cov",
    lambda torch, x, f, a: torch.cov(x, correction=0, fweights=f, aweights=a),
    fixed(((2, 4), X), ((4,), whole(1, 3)), ((4,), real(0.5, 2))),
    reference=lambda x, f, a: np.cov(x, ddof=0, fweights=f, aweights=a),
)
declare(
    "cov",
    lambda torch, x, a: torch.cov(x, aweights=a),
    fixed(((2, 4), X), ((4,), real(0.5, 2))),
    reference=lambda x, a: np.cov(x, aweights=a),
)
declare(
    "corrcoef",
    lambda torch, x: torch.corrcoef(x)[0, 1:],
    fixed(((3, 5), X)),
    reference=lambda x: np.corrcoef(x)[0, 1:],
)
declare("vander", None, fixed(((3,), X)), reference=np.vander, torch=False)  # PyTorch's graph refuses it
declare(
    "vander",
    lambda torch, x: torch.vander(x, N=2, increasing=True),
    fixed(((3,), whole())),
    reference=lambda x: np.vander(x, 2, increasing=True),
    order=0,
)
declare("gradient", None, fixed(((3, 4), X)), reference=lambda x: tuple(np.gradient(x)))
declare(
    "gradient",
    lambda torch, x: torch.gradient(x, spacing=[0.5, 2.0], edge_order=2),
    fixed(((3, 4), X)),
    reference=lambda x: tuple(np.gradient(x, 0.5, 2.0, edge_order=2)),
)
for _order in (1, 2):
    declare(
        "gradient",
        lambda torch, x, _order=_order: torch.gradient(
            x, spacing=(torch.tensor([0.0, 1.0, 3.0, 3.5], dtype=torch.float64),), dim=1, edge_order=_order
        ),
        fixed(((3, 4), X)),
        reference=lambda x, _order=_order: (np.gradient(x, [0.0, 1, 3, 3.5], axis=1, edge_order=_order),),
        float32=False,
    )
declare("gradient", lambda torch, x: torch.gradient(x, spacing=2), fixed(((4,), whole())), order=0)
declare(
    "histogramdd",
    lambda torch, x: (
        torch.histogramdd(x, 3, range=[-2.0, 2, -1, 1]).hist,
        *torch.histogramdd(x, [2, 4]).bin_edges,
    ),
    fixed(((9, 2), X)),
    reference=lambda x: (
        np.histogramdd(x, 3, range=[(-2, 2), (-1, 1)])[0],
        *np.histogramdd(x, [2, 4])[1],
    ),
    order=0,
)
declare(
    "histogramdd",
    lambda torch, x, w: (
        torch.histogramdd(
            x,
            (torch.tensor([-2.0, 0, 2]).to(x.dtype), torch.tensor([-1.0, 0.5]).to(x.dtype)),
            weight=w,
            density=True,
        ).hist
    ),
    fixed(((3, 4, 2), X), ((3, 4), real(0.5, 2))),
    reference=lambda x, w: np.histogramdd(
        x.reshape(-1, 2), [[-2.0, 0, 2], [-1.0, 0.5]], weights=w.reshape(-1), density=True
    )[0],
    order=0,
)
