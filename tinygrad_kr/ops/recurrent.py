"""Recurrent layers: plain, long short-term memory (LSTM) and gated recurrent unit (GRU).

One operation is one layer in one direction over all steps. Its input is *rows* (see `kernels/recurrent.py`): the
samples of the first step, then those of the second, and so on; `sizes` says how many each step has. So padded and
packed batches are the same thing here. Each operation has a fused forward and backward in the kernels, and beside it
the composite that says what it computes, which second derivatives differentiate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, joint
from ..kernels import gru as gru_kernel
from ..kernels import lstm as lstm_kernel
from ..kernels import recurrent as kernel
from ..tensor import Tensor
from ._public import public, require_tensor
from ._spatial import require_same_dtype
from .dropout import dropout as dropout_function
from .exponential import sigmoid_rule
from .joining import cat, stack
from .piecewise import relu_rule

__all__ = [
    "gru",
    "gru_cell",
    "lstm",
    "lstm_cell",
    "rnn_relu",
    "rnn_relu_cell",
    "rnn_tanh",
    "rnn_tanh_cell",
]


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
    out, h, kept = gru_kernel.gru(
        x, h0, w_ih, w_hh, b_ih, b_hh, sizes=sizes, reverse=reverse, keep=recording
    )
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


# -- several layers and directions ---------------------------------------------------------------


def _apply(layer: Primitive, x: Tensor, states: list[Tensor], weights: Sequence[Any], **statics: Any) -> Any:
    """One layer in one direction, its arguments checked."""
    name = layer.__name__
    names = ("w_ih", "w_hh", "b_ih", "b_hh", "w_hr")
    require_same_dtype(name, input=x, hx=states[0], **dict(zip(names, weights)))
    w_ih, w_hh = weights[0]._array, weights[1]._array
    if x._array.shape[1] != w_ih.shape[1]:
        raise RuntimeError(
            f"{name}: the input has {x._array.shape[1]} features, but the weights w_ih of shape "
            f"{list(w_ih.shape)} expect {w_ih.shape[1]}"
        )
    batch = statics["sizes"][0] if statics["reverse"] is False else max(statics["sizes"])
    for state in states:
        if state._array.shape[0] != batch:
            raise RuntimeError(f"{name}: hx has {state._array.shape[0]} samples, but the input has {batch}")
    if states[0]._array.shape[1] != w_hh.shape[1]:
        raise RuntimeError(
            f"{name}: hx has {states[0]._array.shape[1]} features, but the weights w_hh of shape "
            f"{list(w_hh.shape)} expect {w_hh.shape[1]}"
        )
    return layer(x, *states, *weights, input_needed=x._node is not None, **statics)


def _stack_of_layers(
    layer: Primitive,
    rows: Tensor,
    sizes: tuple[int, ...],
    hx: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    projected: bool = False,
    **statics: Any,
) -> tuple[Tensor, list[Tensor]]:
    """All layers over rows: the outputs of the last one, and the final states stacked as `hx` are."""
    per_layer = 2 + 2 * has_biases + projected
    directions = 2 if bidirectional else 1
    if len(params) != per_layer * num_layers * directions:
        raise RuntimeError(
            f"{layer.__name__}: expected {per_layer * num_layers * directions} parameters ({per_layer} for each of "
            f"{num_layers} layers and {directions} directions), got {len(params)}"
        )
    finals: list[list[Tensor]] = [[] for _ in hx]
    for number in range(num_layers):
        outputs = []
        for direction in range(directions):
            place = number * directions + direction
            weights = list(params[place * per_layer : (place + 1) * per_layer])
            if not has_biases:
                weights[2:2] = [None, None]  # type: ignore[list-item]
            if layer is lstm_rule and not projected:
                weights.append(None)  # type: ignore[arg-type]
            out, *final = _apply(
                layer,
                rows,
                [one[place] for one in hx],
                weights,
                sizes=sizes,
                reverse=direction == 1,
                **statics,
            )
            outputs.append(out)
            for found, one in zip(finals, final):
                found.append(one)
        rows = cat(outputs, 1) if bidirectional else outputs[0]
        if dropout and train and number < num_layers - 1:
            rows = dropout_function(rows, dropout, True)
    return rows, [one[0].unsqueeze(0) if len(one) == 1 else stack(one) for one in finals]


def _recur(name: str, layer: Primitive, input: Any, hx: Any, arguments: Sequence[Any], **statics: Any) -> Any:
    """A recurrent function with PyTorch's two argument lists: for padded batches, and for packed ones."""
    require_tensor(input, name)
    if not isinstance(arguments[1], bool):  # (data, batch_sizes, hx, params, has_biases, ...)
        sizes, hx, arguments = require_tensor(hx, name, "batch_sizes"), arguments[0], arguments[1:]
        return _packed(layer, input, tuple(sizes.tolist()), hx, arguments, statics)
    batch_first = arguments[-1]
    if input._array.ndim != 3:
        raise RuntimeError(f"{name}: input must have 3 dimensions, got {input._array.ndim}")
    if batch_first:
        input = input.transpose(0, 1)
    length, batch, features = input._array.shape
    if not length:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    rows = input.reshape(length * batch, features)
    out, *finals = _packed(layer, rows, (batch,) * length, hx, arguments[:-1], statics)
    out = out.reshape(length, batch, out._array.shape[1])
    return (out.transpose(0, 1) if batch_first else out, *finals)


