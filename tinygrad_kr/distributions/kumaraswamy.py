"""The Kumaraswamy distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Tensor

from . import constraints
from .gumbel import EULER
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, PowerTransform
from .uniform import Uniform
from .utils import broadcast_all

__all__ = ["Kumaraswamy"]


class Kumaraswamy(TransformedDistribution):
    r"""The Kumaraswamy distribution, $F(x) = 1 - (1 - x^a)^b$ for 0 < x < 1.

    Args:
        concentration1: a, above 0.
        concentration0: b, above 0.

    >>> torch.distributions.Kumaraswamy(1.0, 1.0).mean
    tensor(0.5000)

    Source: PyTorch, `torch.distributions.Kumaraswamy`.
    """

    arg_constraints: ClassVar[Any] = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        zeros = torch.zeros_like(self.concentration0).detach()
        base = Uniform(zeros, zeros + 1, validate_args=validate_args)
        # (1 - u ** (1 / b)) ** (1 / a)
        transforms = [
            PowerTransform(self.concentration0.reciprocal()),
            AffineTransform(1.0, -1.0),
            PowerTransform(self.concentration1.reciprocal()),
        ]
        super().__init__(base, transforms, validate_args=validate_args)

    def _moment(self, n: int) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return b * torch.exp(torch.lgamma(1 + n / a) + torch.lgamma(b) - torch.lgamma(1 + n / a + b))

    @property
    def mean(self) -> Tensor:
        return self._moment(1)

    @property
    def mode(self) -> Tensor:
        """((a - 1) / (ab - 1)) ** (1 / a), for a, b of 1 or more; in PyTorch always NaN."""
        a, b = self.concentration1, self.concentration0
        return torch.where((a < 1) | (b < 1), torch.nan, ((a - 1) / (a * b - 1)).pow(1 / a))

    @property
    def variance(self) -> Tensor:
        return self._moment(2) - self._moment(1).pow(2)

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return (1 - b.reciprocal()) + (1 - a.reciprocal()) * (torch.digamma(b + 1) + EULER) - torch.log(a * b)
