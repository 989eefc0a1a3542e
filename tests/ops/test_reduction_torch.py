"""Reductions, running reductions and norms do what PyTorch does, errors and edge cases included."""

from __future__ import annotations

import math

import pytest

from tests.ops.said_twice import check, check_gradient

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

WORDS = """
i.mean()
b.sum()
u.sum()
u.sum().dtype
i.sum(dtype=torch.float32)
x.sum(dtype=torch.int64)
b.mean()
i.mean(dtype=torch.float32)
e.mean()
e.mean(0)
e.sum(0)
e.max()
e.max(0)
e.max(1)
e.amax(0)
e.amax(1)
e.amax()
e.argmax()
e.argmax(0)
e.argmax(1)
e.prod()
e.std()
e.var(0)
e.any()
e.all()
e.logsumexp(0)
e.norm()
e.norm(inf)
e.min(0)
e.aminmax()
x.sum(5)
x.sum((0, 0))
x.sum(())
x.amax(())
x.std(unbiased=False)
x.std(0, False)
x.std(False)
x.std(0, unbiased=False, keepdim=True)
x.std(dim=1, correction=2)
x.std(correction=0)
torch.ones(1).std()
torch.tensor(1.).std()
i.std()
torch.std_mean(x, 0)
torch.var_mean(x, 0, False)
torch.var_mean(x, correction=0)
x.prod(0)
i.prod().dtype
b.prod()
x.prod((0, 1))
x.max(0)
x.max(0, True)
x.max(x.flip(0))
x.max(dim=1, keepdim=True)
torch.max(x, 1)[1]
b.max()
b.max(0)
x.max((0, 1))
x.amax(0)
b.amax()
x.aminmax()
x.aminmax(dim=0)
x.argmax()
x.argmax(0, True)
x.argmax(keepdim=True)
b.argmax()
torch.tensor([1., nan, 2, nan]).argmax()
torch.tensor([1., nan, 2, nan]).argmin()
torch.tensor([1., nan, 2, nan]).max()
torch.tensor([1., nan, 2, nan]).max(0)
torch.tensor([1., 2, 2]).max(0)
torch.tensor([1., 1, 2]).min(0)
x.any()
x.any(0)
u.any()
u.all(0)
x.any((0, 1))
x.all(dim=0, keepdim=True)
x.logsumexp(0)
i.logsumexp(0)
x.logsumexp((0, 1))
torch.tensor([-inf, -inf]).logsumexp(0)
torch.tensor([inf, 1]).logsumexp(0)
x.norm()
x.norm(1)
x.norm(0)
x.norm(inf)
x.norm(-inf)
x.norm(2, 0)
x.norm('fro')
x.norm('nuc')
x.norm(p=3, dim=1, keepdim=True)
i.norm()
i.norm(dtype=torch.float32)
torch.linalg.norm(x, 'fro')
torch.linalg.norm(x, inf)
torch.linalg.norm(x, 1)
torch.linalg.norm(x, -1)
torch.linalg.norm(x, 2)
torch.linalg.norm(x, 3)
torch.linalg.norm(x, 2, 0)
torch.linalg.norm(x, 'nuc')
torch.linalg.vector_norm(x, 0)
torch.linalg.vector_norm(x, -2)
torch.linalg.vector_norm(x, 2, dim=(0, 1), keepdim=True)
torch.linalg.vector_norm(e, inf)
torch.linalg.vector_norm(i)
torch.linalg.norm(torch.zeros(2, 2, 2), 1)
x.nansum()
i.nansum()
x.nanmean()
i.nanmean()
x.count_nonzero()
x.count_nonzero(0)
x.count_nonzero((0, 1))
x.cumsum(0)
b.cumsum(0).dtype
i.cumsum(0, dtype=torch.float32)
x.cumprod(1)
x.cummax(1)
torch.tensor([1., 3, 3, 2]).cummax(0)
torch.tensor([1., nan, 3]).cummax(0)
torch.tensor(1.).cummax(0)
torch.tensor(1.).cumsum(0)
x.logcumsumexp(0)
x.diff()
b.diff()
x.diff(n=2)
x.diff(prepend=torch.zeros(2, 1))
x.diff(n=5)
x.dist(x+1)
x.dist(x+1, 1)
torch.trapezoid(x)
torch.trapezoid(x, dx=2.)
torch.trapezoid(x, torch.tensor([0., 1, 3]))
torch.cumulative_trapezoid(x)
x.renorm(2, 0, 1.)
torch.tensor(5.).max(0)
torch.tensor(5.).max(-1, True)
torch.tensor(5.).sum(0)
torch.tensor(5.).sum(1)
torch.tensor(5.).argmax()
torch.tensor(5.).prod(0)
x.sum(dim=None)
x.sum(None)
x.mean(dim=None, keepdim=True).shape
x.amax(keepdim=True).shape
x.max(5)
x.std(dim=None)
x.sum(axis=0)
x.max(axis=0)
x.argmax(axis=1, keepdims=True)
x.sum(dim=0, keepdim=True)
x.sum(1, dtype=torch.float64)
torch.sum(x, [0, 1])
x.mean(-1)
x.var(1, unbiased=True)
torch.var(x, dim=(0, 1))
x.double().std()
x.half().sum()
torch.max(x, 0, True)
torch.max(x, other=x.flip(0))
torch.max(x, i)
x.min(1).indices
x.amin((0, 1))
x.min(dim=-1)
x.argmin(1)
torch.tensor([nan, 1.0]).min()
torch.tensor([nan, 1.0]).amax()
torch.logsumexp(x, 1, keepdim=True)
torch.tensor([nan, 1.0]).logsumexp(0)
torch.tensor([-inf, 1.0]).logcumsumexp(0)
torch.prod(x, 1, keepdim=True)
x.norm(2, (0, 1))
x.norm(dim=(0, 1))
x.norm(3)
x.norm('no')
torch.linalg.norm(x, 2, (0, 1))
torch.linalg.norm(torch.ones(3), 1)
torch.linalg.norm(x, 'nuc', dim=1)
torch.linalg.vector_norm(x, 1, dim=1, dtype=torch.float64)
x.cumsum(5)
x.cumprod(-1, dtype=torch.float64)
x.clone().cumsum_(0)
e.cumsum(0)
torch.cummin(i, 0)
torch.diff(x, n=0)
torch.diff(i, dim=0)
torch.diff(s)
x.diff(append=torch.zeros(2, 2))
torch.trapz(x, dx=0.5)
torch.trapezoid(x, dim=0)
torch.cumulative_trapezoid(x, torch.tensor([0.0, 1, 3]))
torch.renorm(torch.ones(3), 2, 0, 1.0)
x.dist(x)
torch.std_mean(x, correction=0)
x.all()
b.all(1)
e.all(0)
e.any(1)
x.count_nonzero(5)
x.nansum(dtype=torch.float64)
torch.nansum(torch.tensor([nan, nan]))
torch.nanmean(torch.tensor([nan, nan]))
"""


