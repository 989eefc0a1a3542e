"""Activations: large arrays, in-place forms, random ones, deprecated calls."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.kernels.blockwise import LARGE

functional = torch.nn.functional
NAMES = ["relu", "gelu", "silu", "mish", "softplus", "elu", "logsigmoid", "hardswish", "leaky_relu"]


@pytest.mark.parametrize("name", [*NAMES, "sigmoid"])
def test_large_tensors_give_what_small_ones_give(name: str) -> None:
    function = getattr(functional, name)
    small = torch.linspace(-4, 4, 64, dtype=torch.float64).requires_grad_()
    large = torch.tensor(np.tile(small.detach().numpy(), LARGE // 64)).requires_grad_()
    out, wide = function(small), function(large)
    out.sum().backward()
    wide.sum().backward()
    np.testing.assert_allclose(wide.detach().numpy().reshape(-1, 64)[-1], out.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(large.grad.numpy().reshape(-1, 64)[-1], small.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES[:1] + NAMES[2:4] + ["elu", "hardswish", "leaky_relu"])
def test_inplace_writes_into_the_input_and_backward_knows(name: str) -> None:
    function = getattr(functional, name)
    x = torch.tensor([-1.0, 0.5, 2.0], requires_grad=True)
    expected = torch.autograd.grad(function(x).sum(), x)[0]
    y = x * 1
    assert function(y, inplace=True) is y
    np.testing.assert_allclose(y.detach().numpy(), function(x).detach().numpy())
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), expected.numpy())
    with pytest.raises(RuntimeError, match="leaf Variable"):
        function(x, inplace=True)


def test_each_activation_is_one_node() -> None:
    x = torch.ones(2, 2, requires_grad=True)
    for name in [*NAMES, "glu", "selu", "prelu", "softsign", "tanhshrink", "softmax", "log_softmax"]:
        args = {"prelu": [torch.tensor(0.5)], "softmax": [0], "log_softmax": [0]}.get(name, [])
        (after, _), *others = getattr(functional, name)(x, *args).grad_fn.next_functions
        assert after.is_leaf and not others, name


def test_rrelu_draws_slopes_within_its_range() -> None:
    x = -torch.ones(1000)
    out = functional.rrelu(x, 0.1, 0.3, training=True)
    assert ((out <= -0.1) & (out >= -0.3)).all() and len(set(out.tolist())) > 900
    assert functional.rrelu(torch.ones(3), training=True).tolist() == [1.0, 1.0, 1.0]
    assert functional.rrelu(x, 0.1, 0.3)[0].item() == pytest.approx(-0.2)


def test_gumbel_softmax_chooses_by_probability_and_passes_gradients() -> None:
    logits = torch.tensor([math.log(0.7), math.log(0.3)], requires_grad=True)
    many = logits.expand(4000, 2)
    hard = functional.gumbel_softmax(many, hard=True)
    assert set(hard.detach().numpy().ravel().round(5)) == {0.0, 1.0}
    assert hard.detach().numpy()[:, 0].mean() == pytest.approx(0.7, abs=0.03)
    hard[:, 0].sum().backward()
    assert logits.grad[0].item() > 0 > logits.grad[1].item()


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize(("ndim", "dim"), [(0, 0), (1, 0), (2, 1), (3, 0), (4, 1)])
def test_softmax_without_a_dim_warns_and_chooses(name: str, ndim: int, dim: int) -> None:
    x = torch.arange(2.0**ndim).reshape([2] * ndim)
    with pytest.warns(UserWarning, match=f"Implicit dimension choice for {name}"):
        out = getattr(functional, name)(x)
    assert torch.equal(out, getattr(functional, name)(x, dim))


def test_softmax_takes_a_dtype() -> None:
    assert torch.softmax(torch.tensor([1, 2]), 0, torch.float64).dtype is torch.float64
    with pytest.raises(NotImplementedError, match="'Long'"):
        torch.softmax(torch.tensor([1, 2]), 0)
