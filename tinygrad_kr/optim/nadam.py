"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options, count, scalar
from .optimizer import Optimizer, Parameters

__all__ = ["NAdam"]


class NAdam(Optimizer):
    r"""Adam that looks ahead by one step of its momentum.

    .. math::
        g &\leftarrow g + \lambda p \quad (\text{decoupled: } p \leftarrow (1 - lr \lambda) p) \\
        \mu_t &= \beta_1 (1 - 0.96^{t \psi} / 2), \quad \pi_t = \mu_1 \cdots \mu_t \\
        m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
        v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        p &\leftarrow p - lr \Big(\frac{1 - \mu_t}{1 - \pi_t} g + \frac{\mu_{t+1}}{1 - \pi_{t+1}} m\Big) \Big/
            \Big(\sqrt{\frac{v}{1 - \beta_2^t}} + \epsilon\Big)

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the learning rate.
        betas: β₁ and β₂, how slowly the two means forget.
        eps: ε, keeps the division from zero.
        weight_decay: λ.
        momentum_decay: ψ, how slowly μ grows from β₁/2 to β₁.
        decoupled_weight_decay: shrink the parameters themselves, as AdamW does, instead of changing the
            gradient.
        maximize: climb instead.
        foreach, capturable: accepted, without effect here.
        differentiable: must be False.

    Raises:
        ValueError: for negative options and for betas outside [0, 1).

    >>> w = torch.tensor([1.0, 10.0], requires_grad=True)
    >>> optimizer = torch.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944, 9.8944], requires_grad=True)

    Source: PyTorch, `torch.optim.NAdam`; Dozat, "Incorporating Nesterov Momentum into Adam", 2016.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, check_options(options))

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        return {
            "step": scalar(),
            "mu_product": scalar(1.0),
            "exp_avg": np.zeros_like(p),
            "exp_avg_sq": np.zeros_like(p),
        }

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        t = count(state)
        lr, (beta1, beta2) = group["lr"], group["betas"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        if group["weight_decay"]:
            if group["decoupled_weight_decay"]:
                p *= 1 - lr * group["weight_decay"]
            else:
                g = g + group["weight_decay"] * p
        mu = beta1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"]))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * group["momentum_decay"]))
        state["mu_product"] *= mu
        product = state["mu_product"].item()
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * (g * g)
        ahead = lr * (1 - mu) / (1 - product) * g + lr * mu_next / (1 - product * mu_next) * m
        p -= ahead / (np.sqrt(v / (1 - beta2**t)) + group["eps"])
