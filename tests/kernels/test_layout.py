"""A network's images stay channels-last in memory from the first convolution to the flatten at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn


class Block(nn.Module):
    """A residual block whose shortcut is a strided convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride)
        self.last = nn.ReLU()

    def forward(self, x: Any) -> Any:
        return self.last(self.body(x) + self.shortcut(x))


NETWORKS = {
    "plain": lambda: [
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 5, padding=2),
        nn.LeakyReLU(0.1),
        nn.AvgPool2d(2),
    ],
    "batch norm and dropout": lambda: [
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Conv2d(8, 8, 3, padding=1, dilation=1),
        nn.GroupNorm(2, 8),
        nn.SiLU(),
        nn.Dropout2d(0.3),
        nn.MaxPool2d(3, 2, padding=1),
    ],
    "residual": lambda: [nn.Conv2d(3, 8, 3, padding=1), Block(8, 8, 1), Block(8, 16, 2)],
    "depthwise": lambda: [
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.BatchNorm2d(8),
        nn.SiLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1, groups=4),
        nn.InstanceNorm2d(16),
        nn.Hardswish(),
    ],
    "transposed": lambda: [
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.ELU(),
        nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1),
        nn.BatchNorm2d(6),
        nn.Tanh(),
        nn.Upsample(scale_factor=2),
    ],
}


def is_channels_last(array: np.ndarray) -> bool:
    return np.moveaxis(array, 1, -1).flags.c_contiguous


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("training", [True, False])
def test_images_and_their_gradients_stay_channels_last(name: str, training: bool) -> None:
    torch.manual_seed(0)
    features = nn.Sequential(*NETWORKS[name]())
    images = torch.randn(4, 3, 12, 12)
    broken: list[str] = []

    def check(module: nn.Module, inputs: Any, output: Any) -> None:
        if not is_channels_last(output.numpy(force=True)):
            broken.append(f"the output of {module}")
        output.register_hook(lambda g: check_gradient(module, g))

    def check_gradient(module: nn.Module, g: Any) -> None:
        if not is_channels_last(g.numpy()):
            broken.append(f"the gradient for the output of {module}")

    for module in features.modules():
        module.register_forward_hook(check)
    features.train(training)
    # The flatten copies, and what comes back from it is channels-first; the pooling puts that right.
    nn.AvgPool2d(2)(features(images)).flatten(1).square().sum().backward()
    assert not broken
