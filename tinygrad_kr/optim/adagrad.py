"""AdaGrad."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options, count, scalar
from .optimizer import Optimizer, Parameters

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    r"""Divide the gradient by the root of the sum of all its squares.

    .. math::
        g &\leftarrow g + \lambda p \\
        s &\leftarrow s + g^2 \\
        p &\leftarrow p - \frac{lr}{1 + (t - 1) \eta} \cdot \frac{g}{\sqrt s + \epsilon}

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the learning rate.
        lr_decay: η.
        weight_decay: λ, adds the gradient of λ/2·‖p‖².
        initial_accumulator_value: what s starts from.
        eps: ε, keeps the division from zero.
        maximize: climb instead.
        foreach, fused: accepted, without effect here.
        differentiable: must be False.

    Raises:
        ValueError: for negative options.

    >>> w = torch.tensor([1.0, 10.0], requires_grad=True)
    >>> optimizer = torch.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 9.9000], requires_grad=True)

    Source: PyTorch, `torch.optim.Adagrad`; Duchi et al., "Adaptive Subgradient Methods for Online Learning
    and Stochastic Optimization", 2011.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        options: dict[str, Any] = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, check_options(options))
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p] = self._start_parameter(p, group)

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        return {"step": scalar(), "sum": np.full_like(p, group["initial_accumulator_value"])}

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        t = count(state)
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        s = state["sum"]
        s += g * g
        p -= group["lr"] / (1 + (t - 1) * group["lr_decay"]) * (g / (np.sqrt(s) + group["eps"]))