@pytest.mark.parametrize("words", WORDS.strip().splitlines())
def test_reductions_like_pytorch(words: str) -> None:
    check(words)


nan, inf = math.nan, math.inf
KINKS = [
    ("x.max()", [1.0, 3.0, 3.0]),
    ("x.amax()", [1.0, 3.0, 3.0]),
    ("x.max(0)[0]", [1.0, 3.0, 3.0]),
    ("x.min()", [1.0, 1.0, 3.0]),
    ("x.min(0)[0]", [1.0, 1.0, 3.0]),
    ("x.amin(0)", [1.0, 1.0, 3.0]),
    ("x.max()", [1.0, nan, 3.0]),
    ("x.max(0)[0]", [nan, nan, 3.0]),
    ("x.aminmax()[0]", [1.0, 1.0, 3.0]),
    ("x.norm()", [0.0, 0.0]),
    ("x.norm(1)", [0.0, 2.0]),
    ("x.norm(3)", [0.0, 0.0]),
    ("x.norm(1.5)", [0.0, 2.0]),
    ("x.norm(0.5)", [0.0, 2.0]),
    ("x.norm(inf)", [2.0, -2.0, 1.0]),
    ("x.norm(-inf)", [2.0, -2.0, 3.0]),
    ("x.norm(-1)", [0.0, -2.0, 3.0]),
    ("torch.linalg.norm(x[None], 'fro')", [0.0, 0.0]),
    ("torch.dist(x, x)", [1.0, 2.0]),
    ("x.std()", [2.0, 2.0, 2.0]),
    ("x.std()", [2.0]),
    ("x.var()", [2.0]),
    ("x.std(correction=3)", [1.0, 2.0]),
    ("x.prod()", [0.0, 2.0, 3.0]),
    ("x.prod()", [0.0, 0.0, 3.0]),
    ("x.cumprod(0).sum()", [2.0, 0.0, 3.0, 0.0, 1.0]),
    ("x.logsumexp(0)", [-inf, -inf]),
    ("x.logsumexp(0)", [-inf, 1.0]),
    ("x.logsumexp(0)", [inf, 1.0]),
    ("x.logcumsumexp(0).sum()", [-inf, 1.0, 2.0]),
    ("x.logcumsumexp(0).sum()", [-1000.0, 0.0]),
    ("x.cummax(0)[0].sum()", [1.0, 1.0, 0.0]),
    ("x.cummax(0)[0].sum()", [1.0, nan, 2.0]),
    ("x.nansum()", [1.0, nan]),
    ("x.nanmean()", [1.0, nan]),
]


@pytest.mark.parametrize(("words", "values"), KINKS)
def test_gradients_at_kinks_like_pytorch(words: str, values: list[float]) -> None:
    check_gradient(words, values)
