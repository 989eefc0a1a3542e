"""Divergences between different families: KL(p ‖ q) = -H(p) - E_p[log q(x)], from a few expectations."""

from __future__ import annotations

import math
from typing import Any

import tinygrad_kr as torch
from tinygrad_kr import Tensor

from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .continuous_bernoulli import ContinuousBernoulli
from .exponential import Exponential
from .gamma import Gamma
from .gumbel import EULER, Gumbel
from .kl import register_kl
from .laplace import Laplace
from .normal import Normal
from .pareto import Pareto
from .poisson import Poisson
from .uniform import Uniform

__all__: list[str] = []


def _mean_log(p: Any) -> Tensor:
    """E[log x]."""
    if isinstance(p, Beta):
        return torch.digamma(p.concentration1) - torch.digamma(p.concentration1 + p.concentration0)
    if isinstance(p, Exponential):
        return -EULER - p.rate.log()
    if isinstance(p, Pareto):
        return p.scale.log() + p.alpha.reciprocal()
    return _mean_log_between(p.low, p.high)  # uniform


def _mean_log_between(low: Tensor, high: Tensor) -> Tensor:
    """The mean of log x from low to high."""
    return (torch.xlogy(high, high) - torch.xlogy(low, low)) / (high - low) - 1


def _mean_exp(p: Any, t: Tensor) -> Tensor:
    """E[exp(-t x)]."""
    if isinstance(p, Exponential):
        return p.rate / (p.rate + t)
    if isinstance(p, Gamma):
        return (1 + t / p.rate).pow(-p.concentration)
    if isinstance(p, Normal):
        return torch.exp(-t * p.loc + 0.5 * (t * p.scale).pow(2))
    return (torch.exp(-t * p.low) - torch.exp(-t * p.high)) / (t * (p.high - p.low))  # uniform


def _pairs(types_p: list[type], type_q: type) -> Any:
    """Register one formula for several families p."""

    def register(formula: Any) -> Any:
        for type_p in types_p:
            register_kl(type_p, type_q)(formula)
        return formula

    return register


@_pairs([Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Pareto, Uniform], Normal)
def _to_normal(p: Any, q: Normal) -> Tensor:
    square = (p.mean - q.loc).pow(2) + p.variance
    return -p.entropy() + 0.5 * (2 * math.pi * q.variance).log() + square / (2 * q.variance)


@_pairs([Beta, ContinuousBernoulli, Gamma, Pareto, Uniform], Exponential)
def _to_exponential(p: Any, q: Exponential) -> Tensor:
    kl = -p.entropy() - q.rate.log() + q.rate * p.mean
    return torch.where(p.low < 0, torch.inf, kl) if isinstance(p, Uniform) else kl


@_pairs([Beta, Exponential, Pareto, Uniform], Gamma)
def _to_gamma(p: Any, q: Gamma) -> Tensor:
    constants = q.concentration * q.rate.log() - torch.lgamma(q.concentration)
    kl = -p.entropy() - constants - (q.concentration - 1) * _mean_log(p) + q.rate * p.mean
    return torch.where(p.low < 0, torch.inf, kl) if isinstance(p, Uniform) else kl


@_pairs([Exponential, Gamma, Normal, Uniform], Gumbel)
def _to_gumbel(p: Any, q: Gumbel) -> Tensor:
    return (
        -p.entropy()
        + q.scale.log()
        + (p.mean - q.loc) / q.scale
        + torch.exp(q.loc / q.scale) * _mean_exp(p, q.scale.reciprocal())
    )


@_pairs([Beta, Uniform], ContinuousBernoulli)
def _to_continuous_bernoulli(p: Any, q: ContinuousBernoulli) -> Tensor:
    kl = -p.entropy() - p.mean * q.logits - torch.log1p(-q.probs) - q._log_constant()
    return torch.where((p.low < 0) | (p.high > 1), torch.inf, kl) if isinstance(p, Uniform) else kl


@register_kl(Uniform, Beta)
def _uniform_to_beta(p: Uniform, q: Beta) -> Tensor:
    a, b = q.concentration1, q.concentration0
    constant = torch.lgamma(a + b) - torch.lgamma(a) - torch.lgamma(b)
    logs = (a - 1) * _mean_log(p) + (b - 1) * _mean_log_between(1 - p.high, 1 - p.low)
    return torch.where((p.low < 0) | (p.high > 1), torch.inf, -p.entropy() - constant - logs)


@register_kl(Uniform, Pareto)
def _uniform_to_pareto(p: Uniform, q: Pareto) -> Tensor:
    constant = q.alpha.log() + q.alpha * q.scale.log()
    kl = -p.entropy() - constant + (q.alpha + 1) * _mean_log(p)
    return torch.where(p.low < q.scale, torch.inf, kl)


@register_kl(Normal, Laplace)
def _normal_to_laplace(p: Normal, q: Laplace) -> Tensor:
    z = (p.loc - q.loc) / p.scale
    distance = p.scale * (math.sqrt(2 / math.pi) * torch.exp(-0.5 * z * z) + z * torch.erf(z / math.sqrt(2)))
    return -p.entropy() + (2 * q.scale).log() + distance / q.scale


@register_kl(Bernoulli, Poisson)
def _bernoulli_to_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@_pairs([Beta, ContinuousBernoulli], Uniform)
def _unit_to_uniform(p: Any, q: Uniform) -> Tensor:
    outside = (q.low > 0) | (q.high < 1)
    return torch.where(outside, torch.inf, -p.entropy() + (q.high - q.low).log())


@_pairs([Beta, ContinuousBernoulli], Pareto)
@_pairs([Exponential, Gamma, Gumbel, Laplace, Normal, Pareto], Uniform)
@_pairs([Exponential, Gamma, Gumbel, Laplace, Normal, Pareto], Beta)
@_pairs([Exponential, Gamma, Gumbel, Laplace, Normal, Pareto], ContinuousBernoulli)
@_pairs([Exponential, Gamma, Gumbel, Laplace, Normal], Pareto)
@_pairs([Gumbel, Laplace, Normal], Exponential)
@_pairs([Gumbel, Laplace, Normal], Gamma)
@_pairs([Poisson], Bernoulli)
@_pairs([Poisson], Binomial)
def _infinite(p: Any, q: Any) -> Tensor:
    """p may draw what q never does."""
    return torch.full(p.batch_shape, torch.inf, dtype=p.mean.dtype)
