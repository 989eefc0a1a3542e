"""The base of the optimizers: groups, errors, saving and loading, hooks, copies."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
    required,
)


def parameter(*values: float, dtype: Any = np.float32) -> torch.Tensor:
    return torch.from_numpy(np.array(values, dtype)).requires_grad_()


def step(optimizer: Optimizer, g: float = 1.0) -> None:
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = torch.from_numpy(np.full(p.shape, g, p.detach().numpy().dtype))
    optimizer.step()


# -- parameters and groups -----------------------------------------------------------------------------------


def test_groups_have_their_own_options_and_the_defaults() -> None:
    a, b = parameter(1.0), parameter(1.0)
    optimizer = torch.optim.SGD([{"params": a}, {"params": iter([b]), "lr": 0.5}], lr=0.25, momentum=0.5)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.5]
    assert [group["momentum"] for group in optimizer.param_groups] == [0.5, 0.5]
    step(optimizer)
    assert (a.item(), b.item()) == (0.75, 0.5)


def test_named_parameters() -> None:
    a, b = parameter(1.0), parameter(1.0)
    optimizer = torch.optim.SGD(iter([("a", a), ("b", b)]), lr=0.5)
    assert optimizer.param_groups[0]["params"] == [a, b]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["a", "b"]
    with pytest.raises(ValueError, match="without names"):
        optimizer.add_param_group({"params": [parameter(1.0)]})
    with pytest.raises(ValueError, match="1 of 2"):
        torch.optim.SGD([("a", parameter(1.0)), parameter(1.0)])


def test_added_group_is_updated() -> None:
    a, b = parameter(1.0), parameter(1.0)
    optimizer = torch.optim.Adagrad([a], lr=0.5)
    step(optimizer)
    optimizer.add_param_group({"params": [b], "lr": 0.25})
    step(optimizer)
    assert b.item() == 0.75 and optimizer.state[b]["step"].item() == 1


def test_parameters_without_gradient_stay() -> None:
    a, b = parameter(1.0), parameter(1.0)
    optimizer = torch.optim.Adam([a, b], lr=0.5)
    a.grad = torch.ones(1)
    optimizer.step()
    assert b.item() == 1.0 and b not in optimizer.state and a in optimizer.state


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (list, ValueError, "empty parameter list"),
        (lambda: parameter(1.0), TypeError, r"\[tensor\]"),
        (lambda: {parameter(1.0)}, TypeError, "Please use a list"),
        (lambda: [{"params": {parameter(1.0)}}], TypeError, "Please use a list"),
        (lambda: [1.0], TypeError, "one of the params is float"),
        (lambda: [parameter(1.0) * 2], ValueError, r"non-leaf Tensor.*\(1,\).*MulBackward0"),
        (
            lambda: [{"params": [p := parameter(1.0)]}, {"params": [p]}],
            ValueError,
            "more than one parameter group",
        ),
    ],
)
def test_bad_parameters(params: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        torch.optim.SGD(params(), lr=0.1)


def test_group_must_be_a_dict() -> None:
    optimizer = torch.optim.SGD([parameter(1.0)])
    with pytest.raises(TypeError, match="param_group must be a dict, but got <class 'list'>"):
        optimizer.add_param_group([parameter(1.0)])


def test_non_leaf_with_retained_grad_is_fine() -> None:
    p = parameter(1.0) * 2
    p.retain_grad()
    torch.optim.SGD([p])


def test_duplicates_in_a_group_warn() -> None:
    p = parameter(1.0)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        torch.optim.SGD([p, p])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("SGD", {"lr": -0.1}, "Invalid learning rate: -0.1"),
        ("SGD", {"lr": float("nan")}, "Invalid learning rate: nan"),
        ("SGD", {"momentum": -1}, "Invalid momentum value: -1"),
        ("SGD", {"weight_decay": -1}, "Invalid weight_decay value: -1"),
        ("SGD", {"nesterov": True}, "momentum=0 and dampening=0"),
        ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "zero dampening"),
        ("Adam", {"lr": torch.ones(2)}, r"must be 1-element, but has shape \(2,\)"),
        ("Adam", {"betas": (1.0, 0.5)}, "Invalid beta parameter at index 0: 1.0"),
        ("AdamW", {"betas": (0.5, -0.5)}, "Invalid beta parameter at index 1: -0.5"),
        ("Adam", {"eps": -1e-8}, "Invalid epsilon value: -1e-08"),
        ("RMSprop", {"alpha": -1}, "Invalid alpha value: -1"),
        ("Adagrad", {"lr_decay": -1}, "Invalid lr_decay value: -1"),
        ("Adagrad", {"initial_accumulator_value": -1}, "Invalid initial_accumulator_value value: -1"),
        ("Adadelta", {"rho": 2}, "Invalid rho value: 2"),
        ("NAdam", {"momentum_decay": -1}, "Invalid momentum_decay value: -1"),
        ("Rprop", {"etas": (0.5, 0.9)}, "Invalid eta values: 0.5, 0.9"),
        ("LBFGS", {"lr": -1}, "Invalid learning rate: -1"),
    ],
)
def test_bad_options(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(torch.optim, name)([parameter(1.0)], **options)


def test_fused_and_foreach() -> None:
    torch.optim.Adam([parameter(1.0)], fused=True)
    torch.optim.Adam([parameter(1.0)], foreach=True, capturable=True)
    with pytest.raises(RuntimeError, match="cannot be `True` together"):
        torch.optim.SGD([parameter(1.0)], fused=True, foreach=True)
    with pytest.raises(NotImplementedError, match=r"Adam\(differentiable=True\)"):
        torch.optim.Adam([parameter(1.0)], differentiable=True)


# -- zero_grad, step -----------------------------------------------------------------------------------------


def test_zero_grad() -> None:
    p = parameter(1.0, 2.0)
    optimizer = torch.optim.SGD([p])
    optimizer.zero_grad()
    p.grad = torch.ones(2)
    kept, version = p.grad, p.grad._version
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is kept and kept.tolist() == [0, 0] and kept._version == version + 1
    p.grad = torch.ones(2, requires_grad=True) * 2
    optimizer.zero_grad(set_to_none=False)
    assert not p.grad.requires_grad and p.grad.tolist() == [0, 0]
    optimizer.zero_grad()
    assert p.grad is None


def test_closure_runs_with_gradients() -> None:
    p = parameter(1.0)
    optimizer = torch.optim.SGD([p], lr=0.5)

    def closure() -> Any:
        assert torch.is_grad_enabled()
        p.grad = torch.ones(1)
        return "loss"

    with torch.no_grad():
        assert optimizer.step(closure) == "loss"
    assert p.item() == 0.5


def test_backward_notices_the_change() -> None:
    p = parameter(2.0)
    optimizer = torch.optim.SGD([p], lr=0.5)
    y = p * p
    step(optimizer)
    with pytest.raises(RuntimeError):
        y.backward()


def test_changed_option_takes_effect() -> None:
    p = parameter(1.0)
    optimizer = torch.optim.SGD([p], lr=0.5)
    for group in optimizer.param_groups:
        group["lr"] = 0.25
    step(optimizer)
    assert p.item() == 0.75


# -- writing one's own ---------------------------------------------------------------------------------------


class Descent(Optimizer):
    """Written as for PyTorch, with a `step` of its own."""

    def __init__(self, params: Any, lr: Any = required) -> None:
        super().__init__(params, {"lr": lr})

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.data.add_(p.grad.data, alpha=-group["lr"])


class LoudDescent(Descent):
    def step(self, closure: Any = None) -> str:
        super().step(closure)
        return "stepped"


def test_own_step_and_required_option() -> None:
    with pytest.raises(ValueError, match="required optimization parameter lr"):
        Descent([parameter(1.0)])
    p = parameter(1.0)
    optimizer = Descent([p], lr=0.5)
    step(optimizer)
    assert p.item() == 0.5


def test_neither_update_nor_step() -> None:
    class Lazy(Optimizer):
        pass

    with pytest.raises(NotImplementedError, match="Lazy must define update"):
        step(Lazy([parameter(1.0)], {}))


# -- hooks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Descent, LoudDescent, torch.optim.SGD])
def test_step_hooks_run_once_in_order(kind: Any) -> None:
    p = parameter(1.0)
    optimizer = kind([p], lr=0.5)
    seen: list[Any] = []

    def note(name: str) -> Any:
        return lambda optimizer, args, kwargs: seen.append((name, p.item(), len(args), kwargs))

    handles = [
        optimizer.register_step_pre_hook(note("pre")),
        optimizer.register_step_post_hook(note("post")),
        register_optimizer_step_pre_hook(note("all pre")),
        register_optimizer_step_post_hook(note("all post")),
    ]
    step(optimizer)
    assert seen == [("all pre", 1, 1, {}), ("pre", 1, 1, {}), ("post", 0.5, 1, {}), ("all post", 0.5, 1, {})]
    for handle in handles:
        handle.remove()
    step(optimizer)
    assert len(seen) == 4


def test_pre_hook_replaces_arguments() -> None:
    optimizer = torch.optim.SGD([parameter(1.0)])
    handle = optimizer.register_step_pre_hook(
        lambda optimizer, args, kwargs: ((optimizer, lambda: "new"), {})
    )
    assert optimizer.step() == "new"
    handle.remove()
    optimizer.register_step_pre_hook(lambda optimizer, args, kwargs: "nonsense")
    with pytest.raises(RuntimeError, match="'nonsense'"):
        optimizer.step()


def test_state_dict_hooks() -> None:
    optimizer = torch.optim.SGD([parameter(1.0)], lr=0.5)
    seen: list[str] = []
    optimizer.register_state_dict_pre_hook(lambda optimizer: seen.append("second"))
    optimizer.register_state_dict_pre_hook(lambda optimizer: seen.append("first"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda optimizer, saved: {**saved, "extra": 1})
    saved = optimizer.state_dict()
    assert seen == ["first", "second"] and saved["extra"] == 1

    def lower(optimizer: Any, saved: dict[str, Any]) -> dict[str, Any]:
        return {**saved, "param_groups": [{**saved["param_groups"][0], "lr": 0.125}]}

    optimizer.register_load_state_dict_pre_hook(lower)
    optimizer.register_load_state_dict_post_hook(lambda optimizer: seen.append("loaded"))
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["lr"] == 0.125 and seen[-1] == "loaded"


# -- saving and loading --------------------------------------------------------------------------------------

NAMES = [
    "SGD",
    "Adam",
    "AdamW",
    "RMSprop",
    "Adagrad",
    "Adadelta",
    "Adamax",
    "NAdam",
    "RAdam",
    "ASGD",
    "Rprop",
]


def pair(name: str) -> Iterator[Any]:
    """Two optimizers of the same parameters, of which one has made some steps."""
    for steps in (3, 0):
        params = [parameter(1.0, 2.0), parameter(3.0)]
        kwargs: dict[str, Any] = {"momentum": 0.5} if name in ("SGD", "RMSprop") else {}
        optimizer = getattr(torch.optim, name)(
            [{"params": params[:1]}, {"params": params[1:], "lr": 0.25}], lr=0.5, **kwargs
        )
        for i in range(steps):
            step(optimizer, 0.5 + i)
        yield optimizer


@pytest.mark.parametrize("name", NAMES)
def test_loaded_state_continues_exactly(name: str) -> None:
    trained, fresh = pair(name)
    for one, other in zip(trained._all_parameters(), fresh._all_parameters()):
        other.data = one.data.clone()
    saved = trained.state_dict()
    assert [group["params"] for group in saved["param_groups"]] == [[0], [1]]
    fresh.load_state_dict(pickle.loads(pickle.dumps(saved)))
    for g in (0.3, -2.0):
        step(trained, g)
        step(fresh, g)
    for one, other in zip(trained._all_parameters(), fresh._all_parameters()):
        np.testing.assert_array_equal(other.detach().numpy(), one.detach().numpy())


def test_loading_copies() -> None:
    trained, fresh = pair("Adam")
    saved = trained.state_dict()
    fresh.load_state_dict(saved)
    saved["param_groups"][0]["lr"] = 9.0
    step(fresh)
    assert fresh.param_groups[0]["lr"] == 0.5
    assert saved["state"][0]["step"].item() == 3 and saved["param_groups"][0]["params"] == [0]


def test_loading_casts_to_the_parameter() -> None:
    trained, _ = pair("Adam")
    wide = torch.optim.Adam(
        [{"params": [parameter(1.0, 2.0, dtype=np.float64)]}, {"params": [parameter(3.0, dtype=np.float64)]}]
    )
    wide.load_state_dict(trained.state_dict())
    state = wide.state_dict()["state"][0]
    assert state["exp_avg"].dtype is torch.float64 and state["step"].dtype is torch.float32


def test_old_states_with_plain_steps_load() -> None:
    trained, fresh = pair("Adam")
    saved = trained.state_dict()
    for state in saved["state"].values():
        state["step"] = int(state["step"].item())
    fresh.load_state_dict(saved)
    step(fresh)
    assert fresh.state_dict()["state"][0]["step"].item() == 4


def test_old_groups_get_new_options() -> None:
    trained, fresh = pair("Adam")
    saved = trained.state_dict()
    del saved["param_groups"][0]["maximize"]
    fresh.load_state_dict(saved)
    assert fresh.param_groups[0]["maximize"] is False


def test_adamw_stays_decoupled() -> None:
    adam, _ = pair("Adam")
    _, adamw = pair("AdamW")
    adamw.load_state_dict(adam.state_dict())
    assert all(group["decoupled_weight_decay"] for group in adamw.param_groups)


def test_sgd_without_momentum_has_no_state() -> None:
    optimizer = torch.optim.SGD([parameter(1.0)])
    step(optimizer)
    assert optimizer.state_dict()["state"] == {}


def test_loading_mismatches() -> None:
    trained, _ = pair("SGD")
    saved = trained.state_dict()
    with pytest.raises(ValueError, match="different number of parameter groups: 2, and the optimizer has 1"):
        torch.optim.SGD([parameter(1.0)]).load_state_dict(saved)
    other = torch.optim.SGD([{"params": [parameter(1.0)]}, {"params": [parameter(1.0), parameter(1.0)]}])
    with pytest.raises(ValueError, match="group 1 has 1 parameters there and 2 here"):
        other.load_state_dict(saved)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_copies_are_independent_and_continue(name: str, how: Any) -> None:
    optimizer, _ = pair(name)
    other = how(optimizer)
    before = [p.detach().numpy().copy() for p in optimizer._all_parameters()]
    step(other, 0.5)
    assert all(p in other.state for p in other._all_parameters())
    for p, values in zip(optimizer._all_parameters(), before):
        np.testing.assert_array_equal(p.detach().numpy(), values)
    step(optimizer, 0.5)
    for one, two in zip(optimizer._all_parameters(), other._all_parameters()):
        np.testing.assert_array_equal(one.detach().numpy(), two.detach().numpy())
