"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn


def names(module: nn.Module) -> list[str]:
    return [f"{key}:{type(one).__name__}" for key, one in module._modules.items()]


def test_sequential_calls_one_after_the_other() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    x = torch.randn(4, 3)
    assert torch.equal(net(x), torch.relu(net[0](x)))
    assert nn.Sequential()(x) is x


def test_sequential_by_name_index_and_slice() -> None:
    net = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh(), c=nn.Sigmoid()))
    assert net.b is net[1] and net[-1] is net.c and len(net) == 3
    part = net[1:]
    assert names(part) == ["b:Tanh", "c:Sigmoid"] and part[0] is net.b
    net[0] = nn.GELU()
    assert names(net) == ["a:GELU", "b:Tanh", "c:Sigmoid"]
    del net[0]
    assert names(net) == ["0:Tanh", "1:Sigmoid"]
    for index in (2, -3):
        with pytest.raises(IndexError, match=f"index {index} is out of range"):
            net[index]
    with pytest.raises(TypeError):
        net["0"]


def test_sequential_grows_and_shrinks() -> None:
    net = nn.Sequential(nn.ReLU())
    assert net.append(nn.Tanh()) is net
    net.insert(0, nn.GELU())
    net.insert(-1, nn.SELU())
    net.extend([nn.Sigmoid()])
    assert names(net) == ["0:GELU", "1:ReLU", "2:SELU", "3:Tanh", "4:Sigmoid"]
    assert type(net.pop(1)).__name__ == "ReLU"
    del net[1:3]
    assert names(net) == ["0:GELU", "1:Sigmoid"]
    assert names(net + nn.Sequential(nn.Tanh())) == ["0:GELU", "1:Sigmoid", "2:Tanh"]
    assert len(net * 2) == len(2 * net) == 4 and (net * 2)[0] is (net * 2)[2]
    net += nn.Sequential(nn.Tanh())
    net *= 2
    assert len(net) == 6
    for act, error, message in (
        (lambda: net + nn.ReLU(), ValueError, "only objects of Sequential class"),
        (lambda: net * 1.5, TypeError, "unsupported operand"),
        (lambda: net * 0, ValueError, "Non-positive multiplication factor 0"),
        (lambda: net.insert(9, nn.ReLU()), IndexError, "Index out of range: 9 for 6"),
        (lambda: net.insert(0, 3), AssertionError, "should be of type"),
        (lambda: net.append(3), TypeError, "int is not a Module subclass"),
        (lambda: net.extend(3), TypeError, "Sequential.extend should be called with an iterable"),
        (lambda: nn.Sequential([nn.ReLU()]), TypeError, "list is not a Module subclass"),
    ):
        with pytest.raises(error, match=message):
            act()


def test_module_list() -> None:
    layers = nn.ModuleList(nn.Linear(size, 1) for size in (1, 2, 3))
    assert len(list(layers.parameters())) == 6 and layers[-1].in_features == 3
    layers[0] = nn.ReLU()
    layers.insert(1, nn.Tanh())
    layers.append(nn.GELU()).extend([nn.SELU()])
    layers += [nn.ELU()]
    assert [name.split(":")[1] for name in names(layers)] == [
        *("ReLU", "Tanh", "Linear", "Linear", "GELU", "SELU", "ELU")
    ]
    assert type(layers[2:4]) is nn.ModuleList and len(layers[2:4]) == 2
    assert len(layers + [nn.ReLU()]) == 8 and isinstance(layers.pop(0), nn.ReLU)
    del layers[-1]
    assert names(layers)[0] == "0:Tanh" and len(layers) == 5
    assert nn.ModuleList().__repr__() == "ModuleList()"
    with pytest.raises(TypeError, match=r"ModuleList.extend should be called with an iterable, but got int"):
        layers.extend(3)
    with pytest.raises(NotImplementedError, match=r"ModuleList"):
        layers(1)


def test_module_list_repr_counts_equal_neighbours() -> None:
    layers = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Sequential(nn.Tanh()), nn.Sequential(nn.Tanh())])
    assert repr(layers) == (
        "ModuleList(\n  (0-1): 2 x ReLU()\n  (2-3): 2 x Sequential(\n    (0): Tanh()\n  )\n)"
    )


