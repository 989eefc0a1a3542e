"""One pool of worker threads for all kernels, and BLAS held to one thread while it works.

NumPy releases the GIL inside large copies, ufuncs and products, so Python threads do share the cores.
A kernel cuts its work into chunks that fit the cache and calls `parallel_for`; each worker copies *and*
multiplies its own chunks. A threaded BLAS would make the workers wait for each other inside every product
(and spin while they wait), so its own limit is one for as long as any kernel runs, then what it was.

The cut depends on shapes and on `get_num_threads()` alone, and every chunk has its own output: for a fixed
number of threads results are equal to the last bit, whichever worker takes which chunk.
"""

from __future__ import annotations

import atexit
import contextvars
import itertools
import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

__all__ = [
    "TINY_PRODUCT",
    "get_num_threads",
    "parallel_for",
    "scratch",
    "serial_blas",
    "set_num_threads",
    "split",
]

Chunk = TypeVar("Chunk")

TINY_PRODUCT = 2**18  # multiplications up to which BLAS does a product on one thread, whatever its limit

# A worker keeps its scratch buffers between calls up to this size; larger ones are freed at once.
_KEPT_BYTES = 4 << 20


def _available_cpus() -> int:
    """CPUs this process may run on (its affinity mask where the system has one)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


class _Job:
    """One `parallel_for`: chunks handed out one at a time to whoever asks, the caller included."""

    def __init__(self, fn: Callable[[Any], object], chunks: Sequence[Any]) -> None:
        self.fn: Callable[[Any], object] | None = fn
        self.chunks: Iterator[Any] = iter(chunks)
        self.lock = threading.Lock()
        self.helpers = 0
        self.idle = threading.Event()
        self.error: BaseException | None = None

    def help(self) -> None:
        """Work on the job from a pool thread; a job that is over by then is left alone."""
        with self.lock:
            if self.fn is None:
                return
            self.helpers += 1
        try:
            self.work()
        finally:
            with self.lock:
                self.helpers -= 1
                if self.fn is None and not self.helpers:
                    self.idle.set()

    def work(self) -> None:
        """Take chunks until none is left; the first exception stops everyone."""
        fn = self.fn
        if fn is None:
            return
        try:
            while True:
                with self.lock:
                    chunk = next(self.chunks)
                fn(chunk)
        except StopIteration:
            pass
        except BaseException as error:  # carried to the caller, whatever it is
            with self.lock:
                self.error = self.error or error
                self.chunks = iter(())

    def finish(self) -> None:
        """Let go of the function (and the arrays it holds), then wait for helpers still inside a chunk."""
        with self.lock:
            self.fn = None
            busy = self.helpers
        if busy:
            self.idle.wait()
        error, self.error = self.error, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # its traceback holds this frame: no cycle may keep the arrays alive


class _Runtime:
    """Pool and BLAS limits of one process; a forked child starts with a new one."""

    def __init__(self, num_threads: int) -> None:
        self.num_threads = num_threads
        self.lock = threading.Lock()
        self.queue: SimpleQueue[tuple[contextvars.Context, _Job] | None] = SimpleQueue()
        self.workers: list[threading.Thread] = []
        self.serial_regions = 0
        self.outer_limits: list[tuple[_Blas, int]] = []

    def start_workers(self) -> None:
        with self.lock:
            for index in range(len(self.workers), self.num_threads - 1):
                # Daemons, so that a worker never keeps an exiting program alive.
                worker = threading.Thread(
                    target=_serve, args=(self.queue,), name=f"tinygrad_kr-worker-{index}", daemon=True
                )
                worker.start()
                self.workers.append(worker)

    def stop_workers(self) -> None:
        with self.lock:
            workers, self.workers = self.workers, []
            queue, self.queue = self.queue, SimpleQueue()
        for _ in workers:
            queue.put(None)
        for worker in workers:
            if worker is not threading.current_thread():
                worker.join()

    def enter_serial(self) -> None:
        with self.lock:
            self.serial_regions += 1
            if self.serial_regions == 1:
                self.outer_limits = [
                    (library, limit) for library in _blas_libraries() if (limit := library.get()) != 1
                ]
                for library, _ in self.outer_limits:
                    library.set(1)

    def leave_serial(self) -> None:
        with self.lock:
            self.serial_regions -= 1
            if not self.serial_regions:
                for library, limit in self.outer_limits:
                    library.set(limit)
                self.outer_limits = []

    def limit_blas(self, limit: int) -> None:
        """Set BLAS's own number of threads, now or when the kernels that are running have ended."""
        with self.lock:
            if self.serial_regions:
                self.outer_limits = [(library, limit) for library in _blas_libraries()]
            else:
                for library in _blas_libraries():
                    if library.get() != limit:
                        library.set(limit)


