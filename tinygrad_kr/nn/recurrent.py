"""Recurrent layers: plain, long short-term memory, gated recurrent unit.

What they compute is in `ops/recurrent.py`; here are the parameters, their initialisation, the initial states,
and batches given unbatched, batch first or packed.
"""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..ops import recurrent as ops
from ..ops.creation import zeros
from ..tensor import Tensor
from . import init
from ._arguments import new_parameter, require_size
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]

_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


def _require_bool(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{name} should be of type bool, got: {type(value).__name__}")


def draw_parameters(module: Module, hidden_size: int) -> None:
    """All parameters from U(-k, k), k = 1 / √hidden_size, in the order of their registration."""
    bound = 1.0 / math.sqrt(hidden_size) if hidden_size > 0 else 0.0
    for weight in module.parameters():
        init.uniform_(weight, -bound, bound)


class RNNBase(Module):
    """What `RNN`, `LSTM` and `GRU` share.

    The parameters of layer k are `weight_ih_l{k}` (gates · hidden_size, inputs), `weight_hh_l{k}` (gates ·
    hidden_size, outputs), `bias_ih_l{k}` and `bias_hh_l{k}` (gates · hidden_size), with a projection also
    `weight_hr_l{k}` (proj_size, hidden_size); those of the reverse direction end in `_reverse`.

    >>> torch.nn.GRU(2, 3).weight_ih_l0.shape
    torch.Size([9, 2])

    Source: PyTorch, `torch.nn.RNNBase`.
    """

    states: ClassVar[int] = 1  # how many tensors a state consists of
    mode: str
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not isinstance(dropout, numbers.Real) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                f"dropout should be a number in range [0, 1] representing the probability of an element "
                f"being zeroed, got {dropout!r}"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=3,
            )
        _require_bool("bias", bias)
        _require_bool("batch_first", batch_first)
        require_size("input_size", input_size)
        require_size("hidden_size", hidden_size)
        require_size("num_layers", num_layers)
        require_size("proj_size", proj_size, least=0)
        if proj_size >= hidden_size:
            raise ValueError(f"proj_size (={proj_size}) has to be smaller than hidden_size (={hidden_size})")
        if mode not in _GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}; expected one of {list(_GATES)}")
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        rows, width = _GATES[mode] * hidden_size, proj_size or hidden_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            inputs = width * (1 + bool(bidirectional)) if layer else input_size
            for suffix in ("", "_reverse") if bidirectional else ("",):
                sizes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, inputs), "weight_hh": (rows, width)}
                if bias:
                    sizes.update(bias_ih=(rows,), bias_hh=(rows,))
                if proj_size:
                    sizes.update(weight_hr=(proj_size, hidden_size))
                names = {f"{name}_l{layer}{suffix}": size for name, size in sizes.items()}
                for name, size in names.items():
                    self.register_parameter(name, new_parameter(size, device=device, dtype=dtype))
                self._all_weights.append(list(names))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        draw_parameters(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Nothing: there is no other memory layout that would be faster here."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        for name, default in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0),
            ("bidirectional", False),
        ):
            if getattr(self, name) != default:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts)

    # -- the call ----------------------------------------------------------------------------------

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raise unless dtype, dimensions and features of the input fit."""
        wanted = self._flat_weights[0].dtype
        if input.dtype is not wanted:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({wanted}). Convert input: "
                f"input.to({wanted}), or convert model: model.to({input.dtype})"
            )
        dims = 3 if batch_sizes is None else 2
        if input.dim() != dims:
            raise RuntimeError(f"input must have {dims} dimensions, got {input.dim()}")
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{input.size(-1)}"
            )

    def _state_sizes(self, batch: int) -> list[tuple[int, int, int]]:
        """The shape of each tensor of the state."""
        places = self.num_layers * (1 + bool(self.bidirectional))
        widths = (self.proj_size or self.hidden_size, self.hidden_size)
        return [(places, batch, width) for width in widths[: self.states]]

    def _states_of(self, hx: Any) -> tuple[Tensor, ...]:
        return (hx,)

    def _check_states(self, states: Sequence[Tensor], batch: int) -> None:
        for position, (state, size) in enumerate(zip(states, self._state_sizes(batch))):
            if state.size() != size:
                which = f"[{position}]" if self.states > 1 else ""
                raise RuntimeError(f"Expected hidden{which} size {size}, got {list(state.size())}")

    def _function(self) -> Callable[..., Any]:
        return getattr(ops, self.mode.lower())

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """The outputs of the last layer at every step, and the final states of all layers."""
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        name = type(self).__name__
        if input.dim() not in (2, 3):
            raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        batched = input.dim() == 3
        batch_dim = 0 if self.batch_first else 1
        states = None if hx is None else self._states_of(hx)
        if states is not None and any(state.dim() != input.dim() for state in states):
            what = "batched 3-D" if batched else "unbatched 2-D"
            got = ", ".join(f"{state.dim()}-D" for state in states)
            raise RuntimeError(
                f"For {what} input, hx{' and cx' * (len(states) > 1)} should also be {input.dim()}-D but got "
                f"{f'({got})' if len(states) > 1 else got} tensor{'s' * (len(states) > 1)}"
            )
        if not batched:
            input = input.unsqueeze(batch_dim)
            states = None if states is None else tuple([state.unsqueeze(1) for state in states])
        self.check_input(input, None)
        batch = input.size(batch_dim)
        output, *finals = self._run(input, None, states, batch)
        if not batched:
            output, finals = output.squeeze(batch_dim), [one.squeeze(1) for one in finals]
        return output, finals[0] if self.states == 1 else tuple(finals)

    def _forward_packed(self, packed: PackedSequence, hx: Any) -> tuple[Any, Any]:
        data, batch_sizes, order, back = packed
        self.check_input(data, batch_sizes)
        states = None if hx is None else self._states_of(hx)
        if states is not None:
            self._check_states(states, int(batch_sizes[0]))
            if order is not None:
                states = tuple([state.index_select(1, order) for state in states])
        output, *finals = self._run(data, batch_sizes, states, int(batch_sizes[0]))
        if back is not None:
            finals = [one.index_select(1, back) for one in finals]
        output = PackedSequence(output, batch_sizes, order, back)
        return output, finals[0] if self.states == 1 else tuple(finals)

    def _run(self, input: Tensor, batch_sizes: Tensor | None, states: Any, batch: int) -> Any:
        if states is None:
            states = [zeros(size, dtype=input.dtype) for size in self._state_sizes(batch)]
        self._check_states(states, batch)
        state = states[0] if self.states == 1 else tuple(states)
        given = (input, state) if batch_sizes is None else (input, batch_sizes, state)
        options = (self._flat_weights, self.bias, self.num_layers, self.dropout, self.training)
        last = (self.batch_first,) if batch_sizes is None else ()
        return self._function()(*given, *options, bool(self.bidirectional), *last)


def _refuse(name: str, others: dict[str, Any]) -> None:
    """Raise for keyword arguments that a layer does not take."""
    if "proj_size" in others:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    if others:
        raise TypeError(f"{name}.__init__() got an unexpected keyword argument '{next(iter(others))}'")


class RNN(RNNBase):
    r"""A plain recurrent network: h' = tanh(W x + b + U h + b'), at every step, in every layer.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        num_layers: layers, each of which takes the outputs of the one below.
        nonlinearity: "tanh" or "relu".
        bias: whether b and b' are learned.
        batch_first: whether a batch is (N, T, features) rather than (T, N, features).
        dropout: probability of dropout on the outputs of every layer but the last.
        bidirectional: whether a second network goes through the sequence backwards; outputs are joined.
        device, dtype: of the parameters.

    Shapes: the input is (T, N, input_size), (T, input_size) for a single sequence, or a `PackedSequence`; the
    optional initial state is (layers · directions, N, hidden_size), zeros by default. The outputs are (T, N,
    directions · hidden_size), or packed; the final states are shaped as the initial ones. All parameters
    start as U(-k, k), k = 1 / √hidden_size.

    Raises:
        ValueError: a size that is not positive, another nonlinearity, a dropout that is no probability.
        RuntimeError: an input or state whose size does not fit.

    >>> out, h = torch.nn.RNN(10, 20, 2)(torch.randn(5, 3, 10))
    >>> out.shape, h.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))

    Source: Elman 1990, "Finding structure in time"; PyTorch, `torch.nn.RNN`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        **others: Any,
    ) -> None:
        _refuse("RNN", others)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity {nonlinearity!r}. Select from 'tanh' or 'relu'.")
        mode = f"RNN_{nonlinearity.upper()}"
        sizes = (input_size, hidden_size, num_layers)
        super().__init__(mode, *sizes, bias, batch_first, dropout, bidirectional, 0, device, dtype)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    r"""Long short-term memory: gates decide what the cell c forgets, takes in and shows.

    i, f, o = σ(W x + b + U h + b'), g = tanh(W x + b + U h + b'), c' = f·c + i·g, h' = o·tanh(c')

    The rows of the weights are those of i, f, g and o, one after the other.

    Args: input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype: as
        for `RNN`.
        proj_size: if positive, the outputs and h are R (o·tanh(c')) with a learned R of so many rows; smaller
            than `hidden_size`.

    Shapes: as for `RNN`; the state is a pair of h (layers · directions, N, proj_size or hidden_size) and c
    (layers · directions, N, hidden_size).

    Raises:
        ValueError, RuntimeError: as for `RNN`.

    >>> out, (h, c) = torch.nn.LSTM(10, 20, 2)(torch.randn(5, 3, 10))
    >>> out.shape, h.shape, c.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]), torch.Size([2, 3, 20]))

    Source: Hochreiter & Schmidhuber 1997, "Long short-term memory"; Sak et al. 2014 for the projection;
    PyTorch, `torch.nn.LSTM`.
    """

    states = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        sizes = (input_size, hidden_size, num_layers)
        super().__init__("LSTM", *sizes, bias, batch_first, dropout, bidirectional, proj_size, device, dtype)

    def _states_of(self, hx: Any) -> tuple[Tensor, ...]:
        if not isinstance(hx, (tuple, list)) or len(hx) != 2:
            what = f"{len(hx)} elements" if isinstance(hx, (tuple, list)) else type(hx).__name__
            raise TypeError(f"LSTM: the initial state must be a pair (h_0, c_0) of tensors, got {what}")
        return tuple(hx)


class GRU(RNNBase):
    r"""Gated recurrent units: gates decide how much of the state is reset, and how much renewed.

    r, z = σ(W x + b + U h + b'), n = tanh(W x + b + r·(U h + b')), h' = (1 - z)·n + z·h

    The rows of the weights are those of r, z and n, one after the other. Arguments and shapes are those of
    `RNN`, without `nonlinearity`.

    >>> out, h = torch.nn.GRU(10, 20, bidirectional=True)(torch.randn(5, 3, 10))
    >>> out.shape, h.shape
    (torch.Size([5, 3, 40]), torch.Size([2, 3, 20]))

    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder"; PyTorch,
        `torch.nn.GRU`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        **others: Any,
    ) -> None:
        _refuse("GRU", others)
        sizes = (input_size, hidden_size, num_layers)
        super().__init__("GRU", *sizes, bias, batch_first, dropout, bidirectional, 0, device, dtype)
