"""Weight norm of PyTorch's first releases: two parameters, and a hook that sets the weight before each call.

New programs use `parametrizations.weight_norm`, which reads the state dicts of this one.
"""

from __future__ import annotations

import warnings
from typing import Any

from ...tensor import Tensor
from ..module import Module
from ..parameter import Parameter

__all__ = ["WeightNorm", "norm_except_dim", "remove_weight_norm", "weight_norm"]


def norm_except_dim(v: Tensor, dim: int | None) -> Tensor:
    """The norm of each slice of `v` along `dim`, in a shape that broadcasts; of all of it for -1 or None."""
    if dim is None or dim == -1:
        return v.norm()
    dim %= v.ndim
    others = [d for d in range(v.ndim) if d != dim]
    return v.norm(2, others, keepdim=True) if others else v.abs()


class WeightNorm:
    """The hook: sets the weight to g·v/‖v‖ before each call.

    Source: PyTorch, `torch.nn.utils.weight_norm.WeightNorm`.
    """

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """g·v/‖v‖ of a module."""
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return v * (g / norm_except_dim(v, self.dim))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    r"""Train the lengths and directions of the weight's rows instead of the weight itself.

    .. math::
        w = g \, v / \|v\|

    The parameter `name` is replaced by `name_g` and `name_v`. Deprecated, as in PyTorch: see
    `parametrizations.weight_norm`.

    Args:
        module: whose weight.
        name: its name.
        dim: the dimension along which each slice has a length of its own; None for one length in all.

    Raises:
        RuntimeError: the weight has a weight norm already.

    >>> m = torch.nn.utils.weight_norm(torch.nn.Linear(20, 40))
    >>> m.weight_g.size(), m.weight_v.size()
    (torch.Size([40, 1]), torch.Size([40, 20]))

    Source: PyTorch, `torch.nn.utils.weight_norm`; Salimans and Kingma, "Weight Normalization", 2016.
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of "
        "`torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    if _hook_of(module, name) is not None:
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    del module._parameters[name]
    module.register_parameter(name + "_g", Parameter(norm_except_dim(weight.detach(), dim)))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    hook(module, None)
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Make the weight one parameter again.

    Raises:
        ValueError: it has no weight norm.

    >>> m = torch.nn.utils.remove_weight_norm(torch.nn.utils.weight_norm(torch.nn.Linear(2, 3)))
    >>> [name for name, _ in m.named_parameters()]
    ['bias', 'weight']

    Source: PyTorch, `torch.nn.utils.remove_weight_norm`.
    """
    key = _hook_of(module, name)
    if key is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    weight = module._forward_pre_hooks.pop(key).compute_weight(module)
    delattr(module, name)
    del module._parameters[name + "_g"]
    del module._parameters[name + "_v"]
    setattr(module, name, Parameter(weight.detach()))
    return module


def _hook_of(module: Module, name: str) -> int | None:
    hooks = module._forward_pre_hooks.items()
    return next((key for key, hook in hooks if isinstance(hook, WeightNorm) and hook.name == name), None)
