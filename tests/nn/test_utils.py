"""Clipping of gradients, and parameters as one vector."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.nn import utils


def parameters(*grads: Any) -> list[nn.Parameter]:
    made = []
    for grad in grads:
        p = nn.Parameter(torch.zeros(len(grad)) if grad else torch.zeros(1))
        p.grad = torch.tensor(grad) if grad else None
        made.append(p)
    return made


@pytest.mark.parametrize(
    ("p", "norm"), [(2.0, 13.0), (1, 19.0), (math.inf, 12.0), (3, (27 + 64 + 1728) ** (1 / 3))]
)
def test_clip_grad_norm(p: float, norm: float) -> None:
    params = parameters([3.0, -4.0], [], [12.0])
    total = utils.clip_grad_norm_(iter(params), norm / 2, norm_type=p)
    assert total.item() == pytest.approx(norm, rel=1e-6) and total.dtype is torch.float32
    np.testing.assert_allclose(params[0].grad.numpy(), [1.5, -2.0], rtol=1e-5)
    assert params[1].grad is None and params[2].grad.item() == pytest.approx(6.0, rel=1e-5)


def test_small_gradients_stay() -> None:
    params = parameters([0.3, 0.4])
    assert utils.clip_grad_norm_(params, 1.0).item() == pytest.approx(0.5)
    assert params[0].grad.tolist() == torch.tensor([0.3, 0.4]).tolist()


def test_nothing_to_clip() -> None:
    assert utils.clip_grad_norm_(parameters([]), 1.0).item() == 0
    with pytest.warns(UserWarning, match=r"empty generator"):
        utils.clip_grad_norm_((p for p in []), 1.0)


def test_a_norm_that_is_not_finite() -> None:
    params = parameters([math.nan, 1.0])
    with pytest.raises(RuntimeError, match=r"total norm of order 2.0 .* non-finite \(nan\)"):
        utils.clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert params[0].grad[1].item() == 1
    assert math.isnan(utils.clip_grad_norm_(params, 1.0).item()) and math.isnan(params[0].grad[1].item())


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_norms_of_very_small_and_large_gradients(size: float) -> None:
    assert utils.get_total_norm([torch.tensor([3 * size, 4 * size])]).item() == pytest.approx(
        5 * size, rel=1e-5
    )


def test_clip_grad_value() -> None:
    params = parameters([3.0, -0.5, -7.0], [])
    version = params[0].grad._version
    utils.clip_grad_value_(params, 1)
    assert params[0].grad.tolist() == [1.0, -0.5, -1.0] and params[0].grad._version > version


def test_the_older_name_warns() -> None:
    with pytest.warns(FutureWarning, match=r"clip_grad_norm_"):
        utils.clip_grad_norm(parameters([1.0]), 1.0)


def test_parameters_as_a_vector() -> None:
    net = nn.Linear(3, 2)
    vector = utils.parameters_to_vector(net.parameters())
    assert vector.shape == (8,) and vector.requires_grad
    (vector**2).sum().backward()
    np.testing.assert_allclose(net.weight.grad.numpy(), 2 * net.weight.detach().numpy())
    utils.vector_to_parameters(torch.arange(8.0), net.parameters())
    assert net.bias.tolist() == [6.0, 7.0] and net.weight.requires_grad and net.weight.is_leaf
    for vec, error in ((torch.zeros(7), RuntimeError), ([0.0] * 8, TypeError)):
        with pytest.raises(error):
            utils.vector_to_parameters(vec, net.parameters())
    assert net.bias.tolist() == [6.0, 7.0]
