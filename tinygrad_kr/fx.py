"""`torch.fx`: `wrap` does nothing; graphs of Python code are not taken."""

from __future__ import annotations

from typing import Any

from .absent import absent

__all__ = ["symbolic_trace", "wrap"]


def wrap(fn_or_name: Any) -> Any:
    """What it is given: only a tracer would look at it.

    Source: PyTorch, `torch.fx.wrap`.
    """
    return fn_or_name


symbolic_trace = absent(
    "fx.symbolic_trace", "look at the graph of a result through its grad_fn, or at model.named_modules()"
)
