"""Orthogonal polynomials of `torch.special`. PyTorch gives them no gradients; use powers where you need one.

Each takes a tensor and the degrees, one of which may be a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.primitive import rule
from ..kernels import special_polynomials as kernels
from ..tensor import Tensor
from ._public import public, require_tensor

Values = Tensor | float


def _shifted(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The polynomials for [0, 1] of those for [-1, 1]."""
    return lambda x, n: kernel(2 * x - 1, n)


def _polynomial(primitive: Any, input: Values, n: Values, name: str) -> Tensor:
    """The polynomial, of two tensors or of a tensor and a number."""
    if not isinstance(n, Tensor):
        require_tensor(input, f"special_{name}")
    return primitive(input, n)


chebyshev_polynomial_t_rule = rule(
    kernels.chebyshev_t, name="special_chebyshev_polynomial_t", promote="float"
)


@public(method=False)
def chebyshev_polynomial_t(input: Values, n: Values) -> Tensor:
    r"""Chebyshev polynomials of the first kind: cos(n arccos x).

    >>> torch.special.chebyshev_polynomial_t(torch.tensor([0.5, 2.0]), 3)
    tensor([-1., 26.])

    Source: PyTorch, `torch.special.chebyshev_polynomial_t`.
    """
    return _polynomial(chebyshev_polynomial_t_rule, input, n, "chebyshev_polynomial_t")


chebyshev_polynomial_u_rule = rule(
    kernels.chebyshev_u, name="special_chebyshev_polynomial_u", promote="float"
)


@public(method=False)
def chebyshev_polynomial_u(input: Values, n: Values) -> Tensor:
    r"""Chebyshev polynomials of the second kind: sin((n + 1) t) / sin t, x = cos t.

    >>> torch.special.chebyshev_polynomial_u(torch.tensor([0.5, 2.0]), 3)
    tensor([-1., 56.])

    Source: PyTorch, `torch.special.chebyshev_polynomial_u`.
    """
    return _polynomial(chebyshev_polynomial_u_rule, input, n, "chebyshev_polynomial_u")


chebyshev_polynomial_v_rule = rule(
    kernels.chebyshev_v, name="special_chebyshev_polynomial_v", promote="float"
)


@public(method=False)
def chebyshev_polynomial_v(input: Values, n: Values) -> Tensor:
    r"""Chebyshev polynomials of the third kind: cos((n + ½) t) / cos(t/2), x = cos t.

    >>> torch.special.chebyshev_polynomial_v(torch.tensor([0.5, 2.0]), 3)
    tensor([-1., 41.])

    Source: PyTorch, `torch.special.chebyshev_polynomial_v`.
    """
    return _polynomial(chebyshev_polynomial_v_rule, input, n, "chebyshev_polynomial_v")


chebyshev_polynomial_w_rule = rule(
    kernels.chebyshev_w, name="special_chebyshev_polynomial_w", promote="float"
)


@public(method=False)
def chebyshev_polynomial_w(input: Values, n: Values) -> Tensor:
    r"""Chebyshev polynomials of the fourth kind: sin((n + ½) t) / sin(t/2), x = cos t.

    >>> torch.special.chebyshev_polynomial_w(torch.tensor([0.5, 2.0]), 3)
    tensor([-1., 71.])

    Source: PyTorch, `torch.special.chebyshev_polynomial_w`.
    """
    return _polynomial(chebyshev_polynomial_w_rule, input, n, "chebyshev_polynomial_w")


shifted_chebyshev_polynomial_t_rule = rule(
    _shifted(kernels.chebyshev_t),
    name="special_shifted_chebyshev_polynomial_t",
    promote="float",
)


@public(method=False)
def shifted_chebyshev_polynomial_t(input: Values, n: Values) -> Tensor:
    r"""Chebyshev polynomials of the first kind at 2x - 1, for x in [0, 1].

    >>> torch.special.shifted_chebyshev_polynomial_t(torch.tensor([0.5, 2.0]), 3)
    tensor([-0., 99.])

    Source: PyTorch, `torch.special.shifted_chebyshev_polynomial_t`.
    """
    return _polynomial(shifted_chebyshev_polynomial_t_rule, input, n, "shifted_chebyshev_polynomial_t")


shifted_chebyshev_polynomial_u_rule = rule(
    _shifted(kernels.chebyshev_u),
    name="special_shifted_chebyshev_polynomial_u",
    promote="float",
)


