"""Models of `vision.models`: shapes, training, arguments; against torchvision: weights and scores."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.vision import models

from .reference import torchvision

# How many parameters the papers' and torchvision's networks have, with 1000 classes.
PARAMETERS = {
    "alexnet": 61_100_840,
    "densenet121": 7_978_856,
    "mobilenet_v2": 3_504_872,
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "resnext50_32x4d": 25_028_904,
    "squeezenet1_0": 1_248_424,
    "squeezenet1_1": 1_235_496,
    "vgg11_bn": 132_868_840,
}
SMALL = ["squeezenet1_1", "mobilenet_v2", "resnet18", "densenet121"]


@pytest.mark.parametrize("name", [name for name, count in PARAMETERS.items() if count < 3e7])
def test_the_number_of_parameters(name: str) -> None:
    model = getattr(models, name)()
    assert sum(parameter.numel() for parameter in model.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", SMALL)
def test_a_step_lowers_the_loss(name: str) -> None:
    model = getattr(models, name)(num_classes=3)
    x, target = torch.randn(4, 3, 32, 32), torch.tensor([0, 1, 2, 1])
    optimizer = torch.optim.SGD(model.parameters(), 1e-4)
    losses = []
    for _ in range(3):
        torch.manual_seed(1)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[2] < losses[0]
    assert model.eval()(x).shape == (4, 3)


def test_options() -> None:
    resnet = models.resnet18(num_classes=2, zero_init_residual=True, pretrained=False, weights=None)
    assert not resnet.layer1[0].bn2.weight.any()
    dilated = models.resnet50(num_classes=2, replace_stride_with_dilation=(False, True, True))
    assert dilated.layer4[1].conv2.dilation == (4, 4) and dilated.layer4[0].conv2.stride == (1, 1)
    grouped = models.resnet18(num_classes=2, norm_layer=lambda channels: nn.GroupNorm(4, channels))
    assert isinstance(grouped.bn1, nn.GroupNorm)
    thin = models.mobilenet_v2(num_classes=2, width_mult=0.35)
    assert thin.features[1].out_channels == 8
    efficient = models.DenseNet(8, (2, 2), 8, num_classes=2, memory_efficient=True, drop_rate=0.1)
    efficient(torch.randn(2, 3, 32, 32)).sum().backward()
    assert efficient.features.denseblock1.denselayer1.conv1.weight.grad.any()


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: models.resnet18(weights="DEFAULT"), ValueError, "load_state_dict"),
        (lambda: models.vgg11(pretrained=True), ValueError, "not downloaded"),
        (lambda: models.SqueezeNet("2"), ValueError, "version must be"),
        (lambda: models.mobilenet_v2(inverted_residual_setting=[[1, 2]]), ValueError, "rows"),
        (
            lambda: models.ResNet(models.BasicBlock, [1] * 4, replace_stride_with_dilation=[True]),
            ValueError,
            "three",
        ),
        (lambda: models.BasicBlock(4, 4, dilation=2), NotImplementedError, "Bottleneck"),
        (lambda: models.BasicBlock(4, 4, groups=2), ValueError, "groups=1"),
        (lambda: models.mobilenet.InvertedResidual(4, 4, 3, 1), ValueError, "stride"),
    ],
)
def test_errors(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


@pytest.mark.torch
@pytest.mark.parametrize("name", SMALL)
def test_one_seed_gives_torchvisions_weights_and_scores(name: str) -> None:
    theirs, pytorch = torchvision().models, pytest.importorskip("torch")
    torch.manual_seed(2)
    pytorch.manual_seed(2)
    mine, reference = (getattr(module, name)(num_classes=5) for module in (models, theirs))
    state, expected = mine.state_dict(), reference.state_dict()
    assert list(state) == list(expected)
    for key, value in expected.items():
        np.testing.assert_array_equal(state[key].numpy(), value.numpy(), err_msg=key)
    x = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)
    scores = mine.eval()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(
        scores, reference.eval()(pytorch.tensor(x)).detach().numpy(), atol=1e-5 * np.abs(scores).max()
    )


@pytest.mark.torch
def test_every_name_and_key_is_torchvisions() -> None:
    theirs, pytorch = torchvision().models, pytest.importorskip("torch")
    names = [name for name, value in vars(models).items() if isinstance(value, FunctionType)]
    names = [name for name in names if not name.startswith("_")]
    assert len(names) > 20
    with pytorch.device("meta"):
        expected = {name: getattr(theirs, name)().state_dict() for name in names}
    small = [name for name in names if sum(value.numel() for value in expected[name].values()) < 3e7]
    for name in small:
        state = getattr(models, name)().state_dict()
        assert {key: tuple(value.shape) for key, value in state.items()} == {
            key: tuple(value.shape) for key, value in expected[name].items()
        }, name
