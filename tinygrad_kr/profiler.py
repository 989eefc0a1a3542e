"""What programs that measure themselves import: `profile` times the whole block, and no operation in it.

PyTorch's profiler watches every operation; Python's own does so here: `python -m cProfile script.py`.
"""

from __future__ import annotations

import contextlib
import enum
import time
from collections.abc import Callable
from typing import Any

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "kineto_available",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]


class ProfilerActivity(enum.Enum):
    """What can be watched; here there is the CPU alone."""

    CPU = 0
    CUDA = 1
    XPU = 2


class ProfilerAction(enum.Enum):
    """What a schedule says about a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def supported_activities() -> set[ProfilerActivity]:
    """The CPU.

    >>> torch.profiler.supported_activities()
    {<ProfilerActivity.CPU: 0>}
    """
    return {ProfilerActivity.CPU}


def kineto_available() -> bool:
    """False: that is PyTorch's library."""
    return False


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0
) -> Callable[[int], ProfilerAction]:
    """What to do at each step: after `skip_first`, rounds of `wait`, `warmup` and `active` steps.

    >>> plan = torch.profiler.schedule(wait=1, warmup=1, active=1)
    >>> [plan(step).name for step in range(4)]
    ['NONE', 'WARMUP', 'RECORD_AND_SAVE', 'NONE']

    Source: PyTorch, `torch.profiler.schedule`.
    """

    def action(step: int) -> ProfilerAction:
        turn, place = divmod(step - skip_first, wait + warmup + active)
        if step < skip_first or (repeat and turn >= repeat) or place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        last = place == wait + warmup + active - 1
        return ProfilerAction.RECORD_AND_SAVE if last else ProfilerAction.RECORD

    return action


class _Table(list[Any]):
    """The averages of no operations."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def table(self, *args: Any, **kwargs: Any) -> str:
        """One line: the time of the whole block."""
        return f"CPU time total: {self.seconds * 1e3:.3f}ms (single operations are not watched; use cProfile)"

    __str__ = table


class profile(contextlib.ContextDecorator):
    """Times a block; its table is one line, since the operations in it are not watched.

    Args:
        schedule: which calls of `step` end a recording.
        on_trace_ready: called with this object when a recording ends.

    The other arguments of PyTorch's are accepted, without effect.

    >>> with torch.profiler.profile() as watched:
    ...     _ = torch.ones(3) + 1
    >>> watched.key_averages().table(sort_by="cpu_time_total").startswith("CPU time total")
    True

    Source: PyTorch, `torch.profiler.profile`.
    """

    def __init__(
        self,
        *args: Any,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.schedule, self.on_trace_ready = schedule, on_trace_ready
        self.step_num, self.seconds = 0, 0.0
        self._began: float | None = None

    def start(self) -> None:
        """Begin."""
        self._began = time.perf_counter()

    def stop(self) -> None:
        """End, and hand over a recording that no schedule has."""
        if self._began is not None:
            self.seconds = time.perf_counter() - self._began
        if self.schedule is None and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def step(self) -> None:
        """Say that one step of the program is over."""
        if self._began is not None:
            self.seconds = time.perf_counter() - self._began
        action = ProfilerAction.NONE if self.schedule is None else self.schedule(self.step_num)
        self.step_num += 1
        if action is ProfilerAction.RECORD_AND_SAVE and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def key_averages(self, *args: Any, **kwargs: Any) -> _Table:
        """A list without entries, whose `table` is the time of the block."""
        return _Table(self.seconds)

    events = key_averages

    def export_chrome_trace(self, path: str) -> None:
        """Raises RuntimeError: there are no events to write."""
        raise RuntimeError(
            f"no trace to write to {path!r}: operations are not watched; use python -m cProfile -o FILE"
        )

    export_stacks = export_chrome_trace


class record_function(contextlib.ContextDecorator):
    """Names a block for PyTorch's profiler; here it does nothing."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """For `on_trace_ready`: does nothing, since there is no trace to write."""
    return lambda watched: None
