"""Monte-Carlo dropout and ensembles: what is on and off, and figures from formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn, uncertainty


def softmax(scores: torch.Tensor) -> torch.Tensor:
    return scores.softmax(-1)


def network() -> nn.Module:
    return nn.Sequential(
        nn.Linear(3, 40), nn.BatchNorm1d(40), nn.ReLU(), nn.Dropout(0.5), nn.DropConnectLinear(40, 4, p=0.2)
    )


def test_only_dropout_is_on_and_the_modes_come_back() -> None:
    model = network().train()
    model[0].eval()
    modes = [part.training for part in model.modules()]
    statistics = model[1].running_mean.clone()
    found = uncertainty.mc_dropout(model, torch.randn(6, 3), passes=5)
    assert [part.training for part in model.modules()] == modes
    assert torch.equal(model[1].running_mean, statistics) and model[1].num_batches_tracked == 0
    assert found.samples.shape == (5, 6, 4) and not found.samples.requires_grad
    assert not torch.equal(found.samples[0], found.samples[1])
    recurrent = nn.LSTM(3, 4, num_layers=2, dropout=0.4)
    with uncertainty.dropout_on(recurrent):
        assert recurrent.training


def test_the_mean_over_many_passes_is_the_scaled_network_where_that_is_linear() -> None:
    model = nn.Sequential(nn.Dropout(0.3), nn.Linear(3, 2)).eval()
    x = torch.randn(4, 3)
    found = uncertainty.mc_dropout(model, x, passes=4000)
    np.testing.assert_allclose(found.mean.numpy(), model(x).detach().numpy(), atol=0.06)
    # Var Σ w m x / (1 - p) = Σ (w x)² p / (1 - p)
    spread = ((x.unsqueeze(1) * model[1].weight.detach()).square().sum(-1) * 0.3 / 0.7).sqrt()
    np.testing.assert_allclose(found.std.numpy(), spread.numpy(), rtol=0.1)


def test_entropy_and_mutual_information() -> None:
    sure = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    disagree = uncertainty.Predictions(torch.stack([sure, sure.flip(0)]))
    np.testing.assert_allclose(disagree.entropy, [math.log(2)] * 2, rtol=1e-6)
    np.testing.assert_allclose(disagree.mutual_information, [math.log(2)] * 2, rtol=1e-6)
    doubt = uncertainty.Predictions(torch.full((3, 2, 2), 0.5))
    np.testing.assert_allclose(doubt.entropy, [math.log(2)] * 2, rtol=1e-6)
    assert doubt.mutual_information.tolist() == [0, 0] and doubt.std.max() == 0
    one = uncertainty.Predictions(sure.unsqueeze(0))
    assert one.std.tolist() == [[0, 0], [0, 0]]


def test_ensembles() -> None:
    models = [network().eval() for _ in range(3)]
    x = torch.randn(5, 3)
    found = uncertainty.ensemble(models, x.numpy(), softmax, batch_size=2)
    joined = uncertainty.Ensemble(models, softmax).eval()
    np.testing.assert_allclose(found.mean.numpy(), joined(x).detach().numpy(), rtol=1e-5)
    assert len(list(joined.parameters())) == 3 * len(list(models[0].parameters()))
    assert (found.mutual_information >= 0).all() and (found.entropy > found.mutual_information).all()


def test_bad_input() -> None:
    x = torch.ones(2, 3)
    with pytest.raises(ValueError, match="passes must be at least 1, got 0"):
        uncertainty.mc_dropout(network(), x, passes=0)
    with pytest.raises(ValueError, match="Linear has no dropout to keep on"):
        uncertainty.mc_dropout(nn.Linear(3, 1), x)
    with pytest.raises(ValueError, match="not probabilities"):
        _ = uncertainty.mc_dropout(network(), x).entropy
    with pytest.raises(ValueError, match="no rows"):
        uncertainty.mc_dropout(network(), torch.ones(0, 3))
    for make in (lambda: uncertainty.ensemble([], x), lambda: uncertainty.Ensemble([])):
        with pytest.raises(ValueError, match="at least one model"):
            make()
