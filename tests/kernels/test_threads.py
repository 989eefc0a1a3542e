"""The worker pool: results, exceptions, nesting, limits of BLAS, forks, and leaving in peace."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import ThreadpoolController

from tinygrad_kr.kernels import threads


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    yield
    threads.set_num_threads(before)


def blas_limits() -> set[int]:
    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    return {library.get_num_threads() for library in libraries}


@given(st.integers(1, 4), st.integers(0, 30))
def test_every_chunk_runs_once(num_threads: int, chunks: int) -> None:
    threads.set_num_threads(num_threads)
    counts = np.zeros(chunks, int)

    def run(chunk: int) -> None:
        counts[chunk] += 1

    threads.parallel_for(run, range(chunks))
    np.testing.assert_array_equal(counts, 1)


def test_chunks_do_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=30)
    threads.parallel_for(lambda _: meeting.wait(), range(2))


def test_one_thread_or_one_chunk_stays_in_the_calling_thread() -> None:
    seen: list[int] = []
    threads.parallel_for(lambda _: seen.append(threading.get_ident()), [0])
    threads.set_num_threads(1)
    threads.parallel_for(lambda _: seen.append(threading.get_ident()), range(5))
    assert set(seen) == {threading.get_ident()}


def test_nested_loops_run_inline() -> None:
    total = np.zeros((4, 4), int)

    def outer(row: int) -> None:
        me = threading.get_ident()

        def inner(column: int) -> None:
            assert threading.get_ident() == me
            total[row, column] += 1

        threads.parallel_for(inner, range(4))

    threads.parallel_for(outer, range(4))
    assert (total == 1).all()


@pytest.mark.parametrize("num_threads", [1, 2])
def test_exceptions_reach_the_caller_and_the_pool_survives(num_threads: int) -> None:
    threads.set_num_threads(num_threads)

    def fail(chunk: int) -> None:
        if chunk == 3:
            raise ValueError("chunk 3")

    for _ in range(3):
        with pytest.raises(ValueError, match="chunk 3"):
            threads.parallel_for(fail, range(6))
    test_every_chunk_runs_once.hypothesis.inner_test(num_threads, 8)
    assert blas_limits() == {num_threads}


def test_blas_is_serial_inside_and_as_before_outside() -> None:
    before = blas_limits()
    inside: list[set[int]] = []
    threads.parallel_for(lambda _: inside.append(blas_limits()), range(3))
    assert inside == [{1}] * 3
    assert blas_limits() == before == {2}
    with threads.serial_blas(), threads.serial_blas():
        assert blas_limits() == {1}
    assert blas_limits() == before


def test_a_limit_set_while_a_kernel_runs_holds_afterwards() -> None:
    with threads.serial_blas():
        threads.set_num_threads(3)
        assert blas_limits() == {1}
    assert blas_limits() == {3}


@pytest.mark.parametrize("bad", [0, -1])
def test_thread_counts_are_positive(bad: int) -> None:
    with pytest.raises(RuntimeError, match=f"positive integer, but got {bad}"):
        threads.set_num_threads(bad)


@pytest.mark.parametrize("bad", [1.5, "2", True, None])
def test_thread_counts_are_ints(bad: object) -> None:
    with pytest.raises(TypeError, match=type(bad).__name__):
        threads.set_num_threads(bad)  # type: ignore[arg-type]


def test_user_threads_may_share_the_pool() -> None:
    counts = np.zeros((4, 50), int)

    def user(row: int) -> None:
        def run(chunk: int) -> None:
            counts[row, chunk] += 1

        threads.parallel_for(run, range(50))

    users = [threading.Thread(target=user, args=(row,)) for row in range(4)]
    for thread in users:
        thread.start()
    for thread in users:
        thread.join(timeout=30)
    assert (counts == 1).all()
    assert blas_limits() == {2}


def test_error_state_holds_in_workers() -> None:
    """np.errstate is the caller's wish, whichever thread divides."""
    meeting = threading.Barrier(2, timeout=30)

    def divide(_: int) -> None:
        meeting.wait()
        np.ones(3) / np.zeros(3)

    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        threads.parallel_for(divide, range(2))
    with np.errstate(divide="ignore"):
        threads.parallel_for(divide, range(2))


def test_idle_workers_keep_nothing_alive() -> None:
    class Big:
        pass

    big = Big()
    watch = weakref.ref(big)

    def run(_: int, big: Big = big) -> None:
        assert big is not None

    threads.parallel_for(run, range(4))
    threads.parallel_for(lambda _: None, range(4))
    del run, big
    for _ in range(100):
        if watch() is None:
            break
        threading.Event().wait(0.01)
    assert watch() is None


def test_scratch_is_reused_within_a_thread_and_never_shared() -> None:
    first = threads.scratch(0, (2, 3), np.dtype(np.float32))
    assert first.shape == (2, 3)
    assert np.shares_memory(first, threads.scratch(0, (4,), np.dtype(np.float32)))
    assert not np.shares_memory(first, threads.scratch(1, (2, 3), np.dtype(np.float32)))
    meeting = threading.Barrier(2, timeout=30)
    buffers: list[np.ndarray] = []

    def run(_: int) -> None:
        buffers.append(threads.scratch(0, (8,), np.dtype(np.float64)))
        meeting.wait()

    threads.parallel_for(run, range(2))
    assert not np.shares_memory(*buffers)


@given(st.integers(0, 200), st.integers(1, 50), st.integers(1, 3), st.booleans())
def test_split_covers_everything_evenly(total: int, at_most: int, num_threads: int, parallel: bool) -> None:
    threads.set_num_threads(num_threads)
    pieces = threads.split(total, at_most, parallel=parallel)
    assert [i for start, stop in pieces for i in range(start, stop)] == list(range(total))
    lengths = [stop - start for start, stop in pieces]
    assert max(lengths, default=0) <= at_most
    assert max(lengths, default=0) - min(lengths, default=0) <= 1
    if parallel and total >= num_threads:
        assert len(pieces) % num_threads == 0 or len(pieces) == total


def run_python(code: str) -> str:
    result = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            code,
        ],  # Python 3.12 warns at any fork with threads
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert not result.stderr, result.stderr
    return result.stdout.strip()


PRELUDE = """
import os, threading, numpy as np
from tinygrad_kr.kernels import threads
threads.set_num_threads(3)
done = np.zeros(6, int)
def run(i): done[i] += 1
threads.parallel_for(run, range(6))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_starts_its_own_pool() -> None:
    code = """
child = os.fork()
threads.parallel_for(run, range(6))
assert (done == 2).all() and threads.get_num_threads() == 3
if child == 0:
    os._exit(0)
print(os.waitpid(child, 0)[1])
"""
    assert run_python(PRELUDE + code) == "0"


def test_an_interpreter_ends_with_workers_idle_and_may_use_them_at_exit() -> None:
    code = """
import atexit
atexit.register(lambda: (threads.parallel_for(run, range(6)), print(done.sum())))
"""
    assert run_python(PRELUDE + code) == "12"


def test_importing_looks_for_no_library() -> None:
    code = "import sys, tinygrad_kr.kernels.threads; print('threadpoolctl' in sys.modules)"
    assert run_python(code) == "False"


def test_the_default_is_what_the_process_may_use() -> None:
    code = "from tinygrad_kr.kernels import threads; print(threads.get_num_threads())"
    expected = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert run_python(code) == str(expected)
