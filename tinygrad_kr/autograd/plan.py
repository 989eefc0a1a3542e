"""Plans: what is saved for backward and how backward runs, for one primitive and one set of inputs.

Both are written out as Python when they are first needed, so that no name is looked up and no argument sorted
when a model runs. For the quotient of two tensors that both need gradients it comes to

    def record(x, y, out, kept, x_storage, y_storage, out_storage, x_node, y_node):
        node = node_type()
        node.plan = plan
        node.number = next_number()
        node.parents = (x_node, y_node)
        node.saved = (y, out, y_storage, y_storage.version, out_storage, out_storage.version)
        ...
        return node

    def backward(g, saved):
        y, out, y_storage, y_version, out_storage, out_version = saved
        if y_storage.version != y_version or out_storage.version != out_version:
            raise Changed
        return (rule_0(g, y), rule_1(g, y, out))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .anomaly import anomaly, user_trace
from .node import next_number

if TYPE_CHECKING:
    from .primitive import Definition
    from .rule_node import RuleNode


class Changed(Exception):
    """A tensor that was saved for backward has been changed in place since."""


RECORD = """
def record({arguments}):
    node = node_type()
    node.plan = plan
    node.number = next_number()
    node.parents = {parents}
    node.saved = {saved}
    node.watch = None
    if type(out) is tuple:
        node.shape, node.dtype = (), F32
        node.outputs = tuple([(one.shape, one.dtype) for one in out])
    else:
        node.shape = out.shape
        node.dtype = out.dtype
    if anomaly.enabled:
        node.trace = user_trace()
    return node
"""
BACKWARD = """
def backward(g, saved):
    {names} = saved
{check}
    return {grads}
"""


class Plan:
    """For the inputs at `positions`, which need gradients: what their rules name, and how to run them."""

    __slots__ = ("backward", "definition", "frees", "names", "positions", "record", "stamped")

    names: tuple[str, ...]  # what is saved, in the order in which it is saved
    stamped: tuple[str, ...]  # those among the arrays whose versions are saved behind them
    record: Callable[..., RuleNode]  # (arrays, out, kept, statics, storages, nodes of the inputs) -> the node
    backward: Callable[..., Any]  # (g, saved) -> the gradients of the inputs at `positions`

    def __init__(self, definition: Definition, positions: tuple[int, ...]) -> None:
        self.definition = definition
        self.positions = positions
        inputs, joint = definition.parameters, definition.joint
        rules = [joint] if joint else [definition.rule_of(position) for position in positions]
        needs = [definition.needs_of(rule) for rule in rules]
        self.names = tuple(dict.fromkeys([name for names in needs for name in names]))
        watched = {*self.names, *(inputs if definition.composite is not None else ())}
        self.stamped = tuple([name for name in (*inputs, "out") if name in watched])
        self.frees = bool(joint or self.stamped)

        storages = [f"{name}_storage" for name in (*inputs, "out")]
        nodes = [f"{name}_node" for name in inputs]
        arguments = [*inputs, "out", "kept", *definition.statics, *storages, *nodes]
        parents = [nodes[position] for position in positions] if not definition.variadic else []
        values = [_fetched(name) for name in self.names]
        stamps = [part for name in self.stamped for part in (f"{name}_storage", f"{name}_storage.version")]
        unpacked = [part for name in self.stamped for part in (f"{name}_storage", f"{name}_version")]
        # What a composite alone would need is looked at when it runs; what was kept may share its memory.
        vital = self.stamped if definition.keeps else [name for name in self.stamped if name in self.names]
        changed = " or ".join([f"{name}_storage.version != {name}_version" for name in vital])
        grads = [f"rule_{i}(g, {', '.join(names)})" for i, names in enumerate(needs)]
        check = [f"    if {changed}:\n        raise Changed"] if changed else []
        if joint:
            check.append(f"    grads = {grads[0]}")
            grads = [f"grads[{position}]" for position in positions]
        source = RECORD.format(
            arguments=", ".join(arguments),
            parents=f"present({nodes[0]})" if definition.variadic else _tuple(parents),
            saved=_tuple([*values, *stamps]),
        ) + BACKWARD.format(
            names=_tuple([*self.names, *unpacked]), check="\n".join(check), grads=_tuple(grads)
        )
        names: dict[str, Any] = {
            **{f"rule_{i}": rule for i, rule in enumerate(rules)},
            "plan": self,
            "node_type": definition.node,
            "wanted": positions,
            "next_number": next_number,
            "anomaly": anomaly,
            "user_trace": user_trace,
            "Changed": Changed,
            "F32": np.dtype(np.float32),
            "ndarray": np.ndarray,
            "shape_of": _shape_of,
            "present": _present,
        }
        exec(compile(source, f"{__file__}: {definition.__name__}", "exec"), names)
        self.record, self.backward = names["record"], names["backward"]


class Plans(dict[Any, Plan]):
    """The plans of a primitive, by which inputs need gradients: bit i of a number stands for input i.

    Those of a primitive with any number of inputs stand under their positions.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    def __missing__(self, needs: Any) -> Plan:
        bits = range(len(self.definition.parameters))
        positions = needs if type(needs) is tuple else tuple([i for i in bits if needs >> i & 1])
        return self.setdefault(needs, Plan(self.definition, positions))


def recorders(plans: Plans) -> list[Callable[..., RuleNode]]:
    """The `record` of each plan for one or two inputs, by its number; the plan is made at the first call."""

    def first(needs: int) -> Callable[..., RuleNode]:
        def record(*args: Any) -> RuleNode:
            records[needs] = plans[needs].record
            return records[needs](*args)

        return record

    records = [first(needs) for needs in range(4)]
    return records


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"


def _fetched(name: str) -> str:
    """The expression for what a rule names."""
    if not name.endswith("_shape"):
        return name
    array = name.removesuffix("_shape")
    return f"{array}.shape if type({array}) is ndarray else shape_of({array})"


def _shape_of(value: Any) -> Any:
    return tuple([np.shape(one) for one in value]) if type(value) is tuple else np.shape(value)


def _present(nodes: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([node for node in nodes if node is not None])
