"""Dropout and DropConnect: what is dropped when, expectations, sampling in evaluation."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn

MODES = ["inverted", "classic"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_dropout_drops_in_training_and_keeps_the_expectation(p: float, mode: str) -> None:
    drop = nn.Dropout(p, mode=mode)
    x = torch.ones(100, 400)
    trained, evaluated = drop(x), drop.eval()(x)
    kept = 1 / (1 - p) if mode == "inverted" and p < 1 else 1.0
    assert all(min(value, abs(value - kept)) < 1e-5 for value in np.unique(trained.numpy()))
    assert (trained == 0).float().mean().item() == pytest.approx(p, abs=0.01)
    assert evaluated.unique().tolist() == pytest.approx([1 - p if mode == "classic" else 1.0])
    if p < 1:
        assert trained.mean().item() == pytest.approx(evaluated.mean().item(), abs=0.02)


@pytest.mark.parametrize("mode", MODES)
def test_the_gradient_passes_where_the_signal_does(mode: str) -> None:
    drop = nn.Dropout(0.5, mode=mode)
    x = torch.ones(50, requires_grad=True)
    y = drop(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


@pytest.mark.parametrize(
    ("make", "shape"),
    [(nn.Dropout1d, (4, 5, 6)), (nn.Dropout2d, (4, 5, 2, 3)), (nn.Dropout3d, (4, 5, 2, 2, 2))],
)
@pytest.mark.parametrize("mode", MODES)
def test_whole_channels_are_dropped(make: Any, shape: tuple[int, ...], mode: str) -> None:
    out = make(0.5, mode=mode)(torch.ones(*shape)).flatten(2).numpy()
    assert (out == out[:, :, :1]).all() and set(np.unique(out)) == {0.0, 2.0 if mode == "inverted" else 1.0}
    with pytest.raises(ValueError, match=r"between 0 and 1, but got 1.5"):
        make(1.5)
    with pytest.raises(ValueError, match=r"mode must be 'inverted'.*got 'reverse'"):
        make(mode="reverse")


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = torch.randn(400, 400)
    for drop in (nn.AlphaDropout(0.2), nn.FeatureAlphaDropout(0.2)):
        out = drop(x)
        assert out.mean().item() == pytest.approx(0, abs=0.02)
        assert out.std().item() == pytest.approx(1, abs=0.02)
        assert drop.eval()(x) is x


def test_repr() -> None:
    assert repr(nn.Dropout(0.3)) == "Dropout(p=0.3, inplace=False)"
    assert repr(nn.Dropout2d(0.3, True, mode="classic")) == "Dropout2d(p=0.3, inplace=True, mode='classic')"
    layer = nn.DropConnectLinear(2, 3, p=0.2, mode="classic", drop_bias=True)
    assert repr(layer) == (
        "DropConnectLinear(in_features=2, out_features=3, bias=True, p=0.2, mode='classic', drop_bias=True)"
    )
    assert repr(nn.DropConnect(nn.Linear(1, 1), per_example=True)) == (
        "DropConnect(\n  p=0.5, per_example=True, names=['weight']\n"
        "  (module): Linear(in_features=1, out_features=1, bias=True)\n)"
    )


# -- DropConnect -----------------------------------------------------------------------------------


def layers(**options: Any) -> list[tuple[nn.Module, nn.Linear]]:
    """Both forms of a dense DropConnect layer, each with the dense layer of the same weights."""
    plain = nn.Linear(6, 4)
    own = nn.DropConnectLinear(6, 4, **options)
    own.load_state_dict(plain.state_dict())
    if "drop_bias" in options:
        options["names"] = ["weight", "bias"] if options.pop("drop_bias") else ["weight"]
    return [(own, plain), (nn.DropConnect(copy.deepcopy(plain), **options), plain)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("per_example", [False, True])
def test_weights_are_dropped_anew_in_every_call(mode: str, per_example: bool) -> None:
    x = torch.eye(6)  # the output's rows are the weight's columns
    for layer, plain in layers(p=0.5, mode=mode, per_example=per_example):
        first, second = (layer(x) - plain.bias for _ in range(2))
        assert not torch.equal(first, second)
        ratio = (first / plain.weight.T).detach().numpy()
        scale = 2.0 if mode == "inverted" else 1.0
        np.testing.assert_allclose(np.minimum(np.abs(ratio), np.abs(ratio - scale)), 0, atol=1e-4)
        assert 0 < (np.abs(ratio) < 1e-4).mean() < 1


def test_masks_per_example_differ_and_a_shared_one_does_not() -> None:
    x = torch.ones(8, 6)
    for per_example in (False, True):
        for layer, _ in layers(p=0.5, per_example=per_example):
            rows = layer(x).detach().numpy()
            assert (rows == rows[0]).all() != per_example


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("drop_bias", [False, True])
def test_evaluation_uses_the_expected_weights(mode: str, drop_bias: bool) -> None:
    x = torch.randn(1, 6)
    keep = 0.7 if mode == "classic" else 1.0
    for layer, plain in layers(p=0.3, mode=mode, drop_bias=drop_bias, per_example=True):
        bias = plain.bias * keep if drop_bias else plain.bias
        expected = x @ (plain.weight * keep).T + bias
        np.testing.assert_allclose(layer.eval()(x).detach().numpy(), expected.detach().numpy(), atol=1e-6)
        mean = layer.train()(x.expand(1000, 6)).mean(0, keepdim=True)
        np.testing.assert_allclose(mean.detach().numpy(), expected.detach().numpy(), atol=0.15)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("drop_bias", [False, True])
def test_gaussian_inference_has_the_moments_of_training(mode: str, drop_bias: bool) -> None:
    x = torch.randn(1, 6).expand(1000, 6)
    for layer, _ in layers(p=0.4, mode=mode, drop_bias=drop_bias, inference="gaussian", per_example=True):
        with torch.no_grad():
            trained, sampled = layer.train()(x).numpy(), layer.eval()(x).numpy()
        np.testing.assert_allclose(trained.mean(0), sampled.mean(0), atol=0.15)
        np.testing.assert_allclose(trained.std(0), sampled.std(0), rtol=0.15, atol=0.01)


def test_gaussian_inference_averages_behind_the_activation() -> None:
    x = torch.randn(1, 6)
    options = {"inference": "gaussian", "activation": torch.relu, "samples": 3000, "per_example": True}
    for layer, plain in layers(p=0.5, **options):
        with torch.no_grad():
            out = layer.eval()(x).numpy()
            draws = layer.train()(x.expand(1000, 6))
            assert out.shape == (1, 4) and (draws >= 0).all()
            np.testing.assert_allclose(out[0], draws.mean(0).numpy(), atol=0.2)
            assert (out >= torch.relu(plain(x)).numpy() - 0.1).all()  # Jensen's inequality


def test_any_layer_can_be_wrapped() -> None:
    net = nn.DropConnect(
        nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)), 0.5
    )
    assert net.names == ("0.weight", "3.weight")
    x = torch.randn(4, 2, 4, 4)
    assert not torch.equal(net(x), net(x))
    net(x).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert "weight" not in vars(net.module[0]) and net.module[0].weight is net.module[0]._parameters["weight"]
    net.eval()
    assert torch.equal(net(x), net.module(x))
    conv = nn.DropConnect(nn.Conv2d(2, 3, 3), 0.5, inference="gaussian", activation=nn.ReLU(), samples=7)
    assert conv.eval()(x).shape == (4, 3, 2, 2)


def test_weights_are_back_after_an_error() -> None:
    net = nn.DropConnect(nn.Linear(3, 2))
    with pytest.raises(RuntimeError):
        net(torch.ones(1, 5))
    assert "weight" not in vars(net.module)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.DropConnectLinear(2, 2, p=-0.1), ValueError, "between 0 and 1, but got -0.1"),
        (
            lambda: nn.DropConnectLinear(2, 2, inference="mode"),
            ValueError,
            "'mean' or 'gaussian', got 'mode'",
        ),
        (lambda: nn.DropConnectLinear(2, 2, samples=0), ValueError, "`samples` .=0. must be positive"),
        (lambda: nn.DropConnect(nn.Linear(1, 1), names=["wait"]), AttributeError, "no attribute `wait`"),
        (lambda: nn.DropConnect(nn.ReLU()), ValueError, "ReLU has no weights to drop"),
        (lambda: nn.DropConnect(nn.Embedding(2, 2), inference="gaussian"), TypeError, "got Embedding"),
    ],
)
def test_errors(make, error, message) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(("batch_first", "shape", "time"), [(False, (5, 3, 40), 0), (True, (3, 5, 40), 1)])
def test_variational_dropout_keeps_its_mask_over_time(
    batch_first: bool, shape: tuple[int, ...], time: int
) -> None:
    drop = nn.VariationalDropout(0.5, batch_first)
    x = torch.ones(shape, requires_grad=True)
    out = drop(x)
    steps = out.unbind(time)
    assert all(torch.equal(step, steps[0]) for step in steps)
    assert set(out.unique().tolist()) == {0.0, 2.0} and not torch.equal(steps[0][0], steps[0][1])
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())
    assert drop.eval()(x) is x
    empty = nn.VariationalDropout(0.5)(torch.ones(0, 3, 4))
    assert empty.shape == (0, 3, 4)
    with pytest.raises(ValueError, match=r"2 or 3 dimensions, got shape \(4,\)"):
        drop(torch.ones(4))


def test_recurrent_weights_are_dropped_anew_in_every_call() -> None:
    layer = nn.DropConnect(nn.LSTM(3, 4), p=0.5, names=["weight_hh_l0"])
    x = torch.randn(6, 2, 3)
    one, other = layer(x)[0], layer(x)[0]
    assert torch.equal(one[0], other[0]) and not torch.allclose(one[5], other[5])  # no memory at step 0
    one.sum().backward()
    weight = layer.module.weight_hh_l0
    dropped = weight.grad == 0
    assert 0.2 < dropped.float().mean() < 0.8
    layer.eval()
    assert torch.equal(layer(x)[0], layer.module(x)[0])


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_every_sequence_can_have_its_own_recurrent_mask(kind: Any, batch_first: bool) -> None:
    layer = nn.DropConnect(
        kind(3, 4, batch_first=batch_first), p=0.5, names=["weight_hh_l0"], per_example=True
    )
    x = torch.randn(6, 3).expand(5, 6, 3)  # five times the same sequence
    x = x if batch_first else x.transpose(0, 1)
    state = torch.ones(1, 5, 4)
    hx = (state, state) if kind is nn.LSTM else state
    for given in ((x,), (x, hx)):
        out, last = layer(*given)
        sequences = out if batch_first else out.transpose(0, 1)
        assert sequences.shape == (5, 6, 4)
        assert not torch.allclose(sequences[0, 5], sequences[1, 5])
        h = last[0] if kind is nn.LSTM else last
        assert torch.equal(h[0], sequences[:, 5])
    layer.eval()
    assert torch.equal(layer(x)[0], layer.module(x)[0])
    with pytest.raises(TypeError, match=r"three dimensions, got shape \(6, 3\)"):
        layer.train()(torch.randn(6, 3))
    with pytest.raises(TypeError, match="apply it to the layer's output"):
        nn.DropConnect(kind(3, 4), activation=torch.tanh)
