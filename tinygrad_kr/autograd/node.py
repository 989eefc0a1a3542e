"""The nodes of the graph. An edge is a reference from a node to the nodes that made its inputs.

Every node knows the shape and dtype of the one tensor it stands for, so the walk can fit any gradient that
arrives. Operations with several results stand behind one `Output` node per result.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..tensor import Tensor

next_number = itertools.count(0, -1).__next__  # downwards: the latest node has the smallest number


class HookHandle:
    """What `register_hook` returns: `remove()` takes the hook off again; also usable as a context manager."""

    _next_id = itertools.count().__next__

    def __init__(self, hooks: dict[int, Any]) -> None:
        self._hooks = hooks
        self.id = HookHandle._next_id()

    def remove(self) -> None:
        """Take the hook off; harmless when it is off already."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def add_hook(hooks: dict[int, Any], hook: Callable[..., Any], *, first: bool = False) -> HookHandle:
    """Put a callable into an ordered dict of hooks and hand out the handle that removes it."""
    if not callable(hook):
        raise TypeError(f"a hook must be callable, got {type(hook).__name__}")
    handle = HookHandle(hooks)
    hooks[handle.id] = hook
    if first:
        for key in [key for key in hooks if key != handle.id]:
            hooks[key] = hooks.pop(key)
    return handle


class Watch:
    """The hooks of one node, in the order in which they run."""

    __slots__ = ("after", "arriving", "before", "retainers")

    def __init__(self) -> None:
        self.arriving: dict[int, Callable[[Tensor], Tensor | None]] = {}
        self.retainers: list[weakref.ref[Tensor]] = []
        self.before: dict[int, Callable[..., Any]] = {}
        self.after: dict[int, Callable[..., Any]] = {}


class Node:
    """One recorded operation. `parents` are the nodes of those inputs that need gradients, in order."""

    __slots__ = ("__dict__", "__weakref__", "dtype", "number", "parents", "shape", "watch")
    is_leaf = False

    number: int  # of creation, counted down: an edge always leads to a higher one
    parents: tuple[Node, ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    watch: Watch | None

    # What few nodes have lives in the instance dict, which the others do without.
    outputs: tuple[tuple[tuple[int, ...], np.dtype], ...] | None = (
        None  # of each result, where there are several
    )
    trace: str | None = None  # the user's line, under anomaly detection
    restore: Callable[[], None] | None = None  # saves anew what a checkpoint dropped

    def __init__(self, parents: tuple[Node, ...], shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.number = next_number()
        self.parents = parents
        self.shape = shape
        self.dtype = dtype
        self.watch = None

    def gradients(self, g: Any, create_graph: bool, last: bool) -> Sequence[Any]:
        """The gradients for `parents`, given this node's; arrays, or Tensors under `create_graph`.

        What was saved for backward is forgotten if this is the `last` time.
        """
        raise NotImplementedError(f"{type(self).__name__} must define gradients()")

    def release(self) -> None:
        """Forget what was saved for backward."""

    def before_change(self) -> None:
        """The result is about to be changed in place."""

    def gathered(self, arrived: dict[int, Any]) -> tuple[Any, ...]:
        """The gradients of all results of an operation with several: zeros where none arrived."""
        return tuple(
            [
                arrived[position] if position in arrived else np.zeros(shape, dtype)
                for position, (shape, dtype) in enumerate(self.outputs or ())
            ]
        )

    def name(self) -> str:
        """What PyTorch would call it, for example `MulBackward0`."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Node, int], ...]:
        """The nodes this one passes gradients to, each with an output number, as PyTorch lists them."""
        return tuple((parent.through(), getattr(parent, "position", 0)) for parent in self.parents)

    def through(self) -> Node:
        """The node that does the work: the operation behind an `Output`, else the node itself."""
        return self

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"

    # -- hooks -------------------------------------------------------------------------------------

    def _watched(self) -> Watch:
        if self.watch is None:
            self.watch = Watch()
        return self.watch

    def add_hook(self, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Call `hook(grad)` on the gradient that arrives here."""
        return add_hook(self._watched().arriving, hook)

    def register_prehook(self, hook: Callable[[tuple[Tensor, ...]], Any]) -> HookHandle:
        """Call `hook(grad_outputs)` before the rule of this node runs; what it returns replaces them."""
        return add_hook(self._watched().before, hook)

    def register_hook(self, hook: Callable[[tuple[Any, ...], tuple[Any, ...]], Any]) -> HookHandle:
        """Call `hook(grad_inputs, grad_outputs)` after the rule ran; what it returns replaces the first."""
        return add_hook(self._watched().after, hook)

    def retain(self, tensor: Tensor) -> None:
        """Store the gradient that arrives here in `tensor.grad` as well."""
        if not self.retains(tensor):
            self._watched().retainers.append(weakref.ref(tensor))

    def release_retained(self, tensor: Tensor) -> bool:
        """Undo `retain`; returns whether there was something to undo."""
        if not self.retains(tensor):
            return False
        watch = self._watched()
        watch.retainers = [ref for ref in watch.retainers if ref() is not tensor]
        return True

    def retains(self, tensor: Tensor) -> bool:
        """Whether `retain` was called for this tensor."""
        return self.watch is not None and any(ref() is tensor for ref in self.watch.retainers)


class Leaf(Node):
    """Where gradients end: it adds them to the `.grad` of a tensor that the user made.

    The reference to the tensor is weak, so that tensor and leaf form no cycle; a leaf nobody can read needs
    no gradient.
    """

    __slots__ = ("accumulated_hooks", "tensor")
    is_leaf = True

    def __init__(self, tensor: Tensor) -> None:
        super().__init__((), tensor._array.shape, tensor._array.dtype)
        self.tensor = weakref.ref(tensor)
        self.accumulated_hooks: dict[int, Callable[[Tensor], None]] | None = None

    def name(self) -> str:
        return "AccumulateGrad"

    @property
    def variable(self) -> Tensor | None:
        """The leaf tensor, as PyTorch's AccumulateGrad names it."""
        return self.tensor()

    def add_post_hook(self, hook: Callable[[Tensor], None]) -> HookHandle:
        """Call `hook(tensor)` after each accumulation."""
        if self.accumulated_hooks is None:
            self.accumulated_hooks = {}
        return add_hook(self.accumulated_hooks, hook)

    def accumulate(self, g: Tensor, create_graph: bool) -> None:
        """Add `g`, whose memory is now the leaf's, to the tensor's `.grad`."""
        tensor = self.tensor()
        if tensor is None:
            return
        before = tensor._grad
        if before is None:
            tensor._grad = g
        elif create_graph or before._node is not None:
            tensor._grad = before + g
        else:
            np.add(before._array, g._array, out=before._array)
            before._storage.version += 1
        if self.accumulated_hooks:
            for hook in list(self.accumulated_hooks.values()):
                hook(tensor)


class Output(Node):
    """One result of an operation with several; it hands its gradient to the operation, at its position."""

    __slots__ = ("position",)

    def __init__(self, operation: Node, position: int, shape: tuple[int, ...], dtype: np.dtype) -> None:
        super().__init__((operation,), shape, dtype)
        self.position = position

    def name(self) -> str:
        return self.parents[0].name()

    def through(self) -> Node:
        return self.parents[0]

    def before_change(self) -> None:
        self.parents[0].before_change()
