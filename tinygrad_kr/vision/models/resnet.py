"""Residual networks: K. He et al., Deep residual learning for image recognition, 2015.

Their wider relatives, too: ResNeXt (S. Xie et al., 2016) and wide ResNets (S. Zagoruyko and N. Komodakis,
2016).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import nn
from ...nn import init
from ...tensor import Tensor
from ._build import build, draw_convolutions

__all__ = [
    "BasicBlock",
    "Bottleneck",
    "ResNet",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "resnext50_32x4d",
    "wide_resnet101_2",
    "wide_resnet50_2",
]

Norm = Callable[[int], nn.Module]


class BasicBlock(nn.Module):
    """`relu(x + conv(relu(conv(x))))`, each convolution 3x3 and followed by a norm.

    Args:
        inplanes, planes: channels in and out.
        stride: of the first convolution.
        downsample: brings x to the result's shape.
        groups, base_width, dilation: 1, 64, 1: this block has no other form.
        norm_layer: makes a norm for a number of channels.

    Source: torchvision, `BasicBlock`.
    """

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        if (groups, base_width) != (1, 64):
            raise ValueError(f"BasicBlock has groups=1 and base_width=64, got {groups} and {base_width}")
        if dilation > 1:
            raise NotImplementedError(f"BasicBlock has no dilation, got {dilation}; Bottleneck does")
        norm = norm_layer or nn.BatchNorm2d
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, padding=1, bias=False)
        self.bn1 = norm(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) -> (N, planes, H / stride, W / stride)."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """`relu(x + three convolutions of x)`: 1x1 to fewer channels, 3x3, and 1x1 to four times as many.

    The stride is the 3x3 convolution's, as in "ResNet V1.5".

    Args:
        inplanes: channels in; out come `4 * planes`.
        planes, groups, base_width: the 3x3 convolution has `planes * base_width / 64 * groups` channels.
        stride, dilation: of the 3x3 convolution.
        downsample: brings x to the result's shape.
        norm_layer: makes a norm for a number of channels.

    Source: torchvision, `Bottleneck`.
    """

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64)) * groups
        self.conv1 = nn.Conv2d(inplanes, width, 1, bias=False)
        self.bn1 = norm(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, dilation, dilation, groups, bias=False)
        self.bn2 = norm(width)
        self.conv3 = nn.Conv2d(width, planes * self.expansion, 1, bias=False)
        self.bn3 = norm(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(N, inplanes, H, W) -> (N, 4 * planes, H / stride, W / stride)."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class ResNet(nn.Module):
    """A residual network of four stages.

    Args:
        block: `BasicBlock` or `Bottleneck`.
        layers: how many blocks each stage has.
        num_classes: how many scores come out.
        zero_init_residual: begin with the last norm of each block at 0, so that a block is the identity.
        groups, width_per_group: of the bottlenecks.
        replace_stride_with_dilation: for the last three stages: keep the picture's size and dilate instead.
        norm_layer: makes a norm for a number of channels.

    Raises:
        ValueError: `replace_stride_with_dilation` does not have three entries.

    Source: torchvision, `ResNet`.
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        dilate = replace_stride_with_dilation or (False, False, False)
        if len(dilate) != 3:
            raise ValueError(f"replace_stride_with_dilation must be None or three bools, got {dilate}")
        self._norm = norm_layer or nn.BatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = 64, 1, groups, width_per_group
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._stage(block, 64, layers[0], 1, False)
        self.layer2 = self._stage(block, 128, layers[1], 2, dilate[0])
        self.layer3 = self._stage(block, 256, layers[2], 2, dilate[1])
        self.layer4 = self._stage(block, 512, layers[3], 2, dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        draw_convolutions(self, "fan_out", "relu")
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, BasicBlock | Bottleneck):
                    last = module.bn3 if isinstance(module, Bottleneck) else module.bn2
                    init.zeros_(last.weight)

    def _stage(
        self, block: type[BasicBlock | Bottleneck], planes: int, count: int, stride: int, dilate: bool
    ) -> nn.Sequential:
        before = self.dilation
        if dilate:
            self.dilation, stride = self.dilation * stride, 1
        channels = planes * block.expansion
        downsample = None
        if stride != 1 or self.inplanes != channels:
            downsample = nn.Sequential(
                nn.Conv2d(self.inplanes, channels, 1, stride, bias=False), self._norm(channels)
            )
        width = (self.groups, self.base_width)
        blocks = [block(self.inplanes, planes, stride, downsample, *width, before, self._norm)]
        self.inplanes = channels
        for _ in range(1, count):
            blocks.append(block(channels, planes, 1, None, *width, self.dilation, self._norm))
        return nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, num_classes)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def resnet18(*, weights: None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet with 18 layers."""
    return build(ResNet, weights, kwargs, block=BasicBlock, layers=(2, 2, 2, 2))


def resnet34(*, weights: None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet with 34 layers."""
    return build(ResNet, weights, kwargs, block=BasicBlock, layers=(3, 4, 6, 3))


def resnet50(*, weights: None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet with 50 layers."""
    return build(ResNet, weights, kwargs, block=Bottleneck, layers=(3, 4, 6, 3))


def resnet101(*, weights: None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet with 101 layers."""
    return build(ResNet, weights, kwargs, block=Bottleneck, layers=(3, 4, 23, 3))


def resnet152(*, weights: None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet with 152 layers."""
    return build(ResNet, weights, kwargs, block=Bottleneck, layers=(3, 8, 36, 3))


def resnext50_32x4d(*, weights: None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNeXt with 50 layers: 32 groups of 4 channels."""
    shape = {"block": Bottleneck, "layers": (3, 4, 6, 3), "groups": 32, "width_per_group": 4}
    return build(ResNet, weights, kwargs, **shape)


def resnext101_32x8d(*, weights: None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNeXt with 101 layers: 32 groups of 8 channels."""
    shape = {"block": Bottleneck, "layers": (3, 4, 23, 3), "groups": 32, "width_per_group": 8}
    return build(ResNet, weights, kwargs, **shape)


def resnext101_64x4d(*, weights: None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNeXt with 101 layers: 64 groups of 4 channels."""
    shape = {"block": Bottleneck, "layers": (3, 4, 23, 3), "groups": 64, "width_per_group": 4}
    return build(ResNet, weights, kwargs, **shape)


def wide_resnet50_2(*, weights: None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet with 50 layers, its bottlenecks twice as wide."""
    return build(ResNet, weights, kwargs, block=Bottleneck, layers=(3, 4, 6, 3), width_per_group=128)


def wide_resnet101_2(*, weights: None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet with 101 layers, its bottlenecks twice as wide."""
    return build(ResNet, weights, kwargs, block=Bottleneck, layers=(3, 4, 23, 3), width_per_group=128)
