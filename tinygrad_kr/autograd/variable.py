"""Where PyTorch's first releases kept `Variable`, which is a tensor now."""

from __future__ import annotations

from . import Variable as Variable
