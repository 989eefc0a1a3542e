"""Checkpointing: the gradients that there are without it, from less memory."""

from __future__ import annotations

import contextlib
import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def plainly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    kwargs.pop("use_reentrant", None)
    return function(*args, **kwargs)


def block(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(width, 2 * width),
        nn.GELU(),
        nn.LayerNorm(2 * width),
        nn.Dropout(0.5),
        nn.Linear(2 * width, width),
    )


def trained(call: Callable[..., Any], depth: int, seed: int, reentrant: bool) -> list[np.ndarray]:
    """The outputs and all gradients of a chain of blocks, each of which `call` runs; and the next random."""
    torch.manual_seed(seed)
    blocks = [block(4) for _ in range(depth)]
    x = torch.randn(3, 4, requires_grad=True)
    y = x * 1
    for one in blocks:
        y = y + call(one, y, use_reentrant=reentrant)
    (y**2).sum().backward()
    params = [p for one in blocks for p in one.parameters()]
    return [y.detach().numpy(), torch.rand(3).numpy()] + [p.grad.numpy() for p in [x, *params]]


@given(depth=st.integers(1, 4), seed=st.integers(0, 99), reentrant=st.booleans())
def test_same_gradients_and_random_numbers(depth: int, seed: int, reentrant: bool) -> None:
    expected = trained(plainly, depth, seed, reentrant)
    got = trained(checkpoint, depth, seed, reentrant)
    for one, other in zip(got, expected):
        np.testing.assert_array_equal(one, other)


def test_nothing_is_saved_in_between() -> None:
    calls = []

    def function(x: torch.Tensor) -> torch.Tensor:
        calls.append(x)
        return x.exp().sin()

    out = checkpoint(function, torch.ones(3, requires_grad=True), use_reentrant=False)
    assert out.grad_fn.saved is None and len(calls) == 1
    out.sum().backward()
    assert len(calls) == 2


def peak_of(call: Callable[..., Any], layers: int) -> int:
    """The most memory that a step of a deep chain takes beyond what was there before."""
    x = torch.ones(20_000, requires_grad=True)

    def segment(y: torch.Tensor) -> torch.Tensor:
        for _ in range(8):
            y = (y * 0.5).tanh()
        return y

    tracemalloc.start()
    try:
        y = x
        for _ in range(layers // 8):
            y = call(segment, y, use_reentrant=False)
        y.sum().backward()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_peak_falls() -> None:
    row = 20_000 * 4
    assert peak_of(plainly, 64) > 64 * row
    # The arguments of 8 segments, what one of them saves, and the arrays at hand.
    assert peak_of(checkpoint, 64) < 24 * row


def test_nested_checkpoints() -> None:
    row = 20_000 * 4

    def nested(function: Any, y: Any, use_reentrant: bool) -> Any:
        return checkpoint(lambda z: checkpoint(function, z, use_reentrant=False), y, use_reentrant=False)

    assert peak_of(nested, 64) < 24 * row
    x = torch.tensor([0.3, 0.7], requires_grad=True)

    def deep(y: torch.Tensor, levels: int) -> torch.Tensor:
        if not levels:
            return y.exp()
        z = checkpoint(deep, y, levels - 1, use_reentrant=False)
        return checkpoint(deep, z.sin(), levels - 1, use_reentrant=False) * y

    (expected,) = torch.autograd.grad(plain_deep(x, 3).sum(), x)
    deep(x, 3).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), expected.numpy())


def plain_deep(y: torch.Tensor, levels: int) -> torch.Tensor:
    if not levels:
        return y.exp()
    return plain_deep(plain_deep(y, levels - 1).sin(), levels - 1) * y


