"""Building blocks and box arithmetic: what they compute, and as torchvision does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.vision import models, ops

from .reference import torchvision

CORNERS = np.array([[0, 0, 4, 4], [1, 1, 4, 5], [6, 6, 9, 8], [0, 0, 4, 3.9]], np.float32)


def both(name: str) -> tuple[Any, Any]:
    return getattr(ops, name), getattr(torchvision().ops, name)


@pytest.mark.torch
def test_boxes() -> None:
    pytorch = pytest.importorskip("torch")
    for name, arguments in (("box_area", 1), ("box_iou", 2)):
        mine, theirs = both(name)
        one, two = [torch.tensor(CORNERS)] * arguments, [pytorch.tensor(CORNERS)] * arguments
        np.testing.assert_array_equal(mine(*one).numpy(), theirs(*two).numpy())
    mine, theirs = both("box_convert")
    for before in ("xyxy", "xywh", "cxcywh"):
        for after in ("xyxy", "xywh", "cxcywh"):
            made = mine(torch.tensor(CORNERS), before, after).numpy()
            np.testing.assert_array_equal(made, theirs(pytorch.tensor(CORNERS), before, after).numpy())


def test_overlapping_boxes_are_dropped() -> None:
    scores = torch.tensor([0.8, 0.5, 0.1, 0.9])
    assert ops.nms(torch.tensor(CORNERS), scores, 0.5).tolist() == [3, 1, 2]
    assert ops.nms(torch.tensor(CORNERS), scores, 0.3).tolist() == [3, 2]
    assert ops.nms(torch.zeros(0, 4), torch.zeros(0), 0.5).shape == (0,)
    with pytest.raises(ValueError, match="xyzw"):
        ops.box_convert(torch.tensor(CORNERS), "xyzw", "xyxy")


@pytest.mark.torch
def test_blocks() -> None:
    pytorch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(3, 4, 5, 5)).astype(np.float32)
    for name, arguments in (
        ("Conv2dNormActivation", (4, 6)),
        ("Conv2dNormActivation", (4, 4, 3, 2, None, 4, None)),
        ("SqueezeExcitation", (4, 2)),
        ("FrozenBatchNorm2d", (4,)),
        ("StochasticDepth", (0.4, "row")),
        ("StochasticDepth", (0.4, "batch")),
    ):
        results = []
        for module, library in zip(both(name), (torch, pytorch)):
            library.manual_seed(1)
            block = module(*arguments)
            results.append([block(library.tensor(x)).detach().numpy(), list(block.state_dict()), repr(block)])
        np.testing.assert_allclose(results[0][0], results[1][0], atol=1e-6)
        assert results[0][1:] == results[1][1:]


def test_a_frozen_norm_takes_the_state_of_a_learning_one() -> None:
    norm = nn.BatchNorm2d(3)
    norm(torch.randn(4, 3, 2, 2))
    frozen = ops.FrozenBatchNorm2d(3)
    frozen.load_state_dict(norm.state_dict())
    x = torch.randn(2, 3, 4, 4)
    np.testing.assert_allclose(frozen(x).numpy(), norm.eval()(x).detach().numpy(), atol=1e-6)
    assert not list(frozen.parameters())


def test_depth_and_errors() -> None:
    x = torch.ones(1000, 2)
    rows = ops.stochastic_depth(x, 0.25, "row")
    assert sorted(set(rows.flatten().tolist())) == pytest.approx([0, 4 / 3])
    assert abs(rows.mean().item() - 1) < 0.1
    assert ops.stochastic_depth(x, 1.0, "batch").sum().item() == 0
    assert ops.StochasticDepth(0.5, "row").eval()(x) is x
    for p, mode, words in ((2, "row", "probability"), (0.5, "column", "'batch' or 'row'")):
        with pytest.raises(ValueError, match=words):
            ops.stochastic_depth(x, p, mode)
    with pytest.raises(RuntimeError, match="grid_sample"):
        ops.roi_align(x)


def test_names_of_weights_import_and_say_what_to_do() -> None:
    from tinygrad_kr.vision.models import ResNet18_Weights

    with pytest.raises(ValueError, match="ResNet18_Weights"):
        models.resnet18(weights=ResNet18_Weights.DEFAULT)
    assert not hasattr(models, "Lobster_Weights")
