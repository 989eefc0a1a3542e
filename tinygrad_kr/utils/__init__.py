"""What stands beside the framework proper: loading data, and trading time for memory."""

from __future__ import annotations

from . import checkpoint as checkpoint
from . import data as data
from . import hooks as hooks
from . import model_zoo as model_zoo

__all__ = ["checkpoint", "data", "hooks", "model_zoo"]
