"""The backward walk: accumulation, several orders, depth, freeing, threads, memory."""

from __future__ import annotations

import gc
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import tinygrad_kr as torch


def leaf(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_gradients_that_meet_are_added() -> None:
    x = leaf(2.0, 3.0)
    y = x * x + x * 3 + x
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * x.detach().numpy() + 4)


def test_backward_accumulates_into_grad_in_place() -> None:
    x = leaf(2.0)
    (x * x).sum().backward()
    first = x.grad
    (x * x).sum().backward()
    assert x.grad is first
    assert first.item() == 8.0


def test_leaves_that_share_a_gradient_do_not_share_memory() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (x + y).sum().backward()
    assert not np.shares_memory(x.grad.numpy(), y.grad.numpy())
    given = torch.ones(2, dtype=torch.float64)
    z = leaf(1.0, 2.0)
    z.backward(given)
    assert not np.shares_memory(z.grad.numpy(), given.numpy())


def test_broadcast_gradients_are_summed() -> None:
    x = torch.ones(2, 3, requires_grad=True)
    b = torch.ones(3, requires_grad=True)
    s = torch.tensor(2.0, requires_grad=True)
    (x * b * s).sum().backward()
    assert b.grad.tolist() == [4.0, 4.0, 4.0]
    assert s.grad.shape == () and s.grad.item() == 6.0


def test_gradient_is_cast_to_the_dtype_of_its_input() -> None:
    x = torch.ones(3, requires_grad=True)
    (x * torch.ones(3, dtype=torch.float64)).sum().backward()
    assert x.grad.dtype is torch.float32


def test_third_order() -> None:
    x = leaf(2.0)
    y = (x**5).sum()
    for factor in (5 * 16, 20 * 8, 60 * 4):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        assert y.item() == pytest.approx(factor)


def test_a_chain_of_100000_operations_runs_backward_and_is_freed() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + x
    y.sum().backward()
    assert x.grad.item() == 100_001
    del y
    gc.collect()


def test_second_backward_raises_unless_retained() -> None:
    x = leaf(2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8
    with pytest.raises(RuntimeError, match=r"second time.*retain_graph=True"):
        y.backward()


def test_grad_stops_at_computed_tensors() -> None:
    x = leaf(3.0)
    y = x * x
    z = (y * y).sum()
    gy, gx = torch.autograd.grad(z, [y, x])
    assert gy.item() == 18 and gx.item() == 108
    assert x.grad is None


def test_grad_of_an_unused_input() -> None:
    x, unused = leaf(1.0), leaf(1.0)
    with pytest.raises(RuntimeError, match=r"inputs\[1\].*allow_unused"):
        torch.autograd.grad((x * 2).sum(), [x, unused])
    g = torch.autograd.grad((x * 2).sum(), [x, unused], allow_unused=True)
    assert g[1] is None
    g = torch.autograd.grad((x * 2).sum(), [x, unused], materialize_grads=True)
    assert g[1].item() == 0


def test_backward_into_chosen_inputs_only() -> None:
    x, y = leaf(2.0), leaf(3.0)
    (x * y).sum().backward(inputs=[x])
    assert x.grad.item() == 3 and y.grad is None


@pytest.mark.parametrize(
    ("start", "match"),
    [
        (lambda: torch.ones(2).sum().backward(), "does not require grad"),
        (lambda: (leaf(1.0, 2.0) * 2).backward(), r"shape \[2\]"),
        (lambda: (leaf(1.0, 2.0) * 2).backward(torch.ones(3)), "Mismatch in shape"),
    ],
)
def test_errors_say_what_to_do(start: object, match: str) -> None:
    with pytest.raises(RuntimeError, match=match):
        start()


def test_integers_cannot_require_gradients() -> None:
    with pytest.raises(RuntimeError, match=r"floating point.*int64"):
        torch.tensor([1, 2], requires_grad=True)


def test_grad_of_a_non_leaf_warns() -> None:
    y = leaf(1.0) * 2
    with pytest.warns(UserWarning, match="retain_grad"):
        assert y.grad is None


def test_retain_grad_and_hooks_in_order() -> None:
    x = leaf(1.0)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.retain_grad()
    handle = x.register_hook(lambda g: g + 1)
    (y * 3).sum().backward()
    assert y.grad.item() == 30
    assert x.grad.item() == 61
    handle.remove()
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.item() == 2


def test_post_accumulate_hook_sees_the_gradient() -> None:
    x, seen = leaf(1.0), []
    x.register_post_accumulate_grad_hook(lambda tensor: seen.append(tensor.grad.item()))
    (x * 2).sum().backward()
    assert seen == [2.0]


def test_node_hooks_and_names() -> None:
    x = leaf(3.0)
    y = x * x
    assert y.grad_fn.name() == "MulBackward0"
    seen = []
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append((len(inputs), outputs[0].item())))
    y.sum().backward()
    assert seen == [(2, 1.0)]
    assert [node.name() for node, _ in y.grad_fn.next_functions] == ["AccumulateGrad"] * 2
    assert y.grad_fn.next_functions[0][0].variable is x


