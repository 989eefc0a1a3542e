"""Functions of functions: derivatives against finite differences, composition, `vmap`, module calls."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import func, nn
from tinygrad_kr.utils._pytree import broadcast_prefix, tree_flatten, tree_map, tree_unflatten

Point = namedtuple("Point", ["x", "y"])


def values(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).uniform(0.5, 1.5, shape))


def smooth(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x.sin() * y.exp() + x**3 * y).sum()


def numeric_jacobian(function: Any, x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    columns = []
    for i in range(x.size):
        moved = [x.copy(), x.copy()]
        moved[0].flat[i] += step
        moved[1].flat[i] -= step
        high, low = (function(torch.from_numpy(one)).detach().numpy() for one in moved)
        columns.append((high - low) / (2 * step))
    return np.stack(columns, -1).reshape(*columns[0].shape, *x.shape)


# -- containers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tree",
    [1, (), [1, 2], (1, [2, {"a": 3}]), {"b": 1, "a": (2, None)}, Point(1, [2]), OrderedDict(z=1, a=[2])],
)
def test_containers_come_back(tree: Any) -> None:
    leaves, spec = tree_flatten(tree)
    again = tree_unflatten(leaves, spec)
    assert again == tree and type(again) is type(tree)
    assert spec.num_leaves == len(leaves)
    with pytest.raises(ValueError, match="leaves"):
        tree_unflatten([*leaves, 0], spec)


def test_containers_of_several() -> None:
    assert tree_map(lambda a, b: a + b, {"a": 1, "b": [2]}, {"a": 10, "b": [20]}) == {"a": 11, "b": [22]}
    with pytest.raises(ValueError, match="structure"):
        tree_map(lambda a, b: a, [1], (1, 2))
    spec = tree_flatten(((1, 2), {"a": 3}))[1]
    assert broadcast_prefix((0, None), spec) == [0, 0, None]
    assert broadcast_prefix(5, spec) == [5, 5, 5]
    assert broadcast_prefix((0, 1, 2), spec) is None


# -- derivatives ---------------------------------------------------------------------------------------------


def test_grad_against_finite_differences() -> None:
    x, y = values(2, 3), values(2, 3, seed=1)
    gx, gy = func.grad(smooth, argnums=(0, 1))(x, y)
    np.testing.assert_allclose(gx.numpy(), numeric_jacobian(lambda one: smooth(one, y), x.numpy()), rtol=1e-7)
    np.testing.assert_allclose(gy.numpy(), numeric_jacobian(lambda one: smooth(x, one), y.numpy()), rtol=1e-7)
    assert not gx.requires_grad and x.grad is None and not x.requires_grad
    gradient, value = func.grad_and_value(smooth)(x, y)
    assert torch.equal(gradient, gx) and torch.equal(value, smooth(x, y)) and not value.requires_grad
    gradient, aux = func.grad(lambda x: (x.sum(), {"twice": 2 * x}), has_aux=True)(x)
    assert torch.equal(aux["twice"], 2 * x) and not aux["twice"].requires_grad
    both = func.grad(lambda d: (d["a"] * d["b"][0]).sum())({"a": x, "b": [y]})
    assert torch.equal(both["a"], y) and torch.equal(both["b"][0], x)


def test_grad_composes() -> None:
    x = torch.tensor(0.7, dtype=torch.float64)
    third = func.grad(func.grad(func.grad(torch.sin)))(x)
    np.testing.assert_allclose(third.item(), -np.cos(0.7))
    inner = func.grad(lambda x: x * func.grad(lambda y: x * y**2)(x))(x)  # x · 2x² -> 6x²
    np.testing.assert_allclose(inner.item(), 6 * 0.7**2)


def test_grad_inside_a_recorded_program() -> None:
    """What needs gradients outside is followed, through arguments and through what the function uses."""
    x, w = values(3).requires_grad_(), values(3, seed=1).requires_grad_()
    func.grad(lambda x: (x**3 * w).sum())(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), (6 * x * w).detach().numpy())
    np.testing.assert_allclose(w.grad.numpy(), (3 * x**2).detach().numpy())
    with torch.no_grad():
        assert torch.equal(func.grad(torch.sum)(x.detach()), torch.ones_like(x))


def test_jacobians_against_finite_differences() -> None:
    x = values(2, 2)

    def function(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([x.sin().sum(0), (x**2).prod(0), x[0] * 3])

    expected = numeric_jacobian(function, x.numpy())
    for transform in (func.jacrev, func.jacfwd):
        found = transform(function)(x)
        assert found.shape == (3, 2, 2, 2) and not found.requires_grad
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-9)
    value, push = func.linearize(function, x)
    tangent = values(2, 2, seed=3)
    np.testing.assert_allclose(push(tangent).numpy(), np.tensordot(expected, tangent.numpy(), 2), rtol=1e-6)
    assert torch.equal(value, function(x))
    same, moved = func.jvp(function, (x,), (tangent,))
    assert torch.equal(moved, push(tangent)) and torch.equal(same, value)
    _, pull = func.vjp(function, x)
    v = values(3, 2, seed=4)
    np.testing.assert_allclose(pull(v)[0].numpy(), np.tensordot(v.numpy(), expected, 2), rtol=1e-6)
    assert torch.equal(pull(v)[0], pull(v)[0])  # may be called again


def test_hessian() -> None:
    x = values(3)
    function = lambda x: (x.sin() * x.roll(1) ** 2).sum()  # noqa: E731
    expected = numeric_jacobian(func.grad(function), x.numpy())
    for found in (func.hessian(function)(x), func.jacfwd(func.jacrev(function))(x)):
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-9)
    blocks = func.hessian(lambda x, y: (x * y**2).sum(), argnums=(0, 1))(x, x)
    np.testing.assert_allclose(blocks[0][1].numpy(), np.diag(2 * x.numpy()))


def test_what_does_not_depend_has_zeros() -> None:
    x = values(2)
    assert torch.equal(func.jacrev(lambda x: torch.ones(3))(x), torch.zeros(3, 2, dtype=x.dtype))
    assert torch.equal(func.jvp(lambda x: torch.ones(3), (x,), (x,))[1], torch.zeros(3))
    assert torch.equal(func.grad(lambda x, y: x.sum(), argnums=1)(x, x), torch.zeros(2, dtype=x.dtype))


# -- vmap ----------------------------------------------------------------------------------------------------


def test_vmap_maps_any_dimension() -> None:
    x = values(2, 3, 4)
    np.testing.assert_array_equal(torch.vmap(torch.sum)(x).numpy(), x.numpy().sum((1, 2)))
    moved = torch.vmap(lambda row: row * 2, in_dims=-1, out_dims=1)(x)
    np.testing.assert_array_equal(moved.numpy(), np.moveaxis(2 * x.numpy(), -1, 1))
    out = torch.vmap(lambda d, w: {"a": d["x"] @ w, "b": (w, d["x"])}, in_dims=({"x": 0}, None), out_dims=0)(
        {"x": x[0]}, x[0].sum(0)
    )
    np.testing.assert_allclose(out["a"].numpy(), x[0].numpy() @ x[0].numpy().sum(0))
    whole = torch.vmap(lambda row: (row, 3), out_dims=(0, None))(x)
    assert whole[1] == 3
    nested = torch.vmap(torch.vmap(torch.dot))(x, x)
    np.testing.assert_allclose(nested.numpy(), (x.numpy() ** 2).sum(-1))


def test_gradients_of_each_example() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x, y = torch.randn(5, 3), torch.randn(5, 1)
    params = {name: one.detach() for name, one in model.named_parameters()}

    def loss(params: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return ((func.functional_call(model, params, (x,)) - y) ** 2).sum()

    found = torch.vmap(func.grad(loss), in_dims=(None, 0, 0))(params, x, y)
    for i in range(5):
        model.zero_grad()
        ((model(x[i]) - y[i]) ** 2).sum().backward()
        for name, one in model.named_parameters():
            np.testing.assert_allclose(found[name][i].numpy(), one.grad.numpy(), rtol=1e-5, atol=1e-6)


def test_gradients_flow_through_vmap() -> None:
    x = values(4, 3).requires_grad_()
    torch.vmap(lambda row: (row**2).sum())(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * x.detach().numpy())
    outer = func.grad(lambda w: torch.vmap(lambda row: (row * w).sum() ** 2)(x.detach()).sum())(values(3))
    expected = 2 * (x.detach().numpy() @ values(3).numpy()) @ x.detach().numpy()
    np.testing.assert_allclose(outer.numpy(), expected)


def test_vmap_and_random_numbers() -> None:
    noisy = lambda x: x + torch.rand(2)  # noqa: E731
    zeros = torch.zeros(3, 2)
    with pytest.raises(RuntimeError, match="randomness error mode"):
        torch.vmap(noisy)(zeros)
    same = torch.vmap(noisy, randomness="same")(zeros)
    assert torch.equal(same[0], same[1]) and not torch.equal(same[0], zeros[0])
    torch.manual_seed(0)
    different = torch.vmap(noisy, randomness="different")(zeros)
    torch.manual_seed(0)
    assert torch.equal(different, torch.rand(3, 2))


def test_an_ensemble() -> None:
    models = [nn.Linear(3, 2) for _ in range(4)]
    params, buffers = func.stack_module_state(models)
    assert params["weight"].shape == (4, 2, 3) and params["weight"].requires_grad and not buffers
    x = torch.randn(5, 3)
    out = torch.vmap(lambda p, b: func.functional_call(models[0], (p, b), (x,)))(params, buffers)
    np.testing.assert_allclose(
        out.detach().numpy(), torch.stack([model(x) for model in models]).detach().numpy(), rtol=1e-6
    )


def test_cond() -> None:
    assert torch.cond(torch.tensor(False), torch.sin, torch.cos, (torch.tensor(0.0),)).item() == 1
    with pytest.raises(RuntimeError, match="single-element"):
        torch.cond(torch.ones(2), torch.sin, torch.cos, (torch.tensor(0.0),))


# -- modules -------------------------------------------------------------------------------------------------


def test_functional_call_puts_everything_back() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = {name: one.clone() for name, one in model.state_dict().items()}
    given = {name: torch.zeros_like(one) for name, one in model.named_parameters()}
    given |= {name: torch.zeros_like(one) for name, one in model.named_buffers()}
    out = func.functional_call(model, given, (torch.randn(4, 2),))
    assert torch.equal(out, torch.zeros(4, 2))
    assert all(torch.equal(one, before[name]) for name, one in model.state_dict().items())
    assert given["1.num_batches_tracked"].item() == 1  # the buffers that were given have changed
    with pytest.raises(ZeroDivisionError):
        func.functional_call(nn.Identity(), {}, (1 / 0,))
    weight = model[0].weight
    with pytest.raises(RuntimeError):
        func.functional_call(model, {"0.weight": torch.zeros(2, 5)}, (torch.randn(4, 2),))
    assert model[0].weight is weight


def test_tied_weights() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.b(self.a(x))

    model, x = Tied(), torch.tensor([1.0, 2.0])
    given = {"a.weight": 2 * torch.eye(2)}
    assert torch.equal(func.functional_call(model, given, x), 4 * x)
    separate = func.functional_call(model, given, x, tie_weights=False)
    np.testing.assert_allclose(separate.detach().numpy(), (2 * model.b(x)).detach().numpy(), rtol=1e-6)
    with pytest.raises(ValueError, match="different values"):
        func.functional_call(model, {**given, "b.weight": torch.eye(2)}, x)


def test_batch_norm_without_running_statistics() -> None:
    model = func.replace_all_batch_norm_modules_(nn.Sequential(nn.BatchNorm1d(2)))
    assert model[0].running_mean is None and not dict(model.named_buffers())
    assert model.eval()(torch.randn(4, 2)).mean(0).abs().max() < 1e-6
