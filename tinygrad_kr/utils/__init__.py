"""What stands beside the framework proper: loading data, and trading time for memory."""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import Any as _Any

from . import checkpoint as checkpoint
from . import data as data
from . import hooks as hooks
from . import model_zoo as model_zoo

__all__ = ["checkpoint", "data", "hooks", "model_zoo"]


def __getattr__(name: str) -> _Any:
    if name in ("benchmark", "dlpack"):
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
