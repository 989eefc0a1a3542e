"""The long short-term memory layer, forward and backward; layout and threads are explained in `recurrent.py`.

    o, i, f = sigmoid(...)    g = tanh(...)    each of W x + b + U h + b'
    c' = f c + i g            h' = o tanh(c')  or, with a projection, h' = R (o tanh(c'))

PyTorch's weights hold the gates as i, f, g, o. Here they are o, i, f, g: the three that take a sigmoid are
neighbours, and so are the three whose gradient comes through c'.

Where the time of a training step goes at 64 steps, batch 32, width 128 on two AVX-512 cores, of 8.7 ms
(PyTorch 6.4): walking forward 2.7 (34 us a step, 17 of them the product, the rest ten calls), slopes 0.3,
walking backward and the products behind it 3.7 (36 us a step, 19 of them the product; the products alone are
4.4 on one thread), embedding, output layer, loss and Adam 2. A walk cannot be shared out, so with every call
at the speed of its arithmetic it would still be 2.0 + 0.3 + 2.6 + 1.5: PyTorch's time. Without AVX-512 a
step's product alone takes 40 us each way.
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
    cut,
    gates_first,
    gradients,
    in_columns,
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
    rows, width = len(x), c0.shape[1]
    w, u = gates_first(w_ih, _ORDER), gates_first(w_hh, _ORDER)
    w[:3] *= 0.5
    u[:3] *= 0.5
    bias = None
    if b_ih is not None:
        bias = gates_first(b_ih + b_hh, _ORDER)
        bias[:3] *= 0.5
    u, count = cut(u.transpose(0, 2, 1), len(h0), len(sizes))
    gates = np.empty((4, rows, width), x.dtype)
    h, c = States(h0, sizes, reverse), States(c0, sizes, reverse)
    tanh_c = np.empty_like(gates[0])
    slopes = np.empty_like(gates) if keep else gates
    shown = None if w_hr is None else np.empty_like(tanh_c)
    out = np.empty_like(h.after) if keep else h.after

    def start(batch: int) -> Step:
        products = np.empty((4, batch, width), x.dtype)
        spares, targets = np.empty_like(products[0]), in_columns(products, count)

        def step(rows: slice, own: slice) -> None:
            cell, squashed = c.after[rows], tanh_c[rows]
            product, contributed = products[:, : len(cell)], gates[:, rows]
            np.matmul(h.previous(rows), u, out=targets[:, :, : len(cell)])
            gate = np.add(product, contributed, out=contributed if keep else product)
            np.tanh(gate, out=gate)
            sigmoids = gate[:3]
            np.multiply(sigmoids, 0.5, out=sigmoids)
            np.add(sigmoids, 0.5, out=sigmoids)
            o, i, f, g = gate
            spare = spares[: len(cell)]
            np.multiply(c.previous(rows), f, out=cell)
            np.add(cell, np.multiply(i, g, out=spare), out=cell)
            np.tanh(cell, out=squashed)
            if w_hr is None or shown is None:
                np.multiply(o, squashed, out=h.after[rows])
            else:
                np.matmul(np.multiply(o, squashed, out=shown[rows]), w_hr.T, out=h.after[rows])

        return step

    def finish(rows: slice) -> None:
        out[rows] = h.after[rows]
        _to_slopes(slopes[:, rows], gates[:, rows], tanh_c[rows], c.previous(rows))

    before = input_products(x, w, bias, gates)
    walk(stages(sizes, reverse), len(c0), w_hh, start, before=before)
    if keep:
        over_rows(finish, rows, width)
    return out, h.final(), c.final(), (slopes, gates[2], tanh_c, h, shown) if keep else None


def _to_slopes(slopes: Array, gates: Array, tanh_c: Array, previous_c: Array) -> None:
    """The slopes of h' by the pre-activation of o, of c' by those of i, f, g; in place of h' by c' (tanh_c).

    Those of the sigmoids are s (1 - s), those of the tanh 1 - tanh², times what the gate is multiplied with.
    """
    o, i, f, g = gates
    for out, s, factor in zip(slopes, (o, i, f), (tanh_c, g, previous_c)):
        np.subtract(1, s, out=out)
        np.multiply(out, s, out=out)
        np.multiply(out, factor, out=out)
    for out, t, factor in ((slopes[3], g, i), (tanh_c, tanh_c, o)):
        np.multiply(t, t, out=out)
        np.subtract(1, out, out=out)
        np.multiply(out, factor, out=out)


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
    slopes, forget, through, h, shown = kept
    dh, dc = np.array(g[1], order="C"), np.array(g[2], order="C")
    dz = np.empty((len(x), 4 * dc.shape[1]), dc.dtype)
    gates = by_gate(dz, 4)
    arrived = None if w_hr is None else np.empty_like(h.after)
    u, count = cut(w_hh, len(dh), len(sizes))
    target = in_columns(dh, count)

    def start(batch: int) -> Step:
        spares = np.empty((2, batch, dc.shape[1]), dc.dtype)

        def step(rows: slice, own: slice) -> None:
            d, cell, slope, gate = dh[own], dc[own], slopes[:, rows], gates[:, rows]
            spare, hidden = spares[:, : len(cell)]
            np.add(d, g[0][rows], out=d)
            if arrived is None or w_hr is None:
                hidden = d
            else:
                arrived[rows] = d
                np.matmul(d, w_hr, out=hidden)
            np.add(cell, np.multiply(hidden, through[rows], out=spare), out=cell)
            np.multiply(slope[0], hidden, out=gate[3])
            np.multiply(slope[1:], cell, out=gate[:3])
            np.multiply(cell, forget[rows], out=cell)
            np.matmul(dz[rows], u, out=target[:, own])

        return step

    plan = backward_stages(sizes, reverse, x.shape[1] + dh.shape[1])
    after, results = gradients(plan, [(dz, x), (dz, h.previous())], w_ih if input_needed else None)
    walk(plan, len(dc), w_hh, start, after=after)
    (d_ih, d_hh), (bias,), dx = results()
    d_hr = None if arrived is None else np.matmul(arrived.T, shown)
    biases = (None, None) if b_ih is None else (bias, bias.copy())
    return [dx, dh, dc, d_ih, d_hh, *biases, d_hr]
