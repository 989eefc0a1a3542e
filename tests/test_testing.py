"""`torch.testing`: what is close passes, what is not is told."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.testing import assert_close, make_tensor


def cases(torch: object) -> list[tuple[object, object, dict[str, object]]]:
    """Pairs, close or not, with options: PyTorch says the same of each."""
    ones, nan = torch.ones(3), torch.tensor(float("nan"))
    return [
        (ones, ones.clone(), {}),
        (ones, torch.tensor([1.0, 2.0, 1.0]), {}),
        (ones, torch.ones(2), {}),
        (ones, ones.double(), {}),
        (ones, ones.double(), {"check_dtype": False}),
        (1.0, 1.1, {}),
        (1.0, 1.0 + 1e-9, {}),
        (1, 2.5, {}),
        ([1, 2], [1, 3], {}),
        ([1, 2], (1, 2), {}),
        ([1], [1, 2], {}),
        ({"a": 1}, {"b": 1}, {}),
        ({"a": [ones]}, {"a": [ones + 1]}, {}),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), {}),
        (torch.tensor([True]), torch.tensor([False]), {}),
        (nan, nan, {"equal_nan": True}),
        (ones, ones + 0.5, {"rtol": 0.5, "atol": 0.0}),
        (ones, ones + 2, {"msg": "as asked"}),
        (ones, ones + 2, {"msg": lambda text: f"seen: {text[:10]}"}),
        (ones, ones, {"rtol": 1.0}),
        (ones, 1.0, {}),
        ("a", "a", {}),
        (None, None, {}),
        (torch.ones(2, 3).t(), torch.ones(3, 2), {"check_stride": True}),
        (np.ones(2), np.ones(2), {}),
    ]


def told(torch: object, number: int) -> str:
    actual, expected, options = cases(torch)[number]
    try:
        torch.testing.assert_close(actual, expected, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}".replace("tinygrad_kr.tensor.Tensor", "torch.Tensor")
    return "close"


@pytest.mark.parametrize("number", range(len(cases(torch))))
def test_every_case_has_an_answer(number: int) -> None:
    assert told(torch, number).split(":")[0] in {"close", "AssertionError", "ValueError", "TypeError"}


@pytest.mark.torch
@pytest.mark.parametrize("number", range(len(cases(torch))))
def test_pytorch_says_the_same(number: int) -> None:
    theirs = pytest.importorskip("torch", reason="PyTorch is not installed")
    assert told(torch, number) == told(theirs, number)


def test_nan_is_not_close_to_nan() -> None:
    nan = torch.tensor([float("nan"), 1.0])
    with pytest.raises(AssertionError, match=r"1 / 2 \(50\.0%\)"):
        assert_close(nan, nan)


def test_made_tensors() -> None:
    x = make_tensor((4, 5), dtype=torch.float32, low=-1, high=1, requires_grad=True, noncontiguous=True)
    assert x.shape == (4, 5) and not x.is_contiguous() and x.requires_grad and x.abs().max() <= 1
    assert make_tensor(100, dtype=torch.uint8, high=2, exclude_zero=True).tolist() == [1] * 100
    assert make_tensor(50, dtype=torch.bool).dtype is torch.bool
    with pytest.raises(ValueError, match="low must be less than high, got 3 and 2"):
        make_tensor(2, dtype=torch.float32, low=3, high=2)


def test_the_older_assertion() -> None:
    with pytest.warns(FutureWarning, match="assert_close"):
        torch.testing.assert_allclose(torch.tensor([1.0, torch.nan]), [1.00005, torch.nan])
    with pytest.raises(AssertionError, match="mine"), pytest.warns(FutureWarning):
        torch.testing.assert_allclose(torch.ones(1), torch.tensor([1.001]), msg="mine")
    with pytest.warns(FutureWarning):
        torch.testing.assert_allclose(torch.ones(1), torch.tensor([1.001], dtype=torch.float64), 0.1, 0)
