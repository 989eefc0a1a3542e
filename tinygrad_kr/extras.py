"""Optional dependencies: imported only where they are used, with an error that names the extra to install."""

from __future__ import annotations

import importlib
from types import ModuleType


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional dependency.

    Args:
        module: what to import.
        extra: the extra of this package that brings it.
        purpose: what it is needed for, as the error says it.

    Raises:
        ModuleNotFoundError: it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise ModuleNotFoundError(
            f"{purpose} needs {module.partition('.')[0]}, which is not installed: pip install "
            f"'tinygrad_kr[{extra}]'",
            name=error.name,
        ) from None
