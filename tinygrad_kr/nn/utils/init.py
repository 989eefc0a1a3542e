"""Modules whose parameters are not set."""

from __future__ import annotations

import inspect
from typing import Any

from ...random import fork_rng
from ..module import Module

__all__ = ["skip_init"]


def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Any:
    """`module_cls(*args, **kwargs)` whose parameters and buffers have no particular values; nothing is drawn.

    Raises:
        RuntimeError: it is no module's class, or one without a `device` argument.

    >>> torch.nn.utils.skip_init(torch.nn.Linear, 5, 1).weight.shape
    torch.Size([1, 5])

    Source: PyTorch, `torch.nn.utils.skip_init`.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with fork_rng():
        module = module_cls(*args, **kwargs)
    return module.to_empty(device="cpu")
