"""A warning for the classical trap: modules in a plain list, which nothing registers."""

from __future__ import annotations

import warnings
import weakref
from typing import TYPE_CHECKING, Any

from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

_watched: dict[int, set[str]] = {}  # by the module's id: its own hash may need what it does not have yet


def watch(module: Module, name: str, value: Any) -> None:
    """Warn if a plain list, tuple or dict holds what `parameters()` would not find; remember an empty one."""
    if value:
        _warn(module, name, value)
    elif not isinstance(value, tuple):
        if id(module) not in _watched:
            weakref.finalize(module, _watched.pop, id(module))
        _watched.setdefault(id(module), set()).add(name)


def check_watched(root: Module) -> None:
    """The same for containers that were empty when they were assigned and have been filled since."""
    if not _watched:
        return
    for module in root.modules():
        for name in list(_watched.get(id(module), ())):
            value = module.__dict__.get(name)
            if value:
                _watched[id(module)].discard(name)
                _warn(module, name, value)


def _warn(module: Module, name: str, value: Any) -> None:
    from .module import Module

    inside = [
        one
        for one in (value.values() if isinstance(value, dict) else value)
        if isinstance(one, (Module, Parameter))
    ]
    if not inside:
        return
    if "_modules" in module.__dict__:
        known: set[Any] = set(module.modules())
        known.update(*(one._parameters.values() for one in known))
        if known.issuperset(inside):
            return
    kind = "Parameter" if isinstance(inside[0], Parameter) else "Module"
    container = f"nn.{kind}{'Dict' if isinstance(value, dict) else 'List'}"
    warnings.warn(
        f"{type(module).__name__}.{name} is a plain {type(value).__name__} that holds a "
        f"{type(inside[0]).__name__}, which is not registered: parameters(), state_dict() and to() do not "
        f"see it, and an optimizer will not train it. Use {container} instead.",
        UserWarning,
        stacklevel=4,
    )
