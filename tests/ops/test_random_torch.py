"""The same seed gives PyTorch's numbers, through every public draw and for every memory layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_kr

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

EXACT: list[Callable[[Any], Any]] = [
    lambda t: t.rand(2, 3),
    lambda t: t.rand(5, dtype=t.float64),
    lambda t: t.randn(3),
    lambda t: t.randn(4, 5),
    lambda t: t.randn(19),
    lambda t: t.randint(10, (6,)),
    lambda t: t.randint(-3, 4, (2, 3)),
    lambda t: t.randint(2**40, (3,)),
    lambda t: t.randperm(13),
    lambda t: t.rand_like(t.zeros(3, 2)),
    lambda t: t.rand_like(t.zeros(3, 2).t()),
    lambda t: t.randn_like(t.zeros(5, 4).t()),
    lambda t: t.randint_like(t.zeros(4), 9),
    lambda t: t.bernoulli(t.full((8,), 0.3)),
    lambda t: t.bernoulli(t.zeros(8), 0.3),
    lambda t: t.bernoulli(t.full((8,), 0.3, dtype=t.float64)),
    lambda t: t.normal(t.arange(4.0), 0.5),
    lambda t: t.normal(2.0, t.arange(1.0, 5.0)),
    lambda t: t.normal(t.arange(4.0), t.arange(1.0, 5.0)),
    lambda t: t.normal(1.0, 2.0, (20,)),
    lambda t: t.multinomial(t.arange(1.0, 6.0), 3),
    lambda t: t.multinomial(t.ones(2, 4), 6, replacement=True),
    lambda t: t.poisson(t.tensor([0.5, 3.0, 40.0])),
    lambda t: t.empty(5).uniform_(-2, 3),
    lambda t: t.empty(4, 5).t().uniform_(),
    lambda t: t.empty(4, 10)[:, ::2].normal_(),
    lambda t: t.empty(4, 5).normal_(1, 2),
    lambda t: t.empty(7).bernoulli_(0.4),
    lambda t: t.empty(2, 3).bernoulli_(t.tensor([0.2, 0.5, 0.9])),
    lambda t: t.empty(5).random_(),
    lambda t: t.empty(5, dtype=t.int64).random_(100),
    lambda t: t.empty(5).random_(3, 9),
    lambda t: t.empty(5).exponential_(2.0),
    lambda t: t.empty(5).geometric_(0.3),
    lambda t: t.empty(5).log_normal_(),
    lambda t: t.empty(5).cauchy_(),
    lambda t: t.nn.functional.dropout(t.ones(4, 5), 0.3),
    lambda t: t.nn.functional.dropout(t.ones(5, 4).t(), 0.3),
    lambda t: t.nn.functional.dropout2d(t.ones(2, 6, 2, 2), 0.4),
    lambda t: t.nn.functional.alpha_dropout(t.ones(4, 5), 0.3, training=True),
    lambda t: t.nn.functional.feature_alpha_dropout(t.ones(2, 6, 2), 0.3, training=True),
]


@pytest.mark.parametrize("draw", EXACT)
def test_draws_equal_pytorchs(draw: Callable[[Any], Any]) -> None:
    for seed in (0, 42):
        tinygrad_kr.manual_seed(seed)
        torch.manual_seed(seed)
        for _ in range(2):
            mine, theirs = draw(tinygrad_kr), draw(torch)
            assert str(mine.dtype) == str(theirs.dtype) and mine.stride() == theirs.stride()
            np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=2e-7, atol=0)


def test_states_are_exchanged() -> None:
    torch.manual_seed(5)
    torch.randn(3)
    tinygrad_kr.set_rng_state(tinygrad_kr.from_numpy(torch.get_rng_state().numpy()))
    assert tinygrad_kr.initial_seed() == torch.initial_seed()
    np.testing.assert_array_equal(tinygrad_kr.randn(4).numpy(), torch.randn(4).numpy())


def test_an_unseeded_generator_is_pytorchs() -> None:
    mine, theirs = tinygrad_kr.Generator(), torch.Generator()
    assert mine.initial_seed() == theirs.initial_seed()
    np.testing.assert_array_equal(mine.get_state().numpy(), theirs.get_state().numpy())
