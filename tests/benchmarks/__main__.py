"""The command line of the benchmarks: runs children in turn and prints what they found."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import __doc__ as about
from .report import Table, memory, operation_tables, seconds, within
from .workloads import workloads

ROOT = Path(__file__).parents[2]
OURS, THEIRS = "tinygrad_kr", "torch"

# The sweeps of --scaling: workload, the setting that grows, its values, and what cost should be linear in.
SWEEPS = [
    ("cnn", "batch", [16, 32, 64, 128, 256, 512], lambda batch: batch),
    ("cnn", "size", [12, 16, 28, 32, 48, 64], lambda size: size * size),
    ("tiny-ops", "depth", [10, 100, 1000, 10000], lambda depth: depth),
    ("mlp-small", "batch", [16, 64, 256, 512], lambda batch: batch),
]


def child(*words: str, **options: Any) -> Any:
    """Run one measurement in a process of its own and return what it prints."""
    command = [sys.executable, "-m", "tests.benchmarks.measure", *words]
    for name, value in options.items():
        if value is not None:
            command += [f"--{name}", value if isinstance(value, str) else json.dumps(value)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def in_turn(name: str, libraries: list[str], options: argparse.Namespace, **settings: Any) -> dict[str, Any]:
    """One workload in every library, round after round; the best of all rounds and the median of medians."""
    rounds: dict[str, list[Any]] = {library: [] for library in libraries}
    for _ in range(options.rounds):
        for library in libraries:
            found = child(
                "workload",
                name,
                library=library,
                threads=options.threads,
                seconds=options.seconds,
                settings=settings,
            )
            rounds[library].append(found)
    return {
        library: {
            "best": min(one["best"] for one in found),
            "median": statistics.median(one["median"] for one in found),
            "peak": max(one["peak"] for one in found),
            "steps": sum(one["steps"] for one in found),
            "value": found[0]["value"],
        }
        for library, found in rounds.items()
    }


def run_workloads(libraries: list[str], options: argparse.Namespace, rate: float) -> dict[str, Any]:
    """The table of the workloads."""
    table = Table(
        "workload", "ours", "median", "PyTorch", "median", "ratio", "bar", "products", "MiB", "steps"
    )
    results = {}
    for name, workload in workloads.items():
        if options.only and not any(word in name for word in options.only):
            continue
        found = results[name] = in_turn(name, libraries, options)
        floor = sum(m * k * n for m, k, n in workload.products()) / rate
        found["products"] = floor
        ours, theirs = found[OURS], found.get(THEIRS)
        if theirs is None:
            cells = ["-", "-", "-", f"{workload.bar:.1f}"]
            peaks, steps = memory(ours["peak"]), str(ours["steps"])
        else:
            ratio = ours["best"] / theirs["best"]
            cells = [
                seconds(theirs["best"]),
                seconds(theirs["median"]),
                f"{ratio:.2f}",
                f"{workload.bar:.1f}",
            ]
            peaks = f"{memory(ours['peak'])} / {memory(theirs['peak'])}"
            steps = f"{ours['steps']} / {theirs['steps']}"
            if not within(ours["value"], theirs["value"]):
                steps += f"  first values differ: {ours['value']:.6g}, {theirs['value']:.6g}"
        table.row(name, seconds(ours["best"]), seconds(ours["median"]), *cells, seconds(floor), peaks, steps)
    return results


def run_scaling(libraries: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """A table for each sweep: time, time per unit of work, and PyTorch's beside it."""
    results = {}
    for name, setting, values, work in SWEEPS:
        if options.only and not any(word in name for word in options.only):
            continue
        print(f"\n{name}: {workloads[name].about}; {setting} grows")
        table = Table(setting, "ours", "per unit", "PyTorch", "ratio", "MiB")
        for value in values:
            found = results[f"{name} {setting}={value}"] = in_turn(
                name, libraries, options, **{setting: value}
            )
            ours, theirs = found[OURS], found.get(THEIRS)
            table.row(
                str(value),
                seconds(ours["best"]),
                seconds(ours["best"] / work(value)),
                seconds(theirs["best"]) if theirs else "-",
                f"{ours['best'] / theirs['best']:.2f}" if theirs else "-",
                memory(ours["peak"]),
            )
    return results


def run_operations(libraries: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """The table of single operations, bare NumPy beside them."""
    found: dict[str, dict[str, float]] = {}
    for _ in range(options.rounds):
        for library in [*libraries, "numpy"]:
            times = child(
                "operations",
                *options.only,
                library=library,
                threads=options.threads,
                seconds=min(options.seconds, 0.1),
            )
            best = found.setdefault(library, times)
            for key, value in times.items():
                best[key] = min(best[key], value)
    operation_tables(found, OURS, THEIRS)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="names that contain a word")
    parser.add_argument("--rounds", type=int, default=3, help="times that each library has its turn")
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds of steps in each turn")
    parser.add_argument(
        "--threads", type=int, help="threads in both libraries; each one's default if left out"
    )
    parser.add_argument("--ops", action="store_true", help="single operations instead of workloads")
    parser.add_argument("--scaling", action="store_true", help="how time grows with batch, image and depth")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file as well")
    options = parser.parse_args()
    libraries = [OURS]
    if importlib.util.find_spec(THEIRS) is None:
        print("PyTorch is not installed (pip install torch==2.13.0): our times alone")
    else:
        libraries.append(THEIRS)
    machine = child("machine", threads=options.threads)
    print(
        f"{machine['threads']} threads of {os.cpu_count()} CPUs; NumPy {machine['numpy']} with "
        f"{machine['blas']}: {2e-9 * machine['rate']:.0f} GFLOP/s in a matrix product"
    )
    if machine["forced"]:
        print(
            f"OPENBLAS_CORETYPE={machine['forced']} is set, so products may not use this processor's best "
            "kernels; unset it to measure those"
        )
    if options.ops:
        results = run_operations(libraries, options)
    elif options.scaling:
        results = run_scaling(libraries, options)
    else:
        results = run_workloads(libraries, options, machine["rate"])
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "results": results}, indent=1))


if __name__ == "__main__":
    main()
