"""Second derivatives of fused operations: differentiate the composite that says what the operation means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..tensor import Tensor
from . import differentiate
from .conjugate import turned
from .modes import enable_grad
from .node import Node


class Identity(Node):
    """A node that passes its gradient on: it gives one tensor several places in a graph."""

    __slots__ = ()

    def gradients(self, g: Any, create_graph: bool, last: bool) -> Sequence[Any]:
        return [g]

    def name(self) -> str:
        return "AliasBackward0"


def alias(tensor: Tensor) -> Tensor:
    """The same memory on a node of its own, one step after the tensor's."""
    result = object.__new__(Tensor)
    result._array, result._storage = tensor._array, tensor._storage
    if tensor._node is not None:
        result._node = Identity((tensor._node,), tensor._array.shape, tensor._array.dtype)
    return result


def gradients(
    composite: Callable[..., Any],
    inputs: Sequence[Any],
    statics: dict[str, Any],
    positions: Sequence[int],
    g: Any,
) -> Sequence[Any]:
    """The gradients of `composite(*inputs, **statics)` for the inputs at `positions`, differentiable.

    The inputs get nodes of their own, so that the derivative stops at this operation even where one input was
    computed from another.
    """
    with enable_grad():
        aliases = [alias(one) if i in positions else one for i, one in enumerate(inputs)]
        results = composite(*aliases, **statics)
    several = isinstance(results, tuple)
    pairs = [
        (result, one)
        for result, one in zip(results if several else (results,), g if several else (g,))
        if result._node is not None
    ]
    outputs, arriving = zip(*pairs)
    arriving = tuple(turned(one if isinstance(one, Tensor) else Tensor(one)) for one in arriving)
    found = differentiate.grad(
        outputs,
        [aliases[i] for i in positions],
        arriving,
        create_graph=True,
        allow_unused=True,
        retain_graph=True,
    )
    return [None if one is None else turned(one) for one in found]
