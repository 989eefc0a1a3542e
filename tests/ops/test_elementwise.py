"""Element-wise operations: ties and corners, NaN, dtypes, errors, and NumPy's functions on Tensors."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import Tensor

nan, inf = math.nan, math.inf


def gradient(call: Any, *points: Any) -> list[Any]:
    """The gradients of the sum of `call` at some points."""
    inputs = [torch.tensor(point, dtype=torch.float64, requires_grad=True) for point in points]
    return [g.tolist() for g in torch.autograd.grad(call(*inputs).sum(), inputs)]


@pytest.mark.parametrize(
    ("call", "points", "expected"),
    [
        (torch.abs, ([-2.0, 0.0, 3.0],), [[-1, 0, 1]]),
        (torch.maximum, ([1.0, 1.0], [1.0, 2.0]), [[0.5, 0], [0.5, 1]]),
        (torch.minimum, ([1.0, 1.0], [1.0, 2.0]), [[0.5, 1], [0.5, 0]]),
        (torch.fmax, ([1.0, nan, 1.0], [1.0, 2.0, nan]), [[1, 0, 1], [0, 1, 0]]),
        (torch.fmin, ([1.0, nan, 1.0], [1.0, 2.0, nan]), [[1, 0, 1], [0, 1, 0]]),
        (lambda x: torch.clamp(x, 0, 1), ([-1.0, 0.0, 0.5, 1.0, 2.0],), [[0, 1, 1, 1, 0]]),
        (torch.clamp_min, ([1.0, 0.0], [1.0, 2.0]), [[1, 0], [0, 1]]),
        (torch.relu, ([-1.0, 0.0, 1.0],), [[0, 0, 1]]),
        (torch.nan_to_num, ([nan, inf, 1.0],), [[0, 0, 1]]),
        (torch.sinc, ([0.0],), [[0]]),
        (torch.atan2, ([0.0], [0.0]), [[0], [0]]),
        (torch.round, ([0.3],), [[0]]),
        (torch.heaviside, ([0.0, 1.0], [0.5, 0.5]), [[0, 0], [1, 0]]),
    ],
)
def test_derivatives_at_ties_and_corners(call: Any, points: Any, expected: Any) -> None:
    assert gradient(call, *points) == expected


@pytest.mark.parametrize(
    "call",
    [
        lambda x: torch.sqrt(torch.relu(x)),
        lambda x: torch.sqrt(torch.clamp(x, min=0)),
        lambda x: torch.where(x > 0, torch.sqrt(torch.where(x > 0, x, 1.0)), 0.0),
        lambda x: torch.log(x.masked_fill(x <= 0, 1.0)),
        lambda x: torch.sqrt(torch.nn.functional.threshold(x, 0.5, 0.0)),
    ],
)
def test_an_infinite_gradient_does_not_pass_where_the_mask_is_false(call: Any) -> None:
    assert gradient(call, [-1.0]) == [[0.0]]


def test_masks_are_locally_constant_at_order_two() -> None:
    x = torch.tensor([-1.0, 0.5, 3.0], requires_grad=True)
    (first,) = torch.autograd.grad((torch.clamp(x, 0, 1) ** 3).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert second.tolist() == [0.0, 3.0, 0.0]


@pytest.mark.parametrize("name", ["sigmoid", "erf", "tanh", "atan", "logit", "expm1", "sinc", "deg2rad"])
def test_float32_stays_and_integers_become_the_default(name: str) -> None:
    function = getattr(torch, name)
    assert function(torch.tensor([0.25])).dtype is torch.float32
    assert function(torch.tensor([0, 1])).dtype is torch.float32
    torch.set_default_dtype(torch.float64)
    assert function(torch.tensor([0, 1])).dtype is torch.float64


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round", "sign", "nan_to_num"])
def test_integers_are_copied_where_nothing_is_to_do(name: str) -> None:
    x = torch.tensor([-1, 1])
    out = getattr(torch, name)(x)
    assert out.dtype is torch.int64 and out.tolist() == [-1, 1] and out.data_ptr() != x.data_ptr()


@pytest.mark.filterwarnings("error")
def test_stable_forms_do_not_warn() -> None:
    x = torch.tensor([-1e4, -200.0, 0.0, 200.0, 1e4])
    assert torch.sigmoid(x).tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert torch.logaddexp(x, -x).tolist() == pytest.approx([1e4, 200.0, math.log(2), 200.0, 1e4])
    functional = torch.nn.functional
    for name in ("silu", "softplus", "logsigmoid", "elu", "selu", "celu", "gelu", "mish", "hardswish"):
        out = getattr(functional, name)(x)
        assert torch.isfinite(out).all(), name
        assert getattr(functional, name)(x.double()).dtype is torch.float64


def test_sigmoid_keeps_its_relative_precision() -> None:
    out = torch.sigmoid(torch.tensor([-30.0, -80.0])).numpy()
    np.testing.assert_allclose(out, np.exp([-30.0, -80.0]), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: torch.exp(1.0),
            TypeError,
            r"exp\(\): argument 'input' must be Tensor, not float.*as_tensor",
        ),
        (lambda: torch.abs(torch.tensor([True])), NotImplementedError, r"'Bool'.*\.float\(\)"),
        (lambda: torch.maximum(torch.ones(1), 1), TypeError, "argument 'other' must be Tensor"),
        (lambda: torch.clamp(torch.ones(1)), RuntimeError, "At least one of 'min' or 'max'"),
        (lambda: torch.clamp(torch.ones(1), 0, torch.ones(1)), TypeError, "both be numbers or both Tensors"),
        (lambda: torch.where(torch.ones(1), 1, 2), RuntimeError, "boolean tensor.*Float.*condition != 0"),
        (lambda: torch.where(torch.tensor([True]), "a", 2), TypeError, "'input' must be Tensor or a number"),
        (lambda: torch.masked_fill(torch.ones(1), torch.ones(1), 0), RuntimeError, "boolean tensor"),
        (
            lambda: torch.ones(2).masked_fill(torch.tensor([True]), torch.ones(2)),
            RuntimeError,
            "0-dimensional value.*torch.where",
        ),
        (lambda: torch.where(torch.ones(2) > 0, torch.ones(3), 0), RuntimeError, r"\[2\], \[3\]"),
        (lambda: torch.lerp(torch.ones(1), torch.ones(1).double(), 0.5), RuntimeError, "dtype.*`end`"),
        (lambda: torch.addcdiv(*[torch.tensor([1])] * 3), RuntimeError, "Integer division with addcdiv"),
        (lambda: torch.heaviside(torch.ones(1), torch.tensor([1])), RuntimeError, "different dtypes"),
        (lambda: torch.tensor([1.0]) & 1, NotImplementedError, "'Float'"),
        (lambda: ~torch.tensor([1.0]), TypeError, r"~ \(operator.invert\)"),
        (lambda: torch.relu(torch.tensor([True])), RuntimeError, "Boolean inputs not supported for relu"),
        (lambda: torch.softmax(torch.ones(2), 3), IndexError, "Dimension out of range"),
        (lambda: torch.nn.functional.gelu(torch.ones(1), "erf"), RuntimeError, "none or tanh, got 'erf'"),
        (lambda: torch.nn.functional.glu(torch.ones(3)), RuntimeError, "dimension 0 is size 3"),
        (lambda: torch.prelu(torch.ones(2, 3), torch.ones(2)), RuntimeError, "numbers = 2 .* size = 3"),
    ],
)
def test_errors_say_what_was_wrong(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_numpy_functions_take_tensors() -> None:
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    for call in (
        lambda: np.where(x.detach() > 0, x, 0.0),
        lambda: np.where(np.array([True, False]), x, x),
        lambda: np.clip(x, 0.0, 1.0),
        lambda: np.maximum(x, 0.0),
        lambda: np.round(x),
        lambda: np.absolute(x),
        lambda: np.float64(2) * np.exp(x),
        lambda: np.copysign(x, 1.0),
    ):
        out = call()
        assert isinstance(out, Tensor) and out.requires_grad and out.dtype is torch.float32
    assert isinstance(np.greater(x, 0), Tensor) and not np.isnan(x).requires_grad


def test_in_place_forms_write_into_the_memory_and_the_graph() -> None:
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    y = x * 1
    assert y.clamp_(0, 1).relu_().exp_() is y
    y.sum().backward()
    assert y.tolist() == pytest.approx([1.0, math.e]) and x.grad.tolist() == [0.0, 0.0]
    mask = torch.tensor([True, False])
    mask &= torch.tensor([True, True])
    mask |= False
    assert mask.tolist() == [True, False]


def test_where_with_a_byte_condition_warns() -> None:
    with pytest.warns(UserWarning, match="uint8 condition"):
        out = torch.where(torch.tensor([1, 0], dtype=torch.uint8), 1, 2)
    assert out.tolist() == [1, 2]


def test_nothing_warns_on_import_level_functions() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.xlogy(torch.tensor([0.0]), torch.tensor([0.0]))
        torch.sinc(torch.tensor([0.0]))
        torch.heaviside(torch.tensor([0.0]), torch.tensor([0.0]))


def test_xlogy_outside_the_domain_of_log_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = torch.xlogy(torch.tensor([1.0, 1.0, 0.0, 0.0]), torch.tensor([-1.0, 0.0, 0.0, -1.0]))
    np.testing.assert_array_equal(out.numpy(), [nan, -inf, 0.0, 0.0])
