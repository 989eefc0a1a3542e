"""Every dtype attribute, promotion and limit, over all pairs and operand kinds, against PyTorch's answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tinygrad_kr import dtypes
from tinygrad_kr.devices import device
from tinygrad_kr.size import Size

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = pytest.mark.torch

NAMES = sorted({str(d).removeprefix("torch.") for d in vars(dtypes).values() if isinstance(d, dtypes.dtype)})
STORED = [name for name in NAMES if name != "bfloat16"]
SCALARS = (True, 2, 2.5, 2.5j)


def same(ours: dtypes.dtype | np.dtype[Any], theirs: Any) -> bool:
    """Whether both are the same type; PyTorch's complex32 has no equal and is complex64 here."""
    if theirs is torch.complex32:
        theirs = torch.complex64
    return f"torch.{ours}" == str(theirs) if isinstance(ours, np.dtype) else str(ours) == str(theirs)


@pytest.fixture(params=["float32", "float64", "float16"])
def default_dtype(request: pytest.FixtureRequest) -> Iterator[None]:
    dtypes.set_default_dtype(getattr(dtypes, request.param))
    torch.set_default_dtype(getattr(torch, request.param))
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", NAMES)
def test_attributes(name: str) -> None:
    ours, theirs = getattr(dtypes, name), getattr(torch, name)
    assert repr(ours) == repr(theirs)
    for attribute in ("is_floating_point", "is_complex", "is_signed", "itemsize"):
        assert getattr(ours, attribute) == getattr(theirs, attribute), attribute
    assert same(ours.to_real(), theirs.to_real())
    if name not in ("float16", "bool") and "int" not in name:
        assert same(ours.to_complex(), theirs.to_complex())


@pytest.mark.parametrize("name", ["half", "float", "double", "short", "int", "long"])
def test_aliases(name: str) -> None:
    assert repr(getattr(dtypes, name)) == repr(getattr(torch, name))


@pytest.mark.parametrize("python_type", [float, int, bool, complex])
def test_python_types(python_type: type) -> None:
    assert same(dtypes.as_dtype(python_type), torch.zeros(1, dtype=python_type).dtype)


@pytest.mark.parametrize("name", STORED)
def test_tensor_type_names(name: str) -> None:
    theirs = torch.zeros(1, dtype=getattr(torch, name)).type()
    assert f"torch.{getattr(dtypes, name).scalar_name}Tensor" == theirs


@pytest.mark.parametrize(("a", "b"), list(itertools.product(NAMES, NAMES)))
def test_promotion_and_casting(a: str, b: str) -> None:
    ours = getattr(dtypes, a), getattr(dtypes, b)
    theirs = getattr(torch, a), getattr(torch, b)
    assert same(dtypes.promote_types(*ours), torch.promote_types(*theirs))
    assert dtypes.can_cast(*ours) == torch.can_cast(*theirs)


def test_result_type_of_every_pair(default_dtype: None) -> None:
    kinds = [(name, shape) for name in STORED for shape in ((2,), ())]
    arrays = [np.ones(shape, name) for name, shape in kinds]
    tensors = [torch.ones(shape, dtype=getattr(torch, name)) for name, shape in kinds]
    pairs = list(zip(arrays, tensors, strict=True))
    for (x, tx), (y, ty) in itertools.product(pairs, pairs):
        assert same(dtypes.result_type(x, y), torch.result_type(tx, ty)), (tx, ty)
    for (x, tx), scalar in itertools.product(pairs, SCALARS):
        assert same(dtypes.result_type(x, scalar), torch.result_type(tx, scalar)), (tx, scalar)
        assert same(dtypes.result_type(scalar, x), torch.result_type(scalar, tx)), (scalar, tx)
    for a, b in itertools.product(SCALARS, SCALARS):
        assert same(dtypes.result_type(a, b), torch.result_type(a, b)), (a, b)


@pytest.mark.parametrize("scalar", [np.float64(2), np.float32(2), np.float16(2), np.int8(2), np.int64(2)])
@pytest.mark.parametrize("name", ["bool", "int8", "float16", "float32"])
def test_numpy_scalars_are_wrapped_numbers(name: str, scalar: np.generic) -> None:
    x = torch.ones(2, dtype=getattr(torch, name))
    assert same(dtypes.result_type(x.numpy(), scalar), torch.add(x, scalar).dtype)


