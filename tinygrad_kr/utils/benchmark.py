"""`Timer`: how long a statement takes, by Python's `timeit`."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..kernels.threads import get_num_threads, set_num_threads

__all__ = ["Measurement", "Timer"]


@dataclass
class Measurement:
    """What a `Timer` found: the seconds of each run of `number_per_run` executions.

    Source: PyTorch, `torch.utils.benchmark.Measurement`.
    """

    number_per_run: int
    raw_times: list[float]
    stmt: str
    label: str | None = None
    description: str | None = None

    @property
    def times(self) -> list[float]:
        """The seconds of one execution, one number for each run."""
        return [seconds / self.number_per_run for seconds in self.raw_times]

    @property
    def median(self) -> float:
        """The median of `times`."""
        return statistics.median(self.times)

    @property
    def mean(self) -> float:
        """The mean of `times`."""
        return statistics.fmean(self.times)

    @property
    def iqr(self) -> float:
        """The distance of the quartiles of `times`; 0 for one run."""
        if len(self.times) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.times, n=4, method="inclusive")
        return high - low

    def __repr__(self) -> str:
        name = ": ".join(filter(None, [self.label or self.stmt, self.description]))
        runs = f"{len(self.raw_times)} runs of {self.number_per_run}"
        return f"{name}\n  median {self.median * 1e6:.2f} us, IQR {self.iqr * 1e6:.2f} us ({runs})"


class Timer:
    """Times a statement, on one thread unless `num_threads` says otherwise.

    Args:
        stmt: the statement.
        setup: run once before.
        timer: the clock.
        globals: the names that the statement sees.
        label, sub_label, description: for the report.
        num_threads: how many threads operations may use meanwhile.

    >>> timer = torch.utils.benchmark.Timer("x + 1", globals={"x": torch.ones(3)})
    >>> timer.timeit(10).median > 0
    True

    Source: PyTorch, `torch.utils.benchmark.Timer`.
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timeit.default_timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
    ) -> None:
        if global_setup:
            raise ValueError(f"global_setup (={global_setup!r}) is for C++; put Python's into setup")
        self._timer = timeit.Timer(stmt, setup, timer, dict(globals or {}))
        self._words = stmt, " ".join(filter(None, [label, sub_label])) or None, description
        self._threads = num_threads

    def _measured(self, number: int, runs: Callable[[], list[float]]) -> Measurement:
        before = get_num_threads()
        set_num_threads(self._threads)
        try:
            return Measurement(number, runs(), *self._words)
        finally:
            set_num_threads(before)

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """Execute the statement `number` times in one run, after a few to warm up."""
        warm = max(number // 100, 2)
        return self._measured(number, lambda: [self._timer.timeit(warm), self._timer.timeit(number)][1:])

    def blocked_autorange(self, callback: Any = None, min_run_time: float = 0.2) -> Measurement:
        """Runs of a number found by trying, until `min_run_time` seconds have gone by."""
        number = 1
        while self._timer.timeit(number) < min(min_run_time / 1000, 1e-3):
            number *= 10

        def runs() -> list[float]:
            times: list[float] = []
            while not times or sum(times) < min_run_time:
                times.append(self._timer.timeit(number))
                if callback is not None:
                    callback(number, times[-1])
            return times

        return self._measured(number, runs)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Any = None,
    ) -> Measurement:
        """`blocked_autorange` for longer and longer, until IQR / median < `threshold` or the time is up."""
        while True:
            found = self.blocked_autorange(callback, min_run_time)
            if found.iqr < threshold * found.median or min_run_time >= max_run_time:
                return found
            min_run_time *= 4
