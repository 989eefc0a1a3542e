"""What `register_hook` and its relatives return, under PyTorch's name."""

from __future__ import annotations

from ..autograd.node import HookHandle as RemovableHandle

__all__ = ["RemovableHandle"]
