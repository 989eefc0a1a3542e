"""Reverse-mode automatic differentiation: the rule language, recording, the backward walk.

Read in this order: `primitive` (what a derivative rule is and how an operation is recorded), `node` (the graph), `walk`
(backward), `inplace`, `compose` (second derivatives of fused operations).
"""

from __future__ import annotations

from ..tensor import Tensor as _Tensor
from ..tensor import graft as _graft
from . import protocols as protocols
from .anomaly import detect_anomaly as detect_anomaly
from .anomaly import set_detect_anomaly as set_detect_anomaly
from .modes import enable_grad as enable_grad
from .modes import inference_mode as inference_mode
from .modes import no_grad as no_grad
from .modes import set_grad_enabled as set_grad_enabled
from .walk import backward as backward
from .walk import grad as grad


def _backward(
    self: _Tensor,
    gradient: _Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: object = None,
) -> None:
    """Add the gradient of this tensor to the `.grad` of the leaves it was computed from; see `autograd.backward`."""
    backward(self, gradient, retain_graph, create_graph, inputs)


_graft(_backward, "backward")
