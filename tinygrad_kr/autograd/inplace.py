"""In-place changes that the graph knows about: `x.mul_(y)`, `x[i] = v`, `x += y`, on tensors and on views.

The new values are computed out of place and written into the memory; the tensor then stands on the node of
the computation. Where the memory is shared with views, the base gets the node (its old value with the region
of the view replaced), and every living view is taken from the base anew. What was saved from the old values
is noticed through the version number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..state import state
from ..tensor import Tensor, base_of, wrap
from .conjugate import turned
from .node import Node
from .primitive import Primitive, definitions, rule
from .rule_node import RuleNode


def replace_region(base: Any, value: Any, *, view: Callable[[Any], Any], order: tuple[int, ...]) -> Any:
    """`base` with the region that `view` shows replaced by `value`; `order` is that of the memory.

    For memory in the order that the view was taken from it is a view; for another it might be a copy.
    """
    out = in_order(base, order)
    view(out)[...] = value
    return out


def in_order(array: Any, order: tuple[int, ...]) -> Any:
    """A copy whose dimensions lie in memory in the given order, the outermost first."""
    return np.transpose(np.array(np.transpose(array, order), order="C"), np.argsort(order))


def memory_order(array: np.ndarray) -> tuple[int, ...]:
    """The dimensions of an array as they lie in memory, the outermost first."""
    return tuple(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))


def region_of(g: Any, view: Callable[[Any], Any]) -> Any:
    """The gradient of what was written into the region: of an imaginary part, that of the user's gradient."""
    return turned(view(turned(g)))


replace_region_: Primitive = rule(
    replace_region,
    name="copy_slices",
    base=lambda g, value_shape, view, order: replace_region_(
        g, np.zeros(value_shape), view=view, order=order
    ),
    value=lambda g, view: region_of(g, view),
)


class RegionNode(RuleNode):
    """A region of a tensor overwritten: the derivative of `replace_region`, in place where it can be.

    Rows written in a loop make a chain of these, each with its region of the same gradient: the latest makes
    a copy, and the others clear their regions in it. Nobody else can ask for that copy: the tensor stands on
    the latest node, and a node with hooks makes its own.
    """

    __slots__ = ()

    fresh: Any = None  # the gradient that the node after this one made for it alone

    def static(self, name: str) -> Any:
        """A static argument that the rules named."""
        return dict(zip(self.plan.names, self.saved or ())).get(name)

    def gradients(self, g: Any, create_graph: bool, last: bool) -> Sequence[Any]:
        mine, self.fresh = self.fresh is g and self.watch is None, None
        if create_graph or 0 not in self.plan.positions:
            return super().gradients(g, create_graph, last)
        view, order, before = self.static("view"), self.static("order"), self.parents[0]
        region = region_of(g, view)
        if mine:
            region = np.array(region)
        else:
            g = in_order(g, order)
        view(g)[...] = 0
        if isinstance(before, RegionNode) and before.static("order") == order:
            before.fresh = g
        if last:
            self.release()
        return [(g, region)[position] for position in self.plan.positions]


definitions[replace_region].node = RegionNode


def region_node(base: Tensor, value: Tensor, view: Callable[[Any], Any]) -> Node:
    """The node of `base` after the region that `view` shows was overwritten with `value`."""
    plan = definitions[replace_region].plans[1 * (base._node is not None) + 2 * (value._node is not None)]
    statics = (view, memory_order(base._array))
    storages = (base._storage, value._storage, base._storage)
    arrays = (base._array, value._array, base._array, None)
    return plan.record(*arrays, *statics, *storages, base._node, value._node)


def original(target: Tensor, others: Iterable[Any]) -> Tensor:
    """What an in-place operation computes from: `target`, or a copy where backward may need its old values.

    The copy stands on the node of `target`, so that gradients flow as if nothing had happened.
    """
    watched = (target, *others)
    if not state.recording or not any(isinstance(one, Tensor) and one._node is not None for one in watched):
        return target
    copied = wrap(np.array(target._array, order="K"))
    if target._node is not None:
        copied._node = target._node
    return copied


def check_writable(target: Tensor) -> None:
    """Raise where an in-place change of `target` could not be right."""
    if state.recording and target._node is not None and target._node.is_leaf:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation. Do it under "
            "torch.no_grad() "
            "(as for parameter updates), or use the out-of-place form."
        )
    if state.recording and target._view is not None:
        base = base_of(target)
        if base._node is not None and base._node.is_leaf:
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place operation. Do it "
                "under torch.no_grad(), or use the out-of-place form."
            )
    if not target._array.flags.writeable or (0 in target._array.strides and target._array.size > 1):
        shared = [
            i for i, step in enumerate(target._array.strides) if step == 0 and target._array.shape[i] > 1
        ]
        why = (
            "more than one element of the written-to tensor refers to a single memory location"
            if shared
            else "its memory is read-only (it came from a read-only NumPy array)"
        )
        if shared or not target._array.flags.writeable:
            raise RuntimeError(
                f"unsupported operation: {why}. Please clone() the tensor before performing the operation."
            )


def assign(target: Tensor, value: Tensor) -> Tensor:
    """Let `target` become `value` (of its shape), in its own memory and in the graph; returns `target`."""
    check_writable(target)
    if value._array.shape != target._array.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(value.shape)}: "
            "an in-place operation cannot change the shape; use the out-of-place form"
        )
    if target._array.dtype != value._array.dtype:
        value = _cast(target, value)
    node = base_of(target)._node
    if node is not None:
        node.before_change()
    target._array[...] = value._array
    target._storage.version += 1
    if not state.recording or (target._node is None and value._node is None and not _base_needs_grad(target)):
        return target
    rebase(target, value)
    return target


def _cast(target: Tensor, value: Tensor) -> Tensor:
    from ..dtypes import can_cast

    if not can_cast(value.dtype, target.dtype):
        raise RuntimeError(
            f"result type {value.dtype.scalar_name} can't be cast to the desired output type "
            f"{target.dtype.scalar_name}: an in-place operation keeps the dtype; use the out-of-place form"
        )
    return value.to(target.dtype)


def _base_needs_grad(target: Tensor) -> bool:
    return target._view is not None and base_of(target)._node is not None


def rebase(target: Tensor, value: Tensor) -> None:
    """Put `target`, whose memory holds `value` now, on the node of `value`; base and other views follow."""
    base = base_of(target)
    _put_on(base, value._node if base is target else region_node(base, value, path(target)))
    for view in base._storage.living_views():
        if base_of(view) is base:
            _put_on(view, path(view)(base)._node)


def _put_on(tensor: Tensor, node: Node | None) -> None:
    """Let a tensor stand on another node; if it retains its gradient, then that of its new values."""
    before = tensor._node
    retained = before is not None and not before.is_leaf and before.release_retained(tensor)
    tensor._node = node
    if retained:
        tensor.retain_grad()


def path(view: Tensor) -> Callable[[Any], Any]:
    """The function that takes a view from its base, through all the views in between."""
    steps = []
    while view._view is not None:
        view, step = view._view
        steps.append(step)
    steps.reverse()

    def take(base: Any) -> Any:
        for step in steps:
            base = step(base)
        return base

    return take


def written(target: Tensor) -> Tensor:
    """Note that the memory of `target` was changed outside the graph (under `no_grad`, by an optimizer)."""
    target._storage.version += 1
    return target
