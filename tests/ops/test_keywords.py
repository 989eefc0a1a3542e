"""Sizes and dimensions by keyword, and integers where programs meet them."""

from __future__ import annotations

from typing import Any

import pytest

import tinygrad_kr as torch

X = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "by_keyword, plain",
    [
        (lambda: X.permute(dims=(1, 0)), lambda: X.permute(1, 0)),
        (lambda: torch.permute(X, dims=(1, 0)), lambda: X.permute((1, 0))),
        (lambda: X.repeat(repeats=(2, 1)), lambda: X.repeat(2, 1)),
        (lambda: X.view(size=(3, 2)), lambda: X.view(3, 2)),
        (lambda: X.reshape(shape=(3, 2)), lambda: X.reshape(3, 2)),
        (lambda: torch.tile(X, dims=(2,)), lambda: X.tile(2)),
        (lambda: torch.flip(X, dims=(0, 1)), lambda: X.flip(0, 1)),
        (lambda: X.flip(dims=[1]), lambda: X.flip([1])),
    ],
)
def test_sizes_and_dimensions_by_keyword(by_keyword: Any, plain: Any) -> None:
    assert by_keyword().tolist() == plain().tolist()


def test_bounds_of_integer_ranges_are_integers_first() -> None:
    assert torch.arange(1.0, 5.9, 2.0, dtype=torch.int64).tolist() == [1, 3]
    assert torch.linspace(4.3, 0, 5, dtype=torch.int64).tolist() == [4, 3, 2, 1, 0]
    assert torch.logspace(0, 1.2, 2, base=5.0, dtype=torch.int64).tolist() == [1, 5]


def test_integers_to_negative_powers() -> None:
    base = torch.tensor([1, -1, -1, 2, -3])
    assert (base ** torch.tensor([-2, -2, -3, -1, 2])).tolist() == [1, 1, -1, 0, 9]
    assert (2 ** torch.tensor([-1, 3])).tolist() == [0, 8]
    assert torch.tensor([True, False]).square().dtype is torch.int64


def test_an_index_that_names_a_row_twice_fills_it_once() -> None:
    value = torch.tensor(3.0, requires_grad=True)
    torch.zeros(3, 2).index_fill(0, torch.tensor([1, 1, -2]), value).sum().backward()
    assert value.grad.item() == 2
    x = torch.tensor([[3, 1, 2]])
    assert torch.take_along_dim(x, torch.tensor([[-1, 0]]), dim=1).tolist() == [[2, 3]]


def test_indices_that_point_to_nothing() -> None:
    assert torch.gather(torch.ones(5), 0, torch.zeros(0, dtype=torch.uint8)).shape == (0,)
    empty = torch.zeros(2, 0)
    assert torch.searchsorted(empty, empty).shape == (2, 0)
    one = torch.zeros(3, dtype=torch.bool).scatter_reduce(
        0, torch.tensor([1]), torch.tensor([True]), "amax", include_self=False
    )
    assert one.tolist() == [False, True, False]
