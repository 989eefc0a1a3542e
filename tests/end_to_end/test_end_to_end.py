"""A dozen models: they learn, and their losses are PyTorch's step by step from the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest

import tinygrad_kr

from . import images, others, sequences

Program = Callable[[Any], Iterator[float]]

PROGRAMS: list[Program] = [
    images.cnn,
    images.resnet,
    images.unet,
    images.vision_transformer,
    images.autoencoder,
    images.variational_autoencoder,
    sequences.gpt,
    sequences.lstm_language_model,
    sequences.sequence_to_sequence,
    others.graph_convolution,
    others.adversarial_pair,
    others.policy_gradient,
]


def losses(program: Program, library: Any, steps: int) -> list[float]:
    library.manual_seed(0)
    return list(islice(program(library), steps))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_it_learns(program: Program) -> None:
    seen = losses(program, tinygrad_kr, 60)
    assert np.isfinite(seen).all()
    assert np.mean(seen[-10:]) < 0.7 * np.mean(seen[:3])


@pytest.mark.torch
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_losses_are_pytorchs_step_by_step(program: Program) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = losses(program, tinygrad_kr, 20), losses(program, torch, 20)
    # Sums in another order differ in the last bits of float32: by up to 1e-6 of the loss after 20 steps.
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
