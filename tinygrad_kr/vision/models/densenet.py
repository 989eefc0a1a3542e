"""DenseNet: G. Huang et al., Densely connected convolutional networks, 2016."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from ... import nn
from ...nn import functional as F
from ...nn import init
from ...ops.joining import cat
from ...tensor import Tensor
from ...utils.checkpoint import checkpoint
from ._build import build, draw_convolutions

__all__ = ["DenseNet", "densenet121", "densenet161", "densenet169", "densenet201"]


class _DenseLayer(nn.Module):
    """`growth_rate` new channels from all that came before: norm, relu, 1x1, norm, relu, 3x3."""

    def __init__(
        self, channels: int, growth_rate: int, bn_size: int, drop_rate: float, memory_efficient: bool
    ) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(channels, bn_size * growth_rate, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(bn_size * growth_rate)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(bn_size * growth_rate, growth_rate, 3, padding=1, bias=False)
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def _bottleneck(self, *features: Tensor) -> Tensor:
        return self.conv1(self.relu1(self.norm1(cat(features, 1))))

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """The channels so far, in pieces -> (N, growth_rate, H, W)."""
        if self.memory_efficient and any(feature.requires_grad for feature in features):
            x = checkpoint(self._bottleneck, *features, use_reentrant=False)
        else:
            x = self._bottleneck(*features)
        x = self.conv2(self.relu2(self.norm2(x)))
        return F.dropout(x, self.drop_rate, self.training) if self.drop_rate else x


class _DenseBlock(nn.ModuleDict):
    """Layers that each see the outputs of all before."""

    def __init__(self, count: int, channels: int, growth_rate: int, **options: Any) -> None:
        super().__init__()
        for place in range(count):
            layer = _DenseLayer(channels + place * growth_rate, growth_rate, **options)
            self.add_module(f"denselayer{place + 1}", layer)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, channels + count * growth_rate, H, W)."""
        features = [x]
        for layer in self.values():
            features.append(layer(features))
        return cat(features, 1)


def _transition(channels: int) -> nn.Sequential:
    """Half the channels, half the picture."""
    return nn.Sequential(
        OrderedDict(
            norm=nn.BatchNorm2d(channels),
            relu=nn.ReLU(inplace=True),
            conv=nn.Conv2d(channels, channels // 2, 1, bias=False),
            pool=nn.AvgPool2d(2, stride=2),
        )
    )


class DenseNet(nn.Module):
    """Dense blocks with transitions between them.

    Args:
        growth_rate: how many channels a layer adds.
        block_config: how many layers each block has.
        num_init_features: channels of the first convolution.
        bn_size: the 1x1 convolutions have `bn_size * growth_rate` channels.
        drop_rate: of dropout after each layer.
        num_classes: how many scores come out.
        memory_efficient: compute the 1x1 convolutions again in backward instead of keeping their inputs.

    Source: torchvision, `DenseNet`.
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: Sequence[int] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        channels = num_init_features
        self.features = nn.Sequential(
            OrderedDict(
                conv0=nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False),
                norm0=nn.BatchNorm2d(channels),
                relu0=nn.ReLU(inplace=True),
                pool0=nn.MaxPool2d(3, stride=2, padding=1),
            )
        )
        options = {"bn_size": bn_size, "drop_rate": drop_rate, "memory_efficient": memory_efficient}
        for place, count in enumerate(block_config, 1):
            self.features.add_module(
                f"denseblock{place}", _DenseBlock(count, channels, growth_rate, **options)
            )
            channels += count * growth_rate
            if place < len(block_config):
                self.features.add_module(f"transition{place}", _transition(channels))
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, num_classes)
        draw_convolutions(self)
        init.zeros_(self.classifier.get_parameter("bias"))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, num_classes)."""
        x = F.relu(self.features(x), inplace=True)
        return self.classifier(F.adaptive_avg_pool2d(x, (1, 1)).flatten(1))


def densenet121(*, weights: None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet with 121 layers."""
    return build(DenseNet, weights, kwargs)


def densenet161(*, weights: None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet with 161 layers."""
    shape = {"growth_rate": 48, "block_config": (6, 12, 36, 24), "num_init_features": 96}
    return build(DenseNet, weights, kwargs, **shape)


def densenet169(*, weights: None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet with 169 layers."""
    return build(DenseNet, weights, kwargs, block_config=(6, 12, 32, 32))


def densenet201(*, weights: None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet with 201 layers."""
    return build(DenseNet, weights, kwargs, block_config=(6, 12, 48, 32))
