"""Freezing freezes everything, heads fit, cached features train as the whole model does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train, transfer


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.4), nn.Flatten()
        )
        self.head = nn.Linear(4 * 16, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(images))


def data() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(4)
    return torch.randn(32, 1, 6, 6), torch.randint(0, 5, (32,))


def network() -> Network:
    torch.manual_seed(5)
    return Network()


def fit(model: nn.Module, examples: Any, epochs: int = 3) -> None:
    weights = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.Adam(weights, lr=0.01)
    train.fit(
        model,
        F.cross_entropy,
        optimizer,
        examples,
        epochs=epochs,
        batch_size=8,
        shuffle=False,
        progress=False,
    )


@pytest.mark.parametrize("statistics", [True, False])
def test_what_is_frozen_stays_as_it_is(statistics: bool) -> None:
    model = network()
    transfer.freeze(model.features, statistics)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fit(model, data())
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    counted = {f"features.1.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")}
    assert changed == {"head.weight", "head.bias"} | (set() if statistics else counted)
    transfer.unfreeze(model)
    assert model.train().features[1].training
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fit(model, data(), 1)
    assert not any(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_freezing_keeps_the_mode_of_the_rest() -> None:
    model = network().train()
    transfer.freeze(model)
    assert model.training and model.features[3].training and not model.features[1].training
    transfer.unfreeze(model)
    assert model.features[1].training
    model.eval()
    transfer.unfreeze(transfer.freeze(model))
    assert not any(part.training for part in model.modules())


def test_cached_features_train_the_head_as_the_whole_model_does() -> None:
    whole, parted = network(), network()
    for model in (whole, parted):
        transfer.freeze(model.features)
        model.features[3].p = 0.0  # a frozen part is cached without dropout
    fit(whole, data())
    cached = transfer.cache_features(parted.features, data(), batch_size=8)
    fit(parted.head, torch.utils.data.DataLoader(cached, batch_size=8))
    assert torch.equal(whole.head.weight, parted.head.weight)
    assert len(cached) == 32 and not cached[0][0].requires_grad


def test_caching_runs_in_evaluation_mode_and_leaves_the_modes() -> None:
    model = network().train()
    x, y = data()
    features, targets = transfer.cache_features(model.features, (x, y), batch_size=5).tensors
    assert model.features[3].training and torch.equal(targets, y)
    np.testing.assert_allclose(features, model.eval().features(x).detach(), rtol=1e-5, atol=1e-6)
    (alone,) = transfer.cache_features(model.features, x).tensors
    assert alone.shape == features.shape


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        (None, nn.Linear(64, 3)),
        ("head", nn.Linear(64, 3)),
        ("features.0", nn.Conv2d(1, 3, 3)),
    ],
    ids=str,
)
def test_a_head_is_replaced(name: str | None, layer: nn.Module) -> None:
    model = transfer.freeze(network().eval())
    new = transfer.replace_head(model, 3, name)
    assert repr(new) == repr(layer) and new.weight.requires_grad and not new.training
    assert model.get_submodule(name or "head") is new


def test_a_convolutional_head() -> None:
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1, padding_mode="circular", bias=False, dtype=torch.float64)
    )
    new = transfer.replace_head(model, 6)
    assert repr(new) == repr(model[0]) and "circular" in repr(new) and "bias=False" in repr(new)
    assert new.weight.shape == (6, 2, 3, 3) and new.weight.dtype is torch.float64


def test_rates_per_layer() -> None:
    model = network()
    groups = transfer.layerwise_lr(model, 0.1, decay=0.25)
    assert [(one["name"], one["lr"], len(one["params"])) for one in groups] == [
        ("features", 0.025, 4),
        ("head", 0.1, 2),
    ]
    groups = transfer.layerwise_lr(model, 0.1, rates={"features": 0.01, "features.1": 0.001})
    assert {one["name"]: (one["lr"], len(one["params"])) for one in groups} == {
        "features": (0.01, 2),
        "features.1": (0.001, 2),
        "": (0.1, 2),
    }
    transfer.freeze(model.features)
    assert [one["name"] for one in transfer.layerwise_lr(model, 0.1, decay=0.5)] == ["head"]
    optimizer = torch.optim.SGD(transfer.layerwise_lr(network(), 1.0, decay=0.5), momentum=0.9)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 1.0]


def test_weights_of_another_model() -> None:
    old, new = network(), network()
    transfer.replace_head(new, 7)
    nn.init.zeros_(new.features[0].weight)
    state = {f"encoder.{name}": value for name, value in old.state_dict().items()} | {
        "decoder.weight": old.head.bias
    }
    report = transfer.load_matching(new, state, prefix="encoder.")
    assert torch.equal(new.features[0].weight, old.features[0].weight)
    assert report.missing == ["head.weight", "head.bias"]
    assert report.unused == ["encoder.head.weight", "encoder.head.bias", "decoder.weight"]
    with pytest.raises(ValueError, match="see whether a prefix is in the way"):
        transfer.load_matching(new, state)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda model: transfer.replace_head(model, 0), "at least 1, got 0"),
        (lambda model: transfer.replace_head(nn.ReLU(), 2), "ReLU has no dense or convolutional layer"),
        (lambda model: transfer.layerwise_lr(model, 0.1), "either decay, such as"),
        (lambda model: transfer.layerwise_lr(model, 0.1, decay=2), r"in \(0, 1\], got 2"),
        (
            lambda model: transfer.layerwise_lr(model, 0.1, rates={"body": 1}),
            "begins with 'body'; .*'features'",
        ),
        (lambda model: transfer.cache_features(model, []), "no data"),
    ],
)
def test_bad_input(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call(network())
    with pytest.raises(TypeError, match="'features' is a Sequential"):
        transfer.replace_head(network(), 2, "features")
