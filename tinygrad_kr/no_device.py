"""What namespaces of devices that are not here share: they say so; seeding or emptying them is nothing."""

from __future__ import annotations

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed"]


def is_available() -> bool:
    """False.

    >>> torch.accelerator.is_available(), torch.mps.is_available()
    (False, False)
    """
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: there is no generator to seed."""


def empty_cache() -> None:
    """Nothing: there is no cache."""
