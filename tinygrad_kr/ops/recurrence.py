"""The recurrent operations: what they mean, and their fused form; `recurrent.py` has the public functions.

One operation is one layer in one direction over all steps. Its input is *rows* (see `kernels/recurrent.py`):
the samples of the first step, then those of the second, and so on; `sizes` says how many each step has. So
padded and packed batches are the same thing here. Each operation has a fused forward and backward in the
kernels, and beside it the composite that says what it computes, which second derivatives differentiate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import joint
from ..kernels import gru as gru_kernel
from ..kernels import lstm as lstm_kernel
from ..kernels import recurrent as kernel
from .exponential import sigmoid_rule
from .piecewise import relu_rule

__all__: list[str] = []


# -- what the operations mean --------------------------------------------------------------------


def affine(x: Any, weight: Any, bias: Any) -> Any:
    """x Wᵀ + b."""
    product = np.matmul(x, np.transpose(weight))
    return product if bias is None else product + bias


def steps(sizes: Sequence[int], reverse: bool) -> Iterator[slice]:
    """The rows of each step, in the order in which the layer goes through them."""
    ends = np.cumsum(sizes).tolist()
    spans = [slice(end - size, end) for end, size in zip(ends, sizes)]
    return reversed(spans) if reverse else iter(spans)


def chunks(x: Any, count: int) -> list[Any]:
    """The gates of a matrix of pre-activations."""
    width = x.shape[1] // count
    return [x[:, width * number : width * (number + 1)] for number in range(count)]


def renewed(new: Any, states: Any) -> Any:
    """The states of all samples, those of the running ones (the first) renewed."""
    count = new.shape[0]
    return new if count == states.shape[0] else np.concatenate([new, states[count:]])


def joined(outputs: list[Any], reverse: bool) -> Any:
    """The rows of all steps again."""
    return np.concatenate(outputs[::-1] if reverse else outputs)


def rnn_steps(
    x: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    b_hh: Any,
    *,
    relu: bool,
    sizes: Sequence[int],
    reverse: bool,
    input_needed: bool,
) -> Any:
    """h' = f(W x + b + U h + b'), step by step."""
    states, outputs = h0, []
    inputs = affine(x, w_ih, b_ih)
    for rows in steps(sizes, reverse):
        part = inputs[rows]
        new = part + affine(states[: part.shape[0]], w_hh, b_hh)
        new = relu_rule(new) if relu else np.tanh(new)
        outputs.append(new)
        states = renewed(new, states)
    return joined(outputs, reverse), states


def lstm_steps(
    x: Any,
    h0: Any,
    c0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    b_hh: Any,
    w_hr: Any,
    *,
    sizes: Sequence[int],
    reverse: bool,
    input_needed: bool,
) -> Any:
    """c' = f c + i g and h' = o tanh(c'), projected by `w_hr` if it is given, step by step."""
    states, cells, outputs = h0, c0, []
    inputs = affine(x, w_ih, b_ih)
    for rows in steps(sizes, reverse):
        part = inputs[rows]
        i, f, g, o = chunks(part + affine(states[: part.shape[0]], w_hh, b_hh), 4)
        cell = sigmoid_rule(f) * cells[: part.shape[0]] + sigmoid_rule(i) * np.tanh(g)
        new = sigmoid_rule(o) * np.tanh(cell)
        if w_hr is not None:
            new = affine(new, w_hr, None)
        outputs.append(new)
        states, cells = renewed(new, states), renewed(cell, cells)
    return joined(outputs, reverse), states, cells


def gru_steps(
    x: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    b_hh: Any,
    *,
    sizes: Sequence[int],
    reverse: bool,
    input_needed: bool,
) -> Any:
    """h' = (1 - z) n + z h, n = tanh(W x + b + r (U h + b')), step by step."""
    states, outputs = h0, []
    inputs = affine(x, w_ih, b_ih)
    for rows in steps(sizes, reverse):
        part = inputs[rows]
        state = states[: part.shape[0]]
        ours, theirs = chunks(part, 3), chunks(affine(state, w_hh, b_hh), 3)
        r, z = sigmoid_rule(ours[0] + theirs[0]), sigmoid_rule(ours[1] + theirs[1])
        n = np.tanh(ours[2] + r * theirs[2])
        new = (1 - z) * n + z * state
        outputs.append(new)
        states = renewed(new, states)
    return joined(outputs, reverse), states


# -- the same, fused: raw arrays, forward and backward -------------------------------------------


def rnn_layer(
    x: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    b_hh: Any,
    *,
    relu: bool,
    sizes: Sequence[int],
    reverse: bool,
    input_needed: bool,
    recording: bool = False,
) -> Any:
    """A plain recurrent layer in one direction: the outputs of all rows and the final states."""
    out, h, kept = kernel.rnn(
        x, h0, w_ih, w_hh, b_ih, b_hh, relu=relu, sizes=sizes, reverse=reverse, keep=recording
    )
    return (out, h), kept


def rnn_gradients(
    g: Any,
    kept: Any,
    x: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    relu: bool,
    sizes: Any,
    reverse: bool,
    input_needed: bool,
) -> Any:
    """The gradients of all arguments of `rnn_layer`."""
    return kernel.rnn_backward(
        g,
        kept,
        x,
        w_ih,
        w_hh,
        b_ih,
        relu=relu,
        sizes=sizes,
        reverse=reverse,
        input_needed=input_needed,
    )


def lstm_layer(
    x: Any,
    h0: Any,
    c0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    b_hh: Any,
    w_hr: Any,
    *,
    sizes: Sequence[int],
    reverse: bool,
    input_needed: bool,
    recording: bool = False,
) -> Any:
    """An LSTM layer in one direction: the outputs of all rows, the final states and cells."""
    out, h, c, kept = lstm_kernel.lstm(
        x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, sizes=sizes, reverse=reverse, keep=recording
    )
    return (out, h, c), kept


def lstm_gradients(
    g: Any,
    kept: Any,
    x: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    w_hr: Any,
    sizes: Any,
    reverse: bool,
    input_needed: bool,
) -> Any:
    """The gradients of all arguments of `lstm_layer`."""
    return lstm_kernel.lstm_backward(
        g, kept, x, w_ih, w_hh, b_ih, w_hr, sizes=sizes, reverse=reverse, input_needed=input_needed
    )


def gru_layer(
    x: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    b_hh: Any,
    *,
    sizes: Sequence[int],
    reverse: bool,
    input_needed: bool,
    recording: bool = False,
) -> Any:
    """A GRU layer in one direction: the outputs of all rows and the final states."""
    out, h, kept = gru_kernel.gru(x, h0, w_ih, w_hh, b_ih, b_hh, sizes=sizes, reverse=reverse, keep=recording)
    return (out, h), kept


def gru_gradients(
    g: Any, kept: Any, x: Any, w_ih: Any, w_hh: Any, b_ih: Any, sizes: Any, reverse: bool, input_needed: bool
) -> Any:
    """The gradients of all arguments of `gru_layer`."""
    return gru_kernel.gru_backward(
        g, kept, x, w_ih, w_hh, b_ih, sizes=sizes, reverse=reverse, input_needed=input_needed
    )


rnn_rule = joint(rnn_layer, rnn_gradients, composite=rnn_steps, keeps=True, name="rnn")
lstm_rule = joint(lstm_layer, lstm_gradients, composite=lstm_steps, keeps=True, name="lstm")
gru_rule = joint(gru_layer, gru_gradients, composite=gru_steps, keeps=True, name="gru")
