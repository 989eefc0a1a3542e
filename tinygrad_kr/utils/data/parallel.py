"""A pass over a DataLoader whose batches are made in worker processes.

Each worker has two pipes, one for tasks and one for results. Tasks go to the workers in turn, and batches are
handed out in the order of their tasks (or as they come, for `in_order=False`); `prefetch_factor` tasks per
worker are under way. A pipe belongs to one worker, so a worker that dies can hold up no other, and its death
is noticed at once.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
import weakref
from multiprocessing import connection
from typing import TYPE_CHECKING, Any

from . import worker
from .iteration import Iteration

if TYPE_CHECKING:
    from .dataloader import DataLoader

# How long workers may take to finish the batch they are at, when they are told to stop.
_STOP_SECONDS = 5.0


class _Worker:
    """A process, the parent's ends of its pipes, and whether its iterable dataset has come to the end."""

    def __init__(self, context: Any, settings: tuple[Any, ...], others: list[_Worker]) -> None:
        task_end, self.tasks = context.Pipe(duplex=False)
        self.results, result_end = context.Pipe(duplex=False)
        self.exhausted = False
        # A fork copies the parent's ends too, and a pipe ends only when its last copy is closed.
        ends = [end for one in [*others, self] for end in (one.tasks, one.results)]
        copied = ends if context.get_start_method() == "fork" else []
        self.process = context.Process(
            target=worker.run, args=(*settings, task_end, result_end, copied), daemon=True
        )
        try:
            self.process.start()
        except Exception as error:
            error.add_note(
                f"(A DataLoader worker could not be started by {context.get_start_method()!r}. It pickles "
                "the dataset, collate_fn and worker_init_fn: define them at the top of a module.)"
            )
            raise
        finally:
            task_end.close()
            result_end.close()

    def death(self) -> RuntimeError:
        """The error about a process that is no more."""
        self.process.join(1)
        code = self.process.exitcode
        how = f"exit code {code}"
        if code is not None and code < 0:
            how = f"killed by {signal.Signals(-code).name}"
            if -code == getattr(signal, "SIGKILL", None):
                how += ", perhaps for want of memory"
        return RuntimeError(f"DataLoader worker (pid(s) {self.process.pid}) exited unexpectedly ({how})")


class ParallelIteration(Iteration):
    """Hands out batches that worker processes make; can begin a new pass with the same processes."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        self._timeout = loader.timeout
        self._in_order = loader.in_order
        self._persistent = loader.persistent_workers
        self._tasks_at_once = loader.prefetch_factor * loader.num_workers  # type: ignore[operator]
        self._workers: list[_Worker] = []
        # Also called when the iteration is dropped half-way, and at exit.
        self.close = weakref.finalize(self, _stop, self._workers, os.getpid())
        context = loader.multiprocessing_context or multiprocessing.get_context()
        try:
            for number in range(loader.num_workers):
                settings = loader._plan(), number, loader.num_workers, self._base_seed, loader.worker_init_fn
                self._workers.append(_Worker(context, settings, self._workers))
        except BaseException:
            self.close()
            raise
        self._epoch = 0
        self.restart(loader)

    def restart(self, loader: DataLoader[Any]) -> None:
        """Begin a pass; what workers still make for the last one will be dropped."""
        self._begin_pass(loader)
        self._epoch += 1
        self._sent = 0  # tasks so far
        self._taken = 0  # batches so far, skipped ones included
        self._owners: dict[int, _Worker] = {}  # of the tasks under way
        self._arrived: dict[int, Any] = {}  # results that came before their turn
        self._turn = 0
        for one in self._workers:
            one.exhausted = False
        for _ in range(self._tasks_at_once):
            self._send_task()

    def _send_task(self) -> None:
        """Give the worker whose turn it is something to do, if there is anything left."""
        for place in range(self._turn, self._turn + len(self._workers)):
            one = self._workers[place % len(self._workers)]
            under_way = sum(owner is one for owner in self._owners.values())
            if not one.exhausted and (self._in_order or under_way * len(self._workers) < self._tasks_at_once):
                break
        else:
            return
        try:
            index = next(self._indices)
        except StopIteration:
            return
        self._turn = place + 1
        try:
            one.tasks.send(worker.Task(self._epoch, self._sent, index))
        except OSError:
            error = one.death()
            self.close()
            raise error from None
        self._owners[self._sent] = one
        self._sent += 1

    def _next_batch(self) -> Any:
        while self._owners and self.close.alive:
            number, data = self._take()
            owner = self._owners.pop(number)
            if isinstance(data, worker.Exhausted):
                owner.exhausted = True
            self._send_task()
            if isinstance(data, worker.Failure):
                data.reraise()
            if not isinstance(data, worker.Exhausted):
                return data
        if not self._persistent:
            self.close()
        raise StopIteration

    def _take(self) -> tuple[int, Any]:
        """The next result, with its number: in the order of tasks, or whichever is there."""
        if not self._in_order:
            return self._receive()
        while self._taken not in self._arrived:
            number, data = self._receive()
            self._arrived[number] = data
        self._taken += 1
        return self._taken - 1, self._arrived.pop(self._taken - 1)

    def _receive(self) -> tuple[int, Any]:
        """A result of this pass, from any worker."""
        try:
            while True:
                sources = [end for one in self._workers for end in (one.results, one.process.sentinel)]
                ready = connection.wait(sources, self._timeout or None)
                if not ready:
                    raise RuntimeError(
                        f"DataLoader timed out after {self._timeout} seconds; a batch takes longer than "
                        "that, or hangs"
                    )
                talking = [one for one in self._workers if one.results in ready]
                if not talking:
                    raise next(one for one in self._workers if one.process.sentinel in ready).death()
                try:
                    result = talking[0].results.recv()
                except (EOFError, OSError):
                    raise talking[0].death() from None
                if result.epoch == self._epoch:
                    return result.number, result.data
        except BaseException:  # Ctrl-C too, which may come in the middle of a message
            self.close()
            raise


def _stop(workers: list[_Worker], parent: int) -> None:
    """Tell workers to stop, let them finish the batch they are at, and end those that take too long."""
    if os.getpid() != parent:
        return  # a copy in a forked process
    for one in workers:
        with contextlib.suppress(OSError):
            one.tasks.send(None)
    # A worker may be waiting to get rid of a result; the end of its pipe says that it has exited.
    deadline = time.monotonic() + _STOP_SECONDS
    talking = {one.results for one in workers}
    while talking and (left := deadline - time.monotonic()) > 0:
        for end in connection.wait(list(talking), left):
            try:
                end.recv_bytes()  # type: ignore[union-attr]
            except (EOFError, OSError):
                talking.discard(end)  # type: ignore[arg-type]
    for one in workers:
        if one.results in talking:
            one.process.kill()
        one.process.join()
        one.process.close()
        one.tasks.close()
        one.results.close()
