"""Single steps of recurrent layers, for loops of one's own; the layers are in `recurrent.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ops import recurrent as ops
from ..ops.creation import zeros
from ..tensor import Tensor
from ._arguments import new_parameter, require_size
from .module import Module
from .parameter import Parameter
from .recurrent import draw_parameters

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What `RNNCell`, `LSTMCell` and `GRUCell` share: one step, one layer, one direction."""

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        require_size("input_size", input_size, least=0)
        require_size("hidden_size", hidden_size, least=0)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = new_parameter((rows, input_size), device=device, dtype=dtype)
        self.weight_hh = new_parameter((rows, hidden_size), device=device, dtype=dtype)
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, new_parameter(rows, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        draw_parameters(self, self.hidden_size)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    def _step(
        self, function: Callable[..., Any], input: Tensor, states: Sequence[Tensor] | None, count: int
    ) -> Any:
        """One step of a function from a batch or a single sample."""
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for position, state in enumerate(states or ()):
            if state.dim() not in (1, 2):
                what = "hidden" if count == 1 else f"hx[{position}]"
                raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {state.dim()}D instead")
        single = input.dim() == 1
        if single:
            input = input.unsqueeze(0)
            states = None if states is None else [state.unsqueeze(0) for state in states]
        if states is None:
            states = [zeros(input.size(0), self.hidden_size, dtype=input.dtype)] * count
        hx = states[0] if count == 1 else tuple(states)
        out = function(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        if not single:
            return out
        return out.squeeze(0) if count == 1 else tuple([one.squeeze(0) for one in out])


class RNNCell(RNNCellBase):
    """One step of a plain recurrent network: h' = tanh(W x + b + U h + b').

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        bias: whether b and b' are learned.
        nonlinearity: "tanh" or "relu".
        device, dtype: of the parameters.

    Shapes: (N, input_size) and (N, hidden_size) -> (N, hidden_size); a single sample without N. The state is
    zeros by default.

    >>> torch.nn.RNNCell(10, 20)(torch.randn(3, 10)).shape
    torch.Size([3, 20])

    Source: PyTorch, `torch.nn.RNNCell`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The new state."""
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        function = ops.rnn_tanh_cell if self.nonlinearity == "tanh" else ops.rnn_relu_cell
        return self._step(function, input, None if hx is None else (hx,), 1)


class LSTMCell(RNNCellBase):
    """One step of long short-term memory; formulas and arguments are those of `LSTM`.

    Shapes: (N, input_size) and a pair of (N, hidden_size) -> a pair (h', c'); a single sample without N.

    >>> h, c = torch.nn.LSTMCell(10, 20)(torch.randn(3, 10))
    >>> h.shape, c.shape
    (torch.Size([3, 20]), torch.Size([3, 20]))

    Source: PyTorch, `torch.nn.LSTMCell`.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The new h and c."""
        return self._step(ops.lstm_cell, input, hx, 2)


class GRUCell(RNNCellBase):
    """One step of gated recurrent units; formulas and arguments are those of `GRU`.

    Shapes: (N, input_size) and (N, hidden_size) -> (N, hidden_size); a single sample without N.

    >>> torch.nn.GRUCell(10, 20)(torch.randn(3, 10)).shape
    torch.Size([3, 20])

    Source: PyTorch, `torch.nn.GRUCell`.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The new state."""
        return self._step(ops.gru_cell, input, None if hx is None else (hx,), 1)
