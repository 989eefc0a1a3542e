"""PyTorch's private place for `collate`, which programs import from all the same."""

from __future__ import annotations

from . import collate as collate
