"""The von Mises distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, lazy_property

__all__ = ["VonMises"]


class VonMises(Distribution):
    r"""Angles around a mean: $p(x) = e^{\kappa \cos(x - \mu)} / 2\pi I_0(\kappa)$.

    Args:
        loc: the mean angle μ, in radians.
        concentration: κ, above 0; the variance is about 1/κ for large ones.

    >>> torch.distributions.VonMises(0.0, 1.0).log_prob(torch.tensor(0.0))
    tensor(-1.0738)

    Source: Best and Fisher (1979), "Efficient simulation of the von Mises distribution". PyTorch,
    `torch.distributions.VonMises`.
    """

    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.__dict__.pop("variance", None)
        return new

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:  # type: ignore[override]
        """The circular variance, 1 - I₁(κ) / I₀(κ)."""
        return 1 - torch.special.i1e(self.concentration) / torch.special.i0e(self.concentration)

    @staticmethod
    def _wrapped_cauchy(kappa: Tensor) -> Tensor:
        """The parameter of the wrapped Cauchy distribution that draws are proposed from."""
        tau = 1 + (1 + 4 * kappa**2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * kappa)
        exact = (1 + rho**2) / (2 * rho)
        return torch.where(kappa < 1e-5, 1 / kappa + kappa, exact)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        """Draws by rejection, in float64."""
        shape = self._extended_shape(sample_shape)
        with torch.no_grad():
            loc, kappa = self.loc.double().expand(shape), self.concentration.double().expand(shape)
            r = self._wrapped_cauchy(kappa)
            angle, done = torch.zeros(shape, dtype=loc.dtype), torch.zeros(shape, dtype=torch.bool)
            while not bool(done.all()):
                u1, u2, u3 = torch.rand((3, *shape), dtype=loc.dtype).unbind()
                z = torch.cos(math.pi * u1)
                f = (1 + r * z) / (r + z)
                c = kappa * (r - f)
                accepted = ((c * (2 - c) - u2) > 0) | ((c / u2).log() + 1 - c >= 0)
                angle = torch.where(accepted, (u3 - 0.5).sign() * f.acos(), angle)
                done = done | accepted
            return ((angle + math.pi + loc) % (2 * math.pi) - math.pi).to(self.loc.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        scaled = self.concentration * (torch.cos(value - self.loc) - 1)  # I₀(κ) = exp(κ) i0e(κ)
        return scaled - math.log(2 * math.pi) - torch.special.i0e(self.concentration).log()
