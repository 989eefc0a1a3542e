"""Losses: shapes never broadcast, targets are checked, edges have PyTorch's values."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch

F = torch.nn.functional
ELEMENTWISE = [
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "kl_div",
    "poisson_nll_loss",
    "soft_margin_loss",
    "hinge_embedding_loss",
    "multilabel_soft_margin_loss",
]


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("shape, given", [((3, 1), (3,)), ((), (1,)), ((2, 3), (3,)), ((3,), (3, 1))])
def test_no_loss_broadcasts(name: str, shape: tuple[int, ...], given: tuple[int, ...]) -> None:
    with pytest.raises(ValueError) as caught:
        getattr(F, name)(torch.full(shape, 0.5), torch.full(given, 0.5))
    message = str(caught.value)
    assert str(list(shape)) in message and str(list(given)) in message
    assert "view_as" in message or "expand_as" in message


def test_losses_of_several_tensors_do_not_broadcast_either() -> None:
    with pytest.raises(ValueError, match="Losses do not broadcast"):
        F.gaussian_nll_loss(torch.ones(3, 2), torch.ones(3, 1), torch.ones(3, 2))
    with pytest.raises(ValueError, match="Losses do not broadcast"):
        F.margin_ranking_loss(torch.ones(3), torch.ones(3), torch.ones(1))
    with pytest.raises(ValueError, match="Losses do not broadcast"):
        F.cosine_embedding_loss(torch.ones(3, 2), torch.ones(1, 2), torch.ones(3))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
def test_weights_have_the_shape_of_the_input(name: str) -> None:
    with pytest.raises(ValueError, match="Weights and input must have the same size"):
        getattr(F, name)(torch.ones(2, 2), torch.ones(2, 2), weight=torch.ones(2))


def test_integer_targets_promote_and_integer_predictions_do_not() -> None:
    assert F.mse_loss(torch.ones(2), torch.tensor([1, 3])).item() == 2
    with pytest.raises(RuntimeError, match=r"expected floating tensors, but got torch.int64; use .float()"):
        F.mse_loss(torch.tensor([1, 2]), torch.tensor([1, 3]))
    assert F.mse_loss(torch.ones(2), torch.ones(2).double()).dtype is torch.float64


def test_reduction_is_checked_and_older_arguments_are_translated() -> None:
    x, t = torch.tensor([1.0, 2.0]), torch.tensor([0.0, 0.0])
    with pytest.raises(ValueError, match="foo is not a valid value for reduction"):
        F.mse_loss(x, t, reduction="foo")
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        assert F.mse_loss(x, t, size_average=False).item() == 5
    with pytest.warns(UserWarning, match="please use reduction='none' instead"):
        assert F.mse_loss(x, t, reduce=False).tolist() == [1, 4]


def test_the_mean_of_nothing_is_nan_in_silence() -> None:
    empty = torch.ones(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("mse_loss", "l1_loss", "binary_cross_entropy_with_logits"):
            assert math.isnan(getattr(F, name)(empty, empty).item())
        assert math.isnan(F.cross_entropy(torch.ones(0, 3), torch.ones(0, dtype=torch.int64)).item())
        ignored = torch.tensor([-100, -100])
        assert math.isnan(F.cross_entropy(torch.ones(2, 3), ignored).item())
        assert F.cross_entropy(torch.ones(2, 3), ignored, reduction="sum").item() == 0


def test_parameters_of_losses_are_checked() -> None:
    one = torch.ones(2)
    with pytest.raises(RuntimeError, match="non-positive values for delta, but got 0"):
        F.huber_loss(one, one, delta=0)
    with pytest.raises(RuntimeError, match="negative values for beta, but got -1"):
        F.smooth_l1_loss(one, one, beta=-1)
    with pytest.raises(ValueError, match="margin must be greater than 0, got 0"):
        F.triplet_margin_loss(torch.ones(2, 2), torch.ones(2, 2), torch.ones(2, 2), margin=0)
    with pytest.raises(ValueError, match="var has negative entry"):
        F.gaussian_nll_loss(one, one, -one)
    with pytest.raises(ValueError, match="var is of incorrect size"):
        F.gaussian_nll_loss(torch.ones(3, 2), torch.ones(3, 2), torch.ones(2))
    with pytest.raises(ValueError, match="only p == 1 and p == 2 supported"):
        F.multi_margin_loss(torch.ones(1, 2), torch.tensor([0]), p=3)


# -- probabilities and logits --------------------------------------------------------------------------------


def test_binary_cross_entropy_clamps_and_checks() -> None:
    x, t = torch.tensor([0.0, 1.0, 0.0, 1.0]), torch.tensor([0.0, 1.0, 1.0, 0.0])
    assert F.binary_cross_entropy(x, t, reduction="none").tolist() == [0, 0, 100, 100]
    with pytest.raises(RuntimeError, match=r"between 0 and 1.*use binary_cross_entropy_with_logits"):
        F.binary_cross_entropy(x + 1, t)
    with pytest.raises(RuntimeError, match="all elements of target should be between 0 and 1"):
        F.binary_cross_entropy(x, t + 1)
    with pytest.raises(RuntimeError, match="Found dtype Long but expected Float"):
        F.binary_cross_entropy(x, t.long())


def test_logits_may_be_huge() -> None:
    x = torch.tensor([1000.0, -1000.0, 1000.0], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(x, torch.tensor([1.0, 0.0, 0.0]), reduction="none")
    assert loss.tolist() == [0, 0, 1000]
    loss.sum().backward()
    assert x.grad.tolist() == [0, 0, 1]


def test_kl_div_of_zero_probabilities() -> None:
    assert F.kl_div(torch.zeros(2), torch.tensor([0.0, 1.0]), reduction="none").tolist() == [0, 0]
    with pytest.warns(UserWarning, match="'batchmean' divides only by the batch size"):
        F.kl_div(torch.zeros(2), torch.ones(2))


# -- classes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_classes_out_of_range_name_their_number(name: str) -> None:
    loss = getattr(F, name)
    with pytest.raises(IndexError, match=r"Target 7 is out of bounds. .* 4 classes, numbered from 0 to 3"):
        loss(torch.ones(3, 4), torch.tensor([1, 7, 2]))
    with pytest.raises(IndexError, match="Target -1 is out of bounds"):
        loss(torch.ones(3, 4), torch.tensor([1, -1, 2]))
    loss(torch.ones(3, 4), torch.tensor([1, -1, 2]), ignore_index=-1)


WRONG_TARGETS: list[Any] = [
    (
        (3, 4),
        [1.0, 2.0, 3.0],
        RuntimeError,
        "expected target dtype .* Long or Byte, but got Float.*target.long",
    ),
    ((3, 4), [1, 2], ValueError, r"Expected input batch_size \(3\) to match target batch_size \(2\)"),
    ((3, 4), [[1], [2], [3]], RuntimeError, "multi-target not supported.*squeeze\\(1\\)"),
    ((3, 4), [[1] * 4] * 3, RuntimeError, "Expected floating point type for target with class probabilities"),
    ((2, 3, 2), [[1], [1]], RuntimeError, r"the target should be \[2, 2\]"),
    ((4,), [2, 1], ValueError, "1D target must have size 1"),
]


@pytest.mark.parametrize("shape, target, error, message", WRONG_TARGETS)
def test_targets_of_the_wrong_shape_or_dtype(
    shape: tuple[int, ...], target: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        F.cross_entropy(torch.ones(shape), torch.tensor(target))


def test_targets_may_be_int32_only_after_conversion() -> None:
    with pytest.raises(RuntimeError, match="Long or Byte, but got Int"):
        F.cross_entropy(torch.ones(1, 2), torch.tensor([1], dtype=torch.int32))
    F.cross_entropy(torch.ones(1, 2), torch.tensor([1], dtype=torch.uint8))


def test_class_weights_are_checked() -> None:
    x, t = torch.ones(3, 4), torch.tensor([1, 2, 3])
    with pytest.raises(RuntimeError, match=r"for all 4 classes or no classes .* shape: \[3\]"):
        F.cross_entropy(x, t, weight=torch.ones(3))
    with pytest.raises(RuntimeError, match="expected scalar type Float but found Double"):
        F.cross_entropy(x, t, weight=torch.ones(4).double())
    with pytest.raises(RuntimeError, match=r"label_smoothing must be between 0.0 and 1.0. Got: 1.5"):
        F.cross_entropy(x, t, label_smoothing=1.5)


def test_cross_entropy_of_huge_logits_is_exact() -> None:
    x = torch.tensor([[1e30, 0.0], [-1e30, 0.0]], requires_grad=True)
    loss = F.cross_entropy(x, torch.tensor([0, 1]))
    assert loss.item() == 0
    loss.backward()
    assert x.grad.tolist() == [[0, 0], [0, 0]]


def test_ignored_predictions_may_be_infinite() -> None:
    x = torch.tensor([[-math.inf, 0.0], [0.0, 0.0]], requires_grad=True)
    loss = F.cross_entropy(x, torch.tensor([-100, 0]))
    assert loss.item() == pytest.approx(math.log(2))
    loss.backward()
    assert x.grad[0].tolist() == [0, 0]


def test_cross_entropy_backward_twice_gives_the_same() -> None:
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    loss = F.cross_entropy(x, torch.tensor([0]))
    loss.backward(retain_graph=True)
    first = x.grad.clone()
    loss.backward()
    assert torch.equal(x.grad, 2 * first)


def test_cross_entropy_reads_channels_last_memory() -> None:
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((2, 4, 5, 3)).astype(np.float32)  # (N, H, W, C)
    target = torch.tensor(rng.integers(0, 3, (2, 4, 5)))
    last = torch.from_numpy(wide).permute(0, 3, 1, 2)
    first = last.contiguous()
    assert F.cross_entropy(last, target).item() == pytest.approx(
        F.cross_entropy(first, target).item(), rel=1e-6
    )


# -- alignments ----------------------------------------------------------------------------------------------


def test_ctc_of_impossible_labels() -> None:
    x = torch.zeros(2, 1, 3).log_softmax(-1).requires_grad_()
    labels = torch.tensor([[1, 1]])  # needs a blank between, so three steps
    assert F.ctc_loss(x, labels, [2], [2]).item() == math.inf
    loss = F.ctc_loss(x, labels, [2], [2], zero_infinity=True)
    loss.backward()
    assert loss.item() == 0 and x.grad.abs().sum().item() == 0


def test_ctc_errors() -> None:
    x = torch.zeros(4, 1, 3).log_softmax(-1)
    with pytest.raises(RuntimeError, match="other than the blank 0"):
        F.ctc_loss(x, torch.tensor([[0]]), [4], [1])
    with pytest.raises(RuntimeError, match=r"Expected input_lengths to have value at most 4, but got \[5\]"):
        F.ctc_loss(x, torch.tensor([[1]]), [5], [1])
    with pytest.raises(RuntimeError, match=r"target_lengths must be of size batch_size \(1\)"):
        F.ctc_loss(x, torch.tensor([[1]]), [4], [1, 1])
