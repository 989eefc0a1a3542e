"""The Gumbel distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Tensor

from . import constraints
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, ExpTransform
from .uniform import Uniform
from .utils import broadcast_all

__all__ = ["Gumbel"]

EULER = 0.57721566490153286060  # the mean of the standard distribution


class Gumbel(TransformedDistribution):
    r"""The distribution of maxima, $F(x) = \exp(-e^{-z})$ with $z = (x - \mu) / \beta$.

    Args:
        loc: μ.
        scale: β, above 0.

    >>> torch.distributions.Gumbel(1.0, 2.0).mean
    tensor(2.1544)

    Source: PyTorch, `torch.distributions.Gumbel`.
    """

    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        limits = torch.finfo(self.loc.dtype)
        low, high = (torch.full_like(self.loc, end).detach() for end in (limits.tiny, 1 - limits.eps))
        base = Uniform(low, high, validate_args=validate_args)
        exp = ExpTransform()
        # loc - scale log(-log u)
        transforms = [exp.inv, AffineTransform(0, -1.0), exp.inv, AffineTransform(self.loc, -self.scale)]
        super().__init__(base, transforms, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc + self.scale * EULER

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Tensor:
        return self.stddev.pow(2)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        z = (value - self.loc) / self.scale
        return -z - (-z).exp() - self.scale.log()

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + EULER)
