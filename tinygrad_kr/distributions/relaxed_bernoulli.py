"""Continuous relaxations of the Bernoulli distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from . import constraints
from ._chances import OfChances
from .transformed_distribution import TransformedDistribution
from .transforms import SigmoidTransform
from .utils import clamp_probs

__all__ = ["LogitRelaxedBernoulli", "RelaxedBernoulli"]


class LogitRelaxedBernoulli(OfChances):
    r"""The logits of relaxed Bernoulli variates: a logistic variate moved by the logit, divided by t.

    Args:
        temperature: t, above 0; towards 0 the variates become 0 or 1.
        probs: p, from 0 to 1; or
        logits: log(p / (1 - p)).

    >>> torch.distributions.relaxed_bernoulli.LogitRelaxedBernoulli(
    ...     torch.tensor(1.0), logits=torch.tensor(0.0)).log_prob(torch.tensor(0.0))
    tensor(-1.3863)

    Source: Maddison, Mnih and Teh (2017), "The concrete distribution"; Jang, Gu and Poole (2017). PyTorch,
    `torch.distributions.relaxed_bernoulli.LogitRelaxedBernoulli`.
    """

    arg_constraints: ClassVar[Any] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        self._set_chances(probs, logits)
        super().__init__(self._param.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        u = clamp_probs(torch.rand(shape, dtype=probs.dtype))
        return (u.log() - (-u).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        logits, value = torch.broadcast_tensors(self.logits, value)
        difference = logits - value * self.temperature
        return torch.log(torch.as_tensor(self.temperature)) + difference - 2 * difference.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    r"""Numbers between 0 and 1 that come close to Bernoulli variates, but move with p.

    Args:
        temperature: above 0; towards 0 the variates become 0 or 1.
        probs: p, from 0 to 1; or
        logits: log(p / (1 - p)).

    >>> _ = torch.manual_seed(0)
    >>> torch.distributions.RelaxedBernoulli(torch.tensor(0.1), torch.tensor([0.5, 0.5])).rsample()
    tensor([0.4626, 1.0000])

    Source: PyTorch, `torch.distributions.RelaxedBernoulli`.
    """

    arg_constraints: ClassVar[Any] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    base_dist: LogitRelaxedBernoulli

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """How far from 0 and 1 the variates stay."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """log(p / (1 - p))."""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """p."""
        return self.base_dist.probs
