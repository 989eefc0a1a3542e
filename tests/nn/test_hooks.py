"""Hooks of modules, forward and backward, and the global ones."""

from __future__ import annotations

import copy
import gc
import weakref
from typing import Any

import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.nn.modules import module as _hooks


class Scale(nn.Module):
    """factor · x, and whether it shall fail."""

    def forward(self, x: Any, factor: float = 2.0, fail: bool = False) -> Any:
        if fail:
            raise ValueError("asked to fail")
        return x * factor


X = torch.tensor([1.0, 2.0])


def test_forward_pre_hooks_replace_the_arguments() -> None:
    m = Scale()
    m.register_forward_pre_hook(lambda module, args: args[0] + 1)
    assert m(X).tolist() == [4, 6]
    handle = m.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {**kwargs, "factor": 3.0}), with_kwargs=True
    )
    assert m(X, factor=1.0).tolist() == [6, 9]
    handle.remove()
    assert m(X).tolist() == [4, 6] and not m._forward_pre_hooks_with_kwargs
    m.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple"):
        m(X)


def test_forward_hooks_replace_the_output_in_order() -> None:
    m = Scale()
    m.register_forward_hook(lambda module, args, output: output + 1)
    m.register_forward_hook(lambda module, args, output: output * 10, prepend=True)
    assert m(X).tolist() == [21, 41]
    seen: list[Any] = []
    with m.register_forward_hook(
        lambda module, args, kwargs, output: seen.append((len(args), kwargs)), with_kwargs=True
    ):
        m(X, factor=1.0)
    m(X)
    assert seen == [(1, {"factor": 1.0})]


def test_always_called_hooks_see_failures_and_their_own_are_warned_about() -> None:
    m = Scale()
    seen: list[Any] = []
    m.register_forward_hook(lambda module, args, output: seen.append(output), always_call=True)
    m.register_forward_hook(lambda module, args, output: seen.append("never"))
    with pytest.raises(ValueError, match=r"asked to fail"):
        m(X, fail=True)
    assert seen == [None]
    m.register_forward_hook(lambda module, args, output: 1 / 0, always_call=True)
    with pytest.warns(UserWarning, match=r"silenced"), pytest.raises(ValueError, match=r"asked to fail"):
        m(X, fail=True)


def test_full_backward_hooks_see_both_sides_and_may_replace_the_gradient() -> None:
    m = Scale()
    seen: list[Any] = []

    def see(module: nn.Module, grad_input: Any, grad_output: Any) -> Any:
        seen.append((module, [g if g is None else g.tolist() for g in grad_input], grad_output[0].tolist()))
        return (grad_input[0] * 10, None)

    m.register_full_backward_hook(see)
    x = X.clone().requires_grad_()
    m(x, 3.0).backward(torch.tensor([1.0, 2.0]))
    assert seen == [(m, [[3.0, 6.0], None], [1.0, 2.0])]
    assert x.grad.tolist() == [30, 60]


def test_backward_pre_hooks_replace_the_outer_gradient() -> None:
    m = nn.Linear(2, 1)
    order: list[str] = []
    m.register_full_backward_pre_hook(lambda module, g: order.append("pre") or (g[0] * 2,))
    m.register_full_backward_hook(lambda module, gi, go: order.append(f"post {go[0].item()}"))
    m(X.clone().requires_grad_()).sum().backward()
    assert order == ["pre", "post 2.0"] and m.bias.grad.item() == 2


def test_backward_hooks_with_several_tensors() -> None:
    class Two(nn.Module):
        def forward(self, x: Any, label: str, y: Any) -> Any:
            return x * y, x + y, label

    m = Two()
    seen: list[Any] = []
    m.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go)))
    x, y = X.clone().requires_grad_(), torch.tensor([3.0, 4.0])
    a, _, label = m(x, "l", y)
    a.sum().backward()
    ((gi, go),) = seen
    assert label == "l" and gi[0].tolist() == [3, 4] and gi[1] is None and gi[2] is None
    assert go[0].tolist() == [1, 1] and go[1] is None and go[2] is None