def test_module_dict() -> None:
    d = nn.ModuleDict({"b": nn.ReLU(), "a": nn.Tanh()})
    assert list(d) == ["b", "a"] == list(d.keys()) and "a" in d and len(d) == 2
    d["c"] = nn.GELU()
    d.update([("a", nn.SELU()), ("d", nn.ELU())])
    assert names(d) == ["b:ReLU", "a:SELU", "c:GELU", "d:ELU"]
    assert isinstance(d.pop("b"), nn.ReLU) and [type(v).__name__ for v in d.values()] == [
        "SELU",
        "GELU",
        "ELU",
    ]
    del d["a"]
    assert [key for key, _ in d.items()] == ["c", "d"]
    d.clear()
    assert len(d) == 0
    for act, error, message in (
        (lambda: d.update(3), TypeError, "ModuleDict.update should be called with an iterable"),
        (lambda: d.update([3]), TypeError, "element #0 should be Iterable; is int"),
        (lambda: d.update([("a", 1, 2)]), ValueError, "element #0 has length 3; 2 is required"),
        (lambda: d.update({"a": 3}), TypeError, "int is not a Module subclass"),
        (lambda: d["zz"], KeyError, "zz"),
    ):
        with pytest.raises(error, match=message):
            act()


def test_parameter_list() -> None:
    p = nn.ParameterList([torch.ones(1), nn.Parameter(torch.zeros(2)), "text"])
    assert [name for name, _ in p.named_parameters()] == ["0", "1"] and p[2] == "text" and len(p) == 3
    p.append(torch.ones(3)).extend([torch.ones(4)])
    p += [torch.ones(5)]
    assert [tuple(one.shape) for one in p if not isinstance(one, str)] == [(1,), (2,), (3,), (4,), (5,)]
    p[0] = torch.ones(7)
    assert isinstance(p[0], nn.Parameter) and p[0].shape == (7,)
    assert type(p[3:]) is nn.ParameterList and p[3:][0] is p[3] and p[-1].shape == (5,)
    with pytest.raises(IndexError):
        p[6]
    with pytest.raises(TypeError, match=r"should be called with an iterable, but got Tensor"):
        p.extend(torch.ones(2))
    with pytest.raises(RuntimeError, match=r"should not be called"):
        p(1)


def test_parameter_dict() -> None:
    d = nn.ParameterDict({"b": torch.ones(1), "a": torch.zeros(2)})
    assert list(d) == ["a", "b"]
    d = nn.ParameterDict(OrderedDict(b=torch.ones(1), a=torch.zeros(2)))
    assert list(d) == ["b", "a"] == [name for name, _ in d.named_parameters()] and list(reversed(d)) == [
        "a",
        "b",
    ]
    d["c"] = torch.ones(3)
    d["note"] = 5
    assert isinstance(d["c"], nn.Parameter) and d.get("zz", 1) == 1 and d.get("note") == 5 and "c" in d
    assert d.setdefault("e", torch.ones(1)) is d["e"] and d.setdefault("c") is d["c"]
    assert d.popitem()[0] == "e" and d.pop("note") == 5
    other = nn.ParameterDict([("z", torch.ones(1))])
    assert list(d | other) == ["b", "a", "c", "z"] and list(d.copy()) == ["b", "a", "c"]
    assert (d | other)["a"] is d["a"]
    d |= other
    del d["b"]
    assert list(d.keys()) == ["a", "c", "z"] == [key for key, _ in d.items()] and len(list(d.values())) == 3
    assert list(d.fromkeys(["x", "y"], torch.ones(1))) == ["x", "y"]
    d.clear()
    assert len(d) == 0 and not list(d.parameters())
    with pytest.raises(TypeError, match=r"not a string .type is 'int'"):
        d[3] = torch.ones(1)
    with pytest.raises(RuntimeError, match=r"should not be called"):
        d(1)


def test_a_mutated_sequential_is_still_found_by_the_state_dict() -> None:
    net: Any = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
    net.insert(0, nn.Linear(2, 1))
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
