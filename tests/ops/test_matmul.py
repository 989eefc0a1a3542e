"""Products: errors, dtypes, operators, NumPy's names, memory, and `linear`."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_kr as torch

F = torch.nn.functional


def ones(*shape: int) -> torch.Tensor:
    return torch.ones(*shape)


@pytest.mark.parametrize(
    "a, b, message",
    [
        ((2, 3), (4, 5), r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 4x5\)"),
        ((7, 2, 3), (4, 5), r"mat1 and mat2 shapes cannot be multiplied \(14x3 and 4x5\)"),
        ((3,), (4, 5), r"mat1 and mat2 shapes cannot be multiplied \(1x3 and 4x5\)"),
        ((3,), (4,), r"inconsistent tensor size, expected tensor \[3\] and src \[4\]"),
        ((2, 3), (4,), r"size mismatch, got input \(2\), mat \(2x3\), vec \(4\)"),
        ((2, 3, 4), (2, 5, 6), r"Expected size for first two dimensions of batch2 tensor to be: \[2, 4\]"),
        ((2, 3, 4), (3, 4, 5), r"size of tensor a \(2\) must match the size of tensor b \(3\)"),
        ((), (3,), "need to be at least 1D, but they are 0D and 1D"),
    ],
)
def test_matmul_names_shapes_that_do_not_fit(a: tuple[int, ...], b: tuple[int, ...], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        torch.matmul(torch.ones(a), torch.ones(b))


def test_products_do_not_promote() -> None:
    with pytest.raises(
        RuntimeError, match="expected m1 and m2 to have the same dtype, but got: float != double"
    ):
        ones(2, 2) @ ones(2, 2).double()
    with pytest.raises(RuntimeError, match="long int != float"):
        F.linear(torch.ones(2, 3, dtype=torch.int64), ones(4, 3))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: torch.mm(ones(2), ones(2, 2)), RuntimeError, "self must be a matrix"),
        (lambda: torch.mm(ones(2, 2), ones(2)), RuntimeError, "mat2 must be a matrix"),
        (lambda: torch.bmm(ones(2, 3), ones(3, 2)), RuntimeError, "batch1 must be a 3D tensor"),
        (lambda: torch.bmm(ones(2, 3, 4), ones(3, 4, 5)), RuntimeError, r"\[2, 4\] but got: \[3"),
        (
            lambda: torch.mv(ones(2, 3), ones(3, 1)),
            RuntimeError,
            "vector expected, got 1, 2, 2",
        ),
        (lambda: torch.dot(ones(2, 2), ones(2)), RuntimeError, "1D tensors expected, but got 2D and 1D"),
        (lambda: torch.dot(ones(2), ones(2).double()), RuntimeError, "found Float and Double"),
        (lambda: torch.outer(ones(2, 2), ones(2)), RuntimeError, "Expected 1-D argument self"),
        (lambda: torch.inner(ones(2, 3), ones(2, 4)), RuntimeError, r"shapes \[2, 3\] and \[2, 4\]"),
        (lambda: torch.matmul(ones(2, 2), 3), TypeError, "argument 'other' must be Tensor, not int"),
        (lambda: ones(2, 2) @ 3, TypeError, "unsupported operand"),
        (lambda: ones(2, 2) @ [[1.0], [2.0]], TypeError, "unsupported operand"),
        (
            lambda: torch.addmm(ones(3), ones(2, 3), ones(3, 5)),
            RuntimeError,
            "expanded size of the tensor",
        ),
        (
            lambda: torch.addmv(ones(4), ones(2, 3), ones(3)),
            RuntimeError,
            "expanded size of the tensor",
        ),
    ],
)
def test_errors(call: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()  # type: ignore[operator]


def test_integers_multiply() -> None:
    a = torch.arange(6).reshape(2, 3)
    assert torch.equal(a @ a.t(), torch.tensor([[5, 14], [14, 50]]))
    assert (a @ a.t()).dtype is torch.int64


def test_arrays_take_part_on_both_sides() -> None:
    x = torch.tensor([[1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    right = x @ np.array([[1.0], [3.0]])
    left = np.array([[1.0], [3.0]]) @ x
    assert right.item() == 7 and tuple(left.shape) == (2, 2)
    (right.sum() + left.sum()).backward()
    assert x.grad.tolist() == [[5.0, 7.0]]


def test_numpy_names_record() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    for result in (np.matmul(x, x), np.dot(x, x), np.einsum("ij,jk->ik", x, x), np.tensordot(x, x, 1)):
        assert result.requires_grad
        np.testing.assert_allclose(result.detach().numpy(), [[7, 10], [15, 22]])
    assert np.outer(x[0], x[1]).tolist() == [[3.0, 4.0], [6.0, 8.0]]


def test_graph_nodes_have_pytorchs_names() -> None:
    x = torch.ones(2, 2, requires_grad=True)
    names = [
        one.grad_fn.name()
        for one in (x @ x, x @ x[0], x[0] @ x[0], F.linear(x, x, x[0]), torch.addmm(x, x, x))
    ]
    assert names == ["MmBackward0", "MvBackward0", "DotBackward0", "AddmmBackward0", "AddmmBackward0"]


def test_beta_zero_does_not_read_the_input() -> None:
    nan = torch.full((2, 2), float("nan"))
    assert torch.equal(torch.addmm(nan, ones(2, 2), ones(2, 2), beta=0), torch.full((2, 2), 2.0))
    assert torch.equal(torch.addr(nan, ones(2), ones(2), beta=0), ones(2, 2))


def test_addmm_in_place() -> None:
    x = ones(2, 2)
    assert x.addmm_(ones(2, 3), ones(3, 2)) is x and x.tolist() == [[4.0, 4.0], [4.0, 4.0]]


# -- linear --------------------------------------------------------------------------------------------------


def test_linear_names_what_does_not_fit() -> None:
    with pytest.raises(
        RuntimeError, match=r"\(2x3 and 4x5\): the input has 3 features, the weight expects 4"
    ):
        F.linear(ones(2, 3), ones(5, 4))
    with pytest.raises(RuntimeError, match=r"\(4x3 and 4x5\)"):
        F.linear(ones(2, 2, 3), ones(5, 4))
    with pytest.raises(RuntimeError, match=r"expanded size of the tensor \(5\) must .* \(4\)"):
        F.linear(ones(2, 3), ones(5, 3), ones(4))
    with pytest.raises(RuntimeError, match="at least 1D, but they are 0D and 2D"):
        F.linear(torch.tensor(1.0), ones(5, 3))
    with pytest.raises(RuntimeError, match="self is 3D: the weight"):
        F.linear(ones(2, 3), ones(2, 5, 3))
    with pytest.raises(TypeError, match="argument 'weight' must be Tensor, not NoneType"):
        F.linear(ones(2, 3), None)


def test_linear_expands_a_bias_of_size_one() -> None:
    bias = torch.tensor([2.0], requires_grad=True)
    out = F.linear(ones(3, 2), ones(4, 2), bias)
    assert torch.equal(out, torch.full((3, 4), 4.0))
    out.sum().backward()
    assert bias.grad.tolist() == [12.0]


def test_linear_skips_the_gradient_of_an_input_that_needs_none() -> None:
    weight = ones(4, 3).requires_grad_()
    node = F.linear(ones(2, 3), weight, ones(4).requires_grad_()).grad_fn
    assert len(node.next_functions) == 2


def test_linear_keeps_no_more_than_its_rules_name() -> None:
    bias = ones(4).requires_grad_()
    node = F.linear(ones(2, 3), ones(4, 3), bias).grad_fn
    assert node.saved == ()
