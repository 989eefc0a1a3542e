"""Exponential families: densities exp(θ·t(x) - F(θ) + k(x))."""

from __future__ import annotations

from typing import Any

import tinygrad_kr as torch
from tinygrad_kr import Tensor

from .distribution import Distribution
from .utils import sum_rightmost

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    r"""A distribution of density $\exp(\theta \cdot t(x) - F(\theta) + k(x))$.

    Subclasses give the natural parameters θ (`_natural_params`), the log-normaliser F (`_log_normalizer`) and
    the expected k(x) (`_mean_carrier_measure`); entropies and divergences follow from the derivative of F,
    which is the expected t(x).

    Source: Nielsen and Nock (2010), "Entropies and cross-entropies of exponential families". PyTorch,
    `torch.distributions.ExponentialFamily`.
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise NotImplementedError(f"{type(self).__name__} does not give its natural parameters")

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not give its log-normalizer")

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not give its mean carrier measure")

    def _expected_statistics(self) -> tuple[tuple[Tensor, ...], Tensor, tuple[Tensor, ...]]:
        """θ as leaves, F(θ), and its derivative, which is the expected t(x)."""
        with torch.enable_grad():
            theta = tuple(p.detach().requires_grad_() for p in self._natural_params)
            normalizer = self._log_normalizer(*theta)
            return theta, normalizer, torch.autograd.grad(normalizer.sum(), theta, create_graph=True)

    def entropy(self) -> Tensor:
        """F(θ) - θ·F'(θ) - E[k(x)]."""
        theta, normalizer, statistics = self._expected_statistics()
        result = normalizer - self._mean_carrier_measure
        for parameter, statistic in zip(theta, statistics):
            result = result - sum_rightmost(parameter * statistic, parameter.dim() - len(self._batch_shape))
        return result
