"""The derivative pages, by theme."""

from . import _real_only as _real_only  # before the pages, whose primitives it names
