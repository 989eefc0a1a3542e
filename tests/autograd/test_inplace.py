"""In-place changes: right gradients on tensors, bases and views; errors where they cannot be right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinygrad_kr as torch


def leaf(*shape: int) -> torch.Tensor:
    values = np.arange(1.0, 1 + int(np.prod(shape))).reshape(shape)
    return torch.from_numpy(values).requires_grad_()


def test_in_place_operators_and_methods() -> None:
    x = leaf(3)
    y = x * 1
    y += 2
    y *= x
    y.mul_(3)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 3 * (2 * x.detach().numpy() + 2))


def test_setitem_routes_gradients() -> None:
    x, v = leaf(4), leaf(2)
    y = x * 2
    y[1:3] = v * 5
    (y * y).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [8 * 1, 0, 0, 8 * 4])
    np.testing.assert_allclose(v.grad.numpy(), 50 * v.detach().numpy())


def test_setitem_into_a_tensor_without_gradients() -> None:
    v = leaf(2)
    out = torch.zeros(3, 2, dtype=torch.float64)
    for row in range(3):
        out[row] = v * (row + 1)
    assert out.requires_grad
    out.sum().backward()
    np.testing.assert_allclose(v.grad.numpy(), [6, 6])


def test_a_change_through_a_view_reaches_the_base() -> None:
    x = leaf(2, 2)
    base = x * 1
    row = base[0]
    row.mul_(10)
    (base * base).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[200, 400], [6, 8]])


def test_a_change_of_the_base_reaches_living_views() -> None:
    x = leaf(2, 2)
    base = x * 1
    row = base[1]
    base.mul_(3)
    np.testing.assert_allclose(row.detach().numpy(), [9, 12])
    row.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0, 0], [3, 3]])


def test_views_of_views_and_reshapes() -> None:
    x = leaf(2, 3)
    base = x * 1
    flat = base.view(6)
    part = flat[2:4]
    part.zero_()
    (base * base).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[2, 4, 0], [0, 10, 12]])


def test_a_view_of_a_constant_base_gets_gradients() -> None:
    v = leaf(2)
    base = torch.zeros(2, 2, dtype=torch.float64)
    base[0].add_(v)
    assert base.requires_grad
    (base * 4).sum().backward()
    np.testing.assert_allclose(v.grad.numpy(), [4, 4])


def test_relu_in_place_on_a_flattened_tensor() -> None:
    x = torch.tensor([[-1.0, 2.0]], requires_grad=True)
    y = torch.flatten(x * 1, 1)
    y.relu_()
    (y * 3).sum().backward()
    assert x.grad.tolist() == [[0.0, 3.0]]


def test_second_order_through_an_in_place_change() -> None:
    x = leaf(3)
    y = x * x
    y[0] = 0.0
    (g,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.numpy(), [0, 12 * 4, 12 * 9])


def test_leaf_error() -> None:
    x = leaf(2)
    for change in (lambda: x.add_(1), lambda: x.__setitem__(0, 5.0), lambda: x[0].mul_(2)):
        with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
            change()
    with torch.no_grad():
        x.add_(1)
    assert x.tolist() == [2, 3]


def test_a_saved_tensor_that_changed_is_noticed() -> None:
    x = leaf(2)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(
        RuntimeError, match=r"modified by an inplace.*\[Tensor \[2\]\].*MulBackward0.*version 1"
    ):
        z.sum().backward()


def test_a_saved_result_that_changed_is_noticed() -> None:
    x = leaf(2)
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError, match="output 0 of ExpBackward0"):
        y.sum().backward()


def test_a_change_through_detach_is_noticed_and_through_data_is_not() -> None:
    x = leaf(2)
    y = x * 1
    z = (y * y).sum()
    y.detach().add_(1)
    with pytest.raises(RuntimeError, match="inplace"):
        z.backward()
    y = x * 1
    z = (y * y).sum()
    y.data.add_(1)
    z.backward()


def test_expanded_memory_cannot_be_written() -> None:
    with pytest.raises(RuntimeError, match=r"single memory location.*clone"):
        torch.zeros(1).expand(3).add_(1)


def test_shape_and_dtype_are_kept() -> None:
    with pytest.raises(RuntimeError, match="broadcast shape"):
        torch.zeros(1).add_(torch.zeros(3))
    with pytest.raises(RuntimeError, match="can't be cast"):
        torch.zeros(1, dtype=torch.int64).add_(1.5)
    x = torch.zeros(2, dtype=torch.float32)
    x.add_(torch.ones(2, dtype=torch.float64))
    assert x.dtype is torch.float32


def test_retained_gradient_follows_the_tensor() -> None:
    x = leaf(2)
    y = x * 2
    y.retain_grad()
    y.mul_(5)
    y.sum().backward()
    assert y.grad.tolist() == [1, 1]


def test_rows_written_in_a_loop_clear_their_regions() -> None:
    """First order clears the regions of one gradient in place, second order copies: both are the same."""

    def written(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        out = x.new_zeros(4, 3) + x.sum()
        for row in range(3):
            out[row] = x[row] * x[row]
        seen = out * 1
        out[1, 1:] = x[0, :2] * 3
        out.t()[2] = x.sum()
        return out, (out * torch.arange(12.0, dtype=torch.float64).view(4, 3)).sum() + seen.sum()

    x = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: written(x)[1], (x,))
    assert torch.autograd.gradgradcheck(lambda x: written(x)[1], (x,))
    out, total = written(x)
    plain = torch.autograd.grad(total, (out, x), retain_graph=True)
    again = torch.autograd.grad(total, (out, x), retain_graph=True)
    twice = torch.autograd.grad(total, (out, x), create_graph=True)
    for one, two, three in zip(plain, again, twice):
        assert torch.equal(one, two) and torch.allclose(one, three)


def test_a_gradient_that_was_asked_for_is_not_overwritten() -> None:
    w = torch.ones(3, requires_grad=True)
    y, found = w * 1, []
    y[0] = w[1]
    y.register_hook(lambda g: found.append(g))
    y[1] = w[2]
    y.retain_grad()
    (y * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert found[0].tolist() == [1, 0, 3] and y.grad is not None and y.grad.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.nn.functional.max_pool2d(x[None], 2),
        lambda x: torch.nn.functional.max_pool2d(x[None], 2, return_indices=True)[0],
        lambda x: 3 / x,
        lambda x: x / x.sum(),
        lambda x: torch.erfinv(x / 5),
        lambda x: torch.sinc(x),
        lambda x: torch.nn.functional.normalize(x),
    ],
)
def test_a_result_that_backward_needs_is_kept_where_pytorch_needs_it_not(
    function: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    def through_a_view(y: torch.Tensor) -> torch.Tensor:
        y.flatten().mul_(2)
        return y

    def unseen(y: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            y.mul_(2)
        return 2 * y - y.detach()  # the gradient of 2 * y at the y from before

    values = np.random.default_rng(0).random((4, 4)) + 0.1
    grads = []
    for change in (lambda y: y * 2, lambda y: y.mul_(2), through_a_view, unseen):
        x = torch.from_numpy(values).requires_grad_()
        y = change(function(x * 1))
        grads.append(torch.autograd.grad((y * y.detach()).sum(), x)[0].numpy())
    for grad in grads[1:]:
        np.testing.assert_allclose(grad, grads[0], rtol=1e-10)


def test_a_change_of_what_only_the_second_derivative_needs() -> None:
    x = leaf(2, 3)
    before = x * 1
    (before.softmax(-1)[:, 0].sum() + before.add_(1).sum() * 0).backward()
    assert x.grad.abs().sum() > 0
    y = x * 1
    probability = y.softmax(-1)
    y.add_(1)
    with pytest.raises(RuntimeError, match="argument 'x' of SoftmaxBackward0, is at version 1"):
        torch.autograd.grad(probability[0, 0], x, create_graph=True)


def test_retained_gradients_are_those_of_the_new_values() -> None:
    """As in PyTorch, whether the tensor was written into, a view of it, or what it is a view of."""
    x = leaf(3)
    y = x * 2
    y.retain_grad()
    y[1] = 5.0
    (y * y).sum().backward()
    assert y.grad.tolist() == [4.0, 10.0, 12.0]

    y = x * 2
    y.retain_grad()
    view = y[:2]
    view.retain_grad()
    view.mul_(3)
    ((y * y).sum() + view.sum()).backward()
    assert y.grad.tolist() == [13.0, 25.0, 12.0]
    assert view.grad.tolist() == [1.0, 1.0]

    y = x * 2
    view = y[:2]
    view.retain_grad()
    y.mul_(3)
    ((y * y).sum() + view.sum()).backward()
    assert view.grad.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("operation", "position"),
    [(torch.linalg.qr, 0), (torch.linalg.qr, 1), (torch.linalg.svd, 1), (torch.linalg.eigh, 1)],
)
def test_a_changed_result_among_several_is_noticed(operation: object, position: int) -> None:
    x = torch.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
    results = operation(x)  # type: ignore[operator]
    loss = sum((one * 1).sum() for one in results)
    with torch.no_grad():
        results[position].mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
