"""The categorical distribution on one-hot vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from . import constraints
from .categorical import Categorical
from .distribution import Distribution

__all__ = ["OneHotCategorical", "OneHotCategoricalStraightThrough"]


class OneHotCategorical(Distribution):
    r"""A vector of K elements, one of which is 1 and the others 0.

    Args:
        probs: weights of shape (..., K), scaled here to sum to 1; or
        logits: unnormalised logarithms of probabilities.

    Shapes: events have shape (K).

    >>> _ = torch.manual_seed(0)
    >>> torch.distributions.OneHotCategorical(torch.tensor([1.0, 3.0])).sample()
    tensor([0., 1.])

    Source: PyTorch, `torch.distributions.OneHotCategorical`.
    """

    arg_constraints: ClassVar[Any] = {
        "probs": constraints.simplex,
        "logits": constraints.real_vector,
    }
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._categorical = Categorical(probs, logits)
        super().__init__(
            self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args
        )

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new._categorical = self._categorical.expand(batch_shape)
        return new

    @property
    def _param(self) -> Tensor:
        return self._categorical._param

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter that was given."""
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        return self._categorical.probs

    @property
    def mode(self) -> Tensor:
        index = self._categorical.mode
        return torch.nn.functional.one_hot(index, self._event_shape[0]).to(self.probs.dtype)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        index = self._categorical.sample(sample_shape)
        return torch.nn.functional.one_hot(index, self._event_shape[0]).to(self.probs.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        value, logits = torch.broadcast_tensors(value, self.logits)
        return self._categorical.log_prob(value.argmax(-1).reshape(logits.shape[:-1]))

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        n = self._event_shape[0]
        values = torch.eye(n, dtype=self._param.dtype).view(n, *[1] * len(self._batch_shape), n)
        return values.expand(n, *self._batch_shape, n) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    r"""The same, with draws whose gradient goes to the probabilities as if the draw were them.

    >>> _ = torch.manual_seed(0)
    >>> probs = torch.tensor([0.25, 0.75], requires_grad=True)
    >>> torch.distributions.OneHotCategoricalStraightThrough(probs).rsample()[1].backward()
    >>> probs.grad
    tensor([-0.7500,  0.2500])

    Source: Bengio, Léonard and Courville (2013), "Estimating or propagating gradients through stochastic
    neurons". PyTorch, `torch.distributions.OneHotCategoricalStraightThrough`.
    """

    has_rsample = True

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
