"""Adafactor: Adam's second moments in the memory of two vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from ._support import Arrays, Options, check_options, count, plain, scalar
from .optimizer import Optimizer, Parameters

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    r"""Step by the gradient over the root of its mean square, which for matrices is a product of two vectors.

    .. math::
        \beta_t &= 1 - t^\tau, \qquad \alpha_t = \max(\epsilon_2, RMS(p)) \min(lr, 1 / \sqrt t) \\
        p &\leftarrow (1 - lr \lambda) p \\
        R &\leftarrow \beta_t R + (1 - \beta_t) \, mean_{columns}(g^2), \quad
        C \leftarrow \beta_t C + (1 - \beta_t) \, mean_{rows}(g^2), \quad
        v = R C / \max(mean(R), \epsilon_1) \\
        u &= g / \max(\sqrt v, \epsilon_1), \qquad
        p \leftarrow p - \alpha_t \, u / \max(1, RMS(u) / d)

    A vector has v ← β v + (1 - β) g² itself.

    Args:
        params: parameters, `(name, parameter)` pairs, or groups of them with options of their own.
        lr: the largest relative step, and the rate of the decay.
        beta2_decay: τ, at most 0: how fast β goes to 1.
        eps: ε₁, by default the dtype's, and ε₂.
        d: from which RMS on updates are scaled down.
        weight_decay: λ.
        foreach: accepted, without effect here.
        maximize: climb instead.

    Raises:
        ValueError: for options out of their range.

    >>> w = torch.tensor([1.0, 10.0], requires_grad=True)
    >>> optimizer = torch.optim.Adafactor([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.2894, 9.2894], requires_grad=True)

    Source: PyTorch, `torch.optim.Adafactor`; Shazeer and Stern, "Adafactor: Adaptive Learning Rates with
    Sublinear Memory Cost", 2018.
    """

    elementwise = False

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if not plain(beta2_decay) <= 0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        for name, one in zip(("epsilon1", "epsilon2"), eps):
            if one is not None and not one >= 0:
                raise ValueError(f"{name} should be >= 0 but is: {one}")
        if not d >= 1:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        options = check_options({"lr": lr, "weight_decay": weight_decay})
        others = {"beta2_decay": beta2_decay, "eps": eps, "d": d, "foreach": foreach, "maximize": maximize}
        super().__init__(params, options | others)

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        if p.ndim <= 1:
            return {"step": scalar(), "variance": np.zeros_like(p)}
        rows, columns = (*p.shape[:-1], 1), (*p.shape[:-2], 1, p.shape[-1])
        return {"step": scalar(), "row_var": np.zeros(rows, p.dtype), "col_var": np.zeros(columns, p.dtype)}

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        t = count(state)
        eps1, eps2 = group["eps"]
        eps1 = float(np.finfo(p.dtype).eps) if eps1 is None else eps1
        new = t ** group["beta2_decay"]  # 1 - β
        alpha = max(eps2, _root_mean_square(p)) * min(group["lr"], 1 / t**0.5)
        if group["weight_decay"]:
            p *= 1 - group["lr"] * group["weight_decay"]
        squares = g * g
        if p.ndim > 1:
            row, column = state["row_var"], state["col_var"]
            row += new * (squares.mean(-1, keepdims=True) - row)
            column += new * (squares.mean(-2, keepdims=True) - column)
            v = row @ column / np.maximum(row.mean(-2, keepdims=True), eps1)
        else:
            v = state["variance"]
            v += new * (squares - v)
        u = g / np.sqrt(np.maximum(v, eps1 * eps1))
        u *= alpha / max(1.0, _root_mean_square(u) / group["d"])
        p -= u


def _root_mean_square(x: Any) -> float:
    return float(np.linalg.norm(np.ravel(x))) / max(x.size, 1) ** 0.5
