"""Normalisation: running estimates, errors, accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch

F = torch.nn.functional


def test_training_moves_the_running_estimates() -> None:
    x = torch.randn(6, 3, 4, 4)
    mean, var = torch.zeros(3), torch.ones(3)
    version = mean._version
    F.batch_norm(x, mean, var, training=True, momentum=0.3)
    array = x.numpy().astype(np.float64)
    np.testing.assert_allclose(mean.numpy(), 0.3 * array.mean((0, 2, 3)), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(var.numpy(), 0.7 + 0.3 * array.var((0, 2, 3), ddof=1), rtol=1e-5)
    assert mean._version > version and mean.dtype is torch.float32


def test_evaluation_leaves_the_running_estimates() -> None:
    mean, var = torch.ones(3), torch.full((3,), 4.0)
    out = F.batch_norm(torch.full((2, 3), 5.0), mean, var, eps=0.0)
    assert out.tolist() == [[2.0] * 3] * 2
    assert mean.tolist() == [1] * 3 and var.tolist() == [4] * 3


def test_instance_norm_moves_the_running_estimates() -> None:
    x = torch.randn(4, 2, 5)
    mean, var = torch.zeros(2), torch.ones(2)
    F.instance_norm(x, mean, var, momentum=0.5)
    array = x.numpy().astype(np.float64)
    np.testing.assert_allclose(mean.numpy(), 0.5 * array.mean(2).mean(0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(var.numpy(), 0.5 + 0.5 * array.var(2, ddof=1).mean(0), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: F.batch_norm(torch.ones(1, 4), None, None, training=True),
            ValueError,
            "Expected more than 1 value per channel when training, got input size torch.Size([1, 4])",
        ),
        (lambda: F.batch_norm(torch.ones(3, 4), None, None), RuntimeError, "running_mean must be defined"),
        (
            lambda: F.batch_norm(torch.ones(3, 4), torch.ones(3), torch.ones(3)),
            RuntimeError,
            "contain 4 elements not 3",
        ),
        (
            lambda: F.batch_norm(torch.ones(3, 4), torch.ones(4), None, training=True),
            ValueError,
            "both be None",
        ),
        (lambda: F.batch_norm(torch.ones(3), None, None, training=True), RuntimeError, "(N, C)"),
        (
            lambda: F.batch_norm(torch.ones(3, 4).long(), None, None, training=True),
            NotImplementedError,
            "int64",
        ),
        (
            lambda: F.batch_norm(torch.ones(3, 4), None, None, torch.ones(4).double(), training=True),
            RuntimeError,
            "weight is torch.float64",
        ),
        (lambda: F.instance_norm(torch.ones(3, 4, 1)), ValueError, "more than 1 spatial element"),
        (
            lambda: F.instance_norm(torch.ones(3, 4, 2), use_input_stats=False),
            RuntimeError,
            "to be defined when use_input_stats is false",
        ),
        (lambda: F.group_norm(torch.ones(3, 4), 3), RuntimeError, "shape [3, 4] and num_groups=3"),
        (lambda: F.group_norm(torch.ones(3, 4), 0), RuntimeError, "num_groups=0"),
        (lambda: F.group_norm(torch.ones(3), 1), RuntimeError, "at least 2 dimensions"),
        (lambda: F.group_norm(torch.ones(1, 4), 4), ValueError, "more than 1 value per channel"),
        (lambda: F.group_norm(torch.ones(3, 4), 2, torch.ones(3)), RuntimeError, "weight of shape [3]"),
        (
            lambda: F.layer_norm(torch.ones(3, 4), (5,)),
            RuntimeError,
            "Given normalized_shape=[5], expected input with shape [*, 5], but got input of size[3, 4]",
        ),
        (lambda: F.layer_norm(torch.ones(3, 4), [4], torch.ones(3)), RuntimeError, "weight of shape [3]"),
        (lambda: F.layer_norm(torch.ones(3, 4), []), RuntimeError, "at least 1-dimensional"),
        (lambda: F.layer_norm(torch.ones(3, 4), 4), TypeError, "must be tuple of ints, not int; write (4,)"),
        (lambda: F.layer_norm(torch.ones(3), (2, 3)), RuntimeError, "normalized_shape=[2, 3]"),
        (lambda: F.rms_norm(torch.ones(3, 4), (5,)), RuntimeError, "normalized_shape=[5]"),
        (lambda: F.local_response_norm(torch.ones(3, 4), 2), ValueError, "3D or higher"),
    ],
)
def test_arguments_that_do_not_fit(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)


def test_an_empty_batch_gives_an_empty_result() -> None:
    x = torch.ones(0, 3, requires_grad=True)
    out = F.batch_norm(x, None, None, training=True)
    out.sum().backward()
    assert out.shape == (0, 3) and x.grad is not None and x.grad.shape == (0, 3)


def test_a_constant_channel_becomes_zero() -> None:
    x = torch.full((4, 2, 3), 1e3)
    assert not F.batch_norm(x, None, None, training=True).numpy().any()
    assert not F.group_norm(x, 1).numpy().any()
    assert not F.layer_norm(x, (3,)).numpy().any()


def test_values_far_from_zero_keep_their_digits() -> None:
    x = torch.randn(16, 3, 6, 6) + 1000
    exact = F.batch_norm(x.double(), None, None, training=True)
    np.testing.assert_allclose(F.batch_norm(x, None, None, training=True).numpy(), exact.numpy(), atol=1e-5)


def test_evaluation_passes_gradients_to_weight_and_bias() -> None:
    weight, bias = torch.ones(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    x = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    F.batch_norm(x, torch.zeros(2), torch.ones(2), weight, bias, eps=0.0).sum().backward()
    assert weight.grad is not None and weight.grad.tolist() == [4, 8]
    assert bias.grad is not None and bias.grad.tolist() == [2, 2]
