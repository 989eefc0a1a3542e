"""What stands beside the framework proper: loading data, and trading time for memory."""

from __future__ import annotations

from . import checkpoint as checkpoint
from . import data as data

__all__ = ["checkpoint", "data"]