def test_all_ways_of_differentiation() -> None:
    x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
    w = torch.tensor([2.0, 3.0], dtype=torch.float64, requires_grad=True)

    def run() -> torch.Tensor:
        return checkpoint(lambda x: (x * w).sin() * x.exp(), x, use_reentrant=False)

    assert torch.autograd.gradcheck(
        lambda x, w: checkpoint(lambda x: (x * w).sin(), x, use_reentrant=False), (x, w)
    )
    plain = (x * w).sin() * x.exp()
    for inputs in ([x], [w], [x, w]):
        got, expected = (torch.autograd.grad(out.sum(), inputs, retain_graph=True) for out in (run(), plain))
        for one, other in zip(got, expected):
            np.testing.assert_array_equal(one.numpy(), other.numpy())
    run().sum().backward(inputs=[w])
    assert x.grad is None and w.grad is not None
    seconds = []
    for out in (run(), plain):
        (first,) = torch.autograd.grad(out.sum(), x, create_graph=True)
        seconds.append(torch.autograd.grad(first.sum(), [x, w])[0].numpy())
    np.testing.assert_allclose(*seconds, rtol=1e-14)


def test_a_graph_is_walked_again_only_if_retained() -> None:
    x = torch.ones(2, requires_grad=True)
    out = checkpoint(torch.exp, x, use_reentrant=False).sum()
    out.backward(retain_graph=True)
    out.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.e, rtol=1e-6)
    with pytest.raises(RuntimeError, match="second time"):
        out.backward()


def test_keywords_nested_arguments_and_several_outputs() -> None:
    a, b, c = (torch.tensor([float(i)], requires_grad=True) for i in (1, 2, 3))

    def function(pair: list[Any], *, scale: Any, name: str) -> dict[str, Any]:
        assert name == "n"
        return {"sum": (pair[0] + pair[1]["b"]).exp(), "rest": (scale * pair[0] ** 2, 5, None)}

    out = checkpoint(function, [a, {"b": b}], scale=c, name="n", use_reentrant=False)
    assert out["rest"][1:] == (5, None)
    (out["rest"][0] + out["sum"]).backward()
    total = np.exp(3)
    np.testing.assert_allclose([p.grad.item() for p in (a, b, c)], [total + 6, total, 1], rtol=1e-6)


def test_outputs_used_apart() -> None:
    x = torch.tensor([2.0], requires_grad=True)
    first, second = checkpoint(lambda x: (x.exp(), x**3), x, use_reentrant=False)
    del first
    second.backward()
    assert x.grad.item() == 12


def test_users_functions() -> None:
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            out = x**3
            ctx.save_for_backward(x, out)
            return out

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, out = ctx.saved_tensors
            return 3 * out / x * g

    x = torch.tensor([2.0], requires_grad=True)
    out = checkpoint(lambda x: Cube.apply(x.exp()), x, use_reentrant=False)
    (g,) = torch.autograd.grad(out, x, create_graph=True)
    (gg,) = torch.autograd.grad(g, x)
    np.testing.assert_allclose([g.item(), gg.item()], [3 * np.exp(6), 9 * np.exp(6)], rtol=1e-5)


def test_hooks_run_once() -> None:
    seen: list[float] = []
    net = nn.Linear(2, 2)
    net.weight.register_hook(lambda g: seen.append(0.0))
    x = torch.ones(1, 2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: seen.append(1.0))
    checkpoint(lambda y: net(net(y).tanh()), y, use_reentrant=False).sum().backward()
    assert sorted(seen) == [0.0, 1.0]


def test_without_gradients_it_is_a_call() -> None:
    x = torch.ones(2)
    assert not checkpoint(torch.exp, x, use_reentrant=False).requires_grad
    with torch.no_grad():
        assert not checkpoint(torch.exp, x.clone().requires_grad_(), use_reentrant=False).requires_grad


