"""Complex tensors: what a user sees of their gradients, views of their parts, and where they may not go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.autograd.primitive import definitions, real_only

Z = [1 + 2j, -0.5 + 1j, 3 - 4j]


def leaf(values: Any = Z, dtype: Any = torch.complex128) -> torch.Tensor:
    return torch.tensor(values, dtype=dtype, requires_grad=True)


def test_the_gradient_is_the_direction_of_steepest_ascent() -> None:
    z = leaf()
    (z * z.conj()).real.sum().backward()  # |z|² = x² + y²
    assert z.grad is not None and z.grad.tolist() == [2 * one for one in Z]
    w = leaf()
    (w**2).imag.sum().backward()  # 2xy: ∂/∂x = 2y, ∂/∂y = 2x
    assert w.grad is not None
    np.testing.assert_allclose(w.grad.numpy(), [2 * (one.imag + 1j * one.real) for one in Z])


def test_a_real_tensor_gets_the_real_part() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * (3 + 4j)
    assert y.dtype is torch.complex64
    (y.real + 2 * y.imag).sum().backward()
    assert x.grad is not None and x.grad.dtype is torch.float32 and x.grad.tolist() == [11.0, 11.0]
    (g,) = torch.autograd.grad((x * 1j).abs().sum(), x, create_graph=True)
    assert g.dtype is torch.float32


def test_backward_starts_from_real_numbers_or_with_a_gradient() -> None:
    z = leaf()
    with pytest.raises(RuntimeError, match="real scalar outputs"):
        z.sum().backward()
    with pytest.raises(RuntimeError, match="same dtype"):
        (z * 2).backward(torch.ones(3))
    (z * (1 + 1j)).backward(torch.tensor([1, 1j, 0], dtype=torch.complex128))
    assert z.grad is not None and z.grad.tolist() == [1 - 1j, 1 + 1j, 0]


def test_hooks_and_functions_see_what_the_user_sees() -> None:
    seen = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2j

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            seen.append(g.tolist())
            return g * -2j  # g times the conjugate of 2i

    z = leaf()
    z.register_hook(lambda g: seen.append(g.tolist()))
    y = Double.apply(z)
    y.register_hook(lambda g: g * 2)
    y.retain_grad()
    y.backward(torch.tensor([1, 1j, 1 + 1j], dtype=torch.complex128))
    assert seen == [[2, 2j, 2 + 2j], [-4j, 4, 4 - 4j]]
    assert z.grad is not None and z.grad.tolist() == seen[1]


def test_the_parts_are_views() -> None:
    z = torch.tensor([1 + 2j, 3 - 4j])
    z.real.mul_(2)
    z.imag[0] = 7
    assert z.tolist() == [2 + 7j, 6 - 4j]
    z.real = torch.tensor([0.5, 0.25])
    z.imag = 1
    assert z.tolist() == [0.5 + 1j, 0.25 + 1j]
    torch.view_as_real(z)[0, 0] = 9
    assert z[0].item() == 9 + 1j
    pair = torch.zeros(2, 2)
    torch.view_as_complex(pair)[1] = 3 + 4j
    assert pair.tolist() == [[0, 0], [3, 4]]
    with pytest.raises(RuntimeError, match="non-complex"):
        torch.zeros(2).imag  # noqa: B018
    with pytest.raises(RuntimeError, match="view of a leaf"):
        leaf().imag.mul_(2)


@pytest.mark.parametrize("part", ["real", "imag"])
def test_gradients_through_changes_of_a_part(part: str) -> None:
    def function(z: Any) -> Any:
        y = z * 1
        getattr(y, part).mul_(3)
        return (y.real**2 + 5 * y.imag).sum(), y

    assert torch.autograd.gradcheck(function, (leaf(),))


@pytest.mark.parametrize(
    "function",
    [
        torch.exp,
        torch.abs,
        torch.angle,
        lambda z: z * z.conj() / (2 - 1j),
        lambda z: (1 + 1j) ** z,
        lambda z: torch.fft.fft(z, 4),
        lambda z: torch.fft.irfft(z),
        lambda z: torch.linalg.vector_norm(z),
        lambda z: z.var(),
        lambda z: torch.outer(z, z) @ z,
        lambda z: torch.where(z.real > 0, z, z * 1j),
        lambda z: torch.nn.functional.normalize(z, dim=0),
    ],
)
def test_gradcheck_of_both_orders(function: Any) -> None:
    assert torch.autograd.gradcheck(function, (leaf(),))
    assert torch.autograd.gradgradcheck(function, (leaf(),))


def test_gradcheck_notices_a_missing_conjugate() -> None:
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1j

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 1j

    assert not torch.autograd.gradcheck(Wrong.apply, (leaf(),), raise_exception=False)


def test_conversions() -> None:
    z = torch.tensor(Z)
    assert (z.dtype, z.cdouble().dtype, z.is_complex()) == (torch.complex64, torch.complex128, True)
    with pytest.warns(UserWarning, match="discards the imaginary part"):
        assert z.float().tolist() == [1.0, -0.5, 3.0]
    assert torch.tensor([0j, 1j]).bool().tolist() == [False, True]
    assert torch.zeros(1).to(torch.complex64).tolist() == [0j]
    assert repr(z) == "tensor([ 1.0000+2.j, -0.5000+1.j,  3.0000-4.j])"
    assert torch.allclose(z, z + 1e-9) and torch.equal(z, z.clone())
    assert torch.isclose(z, z * (1 + 1e-3j)).tolist() == [False] * 3


def test_names_of_real_operations_exist() -> None:
    assert real_only <= {one.__name__ for one in definitions.values()}


@pytest.mark.parametrize(
    "call",
    [
        lambda z: z < 1,
        lambda z: z.max(),
        lambda z: z.sort(),
        lambda z: z.argmax(),
        lambda z: z.clamp(0, 1),
        lambda z: torch.relu(z),
        lambda z: z.floor(),
        lambda z: z % 2,
        lambda z: z.erf(),
        lambda z: z.sign(),
        lambda z: torch.maximum(z, z),
        lambda z: torch.unique(z),
        lambda z: torch.nn.functional.layer_norm(z, (3,)),
        lambda z: torch.linalg.svdvals(z[None]),
    ],
)
def test_what_has_no_meaning_raises(call: Any) -> None:
    with pytest.raises(NotImplementedError, match=r"[cC]omplex"):
        call(torch.tensor(Z))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: torch.complex(torch.zeros(2), torch.zeros(2, dtype=torch.float64)),
            "Float but got .* Double",
        ),
        (lambda: torch.polar(torch.zeros(2).long(), torch.zeros(2)), "Long and Float"),
        (lambda: torch.view_as_complex(torch.zeros(3)), "size 2"),
        (lambda: torch.view_as_complex(torch.zeros(3, 4)[:, ::2]), "stride 1"),
        (lambda: torch.view_as_complex(torch.zeros(2).long()), "Long"),
        (lambda: torch.view_as_real(torch.zeros(2)), "complex tensors"),
        (lambda: torch.fft.rfft(torch.tensor(Z)), "expects a real input"),
        (lambda: torch.fft.fft(torch.zeros(3), 0), "Invalid number of data points"),
        (lambda: torch.fft.fft(torch.zeros(3), norm="both"), "Invalid normalization mode"),
        (lambda: torch.fft.fft(torch.zeros(3).half()), "Half"),
        (lambda: torch.fft.fftn(torch.zeros(3, 3), dim=(0, 0)), "unique"),
        (lambda: torch.fft.fftn(torch.zeros(3), s=(2, 2)), "only has 1 dimensions"),
        (lambda: torch.fft.fft2(torch.zeros(3, 3), s=(2,)), "same length"),
        (lambda: torch.fft.rfftn(torch.zeros(())), "at least one axis"),
        (lambda: torch.fft.irfft(torch.zeros(1)), "Invalid number of data points"),
        (lambda: torch.fft.fftfreq(4, dtype=torch.int64), "floating point or complex"),
    ],
)
def test_errors(call: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        call()


def test_transforms_keep_single_precision() -> None:
    x = torch.ones(4, requires_grad=True)
    y = torch.fft.rfft(x)
    assert y.dtype is torch.complex64 and torch.fft.irfft(y).dtype is torch.float32
    y.abs().sum().backward()
    assert x.grad is not None and x.grad.dtype is torch.float32
    assert torch.fft.fft(torch.arange(3)).dtype is torch.complex64
