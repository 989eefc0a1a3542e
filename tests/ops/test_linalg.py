"""Linear algebra: errors, conventions, and derivatives where the declarations do not go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinygrad_kr as torch

linalg = torch.linalg


@pytest.mark.parametrize("name", ["inv", "det", "cholesky", "eigh", "slogdet"])
def test_square_matrices_are_required(name: str) -> None:
    function = getattr(linalg, name)
    with pytest.raises(RuntimeError, match=f"linalg.{name}: A must be batches of square matrices.* 2 by 3"):
        function(torch.ones(2, 3))
    with pytest.raises(RuntimeError, match="must have at least 2 dimensions"):
        function(torch.ones(2))
    with pytest.raises(RuntimeError, match=r"Expected a floating point or complex tensor as input. Got Long"):
        function(torch.ones(2, 2, dtype=torch.int64))


def test_singular_matrices_raise_linalg_error() -> None:
    for call in (
        lambda: linalg.inv(torch.zeros(2, 2)),
        lambda: linalg.solve(torch.zeros(2, 2), torch.ones(2)),
        lambda: linalg.cholesky(torch.zeros(2, 2)),
        lambda: linalg.matrix_power(torch.zeros(2, 2), -1),
    ):
        with pytest.raises(linalg.LinAlgError):
            call()
    assert issubclass(linalg.LinAlgError, RuntimeError)


def test_the_gradient_of_det_exists_at_singular_matrices() -> None:
    a = torch.tensor(
        [[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 1.0, 3.0]], dtype=torch.float64, requires_grad=True
    )
    linalg.det(a).backward()
    step = 1e-6
    for i in range(3):
        for j in range(3):
            moved = a.detach().numpy().copy()
            moved[i, j] += step
            assert a.grad[i, j].item() == pytest.approx(np.linalg.det(moved) / step, abs=1e-4)


def test_the_second_derivative_of_det_exists_at_singular_matrices() -> None:
    a = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64, requires_grad=True)
    (g,) = torch.autograd.grad(linalg.det(a), a, create_graph=True)
    assert g.tolist() == [[4.0, -2.0], [-2.0, 1.0]]
    (h,) = torch.autograd.grad(g[0, 0], a)
    np.testing.assert_allclose(h.numpy(), [[0, 0], [0, 1]], atol=1e-12)


def test_solve_tells_stacks_of_vectors_from_matrices() -> None:
    a = torch.eye(2).expand(3, 2, 2) * 2
    assert tuple(linalg.solve(a, torch.ones(3, 2)).shape) == (3, 2)
    assert tuple(linalg.solve(a, torch.ones(2, 5)).shape) == (3, 2, 5)
    with pytest.raises(RuntimeError, match=r"Incompatible shapes of A and B .* AX = B \(2x2 and 3x1\)"):
        linalg.solve(torch.eye(2), torch.ones(3))


def test_qr_modes() -> None:
    a = torch.tensor([[3.0, 1.0], [4.0, 2.0], [0.0, 1.0]], requires_grad=True)
    full = linalg.qr(a, "complete")
    assert tuple(full.Q.shape) == (3, 3) and tuple(full.R.shape) == (3, 2)
    with pytest.raises(RuntimeError, match="not differentiable when mode='complete' and nrows > ncols"):
        full.R.sum().backward()
    assert linalg.qr(a, "r").Q.numel() == 0
    with pytest.raises(RuntimeError, match="unrecognized mode 'foo'"):
        linalg.qr(a, "foo")


def test_full_svd_reconstructs_and_has_the_gradient_of_the_reduced_one() -> None:
    rng = np.random.default_rng(0)
    a = torch.tensor(rng.standard_normal((4, 2)), requires_grad=True)
    full = linalg.svd(a)
    assert tuple(full.U.shape) == (4, 4) and tuple(full.Vh.shape) == (2, 2)
    (g,) = torch.autograd.grad(full.S.sum(), a)
    (h,) = torch.autograd.grad(linalg.svdvals(a).sum(), a)
    np.testing.assert_allclose(g.numpy(), h.numpy(), rtol=1e-12)


def test_values_have_gradients_where_they_coincide() -> None:
    a = torch.eye(3, dtype=torch.float64, requires_grad=True)
    for function in (linalg.svdvals, linalg.eigvalsh, lambda x: linalg.matrix_norm(x, "nuc")):
        (g,) = torch.autograd.grad(function(a).sum(), a)
        np.testing.assert_allclose(g.numpy(), np.eye(3), atol=1e-12)
    zero = torch.zeros(2, 2, requires_grad=True)
    linalg.matrix_norm(zero).backward()
    assert zero.grad.abs().sum().item() == 0


def test_results_are_named_and_printed_as_pytorchs() -> None:
    a = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    assert linalg.eigh(a).eigenvalues.tolist() == [1.0, 2.0]
    assert repr(linalg.slogdet(a)).startswith("torch.return_types.linalg_slogdet(\nsign=tensor(1.)")
    assert torch.svd(a).V.shape == a.shape and torch.qr(a).R.shape == a.shape


def test_lstsq_fields() -> None:
    a, b = torch.tensor([[1.0], [1.0], [1.0]]), torch.tensor([[0.0], [3.0], [3.0]])
    found = linalg.lstsq(a, b, driver="gelsd")
    assert found.solution.item() == pytest.approx(2) and found.residuals.item() == pytest.approx(6)
    assert found.rank.item() == 1 and found.singular_values.item() == pytest.approx(3**0.5)
    assert linalg.lstsq(a, b).residuals.numel() == 0


def test_matrix_rank_thresholds() -> None:
    a = torch.diag(torch.tensor([1.0, 0.1, 0.0]))
    assert linalg.matrix_rank(a).item() == 2
    assert linalg.matrix_rank(a, rtol=0.5).item() == 1
    assert linalg.matrix_rank(a, atol=2.0).item() == 0


def test_logdet_of_negative_and_zero_determinants() -> None:
    assert torch.logdet(torch.tensor([[1.0, 2.0], [2.0, 1.0]])).isnan()
    assert torch.logdet(torch.zeros(2, 2)).item() == -np.inf


def test_norms_and_condition_errors() -> None:
    with pytest.raises(RuntimeError, match="Order 3 not supported"):
        linalg.matrix_norm(torch.eye(2), 3)
    with pytest.raises(RuntimeError, match="cond got an invalid norm type: 3"):
        linalg.cond(torch.eye(2), 3)
    assert linalg.cond(torch.zeros(2, 2), 1).item() == np.inf


def test_matrix_power_of_zero_and_one() -> None:
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert torch.equal(a.matrix_power(0), torch.eye(2))
    assert torch.equal(a.matrix_power(1), a) and a.matrix_power(1) is not a
    with pytest.raises(TypeError, match=r"argument 'n' .* must be int, not float"):
        a.matrix_power(1.5)


def test_multi_dot_takes_the_cheapest_order() -> None:
    from tinygrad_kr.ops.linalg import _cheapest_order

    assert _cheapest_order([10, 100, 5, 50])[0, 2] == 1  # (A B) C
    assert _cheapest_order([50, 5, 100, 10])[0, 2] == 0  # A (B C)
    with pytest.raises(RuntimeError, match=r"tensors 0 and 1 with shapes \[2, 3\] and \[4, 2\]"):
        linalg.multi_dot([torch.ones(2, 3), torch.ones(4, 2)])


def test_cross_dimensions() -> None:
    with pytest.raises(RuntimeError, match="no dimension of size 3"):
        torch.cross(torch.ones(2, 4), torch.ones(2, 4))
    with pytest.raises(RuntimeError, match=r"dimension -1 must have length 3. Got 3 and 4"):
        linalg.cross(torch.ones(2, 3), torch.ones(2, 4))


@pytest.mark.parametrize(
    "equation, shapes, message",
    [
        ("ij,jk", [(2, 3), (4, 5)], "subscript j has size 4 for operand 1 .* previously seen size 3"),
        ("ijk", [(2, 3)], "number of subscripts in the equation \\(3\\) should be equal to"),
        ("ij,jk", [(2, 3)], "fewer operands were provided"),
        ("ij", [(2, 3), (2, 3)], "more operands were provided"),
        ("ij->k", [(2, 3)], "output subscript k does not appear"),
        ("ij->ii", [(2, 3)], "output subscript i appears more than once"),
        ("i1", [(2, 3)], "invalid subscript '1'"),
        ("ii", [(2, 3)], "subscript i is repeated for operand 0 but the sizes don't match"),
    ],
)
def test_einsum_errors(equation: str, shapes: list[tuple[int, ...]], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        torch.einsum(equation, *(torch.ones(shape) for shape in shapes))


def test_einsum_takes_a_list_and_ignores_spaces() -> None:
    a, b = torch.ones(2, 3), torch.ones(3, 4)
    assert torch.equal(torch.einsum(" i j , j k -> i k ", [a, b]), torch.full((2, 4), 3.0))


def test_distances_of_equal_points_have_a_gradient_of_zero() -> None:
    x = torch.ones(1, 2, requires_grad=True)
    torch.cdist(x, x.detach()).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0]]


def test_many_distances_are_those_of_few() -> None:
    x, y = (torch.randn(2, rows, 5, dtype=torch.float64, requires_grad=True) for rows in (30, 40))
    g = torch.randn(2, 30, 40, dtype=torch.float64)
    found = torch.cdist(x, y)
    exact = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
    assert torch.allclose(found, exact, rtol=1e-10)
    for one, two in zip(torch.autograd.grad(found, (x, y), g), torch.autograd.grad(exact, (x, y), g)):
        assert torch.allclose(one, two, rtol=1e-8)
    assert torch.cdist(x, x).diagonal(dim1=1, dim2=2).max() < 1e-6
    with pytest.raises(ValueError, match="not a valid value for compute_mode"):
        torch.cdist(x, y, compute_mode="fast")


def test_normalize_keeps_zero_vectors() -> None:
    out = torch.nn.functional.normalize(torch.zeros(2, 2))
    assert out.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_cdist_errors() -> None:
    with pytest.raises(RuntimeError, match=r"same number of columns. X1: 2 X2: 3"):
        torch.cdist(torch.ones(3, 2), torch.ones(4, 3))
    with pytest.raises(RuntimeError, match="non-negative p"):
        torch.cdist(torch.ones(3, 2), torch.ones(4, 2), p=-1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: torch.linalg.lu_factor(torch.zeros(2, 2)),
        lambda: torch.linalg.cholesky_ex(-torch.eye(2), check_errors=True),
        lambda: torch.linalg.inv_ex(torch.zeros(3, 2, 2), check_errors=True),
        lambda: torch.linalg.ldl_factor_ex(torch.zeros(2, 2), check_errors=True),
    ],
)
def test_what_has_no_factors_raises_if_asked(call: Callable[[], object]) -> None:
    with pytest.raises(torch.linalg.LinAlgError, match=r"zero|positive"):
        call()


def test_info_singles_out_the_matrices_that_failed() -> None:
    good, bad = torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([[1.0, 2.0], [2.0, 4.0]])
    both = torch.stack([bad, good])
    inverse, info = torch.linalg.inv_ex(both)
    assert info.tolist() == [2, 0] and inverse[0].isnan().all()
    assert inverse[1].tolist() == [[0.5, 0], [0, 0.25]]
    factor, info = torch.linalg.cholesky_ex(torch.stack([-good, good]))
    assert info.tolist() == [1, 0] and factor[0].isnan().any() and factor[1, 1, 1] == 2
    for right in (torch.ones(2, 2), torch.ones(2, 2, 3), torch.ones(2, 1)):
        result, info = torch.linalg.solve_ex(both, right)
        assert info.tolist() == [2, 0] and result[0].isnan().all() and result[1].isfinite().all()


def test_lobpcg_needs_larger_matrices() -> None:
    with pytest.raises(ValueError, match=r"linalg\.eigh"):
        torch.lobpcg(torch.eye(5), k=2)
