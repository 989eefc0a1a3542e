"""`torch.jit`: there is no compiler, so scripting and tracing give back what they are given."""

from __future__ import annotations

from typing import Any

from ..absent import absent
from ..nn.module import Module

__all__ = [
    "Final",
    "ScriptModule",
    "annotate",
    "export",
    "freeze",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "load",
    "optimize_for_inference",
    "save",
    "script",
    "script_if_tracing",
    "script_method",
    "trace",
    "trace_module",
    "unused",
]

from typing import Final as Final


class ScriptModule(Module):
    """A module under PyTorch's name for a scripted one; `script` makes none, so no other module is one."""


def is_scripting() -> bool:
    """False.

    >>> torch.jit.is_scripting()
    False
    """
    return False


def is_tracing() -> bool:
    """False."""
    return False


def script(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """The function, class or module itself: it runs as Python.

    >>> @torch.jit.script
    ... def double(x):
    ...     return 2 * x
    >>> double(torch.ones(1))
    tensor([2.])

    Source: PyTorch, `torch.jit.script`.
    """
    return obj


def trace(func: Any, example_inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The function or module itself."""
    return func


def trace_module(mod: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """The module itself."""
    return mod


def freeze(mod: Any, *args: Any, **kwargs: Any) -> Any:
    """The module itself."""
    return mod


optimize_for_inference = freeze


def export(fn: Any) -> Any:
    """The function itself."""
    return fn


script_method = script_if_tracing = interface = _script_if_tracing = export


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """A decorator, with or without arguments: the function itself."""
    return drop if callable(drop) else export


def unused(fn: Any) -> Any:
    """The function itself."""
    return fn


_overload = _overload_method = unused  # what torchvision's models mark typed variants of a method with


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value."""
    return the_value


save = absent("jit.save", "save the state dict with torch.save(model.state_dict(), path)")
load = absent("jit.load", "build the model in Python and load its state dict with torch.load")
