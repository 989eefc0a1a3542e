"""One or two members of every family, for this package and for PyTorch alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Build = Callable[[Any, Any], Any]  # from the module `distributions` and `tensor`

COVARIANCE = [[2.0, 0.5, 0.1], [0.5, 1.0, -0.3], [0.1, -0.3, 0.7]]
FACTOR = [[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.3, 0.2, 0.7]]

DISTRIBUTIONS: dict[str, Build] = {
    "Bernoulli": lambda D, t: D.Bernoulli(t([0.2, 0.7, 1.0])),
    "Bernoulli logits": lambda D, t: D.Bernoulli(logits=t([-1.0, 0.3])),
    "Beta": lambda D, t: D.Beta(t([0.5, 2.0, 3.0]), t([1.5, 0.7, 4.0])),
    "Binomial": lambda D, t: D.Binomial(10, t([0.2, 0.7])),
    "Binomial large": lambda D, t: D.Binomial(t([100.0, 50.0]), logits=t([0.5, -0.3])),
    "Categorical": lambda D, t: D.Categorical(t([[1.0, 2.0, 3.0], [1.0, 0.0, 1.0]])),
    "Categorical logits": lambda D, t: D.Categorical(logits=t([0.5, -1.0, 2.0, 0.0])),
    "Cauchy": lambda D, t: D.Cauchy(t([0.0, 1.0]), t([1.0, 0.5])),
    "Chi2": lambda D, t: D.Chi2(t([1.0, 4.5])),
    "ContinuousBernoulli": lambda D, t: D.ContinuousBernoulli(t([0.2, 0.5, 0.9])),
    "ContinuousBernoulli logits": lambda D, t: D.ContinuousBernoulli(logits=t([-1.0, 0.3])),
    "Dirichlet": lambda D, t: D.Dirichlet(t([[0.5, 1.5, 3.0], [2.0, 2.0, 5.0]])),
    "Exponential": lambda D, t: D.Exponential(t([0.5, 2.0])),
    "FisherSnedecor": lambda D, t: D.FisherSnedecor(t([3.0, 5.0]), t([4.5, 8.0])),
    "Gamma": lambda D, t: D.Gamma(t([0.5, 2.0, 20.0]), t([1.5, 0.7, 4.0])),
    "GeneralizedPareto": lambda D, t: D.GeneralizedPareto(0.5, 2.0, t([-0.5, 0.0, 0.2])),
    "Geometric": lambda D, t: D.Geometric(t([0.2, 0.7])),
    "Geometric logits": lambda D, t: D.Geometric(logits=t([-1.0, 0.3])),
    "Gumbel": lambda D, t: D.Gumbel(t([0.0, 1.0]), t([1.0, 0.5])),
    "HalfCauchy": lambda D, t: D.HalfCauchy(t([1.0, 0.5])),
    "HalfNormal": lambda D, t: D.HalfNormal(t([1.0, 0.5])),
    "Independent": lambda D, t: D.Independent(D.Normal(t([[0.0, 1.0], [2.0, 3.0]]), t([1.0, 0.5])), 1),
    "InverseGamma": lambda D, t: D.InverseGamma(t([2.5, 4.0]), t([1.5, 0.7])),
    "Kumaraswamy": lambda D, t: D.Kumaraswamy(t([0.5, 2.0]), t([1.5, 3.0])),
    "LKJCholesky": lambda D, t: D.LKJCholesky(3, t([0.5, 2.0])),
    "LKJCholesky 2": lambda D, t: D.LKJCholesky(2, t(1.5)),
    "Laplace": lambda D, t: D.Laplace(t([0.0, 1.0]), t([1.0, 0.5])),
    "LogNormal": lambda D, t: D.LogNormal(t([0.0, 0.5]), t([1.0, 0.5])),
    "LogisticNormal": lambda D, t: D.LogisticNormal(t([0.0, 1.0, -0.5]), t([1.0, 0.5, 2.0])),
    "LowRankMultivariateNormal": lambda D, t: D.LowRankMultivariateNormal(
        t([0.0, 1.0, 2.0]), t([[1.0, 0.2], [0.5, -1.0], [0.0, 0.3]]), t([1.0, 0.5, 2.0])
    ),
    "MixtureSameFamily": lambda D, t: D.MixtureSameFamily(
        D.Categorical(t([0.3, 0.7])), D.Normal(t([0.0, 2.0]), t([1.0, 0.5]))
    ),
    "MixtureSameFamily vectors": lambda D, t: D.MixtureSameFamily(
        D.Categorical(t([[0.3, 0.7], [0.5, 0.5]])),
        D.Independent(D.Normal(t([[[0.0, 1.0], [2.0, 1.0]], [[3.0, 1.0], [0.5, 0.5]]]), 0.5), 1),
    ),
    "Multinomial": lambda D, t: D.Multinomial(6, t([[1.0, 2.0, 3.0], [1.0, 1.0, 0.5]])),
    "MultivariateNormal": lambda D, t: D.MultivariateNormal(t([0.0, 1.0, 2.0]), t(COVARIANCE)),
    "MultivariateNormal precision": lambda D, t: D.MultivariateNormal(
        t([[0.0, 1.0, 2.0], [1.0, 1.0, 0.0]]), precision_matrix=t(COVARIANCE)
    ),
    "MultivariateNormal factor": lambda D, t: D.MultivariateNormal(t([0.0, 1.0, 2.0]), scale_tril=t(FACTOR)),
    "NegativeBinomial": lambda D, t: D.NegativeBinomial(t([3.0, 2.5]), t([0.3, 0.6])),
    "NegativeBinomial logits": lambda D, t: D.NegativeBinomial(4, logits=t([-1.0, 0.3])),
    "Normal": lambda D, t: D.Normal(t([0.0, 1.0]), t([1.0, 0.5])),
    "Normal number": lambda D, t: D.Normal(0.0, 2.0),
    "OneHotCategorical": lambda D, t: D.OneHotCategorical(t([[1.0, 2.0, 3.0], [1.0, 0.0, 1.0]])),
    "OneHotCategoricalStraightThrough": lambda D, t: D.OneHotCategoricalStraightThrough(
        logits=t([1.0, 2.0, 3.0])
    ),
    "Pareto": lambda D, t: D.Pareto(t([1.0, 2.0]), t([2.5, 3.0])),
    "Poisson": lambda D, t: D.Poisson(t([0.5, 4.0, 30.0])),
    "RelaxedBernoulli": lambda D, t: D.RelaxedBernoulli(t(0.7), t([0.2, 0.7])),
    "RelaxedOneHotCategorical": lambda D, t: D.RelaxedOneHotCategorical(t(0.7), t([1.0, 2.0, 3.0])),
    "StudentT": lambda D, t: D.StudentT(t([3.0, 5.0]), t([0.0, 1.0]), t([1.0, 2.0])),
    "TransformedDistribution": lambda D, t: D.TransformedDistribution(
        D.Normal(t([0.0, 1.0]), 1.0), [D.AffineTransform(1.0, -2.0), D.SigmoidTransform()]
    ),
    "Uniform": lambda D, t: D.Uniform(t([0.0, -1.0]), t([2.0, 0.5])),
    "VonMises": lambda D, t: D.VonMises(t([0.0, 1.0]), t([1.0, 4.0])),
    "Weibull": lambda D, t: D.Weibull(t([1.0, 2.0]), t([1.5, 3.0])),
    "Wishart": lambda D, t: D.Wishart(t([4.0, 5.5]), t(COVARIANCE)),
    "Wishart factor": lambda D, t: D.Wishart(t(4.0), scale_tril=t(FACTOR)),
}
