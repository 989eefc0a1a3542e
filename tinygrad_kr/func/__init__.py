"""Functions of functions: gradients, Jacobians, vectorised calls, modules called with other parameters.

    >>> torch.func.grad(torch.sin)(torch.tensor(0.0))
    tensor(1.)

They compose: `vmap(grad(loss), in_dims=(None, 0, 0))` gives a gradient for each example.

Source: PyTorch, `torch.func`.
"""

from __future__ import annotations

from .derivatives import functionalize as functionalize
from .derivatives import grad as grad
from .derivatives import grad_and_value as grad_and_value
from .derivatives import hessian as hessian
from .derivatives import jacfwd as jacfwd
from .derivatives import jacrev as jacrev
from .derivatives import jvp as jvp
from .derivatives import linearize as linearize
from .derivatives import vjp as vjp
from .modules import functional_call as functional_call
from .modules import replace_all_batch_norm_modules_ as replace_all_batch_norm_modules_
from .modules import stack_module_state as stack_module_state
from .vectorised import cond as cond
from .vectorised import vmap as vmap

__all__ = [
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]
