"""Under one seed every layer has PyTorch's parameters, text, outputs and gradients."""

from __future__ import annotations

import warnings
import zlib
from typing import Any

import numpy as np
import pytest

import tinygrad_kr
from tests.nn.catalogue import Case, cases

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch


def run(framework: Any, one: Case) -> dict[str, Any]:
    """The text, the state before and after a forward, the outputs and the gradients, as arrays."""
    framework.manual_seed(7)
    module = one.make(framework)
    plain = lambda tensor: np.array(tensor.detach().tolist())  # noqa: E731
    found: dict[str, Any] = {"text": repr(module)}
    for name, tensor in module.state_dict().items():
        found[f"initial {name}"] = plain(tensor)
        found[f"dtype of {name}"] = str(tensor.dtype)
    rng = np.random.default_rng(zlib.crc32(one.name.encode()))
    inputs = []
    for number, draw in enumerate(one.inputs):
        tensor = framework.from_numpy(draw(rng))
        inputs.append(tensor.requires_grad_() if number < one.trained else tensor)
    outputs = module(*inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    if outputs[0].requires_grad:
        outputs[0].backward(
            framework.from_numpy(rng.standard_normal(tuple(outputs[0].shape)).astype(np.float32))
        )
    for number, output in enumerate(outputs):
        found[f"output {number}"] = plain(output)
    for number, tensor in enumerate(inputs[: one.trained]):
        found[f"gradient of input {number}"] = plain(tensor.grad)
    for name, tensor in module.named_parameters():
        if tensor.grad is not None:
            found[f"gradient of {name}"] = plain(tensor.grad)
    for name, tensor in module.named_buffers():
        found[f"final {name}"] = plain(tensor)
    return found


@pytest.mark.parametrize("one", cases, ids=str)
def test_equals_pytorch(one: Case) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, got = run(torch, one), run(tinygrad_kr, one)
    assert list(got) == list(expected)
    for key, value in expected.items():
        if isinstance(value, str):
            assert got[key] == value
        else:
            exact = 0.0 if key.startswith("initial") else one.tolerance
            if "Embedding" in one.name and key.startswith("initial"):
                exact = 1e-6  # Box-Muller: the last bit depends on the mathematical library
            np.testing.assert_allclose(got[key], value, rtol=exact, atol=exact, err_msg=key)
