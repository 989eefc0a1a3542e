"""Complex tensors beside PyTorch's: values and gradients of both orders, of what they may enter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr

theirs = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

EXPRESSIONS = """
x+1
x*2.5
x*(1+2j)
(1+2j)*x
(2-1j)/x
x/(2-1j)
x-1j
1j-x
-x
x**2
x**3
x**-1
x**2.5
x**(1+1j)
2**x
x.exp()
x.log()
x.sqrt()
x.rsqrt()
x.sin()
x.cos()
x.tan()
x.sinh()
x.cosh()
x.tanh()
x.sigmoid()
x.square()
x.reciprocal()
x.abs()
L.abs(x*0)
x.angle()
x.conj()
L.sgn(x)
x.real
x.imag
L.real(x)*2
L.imag(x)**2
L.view_as_real(x)
L.view_as_complex(L.view_as_real(x).contiguous())
L.view_as_complex(L.view_as_real(x)*3)
x.sum()
x.sum(0)
x.mean()
x.mean(1,keepdim=True)
x.prod()
x.prod(1)
x.cumsum(0)
x.cumprod(0)
x.reshape(-1)
x.t()
x.T
x.mT
x.H
x.mH
x.adjoint()
x[0]
x[:,1:]
x[[0,1,0]]
x[:, None]
x.permute(1,0)
x.flip(0)
x.roll(1)
L.cat([x,x])
L.stack([x,x*2])
x.split(1)[0]
x.unbind(0)[1]
x.repeat(2,1)
x.expand(2,*x.shape)
x.unsqueeze(0).squeeze(0)
L.where(x.real>0,x,0)
L.where(x.real>0,x,x*2)
x@x.T
x.mm(x.T)
x@x[0]
L.einsum('ij,kj->ik',x,x)
L.bmm(x[None],x.T[None])
L.outer(x[0],x[0])
L.dot(x[0],x[1])
L.vdot(x[0],x[1])
L.kron(x,x)
L.tensordot(x,x,dims=2)
L.addmm(x[:2,:2],x[:2,:2],x[:2,:2])
L.nn.functional.pad(x,(1,1))
L.nn.functional.linear(x,x)
x.clone()
x.contiguous()
x.to(L.complex64)
x.to(L.complex128)
x.diagonal()
x.triu()
x.tril()
x.trace()
L.diag(x[0])
L.norm(x)
x.norm()
L.linalg.norm(x)
L.linalg.vector_norm(x)
L.linalg.vector_norm(x,1)
L.linalg.vector_norm(x,float('inf'))
L.linalg.matrix_norm(x)
x.var()
x.std()
x.var(0)
x.masked_fill(x.real>0,0)
x.masked_fill(x.real>0,1j)
x.gather(0,L.zeros(1,2).long())
x.index_select(0,L.tensor([0,0]))
x.take(L.tensor([0,1]))
L.take_along_dim(x,L.zeros(1,2).long(),0)
x.isnan()
x.isinf()
x.isfinite()
x==x
x!=x
x.eq(x.real)
L.isclose(x,x)
L.logical_not(x)
x.bool()
x.isreal()
x.nonzero()
x.count_nonzero()
x.any()
x.all()
x.addcmul(x,x)
x.addcdiv(x,x)
x.lerp(x*2,0.5)
L.lerp(x,x*2,0.3+0.1j)
L.zeros_like(x)
L.ones_like(x)+x
L.full_like(x,2j)
x.new_zeros(2)
L.linalg.inv(x[:2,:2])
L.linalg.det(x[:2,:2])
L.linalg.solve(x[:2,:2],x[:2,:2])
L.linalg.matrix_power(x[:2,:2],3)
L.linalg.pinv(x)
L.linalg.slogdet(x[:2,:2])[1]
L.linalg.multi_dot([x,x.T,x])
L.meshgrid(x[0],x[0],indexing='ij')[0]
x.acos()
x.asin()
x.atan()
x.asinh()
x.acosh()
x.atanh()
x.log2()
x.log10()
x.log1p()
x.expm1()
x.exp2()
x.diff()
x.sinc()
L.trapz(x)
x.positive()
x.logsumexp(0)
L.nn.functional.normalize(x)
L.nn.functional.conv1d(x[None],x[None])
L.nn.functional.conv2d(x[None,None],x[None,None])
L.dist(x,x*2)
L.renorm(x,2,0,1.)
L.sum(x.abs()**2)
(x*x.conj()).real.sum()
L.polar(x.abs(),x.angle())
L.complex(x.real,x.imag*2)
x.real*x
x*x.abs()
L.float_power(x,2)
L.rot90(x)
L.movedim(x,0,1)
L.block_diag(x,x)
L.hstack([x,x])
L.atleast_3d(x)
L.ravel(x)
L.tile(x,(2,1))
L.cross(x[:, :1].expand(2,3).contiguous(),x[:, :1].expand(2,3).contiguous()*2)
L.nn.functional.dropout(x,0.0)
x.repeat_interleave(2)
L.chunk(x,2)[0]
L.index_add(x,0,L.tensor([0,1]),x)
L.masked_select(x,x.real>0)
L.std_mean(x)[1]
""".strip().split("\n")


def _drawn(like: Any, seed: int) -> np.ndarray:
    """Random numbers of the shape and dtype of a tensor."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(tuple(like.shape))
    if like.is_complex():
        values = values + 1j * rng.standard_normal(tuple(like.shape))
    return np.asarray(values, str(like.dtype).removeprefix("torch."))


