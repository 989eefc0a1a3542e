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


def test_adaptive_softmax_of_one_sample_and_of_all_classes() -> None:
    found = []
    for framework in (torch, tinygrad_kr):
        framework.manual_seed(0)
        layer = framework.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [2, 10])
        x = framework.randn(30, 8) * 3
        output, loss = layer(x[0], framework.tensor(12))
        frequent = layer(x, framework.arange(30) % 2)
        found.append([output, loss, *frequent, layer.log_prob(x), layer.predict(x), layer.predict(x[:1])])
    for one, other in zip(*found):
        assert tuple(one.shape) == tuple(other.shape)
        np.testing.assert_allclose(other.detach().numpy(), one.detach().numpy(), rtol=2e-5, atol=2e-6)


def test_pools_with_indices() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 7, 8, 9)).astype(np.float32)
    for dims in (1, 2, 3):
        for name, arguments in (
            ("max_pool", (2,)),
            ("adaptive_max_pool", (3,)),
            ("fractional_max_pool", (2, 3)),
        ):
            if (name, dims) == ("fractional_max_pool", 1):
                continue
            found = []
            for framework in (torch, tinygrad_kr):
                framework.manual_seed(0)
                pool = getattr(framework.nn.functional, f"{name}{dims}d_with_indices")
                found.append(pool(framework.from_numpy(x.reshape(-1, *x.shape[4 - dims :])), *arguments))
            for one, other in zip(*found):
                np.testing.assert_array_equal(other.numpy(), one.numpy())
