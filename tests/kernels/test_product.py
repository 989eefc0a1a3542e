"""Products in bands equal NumPy's, whatever the shapes, strides and number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels import product
from tinygrad_kr.kernels.threads import get_num_threads, set_num_threads

ROOT = Path(__file__).parents[2]
SIDES = st.sampled_from([0, 1, 2, 17, 40])


@pytest.fixture(autouse=True, scope="module")
def _small_thresholds() -> Iterator[None]:
    """Make every path reachable with small matrices."""
    names = ("_TINY", "_TINY_VECTOR", "_LARGE", "_BAND")
    kept, threads = [getattr(product, name) for name in names], get_num_threads()
    for name, value in zip(names, (100, 20, 2000, 4)):
        setattr(product, name, value)
    yield
    for name, value in zip(names, kept):
        setattr(product, name, value)
    set_num_threads(threads)


@given(
    sides=st.tuples(SIDES, SIDES, SIDES),
    stack=st.lists(st.integers(1, 3), max_size=2).map(tuple),
    stacked=st.sampled_from(["neither", "first", "both"]),
    turned=st.tuples(st.booleans(), st.booleans()),
    threads=st.sampled_from([1, 2, 3]),
    dtype=st.sampled_from([np.float32, np.float64, np.int64]),
)
def test_equals_numpy(
    sides: tuple[int, int, int],
    stack: tuple[int, ...],
    stacked: str,
    turned: tuple[bool, bool],
    threads: int,
    dtype: type,
) -> None:
    set_num_threads(threads)
    m, k, n = sides
    rng = np.random.default_rng(m + 7 * k + 49 * n)
    x = rng.integers(-4, 5, ((*stack, m, k) if stacked != "neither" else (m, k))).astype(dtype)
    y = rng.integers(-4, 5, ((*stack, k, n) if stacked == "both" else (k, n))).astype(dtype)
    x = x.swapaxes(-1, -2).copy().swapaxes(-1, -2) if turned[0] else x
    y = y.swapaxes(-1, -2).copy().swapaxes(-1, -2) if turned[1] else y
    out = product.matmul(x, y)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, np.matmul(x, y))
    if x.ndim == y.ndim == 2:
        addend = rng.integers(-4, 5, n).astype(dtype)
        np.testing.assert_array_equal(product.affine(x, y, addend), np.matmul(x, y) + addend)


@pytest.mark.parametrize("shapes", [((40, 17), (17,)), ((17,), (17, 40)), ((40,), (40,)), ((1, 40), (40, 1))])
def test_vectors(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    x, y = (np.random.default_rng(len(one)).integers(-4, 5, one).astype(np.float32) for one in shapes)
    np.testing.assert_array_equal(product.matmul(x, y), np.matmul(x, y))


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError):
        product.matmul(np.ones((2, 3)), np.ones((4, 5)))


WAKES_BLAS = """
import os, threading, time
import tinygrad_kr as torch
from tests.benchmarks.operations import operations
from tests.benchmarks.workloads import workloads
from tinygrad_kr.kernels.threads import parallel_for

torch.set_num_threads(2)
parallel_for(lambda _: None, range(2))  # our own workers are known to Python from here on

def running_time():  # of the threads that are not Python's, in nanoseconds
    ours = {thread.native_id for thread in threading.enumerate()}
    others = [number for number in os.listdir("/proc/self/task") if int(number) not in ours]
    return sum(int(open(f"/proc/self/task/{one}/schedstat").read().split()[0]) for one in others)

def check(name, call):
    before = running_time()
    call()
    time.sleep(0.002)
    if running_time() > before + 100_000:
        print(name)
        time.sleep(0.1)

time.sleep(0.1)
for name in ("mean of rows", "softmax", "matmul", "linear", "attention", "batch_norm", "cross_entropy"):
    check(name, operations[name].calls("tinygrad_kr", torch, "large")["both"])
x, y = torch.ones(2000, 1000, requires_grad=True), torch.ones(1000, requires_grad=True)
check("matrix and vector", lambda: (x @ y).sum().backward())
for name in ("lstm", "gpt"):
    check(name, workloads[name].build(torch))
print("done")
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="needs Linux's times of threads")
def test_nothing_is_left_to_the_threads_of_blas() -> None:
    """They spin when their work is done, and take the cores from ours."""
    done = subprocess.run([sys.executable, "-c", WAKES_BLAS], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split("\n")[:-1] == ["done"], done.stdout + done.stderr
