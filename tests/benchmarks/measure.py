"""The child process: times one workload, or all operations, in one library and prints JSON.

python -m tests.benchmarks.measure workload cnn --library torch --settings '{"batch": 16}'
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

MOST_STEPS = 2000


def peak_memory() -> int:
    """The most memory this process has held, in bytes."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            line = next(line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def timed(step: Callable[[], Any], seconds: float) -> list[float]:
    """The duration of each of as many steps as fit into the time, at least three."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or (time.perf_counter() < end and len(times) < MOST_STEPS):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return times


def library(name: str, threads: int | None) -> Any:
    """The library by name, its number of threads set if one is given."""
    torch = importlib.import_module(name)
    if threads is not None:
        torch.set_num_threads(threads)
    return torch


def measure_workload(name: str, torch: Any, settings: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Best and median time of a step, peak memory, and the first step's value for comparison."""
    from .workloads import workloads

    step = workloads[name].build(torch, **settings)
    value = float(step().detach().double().mean())
    timed(step, seconds / 4)
    times = timed(step, seconds)
    return {
        "best": min(times),
        "median": statistics.median(times),
        "steps": len(times),
        "peak": peak_memory(),
        "value": value,
    }


def measure_operations(
    library: str, torch: Any, only: list[str], threads: int | None, seconds: float
) -> dict[str, Any]:
    """The best time of one call, by operation, size and direction ("forward" or "both")."""
    from .operations import SIZES, operations

    found = {}
    for operation in operations.values():
        if only and not any(word in operation.name for word in only):
            continue
        for size in SIZES:
            for direction, call in operation.calls(library, torch, size).items():
                found[f"{operation.name}|{size}|{direction}"] = best_of_many(call, seconds)
    return found


def best_of_many(call: Callable[[], Any], seconds: float) -> float:
    """The best time of one call, taken over loops long enough for the clock."""
    call()
    start = time.perf_counter()
    call()
    once = max(time.perf_counter() - start, 1e-7)
    loops = max(1, int(1e-3 / once))
    best = float("inf")
    end = time.perf_counter() + seconds
    samples = 0
    while samples < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(loops):
            call()
        best = min(best, (time.perf_counter() - start) / loops)
        samples += 1
    return best


def product_rate(seconds: float = 0.5) -> float:
    """Multiply-adds per second of NumPy's matrix product, on as many threads as the kernels use."""
    import numpy as np

    from tinygrad_kr.kernels.product import matmul

    a = np.ones((1024, 1024), np.float32)
    return 1024**3 / min(timed(lambda: matmul(a, a), seconds))


def blas() -> str:
    """NumPy's BLAS and the kernels it runs on this processor."""
    from threadpoolctl import threadpool_info

    found = [
        f"{one['internal_api']} {one.get('version')} ({one.get('architecture', 'kernels unknown')})"
        for one in threadpool_info()
        if one["user_api"] == "blas"
    ]
    return ", ".join(found) or "unknown"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["workload", "operations", "machine"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--library", default="tinygrad_kr")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--settings", type=json.loads, default={})
    options = parser.parse_args()
    torch = library("tinygrad_kr" if options.library == "numpy" else options.library, options.threads)
    if options.what == "workload":
        result = measure_workload(options.names[0], torch, options.settings, options.seconds)
    elif options.what == "operations":
        result = measure_operations(options.library, torch, options.names, options.threads, options.seconds)
    else:
        import numpy as np

        result = {
            "rate": product_rate(),
            "numpy": np.__version__,
            "blas": blas(),
            "forced": os.environ.get("OPENBLAS_CORETYPE"),
            "threads": torch.get_num_threads(),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
