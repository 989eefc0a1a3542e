"""`torch.multiprocessing`: Python's own, with PyTorch's three additions.

Tensors go to another process by pickling, so they are copied; PyTorch would share their memory.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing import *  # noqa: F403
from typing import Any

__all__ = [
    *multiprocessing.__all__,  # type: ignore[attr-defined]
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "set_sharing_strategy",
    "spawn",
]


def get_all_sharing_strategies() -> set[str]:
    """The names that `set_sharing_strategy` takes."""
    return {"file_descriptor", "file_system"}


def get_sharing_strategy() -> str:
    """PyTorch's default, which is without effect here."""
    return "file_descriptor"


def set_sharing_strategy(new_strategy: str) -> None:
    """Nothing, for a name that PyTorch knows."""
    known = sorted(get_all_sharing_strategies())
    if new_strategy not in known:
        raise ValueError(f"unknown sharing strategy {new_strategy!r}; expected one of {known}")


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> Any:
    """Run `fn(i, *args)` in `nprocs` processes, i from 0; a process that fails raises RuntimeError here.

    Args:
        fn: a function of a module's top level, as processes need.
        args: what follows the process's number.
        nprocs: how many.
        join: wait for all of them; otherwise the list of processes is returned.
        daemon: end them with this process.
        start_method: "spawn", "fork" or "forkserver".

    Source: PyTorch, `torch.multiprocessing.spawn`.
    """
    context: Any = multiprocessing.get_context(start_method)
    processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    if not join:
        return processes
    for process in processes:
        process.join()
    for i, process in enumerate(processes):
        if process.exitcode:
            raise RuntimeError(f"process {i} of {nprocs} terminated with exit code {process.exitcode}")
    return None
