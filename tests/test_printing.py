"""The text of tensors, pinned to what PyTorch 2.13 prints; test_printing_torch.py compares random ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tinygrad_kr import dtypes
from tinygrad_kr.printing import get_printoptions, printoptions, set_printoptions, tensor_text


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    yield
    set_printoptions(profile="default")


def f32(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (f32(1, 2.5, -3), "tensor([ 1.0000,  2.5000, -3.0000])"),
        (f32(1, 2, -30), "tensor([  1.,   2., -30.])"),
        (f32(0, -0.0), "tensor([0., -0.])"),
        (f32(1e-5, 1), "tensor([1.0000e-05, 1.0000e+00])"),
        (f32(1e-4), "tensor([1.0000e-04])"),  # as float32 a little below 1e-4, hence scientific
        (f32(1, 1000), "tensor([   1., 1000.])"),
        (f32(1, 1001), "tensor([1.0000e+00, 1.0010e+03])"),
        (f32(np.nan, 1.5, -np.inf), "tensor([   nan, 1.5000,   -inf])"),
        (f32(np.nan, 2, np.inf), "tensor([nan, 2., inf])"),
        (f32(np.nan, 0), "tensor([nan, 0.])"),
        (np.float32(3.14159)[...], "tensor(3.1416)"),
        (np.array([1.5]), "tensor([1.5000], dtype=torch.float64)"),
        (np.array([0.1], np.float16), "tensor([0.1000], dtype=torch.float16)"),
        (np.array([1, -200, 3]), "tensor([   1, -200,    3])"),
        (np.array([1, 2], np.int32), "tensor([1, 2], dtype=torch.int32)"),
        (np.array([True, False]), "tensor([ True, False])"),
        (np.array(True), "tensor(True)"),
        (np.array([1 + 2j, -0.5j], np.complex64), "tensor([1.+2.0000j, -0.-0.5000j])"),
        (np.array(1 - 1j), "tensor(1.-1.j, dtype=torch.complex128)"),
        (np.zeros(0, np.float32), "tensor([])"),
        (np.zeros((0, 3), np.float32), "tensor([], size=(0, 3))"),
        (np.zeros(0, np.int64), "tensor([], dtype=torch.int64)"),
        (np.zeros((2, 0)), "tensor([], size=(2, 0), dtype=torch.float64)"),
        (np.arange(2000), "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"),
    ],
)
def test_text(array: np.ndarray, expected: str) -> None:
    assert tensor_text(array) == expected


def test_lines_are_nested_and_wrapped() -> None:
    blocks = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    assert tensor_text(blocks) == (
        "tensor([[[0., 1.],\n         [2., 3.]],\n\n        [[4., 5.],\n         [6., 7.]]])"
    )
    assert tensor_text(np.arange(24, dtype=np.float32) / 3) == (
        "tensor([0.0000, 0.3333, 0.6667, 1.0000, 1.3333, 1.6667, 2.0000, 2.3333, 2.6667,\n"
        "        3.0000, 3.3333, 3.6667, 4.0000, 4.3333, 4.6667, 5.0000, 5.3333, 5.6667,\n"
        "        6.0000, 6.3333, 6.6667, 7.0000, 7.3333, 7.6667])"
    )


def test_large_tensors_are_summarized() -> None:
    assert tensor_text(np.arange(2800, dtype=np.int64).reshape(7, 400)) == (
        "tensor([[   0,    1,    2,  ...,  397,  398,  399],\n"
        "        [ 400,  401,  402,  ...,  797,  798,  799],\n"
        "        [ 800,  801,  802,  ..., 1197, 1198, 1199],\n"
        "        ...,\n"
        "        [1600, 1601, 1602,  ..., 1997, 1998, 1999],\n"
        "        [2000, 2001, 2002,  ..., 2397, 2398, 2399],\n"
        "        [2400, 2401, 2402,  ..., 2797, 2798, 2799]])"
    )


def test_only_what_is_shown_is_read() -> None:
    enormous = np.broadcast_to(np.float32(1), (10**6, 10**6))  # 4 TB if it were copied
    assert tensor_text(enormous).count("1., 1., 1.,  ..., 1., 1., 1.") == 6


def test_hidden_elements_have_no_say_in_the_style() -> None:
    array = np.zeros(2000, np.float32)
    array[1000] = 1e-20
    assert tensor_text(array) == "tensor([0., 0., 0.,  ..., 0., 0., 0.])"


def test_gradient_suffixes() -> None:
    x = f32(1, 2)
    assert tensor_text(x, requires_grad=True) == "tensor([1., 2.], requires_grad=True)"
    computed = tensor_text(x, requires_grad=True, grad_fn="MulBackward0")
    assert computed == "tensor([1., 2.], grad_fn=<MulBackward0>)"
    empty = tensor_text(np.zeros(0), requires_grad=True)
    assert empty == "tensor([], dtype=torch.float64, requires_grad=True)"


def test_a_suffix_that_does_not_fit_gets_its_own_line() -> None:
    nine = np.full(9, 0.5, np.float64)
    assert tensor_text(nine, grad_fn="MulBackward0") == (
        f"tensor([{', '.join(['0.5000'] * 9)}],\n       dtype=torch.float64, grad_fn=<MulBackward0>)"
    )


def test_prefix_sets_the_indent() -> None:
    assert tensor_text(np.eye(2, dtype=np.float32), prefix="Mask(") == "Mask([[1., 0.],\n      [0., 1.]])"


def test_the_default_dtype_is_not_printed() -> None:
    dtypes.set_default_dtype(dtypes.float64)
    assert tensor_text(np.array([0.5])) == "tensor([0.5000])"
    assert tensor_text(f32(0.5)) == "tensor([0.5000], dtype=torch.float32)"
    assert tensor_text(np.array([1j])) == "tensor([0.+1.j])"


def test_options() -> None:
    x = f32(0.123456789, 2)
    with printoptions(precision=2):
        assert tensor_text(x) == "tensor([0.12, 2.00])"
    with printoptions(sci_mode=True, precision=1):
        assert tensor_text(x) == "tensor([1.2e-01, 2.0e+00])"
    with printoptions(sci_mode=False):
        assert tensor_text(f32(1e-6, 1)) == "tensor([0.0000, 1.0000])"
    with printoptions(linewidth=20):
        assert tensor_text(np.arange(6)) == "tensor([0, 1, 2, 3,\n        4, 5])"
    with printoptions(threshold=4, edgeitems=1):
        assert tensor_text(np.arange(6)) == "tensor([0,  ..., 5])"
    with printoptions(threshold=4, edgeitems=0):
        assert tensor_text(np.ones((3, 3))) == "tensor([...], size=(3, 3), dtype=torch.float64)"
    assert tensor_text(x) == "tensor([0.1235, 2.0000])"


def test_options_are_kept_until_a_profile_resets_them() -> None:
    set_printoptions(precision=3, sci_mode=True)
    set_printoptions(edgeitems=2)
    options = get_printoptions()
    assert options == {"precision": 3, "threshold": 1000, "edgeitems": 2, "linewidth": 80, "sci_mode": None}
    set_printoptions(profile="short", edgeitems=5)
    assert (get_printoptions()["precision"], get_printoptions()["edgeitems"]) == (2, 5)
    set_printoptions(profile="full")
    assert "..." not in tensor_text(np.arange(1001))


def test_options_return_after_an_error_in_the_block() -> None:
    with pytest.raises(KeyError), printoptions(precision=9, sci_mode=True):
        raise KeyError
    assert get_printoptions()["precision"] == 4 and get_printoptions()["sci_mode"] is None


@pytest.mark.parametrize("wrong", [{"profile": "long"}, {"precision": -1}, {"edgeitems": -3}])
def test_wrong_options_are_named_and_change_nothing(wrong: dict) -> None:
    before = get_printoptions()
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must.*{next(iter(wrong.values()))}"):
        set_printoptions(linewidth=5, **wrong)
    assert get_printoptions() == before
