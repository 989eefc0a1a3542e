"""`torch.accelerator`: there is none, which `is_available()` says."""

from __future__ import annotations

from typing import Any, NoReturn

from .no_device import device_count, is_available

__all__ = [
    "current_accelerator",
    "current_device_index",
    "device_count",
    "device_index",
    "is_available",
    "set_device_index",
    "synchronize",
]


def current_accelerator(check_available: bool = False) -> None:
    """None."""


def current_device_index(*args: Any) -> NoReturn:
    """Raises `RuntimeError`: there is no accelerator."""
    raise RuntimeError(
        "Cannot access accelerator device when none is available; guard the call with "
        "torch.accelerator.is_available()"
    )


set_device_index = device_index = synchronize = current_device_index
