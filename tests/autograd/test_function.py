"""`autograd.Function` with PyTorch's ctx."""

from __future__ import annotations

import gc
import weakref

import pytest

import tinygrad_kr as torch
from tinygrad_kr.autograd import Function
from tinygrad_kr.autograd.function import once_differentiable


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        out = x.exp()
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, g):
        (out,) = ctx.saved_tensors
        return g * out


class ScaledProduct(Function):
    @staticmethod
    def forward(ctx, x, y, factor):
        ctx.save_for_backward(x, y)
        ctx.factor = factor
        return x * y * factor

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        gx = g * y * ctx.factor if ctx.needs_input_grad[0] else None
        gy = g * x * ctx.factor if ctx.needs_input_grad[1] else None
        return gx, gy, None


def double(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_saved_outputs_are_differentiable() -> None:
    x = double(0.3, -0.7)
    assert torch.autograd.gradcheck(Exp.apply, (x,))
    assert torch.autograd.gradgradcheck(Exp.apply, (x,))


def test_several_inputs_and_a_constant() -> None:
    x, y = double(1.0, 2.0), double(3.0, 4.0)
    assert torch.autograd.gradcheck(lambda a, b: ScaledProduct.apply(a, b, 2.5), (x, y))
    assert torch.autograd.gradgradcheck(lambda a, b: ScaledProduct.apply(a, b, 2.5), (x, y))
    ScaledProduct.apply(x, y.detach(), 2.0).sum().backward()
    assert x.grad.tolist() == [6.0, 8.0]


def test_several_outputs_and_non_differentiable_ones() -> None:
    class Sorted(Function):
        @staticmethod
        def forward(ctx, x):
            values, indices = x.sort()
            ctx.mark_non_differentiable(indices)
            ctx.save_for_backward(indices)
            return values, indices

        @staticmethod
        def backward(ctx, g, _):
            (indices,) = ctx.saved_tensors
            return torch.zeros_like(g).scatter(0, indices, g)

    x = double(3.0, 1.0, 2.0)
    values, indices = Sorted.apply(x)
    assert not indices.requires_grad
    (values * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [3.0, 1.0, 2.0]


def test_missing_gradients_are_zeros_or_none() -> None:
    seen = []

    class Two(Function):
        @staticmethod
        def forward(ctx, x, materialize):
            ctx.set_materialize_grads(materialize)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, a, b):
            seen.append(a)
            return b * 2, None

    for materialize in (True, False):
        Two.apply(double(1.0), materialize)[1].sum().backward()
    assert seen[0].item() == 0 and seen[1] is None


def test_setup_context_style() -> None:
    class Square(Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    x = double(3.0)
    Square.apply(x).backward(torch.ones(1, dtype=torch.float64))
    assert x.grad.item() == 6


def test_once_differentiable() -> None:
    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            return 3 * ctx.saved_tensors[0] ** 2 * g

    x = double(2.0)
    Once.apply(x).sum().backward()
    assert x.grad.item() == 12
    (g,) = torch.autograd.grad((Once.apply(x) * x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.sum().backward()


def test_mark_dirty() -> None:
    class AddOne(Function):
        @staticmethod
        def forward(ctx, x):
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g

    x = double(1.0)
    y = x * 2
    z = AddOne.apply(y)
    assert z is y and z.item() == 3
    (z * z).sum().backward()
    assert x.grad.item() == 12


def test_errors() -> None:
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(RuntimeError, match="expected 2, got 1"):
        Wrong.apply(double(1.0), double(2.0)).sum().backward()
    with pytest.raises(RuntimeError, match="apply"):
        Wrong()

    class NoBackward(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

    with pytest.raises(NotImplementedError, match="backward"):
        NoBackward.apply(double(1.0)).sum().backward()


def test_saved_tensors_are_guarded_and_freed() -> None:
    x = double(1.0)
    y = x * 1
    out = ScaledProduct.apply(y, y, 1.0).sum()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        out.backward()
    out = Exp.apply(x).sum()
    out.backward()
    with pytest.raises(RuntimeError, match="second time"):
        out.backward()


def test_no_cycle_through_a_saved_output() -> None:
    gc.collect()
    gc.disable()
    try:
        out = Exp.apply(double(1.0))
        reference = weakref.ref(out)
        del out
        assert reference() is None
    finally:
        gc.enable()
