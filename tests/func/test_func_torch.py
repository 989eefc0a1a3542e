"""`torch.func` beside PyTorch's: results, shapes and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr
from tinygrad_kr.utils._pytree import tree_leaves

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

CALLS = {
    "grad": lambda t, F, x: F.grad(lambda x: (x**3).sum())(x),
    "argnums": lambda t, F, x: F.grad(lambda x, y: (x * y).sum(), argnums=(1, 0))(x, x + 1),
    "negative argnum": lambda t, F, x: F.grad(lambda x, y: (x * y).sum(), argnums=-1)(x, x + 1),
    "aux": lambda t, F, x: F.grad(lambda x: (x.sum(), x * 2), has_aux=True)(x),
    "value": lambda t, F, x: F.grad_and_value(lambda x: (x.sum(), x * 2), has_aux=True)(x),
    "dict": lambda t, F, x: F.grad(lambda d: (d["a"] * d["b"]).sum())({"a": x, "b": x}),
    "second": lambda t, F, x: F.grad(lambda x: F.grad(lambda y: (y**3).sum())(x).sum())(x),
    "vjp": lambda t, F, x: F.vjp(lambda x, y: {"s": x * y, "t": x}, x, x)[1]({"s": x, "t": x}),
    "vjp aux": lambda t, F, x: F.vjp(lambda x: (x, x * 2), x, has_aux=True)[2],
    "jvp": lambda t, F, x: F.jvp(lambda x, y: (x * y, x), (x, x), (x, x + 1)),
    "jvp aux": lambda t, F, x: F.jvp(lambda x: (x * x, x), (x,), (x,), has_aux=True),
    "linearize": lambda t, F, x: F.linearize(lambda x: x.sin(), x)[1](x),
    "jacrev": lambda t, F, x: F.jacrev(lambda x, y: {"a": x * y, "b": x.sum()}, argnums=(0, 1))(x, x),
    "jacfwd": lambda t, F, x: F.jacfwd(lambda x, y: (x * y, x.sum()), argnums=(0, 1))(x, x),
    "jacrev of a dict": lambda t, F, x: F.jacrev(lambda d: d["a"] * 2)({"a": x}),
    "hessian": lambda t, F, x: F.hessian(lambda x: (x**3).sum())(x),
    "hessian of two": lambda t, F, x: F.hessian(lambda x, y: (x**3 * y).sum(), argnums=(0, 1))(x, x),
    "vmap": lambda t, F, x: F.vmap(lambda a, b: (a + b, a))(x, x),
    "vmap dims": lambda t, F, x: F.vmap(lambda a, b: a + b, in_dims=(0, 1), out_dims=-1)(x, x.T),
    "vmap constant": lambda t, F, x: F.vmap(lambda a, b: a * b, in_dims=(0, None))(x, 2),
    "vmap keyword": lambda t, F, x: F.vmap(lambda a, b: a * b, in_dims=0)(x, b=x),
    "vmap chunks": lambda t, F, x: F.vmap(lambda a: a * 2, chunk_size=2)(x),
    "vmap of grad": lambda t, F, x: F.vmap(F.grad(lambda w, x: (w * x).sum() ** 2), in_dims=(None, 0))(
        x[0], x
    ),
    "vmap of jacobian": lambda t, F, x: F.vmap(F.jacrev(lambda x: x**2))(x),
    "grad of vmap": lambda t, F, x: F.grad(lambda w: F.vmap(lambda r: (r * w).sum() ** 2)(x).sum())(x[0]),
    "vmap same": lambda t, F, x: F.vmap(lambda a: a + t.rand(3), randomness="same")(x),
    "vmap different": lambda t, F, x: F.vmap(lambda a: a + t.rand(3), randomness="different")(x),
}


@pytest.mark.parametrize("name", CALLS)
def test_results(name: str) -> None:
    results = []
    for one in (tinygrad_kr, torch):
        one.manual_seed(0)
        results.append(tree_leaves(CALLS[name](one, one.func, one.arange(6.0).reshape(2, 3) / 4)))
    assert len(results[0]) == len(results[1])
    for mine, theirs in zip(*results):
        assert tuple(mine.shape) == tuple(theirs.shape) and mine.requires_grad == theirs.requires_grad
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)


ERRORS = {
    "no scalar": lambda t, F, x: F.grad(lambda x: x * 2)(x),
    "no argument": lambda t, F, x: F.grad(lambda x: x.sum(), argnums=2)(x),
    "no aux": lambda t, F, x: F.grad(lambda x: x.sum(), has_aux=True)(x),
    "integers": lambda t, F, x: F.grad(lambda x: x.sum())(t.arange(3)),
    "in_dims": lambda t, F, x: F.vmap(lambda x: x, in_dims=(0, 0))(x),
    "in_dims None": lambda t, F, x: F.vmap(lambda x: x, in_dims=None)(x),
    "all None": lambda t, F, x: F.vmap(lambda x: x, in_dims=(None,))(x),
    "sizes": lambda t, F, x: F.vmap(lambda x, y: x + y)(x, t.ones(3)),
    "0-d": lambda t, F, x: F.vmap(lambda x: x)(t.tensor(1.0)),
    "range": lambda t, F, x: F.vmap(lambda x: x, in_dims=2)(x),
    "no inputs": lambda t, F, x: F.vmap(lambda: 1)(),
    "number": lambda t, F, x: F.vmap(lambda x: 1.0)(x),
    "out_dims": lambda t, F, x: F.vmap(lambda x: x, out_dims=2)(x),
    "out_dims two": lambda t, F, x: F.vmap(lambda x: x, out_dims=(0, 1))(x),
    "random": lambda t, F, x: F.vmap(lambda x: x + t.rand(3))(x),
    "randomness": lambda t, F, x: F.vmap(lambda x: x, randomness="foo")(x),
    "chunk": lambda t, F, x: F.vmap(lambda x: x, chunk_size=0)(x),
    "no tensor": lambda t, F, x: F.vmap(lambda a, b: a * b)(x, 2),
    "primals": lambda t, F, x: F.jvp(lambda x: x, x, x),
    "tangent": lambda t, F, x: F.jvp(lambda x: x, (x,), (x[0],)),
    "cotangent": lambda t, F, x: F.vjp(lambda x: x, x)[1](t.tensor(1.0)),
    "missing": lambda t, F, x: F.functional_call(t.nn.Linear(3, 2), {"bias": x}, (x,), strict=True),
    "unexpected": lambda t, F, x: F.functional_call(t.nn.Linear(3, 2), {"foo": x}, (x,), strict=True),
    "twice": lambda t, F, x: F.functional_call(t.nn.Linear(3, 2), ({"bias": x}, {"bias": x}), (x,)),
    "no dict": lambda t, F, x: F.functional_call(t.nn.Linear(3, 2), 3, (x,)),
    "no models": lambda t, F, x: F.stack_module_state([]),
    "modes": lambda t, F, x: F.stack_module_state([t.nn.Linear(3, 2), t.nn.Linear(3, 2).eval()]),
    "classes": lambda t, F, x: F.stack_module_state([t.nn.Linear(3, 2), t.nn.ReLU()]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    with pytest.raises(Exception) as theirs:
        ERRORS[name](torch, torch.func, torch.ones(2, 3))
    with pytest.raises(type(theirs.value)):
        ERRORS[name](tinygrad_kr, tinygrad_kr.func, tinygrad_kr.ones(2, 3))


def test_functional_call() -> None:
    results: list[Any] = []
    for one in (tinygrad_kr, torch):
        one.manual_seed(0)
        model = one.nn.Linear(3, 2)
        given = {"weight": one.ones(2, 3, requires_grad=True)}
        out = one.nn.utils.stateless.functional_call(model, given, (one.ones(4, 3),))
        out.sum().backward()
        results.append((out.detach().numpy(), given["weight"].grad.numpy(), model.weight.grad))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
    np.testing.assert_allclose(results[0][1], results[1][1])
    assert results[0][2] is None and results[1][2] is None
