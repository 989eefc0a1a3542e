"""What older programs write: factors before tensors, `Tensor.new`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinygrad_kr as torch


@pytest.mark.parametrize(
    "old, new",
    [
        (lambda x, y: x.add_(0.5, y), lambda x, y: x.add_(y, alpha=0.5)),
        (lambda x, y: x.add(2, y), lambda x, y: x.add(y, alpha=2)),
        (lambda x, y: x.addcmul_(3, y, y), lambda x, y: x.addcmul_(y, y, value=3)),
        (lambda x, y: x.addcdiv(-2, x, y), lambda x, y: x.addcdiv(x, y, value=-2)),
    ],
)
def test_a_factor_may_come_first(old: Callable[..., torch.Tensor], new: Callable[..., torch.Tensor]) -> None:
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    with pytest.warns(UserWarning, match="deprecated"):
        result = old(x.clone(), y)
    assert result.tolist() == new(x.clone(), y).tolist()
    with pytest.raises(TypeError):
        x.add_()


def test_new_makes_a_tensor_of_the_same_dtype() -> None:
    x = torch.ones(2, dtype=torch.float64)
    assert x.new([1, 2]).tolist() == [1, 2] and x.new([1, 2]).dtype is torch.float64
    assert x.new(2, 3).shape == (2, 3) and x.new(torch.Size([4])).shape == (4,) and x.new().shape == (0,)
    assert x.new(np.ones(3, np.float32)).dtype is torch.float64 and x.new(x).tolist() == [1, 1]
    assert torch.ones(2, requires_grad=True).new(3).requires_grad is False
    with pytest.raises(TypeError, match="sizes"):
        x.new(1, "two")


def test_legacy_types_convert() -> None:
    x = torch.tensor([1.5, -1.5])
    assert x.type(torch.LongTensor).tolist() == [1, -1] and x.type(torch.DoubleTensor).dtype is torch.float64
    assert x.type("torch.IntTensor").dtype is torch.int32 and x.type(torch.float16).dtype is torch.float16


def test_private_names_that_packages_use() -> None:
    torch._assert(True, "holds")
    with pytest.raises(AssertionError, match="of two"):
        torch._assert(torch.tensor(3) % 2 == 0, "a multiple of two")
    torch._C._log_api_usage_once("nothing")
