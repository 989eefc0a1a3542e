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

__all__ = ["gru", "gru_backward"]

_FORWARD = (0, 1, 2)  # r, z, n: PyTorch's own order
_BACKWARD = (2, 0, 1)  # n, r, z


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
    w, u = gates_first(w_ih, _FORWARD), gates_first(w_hh, _FORWARD)
    w[:2] *= 0.5
    u[:2] *= 0.5
    u = u.transpose(0, 2, 1).copy()
    bias: Any = None
    inner_bias: Any = None
    if b_ih is not None and b_hh is not None:
        bias, inner_bias = gates_first(b_ih, _FORWARD), b_hh[-h0.shape[1] :]
        bias[:2] += gates_first(b_hh, _FORWARD)[:2]
        bias[:2] *= 0.5
    gates = np.empty((3, len(x), h0.shape[1]), x.dtype)
    h, out = h0.copy(), np.empty_like(gates[0])
    previous: Any = np.empty_like(out) if keep else None
    inner: Any = np.empty_like(out) if keep else None

    def start(count: int) -> Step:
        products = np.empty((3, count, h.shape[1]), h.dtype)

        def step(rows: slice, own: slice) -> None:
            state, gate = h[own], gates[:, rows]
            if keep:
                previous[rows] = state
            product = np.matmul(state, u, out=products[:, : len(state)])
            sigmoids = gate[:2]
            np.add(sigmoids, product[:2], out=sigmoids)
            np.tanh(sigmoids, out=sigmoids)
            np.multiply(sigmoids, 0.5, out=sigmoids)
            np.add(sigmoids, 0.5, out=sigmoids)
            (r, z, n), m = gate, product[2]
            if inner_bias is not None:
                np.add(m, inner_bias, out=m)
            if keep:
                inner[rows] = m
            np.add(n, np.multiply(r, m, out=m), out=n)
            np.tanh(n, out=n)
            np.subtract(state, n, out=state)
            np.multiply(state, z, out=state)
            np.add(state, n, out=state)
            out[rows] = state

        return step

    walk(stages(sizes, reverse), len(h), w_hh, start, before=input_products(x, w, bias, gates))
    return out, h, (gates, previous, inner) if keep else None


def _slopes(gates: Array, previous: Array, inner: Array) -> Array:
    """Of h' by the pre-activations of n, r and z, and by m."""
    slopes = np.empty((4, *previous.shape), previous.dtype)

    def run(rows: slice) -> None:
        r, z, n = gates[:, rows]
        by_n, by_r, by_z, by_m = slopes[:, rows]
        np.subtract(1, gates[:2, rows], out=slopes[1:3, rows])
        np.multiply(n, n, out=by_n)
        np.subtract(1, by_n, out=by_n)
        np.multiply(by_n, by_z, out=by_n)  # (1 - n²)(1 - z)
        np.multiply(by_n, r, out=by_m)
        np.multiply(by_r, by_m, out=by_r)
        np.multiply(by_r, inner[rows], out=by_r)
        np.multiply(by_z, z, out=by_z)
        np.multiply(by_z, previous[rows] - n, out=by_z)

    over_rows(run, *previous.shape)
    return slopes


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
    gates, previous, inner = kept
    slopes = _slopes(gates, previous, inner)
    u = gates_first(w_hh, _FORWARD)
    dh = np.array(g[1])

    def start(count: int) -> Step:
        products = np.empty((3, count, dh.shape[1]), dh.dtype)
        spares = np.empty_like(products[0])

        def step(rows: slice, own: slice) -> None:
            d, slope = dh[own], slopes[:, rows]
            product, spare = products[:, : len(d)], spares[: len(d)]
            np.add(d, g[0][rows], out=d)
            np.multiply(slope, d, out=slope)
            np.multiply(d, gates[1, rows], out=d)
            np.add.reduce(np.matmul(slope[1:], u, out=product), axis=0, out=spare)
            np.add(d, spare, out=d)

        return step

    plan = backward_stages(sizes, reverse, x.shape[1] + dh.shape[1])
    ours, theirs = slopes[:3], slopes[1:]
    w = gates_first(w_ih, _BACKWARD) if input_needed else None
    after, results = gradients(plan, [(ours, x), (theirs, previous)], ours, w)
    walk(plan, len(dh), w_hh, start, after=after)
    weights, biases, dx = results()
    bias = b_ih is not None
    return [
        dx,
        dh,
        gates_last(weights[0], _BACKWARD),
        gates_last(weights[1], _FORWARD),
        gates_last(biases[0], _BACKWARD) if bias else None,
        gates_last(biases[1], _FORWARD) if bias else None,
    ]
