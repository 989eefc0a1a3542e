"""Special functions, statistics, factorisations, memory: errors, dtypes and special values are PyTorch's."""

from __future__ import annotations

import pytest

from tests.ops.agreement import agree, gradients_at, nan
from tests.ops.said_twice import check

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

UNARY = [
    *("gammaln", "digamma", "entr", "erfcx", "i0", "i0e", "i1", "i1e", "log_ndtr", "ndtr", "ndtri"),
    *("bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "modified_bessel_i0", "modified_bessel_i1"),
    *("modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1"),
    *("spherical_bessel_j0", "airy_ai"),
]
POINTS = [-3.5, -1.0, -0.5, -0.0, 0.0, 0.3, 1.0, 2.5, nan]


@pytest.mark.parametrize("name", UNARY)
def test_special_values(name: str) -> None:
    agree(lambda torch: getattr(torch.special, name)(torch.tensor(POINTS)), torch, rtol=2e-6)
    agree(lambda torch: getattr(torch.special, name)(torch.tensor(POINTS).double()), torch)


DIFFERENTIABLE = ["gammaln", "digamma", *UNARY[2:11]]


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives_at_special_values(name: str) -> None:
    points = [-0.7, -0.5, 0.0, 0.3, 1.0, 2.5]
    agree(gradients_at(lambda torch, x: getattr(torch.special, name)(x), points), torch)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float64"])
def test_dtypes(name: str, dtype: str) -> None:
    agree(
        lambda torch: getattr(torch.special, name)(torch.tensor([1, 1, 1]).to(getattr(torch, dtype))),
        torch,
        rtol=2e-6,
    )


WORDS = """
torch.igamma(i, i)
torch.igamma(x, 2.0)
torch.igamma(x, x.double())
torch.special.gammainc(torch.tensor([0.0, 0, 2, 2, -1, 2]), torch.tensor([1.0, 0, 0, inf, 1, -1]))
torch.special.gammaincc(torch.tensor([0.0, 0, 2, 2, -1, 2]), torch.tensor([1.0, 0, 0, inf, 1, -1]))
torch.polygamma(1, i + 1)
torch.polygamma(-1, x)
torch.polygamma(x, 1)
torch.polygamma(3, torch.tensor([0.5, -1.5, -1.0, 0.0]))
torch.mvlgamma(i + 3, 2)
torch.mvlgamma(torch.tensor([3.0, 0.5]), 2)
torch.mvlgamma(x + 3, 0)
torch.special.zeta(i, i)
torch.special.zeta(2, x)
torch.special.zeta(x, 2)
torch.special.zeta(2, 2)
torch.special.zeta(torch.tensor([3.0, 3.0, 2.5]), torch.tensor([-1.5, -2.0, -1.5]))
torch.special.xlog1py(2, x)
torch.special.xlog1py(i, i)
torch.special.xlog1py(torch.tensor([0.0, 0.0, nan]), torch.tensor([nan, -1.0, 0.0]))
torch.special.chebyshev_polynomial_t(2.0, i)
torch.special.hermite_polynomial_h(x, 3)
torch.special.legendre_polynomial_p(i, 2)
torch.special.laguerre_polynomial_l(2.0, 3)
torch.gcd(i, torch.tensor([4, 6, 0]))
torch.gcd(x, x)
torch.gcd(b, b)
torch.gcd(i, 2)
torch.lcm(torch.tensor([-4, 6, 0]), torch.tensor([6, -4, 5]))
torch.ldexp(i, i)
torch.ldexp(x, i)
torch.ldexp(x, x)
torch.ldexp(x, 2)
torch.ldexp(x, torch.tensor([200, -200, 0]))
torch.frexp(torch.tensor([0.0, inf, nan, -3.0]))
torch.frexp(i)
torch.nextafter(x, x + 1)
torch.nextafter(i, i)
torch.angle(torch.tensor([-1.0, 0.0, 1.0, nan, -0.0]))
torch.angle(i - 1)
torch.angle(b)
torch.real(i)
torch.result_type(i, 1.5)
torch.result_type(x, torch.tensor(2.0).double())
torch.result_type(1, 2.0)
torch.is_same_size(x, i)
torch.cov(i)
torch.cov(x, correction=0)
torch.cov(x, correction=5)
torch.cov(s)
torch.cov(torch.zeros(2, 0))
torch.cov(x, fweights=torch.tensor([1, 2]))
torch.cov(x, fweights=torch.tensor([1.0, 2, 3]))
torch.cov(x, aweights=torch.tensor([1, 2, 3]))
torch.cov(x, fweights=torch.tensor([1, -2, 3]))
torch.cov(torch.zeros(2, 3, 2))
torch.corrcoef(i)
torch.corrcoef(i[0])
torch.vander(x[0])
torch.vander(i[1], increasing=True)
torch.vander(i[1], N=5)
torch.vander(i[1], N=0)
torch.vander(x)
torch.gradient(i[1])
torch.gradient(x, spacing=2.0)
torch.gradient(x, dim=0)
torch.gradient(x, dim=(0, 0))
torch.gradient(x, spacing=[1.0])
torch.gradient(x[0], edge_order=3)
torch.gradient(x, edge_order=2)
torch.gradient(i[1], spacing=(torch.tensor([0.0, 1, 3]),))
torch.histogramdd(x, bins=2).hist
torch.histogramdd(x, bins=2).bin_edges
torch.histogramdd(x, bins=[2])
torch.histogramdd(x[0], bins=2)
torch.histogramdd(i, bins=2)
torch.histogramdd(x, bins=2, weight=x)
torch.linalg.lu_factor_ex(torch.zeros(2, 2))
torch.linalg.lu(x, pivot=False)
torch.linalg.lu(x)
torch.linalg.lu(x.T)
torch.lu_unpack(*torch.linalg.lu_factor(x), unpack_data=False)
torch.lu_unpack(*torch.linalg.lu_factor(x), unpack_pivots=False)
torch.lu_unpack(x, i)
torch.linalg.lu_solve(*torch.linalg.lu_factor(torch.eye(2)), torch.ones(3, 1))
torch.linalg.cholesky_ex(torch.tensor([[1.0, 2], [2, 1]])).info
torch.linalg.cholesky_ex(torch.tensor([[[1.0, 2], [2, 1]], [[2.0, 0], [0, 1]]])).L[1]
torch.linalg.inv_ex(torch.tensor([[1.0, 2], [2, 4]])).info
torch.linalg.solve_ex(torch.zeros(2, 2), torch.ones(2)).info
torch.linalg.solve_ex(torch.eye(2), torch.ones(2))
torch.linalg.ldl_factor_ex(torch.zeros(2, 2)).info
torch.linalg.householder_product(x, torch.ones(2))
torch.ormqr(x.T, torch.ones(2), torch.ones(2, 3))
torch.lobpcg(torch.eye(2), k=1)
torch.triangular_solve(torch.ones(2, 1), x[:, 1:])
torch.norm_except_dim(x, 2, 1)
torch.norm_except_dim(x, 2, -1)
torch.norm_except_dim(x, 1, 0)
torch.frobenius_norm(x, [0, 1])
torch.frobenius_norm(x, 1, keepdim=True)
torch.nuclear_norm(x)
torch.nuclear_norm(x, keepdim=True)
torch.as_strided_scatter(torch.zeros(3, 3), torch.ones(2, 2), (2, 2), (1, 2), 1)
torch.as_strided_scatter(torch.zeros(3, 3), torch.ones(4), (2, 2), (1, 2), 1)
torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.int32, count=1, offset=4)
torch.frombuffer(bytearray(b"abcdefg"), dtype=torch.int32)
torch.frombuffer(b"", dtype=torch.int32)
torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.int32, count=3)
torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.int32, offset=9)
torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.int32, count=0)
x.apply_(lambda v: v + 1)
x.requires_grad_().apply_(abs)
x.map_(torch.ones(3), lambda a, b: a + b)
x.map_(i, lambda a, b: a + b)
x.storage().tolist()
x.untyped_storage().tolist()
torch.kl_div(x, x)
torch.kl_div(x, x, 1)
torch.kl_div(x, x, 2, log_target=True)
torch.binary_cross_entropy_with_logits(x, x * 0, None, None, 1)
torch.cosine_embedding_loss(x, x + 1, torch.tensor([1.0, -1]), 0.5, 2)
torch.hinge_embedding_loss(x, torch.ones_like(x), 1.0, 1)
torch.margin_ranking_loss(x, x * 2, torch.ones_like(x), 1.0)
torch.poisson_nll_loss(x, x, True, False, 1e-8, 1)
torch.triplet_margin_loss(x, x + 1, x - 2, 1.0, 2.0, 1e-6, False, 1)
torch.ctc_loss(torch.zeros(5, 1, 3).log_softmax(-1), torch.tensor([[1, 2]]), [5], [2])
torch.ctc_loss(torch.zeros(5, 1, 3).log_softmax(-1), torch.tensor([[1, 2]]), [5], [2], 0, 1)
torch.embedding(x, torch.tensor([1, 0]))
torch.embedding(x, torch.tensor([1, 2]))
torch.embedding_bag(x, torch.tensor([0, 1, 1]), torch.tensor([0, 2]))[0]
torch.embedding_bag(x, torch.tensor([0, 1, 1]), torch.tensor([0, 2]), False, 1)[0]
torch.embedding_bag(x, torch.tensor([0, 1, 1]), torch.tensor([0, 2]), False, 2)[0]
torch.embedding_renorm_(x, torch.tensor([1]), 1.0, 2.0)
torch.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False)
torch.batch_norm(x, x[0], x[1], x[0], x[1], False, 0.1, 1e-5, False)
torch.instance_norm(x[None], None, None, None, None, True, 0.1, 1e-3, False)
torch.bilinear(torch.ones(1, 2), torch.ones(1, 3), torch.ones(4, 2, 3), None)
torch.affine_grid_generator(torch.eye(2, 3)[None], [1, 1, 2, 2], False)
torch.grid_sampler(torch.arange(4.0).reshape(1, 1, 2, 2), torch.full((1, 1, 1, 2), 0.9), 0, 1, False)
torch.grid_sampler_2d(torch.arange(4.0).reshape(1, 1, 2, 2), torch.full((1, 1, 1, 2), 0.9), 1, 0, True)
torch.conv_tbc(torch.arange(8.0).reshape(4, 1, 2), torch.arange(12.0).reshape(2, 2, 3), torch.ones(3), 1)
torch.adaptive_max_pool1d(x, 2)
torch.max_pool1d_with_indices(x, 2, 1)
torch.dropout_(x, 0.0, True)
torch.alpha_dropout_(x, 0.5, False)
torch.resize_as_(x, torch.zeros(3, 2))
"""


@pytest.mark.parametrize("words", WORDS.strip().split("\n"))
def test_said_twice(words: str) -> None:
    check(words)
