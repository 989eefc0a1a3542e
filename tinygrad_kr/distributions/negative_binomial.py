"""The negative binomial distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from ..nn.functional import logsigmoid
from . import constraints
from ._chances import OfChances
from .gamma import Gamma
from .utils import lazy_property

__all__ = ["NegativeBinomial"]


class NegativeBinomial(OfChances):
    r"""The number of successes before the r-th failure: $P(k) = \binom{k+r-1}{k} (1-p)^r p^k$.

    Args:
        total_count: r, above or equal to 0; it need not be whole.
        probs: p, from 0 to below 1; or
        logits: log(p / (1 - p)).

    >>> torch.distributions.NegativeBinomial(3.0, 0.5).mean
    tensor(3.)

    Source: PyTorch, `torch.distributions.NegativeBinomial`.
    """

    arg_constraints: ClassVar[Any] = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        (count,) = self._set_chances(probs, logits, total_count)
        self.total_count = count.type_as(self._param)
        super().__init__(self._param.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.total_count * torch.exp(self.logits)

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / torch.sigmoid(-self.logits)

    @lazy_property
    def _gamma(self) -> Gamma:
        return Gamma(self.total_count, torch.exp(-self.logits), validate_args=False)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.__dict__.pop("_gamma", None)
        return new

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        with torch.no_grad():
            return torch.poisson(self._gamma.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        normalizer = (
            torch.lgamma(1.0 + value)
            + torch.lgamma(self.total_count)
            - torch.lgamma(self.total_count + value)
        )
        normalizer = torch.where(self.total_count + value == 0.0, 0.0, normalizer)
        return self.total_count * logsigmoid(-self.logits) + value * logsigmoid(self.logits) - normalizer
