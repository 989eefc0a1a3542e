"""`torch.xpu`: there is no such device."""

from __future__ import annotations

from .absent import no_accelerator

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "synchronize"]


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: there is no generator to seed."""


def empty_cache() -> None:
    """Nothing: there is no cache."""


synchronize = no_accelerator("xpu.synchronize", "XPU")
