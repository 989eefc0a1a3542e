"""What the recurrent kernels share: the order of steps, their threads, the products outside the loop.

A batch of sequences is *rows*: the samples of the first step, then those of the second ... A padded batch of
T steps and B samples has sizes (B,) * T; a packed one has decreasing sizes, so that the samples that are
still running are always the first ones. One kernel serves both, in both directions.

Layout, as measured on two AVX-512 cores at 64 steps, batch 32, width 128:

- Gates come first: pre-activations are (gates, rows, width). Each gate of a step is then one contiguous
  block, which element-wise functions pass three times faster than slices of (rows, gates * width); and a
  step's product with gates separate matrices of (width, width) takes 37 us, with one of (width, gates *
  width) 53: up to a million multiply-adds OpenBLAS does without packing the matrices first.
- What the inputs contribute, and the gradients of inputs and weights, are products over many rows at once.
  They take half of the time, so the steps are cut into stages: one thread walks the steps, the others prepare
  the inputs of the stages ahead and work up the gradients of the stages behind.
- Samples do not see each other, but a loop for each half of them on a thread of its own is slower (5.9 ms
  forward, one loop 4.3): its calls are so short that the threads mostly hand Python's lock to each other. The
  samples are shared out only where a step is large.
- sigmoid(z) = (1 + tanh(z / 2)) / 2: with the weights of those gates halved beforehand, one tanh serves all
  gates.
- Backward, everything that does not depend on the arriving gradient (the slopes of the gates) is computed
  first for all rows in cache-sized blocks, so the loop is left with a handful of products. The slopes become
  the gradients of the pre-activations in place.
- The state of all samples is one array that each step updates in place. A sample whose sequence has ended is
  no longer touched, so what is left at the end are the final states; likewise backward.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .threads import get_num_threads, parallel_for, serial_blas, split

__all__ = [
    "Array",
    "Stage",
    "gates_first",
    "gates_last",
    "gradients",
    "input_products",
    "over_rows",
    "rnn",
    "rnn_backward",
    "stages",
    "walk",
]

Array = np.ndarray
Step = Callable[[slice, slice], None]

BLOCK = 1 << 14  # elements of one gate: a dozen blocks of them fit the second-level cache
SHARE = 1 << 22  # multiply-adds of a step from which a share of the samples is worth a thread
STAGE = 256  # rows of a stage


@dataclass(frozen=True)
class Stage:
    """Some successive steps: the rows they cover, and the first row and number of samples of each."""

    rows: slice
    steps: Sequence[tuple[int, int]]


def stages(sizes: Sequence[int], reverse: bool, rows: int | None = None) -> list[Stage]:
    """The steps in the order of the walk, cut into stages of at least so many rows."""
    rows = STAGE if rows is None else rows
    starts = np.concatenate([[0], np.cumsum(sizes)]).tolist()
    steps = list(zip(starts, sizes))
    if reverse:
        steps.reverse()
    found, pending, count = [], [], 0
    for number, step in enumerate(steps, 1):
        pending.append(step)
        count += step[1]
        if count >= rows or number == len(steps):
            low = min(start for start, _ in pending)
            found.append(Stage(slice(low, low + count), pending))
            pending, count = [], 0
    return found


class _Once:
    """Work that is done by whoever needs it first; others wait for it."""

    def __init__(self, work: Callable[[slice], object], rows: slice) -> None:
        self.work: Callable[[slice], object] | None = work
        self.rows = rows
        self.lock = threading.Lock()

    def __call__(self) -> None:
        with self.lock:
            work, self.work = self.work, None
            if work is not None:
                work(self.rows)


def walk(
    plan: Sequence[Stage],
    batch: int,
    weight: Array,
    start: Callable[[int], Step],
    *,
    before: Callable[[slice], object] | None = None,
    after: Callable[[int, slice], Sequence[Callable[[], object]]] = lambda number, rows: (),
) -> None:
    """Walk through all steps, and do what can be done ahead of and behind the walk on other threads.

    Args:
        plan: the stages in order.
        batch, weight: the number of samples and the recurrent weight: together the work of a step.
        start: `start(count)` makes the step function for a share of `count` samples, with its scratch memory;
            it is called with the rows and the samples that a step of the share covers.
        before: called with the rows of each stage before the walk reaches it.
        after: for a stage, by number and rows, the pieces of work that may follow when the walk has passed
            it.
    """
    wanted = max(1, min(get_num_threads(), batch * weight.size // SHARE))
    shares = split(batch, -(-batch // wanted), parallel=False)
    ready = [_Once(before, stage.rows) for stage in plan] if before is not None else []
    passed = [[threading.Event() for _ in plan] for _ in shares]

    def follow(share: tuple[int, int], events: Sequence[threading.Event]) -> None:
        low, high = share
        step = start(high - low)
        try:
            for number, stage in enumerate(plan):
                if ready:
                    ready[number]()
                for first, count in stage.steps:
                    stop = min(count, high)
                    if stop > low:
                        step(slice(first + low, first + stop), slice(low, stop))
                events[number].set()
        finally:
            for event in events:
                event.set()

    def behind(number: int, work: Callable[[], object]) -> None:
        for events in passed:
            events[number].wait()
        work()

    tasks: list[tuple[Callable[..., object], tuple[Any, ...]]] = [
        (follow, (share, events)) for share, events in zip(shares, passed)
    ]
    tasks += [(once, ()) for once in ready]
    for number, stage in enumerate(plan):
        tasks += [(behind, (number, work)) for work in after(number, stage.rows)]
    if len(plan) > 1:
        parallel_for(lambda task: task[0](*task[1]), tasks)
    else:  # too little work to wake anybody
        with serial_blas():
            for function, arguments in tasks:
                function(*arguments)


def over_rows(run: Callable[[slice], object], rows: int, width: int) -> None:
    """Call `run(rows)` for blocks of rows that fit the cache."""
    if rows * width <= BLOCK:
        run(slice(0, rows))
    else:
        parallel_for(lambda span: run(slice(*span)), split(rows, max(1, BLOCK // max(1, width))))


def gates_first(weight: Array, order: Sequence[int]) -> Array:
    """A copy of a weight or bias (gates * width, ...) as (gates, width, ...), in the given order."""
    count = len(order)
    return weight.reshape(count, len(weight) // count, *weight.shape[1:])[list(order)]


def gates_last(grad: Array, order: Sequence[int]) -> Array:
    """What `gates_first` did, undone."""
    return grad[np.argsort(order)].reshape(-1, *grad.shape[2:])


def input_products(x: Array, weight: Array, bias: Array | None, out: Array) -> Callable[[slice], None]:
    """What writes x Wᵀ + b for some rows: (rows, inputs), (gates, width, inputs) -> (gates, rows, width)."""
    turned = weight.transpose(0, 2, 1)

    def project(rows: slice) -> None:
        part = out[:, rows]
        np.matmul(x[rows], turned, out=part)
        if bias is not None:
            np.add(part, bias[:, None], out=part)

    return project


def gradients(
    plan: Sequence[Stage],
    sources: Sequence[tuple[Array, Array]],
    gates: Array,
    weight: Array | None,
) -> tuple[Callable[[int, slice], list[Callable[[], None]]], Callable[[], Any]]:
    """The products behind the walk, as `walk` wants them, and a function that gives their results.

    Args:
        plan: the stages of the walk.
        sources: pairs of gate gradients (gates, rows, width) and what was multiplied (rows, inputs).
        gates, weight: gate gradients, and the weight (gates, width, inputs) they came through, for the
            gradient of the inputs; None where nobody asks for it.

    The results are, for each source, the gradients of the weight (gates, width, inputs) and of the bias
    (gates, width); then the gradient of the inputs. Each stage has its own sum of the weights' gradients, so
    that results do not depend on which thread comes first.
    """
    count = len(plan)
    weights = [np.empty((count, len(d), d.shape[2], x.shape[1]), d.dtype) for d, x in sources]
    biases = [np.empty((count, len(d), d.shape[2]), d.dtype) for d, _ in sources]
    inputs = None if weight is None else np.empty((gates.shape[1], weight.shape[2]), gates.dtype)
    ones = np.ones(gates.shape[1], gates.dtype)

    def of_weight(source: int, number: int, gate: int, rows: slice) -> None:
        d, x = sources[source]
        np.matmul(d[gate, rows].T, x[rows], out=weights[source][number, gate])
        np.matmul(ones[rows], d[gate, rows], out=biases[source][number, gate])

    def of_inputs(rows: slice) -> None:
        if inputs is not None and weight is not None:
            np.add.reduce(np.matmul(gates[:, rows], weight), axis=0, out=inputs[rows])

    def after(number: int, rows: slice) -> list[Callable[[], None]]:
        work: list[Callable[[], None]] = [
            partial(of_weight, source, number, gate, rows)
            for source, (d, _) in enumerate(sources)
            for gate in range(len(d))
        ]
        if inputs is not None:
            pieces = split(rows.stop - rows.start, STAGE, parallel=False)
            work += [partial(of_inputs, slice(rows.start + low, rows.start + high)) for low, high in pieces]
        return work

    def results() -> Any:
        return [one.sum(0) for one in weights], [one.sum(0) for one in biases], inputs

    return after, results


def backward_stages(sizes: Sequence[int], reverse: bool, inputs: int) -> list[Stage]:
    """The stages of a backward walk, few enough that the sums per stage are no larger than the gates."""
    return stages(sizes, not reverse, max(STAGE, 2 * inputs))


# -- the plain recurrent layer -------------------------------------------------------------------


def rnn(
    x: Array,
    h0: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None,
    b_hh: Array | None,
    *,
    relu: bool,
    sizes: Sequence[int],
    reverse: bool,
    keep: bool,
) -> tuple[Array, Array, Any]:
    """h' = f(W x + b + U h + b') over all rows: the outputs, the final states, what backward needs."""
    bias = None if b_ih is None else (b_ih + b_hh)[None]
    u = w_hh.T.copy()
    pre = np.empty((1, len(x), len(w_hh)), x.dtype)
    out, h = np.empty_like(pre[0]), h0.copy()
    previous = np.empty_like(out) if keep else None

    def start(count: int) -> Step:
        product = np.empty((count, h.shape[1]), h.dtype)

        def step(rows: slice, own: slice) -> None:
            state, new = h[own], pre[0, rows]
            if previous is not None:
                previous[rows] = state
            np.add(new, np.matmul(state, u, out=product[: len(state)]), out=new)
            np.maximum(new, 0, out=new) if relu else np.tanh(new, out=new)
            state[...] = new
            out[rows] = new

        return step

    walk(stages(sizes, reverse), len(h), w_hh, start, before=input_products(x, w_ih[None], bias, pre))
    return out, h, (pre[0], previous) if keep else None


def rnn_backward(
    g: Sequence[Array],
    kept: Any,
    x: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None,
    *,
    relu: bool,
    sizes: Sequence[int],
    reverse: bool,
    input_needed: bool,
) -> list[Array | None]:
    """The gradients of x, h0, w_ih, w_hh, b_ih and b_hh from those of the outputs and final states."""
    hidden, previous = kept
    slopes = np.greater(hidden, 0).astype(hidden.dtype) if relu else 1 - hidden * hidden
    dh = np.array(g[1])

    def start(count: int) -> Step:
        def step(rows: slice, own: slice) -> None:
            d, slope = dh[own], slopes[rows]
            np.add(d, g[0][rows], out=d)
            np.multiply(slope, d, out=slope)
            np.matmul(slope, w_hh, out=d)

        return step

    gates = slopes[None]
    plan = backward_stages(sizes, reverse, x.shape[1] + len(w_hh))
    after, results = gradients(
        plan, [(gates, x), (gates, previous)], gates, w_ih[None] if input_needed else None
    )
    walk(plan, len(dh), w_hh, start, after=after)
    weights, biases, dx = results()
    bias = None if b_ih is None else biases[0][0]
    return [dx, dh, weights[0][0], weights[1][0], bias, None if bias is None else bias.copy()]
