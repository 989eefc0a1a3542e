"""`torch.jit.annotations`: the types that older models import from there."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple  # noqa: UP035

__all__ = ["Any", "Dict", "List", "Optional", "Tuple"]
