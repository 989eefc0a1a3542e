"""`default_collate` and `default_convert`, under PyTorch's private name."""

from __future__ import annotations

from ..collate import default_collate as default_collate
from ..collate import default_convert as default_convert

__all__ = ["default_collate", "default_convert"]
