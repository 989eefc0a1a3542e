"""Every family beside PyTorch's: draws under one seed, densities, moments, entropies, divergences, texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr
from tests.distributions.catalogue import DISTRIBUTIONS

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

OURS, THEIRS = tinygrad_kr.distributions, torch.distributions


def pair(name: str, dtype: str = "float32") -> tuple[Any, Any]:
    """The same distribution in both packages."""
    build = DISTRIBUTIONS[name]
    return tuple(
        build(one.distributions, lambda value, one=one: one.tensor(value, dtype=getattr(one, dtype)))
        for one in (tinygrad_kr, torch)
    )


def array(value: Any) -> np.ndarray:
    return value.detach().numpy()


def close(ours: Any, theirs: Any, tolerance: float = 2e-5) -> None:
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_allclose(array(ours), array(theirs), rtol=tolerance, atol=tolerance)


def attempt(function: Any) -> Any:
    """A result, or the class of the exception."""
    try:
        return function()
    except (NotImplementedError, AttributeError) as error:
        return NotImplementedError if isinstance(error, NotImplementedError) else type(error)


def compare(ours: Any, theirs: Any, tolerance: float = 2e-5) -> None:
    if isinstance(theirs, type):
        assert ours is theirs
    else:
        close(ours, theirs, tolerance)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_draws_under_one_seed(name: str) -> None:
    for dtype, tolerance in (("float32", 2e-5 if "LKJ" not in name else 1e-4), ("float64", 1e-9)):
        ours, theirs = pair(name, dtype)
        for shape in ((), (3,), (2, 20)):
            tinygrad_kr.manual_seed(3)
            torch.manual_seed(3)
            close(ours.sample(shape), theirs.sample(shape), tolerance)
            assert (tinygrad_kr.get_rng_state().numpy() == torch.get_rng_state().numpy()).all()
            if theirs.has_rsample:
                close(ours.rsample(shape), theirs.rsample(shape), tolerance)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_what_it_knows(name: str) -> None:
    ours, theirs = pair(name)
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape)
    assert tuple(ours.event_shape) == tuple(theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample
    assert repr(ours) == repr(theirs)
    for what in ("mean", "mode", "variance", "stddev"):
        if (name, what) == ("Kumaraswamy", "mode"):
            continue  # PyTorch's is NaN
        compare(
            attempt(lambda what=what: getattr(ours, what)), attempt(lambda what=what: getattr(theirs, what))
        )
    compare(attempt(ours.entropy), attempt(theirs.entropy))
    compare(attempt(ours.perplexity), attempt(theirs.perplexity), 1e-4)
    for expand in (True, False):
        compare(
            attempt(lambda expand=expand: ours.enumerate_support(expand)),
            attempt(lambda expand=expand: theirs.enumerate_support(expand)),
        )
    support, theirs_support = ours.support, theirs.support
    assert repr(support).split("(")[0] == repr(theirs_support).split("(")[0]
    assert support.is_discrete == theirs_support.is_discrete
    assert support.event_dim == theirs_support.event_dim


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_densities_and_their_gradients(name: str) -> None:
    ours, theirs = pair(name)
    tinygrad_kr.manual_seed(1)
    value = ours.sample((7,))
    other = torch.from_numpy(value.numpy().copy())
    close(ours.log_prob(value), theirs.log_prob(other), 1e-4)
    compare(attempt(lambda: ours.cdf(value)), attempt(lambda: theirs.cdf(other)))
    if theirs.support.event_dim == 0:
        level = np.linspace(0.05, 0.95, 5, dtype=np.float32).reshape(-1, *[1] * len(theirs.batch_shape))
        compare(
            attempt(lambda: ours.icdf(tinygrad_kr.from_numpy(level))),
            attempt(lambda: theirs.icdf(torch.from_numpy(level))),
            1e-4,
        )


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_gradients_of_the_parameters(name: str) -> None:
    """Of log_prob, entropy and rsample, with respect to every tensor that went in."""
    if name == "GeneralizedPareto":
        pytest.skip("PyTorch's log_prob takes float32 only; tests/distributions/test_distributions.py")
    results = []
    tinygrad_kr.manual_seed(1)
    value = pair(name, "float64")[0].sample((7,)).numpy()
    for one, scope in ((tinygrad_kr, OURS), (torch, THEIRS)):
        leaves: list[Any] = []

        def leaf(number: Any, one: Any = one, leaves: list[Any] = leaves) -> Any:
            leaves.append(one.tensor(number, dtype=one.float64, requires_grad=True))
            return leaves[-1]

        built = DISTRIBUTIONS[name](scope, leaf)
        one.manual_seed(0)
        losses = [built.log_prob(one.tensor(value)).sum()]
        entropy = attempt(built.entropy)
        losses += [] if isinstance(entropy, type) else [entropy.sum()]
        if built.has_rsample and "Wishart" not in name:  # which PyTorch changes in place, so that it raises
            drawn = built.rsample((5,))
            weights = one.arange(drawn.numel(), dtype=one.float64).reshape(drawn.shape) % 3 - 0.7
            losses.append((drawn * weights).sum())
        results.append(
            [
                None
                if not loss.requires_grad
                else one.autograd.grad(loss, leaves, retain_graph=True, allow_unused=True)
                for loss in losses
            ]
        )
    for mine, yours in zip(*results, strict=True):
        assert (mine is None) == (yours is None)
        for a, b in zip(mine or (), yours or ()):
            assert (a is None) == (b is None)
            if a is not None:
                # PyTorch approximates the derivatives of gamma and beta draws to some 1e-3.
                mine_of, theirs_of = a.numpy(), b.numpy()
                if name == "Wishart factor" and a.ndim == 2:  # PyTorch differentiates by the zeros too
                    mine_of, theirs_of = np.tril(mine_of), np.tril(theirs_of)
                np.testing.assert_allclose(mine_of, theirs_of, rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_expanded(name: str) -> None:
    ours, theirs = (one.expand((4, *one.batch_shape)) for one in pair(name))
    assert repr(ours) == repr(theirs)
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape)
    tinygrad_kr.manual_seed(3)
    torch.manual_seed(3)
    value, other = ours.sample((2,)), theirs.sample((2,))
    close(value, other)
    close(ours.log_prob(value), theirs.log_prob(torch.from_numpy(value.numpy().copy())), 1e-4)
    compare(attempt(lambda: ours.mean), attempt(lambda: theirs.mean))


ELEMENTWISE: dict[str, Any] = {
    "Bernoulli": lambda D, t: D.Bernoulli(t([0.2, 0.7])),
    "Beta": lambda D, t: D.Beta(t([1.5, 2.0]), t([1.5, 2.7])),
    "Binomial": lambda D, t: D.Binomial(10, t([0.3, 0.4])),
    "Categorical": lambda D, t: D.Categorical(t([[1.0, 2.0, 1.0], [1.0, 0.0, 1.0]])),
    "Cauchy": lambda D, t: D.Cauchy(t([0.5, 2.0]), t([1.0, 0.5])),
    "ContinuousBernoulli": lambda D, t: D.ContinuousBernoulli(t([0.2, 0.6])),
    "Dirichlet": lambda D, t: D.Dirichlet(t([[1.5, 2.5, 3.0], [2.0, 2.0, 5.0]])),
    "Exponential": lambda D, t: D.Exponential(t([0.5, 2.0])),
    "Gamma": lambda D, t: D.Gamma(t([1.5, 2.0]), t([1.5, 0.7])),
    "Geometric": lambda D, t: D.Geometric(t([0.2, 0.7])),
    "Gumbel": lambda D, t: D.Gumbel(t([0.0, 1.0]), t([1.0, 0.5])),
    "HalfNormal": lambda D, t: D.HalfNormal(t([1.0, 0.5])),
    "Independent": lambda D, t: D.Independent(D.Normal(t([[0.0, 1.0], [2.0, 3.0]]), t([1.0, 0.5])), 1),
    "Laplace": lambda D, t: D.Laplace(t([0.5, 1.0]), t([1.0, 0.5])),
    "LowRankMultivariateNormal": lambda D, t: DISTRIBUTIONS["LowRankMultivariateNormal"](D, t),
    "MultivariateNormal": lambda D, t: DISTRIBUTIONS["MultivariateNormal precision"](D, t),
    "Normal": lambda D, t: D.Normal(t([0.0, 1.0]), t([1.0, 0.5])),
    "OneHotCategorical": lambda D, t: D.OneHotCategorical(t([[1.0, 2.0, 3.0], [1.0, 1.0, 0.0]])),
    "Pareto": lambda D, t: D.Pareto(t([0.1, 2.0]), t([2.5, 3.0])),
    "Poisson": lambda D, t: D.Poisson(t([0.5, 4.0])),
    "TransformedDistribution": lambda D, t: D.LogNormal(t([0.0, 1.0]), t([1.0, 0.5])),
    "Uniform": lambda D, t: D.Uniform(t([0.2, 0.1]), t([0.7, 0.8])),
}
OTHERS: dict[str, Any] = {  # a second member, with other parameters
    "Bernoulli": lambda D, t: D.Bernoulli(t([0.5, 1.0])),
    "Beta": lambda D, t: D.Beta(t([0.7, 2.0]), t([1.0, 3.7])),
    "Categorical": lambda D, t: D.Categorical(t([1.0, 1.0, 2.0])),
    "Normal": lambda D, t: D.Normal(t([-1.0, 1.0]), t(2.0)),
    "Pareto": lambda D, t: D.Pareto(t([0.05, 1.0]), t([1.5, 2.0])),
    "Uniform": lambda D, t: D.Uniform(t([-5.0, -0.2]), t([5.0, 1.5])),
    "Gamma": lambda D, t: D.Gamma(t([0.5, 5.0]), t([1.0, 2.0])),
    "LowRankMultivariateNormal": lambda D, t: D.LowRankMultivariateNormal(
        t([1.0, 1.0, 0.0]), t([[0.3], [0.5], [1.0]]), t([2.0, 1.5, 0.2])
    ),
    "MultivariateNormal": lambda D, t: DISTRIBUTIONS["MultivariateNormal factor"](D, t),
    "TransformedDistribution": lambda D, t: D.LogNormal(t([0.5, 1.0]), t([2.0, 0.7])),
}
ELEMENTWISE["ExponentialFamily"] = ELEMENTWISE["Normal"]


@pytest.mark.parametrize(
    "names",
    [tuple(one.__name__ for one in types) for types in torch.distributions.kl._KL_REGISTRY],
    ids="-".join,
)
def test_divergences(names: tuple[str, str]) -> None:
    first, second = names
    for build_p in (ELEMENTWISE[first], OTHERS.get(first)):
        for build_q in (ELEMENTWISE[second], OTHERS.get(second)):
            if build_p is None or build_q is None:
                continue
            mine, theirs = (
                scope.kl_divergence(build_p(scope, one.tensor), build_q(scope, one.tensor))
                for scope, one in ((OURS, tinygrad_kr), (THEIRS, torch))
            )
            close(mine, theirs, 2e-4)


def test_divergence_of_an_exponential_family_is_bregmans() -> None:
    """For families with a formula of their own it agrees with that."""
    for name in ("Normal", "Gamma", "Beta", "Dirichlet", "Exponential", "Bernoulli", "ContinuousBernoulli"):
        p, q = ELEMENTWISE[name](OURS, tinygrad_kr.tensor), ELEMENTWISE[name](OURS, tinygrad_kr.tensor)
        q = OTHERS["Beta"](OURS, tinygrad_kr.tensor) if name == "Beta" else q
        formula = OURS.kl._REGISTRY[OURS.ExponentialFamily, OURS.ExponentialFamily]
        close(formula(p, q), OURS.kl_divergence(p, q), 1e-5)


def test_every_registered_pair_is_registered() -> None:
    theirs = {tuple(one.__name__ for one in types) for types in torch.distributions.kl._KL_REGISTRY}
    ours = {tuple(one.__name__ for one in types) for types in OURS.kl._REGISTRY}
    assert theirs <= ours


ERRORS = {
    "scale": lambda D, t: D.Normal(0.0, -1.0),
    "scales": lambda D, t: D.Normal(t([1.0, 2.0]), t([1.0, -1.0])),
    "no tensor": lambda D, t: D.Normal(0.0, 1.0).log_prob(0.5),
    "nan": lambda D, t: D.Normal(0.0, 1.0).log_prob(t(float("nan"))),
    "negative": lambda D, t: D.Exponential(1.0).log_prob(t([-1.0])),
    "shape": lambda D, t: D.Normal(t([0.0, 0.0]), 1.0).log_prob(t([0.0, 1.0, 2.0])),
    "word": lambda D, t: D.Normal("a", 1.0),
    "neither": lambda D, t: D.Bernoulli(),
    "both": lambda D, t: D.Binomial(3, 0.5, 0.5),
    "bounds": lambda D, t: D.Uniform(1.0, 0.0),
    "outside": lambda D, t: D.Uniform(0.0, 1.0).log_prob(t(2.0)),
    "no matrix": lambda D, t: D.MultivariateNormal(t([0.0, 0.0])),
    "event": lambda D, t: D.MultivariateNormal(t([0.0, 0.0]), scale_tril=t([[1.0, 0], [0, 1]])).log_prob(
        t(1.0)
    ),
    "rsample": lambda D, t: D.Poisson(1.0).rsample(),
    "0-d": lambda D, t: D.Categorical(t(1.0)),
    "dims": lambda D, t: D.Independent(D.Normal(0.0, 1.0), 1),
    "no formula": lambda D, t: D.kl_divergence(D.Normal(0.0, 1.0), D.StudentT(1.0)),
    "families": lambda D, t: D.kl_divergence(D.Normal(0.0, 1.0), D.Poisson(1.0)),
    "category": lambda D, t: D.Categorical(t([1.0, 1.0])).log_prob(t(4.0)),
    "simplex": lambda D, t: D.Dirichlet(t([1.0, 1.0])).log_prob(t([0.5, 0.6])),
    "sample shape": lambda D, t: D.Normal(0.0, 1.0).sample(3),
    "df": lambda D, t: D.Wishart(t(1.0), t([[1.0, 0.0], [0.0, 1.0]])),
    "transform": lambda D, t: D.TransformedDistribution(D.Normal(0.0, 1.0), 3),
    "mixture": lambda D, t: D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(t([0.0]), 1.0)),
    "number": lambda D, t: D.MixtureSameFamily(D.Categorical(t([1.0, 1.0])), D.Normal(t([0.0]), 1.0)),
    "lkj": lambda D, t: D.LKJCholesky(1),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    with pytest.raises(Exception) as theirs:
        ERRORS[name](THEIRS, torch.tensor)
    with pytest.raises(type(theirs.value)) as ours:
        ERRORS[name](OURS, tinygrad_kr.tensor)
    words = str(theirs.value).split("\n")[0][:40]
    assert words in str(ours.value) or name in ("word", "rsample", "families", "sample shape", "transform")
