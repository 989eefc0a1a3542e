"""Sorting, counting and looking up do what PyTorch does, errors and edge cases included."""

from __future__ import annotations

import math

import pytest

from tests.ops.said_twice import check, check_gradient

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

WORDS = """
e.median()
x.median()
x.median(0)
torch.tensor([1, 2, 3, 4]).median()
torch.tensor([1., nan, 3]).median()
torch.tensor([1., nan, 3]).nanmedian()
torch.tensor([1., nan, 3]).median(0)
torch.tensor([1., nan, 3]).nanmedian(0)
torch.tensor([3., 1, 1, 2]).mode()
torch.tensor([3., 1, 1, 2, 2]).mode()
x.mode(0)
x.kthvalue(2)
x.kthvalue(4)
x.kthvalue(1, 0, True)
torch.tensor([2., 1, 1]).kthvalue(2)
x.quantile(0.5)
x.quantile(torch.tensor([0.1, 0.5]), dim=1)
x.quantile(torch.tensor([0.1, 0.5]), dim=1, keepdim=True).shape
x.quantile(0.3, interpolation='nearest')
x.quantile(2.)
i.quantile(0.5)
torch.tensor([1., nan, 3]).quantile(0.5)
torch.tensor([1., nan, 3]).nanquantile(0.5)
torch.tensor(5.).median(0)
torch.tensor(5.).sort()
torch.tensor(5.).topk(1)
x.sort(descending=True)
x.sort(0)
x.sort(dim=0, descending=True)
torch.sort(torch.tensor([2, 1, 2, 1]), stable=True)
torch.sort(torch.tensor([2, 1, 2, 1]), descending=True, stable=True)
torch.tensor([nan, 1.0, inf]).sort()
torch.tensor([nan, 1.0, inf]).sort(descending=True)
b.sort()
u.sort(descending=True)
e.sort(0)
e.sort(1)
x.sort(3)
x.argsort(descending=True)
s.argsort()
x.msort()
x.topk(2)
x.topk(2, 0, largest=False)
x.topk(4)
x.topk(0)
x.topk(k=1, dim=0)
torch.tensor([nan, 1.0, 3.0]).topk(2)
torch.tensor([nan, 1.0, 3.0]).topk(2, largest=False)
torch.arange(1000.0).topk(3)
torch.arange(1000.0).topk(3, largest=False)
x.kthvalue(0)
x.kthvalue(k=1, dim=0)
x.median(1, keepdim=True)
x.median(5)
torch.tensor([nan, nan]).nanmedian()
torch.tensor([nan, nan]).nanmedian(0)
torch.tensor([nan, 2.0]).median()
i.median()
i.mode(0)
torch.tensor([1.0, 2.0, 2.0, 1.0]).mode()
e.mode(0)
x.quantile(0.5, dim=0)
x.quantile(0.5, keepdim=True)
x.quantile(torch.tensor([0.5, 0.1]))
x.quantile(torch.tensor([[0.5]]))
x.quantile(0.5, interpolation='no')
e.quantile(0.5)
x.nanquantile(0.25, 1)
torch.tensor([[nan, 1.0], [2.0, 3.0]]).quantile(0.5, 1)
torch.tensor([[nan, nan], [2.0, 3.0]]).nanquantile(0.5, 1)
torch.unique(torch.tensor([3, 1, 3]))
torch.tensor([3, 1, 3]).unique(return_inverse=True)
x.unique(return_counts=True)
b.unique()
e.unique()
torch.tensor([nan, nan, 1.0]).unique()
torch.unique(torch.tensor([[1, 0], [1, 0], [0, 1]]), dim=0, return_inverse=True, return_counts=True)
torch.unique(torch.tensor([[1, 1, 0], [0, 0, 1]]), dim=1)
torch.unique_consecutive(torch.tensor([1, 1, 2, 2, 1]), return_inverse=True, return_counts=True)
torch.unique_consecutive(torch.tensor([[1, 1], [1, 1], [0, 1]]), dim=0)
torch.tensor([1, 1, 0]).unique_consecutive()
torch.bincount(torch.tensor([0, 2, 2]))
torch.bincount(torch.tensor([0, 2, 2]), torch.tensor([0.5, 1.0, 1.0]))
torch.bincount(torch.tensor([0, 2, 2]), torch.tensor([1, 1, 1]))
torch.bincount(torch.tensor([0, 2]), minlength=5)
torch.bincount(torch.tensor([-1]))
torch.bincount(torch.tensor([1.0]))
torch.bincount(i)
torch.bincount(torch.tensor([], dtype=torch.int64))
torch.bincount(torch.tensor([0, 1]), torch.ones(3))
torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 6]))
torch.searchsorted(torch.tensor([1, 3, 5]), 3)
torch.searchsorted(torch.tensor([1, 3, 5]), 3, right=True)
torch.searchsorted(torch.tensor([1, 3, 5]), 3, side='no')
torch.searchsorted(torch.tensor([1, 3, 5]), 3, right=True, side='left')
torch.searchsorted(i, torch.tensor([[1], [4]]))
torch.searchsorted(i, torch.tensor([1]))
torch.bucketize(torch.tensor([0.5, 3.0]), torch.tensor([1.0, 3.0]))
torch.bucketize(3, torch.tensor([1, 3]), right=True, out_int32=True)
torch.bucketize(x, x)
x.histc(bins=3)
x.histc(4, 1, 4)
torch.histc(x, bins=0)
torch.histc(x, 4, 3, 1)
torch.histc(torch.ones(3), 3)
torch.histogram(x, 4)
torch.histogram(i, 4)
x.histogram(3, range=(0.0, 3.0), density=True)
torch.unravel_index(torch.tensor([5, 1]), (2, 3))
torch.unravel_index(torch.tensor(5), 6)
torch.unravel_index(torch.tensor([1.0]), (2, 3))
torch.nn.functional.one_hot(torch.tensor([0, 2]))
torch.nn.functional.one_hot(i % 2, 3)
torch.nn.functional.one_hot(torch.tensor(1))
torch.nn.functional.one_hot(torch.tensor([3]), 2)
torch.nn.functional.one_hot(torch.tensor([-1]))
torch.nn.functional.one_hot(torch.tensor([1.0]))
torch.nn.functional.one_hot(torch.tensor([], dtype=torch.int64))
torch.nn.functional.one_hot(torch.tensor([], dtype=torch.int64), 3)
"""


@pytest.mark.parametrize("words", WORDS.strip().splitlines())
def test_sorting_like_pytorch(words: str) -> None:
    check(words)


nan = math.nan
KINKS = [
    ("x.median()", [1.0, 1.0, 2.0]),
    ("x.median()", [1.0, nan, 2.0]),
    ("x.nanmedian()", [1.0, nan, 2.0]),
    ("x.median(0)[0]", [1.0, nan, 2.0]),
    ("x.mode()[0]", [1.0, 1.0, 2.0]),
    ("x.quantile(0.5)", [1.0, nan, 2.0]),
    ("x.nanquantile(0.5)", [1.0, nan, 2.0, 5.0]),
    ("x.topk(2)[0].sum()", [1.0, 2.0, 3.0]),
    ("x.sort()[0][1]", [1.0, 1.0, 0.0]),
]


@pytest.mark.parametrize(("words", "values"), KINKS)
def test_gradients_at_kinks_like_pytorch(words: str, values: list[float]) -> None:
    check_gradient(words, values)
