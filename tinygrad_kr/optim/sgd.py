"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options
from .optimizer import Optimizer, Parameters

__all__ = ["SGD"]


class SGD(Optimizer):
    r"""Gradient descent: step against the gradient, or against its running sum (the momentum).

    .. math::
        g &\leftarrow g + \lambda p \\
        b &\leftarrow \mu b + (1 - \tau) g \quad (b = g \text{ at first}) \\
        p &\leftarrow p - lr \cdot b \quad (\text{nesterov: } g + \mu b \text{ instead of } b)

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the learning rate.
        momentum: μ, how much of the running sum b is kept; 0 for none.
        dampening: τ, how much less of a new gradient goes into the sum.
        weight_decay: λ, adds the gradient of λ/2·‖p‖².
        nesterov: look ahead by one step of the momentum.
        maximize: climb instead.
        foreach, fused: accepted, without effect here.
        differentiable: must be False.

    Raises:
        ValueError: for negative options, and for `nesterov` without momentum or with dampening.

    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)

    Source: PyTorch, `torch.optim.SGD`; Sutskever et al., "On the importance of initialization and momentum in
    deep learning", 2013.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        options: dict[str, Any] = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"Nesterov momentum requires a momentum and zero dampening, but got momentum={momentum} and "
                f"dampening={dampening}"
            )
        super().__init__(params, check_options(options))

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        momentum, dampening = group["momentum"], group["dampening"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if momentum:
            if "momentum_buffer" not in state:
                b = state["momentum_buffer"] = np.array(g)
            else:
                b = state["momentum_buffer"]
                b *= momentum
                b += (1 - dampening) * g if dampening else g
            g = g + momentum * b if group["nesterov"] else b
        p -= group["lr"] * g
