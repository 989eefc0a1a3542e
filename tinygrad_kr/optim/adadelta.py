"""AdaDelta."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options, count, scalar
from .optimizer import Optimizer, Parameters

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    r"""Scale the gradient by the ratio of the recent sizes of steps and of gradients.

    .. math::
        g &\leftarrow g + \lambda p \\
        v &\leftarrow \rho v + (1 - \rho) g^2 \\
        \delta &= g \sqrt{u + \epsilon} / \sqrt{v + \epsilon} \\
        u &\leftarrow \rho u + (1 - \rho) \delta^2 \\
        p &\leftarrow p - lr \cdot \delta

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the learning rate.
        rho: ρ, how slowly the two means forget.
        eps: ε, keeps the division from zero and the first steps from vanishing.
        weight_decay: λ, adds the gradient of λ/2·‖p‖².
        maximize: climb instead.
        foreach, capturable: accepted, without effect here.
        differentiable: must be False.

    Raises:
        ValueError: for negative options and for rho outside [0, 1].

    >>> w = torch.tensor([1.0, 10.0], requires_grad=True)
    >>> optimizer = torch.optim.Adadelta([w], eps=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.6877, 9.6838], requires_grad=True)

    Source: PyTorch, `torch.optim.Adadelta`; Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        if not 0 <= rho <= 1:
            raise ValueError(f"Invalid rho value: {rho}, it must be in [0, 1]")
        options: dict[str, Any] = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, check_options(options))

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        return {"step": scalar(), "square_avg": np.zeros_like(p), "acc_delta": np.zeros_like(p)}

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        count(state)
        rho, eps = group["rho"], group["eps"]
        v, u = state["square_avg"], state["acc_delta"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        v *= rho
        v += (1 - rho) * (g * g)
        delta = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        u *= rho
        u += (1 - rho) * (delta * delta)
        p -= group["lr"] * delta
