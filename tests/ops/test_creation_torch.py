"""Factories and conversions give PyTorch's values, shapes and dtypes, and refuse what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_kr

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

CALLS: dict[str, Callable[[Any], Any]] = {
    "tensor": lambda t: t.tensor([[1, 2], [3, 4]]),
    "tensor of floats": lambda t: t.tensor([1.5, 2]),
    "tensor of bools": lambda t: t.tensor([True, False]),
    "tensor with dtype": lambda t: t.tensor([1.9, -1.9], dtype=t.int32),
    "empty list": lambda t: t.tensor([]),
    "nested empty list": lambda t: t.tensor([[], []]),
    "tensor of array": lambda t: t.tensor(np.arange(6.0).reshape(2, 3)),
    "tensor of tensors": lambda t: t.tensor([t.tensor(1.0), t.tensor(2.0)]),
    "Tensor of data": lambda t: t.Tensor([[1, 2], [3, 4]]),
    "as_tensor": lambda t: t.as_tensor([1, 2, 3]),
    "as_tensor with dtype": lambda t: t.as_tensor(np.ones(2), dtype=t.float32),
    "asarray": lambda t: t.asarray([1.0, 2.0]),
    "from_numpy": lambda t: t.from_numpy(np.ones((2, 2), np.int16)),
    "zeros": lambda t: t.zeros(2, 3),
    "zeros of a list": lambda t: t.zeros([2, 3], dtype=t.int64),
    "zeros of a size": lambda t: t.zeros(t.Size([2])),
    "ones": lambda t: t.ones((2,), dtype=t.bool),
    "full": lambda t: t.full((2, 2), 3),
    "full of float": lambda t: t.full((2,), 1.5),
    "full of bool": lambda t: t.full([2], True),
    "full with dtype": lambda t: t.full((2,), 3, dtype=t.float64),
    "eye": lambda t: t.eye(3),
    "eye wide": lambda t: t.eye(2, 3, dtype=t.int64),
    "arange": lambda t: t.arange(5),
    "arange of floats": lambda t: t.arange(0, 1, 0.1),
    "arange down": lambda t: t.arange(5, 0, -2),
    "arange with dtype": lambda t: t.arange(3, dtype=t.float64),
    "arange of one float": lambda t: t.arange(2.5),
    "linspace": lambda t: t.linspace(0, 1, 11),
    "linspace in double": lambda t: t.linspace(-3, 3, 7, dtype=t.float64),
    "linspace of one": lambda t: t.linspace(2, 5, 1),
    "linspace of integers": lambda t: t.linspace(0, 10, 5, dtype=t.int64),
    "logspace": lambda t: t.logspace(-1, 1, 5, dtype=t.float64),
    "zeros_like": lambda t: t.zeros_like(t.ones(2, dtype=t.int64)),
    "ones_like": lambda t: t.ones_like(t.zeros(2, 2), dtype=t.float64),
    "full_like": lambda t: t.full_like(t.zeros(2, dtype=t.int64), 7),
    "empty_like": lambda t: t.empty_like(t.zeros(2, 3)).shape,
    "new_zeros": lambda t: t.ones(1, dtype=t.float64).new_zeros(2, 3),
    "new_ones": lambda t: t.ones(1, dtype=t.int64).new_ones((2,)),
    "new_full": lambda t: t.ones(1).new_full((2,), 3),
    "new_tensor": lambda t: t.ones(1, dtype=t.float64).new_tensor([1, 2]),
    "scalar_tensor": lambda t: t.scalar_tensor(2),
    "float": lambda t: t.tensor([1, 2]).float(),
    "long": lambda t: t.tensor([1.7, -1.7]).long(),
    "bool": lambda t: t.tensor([0.0, 0.5]).bool(),
    "byte": lambda t: t.tensor([1, 255]).byte(),
    "half": lambda t: t.tensor([1.0001]).half(),
    "to of dtype": lambda t: t.ones(2).to(t.float64),
    "to of device and dtype": lambda t: t.ones(2).to("cpu", t.int64),
    "to of tensor": lambda t: t.ones(2).to(t.zeros(1, dtype=t.float64)),
    "type": lambda t: t.ones(2).type(),
    "type of name": lambda t: t.ones(2).type("torch.LongTensor"),
    "type of dtype": lambda t: t.ones(2).type(t.int32),
    "type_as": lambda t: t.ones(2).type_as(t.zeros(1, dtype=t.int64)),
    "contiguous": lambda t: t.ones(2, 3).t().contiguous().stride(),
    "requires_grad": lambda t: t.zeros(2, requires_grad=True).requires_grad,
    # what is refused
    "ragged": lambda t: t.tensor([[1], [2, 3]]),
    "text": lambda t: t.tensor("a"),
    "negative size": lambda t: t.zeros(-1),
    "zero step": lambda t: t.arange(0, 3, 0),
    "wrong step": lambda t: t.arange(3, 0, 1),
    "negative steps": lambda t: t.linspace(0, 1, -1),
    "integers with gradients": lambda t: t.ones(2, dtype=t.int64, requires_grad=True),
    "a list to from_numpy": lambda t: t.from_numpy([1]),
    "an unknown type": lambda t: t.ones(1).type("torch.NoTensor"),
    "cuda": lambda t: t.zeros(1, device="cuda"),
}


def _outcome(call: Callable[[Any], Any], t: Any) -> Any:
    try:
        return call(t)
    except Exception as error:
        return error


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_equals_pytorch(call: Callable[[Any], Any]) -> None:
    mine, theirs = _outcome(call, tinygrad_kr), _outcome(call, torch)
    if isinstance(theirs, Exception):
        assert isinstance(mine, type(theirs)), f"{mine!r}, PyTorch raises {theirs!r}"
    elif isinstance(theirs, torch.Tensor):
        assert str(mine.dtype) == str(theirs.dtype) and tuple(mine.shape) == tuple(theirs.shape)
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    else:
        assert mine == theirs
