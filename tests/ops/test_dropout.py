"""Dropout and DropConnect: equal expectations, exact edges, fresh masks, memory layouts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch

F = torch.nn.functional


@pytest.mark.parametrize("mode", ["inverted", "classic"])
def test_training_and_evaluation_have_the_same_expectation(mode: str) -> None:
    x = torch.arange(1.0, 5.0).reshape(2, 2)
    draws = torch.stack([F.dropout(x, 0.3, mode=mode) for _ in range(4000)])
    expected = F.dropout(x, 0.3, training=False, mode=mode)
    np.testing.assert_allclose(draws.mean(0).numpy(), expected.numpy(), rtol=0.05)


def test_modes_scale_at_different_times() -> None:
    x = torch.ones(1000)
    assert set(F.dropout(x, 0.5).tolist()) == {0.0, 2.0}
    assert set(F.dropout(x, 0.5, mode="classic").tolist()) == {0.0, 1.0}
    assert F.dropout(x, 0.5, training=False) is x
    assert set(F.dropout(x, 0.25, training=False, mode="classic").tolist()) == {0.75}


def test_both_modes_drop_the_same_elements() -> None:
    x = torch.ones(100)
    torch.manual_seed(1)
    one = F.dropout(x, 0.4)
    torch.manual_seed(1)
    two = F.dropout(x, 0.4, mode="classic")
    assert torch.equal(one != 0, two != 0)


@pytest.mark.parametrize("function", ["dropout", "dropout1d", "alpha_dropout", "feature_alpha_dropout"])
def test_edges_of_p(function: str) -> None:
    x = torch.ones(3, 2, requires_grad=True)
    drop = getattr(F, function)
    assert torch.equal(drop(x, 0.0, training=True), x)
    gone = drop(x, 1.0, training=True)
    assert gone.tolist() == [[0, 0], [0, 0], [0, 0]]
    gone.sum().backward()
    assert x.grad.tolist() == [[0, 0], [0, 0], [0, 0]]
    for p in (-0.1, 1.5):
        with pytest.raises(ValueError, match=f"has to be between 0 and 1, but got {p}"):
            drop(x, p)


def test_gradients_flow_through_survivors_only() -> None:
    x = torch.ones(50, requires_grad=True)
    out = F.dropout(x, 0.5)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())


def test_in_place() -> None:
    x = torch.ones(20)
    assert F.dropout(x, 0.5, inplace=True) is x and set(x.tolist()) == {0.0, 2.0}
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        F.dropout(torch.ones(3, requires_grad=True), 0.5, inplace=True)


def test_whole_channels_are_dropped() -> None:
    out = F.dropout2d(torch.ones(8, 8, 3, 3), 0.5)
    sums = out.sum((2, 3)).flatten().tolist()
    assert set(sums) == {0.0, 18.0}
    alone = F.dropout1d(torch.ones(8, 5), 0.5)
    assert all(len(set(row)) == 1 for row in alone.tolist())


def test_shapes_that_are_not_meant() -> None:
    with pytest.raises(RuntimeError, match="dropout1d: Expected 2D or 3D input, but received a 1D input"):
        F.dropout1d(torch.ones(3))
    with pytest.warns(UserWarning, match="dropout2d: a 3D input counts as"):
        F.dropout2d(torch.ones(2, 3, 4))
    with pytest.warns(UserWarning, match="Expected 4D or 5D input, but received a 2D input"):
        F.dropout3d(torch.ones(2, 3))
    with pytest.raises(RuntimeError, match="needs a floating tensor"):
        F.dropout(torch.ones(3, dtype=torch.int64))
    with pytest.raises(ValueError, match="mode must be 'inverted'"):
        F.dropout(torch.ones(3), mode="other")


def test_the_mask_does_not_depend_on_channels_last_memory() -> None:
    x = torch.ones(2, 3, 4, 5)
    last = torch.from_numpy(np.ones((2, 4, 5, 3), np.float32)).permute(0, 3, 1, 2)
    torch.manual_seed(3)
    expected = F.dropout(x, 0.5)
    torch.manual_seed(3)
    out = F.dropout(last, 0.5)
    assert torch.equal(out, expected)
    assert out.stride() == last.stride()


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    out = F.alpha_dropout(torch.randn(200_000), 0.3, training=True)
    assert abs(out.mean().item()) < 0.02 and abs(out.var().item() - 1) < 0.02


def test_a_generator_of_ones_own() -> None:
    x = torch.ones(10)
    generator = torch.Generator().manual_seed(3)
    state = torch.get_rng_state()
    one = F.dropout(x, 0.5, generator=generator)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one, F.dropout(x, 0.5, generator=torch.Generator().manual_seed(3)))


# -- DropConnect ---------------------------------------------------------------------------------------------


def layer() -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    return tuple(torch.tensor(rng.standard_normal(shape)) for shape in ((3, 4), (2, 4), (2,)))


@pytest.mark.parametrize("mode", ["inverted", "classic"])
@pytest.mark.parametrize("per_example", [False, True])
@pytest.mark.parametrize("drop_bias", [False, True])
def test_dropconnect_has_the_expectation_of_its_evaluation(
    mode: str, per_example: bool, drop_bias: bool
) -> None:
    options: dict[str, Any] = {"p": 0.4, "mode": mode, "per_example": per_example, "drop_bias": drop_bias}
    draws = torch.stack([F.dropconnect(*layer(), **options) for _ in range(4000)])
    expected = F.dropconnect(*layer(), training=False, **options)
    np.testing.assert_allclose(draws.mean(0).numpy(), expected.numpy(), atol=0.12)


def test_masks_are_shared_by_the_batch_or_each_examples_own() -> None:
    x, weight = torch.ones(40, 6), torch.ones(1, 6)
    assert len(set(F.dropconnect(x, weight, p=0.5).flatten().tolist())) == 1
    assert len(set(F.dropconnect(x, weight, p=0.5, per_example=True).flatten().tolist())) > 1


def test_masks_are_fresh_in_every_call() -> None:
    x, weight = torch.ones(1, 30), torch.ones(2, 30)
    assert not torch.equal(F.dropconnect(x, weight), F.dropconnect(x, weight))


@pytest.mark.parametrize("mode", ["inverted", "classic"])
@pytest.mark.parametrize("drop_bias", [False, True])
def test_gaussian_inference_matches_two_moments_of_training(mode: str, drop_bias: bool) -> None:
    options: dict[str, Any] = {"p": 0.3, "mode": mode, "drop_bias": drop_bias}
    training = torch.stack([F.dropconnect(*layer(), **options) for _ in range(4000)])
    sampled = F.dropconnect(*layer(), training=False, inference="gaussian", samples=4000, **options)
    assert sampled.shape == training.shape
    np.testing.assert_allclose(sampled.mean(0).numpy(), training.mean(0).numpy(), atol=0.12)
    np.testing.assert_allclose(sampled.std(0).numpy(), training.std(0).numpy(), rtol=0.08)


def test_dropconnect_edges() -> None:
    x, weight, bias = layer()
    plain = F.linear(x, weight, bias)
    assert torch.equal(F.dropconnect(x, weight, bias, p=0.0), plain)
    assert torch.equal(F.dropconnect(x, weight, bias, training=False), plain)
    for per_example in (False, True):
        gone = F.dropconnect(x, weight, bias, p=1.0, drop_bias=True, per_example=per_example)
        assert gone.abs().sum().item() == 0
    with pytest.raises(ValueError, match=r"between 0 and 1, but got 2.0"):
        F.dropconnect(x, weight, p=2)
    with pytest.raises(ValueError, match="inference must be 'mean' or 'gaussian', got 'other'"):
        F.dropconnect(x, weight, inference="other")


def test_dropped_weights_get_no_gradient() -> None:
    weight = torch.ones(5, 20, requires_grad=True)
    F.dropconnect(torch.ones(1, 20), weight, p=0.5).sum().backward()
    assert set(weight.grad.flatten().tolist()) == {0.0, 2.0}


def test_examples_of_any_number_of_dimensions() -> None:
    x, weight, bias = torch.ones(2, 3, 4), torch.ones(5, 4), torch.ones(5)
    for shape in ((2, 3, 4), (4,), (0, 4)):
        out = F.dropconnect(torch.ones(shape), weight, bias, per_example=True, drop_bias=True)
        assert tuple(out.shape) == (*shape[:-1], 5)
    assert tuple(F.dropconnect(x, weight, bias).shape) == (2, 3, 5)
