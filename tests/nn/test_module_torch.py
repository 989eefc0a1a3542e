"""The protocol of `nn.Module` step by step as PyTorch has it: the same program in both, the same trace."""

from __future__ import annotations

import copy
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

import tinygrad_kr

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

Program = Callable[[Any], Any]
programs: list[Program] = []


def program(function: Program) -> Program:
    """Declare a function of the framework, whose result must be the same in both."""
    programs.append(function)
    return function


def failure(act: Callable[[], Any]) -> str:
    """The type and the text of the error that `act` raises."""
    try:
        act()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "none"


def net_of(torch: Any) -> Any:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(1))
            self.block = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU())
            self.heads = torch.nn.ModuleList([torch.nn.Linear(4, 2), torch.nn.Linear(4, 2)])
            self.options = torch.nn.ModuleDict({"drop": torch.nn.Identity(), "none": torch.nn.Tanh()})
            self.extra = torch.nn.ParameterList([torch.zeros(2, 3)])
            self.named = torch.nn.ParameterDict({"a": torch.zeros(2)})
            self.register_buffer("steps", torch.tensor(0), persistent=False)
            self.empty = None

        def forward(self, x: Any) -> Any:
            x = self.block(x) * self.scale
            return self.heads[0](x), self.heads[1](x)

    return Net()


@program
def names(torch: Any) -> Any:
    net = net_of(torch)
    net.tied = net.block[0]
    net.train(False)
    return [
        [name for name, _ in net.named_parameters()],
        [name for name, _ in net.named_parameters("p", remove_duplicate=False)],
        [name for name, _ in net.named_buffers()],
        [name for name, _ in net.named_modules()],
        [name for name, _ in net.named_modules(prefix="m", remove_duplicate=False)],
        [name for name, _ in net.named_children()],
        list(net.state_dict(prefix="q.")),
        [(key, dict(value)) for key, value in net.state_dict()._metadata.items()],
        [module.training for module in net.modules()],
    ]


@program
def text(torch: Any) -> Any:
    nn = torch.nn

    class Multi(nn.Module):
        def extra_repr(self) -> str:
            return "one line\n\nanother"

    with_child = Multi()
    with_child.child = nn.ReLU()
    return [
        repr(one)
        for one in (
            *(net_of(torch), Multi(), with_child, nn.ModuleList(), nn.Sequential(), nn.ModuleDict()),
            nn.ParameterList([torch.zeros(2), nn.Parameter(torch.zeros(2, 2)), 3]),
            nn.ParameterDict(OrderedDict(b=torch.zeros(2), a=3)),
            nn.ModuleList(
                [nn.Linear(1, 1), nn.Linear(1, 1), nn.Sequential(nn.ReLU()), nn.Sequential(nn.ReLU())]
            ),
            nn.Parameter(torch.tensor([1.0, 2.0])),
            nn.Buffer(torch.zeros(1)),
        )
    ]


@program
def loading(torch: Any) -> Any:
    net = net_of(torch)
    state = net_of(torch).state_dict()
    del state["block.0.bias"], state["heads.1.weight"]
    state["heads.0.weight"] = torch.zeros(3, 3)
    state["stray"] = torch.zeros(1)
    state["block.7.weight"] = torch.zeros(1)
    state["heads.0.deep.er"] = torch.zeros(1)
    state["scale"] = 3.0
    return [
        failure(lambda: net.load_state_dict(state)),
        failure(lambda: net.load_state_dict(state, strict=False)),
        failure(lambda: net.load_state_dict([])),
        repr(net.load_state_dict({"named.a": torch.ones(2), "x": torch.ones(1)}, strict=False)),
        repr(net.load_state_dict(net.state_dict())),
        net.named["a"].tolist(),
    ]


