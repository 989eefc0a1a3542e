"""Images: datasets, transforms, models and helpers in torchvision's words."""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import datasets as datasets

if _TYPE_CHECKING:
    from . import models as models
    from . import ops as ops
    from . import transforms as transforms
    from . import utils as utils

_LATER = frozenset(["models", "ops", "transforms", "utils"])  # imported when they are first asked for


def __getattr__(name: str) -> _Any:
    if name in _LATER:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
