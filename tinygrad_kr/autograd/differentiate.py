"""`backward` and `grad`: where a walk begins, and what is made of what it finds."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..state import state, throw
from ..tensor import Tensor, wrap
from .conjugate import turned
from .node import Node
from .walk import run

__all__ = ["backward", "grad"]


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _roots(outputs: Any, gradients: Any, create_graph: bool) -> list[tuple[Node, Any]]:
    """Pair each output's node with the gradient that enters there: given, or 1 for a single element."""
    outputs = _as_tuple(outputs)
    gradients = (None,) * len(outputs) if gradients is None else _as_tuple(gradients)
    if len(gradients) != len(outputs):
        raise RuntimeError(
            f"got {len(outputs)} tensors and {len(gradients)} gradients; there must be one for each"
        )
    roots = []
    for position, (output, g) in enumerate(zip(outputs, gradients)):
        if not isinstance(output, Tensor):
            raise TypeError(
                f"backward starts from Tensors, got {type(output).__name__} at position {position}"
            )
        if output._node is None:
            raise RuntimeError(
                f"element {position} of tensors does not require grad and does not have a grad_fn. Was it "
                "computed under no_grad, detached, or from tensors without requires_grad=True?"
            )
        if g is None:
            if output._array.size != 1:
                raise RuntimeError(
                    f"grad can be implicitly created only for scalar outputs, this one has shape "
                    f"{list(output.shape)}; reduce it first (.sum() or .mean()) or pass the gradient: "
                    f"backward(gradient=...)"
                )
            if output._array.dtype.kind != "f":
                raise RuntimeError(
                    f"grad can be implicitly created only for real scalar outputs, got {output.dtype}"
                )
            g = wrap(np.ones(output._array.shape, output._array.dtype))
        elif not isinstance(g, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
        elif g._array.shape != output._array.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{position}] has a shape of {g.shape} and output[{position}] "
                f"has a shape of {output.shape}."
            )
        elif (output._array.dtype.kind == "c") != (g._array.dtype.kind == "c"):
            raise RuntimeError(
                "For complex Tensors, both grad_output and output are required to have the same dtype. "
                f"Mismatch in dtype: grad_output[{position}] has a dtype of {g.dtype} and output[{position}] "
                f"has a dtype of {output.dtype}."
            )
        roots.append((output._node, turned(g if create_graph else _entering(g._array, output._node))))
    return roots


def _entering(array: np.ndarray, node: Node) -> np.ndarray:
    """A gradient given by the user, in the node's dtype, and as a copy where a leaf would keep it."""
    return array.astype(node.dtype, copy=node.is_leaf)


