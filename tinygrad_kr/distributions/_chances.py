"""Distributions that are given by a probability or by its logit."""

from __future__ import annotations

from typing import Any

from tinygrad_kr import Tensor

from .distribution import Distribution
from .utils import broadcast_all, exclusive, lazy_property, logits_to_probs, probs_to_logits

__all__ = ["OfChances"]


class OfChances(Distribution):
    """A base for families with `probs` or `logits`: the one that is not given is computed when asked for."""

    def _set_chances(self, probs: Any, logits: Any, *others: Any) -> tuple[Tensor, ...]:
        """Keep the one that is given, broadcast with other parameters, which are returned."""
        exclusive(probs, logits)
        self._given = "logits" if probs is None else "probs"
        given, *broadcast = broadcast_all(logits if probs is None else probs, *others)
        setattr(self, self._given, given)
        return tuple(broadcast)

    @property
    def _param(self) -> Tensor:
        return self.__dict__[self._given]

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter that was given."""
        return self._param.size()

    @lazy_property
    def logits(self) -> Tensor:
        """log(p / (1 - p))."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability p."""
        return logits_to_probs(self.logits, is_binary=True)
