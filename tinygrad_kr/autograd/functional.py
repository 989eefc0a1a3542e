"""Derivatives of functions: Jacobians, Hessians and their products with vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
from . import differentiate
from .modes import enable_grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = Tensor | tuple[Tensor, ...]


def _tuple(value: Any, name: str) -> tuple[tuple[Tensor, ...], bool]:
    several = isinstance(value, (tuple, list))
    values = tuple(value) if several else (value,)
    for i, one in enumerate(values):
        if not isinstance(one, Tensor):
            raise TypeError(
                f"the {name} must be a Tensor or a tuple of Tensors, got {type(one).__name__} at {i}"
            )
    return values, several


def _separate(inputs: Sequence[Tensor], create_graph: bool) -> tuple[Tensor, ...]:
    """The inputs as tensors of their own, connected to the given ones under `create_graph`."""
    with enable_grad():
        return tuple(
            one.view_as(one) if create_graph and one.requires_grad else one.detach().requires_grad_()
            for one in inputs
        )


def _vector(v: Any, like: Sequence[Tensor], name: str) -> tuple[Tensor, ...]:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(f"the vector v can only be None if the {name} is a single element; give v")
        return tuple(wrap(np.ones_like(one._array)) for one in like)
    values, _ = _tuple(v, "vector v")
    if len(values) != len(like):
        raise RuntimeError(f"v holds {len(values)} tensors, but there are {len(like)} for {name}")
    for i, (one, other) in enumerate(zip(values, like)):
        if one._array.shape != other._array.shape:
            raise RuntimeError(
                f"v has invalid size at {i}: it should be {list(other.shape)} but is {list(one.shape)}"
            )
    return values


def _grad(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], v: Sequence[Any], create_graph: bool, strict: bool
) -> tuple[Tensor, ...]:
    """vᵀ·J, with zeros where nothing depends on an input (an error if `strict`)."""
    pairs = [(one, g) for one, g in zip(outputs, v) if one.requires_grad]
    if strict and len(pairs) != len(outputs):
        raise RuntimeError(
            "the output of the function is independent of its inputs, which strict=True does not allow"
        )
    grads: Sequence[Any] = [None] * len(inputs)
    if pairs:
        grads = differentiate.grad(
            [one for one, _ in pairs],
            inputs,
            [g for _, g in pairs],
            create_graph=create_graph,
            allow_unused=True,
            retain_graph=True,
        )
    if strict and any(g is None for g in grads):
        raise RuntimeError(
            "the output of the function is independent of an input, which strict=True does not allow"
        )
    return tuple(wrap(np.zeros_like(x._array)) if g is None else g for g, x in zip(grads, inputs))


def _finished(values: Sequence[Tensor], several: bool, create_graph: bool) -> Any:
    values = tuple(values) if create_graph else tuple(one.detach() for one in values)
    return values if several else values[0]


def jacobian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    r"""The Jacobian: J[i, j] = ∂funcᵢ / ∂inputⱼ.

    Args:
        func: a function of tensors that returns a tensor or a tuple of them.
        inputs: its arguments.
        create_graph: make the result differentiable.
        strict: raise if an output does not depend on an input, rather than give zeros.
        vectorize, strategy: accepted; the Jacobian is computed row by row in reverse mode.

    Shapes: for one output and one input, output.shape + input.shape; tuples of them for tuples.

    >>> import tinygrad_kr as torch
    >>> torch.autograd.functional.jacobian(lambda x: x**2, torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])

    Source: PyTorch, `torch.autograd.functional.jacobian`.
    """
    given, several_inputs = _tuple(inputs, "inputs")
    x = _separate(given, create_graph)
    with enable_grad():
        outputs, several_outputs = _tuple(func(*x), "outputs")
        rows = []
        for output in outputs:
            units = np.eye(output.numel(), dtype=output._array.dtype)
            per_element = [
                _grad([output], x, [wrap(unit.reshape(output._array.shape))], create_graph, strict)
                for unit in units
            ]
            row = []
            for position, one in enumerate(x):
                shape = (*output._array.shape, *one._array.shape)
                stacked = [grads[position] for grads in per_element]
                block: Any = np.stack(stacked) if stacked else wrap(np.zeros(shape, one._array.dtype))
                row.append(block.reshape(shape) if create_graph else block.detach().reshape(shape))
            rows.append(tuple(row) if several_inputs else row[0])
    return tuple(rows) if several_outputs else rows[0]


def hessian(
    func: Callable[..., Any],
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    r"""The Hessian of a scalar function: H[i, j] = ∂²func / ∂inputᵢ ∂inputⱼ.

    Args: as for `jacobian`; `func` returns a single element.

    >>> import tinygrad_kr as torch
    >>> torch.autograd.functional.hessian(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])

    Source: PyTorch, `torch.autograd.functional.hessian`.
    """
    _, several = _tuple(inputs, "inputs")

    def gradient(*x: Tensor) -> Any:
        output = _scalar(func(*x))
        grads = _grad([output], x, [wrap(np.ones_like(output._array))], True, strict)
        return grads if several else grads[0]

    return jacobian(gradient, inputs, create_graph=create_graph, strict=strict)


def _scalar(output: Any) -> Tensor:
    if not isinstance(output, Tensor) or output.numel() != 1:
        what = list(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise RuntimeError(f"the function must return a Tensor with a single element, got {what}")
    return output


def vjp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> Any:
    r"""The value of a function, and vᵀ · J: what backward computes.

    Args:
        v: shaped like the outputs; may be omitted for a single element.

    Returns:
        (outputs, vᵀ · J)

    >>> import tinygrad_kr as torch
    >>> torch.autograd.functional.vjp(lambda x: x**2, torch.tensor([1.0, 2.0]), torch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))

    Source: PyTorch, `torch.autograd.functional.vjp`.
    """
    given, several_inputs = _tuple(inputs, "inputs")
    x = _separate(given, create_graph)
    with enable_grad():
        outputs, several_outputs = _tuple(func(*x), "outputs")
        vector = _vector(v, outputs, "output")
        grads = _grad(outputs, x, vector, create_graph, strict)
    return _finished(outputs, several_outputs, create_graph), _finished(grads, several_inputs, create_graph)


def jvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> Any:
    r"""The value of a function, and J · v: its change along v.

    Computed with two backward passes: vᵀ·J is linear in its vector, and the derivative of that map is J · v.

    Args:
        v: shaped like the inputs; may be omitted for a single element.

    Returns:
        (outputs, J · v)

    >>> import tinygrad_kr as torch
    >>> torch.autograd.functional.jvp(lambda x: x**2, torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0]))
    (tensor([1., 4.]), tensor([2., 0.]))

    Source: PyTorch, `torch.autograd.functional.jvp`.
    """
    given, _ = _tuple(inputs, "inputs")
    x = _separate(given, create_graph)
    vector = _vector(v, given, "input")
    with enable_grad():
        outputs, several = _tuple(func(*x), "outputs")
        probe = tuple(wrap(np.zeros_like(one._array)).requires_grad_() for one in outputs)
        pulled = _grad(outputs, x, probe, True, strict)
        pushed = _grad(pulled, probe, vector, create_graph, False)
    return _finished(outputs, several, create_graph), _finished(pushed, several, create_graph)


def vhp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> Any:
    r"""The value of a scalar function, and vᵀ · H.

    Returns:
        (output, vᵀ · H)

    >>> import tinygrad_kr as torch
    >>> torch.autograd.functional.vhp(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))

    Source: PyTorch, `torch.autograd.functional.vhp`.
    """
    given, several = _tuple(inputs, "inputs")
    x = _separate(given, create_graph)
    vector = _vector(v, given, "input")
    with enable_grad():
        output = _scalar(func(*x))
        first = _grad([output], x, [wrap(np.ones_like(output._array))], True, strict)
        second = _grad(first, x, vector, create_graph, strict)
    return _finished([output], False, create_graph), _finished(second, several, create_graph)


def hvp(
    func: Callable[..., Any],
    inputs: Tensors,
    v: Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> Any:
    r"""The value of a scalar function, and H · v; equal to `vhp`, since a Hessian is symmetric.

    Returns:
        (output, H · v)

    >>> import tinygrad_kr as torch
    >>> torch.autograd.functional.hvp(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]), torch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))

    Source: PyTorch, `torch.autograd.functional.hvp`.
    """
    return vhp(func, inputs, v, create_graph, strict)
