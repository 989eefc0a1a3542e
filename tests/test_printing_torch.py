"""Random tensors under random options print exactly as PyTorch prints them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given

from tinygrad_kr import dtypes
from tinygrad_kr.printing import printoptions, set_printoptions, tensor_text

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = pytest.mark.torch

FLOATING = ["float16", "float32", "float64", "complex64", "complex128"]
OTHER = ["bool", "uint8", "int8", "int16", "int32", "int64"]


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    yield
    set_printoptions(profile="default")
    torch.set_printoptions(profile="default")
    torch.set_default_dtype(torch.float32)


@st.composite
def numbers(draw: st.DrawFn, dtype: str) -> np.ndarray[Any, Any]:
    """An array of the dtype with elements of like or unlike sizes, whole or not, and some special values."""
    shape = draw(
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=draw(st.sampled_from([2, 5, 12])))
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))

    def real() -> np.ndarray[Any, Any]:
        spread = draw(st.sampled_from([0, 1, 3, 30]))
        x = rng.standard_normal(shape) * 10.0 ** draw(st.integers(-6, 9))
        x = x * 10.0 ** rng.integers(-spread, spread + 1, shape)
        if draw(st.booleans()):
            x = np.round(x)
        if draw(st.booleans()):
            x = np.where(rng.random(shape) < 0.3, rng.choice([0.0, -0.0, np.nan, np.inf, -np.inf], shape), x)
        return np.asarray(x)

    with np.errstate(over="ignore"):
        if dtype.startswith("complex"):
            x = np.zeros(shape, dtype)
            x.real, x.imag = real(), real()
            return x
        if dtype.startswith("float"):
            return real().astype(dtype)
    if dtype == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    digits = draw(st.integers(1, 19))
    low, high = max(np.iinfo(dtype).min, -(10**digits)), min(np.iinfo(dtype).max, 10**digits)
    return np.asarray(rng.integers(low, high, shape, dtype, endpoint=True))


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "precision": st.integers(0, 8),
        "threshold": st.integers(0, 200),
        "edgeitems": st.integers(0, 4),
        "linewidth": st.integers(0, 150),
        "profile": st.sampled_from(["default", "short", "full"]),
        "sci_mode": st.booleans(),
    },
)


def assert_prints_as_pytorch(array: np.ndarray[Any, Any], options: dict[str, Any], history: str) -> None:
    tensor = torch.from_numpy(array)
    if array.dtype.kind not in "fc":
        history = "constant"
    if history != "constant":
        tensor.requires_grad_()
    if history == "computed":
        tensor = tensor.clone()
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**options)
    with printoptions(**options):
        text = tensor_text(
            array,
            requires_grad=tensor.requires_grad,
            grad_fn="CloneBackward0" if history == "computed" else None,
        )
    assert text == repr(tensor)


@pytest.mark.parametrize("dtype", FLOATING)
@given(data=st.data(), options=OPTIONS, history=st.sampled_from(["constant", "leaf", "computed"]))
def test_floating(dtype: str, data: st.DataObject, options: dict[str, Any], history: str) -> None:
    assert_prints_as_pytorch(data.draw(numbers(dtype)), options, history)


@pytest.mark.parametrize("dtype", OTHER)
@given(data=st.data(), options=OPTIONS)
def test_integers_and_booleans(dtype: str, data: st.DataObject, options: dict[str, Any]) -> None:
    assert_prints_as_pytorch(data.draw(numbers(dtype)), options, "constant")


SPECIAL = [0.0, -0.0, 1.0, 1e-4, 9.9e-5, 1e8, 1.1e8, 1000.0, 1000.5, 0.1, 123456.0, 5e-324, 1.7e308]
SPECIAL += [float("nan"), float("inf"), float("-inf")]


@given(values=st.lists(st.one_of(st.sampled_from(SPECIAL), st.floats()), min_size=1, max_size=8))
@example(values=[1.0, 1000.0])
@example(values=[1e8, 1e8 + 1])
@example(values=[0.5, 1.5, 2.5])
def test_decisions_at_their_limits(values: list[float]) -> None:
    for dtype in ("float16", "float32", "float64"):
        with np.errstate(over="ignore"):
            assert_prints_as_pytorch(np.array(values).astype(dtype), {}, "constant")


@pytest.mark.parametrize(
    "shape", [(1000,), (1001,), (40, 40), (3, 400), (400, 3), (6, 6, 6, 6), (7, 7, 7, 7), (1, 1, 2000)]
)
@pytest.mark.parametrize("history", ["constant", "leaf", "computed"])
def test_summaries(shape: tuple[int, ...], history: str) -> None:
    array = np.random.default_rng(0).standard_normal(shape)
    assert_prints_as_pytorch(array, {}, history)
    assert_prints_as_pytorch(array.astype(np.float32), {}, history)


@pytest.mark.parametrize("count", range(1, 12))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_suffixes_at_the_end_of_the_line(count: int, dtype: str) -> None:
    for precision in range(9):
        for history in ("leaf", "computed"):
            assert_prints_as_pytorch(np.full(count, 0.5, dtype), {"precision": precision}, history)


@pytest.mark.parametrize("default", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", FLOATING + OTHER)
def test_default_dtype_decides_the_suffix(dtype: str, default: str) -> None:
    dtypes.set_default_dtype(getattr(dtypes, default))
    torch.set_default_dtype(getattr(torch, default))
    assert_prints_as_pytorch(np.ones((2, 2), dtype), {}, "constant")
    assert_prints_as_pytorch(np.ones((2, 0), dtype), {}, "constant")


@pytest.mark.parametrize(
    "layout", [lambda x: x.T, lambda x: x[::2, 1:], lambda x: np.broadcast_to(x[0], x.shape)]
)
def test_strides_do_not_matter(layout: Any) -> None:
    array = layout(np.random.default_rng(0).standard_normal((50, 60)).astype(np.float32))
    assert tensor_text(array) == repr(torch.from_numpy(array.copy()))
