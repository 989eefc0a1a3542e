"""The iteration of a DataLoader whose batches are made in worker processes.

Each worker has two pipes, one for tasks and one for results. Batch number k goes to worker k mod `num_workers`, and batches
are handed out in their order (or as they come, for `in_order=False`); `prefetch_factor` tasks per worker are under way.
A pipe belongs to one worker, so a worker that dies can hold up no other, and its death is noticed at once.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
import weakref
from multiprocessing import connection
from typing import TYPE_CHECKING, Any

from . import worker
from .fetch import FetchPlan
from .iteration import Iteration

if TYPE_CHECKING:
    from .dataloader import DataLoader

# How long a worker may take to finish the sample it is at, when it is told to stop.
_STOP_SECONDS = 5.0


class _Worker:
    """A process and the parent's ends of its pipes."""

    def __init__(self, context: Any, settings: tuple[Any, ...], inherited: list[Any]) -> None:
        task_end, self.tasks = context.Pipe(duplex=False)
        self.results, result_end = context.Pipe(duplex=False)
        forked = context.get_start_method() == "fork"
        close = [*inherited, self.tasks, self.results] if forked else []
        self.process = context.Process(
            target=worker.run, args=(*settings, task_end, result_end, close), daemon=True
        )
        try:
            self.process.start()
        except Exception as error:
            error.add_note(
                f"(A DataLoader worker could not be started by {context.get_start_method()!r}, which pickles the dataset, "
                "collate_fn and worker_init_fn: define them at the top of a module.)"
            )
            raise
        finally:
            task_end.close()
            result_end.close()
        self.exhausted = False

    def death(self) -> str:
        """How a process that should be there came to its end."""
        self.process.join(1)
        code = self.process.exitcode
        if code is None or code >= 0:
            return f"exit code {code}"
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            return f"killed by {name}" + (", perhaps for want of memory" if name == "SIGKILL" else "")
        return f"killed by signal {-code}"


class ParallelIteration(Iteration):
    """Iterates over batches made in worker processes; can begin anew with the same ones (`persistent_workers`)."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        self._timeout = loader.timeout
        self._in_order = loader.in_order
        self._limit = (loader.prefetch_factor or 0) * loader.num_workers
        self._persistent = loader.persistent_workers
        self._workers: list[_Worker] = []
        self.close = weakref.finalize(self, _stop, self._workers)
        context = loader.multiprocessing_context or multiprocessing.get_context()
        plan = FetchPlan(loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last)
        try:
            for number in range(loader.num_workers):
                settings = (plan, number, loader.num_workers, self._base_seed, loader.worker_init_fn)
                ends = [end for one in self._workers for end in (one.tasks, one.results)]
                self._workers.append(_Worker(context, settings, ends))
        except BaseException:
            self.close()
            raise
        self._iteration = -1
        self._begin()

    def restart(self, loader: DataLoader[Any]) -> None:
        """Begin the next epoch with the same workers; what is left of the last one is dropped."""
        self._indices = iter(loader._index_sampler)
        self._yielded = 0
        self._reported_length = loader._reported_length
        self._begin()

    def _begin(self) -> None:
        self._iteration += 1
        self._sent = 0  # number of the next task
        self._next = 0  # number of the next batch
        self._owner: dict[int, int] = {}  # tasks under way, and who has them
        self._arrived: dict[int, Any] = {}  # batches that came before their turn
        self._turn = 0
        for one in self._workers:
            one.exhausted = False
        for _ in range(self._limit):
            self._send_task()

    def _send_task(self) -> None:
        """Give the next worker whose turn it is something to do, if there is anything left."""
        turns = [(self._turn + i) % len(self._workers) for i in range(len(self._workers))]
        turns = [turn for turn in turns if not self._workers[turn].exhausted]
        if not self._in_order:
            load = list(self._owner.values())
            turns.sort(key=load.count)
        try:
            index = next(self._indices)
        except StopIteration:
            return
        if not turns:
            return
        turn = turns[0]
        self._turn = (turn + 1) % len(self._workers)
        try:
            self._workers[turn].tasks.send(worker.Task(self._iteration, self._sent, index))
        except OSError:
            raise self._death(self._workers[turn]) from None
        self._owner[self._sent] = turn
        self._sent += 1

    def _next_batch(self) -> Any:
        while True:
            if not self.close.alive:
                raise StopIteration
            if self._next in self._arrived:
                number, data = self._next, self._arrived.pop(self._next)
            elif self._owner:
                number, data = self._receive()
                turn = self._owner.pop(number)
                if isinstance(data, str) and data == worker.EXHAUSTED:
                    self._workers[turn].exhausted = True
                    self._skip_lost(turn)
                    self._send_task()
                    continue
                if self._in_order and number != self._next:
                    self._arrived[number] = data
                    continue
            else:
                if not self._persistent:
                    self.close()
                raise StopIteration
            self._next = number + 1
            self._skip()
            self._send_task()
            if isinstance(data, worker.Failure):
                data.reraise()
            return data
