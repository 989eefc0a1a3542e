"""Under one seed the initialisers give PyTorch's values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

SHAPES = [(3, 5), (5, 3), (20, 30), (4, 2, 3, 3), (7, 11)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    "call",
    [
        "uniform_(w, -2.0, 1.5)",
        "normal_(w, 1.0, 0.3)",
        "xavier_uniform_(w, 1.7)",
        "xavier_normal_(w)",
        "kaiming_uniform_(w, a=5**0.5)",
        "kaiming_normal_(w, mode='fan_out', nonlinearity='relu')",
        "trunc_normal_(w)",
        "trunc_normal_(w, 0.1, 0.02, -0.05, 0.1)",
        "trunc_normal_(w, -3.0, 1.0, 0.0, 2.0)",
        "orthogonal_(w, 1.5)",
        "sparse_(w, 0.4, std=0.5)",
        "eye_(w)",
        "dirac_(w)",
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_equals_pytorch(call: str, shape: tuple[int, ...], dtype: str) -> None:
    found: list[Any] = []
    for framework in (torch, tinygrad_kr):
        framework.manual_seed(11)
        w = framework.empty(shape, dtype=getattr(framework, dtype))
        try:
            eval(f"init.{call}", {"init": framework.nn.init, "w": w})
        except ValueError as error:
            found.append(str(error)[:20])
        else:
            # what comes after must come from the same place of the stream
            found.append((w.numpy(), framework.rand(3).numpy()))
    expected, got = found
    if isinstance(expected, str):
        assert got == expected
        return
    exact = call.startswith(("uniform", "xavier_u", "kaiming_u", "eye", "dirac"))
    tolerance = 0.0 if exact else 2e-6 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(got[0], expected[0], rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(got[1], expected[1])


@pytest.mark.parametrize("name", ["linear", "conv3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains(name: str) -> None:
    assert tinygrad_kr.nn.init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