@pytest.mark.parametrize("names", list(itertools.product(["int8", "int64", "float16", "float64"], repeat=3)))
@pytest.mark.parametrize("shapes", [((2,), (), ()), ((2,), (), (2,)), ((), (2,), (2,)), ((), (), ())])
def test_result_type_of_three_operands(names: tuple[str, ...], shapes: tuple[tuple[int, ...], ...]) -> None:
    ours = dtypes.result_type(*[np.ones(shape, name) for name, shape in zip(names, shapes, strict=True)])
    tensors = [
        torch.ones(shape, dtype=getattr(torch, name)) for name, shape in zip(names, shapes, strict=True)
    ]
    assert same(ours, torch.clamp(*tensors).dtype)


@pytest.mark.parametrize("name", ["float16", "float32", "float64", "complex64", "complex128"])
def test_finfo(name: str) -> None:
    ours, theirs = dtypes.finfo(getattr(dtypes, name)), torch.finfo(getattr(torch, name))
    assert repr(ours) == repr(theirs)
    for attribute in ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny"):
        assert getattr(ours, attribute) == getattr(theirs, attribute), attribute


def test_finfo_follows_the_default_dtype(default_dtype: None) -> None:
    assert repr(dtypes.finfo()) == repr(torch.finfo())


@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32", "int64"])
def test_iinfo(name: str) -> None:
    ours, theirs = dtypes.iinfo(getattr(dtypes, name)), torch.iinfo(getattr(torch, name))
    assert repr(ours) == repr(theirs)
    assert (ours.bits, ours.dtype, ours.max, ours.min) == (theirs.bits, theirs.dtype, theirs.max, theirs.min)


def outcome(call: Any) -> str:
    """What the call returns, or the type of what it raises."""
    try:
        return repr(call())
    except Exception as error:
        return type(error).__name__


@pytest.mark.parametrize(
    "items", [[], [2, 3], [0], [-1], [True, 2], [np.int64(4)], [2.5], ["a"], [None], 2, None]
)
def test_size_construction(items: Any) -> None:
    assert outcome(lambda: Size(items)) == outcome(lambda: torch.Size(items))


EXPRESSIONS = "s[0] s[-1] s[1:] s[::-1] s[:0] s+s s+(1,) (1,)+s s*2 2*s s==(2,3) s.numel() s.index(3)"
ERRORS = "s+[1] [1]+s s+('a',) s*2.5 s[9] s.index(9)"


@pytest.mark.parametrize("expression", [*EXPRESSIONS.split(), *ERRORS.split()])
def test_size_expressions(expression: str) -> None:
    ours, theirs = {"s": Size([2, 3])}, {"s": torch.Size([2, 3])}
    assert outcome(lambda: eval(expression, ours)) == outcome(lambda: eval(expression, theirs))


DEVICE_NAMES = [
    "cpu",
    "cpu:0",
    "cuda",
    "cuda:3",
    "mps",
    "meta",
    "xla",
    "tpu",
    "tpu:1",
    "CPU",
    "",
    "cpu:",
    "cpu:a",
]
MALFORMED = ["cpu:01", "cpu:-1", "cpu:1:2", "cpu ", "cpu0", "a-b", ":0"]
OTHER_ARGUMENTS = [
    ("cpu", 0),
    ("cuda", 2),
    ("cpu:0", 0),
    ("cpu", -1),
    ("cpu", None),
    ("cpu", 1.5),
    ("cpu", True),
]
NOT_NAMES = [(0,), (-1,), (True,), (2.5,), (None,), ()]


@pytest.mark.parametrize(
    "arguments", [*((name,) for name in DEVICE_NAMES + MALFORMED), *OTHER_ARGUMENTS, *NOT_NAMES], ids=repr
)
def test_device_construction(arguments: tuple[Any, ...]) -> None:
    assert outcome(lambda: device(*arguments)) == outcome(lambda: torch.device(*arguments))
    assert outcome(lambda: str(device(*arguments))) == outcome(lambda: str(torch.device(*arguments)))
