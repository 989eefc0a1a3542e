"""Indexing, gathering and scattering do what PyTorch does, errors and edge cases included."""

from __future__ import annotations

import pytest

from tests.ops.said_twice import check

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

WORDS = """
x[5]
x[0, 5]
x[:, 5]
x[-3]
x[1.5]
x[torch.tensor([5])]
x[:, torch.tensor([-4])]
x[:, torch.tensor([-3])]
x[torch.tensor([1.0])]
x[::-1]
x[::0]
x[0, 0, 0]
s[0]
s[...]
s[None]
s[()]
s[True]
s[b[0, 0]]
x[torch.ones(3) > 0]
x[:, torch.ones(2) > 0]
x[torch.tensor([0, 1]), torch.tensor([0, 1, 2])]
x[True]
x[False]
x[torch.tensor(True)]
x[torch.tensor(1)]
x[torch.tensor(1), torch.tensor([0, 2])]
x[[0, 1]]
x[[True, False]]
x[[[0, 1], [1, 0]]]
x[[0, 1], [1, 0]]
x[range(2)]
x[np.array([0])]
x[np.int64(0)]
x[torch.tensor([1, 0], dtype=torch.uint8)]
x[torch.tensor([0], dtype=torch.int32)]
x[..., ...]
x[None, ..., None]
torch.zeros(2, 3, 4)[0, :, [0, 1]]
torch.zeros(2, 3, 4)[[0, 1], :, [0, 1]]
torch.zeros(2, 3, 4)[:, [0, 1], [0, 1]]
torch.zeros(2, 3, 4)[[0], :, 1]
torch.zeros(2, 3, 4, 5)[:, [0], None, [1, 2]]
torch.zeros(2, 3, 4, 5)[[0], None, [1, 2]]
torch.zeros(2, 3, 4)[[0, 1], None]
torch.zeros(2, 3, 4)[torch.ones(2, 3) > 0]
torch.zeros(2, 3, 4)[torch.ones(2, 3) > 0, 1]
torch.zeros(2, 3, 4)[1, torch.ones(3, 4) > 0]
torch.zeros(2, 3, 4)[..., torch.ones(4) > 0]
x[torch.tensor([], dtype=torch.long)]
x[[]]
x[(0, 1)]
x[slice(0, 2), 1]
x[torch.tensor(0):torch.tensor(1)]
x[0:5]
x[1:0]
x[0] = 5
x[0] = [1, 2, 3]
x[0] = np.ones(3)
x[0] = torch.ones(4)
x[torch.tensor([0])] = torch.ones(4)
x[0] = torch.ones(1, 3)
x[0] = torch.ones(1, 1, 3)
x[:, 0] = torch.ones(2, dtype=torch.int64)
x[x > 3] = torch.ones(2)
x[x > 3] = torch.ones(3)
x[x > 3] = 0
x[x > 3] = torch.tensor(9)
x[[0, 0]] = torch.ones(2, 3)
x[0][1] = 7
x[torch.tensor([0, 5])] = 1
x[0, 0] = torch.ones(1)
x[0, 0] = torch.ones(2)
x[0] = 'a'
x[5] = 1
x[0, 0, 0] = 1
x[:] = torch.zeros(3)
x[...] = 1
x[0] = None
x[0] = True
x[None] = 4
x[True] = 4
x[:, [0, 2]] = x[:, [2, 0]]
x[1:] = x[:-1]
x = i; x[0] = 1.7
x = b; x[0] = 5
x = x.t(); x[0] = 1
x.narrow(0, -1, 1)
x.narrow(0, 0, -1)
x.narrow(0, torch.tensor(1), 1)
x.narrow(0, 3, 0)
x.narrow(0, 1, 5)
x.narrow_copy(1, 1, 2)
x.select(0, 7)
x.select(5, 0)
s.select(0, 0)
torch.nonzero(x > 3)
torch.nonzero(x > 3, as_tuple=True)
x.nonzero(as_tuple=True)
torch.nonzero(s)
torch.nonzero(s, as_tuple=True)
torch.argwhere(torch.tensor(0.0))
x.masked_select(x > 3)
x.masked_select(torch.ones(3))
x.masked_select(torch.tensor([True, False, True]))
x.masked_scatter(x > 3, torch.tensor([9.0]))
x.masked_scatter(x > 3, torch.tensor([9.0, 8, 7]))
x.masked_scatter(x > 3, i)
torch.fill(x, 2)
torch.fill(i, 2.7)
x.fill_(torch.tensor([1.0]))
x.fill_(torch.tensor(2))
x.fill_('a')
x.zero_()
x.copy_(torch.ones(3))
x.copy_(torch.ones(4))
x.copy_(i)
x.index_put((torch.tensor([0]),), torch.tensor(5.0))
x.index_put_((torch.tensor([0, 0]), torch.tensor([1, 1])), torch.tensor([5.0, 6.0]), accumulate=True)
x.index_put([torch.tensor([0])], 5.0)
x.index_put((torch.tensor([0, 5]),), torch.tensor(1.0))
x.index_put((b,), torch.tensor([1.0, 2, 3]))
x.index_put((b,), torch.tensor([1.0, 2, 3]), accumulate=True)
torch.select_scatter(x, torch.zeros(3), 0, 0)
torch.select_scatter(x, torch.zeros(2), 0, 0)
torch.slice_scatter(x, torch.zeros(1, 3), 0, 0, 1)
torch.slice_scatter(x, torch.zeros(2, 3), 0, 0, 1)
x.fill_diagonal_(7)
torch.zeros(5, 2).fill_diagonal_(7, wrap=True)
torch.zeros(3).fill_diagonal_(7)
torch.gather(x, 1, torch.tensor([[0, 0], [1, 0]]))
torch.gather(x, 1, torch.tensor([[0, 3], [1, 0]]))
torch.gather(x, 1, torch.tensor([[-1]]))
torch.gather(x, 0, torch.tensor([[1]]))
torch.gather(x, 0, torch.tensor([1]))
torch.gather(x, 0, torch.tensor([[0], [0], [1]]))
torch.gather(x, 1, torch.tensor([[0], [0], [0]]))
torch.gather(x, 1, torch.tensor([[0.0]]))
torch.gather(s, 0, torch.tensor(0))
torch.gather(x.t(), 0, torch.tensor([[2, 0], [1, 1]]))
torch.gather(x, 1, torch.empty(0, dtype=torch.long))
torch.take_along_dim(x, torch.tensor([[0], [2]]), 1)
torch.take_along_dim(x, torch.tensor([0, 5]))
torch.take_along_dim(x, torch.tensor([0]), 1)
torch.take(x, torch.tensor([0, -1]))
torch.take(x, torch.tensor([6]))
torch.index_select(x, 1, torch.tensor([2, 0]))
torch.index_select(x, 1, torch.tensor(1))
torch.index_select(x, 1, torch.tensor([[1]]))
torch.index_select(s, 0, torch.tensor([0]))
torch.index_select(x.t(), 0, torch.tensor([2, 0], dtype=torch.int32))
x.scatter(1, torch.tensor([[0], [2]]), 1.0)
x.scatter(1, torch.tensor([[0], [2]]), torch.zeros(2, 2))
x.scatter(1, torch.tensor([[0, 1], [2, 1]]), torch.zeros(2, 1))
x.scatter(1, torch.tensor([[3]]), 1.0)
x.scatter(1, torch.tensor([[0]]), i)
x.scatter(0, torch.tensor([[0, 1, 1]]), value=9)
x.scatter(1, torch.tensor([[0, 0]]), torch.ones(2, 2), reduce='add')
x.scatter(1, torch.tensor([[0, 1]]), 3.0, reduce='multiply')
x.scatter_(1, torch.tensor([[0], [2]]), 1)
x.scatter_(0, torch.tensor([[1, 0, 1]]), torch.tensor([[7.0, 8.0, 9.0]]))
torch.zeros(2, 3).scatter_(1, torch.tensor([[1], [2]]), 1.0)
x.scatter_add(0, torch.tensor([[0, 0, 1]]), torch.ones(1, 3))
x.scatter_add_(1, torch.tensor([[0, 0, 0]]), x.clone())
x.scatter_add(0, torch.tensor([0]), torch.ones(1))
s.scatter(0, torch.tensor(0), 3.0)
x.scatter_reduce(1, torch.tensor([[0, 0, 1]]), x, 'mean', include_self=False)
i.scatter_reduce(1, torch.tensor([[0, 0, 1]]), i, 'amax')
i.scatter_reduce(1, torch.tensor([[0, 0, 1]]), i, 'amin', include_self=False)
i.scatter_reduce(1, torch.tensor([[0, 0, 1]]), i, 'prod')
x.scatter_reduce(1, torch.tensor([[0]]), x, 'median')
x.index_add(0, torch.tensor([1, 1]), torch.ones(2, 3))
x.index_add(0, torch.tensor([1, 1]), torch.ones(2, 3), alpha=3)
x.index_add(0, torch.tensor([1, 2]), torch.ones(2, 3))
x.index_add_(1, torch.tensor([0]), torch.ones(2, 1))
x.index_copy(1, torch.tensor([2, 0]), torch.ones(2, 2))
x.index_fill(1, torch.tensor([2, 0]), 9)
x.index_fill(1, torch.tensor([2, 0]), torch.tensor([9.0]))
x.index_fill_(0, torch.tensor([-1]), 9)
x.put_(torch.tensor([0, -1]), torch.tensor([7.0, 8.0]))
x.put(torch.tensor([0, 0]), torch.tensor([7.0, 8.0]), accumulate=True)
x.put(torch.tensor([0, 6]), torch.tensor([7.0, 8.0]))
list(x)
[row.sum() for row in x]
"""


@pytest.mark.parametrize("words", WORDS.strip().splitlines())
def test_indexing_like_pytorch(words: str) -> None:
    check(words)
