"""MobileNet V2: M. Sandler et al., Inverted residuals and linear bottlenecks, 2018."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import nn
from ...nn import functional as F
from ...tensor import Tensor
from ..ops.misc import Conv2dNormActivation
from ._build import build, draw_convolutions, draw_linears

__all__ = ["MobileNetV2", "mobilenet_v2"]

Norm = Callable[[int], nn.Module]

# Expansion, channels, how many blocks, stride of the first.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def divisible(value: float, divisor: int = 8) -> int:
    """The multiple of `divisor` nearest to `value`, never more than a tenth below it.

    >>> divisible(11.2), divisible(12)
    (16, 16)
    """
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class InvertedResidual(nn.Module):
    """1x1 to many channels, 3x3 in each of them alone, 1x1 to few; plus x where the shapes agree.

    Args:
        inp, oup: channels in and out.
        stride: of the 3x3 convolution, 1 or 2.
        expand_ratio: how many times as many channels lie between.
        norm_layer: makes a norm for a number of channels.

    Raises:
        ValueError: another stride.

    Source: torchvision, `InvertedResidual`.
    """

    def __init__(
        self, inp: int, oup: int, stride: int, expand_ratio: float, norm_layer: Norm | None = None
    ) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride must be 1 or 2, got {stride}")
        norm = norm_layer or nn.BatchNorm2d
        hidden = round(inp * expand_ratio)
        expand = (
            []
            if expand_ratio == 1
            else [Conv2dNormActivation(inp, hidden, 1, norm_layer=norm, activation_layer=nn.ReLU6)]
        )
        self.conv = nn.Sequential(
            *expand,
            Conv2dNormActivation(
                hidden, hidden, stride=stride, groups=hidden, norm_layer=norm, activation_layer=nn.ReLU6
            ),
            nn.Conv2d(hidden, oup, 1, bias=False),
            norm(oup),
        )
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        self.out_channels = oup

    def forward(self, x: Tensor) -> Tensor:
        """(N, inp, H, W) -> (N, oup, H / stride, W / stride)."""
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """Inverted residuals of seven kinds between two convolutions.

    Args:
        num_classes: how many scores come out.
        width_mult: multiplies the number of channels everywhere.
        inverted_residual_setting: rows (expansion, channels, blocks, stride) instead of the paper's.
        round_nearest: channels are multiples of it.
        block: instead of `InvertedResidual`.
        norm_layer: makes a norm for a number of channels.
        dropout: probability before the scores.

    Raises:
        ValueError: the setting is empty, or its rows do not have four numbers.

    Source: torchvision, `MobileNetV2`.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: Sequence[Sequence[int]] | None = None,
        round_nearest: int = 8,
        block: Callable[..., nn.Module] | None = None,
        norm_layer: Norm | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        setting = STAGES if inverted_residual_setting is None else inverted_residual_setting
        if not setting or any(len(row) != 4 for row in setting):
            raise ValueError(
                "inverted_residual_setting must have rows (expansion, channels, blocks, stride), "
                f"got {setting}"
            )
        block, norm = block or InvertedResidual, norm_layer or nn.BatchNorm2d
        channels = divisible(32 * width_mult, round_nearest)
        self.last_channel = divisible(1280 * max(1.0, width_mult), round_nearest)
        options: dict[str, Any] = {"norm_layer": norm, "activation_layer": nn.ReLU6}
        layers: list[nn.Module] = [Conv2dNormActivation(3, channels, stride=2, **options)]
        for expansion, planes, count, stride in setting:
            planes = divisible(planes * width_mult, round_nearest)
            for place in range(count):
                step = 1 if place else stride
                layers.append(block(channels, planes, step, expand_ratio=expansion, norm_layer=norm))
                channels = planes
        layers.append(Conv2dNormActivation(channels, self.last_channel, 1, **options))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.last_channel, num_classes))
        draw_convolutions(self, "fan_out")
        draw_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, num_classes)."""
        return self.classifier(F.adaptive_avg_pool2d(self.features(x), (1, 1)).flatten(1))


def mobilenet_v2(*, weights: None = None, progress: bool = True, **kwargs: Any) -> MobileNetV2:
    """MobileNet V2."""
    return build(MobileNetV2, weights, kwargs)
