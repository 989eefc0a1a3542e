"""Rprop: resilient backpropagation."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options, count, scalar
from .optimizer import Optimizer, Parameters

__all__ = ["Rprop"]


class Rprop(Optimizer):
    r"""Step by sizes of each parameter's own, which grow while the gradient keeps its sign, or shrink.

    .. math::
        s &\leftarrow \text{clip}(s \cdot
            (\eta^+ \text{ if } g g_{t-1} > 0, \; \eta^- \text{ if } < 0, \text{ else } 1)) \\
        g &\leftarrow 0 \text{ where } g g_{t-1} < 0 \\
        p &\leftarrow p - s \, \text{sign}(g)

    For gradients of the whole data set: the noise of small batches flips signs.

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the size of the first step.
        etas: η⁻ and η⁺.
        step_sizes: the smallest and the largest s.
        maximize: climb instead.
        capturable, foreach: accepted, without effect here.
        differentiable: must be False.

    Raises:
        ValueError: for a negative lr, and unless 0 < η⁻ < 1 < η⁺.

    >>> w = torch.tensor([1.0, -10.0], requires_grad=True)
    >>> optimizer = torch.optim.Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([ 0.9000, -9.9000], requires_grad=True)

    Source: PyTorch, `torch.optim.Rprop`; Riedmiller and Braun, "A Direct Adaptive Method for Faster
    Backpropagation Learning", 1993.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(
                f"Invalid eta values: {etas[0]}, {etas[1]}; they must be below and above 1, and positive"
            )
        options: dict[str, Any] = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, check_options(options))

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        return {"step": scalar(), "prev": np.zeros_like(p), "step_size": np.full_like(p, group["lr"])}

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        count(state)
        shrink, grow = group["etas"]
        before, size = state["prev"], state["step_size"]
        trend = np.sign(g * before)
        size *= np.where(trend < 0, shrink, np.where(trend > 0, grow, 1.0)).astype(p.dtype)
        np.clip(size, *group["step_sizes"], out=size)
        before[...] = np.where(trend < 0, 0.0, g)
        p -= size * np.sign(before)
