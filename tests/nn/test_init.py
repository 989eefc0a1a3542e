"""Initialisation: the distributions, the in-place contract, the errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.nn import init


@pytest.mark.parametrize(
    ("fill", "mean", "std", "bound"),
    [
        (lambda w: init.uniform_(w, -1, 3), 1, 4 / math.sqrt(12), 3),
        (lambda w: init.normal_(w, 2, 0.5), 2, 0.5, None),
        (lambda w: init.xavier_uniform_(w, gain=2), 0, 2 * math.sqrt(2 / 500), 2 * math.sqrt(6 / 500)),
        (lambda w: init.xavier_normal_(w), 0, math.sqrt(2 / 500), None),
        (lambda w: init.kaiming_uniform_(w, nonlinearity="relu"), 0, math.sqrt(2 / 300), math.sqrt(6 / 300)),
        (lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"), 0, math.sqrt(2 / 200), None),
        (lambda w: init.kaiming_normal_(w, a=1), 0, math.sqrt(1 / 300), None),
        (lambda w: init.lecun_uniform_(w), 0, math.sqrt(1 / 300), math.sqrt(3 / 300)),
        (lambda w: init.lecun_normal_(w), 0, math.sqrt(1 / 300), None),
        (lambda w: init.trunc_normal_(w, std=0.5, a=-1, b=1), 0, 0.43986, 1),
        (lambda w: init.trunc_normal_(w, mean=-3.0, a=0, b=2), 0.28296, 0.26503, 2),
    ],
)
@pytest.mark.filterwarnings("ignore:mean is more than 2 std")
def test_moments_and_bounds(fill, mean, std, bound) -> None:
    w = nn.Parameter(torch.empty(200, 300))
    assert fill(w) is w and w.requires_grad and w.is_leaf
    values = w.detach().numpy()
    assert values.mean() == pytest.approx(mean, abs=5 * std / math.sqrt(values.size))
    assert values.std() == pytest.approx(std, rel=0.02)
    if bound is not None:
        assert np.abs(values).max() <= bound


def test_constants() -> None:
    w = nn.Parameter(torch.empty(2, 3))
    assert init.constant_(w, 0.5).tolist() == [[0.5] * 3] * 2
    assert init.ones_(w).sum().item() == 6 and init.zeros_(w).sum().item() == 0
    assert init.eye_(w).tolist() == [[1, 0, 0], [0, 1, 0]]
    before = w._version
    init.ones_(w)
    assert w._version > before


@pytest.mark.parametrize(("shape", "groups"), [((4, 2, 3), 2), ((3, 3, 3, 5), 1), ((2, 4, 3, 3, 3), 1)])
def test_dirac_passes_the_input_on(shape: tuple[int, ...], groups: int) -> None:
    weight = init.dirac_(torch.empty(shape), groups)
    conv = {3: nn.Conv1d, 4: nn.Conv2d, 5: nn.Conv3d}[len(shape)](
        shape[1] * groups, shape[0], shape[2:], padding="same", groups=groups, bias=False
    )
    conv.load_state_dict({"weight": weight})
    x = torch.randn(1, shape[1] * groups, *[4] * (len(shape) - 2))
    out, passed = conv(x), min(shape[0] // groups, shape[1])
    for group in range(groups):
        kept = out[:, group * (shape[0] // groups) :][:, :passed]
        np.testing.assert_allclose(
            kept.detach().numpy(), x[:, group * shape[1] :][:, :passed].numpy(), atol=1e-6
        )


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 3)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    w = init.orthogonal_(torch.empty(shape), gain=2).numpy().reshape(shape[0], -1)
    gram = w @ w.T if shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)
    assert init.orthogonal_(torch.empty(0, 3)).shape == (0, 3)


def test_sparse() -> None:
    w = init.sparse_(torch.empty(20, 5), 0.25, std=1.0).numpy()
    assert (w == 0).sum(0).tolist() == [5] * 5


def test_gains_and_fans() -> None:
    assert init.calculate_gain("tanh") == 5 / 3 and init.calculate_gain("conv2d") == 1
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / (1 + 0.01**2))
    assert init._calculate_fan_in_and_fan_out(torch.empty(4, 3, 2, 5)) == (30, 40)


def test_a_generator_decides_the_draws() -> None:
    draws: list[Any] = []
    for _ in range(2):
        generator = torch.Generator().manual_seed(5)
        functions = (
            init.uniform_,
            init.normal_,
            init.trunc_normal_,
            init.xavier_uniform_,
            init.xavier_normal_,
        )
        more = (init.kaiming_uniform_, init.kaiming_normal_, init.lecun_uniform_, init.lecun_normal_)
        draws.append(
            [
                f(torch.empty(3, 4), generator=generator).tolist()
                for f in (*functions, *more, init.orthogonal_)
            ]
        )
    assert draws[0] == draws[1]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: init.calculate_gain("swish"), "Unsupported nonlinearity swish"),
        (lambda: init.calculate_gain("leaky_relu", True), "negative_slope True not a valid number"),
        (lambda: init.xavier_uniform_(torch.empty(3)), "fewer than 2 dimensions, got shape .3."),
        (lambda: init.kaiming_normal_(torch.empty(3, 2), mode="fan"), "Mode fan not supported"),
        (lambda: init.eye_(torch.empty(3)), "Only tensors with 2 dimensions"),
        (lambda: init.dirac_(torch.empty(3, 3)), "3, 4, or 5 dimensions"),
        (lambda: init.dirac_(torch.empty(3, 3, 3), 2), "divisible by groups, got 3 and groups=2"),
        (lambda: init.orthogonal_(torch.empty(3)), "2 or more dimensions"),
        (lambda: init.sparse_(torch.empty(3), 0.1), "Only tensors with 2 dimensions"),
    ],
)
def test_errors(act, message) -> None:
    with pytest.raises(ValueError, match=message):
        act()


def test_warnings() -> None:
    with pytest.warns(UserWarning, match=r"more than 2 std from"):
        init.trunc_normal_(torch.empty(2), mean=5.0)
    with pytest.warns(UserWarning, match=r"zero-element"):
        init.kaiming_uniform_(torch.empty(0, 2))
    with pytest.warns(
        FutureWarning, match=r"`nn.init.constant` is now deprecated in favor of `nn.init.constant_`"
    ):
        assert init.constant(torch.empty(1), 3.0).item() == 3
