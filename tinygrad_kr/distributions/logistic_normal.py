"""The logistic-normal distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from tinygrad_kr import Tensor

from . import constraints
from .independent import Independent
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import StickBreakingTransform

__all__ = ["LogisticNormal"]


class LogisticNormal(TransformedDistribution):
    r"""Points of the simplex: independent normal variates, K - 1 of them, made shares by stick breaking.

    Args:
        loc: their means, of shape (..., K - 1).
        scale: their standard deviations, above 0.

    >>> _ = torch.manual_seed(0)
    >>> torch.distributions.LogisticNormal(torch.zeros(2), torch.ones(2)).sample()
    tensor([0.7001, 0.1281, 0.1718])

    Source: PyTorch, `torch.distributions.LogisticNormal`.
    """

    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True
    base_dist: Independent

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        if not base.batch_shape:
            base = base.expand([1])
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        """The means of the normal variates."""
        return self.base_dist.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """Their standard deviations."""
        return self.base_dist.base_dist.scale
