"""The long short-term memory layer, forward and backward; layout and threads are explained in `recurrent.py`.

    o, i, f = sigmoid(...)    g = tanh(...)    each of W x + b + U h + b'
    c' = f c + i g            h' = o tanh(c')  or, with a projection, h' = R (o tanh(c'))

PyTorch's weights hold the gates as i, f, g, o. Here they are o, i, f, g: the three that take a sigmoid are
neighbours, and so are the three whose gradient comes through c'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .recurrent import (
    Array,
    Step,
    backward_stages,
    gates_first,
    gates_last,
    gradients,
    input_products,
    over_rows,
    stages,
    walk,
)

__all__ = ["lstm", "lstm_backward"]

_ORDER = (3, 0, 1, 2)


def lstm(
    x: Array,
    h0: Array,
    c0: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None,
    b_hh: Array | None,
    w_hr: Array | None,
    *,
    sizes: Sequence[int],
    reverse: bool,
    keep: bool,
) -> tuple[Array, Array, Array, Any]:
    """The outputs of all rows, the final h and c, and what backward needs."""
    w, u = gates_first(w_ih, _ORDER), gates_first(w_hh, _ORDER)
    w[:3] *= 0.5
    u[:3] *= 0.5
    u = u.transpose(0, 2, 1).copy()
    bias = None
    if b_ih is not None:
        bias = gates_first(b_ih + b_hh, _ORDER)
        bias[:3] *= 0.5
    gates = np.empty((4, len(x), c0.shape[1]), x.dtype)
    h, c = h0.copy(), c0.copy()
    out = np.empty((len(x), h.shape[1]), x.dtype)
    previous_h: Any = None
    previous_c: Any = None
    tanh_c: Any = None
    if keep:
        previous_h = np.empty_like(out)
        previous_c, tanh_c = np.empty_like(gates[0]), np.empty_like(gates[0])

    def start(count: int) -> Step:
        products = np.empty((4, count, c.shape[1]), c.dtype)
        spares = np.empty_like(products[0])

        def step(rows: slice, own: slice) -> None:
            state, cell, gate = h[own], c[own], gates[:, rows]
            product, spare = products[:, : len(cell)], spares[: len(cell)]
            if keep:
                previous_h[rows], previous_c[rows] = state, cell
            np.add(gate, np.matmul(state, u, out=product), out=gate)
            np.tanh(gate, out=gate)
            sigmoids = gate[:3]
            np.multiply(sigmoids, 0.5, out=sigmoids)
            np.add(sigmoids, 0.5, out=sigmoids)
            o, i, f, g = gate
            np.multiply(cell, f, out=cell)
            np.add(cell, np.multiply(i, g, out=spare), out=cell)
            squashed = tanh_c[rows] if keep else spare
            np.tanh(cell, out=squashed)
            if w_hr is None:
                np.multiply(o, squashed, out=state)
            else:
                np.matmul(np.multiply(o, squashed, out=spare if keep else product[0]), w_hr.T, out=state)
            out[rows] = state

        return step

    walk(stages(sizes, reverse), len(c), w_hh, start, before=input_products(x, w, bias, gates))
    return out, h, c, (gates, previous_h, previous_c, tanh_c) if keep else None


def _slopes(gates: Array, previous_c: Array, tanh_c: Array) -> tuple[Array, Array]:
    """Of h' by the pre-activation of o and of c' by those of i, f, g; and of h' by c'."""
    slopes, through = np.empty_like(gates), np.empty_like(tanh_c)

    def run(rows: slice) -> None:
        o, i, _, g = gates[:, rows]
        slope, by_c, t = slopes[:, rows], through[rows], tanh_c[rows]
        flat = slope[:3]  # s (1 - s) for the sigmoids
        np.subtract(1, gates[:3, rows], out=flat)
        np.multiply(flat, gates[:3, rows], out=flat)
        for gate, factor in zip(flat, (t, g, previous_c[rows])):
            np.multiply(gate, factor, out=gate)
        for result, squashed, factor in ((slope[3], g, i), (by_c, t, o)):  # (1 - tanh²) times the factor
            np.multiply(squashed, squashed, out=result)
            np.subtract(1, result, out=result)
            np.multiply(result, factor, out=result)

    over_rows(run, *tanh_c.shape)
    return slopes, through


def lstm_backward(
    g: Sequence[Array],
    kept: Any,
    x: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None,
    w_hr: Array | None,
    *,
    sizes: Sequence[int],
    reverse: bool,
    input_needed: bool,
) -> list[Array | None]:
    """The gradients of all arguments of `lstm`, in order, from those of its three results."""
    gates, previous_h, previous_c, tanh_c = kept
    slopes, through = _slopes(gates, previous_c, tanh_c)
    u = gates_first(w_hh, _ORDER)
    dh, dc = np.array(g[1]), np.array(g[2])
    arrived = None if w_hr is None else np.empty(previous_h.shape, dh.dtype)

    def start(count: int) -> Step:
        products = np.empty((4, count, dh.shape[1]), dh.dtype)
        spares = np.empty((2, count, dc.shape[1]), dc.dtype)

        def step(rows: slice, own: slice) -> None:
            d, cell, slope = dh[own], dc[own], slopes[:, rows]
            product, (spare, hidden) = products[:, : len(cell)], spares[:, : len(cell)]
            np.add(d, g[0][rows], out=d)
            if arrived is None or w_hr is None:
                hidden = d
            else:
                arrived[rows] = d
                np.matmul(d, w_hr, out=hidden)
            np.add(cell, np.multiply(hidden, through[rows], out=spare), out=cell)
            np.multiply(slope[0], hidden, out=slope[0])
            np.multiply(slope[1:], cell, out=slope[1:])
            np.multiply(cell, gates[2, rows], out=cell)
            np.add.reduce(np.matmul(slope, u, out=product), axis=0, out=d)

        return step

    plan = backward_stages(sizes, reverse, x.shape[1] + dh.shape[1])
    w = gates_first(w_ih, _ORDER) if input_needed else None
    after, results = gradients(plan, [(slopes, x), (slopes, previous_h)], slopes, w)
    walk(plan, len(dc), w_hh, start, after=after)
    weights, biases, dx = results()
    d_hr = None if arrived is None else np.matmul(arrived.T, gates[0] * tanh_c)
    bias = None if b_ih is None else gates_last(biases[0], _ORDER)
    return [
        dx,
        dh,
        dc,
        *[gates_last(one, _ORDER) for one in weights],
        bias,
        None if bias is None else bias.copy(),
        d_hr,
    ]
