"""Muon: steps along the orthogonal matrix nearest to the momentum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options
from .optimizer import Optimizer, Parameters

__all__ = ["Muon"]

ADJUSTMENTS = (None, "original", "match_rms_adamw")


class Muon(Optimizer):
    r"""Make the momentum of a weight matrix nearly orthogonal, and step by that.

    .. math::
        b &\leftarrow \mu b + (1 - \mu) g, \qquad m = b \quad (\text{nesterov: } (1 - \mu) g + \mu b) \\
        X &\leftarrow m / \|m\|, \quad \text{then ns\_steps times: } A = X X^T, \quad
        X \leftarrow a X + (b A + c A^2) X \\
        p &\leftarrow (1 - lr \lambda) p - lr' X

    The iteration brings all singular values near 1. It runs, as in PyTorch, in the precision of bfloat16
    (results of each product are rounded to it), which is all that the update needs.

    Args:
        params: 2-D parameters of hidden layers; train others by AdamW, for example.
        lr: the learning rate.
        weight_decay: λ.
        momentum: μ.
        nesterov: look ahead by one step of the momentum.
        ns_coefficients: a, b, c.
        eps: keeps the norm from zero.
        ns_steps: how many steps of the iteration.
        adjust_lr_fn: lr' for a matrix of n rows and m columns: "original", the default, is
            lr·√max(1, n/m), "match_rms_adamw" 0.2·lr·√max(n, m).

    Raises:
        ValueError: for options out of their range, and parameters that are no matrices.

    >>> w = torch.eye(2, requires_grad=True)
    >>> optimizer = torch.optim.Muon([w], lr=0.1, weight_decay=0.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> bool((w.diagonal() < 1).all())
    True

    Source: PyTorch, `torch.optim.Muon`; Jordan et al., "Muon: An optimizer for hidden layers in neural
    networks", 2024; Liu et al., "Muon is Scalable for LLM Training", 2025.
    """

    elementwise = False

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if adjust_lr_fn not in ADJUSTMENTS:
            raise ValueError(
                f"Adjust learning rate function {adjust_lr_fn} is not supported; there are "
                '"original" and "match_rms_adamw"'
            )
        if ns_steps >= 100:
            raise ValueError(
                f"Number of steps must be less than 100 for computational efficiency, got {ns_steps}"
            )
        if len(ns_coefficients) != 3:
            raise ValueError(f"Coefficients must be a tuple of exactly 3 values, got {ns_coefficients}")
        options: dict[str, Any] = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, check_options(options))

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        for p in param_group["params"]:
            if p.ndim != 2:
                self.param_groups.pop()
                raise ValueError(
                    f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}; "
                    "train the others by another optimizer"
                )

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        return {"momentum_buffer": np.zeros_like(p)}

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        lr, momentum, b = group["lr"], group["momentum"], state["momentum_buffer"]
        b += (1 - momentum) * (g - b)
        m = g + momentum * (b - g) if group["nesterov"] else b
        x = orthogonalized(m, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = p.shape
        adjusted = lr * math.sqrt(max(1, rows / columns))
        if group["adjust_lr_fn"] == "match_rms_adamw":
            adjusted = 0.2 * lr * math.sqrt(max(rows, columns))
        p *= 1 - lr * group["weight_decay"]
        p -= adjusted * x.astype(p.dtype)


def orthogonalized(
    m: np.ndarray, coefficients: tuple[float, float, float], steps: int, eps: float
) -> np.ndarray:
    """The matrix with all singular values brought near 1, in the precision of bfloat16."""
    a, b, c = coefficients
    tall = m.shape[0] > m.shape[1]
    x = rounded(m.T if tall else m)
    norm = rounded(np.linalg.norm(x))
    x = rounded(x / np.maximum(norm, rounded(np.float32(eps))))
    for _ in range(steps):
        gram = rounded(x @ x.T)
        x = rounded(a * x + rounded(b * gram + c * (gram @ gram)) @ x)
    return x.T if tall else x


def rounded(x: Any) -> np.ndarray:
    """The nearest bfloat16 numbers, which are float32 numbers whose last 16 bits are 0.

    >>> rounded([1.005, 3.0])
    array([1.0078125, 3.       ], dtype=float32)
    """
    bits = np.asarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)
