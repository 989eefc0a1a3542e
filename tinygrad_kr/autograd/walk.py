"""The backward walk: from the outputs to the leaves, every node once, latest first.

An edge always leads to a node recorded earlier, so descending order of creation is a topological order: the
walk keeps the nodes that a gradient has reached in a heap and goes on with the latest. Nothing recurses, so a
chain of 100,000 operations is as good as a short one.

The walk does what no rule repeats: it sums a gradient back to the shape that was broadcast, casts it to the
dtype of what it belongs to, and adds the gradients that meet, in place only where the buffer is its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from heapq import heapify, heappop, heappush, heappushpop
from operator import attrgetter
from typing import Any

import numpy as np

from ..kernels.copying import row_major
from ..kernels.reduction import reduce
from ..state import state, throw
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
