r"""Kullback-Leibler divergences $KL(p \| q) = E_p[\log p(x) - \log q(x)]$: the registry, and like with like.

Pairs of different families are on another page, `_kl_cross.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tinygrad_kr as torch
from tinygrad_kr import Tensor

from ..nn.functional import softplus
from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .categorical import Categorical
from .cauchy import Cauchy
from .continuous_bernoulli import ContinuousBernoulli
from .dirichlet import Dirichlet
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .exponential import Exponential
from .gamma import Gamma
from .geometric import Geometric
from .gumbel import EULER, Gumbel
from .half_normal import HalfNormal
from .independent import Independent
from .laplace import Laplace
from .lowrank_multivariate_normal import LowRankMultivariateNormal
from .multivariate_normal import MultivariateNormal, half_log_det
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .pareto import Pareto
from .poisson import Poisson
from .transformed_distribution import TransformedDistribution
from .uniform import Uniform
from .utils import sum_rightmost

__all__ = ["kl_divergence", "register_kl"]

Formula = Callable[[Any, Any], Tensor]

_REGISTRY: dict[tuple[type, type], Formula] = {}
_FOUND: dict[tuple[type, type], Formula | None] = {}  # what look-ups came to


def register_kl(type_p: type, type_q: type) -> Callable[[Formula], Formula]:
    """Decorator: the function computes `kl_divergence` for these classes, and for their subclasses.

    >>> class Standard(torch.distributions.Normal):
    ...     pass
    >>> @torch.distributions.register_kl(Standard, Standard)
    ... def _same(p, q):
    ...     return torch.zeros(p.batch_shape)
    >>> torch.distributions.kl_divergence(Standard(0.0, 1.0), Standard(0.0, 1.0))
    tensor(0.)

    Source: PyTorch, `torch.distributions.register_kl`.
    """
    for one, name in ((type_p, "type_p"), (type_q, "type_q")):
        if not isinstance(one, type) or not issubclass(one, Distribution):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {one}")

    def register(formula: Formula) -> Formula:
        _REGISTRY[type_p, type_q] = formula
        _FOUND.clear()
        return formula

    return register


def _formula(type_p: type, type_q: type) -> Formula | None:
    """The formula of the nearest classes: nearest to p first, then to q."""
    pairs = ((p, q) for p in type_p.__mro__ for q in type_q.__mro__)
    return next((_REGISTRY[pair] for pair in pairs if pair in _REGISTRY), None)


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    r"""The divergence $E_p[\log p(x) - \log q(x)]$ in closed form, one for each of the batch.

    Raises:
        NotImplementedError: there is no formula for this pair; see `register_kl`.

    >>> p, q = torch.distributions.Normal(0.0, 1.0), torch.distributions.Normal(1.0, 1.0)
    >>> torch.distributions.kl_divergence(p, q)
    tensor(0.5000)

    Source: PyTorch, `torch.distributions.kl_divergence`.
    """
    pair = type(p), type(q)
    if pair not in _FOUND:
        _FOUND[pair] = _formula(*pair)
    formula = _FOUND[pair]
    if formula is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {pair[0].__name__} and q type {pair[1].__name__}; "
            "estimate it, (p.log_prob(x) - q.log_prob(x)).mean() over draws x of p, or register_kl a formula"
        )
    return formula(p, q)


# -- like with like ----------------------------------------------------------------------------------------


@register_kl(ExponentialFamily, ExponentialFamily)
def _families(p: ExponentialFamily, q: ExponentialFamily) -> Tensor:
    """F(θq) - F(θp) - (θq - θp) F'(θp)."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed using "
            f"Bregman divergences; got {type(p).__name__} and {type(q).__name__}"
        )
    theta, normalizer, statistics = p._expected_statistics()
    others = q._natural_params
    result = q._log_normalizer(*others) - normalizer
    for mine, other, statistic in zip(theta, others, statistics):
        result = result - sum_rightmost((other - mine) * statistic, len(q.event_shape))
    return result


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    ones = torch.where(p.probs == 0, 0.0, torch.where(q.probs == 0, torch.inf, ones))
    zeros = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    return ones + torch.where(p.probs == 1, 0.0, torch.where(q.probs == 1, torch.inf, zeros))


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Tensor:
    return _dirichlet(p._dirichlet, q._dirichlet)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Dirichlet, q: Dirichlet) -> Tensor:
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    constants = torch.lgamma(total) - torch.lgamma(b.sum(-1)) + (torch.lgamma(b) - torch.lgamma(a)).sum(-1)
    return constants + ((a - b) * (torch.digamma(a) - torch.digamma(total).unsqueeze(-1))).sum(-1)


