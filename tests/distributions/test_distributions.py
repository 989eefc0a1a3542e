"""Distributions by their mathematics: densities integrate to 1, draws have the moments, gradients fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tests.distributions.catalogue import COVARIANCE, DISTRIBUTIONS
from tinygrad_kr import distributions as D

# Families of numbers, and an interval that holds all but a little of the probability.
RANGES = {
    "Beta": (0, 1),
    "Chi2": (0, 80),
    "ContinuousBernoulli": (0, 1),
    "ContinuousBernoulli logits": (0, 1),
    "Exponential": (0, 80),
    "FisherSnedecor": (0, 3000),
    "Gamma": (0, 80),
    "GeneralizedPareto": (0.5, 1e4),
    "Gumbel": (-10, 60),
    "HalfNormal": (0, 20),
    "InverseGamma": (0, 3000),
    "Kumaraswamy": (0, 1),
    "Laplace": (-40, 40),
    "LogNormal": (0, 3000),
    "MixtureSameFamily": (-10, 20),
    "Normal": (-20, 20),
    "Pareto": (0.5, 1e5),
    "RelaxedBernoulli": (0, 1),
    "StudentT": (-3000, 3000),
    "TransformedDistribution": (0, 1),
    "Uniform": (-2, 3),
    "VonMises": (-math.pi, math.pi),
    "Weibull": (0, 60),
}
DISCRETE = {
    "Bernoulli": 2,
    "Binomial": 11,
    "Binomial large": 101,
    "Categorical": 3,
    "Geometric": 200,
    "NegativeBinomial": 300,
    "Poisson": 150,
}


def make(name: str) -> Any:
    return DISTRIBUTIONS[name](D, lambda value: torch.tensor(value, dtype=torch.float64))


def spread(low: float, high: float, points: int = 40000) -> tuple[np.ndarray, np.ndarray]:
    """Points of an open interval, dense at both of its ends, and their weights in a sum that integrates."""
    y = np.linspace(-3.6, 3.6, points)
    inner = np.tanh(np.pi / 2 * np.sinh(y))
    share = 1 / (1 + np.exp(-np.pi * np.sinh(y)))  # (1 + inner) / 2, accurate near 0
    weight = np.pi / 4 * np.cosh(y) * (1 - inner * inner) * (y[1] - y[0]) * (high - low)
    keep = (weight > 0) & (low + (high - low) * share > low) & (low + (high - low) * share < high)
    return (low + (high - low) * share)[keep], weight[keep]


@pytest.mark.parametrize("name", RANGES)
def test_densities_integrate_to_1_and_give_the_moments(name: str) -> None:
    one = make(name)
    one._validate_args = False
    for base in ("base_dist", "_dirichlet"):
        if hasattr(one, base):
            getattr(one, base)._validate_args = False
    x, weight = spread(*RANGES[name])
    value = torch.from_numpy(x).reshape(-1, *[1] * len(one.batch_shape))
    with np.errstate(all="ignore"):
        density = np.nan_to_num(one.log_prob(value).exp().numpy())
    if name in ("GeneralizedPareto", "Pareto", "Uniform"):  # ends inside the interval
        inside = one.support.check(value).numpy()
        density = np.where(inside, density, 0)
    density = density.reshape(len(x), -1) * weight[:, None]
    np.testing.assert_allclose(density.sum(0), 1, atol=3e-3)
    if name in ("RelaxedBernoulli", "TransformedDistribution", "VonMises", "FisherSnedecor", "Pareto"):
        return  # no moments, or on a circle, or slow to converge
    mean = (density * x[:, None]).sum(0)
    np.testing.assert_allclose(mean, one.mean.numpy().ravel(), rtol=2e-2, atol=1e-3)
    if name not in ("InverseGamma", "StudentT", "GeneralizedPareto"):
        variance = (density * (x[:, None] - mean) ** 2).sum(0)
        np.testing.assert_allclose(variance, one.variance.numpy().ravel(), rtol=2e-2)
        np.testing.assert_allclose(one.stddev.numpy() ** 2, one.variance.numpy())


@pytest.mark.parametrize("name", DISCRETE)
def test_probabilities_sum_to_1_and_give_moments_and_entropy(name: str) -> None:
    one = make(name)
    one._validate_args = False
    k = torch.arange(DISCRETE[name], dtype=torch.float64).reshape(-1, *[1] * len(one.batch_shape))
    log_prob = one.log_prob(k)
    support = one.support.check(k.expand(log_prob.shape)).numpy()
    probs = np.where(support, log_prob.exp().numpy(), 0)
    np.testing.assert_allclose(probs.sum(0), 1, atol=1e-6)
    if name != "Categorical":
        mean = (probs * k.numpy()).sum(0)
        np.testing.assert_allclose(mean, one.mean.numpy(), rtol=1e-5)
        np.testing.assert_allclose((probs * (k.numpy() - mean) ** 2).sum(0), one.variance.numpy(), 1e-5, 1e-9)
    if name not in ("Binomial large", "NegativeBinomial", "Poisson"):
        terms = np.where(probs > 0, -probs * np.where(support, log_prob.numpy(), 0), 0)
        np.testing.assert_allclose(terms.sum(0), one.entropy().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_draws_lie_in_the_support_and_have_the_mean(name: str) -> None:
    torch.manual_seed(0)
    one = make(name)
    drawn = one.sample((2000,))
    assert drawn.shape == (2000, *one.batch_shape, *one.event_shape)
    assert not drawn.requires_grad
    assert bool(one.support.check(drawn).all())
    try:
        mean, deviation = one.mean.numpy(), one.stddev.numpy()
    except NotImplementedError:
        return
    if name in ("Categorical", "Categorical logits", "VonMises"):
        return  # no numbers, or around a circle
    finite = np.isfinite(mean) & np.isfinite(deviation)
    error = np.abs(drawn.numpy().mean(0) - mean)[finite]
    assert (error <= 5 * deviation[finite] / math.sqrt(2000) + 1e-9).all()


@pytest.mark.parametrize(
    "name", [name for name in RANGES if name not in ("Beta", "FisherSnedecor", "StudentT", "VonMises")]
)
def test_cdf_is_the_integral_and_icdf_its_inverse(name: str) -> None:
    one = make(name)
    torch.manual_seed(0)
    x = one.sample((5,))
    try:
        below = one.cdf(x)
    except NotImplementedError:
        pytest.skip("no closed form")
    step = 1e-5 * (1 + x.abs()) * 0.1
    slope = (one.cdf(x + step) - one.cdf(x - step)) / (2 * step) if _open(one, x, step) else None
    if slope is not None:
        np.testing.assert_allclose(slope.numpy(), one.log_prob(x).exp().numpy(), rtol=1e-4, atol=1e-6)
    try:
        back = one.icdf(below)
    except NotImplementedError:
        return
    np.testing.assert_allclose(back.numpy(), x.numpy(), rtol=1e-6, atol=1e-7)


def _open(one: Any, x: Any, step: Any) -> bool:
    return bool(one.support.check(x - step).all()) and bool(one.support.check(x + step).all())


# -- gradients -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["Gamma", "Beta", "Dirichlet", "StudentT"])
def test_draws_move_with_their_parameters(family: str) -> None:
    """The gradient of the mean of draws is that of the mean; implicit gradients are unbiased."""
    torch.manual_seed(0)
    parameters = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (2.5, 3.0)]
    if family == "Dirichlet":
        parameters = [torch.tensor([2.5, 3.0, 1.0], dtype=torch.float64, requires_grad=True)]
    one = getattr(D, family)(*parameters)
    drawn = one.rsample((4000,)) ** 2
    found = torch.autograd.grad(drawn.mean(0).sum(), parameters, retain_graph=True)
    if family == "StudentT":
        assert all(np.isfinite(g.numpy()).all() for g in found)
        np.testing.assert_allclose(found[1].item(), 2 * 3.0, rtol=0.1)
        return
    exact = torch.autograd.grad((one.variance + one.mean**2).sum(), parameters)
    for mine, want in zip(found, exact):
        np.testing.assert_allclose(mine.numpy(), want.numpy(), rtol=0.12, atol=0.01)


def test_gradients_of_draws_have_no_second_order() -> None:
    a = torch.tensor(2.0, requires_grad=True)
    (g,) = torch.autograd.grad(D.Gamma(a, 1.0).rsample(), a, create_graph=True)
    with pytest.raises(NotImplementedError, match="no second derivatives"):
        g.backward()


# -- divergences ---------------------------------------------------------------------------------------------

PAIRS = {
    "Normal-Laplace": (D.Normal(0.5, 1.5), D.Laplace(0.0, 2.0)),
    "Normal-Gumbel": (D.Normal(0.5, 1.0), D.Gumbel(0.0, 2.0)),
    "Gamma-Gumbel": (D.Gamma(2.0, 1.5), D.Gumbel(0.0, 2.0)),
    "Exponential-Gamma": (D.Exponential(1.5), D.Gamma(2.0, 1.0)),
    "Beta-Gamma": (D.Beta(2.0, 3.0), D.Gamma(2.0, 1.0)),
    "Beta-Normal": (D.Beta(2.0, 3.0), D.Normal(0.2, 1.0)),
    "Pareto-Gamma": (D.Pareto(1.0, 5.0), D.Gamma(2.0, 1.0)),
    "Uniform-Beta": (D.Uniform(0.2, 0.7), D.Beta(2.0, 3.0)),
    "Uniform-Pareto": (D.Uniform(1.2, 1.7), D.Pareto(1.0, 3.0)),
    "Gumbel-Gumbel": (D.Gumbel(0.5, 1.0), D.Gumbel(0.0, 2.0)),
    "Cauchy-Cauchy": (D.Cauchy(0.5, 1.0), D.Cauchy(0.0, 2.0)),
    "Geometric-Geometric": (D.Geometric(0.3), D.Geometric(0.6)),
    "Poisson-Poisson": (D.Poisson(3.0), D.Poisson(2.0)),
    "Binomial-Binomial": (D.Binomial(5, 0.3), D.Binomial(5, 0.6)),
    "ContinuousBernoulli-Normal": (D.ContinuousBernoulli(0.3), D.Normal(0.2, 1.0)),
    "MultivariateNormal-LowRankMultivariateNormal": (
        D.MultivariateNormal(torch.zeros(3), torch.tensor(COVARIANCE)),
        D.LowRankMultivariateNormal(torch.ones(3), torch.ones(3, 1), torch.ones(3)),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_divergences_are_expectations(name: str) -> None:
    p, q = PAIRS[name]
    torch.manual_seed(0)
    x = p.sample((20000,))
    ratio = (p.log_prob(x) - q.log_prob(x)).double().numpy()
    estimate, error = ratio.mean(), ratio.std() / math.sqrt(len(ratio))
    assert abs(D.kl_divergence(p, q).item() - estimate) < 5 * error + 1e-4


def test_divergence_from_itself_is_0_and_impossible_ones_are_infinite() -> None:
    for name in ("Normal", "Gamma", "Beta", "Dirichlet", "Categorical", "Laplace", "Pareto", "Uniform"):
        one = make(name)
        np.testing.assert_allclose(D.kl_divergence(one, one).numpy(), 0, atol=1e-12)
    assert D.kl_divergence(D.Normal(0.0, 1.0), D.Exponential(1.0)).item() == math.inf
    assert D.kl_divergence(D.Uniform(0.0, 1.0), D.Uniform(0.2, 1.0)).item() == math.inf


def test_register_kl_chooses_the_nearest_classes() -> None:
    class Mine(D.Normal):
        pass

    before = dict(D.kl._REGISTRY)
    try:
        D.register_kl(Mine, D.Normal)(lambda p, q: "mine")
        assert D.kl_divergence(Mine(0.0, 1.0), Mine(0.0, 1.0)) == "mine"
        assert D.kl_divergence(D.Normal(0.0, 1.0), Mine(0.0, 1.0)).item() == 0
    finally:
        D.kl._REGISTRY.clear()
        D.kl._REGISTRY.update(before)
        D.kl._FOUND.clear()
    with pytest.raises(TypeError, match="type_q"):
        D.register_kl(D.Normal, int)
    with pytest.raises(NotImplementedError, match="Normal and q type StudentT"):
        D.kl_divergence(D.Normal(0.0, 1.0), D.StudentT(1.0))


# -- the base class ------------------------------------------------------------------------------------------


def test_checks_can_be_switched_off() -> None:
    with pytest.raises(ValueError, match=r"scale .*Normal\(loc: 0.0, scale: -1.0\)"):
        D.Normal(0.0, -1.0)
    assert D.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    D.Distribution.set_default_validate_args(False)
    try:
        assert D.Normal(0.0, -1.0).scale.item() == -1
    finally:
        D.Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="True or False"):
        D.Distribution.set_default_validate_args("no")


def test_a_family_of_ones_own() -> None:
    class Shifted(D.Distribution):
        arg_constraints = {"start": D.constraints.real}
        support = D.constraints.real

        def __init__(self, start: Any) -> None:
            self.start = torch.as_tensor(start)
            super().__init__(self.start.shape)

        def rsample(self, sample_shape: Any = ()) -> Any:
            return self.start + torch.rand(self._extended_shape(sample_shape))

    one = Shifted(2.0).expand((3,))
    assert one.sample((4,)).shape == (4, 3) and repr(one) == "Shifted(start: torch.Size([3]))"
    for name in ("mean", "variance", "mode"):
        with pytest.raises(NotImplementedError, match="Shifted"):
            getattr(one, name)
    for name in ("log_prob", "cdf", "icdf"):
        with pytest.raises(NotImplementedError, match="Shifted"):
            getattr(one, name)(torch.tensor(0.0))
    for name in ("entropy", "enumerate_support"):
        with pytest.raises(NotImplementedError, match="Shifted"):
            getattr(one, name)()


def test_a_subclass_with_its_own_init_expands_by_hand() -> None:
    class Wide(D.Normal):
        def __init__(self, loc: Any) -> None:
            super().__init__(loc, 10.0)

        def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
            new = self._get_checked_instance(Wide, _instance)
            return super().expand(batch_shape, _instance=new)

    class Wider(Wide):
        def __init__(self) -> None:
            super().__init__(0.0)

    assert type(Wide(1.0).expand((3,))) is Wide and Wide(1.0).expand((3,)).scale.shape == (3,)
    with pytest.raises(NotImplementedError, match="Wider of Wide"):
        Wider().expand((3,))


def test_score_function_estimate_of_a_policy_gradient() -> None:
    logits = torch.zeros(3, requires_grad=True)
    torch.manual_seed(0)
    policy = D.Categorical(logits=logits)
    action = policy.sample((3000,))
    reward = (action == 1).float()
    (-(policy.log_prob(action) * reward).mean()).backward()
    np.testing.assert_allclose(logits.grad.numpy(), [1 / 9, -2 / 9, 1 / 9], atol=0.03)
