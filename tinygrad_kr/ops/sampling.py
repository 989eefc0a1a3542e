"""Draws of gamma, Dirichlet and binomial variates; the first two move with their parameters.

A variate x of a distribution F moves with a parameter a so that the probability below it stays the same:
dx/da = -(∂F/∂a) / (density of x). `kernels/implicit.py` computes it.

Source: Figurnov, Mohamed and Mnih (2018), "Implicit reparameterization gradients".
"""

from __future__ import annotations

import numpy as np

from ..autograd.primitive import rule
from ..kernels.implicit import beta_gradient, gamma_gradient
from ..tensor import Tensor
from ._public import public, require_tensor
from .generator import Generator, stream_of
from .random import drawn_rule

__all__ = ["binomial"]


def gamma_variate_(alpha: np.ndarray, *, values: np.ndarray) -> np.ndarray:
    """Values that were drawn from the gamma distribution of shape parameter alpha."""
    return values


def gamma_slope_(alpha: np.ndarray, x: np.ndarray) -> np.ndarray:
    """dx/dalpha of gamma variates."""
    return gamma_gradient(alpha.astype(np.float64), x.astype(np.float64)).astype(x.dtype)


def dirichlet_variate_(alpha: np.ndarray, *, values: np.ndarray) -> np.ndarray:
    """Values that were drawn from the Dirichlet distribution of concentration alpha."""
    return values


def dirichlet_slope_(alpha: np.ndarray, x: np.ndarray) -> np.ndarray:
    """dxᵢ/dalphaᵢ / (1 - xᵢ): each coordinate is a beta variate by itself."""
    wide, point = alpha.astype(np.float64), x.astype(np.float64)
    slope = beta_gradient(wide, wide.sum(-1, keepdims=True) - wide, point)
    return (slope / (1 - point)).astype(x.dtype)


def no_second_order(g: np.ndarray) -> np.ndarray:
    """Raises: dx/da is a number from a quadrature here, as it is from a table in PyTorch."""
    raise NotImplementedError(
        "draws of gamma, beta and Dirichlet variates have no second derivatives; detach the first ones, or "
        "leave create_graph=True away"
    )


gamma_slope = rule(gamma_slope_, name="standard_gamma_grad", alpha=no_second_order, x=no_second_order)
dirichlet_slope = rule(dirichlet_slope_, name="dirichlet_grad", alpha=no_second_order, x=no_second_order)

gamma_rule = rule(
    gamma_variate_,
    name="standard_gamma",
    alpha=lambda g, alpha, out: g * gamma_slope(alpha, out),
)
# Where xᵢ moves by d, the others shrink to make room: xⱼ by d xⱼ / (1 - xᵢ).
dirichlet_rule = rule(
    dirichlet_variate_,
    name="dirichlet",
    alpha=lambda g, alpha, out: dirichlet_slope(alpha, out) * (g - np.sum(g * out, axis=-1, keepdims=True)),
)


def standard_gamma(alpha: Tensor, generator: Generator | None = None) -> Tensor:
    """Gamma variates of rate 1, one for each shape parameter.

    >>> _ = torch.manual_seed(0)
    >>> standard_gamma(torch.tensor([1.0, 20.0]))
    tensor([ 2.8824, 18.3939])

    Source: PyTorch, `torch._standard_gamma`.
    """
    return gamma_rule(alpha, values=stream_of(generator).gamma(alpha._array))


def sample_dirichlet(alpha: Tensor, generator: Generator | None = None) -> Tensor:
    """Points of the simplex, whose coordinates are the last dimension.

    >>> _ = torch.manual_seed(0)
    >>> sample_dirichlet(torch.tensor([1.0, 20.0]))
    tensor([0.1355, 0.8645])

    Source: PyTorch, `torch._sample_dirichlet`.
    """
    return dirichlet_rule(alpha, values=stream_of(generator).dirichlet(alpha._array))


@public(method=False)
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    r"""Numbers of successes among `count` independent trials, each of probability `prob`.

    Args:
        count: numbers of trials, of a floating dtype.
        prob: probabilities, of the same dtype and of a shape that broadcasts with it.
        generator: where to draw from.

    Raises:
        ValueError: a count of integers.

    >>> _ = torch.manual_seed(0)
    >>> torch.binomial(torch.tensor([10.0, 100.0]), torch.tensor([0.2, 0.6]))
    tensor([ 5., 65.])

    Source: PyTorch, `torch.binomial`.
    """
    if not require_tensor(count, "binomial", "count").is_floating_point():
        raise ValueError(
            f"binomial only supports floating-point dtypes for count, got: {count.dtype.scalar_name}; "
            "use count.float()"
        )
    if require_tensor(prob, "binomial", "prob").dtype is not count.dtype:
        raise RuntimeError(
            f"binomial expects count and prob of one dtype, but got {count.dtype} and {prob.dtype}"
        )
    trials, chances = np.broadcast_arrays(count._array, prob._array)
    return drawn_rule(count, prob, values=stream_of(generator).binomial(trials, chances))
