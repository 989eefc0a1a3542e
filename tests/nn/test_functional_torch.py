"""The names of `torch.nn.functional` that are not here are these, and no others."""

from __future__ import annotations

import pytest

from tinygrad_kr import nn

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

ABSENT = {
    *("native_channel_shuffle", "linear_cross_entropy"),  # special cases of others
    *("grouped_mm", "scaled_grouped_mm", "scaled_mm"),  # for accelerators
    *("assert_int_or_pair", "boolean_dispatch", "handle_torch_function", "overload"),
    *("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic"),
}


def test_every_other_name_is_here() -> None:
    theirs = {
        name
        for name, value in vars(torch.nn.functional).items()
        if callable(value) and not isinstance(value, type) and not name.startswith("_") and name[0].islower()
    }
    assert theirs - set(dir(nn.functional)) - ABSENT == set()
    assert set(dir(nn.functional)) & ABSENT == set(), "take these from the list"