def _plain(value: Any) -> np.ndarray:
    return np.zeros(()) if value is None else value.detach().resolve_conj().resolve_neg().numpy()


def _results(torch: Any, expression: str, array: np.ndarray) -> list[np.ndarray]:
    """The value of an expression of x, its gradient (with and without `create_graph`), and a second one."""
    x = torch.from_numpy(array.copy()).requires_grad_()
    out = eval(expression, {"L": torch, "x": x})
    out = out[0] if isinstance(out, (tuple, list)) else out
    if not out.requires_grad:
        return [_plain(out)]
    seed = torch.from_numpy(_drawn(out, 1)).requires_grad_()
    (plain,) = torch.autograd.grad(out, x, seed.detach(), retain_graph=True)
    (first,) = torch.autograd.grad(out, x, seed, create_graph=True)
    results = [out, plain, first]
    if first.requires_grad:
        results += torch.autograd.grad(
            first, [x, seed], torch.from_numpy(_drawn(first, 2)), allow_unused=True
        )
    return [_plain(one) for one in results]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_values_and_gradients(expression: str, dtype: str) -> None:
    rng = np.random.default_rng(3)
    array = (rng.standard_normal((2, 2)) + 1j * rng.standard_normal((2, 2))).astype(dtype)
    got, want = (_results(torch, expression, array) for torch in (tinygrad_kr, theirs))
    tolerance = 1e-8 if dtype == "complex128" else 2e-4
    assert len(got) == len(want)
    assert got[0].dtype == want[0].dtype
    for one, other in zip(got, want):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "values",
    [[1 + 2j, -3.25 - 0.001j], [[1e5 + 1j, 0j]], [complex("nan+infj"), 1j], [], [0.5 + 0j], 2 - 1j],
)
def test_printing(values: Any) -> None:
    one, other = (torch.tensor(values, dtype=torch.complex64) for torch in (tinygrad_kr, theirs))
    assert repr(one) == repr(other)


@pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
@pytest.mark.parametrize("dim", [None, 0, (0, 1), -1])
def test_shifts(name: str, dim: Any) -> None:
    got, want = (
        getattr(torch.fft, name)(torch.arange(20).reshape(4, 5), dim=dim) for torch in (tinygrad_kr, theirs)
    )
    assert got.tolist() == want.tolist()


@pytest.mark.parametrize("shape", [(4,), (5,), (2, 3), (2, 3, 4), ()])
@pytest.mark.parametrize("family", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_transforms_of_every_shape(family: str, shape: tuple[int, ...]) -> None:
    array = np.asarray(np.random.default_rng(1).standard_normal(shape), np.float32)
    for suffix in ("", "2", "n"):
        found: list[Any] = []
        for torch in (tinygrad_kr, theirs):
            try:
                found.append(getattr(torch.fft, family + suffix)(torch.from_numpy(array)))
            except (RuntimeError, IndexError) as error:
                found.append(error)
        got, want = found
        if isinstance(want, Exception):
            assert isinstance(got, type(want)), got
        else:
            assert str(got.dtype) == str(want.dtype)
            np.testing.assert_allclose(_plain(got), _plain(want), rtol=1e-5, atol=1e-5)
