"""OpenMP is not used: threads are those of `torch.set_num_threads`."""

from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False
