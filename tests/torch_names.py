"""Writes `tinygrad_kr/torch_names.txt`: PyTorch's public names, by namespace.

    python -m tests.torch_names

`python -m tinygrad_kr coverage` holds this package against the list; `tests/test_coverage.py` fails when it
is not what this writes. Names that begin with an underscore, submodules, and the C++ types of TorchScript and
of the dispatcher are left out.
"""

from __future__ import annotations

import importlib
import textwrap
from types import ModuleType
from typing import Any

from tinygrad_kr.coverage import NAMES

NAMESPACES = [
    "torch",
    "torch.Tensor",
    "torch.amp",
    "torch.autograd",
    "torch.autograd.functional",
    "torch.distributions",
    "torch.fft",
    "torch.func",
    "torch.linalg",
    "torch.nn",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.utils",
    "torch.nn.utils.parametrizations",
    "torch.nn.utils.parametrize",
    "torch.nn.utils.prune",
    "torch.nn.utils.rnn",
    "torch.optim",
    "torch.optim.lr_scheduler",
    "torch.optim.swa_utils",
    "torch.random",
    "torch.signal.windows",
    "torch.sparse",
    "torch.special",
    "torch.testing",
    "torch.utils.checkpoint",
    "torch.utils.data",
]

# Those of C++'s classes that programs name; the others belong to TorchScript and the dispatcher.
CLASSES = {"Generator", "Size", "device", "dtype", "finfo", "iinfo", "layout", "memory_format"}


def public_names(namespace: str) -> list[str]:
    """The public names of one namespace, sorted."""
    import torch

    if namespace == "torch.Tensor":
        return [name for name in dir(torch.Tensor) if not name.startswith("_")]
    module = importlib.import_module(namespace)
    listed = getattr(module, "__all__", None)
    names = listed if listed and namespace != "torch.nn" else dir(module)
    return sorted({name for name in names if not name.startswith("_") and _belongs(module, name)})


def _belongs(module: Any, name: str) -> bool:
    value = getattr(module, name, None)
    if value is None or isinstance(value, ModuleType):
        return False
    home = getattr(value, "__module__", None) or "torch"
    if not home.startswith("torch"):
        return False
    internal = isinstance(value, type) and (home.startswith("torch._C") or home == "torch")
    return not internal or name in CLASSES or name.endswith("Tensor")


def text() -> str:
    """The whole file."""
    parts = []
    for namespace in NAMESPACES:
        names = textwrap.fill(" ".join(public_names(namespace)), 110, break_on_hyphens=False)
        parts.append(f"# {namespace}\n{names}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    NAMES.write_text(text(), encoding="utf-8")
    print(f"wrote {NAMES}")
