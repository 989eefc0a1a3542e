"""Embeddings: gradients of repeated, padded and frequent rows, renormalisation, bags, errors."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_kr as torch

F = torch.nn.functional


def test_padding_row_has_no_gradient() -> None:
    weight = torch.ones(4, 2, requires_grad=True)
    F.embedding(torch.tensor([0, 3, 3]), weight, padding_idx=-1).sum().backward()
    assert weight.grad.tolist() == [[1, 1], [0, 0], [0, 0], [0, 0]]


def test_gradient_may_be_divided_by_frequency() -> None:
    weight = torch.ones(3, 1, requires_grad=True)
    F.embedding(torch.tensor([[0, 2], [2, 2]]), weight, scale_grad_by_freq=True).sum().backward()
    assert weight.grad.flatten().tolist() == pytest.approx([1, 0, 1])


def test_max_norm_shortens_the_rows_that_are_used() -> None:
    weight = torch.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], requires_grad=True)
    version = weight._version
    out = F.embedding(torch.tensor([0, 1]), weight, max_norm=1.0)
    np.testing.assert_allclose(out.detach().numpy(), [[0.6, 0.8], [0.3, 0.4]], rtol=1e-5)
    np.testing.assert_allclose(weight.detach().numpy()[2], [6, 8])
    assert weight._version > version


def test_errors() -> None:
    weight = torch.ones(3, 4)
    for index in (7, -1):
        with pytest.raises(IndexError, match=f"index out of range in self: {index} in a table of 3 rows"):
            F.embedding(torch.tensor([1, index]), weight)
    with pytest.raises(RuntimeError, match="to have one of the following scalar types: Long, Int"):
        F.embedding(torch.tensor([1.0]), weight)
    with pytest.raises(RuntimeError, match="'weight' must be 2-D"):
        F.embedding(weight, torch.tensor([1]))
    with pytest.raises(AssertionError, match="Padding_idx must be within num_embeddings"):
        F.embedding(torch.tensor([1]), weight, padding_idx=3)


def test_bag_errors() -> None:
    weight, index = torch.ones(3, 4), torch.tensor([0, 1, 2])
    with pytest.raises(ValueError, match="offsets has to be a 1D Tensor but got None"):
        F.embedding_bag(index, weight)
    with pytest.raises(ValueError, match="if input is 2D, then offsets has to be None"):
        F.embedding_bag(index.reshape(1, 3), weight, torch.tensor([0]))
    with pytest.raises(RuntimeError, match=r"offsets\[0\] has to be 0"):
        F.embedding_bag(index, weight, torch.tensor([1]))
    with pytest.raises(RuntimeError, match="can not be greater than input's length 3"):
        F.embedding_bag(index, weight, torch.tensor([0, 4]))
    with pytest.raises(ValueError, match="mode has to be one of sum, mean or max, but got 'foo'"):
        F.embedding_bag(index, weight, torch.tensor([0]), mode="foo")
    with pytest.raises(NotImplementedError, match="only supported for mode='sum'"):
        F.embedding_bag(index, weight, torch.tensor([0]), per_sample_weights=torch.ones(3))


def test_bags_of_padding_only_are_zero() -> None:
    weight = torch.ones(3, 2)
    for mode in ("sum", "mean", "max"):
        out = F.embedding_bag(torch.tensor([[1, 1], [0, 1]]), weight, mode=mode, padding_idx=1)
        assert out.tolist() == [[0, 0], [1, 1]]
