"""Sparse matrices beside PyTorch's: their text, their products and both gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr

theirs = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

RNG = np.random.default_rng(0)
PLACES = np.stack([RNG.integers(0, 40, 200), RNG.integers(0, 30, 200)])
VALUES = RNG.standard_normal(200)


def matrix(torch: Any, dtype: Any = np.float64) -> tuple[Any, Any]:
    values = torch.from_numpy(VALUES.astype(dtype)).requires_grad_()
    return values, torch.sparse_coo_tensor(torch.from_numpy(PLACES), values, (40, 30))


@pytest.mark.parametrize("coalesced", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_products_and_gradients(coalesced: bool, dtype: Any) -> None:
    found = []
    for torch in (tinygrad_kr, theirs):
        values, a = matrix(torch, dtype)
        a = a.coalesce() if coalesced else a
        x = torch.from_numpy(np.random.default_rng(1).standard_normal((30, 7)).astype(dtype)).requires_grad_()
        out = torch.sparse.mm(a, x)
        (out**3).sum().backward()
        found.append([out.detach().numpy(), values.grad.numpy(), x.grad.numpy()])
    for got, want in zip(*found):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-3 if dtype is np.float32 else 1e-10)


@pytest.mark.parametrize(
    "call",
    [
        lambda torch, a: a.detach(),
        lambda torch, a: a.detach().coalesce(),
        lambda torch, a: a.detach().t(),
        lambda torch, a: a.detach().float(),
        lambda torch, a: a.detach().requires_grad_(),
        lambda torch, a: torch.sparse_coo_tensor(torch.zeros(2, 0).long(), torch.zeros(0), (2, 3)),
        lambda torch, a: torch.sparse_coo_tensor([[0, 1], [1, 0]], [1, 2]),
        lambda torch, a: torch.tensor([[0.5, 0.0], [0.0, 2.0]]).to_sparse(),
        lambda torch, a: (a.shape, a._nnz(), a.layout, a.is_sparse, a.dtype, a.requires_grad, a.is_leaf),
        lambda torch, a: (a.coalesce().is_coalesced(), a.sparse_dim(), a.dense_dim(), a.numel(), len(a)),
    ],
)
def test_text(call: Any) -> None:
    got, want = (repr(call(torch, matrix(torch)[1])) for torch in (tinygrad_kr, theirs))
    assert got == want
