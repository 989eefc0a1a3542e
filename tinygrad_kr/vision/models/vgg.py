"""VGG: K. Simonyan and A. Zisserman, Very deep convolutional networks, 2014."""

from __future__ import annotations

from typing import Any

from ... import nn
from ...tensor import Tensor
from ._build import build, draw_convolutions, draw_linears

__all__ = ["VGG", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"]

WIDTHS = (64, 128, 256, 512, 512)  # of the five stages, each of which ends by halving the picture


def stages(depths: tuple[int, ...], batch_norm: bool) -> nn.Sequential:
    """The convolutions: `depths[i]` of width `WIDTHS[i]`."""
    layers: list[nn.Module] = []
    channels = 3
    for depth, width in zip(depths, WIDTHS):
        for _ in range(depth):
            layers.append(nn.Conv2d(channels, width, 3, padding=1))
            layers += [nn.BatchNorm2d(width)] if batch_norm else []
            layers.append(nn.ReLU(inplace=True))
            channels = width
        layers.append(nn.MaxPool2d(2, stride=2))
    return nn.Sequential(*layers)


class VGG(nn.Module):
    """3x3 convolutions in five stages, then three linear layers.

    Args:
        features: the convolutions.
        num_classes: how many scores come out.
        init_weights: draw the weights as the model's authors do; False leaves each layer's own.
        dropout: probability after each of the two hidden linear layers.

    Source: torchvision, `VGG`.
    """

    def __init__(
        self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            *(nn.Linear(512 * 7 * 7, 4096), nn.ReLU(True), nn.Dropout(dropout)),
            *(nn.Linear(4096, 4096), nn.ReLU(True), nn.Dropout(dropout)),
            nn.Linear(4096, num_classes),
        )
        if init_weights:
            draw_convolutions(self, "fan_out", "relu")
            draw_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, num_classes)."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def _vgg(depths: tuple[int, ...], batch_norm: bool, weights: None, options: dict[str, Any]) -> VGG:
    return build(VGG, weights, options, features=stages(depths, batch_norm))


def vgg11(*, weights: None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG with 11 layers."""
    return _vgg((1, 1, 2, 2, 2), False, weights, kwargs)


def vgg11_bn(*, weights: None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG with 11 layers and batch normalization."""
    return _vgg((1, 1, 2, 2, 2), True, weights, kwargs)


def vgg13(*, weights: None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG with 13 layers."""
    return _vgg((2, 2, 2, 2, 2), False, weights, kwargs)


def vgg13_bn(*, weights: None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG with 13 layers and batch normalization."""
    return _vgg((2, 2, 2, 2, 2), True, weights, kwargs)


def vgg16(*, weights: None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG with 16 layers."""
    return _vgg((2, 2, 3, 3, 3), False, weights, kwargs)


def vgg16_bn(*, weights: None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG with 16 layers and batch normalization."""
    return _vgg((2, 2, 3, 3, 3), True, weights, kwargs)


def vgg19(*, weights: None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG with 19 layers."""
    return _vgg((2, 2, 4, 4, 4), False, weights, kwargs)


def vgg19_bn(*, weights: None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG with 19 layers and batch normalization."""
    return _vgg((2, 2, 4, 4, 4), True, weights, kwargs)
