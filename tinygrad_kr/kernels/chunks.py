"""Chunks for kernels of many cheap passes: how much work is one call, and how many threads share it.

Measured (2 cores, NumPy 2.4, µs for the passes of batch norm's statistics over channels-last floats, best and
median): two threads that make short passes wait for Python's lock after every one.

    floats    one thread, 2**16    two threads, 2**17   2**18        2**19
    2**17     30 / 31              43 / 61
    2**19     123 / 125            110 / 146            98 / 125
    2**20     230 / 234            162 / 209            152 / 166    135 / 153
    2**21     459 / 467            283 / 348            254 / 292    230 / 241

That is with arrays in the cache. In a network they come from memory, and one thread wants longer chunks (µs
for statistics, normalisation and its backward of 2**20 floats): 2**16 344, 286, 1012; 2**18 289, 278, 882.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from .threads import get_num_threads, parallel_for, serial_blas, split

__all__ = ["cuts", "over"]

SHORT = 2**18  # elements per chunk on one thread
LONG = 2**19  # and on several
PARALLEL = 2**19  # elements from which a second thread pays
SMALL = 2**13  # elements up to which BLAS keeps to one thread by itself


def cuts(count: int, size: int, total: int) -> tuple[slice, ...]:
    """Cut `count` things of `size` elements into chunks, for as many threads as pay for `total` elements.

    >>> cuts(3, 2**17, 3 * 2**17)
    (slice(0, 2, None), slice(2, 3, None))
    """
    threads = get_num_threads() if total >= PARALLEL else 1
    return _cuts(count, max(1, (LONG if threads > 1 else SHORT) // max(1, size)), threads)


@lru_cache(maxsize=256)
def _cuts(count: int, most: int, threads: int) -> tuple[slice, ...]:
    # `split` reads the number of threads itself; it is an argument here so that none is remembered wrongly.
    return tuple(slice(*cut) for cut in split(count, most, parallel=threads > 1))


def over(chunks: Sequence[Any], run: Callable[[Any], object], total: int) -> None:
    """Call `run` with every chunk, on as many threads as pay for `total` elements."""
    if total >= PARALLEL:
        parallel_for(run, chunks)
    elif total <= SMALL:
        for chunk in chunks:
            run(chunk)
    else:
        with serial_blas():
            for chunk in chunks:
                run(chunk)
