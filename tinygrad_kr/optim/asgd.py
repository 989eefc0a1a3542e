"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options, count, scalar
from .optimizer import Optimizer, Parameters

__all__ = ["ASGD"]


class ASGD(Optimizer):
    r"""Gradient descent with a decaying rate that also averages the parameters, in `state[p]["ax"]`.

    .. math::
        g &\leftarrow g + \lambda_2 p \\
        p &\leftarrow (1 - \lambda \eta) p - \eta g \\
        ax &\leftarrow ax + \mu (p - ax) \\
        \eta &\leftarrow lr / (1 + \lambda \, lr \, t)^\alpha, \quad \mu \leftarrow 1 / \max(1, t - t_0)

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the learning rate at first.
        lambd: λ, the decay term.
        alpha: α, the power of the decay of the rate.
        t0: t₀, the step from which on parameters are averaged.
        weight_decay: λ₂, adds the gradient of λ₂/2·‖p‖².
        maximize: climb instead.
        foreach, capturable: accepted, without effect here.
        differentiable: must be False.

    Raises:
        ValueError: for negative options.

    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.ASGD([w], lr=0.1, lambd=0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)

    Source: PyTorch, `torch.optim.ASGD`; Polyak and Juditsky, "Acceleration of Stochastic Approximation by
    Averaging", 1992.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        options: dict[str, Any] = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, check_options(options))

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        return {"step": scalar(), "eta": scalar(group["lr"]), "mu": scalar(1.0), "ax": np.zeros_like(p)}

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        t = count(state)
        lr, lambd = group["lr"], group["lambd"]
        eta, mu, ax = state["eta"].item(), state["mu"].item(), state["ax"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        p *= 1 - lambd * eta
        p -= eta * g
        if mu == 1:
            ax[...] = p
        else:
            ax += mu * (p - ax)
        state["eta"][...] = lr / (1 + lambd * lr * t) ** group["alpha"]
        state["mu"][...] = 1 / max(1, t - group["t0"])