@public(method=False)
def shifted_chebyshev_polynomial_u(input: Values, n: Values) -> Tensor:
    r"""Chebyshev polynomials of the second kind at 2x - 1, for x in [0, 1].

    >>> torch.special.shifted_chebyshev_polynomial_u(torch.tensor([0.5, 2.0]), 3)
    tensor([ -0., 204.])

    Source: PyTorch, `torch.special.shifted_chebyshev_polynomial_u`.
    """
    return _polynomial(shifted_chebyshev_polynomial_u_rule, input, n, "shifted_chebyshev_polynomial_u")


shifted_chebyshev_polynomial_v_rule = rule(
    _shifted(kernels.chebyshev_v),
    name="special_shifted_chebyshev_polynomial_v",
    promote="float",
)


@public(method=False)
def shifted_chebyshev_polynomial_v(input: Values, n: Values) -> Tensor:
    r"""Chebyshev polynomials of the third kind at 2x - 1, for x in [0, 1].

    >>> torch.special.shifted_chebyshev_polynomial_v(torch.tensor([0.5, 2.0]), 3)
    tensor([  1., 169.])

    Source: PyTorch, `torch.special.shifted_chebyshev_polynomial_v`.
    """
    return _polynomial(shifted_chebyshev_polynomial_v_rule, input, n, "shifted_chebyshev_polynomial_v")


shifted_chebyshev_polynomial_w_rule = rule(
    _shifted(kernels.chebyshev_w),
    name="special_shifted_chebyshev_polynomial_w",
    promote="float",
)


@public(method=False)
def shifted_chebyshev_polynomial_w(input: Values, n: Values) -> Tensor:
    r"""Chebyshev polynomials of the fourth kind at 2x - 1, for x in [0, 1].

    >>> torch.special.shifted_chebyshev_polynomial_w(torch.tensor([0.5, 2.0]), 3)
    tensor([ -1., 239.])

    Source: PyTorch, `torch.special.shifted_chebyshev_polynomial_w`.
    """
    return _polynomial(shifted_chebyshev_polynomial_w_rule, input, n, "shifted_chebyshev_polynomial_w")


hermite_polynomial_h_rule = rule(
    lambda x, n: kernels.hermite(x, n, scale=2.0), name="special_hermite_polynomial_h", promote="float"
)


@public(method=False)
def hermite_polynomial_h(input: Values, n: Values) -> Tensor:
    r"""The physicists' Hermite polynomials: pₖ₊₁ = 2 x pₖ - 2 k pₖ₋₁.

    >>> torch.special.hermite_polynomial_h(torch.tensor([0.5, 2.0]), 3)
    tensor([-5., 40.])

    Source: PyTorch, `torch.special.hermite_polynomial_h`.
    """
    return _polynomial(hermite_polynomial_h_rule, input, n, "hermite_polynomial_h")


hermite_polynomial_he_rule = rule(
    lambda x, n: kernels.hermite(x, n, scale=1.0), name="special_hermite_polynomial_he", promote="float"
)


@public(method=False)
def hermite_polynomial_he(input: Values, n: Values) -> Tensor:
    r"""The probabilists' Hermite polynomials: pₖ₊₁ = x pₖ - k pₖ₋₁.

    >>> torch.special.hermite_polynomial_he(torch.tensor([0.5, 2.0]), 3)
    tensor([-1.3750,  2.0000])

    Source: PyTorch, `torch.special.hermite_polynomial_he`.
    """
    return _polynomial(hermite_polynomial_he_rule, input, n, "hermite_polynomial_he")


laguerre_polynomial_l_rule = rule(kernels.laguerre, name="special_laguerre_polynomial_l", promote="float")


@public(method=False)
def laguerre_polynomial_l(input: Values, n: Values) -> Tensor:
    r"""Laguerre polynomials: (k + 1) pₖ₊₁ = (2k + 1 - x) pₖ - k pₖ₋₁.

    >>> torch.special.laguerre_polynomial_l(torch.tensor([0.5, 2.0]), 3)
    tensor([-0.1458, -0.3333])

    Source: PyTorch, `torch.special.laguerre_polynomial_l`.
    """
    return _polynomial(laguerre_polynomial_l_rule, input, n, "laguerre_polynomial_l")


legendre_polynomial_p_rule = rule(kernels.legendre, name="special_legendre_polynomial_p", promote="float")


@public(method=False)
def legendre_polynomial_p(input: Values, n: Values) -> Tensor:
    r"""Legendre polynomials: (k + 1) pₖ₊₁ = (2k + 1) x pₖ - k pₖ₋₁.

    >>> torch.special.legendre_polynomial_p(torch.tensor([0.5, 2.0]), 3)
    tensor([-0.4375, 17.0000])

    Source: PyTorch, `torch.special.legendre_polynomial_p`.
    """
    return _polynomial(legendre_polynomial_p_rule, input, n, "legendre_polynomial_p")
