"""What the recurrent kernels share: the order of the steps, their threads, and the products outside the loop.

A batch of sequences is *rows*: the samples of the first step, then those of the second ... A padded batch of T
steps and B samples has sizes (B,) * T; a packed one has decreasing sizes, so that the samples that are still
running are always the first ones. One kernel serves both, in both directions.

Layout, as measured on two AVX-512 cores at 64 steps, batch 32, width 128:

- Gates come first: pre-activations are (gates, rows, width). Each gate of a step is then one contiguous block,
  which element-wise functions pass three times faster than slices of (rows, gates * width); and a step's product
  with gates separate matrices of (width, width) takes 1.24 ms for all steps, with one of (width, gates * width)
  1.80 ms, since each of the small ones stays in the first-level cache.
- What the inputs contribute, and the gradients of inputs and weights, are a few large products over all rows.
- Samples do not see each other: each thread runs the whole time loop for its share of them, with BLAS held to one
  thread. Two threads meet once per layer, not once per step.
- sigmoid(z) = (1 + tanh(z / 2)) / 2: with the weights of those gates halved beforehand, one tanh serves all gates.
- Backward, everything that does not depend on the arriving gradient (the slopes of the gates) is computed first for
  all rows in cache-sized blocks, so the loop is left with a handful of products. The slopes become the gradients of
  the pre-activations in place.
- The state of all samples is one array that each step updates in place. A sample whose sequence has ended is no
  longer touched, so what is left at the end are the final states; likewise backward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .threads import get_num_threads, parallel_for, split

__all__ = ["gates_first", "gradient_products", "input_products", "over_rows", "over_samples", "spans"]

Array = np.ndarray

_BLOCK = 1 << 14  # elements of one gate: a dozen blocks of them fit the second-level cache
_SHARE = 1 << 18  # multiply-adds per step from which a share of the samples is worth a thread
_FEWEST = 4  # samples in a share: fewer make poor products


def spans(sizes: Sequence[int], reverse: bool, low: int, high: int) -> Iterator[tuple[slice, slice]]:
    """For each step in order: the rows, and the samples, that are running among samples low to high."""
    starts = np.concatenate([[0], np.cumsum(sizes)]).tolist()
    order = range(len(sizes))
    for step in reversed(order) if reverse else order:
        stop = min(sizes[step], high)
        if stop > low:
            yield slice(starts[step] + low, starts[step] + stop), slice(low, stop)


def over_samples(run: Callable[[tuple[int, int]], object], batch: int, weight: Array) -> None:
    """Call `run((low, high))` for shares of the samples, a thread each where the work of a step is worth it."""
    shares = min(get_num_threads(), batch * weight.size // _SHARE, batch // _FEWEST)
    parallel_for(run, split(batch, -(-batch // max(1, shares)), parallel=False))


def over_rows(run: Callable[[slice], object], rows: int, width: int) -> None:
    """Call `run(rows)` for blocks of rows that fit the cache."""
    parallel_for(lambda span: run(slice(*span)), split(rows, max(1, _BLOCK // max(1, width))))


def gates_first(weight: Array, order: Sequence[int]) -> Array:
    """A copy of a weight or bias (gates * width, ...) as (gates, width, ...), in the given order."""
    count = len(order)
    return weight.reshape(count, len(weight) // count, *weight.shape[1:])[list(order)]


def gates_last(grad: Array, order: Sequence[int]) -> Array:
    """What `gates_first` did, undone."""
    return grad[np.argsort(order)].reshape(-1, *grad.shape[2:])


def input_products(x: Array, weight: Array, bias: Array | None) -> Array:
    """x Wᵀ + b for every gate: (rows, inputs) and (gates, width, inputs) -> (gates, rows, width)."""
    gates, width, inputs = weight.shape
    out = np.empty((gates, len(x), width), x.dtype)

    def run(task: tuple[int, tuple[int, int]]) -> None:
        gate, span = task
        part = out[gate, slice(*span)]
        np.matmul(x[slice(*span)], weight[gate].T, out=part)
        if bias is not None:
            np.add(part, bias[gate], out=part)

    pieces = split(len(x), max(1, (1 << 18) // max(1, width, inputs)), parallel=False)
    parallel_for(run, [(gate, span) for gate in range(gates) for span in pieces])
    return out


def gradient_products(
    sources: Sequence[tuple[Array, Array]], gates: Array, weight: Array | None
) -> tuple[list[Array], list[Array], Array | None]:
    """The large products of a backward pass, shared out to the threads together.

    Args:
        sources: pairs of gate gradients (gates, rows, width) and what was multiplied (rows, inputs).
        gates, weight: gate gradients, and the weight (gates, width, inputs) they came through, for the gradient of
            the inputs; None where nobody asks for it.

    Returns:
        For each source the gradient of the weight (gates, width, inputs), and of the bias (gates, width); and the
        gradient of the inputs.
    """
    weights = [np.empty((len(d), d.shape[2], x.shape[1]), d.dtype) for d, x in sources]
    biases = [np.empty((len(d), d.shape[2]), d.dtype) for d, _ in sources]
    ones = np.ones(gates.shape[1], gates.dtype)
    tasks: list[tuple[Any, ...]] = [
        (number, gate) for number, (d, _) in enumerate(sources) for gate in range(len(d))
    ]
    inputs = None
    if weight is not None:
        inputs = np.empty((gates.shape[1], weight.shape[2]), gates.dtype)
        tasks += [(slice(*span),) for span in split(len(inputs), 256)]

    def run(task: tuple[Any, ...]) -> None:
        if len(task) == 2:
            number, gate = task
            d, x = sources[number]
            np.matmul(d[gate].T, x, out=weights[number][gate])
            np.matmul(ones, d[gate], out=biases[number][gate])
        elif inputs is not None:
            (rows,) = task
            np.add.reduce(np.matmul(gates[:, rows], weight), axis=0, out=inputs[rows])

    parallel_for(run, tasks)
    return weights, biases, inputs


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
    """hₜ = f(W xₜ + b + U hₜ₋₁ + b') over all rows: the outputs, the final states, and what backward needs."""
    bias = None if b_ih is None else (b_ih + b_hh)[None]
    pre = input_products(x, w_ih[None], bias)[0]
    u = w_hh.T.copy()
    out, h = np.empty_like(pre), h0.copy()
    previous = np.empty_like(pre) if keep else None

    def run(share: tuple[int, int]) -> None:
        product = np.empty((share[1] - share[0], h.shape[1]), h.dtype)
        for rows, own in spans(sizes, reverse, *share):
            state, new = h[own], pre[rows]
            if previous is not None:
                previous[rows] = state
            np.add(new, np.matmul(state, u, out=product[: len(state)]), out=new)
            np.maximum(new, 0, out=new) if relu else np.tanh(new, out=new)
            state[...] = new
            out[rows] = new

    over_samples(run, len(h), w_hh)
    return out, h, (pre, previous) if keep else None


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

    def run(share: tuple[int, int]) -> None:
        for rows, own in spans(sizes, not reverse, *share):
            d, slope = dh[own], slopes[rows]
            np.add(d, g[0][rows], out=d)
            np.multiply(slope, d, out=slope)
            np.matmul(slope, w_hh, out=d)

    over_samples(run, len(dh), w_hh)
    gates = slopes[None]
    weights, biases, dx = gradient_products(
        [(gates, x), (gates, previous)], gates, w_ih[None] if input_needed else None
    )
    bias = None if b_ih is None else biases[0][0]
    return [dx, dh, weights[0][0], weights[1][0], bias, None if bias is None else bias.copy()]
