"""The machine's formulas, against sums over all of its states."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import train, unsupervised


def states(units: int) -> torch.Tensor:
    return ((torch.arange(2**units).unsqueeze(1) >> torch.arange(units)) & 1).double()


def machine(visible: str = "bernoulli", **options: int) -> unsupervised.RBM:
    rbm = unsupervised.RBM(4, 3, visible, dtype=torch.float64, **options)
    with torch.no_grad():
        for one in rbm.parameters():
            one.normal_()
    return rbm


@pytest.mark.parametrize("visible", ["bernoulli", "gaussian"])
def test_free_energy_and_conditionals_are_those_of_the_energy(visible: str) -> None:
    rbm = machine(visible)
    v = states(4) if visible == "bernoulli" else torch.randn(7, 4, dtype=torch.float64)
    h = states(3)
    energies = torch.stack([rbm.energy(row.expand(8, 4), h) for row in v])  # (N, 8)
    np.testing.assert_allclose(rbm.free_energy(v).detach(), -(-energies).logsumexp(1).detach(), rtol=1e-12)
    chances = (-energies).softmax(1) @ h  # Σ p(h | v) h
    np.testing.assert_allclose(rbm(v).detach(), chances.detach(), rtol=1e-9)


def test_the_partition_function_adds_up_all_states() -> None:
    rbm = machine()
    assert rbm.log_partition() == pytest.approx((-rbm.free_energy(states(4))).logsumexp(0).item())
    grid = torch.linspace(-12, 12, 201, dtype=torch.float64)
    small = unsupervised.RBM(2, 3, "gaussian", dtype=torch.float64)
    with torch.no_grad():
        for one in small.parameters():
            one.normal_()
    points = torch.cartesian_prod(grid, grid)
    integral = (-small.free_energy(points)).logsumexp(0).item() + 2 * np.log(24 / 200)
    assert small.log_partition() == pytest.approx(integral, rel=1e-6)


def test_the_gradient_is_that_of_contrastive_divergence() -> None:
    rbm = machine()
    v = torch.rand(6, 4, dtype=torch.float64)
    torch.manual_seed(3)
    rbm.loss(rbm(v), v).backward()
    torch.manual_seed(3)
    samples = rbm.gibbs(v)
    with torch.no_grad():
        positive, negative = (
            rbm(v).t() @ v / 6,
            rbm(samples).t() @ samples / 6,
        )  # <h v> of data and of samples
    np.testing.assert_allclose(-rbm.weight.grad, positive - negative, rtol=1e-9)
    np.testing.assert_allclose(-rbm.visible_bias.grad, (v.mean(0) - samples.mean(0)), rtol=1e-9)


@pytest.mark.parametrize("visible", ["bernoulli", "gaussian"])
def test_long_chains_sample_the_model(visible: str) -> None:
    rbm = machine(visible)
    v = rbm.gibbs(torch.zeros(6000, 4, dtype=torch.float64), steps=60)
    h = states(3)
    drive = h @ rbm.weight + rbm.visible_bias
    if visible == "bernoulli":
        log_h = torch.nn.functional.softplus(drive).sum(1)
        mean = drive.sigmoid()
    else:
        shift = drive - rbm.visible_bias
        log_h = shift.square().sum(1) / 2 + shift @ rbm.visible_bias
        mean = drive
    weights = (log_h + h @ rbm.hidden_bias).softmax(0)
    np.testing.assert_allclose(v.mean(0), (weights @ mean).detach(), atol=0.12)


@pytest.mark.parametrize("particles", [0, 20])
def test_training_raises_the_likelihood(particles: int) -> None:
    patterns = torch.tensor([[1.0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]).repeat(20, 1)
    rbm = unsupervised.RBM(6, 3, k=2, particles=particles)
    likelihood = lambda: -rbm.free_energy(patterns).mean().item() - rbm.log_partition()  # noqa: E731
    before, error = likelihood(), rbm.reconstruction_error(patterns)
    optimizer = torch.optim.SGD(rbm.parameters(), lr=0.1)
    train.fit(rbm, rbm.loss, optimizer, patterns, epochs=150, batch_size=20, progress=False)
    assert before == pytest.approx(6 * np.log(0.5), abs=0.05) and likelihood() > -2.5  # the best is ln 0.5
    assert rbm.reconstruction_error(patterns) < error / 2


def test_chains_go_on_and_are_saved() -> None:
    rbm = machine(particles=5)
    assert set(rbm.state_dict()) == {"weight", "visible_bias", "hidden_bias", "chains"}
    before = rbm.chains.clone()
    v = torch.rand(6, 4, dtype=torch.float64)
    rbm.loss(rbm(v), v)
    assert not torch.equal(rbm.chains, before)
    before = rbm.eval().chains.clone()
    rbm.loss(rbm(v), v)
    assert torch.equal(rbm.chains, before)
    assert "particles=5" in repr(rbm)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="hidden_units must be at least 1, got 0"):
        unsupervised.RBM(3, 0)
    with pytest.raises(ValueError, match="'bernoulli' or 'gaussian', got 'binary'"):
        unsupervised.RBM(3, 2, "binary")
    with pytest.raises(ValueError, match="particles must be at least 0, got -1"):
        unsupervised.RBM(3, 2, particles=-1)
    rbm = unsupervised.RBM(3, 2)
    with pytest.raises(ValueError, match=r"values in \[0, 1\], got 0 to 255: rescale"):
        rbm.loss(torch.zeros(1, 2), torch.tensor([[0.0, 3.0, 255.0]]))
    with pytest.raises(ValueError, match=r"2\*\*21 hidden states"):
        unsupervised.RBM(3, 21).log_partition()
