"""What the recurrent kernels share: the order of steps, their threads, the products outside the loop.

A batch of sequences is *rows*: the samples of the first step, then those of the second ... A padded batch of
T steps and B samples has sizes (B,) * T; a packed one has decreasing sizes, so that the samples that are
still running are always the first ones. One kernel serves both, in both directions.

Layout, as measured on two AVX-512 cores at 64 steps, batch 32, width 128:

- What a step computes with has its gates first, (gates, rows, width): each gate of a step is then one
  contiguous block, which element-wise functions pass three times faster than slices of (rows, gates * width).
  The gradients of the pre-activations, which are multiplied in bulk, are (rows, gates * width): one product
  instead of one per gate, and no sum over gates (a tenth faster). The inputs' contributions in that layout
  cost the walk 7 us a step to add, not 2.
- A step's product is cut into columns (`cut`): OpenBLAS multiplies up to a million multiply-adds without
  packing the matrices first. Forward 17 us instead of 28, backward 17 instead of 27; without AVX-512, where
  it always packs, neither gain nor loss.
- What the inputs contribute, and the gradients of inputs and weights, are products over many rows at once.
  They take half of the time, so the steps are cut into stages: one thread walks the steps, the others prepare
  the inputs of the stages ahead and work up the stages behind.
- Samples do not see each other, but a loop for each half of them on a thread of its own is slower (5.9 ms
  forward, one loop 4.3): its calls are so short that the threads mostly hand Python's lock to each other. The
  samples are shared out only where a step is large.
- sigmoid(z) = (1 + tanh(z / 2)) / 2: with the weights of those gates halved beforehand, one tanh serves all
  gates.
- What backward needs that does not depend on the arriving gradient (the slopes of the gates) takes the place
  of the gates after the forward walk, so the backward loop is left with a handful of products. Not behind the
  walk, on the other thread: every call that a thread ends there costs the walk a sleep and a waking up, when
  they meet at Python's lock (some 10 us; 1 ms in all). So what runs beside a walk is few and large calls.
- Every state is written once, where the next step reads it (`States`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from .threads import get_num_threads, parallel_for, serial_blas, split

__all__ = [
    "Array",
    "Stage",
    "States",
    "Step",
    "backward_stages",
    "by_gate",
    "cut",
    "gates_first",
    "gradients",
    "in_columns",
    "input_products",
    "over_rows",
    "rnn",
    "rnn_backward",
    "stages",
    "walk",
]

Array = np.ndarray
Step = Callable[[slice, slice], None]

SHARE = 1 << 22  # multiply-adds of a step from which a share of the samples is worth a thread
BLOCK = 1 << 17  # elements of one gate: large enough that threads do not hand Python's lock to and fro
STAGE = 256  # rows of a stage
UNPACKED = 1000000  # multiply-adds up to which OpenBLAS does not pack matrices


@dataclass(frozen=True)
class Stage:
    """Some successive steps: the rows they cover, and the first row and number of samples of each."""

    rows: slice
    steps: Sequence[tuple[int, int]]


def stages(sizes: Sequence[int], reverse: bool, rows: int | None = None) -> list[Stage]:
    """The steps in the order of the walk, cut into stages of at least so many rows.

    The first is shorter, for the walk waits for its inputs.
    """
    rows = STAGE if rows is None else rows
    enough = rows if sum(sizes) <= rows else rows // 4
    steps = list(zip(accumulate(sizes, initial=0), sizes))
    if reverse:
        steps.reverse()
    found, pending, count = [], [], 0
    for number, step in enumerate(steps, 1):
        pending.append(step)
        count += step[1]
        if count >= enough or number == len(steps):
            low = min(start for start, _ in pending)
            found.append(Stage(slice(low, low + count), pending))
            pending, count, enough = [], 0, rows
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
    tasks += [(once, ()) for once in ready[1:]]  # the first is done by the walk, which begins with it
    for number, stage in enumerate(plan):
        tasks += [(behind, (number, work)) for work in after(number, stage.rows)]
    if len(plan) > 1:
        parallel_for(lambda task: task[0](*task[1]), tasks)
    else:  # too little work to wake anybody
        with serial_blas():
            for function, arguments in tasks:
                function(*arguments)


def over_rows(run: Callable[[slice], object], rows: int, width: int) -> None:
    """Call `run(rows)` for blocks of rows."""
    if rows * width <= BLOCK:
        run(slice(0, rows))
        return
    parallel_for(lambda span: run(slice(*span)), split(rows, max(1, BLOCK // max(1, width))))


class States:
    """The states before and after every step, each written once: where the next step reads it.

    The initial states and those after all steps lie in one array, the initial ones first, or last if the walk
    is reversed. The states before the steps of a padded batch are then a view of that array, shifted by one
    step; those of a packed batch are gathered.
    """

    def __init__(self, initial: Array, sizes: Sequence[int], reverse: bool) -> None:
        batch, rows = len(initial), sum(sizes)
        self.all = np.empty((batch + rows, initial.shape[1]), initial.dtype)
        first, start = (rows, 0) if reverse else (0, batch)
        self.all[first : first + batch] = initial
        self.after = self.all[start : start + rows]
        self.before: Array | None = None
        if sizes[0] == sizes[-1]:
            self.before = self.all[batch - start : batch - start + rows]
            self.last: Array | slice = slice(0, batch) if reverse else slice(rows, None)
            return
        current = np.arange(first, first + batch)  # where the state of each sample is
        self.places = np.empty(rows, np.intp)
        ends = np.cumsum(sizes).tolist()
        for end, size in list(zip(ends, sizes))[:: -1 if reverse else 1]:
            self.places[end - size : end] = current[:size]
            current[:size] = np.arange(start + end - size, start + end)
        self.last = current

    def previous(self, rows: slice = slice(None)) -> Array:
        """The states that the steps of some rows start from."""
        return self.all[self.places[rows]] if self.before is None else self.before[rows]

    def final(self) -> Array:
        """A copy of the last state of every sample."""
        return np.array(self.all[self.last])


def gates_first(weight: Array, order: Sequence[int]) -> Array:
    """A copy of a weight or bias (gates * width, ...) as (gates, width, ...), in the given order."""
    count = len(order)
    return weight.reshape(count, len(weight) // count, *weight.shape[1:])[list(order)]


def by_gate(rows: Array, count: int) -> Array:
    """A view of (rows, gates * width) as (gates, rows, width)."""
    return rows.reshape(len(rows), count, rows.shape[1] // count).transpose(1, 0, 2)


def in_columns(matrix: Array, count: int) -> Array:
    """A view of (..., rows, columns) as (..., pieces, rows, columns / pieces)."""
    *lead, rows, columns = matrix.shape
    return matrix.reshape(*lead, rows, count, columns // count).swapaxes(-2, -3)


def cut(weight: Array, batch: int, steps: int) -> tuple[Array, int]:
    """A weight (..., depth, columns) in pieces of columns, for products (batch, depth) with it; their number.

    For a single step the weight is not worth a copy; then BLAS wants pieces of 32 columns, otherwise of 64.
    """
    depth, columns = weight.shape[-2:]
    for width in (64, 32) if steps > 1 else (32,):
        if columns > width and columns % width == 0 and batch * depth * width <= UNPACKED:
            break
    else:
        width = columns
    count = columns // width if width else 1
    view = in_columns(weight, count)
    return (view.copy() if steps > 1 else view), count


def input_products(x: Array, weight: Array, bias: Array | None, out: Array) -> Callable[[slice], None]:
    """What writes x Wᵀ + b for some rows: (rows, inputs), (gates, width, inputs) -> (gates, rows, width)."""
    turned, count = cut(weight.transpose(0, 2, 1), len(x), 1)

    def project(rows: slice) -> None:
        part = out[:, rows]
        np.matmul(x[rows], turned, out=in_columns(part, count))
        if bias is not None:
            np.add(part, bias[:, None], out=part)

    return project


def gradients(
    plan: Sequence[Stage],
    sources: Sequence[tuple[Array, Array]],
    weight: Array | None,
) -> tuple[Callable[[int, slice], list[Callable[[], None]]], Callable[[], Any]]:
    """The products behind the walk, as `walk` wants them, and a function that gives their results.

    Args:
        plan: the stages of the walk.
        sources: pairs of gradients of pre-activations (rows, columns) and what was multiplied (rows, inputs).
        weight: the weight (columns, inputs) that the first pair came through, for the gradient of the inputs;
            None where nobody asks for it.

    The results are the gradients of the weights (columns, inputs); those of the biases (columns), one for all
    where the sources share it; and the gradient of the inputs. Each stage has its own sums, so that it does
    not matter which thread comes first.
    """
    count = len(plan)
    weights = [np.empty((count, d.shape[1], x.shape[1]), d.dtype) for d, x in sources]
    shared = all(d is sources[0][0] for d, _ in sources)
    biases = [np.empty((count, d.shape[1]), d.dtype) for d, _ in (sources[:1] if shared else sources)]
    outer = sources[0][0]
    inputs = None if weight is None else np.empty((len(outer), weight.shape[1]), outer.dtype)

    def of_weight(source: int, number: int, rows: slice) -> None:
        d, x = sources[source]
        np.matmul(d[rows].T, x[rows], out=weights[source][number])
        if source < len(biases):
            np.matmul(np.ones(rows.stop - rows.start, d.dtype), d[rows], out=biases[source][number])

    def of_inputs(rows: slice) -> None:
        if inputs is not None and weight is not None:
            np.matmul(outer[rows], weight, out=inputs[rows])

    def after(number: int, rows: slice) -> list[Callable[[], None]]:
        work: list[Callable[[], None]] = [
            partial(of_weight, source, number, rows) for source in range(len(sources))
        ]
        return work if inputs is None else [*work, partial(of_inputs, rows)]

    def results() -> Any:
        d_weights, d_biases = (
            [sums[0] if count == 1 else sums.sum(0) for sums in part] for part in (weights, biases)
        )
        return d_weights, d_biases, inputs

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
    h = States(h0, sizes, reverse)
    slopes = np.empty((len(x), len(w_hh)), x.dtype)  # first what the inputs contribute
    u, count = cut(w_hh.T, len(h0), len(sizes))
    new = in_columns(h.after, count)
    out = np.empty_like(slopes) if keep else h.after

    def start(batch: int) -> Step:
        def step(rows: slice, own: slice) -> None:
            np.matmul(h.previous(rows), u, out=new[:, rows])
            state = h.after[rows]
            np.add(state, slopes[rows], out=state)
            np.maximum(state, 0, out=state) if relu else np.tanh(state, out=state)

        return step

    def finish(rows: slice) -> None:
        state, slope = h.after[rows], slopes[rows]
        out[rows] = state
        if relu:
            np.greater(state, 0, out=slope, casting="unsafe")
        else:
            np.subtract(1, np.multiply(state, state, out=slope), out=slope)

    before = input_products(x, w_ih[None], bias, slopes[None])
    walk(stages(sizes, reverse), len(h0), w_hh, start, before=before)
    if keep:
        over_rows(finish, *slopes.shape)
    return out, h.final(), (slopes, h) if keep else None


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
    slopes, h = kept
    dh, dz = np.array(g[1], order="C"), np.empty_like(slopes)
    u, count = cut(w_hh, len(dh), len(sizes))
    target = in_columns(dh, count)

    def start(batch: int) -> Step:
        def step(rows: slice, own: slice) -> None:
            d = dh[own]
            np.add(d, g[0][rows], out=d)
            np.multiply(slopes[rows], d, out=dz[rows])
            np.matmul(dz[rows], u, out=target[:, own])

        return step

    plan = backward_stages(sizes, reverse, x.shape[1] + len(w_hh))
    after, results = gradients(plan, [(dz, x), (dz, h.previous())], w_ih if input_needed else None)
    walk(plan, len(dh), w_hh, start, after=after)
    (d_ih, d_hh), (bias,), dx = results()
    return [dx, dh, d_ih, d_hh, *((None, None) if b_ih is None else (bias, bias.copy()))]
