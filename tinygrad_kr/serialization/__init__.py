"""`save` and `load`: files that PyTorch opens, and PyTorch's files, without PyTorch.

| page | what it does |
| --- | --- |
| `saving`, `loading` | the two functions |
| `pickling`, `unpickling` | an object as a pickle with PyTorch's names, and back |
| `allowed` | which names a file may contain, and what they mean here |
| `tensors` | from storages to tensors that view them |
| `archive`, `legacy` | the zip container, and the format before PyTorch 1.6 |
| `atomic` | replacing a file as a whole |
"""

from __future__ import annotations

from .allowed import add_safe_globals as add_safe_globals
from .allowed import clear_safe_globals as clear_safe_globals
from .allowed import get_safe_globals as get_safe_globals
from .allowed import safe_globals as safe_globals
from .loading import load as load
from .saving import save as save

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save"]
