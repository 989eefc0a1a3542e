"""Penalties and their gradients are the formulas; no unit's weights exceed the norm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr import nn, regularization


@given(st.floats(1, 4), st.floats(0, 2), st.integers(0, 1000))
def test_a_penalty_is_its_formula(p: float, strength: float, seed: int) -> None:
    torch.manual_seed(seed)
    layer = nn.Linear(3, 2, dtype=torch.float64)
    found = regularization.penalty(layer, strength, p)
    w = layer.weight.detach().numpy()
    np.testing.assert_allclose(found.item(), strength * (np.abs(w) ** p).sum(), rtol=1e-12)
    found.backward()
    slope = strength * p * np.abs(w) ** (p - 1) * np.sign(w)
    np.testing.assert_allclose(layer.weight.grad.numpy(), slope, rtol=1e-10)
    assert layer.bias.grad is None


def test_which_parameters() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.LSTM(2, 3), nn.Embedding(4, 2), nn.PReLU()
    )
    names = [name for name, _ in regularization.weights(model)]
    assert names == ["0.weight", "2.weight_ih_l0", "2.weight_hh_l0", "3.weight"]
    only = lambda name, w: name.endswith("bias")  # noqa: E731
    assert [name for name, _ in regularization.weights(model, only)] == ["0.bias", "1.bias"]
    none = lambda name, w: False  # noqa: E731
    assert regularization.penalty(model, 1.0, select=none).item() == 0


def test_a_penalty_at_zero_has_no_slope() -> None:
    layer = nn.Linear(2, 2)
    nn.init.zeros_(layer.weight)
    for p in (1.0, 1.5, 2.0):
        layer.weight.grad = None
        regularization.penalty(layer, 1.0, p).backward()
        assert torch.equal(layer.weight.grad, torch.zeros(2, 2))


def incoming(layer: nn.Module, unit: int) -> torch.Tensor:
    """The weights that move one output: those with a gradient from it."""
    layer.zero_grad()
    shape = (1, layer.weight.shape[1]) if isinstance(layer, nn.Linear) else (1, layer.in_channels, 5, 5)
    layer(torch.rand(shape) + 1)[0, unit].sum().backward()
    return layer.weight.detach()[layer.weight.grad != 0]


@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(6, 4),
        nn.Conv2d(4, 6, 3),
        nn.Conv2d(4, 6, 3, groups=2),
        nn.ConvTranspose2d(4, 6, 3),
        nn.ConvTranspose2d(4, 6, 3, groups=2),
    ],
    ids=str,
)
@given(r=st.floats(0.05, 3))
def test_every_unit_keeps_its_direction_and_its_bound(layer: nn.Module, r: float) -> None:
    layer.reset_parameters()
    units = 4 if isinstance(layer, nn.Linear) else 6
    before = [incoming(layer, unit) for unit in range(units)]
    bias = layer.bias.detach().clone()
    regularization.max_norm_(layer, r)
    for unit, w in enumerate(before):
        np.testing.assert_allclose(
            incoming(layer, unit).numpy(), w.numpy() * min(1, r / w.norm().item()), rtol=1e-5
        )
    assert torch.equal(layer.bias, bias)


def test_biases_can_be_bounded_too() -> None:
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.bias.copy_(torch.tensor([-3.0, 0.5]))
    regularization.max_norm_(layer, 1.0, select=lambda name, w: name == "bias")
    assert layer.bias.tolist() == [-1.0, 0.5]


def test_bad_input() -> None:
    layer = nn.Linear(2, 2)
    for strength in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"at least 0, got {strength}"):
            regularization.penalty(layer, strength)
    with pytest.raises(ValueError, match=r"p must be at least 1 .*, got 0.5"):
        regularization.penalty(layer, 1.0, 0.5)
    with pytest.raises(ValueError, match="must be positive, got 0"):
        regularization.max_norm_(layer, 0)


def test_mixup_blends_inputs_and_targets_alike() -> None:
    x, y = torch.eye(5), torch.arange(5)
    shares = set()
    for _ in range(20):
        mixed, chances = regularization.mixup(x, y, alpha=1.0, classes=5)
        assert torch.allclose(mixed, chances)
        shares.add(round(mixed[mixed > 0].min().item(), 3))
    assert len(shares) > 10
    values, targets = regularization.mixup(x, x.sum(1, keepdim=True), alpha=0.5)
    assert targets.shape == (5, 1) and torch.allclose(targets, values.sum(1, keepdim=True))


@given(st.integers(1, 8), st.integers(0, 100))
def test_cutout_covers_one_square(size: int, seed: int) -> None:
    torch.manual_seed(seed)
    images = torch.ones(3, 2, 6, 5, requires_grad=True)
    covered = regularization.cutout(images, size, value=-1.0)
    assert images.min() == 1
    for image in covered:
        assert torch.equal(image[0], image[1])
        rows, columns = (image[0] == -1).any(1), (image[0] == -1).any(0)
        assert torch.equal(image[0] == -1, rows.unsqueeze(1) & columns)
        for side in (rows, columns):
            places = side.nonzero().flatten().tolist()
            assert (size + 1) // 2 <= len(places) <= size or len(places) == len(side)
            assert places == list(range(places[0], places[0] + len(places)))


def test_bad_examples() -> None:
    x = torch.ones(2, 3)
    for alpha in (0.0, -1.0):
        with pytest.raises(ValueError, match=f"alpha must be positive, got {alpha}"):
            regularization.mixup(x, torch.tensor([0, 1]), alpha, 2)
    with pytest.raises(ValueError, match="class numbers need classes"):
        regularization.mixup(x, torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="got 2 and 3"):
        regularization.mixup(x, torch.tensor([0, 1, 1]), classes=2)
    with pytest.raises(ValueError, match="at least 1 pixel, got 0"):
        regularization.cutout(torch.ones(1, 1, 2, 2), 0)
    with pytest.raises(ValueError, match=r"\(N, C, H, W\), got \(2, 3\)"):
        regularization.cutout(x, 1)
