"""The generalized Pareto distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from . import constraints
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    r"""The distribution of excesses, $F(x) = 1 - (1 + kz)^{-1/k}$ with $z = (x - \mu) / \sigma$.

    At k = 0 it is the exponential distribution; for k < 0 it ends at μ - σ/k.

    Args:
        loc: the least value μ.
        scale: σ, above 0.
        concentration: k.

    >>> torch.distributions.GeneralizedPareto(0.0, 1.0, 0.0).mean
    tensor(1.)

    Source: PyTorch, `torch.distributions.GeneralizedPareto`.
    """

    arg_constraints: ClassVar[Any] = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:  # type: ignore[override]
        bounded = self.concentration < 0
        end = self.loc - self.scale / torch.where(bounded, self.concentration, -1.0)
        return constraints.interval(self.loc, torch.where(bounded, end, torch.inf))

    def _split(self) -> tuple[Tensor, Tensor]:
        """Whether k is 0, and a k that can be divided by."""
        zero = torch.isclose(self.concentration, torch.zeros_like(self.concentration))
        return zero, torch.where(zero, 1.0, self.concentration)

    def _log_survival(self, value: Tensor) -> Tensor:
        """log(1 - F)."""
        z = (value - self.loc) / self.scale
        zero, k = self._split()
        return -torch.where(zero, z, torch.log1p(torch.where(zero, 0.0, k * z)) / k)

    @property
    def mean(self) -> Tensor:
        k = self.concentration
        return torch.where(k < 1, self.loc + self.scale / (1 - k), torch.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        k = self.concentration
        return torch.where(k < 0.5, self.scale**2 / ((1 - k) ** 2 * (1 - 2 * k)), torch.nan)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        return self.icdf(torch.rand(self._extended_shape(sample_shape), dtype=self.loc.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        return (1 + self.concentration) * self._log_survival(value) - torch.log(self.scale)

    def cdf(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        return -torch.expm1(self._log_survival(value))

    def icdf(self, value: Tensor) -> Tensor:
        zero, k = self._split()
        log_left = torch.log1p(-value)
        return self.loc + self.scale * torch.where(zero, -log_left, torch.expm1(-k * log_left) / k)

    def entropy(self) -> Tensor:
        return torch.log(self.scale) + self.concentration + 1
