"""Fused cross-entropy and negative log-likelihood against what they mean, in every order of memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr.kernels.cross_entropy import class_blocks, from_class_blocks, places
from tinygrad_kr.ops.loss_classification import cross_entropy_composite, nll_gradient

SHAPES = [(4,), (1, 4), (6, 4), (0, 4), (2, 4, 3), (2, 4, 3, 5), (2, 4, 0), (3, 1, 2)]


def _in_memory(x: np.ndarray, order: str) -> np.ndarray:
    """The same numbers, with the classes innermost, with all axes the other way round, or as they are."""
    if order == "classes last" and x.ndim > 2:
        return np.ascontiguousarray(np.moveaxis(x, 1, -1)).transpose(0, x.ndim - 1, *range(1, x.ndim - 1))
    return np.asfortranarray(x) if order == "reversed" else x


@given(
    shape=st.sampled_from(SHAPES),
    order=st.sampled_from(["as it is", "classes last", "reversed"]),
    dtype=st.sampled_from([np.float32, np.float64]),
    ignore_index=st.sampled_from([-100, 0]),
    ignored=st.booleans(),
    weighted=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.3]),
    reduction=st.sampled_from(["mean", "sum", "none"]),
    seed=st.integers(0, 99),
)
def test_equals_the_composite(
    shape: tuple[int, ...],
    order: str,
    dtype: type,
    ignore_index: int,
    ignored: bool,
    weighted: bool,
    smoothing: float,
    reduction: str,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    axis = 0 if len(shape) == 1 else 1
    values = (rng.standard_normal(shape) * 3).astype(dtype)
    classes = rng.integers(0, shape[axis], (*shape[:axis], *shape[axis + 1 :]))
    if ignored:
        classes = np.where(rng.random(classes.shape) < 0.5, ignore_index, classes)
    weight = rng.uniform(0.5, 2, shape[axis]).astype(dtype) if weighted else None
    statics: dict[str, Any] = {"ignore_index": ignore_index, "reduction": reduction}
    x = torch.tensor(0).new_tensor(values, dtype=torch.float64 if dtype == np.float64 else torch.float32)
    x._array = _in_memory(values, order)
    x.requires_grad_()
    given_weight = None if weight is None else torch.from_numpy(weight)
    target = torch.from_numpy(np.asarray(classes))
    loss = torch.nn.functional.cross_entropy(x, target, given_weight, label_smoothing=smoothing, **statics)
    close = {"rtol": 1e-5, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-11}
    with np.errstate(all="ignore"):
        wanted = cross_entropy_composite(values, classes, weight, label_smoothing=smoothing, **statics)
        np.testing.assert_allclose(loss.detach().numpy(), wanted, **close)
        g = torch.from_numpy(np.asarray(rng.standard_normal(np.shape(wanted)), dtype))
        (gx,) = torch.autograd.grad(loss, x, g, retain_graph=True)
        (same,) = torch.autograd.grad(loss, x, g, create_graph=True)
        likelihood = torch.nn.functional.nll_loss(x, target, given_weight, **statics)
        (likely,) = torch.autograd.grad(likelihood, x, g)
        if reduction == "mean" and np.isnan(wanted):
            assert not gx.numpy().any() and not likely.numpy().any()
            return
        np.testing.assert_allclose(gx.numpy(), same.detach().numpy(), **close)
        named = (shape, classes, weight, ignore_index, reduction)
        np.testing.assert_allclose(likely.numpy(), nll_gradient(g, *named).numpy(), **close)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", ["as it is", "classes last", "reversed"])
def test_blocks_and_back(shape: tuple[int, ...], order: str) -> None:
    x = _in_memory(np.arange(np.prod(shape)).reshape(shape), order)
    blocks = class_blocks(x)
    assert blocks.flags.c_contiguous and (order == "reversed" or np.shares_memory(blocks, x) or not x.size)
    np.testing.assert_array_equal(from_class_blocks(blocks, shape), x)
    axis = 0 if len(shape) == 1 else 1
    classes = np.zeros((*shape[:axis], *shape[axis + 1 :]), np.int64)
    first = np.take_along_axis(x, np.expand_dims(classes, axis), axis)
    np.testing.assert_array_equal(blocks.reshape(-1)[places(blocks, classes.reshape(-1))], first.reshape(-1))