@register_kl(Binomial, Binomial)
def _binomial(p: Binomial, q: Binomial) -> Tensor:
    if bool((p.total_count < q.total_count).any()):
        raise NotImplementedError(
            "KL between Binomials where q.total_count > p.total_count is not implemented"
        )
    kl = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return torch.where(p.total_count > q.total_count, torch.inf, kl)


@register_kl(Categorical, Categorical)
def _categorical(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    terms = torch.where(q.probs == 0, torch.inf, terms)
    return torch.where(p.probs == 0, 0.0, terms).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categorical(p._categorical, q._categorical)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: ContinuousBernoulli, q: ContinuousBernoulli) -> Tensor:
    return (
        p.mean * (p.logits - q.logits)
        + (p._log_constant() + torch.log1p(-p.probs))
        - (q._log_constant() + torch.log1p(-q.probs))
    )


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Cauchy, q: Cauchy) -> Tensor:
    """Source: Chyzak and Nielsen (2019)."""
    return ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log() - (4 * p.scale * q.scale).log()


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Tensor:
    return (
        q.concentration * (p.rate / q.rate).log()
        + torch.lgamma(q.concentration)
        - torch.lgamma(p.concentration)
        + (p.concentration - q.concentration) * torch.digamma(p.concentration)
        + (q.rate - p.rate) * (p.concentration / p.rate)
    )


@register_kl(Geometric, Geometric)
def _geometric(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - torch.log1p(-q.probs) / p.probs - q.logits


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Gumbel, q: Gumbel) -> Tensor:
    ratio, shift = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return -ratio.log() + shift + ratio * EULER + torch.exp(torch.lgamma(1 + ratio) - shift) - (1 + EULER)


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: HalfNormal, q: HalfNormal) -> Tensor:
    return _normal(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio, distance = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + distance / q.scale + ratio * torch.exp(-distance / p.scale) - 1


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Pareto, Pareto)
def _pareto(p: Pareto, q: Pareto) -> Tensor:
    ratio = q.alpha / p.alpha
    kl = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return torch.where(p.scale < q.scale, torch.inf, kl)


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    kl = ((q.high - q.low) / (p.high - p.low)).log()
    return torch.where((q.low > p.low) | (q.high < p.high), torch.inf, kl)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError(
            "KL of transformed distributions needs equal transforms and event shapes, "
            f"but got {p.transforms} with {p.event_shape} and {q.transforms} with {q.event_shape}"
        )
    extra = len(p.event_shape) - len(p.base_dist.event_shape)
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), extra)


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError(
            f"KL of Independent distributions needs equal reinterpreted_batch_ndims, but got "
            f"{p.reinterpreted_batch_ndims} and {q.reinterpreted_batch_ndims}"
        )
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# -- normal vectors ------------------------------------------------------------------------------------------

# KL = (log|Σq| - log|Σp| + tr(Σq⁻¹ Σp) - k + (μq - μp)ᵀ Σq⁻¹ (μq - μp)) / 2. Σp is a sum of R Rᵀ, and the
# trace is the sum of rᵀ Σq⁻¹ r over the columns r of these roots R.


def _log_det(p: Any) -> Tensor:
    if isinstance(p, LowRankMultivariateNormal):
        return p._log_det()
    return 2 * half_log_det(p._unbroadcasted_scale_tril)


def _roots(p: Any) -> list[Tensor]:
    if isinstance(p, LowRankMultivariateNormal):
        return [p._unbroadcasted_cov_factor, p._unbroadcasted_cov_diag.sqrt().diag_embed()]
    return [p._unbroadcasted_scale_tril]


def _squared_columns(q: Any, root: Tensor) -> Tensor:
    """The sum of rᵀ Σq⁻¹ r over the columns r of a matrix."""
    if isinstance(q, LowRankMultivariateNormal):
        weighted = root / q._unbroadcasted_cov_diag.unsqueeze(-1)
        along = q._unbroadcasted_cov_factor.transpose(-2, -1) @ weighted
        inner = torch.linalg.solve_triangular(q._capacitance_tril, along, upper=False)
        return (root * weighted).sum((-2, -1)) - inner.pow(2).sum((-2, -1))
    return torch.linalg.solve_triangular(q._unbroadcasted_scale_tril, root, upper=False).pow(2).sum((-2, -1))


@register_kl(MultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _normal_vectors(p: Any, q: Any) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two (Low Rank) Multivariate Normals with different event shapes cannot "
            f"be computed: {p.event_shape} and {q.event_shape}"
        )
    trace = sum(_squared_columns(q, root) for root in _roots(p))
    distance = _squared_columns(q, (q.loc - p.loc).unsqueeze(-1))
    return 0.5 * (_log_det(q) - _log_det(p) + trace + distance - p.event_shape[0])


from . import _kl_cross as _kl_cross  # noqa: E402  (registers its pairs)
