"""Batches from worker processes: as those made here, whatever the workers do, and nobody stays behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    TensorDataset,
    get_worker_info,
)

CONTEXT = "fork" if hasattr(os, "fork") else "spawn"


class Made(Dataset):
    """A dataset of what a function makes of each index."""

    def __init__(self, make: Callable[[int], Any], size: int = 10) -> None:
        self.make = make
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Any:
        return self.make(index)


def load(make: Callable[[int], Any], size: int = 10, **options: Any) -> DataLoader[Any]:
    options = {"num_workers": 2, "multiprocessing_context": CONTEXT, "collate_fn": list, **options}
    return DataLoader(Made(make, size), **options)


def pids(loader: DataLoader[Any]) -> set[int]:
    return {pid for batch in loader for pid in batch}


def gone(pid: int, within: float = 10.0) -> bool:
    """Whether a process ends within some seconds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def double(index: int) -> int:
    return 2 * index


def name_of_process(index: int) -> int:
    return os.getpid()


# -- the batches ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_same_batches_in_the_same_order(workers: int) -> None:
    dataset = TensorDataset(torch.arange(60).reshape(20, 3), torch.arange(20.0))
    options: dict[str, Any] = {"batch_size": 3, "shuffle": True}
    torch.manual_seed(5)
    here = list(DataLoader(dataset, **options))
    after = torch.rand(1)
    torch.manual_seed(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about more workers than processors
        loader = DataLoader(dataset, num_workers=workers, prefetch_factor=3, **options)
    there = list(loader)
    assert torch.equal(torch.rand(1), after)
    assert len(here) == len(there) == len(loader)
    for one, other in zip(here, there):
        for a, b in zip(one, other):
            assert torch.equal(a, b) and b.numpy().flags.writeable


def slow_first(index: int) -> int:
    time.sleep(0.3 if index == 0 else 0.0)
    return index


def test_order_is_kept_or_not() -> None:
    assert list(load(slow_first)) == [[i] for i in range(10)]
    free = list(load(slow_first, in_order=False))
    assert sorted(free) == [[i] for i in range(10)] and free[0] != [0]


class Parts(IterableDataset):
    """Numbers divided between the workers, unevenly."""

    def __iter__(self) -> Iterator[int]:
        info = get_worker_info()
        return iter(range(info.id, 11, info.num_workers) if info.id else range(0, 4, info.num_workers))


@pytest.mark.parametrize("persistent", [False, True])
def test_iterable_dataset(persistent: bool) -> None:
    loader = DataLoader(
        Parts(), batch_size=2, num_workers=2, multiprocessing_context=CONTEXT, persistent_workers=persistent
    )
    expected = [[0, 2], [1, 3], [5, 7], [9]]
    for _ in range(2):
        assert [batch.tolist() for batch in loader] == expected


def large(index: int) -> np.ndarray:
    return np.full(300_000, index)


def test_nobody_waits_for_each_other() -> None:
    """Tasks and results larger than any pipe holds, in both directions at once."""
    batches = BatchSampler([i % 10 for i in range(200_000)], 100_000, False)
    loader = DataLoader(
        Made(double), batch_sampler=batches, num_workers=1, multiprocessing_context=CONTEXT, prefetch_factor=4
    )
    assert [len(batch) for batch in loader] == [100_000] * 2
    assert [batch[0][0] for batch in load(large, 6, prefetch_factor=3)] == list(range(6))


# -- what a worker knows -------------------------------------------------------------------------------------


def draw(index: int) -> tuple[Any, ...]:
    info = get_worker_info()
    assert torch.initial_seed() == info.seed
    return info.id, info.seed, torch.rand(1).item(), random.random(), float(np.random.rand())


def test_seeds_differ_between_workers_and_epochs() -> None:
    loader = load(draw, 4)
    epochs = [[batch[0] for batch in loader] for _ in range(2)]
    everything = [one for epoch in epochs for one in epoch]
    assert [one[0] for one in everything] == [0, 1, 0, 1] * 2
    assert len({one[1] for one in everything}) == 4
    for generator in (2, 3, 4):
        assert len({one[generator] for one in everything}) == 8
    torch.manual_seed(7)
    first = list(load(draw, 4))
    torch.manual_seed(7)
    assert list(load(draw, 4)) == first


def threads(index: int) -> tuple[int, int]:
    from tinygrad_kr.kernels.threads import _blas_libraries, get_num_threads

    return get_num_threads(), max([library.get() for library in _blas_libraries()], default=1)


def test_one_thread_each() -> None:
    assert {one for batch in load(threads, 4) for one in batch} == {(1, 1)}


def test_no_worker_info_here() -> None:
    assert get_worker_info() is None


def remember(worker: int) -> None:
    os.environ["WORKER"] = str(worker)


def recall(index: int) -> tuple[int, str]:
    return get_worker_info().id, os.environ["WORKER"]


def test_init_fn() -> None:
    for batch in load(recall, worker_init_fn=remember):
        assert str(batch[0][0]) == batch[0][1]


# -- errors --------------------------------------------------------------------------------------------------


class Strange(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def fail(index: int) -> Any:
    if index == 3:
        raise ValueError("three is not to be loaded")
    if index == 4:
        raise KeyError("four")
    if index == 5:
        raise Strange(1, 2)
    if index == 6:

        class Local(Exception):
            pass

        raise Local("six")
    if index == 7:
        return lambda: None  # does not pickle
    return index


def test_errors_come_back_with_their_traceback() -> None:
    iteration = iter(load(fail, 9))
    assert [next(iteration) for _ in range(3)] == [[0], [1], [2]]
    with pytest.raises(
        ValueError,
        match=r"(?s)^Caught ValueError in DataLoader worker process 1.\nOriginal Traceback.*in fail",
    ) as caught:
        next(iteration)
    assert str(caught.value).endswith("ValueError: three is not to be loaded\n")
    with pytest.raises(
        KeyError, match=r"Caught KeyError in DataLoader worker process 0.\nOriginal Traceback"
    ):
        next(iteration)
    with pytest.raises(RuntimeError, match=r"(?s)Caught Strange.*1 and 2"):
        next(iteration)
    with pytest.raises(RuntimeError, match=r"(?s)Caught Local.*six"):
        next(iteration)
    with pytest.raises(
        RuntimeError, match=r"(?s)Caught .* in DataLoader worker process 1.*(pickle|local object)"
    ):
        next(iteration)
    assert list(iteration) == [[8]]


def refuse(worker: int) -> None:
    raise ZeroDivisionError(f"worker {worker} does not want to")


def test_error_at_the_start() -> None:
    with pytest.raises(ZeroDivisionError, match=r"worker 0 does not want to"):
        list(load(double, worker_init_fn=refuse))


def die(index: int) -> int:
    if index == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    return os.getpid()


def test_killed_worker() -> None:
    loader = load(die, persistent_workers=True)
    iteration = iter(loader)
    first = [next(iteration)[0] for _ in range(2)]
    with pytest.raises(
        RuntimeError, match=r"DataLoader worker \(pid\(s\) (\d+)\) exited unexpectedly \(killed by SIGKILL"
    ):
        list(iteration)
    assert all(gone(pid) for pid in first)
    assert list(iteration) == []
    loader = load(name_of_process, persistent_workers=True)
    before = pids(loader)
    os.kill(min(before), signal.SIGKILL)
    with pytest.raises(RuntimeError, match=r"exited unexpectedly"):
        list(loader)
    assert pids(loader).isdisjoint(before)  # new ones are started


def exit_(index: int) -> None:
    os._exit(3)


def test_worker_that_exits() -> None:
    with pytest.raises(RuntimeError, match=r"exited unexpectedly \(exit code 3\)"):
        list(load(exit_))


def sleep(index: int) -> int:
    time.sleep(30)
    return index


def test_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygrad_kr.utils.data.parallel._STOP_SECONDS", 0.2)
    start = time.monotonic()
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0.2 seconds"):
        list(load(sleep, timeout=0.2))
    assert time.monotonic() - start < 20  # those that sleep on are ended


def test_what_cannot_be_sent_to_a_worker() -> None:
    with pytest.raises(Exception, match=r"pickle|local object") as caught:
        list(load(lambda index: index, multiprocessing_context="spawn"))
    assert "define them at the top of a module" in caught.value.__notes__[0]


# -- the life of workers -------------------------------------------------------------------------------------


def test_workers_end_with_the_epoch_and_on_break() -> None:
    loader = load(name_of_process, 40, prefetch_factor=4)
    first = pids(loader)
    assert len(first) == 2 and all(gone(pid) for pid in first)
    for batch in loader:
        second = batch[0]
        break
    assert second not in first and gone(second)


def test_persistent_workers_stay() -> None:
    loader = load(name_of_process, persistent_workers=True)
    first = pids(loader)
    assert len(first) == 2
    for _ in loader:
        break  # what is under way then is dropped
    assert pids(loader) == first and len(list(loader)) == 10
    del loader
    assert all(gone(pid) for pid in first)


def test_persistent_workers_after_break_begin_anew() -> None:
    loader = load(double, 20, persistent_workers=True, prefetch_factor=3)
    for stop in (1, 5, 2):
        for count, batch in enumerate(loader):
            assert batch == [2 * count]
            if count == stop:
                break
    assert list(loader) == [[2 * i] for i in range(20)]


def run_program(code: str) -> subprocess.Popen[str]:
    preamble = (
        "import os, sys, time, signal\n"
        "from tests.utils.data.test_workers import *\n"
        "if __name__ == '__main__':\n"
    )
    body = "".join(f"    {line}\n" for line in code.splitlines())
    return subprocess.Popen(
        [sys.executable, "-c", preamble + body],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def slowly(index: int) -> int:
    time.sleep(0.01)
    return os.getpid()


def printed_pids(program: subprocess.Popen[str], count: int) -> set[int]:
    """The next so many pids that a program prints."""
    lines = (line for line in program.stdout if line.startswith("pid "))
    return {int(next(lines).split()[1]) for _ in range(count)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")
def test_workers_die_with_their_parent() -> None:
    with run_program(
        "iteration = iter(load(slowly, 10**6))\n"
        "for _ in range(2):\n"
        "    print('pid', next(iteration)[0], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    ) as program:
        found = printed_pids(program, 2)
    assert len(found) == 2 and all(gone(pid) for pid in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")
@pytest.mark.parametrize("persistent", [False, True])
def test_ctrl_c(persistent: bool) -> None:
    with run_program(
        f"loader = load(slowly, 10**6, persistent_workers={persistent})\n"
        "for number, batch in enumerate(loader):\n"
        "    print('pid', batch[0], flush=True)"
    ) as program:
        found = printed_pids(program, 6)
        os.killpg(program.pid, signal.SIGINT)
        _, err = program.communicate(timeout=30)
    assert len(found) == 2 and all(gone(pid) for pid in found)
    assert err.count("Traceback") == 1 and err.rstrip().endswith("KeyboardInterrupt")


def test_exit_with_workers_running() -> None:
    with run_program(
        "loader = load(slowly, 1000, persistent_workers=True)\n"
        "iteration = iter(loader)\n"
        "for _ in range(2):\n"
        "    print('pid', next(iteration)[0], flush=True)\n"
    ) as program:
        found = printed_pids(program, 2)
        _, err = program.communicate(timeout=30)
    assert program.returncode == 0 and "Traceback" not in err
    assert all(gone(pid) for pid in found)


def test_started_by_spawn() -> None:
    torch.manual_seed(2)
    dataset = TensorDataset(torch.arange(6))
    options: dict[str, Any] = {"batch_size": 2, "shuffle": True}
    expected = [batch.tolist() for (batch,) in DataLoader(dataset, **options)]
    torch.manual_seed(2)
    spawned = DataLoader(dataset, num_workers=1, multiprocessing_context="spawn", **options)
    assert [batch.tolist() for (batch,) in spawned] == expected
