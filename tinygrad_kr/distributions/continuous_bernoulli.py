"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from ..nn.functional import binary_cross_entropy_with_logits
from . import constraints
from ._chances import OfChances
from .exp_family import ExponentialFamily
from .utils import clamp_probs

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(OfChances, ExponentialFamily):
    r"""Numbers in [0, 1] of density $C(\lambda) \lambda^x (1-\lambda)^{1-x}$, made for grey pixels in VAEs.

    $C = 2 \tanh^{-1}(1 - 2\lambda) / (1 - 2\lambda)$, and 2 at λ = 1/2, around which Taylor series are used.

    Args:
        probs: λ, from 0 to 1; or
        logits: log(λ / (1 - λ)).
        lims: the range of λ where the series are used.

    >>> torch.distributions.ContinuousBernoulli(0.5).log_prob(torch.tensor(0.3))
    tensor(0.)

    Source: Loaiza-Ganem and Cunningham (2019), "The continuous Bernoulli: fixing a pervasive error in
    variational autoencoders". PyTorch, `torch.distributions.ContinuousBernoulli`.
    """

    arg_constraints: ClassVar[Any] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self,
        probs: Any = None,
        logits: Any = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        self._set_chances(probs, logits)
        self._lims = lims
        super().__init__(self._param.shape, validate_args=validate_args)
        if probs is not None:
            self.probs = clamp_probs(self.probs)

    def _split(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Whether λ is away from 1/2; λ, and a safe value near 1/2; λ - 1/2; and its square."""
        probs = clamp_probs(self.probs)
        away = (probs <= self._lims[0]) | (probs > self._lims[1])
        offset = probs - 0.5
        return away, torch.where(away, probs, self._lims[0]), offset, offset.pow(2)

    def _log_constant(self) -> Tensor:
        away, probs, _, square = self._split()
        below = torch.where(probs <= 0.5, probs, 0.0)
        above = torch.where(probs >= 0.5, probs, 1.0)
        size = torch.where(probs <= 0.5, torch.log1p(-2.0 * below), torch.log(2.0 * above - 1.0))
        exact = torch.log(torch.abs(torch.log1p(-probs) - torch.log(probs))) - size
        return torch.where(away, exact, math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * square) * square)

    @property
    def mean(self) -> Tensor:
        away, probs, offset, square = self._split()
        exact = probs / (2.0 * probs - 1.0) + 1.0 / (torch.log1p(-probs) - torch.log(probs))
        return torch.where(away, exact, 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * square) * offset)

    @property
    def stddev(self) -> Tensor:
        return torch.sqrt(self.variance)

    @property
    def variance(self) -> Tensor:
        away, probs, _, square = self._split()
        exact = probs * (probs - 1.0) / (1.0 - 2.0 * probs).pow(2)
        exact = exact + 1.0 / (torch.log1p(-probs) - torch.log(probs)).pow(2)
        return torch.where(away, exact, 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * square) * square)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        return self.icdf(torch.rand(self._extended_shape(sample_shape), dtype=self.probs.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        logits, value = torch.broadcast_tensors(self.logits, value)
        cross_entropy = binary_cross_entropy_with_logits(logits, value, reduction="none")
        return self._log_constant() - cross_entropy

    def cdf(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        away, probs, _, _ = self._split()
        exact = torch.pow(probs, value) * torch.pow(1.0 - probs, 1.0 - value) + probs - 1.0
        inner = torch.where(away, exact / (2.0 * probs - 1.0), value)
        return torch.where(value <= 0.0, 0.0, torch.where(value >= 1.0, 1.0, inner))

    def icdf(self, value: Tensor) -> Tensor:
        away, probs, _, _ = self._split()
        exact = torch.log1p(-probs + value * (2.0 * probs - 1.0)) - torch.log1p(-probs)
        return torch.where(away, exact / (torch.log(probs) - torch.log1p(-probs)), value)

    def entropy(self) -> Tensor:
        complement = torch.log1p(-self.probs)
        logit = torch.log(self.probs) - complement
        return -self.mean * logit - self._log_constant() - complement

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.logits,)

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        (x,) = natural_params
        away = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        safe = torch.where(away, x, self._lims[0] - 0.5)
        exact = torch.log(torch.abs(torch.expm1(safe))) - torch.log(torch.abs(safe))
        return torch.where(away, exact, 0.5 * x + x.pow(2) / 24.0 - x.pow(4) / 2880.0)
