"""The backward walk: from the outputs to the leaves, every node once, latest first.

An edge always leads to a node recorded earlier, so descending order of creation is a topological order: the
walk keeps the nodes that a gradient has reached in a heap and goes on with the latest. Nothing recurses, so a
chain of 100,000 operations is as good as a short one.

The walk does what no rule repeats: it sums a gradient back to the shape that was broadcast, casts it to the
dtype of what it belongs to, and adds the gradients that meet, in place only where the buffer is its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush, heappushpop
from operator import attrgetter
from typing import Any

import numpy as np

from ..kernels.copying import row_major
from ..kernels.reduction import reduce
from ..tensor import Tensor, wrap
from .anomaly import anomaly, check
from .conjugate import narrowed, turned
from .node import Leaf, Node, Output

ndarray = np.ndarray
_by_number = attrgetter("number")


def unbroadcast(g: Any, shape: tuple[int, ...], node: Node) -> Any:
    """Sum `g` over what was broadcast from `shape`; spread it where a rule left it smaller."""
    given = g._array.shape if isinstance(g, Tensor) else g.shape
    ahead = len(given) - len(shape)
    axes = list(range(ahead))
    for axis, (size, wide) in enumerate(zip(shape, given[max(ahead, 0) :]), ahead):
        if size != wide:
            if size != 1:
                ahead = -1
                break
            axes.append(axis)
    if ahead >= 0:
        if isinstance(g, Tensor):
            return np.reshape(np.sum(g, axis=tuple(axes)), shape)
        return reduce(np.add, g, tuple(axes), keepdims=True).reshape(shape)
    try:
        return np.broadcast_to(g, shape)
    except ValueError:
        raise RuntimeError(
            f"{node.name()} returned a gradient of shape {list(given)} for an input of shape {list(shape)}; "
            "a gradient must have the shape of its input, or one that broadcasting relates to it"
        ) from None


def run(
    roots: Sequence[tuple[Node, Any]],
    *,
    retain_graph: bool,
    create_graph: bool,
    captures: dict[Node, Any] | None = None,
    accumulate: bool = True,
) -> None:
    """Carry gradients from `roots` to the leaves.

    Args:
        roots: pairs of a node and the gradient that enters there (arrays, or Tensors under `create_graph`).
        retain_graph: keep what was saved, so that the same graph can be walked again.
        create_graph: run the rules on Tensors, so that the gradients can be differentiated.
        captures: nodes whose gradients are wanted; filled in, and nothing that leads to none of them is
            computed.
        accumulate: whether leaves add what they receive to `.grad`; with `captures`, only captured leaves do.
    """
    needed = None if captures is None else _leading_to(captures, [node for node, _ in roots])
    pending: dict[Node, Any] = {}  # what has arrived at a node so far
    for root, g in roots:
        pending[root] = pending[root] + g if root in pending else g
    queue = [
        (root.number, root) for root in pending if not root.is_leaf and (needed is None or root in needed)
    ]
    heapify(queue)
    leaves = [root for root in pending if root.is_leaf]
    owned: set[Node] = set()  # the nodes whose pending array nobody else can see
    kept: set[int] = set()  # the arrays that leaves will keep
    checking, last = anomaly.enabled, not retain_graph
    following: Node | None = None  # the first new node that the last one led to; mostly it is the next
    while following is not None or queue:
        if following is None:
            node = heappop(queue)[1]
        elif queue:
            node = heappushpop(queue, (following.number, following))[1]
        else:
            node = following
        following = None
        g = pending.pop(node)
        watch = node.watch
        if captures is not None and node in captures:
            # PyTorch's `grad` gives it as it was before the hooks, unless the walk ends here, and then that
            # operation itself is left alone; `backward` gives it as it was behind them.
            ends = not accumulate and needed is not None and needed.isdisjoint(node.parents)
            hooked = _run_hooks(node, g, create_graph, ends=ends)
            captures[node] = hooked if ends or accumulate else g
            if ends:
                continue
            g = hooked
        elif watch is not None:
            g = _run_hooks(node, g, create_graph)
        if type(node) is Output:
            operation = node.parents[0]
            if operation not in pending:
                pending[operation] = {}
                following = operation
            parts, position = pending[operation], node.position
            # Under create_graph rules made further nodes for a result, so it may arrive in parts.
            parts[position] = parts[position] + g if position in parts else g
            continue
        if type(g) is dict:
            g = node.gathered(g)
        if checking:
            grads = _explained(node, g, create_graph, last)
        else:
            grads = node.gradients(g, create_graph, last)
        if watch is not None and watch.after:
            grads = _run_post_hooks(node, grads, g, create_graph)
        place = 0  # counted: cheaper than a `zip` for one or two parents
        for parent in node.parents:
            grad = grads[place]
            place += 1
            if grad is None or (needed is not None and parent not in needed):
                continue
            if create_graph:
                grad = _fitted(grad, parent, node)
            else:
                if type(grad) is not ndarray:
                    grad = np.asarray(grad)
                if grad.shape != parent.shape:
                    grad = unbroadcast(grad, parent.shape, node)
                if grad.dtype is not parent.dtype and grad.dtype != parent.dtype:
                    grad = narrowed(grad, parent.dtype)
            if parent in pending:
                if parent in owned:
                    np.add(pending[parent], grad, pending[parent])
                else:
                    before = pending[parent]
                    pending[parent] = before + grad if create_graph else np.asarray(before + grad)
                    if not create_graph:
                        owned.add(parent)
                continue
            if type(parent) is Leaf:
                leaves.append(parent)
                if not create_graph:
                    if grad is g or grad.base is not None or id(grad) in kept:
                        grad = _own(grad, parent)
                    kept.add(id(grad))
                    owned.add(parent)
            elif following is None:
                following = parent
            else:
                heappush(queue, (parent.number, parent))
            pending[parent] = grad
    for leaf in leaves:
        g = pending.pop(leaf)
        if leaf.watch is not None:
            g = _run_hooks(leaf, g, create_graph)
        if captures is not None and leaf in captures:
            captures[leaf] = g
        if accumulate:
            assert isinstance(leaf, Leaf)
            if leaf.dtype.kind == "c":
                g = turned(g)
            leaf.accumulate(g if create_graph else wrap(g), create_graph)


def _fitted(grad: Any, parent: Node, node: Node) -> Tensor:
    """Under `create_graph`: a gradient in shape and dtype of what it belongs to, all of it recorded."""
    if not isinstance(grad, Tensor):
        grad = wrap(np.asarray(grad))
    if grad._array.shape != parent.shape:
        grad = unbroadcast(grad, parent.shape, node)
    if grad._array.dtype.kind == "c" and parent.dtype.kind != "c":
        grad = np.real(grad)
    return grad if grad._array.dtype == parent.dtype else grad.to(parent.dtype)


def _own(grad: np.ndarray, leaf: Leaf) -> np.ndarray:
    """A copy for a leaf to keep: row-major where the leaf is, else in the order of the gradient."""
    tensor = leaf.tensor()
    if tensor is not None and tensor._array.flags.c_contiguous:
        return row_major(grad)
    return grad.copy(order="K")


def _explained(node: Node, g: Any, create_graph: bool, last: bool) -> Sequence[Any]:
    """Run the rules of a node under anomaly detection: errors and NaN are reported with the user's line."""
    try:
        grads = node.gradients(g, create_graph, last)
    except Exception as error:
        if node.trace:
            error.add_note(f"{node.name()} was recorded here:\n{node.trace}")
        raise
    check(node, grads)
    return grads


