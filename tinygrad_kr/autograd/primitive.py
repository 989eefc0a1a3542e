"""Primitives and the language of their derivative rules.

A primitive is a function on arrays together with one rule per differentiable argument:

    rule(np.multiply, name="mul", x=lambda g, y: g * y, y=lambda g, x: g * x)
    rule(np.exp, x=lambda g, out: g * out)

The first parameter of a rule is `g`, the gradient that arrives. The *names* of its other parameters say what it needs and
so what is saved for backward: an argument of the primitive (array or static), `out` (its result), or `x_shape` (the shape
of argument `x`). Signatures are read here, once, when the page is imported; nothing is inspected when a model runs.

Positional parameters of a primitive are its arrays, keyword-only parameters its static arguments (axis, stride ...).
Calling a primitive with arrays gives arrays; with a Tensor among the arguments it gives a Tensor and, if gradients are
wanted, records a node. The same rule runs on raw arrays in an ordinary backward pass and on Tensors under
`create_graph=True`, so a rule is written with operators and `np.` functions only, never with methods.

The engine un-broadcasts, casts, checks and adds gradients; no rule does.

Operations that are worth a fused backward use `joint`, which see.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..state import state
from ..tensor import InferenceStorage, Storage, Tensor
from . import compose
from .anomaly import anomaly, user_trace
from .node import Node, Output

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
_new = object.__new__
_CONSTANT = Storage()  # stands for an argument that is no tensor

primitives: dict[Any, Primitive] = {}  # every primitive, by the function it was registered for
dispatch: dict[Any, Callable[..., Any]] = {}  # what a NumPy function does when it is given a Tensor
without_derivative: set[Any] = (
    set()
)  # NumPy functions whose results are integers, booleans or otherwise constant


class Plan:
    """For one set of inputs that need gradients: which rules run, and how to gather what those rules name."""

    __slots__ = ("collect", "positions", "primitive", "rules", "sources", "stamp", "stamped")

    def __init__(self, primitive: Primitive, positions: tuple[int, ...]) -> None:
        self.primitive = primitive
        self.positions = positions
        if primitive.joint is not None:
            self.rules = (primitive.joint,)
        else:
            self.rules = tuple(primitive.rule_of(position) for position in positions)
        self.sources = tuple(primitive.needs_of(rule) for rule in self.rules)
        inputs = primitive.parameters
        named = {need for needs in self.sources for need in needs}
        if primitive.composite is not None:
            named.update(inputs)
        self.stamped = tuple(name for name in (*inputs, "out") if name in named)
        arguments = ", ".join((*inputs, "out", "kept", *primitive.statics))
        gathered = ", ".join(
            f"({', '.join(map(_fetch, needs))}{',' * (len(needs) == 1)})" for needs in self.sources
        )
        self.collect = eval(f"lambda {arguments}: ({gathered},)", {"shape_of": _shape_of})
        stamps = "".join(f"{name}, {name}.version, " for name in self.stamped)
        self.stamp = eval(f"lambda {', '.join((*inputs, 'out'))}: ({stamps})") if self.stamped else None


def _fetch(need: str) -> str:
    return f"shape_of({need.removesuffix('_shape')})" if need.endswith("_shape") else need


def _shape_of(value: Any) -> Any:
    return tuple([np.shape(one) for one in value]) if type(value) is tuple else np.shape(value)


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
        Node.__init__(self, parents, shape, dtype)
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
        stamps = self.stamps
        if self.saved is None:
            raise RuntimeError(
                f"Trying to backward through the graph a second time: {self.name()} has freed what it saved. Specify "
                "retain_graph=True if you need to backward through the graph a second time."
            )
        if stamps is not None:
            for position in range(0, len(stamps), 2):
                if stamps[position].version != stamps[position + 1]:
                    self._report_change(position // 2)

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
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[Tensor {shape}], which is {'output' if name == 'out' else f'argument {name!r}'} of {self.name()}, is at "
            f"version {now}; expected version {then} instead. Use the out-of-place form of the later change, or "
            f"clone() the tensor before it.{where}"
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


class Primitive:
    """A function on arrays with its derivative rules. Call it with arrays or Tensors; see the head of this file."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        forward: Callable[..., Any] | None,
        rules: dict[str, Callable[..., Any]],
        joint: Callable[..., Any] | None = None,
        composite: Callable[..., Any] | None = None,
        keeps: bool = False,
        promote: str | None = None,
        view: bool = False,
        name: str | None = None,
    ) -> None:
        self.function = function
        self.forward = forward or function
        self.rules = rules
        self.joint = joint
        self.composite = composite
        self.keeps = keeps
        self.promote = promote
        self.view = view
        self.__name__ = name or getattr(function, "__name__", "primitive")
        self.__doc__ = function.__doc__
        self.node_name = (
            "".join(part[:1].upper() + part[1:] for part in self.__name__.split("_")) + "Backward0"
        )
        self.variadic = False
        self.defaults: dict[str, Any] = {}
        self.parameters: tuple[str, ...]
        if isinstance(self.forward, np.ufunc):
            self.parameters = ("x", "y", "z")[: self.forward.nin]
        else:
            self._read_signature()
        self.statics = tuple(self.defaults)
        self._check_names()
        self._plans: dict[tuple[int, ...], Plan] = {}
        elementwise = isinstance(self.forward, np.ufunc) and promote is not None and joint is None
        arity = len(self.parameters) if elementwise and not self.statics else 0
        self.apply: Callable[..., Any] = {1: _unary, 2: _binary}.get(arity, _general)(self)

    def __call__(self, *args: Any, **statics: Any) -> Any:
        return self.apply(*args, **statics)

    def __repr__(self) -> str:
        return f"<primitive {self.__name__}>"

    # -- at registration ------------------------------------------------------------------------------------------

    def _read_signature(self) -> None:
        names = []
        for parameter in inspect.signature(self.forward).parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY:
                self.defaults[parameter.name] = parameter.default
            elif parameter.kind is parameter.VAR_POSITIONAL:
                self.variadic = True
                names.append(parameter.name)
            else:
                names.append(parameter.name)
        self.parameters = tuple(names)

    def _check_names(self) -> None:
        known = {
            *self.parameters,
            "out",
            "kept",
            *self.statics,
            *(f"{name}_shape" for name in self.parameters),
        }
        for argument, rule in self.rules.items():
            if argument not in self.parameters:
                raise TypeError(f"rule for {self!r}: it has no argument {argument!r}, only {self.parameters}")
        for rule in [*self.rules.values(), *([self.joint] if self.joint else [])]:
            first, *others = inspect.signature(rule).parameters
            if first != "g" or not known.issuperset(others):
                raise TypeError(
                    f"rule for {self!r} names {[first, *others]}; the first must be 'g', the others among {sorted(known)}"
                )

    def needs_of(self, rule: Callable[..., Any]) -> tuple[str, ...]:
        """The names a rule asks for, after `g`."""
        return tuple(inspect.signature(rule).parameters)[1:]

    def rule_of(self, position: int) -> Callable[..., Any]:
        """The rule for one argument; raises, naming function and argument, where there is none."""
        name = self.parameters[position]
        if name not in self.rules:
            raise RuntimeError(
                f"the derivative of {self.__name__} with respect to its argument {name!r} is not defined"
            )
        return self.rules[name]

    def plan(self, positions: tuple[int, ...]) -> Plan:
        """The plan for a set of arguments that need gradients."""
        try:
            return self._plans[positions]
        except KeyError:
            return self._plans.setdefault(positions, Plan(self, positions))


