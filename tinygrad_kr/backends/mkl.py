"""Intel MKL is not used: products are NumPy's."""

from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False
