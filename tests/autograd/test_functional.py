"""gradcheck, autograd.functional and anomaly detection."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.autograd import functional

X = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
V = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)


def cubes(x: torch.Tensor) -> torch.Tensor:
    return x**3


def energy(x: torch.Tensor) -> torch.Tensor:
    return (x**3).sum() + x[0] * x[1] * x[2]


HESSIAN = np.array([[6.0, 3.0, 2.0], [3.0, 12.0, 1.0], [2.0, 1.0, 18.0]])


def test_jacobian_and_products() -> None:
    jacobian = np.diag(3 * X.numpy() ** 2)
    np.testing.assert_allclose(functional.jacobian(cubes, X).numpy(), jacobian)
    np.testing.assert_allclose(functional.vjp(cubes, X, V)[1].numpy(), V.numpy() @ jacobian)
    np.testing.assert_allclose(functional.jvp(cubes, X, V)[1].numpy(), jacobian @ V.numpy())


def test_jacobian_of_several_inputs_and_outputs() -> None:
    blocks = functional.jacobian(lambda a, b: (a * b, a.sum()), (X, V))
    np.testing.assert_allclose(blocks[0][0].numpy(), np.diag(V.numpy()))
    np.testing.assert_allclose(blocks[0][1].numpy(), np.diag(X.numpy()))
    np.testing.assert_allclose(blocks[1][0].numpy(), np.ones(3))
    np.testing.assert_allclose(blocks[1][1].numpy(), np.zeros(3))


def test_hessian_and_products() -> None:
    np.testing.assert_allclose(functional.hessian(energy, X).numpy(), HESSIAN)
    np.testing.assert_allclose(functional.vhp(energy, X, V)[1].numpy(), V.numpy() @ HESSIAN)
    np.testing.assert_allclose(functional.hvp(energy, X, V)[1].numpy(), HESSIAN @ V.numpy())


def test_create_graph_keeps_the_result_differentiable() -> None:
    x = X.clone().requires_grad_()
    functional.hessian(energy, x, create_graph=True).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [6 + 2, 6 + 2, 6 + 2])


def test_errors() -> None:
    with pytest.raises(RuntimeError, match="single element"):
        functional.hessian(cubes, X)
    with pytest.raises(RuntimeError, match="give v"):
        functional.vjp(cubes, X)
    with pytest.raises(RuntimeError, match="invalid size"):
        functional.jvp(cubes, X, torch.ones(2))
    with pytest.raises(RuntimeError, match="independent"):
        functional.jacobian(lambda x: torch.ones(1), X, strict=True)


def test_gradcheck_finds_a_wrong_derivative() -> None:
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * 3

    x = X.clone().requires_grad_()
    with pytest.raises(torch.autograd.GradcheckError, match="Jacobian mismatch"):
        torch.autograd.gradcheck(Wrong.apply, (x,))
    assert not torch.autograd.gradcheck(Wrong.apply, (x,), raise_exception=False)
    with pytest.raises(ValueError, match="requires_grad=True"):
        torch.autograd.gradcheck(Wrong.apply, (X,))


def test_anomaly_detection_names_the_forward_line() -> None:
    x = torch.zeros(2, requires_grad=True)
    with torch.autograd.detect_anomaly():
        y = (x.sqrt() * 0).sum()  # this line made the NaN
        with pytest.raises(RuntimeError, match=r"SqrtBackward0.*nan") as caught:
            y.backward()
    assert "this line made the NaN" in str(caught.value)
    assert not torch.is_anomaly_enabled()


def test_anomaly_detection_shows_where_a_changed_tensor_was_saved() -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.autograd.detect_anomaly():
        y = x * 1
        z = (y * y).sum()  # saved here
        y.add_(1)
        with pytest.raises(RuntimeError, match="saved here"):
            z.backward()


def test_anomaly_detection_shows_lines_of_the_user_alone() -> None:
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    with torch.autograd.detect_anomaly():
        node = torch.softmax(x.view(2), dim=0).sum().grad_fn
    assert "x.view(2)" in node.trace and "apply" not in node.trace