def _start(
    roots: list[tuple[Node, Any]],
    retain_graph: bool | None,
    create_graph: bool,
    captures: dict[Node, Any] | None,
    accumulate: bool,
) -> None:
    switches = state.recording, state.inference
    throw(create_graph, state.inference)
    try:
        with np.errstate(all="ignore"):
            run(
                roots,
                retain_graph=create_graph if retain_graph is None else retain_graph,
                create_graph=create_graph,
                captures=captures,
                accumulate=accumulate,
            )
            if captures is not None:
                captures.update({node: turned(g) for node, g in captures.items() if g is not None})
    finally:
        throw(*switches)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    r"""Add the gradients of `tensors` to the `.grad` of the leaves they were computed from.

    For an output y with incoming gradient v, every leaf x receives vᵀ · ∂y/∂x.

    Args:
        tensors: a tensor or a sequence of them.
        grad_tensors: the gradient that enters at each; may be omitted (1) for a single element.
        retain_graph: keep the graph for another backward; by default only under `create_graph`.
        create_graph: make the gradients differentiable themselves.
        grad_variables: the older name of `grad_tensors`, with a warning.
        inputs: the tensors to accumulate into; all leaves by default.

    Raises:
        RuntimeError: a tensor needs no gradient, is no scalar and has no gradient given, or its graph was
            freed.

    >>> import tinygrad_kr as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> torch.autograd.backward((x * x).sum())
    >>> x.grad
    tensor([2., 4.])

    Source: PyTorch, `torch.autograd.backward`.
    """
    if grad_variables is not None:
        warnings.warn(
            "`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2
        )
        if grad_tensors is not None:
            raise RuntimeError("`grad_tensors` and `grad_variables` cannot both be given; use `grad_tensors`")
        grad_tensors = grad_variables
    captures = None
    if inputs is not None:
        inputs = _as_tuple(inputs)
        if not inputs:
            raise RuntimeError("inputs argument to backward cannot be empty; leave it out for all leaves")
        captures = dict.fromkeys([_node_of(tensor, position) for position, tensor in enumerate(inputs)])
    roots = _roots(tensors, grad_tensors, create_graph)
    _start(roots, retain_graph, create_graph, captures, accumulate=True)
    for tensor in inputs or ():
        if not tensor.is_leaf and not tensor.retains_grad and captures is not None:
            g = captures[tensor._node]
            if g is not None:
                g = g if isinstance(g, Tensor) else wrap(g)
                tensor._grad = g if tensor._grad is None else tensor._grad + g


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    r"""The gradients of `outputs` with respect to `inputs`, without touching any `.grad`.

    Args:
        outputs: what is differentiated.
        inputs: with respect to what; leaves or computed tensors.
        grad_outputs: the gradient that enters at each output; 1 for a single element.
        retain_graph: keep the graph for another walk; by default only under `create_graph`.
        create_graph: make the gradients differentiable themselves.
        only_inputs: True; anything else is ignored with a warning.
        allow_unused: give None for an input that no output depends on, rather than raise.
        is_grads_batched: `grad_outputs` have a leading dimension; the results do as well.
        materialize_grads: zeros in place of None.

    Raises:
        RuntimeError: an input needs no gradient or is not part of the graph.

    >>> import tinygrad_kr as torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> (first,) = torch.autograd.grad(x**3, x, create_graph=True)
    >>> (second,) = torch.autograd.grad(first, x)
    >>> first.item(), second.item()
    (27.0, 18.0)

    Source: PyTorch, `torch.autograd.grad`.
    """
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate "
            "gradient for other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    inputs = _as_tuple(inputs)
    if materialize_grads and allow_unused is False:
        raise ValueError("expected allow_unused to be True or not passed when materialize_grads=True")
    if is_grads_batched:
        batches = [_as_tuple(grad_outputs)[0][i] for i in range(len(_as_tuple(grad_outputs)[0]))]
        if len(_as_tuple(grad_outputs)) > 1:
            batches = list(zip(*_as_tuple(grad_outputs)))
        rows = [
            grad(
                outputs,
                inputs,
                one,
                True,
                create_graph,
                allow_unused=allow_unused,
                materialize_grads=materialize_grads,
            )
            for one in batches
        ]
        return tuple(None if column[0] is None else np.stack(column) for column in zip(*rows))
    captures: dict[Node, Any] = dict.fromkeys([_node_of(tensor, i) for i, tensor in enumerate(inputs)])
    roots = _roots(outputs, grad_outputs, create_graph)
    _start(roots, retain_graph, create_graph, captures, accumulate=False)
    results: list[Tensor | None] = []
    seen = {id(g._array) for g in _as_tuple(grad_outputs) if isinstance(g, Tensor)}
    for position, tensor in enumerate(inputs):
        g = captures[tensor._node]
        if g is None and not (allow_unused or materialize_grads):
            raise RuntimeError(
                f"One of the differentiated Tensors (inputs[{position}], of shape {list(tensor.shape)}) "
                f"appears to "
                "not have been used in the graph. Set allow_unused=True if this is the desired behavior."
            )
        if g is None:
            results.append(wrap(np.zeros_like(tensor._array)) if materialize_grads else None)
        elif isinstance(g, Tensor):
            results.append(g)
        else:
            if id(g) in seen or g.base is not None:
                g = g.copy(order="K")
            seen.add(id(g))
            results.append(wrap(g))
    return tuple(results)


def _node_of(tensor: Any, position: int) -> Node:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"inputs must be Tensors, got {type(tensor).__name__} at position {position}")
    if tensor._node is None:
        raise RuntimeError(
            f"One of the differentiated Tensors (inputs[{position}], of shape {list(tensor.shape)}) does not "
            "require grad"
        )
    return tensor._node
