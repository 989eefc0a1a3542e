"""Recording: how a primitive runs on Tensors, and the nodes it leaves in the graph.

There are three ways to run. `unary` and `binary` serve element-wise functions and are as short as can be,
since they are what a small model spends its time in; `general` serves everything else.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..state import state
from ..tensor import InferenceStorage, Storage, Tensor
from . import compose
from .anomaly import anomaly, user_trace
from .node import Node, Output, next_number

if TYPE_CHECKING:
    from .primitive import Plan, Primitive

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
_new = object.__new__
_CONSTANT = Storage()  # stands for an argument that is no tensor


class RuleNode(Node):
    """A recorded primitive: the plan, what its rules named, and the versions that the saved tensors had."""

    __slots__ = ("plan", "saved", "stamps")

    def __init__(
        self,
        plan: Plan,
        parents: tuple[Node, ...],
        saved: Any,
        stamps: Any,
        shape: tuple[int, ...],
        dtype: np.dtype,
    ) -> None:
        self.number = next_number()
        self.parents = parents
        self.shape = shape
        self.dtype = dtype
        self.plan = plan
        self.saved = saved
        self.stamps = stamps
        if anomaly.enabled:
            self.trace = user_trace()

    def name(self) -> str:
        return self.plan.primitive.node_name

    def release(self) -> None:
        if self.stamps is not None:
            self.saved = None

    def check_saved(self) -> None:
        """Raise if what was saved is gone, or was changed in place since."""
        while self.saved is None and self.restore is not None:
            self.restore()
        if self.saved is None:
            raise RuntimeError(
                f"Trying to backward through the graph a second time: {self.name()} has freed what it saved. "
                "Specify retain_graph=True if you need to backward through the graph a second time."
            )
        stamps = self.stamps
        if stamps is not None and not self.plan.unchanged(stamps):
            kept = [storage.version == version for storage, version in zip(stamps[::2], stamps[1::2])]
            self._report_change(kept.index(False))

    def _report_change(self, which: int) -> None:
        now, then = self.stamps[2 * which].version, self.stamps[2 * which + 1]
        variadic = self.plan.primitive.variadic
        name = self.plan.stamped[0 if variadic else which]
        values = [
            v
            for needs, saved in zip(self.plan.sources, self.saved)
            for n, v in zip(needs, saved)
            if n == name
        ]
        value = values[0][which] if variadic else values[0] if values else self
        shape = list(np.shape(value) if value is not self else self.shape)
        where = (
            f" It was recorded here:\n{self.trace}"
            if self.trace
            else " Enable detect_anomaly() to see its line."
        )
        what = "output 0" if name == "out" else f"argument {name!r}"
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[Tensor {shape}], which is {what} of {self.name()}, is at version {now}; expected "
            f"version {then} instead. Use the out-of-place form of the later change, or clone() the tensor "
            f"before it.{where}"
        )

    def gradients(self, g: Any, create_graph: bool) -> Sequence[Any]:
        self.check_saved()
        plan = self.plan
        if create_graph:
            return self._differentiable_gradients(g)
        return [rule(g, *saved) for rule, saved in zip(plan.rules, self.saved)]

    def _differentiable_gradients(self, g: Any) -> Sequence[Any]:
        values = [
            [self.rewrap(need, value) for need, value in zip(needs, saved)]
            for needs, saved in zip(self.plan.sources, self.saved)
        ]
        return [rule(g, *saved) for rule, saved in zip(self.plan.rules, values)]

    def rewrap(self, need: str, value: Any) -> Any:
        """What was saved under a name, as a Tensor on its own node again, for rules that run on Tensors."""
        if need == "out":
            if type(value) is tuple:
                return tuple(
                    self._attach(one, Output(self, i, one.shape, one.dtype), i) for i, one in enumerate(value)
                )
            return self._attach(value, self, need)
        parameters = self.plan.primitive.parameters
        if need not in parameters:
            return value
        position = parameters.index(need)
        if self.plan.primitive.variadic:
            nodes = dict(zip(self.plan.positions, self.parents))
            return tuple(self._attach(one, nodes.get(i), need) for i, one in enumerate(value))
        if position in self.plan.positions:
            return self._attach(value, self.parents[self.plan.positions.index(position)], need)
        return value

    def _attach(self, array: Any, node: Node | None, need: Any) -> Any:
        if node is None:
            return array
        tensor = _new(Tensor)
        tensor._array = array
        tensor._node = node
        known = self.stamps is not None and need in self.plan.stamped and not self.plan.primitive.variadic
        tensor._storage = self.stamps[2 * self.plan.stamped.index(need)] if known else Storage()
        return tensor


class JointNode(RuleNode):
    """A recorded primitive with one backward for all its inputs."""

    __slots__ = ("inputs", "statics")

    inputs: tuple[Any, ...] | None  # every input, kept where a composite says what the operation means
    statics: dict[str, Any]

    def release(self) -> None:
        self.saved = self.inputs = None

    def gradients(self, g: Any, create_graph: bool) -> Sequence[Any]:
        self.check_saved()
        primitive, positions = self.plan.primitive, self.plan.positions
        if not create_graph:
            grads = self.plan.rules[0](g, *self.saved[0])
        elif primitive.composite is None:
            grads = self._differentiable_gradients(g)[0]
        else:
            nodes = dict(zip(positions, self.parents))
            inputs = [self._attach(one, nodes.get(i), None) for i, one in enumerate(self.inputs or ())]
            return compose.gradients(primitive.composite, inputs, self.statics, positions, g)
        return [grads[position] for position in positions]


def unary(primitive: Primitive) -> Callable[[Any], Any]:
    """The way an element-wise function of one argument runs: the shortest there is."""
    forward, to_float = primitive.forward, primitive.promote == "float"
    differentiable = bool(primitive.rules)
    plan: Plan | None = None  # made when it is first needed: most programs use few of all primitives

    def apply(x: Any) -> Any:
        nonlocal plan
        if not isinstance(x, Tensor):
            return forward(x)
        array = x._array
        if to_float and array.dtype.kind not in "fc":
            array = array.astype(dtypes.default_numpy)
        out = forward(array)
        if type(out) is not np.ndarray:
            out = np.asarray(out)
        result = _new(Tensor)
        result._array = out
        node = x._node
        if node is None or not state.recording or not differentiable:
            result._storage = InferenceStorage() if state.inference else Storage()
            return result
        if plan is None:
            plan = primitive.plan((0,))
        storage = result._storage = Storage()
        stamps = plan.stamp(x._storage, storage) if plan.stamp is not None else None
        result._node = RuleNode(plan, (node,), plan.collect(array, out, None), stamps, out.shape, out.dtype)
        return result

    return apply


def binary(primitive: Primitive) -> Callable[[Any, Any], Any]:
    """The way an element-wise function of two arguments runs: tensors and numbers, with type promotion."""
    forward, to_float = primitive.forward, primitive.promote == "float"
    differentiable = bool(primitive.rules)
    first: Plan | None = None
    second: Plan | None = None
    both: Plan | None = None

    def apply(x: Any, y: Any) -> Any:
        a: Any
        b: Any
        nonlocal first, second, both
        nx: Any = None
        ny: Any = None
        parents: tuple[Node, ...]
        sx = sy = _CONSTANT
        if isinstance(x, Tensor):
            a, nx, sx = x._array, x._node, x._storage
            if isinstance(y, Tensor):
                b, ny, sy = y._array, y._node, y._storage
                dtype = a.dtype
                if dtype is not b.dtype or not (dtype is F32 or dtype is F64):
                    a, b = promote(a, b, to_float=to_float)
            elif (type(y) is float or type(y) is int) and (a.dtype is F32 or a.dtype is F64):
                b = y
            else:
                a, b = promote(a, y, to_float=to_float)
        elif isinstance(y, Tensor):
            b, ny, sy = y._array, y._node, y._storage
            if (type(x) is float or type(x) is int) and (b.dtype is F32 or b.dtype is F64):
                a = x
            else:
                a, b = promote(x, b, to_float=to_float)
        else:
            return forward(x, y)
        try:
            out = forward(a, b)
        except ValueError:
            _check_broadcast(a, b)
            raise
        if type(out) is not np.ndarray:
            out = np.asarray(out)
        result = _new(Tensor)
        result._array = out
        if (nx is None and ny is None) or not state.recording or not differentiable:
            result._storage = InferenceStorage() if state.inference else Storage()
            return result
        storage = result._storage = Storage()
        if ny is None:
            plan = first = first or primitive.plan((0,))
            parents = (nx,)
        elif nx is None:
            plan = second = second or primitive.plan((1,))
            parents = (ny,)
        else:
            plan = both = both or primitive.plan((0, 1))
            parents = (nx, ny)
        stamps = plan.stamp(sx, sy, storage) if plan.stamp is not None else None
        saved = plan.collect(a, b, out, None)
        result._node = RuleNode(plan, parents, saved, stamps, out.shape, out.dtype)
        return result

    return apply


def general(primitive: Primitive) -> Callable[..., Any]:
    """The way every other primitive runs."""
    forward, defaults, keeps = primitive.forward, primitive.defaults, primitive.keeps
    variadic, view, differentiable = primitive.variadic, primitive.view, primitive.rules or primitive.joint
    to_float = primitive.promote == "float"
    asks_recording = "recording" in defaults

    def retake(others: tuple[Any, ...], statics: dict[str, Any]) -> Callable[[Any], Any]:
        """How to take this view of another tensor; it holds nothing of the tensor it was first taken of."""
        return lambda source: apply(source, *others, **statics)

    def apply(*args: Any, **statics: Any) -> Any:
        arrays: list[Any] = []
        positions: list[int] = []
        parents: list[Node] = []
        tensors = False
        for position, arg in enumerate(args):
            if isinstance(arg, Tensor):
                tensors = True
                arrays.append(arg._array)
                if arg._node is not None:
                    positions.append(position)
                    parents.append(arg._node)
            else:
                arrays.append(arg)
        recording = bool(positions) and state.recording and bool(differentiable)
        if asks_recording:
            statics["recording"] = recording
        if primitive.promote is not None and tensors:
            arrays = promote(*arrays, to_float=to_float)
        out = forward(*arrays, **statics)
        kept = None
        if keeps:
            out, kept = out
        if not tensors:
            return out
        several = type(out) is tuple
        if several:
            out = tuple([one if type(one) is np.ndarray else np.asarray(one) for one in out])
        elif type(out) is not np.ndarray:
            out = np.asarray(out)
        if not recording:
            if several:
                return tuple([result_of(one, None) for one in out])
            result = result_of(out, None)
            if view:
                share(result, args[0], retake(args[1:], statics))
            return result
        storage = Storage()
        plan = primitive.plan(tuple(positions))
        if defaults:
            statics = {**defaults, **statics}
        inputs = (tuple(arrays),) if variadic else arrays
        saved = plan.collect(*inputs, out, kept, **statics)
        if plan.stamp is None:
            stamps = None
        else:
            storages = [arg._storage if isinstance(arg, Tensor) else _CONSTANT for arg in args]
            if variadic:
                stamps = tuple([stamp for one in storages for stamp in (one, one.version)])
            else:
                stamps = plan.stamp(*storages, storage)
        make = RuleNode if primitive.joint is None else JointNode
        shape, dtype = ((), F32) if several else (out.shape, out.dtype)
        node = make(plan, tuple(parents), saved, stamps, shape, dtype)
        if isinstance(node, JointNode):
            node.inputs = tuple(arrays) if primitive.composite is not None else ()
            node.statics = {key: value for key, value in statics.items() if key != "recording"}
        if several:
            node.outputs = tuple([(one.shape, one.dtype) for one in out])
            return tuple(
                [
                    result_of(one, Output(node, i, one.shape, one.dtype) if one.dtype.kind in "fc" else None)
                    for i, one in enumerate(out)
                ]
            )
        result = result_of(out, node if out.dtype.kind in "fc" else None, storage)
        if view:
            share(result, args[0], retake(args[1:], statics))
        return result

    return apply


def result_of(array: np.ndarray, node: Node | None, storage: Storage | None = None) -> Tensor:
    tensor = _new(Tensor)
    tensor._array = array
    tensor._storage = (InferenceStorage() if state.inference else Storage()) if storage is None else storage
    if node is not None:
        tensor._node = node
    return tensor


def share(result: Tensor, source: Tensor, view: Callable[[Any], Any]) -> None:
    """Make `result` a view of `source` if it lies in the same memory: they share their versions."""
    if result._array.base is None or not np.may_share_memory(result._array, source._array):
        return
    storage = result._storage = source._storage
    result._view = (source, view)
    if storage.views is None:
        storage.views = set()
    storage.views.add(weakref.ref(result, storage.views.discard))
    node = result._node
    if isinstance(node, RuleNode) and node.stamps is not None and "out" in node.plan.stamped:
        raise TypeError(f"{node.name()} is a view and may not save its own result")


def promote(*operands: Any, to_float: bool = False) -> Any:
    """The operands of an element-wise operation in the dtype that PyTorch gives their result."""
    checked = [_operand(operand) for operand in operands]
    dtype = dtypes.result_type(*checked)
    if to_float and dtype.kind not in "fc":
        dtype = dtypes.default_numpy
    return [
        one.astype(dtype, copy=False) if isinstance(one, np.ndarray) else _scalar(one, dtype)
        for one in checked
    ]


def _scalar(number: Any, dtype: np.dtype) -> Any:
    """A Python number in a dtype; an integer that does not fit wraps around, as in PyTorch."""
    try:
        return dtype.type(number)
    except OverflowError:
        return np.asarray(number).astype(dtype)[()]


def _operand(value: Any) -> Any:
    if isinstance(value, np.ndarray) or type(value) in (bool, int, float, complex):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (int, float, complex)):
        return value
    raise TypeError(
        f"expected a Tensor, an array or a number, got {type(value).__name__}; "
        "convert it with torch.tensor(...) first"
    )


def _check_broadcast(a: Any, b: Any) -> None:
    """Raise PyTorch's error where two shapes do not broadcast."""
    one, two = np.shape(a), np.shape(b)
    for dim in range(1, min(len(one), len(two)) + 1):
        if one[-dim] != two[-dim] and 1 not in (one[-dim], two[-dim]):
            raise RuntimeError(
                f"The size of tensor a ({one[-dim]}) must match the size of tensor b ({two[-dim]}) at "
                f"non-singleton dimension {max(len(one), len(two)) - dim}; the shapes are {list(one)} and "
                f"{list(two)}"
            ) from None
