"""Primitives and the language of their derivative rules.

A primitive is a function on arrays together with one rule per differentiable argument:

    rule(np.multiply, name="mul", x=lambda g, y: g * y, y=lambda g, x: g * x)
    rule(np.exp, x=lambda g, out: g * out)

The first parameter of a rule is `g`, the gradient that arrives. The *names* of its other parameters say what
it needs and so what is saved for backward: an argument of the primitive (array or static), `out` (its
result), or `x_shape` (the shape of argument `x`). Signatures are read here, once, when the page is imported;
nothing is inspected when a model runs.

Positional parameters of a primitive are its arrays, keyword-only parameters its static arguments (axis,
stride ...). Calling a primitive with arrays gives arrays; with a Tensor among the arguments it gives a Tensor
and, if gradients are wanted, records a node. The same rule runs on raw arrays in an ordinary backward pass
and on Tensors under `create_graph=True`, so a rule is written with operators and `np.` functions only, never
with methods.

The engine un-broadcasts, casts, checks and adds gradients; no rule does.

Operations that are worth a fused backward use `joint`, which see.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..tensor import Tensor
from ..written import parameters_of
from . import record
from .plan import Plans
from .record import promote as promote
from .record import result_of as result_of
from .record import share as share
from .rule_node import CompositeNode, RuleNode

Primitive = Callable[..., Any]  # call it with arrays or Tensors

definitions: dict[Any, Definition] = {}  # every primitive, by the function it was registered for
primitives: dict[Any, Primitive] = {}
dispatch: dict[Any, Callable[..., Any]] = {}  # what a NumPy function does when it is given a Tensor
real_only: set[str] = set()  # names of the primitives that no complex tensor may enter


class Definition:
    """What is known of a primitive: the function on arrays and its derivative rules; `apply` runs it."""

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
        result_may_change: bool = False,
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
        self.result_may_change = result_may_change
        self.__name__: str = name or str(getattr(function, "__name__", "primitive"))
        self.__doc__ = function.__doc__
        self.node_name = (
            "".join(part[:1].upper() + part[1:] for part in self.__name__.split("_")) + "Backward0"
        )
        self.variadic = False
        self.statics: tuple[str, ...] = ()
        self.defaults: dict[str, Any] = {}
        self.real = self.__name__ in real_only
        self.parameters: tuple[str, ...]
        if isinstance(self.forward, np.ufunc):
            self.parameters = ("x", "y", "z")[: self.forward.nin]
        else:
            self._read_signature()
        self._check_names()
        self.plans = Plans(self)
        self.node: type[RuleNode] = RuleNode if composite is None else CompositeNode
        plain = not (joint or keeps or view or self.variadic or self.statics)
        arity = len(self.parameters) if promote is not None and plain else 0
        ways: dict[int, Callable[[Definition], Primitive]] = {1: record.unary, 2: record.binary}
        self.apply = ways.get(arity, record.general)(self)
        self.apply.__name__ = self.apply.__qualname__ = self.__name__

    def __repr__(self) -> str:
        return f"<primitive {self.__name__}>"

    # -- at registration ---------------------------------------------------------------------------

    def _read_signature(self) -> None:
        parameters = parameters_of(self.forward)
        self.variadic = bool(parameters.any_number)
        self.parameters = parameters.positional + parameters.any_number
        self.statics, self.defaults = parameters.keywords, parameters.defaults

    def _check_names(self) -> None:
        known = {
            *self.parameters,
            "out",
            "kept",
            *self.statics,
            *(f"{name}_shape" for name in self.parameters),
            *(["wanted"] if self.joint else []),
        }
        for argument in self.rules:
            if argument not in self.parameters:
                raise TypeError(f"rule for {self!r}: it has no argument {argument!r}, only {self.parameters}")
        for rule in [*self.rules.values(), *([self.joint] if self.joint else [])]:
            first, *others = parameters_of(rule).positional
            if first != "g" or not known.issuperset(others):
                raise TypeError(
                    f"rule for {self!r} names {[first, *others]}; the first must be 'g', "
                    f"the others among {sorted(known)}"
                )

    def needs_of(self, rule: Callable[..., Any]) -> tuple[str, ...]:
        """The names a rule asks for, after `g`."""
        return parameters_of(rule).positional[1:]

    def rule_of(self, position: int) -> Callable[..., Any]:
        """The rule for one argument; raises, naming function and argument, where there is none."""
        name = self.parameters[position]
        if name not in self.rules:
            raise RuntimeError(
                f"the derivative of {self.__name__} with respect to its argument {name!r} is not defined"
            )
        return self.rules[name]


# -- registration --------------------------------------------------------------------------------


def rule(
    function: Callable[..., Any],
    *,
    forward: Callable[..., Any] | None = None,
    promote: str | None = None,
    view: bool = False,
    result_may_change: bool = False,
    name: str | None = None,
    **rules: Callable[..., Any],
) -> Primitive:
    """Register a primitive with one derivative rule per differentiable argument.

    Args:
        function: a NumPy function (which then works on Tensors too) or our own function on arrays.
        forward: what runs on arrays, where that should be something else than `function`; its signature
            (arrays
            positional, statics keyword-only) is then the primitive's.
        promote: how arguments of different dtypes meet. "same": PyTorch's common dtype; "float": likewise,
            and integers
            become the default floating dtype; None: the function sees them as they are.
        view: whether the result may share memory with the first argument.
        result_may_change: whether the result may be changed in place before backward though a rule names
            `out` (where PyTorch's rule does not): it is copied then.
        name: PyTorch's name of the operation, which names its graph node; the function's own by default.
        **rules: the rules, by argument name.
    """
    return _register(
        Definition(
            function,
            forward=forward,
            rules=rules,
            promote=promote,
            view=view,
            result_may_change=result_may_change,
            name=name,
        )
    )


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
    """Register a primitive whose gradients are computed together: they share work, or the inputs are a list.

    Args:
        function: the primitive on arrays; positional parameters are arrays (`*xs` for any number),
            keyword-only ones
            static. A parameter `recording` is told whether a backward may follow.
        backward: `backward(g, ...)` returns one gradient per array argument, None where there is none. It
            names what it needs as rules do; `kept` is what the forward kept for it, `wanted` the positions of
            the arguments that need gradients (work for others can be left out). For several results `g` is
            a tuple.
        composite: the same operation written in simpler primitives: what it means. If given, second
            derivatives
            differentiate it and `backward` is only ever called with raw arrays, so it may save and mutate
            what it likes. If not, `backward` itself must be written as a rule, and `kept` may hold locally
            constant things only (masks, indices).
        keeps: the forward returns `(result, kept)`.
        forward, promote, name: as for `rule`.
    """
    return _register(
        Definition(
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


def _register(definition: Definition) -> Primitive:
    function = definition.function
    if function in definitions:
        raise TypeError(f"{function!r} has its rule already; one operation, one home")
    definitions[function] = definition
    primitives[function] = definition.apply
    if isinstance(function, np.ufunc):
        dispatch[function] = definition.apply
    elif getattr(function, "__module__", "").startswith("numpy") and not definition.variadic:
        dispatch[function] = numpy_face(definition)
    return definition.apply


_signature = cache(inspect.signature)


def numpy_face(definition: Definition) -> Callable[..., Any]:
    """Call a primitive with a NumPy function's own signature."""

    def call(*args: Any, **kwargs: Any) -> Any:
        signature = _signature(definition.function)
        given = signature.bind(*args, **kwargs).arguments
        inputs = [given.pop(name) for name in tuple(signature.parameters)[: len(definition.parameters)]]
        statics = {}
        for name, value in given.items():
            if name in definition.statics:
                statics[name] = value
            elif value is not signature.parameters[name].default:
                raise TypeError(
                    f"np.{definition.function.__name__} on a Tensor does not take {name}={value!r}"
                )
        return definition.apply(*inputs, **statics)

    return call


def numpy_function(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: what a NumPy function does when it is given a Tensor, with NumPy's own arguments."""

    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        dispatch[function] = implementation
        return implementation

    return register


def constant(*functions: Callable[..., Any], promote: str | None = None) -> None:
    """Register NumPy functions whose results no gradient flows through (comparisons, argmax)."""
    for function in functions:
        if isinstance(function, np.ufunc):
            _register(Definition(function, forward=None, rules={}, promote=promote))
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
            return tuple(result_of(np.asarray(one), None) for one in out)
        return result_of(np.asarray(out), None) if isinstance(out, (np.ndarray, np.generic)) else out

    return call
