"""Sparse matrices: what they hold, how they take part in a graph, and what they refuse."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import tinygrad_kr as torch

PLACES = [[0, 1, 1, 0], [2, 0, 2, 2]]


def matrix(**options: Any) -> Any:
    return torch.sparse_coo_tensor(PLACES, [3.0, 4.0, 5.0, 6.0], (2, 3), **options)


def test_what_it_holds() -> None:
    a = matrix()
    assert isinstance(a, torch.Tensor) and torch.is_tensor(a) and a.is_sparse and not torch.ones(2).is_sparse
    assert (a.shape, a.size(1), len(a), a.dim(), a.numel(), a._nnz()) == ((2, 3), 3, 2, 2, 6, 4)
    assert (a.dtype, a.layout, str(a.device)) == (torch.float32, torch.sparse_coo, "cpu")
    assert torch.ones(2).layout is torch.strided
    assert a._indices().tolist() == PLACES and a._values().tolist() == [3, 4, 5, 6]
    assert a.to_dense().tolist() == [[0, 0, 9], [4, 0, 5]]
    assert a.t().to_dense().tolist() == a.to_dense().t().tolist() == a.T.to_dense().tolist()
    assert (a.double().dtype, a.to(torch.float64).dtype, a.to("cpu") is a) == (torch.float64,) * 2 + (True,)
    assert (2 * a / 4).to_dense().tolist() == [[0, 0, 4.5], [2, 0, 2.5]]
    assert torch.sparse.sum(a).item() == 18


def test_coalesce() -> None:
    a = matrix()
    b = a.coalesce()
    assert (a.is_coalesced(), b.is_coalesced(), b.coalesce() is b) == (False, True, True)
    assert b.indices().tolist() == [[0, 1, 1], [2, 0, 2]] and b.values().tolist() == [9, 4, 5]
    with pytest.raises(RuntimeError, match="uncoalesced"):
        a.indices()
    with pytest.raises(RuntimeError, match="uncoalesced"):
        a.values()
    x = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    assert x.to_sparse().to_dense().tolist() == x.tolist() and x.to_dense() is x


def test_gradients_reach_the_entries_and_the_matrix_itself() -> None:
    values = torch.tensor([3.0, 4.0, 5.0, 6.0], requires_grad=True)
    a = torch.sparse_coo_tensor(PLACES, values, (2, 3))
    x = torch.arange(6.0).reshape(3, 2).requires_grad_()
    assert a.requires_grad and not a.is_leaf
    (a @ x).sum().backward()
    assert values.grad is not None and values.grad.tolist() == [9, 1, 9, 9]
    assert x.grad is not None and x.grad.tolist() == [[4, 4], [0, 0], [14, 14]]
    b = matrix(requires_grad=True)
    assert b.is_leaf and b.grad is None
    (b @ x).sum().backward()
    assert b.grad.is_sparse and b.grad.coalesce().values().tolist() == [18, 1, 9]
    assert not b.detach().requires_grad and copy.deepcopy(b).requires_grad


def test_products_with_what_stands_on_either_side() -> None:
    a, x = matrix(), torch.arange(6.0).reshape(3, 2)
    dense = a.to_dense()
    for product in (torch.mm(a, x), torch.matmul(a, x), a.mm(x), a.matmul(x), torch.spmm(a, x)):
        assert product.tolist() == (dense @ x).tolist()
    assert (a @ x[:, 0]).tolist() == torch.mv(a, x[:, 0]).tolist() == (dense @ x[:, 0]).tolist()
    y = torch.ones(4, 2)
    assert (y @ a).tolist() == torch.mm(y, a).tolist() == (y @ dense).tolist()
    assert torch.sparse.mm(x.t(), x).tolist() == (x.t() @ x).tolist()


def test_a_graph_convolution_learns() -> None:
    torch.manual_seed(0)
    edges = torch.tensor([[0, 1, 1, 2, 3, 4, 4, 5, 2, 0], [1, 0, 2, 1, 4, 3, 5, 4, 0, 2]])
    adjacency = torch.sparse_coo_tensor(edges, torch.ones(10), (6, 6)).coalesce()
    features, labels = torch.randn(6, 4), torch.tensor([0, 0, 0, 1, 1, 1])
    layer = torch.nn.Linear(4, 2)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(torch.spmm(adjacency, layer(features)), labels)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_printing() -> None:
    assert repr(matrix().double()) == (
        "tensor(indices=tensor([[0, 1, 1, 0],\n                       [2, 0, 2, 2]]),\n"
        "       values=tensor([3., 4., 5., 6.]),\n"
        "       size=(2, 3), nnz=4, dtype=torch.float64, layout=torch.sparse_coo)"
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda a, x: a @ x[:2], RuntimeError, "Expected dim 0 size 3, got 2"),
        (lambda a, x: a @ x.double(), RuntimeError, "expected scalar type Float but found Double"),
        (lambda a, x: a @ a.t(), NotImplementedError, "two sparse matrices"),
        (lambda a, x: a.exp(), NotImplementedError, "to_dense"),
        (lambda a, x: a + x, NotImplementedError, "to_dense"),
        (lambda a, x: a[0], NotImplementedError, "to_dense"),
        (lambda a, x: a.sum(0), NotImplementedError, "to_dense"),
        (lambda a, x: a * x, NotImplementedError, "one number"),
        (lambda a, x: a.numpy(), TypeError, "Sparse layout"),
        (lambda a, x: torch.sparse.mm(a, x[:, 0]), RuntimeError, "must be a matrix"),
        (lambda a, x: x.indices(), RuntimeError, "Strided"),
        (lambda a, x: x[0].to_sparse(), NotImplementedError, "matrices"),
        (lambda a, x: x.to_sparse(layout=torch.strided), NotImplementedError, "sparse_coo"),
        (lambda a, x: torch.sparse_coo_tensor(PLACES, [1.0], (2, 3)), RuntimeError, "same nnz"),
        (lambda a, x: torch.sparse_coo_tensor([[0], [5]], [1.0], (2, 3)), RuntimeError, "found index 5"),
        (lambda a, x: torch.sparse_coo_tensor([[-1], [0]], [1.0], (2, 3)), RuntimeError, "found index -1"),
        (lambda a, x: torch.sparse_coo_tensor([0, 1], [1.0]), RuntimeError, "two dimensions"),
        (lambda a, x: torch.sparse_coo_tensor([[0]], [1.0]), NotImplementedError, "two dimensions"),
        (lambda a, x: torch.sparse_coo_tensor([[0], [0]], [[1.0]]), NotImplementedError, "values"),
        (lambda a, x: torch.sparse_coo_tensor([[0], [0]], [1.0], device="cuda"), Exception, "cuda|CUDA"),
    ],
)
def test_what_it_refuses(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call(matrix(), torch.ones(3, 2))
