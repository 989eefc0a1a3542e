"""AlexNet, in the form of A. Krizhevsky, One weird trick for parallelizing CNNs, 2014."""

from __future__ import annotations

from typing import Any

from ... import nn
from ...tensor import Tensor
from ._build import build

__all__ = ["AlexNet", "alexnet"]


class AlexNet(nn.Module):
    """Five convolutions and three linear layers.

    Args:
        num_classes: how many scores come out.
        dropout: probability before each of the two hidden linear layers.

    Source: torchvision, `AlexNet`.
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()

        def relu() -> nn.Module:
            return nn.ReLU(inplace=True)

        def half() -> nn.Module:
            return nn.MaxPool2d(3, stride=2)

        self.features = nn.Sequential(
            *(nn.Conv2d(3, 64, 11, stride=4, padding=2), relu(), half()),
            *(nn.Conv2d(64, 192, 5, padding=2), relu(), half()),
            *(nn.Conv2d(192, 384, 3, padding=1), relu()),
            *(nn.Conv2d(384, 256, 3, padding=1), relu()),
            *(nn.Conv2d(256, 256, 3, padding=1), relu(), half()),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            *(nn.Dropout(dropout), nn.Linear(256 * 6 * 6, 4096), relu()),
            *(nn.Dropout(dropout), nn.Linear(4096, 4096), relu()),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, num_classes)."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def alexnet(*, weights: None = None, progress: bool = True, **kwargs: Any) -> AlexNet:
    """AlexNet."""
    return build(AlexNet, weights, kwargs)
