"""RAdam: Adam with a rectified start."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options, count, scalar
from .optimizer import Optimizer, Parameters

__all__ = ["RAdam"]


class RAdam(Optimizer):
    r"""Adam that waits, with plain momentum, until its mean of squares can be trusted, and then rectifies it.

    .. math::
        g &\leftarrow g + \lambda p \quad (\text{decoupled: } p \leftarrow (1 - lr \lambda) p) \\
        m &\leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        \rho_\infty &= 2 / (1 - \beta_2) - 1, \quad \rho = \rho_\infty - 2 t \beta_2^t / (1 - \beta_2^t) \\
        r &= \sqrt{\frac{(\rho - 4)(\rho - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \rho}} \,
            \frac{\sqrt{1 - \beta_2^t}}{\sqrt v + \epsilon} \text{ if } \rho > 5, \text{ else } 1 \\
        p &\leftarrow p - lr \, r \, m / (1 - \beta_1^t)

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the learning rate.
        betas: β₁ and β₂, how slowly the two means forget.
        eps: ε, keeps the division from zero.
        weight_decay: λ.
        decoupled_weight_decay: shrink the parameters themselves, as AdamW does, instead of changing the
            gradient.
        maximize: climb instead.
        foreach, capturable: accepted, without effect here.
        differentiable: must be False.

    Raises:
        ValueError: for negative options and for betas outside [0, 1).

    >>> w = torch.tensor([1.0, 10.0], requires_grad=True)
    >>> optimizer = torch.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 8.0000], requires_grad=True)

    Source: PyTorch, `torch.optim.RAdam`; Liu et al., "On the Variance of the Adaptive Learning Rate and
    Beyond", 2020.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        options: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, check_options(options))

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        return {"step": scalar(), "exp_avg": np.zeros_like(p), "exp_avg_sq": np.zeros_like(p)}

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        t = count(state)
        lr, (beta1, beta2) = group["lr"], group["betas"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        if group["weight_decay"]:
            if group["decoupled_weight_decay"]:
                p *= 1 - lr * group["weight_decay"]
            else:
                g = g + group["weight_decay"] * p
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * (g * g)
        lr /= 1 - beta1**t
        limit = 2 / (1 - beta2) - 1
        rho = limit - 2 * t * beta2**t / (1 - beta2**t)
        if rho > 5:
            rectified = ((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho)) ** 0.5
            p -= lr * rectified * (1 - beta2**t) ** 0.5 * (m / (np.sqrt(v) + group["eps"]))
        else:
            p -= lr * m
