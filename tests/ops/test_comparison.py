"""Comparisons: operators beside things that are no tensors, hashing, errors, results without gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import Tensor


def test_what_is_no_number_is_not_equal() -> None:
    x = torch.ones(2)
    assert (x == None) is False and (x != None) is True  # noqa: E711
    assert (x == "a") is False and (x == [1.0, 1.0]) is False
    with pytest.raises(TypeError, match="not supported between instances of 'Tensor' and 'str'"):
        x < "a"  # noqa: B015


def test_tensors_hash_by_identity() -> None:
    x, y = torch.ones(1), torch.ones(1)
    assert len({x, y, x}) == 2 and {x: 1}[x] == 1


def test_arrays_on_either_side() -> None:
    x = torch.tensor([1.0, 2.0])
    for answer in (np.array([1.0, 3.0]) == x, x == np.array([1.0, 3.0]), np.float64(1) >= x):
        assert isinstance(answer, Tensor) and answer.tolist() == [True, False]


def test_a_number_outside_of_the_dtype_wraps_around() -> None:
    small = torch.tensor([1, 44], dtype=torch.int8)
    assert (small == 300).tolist() == [False, True] and (small + 300).tolist() == [45, 88]


def test_answers_need_no_gradient() -> None:
    x = torch.ones(2, requires_grad=True)
    assert not (x > 0).requires_grad and not torch.isfinite(x).requires_grad and not (x == x).requires_grad


def test_python_bools() -> None:
    x = torch.ones(2)
    for answer in (torch.equal(x, x), torch.allclose(x, x), torch.is_nonzero(x[0]), torch.is_complex(x)):
        assert type(answer) is bool
    assert torch.equal(torch.tensor([float("nan")]), torch.tensor([float("nan")])) is False


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: torch.eq(torch.ones(2), torch.ones(3)), RuntimeError, r"\(2\).*\(3\).*dimension 0"),
        (
            lambda: torch.eq(torch.ones(2), None),
            TypeError,
            "'other' must be Tensor or a number, not NoneType",
        ),
        (lambda: torch.gt(1, torch.ones(2)), TypeError, "'input' must be Tensor, not int"),
        (lambda: torch.logical_and(torch.ones(2), 1), TypeError, "'other' must be Tensor, not int"),
        (lambda: torch.isclose(torch.ones(1), torch.tensor([1])), RuntimeError, "Float did not match Long"),
        (lambda: torch.isclose(torch.ones(1), torch.ones(1), -1), RuntimeError, "rtol must be .* got -1"),
        (lambda: torch.isin(1, 2), TypeError, "at least one .* int and int"),
        (lambda: torch.isin(torch.ones(1), [1]), TypeError, "'test_elements' must be Tensor or a number"),
        (lambda: torch.is_nonzero(torch.ones(2)), RuntimeError, "ambiguous"),
    ],
)
def test_errors_say_what_was_wrong(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
