"""`autograd.Function`: a forward and a backward written by the user, as one node of the graph."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..state import state
from ..tensor import Tensor, wrap
from .conjugate import turned
from .inplace import check_writable
from .modes import enable_grad, no_grad
from .node import Node, Output

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class FunctionCtx:
    """What `forward` tells `backward`; both get it as their first argument, `ctx`."""

    def __init__(self) -> None:
        self._to_save: tuple[Tensor | None, ...] = ()
        self._non_differentiable: tuple[Tensor, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._materialize_grads = True
        self._saved: list[tuple[Any, ...] | None] | None = []
        self._node: Any = None
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `backward`, which reads them from `saved_tensors`.

        Use this rather than attributes: it notices in-place changes and leaves no reference cycle.
        """
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward can only save Tensors, but got {type(tensor).__name__}; "
                    "keep other values as attributes of ctx"
                )
        self._to_save = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs gradients cannot flow through."""
        self._non_differentiable = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs `forward` changed in place (and returns)."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` gets zeros (default) or None for an output without gradient."""
        self._materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """The tensors given to `save_for_backward`."""
        if self._saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time: the saved tensors have been freed. "
                "Specify retain_graph=True if you need to backward through the graph a second time."
            )
        return tuple(self._unpack(entry) for entry in self._saved)

    def _unpack(self, entry: tuple[Any, ...] | None) -> Tensor | None:
        if entry is None:
            return None
        array, storage, version, node = entry
        if storage.version != version:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace "
                f"operation: [Tensor {list(array.shape)}], saved for backward, is at version "
                f"{storage.version}; expected version {version} instead. clone() it before the later change."
            )
        tensor = wrap(array)
        tensor._storage = storage
        node = self._node._output_node(node) if isinstance(node, int) else node
        if node is not None:
            tensor._node = node
        return tensor

    def _pack(self, outputs: Sequence[Any]) -> None:
        """Save what `forward` asked to; outputs by position, since their nodes would make a cycle."""
        if not self._to_save:
            return
        saved: list[tuple[Any, ...] | None] = []
        for tensor in self._to_save:
            if tensor is None:
                saved.append(None)
                continue
            position = next((i for i, one in enumerate(outputs) if one is tensor), None)
            node = tensor._node if position is None or tensor._node is None else position
            saved.append((tensor._array, tensor._storage, tensor._storage.version, node))
        self._saved = saved
        self._to_save = ()


class FunctionNode(Node):
    """The node of one call of a user's Function."""

    __slots__ = ("arity", "ctx", "function", "positions")

    def __init__(
        self, ctx: FunctionCtx, function: type[Function], args: Sequence[Any], outputs: Sequence[Any]
    ) -> None:
        needing = [(i, arg._node) for i, arg in enumerate(args) if ctx.needs_input_grad[i]]
        super().__init__(tuple(node for _, node in needing), (), np.dtype(np.float32))
        self.positions = [i for i, _ in needing]
        self.arity = len(args)
        self.ctx = ctx
        self.function = function
        self.outputs = tuple(
            (one._array.shape, one._array.dtype) for one in outputs if isinstance(one, Tensor)
        )

    def name(self) -> str:
        return f"{self.function.__name__}Backward"

    def _output_node(self, position: int) -> Node:
        shape, dtype = (self.outputs or ())[position]
        return Output(self, position, shape, dtype)

    def release(self) -> None:
        self.ctx._saved = None

    def gathered(self, arrived: dict[int, Any]) -> tuple[Any, ...]:
        if self.ctx._materialize_grads:
            return super().gathered(arrived)
        return tuple(arrived.get(position) for position in range(len(self.outputs or ())))

    def gradients(self, g: Any, create_graph: bool, last: bool) -> Sequence[Any]:
        while self.ctx._saved is None and self.restore is not None:
            self.restore()
        tensors = [one if one is None or isinstance(one, Tensor) else wrap(one) for one in g]
        grads = tuple(None if one is None else turned(one) for one in tensors)
        self.ctx._node = self
        try:
            results = self.function.backward(self.ctx, *grads)
        finally:
            self.ctx._node = None
        if last:
            self.release()
        results = results if isinstance(results, tuple) else (results,)
        if len(results) > self.arity and all(one is None for one in results[self.arity :]):
            results = results[: self.arity]
        if len(results) != self.arity:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {self.arity}, "
                f"got {len(results)}): return one for each argument of forward, None for those without"
            )
        chosen = [results[position] for position in self.positions]
        for position, one in zip(self.positions, chosen):
            if one is not None and not isinstance(one, Tensor):
                raise TypeError(
                    f"expected Tensor or None (got {type(one).__name__}) as gradient {position} of "
                    f"{self.name()}"
                )
        found = chosen if create_graph else [None if one is None else one._array for one in chosen]
        return [None if one is None else turned(one) for one in found]


