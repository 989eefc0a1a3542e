"""Checkpointed networks give PyTorch's gradients, and the arguments are PyTorch's."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import tinygrad_kr
import tinygrad_kr.utils.checkpoint

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = pytest.mark.torch
checkpointing = pytest.importorskip("torch.utils.checkpoint")


def gradients(module: Any, utils: Any, reentrant: bool) -> list[np.ndarray]:
    module.manual_seed(3)
    net = module.nn.Sequential(
        module.nn.Linear(4, 8),
        module.nn.ReLU(),
        module.nn.Dropout(0.5),
        module.nn.Linear(8, 8),
        module.nn.Tanh(),
        module.nn.Linear(8, 2),
    )
    x = module.randn(5, 4).requires_grad_()
    hidden = utils.checkpoint(net[:3], x, use_reentrant=reentrant)
    out = utils.checkpoint_sequential(net[3:], 2, hidden, use_reentrant=reentrant)
    (out**2).sum().backward()
    return [p.grad.numpy() for p in [x, *net.parameters()]] + [module.rand(2).numpy()]


@pytest.mark.parametrize("reentrant", [True, False])
def test_gradients(reentrant: bool) -> None:
    ours = gradients(tinygrad_kr, tinygrad_kr.utils.checkpoint, reentrant)
    theirs = gradients(torch, checkpointing, reentrant)
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["checkpoint", "checkpoint_sequential"])
def test_signature(name: str) -> None:
    mine = inspect.signature(getattr(tinygrad_kr.utils.checkpoint, name)).parameters
    other = inspect.signature(getattr(checkpointing, name)).parameters
    assert list(mine) == list(other)
    assert [p.kind for p in mine.values()] == [p.kind for p in other.values()]
