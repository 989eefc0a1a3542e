"""The benchmarks run, and both libraries do the same work in them. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_kr

from . import operations as op
from .report import within
from .workloads import workloads

ROOT = Path(__file__).parents[2]


def benchmarks(*options: str) -> str:
    command = [sys.executable, "-m", "tests.benchmarks", "--rounds", "1", "--seconds", "0.001", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_workloads_print_a_table_and_write_json(tmp_path: Path) -> None:
    text = benchmarks("--only", "mlp-small", "--json", str(tmp_path / "figures.json"))
    assert "GFLOP/s in a matrix product" in text and "first values differ" not in text
    (row,) = [line for line in text.splitlines() if line.startswith("mlp-small")]
    assert row.split()[1:3]
    figures = json.loads((tmp_path / "figures.json").read_text())
    ours = figures["results"]["mlp-small"]["tinygrad_kr"]
    assert ours["best"] <= ours["median"] and ours["steps"] >= 3 and ours["peak"] > 2**20


def test_operations_print_a_table() -> None:
    rows = [line for line in benchmarks("--ops", "--only", "tanh").splitlines() if line.startswith("tanh")]
    assert [row.split()[1:3] for row in rows] == [
        [size, way] for size in op.SIZES for way in ("forward", "both")
    ]


def test_scaling_prints_a_sweep() -> None:
    rows = benchmarks("--scaling", "--only", "tiny-ops").splitlines()
    assert [row.split()[0] for row in rows[-4:]] == ["10", "100", "1000", "10000"]


@pytest.mark.parametrize("name", workloads)
def test_every_workload_takes_a_step(name: str) -> None:
    settings = {"depth": 10} if name == "tiny-ops" else {"batch": 2}
    assert workloads[name].build(tinygrad_kr, **settings)().isfinite().all()


@pytest.mark.parametrize("name", op.operations)
def test_every_operation_runs_small(name: str) -> None:
    for call in op.operations[name].calls("tinygrad_kr", tinygrad_kr, "small").values():
        call()


@pytest.mark.torch
@pytest.mark.parametrize("name", workloads)
def test_both_libraries_compute_the_same(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    settings = {} if name == "tiny-ops" else {"batch": 2}
    steps = [workloads[name].build(library, **settings) for library in (tinygrad_kr, torch)]
    for _ in range(2):
        one, two = (float(step().detach().double().mean()) for step in steps)
        assert within(one, two)


@pytest.mark.torch
@pytest.mark.parametrize("name", sorted(set(op.operations) - {"dropout", "randn"}))
def test_operations_and_their_numpy_forms_agree(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    operation = op.operations[name]
    for size in ("small", "medium"):
        ours, theirs = (
            operation.calls("", library, size)["forward"]().numpy() for library in (tinygrad_kr, torch)
        )
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-4)
        bare = operation.calls("numpy", None, size)
        if bare:
            assert bare["forward"]() == pytest.approx(theirs, rel=1e-4, abs=1e-4)
