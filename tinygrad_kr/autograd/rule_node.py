"""The nodes that recorded primitives leave in the graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..storage import Storage, Storages
from ..tensor import Tensor
from . import compose
from .node import Node, Output
from .plan import Changed, Plan

_new = object.__new__


class RuleNode(Node):
    """A recorded primitive: the plan, what its rules named, and the versions that the saved tensors had."""

    __slots__ = ("plan", "saved")

    plan: Plan
    saved: tuple[Any, ...] | None

    __init__ = object.__init__  # type: ignore[assignment]  # a plan sets the attributes: it is quicker

    def name(self) -> str:
        return self.plan.definition.node_name

    def release(self) -> None:
        if self.plan.frees:
            self.saved = None

    def before_change(self) -> None:
        """Copy the saved result where its change is no mistake."""
        plan, saved = self.plan, self.saved
        if saved is None or not plan.definition.result_may_change or "out" not in plan.names:
            return
        values = list(saved)
        position = plan.names.index("out")
        stamp = len(plan.names) + 2 * plan.stamped.index("out")
        values[position] = _copied(values[position])
        values[stamp : stamp + 2] = Storage(), 0
        self.saved = tuple(values)

    def gradients(self, g: Any, create_graph: bool, last: bool) -> Sequence[Any]:
        plan, saved = self.plan, self.saved
        if saved is None:
            saved = self._restored()
        try:
            grads = plan.backward(g, self._on_tensors(saved) if create_graph else saved)
        except Changed:
            raise self._change() from None
        if last and plan.frees:
            self.saved = None
        return grads

    def _restored(self) -> tuple[Any, ...]:
        """What was saved and is gone: again, where a checkpoint dropped it, or else an error."""
        while self.saved is None and self.restore is not None:
            self.restore()
        if self.saved is None:
            raise self._freed()
        return self.saved

    # -- rules that run on Tensors ------------------------------------------------------------------

    def _on_tensors(self, saved: tuple[Any, ...]) -> tuple[Any, ...]:
        """What was saved, with the arrays as Tensors on their own nodes again."""
        names = self.plan.names
        values = [self.rewrap(name, value) for name, value in zip(names, saved)]
        return (*values, *saved[len(names) :])

    def rewrap(self, name: str, value: Any) -> Any:
        """What was saved under a name, as a Tensor on its own node again, for rules that run on Tensors."""
        plan = self.plan
        if name == "out":
            if type(value) is tuple:
                return tuple(
                    _attach(one, Output(self, i, one.shape, one.dtype)) for i, one in enumerate(value)
                )
            return _attach(value, self, self._storage_of(name))
        parameters = plan.definition.parameters
        if name not in parameters:
            return value
        if plan.definition.variadic:
            nodes = dict(zip(plan.positions, self.parents))
            return tuple(_attach(one, nodes.get(i)) for i, one in enumerate(value))
        position = parameters.index(name)
        if position in plan.positions:
            return _attach(value, self.parents[plan.positions.index(position)], self._storage_of(name))
        return value

    def _storage_of(self, name: str) -> Storage:
        """The storage of an array that was saved under a name."""
        assert self.saved is not None
        return self.saved[len(self.plan.names) + 2 * self.plan.stamped.index(name)]

    # -- errors -------------------------------------------------------------------------------------

    def _freed(self) -> RuntimeError:
        return RuntimeError(
            f"Trying to backward through the graph a second time: {self.name()} has freed what it saved. "
            "Specify retain_graph=True if you need to backward through the graph a second time."
        )

    def _changed(self) -> Iterator[tuple[str, Any, int, int]]:
        """What was changed in place since: its name, the array if it was saved, its version now and then."""
        plan, saved = self.plan, self.saved or ()
        values = dict(zip(plan.names, saved))
        stamps = saved[len(plan.names) :]
        for name, storage, version in zip(plan.stamped, stamps[::2], stamps[1::2]):
            value = values.get(name)
            several = type(storage) is Storages
            for one, then, part in (
                zip(storage, version, value or storage) if several else ((storage, version, value),)
            ):
                if one.version != then:
                    yield name, part, one.version, then

    def _change(self) -> RuntimeError:
        """The error for a saved tensor that was changed in place."""
        changes = sorted(self._changed(), key=lambda change: change[0] not in self.plan.names)
        name, value, now, then = changes[0]
        shape = list(np.shape(value) if isinstance(value, np.ndarray) else self.shape)
        where = (
            f" It was recorded here:\n{self.trace}"
            if self.trace
            else " Enable detect_anomaly() to see its line."
        )
        what = "output 0" if name == "out" else f"argument {name!r}"
        return RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[Tensor {shape}], which is {what} of {self.name()}, is at version {now}; expected "
            f"version {then} instead. Use the out-of-place form of the later change, or clone() the tensor "
            f"before it.{where}"
        )


class CompositeNode(RuleNode):
    """A recorded primitive whose second derivatives are those of a composite: it keeps every input."""

    __slots__ = ("inputs", "statics")

    inputs: tuple[Any, ...] | None
    statics: dict[str, Any]

    def release(self) -> None:
        self.saved = self.inputs = None

    def gradients(self, g: Any, create_graph: bool, last: bool) -> Sequence[Any]:
        if self.saved is None:
            self._restored()
        grads = self._composed(g) if create_graph and self.inputs else super().gradients(g, False, last)
        if last:
            self.release()
        return grads

    def _composed(self, g: Any) -> Sequence[Any]:
        """The gradients of the composite."""
        if any(self._changed()):
            raise self._change()
        plan, nodes = self.plan, dict(zip(self.plan.positions, self.parents))
        inputs = [_attach(one, nodes.get(i)) for i, one in enumerate(self.inputs or ())]
        composite = plan.definition.composite
        assert composite is not None
        return compose.gradients(composite, inputs, self.statics, plan.positions, g)


def _copied(value: Any) -> Any:
    return tuple(map(_copied, value)) if type(value) is tuple else np.array(value, order="K")


def _attach(array: Any, node: Node | None, storage: Storage | None = None) -> Any:
    """An array as a Tensor on a node; as it is where there is none."""
    if node is None:
        return array
    tensor = _new(Tensor)
    tensor._array, tensor._node = array, node
    tensor._storage = Storage() if storage is None else storage
    return tensor