class _Blas:
    """A loaded BLAS library: `get` and `set` its number of threads.

    They are OpenBLAS's own functions where it keeps its own threads: with threadpoolctl's, which look for
    symbols on every call, a limited product of small matrices takes 2.5 microseconds longer, not 1.
    """

    def __init__(self, controller: Any) -> None:
        self.get: Callable[[], int] = controller.get_num_threads
        self.set: Callable[[int], object] = controller.set_num_threads
        if getattr(controller, "threading_layer", None) == "pthreads":
            for prefix, suffix in itertools.product(("", "scipy_"), ("", "64_", "_64")):
                get, put = (f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set"))
                if hasattr(controller.dynlib, get) and hasattr(controller.dynlib, put):
                    self.get, self.set = getattr(controller.dynlib, get), getattr(controller.dynlib, put)


_libraries: list[_Blas] | None = None


def _blas_libraries() -> list[_Blas]:
    """The loaded BLAS libraries, looked up at first use (the scan takes 1 ms)."""
    global _libraries
    if _libraries is None:
        from threadpoolctl import ThreadpoolController

        found = ThreadpoolController().select(user_api="blas").lib_controllers
        _libraries = [_Blas(controller) for controller in found]
    return _libraries


def _serve(queue: SimpleQueue[tuple[contextvars.Context, _Job] | None]) -> None:
    """A worker's life: take jobs until told to stop."""
    _local.in_job = True
    while (item := queue.get()) is not None:
        context, job = item
        context.run(job.help)
        del item, context, job  # an idle worker must not keep the last job's arrays alive


class _Local(threading.local):
    """Per-thread state: whether a job is running here, and the scratch buffers."""

    def __init__(self) -> None:
        self.in_job = False
        self.buffers: dict[int, np.ndarray] = {}


_local = _Local()
_runtime = _Runtime(_available_cpus())


def _after_fork_in_child() -> None:
    """Threads do not survive a fork, and locks may have been held: start afresh."""
    global _runtime
    old = _runtime
    _runtime = _Runtime(old.num_threads)
    old.lock = threading.Lock()
    for library, limit in old.outer_limits:
        library.set(limit)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _stop_at_exit() -> None:
    _runtime.stop_workers()


atexit.register(_stop_at_exit)


def get_num_threads() -> int:
    """Number of threads the kernels use; by default the number of CPUs this process may run on.

    >>> get_num_threads() >= 1
    True

    PyTorch: `torch.get_num_threads`.
    """
    return _runtime.num_threads


def set_num_threads(num_threads: int) -> None:
    """Use `num_threads` threads in kernels, and in BLAS outside of them.

    Raises `TypeError` unless `num_threads` is an int, and `RuntimeError` unless it is positive.

    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)

    PyTorch: `torch.set_num_threads`.
    """
    if not isinstance(num_threads, (int, np.integer)) or isinstance(num_threads, bool):
        raise TypeError(f"set_num_threads expects an int, but got {type(num_threads).__name__}")
    if num_threads < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, but got {num_threads}")
    runtime = _runtime
    if num_threads != runtime.num_threads:
        runtime.stop_workers()
        runtime.num_threads = int(num_threads)
    runtime.limit_blas(runtime.num_threads)


class serial_blas:
    """Context in which BLAS uses one thread; regions may nest and overlap between threads."""

    __slots__ = ("_entered",)

    def __enter__(self) -> None:
        self._entered = _runtime
        self._entered.enter_serial()

    def __exit__(self, *exception: object) -> None:
        self._entered.leave_serial()


def parallel_for(fn: Callable[[Chunk], object], chunks: Sequence[Chunk]) -> None:
    """Call `fn(chunk)` for every chunk, on the pool's threads and the caller's, BLAS held to one thread.

    Returns when all chunks are done. With one thread, one chunk, or inside another `parallel_for`, runs in
    the calling thread, in order. `np.errstate` and other context variables hold in the workers too. The first
    exception stops the hand-out of chunks and is raised here.

    >>> squares = np.zeros(4)
    >>> def square(i): squares[i] = i * i
    >>> parallel_for(square, range(4))
    >>> squares
    array([0., 1., 4., 9.])
    """
    if not chunks:
        return
    runtime = _runtime
    helpers = min(runtime.num_threads, len(chunks)) - 1
    if _local.in_job:
        for chunk in chunks:
            fn(chunk)
        return
    runtime.enter_serial()
    _local.in_job = True
    try:
        if helpers < 1:
            for chunk in chunks:
                fn(chunk)
            return
        if len(runtime.workers) < runtime.num_threads - 1:
            runtime.start_workers()
        job = _Job(fn, chunks)
        queue = runtime.queue
        for _ in range(helpers):
            queue.put((contextvars.copy_context(), job))
        job.work()
        job.finish()
    finally:
        _local.in_job = False
        runtime.leave_serial()


def split(total: int, at_most: int, *, parallel: bool = True) -> list[tuple[int, int]]:
    """Cut `range(total)` into even (start, stop) pieces of at most `at_most`.

    With `parallel`, the number of pieces is a multiple of the number of threads where `total` allows.

    >>> split(10, 4, parallel=False)
    [(0, 4), (4, 7), (7, 10)]
    """
    if total <= 0:
        return []
    pieces = math.ceil(total / max(1, at_most))
    if parallel:
        pieces = math.ceil(pieces / _runtime.num_threads) * _runtime.num_threads
    pieces = min(pieces, total)
    size, longer = divmod(total, pieces)
    starts = [i * size + min(i, longer) for i in range(pieces + 1)]
    return list(itertools.pairwise(starts))


def scratch(slot: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An uninitialised C-contiguous array from this thread's buffer number `slot`.

    The next request for the same slot in this thread takes the memory over: use it within one chunk only.
    """
    size = math.prod(shape) * dtype.itemsize
    buffer = _local.buffers.get(slot)
    if buffer is None or buffer.nbytes < size:
        buffer = np.empty(size, np.uint8)
        if size <= _KEPT_BYTES:
            _local.buffers[slot] = buffer
    return np.ndarray(shape, dtype, buffer)
