"""Autoencoders give back their input, also from a spoiled one; stacks are greedy and whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train, unsupervised


def images() -> torch.Tensor:
    """Bars: a row or a column of a 4x4 image."""
    bars = torch.zeros(8, 4, 4)
    for place in range(4):
        bars[place, place] = 1
        bars[4 + place, :, place] = 1
    return bars


def fit(coder: Any, x: torch.Tensor, epochs: int = 150) -> train.History:
    optimizer = torch.optim.Adam(coder.parameters(), lr=0.02)
    return train.fit(coder, coder.loss, optimizer, x, epochs=epochs, batch_size=8, progress=False)


@pytest.mark.parametrize(
    "options", [{}, {"noise": 0.1}, {"masking": 0.1}, {"sparsity": 0.3, "strength": 0.01}]
)
def test_it_learns_to_give_back_its_input(options: dict[str, float]) -> None:
    x = images().flatten(1)
    coder = unsupervised.dense_autoencoder([16, 12, 6], code=nn.Sigmoid, **options)
    fit(coder, x)
    coder.eval()
    assert F.mse_loss(coder(x), x).item() < 0.03 < x.var().item()
    assert torch.equal(coder(x), coder.decode(coder.encode(x)))


def test_images() -> None:
    x = images().unsqueeze(1)
    coder = unsupervised.convolutional_autoencoder([1, 16, 8], reconstruction=F.binary_cross_entropy)
    history = fit(coder, x, 120)
    assert history["loss"][-1] < 0.25 < history["loss"][0] and coder.encode(x).shape == (8, 8, 1, 1)


def test_the_target_of_a_denoising_autoencoder_is_clean() -> None:
    coder = unsupervised.Autoencoder(nn.Identity(), nn.Identity(), noise=0.5, masking=0.25)
    x = torch.ones(4000)
    out = coder(x)
    assert (out == 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert out[out != 0].std().item() == pytest.approx(0.5, abs=0.05)
    assert torch.equal(coder.eval()(x), x) and "masking=0.25" in repr(coder)


def test_sparsity_is_its_formula_and_makes_units_quiet() -> None:
    codes = torch.rand(5, 3, dtype=torch.float64)
    mean, target = codes.mean(0).numpy(), 0.2
    expected = target * np.log(target / mean) + (1 - target) * np.log((1 - target) / (1 - mean))
    np.testing.assert_allclose(unsupervised.sparsity_penalty(codes, target).item(), expected.sum())
    x = images().flatten(1)
    quiet, free = (
        unsupervised.dense_autoencoder([16, 10], code=nn.Sigmoid, sparsity=rho, strength=0.2)
        for rho in (0.05, None)
    )
    for coder in (quiet, free):
        fit(coder, x, 100)
    assert quiet.encode(x).mean() < 0.15 < free.encode(x).mean()


@pytest.mark.parametrize("kind", ["autoencoders", "rbms"])
def test_a_stack_codes_better_than_chance_and_can_be_tuned(kind: str) -> None:
    x = images().flatten(1).repeat(10, 1)
    if kind == "rbms":
        stack = unsupervised.stack_rbms([16, 12, 8], x, epochs=60, lr=0.5, batch_size=16)
    else:
        stack = unsupervised.stack_autoencoders([16, 12, 8], x, epochs=60, lr=0.02, batch_size=16)
    assert [len(losses) for losses in stack.losses] == [60, 60]
    assert [tuple(layer.weight.shape) for layer in (*stack.encoder[::2], *stack.decoder[::2])] == [
        (12, 16),
        (8, 12),
        (12, 8),
        (16, 12),
    ]
    coder = unsupervised.Autoencoder(stack.encoder, stack.decoder)
    pretrained = F.mse_loss(coder(x), x).item()
    assert pretrained < x.var().item() * 0.75
    fit(coder, x, 40)
    assert F.mse_loss(coder(x), x).item() < pretrained / 2
    model = nn.Sequential(stack.encoder, nn.Linear(8, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    rows = (torch.arange(80) % 8 < 4).long()
    train.fit(model, F.cross_entropy, optimizer, (x, rows), epochs=30, progress=False)
    assert train.evaluate(model, (x, rows), metrics=["accuracy"])["accuracy"] == 1


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: unsupervised.dense_autoencoder([4]), r"the code, got \[4\]"),
        (lambda: unsupervised.convolutional_autoencoder([1]), r"every layer, got \[1\]"),
        (lambda: unsupervised.dense_autoencoder([4, 2], noise=-1), "noise must be at least 0, got -1"),
        (lambda: unsupervised.dense_autoencoder([4, 2], masking=1.0), "probability below 1, got 1.0"),
        (lambda: unsupervised.dense_autoencoder([4, 2], sparsity=0.0), "between 0 and 1, got 0.0"),
        (lambda: unsupervised.sparsity_penalty(torch.ones(2, 2), 1.0), "between 0 and 1, got 1.0"),
        (lambda: unsupervised.sparsity_penalty(torch.full((2, 2), -1.0)), "end the encoder with a sigmoid"),
        (lambda: unsupervised.stack_rbms([4], torch.ones(2, 4)), r"every code, got \[4\]"),
        (lambda: unsupervised.stack_autoencoders([4, 2], torch.ones(2, 3)), r"\(N, 4\), got \(2, 3\)"),
    ],
)
def test_bad_input(make: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()
