"""The Weibull distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Tensor

from . import constraints
from .exponential import Exponential
from .gumbel import EULER
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, PowerTransform
from .utils import broadcast_all

__all__ = ["Weibull"]


class Weibull(TransformedDistribution):
    r"""The Weibull distribution, $F(x) = 1 - \exp(-(x / \lambda)^k)$ for x > 0.

    Args:
        scale: λ, above 0.
        concentration: k, above 0.

    >>> torch.distributions.Weibull(1.0, 1.0).mean
    tensor(1.)

    Source: PyTorch, `torch.distributions.Weibull`.
    """

    arg_constraints: ClassVar[Any] = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        self.concentration_reciprocal = self.concentration.reciprocal()
        base = Exponential(torch.ones_like(self.scale).detach(), validate_args=validate_args)
        power = PowerTransform(self.concentration_reciprocal)
        super().__init__(base, [power, AffineTransform(0, self.scale)], validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.scale * torch.exp(torch.lgamma(1 + 1 / self.concentration))

    @property
    def mode(self) -> Tensor:
        k = self.concentration
        return self.scale * ((k - 1) / k) ** k.reciprocal()

    @property
    def variance(self) -> Tensor:
        first, second = torch.lgamma(1 + 1 / self.concentration), torch.lgamma(1 + 2 / self.concentration)
        return self.scale.pow(2) * (torch.exp(second) - torch.exp(2 * first))

    def entropy(self) -> Tensor:
        return EULER * (1 - 1 / self.concentration) + torch.log(self.scale / self.concentration) + 1