class Function:
    """An operation with a hand-written derivative.

    Subclass it with static methods `forward(ctx, *args)` and `backward(ctx, *grad_outputs)` (or
    `forward(*args)` and `setup_context(ctx, inputs, output)`), and call `YourFunction.apply(*args)`.
    `backward` returns one gradient for each argument of `forward`, None for those without.

    >>> import tinygrad_kr as torch
    >>> class Cube(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x**2 * g
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)

    Source: PyTorch, `torch.autograd.Function`.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The operation; its first argument is `ctx`, unless `setup_context` is defined."""
        raise NotImplementedError("a subclass of torch.autograd.Function must define a static forward method")

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Any, ...], output: Any) -> None:
        """Save for backward, where `forward` takes no `ctx`."""
        raise NotImplementedError("setup_context is not implemented")

    @staticmethod
    def backward(ctx: FunctionCtx, *grad_outputs: Any) -> Any:
        """The gradients of the arguments, given those of the outputs."""
        raise NotImplementedError(
            "a subclass of torch.autograd.Function must define a static backward method to be differentiated"
        )

    vjp = backward

    def __init__(self) -> None:
        raise RuntimeError(
            f"{type(self).__name__} should not be instantiated: its methods are static; call "
            f"{type(self).__name__}.apply(...)"
        )

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run `forward` and record the call as one node."""
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple(isinstance(arg, Tensor) and arg._node is not None for arg in args)
        separate = cls.setup_context is not Function.setup_context
        with no_grad():
            result = cls.forward(*args) if separate else cls.forward(ctx, *args)
            if separate:
                cls.setup_context(ctx, args, result)
        several = isinstance(result, (tuple, list))
        outputs = list(result) if several else [result]
        for one in ctx._dirty:
            check_writable(one)
            one._storage.version += 1
        outputs = [_own(one, args, ctx) for one in outputs]
        if state.recording and any(ctx.needs_input_grad):
            _record(ctx, cls, args, outputs, [*result] if several else [result])
        if not several:
            return outputs[0]
        return tuple(outputs)


def _own(output: Any, args: Sequence[Any], ctx: FunctionCtx) -> Any:
    """An output as a tensor of its own: an input returned unchanged gets a new place in the graph."""
    if isinstance(output, Tensor) and any(output is arg for arg in args) and not _among(output, ctx._dirty):
        result = wrap(output._array)
        result._storage = output._storage
        return result
    return output


def _among(tensor: Tensor, tensors: Sequence[Tensor]) -> bool:
    return any(tensor is one for one in tensors)


def _record(
    ctx: FunctionCtx, cls: type[Function], args: Sequence[Any], outputs: list[Any], originals: list[Any]
) -> None:
    node = FunctionNode(ctx, cls, args, outputs)
    tensors = [(own, original) for own, original in zip(outputs, originals) if isinstance(own, Tensor)]
    for position, (own, original) in enumerate(tensors):
        differentiable = own._array.dtype.kind in "fc" and not _among(original, ctx._non_differentiable)
        if differentiable:
            own._node = node._output_node(position)
    saved_outputs = [own for own, _ in tensors]
    ctx._to_save = tuple(
        next((own for own, original in tensors if original is one), one) for one in ctx._to_save
    )
    ctx._pack(saved_outputs)


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator for a `backward` that cannot be differentiated itself: doing so raises an error.

    >>> import tinygrad_kr as torch
    >>> class Double(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return 2 * x
    ...     @staticmethod
    ...     @torch.autograd.function.once_differentiable
    ...     def backward(ctx, g):
    ...         return 2 * g
    >>> Double.apply(torch.ones(1, requires_grad=True)).requires_grad
    True

    Source: PyTorch, `torch.autograd.function.once_differentiable`.
    """

    @functools.wraps(backward)
    def once(ctx: FunctionCtx, *grad_outputs: Any) -> Any:
        recording = state.recording
        with no_grad():
            results = backward(ctx, *grad_outputs)
        if not recording or not any(isinstance(g, Tensor) and g._node is not None for g in grad_outputs):
            return results
        several = isinstance(results, tuple)
        with enable_grad():
            marked = tuple(_Forbidden.apply(one) for one in (results if several else (results,)))
        return marked if several else marked[0]

    return once


class _Forbidden(Function):
    """Pass a tensor on; its backward raises."""

    @classmethod
    def apply(cls, *args: Any) -> Any:
        if not isinstance(args[0], Tensor):
            return args[0]
        return super().apply(args[0].detach().requires_grad_())

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: FunctionCtx, g: Tensor) -> Tensor:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )
