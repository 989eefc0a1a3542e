"""The gated recurrent unit layer, forward and backward; layout and threads are explained in `recurrent.py`.

    r, z = sigmoid(W x + b + U h + b')
    n = tanh(W x + b + r m),  m = U h + b'
    h' = (1 - z) n + z h

Every gradient of a step is a slope times the gradient of h', so backward multiplies four slopes at once:
those of n, r, z and m. The first three belong to what the input contributes, the last three to what the state
does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .recurrent import (
    Array,
    States,
    Step,
    backward_stages,
    by_gate,
    gates_first,
    gradients,
    in_columns,
    input_products,
    over_rows,
    pieces,
    stages,
    walk,
)

__all__ = ["gru", "gru_backward"]

_ORDER = (2, 0, 1)  # n, r, z; PyTorch's weights hold r, z, n


def gru(
    x: Array,
    h0: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None,
    b_hh: Array | None,
    *,
    sizes: Sequence[int],
    reverse: bool,
    keep: bool,
) -> tuple[Array, Array, Any]:
    """The outputs of all rows, the final states, and what backward needs."""
    rows, width = len(x), h0.shape[1]
    w = gates_first(w_ih, _ORDER)
    u = w_hh.reshape(3, width, width).copy()
    w[1:] *= 0.5
    u[:2] *= 0.5
    bias: Any = None
    inner_bias: Any = None
    if b_ih is not None and b_hh is not None:
        bias, inner_bias = gates_first(b_ih, _ORDER), b_hh[-width:]
        bias[1:] += b_hh.reshape(3, width)[:2]
        bias[1:] *= 0.5
    count = pieces(width, *h0.shape)
    u = in_columns(u.transpose(0, 2, 1), count).copy()
    gates = np.empty((4, rows, width), x.dtype)  # n, r, z, m
    h = States(h0, sizes, reverse)
    update = np.empty_like(gates[0]) if keep else None
    out = np.empty_like(h.after) if keep else h.after

    def start(batch: int) -> Step:
        products = np.empty((3, batch, width), x.dtype)
        targets = in_columns(products, count)

        def step(rows: slice, own: slice) -> None:
            before, state = h.previous(rows), h.after[rows]
            np.matmul(before, u, out=targets[:, :, : len(state)])
            product = products[:, : len(state)]
            n, r, z, m = gates[:, rows]
            sigmoids = gates[1:3, rows]
            np.add(sigmoids, product[:2], out=sigmoids)
            np.tanh(sigmoids, out=sigmoids)
            np.multiply(sigmoids, 0.5, out=sigmoids)
            np.add(sigmoids, 0.5, out=sigmoids)
            if inner_bias is None:
                m[...] = product[2]
            else:
                np.add(product[2], inner_bias, out=m)
            np.add(n, np.multiply(r, m, out=state), out=n)
            np.tanh(n, out=n)
            np.subtract(before, n, out=state)
            np.multiply(state, z, out=state)
            np.add(state, n, out=state)

        return step

    def finish(rows: slice) -> None:
        out[rows] = h.after[rows]
        if update is not None:
            update[rows] = gates[2, rows]
        _to_slopes(gates[:, rows], h.previous(rows))

    before = input_products(x, w, bias, gates[:3])
    walk(stages(sizes, reverse), len(h0), w_hh, start, before=before)
    if keep:
        over_rows(finish, rows, width)
    return out, h.final(), (gates, update, h) if keep else None


def _to_slopes(gates: Array, previous: Array) -> None:
    """Replace n, r, z and m by the slopes of h' by the pre-activations of n, r and z, and by m."""
    n, r, z, m = gates
    rest, by_n = np.empty((2, *n.shape), n.dtype)
    np.subtract(1, z, out=rest)
    np.multiply(n, n, out=by_n)
    np.subtract(1, by_n, out=by_n)
    np.multiply(by_n, rest, out=by_n)  # (1 - n²)(1 - z)
    np.multiply(z, rest, out=z)
    np.subtract(previous, n, out=n)
    np.multiply(z, n, out=z)  # z (1 - z)(h - n)
    n[...] = by_n
    np.multiply(by_n, r, out=by_n)
    np.subtract(1, r, out=r)
    np.multiply(r, by_n, out=r)
    np.multiply(r, m, out=r)  # r (1 - r) m (1 - n²)(1 - z)
    m[...] = by_n


def gru_backward(
    g: Sequence[Array],
    kept: Any,
    x: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None,
    *,
    sizes: Sequence[int],
    reverse: bool,
    input_needed: bool,
) -> list[Array | None]:
    """The gradients of x, h0, w_ih, w_hh, b_ih and b_hh from those of the outputs and final states."""
    slopes, update, h = kept
    width = len(w_hh) // 3
    dh = np.array(g[1], order="C")
    dz = np.empty((len(x), 4 * width), dh.dtype)
    gates, ours, theirs = by_gate(dz, 4), dz[:, : 3 * width], dz[:, width:]
    count = pieces(width, len(dh), len(w_hh))
    u = in_columns(w_hh, count).copy()

    def start(batch: int) -> Step:
        spares = np.empty((batch, width), dh.dtype)

        def step(rows: slice, own: slice) -> None:
            d = dh[own]
            spare = spares[: len(d)]
            np.add(d, g[0][rows], out=d)
            np.multiply(slopes[:, rows], d, out=gates[:, rows])
            np.multiply(d, update[rows], out=d)
            np.matmul(theirs[rows], u, out=in_columns(spare, count))
            np.add(d, spare, out=d)

        return step

    plan = backward_stages(sizes, reverse, x.shape[1] + width)
    w = gates_first(w_ih, _ORDER).reshape(w_ih.shape) if input_needed else None
    after, results = gradients(plan, [(ours, x), (theirs, h.previous())], w)
    walk(plan, len(dh), w_hh, start, after=after)
    (d_ih, d_hh), (d_bias, d_inner), dx = results()
    d_ih, d_bias = (np.roll(one, -width, 0) for one in (d_ih, d_bias))  # r, z, n again
    return [dx, dh, d_ih, d_hh, *((None, None) if b_ih is None else (d_bias, d_inner))]
