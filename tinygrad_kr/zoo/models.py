"""The architectures, made for small grey pictures: few channels, and as many stages as 8x8 pixels allow."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from .. import nn
from ..ops.random import randn
from ..tensor import Tensor
from ..unsupervised import Autoencoder
from ..vision.models.resnet import BasicBlock

__all__ = ["Classifier", "Patches", "autoencoder", "lenet5", "resnet20", "vgg", "vit"]

CLASSES = 10


class Classifier(nn.Module):
    """Features of a picture, and a linear head that makes scores of them: head(features(x)).

    Shapes: (N, 1, H, W) -> (N, classes); `features` alone gives (N, head.in_features).
    """

    def __init__(self, features: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.features = features
        self.head = head

    def forward(self, input: Tensor) -> Tensor:
        """The scores of the classes."""
        return self.head(self.features(input))


def lenet5(size: int) -> Classifier:
    """LeNet-5 for pictures of `size` x `size` pixels, with tanh and mean pooling.

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition".
    """
    inner = 0 if size >= 20 else 2  # small pictures are padded before the second convolution as well
    side = (size // 2 - 4 + 2 * inner) // 2
    features = nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5, padding=inner), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * side * side, 120), nn.Tanh()),
        *(nn.Linear(120, 84), nn.Tanh()),
    )
    return Classifier(features, nn.Linear(84, CLASSES))


def vgg(size: int, channels: Sequence[int] = (8, 16, 32)) -> Classifier:
    """Three stages of two 3x3 convolutions with batch norm, halved in between, and a hidden linear layer.

    Source: Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image recognition".
    """
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise((1, *channels)):
        for planes in (inputs, outputs):
            layers += [nn.Conv2d(planes, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs)]
            layers += [nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    side = size >> len(channels)
    layers += [nn.Flatten(), nn.Linear(channels[-1] * side * side, 64), nn.ReLU(), nn.Dropout(0.3)]
    return Classifier(nn.Sequential(*layers), nn.Linear(64, CLASSES))


def resnet20(size: int, channels: Sequence[int] = (8, 16, 32)) -> Classifier:
    """ResNet-20 at half its width: three stages of three residual blocks, and the mean over all places.

    Source: He et al. 2016, "Deep residual learning for image recognition", section 4.2.
    """
    layers = [nn.Conv2d(1, channels[0], 3, padding=1, bias=False), nn.BatchNorm2d(channels[0]), nn.ReLU()]
    for inputs, outputs in itertools.pairwise((channels[0], *channels)):
        stride, shortcut = 1, None
        if inputs != outputs:
            stride = 2
            shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, 2, bias=False), nn.BatchNorm2d(outputs))
        layers += [BasicBlock(inputs, outputs, stride, shortcut)]
        layers += [BasicBlock(outputs, outputs) for _ in range(2)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return Classifier(nn.Sequential(*layers), nn.Linear(channels[-1], CLASSES))


class Patches(nn.Module):
    """Cuts a picture into square patches, and makes a vector of each: a linear map of its pixels + its place.

    Shapes: (N, 1, size, size) -> (N, (size / patch)², features).
    """

    def __init__(self, size: int, patch: int, features: int) -> None:
        super().__init__()
        self.embed = nn.Conv2d(1, features, patch, stride=patch)
        self.place = nn.Parameter(0.02 * randn((size // patch) ** 2, features))

    def forward(self, input: Tensor) -> Tensor:
        """The sequence of vectors."""
        return self.embed(input).flatten(2).transpose(1, 2) + self.place


class Mean(nn.Module):
    """The mean over a sequence: (N, T, features) -> (N, features)."""

    def forward(self, input: Tensor) -> Tensor:
        """The mean."""
        return input.mean(1)


def vit(size: int, features: int = 32, depth: int = 4, heads: int = 4) -> Classifier:
    """A vision transformer over patches of 2x2 (or 4x4, from 20 pixels on), with the mean over the patches.

    Source: Dosovitskiy et al. 2021, "An image is worth 16x16 words"; the mean in place of a class token:
    Beyer et al. 2022, "Better plain ViT baselines for ImageNet-1k".
    """
    layers: list[nn.Module] = [Patches(size, 4 if size >= 20 else 2, features)]
    for _ in range(depth):
        layers += [
            nn.TransformerEncoderLayer(
                features, heads, 2 * features, 0.0, "gelu", batch_first=True, norm_first=True
            )
        ]
    layers += [nn.LayerNorm(features), Mean()]
    return Classifier(nn.Sequential(*layers), nn.Linear(features, CLASSES))


def autoencoder(size: int) -> Autoencoder:
    """Two convolutions that halve the picture, a dense code of 16 numbers (32 from 20 pixels on), and back.

    Source: Masci et al. 2011, "Stacked convolutional auto-encoders for hierarchical feature extraction".
    """
    code = 32 if size >= 20 else 16
    shape = (16, size // 4, size // 4)
    numbers = math.prod(shape)
    encoder = nn.Sequential(
        *(nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.Conv2d(16, 16, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(numbers, code)),
    )
    decoder = nn.Sequential(
        *(nn.Linear(code, numbers), nn.ReLU(), nn.Unflatten(1, shape)),
        *(nn.ConvTranspose2d(16, 16, 4, stride=2, padding=1), nn.ReLU()),
        *(nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1), nn.Sigmoid()),
    )
    return Autoencoder(encoder, decoder)
