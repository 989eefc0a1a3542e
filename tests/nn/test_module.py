"""`nn.Module`: registration, the tree, conversion, hooks of the call, text, copies."""

from __future__ import annotations

import copy
import gc
import pickle
import warnings
import weakref

import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn


class Net(nn.Module):
    """Two layers, one of them nested, a parameter, a buffer that is saved and one that is not."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.first = nn.Linear(3, 4)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(4, 2, bias=False))
        self.register_buffer("steps", torch.tensor(0))
        self.register_buffer("cache", torch.zeros(2), persistent=False)

    def forward(self, x: torch.Tensor, *, shift: float = 0.0) -> torch.Tensor:
        return self.scale * self.rest(self.first(x)) + shift


NAMES = ["scale", "first.weight", "first.bias", "rest.1.weight"]


# -- registration ----------------------------------------------------------------------------------


def test_members_are_registered_in_the_order_of_assignment() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [name for name, _ in net.named_buffers()] == ["steps", "cache"]
    assert list(net.state_dict()) == ["scale", "steps", *NAMES[1:]]
    assert [name for name, _ in net.named_modules()] == ["", "first", "rest", "rest.0", "rest.1"]
    assert [name for name, _ in net.named_children()] == ["first", "rest"]
    assert net.first.weight is dict(net.named_parameters())["first.weight"]


def test_prefix_recurse_and_remove_duplicate() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters("m", recurse=False)] == ["m.scale"]
    assert [name for name, _ in net.first.named_parameters("m")] == ["m.weight", "m.bias"]
    net.tied = net.first
    net.also = net.scale
    assert [name for name, _ in net.named_parameters()] == NAMES
    doubled = [name for name, _ in net.named_parameters(remove_duplicate=False)]
    assert doubled == ["scale", "also", *NAMES[1:], "tied.weight", "tied.bias"]
    assert [name for name, _ in net.named_modules()] == ["", "first", "rest", "rest.0", "rest.1"]
    assert "tied" in [name for name, _ in net.named_modules(remove_duplicate=False)]
    assert len(list(net.children())) == 2


def test_a_name_moves_when_something_else_is_assigned_to_it() -> None:
    m = nn.Module()
    m.x = 3
    m.x = nn.Parameter(torch.ones(1))
    assert "x" not in vars(m) and list(m._parameters) == ["x"]
    m.x = None
    assert m.x is None and list(m.parameters()) == []
    del m.x
    m.x = nn.ReLU()
    m.x = nn.Parameter(torch.ones(1))
    assert list(m._modules) == [] and list(m._parameters) == ["x"]
    del m.x
    m.register_buffer("x", torch.zeros(1), persistent=False)
    m.x = torch.ones(1)
    assert m.x.item() == 1 and "x" in m._non_persistent_buffers_set
    m.x = nn.Parameter(torch.ones(1))
    assert not m._buffers and not m._non_persistent_buffers_set
    with pytest.raises(AttributeError):
        del m.y


def test_buffers_by_assignment() -> None:
    m = nn.Module()
    m.seen = nn.Buffer(torch.zeros(1))
    m.hidden = nn.Buffer(torch.zeros(1), persistent=False)
    assert [name for name, _ in m.named_buffers()] == ["seen", "hidden"]
    assert list(m.state_dict()) == ["seen"]
    assert isinstance(m.seen, torch.Tensor) and not isinstance(m.seen, nn.Parameter)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda m, p: m.register_parameter("a.b", p), KeyError, "t contain"),
        (lambda m, p: m.register_parameter("", p), KeyError, "t be empty"),
        (lambda m, p: m.register_parameter(3, p), TypeError, "should be a string. Got int"),
        (lambda m, p: m.register_parameter("training", p), KeyError, "attribute 'training' already exists"),
        (
            lambda m, p: m.register_parameter("z", torch.ones(1)),
            TypeError,
            "cannot assign 'torch.FloatTensor'",
        ),
        (lambda m, p: m.register_buffer("b", 3), TypeError, "cannot assign 'int' object to buffer 'b'"),
        (lambda m, p: m.register_buffer("linear", torch.ones(1)), KeyError, "'linear' already exists"),
        (lambda m, p: m.add_module("a", 3), TypeError, "int is not a Module subclass"),
        (lambda m, p: m.add_module("a.b", nn.ReLU()), KeyError, "t contain"),
        (lambda m, p: m.add_module("p", nn.ReLU()), KeyError, "'p' already exists"),
        (lambda m, p: setattr(m, "linear", 3), TypeError, "cannot assign 'int' as child module 'linear'"),
        (lambda m, p: setattr(m, "p", torch.ones(1)), TypeError, "as parameter 'p' .*wrap it in"),
        (lambda m, p: setattr(m, "b", 3), TypeError, "cannot assign 'int' as buffer 'b'"),
        (lambda m, p: m.train(1), ValueError, "training mode is expected to be boolean"),
        (lambda m, p: m(1), NotImplementedError, 'missing the required "forward" function'),
        (lambda m, p: nn.Module(3), TypeError, "takes 1 positional argument but 2 were given"),
        (lambda m, p: nn.Module(x=3), TypeError, "unexpected keyword argument 'x'"),
    ],
)
def test_errors_name_what_is_wrong(act, error, message) -> None:
    m = nn.Module()
    m.linear = nn.Linear(1, 1)
    m.p = nn.Parameter(torch.ones(1))
    if "buffer 'b'" in message and "as buffer" in message:
        m.register_buffer("b", torch.ones(1))
    with pytest.raises(error, match=message):
        act(m, m.p)


def test_a_computed_parameter_is_refused() -> None:
    computed = nn.Parameter(torch.ones(1))
    computed._node = (torch.ones(1, requires_grad=True) * 2)._node
    with pytest.raises(ValueError, match=r"Cannot assign non-leaf Tensor to parameter 'p'"):
        nn.Module().register_parameter("p", computed)


def test_assignment_before_init_says_what_to_do() -> None:
    class Early(nn.Module):
        def __init__(self, value: object) -> None:
            self.value = value

    for value, kind in (
        (nn.Linear(1, 1), "module"),
        (nn.Parameter(torch.ones(1)), "parameters"),
        (nn.Buffer(torch.ones(1)), "buffer"),
    ):
        with pytest.raises(AttributeError, match=rf"cannot assign {kind} before .*super\(\).__init__\(\)"):
            Early(value)
    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\) first in Early"):
        Early(3)(1)


def test_a_missing_attribute_names_class_and_attribute() -> None:
    with pytest.raises(AttributeError, match=r"'Net' object has no attribute 'frist'") as caught:
        Net().frist  # noqa: B018
    assert caught.value.name == "frist"


def test_an_attribute_error_inside_a_property_is_not_hidden() -> None:
    class Wrong(nn.Module):
        @property
        def width(self) -> int:
            return self.missing

    with pytest.raises(AttributeError, match=r"'missing'"):
        Wrong().width  # noqa: B018


# -- plain containers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ([nn.Linear(1, 1)], "nn.ModuleList"),
        ((nn.Linear(1, 1), 3), "nn.ModuleList"),
        ({"a": nn.Linear(1, 1)}, "nn.ModuleDict"),
        ([nn.Parameter(torch.ones(1))], "nn.ParameterList"),
        ({"a": nn.Parameter(torch.ones(1))}, "nn.ParameterDict"),
    ],
)
def test_a_plain_container_of_modules_warns(value, advice) -> None:
    m = nn.Module()
    with pytest.warns(
        UserWarning, match=rf"Module\.layers is a plain {type(value).__name__}.*{advice}"
    ) as caught:
        m.layers = value
    assert caught[0].filename == __file__


def test_a_list_filled_later_warns_when_the_parameters_are_asked_for() -> None:
    m = nn.Module()
    m.layers = []
    m.layers.append(nn.Linear(1, 1))
    with pytest.warns(UserWarning, match=r"Module.layers is a plain list"):
        assert list(m.parameters()) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(m.parameters())


def test_plain_containers_that_hide_nothing_do_not_warn() -> None:
    m = nn.Module()
    m.one, m.two = nn.Linear(1, 1), nn.Linear(1, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        m.layers = [m.one, m.two]
        m.weights = (m.one.weight,)
        m.sizes = [1, 2]
        m.empty = []
        m.names = {"a": 1}
        list(m.parameters())


# -- the tree --------------------------------------------------------------------------------------


def test_members_by_their_full_names() -> None:
    net = Net()
    assert net.get_submodule("") is net and net.get_submodule("rest.1") is net.rest[1]
    assert net.get_parameter("rest.1.weight") is net.rest[1].weight
    assert net.get_buffer("steps") is net.steps
    for act, message in (
        (lambda: net.get_submodule("rest.7"), "Sequential has no attribute `7`"),
        (lambda: net.get_submodule("first.weight"), "`weight` is not an nn.Module"),
        (lambda: net.get_parameter("steps"), "`steps` is not an nn.Parameter"),
        (lambda: net.get_buffer("first.weight"), "`weight` is not a buffer"),
    ):
        with pytest.raises(AttributeError, match=message):
            act()
    net.set_submodule("rest.0", nn.Tanh())
    assert isinstance(net.rest[0], nn.Tanh)
    with pytest.raises(AttributeError, match=r"has no attribute `new`"):
        net.set_submodule("rest.new", nn.Tanh(), strict=True)


def test_apply_goes_through_the_children_first() -> None:
    seen: list[str] = []
    net = Net()
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "Linear", "Sequential", "Net"]


def test_train_and_eval_reach_every_module() -> None:
    net = Net()
    assert net.eval() is net and not any(m.training for m in net.modules())
    assert net.train() is net and all(m.training for m in net.modules())


def test_gradient_flags_and_zero_grad() -> None:
    net = Net()
    net(torch.ones(2, 3)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all(p.grad is not None and p.grad.abs().sum().item() == 0 for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    net.requires_grad_(False)
    assert not net(torch.ones(2, 3)).requires_grad
    net.first.requires_grad_()
    assert [p.requires_grad for p in net.parameters()] == [False, True, True, False]


# -- conversion ------------------------------------------------------------------------------------


def test_conversion_keeps_the_parameter_objects_and_leaves_integers_alone() -> None:
    net = Net()
    before = list(net.parameters())
    net(torch.ones(2, 3)).sum().backward()
    assert net.double() is net
    assert all(now is then for now, then in zip(net.parameters(), before))
    assert {p.dtype for p in net.parameters()} == {torch.float64}
    assert {p.grad.dtype for p in net.parameters()} == {torch.float64}
    assert net.steps.dtype is torch.int64 and net.cache.dtype is torch.float64
    net.zero_grad()
    net(torch.ones(2, 3, dtype=torch.float64)).sum().backward()
    assert net.scale.grad.dtype is torch.float64
    assert net.to(torch.float32).scale.dtype is torch.float32
    assert net.to("cpu", torch.float16).scale.dtype is torch.float16
    assert net.to(torch.zeros(1)).scale.dtype is torch.float32
    assert net.half().float().scale.dtype is torch.float32
    assert net.to("cpu").cpu() is net and net.share_memory() is net and net.compile() is net
    assert net.type(torch.float64).steps.dtype is torch.float64
    assert net.to_empty(device="cpu").scale.shape == (1,)


def test_tied_parameters_stay_tied_through_conversion() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    net.double()
    assert net[1].weight is net[0].weight and net[0].weight.dtype is torch.float64


def test_impossible_conversions() -> None:
    net = Net()
    with pytest.raises(TypeError, match=r"only accepts floating point.*torch.int64"):
        net.to(torch.int64)
    with pytest.raises(AssertionError, match=r"CUDA"):
        net.to("cuda")
    with pytest.raises(AssertionError, match=r"CUDA"):
        net.cuda()
    with pytest.raises(TypeError, match=r"got float"):
        net.to(3.0)


# -- text, copies, memory --------------------------------------------------------------------------


def test_repr() -> None:
    assert repr(Net()) == (
        "Net(\n"
        "  (first): Linear(in_features=3, out_features=4, bias=True)\n"
        "  (rest): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Linear(in_features=4, out_features=2, bias=False)\n"
        "  )\n"
        ")"
    )
    assert repr(nn.Module()) == "Module()"
    assert repr(nn.Parameter(torch.ones(1))) == "Parameter containing:\ntensor([1.], requires_grad=True)"


def test_dir_lists_what_is_registered() -> None:
    assert {"scale", "first", "steps", "forward", "training"} <= set(dir(Net()))
    assert "0" not in dir(nn.Sequential(nn.ReLU()))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_independent_and_keep_what_is_shared(duplicate) -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Linear(2, 2))
    net[2].weight = net[0].weight
    net.eval()
    net[0].bias.requires_grad_(False)
    other = duplicate(net)
    assert other[2].weight is other[0].weight and other[0].weight is not net[0].weight
    assert isinstance(other[0].weight, nn.Parameter) and not other.training
    assert not other[0].bias.requires_grad
    x = torch.randn(3, 2)
    assert torch.equal(net(x), other(x))
    with torch.no_grad():
        other[0].weight.zero_()
    assert not torch.equal(net(x), other(x))


def test_a_module_leaves_no_cycle() -> None:
    gc.collect()
    gc.disable()
    try:
        net = Net()
        net(torch.ones(2, 3)).sum().backward()
        net.register_forward_hook(lambda *_: None)
        net.register_load_state_dict_pre_hook(lambda *_: None)
        alive = weakref.ref(net)
        del net
        assert alive() is None
    finally:
        gc.enable()


def test_call_super_init_for_multiple_inheritance() -> None:
    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

    class Both(nn.Module, Named):
        call_super_init = True

    assert Both("x").name == "x"


# -- Parameter -------------------------------------------------------------------------------------


def test_parameters_share_the_memory_of_their_data() -> None:
    data = torch.zeros(2)
    p = nn.Parameter(data)
    data[0] = 5
    assert p[0].item() == 5 and p.requires_grad and p.is_leaf and isinstance(p, torch.Tensor)
    assert type(p * 2) is torch.Tensor and type(p.detach()) is torch.Tensor
    assert not nn.Parameter(torch.tensor([1, 2]), requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,)


def test_impossible_parameters() -> None:
    with pytest.raises(RuntimeError, match=r"floating point"):
        nn.Parameter(torch.tensor([1, 2]))
    with pytest.raises(TypeError, match=r"takes a Tensor, got list.*torch\.tensor"):
        nn.Parameter([1.0])


def test_pytorchs_other_places_of_the_layers() -> None:
    from tinygrad_kr.nn.modules.batchnorm import _BatchNorm
    from tinygrad_kr.nn.modules.conv import _ConvNd
    from tinygrad_kr.nn.modules.dropout import _DropoutNd
    from tinygrad_kr.nn.modules.loss import _Loss

    from tinygrad_kr.nn.modules.utils import _pair, _reverse_repeat_tuple

    assert isinstance(nn.BatchNorm2d(1), _BatchNorm) and isinstance(nn.ConvTranspose1d(1, 1, 1), _ConvNd)
    assert isinstance(nn.AlphaDropout(), _DropoutNd) and isinstance(nn.CrossEntropyLoss(), _Loss)
    assert nn.modules.Linear is nn.Linear and nn.modules.container.Sequential is nn.Sequential
    assert _pair(3) == (3, 3) and _pair([1, 2]) == (1, 2) and _reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)


def test_data_parallel_runs_its_module() -> None:
    net = nn.DataParallel(nn.Linear(2, 1), device_ids=[0, 1])
    x = torch.ones(3, 2)
    assert torch.equal(net(x), net.module(x)) and list(net.state_dict()) == ["module.weight", "module.bias"]
