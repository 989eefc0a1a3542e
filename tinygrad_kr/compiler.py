"""`torch.compile` and `torch.compiler`: there is no compiler, and programs run as they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "allow_in_graph",
    "assume_constant_result",
    "compile",
    "cudagraph_mark_step_begin",
    "disable",
    "is_compiling",
    "is_dynamo_compiling",
    "reset",
    "set_stance",
]


def compile(model: Callable[..., Any] | None = None, **options: Any) -> Any:
    """The model or function itself; a decorator where none is given.

    Args:
        model: what PyTorch would compile.
        **options: `mode`, `backend`, `fullgraph`, `dynamic` ...: accepted, without effect.

    >>> @torch.compile(mode="max-autotune")
    ... def double(x):
    ...     return 2 * x
    >>> double(torch.ones(1))
    tensor([2.])

    Source: PyTorch, `torch.compile`.
    """
    return (lambda function: function) if model is None else model


def is_compiling() -> bool:
    """False."""
    return False


is_dynamo_compiling = is_compiling


def disable(fn: Any = None, recursive: bool = True, **options: Any) -> Any:
    """The function itself; a decorator where none is given."""
    return (lambda function: function) if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """The function itself."""
    return fn


assume_constant_result = allow_in_graph


def reset() -> None:
    """Nothing."""


cudagraph_mark_step_begin = reset


class set_stance:
    """How the compiler shall behave: without effect, as a call and as a block."""

    def __init__(self, stance: str = "default", **options: Any) -> None:
        self.stance = stance

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exception: object) -> None:
        return None
