"""A warning for the classical trap: modules in a plain list, which nothing registers."""

from __future__ import annotations

import warnings
import weakref
from typing import TYPE_CHECKING, Any

from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

_watched: weakref.WeakKeyDictionary[Module, set[str]] = weakref.WeakKeyDictionary()


def _watch(module: Module, name: str, value: Any) -> None:
    """Warn if a plain list, tuple or dict holds what `parameters()` would not find; remember an empty one."""
    if not value and not isinstance(value, tuple):
        _watched.setdefault(module, set()).add(name)
    elif value:
        _warn_unregistered(module, name, value, stacklevel=4)


def _check_watched(root: Module) -> None:
    """The same for containers that were empty when they were assigned, and were filled since."""
    for module in root.modules():
        for name in list(_watched.get(module, ())):
            value = module.__dict__.get(name)
            if value:
                _watched[module].discard(name)
                _warn_unregistered(module, name, value, stacklevel=4)


def _warn_unregistered(module: Module, name: str, value: Any, stacklevel: int) -> None:
    inside = list(value.values()) if isinstance(value, dict) else value
    found = next((one for one in inside if isinstance(one, (Module, Parameter))), None)
    if found is None:
        return
    known: set[Any] = set()
    if "_modules" in module.__dict__:
        known = {*module.modules(), *(p for m in module.modules() for p in m._parameters.values())}
    if all(one in known for one in inside if isinstance(one, (Module, Parameter))):
        return
    kind = "Parameter" if isinstance(found, Parameter) else "Module"
    container = f"nn.{kind}{'Dict' if isinstance(value, dict) else 'List'}"
    warnings.warn(
        f"{type(module).__name__}.{name} is a plain {type(value).__name__} that holds a "
        f"{type(found).__name__}: its {'parameters are' if kind == 'Module' else 'values are'} not "
        "registered, so parameters(), state_dict() and to() do not see them and an optimizer will not train "
        f"them. Use {container} instead.",
        UserWarning,
        stacklevel=stacklevel,
    )
