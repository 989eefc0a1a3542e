"""Under one seed the dropout layers drop what PyTorch's drop."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_kr

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize(
    ("make", "shape"),
    [
        ("Dropout(0.3)", (5, 7)),
        ("Dropout(0.5, inplace=True)", (40,)),
        ("Dropout(1.0)", (3,)),
        ("Dropout1d(0.4)", (3, 4, 5)),
        ("Dropout1d(0.4)", (4, 5)),
        ("Dropout2d(0.4)", (3, 4, 5, 2)),
        ("Dropout2d(0.4)", (3, 4, 5)),
        ("Dropout3d(0.4)", (3, 4, 2, 2, 2)),
        ("AlphaDropout(0.3)", (5, 7)),
        ("FeatureAlphaDropout(0.3)", (5, 7, 2)),
    ],
)
def test_equals_pytorch(make: str, shape: tuple[int, ...], train: bool) -> None:
    found: list[Any] = []
    for framework in (torch, tinygrad_kr):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            framework.manual_seed(3)
            module = eval(f"nn.{make}", {"nn": framework.nn}).train(train)
            x = framework.randn(*shape, requires_grad=True)
            y = module(x * 1)
            y.sum().backward()
        found.append((repr(module), y.detach().numpy(), x.grad.numpy()))
    expected, got = found
    assert got[0] == expected[0]
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(got[2], expected[2], rtol=1e-5, atol=1e-6)