def test_no_cycles_and_flat_memory_without_the_collector() -> None:
    weights = torch.ones(20, 20, requires_grad=True)

    def step() -> weakref.ref[torch.Tensor]:
        weights.grad = None
        out = (weights * weights).exp().sum() * 1e-3
        out.backward()
        return weakref.ref(out)

    gc.collect()
    gc.disable()
    try:
        assert step()() is None, "a step leaves its result alive: a reference cycle"
        for _ in range(50):
            step()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(2000):
            step()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert grown < 50_000, f"{grown} bytes more after 2,000 steps"


def test_create_graph_leaves_no_cycle_either() -> None:
    gc.collect()
    gc.disable()
    try:
        x = leaf(2.0)
        (g,) = torch.autograd.grad((x * x).exp().sum(), x, create_graph=True)
        reference = weakref.ref(g)
        del g
        assert reference() is None
    finally:
        gc.enable()


def test_threads_do_not_disturb_each_other() -> None:
    x = leaf(1.0)
    inside, done = threading.Event(), threading.Event()
    seen = []

    def without() -> None:
        with torch.no_grad():
            inside.set()
            done.wait(5)
            seen.append((x * 2).requires_grad)

    other = threading.Thread(target=without)
    other.start()
    inside.wait(5)
    recorded = (x * 2).requires_grad
    done.set()
    other.join()
    assert recorded and seen == [False]


def test_fused_and_reached_through_numpy() -> None:
    x = leaf(1.0, 2.0)
    y = np.float64(2) * x + np.ones(2) * np.exp(x)
    assert isinstance(y, torch.Tensor)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 + np.exp([1.0, 2.0]))
    with pytest.raises(TypeError, match=r"np\.spacing|numpy\.spacing"):
        np.spacing(x)
    with pytest.raises(RuntimeError, match="detach"):
        np.asarray(x)


def test_a_captured_node_is_left_alone() -> None:
    """What lies behind the last captured node is neither run nor freed, as in PyTorch."""
    x = torch.ones(2, requires_grad=True)
    inner = x.exp()
    ran: list[str] = []
    inner.grad_fn.register_prehook(lambda grads: ran.append("rule"))
    inner.register_hook(lambda g: ran.append("tensor") or g * 10)
    (first,) = torch.autograd.grad((inner * inner).sum(), inner)
    assert ran == ["tensor"]
    np.testing.assert_allclose(first.numpy(), 20 * np.exp([1.0, 1.0]), rtol=1e-6)
    (second,) = torch.autograd.grad((inner * 3).sum(), inner)
    assert second.tolist() == [30.0, 30.0]
    torch.autograd.grad(inner.sum(), x)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(inner.sum(), x)


def test_a_captured_result_among_several_leaves_its_operation_alone() -> None:
    x = torch.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, _ = x.sort()
    torch.autograd.grad((values * values).sum(), values)
    assert torch.autograd.grad(values.sum(), x)[0].tolist() == [1.0, 1.0, 1.0]


def test_a_node_captured_on_the_way_is_run_and_captured_before_its_hooks() -> None:
    x = torch.tensor(1.0, requires_grad=True)
    inner = x * 2
    inner.register_hook(lambda g: g * 10)
    gradients = torch.autograd.grad(inner * inner, [inner, x])
    assert [g.item() for g in gradients] == [4.0, 80.0]


def test_arguments_of_pytorchs_first_releases() -> None:
    x = leaf(3.0)
    (g,) = torch.autograd.grad(x * x, x, torch.ones(1), True, True, True)  # the last is only_inputs
    assert g.item() == 6 and g.requires_grad
    with pytest.warns(FutureWarning, match="only_inputs"):
        torch.autograd.grad(x * x, x, torch.ones(1), only_inputs=False)
    with pytest.warns(FutureWarning, match="grad_tensors"):
        torch.autograd.backward(x * x, grad_variables=torch.tensor([2.0]))
    assert x.grad.item() == 12
    with pytest.raises(RuntimeError, match="both"), pytest.warns(FutureWarning):
        torch.autograd.backward(x * x, torch.ones(1), grad_variables=torch.ones(1))
