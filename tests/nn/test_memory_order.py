"""A channels-last activation stays channels-last through every layer, and so does its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn

LAYERS = {
    "conv": lambda: nn.Conv2d(6, 4, 3, padding=1),
    "batch norm": lambda: nn.BatchNorm2d(6),
    "batch norm, evaluation": lambda: nn.BatchNorm2d(6).eval(),
    "group norm": lambda: nn.GroupNorm(3, 6),
    "instance norm": lambda: nn.InstanceNorm2d(6, affine=True),
    "local response norm": lambda: nn.LocalResponseNorm(3),
    "relu": nn.ReLU,
    "dropout": lambda: nn.Dropout(0.5),
    "max pool": lambda: nn.MaxPool2d(2),
    "max pool, overlapping": lambda: nn.MaxPool2d(3, 2, 1),
    "average pool": lambda: nn.AvgPool2d(2),
    "average pool, overlapping": lambda: nn.AvgPool2d(3, 1, 1),
    "adaptive average": lambda: nn.AdaptiveAvgPool2d((3, 2)),
    "adaptive maximum": lambda: nn.AdaptiveMaxPool2d(2),
    "nearest": lambda: nn.Upsample(scale_factor=2),
    "bilinear": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "zeros": lambda: nn.ZeroPad2d(1),
    "reflection": lambda: nn.ReflectionPad2d(1),
    "residual": lambda: lambda x: x + nn.Conv2d(6, 6, 1)(x),
}


def channels_last(array: np.ndarray) -> bool:
    """Whether (N, C, H, W) lies in memory as (N, H, W, C)."""
    return np.moveaxis(array, 1, -1).flags.c_contiguous


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("samples", [2, 300])  # little and much take different ways
def test_memory_order_is_kept(name: str, samples: int) -> None:
    layer: Any = LAYERS[name]()
    x = torch.randn(samples, 8, 10, 6).permute(0, 3, 1, 2).requires_grad_()
    seen = []
    inner = x.view_as(x)
    inner.register_hook(lambda g: seen.append(g.numpy()))
    out = layer(inner)
    assert channels_last(out.detach().numpy())
    g = torch.randn(*(out.shape[i] for i in (0, 2, 3, 1))).permute(0, 3, 1, 2)
    out.backward(g)
    assert channels_last(seen[0])
    assert channels_last(x.grad.numpy())  # type: ignore[union-attr]