def _packed(
    layer: Primitive,
    rows: Tensor,
    sizes: tuple[int, ...],
    hx: Any,
    arguments: Sequence[Any],
    statics: dict[str, Any],
) -> tuple[Tensor, ...]:
    states = tuple(hx) if layer is lstm_rule else (hx,)
    for state in states:
        if require_tensor(state, layer.__name__, "hx")._array.ndim != 3:
            raise RuntimeError(f"{layer.__name__}: hx must have 3 dimensions, got {state._array.ndim}")
    if layer is lstm_rule:
        statics["projected"] = states[0]._array.shape[2] != states[1]._array.shape[2]
    out, finals = _stack_of_layers(layer, rows, sizes, states, *arguments, **statics)
    return (out, *finals)


@public(method=False, out=False)
def lstm(
    input: Tensor,
    hx: Any,
    params: Any,
    has_biases: Any,
    num_layers: Any,
    dropout: Any,
    train: Any,
    bidirectional: Any,
    batch_first: Any,
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Long short-term memory over a sequence, several layers, one or both directions; see `nn.LSTM`.

    i, f, o = σ(W x + b + U h + b'), g = tanh(W x + b + U h + b'), c' = f·c + i·g, h' = o·tanh(c').

    Args:
        input: (T, N, features), or (N, T, features) with `batch_first`.
        hx: the initial states (h, c), each (layers · directions, N, width).
        params: for each layer and direction w_ih, w_hh, b_ih, b_hh (without biases only the first two), and the
            projection w_hr if h is narrower than c.
        has_biases, num_layers, bidirectional: how to read `params`.
        dropout, train: the probability of dropout between layers, and whether it is on.

    A packed batch is given as `lstm(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train,
    bidirectional)`.

    Returns:
        The outputs of the last layer, and the final h and c of all layers.

    >>> w = torch.ones(4, 1)
    >>> out, h, c = torch.lstm(torch.ones(2, 1, 1), (torch.zeros(1, 1, 1),) * 2, [w, w], False, 1, 0.0, False, False, False)
    >>> out.flatten()
    tensor([0.3696, 0.7062])

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997; PyTorch, `torch.lstm`.
    """
    arguments = (params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    return _recur("lstm", lstm_rule, input, hx, arguments)


@public(method=False, out=False)
def gru(
    input: Tensor,
    hx: Any,
    params: Any,
    has_biases: Any,
    num_layers: Any,
    dropout: Any,
    train: Any,
    bidirectional: Any,
    batch_first: Any,
) -> tuple[Tensor, Tensor]:
    r"""Gated recurrent units over a sequence, several layers, one or both directions; see `nn.GRU`.

    r, z = σ(W x + b + U h + b'), n = tanh(W x + b + r·(U h + b')), h' = (1 - z)·n + z·h.

    The arguments are those of `lstm`; `hx` is one tensor. Returns the outputs of the last layer and the final states.

    >>> w = torch.ones(3, 1)
    >>> out, h = torch.gru(torch.ones(2, 1, 1), torch.zeros(1, 1, 1), [w, w], False, 1, 0.0, False, False, False)
    >>> out.flatten()
    tensor([0.2048, 0.3844])

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014; PyTorch, `torch.gru`.
    """
    arguments = (params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    return _recur("gru", gru_rule, input, hx, arguments)


@public(method=False, out=False)
def rnn_tanh(
    input: Tensor,
    hx: Any,
    params: Any,
    has_biases: Any,
    num_layers: Any,
    dropout: Any,
    train: Any,
    bidirectional: Any,
    batch_first: Any,
) -> tuple[Tensor, Tensor]:
    r"""A plain recurrent network over a sequence: h' = tanh(W x + b + U h + b'); see `nn.RNN`.

    The arguments are those of `lstm`; `hx` is one tensor. Returns the outputs of the last layer and the final states.

    >>> w = torch.ones(1, 1)
    >>> out, h = torch.rnn_tanh(torch.ones(2, 1, 1), torch.zeros(1, 1, 1), [w, w], False, 1, 0.0, False, False, False)
    >>> out.flatten()
    tensor([0.7616, 0.9427])

    Source: Elman, "Finding Structure in Time", 1990; PyTorch, `torch.rnn_tanh`.
    """
    arguments = (params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    return _recur("rnn_tanh", rnn_rule, input, hx, arguments, relu=False)


@public(method=False, out=False)
def rnn_relu(
    input: Tensor,
    hx: Any,
    params: Any,
    has_biases: Any,
    num_layers: Any,
    dropout: Any,
    train: Any,
    bidirectional: Any,
    batch_first: Any,
) -> tuple[Tensor, Tensor]:
    r"""A plain recurrent network over a sequence: h' = max(0, W x + b + U h + b'); see `nn.RNN`.

    The arguments are those of `lstm`; `hx` is one tensor. Returns the outputs of the last layer and the final states.

    >>> w = torch.ones(1, 1)
    >>> out, h = torch.rnn_relu(torch.ones(2, 1, 1), torch.zeros(1, 1, 1), [w, w], False, 1, 0.0, False, False, False)
    >>> out.flatten()
    tensor([1., 2.])

    Source: PyTorch, `torch.rnn_relu`.
    """
    arguments = (params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    return _recur("rnn_relu", rnn_rule, input, hx, arguments, relu=True)


# -- single steps --------------------------------------------------------------------------------


def _one_step(layer: Primitive, x: Tensor, states: Sequence[Tensor], weights: Sequence[Any], **statics: Any) -> Any:
    require_tensor(x, f"{layer.__name__}_cell")
    sizes = (x._array.shape[0],)
    return _apply(layer, x, list(states), weights, sizes=sizes, reverse=False, **statics)[1:]


@public(method=False, out=False)
def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM: the new h and c; see `lstm` and `nn.LSTMCell`.

    >>> w = torch.ones(4, 1)
    >>> torch.lstm_cell(torch.ones(1, 1), (torch.zeros(1, 1), torch.zeros(1, 1)), w, w)
    (tensor([[0.3696]]), tensor([[0.5568]]))

    Source: PyTorch, `torch.lstm_cell`.
    """
    h, c = _one_step(lstm_rule, input, hx, (w_ih, w_hh, b_ih, b_hh, None))
    return h, c


