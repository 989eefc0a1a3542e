"""Lazy layers find out the size of their input, and then are what they stand for."""

from __future__ import annotations

import copy

import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.nn.parameter import is_lazy


def test_parameters_without_shape_refuse_everything_but_conversion() -> None:
    layer = nn.LazyLinear(2).double()
    weight = layer.weight
    assert is_lazy(weight) and weight.requires_grad and repr(weight) == "<UninitializedParameter>"
    for use in (lambda: weight + 1, lambda: torch.relu(weight), lambda: nn.init.zeros_(weight), weight.sum):
        with pytest.raises(ValueError, match="uninitialized parameter"):
            use()
    with pytest.raises(RuntimeError, match="shape of an uninitialized"):
        _ = weight.shape
    layer(torch.ones(1, 3, dtype=torch.float64))
    assert layer.weight is weight and type(weight) is nn.Parameter and weight.dtype is torch.float64
    weight.sum().backward()
    assert weight.grad is not None


def test_optimizers_may_be_made_first() -> None:
    net = nn.Sequential(nn.LazyConv2d(2, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    assert copy.deepcopy(net)[3].has_uninitialized_params()
    out = net(torch.randn(2, 1, 5, 5))
    before = net[3].weight.detach().clone()
    out.sum().backward()
    optimizer.step()
    assert [type(one) for one in net] == [nn.Conv2d, nn.BatchNorm2d, nn.Flatten, nn.Linear]
    assert not torch.equal(net[3].weight, before) and not net[0]._forward_pre_hooks


def test_states_load_into_lazy_layers_but_not_from_them() -> None:
    full, lazy = nn.Linear(3, 2), nn.LazyLinear(2)
    assert list(nn.LazyBatchNorm1d().state_dict()) == list(nn.BatchNorm1d(1).state_dict())
    lazy.load_state_dict(full.state_dict())
    assert torch.equal(lazy.weight, full.weight) and type(lazy) is nn.LazyLinear
    with pytest.raises(AssertionError, match="in_features"):
        copy.deepcopy(lazy)(torch.ones(1, 4))
    x = torch.ones(1, 3)
    assert torch.equal(lazy(x), full(x)) and lazy.in_features == 3
    with pytest.raises(RuntimeError, match="uninitialized"):
        full.load_state_dict(nn.LazyLinear(2).state_dict())
    nn.LazyLinear(2).load_state_dict(nn.LazyLinear(2).state_dict())


def test_a_failed_load_leaves_it_lazy() -> None:
    net = nn.Sequential(nn.LazyLinear(2), nn.Linear(2, 2))
    state = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1)).state_dict()
    with pytest.raises(RuntimeError, match="size mismatch"):
        net.load_state_dict(state)
    assert is_lazy(net[0].weight)
    assert net(torch.ones(1, 5)).shape == (1, 2)


def test_inputs_that_do_not_fit() -> None:
    with pytest.raises(RuntimeError, match="3D"):
        nn.LazyConv2d(2, 3)(torch.ones(2, 3))
    with pytest.raises(ValueError, match="divisible by groups"):
        nn.LazyConv2d(2, 3, groups=2)(torch.ones(1, 3, 5, 5))


class LazyNothing(nn.modules.lazy.LazyModuleMixin, nn.Module):
    def __init__(self, initializes: bool) -> None:
        super().__init__()
        self.scale = nn.UninitializedParameter()
        if initializes:
            self.initialize_parameters = lambda x: None

    def forward(self, x):
        return x


def test_mixins_must_say_how() -> None:
    with pytest.raises(NotImplementedError, match="initialize_parameters"):
        LazyNothing(False)(torch.ones(1))
    with pytest.raises(RuntimeError, match="not been fully initialized"):
        LazyNothing(True)(torch.ones(1))


def test_a_parameter_that_no_lazy_module_knows_cannot_be_loaded() -> None:
    module = nn.Module()
    module.weight = nn.UninitializedParameter()
    with pytest.raises(ValueError, match="uninitialized"):
        module.load_state_dict({"weight": torch.ones(2)})
