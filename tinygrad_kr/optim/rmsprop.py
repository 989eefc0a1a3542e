"""RMSprop, plain, centered and with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options, count, scalar
from .optimizer import Optimizer, Parameters

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    r"""Divide the gradient by the root of a running mean of its square.

    .. math::
        g &\leftarrow g + \lambda p \\
        v &\leftarrow \alpha v + (1 - \alpha) g^2 \\
        \text{centered: } a &\leftarrow \alpha a + (1 - \alpha) g, \quad \tilde v = v - a^2 \quad
            (\text{else } \tilde v = v) \\
        b &\leftarrow \mu b + g / (\sqrt{\tilde v} + \epsilon) \\
        p &\leftarrow p - lr \cdot b

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the learning rate.
        alpha: α, how slowly the means forget.
        eps: ε, keeps the division from zero.
        weight_decay: λ, adds the gradient of λ/2·‖p‖².
        momentum: μ; 0 for none.
        centered: divide by an estimate of the standard deviation instead of the root mean square.
        maximize: climb instead.
        capturable, foreach: accepted, without effect here.
        differentiable: must be False.

    Raises:
        ValueError: for negative options.

    >>> w = torch.tensor([1.0, 10.0], requires_grad=True)
    >>> optimizer = torch.optim.RMSprop([w], lr=0.1, alpha=0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 9.9000], requires_grad=True)

    Source: PyTorch, `torch.optim.RMSprop`; Hinton, "Neural Networks for Machine Learning", lecture 6;
    centered: Graves, "Generating Sequences With Recurrent Neural Networks", 2013.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        options: dict[str, Any] = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, check_options(options))

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        state = {"step": scalar(), "square_avg": np.zeros_like(p)}
        if group["momentum"]:
            state["momentum_buffer"] = np.zeros_like(p)
        if group["centered"]:
            state["grad_avg"] = np.zeros_like(p)
        return state

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        count(state)
        lr, alpha = group["lr"], group["alpha"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        v = state["square_avg"]
        v *= alpha
        v += (1 - alpha) * (g * g)
        if group["centered"]:
            a = state["grad_avg"]
            a += (1 - alpha) * (g - a)
            v = v - a * a
        step = np.asarray(np.sqrt(v) + group["eps"])
        np.divide(g, step, out=step)
        if group["momentum"]:
            b = state["momentum_buffer"]
            b *= group["momentum"]
            b += step
            step = b
        p -= lr * step
