"""`torch._C`: what packages ask of PyTorch's compiled part, as far as it means anything here."""

from __future__ import annotations

__all__: list[str] = []


def _log_api_usage_once(event: str) -> None:
    """Nothing: no use of the package is logged."""
