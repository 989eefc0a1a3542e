"""Adamax: Adam with the infinity norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options, count, scalar
from .optimizer import Optimizer, Parameters

__all__ = ["Adamax"]


class Adamax(Optimizer):
    r"""Adam that divides by the largest recent gradient instead of a root mean square.

    .. math::
        g &\leftarrow g + \lambda p \\
        m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
        u &\leftarrow \max(\beta_2 u, |g| + \epsilon) \\
        p &\leftarrow p - \frac{lr}{1 - \beta_1^t} \cdot \frac{m}{u}

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the learning rate.
        betas: β₁ and β₂, how slowly the mean and the maximum forget.
        eps: ε, keeps the division from zero.
        weight_decay: λ, adds the gradient of λ/2·‖p‖².
        maximize: climb instead.
        foreach, capturable: accepted, without effect here.
        differentiable: must be False.

    Raises:
        ValueError: for negative options and for betas outside [0, 1).

    >>> w = torch.tensor([1.0, 10.0], requires_grad=True)
    >>> optimizer = torch.optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 9.9000], requires_grad=True)

    Source: PyTorch, `torch.optim.Adamax`; Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        options: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, check_options(options))

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        return {"step": scalar(), "exp_avg": np.zeros_like(p), "exp_inf": np.zeros_like(p)}

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        t = count(state)
        beta1, beta2 = group["betas"]
        m, u = state["exp_avg"], state["exp_inf"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        m += (1 - beta1) * (g - m)
        u *= beta2
        np.maximum(u, np.abs(g) + group["eps"], out=u)
        p -= group["lr"] / (1 - beta1**t) * (m / u)
