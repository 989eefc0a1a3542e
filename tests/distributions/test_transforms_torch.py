"""Transforms and constraints beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_kr
from tests.distributions.test_transforms import INSIDE, SETS

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

BUILDS = {
    "ExpTransform": lambda D, t: D.ExpTransform(),
    "PowerTransform": lambda D, t: D.PowerTransform(t(2.5)),
    "SigmoidTransform": lambda D, t: D.SigmoidTransform(),
    "SoftplusTransform": lambda D, t: D.SoftplusTransform(),
    "TanhTransform": lambda D, t: D.TanhTransform(),
    "AffineTransform": lambda D, t: D.AffineTransform(1.0, t(-2.0)),
    "inverse": lambda D, t: D.ExpTransform().inv,
    "StickBreakingTransform": lambda D, t: D.StickBreakingTransform(),
    "CorrCholeskyTransform": lambda D, t: D.CorrCholeskyTransform(),
    "IndependentTransform": lambda D, t: D.IndependentTransform(D.ExpTransform(), 1),
    "ReshapeTransform": lambda D, t: D.ReshapeTransform((3,), (3, 1)),
    "ComposeTransform": lambda D, t: D.ComposeTransform([D.SigmoidTransform(), D.StickBreakingTransform()]),
    "CatTransform": lambda D, t: D.CatTransform([D.ExpTransform(), D.TanhTransform()], 1, [1, 2]),
    "StackTransform": lambda D, t: D.StackTransform([D.ExpTransform(), D.TanhTransform()], 0),
    "CumulativeDistributionTransform": lambda D, t: D.CumulativeDistributionTransform(D.Normal(t(0.0), 1.0)),
}


@pytest.mark.parametrize("name", BUILDS)
def test_transforms(name: str) -> None:
    results = []
    for one in (tinygrad_kr, torch):
        transform = BUILDS[name](one.distributions, one.tensor)
        x = one.tensor([[0.2, 0.7, 1.3], [0.9, 0.4, 0.1]])
        y = transform(x)
        results.append([y, transform.inv(y), transform.log_abs_det_jacobian(x, y)])
        results[-1] += [transform.bijective, transform.domain.event_dim, transform.codomain.event_dim]
        results[-1].append(repr(transform).replace("_Inv", "Inv").replace("<", "").replace(">", ""))
    for mine, theirs in zip(*results):
        if hasattr(theirs, "numpy"):
            assert tuple(mine.shape) == tuple(theirs.shape)
            np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-5)
        elif not isinstance(theirs, str):
            assert mine == theirs


@pytest.mark.parametrize("name", [name for name in INSIDE if name != "multinomial"])
def test_constraints(name: str) -> None:
    mine = INSIDE[name][0]
    for values in INSIDE[name][1:]:
        text = repr(mine).split("(")[0]
        names = [one for one in torch.distributions.constraints.__all__ if one.replace("_", "").lower()]
        found = [getattr(torch.distributions.constraints, one) for one in names]
        matching = [one for one in found if repr(one).split("(")[0] == text and not isinstance(one, type)]
        theirs = matching[0] if matching else None
        if name in ("integers", "half open"):
            kind = {"integers": "integer_interval", "half open": "half_open_interval"}[name]
            bounds = (mine.lower_bound, mine.upper_bound)
            theirs = getattr(torch.distributions.constraints, kind)(*bounds)
        if name in ("count", "positive count"):
            theirs = getattr(
                torch.distributions.constraints,
                {"count": "nonnegative_integer", "positive count": "positive_integer"}[name],
            )
        assert theirs is not None
        expected = theirs.check(torch.tensor(values))
        np.testing.assert_array_equal(mine.check(tinygrad_kr.tensor(values)).numpy(), expected.numpy())
        assert mine.event_dim == theirs.event_dim and mine.is_discrete == theirs.is_discrete


@pytest.mark.parametrize("name", [*SETS, "stack", "cat"])
def test_registries(name: str) -> None:
    results = []
    for one in (tinygrad_kr, torch):
        C, D = one.distributions.constraints, one.distributions
        sets = {
            "real": C.real,
            "vector": C.real_vector,
            "positive": C.positive,
            "nonnegative": C.nonnegative,
            "above": C.greater_than(2.0),
            "from": C.greater_than_eq(-1.0),
            "below": C.less_than(2.0),
            "unit": C.unit_interval,
            "interval": C.interval(-1.0, 3.0),
            "half open": C.half_open_interval(0.0, 2.0),
            "simplex": C.simplex,
            "correlations": C.corr_cholesky,
            "positive vector": C.independent(C.positive, 1),
            "stack": C.stack([C.positive, C.real], 0),
            "cat": C.cat([C.positive, C.unit_interval], 1, [1, 2]),
        }
        x = one.tensor([[0.2, -0.7, 1.3], [0.9, 0.4, 0.1]])
        results.append([registry(sets[name])(x).numpy() for registry in (D.biject_to, D.transform_to)])
    for mine, theirs in zip(*results):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
