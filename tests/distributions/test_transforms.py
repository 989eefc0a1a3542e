"""Transforms: there and back, the change of volume against Jacobians, caches, composition, registries."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import distributions as D
from tinygrad_kr.distributions import constraints as C

NUMBERS = {
    "exp": D.ExpTransform(),
    "power": D.PowerTransform(torch.tensor(2.5, dtype=torch.float64)),
    "power down": D.PowerTransform(torch.tensor(-1.5, dtype=torch.float64)),
    "sigmoid": D.SigmoidTransform(),
    "softplus": D.SoftplusTransform(),
    "tanh": D.TanhTransform(),
    "affine": D.AffineTransform(1.0, -2.0),
    "inverse": D.ExpTransform().inv,
    "normal cdf": D.CumulativeDistributionTransform(D.Normal(0.0, 1.0)),
    "composed": D.ComposeTransform([D.AffineTransform(0.5, 2.0), D.ExpTransform(), D.PowerTransform(0.5)]),
    "identity": D.identity_transform,
}
VECTORS = {
    "stick breaking": (D.StickBreakingTransform(), (3,)),
    "correlations": (D.CorrCholeskyTransform(), (3,)),
    "independent": (D.IndependentTransform(D.ExpTransform(), 1), (3,)),
    "reshaped": (D.ReshapeTransform((4,), (2, 2)), (4,)),
    "affine": (D.AffineTransform(0.5, 2.0, event_dim=1), (3,)),
    "composed": (D.ComposeTransform([D.SigmoidTransform(), D.StickBreakingTransform()]), (3,)),
}


def values(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(0.3, 1.5, shape))


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name: str) -> None:
    transform = NUMBERS[name]
    x = values(5).requires_grad_()
    y = transform(x)
    np.testing.assert_allclose(transform.inv(y).detach().numpy(), x.detach().numpy(), rtol=1e-9)
    (slope,) = torch.autograd.grad(y.sum(), x, retain_graph=True)
    volume = transform.log_abs_det_jacobian(x, y)
    np.testing.assert_allclose(volume.detach().numpy(), slope.abs().log().numpy(), rtol=1e-9, atol=1e-12)
    back = transform.inv.log_abs_det_jacobian(y, x)
    np.testing.assert_allclose(back.detach().numpy(), -volume.detach().numpy())
    assert bool(transform.codomain.check(y).all()) and bool(transform.domain.check(x).all())
    assert bool((torch.as_tensor(transform.sign) == slope.sign()).all())
    assert transform.bijective and transform.inv.inv is transform


@pytest.mark.parametrize("name", VECTORS)
def test_vectors(name: str) -> None:
    transform, shape = VECTORS[name]
    x = values(2, *shape)
    y = transform(x)
    assert tuple(y.shape) == tuple(transform.forward_shape(x.shape))
    assert tuple(transform.inverse_shape(y.shape)) == tuple(x.shape)
    np.testing.assert_allclose(transform.inv(y).numpy(), x.numpy(), rtol=1e-9)
    assert bool(transform.codomain.check(y).all())
    volume = transform.log_abs_det_jacobian(x, y)
    assert volume.shape == (2,)
    for row, expected in zip(x, volume):
        jacobian = torch.func.jacrev(transform)(row).reshape(-1, row.numel()).numpy()
        if name == "correlations":  # the coordinates that are free: those below the diagonal
            jacobian = jacobian[[3, 6, 7]]
        if jacobian.shape[0] > jacobian.shape[1]:  # the last share follows from the others
            jacobian = jacobian[: row.numel()]
        np.testing.assert_allclose(expected.item(), np.linalg.slogdet(jacobian)[1], atol=1e-9)


def test_cat_and_stack() -> None:
    x = values(2, 5)
    cat = D.CatTransform([D.ExpTransform(), D.TanhTransform()], dim=1, lengths=[2, 3])
    y = cat(x)
    np.testing.assert_allclose(y[:, :2].numpy(), x[:, :2].exp().numpy())
    np.testing.assert_allclose(cat.inv(y).numpy(), x.numpy(), rtol=1e-9)
    parts = [D.ExpTransform(), D.TanhTransform()]
    terms = [one.log_abs_det_jacobian(a, one(a)) for one, a in zip(parts, x.split([2, 3], 1))]
    np.testing.assert_allclose(cat.log_abs_det_jacobian(x, y).numpy(), torch.cat(terms, 1).numpy())
    assert bool(cat.codomain.check(y).all()) and cat.length == 5
    stack = D.StackTransform(parts, dim=0)
    z = stack(x)
    np.testing.assert_allclose(z[1].numpy(), x[1].tanh().numpy())
    np.testing.assert_allclose(stack.inv(z).numpy(), x.numpy(), rtol=1e-9)
    assert stack.log_abs_det_jacobian(x, z).shape == x.shape and bool(stack.codomain.check(z).all())
    with pytest.raises(AssertionError, match="slices"):
        stack(values(3, 2))


def test_maps_that_are_not_one_to_one() -> None:
    x = values(2, 3, 3)
    for transform in (D.LowerCholeskyTransform(), D.PositiveDefiniteTransform()):
        assert bool(transform.codomain.check(transform(x)).all())
        again = transform(transform.inv(transform(x)))
        np.testing.assert_allclose(again.numpy(), transform(x).numpy(), rtol=1e-9)
    shares = D.SoftmaxTransform()(x)
    np.testing.assert_allclose(D.SoftmaxTransform()(D.SoftmaxTransform().inv(shares)).numpy(), shares.numpy())
    assert not D.AbsTransform().bijective
    with pytest.raises(NotImplementedError, match="AbsTransform"):
        D.AbsTransform().log_abs_det_jacobian(x, x)


def test_caches() -> None:
    x = values(3)
    plain, cached = D.TanhTransform(), D.TanhTransform(cache_size=1)
    assert plain.inv(plain(x)) is not x and cached.inv(cached(x)) is x
    assert plain.with_cache(0) is plain and plain.with_cache(1)._cache_size == 1
    whole = D.ComposeTransform([D.ExpTransform(), D.AffineTransform(0.0, 2.0)]).with_cache(1)
    assert whole.inv(whole(x)) is x
    with pytest.raises(ValueError, match="cache_size"):
        D.ExpTransform(cache_size=2)


def test_copies() -> None:
    one = copy.deepcopy(D.Gumbel(torch.zeros(2), 1.0))
    again = pickle.loads(pickle.dumps(D.ExpTransform().inv))
    x = values(2).float()
    np.testing.assert_array_equal(one.log_prob(x).numpy(), D.Gumbel(torch.zeros(2), 1.0).log_prob(x).numpy())
    np.testing.assert_array_equal(again.inv(again(x)).numpy(), x.log().exp().numpy())
    exp = D.ExpTransform()
    assert exp.inv.inv is exp and copy.deepcopy(exp) == exp


def test_equality() -> None:
    assert D.ExpTransform() == D.ExpTransform() and D.ExpTransform() != D.TanhTransform()
    assert D.AffineTransform(0.0, 1.0) == D.AffineTransform(0.0, 1.0) != D.AffineTransform(0.0, 2.0)
    assert D.PowerTransform(2.0) == D.PowerTransform(2.0) and D.ExpTransform().inv == D.ExpTransform().inv
    assert D.ComposeTransform([D.ExpTransform()]) == D.ComposeTransform([D.ExpTransform()])


SETS = {
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
}


@pytest.mark.parametrize("name", SETS)
def test_registries_map_all_numbers_into_the_set(name: str) -> None:
    x = (values(2, 3) - 1) * 3
    for registry in (D.biject_to, D.transform_to):
        transform = registry(SETS[name])
        y = transform(x)
        assert bool(SETS[name].check(y).all())
        if registry is D.biject_to:
            assert transform.bijective
            np.testing.assert_allclose(transform.inv(y).numpy(), x.numpy(), rtol=1e-7, atol=1e-9)


def test_registries_of_ones_own() -> None:
    class Even(C.Constraint):
        pass

    with pytest.raises(NotImplementedError, match="Even"):
        D.transform_to(Even())
    own = type(D.transform_to)()
    own.register(Even)(lambda constraint: D.ExpTransform())
    assert own(Even()) == D.ExpTransform()
    with pytest.raises(TypeError, match="Constraint subclass"):
        own.register(int, lambda constraint: None)
    for one in (C.lower_cholesky, C.positive_definite, C.positive_semidefinite):
        assert bool(one.check(D.transform_to(one)(values(2, 2))))


INSIDE: dict[str, tuple[Any, Any, Any]] = {
    "boolean": (C.boolean, [0.0, 1.0], [0.5]),
    "count": (C.nonnegative_integer, [0.0, 3.0], [-1.0, 0.5]),
    "positive count": (C.positive_integer, [1.0], [0.0, 1.5]),
    "integers": (C.integer_interval(1, 3), [1.0, 3.0], [0.0, 2.5]),
    "half open": (C.half_open_interval(0, 1), [0.0], [1.0]),
    "one hot": (C.one_hot, [[0.0, 1.0]], [[1.0, 1.0], [0.5, 0.5]]),
    "simplex": (C.simplex, [[0.4, 0.6]], [[0.5, 0.6], [-0.5, 1.5]]),
    "multinomial": (C.multinomial(3), [[1.0, 2.0]], [[4.0, 0.0], [-1.0, 0.0]]),
    "triangle": (C.lower_triangular, [[[1.0, 0.0], [2.0, -3.0]]], [[[1.0, 1.0], [0.0, 1.0]]]),
    "cholesky": (C.lower_cholesky, [[[1.0, 0.0], [2.0, 3.0]]], [[[1.0, 0.0], [2.0, -3.0]]]),
    "correlation": (C.corr_cholesky, [[[1.0, 0.0], [0.6, 0.8]]], [[[1.0, 0.0], [0.6, 0.9]]]),
    "symmetric": (C.symmetric, [[[1.0, 2.0], [2.0, -1.0]]], [[[1.0, 2.0], [0.0, 1.0]]]),
    "definite": (C.positive_definite, [[[2.0, 1.0], [1.0, 2.0]]], [[[1.0, 2.0], [2.0, 1.0]]]),
    "semidefinite": (C.positive_semidefinite, [[[2.0, 0.0], [0.0, 0.0]]], [[[1.0, 2.0], [2.0, 1.0]]]),
    "square": (C.square, [[[2.0, 1.0], [1.0, 2.0]]], [[[2.0, 1.0]]]),
}


@pytest.mark.parametrize("name", INSIDE)
def test_sets(name: str) -> None:
    constraint, inside, outside = INSIDE[name]
    assert bool(constraint.check(torch.tensor(inside)).all())
    assert not bool(constraint.check(torch.tensor(outside)).any())


def test_dependent_sets() -> None:
    assert C.is_dependent(C.dependent) and not C.is_dependent(C.positive)
    assert C.is_dependent(D.Uniform.support) and D.Uniform.support.event_dim == 0
    known = C.dependent(event_dim=1, is_discrete=True)
    assert known.event_dim == 1 and known.is_discrete
    with pytest.raises(NotImplementedError, match="event_dim"):
        _ = C.dependent.event_dim
    with pytest.raises(ValueError, match="dependent"):
        C.dependent.check(torch.tensor(0.0))


def test_transformed_distributions() -> None:
    logistic = D.TransformedDistribution(
        D.Uniform(torch.zeros(2), 1.0), [D.SigmoidTransform().inv, D.AffineTransform(1.0, 2.0)]
    )
    x = torch.tensor([0.3, -1.0])
    z = (x - 1) / 2
    expected = -z - 2 * torch.log1p(torch.exp(-z)) - np.log(2.0)
    np.testing.assert_allclose(logistic.log_prob(x).numpy(), expected.numpy(), rtol=1e-5)
    np.testing.assert_allclose(logistic.icdf(logistic.cdf(x)).numpy(), x.numpy(), rtol=1e-5)
    wide = D.TransformedDistribution(D.Normal(0.0, 1.0), D.AffineTransform(torch.zeros(3), 2.0))
    assert wide.batch_shape == (3,) and wide.sample((2,)).shape == (2, 3)
    vector = D.TransformedDistribution(D.Normal(torch.zeros(3), 1.0), D.StickBreakingTransform())
    assert vector.event_shape == (4,) and vector.log_prob(vector.sample((5,))).shape == (5,)
    with pytest.raises(ValueError, match="size at least 1"):
        D.TransformedDistribution(D.Normal(0.0, 1.0), D.StickBreakingTransform())


def test_triangles_and_vectors() -> None:
    from tinygrad_kr.distributions.utils import tril_matrix_to_vec, vec_to_tril_matrix

    for diag, length in ((0, 6), (-1, 6), (-2, 3)):
        vec = values(2, length)
        matrix = vec_to_tril_matrix(vec, diag)
        np.testing.assert_array_equal(tril_matrix_to_vec(matrix, diag).numpy(), vec.numpy())
        np.testing.assert_array_equal(matrix.tril(diag).numpy(), matrix.numpy())
    with pytest.raises(ValueError, match="triangle"):
        vec_to_tril_matrix(values(4))
