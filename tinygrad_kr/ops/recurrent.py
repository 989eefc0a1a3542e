"""Recurrent networks: plain, long short-term memory (LSTM) and gated recurrent units (GRU).

The functions here put layers and directions together; the operation of one layer, and its derivative, is in
`recurrence.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.primitive import Primitive
from ..tensor import Tensor
from ._public import public, require_tensor
from ._spatial import require_same_dtype
from .creation import zeros_like
from .dropout import dropout as dropout_function
from .joining import cat, stack
from .recurrence import gru_rule, lstm_rule, rnn_rule

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
    batch = statics["sizes"][0]
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
            f"{layer.__name__}: expected {per_layer * num_layers * directions} parameters ({per_layer} for "
            f"each of {num_layers} layers and {directions} directions), got {len(params)}"
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
        params: for each layer and direction w_ih, w_hh, b_ih, b_hh (without biases only the first two), and
            the projection w_hr if h is narrower than c.
        has_biases, num_layers, bidirectional: how to read `params`.
        dropout, train: the probability of dropout between layers, and whether it is on.

    A packed batch is given as `lstm(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train,
    bidirectional)`.

    Returns:
        The outputs of the last layer, and the final h and c of all layers.

    >>> w, h0 = torch.ones(4, 1), torch.zeros(1, 1, 1)
    >>> x = torch.ones(2, 1, 1)
    >>> out, h, c = torch.lstm(x, (h0, h0), [w, w], False, 1, 0.0, False, False, False)
    >>> out.flatten()
    tensor([0.3696, 0.6505])

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

    The arguments are those of `lstm`; `hx` is one tensor. Returns the outputs of the last layer and the final
    states.

    >>> w, h0 = torch.ones(3, 1), torch.zeros(1, 1, 1)
    >>> x = torch.ones(2, 1, 1)
    >>> out, h = torch.gru(x, h0, [w, w], False, 1, 0.0, False, False, False)
    >>> out.flatten()
    tensor([0.2048, 0.3468])

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014; PyTorch,
        `torch.gru`.
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

    The arguments are those of `lstm`; `hx` is one tensor. Returns the outputs of the last layer and the final
    states.

    >>> w, h0 = torch.ones(1, 1), torch.zeros(1, 1, 1)
    >>> x = torch.ones(2, 1, 1)
    >>> out, h = torch.rnn_tanh(x, h0, [w, w], False, 1, 0.0, False, False, False)
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

    The arguments are those of `lstm`; `hx` is one tensor. Returns the outputs of the last layer and the final
    states.

    >>> w, h0 = torch.ones(1, 1), torch.zeros(1, 1, 1)
    >>> x = torch.ones(2, 1, 1)
    >>> out, h = torch.rnn_relu(x, h0, [w, w], False, 1, 0.0, False, False, False)
    >>> out.flatten()
    tensor([1., 2.])

    Source: PyTorch, `torch.rnn_relu`.
    """
    arguments = (params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    return _recur("rnn_relu", rnn_rule, input, hx, arguments, relu=True)


# -- single steps --------------------------------------------------------------------------------


def _one_step(
    layer: Primitive, x: Tensor, states: Sequence[Tensor], weights: Sequence[Any], **statics: Any
) -> Any:
    if require_tensor(x, f"{layer.__name__}_cell")._array.ndim != 2:
        raise RuntimeError(f"{layer.__name__}_cell: input must have 2 dimensions, got {x._array.ndim}")
    w_ih, w_hh, b_ih, b_hh, *rest = weights
    if (b_ih is None) != (b_hh is None):  # one of them alone is as good as their sum
        b_ih, b_hh = ((zeros_like(b) if a is None else a) for a, b in ((b_ih, b_hh), (b_hh, b_ih)))
    weights = (w_ih, w_hh, b_ih, b_hh, *rest)
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
