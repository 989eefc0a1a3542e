"""Plans: what is saved for backward and how backward runs, for one primitive and one set of inputs.

Both are written out as Python when they are first needed, so that no name is looked up and no argument sorted
when a model runs. For the quotient of two tensors that both need gradients it comes to

    def save(x, y, out, kept, x_storage, y_storage, out_storage):
        return (y, out, y_storage, y_storage.version, out_storage, out_storage.version)

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

if TYPE_CHECKING:
    from .primitive import Definition


class Changed(Exception):
    """A tensor that was saved for backward has been changed in place since."""


class Plan:
    """For the inputs at `positions`, which need gradients: what their rules name, and how to run them."""

    __slots__ = (
        "backward",
        "definition",
        "frees",
        "names",
        "node",
        "parents",
        "positions",
        "save",
        "stamped",
    )

    names: tuple[str, ...]  # what is saved, in the order in which it is saved
    stamped: tuple[str, ...]  # those among the arrays whose versions are saved behind them
    parents: Callable[..., Any]  # (a node for each input) -> those of the inputs at `positions`
    save: Callable[..., Any]  # (arrays, out, kept, statics, storages) -> what is saved
    backward: Callable[..., Any]  # (g, saved) -> the gradients of the inputs at `positions`

    def __init__(self, definition: Definition, positions: tuple[int, ...]) -> None:
        self.definition = definition
        self.node = definition.node
        self.positions = positions
        inputs, variadic = definition.parameters, definition.variadic
        joint = definition.joint
        rules = [joint] if joint else [definition.rule_of(position) for position in positions]
        needs = [definition.needs_of(rule) for rule in rules]
        self.names = tuple(dict.fromkeys([name for names in needs for name in names]))
        watched = {*self.names, *(inputs if definition.composite is not None else ())}
        self.stamped = tuple([name for name in (*inputs, "out") if name in watched])
        self.frees = bool(joint or self.stamped)
        names: dict[str, Any] = {f"rule_{i}": rule for i, rule in enumerate(rules)}
        names.update(Changed=Changed, ndarray=np.ndarray, shape_of=_shape_of, versions_of=_versions_of)
        names["wanted"] = positions

        def version(name: str) -> str:
            many = variadic and name != "out"
            return f"versions_of({name}_storage)" if many else f"{name}_storage.version"

        storages = [f"{name}_storage" for name in (*inputs, "out")]
        arguments = [*inputs, "out", "kept", *definition.statics, *storages]
        values = [_fetched(name) for name in self.names]
        stamps = [part for name in self.stamped for part in (f"{name}_storage", version(name))]
        unpacked = [part for name in self.stamped for part in (f"{name}_storage", f"{name}_version")]
        # What a composite alone would need is looked at when it runs; what was kept may share its memory.
        vital = self.stamped if definition.keeps else [name for name in self.stamped if name in self.names]
        changed = " or ".join([f"{version(name)} != {name}_version" for name in vital])
        grads = [f"rule_{i}(g, {', '.join(names)})" for i, names in enumerate(needs)]
        if joint:
            grads = [f"grads[{position}]" for position in positions]
        lines = [
            f"def save({', '.join(arguments)}):",
            f"    return {_tuple([*values, *stamps])}",
            "def backward(g, saved):",
            f"    {_tuple([*self.names, *unpacked])} = saved",
            *([f"    if {changed}:", "        raise Changed"] if changed else ()),
            *([f"    grads = rule_0(g, {', '.join(needs[0])})"] if joint else ()),
            f"    return {_tuple(grads)}",
        ]
        exec(compile("\n".join(lines), f"{__file__}: {definition.__name__}", "exec"), names)
        self.save, self.backward = names["save"], names["backward"]
        nodes = [f"x{position}" for position in range(len(inputs))]
        chosen = _tuple([f"x{position}" for position in positions])
        self.parents = eval(f"lambda {', '.join(nodes)}: {chosen}") if not variadic else _present


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


def _versions_of(storages: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple([storage.version for storage in storages])


def _present(nodes: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([node for node in nodes if node is not None])
