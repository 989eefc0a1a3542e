"""What joining and splitting promise beyond values: memory order, gradients of parts, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch


def test_gradient_of_some_of_many_parts() -> None:
    x = torch.arange(6.0).requires_grad_()
    first, _, last = x.chunk(3)
    (2 * first + 3 * last).sum().backward()
    assert x.grad.tolist() == [2, 2, 0, 0, 3, 3]


def test_parts_have_one_node() -> None:
    x = torch.arange(6.0).requires_grad_()
    one, two = x.split(3)
    assert one.grad_fn.name() == two.grad_fn.name() == "SplitBackward0"
    assert one.grad_fn.through() is two.grad_fn.through()


def test_parts_of_a_computed_tensor_can_be_changed_in_place() -> None:
    x = torch.ones(4).requires_grad_()
    y = x * 2
    one, two = y.chunk(2)
    one.mul_(5)
    two += one
    assert y.tolist() == [10, 10, 12, 12]
    y.sum().backward()
    assert x.grad.tolist() == [20, 20, 2, 2]


def test_cat_keeps_channels_last_memory() -> None:
    x = torch.from_numpy(np.zeros((2, 5, 5, 3), np.float32).transpose(0, 3, 1, 2))
    assert np.moveaxis(torch.cat([x, x], 1).numpy(), 1, -1).flags.c_contiguous


def test_cat_promotes() -> None:
    out = torch.cat([torch.ones(1, dtype=torch.int64), torch.ones(1)])
    assert out.dtype is torch.float32


def test_numpy_functions_join_tensors_and_arrays() -> None:
    x = torch.ones(2, dtype=torch.float64).requires_grad_()
    for joined in (np.concatenate([x, np.zeros(2)]), np.stack([np.zeros(2), x]), np.vstack([x, np.zeros(2)])):
        assert isinstance(joined, torch.Tensor) and joined.requires_grad


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: torch.cat([x, torch.ones(2, 2)]), "Expected size 3 but got size 2 for tensor number 1"),
        (lambda x: torch.cat([x, torch.ones(3)]), "got 2 and 1"),
        (lambda x: torch.cat([torch.tensor(1.0)]), "position 0.* use torch.stack"),
        (lambda x: torch.stack([x, torch.ones(3)]), r"\[2, 3\] at entry 0 and \[3\] at entry 1"),
        (lambda x: x.split([1, 1], 1), r"sum exactly to 3 .*split_sizes=\[1, 1\]"),
        (lambda x: x.chunk(0), "greater than 0, got: 0"),
        (lambda x: torch.hsplit(x, 2), "size of the dimension 3 is not divisible by the split_size 2"),
    ],
)
def test_errors_name_what_was_wrong(call: Any, words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        call(torch.ones(2, 3))
