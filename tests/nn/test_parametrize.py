"""Parametrizations, weight and spectral norm, pruning and fusion do what they say."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.nn.utils import parametrizations, parametrize, prune


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).T

    def right_inverse(self, x):
        return x.triu()


class Double(nn.Module):
    def forward(self, x):
        return 2 * x


class Flattened(nn.Module):
    def forward(self, x):
        return x.flatten()


class Sum(nn.Module):
    def forward(self, one, two):
        return one + two

    def right_inverse(self, x):
        return x / 2, x / 2


def test_a_parametrized_weight_is_computed_and_trained() -> None:
    layer = nn.Linear(3, 3)
    original = layer.weight
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert layer.parametrizations.weight.original is original  # an optimizer that has it goes on
    assert torch.equal(layer.weight, layer.weight.T) and isinstance(layer, nn.Linear)
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    layer(torch.randn(2, 3)).sum().backward()
    assert original.grad is not None and (original.grad.numpy()[np.tril_indices(3, -1)] == 0).all()
    with torch.no_grad():
        layer.weight = torch.ones(3, 3)
    assert torch.equal(layer.weight, torch.ones(3, 3)) and original[1, 0] == 0


def test_maps_are_chained_and_removed() -> None:
    layer = nn.Linear(2, 2)
    start = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Double())
    parametrize.register_parametrization(layer, "weight", Double())
    parametrize.register_parametrization(layer, "bias", Double())
    assert torch.equal(layer.weight, 4 * start)
    assert repr(layer).startswith("ParametrizedLinear(")
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert torch.equal(layer.weight, start) and parametrize.is_parametrized(layer)
    parametrize.remove_parametrizations(layer, "bias")
    assert type(layer) is nn.Linear and not parametrize.is_parametrized(layer)
    assert sorted(dict(layer.named_parameters())) == ["bias", "weight"]


def test_several_originals() -> None:
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Sum())
    assert [n for n, _ in layer.named_parameters()][1:] == [
        "parametrizations.weight.original0",
        "parametrizations.weight.original1",
    ]
    layer.weight = torch.eye(2)
    assert torch.equal(layer.parametrizations.weight.original0, torch.eye(2) / 2)
    with pytest.raises(ValueError, match="leave_parametrized"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert isinstance(parametrize.remove_parametrizations(layer, "weight").weight, nn.Parameter)


def test_cached_computes_once() -> None:
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Double())
    with parametrize.cached():
        assert layer.weight is layer.weight
        with parametrize.cached():
            inner = layer.weight
        assert layer.weight is inner
    assert layer.weight is not layer.weight


def test_wrong_maps_are_refused() -> None:
    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="shape"):
        parametrize.register_parametrization(layer, "weight", Flattened())
    assert type(layer) is nn.Linear
    parametrize.register_parametrization(layer, "weight", Flattened(), unsafe=True)
    assert layer.weight.shape == (4,)
    with pytest.raises(ValueError, match="does not have a parameter"):
        parametrize.register_parametrization(layer, "wait", Double())
    with pytest.raises(ValueError, match="does not have a parametrization"):
        parametrize.remove_parametrizations(layer, "bias")
    with pytest.raises(RuntimeError, match="right_inverse"):
        layer.weight = torch.ones(4)


def test_copies_are_independent_and_pickles_refused() -> None:
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Double())
    other = copy.deepcopy(nn.Sequential(layer))[0]
    parametrize.remove_parametrizations(layer, "weight")
    assert parametrize.is_parametrized(other) and torch.equal(other.weight, layer.weight)
    with pytest.raises(RuntimeError, match="state_dict"):
        pickle.dumps(other)


def test_transfer() -> None:
    one, two = nn.Linear(2, 2), nn.Linear(2, 2)
    parametrize.register_parametrization(one, "weight", Double())
    parametrize.transfer_parametrizations_and_params(one, two)
    assert torch.equal(one.weight, two.weight)
    assert parametrize.transfer_parametrizations_and_params(nn.Linear(2, 2), two) is two


def test_older_weight_norm_loads_into_the_newer() -> None:
    with pytest.warns(FutureWarning):
        old = nn.utils.weight_norm(nn.Linear(2, 3))
    new = parametrizations.weight_norm(nn.Linear(2, 3))
    new.load_state_dict(old.state_dict())
    x = torch.randn(4, 2)
    assert torch.equal(old(x), new(x))
    with pytest.raises(RuntimeError, match="two weight_norm"), pytest.warns(FutureWarning):
        nn.utils.weight_norm(old)
    with pytest.raises(ValueError, match="not found"):
        nn.utils.remove_weight_norm(new)


def test_spectral_norm_goes_to_one() -> None:
    for made in (parametrizations.spectral_norm, nn.utils.spectral_norm):
        layer = made(nn.Conv2d(2, 3, 3), n_power_iterations=30)
        layer(torch.randn(1, 2, 5, 5))
        assert np.linalg.norm(layer.weight.flatten(1).detach().numpy(), 2) == pytest.approx(1, rel=1e-4)


def test_orthogonal_accepts_values_and_refuses_others() -> None:
    layer = parametrizations.orthogonal(nn.Linear(3, 5))
    value = torch.linalg.qr(torch.randn(5, 3)).Q
    layer.weight = value
    assert torch.allclose(layer.weight, value, atol=1e-5)
    with pytest.raises(ValueError, match="shape"):
        layer.weight = torch.eye(3)
    with pytest.raises(ValueError, match="orthogonal_map"):
        parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map="exp")
    with pytest.raises(ValueError, match="1 dimensions"):
        parametrizations.orthogonal(nn.Linear(2, 2), "bias")


@pytest.mark.parametrize(
    "amount, error", [("0.5", TypeError), (-1, ValueError), (1.5, ValueError), (7, ValueError)]
)
def test_amounts_out_of_range_leave_the_module_alone(amount: object, error: type[Exception]) -> None:
    layer = nn.Linear(2, 3)
    with pytest.raises(error):
        prune.l1_unstructured(layer, "weight", amount=amount)
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_pruned_weights_stay_zero_while_the_rest_is_trained() -> None:
    layer = prune.l1_unstructured(nn.Linear(4, 3), "weight", amount=0.5)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    gone = layer.weight == 0
    for _ in range(3):
        optimizer.zero_grad()
        layer(torch.randn(2, 4)).square().sum().backward()
        optimizer.step()
    layer(torch.randn(2, 4))
    assert gone.sum() == 6 and torch.equal(layer.weight == 0, gone)
    with pytest.raises(ValueError, match="has to be pruned"):
        prune.remove(layer, "bias")


def test_fusion_is_for_evaluation() -> None:
    conv, bn = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)
    with pytest.raises(AssertionError, match="eval"):
        nn.utils.fuse_conv_bn_eval(conv, bn)
    with pytest.raises(AssertionError, match="num_features"):
        nn.utils.fuse_linear_bn_eval(nn.Linear(2, 2).eval(), nn.BatchNorm1d(3).eval())
    with pytest.raises(AssertionError, match="running_mean"):
        nn.utils.fuse_conv_bn_eval(conv.eval(), nn.BatchNorm2d(3, track_running_stats=False).eval())


def test_skip_init_draws_nothing() -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    assert nn.utils.skip_init(nn.Linear, 3, 2).weight.shape == (2, 3)
    assert torch.rand(1) == expected
    with pytest.raises(RuntimeError, match="device"):
        nn.utils.skip_init(nn.ReLU)
