"""Declarations of `ops/sampling.py`; tests/kernels/test_implicit.py checks the derivatives of draws."""

from __future__ import annotations

from tests.declared import declare, elementwise, fixed, real
from tests.ops.declare_random import seeded
from tinygrad_kr.ops.sampling import dirichlet_slope, gamma_slope, sample_dirichlet, standard_gamma

declare(
    "binomial",
    seeded(lambda torch, n, p: torch.binomial(n.round(), p)),
    elementwise(real(0, 60), real(0, 1)),
    order=0,
)
declare(
    "standard_gamma",
    seeded(lambda torch, a: standard_gamma(a)),
    elementwise(real(0.3, 5)),
    order=0,
    torch=False,
)
declare(
    "dirichlet",
    seeded(lambda torch, a: sample_dirichlet(a)),
    fixed(((2, 3), real(0.3, 5))),
    order=0,
    torch=False,
)
declare(
    "standard_gamma_grad",
    lambda torch, a, x: gamma_slope(a, x),
    fixed(((2, 3), real(0.3, 5)), ((2, 3), real(0.3, 5))),
    order=0,
    torch=False,
)
declare(
    "dirichlet_grad",
    lambda torch, a, x: dirichlet_slope(a, x),
    fixed(((2, 3), real(0.3, 5)), ((2, 3), real(0.1, 0.9))),
    order=0,
    torch=False,
)
