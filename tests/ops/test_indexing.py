"""What indexing promises about memory and the graph, and the scatter kernel."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tests.declared import SEEDS
from tinygrad_kr.kernels.scatter import flat_positions, scatter_sum


def base() -> torch.Tensor:
    return torch.arange(6.0).reshape(2, 3).clone()


@pytest.mark.parametrize("index", [0, slice(1), (..., 1), None, (0, 2), ..., ()])
def test_basic_indexing_gives_views(index: Any) -> None:
    x = base()
    assert np.shares_memory(x[index].numpy(), x.numpy())
    x[index].zero_()
    assert x[index].abs().sum() == 0 and x._version == 1


@pytest.mark.parametrize("index", [[0], ([0], [1]), (slice(None), [1, 2])])
def test_advanced_indexing_gives_copies(index: Any) -> None:
    x = base()
    assert not np.shares_memory(x[index].numpy(), x.numpy())


def test_an_index_may_change_before_backward() -> None:
    x, index = base().requires_grad_(), torch.tensor([0, 0])
    out = x[index]
    index.fill_(1)
    out.sum().backward()
    assert x.grad.tolist() == [[2, 2, 2], [0, 0, 0]]


def test_writing_needs_no_graph_where_no_gradients_flow() -> None:
    x = base()
    x[0] = torch.ones(3)
    x[x > 3] = 0
    assert x.grad_fn is None and x._version == 2


def test_writing_is_recorded() -> None:
    x, v = base().requires_grad_(), torch.ones(3).requires_grad_()
    y = x * 2
    y[0] = v * 3
    y[:, [0, 2]] = 1
    (y * torch.arange(6.0).reshape(2, 3)).sum().backward()
    assert x.grad.tolist() == [[0, 0, 0], [0, 8, 0]]
    assert v.grad.tolist() == [0, 3, 0]


def test_writing_into_a_leaf_that_requires_grad_raises() -> None:
    x = base().requires_grad_()
    for index in (0, [0], x.detach() > 1, ...):
        with pytest.raises(RuntimeError, match="leaf Variable"):
            x[index] = 0
    with torch.no_grad():
        x[0] = 0
    assert x[0].detach().tolist() == [0, 0, 0]


def test_writing_what_was_saved_is_noticed() -> None:
    x = base().requires_grad_()
    y = x * 1
    out = (y * y).sum()
    y[0, 0] = 5
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.backward()


def test_a_number_is_converted_like_in_pytorch() -> None:
    x = torch.zeros(2, dtype=torch.int64)
    x[0] = 1.7
    assert x.tolist() == [1, 0]


def test_rows_of_a_loop() -> None:
    x = base().requires_grad_()
    out = torch.zeros(2, 3)
    for i, row in enumerate(x):
        out[i] = row * i
    out.sum().backward()
    assert x.grad.tolist() == [[0, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize(
    ("index", "error", "words"),
    [
        (5, IndexError, "index 5 is out of bounds for dimension 0 with size 2"),
        ((0, 0, 0), IndexError, "too many indices for tensor of dimension 2"),
        (1.5, IndexError, r"got float"),
        (slice(None, None, -1), ValueError, "step must be greater than zero"),
        (torch.ones(3) > 0, IndexError, r"shape of the mask \[3\] at index 0"),
        (torch.ones(2), IndexError, "convert it with .long"),
        (([0, 1], [0, 1, 2]), IndexError, "could not be broadcast together"),
    ],
)
def test_errors_name_what_was_wrong(index: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        base()[index]
    with pytest.raises(error, match=words):
        base()[index] = 0


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        ([1, 2, 3], TypeError, "can't assign a list to a torch.FloatTensor; wrap it"),
        (torch.ones(4), RuntimeError, r"\[4\] does not broadcast"),
        (None, TypeError, "NoneType"),
    ],
)
def test_errors_of_writing(value: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        base()[0] = value


# -- the kernel ----------------------------------------------------------------------------------


@st.composite
def scattered(draw: Any) -> tuple[tuple[int, ...], tuple[Any, ...], np.random.Generator]:
    """A shape and an index of integer arrays, negative ones among them, with full slices between."""
    rng = np.random.default_rng(draw(SEEDS))
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
    axes = draw(st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1))
    common = draw(st.lists(st.integers(0, 3), max_size=2))
    index: list[Any] = [slice(None)] * (max(axes) + 1)
    for axis in axes:
        own = [draw(st.sampled_from([n, 1])) if n else n for n in common]
        index[axis] = np.asarray(rng.integers(-shape[axis], shape[axis], own))
    return shape, tuple(index), rng


@given(scattered())
def test_flat_positions_are_where_numpy_finds_the_elements(case: Any) -> None:
    shape, index, _ = case
    expected = np.arange(np.prod(shape)).reshape(shape)[index]
    np.testing.assert_array_equal(flat_positions(shape, index), expected)


@given(scattered())
def test_scatter_sum_adds_repeated_positions(case: Any) -> None:
    shape, index, rng = case
    values = rng.standard_normal(np.zeros(shape)[index].shape)
    expected = np.zeros(shape)
    np.add.at(expected, index, values)
    np.testing.assert_allclose(scatter_sum(values, shape, index), expected, atol=1e-12)


def test_writing_leaves_no_cycles() -> None:
    x = base().requires_grad_()
    gc.collect()
    gc.disable()
    try:
        y = x * 2
        y[0] = 1
        y[1].mul_(3)
        y.unsqueeze_(0)
        y.sum().backward()
        alive = weakref.ref(y)
        del y
        assert alive() is None
    finally:
        gc.enable()