def test_backward_hooks_without_inputs_that_need_gradients() -> None:
    m = nn.Linear(2, 1)
    seen: list[Any] = []
    m.register_full_backward_hook(lambda module, gi, go: seen.append((gi, go[0].item())))
    with pytest.warns(UserWarning, match=r"no inputs require gradients"):
        m(X).sum().backward()
    assert seen == [((None,), 1.0)] and m.weight.grad is not None


@pytest.mark.parametrize("pre", [False, True])
def test_backward_hooks_must_return_as_many_gradients(pre: bool) -> None:
    m = Scale()
    if pre:
        m.register_full_backward_pre_hook(lambda *_: (X, X))
    else:
        m.register_full_backward_hook(lambda *_: (X, X))
    with pytest.raises(RuntimeError, match=r"invalid number of grad_.*, got 2, but expected 1"):
        m(X.clone().requires_grad_()).sum().backward()


def test_backward_hooks_can_be_differentiated_through() -> None:
    m = Scale()
    m.register_full_backward_hook(lambda *_: None)
    x = X.clone().requires_grad_()
    (first,) = torch.autograd.grad((m(x) ** 2).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert first.tolist() == [8, 16] and second.tolist() == [8, 8]


def test_backward_hooks_leave_no_cycle() -> None:
    m = Scale()
    m.register_full_backward_hook(lambda *_: None)
    gc.collect()
    gc.disable()
    try:
        y = m(X.clone().requires_grad_())
        alive = weakref.ref(y)
        del y
        assert alive() is None
    finally:
        gc.enable()


def test_a_result_without_tensors_warns() -> None:
    class Dict(nn.Module):
        def forward(self, x: Any) -> Any:
            return {"x": x}

    m = Dict()
    m.register_full_backward_hook(lambda *_: None)
    with pytest.warns(UserWarning, match=r"output should be a Tensor or a tuple"):
        m(X.clone().requires_grad_())


def test_global_hooks_run_for_every_module_and_first() -> None:
    net = nn.Sequential(Scale(), nn.ReLU())
    seen: list[str] = []
    net[0].register_forward_hook(lambda *_: seen.append("own"))
    with (
        _hooks.register_module_forward_pre_hook(lambda m, a: seen.append(f"pre {type(m).__name__}")),
        _hooks.register_module_forward_hook(lambda m, a, o: seen.append(f"post {type(m).__name__}")),
        _hooks.register_module_full_backward_hook(lambda m, gi, go: seen.append(f"back {type(m).__name__}")),
        _hooks.register_module_full_backward_pre_hook(lambda m, go: seen.append("back pre")),
    ):
        net(X.clone().requires_grad_()).sum().backward()
    assert seen == [
        *("pre Sequential", "pre Scale", "post Scale", "own", "pre ReLU", "post ReLU", "post Sequential"),
        *("back pre", "back pre", "back ReLU", "back pre", "back Scale", "back Sequential"),
    ]
    seen.clear()
    net(X)
    assert seen == ["own"]


def test_registration_hooks() -> None:
    seen: list[str] = []
    kinds = {
        "parameter": _hooks.register_module_parameter_registration_hook,
        "module": _hooks.register_module_module_registration_hook,
        "buffer": _hooks.register_module_buffer_registration_hook,
    }
    handles = [
        register(lambda m, name, v, kind=kind: seen.append(f"{kind} {name}"))
        for kind, register in kinds.items()
    ]
    m = nn.Module()
    m.p = nn.Parameter(torch.ones(1))
    m.child = nn.ReLU()
    m.add_module("other", nn.ReLU())
    m.register_buffer("b", torch.ones(1))
    for handle in handles:
        handle.remove()
    m.q = nn.Parameter(torch.ones(1))
    assert seen == ["parameter p", "module child", "module other", "buffer b"]


def test_hooks_are_copied_with_the_module() -> None:
    m = Scale()
    m.register_forward_hook(lambda module, args, output: output + 1)
    assert copy.deepcopy(m)(X).tolist() == [3, 5]
    with pytest.raises(TypeError, match=r"must be callable"):
        m.register_forward_hook("print")