# -- recording ----------------------------------------------------------------------------------------------------------


def _unary(primitive: Primitive) -> Callable[[Any], Any]:
    """The way an element-wise function of one argument runs: the shortest there is."""
    forward, to_float = primitive.forward, primitive.promote == "float"
    plan = primitive.plan((0,)) if primitive.rules else None

    def apply(x: Any) -> Any:
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
        if node is None or not state.recording or plan is None:
            result._storage = InferenceStorage() if state.inference else Storage()
            return result
        storage = result._storage = Storage()
        stamps = plan.stamp(x._storage, storage) if plan.stamp is not None else None
        result._node = RuleNode(plan, (node,), plan.collect(array, out, None), stamps, out.shape, out.dtype)
        return result

    return apply


def _binary(primitive: Primitive) -> Callable[[Any, Any], Any]:
    """The way an element-wise function of two arguments runs: tensors and numbers, promoted as PyTorch does."""
    forward, to_float = primitive.forward, primitive.promote == "float"
    if primitive.rules:
        both, first, second = primitive.plan((0, 1)), primitive.plan((0,)), primitive.plan((1,))
    else:
        both = first = second = None  # type: ignore[assignment]

    def apply(x: Any, y: Any) -> Any:
        nx = ny = None
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
        if (nx is None and ny is None) or not state.recording or both is None:
            result._storage = InferenceStorage() if state.inference else Storage()
            return result
        storage = result._storage = Storage()
        if ny is None:
            plan, parents = first, (nx,)
        elif nx is None:
            plan, parents = second, (ny,)
        else:
            plan, parents = both, (nx, ny)
        stamps = plan.stamp(sx, sy, storage) if plan.stamp is not None else None
        result._node = RuleNode(plan, parents, plan.collect(a, b, out, None), stamps, out.shape, out.dtype)  # type: ignore[arg-type]
        return result

    return apply


