"""Padding: errors, dtypes and what it means for NumPy's own function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.ops import padding

F = torch.nn.functional


@pytest.mark.parametrize(
    ("shape", "pad", "options", "error", "words"),
    [
        ((3, 4), (1,), {}, RuntimeError, "divisible by 2"),
        ((3, 4), (1, 1, 1, 1, 1, 1), {}, RuntimeError, "padding length 6 and input of dimension 2"),
        ((3, 4), (-5, 0), {}, RuntimeError, "The input size 4, plus negative padding -5 and 0"),
        ((3, 1), (-2, 2), {}, RuntimeError, "The input size 1, plus negative padding -2 and 2"),
        ((3, 4), 1, {}, TypeError, "must be tuple of ints, not int"),
        ((3, 4), (1.5, 1), {}, TypeError, "element of type float at pos 0"),
        ((3, 4), (1, 1), {"mode": "edge"}, NotImplementedError, "Unrecognised padding mode edge"),
        ((4,), (1, 1), {"mode": "reflect"}, NotImplementedError, "Padding size 2 is not supported for 1D"),
        (
            (1, 3, 4),
            (4, 1),
            {"mode": "reflect"},
            RuntimeError,
            "padding (4, 1) at dimension 2 of input [1, 3, 4]",
        ),
        ((1, 3, 4), (5, 1), {"mode": "circular"}, RuntimeError, "padding (5, 1) at dimension 2"),
        ((1, 3, 0), (1, 1), {"mode": "replicate"}, RuntimeError, "needs elements to copy"),
        (
            (1, 3, 4),
            (1, 1),
            {"mode": "reflect", "value": 1.0},
            RuntimeError,
            "doesn't take in value argument",
        ),
    ],
)
def test_arguments_that_do_not_fit(
    shape: Any, pad: Any, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        F.pad(torch.ones(shape), pad, **options)
    assert words in str(caught.value)


def test_integers_and_booleans_keep_their_dtype() -> None:
    assert F.pad(torch.tensor([1, 2]), (1, 0), value=3).tolist() == [3, 1, 2]
    assert F.pad(torch.tensor([True]), (1, 0)).dtype is torch.bool
    assert F.pad(torch.tensor([[1, 2, 3]]), (1, 1), mode="reflect").tolist() == [[2, 1, 2, 3, 2]]


def test_no_padding_is_a_copy() -> None:
    x = torch.ones(2, 3)
    assert not np.shares_memory(F.pad(x, (0, 0)).numpy(), x.numpy())


def test_numpys_pad_names_what_it_does_not_do() -> None:
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match="'linear_ramp'"):
        np.pad(x, 1, mode="linear_ramp")
    with pytest.raises(TypeError, match="one constant_values"):
        np.pad(x, 1, constant_values=(1, 2))


@pytest.mark.parametrize(
    "widths", [((0, 0), (1, 2)), ((2, -1), (0, 3)), ((-1, -1), (-2, 5)), ((1, 1), (1, 1))]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_large_arrays_are_padded_as_small_ones(
    widths: Any, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.asarray(np.random.default_rng(0).standard_normal((5, 6)), order=order)
    small = padding.pad_(x, widths=widths, value=7.0)
    monkeypatch.setattr(padding, "_LARGE", 0)
    large = padding.pad_(x, widths=widths, value=7.0)
    np.testing.assert_array_equal(small, large)
    assert small.strides == large.strides