@program
def errors(torch: Any) -> Any:
    nn = torch.nn
    net = net_of(torch)
    plain = nn.Module()
    plain.p = nn.Parameter(torch.ones(1))
    plain.child = nn.ReLU()
    plain.register_buffer("b", torch.ones(1))
    return [
        failure(act)
        for act in (
            lambda: setattr(plain, "child", 3),
            lambda: setattr(plain, "child", torch.ones(1)),
            lambda: setattr(plain, "b", 3),
            lambda: plain.register_buffer("p", torch.ones(1)),
            lambda: plain.register_buffer("c", [1]),
            lambda: plain.register_buffer("c", None, persistent=False),
            lambda: plain.register_parameter("child", nn.Parameter(torch.ones(1))),
            lambda: plain.register_parameter("q", torch.ones(1)),
            lambda: plain.register_parameter("", None),
            lambda: plain.add_module("x", 3),
            lambda: plain.add_module("p", nn.ReLU()),
            lambda: plain.add_module("a.b", nn.ReLU()),
            lambda: plain.missing,
            lambda: plain(1),
            lambda: plain.train("yes"),
            lambda: net.get_submodule("block.9"),
            lambda: net.get_submodule("scale"),
            lambda: net.get_parameter("block.0.nothing"),
            lambda: net.get_parameter("steps"),
            lambda: net.get_buffer("scale"),
            lambda: net.set_submodule("", nn.ReLU()),
            lambda: net.set_submodule("scale", nn.ReLU()),
            lambda: nn.Module(1),
            lambda: nn.Module(a=1),
            lambda: nn.Linear(1, 1).half().float().double().weight.dtype == torch.float64,
            lambda: nn.Sequential() + 3,
            lambda: nn.ModuleList().extend(3),
            lambda: nn.ModuleDict().update(3),
            lambda: nn.ModuleDict({"a": 3}),
            lambda: nn.ParameterList([1])(),
            lambda: nn.ParameterList().extend(torch.ones(2)),
        )
    ]


@program
def forward_hooks(torch: Any) -> Any:
    net, trace = net_of(torch), []
    for name, module in net.named_modules():
        module.register_forward_pre_hook(lambda m, args, name=name: trace.append(f"pre {name}"))
        module.register_forward_hook(lambda m, args, out, name=name: trace.append(f"post {name}"))
        module.register_forward_hook(
            lambda m, args, kwargs, out, name=name: trace.append(f"first {name} {kwargs}"),
            prepend=True,
            with_kwargs=True,
        )
    net.block[0].register_forward_hook(lambda m, args, out: out * 0, always_call=True)
    net(torch.ones(2, 3))
    trace.append(failure(lambda: net(torch.ones(2, 5)))[:20])
    return trace


@program
def backward_hooks(torch: Any) -> Any:
    torch.manual_seed(0)
    net, trace = net_of(torch), []
    shapes = lambda grads: [None if g is None else list(g.shape) for g in grads]  # noqa: E731

    def see(name: str) -> Callable[..., None]:
        return lambda m, gi, go: trace.append((name, shapes(gi), shapes(go)))

    for name, module in net.named_modules():
        module.register_full_backward_hook(see(f"full {name}"))
        module.register_full_backward_pre_hook(
            lambda m, go, name=name: trace.append((f"pre {name}", shapes(go)))
        )
    one, two = net(torch.ones(2, 3, requires_grad=True))
    (one.sum() + two.sum()).backward()
    trace.append(None)
    one, two = net(torch.ones(2, 3))
    (one.sum() + two.sum()).backward()
    return trace


@program
def replaced_gradients(torch: Any) -> Any:
    m = torch.nn.Linear(2, 2, bias=False)
    torch.nn.init.ones_(m.weight)
    m.register_full_backward_pre_hook(lambda m, go: (go[0] * 2,))
    m.register_full_backward_hook(lambda m, gi, go: (gi[0] + 1,))
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    m(x).sum().backward()
    result = [x.grad.tolist(), m.weight.grad.tolist()]
    m.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
    return [*result, failure(lambda: m(x).sum().backward())]


@program
def copies(torch: Any) -> Any:
    torch.manual_seed(1)
    net = net_of(torch)
    net.block[0].weight.requires_grad_(False)
    net.second = net.block
    other = copy.deepcopy(net).eval()
    return [
        other.second is other.block,
        [p.requires_grad for p in other.parameters()],
        net.training,
        other.training,
        [p.tolist() for p in other.parameters()],
    ]


@program
def conversion(torch: Any) -> Any:
    net = net_of(torch)
    one, _ = net(torch.ones(2, 3))
    one.sum().backward()
    net.double()
    dtypes = [str(t.dtype) for t in (*net.parameters(), *net.buffers())]
    grads = [None if p.grad is None else str(p.grad.dtype) for p in net.parameters()]
    return [dtypes, grads, failure(lambda: net.to(torch.int32))[:40], str(net.to(torch.float16).scale.dtype)]


@pytest.mark.parametrize("one", programs, ids=lambda one: one.__name__)
def test_same_trace(one: Program) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, got = one(torch), one(tinygrad_kr)
    assert len(got) == len(expected)
    for mine, theirs in zip(got, expected):
        if isinstance(mine, str) and "Error: " in mine:  # hints may follow PyTorch's words
            words = theirs.replace("torch.nn.modules.module.", "").rstrip("'\"")
            assert mine.startswith(words), f"{mine!r} does not start with {words!r}"
        else:
            assert mine == theirs