def _general(primitive: Primitive) -> Callable[..., Any]:
    """The way every other primitive runs."""
    forward, defaults, keeps = primitive.forward, primitive.defaults, primitive.keeps
    variadic, view, differentiable = primitive.variadic, primitive.view, primitive.rules or primitive.joint
    to_float = primitive.promote == "float"
    asks_recording = "recording" in defaults

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
                return tuple([_result(one, None) for one in out])
            result = _result(out, None)
            if view:
                share(result, args[0], lambda tensor: apply(tensor, *args[1:], **statics))
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
                    _result(one, Output(node, i, one.shape, one.dtype) if one.dtype.kind in "fc" else None)
                    for i, one in enumerate(out)
                ]
            )
        result = _result(out, node if out.dtype.kind in "fc" else None, storage)
        if view:
            share(result, args[0], lambda tensor: apply(tensor, *args[1:], **statics))
        return result

    return apply


def _result(array: np.ndarray, node: Node | None, storage: Storage | None = None) -> Tensor:
    tensor = _new(Tensor)
    tensor._array = array
    tensor._storage = (InferenceStorage() if state.inference else Storage()) if storage is None else storage
    if node is not None:
        tensor._node = node
    return tensor


def share(result: Tensor, source: Tensor, view: Callable[[Any], Any]) -> None:
    """Make `result` a view of `source` if it lies in the same memory: they share versions and in-place gradients."""
    import weakref

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
    """The operands of an element-wise operation as arrays of PyTorch's common dtype; Python numbers stay as they are."""
    checked = [_operand(operand) for operand in operands]
    dtype = dtypes.result_type(*checked)
    if to_float and dtype.kind not in "fc":
        dtype = dtypes.default_numpy
    return [
        one.astype(dtype, copy=False) if isinstance(one, np.ndarray) else dtype.type(one) for one in checked
    ]


def _operand(value: Any) -> Any:
    if isinstance(value, np.ndarray) or type(value) in (bool, int, float, complex):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (int, float, complex)):
        return value
    raise TypeError(
        f"expected a Tensor, an array or a number, got {type(value).__name__}; convert it with torch.tensor(...) first"
    )


def _check_broadcast(a: Any, b: Any) -> None:
    """Raise PyTorch's error where two shapes do not broadcast."""
    one, two = np.shape(a), np.shape(b)
    for dim in range(1, min(len(one), len(two)) + 1):
        if one[-dim] != two[-dim] and 1 not in (one[-dim], two[-dim]):
            raise RuntimeError(
                f"The size of tensor a ({one[-dim]}) must match the size of tensor b ({two[-dim]}) at non-singleton "
                f"dimension {max(len(one), len(two)) - dim}; the shapes are {list(one)} and {list(two)}"
            ) from None


# -- registration -------------------------------------------------------------------------------------------------------