@public(method=False, out=False)
def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of a GRU: the new state; see `gru` and `nn.GRUCell`.

    >>> w = torch.ones(3, 1)
    >>> torch.gru_cell(torch.ones(1, 1), torch.zeros(1, 1), w, w)
    tensor([[0.2048]])

    Source: PyTorch, `torch.gru_cell`.
    """
    return _one_step(gru_rule, input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]


@public(method=False, out=False)
def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of a plain recurrent network: tanh(W x + b + U h + b'); see `nn.RNNCell`.

    >>> w = torch.ones(1, 1)
    >>> torch.rnn_tanh_cell(torch.ones(1, 1), torch.zeros(1, 1), w, w)
    tensor([[0.7616]])

    Source: PyTorch, `torch.rnn_tanh_cell`.
    """
    return _one_step(rnn_rule, input, (hx,), (w_ih, w_hh, b_ih, b_hh), relu=False)[0]


@public(method=False, out=False)
def rnn_relu_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of a plain recurrent network: max(0, W x + b + U h + b'); see `nn.RNNCell`.

    >>> w = torch.ones(1, 1)
    >>> torch.rnn_relu_cell(torch.ones(1, 1), torch.zeros(1, 1), w, w)
    tensor([[1.]])

    Source: PyTorch, `torch.rnn_relu_cell`.
    """
    return _one_step(rnn_rule, input, (hx,), (w_ih, w_hh, b_ih, b_hh), relu=True)[0]
