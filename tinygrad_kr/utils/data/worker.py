"""What runs in a worker process: take tasks from a pipe, make batches, send them back."""

from __future__ import annotations

import multiprocessing
import os
import queue
import random
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np

from ...kernels.threads import set_num_threads
from ...ops.random import manual_seed
from .fetch import FetchPlan

__all__ = ["WorkerInfo", "get_worker_info"]

# How often a worker makes sure that its parent still lives, where the system does not tell it.
_WATCH_SECONDS = 5.0


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker this is: its number, how many there are, its seed, and its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process its `id`, `num_workers`, `seed` and `dataset`; None in the main process.

    >>> torch.utils.data.get_worker_info() is None
    True

    Source: PyTorch, `torch.utils.data.get_worker_info`.
    """
    return _worker_info


# -- messages ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """Make batch `number` of an epoch from what the sampler yielded."""

    epoch: int
    number: int
    index: Any


@dataclass(frozen=True)
class Result:
    """A batch, or a `Failure`, or `Exhausted`."""

    epoch: int
    number: int
    data: Any


class Exhausted:
    """Instead of a batch: the iterable dataset has no more samples."""


class Failure:
    """An exception that was raised in a worker, to be raised again in the main process."""

    def __init__(self, error: BaseException, worker: int) -> None:
        self.kind = type(error)
        text = "".join(traceback.format_exception(error))
        self.message = f"Caught {self.kind.__name__} in DataLoader worker process {worker}.\nOriginal {text}"

    def reraise(self) -> None:
        """Raise an exception of the same type, or else RuntimeError, with the worker's traceback."""
        message = _Lines(self.message) if issubclass(self.kind, KeyError) else self.message
        try:
            error = self.kind(message)
        except Exception:
            raise RuntimeError(self.message) from None
        raise error


class _Lines(str):
    """A text that KeyError, which shows the repr of its argument, shows with its line ends."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


# -- the process ---------------------------------------------------------------------------------------------


def run(
    plan: FetchPlan,
    worker: int,
    num_workers: int,
    base_seed: int,
    init_fn: Callable[[int], Any] | None,
    tasks: connection.Connection,
    results: connection.Connection,
    inherited: list[connection.Connection],
) -> None:
    """The life of a worker: until a None comes through `tasks`, or the parent dies."""
    for one in inherited:  # the parent's ends, which a fork copies: a pipe ends when its last copy is closed
        one.close()
    # Ctrl-C is for the parent, which ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pending = _Pending(tasks)
    failure = _prepare(plan, worker, num_workers, base_seed, init_fn)
    epoch, fetch = -1, None
    while (task := pending.next()) is not None:
        if task.epoch != epoch:
            epoch, fetch = task.epoch, None
        data: Any
        try:
            if failure is not None:
                data, failure = failure, None
            else:
                fetch = fetch or plan.start()
                data = fetch(task.index)
        except StopIteration:
            data = Exhausted()
        except Exception as error:
            data = Failure(error, worker)
        try:
            _send(results, Result(epoch, task.number, data), worker)
        except OSError:  # the parent has closed its end
            return
        del data, task


def _prepare(
    plan: FetchPlan, worker: int, num_workers: int, base_seed: int, init_fn: Callable[[int], Any] | None
) -> Failure | None:
    """Seed everything, say who we are, and call the user's function."""
    global _worker_info
    set_num_threads(1)  # the workers themselves share the processors
    seed = base_seed + worker
    random.seed(seed)
    manual_seed(seed)
    np.random.seed(
        np.random.SeedSequence([worker, base_seed & 0xFFFFFFFF, base_seed >> 32]).generate_state(4)
    )
    _worker_info = WorkerInfo(worker, num_workers, seed, plan.dataset)
    try:
        if init_fn is not None:
            init_fn(worker)
    except Exception as error:
        return Failure(error, worker)
    return None


def _send(results: connection.Connection, result: Result, worker: int) -> None:
    try:
        message = ForkingPickler.dumps(result)
    except Exception as error:  # neither may an exception pickle
        failure = result.data if isinstance(result.data, Failure) else Failure(error, worker)
        failure.kind = RuntimeError
        message = ForkingPickler.dumps(Result(result.epoch, result.number, failure))
    results.send_bytes(message)


class _Pending:
    """The tasks that have come, read by a thread of its own, so that a parent never waits to hand one over.

    The thread also ends the process when the parent dies, whatever the dataset is doing then.
    """

    def __init__(self, tasks: connection.Connection) -> None:
        self.tasks = tasks
        self.queue: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self.stopped = False
        self.epoch = 0
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> Task | None:
        """The next task that is still wanted; None when there will be no more."""
        while (task := self.queue.get()) is not None and not self.stopped:
            if task.epoch == self.epoch:
                return task
        return None

    def _read(self) -> None:
        parent = multiprocessing.parent_process()
        number = os.getppid()
        while True:
            ready = connection.wait([self.tasks, parent.sentinel], _WATCH_SECONDS)  # type: ignore[union-attr]
            try:
                if self.tasks in ready:
                    task = self.tasks.recv()
                    if task is None:
                        self.stopped = True
                    else:
                        self.epoch = task.epoch
                    self.queue.put(task)
                elif ready or os.getppid() != number:
                    os._exit(1)
            except (EOFError, OSError):
                os._exit(1)