def rule(
    function: Callable[..., Any],
    *,
    forward: Callable[..., Any] | None = None,
    promote: str | None = None,
    view: bool = False,
    name: str | None = None,
    **rules: Callable[..., Any],
) -> Primitive:
    """Register a primitive with one derivative rule per differentiable argument.

    Args:
        function: a NumPy function (which then works on Tensors too) or our own function on arrays.
        forward: what runs on arrays, where that should be something else than `function`; its signature (arrays
            positional, statics keyword-only) is then the primitive's.
        promote: how arguments of different dtypes meet. "same": PyTorch's common dtype; "float": likewise, and integers
            become the default floating dtype; None: the function sees them as they are.
        view: whether the result may share memory with the first argument.
        name: PyTorch's name of the operation, which names its graph node; the function's own by default.
        **rules: the rules, by argument name.
    """
    return _register(Primitive(function, forward=forward, rules=rules, promote=promote, view=view, name=name))


def joint(
    function: Callable[..., Any],
    backward: Callable[..., Any],
    *,
    forward: Callable[..., Any] | None = None,
    composite: Callable[..., Any] | None = None,
    keeps: bool = False,
    promote: str | None = None,
    name: str | None = None,
) -> Primitive:
    """Register a primitive whose gradients are computed together, because they share work or the inputs are a list.

    Args:
        function: the primitive on arrays; positional parameters are arrays (`*xs` for any number), keyword-only ones
            static. A parameter `recording` is told whether a backward may follow.
        backward: `backward(g, ...)` returns one gradient per array argument, None where there is none. It names what it
            needs as rules do; `kept` is what the forward kept for it. For several results `g` is a tuple.
        composite: the same operation written in simpler primitives: what it means. If given, second derivatives
            differentiate it and `backward` is only ever called with raw arrays, so it may save and mutate what it
            likes. If not, `backward` itself must be written as a rule, and `kept` may hold locally constant things only
            (masks, indices).
        keeps: the forward returns `(result, kept)`.
        forward, promote, name: as for `rule`.
    """
    return _register(
        Primitive(
            function,
            forward=forward,
            rules={},
            joint=backward,
            composite=composite,
            keeps=keeps,
            promote=promote,
            name=name,
        )
    )


def _register(primitive: Primitive) -> Primitive:
    function = primitive.function
    if function in primitives:
        raise TypeError(f"{function!r} has its rule already; one operation, one home")
    primitives[function] = primitive
    if isinstance(function, np.ufunc):
        dispatch[function] = primitive
    elif getattr(function, "__module__", "").startswith("numpy") and not primitive.variadic:
        dispatch[function] = numpy_face(primitive)
    return primitive


def numpy_face(primitive: Primitive) -> Callable[..., Any]:
    """Call a primitive with a NumPy function's own signature."""
    signature = inspect.signature(primitive.function)
    arrays = tuple(signature.parameters)[: len(primitive.parameters)]

    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        inputs = [given.pop(name) for name in arrays]
        statics = {}
        for name, value in given.items():
            if name in primitive.statics:
                statics[name] = value
            elif value is not signature.parameters[name].default:
                raise TypeError(
                    f"np.{primitive.function.__name__} on a Tensor does not take {name}={value!r}"
                )
        return primitive(*inputs, **statics)

    return call


def numpy_function(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: what a NumPy function does when it is given a Tensor, with NumPy's own arguments."""

    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        dispatch[function] = implementation
        return implementation

    return register


def constant(*functions: Callable[..., Any], promote: str | None = None) -> None:
    """Register NumPy functions whose results are no differentiable function of their arguments (comparisons, argmax)."""
    for function in functions:
        without_derivative.add(function)
        if isinstance(function, np.ufunc):
            _register(Primitive(function, forward=None, rules={}, promote=promote))
        else:
            dispatch[function] = _on_arrays(function)


def _on_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """A NumPy function applied to the arrays of Tensors, its results wrapped and unrecorded."""

    def plain(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value._array
        return type(value)(map(plain, value)) if type(value) in (list, tuple) else value

    def call(*args: Any, **kwargs: Any) -> Any:
        out = function(*map(plain, args), **{key: plain(value) for key, value in kwargs.items()})
        if isinstance(out, tuple):
            return tuple(_result(np.asarray(one), None) for one in out)
        return _result(np.asarray(out), None) if isinstance(out, (np.ndarray, np.generic)) else out

    return call
