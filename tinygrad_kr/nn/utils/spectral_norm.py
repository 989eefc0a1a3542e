"""Spectral norm of PyTorch's first releases: a hook that divides the weight before each call.

New programs use `parametrizations.spectral_norm`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...autograd.modes import no_grad
from ...ops.creation import empty
from ...ops.linalg import multi_dot
from ...tensor import Tensor
from .. import functional as F
from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from ..parameter import Parameter

__all__ = ["SpectralNorm", "as_matrix", "output_dim", "remove_spectral_norm", "spectral_norm", "unit_vector"]


def output_dim(module: Module) -> int:
    """Which dimension of a layer's weight belongs to its outputs."""
    return 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """The weight with dimension `dim` as rows and all others as columns."""
    return weight.movedim(dim, 0).flatten(1)


def unit_vector(size: int, weight: Tensor, eps: float) -> Tensor:
    """A random direction."""
    return F.normalize(empty(size, dtype=weight.dtype).normal_(0, 1), dim=0, eps=eps)


class SpectralNorm:
    """The hook: sets the weight to W/σ(W) before each call, where σ comes from power iterations.

    Source: PyTorch, `torch.nn.utils.spectral_norm.SpectralNorm`.
    """

    _version: int = 1  # before it, `v` was not in the state dict, but the weight was

    def __init__(
        self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """W/σ(W), after turning u and v closer to the first singular vectors, if so asked."""
        weight, u, v = (getattr(module, self.name + suffix) for suffix in ("_orig", "_u", "_v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.t().mv(u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix.mv(v), dim=0, eps=self.eps))
            u, v = u.clone(), v.clone()  # the next call changes them, perhaps before this one's backward
        return weight / u.dot(matrix.mv(v))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    # -- its state dict ----------------------------------------------------------------------------

    def after_saving(self, module: Module, saved: Any, prefix: str, metadata: dict[str, Any]) -> None:
        """Note the version among the module's metadata."""
        metadata.setdefault("spectral_norm", {})[self.name + ".version"] = self._version

    def before_loading(self, state_dict: Any, prefix: str, metadata: Any, strict: bool, *rest: Any) -> None:
        """Make `v` for a state dict older than version 1: v such that u = W v/‖W v‖ and σ = uᵀ W v."""
        key = prefix + self.name
        version = metadata.get("spectral_norm", {}).get(self.name + ".version")
        present = [key + suffix in state_dict for suffix in ("_orig", "_u", "_v")]
        if version is not None or (all(present) and key not in state_dict):
            return
        missing = [name for name in (key + "_orig", key, key + "_u") if name not in state_dict]
        if missing:
            rest[0].extend(missing if strict else [])
            return
        with no_grad():
            original, u = state_dict[key + "_orig"], state_dict[key + "_u"]
            sigma = (original / state_dict.pop(key)).mean()
            matrix = as_matrix(original, self.dim)
            v = multi_dot([matrix.t().mm(matrix).pinverse(), matrix.t(), u.unsqueeze(1)]).squeeze(1)
            state_dict[key + "_v"] = v * (sigma / u.dot(matrix.mv(v)))


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    r"""Divide a weight by its largest singular value before each call of the module.

    .. math::
        W_{SN} = W / \sigma(W), \qquad \sigma(W) = \max_{h \ne 0} \|W h\|_2 / \|h\|_2

    The parameter `name` becomes `name_orig`; the vectors u and v of the power iteration, which goes on by
    `n_power_iterations` steps in each call in training, are buffers.

    Args:
        module: whose weight; one of more than two dimensions counts as a matrix.
        name: its name.
        n_power_iterations: steps per call.
        eps: keeps norms from zero.
        dim: which dimension are the rows; by default the one of the outputs.

    Raises:
        RuntimeError: the weight has a spectral norm already.
        ValueError: there is no such weight, or no positive number of iterations.

    >>> m = torch.nn.utils.spectral_norm(torch.nn.Linear(20, 40))
    >>> m.weight_u.size(), m.weight_orig.size()
    (torch.Size([40]), torch.Size([40, 20]))

    Source: PyTorch, `torch.nn.utils.spectral_norm`; Miyato et al., "Spectral Normalization for Generative
    Adversarial Networks", 2018.
    """
    if _hook_of(module, name) is not None:
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    hook = SpectralNorm(name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    with no_grad():
        rows, columns = as_matrix(weight, hook.dim).size()
        u, v = unit_vector(rows, weight, eps), unit_vector(columns, weight, eps)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.data)
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    module._register_state_dict_hook(hook.after_saving)
    module._register_load_state_dict_pre_hook(hook.before_loading)
    return module


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Make the weight, as it is divided now, a parameter again.

    Raises:
        ValueError: it has no spectral norm.

    >>> m = torch.nn.utils.remove_spectral_norm(torch.nn.utils.spectral_norm(torch.nn.Linear(2, 3)))
    >>> [name for name, _ in m.named_parameters()]
    ['bias', 'weight']

    Source: PyTorch, `torch.nn.utils.remove_spectral_norm`.
    """
    key = _hook_of(module, name)
    if key is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    hook = module._forward_pre_hooks.pop(key)
    with no_grad():
        weight = hook.compute_weight(module, do_power_iteration=False)
    for suffix in ("", "_u", "_v", "_orig"):
        delattr(module, name + suffix)
    module.register_parameter(name, Parameter(weight.detach()))
    for hooks, method in (
        (module._state_dict_hooks, hook.after_saving),
        (module._load_state_dict_pre_hooks, hook.before_loading),
    ):
        _drop(hooks, method)
    return module


def _drop(hooks: dict[int, Callable[..., Any]], method: Callable[..., Any]) -> None:
    for key in [key for key, one in hooks.items() if one == method]:
        del hooks[key]


def _hook_of(module: Module, name: str) -> int | None:
    hooks = module._forward_pre_hooks.items()
    return next((key for key, hook in hooks if isinstance(hook, SpectralNorm) and hook.name == name), None)
