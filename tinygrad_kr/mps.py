"""`torch.mps`: there is no such device."""

from __future__ import annotations

from .absent import no_accelerator
from .no_device import device_count, empty_cache, is_available, manual_seed

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "synchronize"]

synchronize = no_accelerator("mps.synchronize", "MPS")
