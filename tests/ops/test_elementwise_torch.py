"""Element-wise operations against PyTorch: errors, dtypes, ties, special values."""

from __future__ import annotations

import pytest

from tests.ops.agreement import agree, gradients_at, inf, nan

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

UNARY = [
    *("abs", "sign", "sgn", "signbit", "floor", "ceil", "trunc", "round", "frac", "nan_to_num"),
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sigmoid", "logit", "erf", "erfc", "erfinv"),
    *("sin", "cos", "tan", "sinc", "asin", "acos", "atan", "deg2rad", "rad2deg"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
]
POINTS = [-inf, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 1.5, 2.5, inf, nan]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_special_values_and_their_derivatives(name: str) -> None:
    agree(lambda torch: getattr(torch, name)(torch.tensor(POINTS)), torch)
    if name in ("sgn", "signbit"):
        return  # PyTorch's sgn gives a gradient without memory
    points = [one for one in POINTS if abs(one) < inf and str(one) != "-0.0"]
    if name == "acosh":
        points.remove(-1.0)  # no value: the rule there is that of complex numbers, another than PyTorch's
    agree(gradients_at(lambda torch, x: getattr(torch, name)(x), points), torch)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float16", "float64"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_dtypes_of_results(name: str, dtype: str) -> None:
    def call(torch):  # type: ignore[no-untyped-def]
        return getattr(torch, name)(torch.tensor([0, 1, 1]).to(getattr(torch, dtype)))

    agree(call, torch, rtol=2e-3 if dtype == "float16" else 1e-6, atol=1e-3 if dtype == "float16" else 1e-7)


BINARY = [
    *("maximum", "minimum", "fmax", "fmin", "copysign", "atan2", "hypot", "logaddexp", "logaddexp2"),
    *("xlogy", "clamp_min", "clamp_max"),
]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_ties_and_special_values_of_two(name: str) -> None:
    first = [1.0, 1.0, -1.0, -2.0, nan, 1.0, 2.0, inf, 3.0, -1000.0, -3.0]
    second = [1.0, 3.0, -1.0, -3.0, 1.0, nan, 0.5, 1.0, -inf, 1000.0, 4.0]
    if name == "xlogy":
        second = [abs(one) for one in second]
    if name == "copysign":
        first[7] = 5.0  # PyTorch divides infinity by itself
    agree(gradients_at(lambda torch, x, y: getattr(torch, name)(x, y), first, second), torch)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtypes", [("float32", "int64"), ("float64", "float32"), ("float32", "bool")])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_dtypes_of_two(name: str, dtypes: tuple[str, str]) -> None:
    one, two = dtypes
    agree(
        lambda torch: getattr(torch, name)(
            torch.tensor([1, 2]).to(getattr(torch, one)), torch.tensor([1, 1]).to(getattr(torch, two))
        ),
        torch,
    )


CASES = {
    "abs of bool": lambda torch: torch.abs(torch.tensor([True])),
    "exp of a number": lambda torch: torch.exp(1.0),
    "exp of a string": lambda torch: torch.exp("a"),
    "round decimals": lambda torch: torch.round(torch.tensor([1.25, -0.5, 125.0]), decimals=1),
    "round tens": lambda torch: torch.round(torch.tensor([125.0, -50.0, 251.0]), decimals=-1),
    "round decimals of int": lambda torch: torch.round(torch.tensor([1]), decimals=1),
    "logit eps": gradients_at(lambda torch, x: torch.logit(x, eps=0.1), [0.0, 0.05, 0.1, 0.5, 0.9, 1.0]),
    "logit outside": gradients_at(lambda torch, x: torch.logit(x), [0.0, 1.0, -1.0, 2.0]),
    "atan2 origin": gradients_at(lambda torch, x, y: torch.atan2(x, y), [0.0, 0.0], [0.0, -1.0]),
    "copysign number": lambda torch: torch.copysign(torch.tensor([1, -2]), -0.0),
    "copysign zero": gradients_at(lambda torch, x: torch.copysign(x, -1.0), [0.0, 2.0, -2.0]),
    "maximum number": lambda torch: torch.maximum(torch.tensor([1.0]), 2),
    "hypot number": lambda torch: torch.hypot(torch.tensor([1.0]), 2),
    "nan_to_num given": lambda torch: torch.nan_to_num(torch.tensor([nan, inf, -inf]), 1, 2, 3),
    "nan_to_num int": lambda torch: torch.nan_to_num(torch.tensor([1, 2])),
    "xlogy 0": lambda torch: torch.xlogy(torch.tensor([0.0, 0.0, nan]), torch.tensor([nan, 0.0, 0.0])),
    "xlogy numbers": lambda torch: (torch.xlogy(0, torch.tensor([0.0])), torch.xlogy(torch.tensor([2]), 2)),
    "xlogy int and float": lambda torch: torch.xlogy(torch.tensor([2]), 2.5),
    "heaviside": lambda torch: torch.heaviside(torch.tensor([-1.0, 0.0, nan, 2.0]), torch.tensor(0.5)),
    "heaviside dtypes": lambda torch: torch.heaviside(torch.tensor([1.0]), torch.tensor([1])),
    "lerp dtypes": lambda torch: torch.lerp(torch.tensor([1.0]), torch.tensor([1]), 0.5),
    "lerp weight dtype": lambda torch: torch.lerp(torch.zeros(1), torch.ones(1), torch.ones(1).double()),
    "lerp of int": lambda torch: torch.lerp(torch.tensor([1]), torch.tensor([2]), 0.5),
    "lerp number": lambda torch: torch.lerp(torch.tensor([1.0]), 1.0, 0.5),
    "addcmul int": lambda torch: torch.addcmul(
        torch.tensor([1]), torch.tensor([2]), torch.tensor([3]), value=2
    ),
    "addcdiv int": lambda torch: torch.addcdiv(torch.tensor([1.0]), torch.tensor([2]), torch.tensor([3])),
    "addcmul number": lambda torch: torch.addcmul(torch.ones(1), 2.0, torch.ones(1)),
    "addcmul shapes": lambda torch: torch.addcmul(torch.ones(2), torch.ones(3), torch.ones(2)),
    "clamp bounds": gradients_at(lambda torch, x: torch.clamp(x, 0, 1), [-1.0, 0.0, 0.5, 1.0, 2.0]),
    "clamp crossed": gradients_at(lambda torch, x: torch.clamp(x, 2, 1), [0.0, 1.0, 1.5, 2.0, 3.0]),
    "clamp tensors": gradients_at(
        lambda torch, x, low, high: torch.clamp(x, low, high),
        [-1.0, 0.0, 0.5, 1.0, 2.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0],
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
    ),
    "clamp nan": lambda torch: torch.clamp(torch.tensor([nan, 1.0, 3.0]), 0, 2),
    "clamp nan bound": lambda torch: torch.clamp(torch.tensor([1.0, 3.0]), nan, 2),
    "clamp nothing": lambda torch: torch.clamp(torch.tensor([1.0])),
    "clamp mixed": lambda torch: torch.clamp(torch.tensor([1.0]), torch.tensor([0.5]), 2),
    "clamp int by float": lambda torch: torch.clamp(torch.tensor([1, 2]), 0.5, 1.5),
    "clamp int by int": lambda torch: torch.clip(torch.tensor([1, 2]), max=1),
    "clamp bool": lambda torch: torch.clamp(torch.tensor([True, False]), 0, 1),
    "where": lambda torch: torch.where(torch.tensor([True, False]), torch.tensor([1, 2]), 1.5),
    "where numbers": lambda torch: torch.where(torch.tensor([True, False]), 1, 0),
    "where floats": lambda torch: torch.where(torch.tensor([True, False]), 1.0, 0.0),
    "where widths": lambda torch: torch.where(torch.tensor([True]), torch.ones(1).double(), torch.ones(1)),
    "where uint8": lambda torch: torch.where(torch.tensor([1, 0], dtype=torch.uint8), 1, 0),
    "where float condition": lambda torch: torch.where(torch.tensor([1.0]), 1, 0),
    "where no tensor": lambda torch: torch.where(True, torch.ones(1), torch.ones(1)),
    "where shapes": lambda torch: torch.where(torch.tensor([True, False]), torch.ones(3), 0),
    "where indices": lambda torch: torch.where(torch.tensor([[True, False], [True, True]])),
    "masked_fill": lambda torch: torch.masked_fill(torch.tensor([1, 2]), torch.tensor([True, False]), 1.5),
    "masked_fill inf": lambda torch: torch.masked_fill(
        torch.tensor([1, 2]), torch.tensor([True, False]), inf
    ),
    "masked_fill bool": lambda torch: torch.tensor([True]).masked_fill(torch.tensor([True]), 0),
    "masked_fill mask": lambda torch: torch.masked_fill(torch.ones(2), torch.tensor([1, 0]), 0),
    "masked_fill dims": lambda torch: torch.masked_fill(torch.ones(1), torch.tensor([True]), torch.ones(1)),
    "masked_fill shapes": lambda torch: torch.masked_fill(torch.ones(2), torch.tensor([True] * 3), 0),
    "masked_fill_ wider": lambda torch: torch.ones(2).masked_fill_(torch.tensor([[True], [False]]), 0),
    "masked_fill value": gradients_at(
        lambda torch, x, value: x.masked_fill(torch.tensor([True, False, True]), value), [1.0, 2.0, 3.0], 4.0
    ),
    "and": lambda torch: torch.tensor([5, 6]) & torch.tensor([True, False]),
    "and float": lambda torch: torch.tensor([5.0]) & 1,
    "and float number": lambda torch: torch.tensor([5]) & 1.5,
    "not float": lambda torch: ~torch.tensor([5.0]),
    "shift": lambda torch: (torch.tensor([5, -6]) << 2, torch.tensor([5, -6]) >> 1, 1 << torch.tensor([3])),
    "shift far": lambda torch: (torch.tensor([5, -6]) << 70, torch.tensor([5, -6]) >> 70),
    "shift bool": lambda torch: torch.tensor([True, False]) << 1,
    "shift float": lambda torch: torch.tensor([5.0]) << 1,
    "shift number": lambda torch: torch.bitwise_left_shift(2, torch.tensor([1, 2], dtype=torch.int8)),
    "or in place": lambda torch: torch.tensor([1, 2]).bitwise_or_(torch.tensor([4, 4])),
    "number or": lambda torch: 4 | torch.tensor([1, 2]),
}


@pytest.mark.parametrize("call", CASES.values(), ids=CASES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_agrees(call) -> None:  # type: ignore[no-untyped-def]
    agree(call, torch)
