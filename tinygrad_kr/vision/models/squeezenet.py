"""SqueezeNet: F. Iandola et al., AlexNet-level accuracy with 50x fewer parameters, 2016."""

from __future__ import annotations

from typing import Any

from ... import nn
from ...nn import init
from ...ops.joining import cat
from ...tensor import Tensor
from ._build import build

__all__ = ["SqueezeNet", "squeezenet1_0", "squeezenet1_1"]


class Fire(nn.Module):
    """A 1x1 convolution to few channels, then 1x1 and 3x3 convolutions of those, side by side."""

    def __init__(
        self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int
    ) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) -> (N, expand1x1_planes + expand3x3_planes, H, W)."""
        x = self.squeeze_activation(self.squeeze(x))
        points = self.expand1x1_activation(self.expand1x1(x))
        return cat([points, self.expand3x3_activation(self.expand3x3(x))], 1)


# The first convolution (channels, kernel), and before which fires (counted from 0) the picture is halved.
VERSIONS = {"1_0": ((96, 7), (0, 3, 7)), "1_1": ((64, 3), (0, 2, 4))}
SQUEEZED = (16, 16, 32, 32, 48, 48, 64, 64)  # a fire expands them four times on either side


class SqueezeNet(nn.Module):
    """Eight fires, and a convolution to the scores.

    Args:
        version: "1_0", or "1_1", which needs less than half the work.
        num_classes: how many scores come out.
        dropout: probability before the last convolution.

    Raises:
        ValueError: another version.

    Source: torchvision, `SqueezeNet`.
    """

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        if version not in VERSIONS:
            raise ValueError(f"version must be one of {sorted(VERSIONS)}, got {version!r}")
        (channels, kernel), halved = VERSIONS[version]
        layers: list[nn.Module] = [nn.Conv2d(3, channels, kernel, stride=2), nn.ReLU(inplace=True)]
        for place, squeezed in enumerate(SQUEEZED):
            if place in halved:
                layers.append(nn.MaxPool2d(3, stride=2, ceil_mode=True))
            layers.append(Fire(channels, squeezed, 4 * squeezed, 4 * squeezed))
            channels = 8 * squeezed
        self.features = nn.Sequential(*layers)
        last = nn.Conv2d(channels, num_classes, 1)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), last, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1))
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                if module is last:
                    init.normal_(module.weight, 0, 0.01)
                else:
                    init.kaiming_uniform_(module.weight)
                init.zeros_(module.get_parameter("bias"))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, num_classes)."""
        return self.classifier(self.features(x)).flatten(1)


def squeezenet1_0(*, weights: None = None, progress: bool = True, **kwargs: Any) -> SqueezeNet:
    """SqueezeNet of the paper."""
    return build(SqueezeNet, weights, kwargs, version="1_0")


def squeezenet1_1(*, weights: None = None, progress: bool = True, **kwargs: Any) -> SqueezeNet:
    """SqueezeNet 1.1: the same accuracy with 2.4 times less work."""
    return build(SqueezeNet, weights, kwargs, version="1_1")
