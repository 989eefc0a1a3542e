"""What the pages on shapes promise about memory: views, changes through them, and channels-last tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import Tensor

VIEWS: dict[str, Callable[[Tensor], Tensor]] = {
    "reshape": lambda x: x.reshape(3, 2),
    "view": lambda x: x.view(-1),
    "flatten": lambda x: x.flatten(),
    "unflatten": lambda x: x.unflatten(1, (3, 1)),
    "squeeze": lambda x: x[None].squeeze(0),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "permute": lambda x: x.permute(1, 0),
    "transpose": lambda x: x.transpose(0, 1),
    "t": lambda x: x.t(),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "movedim": lambda x: x.movedim(0, 1),
    "expand": lambda x: x.expand(1, 2, 3),
    "diagonal": lambda x: x.diagonal(),
    "unfold": lambda x: x.unfold(1, 3, 3),
    "as_strided": lambda x: x.as_strided((2,), (3,)),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "select": lambda x: x.select(0, 1),
    "slice": lambda x: x[:, ::2],
    "split": lambda x: x.split(1)[1],
    "chunk": lambda x: x.chunk(2, 1)[0],
    "unbind": lambda x: x.unbind(1)[2],
}


def base() -> Tensor:
    return torch.arange(6.0).reshape(2, 3).clone()


@pytest.mark.parametrize("name", VIEWS)
def test_views_share_memory_and_version(name: str) -> None:
    x = base()
    view = VIEWS[name](x)
    before = x._version
    view.add_(100)
    assert np.shares_memory(view.numpy(), x.numpy())
    assert x._version == view._version == before + 1
    assert (x.numpy() >= 100).sum() == view.numel()


@pytest.mark.parametrize("name", VIEWS)
def test_changes_through_views_reach_the_gradient(name: str) -> None:
    leaf = base().requires_grad_()
    x = leaf * 1
    VIEWS[name](x).mul_(3)
    x.sum().backward()
    times_three = base()
    VIEWS[name](times_three).fill_(-1)
    np.testing.assert_array_equal(leaf.grad.numpy(), np.where(times_three.numpy() == -1, 3, 1))


def test_changes_through_views_reach_gradients_of_another_memory_order() -> None:
    x = base().requires_grad_()
    y = x * 1
    y.view(-1).mul_(3)
    (y.t() * torch.arange(6.0).reshape(3, 2)).sum().backward()
    assert x.grad.tolist() == [[0, 6, 12], [3, 9, 15]]


@pytest.mark.parametrize("name", VIEWS)
def test_changes_of_the_base_reach_the_gradient_of_the_view(name: str) -> None:
    leaf = base().requires_grad_()
    x = leaf * 1
    view = VIEWS[name](x)
    x.mul_(3)
    view.sum().backward()
    touched = base()
    VIEWS[name](touched).fill_(-1)
    np.testing.assert_array_equal(leaf.grad.numpy(), np.where(touched.numpy() == -1, 3, 0))


@pytest.mark.parametrize("name", VIEWS)
def test_views_of_a_leaf_that_requires_grad_cannot_be_changed(name: str) -> None:
    x = base().requires_grad_()
    with pytest.raises(RuntimeError, match="view of a leaf"):
        VIEWS[name](x).zero_()


def test_what_expand_repeats_cannot_be_written() -> None:
    with pytest.raises(RuntimeError, match="clone"):
        base().expand(4, 2, 3).add_(1)


def test_reading_memory_as_another_dtype() -> None:
    x = torch.ones(2, 2)
    bits = x.view(torch.int32)
    assert bits.tolist() == [[0x3F800000] * 2] * 2
    bits.zero_()
    assert x.tolist() == [[0, 0], [0, 0]]


# -- channels-last memory ------------------------------------------------------------------------


def channels_last(*shape: int) -> Tensor:
    """Numbers in a shape (N, C, *spatial) whose memory is (N, *spatial, C), as convolutions give."""
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    return torch.from_numpy(np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1))


def test_view_of_channels_last_memory_copies_where_it_must() -> None:
    x = channels_last(2, 3, 4, 5).requires_grad_()
    out = x.view(2, -1)
    np.testing.assert_array_equal(out.detach().numpy(), np.arange(120).reshape(2, 60))
    (out * out).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2 * np.arange(120).reshape(2, 3, 4, 5))


def test_view_of_channels_last_memory_is_a_view_where_it_can_be() -> None:
    x = channels_last(2, 4, 3, 3)
    assert np.shares_memory(x.view(2, 2, 2, 3, 3).numpy(), x.numpy())
    assert np.shares_memory(x.view(2, 4, 9).numpy(), x.numpy())


def test_view_of_part_of_the_channels() -> None:
    x = channels_last(2, 4, 3, 3)
    np.testing.assert_array_equal(x[:, :2].view(2, -1).numpy(), x[:, :2].numpy().reshape(2, -1))


def test_view_of_transposed_memory_raises_with_a_hint() -> None:
    heads = torch.zeros(2, 3, 4, 5).transpose(1, 2)
    with pytest.raises(RuntimeError, match=r"Use \.reshape"):
        heads.view(2, 4, 15)


# -- changing a tensor's own shape ---------------------------------------------------------------


def test_in_place_forms_change_the_tensor_itself() -> None:
    x = base()
    same = x
    assert x.unsqueeze_(0) is same and same.shape == (1, 2, 3)
    assert x.transpose_(1, 2).shape == (1, 3, 2)
    assert x.squeeze_().t_().shape == (2, 3)
    assert x._view is None and same.tolist() == base().tolist()


def test_views_taken_before_an_in_place_form_stay_connected() -> None:
    leaf = base().requires_grad_()
    x = leaf * 1
    row = x[0]
    x.t_()
    row.mul_(5)
    assert x[:, 0].tolist() == [0, 5, 10]
    x.mul_(2)
    assert row.tolist() == [0, 10, 20]
    (row.sum() + x.sum()).backward()
    np.testing.assert_array_equal(leaf.grad.numpy(), [[20, 20, 20], [2, 2, 2]])


def test_in_place_forms_of_leaves_raise() -> None:
    with pytest.raises(RuntimeError, match="leaf Variable"):
        base().requires_grad_().unsqueeze_(0)


# -- NumPy's functions ---------------------------------------------------------------------------


def test_numpy_functions_about_shapes() -> None:
    x = base().requires_grad_()
    assert np.shape(x) == (2, 3) and np.ndim(x) == 2 and np.size(x) == 6 and np.size(x, 1) == 3
    zeros = np.zeros_like(x)
    assert isinstance(zeros, Tensor) and not zeros.requires_grad and zeros.dtype is torch.float32
    with pytest.raises(TypeError, match="order"):
        np.reshape(x, 6, order="F")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: x.reshape(4), RuntimeError, r"shape '\[4\]' is invalid for input of size 6"),
        (lambda x: x.flatten(1, 0), RuntimeError, "got 1 and 0 for a tensor of 2 dimensions"),
        (
            lambda x: x.unflatten(1, (2, 2)),
            RuntimeError,
            r"\[2, 2\] don't multiply up to the size of dim 1 \(3\)",
        ),
        (lambda x: x.permute(0, 0), RuntimeError, r"duplicate dims are not allowed, got \(0, 0\)"),
        (lambda x: x.transpose(0, 2), IndexError, r"\[-2, 1\], but got 2"),
        (
            lambda x: x.expand(4, 3),
            RuntimeError,
            r"size of the tensor \(4\) must match the existing size \(2\)",
        ),
        (lambda x: x.repeat(2), RuntimeError, "can not be smaller than number of dimensions"),
        (
            lambda x: x.unfold(1, 5, 1),
            RuntimeError,
            "maximum size for tensor at dimension 1 is 3 but size is 5",
        ),
        (lambda x: torch.flatten([1.0]), TypeError, "must be Tensor, not list; wrap it"),
    ],
)
def test_errors_name_what_was_wrong(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call(base())