def _leading_to(captures: dict[Node, Any], roots: Sequence[Node]) -> set[Node]:
    """The nodes between `roots` and those captured, inclusive."""
    found = dict.fromkeys(roots)
    stack = list(found)
    while stack:
        for parent in stack.pop().parents:
            if parent not in found:
                found[parent] = None
                stack.append(parent)
    needed = set(captures)
    for node in sorted(found, key=_by_number, reverse=True):  # the earliest first
        if node not in needed and any(parent in needed for parent in node.parents):
            needed.add(node)
    return needed


def _run_hooks(node: Node, g: Any, create_graph: bool, *, ends: bool = False) -> Any:
    """Pass the gradient that arrived at `node` through its hooks; those of its rule only if that will run."""
    watch = node.watch
    if type(g) is dict or watch is None:
        return g
    g = turned(g)
    grad = g if create_graph else wrap(g)
    for hook in list(watch.arriving.values()):
        replaced = hook(grad)
        if replaced is not None:
            grad = _checked(replaced, node, hook)
    for reference in watch.retainers:
        tensor = reference()
        if tensor is not None:
            tensor._grad = grad if tensor._grad is None else tensor._grad + grad
    for hook in list(watch.before.values()) if not ends else ():
        replaced = hook((grad,))
        if replaced is not None:
            grad = _checked(replaced[0] if isinstance(replaced, tuple) else replaced, node, hook)
    return turned(grad if create_graph else grad._array)


def _checked(replaced: Any, node: Node, hook: Any) -> Tensor:
    """What a hook returned, if it can stand for the gradient."""
    if not isinstance(replaced, Tensor):
        raise TypeError(f"a hook must return None or a Tensor, got {type(replaced).__name__}")
    if replaced._array.shape != node.shape:
        raise RuntimeError(
            f"hook '{getattr(hook, '__name__', hook)}' has changed the size of value: "
            f"{list(node.shape)} became {list(replaced.shape)}"
        )
    return replaced


def _run_post_hooks(node: Node, grads: Sequence[Any], g: Any, create_graph: bool) -> Sequence[Any]:
    """Show the gradients that a node made to its hooks."""
    shown = _shown(grads)
    arrived = _shown(g if isinstance(g, (list, tuple)) else (g,))
    for hook in list(node.watch.after.values()) if node.watch is not None else ():
        replaced = hook(shown, arrived)
        if replaced is not None:
            shown = tuple(replaced) if isinstance(replaced, (list, tuple)) else (replaced,)
    found = shown if create_graph else [None if one is None else one._array for one in shown]
    return [None if one is None else turned(one) for one in found]


def _shown(values: Sequence[Any]) -> tuple[Any, ...]:
    shown = [one if one is None or isinstance(one, Tensor) else wrap(np.asarray(one)) for one in values]
    return tuple([None if one is None else turned(one) for one in shown])
