"""Comparisons and logic against PyTorch: errors, dtypes, special values."""

from __future__ import annotations

import pytest

from tests.ops.agreement import agree, inf, nan

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

CASES = {
    "int and float": lambda torch: torch.tensor([1, 2]) == torch.tensor([1.0, 2.5]),
    "int and float number": lambda torch: torch.tensor([1, 2]) < 1.5,
    "nan": lambda torch: torch.tensor([nan, 1.0]) == torch.tensor([nan, 1.0]),
    "None": lambda torch: (torch.ones(1) == None, torch.ones(1) != None),  # noqa: E711
    "string": lambda torch: (torch.ones(1) == "a", torch.ones(1) != "a"),
    "list": lambda torch: torch.ones(1) == [1.0],
    "less than a string": lambda torch: torch.ones(1) < "a",
    "less than None": lambda torch: torch.ones(1) < None,
    "reflected": lambda torch: (1 < torch.tensor([1, 2]), 2 == torch.tensor([1, 2])),  # noqa: SIM300
    "eq None": lambda torch: torch.eq(torch.ones(1), None),
    "eq of a number": lambda torch: torch.eq(1, torch.ones(1)),
    "eq shapes": lambda torch: torch.eq(torch.ones(2), torch.ones(3)),
    "eq in place": lambda torch: torch.tensor([1.0, 2.0]).eq_(1),
    "bool": lambda torch: torch.tensor([True, False]) > False,
    "method aliases": lambda torch: torch.tensor([1, 2]).greater_equal(torch.tensor([2, 2])),
    "logical_and number": lambda torch: torch.logical_and(torch.ones(1), 1),
    "logical_and mixed": lambda torch: torch.logical_and(torch.tensor([1.0, 0.0]), torch.tensor([2, 3])),
    "logical_not in place": lambda torch: torch.tensor([1.0, 0.0]).logical_not_(),
    "kinds of int": lambda torch: (
        torch.isnan(torch.tensor([1])),
        torch.isinf(torch.tensor([1])),
        torch.isfinite(torch.tensor([1])),
        torch.isposinf(torch.tensor([1])),
        torch.isneginf(torch.tensor([True])),
    ),
    "isclose": lambda torch: torch.isclose(torch.tensor([1.0, inf, nan]), torch.tensor([1.0, inf, nan])),
    "isclose nan": lambda torch: torch.isclose(torch.tensor([nan]), torch.tensor([nan]), equal_nan=True),
    "isclose dtypes": lambda torch: torch.isclose(torch.ones(1), torch.ones(1).double()),
    "isclose number": lambda torch: torch.isclose(torch.ones(1), 1.0),
    "isclose tolerance": lambda torch: torch.isclose(torch.ones(1), torch.ones(1), rtol=-1),
    "isclose bool": lambda torch: torch.isclose(torch.tensor([True]), torch.tensor([True])),
    "allclose shapes": lambda torch: torch.allclose(torch.ones(2), torch.ones(3)),
    "allclose broadcast": lambda torch: torch.allclose(torch.ones(2), torch.ones(1)),
    "equal shapes": lambda torch: torch.equal(torch.ones(2), torch.ones(3)),
    "equal dtypes": lambda torch: torch.equal(torch.ones(2), torch.ones(2).int()),
    "equal number": lambda torch: torch.equal(torch.ones(2), 1),
    "isin": lambda torch: torch.isin(torch.tensor([[1, 2], [3, 4]]), torch.tensor([2.0, 4.5])),
    "isin numbers": lambda torch: torch.isin(1, 1),
    "isin list": lambda torch: torch.isin(torch.ones(1), [1.0]),
    "isin 0-d": lambda torch: torch.isin(1.0, torch.ones(2)),
    "is_nonzero": lambda torch: (torch.is_nonzero(torch.tensor(2)), torch.tensor([0.0]).is_nonzero()),
    "is_nonzero several": lambda torch: torch.is_nonzero(torch.ones(2)),
    "is_nonzero none": lambda torch: torch.is_nonzero(torch.ones(0)),
    "is_floating_point number": lambda torch: torch.is_floating_point(1.0),
    "numel number": lambda torch: torch.numel(3),
    "out": lambda torch: torch.eq(torch.ones(2), 1, out=torch.empty(2, dtype=torch.bool)),
}


@pytest.mark.parametrize("call", CASES.values(), ids=CASES)
def test_agrees(call) -> None:  # type: ignore[no-untyped-def]
    agree(call, torch)
