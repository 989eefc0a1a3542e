"""Element-wise formulas on arrays, in few passes: block by block, what is computed on the way stays in cache.

A formula such as `x / (1 + np.exp(-x))` makes an array for every operation in it. Its kernel computes in the
array of the result (and `workspace`), which for blocks of 2**16 elements stays in the second-level cache.

What paid and what did not (2 cores of a virtual machine, float32, sigmoid of 1.6 million, microseconds):

    the formula, at once                          1350
    the kernel, blocks of 2**14, 2**16, 2**17      960, 810, 800
    the same on two threads                       1450, 660, 530

Threads take turns at the interpreter between two NumPy calls, and whoever comes second sleeps: 10 to 25 us
each time, as does waking a worker. So threads get the largest blocks that fit the cache, nothing below
`LARGE` elements is shared out (at 2**18 two threads take as long as one), and no kernel of many short
operations. The derivative of ReLU is shared out although it took 940 on two threads, 720 on one, of arrays in
the cache: of those that come from memory, as in a network, 2**20 floats take 270 on two and 440 on one, 2**21
543 and 905, 2**19 212 and 218.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .threads import get_num_threads, parallel_for, scratch, split

BLOCK = 1 << 16  # elements at a time on one thread,
SHARED_BLOCK = 1 << 17  # and on several
LARGE = 1 << 19  # elements from which the hand-out of blocks pays
_FIRST_SLOT = 16  # of the scratch memory: lower ones belong to kernels that may call an element-wise one


def blockwise(
    kernel: Callable[..., None], *, shared: bool = False, results: int = 1
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator of an element-wise formula: on arrays its kernel runs, on anything else the formula itself.

    The arrays must have one shape and one dtype, which is the result's; keyword arguments are passed on. The
    formula says what is meant, serves Tensors, and is the twin that the kernel is tested with.

    Args:
        kernel: `kernel(out, *arrays, **statics)` writes into `out`, the only array that it may change.
        shared: whether threads share out large arrays, which pays where exponentials and logarithms take
            most of the time.
        results: how many results there are: the kernel is given an array for each, before the arguments.

    >>> def half(out, x):
    ...     np.multiply(x, 0.5, out=out)
    >>> blockwise(half)(lambda x: x / 2)(np.array([3.0, 4.0]))
    array([1.5, 2. ])
    """

    def decorate(formula: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(formula)
        def run(*arrays: Any, **statics: Any) -> Any:
            first = arrays[0]
            if type(first) is not np.ndarray:
                return formula(*arrays, **statics)
            for one in arrays[1:]:
                if type(one) is not np.ndarray or one.shape != first.shape or one.dtype != first.dtype:
                    return formula(*arrays, **statics)
            return on_arrays(*arrays, **statics)

        on_arrays = blockwise_kernel(kernel, shared=shared, results=results)
        return run

    return decorate


def blockwise_kernel(
    kernel: Callable[..., None], *, shared: bool = False, results: int = 1
) -> Callable[..., Any]:
    """`kernel(out, *arrays, **statics)` as a function of arrays of one shape and dtype.

    The result lies in memory as the last array does: for a derivative that is what was saved, so that a
    gradient which comes back from a flattened layer takes the order of the layers before.
    """

    @functools.wraps(kernel)
    def run(*arrays: np.ndarray, **statics: Any) -> Any:
        outs = [np.empty_like(arrays[-1]) for _ in range(results)]
        if outs[0].size <= BLOCK:
            kernel(*outs, *arrays, **statics)
        else:
            _in_blocks(kernel, shared and outs[0].size >= LARGE, outs, arrays, statics)
        return outs[0] if results == 1 else tuple(outs)

    return run


def on_all_threads(function: np.ufunc) -> Callable[[Any], Any]:
    """A costly function of one argument, large arrays shared out: exp of 1.6 million takes 320 us not 520."""

    def kernel(out: np.ndarray, x: np.ndarray) -> None:
        function(x, out=out)

    on_blocks = blockwise_kernel(kernel, shared=True)

    def run(x: Any) -> Any:
        return on_blocks(x) if type(x) is np.ndarray and x.size >= LARGE else function(x)

    return run


def _in_blocks(
    kernel: Callable[..., None],
    shared: bool,
    outs: list[np.ndarray],
    arrays: tuple[np.ndarray, ...],
    statics: dict[str, Any],
) -> None:
    """Run a kernel on pieces of flat memory, on all threads if they share the work."""
    flats = [one.ravel(order="K") for one in [*outs, *[_in_order_of(outs[0], one) for one in arrays]]]

    def fill(span: tuple[int, int]) -> None:
        block = slice(*span)
        kernel(*[one[block] for one in flats], **statics)

    if shared and get_num_threads() > 1:
        parallel_for(fill, split(outs[0].size, SHARED_BLOCK))
    else:
        for span in split(outs[0].size, BLOCK, parallel=False):
            fill(span)


def block_total(part: Callable[..., Any], *arrays: np.ndarray, **statics: Any) -> float:
    """The sum of `part(*blocks, **statics)`, a number for each block of arrays of one shape.

    >>> block_total(np.dot, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    11.0
    """
    if arrays[0].size <= BLOCK:
        return float(part(*arrays, **statics))
    flats = [_in_order_of(arrays[0], one).ravel(order="K") for one in arrays]
    spans = split(arrays[0].size, BLOCK, parallel=False)
    return sum([float(part(*[one[slice(*span)] for one in flats], **statics)) for span in spans])


def workspace(out: np.ndarray, slot: int = 0) -> np.ndarray:
    """An array like `out` for a kernel to work in, from this thread's scratch memory."""
    return scratch(_FIRST_SLOT + slot, out.shape, out.dtype)


def _in_order_of(model: np.ndarray, array: np.ndarray) -> np.ndarray:
    """The array, copied where its elements lie in memory in another order than the model's."""
    if array.strides == model.strides:
        return array
    copy = np.empty_like(model, dtype=array.dtype)
    copy[...] = array
    return copy
