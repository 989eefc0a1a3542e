"""Stochastic depth: a residual branch left out at random."""

from __future__ import annotations

from ... import nn
from ...ops.creation import empty
from ...tensor import Tensor

__all__ = ["StochasticDepth", "stochastic_depth"]


def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """Zero with probability `p`, divided by `1 - p` else: the whole batch alike, or each sample by itself.

    Args:
        input: (N, ...).
        p: probability of zero.
        mode: "batch" or "row".
        training: whether anything happens.

    Raises:
        ValueError: `p` is no probability, or another mode.

    Source: G. Huang et al., Deep networks with stochastic depth, 2016; torchvision, `stochastic_depth`.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p must be a probability, from 0 to 1, got {p}")
    if mode not in ("batch", "row"):
        raise ValueError(f"mode must be 'batch' or 'row', got {mode!r}")
    if not training or p == 0:
        return input
    size = [input.shape[0] if mode == "row" else 1, *[1] * (input.ndim - 1)]
    kept = empty(size, dtype=input.dtype).bernoulli_(1 - p)
    return input * (kept / (1 - p) if p < 1 else kept)


class StochasticDepth(nn.Module):
    """`stochastic_depth` as a module.

    Source: torchvision, `StochasticDepth`.
    """

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        """(N, ...) -> (N, ...)."""
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"StochasticDepth(p={self.p}, mode={self.mode})"
