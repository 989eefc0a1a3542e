"""Adam, with AMSGrad and decoupled weight decay."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options, count, scalar
from .optimizer import Optimizer, Parameters

__all__ = ["Adam"]


class Adam(Optimizer):
    r"""Step by the mean of recent gradients over the root of the mean of their squares.

    .. math::
        g &\leftarrow g + \lambda p \quad (\text{decoupled: } p \leftarrow (1 - lr \lambda) p) \\
        m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
        v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        p &\leftarrow p - lr \, \frac{m}{1 - \beta_1^t} \Big/
            \Big(\sqrt{\frac{v}{1 - \beta_2^t}} + \epsilon\Big)

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the learning rate.
        betas: β₁ and β₂, how slowly the two means forget.
        eps: ε, keeps the division from zero.
        weight_decay: λ.
        amsgrad: divide by the largest v so far.
        decoupled_weight_decay: shrink the parameters themselves, as AdamW does, instead of changing the
            gradient.
        maximize: climb instead.
        foreach, capturable, fused: accepted, without effect here.
        differentiable: must be False.

    Raises:
        ValueError: for negative options and for betas outside [0, 1).

    >>> w = torch.tensor([1.0, 10.0], requires_grad=True)
    >>> optimizer = torch.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 9.9000], requires_grad=True)

    Source: PyTorch, `torch.optim.Adam`; Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015;
    Reddi et al., "On the Convergence of Adam and Beyond", 2018.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        options: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, check_options(options))

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        state = {"step": scalar(), "exp_avg": np.zeros_like(p), "exp_avg_sq": np.zeros_like(p)}
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = np.zeros_like(p)
        return state

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
        if group["amsgrad"]:
            v = np.maximum(state["max_exp_avg_sq"], v, out=state["max_exp_avg_sq"])
        # The paper's faster order: v's correction, pulled out of the root, is one number instead of a pass
        # over the array.
        unbiased = (1 - beta2**t) ** 0.5
        step = np.asarray(np.sqrt(v) + group["eps"] * unbiased)
        np.divide(m, step, out=step)
        step *= lr * unbiased / (1 - beta1**t)
        p -= step
