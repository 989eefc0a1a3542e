"""The gated recurrent unit layer, forward and backward; layout and threads are explained in `recurrent.py`.

    r, z = sigmoid(W x + b + U h + b')
    n = tanh(W x + b + r m),  m = U h + b'
    h' = (1 - z) n + z h

Every gradient of a step is a slope times the gradient of h', so backward multiplies four slopes at once: those of
n, r, z and m. The first three belong to what the input contributes, the last three to what the state does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .recurrent import (
    Array,
    gates_first,
    gates_last,
    gradient_products,
    input_products,
    over_rows,
    over_samples,
    spans,
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
    bias = inner_bias = None
    if b_ih is not None:
        bias, inner_bias = gates_first(b_ih, _FORWARD), b_hh[-h0.shape[1] :]
        bias[:2] += gates_first(b_hh, _FORWARD)[:2]
        bias[:2] *= 0.5
    gates = input_products(x, w, bias)
    h, out = h0.copy(), np.empty_like(gates[0])
    previous = np.empty_like(out) if keep else None
    inner = np.empty_like(out) if keep else None

    def run(share: tuple[int, int]) -> None:
        product = np.empty((3, share[1] - share[0], h.shape[1]), h.dtype)
        for rows, own in spans(sizes, reverse, *share):
            state, gate = h[own], gates[:, rows]
            count = len(state)
            if keep:
                previous[rows] = state
            part = np.matmul(state, u, out=product[:, :count])
            sigmoids = gate[:2]
            np.add(sigmoids, part[:2], out=sigmoids)
            np.tanh(sigmoids, out=sigmoids)
            np.multiply(sigmoids, 0.5, out=sigmoids)
            np.add(sigmoids, 0.5, out=sigmoids)
            (r, z, n), m = gate, part[2]
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

    over_samples(run, len(h), w_hh)
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

    def run(share: tuple[int, int]) -> None:
        product = np.empty((3, share[1] - share[0], dh.shape[1]), dh.dtype)
        spare = np.empty_like(product[0])
        for rows, own in spans(sizes, not reverse, *share):
            d, slope = dh[own], slopes[:, rows]
            count = len(d)
            np.add(d, g[0][rows], out=d)
            np.multiply(slope, d, out=slope)
            np.multiply(d, gates[1, rows], out=d)
            through = np.matmul(slope[1:], u, out=product[:, :count])
            np.add(d, np.add.reduce(through, axis=0, out=spare[:count]), out=d)

    over_samples(run, len(dh), w_hh)
    ours, theirs = slopes[:3], slopes[1:]
    weights, biases, dx = gradient_products(
        [(ours, x), (theirs, previous)], ours, gates_first(w_ih, _BACKWARD) if input_needed else None
    )
    bias = b_ih is not None
    return [
        dx,
        dh,
        gates_last(weights[0], _BACKWARD),
        gates_last(weights[1], _FORWARD),
        gates_last(biases[0], _BACKWARD) if bias else None,
        gates_last(biases[1], _FORWARD) if bias else None,
    ]
