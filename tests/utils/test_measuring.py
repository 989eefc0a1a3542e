"""`torch.profiler` and `torch.utils.benchmark`: honest about how little they watch."""

from __future__ import annotations

import pytest

import tinygrad_kr as torch
from tinygrad_kr.utils.benchmark import Measurement, Timer


def test_profile_times_the_block_and_hands_over_when_the_schedule_says() -> None:
    ready: list[int] = []
    plan = torch.profiler.schedule(wait=1, warmup=1, active=2, repeat=1, skip_first=1)
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU],
        schedule=plan,
        on_trace_ready=lambda watched: ready.append(watched.step_num),
    ) as watched:
        for _ in range(12):
            with torch.profiler.record_function("step"):
                torch.ones(2).sum()
            watched.step()
    assert ready == [5]  # after the steps 0 to 4: one skipped, waited, warmed up, two recorded
    assert watched.seconds > 0 and list(watched.key_averages()) == []
    assert "not watched" in watched.key_averages().table(sort_by="cpu_time_total", row_limit=5)
    with pytest.raises(RuntimeError, match="cProfile"):
        watched.export_chrome_trace("trace.json")


@pytest.mark.torch
def test_schedules_are_pytorchs() -> None:
    theirs = pytest.importorskip("torch").profiler
    for options in ({}, {"repeat": 2}, {"skip_first": 3}, {"repeat": 1, "skip_first": 2}):
        plans = [one.schedule(wait=2, warmup=1, active=3, **options) for one in (torch.profiler, theirs)]
        for step in range(25):
            assert plans[0](step).name == plans[1](step).name


def test_timer() -> None:
    threads = torch.get_num_threads()
    counted: list[int] = []
    timer = Timer("f()", globals={"f": lambda: counted.append(torch.get_num_threads())}, label="f")
    found = timer.timeit(5)
    assert len(counted) == 7 and set(counted) == {1}  # two to warm up
    assert torch.get_num_threads() == threads and found.number_per_run == 5 and len(found.times) == 1
    assert timer.blocked_autorange(min_run_time=1e-3).median > 0
    assert timer.adaptive_autorange(max_run_time=0.01).mean > 0
    with pytest.raises(ValueError, match="setup"):
        Timer(global_setup="int x;")


def test_measurement() -> None:
    found = Measurement(10, [1.0, 2.0, 3.0, 10.0], "x + 1", None, "small")
    assert found.times == [0.1, 0.2, 0.3, 1.0] and found.median == 0.25 and found.mean == pytest.approx(0.4)
    assert found.iqr == pytest.approx(0.3) and "x + 1: small" in repr(found) and "4 runs of 10" in repr(found)
