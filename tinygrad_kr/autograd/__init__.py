"""Reverse-mode automatic differentiation: the rule language, recording, the backward walk.

Read in this order: `primitive` (what a derivative rule is and how an operation is recorded), `node` (the
graph), `walk` (backward) and `differentiate` (its faces), `inplace`, `compose` (second derivatives of fused
operations).
"""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor, graft
from . import functional as functional
from . import protocols as protocols
from .anomaly import detect_anomaly, set_detect_anomaly
from .differentiate import backward, grad
from .function import Function
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
from .modes import enable_grad, inference_mode, no_grad, set_grad_enabled, set_multithreading_enabled

__all__ = [
    "Function",
    "GradcheckError",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
]


def Variable(data: Tensor, requires_grad: bool = False) -> Tensor:
    """A tensor outside the graph over the memory of `data`: PyTorch's old name for a leaf.

    >>> import tinygrad_kr as torch
    >>> torch.autograd.Variable(torch.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)

    Source: PyTorch, `torch.autograd.Variable`.
    """
    return data.detach().requires_grad_(requires_grad)


def _backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradient of this tensor to the `.grad` of the leaves it came from; see `autograd.backward`."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


graft(_backward, "backward")
