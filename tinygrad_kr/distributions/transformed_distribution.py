"""What becomes of a distribution under invertible maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_kr import Size, Tensor

from . import constraints
from .distribution import Distribution
from .independent import Independent
from .transforms import ComposeTransform, Transform
from .utils import sum_rightmost

__all__ = ["TransformedDistribution"]


class TransformedDistribution(Distribution):
    r"""The distribution of y = f(x): $\log p(y) = \log p(x) - \log |\det ∂y/∂x|$.

    Args:
        base_distribution: the distribution of x.
        transforms: f, a transform or a list of them, the first of the list first.

    Raises:
        ValueError: f takes more dimensions than x has, or is no transform.

    >>> base = torch.distributions.Uniform(0.0, 1.0)
    >>> logit = torch.distributions.transforms.SigmoidTransform().inv
    >>> torch.distributions.TransformedDistribution(base, logit).log_prob(torch.tensor(0.0))
    tensor(-1.3863)

    Source: PyTorch, `torch.distributions.TransformedDistribution`.
    """

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Transform | Sequence[Transform],
        validate_args: bool | None = None,
    ) -> None:
        parts = [transforms] if isinstance(transforms, Transform) else transforms
        if not isinstance(parts, list) or not all(isinstance(one, Transform) for one in parts):
            raise ValueError(f"transforms must be a Transform or a list of Transforms, but was {transforms}")
        self.transforms = parts
        base, whole = base_distribution, ComposeTransform(parts)
        shape, needed = base.batch_shape + base.event_shape, whole.domain.event_dim
        if len(shape) < needed:
            raise ValueError(
                f"base_distribution needs to have shape with size at least {needed}, but got {shape}."
            )
        result = whole.forward_shape(shape)
        own = Size(whole.inverse_shape(result))
        if own != shape:  # the maps' parameters are a larger batch
            base = base.expand(own[: len(own) - len(base.event_shape)])
        if needed > len(base.event_shape):
            base = Independent(base, needed - len(base.event_shape))
        self.base_dist: Any = base
        event_dim = whole.codomain.event_dim + max(len(base.event_shape) - needed, 0)
        cut = len(result) - event_dim
        super().__init__(result[:cut], result[cut:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        shape = new._batch_shape + self._event_shape
        for transform in reversed(self.transforms):
            shape = transform.inverse_shape(shape)
        new.base_dist = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        return new

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> Any:  # type: ignore[override]
        if not self.transforms:
            return self.base_dist.support
        last = self.transforms[-1].codomain
        missing = len(self._event_shape) - last.event_dim
        return constraints.independent(last, missing) if missing > 0 else last

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        return self.base_dist.has_rsample

    def _forward(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        return self._forward(self.base_dist.sample(sample_shape)).detach()

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        event_dim, volume, y = len(self._event_shape), 0.0, value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            event_dim += transform.domain.event_dim - transform.codomain.event_dim
            change = transform.log_abs_det_jacobian(x, y)
            volume = volume + sum_rightmost(change, event_dim - transform.domain.event_dim)
            y = x
        return sum_rightmost(self.base_dist.log_prob(y), event_dim - len(self.base_dist.event_shape)) - volume

    def _turned(self, value: Tensor) -> Tensor:
        """1 - value where the maps, all together, turn the order of numbers around."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        return value if isinstance(sign, int) and sign == 1 else sign * (value - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        return self._turned(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._forward(self.base_dist.icdf(self._turned(value)))
