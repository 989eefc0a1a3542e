"""Activations against PyTorch: corners and tails, errors, in-place forms, random ones."""

from __future__ import annotations

import pytest

from tests.ops.agreement import agree, gradients_at, inf, nan

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

NAMES = [
    *("relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "silu", "mish", "softplus", "softsign"),
    *("tanhshrink", "hardtanh", "hardsigmoid", "hardswish", "hardshrink", "softshrink", "logsigmoid"),
]
POINTS = [-1e4, -30.0, -4.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 4.0, 6.0, 7.0, 19.0, 25.0, 1e4]


@pytest.mark.parametrize("name", NAMES)
def test_corners_and_tails(name: str) -> None:
    agree(gradients_at(lambda torch, x: getattr(torch.nn.functional, name)(x), POINTS), torch)


@pytest.mark.parametrize("name", NAMES)
def test_infinities_and_nan(name: str) -> None:
    agree(lambda torch: getattr(torch.nn.functional, name)(torch.tensor([-inf, inf, nan]).double()), torch)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "bool"])
def test_dtypes(name: str, dtype: str) -> None:
    agree(
        lambda torch: getattr(torch.nn.functional, name)(
            torch.tensor([-1, 0, 1, 5]).to(getattr(torch, dtype))
        ),
        torch,
        rtol=2e-3 if dtype == "float16" else 1e-6,
    )


CASES = {
    "gelu tanh": gradients_at(
        lambda torch, x: torch.nn.functional.gelu(x, approximate="tanh"), [-30.0, -1.0, 0.0, 2.0, 30.0]
    ),
    "gelu word": lambda torch: torch.nn.functional.gelu(torch.ones(1), approximate="x"),
    "hardtanh bounds": lambda torch: torch.nn.functional.hardtanh(torch.ones(1), 2, 1),
    "softshrink bound": lambda torch: torch.nn.functional.softshrink(torch.ones(1), -1),
    "celu 0": lambda torch: torch.celu(torch.ones(1), 0.0),
    "threshold": gradients_at(lambda torch, x: torch.threshold(x, 1.0, 9.0), [0.0, 1.0, 2.0]),
    "threshold int": lambda torch: torch.threshold(torch.tensor([1, 5]), 2, 9),
    "leaky negative": gradients_at(
        lambda torch, x: torch.nn.functional.leaky_relu(x, -0.5), [-1.0, 0.0, 2.0]
    ),
    "prelu corner": gradients_at(
        lambda torch, x, w: torch.prelu(x, w), [[-1.0, 0.0, 2.0]], [0.5, 0.25, 0.125]
    ),
    "prelu channels": lambda torch: torch.prelu(torch.ones(2, 3), torch.ones(2)),
    "prelu dims": lambda torch: torch.prelu(torch.ones(2, 3), torch.ones(3, 1)),
    "prelu dtypes": lambda torch: torch.prelu(torch.ones(2), torch.ones(1).double()),
    "prelu 1-d": lambda torch: torch.prelu(torch.ones(3), torch.ones(3)),
    "glu odd": lambda torch: torch.nn.functional.glu(torch.ones(3)),
    "glu 0-d": lambda torch: torch.nn.functional.glu(torch.tensor(1.0)),
    "glu dim": lambda torch: torch.nn.functional.glu(torch.ones(4), 1),
    "softmax dim": lambda torch: torch.softmax(torch.ones(3), 1),
    "softmax int": lambda torch: torch.softmax(torch.tensor([1, 2]), 0),
    "softmax dtype": lambda torch: torch.softmax(torch.tensor([1, 2]), 0, dtype=torch.float64),
    "softmax 0-d": lambda torch: torch.softmax(torch.tensor(2.0), 0),
    "softmax empty": lambda torch: (torch.softmax(torch.ones(2, 0), 1), torch.softmax(torch.ones(0, 2), 1)),
    "softmax far": lambda torch: torch.softmax(torch.tensor([[1e4, 0.0], [-1e4, 0.0], [-inf, 0.0]]), 1),
    "softmax nothing": lambda torch: torch.softmax(torch.tensor([-inf, -inf]), 0),
    "softmax nan": lambda torch: torch.softmax(torch.tensor([nan, 0.0]), 0),
    "log_softmax far": lambda torch: torch.log_softmax(torch.tensor([[1e4, 0.0], [-inf, 0.0]]), 1),
    "legacy dims": lambda torch: [
        getattr(torch.nn.functional, name)(torch.arange(2.0**n).reshape([2] * n))
        for name in ("softmax", "log_softmax", "softmin")
        for n in range(5)
    ],
    "inplace": lambda torch: [
        getattr(torch.nn.functional, name)(x := torch.tensor([-2.0, 3.0]), inplace=True) is x or x
        for name in ("relu", "elu", "silu", "hardswish", "leaky_relu", "relu6", "selu", "mish", "rrelu")
    ],
    "underscore forms": lambda torch: [
        getattr(torch.nn.functional, name)(torch.tensor([-2.0, 3.0]))
        for name in ("relu_", "elu_", "celu_", "selu_", "leaky_relu_", "hardtanh_", "rrelu_")
    ],
    "rrelu bounds": lambda torch: torch.rrelu(torch.ones(1), 0.5, 0.1, training=True),
}


@pytest.mark.parametrize("call", CASES.values(), ids=CASES)
def test_agrees(call) -> None:  # type: ignore[no-untyped-def]
    agree(call, torch)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3,), (4, 5), (7, 40)])
def test_random_activations_draw_the_same_numbers(shape: tuple[int, ...], dtype: str) -> None:
    def call(torch):  # type: ignore[no-untyped-def]
        torch.manual_seed(11)
        x = torch.linspace(-3, 3, shape[0] * (shape[1] if len(shape) > 1 else 1)).reshape(shape)
        x = x.to(getattr(torch, dtype))
        return [
            torch.nn.functional.rrelu(x, training=True),
            torch.nn.functional.gumbel_softmax(x),
            torch.nn.functional.gumbel_softmax(x, tau=0.5, hard=True, dim=0),
            torch.rand(2),
        ]

    agree(call, torch, rtol=1e-5)
