"""What stands beside the framework proper: loading data."""

from __future__ import annotations

from . import data as data

__all__ = ["data"]