def test_reentrant_needs_an_input_with_gradient() -> None:
    net = nn.Linear(2, 2)
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        assert not checkpoint(net, torch.ones(2), use_reentrant=True).requires_grad
    assert checkpoint(net, torch.ones(2), use_reentrant=False).requires_grad
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint(net, torch.ones(2, requires_grad=True))


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"use_reentrant": True, "scale": 1}, "Unexpected keyword arguments: scale"),
        ({"use_reentrant": True, "debug": True}, "only supported when use_reentrant=False"),
        ({"use_reentrant": False, "determinism_check": "strict"}, "but got 'strict'"),
    ],
)
def test_bad_arguments(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checkpoint(torch.exp, torch.ones(1, requires_grad=True), **kwargs)


def test_random_numbers_are_new_where_asked() -> None:
    x = torch.ones(1000, requires_grad=True)
    out = checkpoint(
        lambda x: nn.functional.dropout(x * 1, 0.5), x, use_reentrant=False, preserve_rng_state=False
    )
    out.sum().backward()
    assert not np.array_equal(x.grad.numpy(), out.detach().numpy())


def test_contexts_of_both_runs() -> None:
    entered: list[str] = []

    @contextlib.contextmanager
    def note(name: str) -> Iterator[None]:
        entered.append(name)
        yield

    x = torch.ones(1, requires_grad=True)
    out = checkpoint(torch.exp, x, use_reentrant=False, context_fn=lambda: (note("first"), note("second")))
    assert entered == ["first"]
    out.backward()
    assert entered == ["first", "second"]


def test_a_different_second_run_raises() -> None:
    x = torch.ones(2, requires_grad=True)
    flag = True

    def fickle(x: torch.Tensor) -> torch.Tensor:
        return x.exp().sin() if flag else x.exp()

    out = checkpoint(fickle, x, use_reentrant=False, debug=True).sum()
    flag = False
    with pytest.raises(
        CheckpointError, match=r"(?s)operation 1 was SinBackward0 .* nothing more.*First run:"
    ):
        out.backward()


@pytest.mark.parametrize(("check", "error"), [("default", CheckpointError), ("none", ValueError)])
def test_shapes_of_both_runs(check: str, error: type[Exception]) -> None:
    sizes = [2, 1]
    x = torch.ones(3, requires_grad=True)
    out = checkpoint(
        lambda x: x.exp()[: sizes.pop(0)].exp().sum(), x, use_reentrant=False, determinism_check=check
    )
    with pytest.raises(error, match=r"float32\[2\] and is .*\[1\]|could not be broadcast|into shape"):
        out.backward()


def test_arguments_changed_since_are_noticed() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    out = checkpoint(torch.exp, y, use_reentrant=False)
    plus = checkpoint(lambda y: (y * y).sum(), y, use_reentrant=False)
    out.sum().backward(retain_graph=True)
    with torch.no_grad():
        y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        plus.backward()


def test_results_may_be_changed_in_place() -> None:
    x = torch.tensor([0.0], requires_grad=True)
    out = checkpoint(torch.sigmoid, x, use_reentrant=False)
    out.mul_(8)
    out.backward()
    assert x.grad.item() == 2


def test_no_cycles() -> None:
    x = torch.ones(2, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        out = checkpoint(lambda x: checkpoint(torch.exp, x * 2, use_reentrant=False), x, use_reentrant=False)
        node = weakref.ref(out.grad_fn)
        out.sum().backward()
        del out
        assert node() is None
    finally:
        gc.enable()


def test_sequential() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(*[block(4) for _ in range(5)])
    x = torch.randn(2, 4, requires_grad=True)
    results = []
    for run in (net, lambda x: checkpoint_sequential(net, 3, x, use_reentrant=False)):
        torch.manual_seed(1)
        out = run(x)
        results.append([out.detach(), *torch.autograd.grad(out.sum(), [x, *net.parameters()])])
    for one, other in zip(*results):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    out = checkpoint_sequential([torch.exp, torch.sin], 1, x, use_reentrant=True)
    assert out.grad_fn.saved is not None  # the last segment is not checkpointed
    with pytest.raises(ValueError, match="Unexpected keyword arguments: scale"):
        checkpoint_sequential(net, 2, x, use_reentrant=False, scale=1)
