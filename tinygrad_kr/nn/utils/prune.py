"""Pruning: parts of a parameter set to zero and kept there, by a mask.

The parameter `weight` becomes `weight_orig`, which is trained, and a buffer `weight_mask`; a hook sets
`weight` to their product before each call. Pruning again prunes what the mask has left. `remove` makes it
permanent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...ops.creation import ones_like
from ...tensor import Tensor
from ..module import Module
from ._pruning import (
    BasePruningMethod,
    CustomFromMask,
    Identity,
    L1Unstructured,
    LnStructured,
    PruningContainer,
    RandomStructured,
    RandomUnstructured,
    hook_of,
    scores_for,
)
from .convert_parameters import parameters_to_vector

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


def identity(module: Any, name: str) -> Any:
    """Prune nothing: only bring the mask and the names; see `Identity`.

    >>> m = torch.nn.utils.prune.identity(torch.nn.Linear(2, 3), "bias")
    >>> m.bias_mask
    tensor([1., 1., 1.])

    Source: PyTorch, `torch.nn.utils.prune.identity`.
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: Any, name: str, amount: float) -> Any:
    """Prune elements at random; see `RandomUnstructured`.

    >>> m = torch.nn.utils.prune.random_unstructured(torch.nn.Linear(2, 3), "weight", amount=1)
    >>> torch.sum(m.weight_mask == 0)
    tensor(1)

    Source: PyTorch, `torch.nn.utils.prune.random_unstructured`.
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Any, name: str, amount: float, importance_scores: Tensor | None = None) -> Any:
    """Prune the elements that are smallest in absolute value; see `L1Unstructured`.

    >>> m = torch.nn.utils.prune.l1_unstructured(torch.nn.Linear(2, 3), "weight", amount=0.5)
    >>> sorted(m.state_dict())
    ['bias', 'weight_mask', 'weight_orig']

    Source: PyTorch, `torch.nn.utils.prune.l1_unstructured`.
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: Any, name: str, amount: float, dim: int) -> Any:
    """Prune whole channels at random; see `RandomStructured`.

    >>> m = torch.nn.utils.prune.random_structured(torch.nn.Linear(5, 3), "weight", amount=3, dim=1)
    >>> (m.weight_mask.sum(0) == 0).sum().item()
    3

    Source: PyTorch, `torch.nn.utils.prune.random_structured`.
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Any, name: str, amount: float, n: float | str, dim: int, importance_scores: Tensor | None = None
) -> Any:
    """Prune the channels whose norm is smallest; see `LnStructured`.

    >>> m = torch.nn.Conv2d(5, 3, 2)
    >>> m = torch.nn.utils.prune.ln_structured(m, "weight", amount=0.3, dim=1, n=float("-inf"))
    >>> int(m.weight_mask[0, :, 0, 0].sum())
    3

    Source: PyTorch, `torch.nn.utils.prune.ln_structured`.
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Any, name: str, mask: Tensor) -> Any:
    """Prune where a mask is 0; see `CustomFromMask`.

    >>> m = torch.nn.utils.prune.custom_from_mask(torch.nn.Linear(5, 3), "bias", torch.tensor([0, 1, 0]))
    >>> m.bias_mask
    tensor([0., 1., 0.])

    Source: PyTorch, `torch.nn.utils.prune.custom_from_mask`.
    """
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: dict[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters as if they were one.

    Args:
        parameters: `(module, name)` pairs.
        pruning_method: an unstructured method's class.
        importance_scores: for some pairs, what decides in place of the values.
        kwargs: the method's arguments, such as `amount`.

    Raises:
        TypeError: no iterable of parameters, no dict of scores, a method of another type.

    >>> net = torch.nn.Sequential(torch.nn.Linear(10, 4), torch.nn.Linear(4, 1))
    >>> pairs = [(net[0], "weight"), (net[1], "weight")]
    >>> prune = torch.nn.utils.prune
    >>> prune.global_unstructured(pairs, pruning_method=prune.L1Unstructured, amount=10)
    >>> sum(int((mask == 0).sum()) for mask in net.buffers())
    10

    Source: PyTorch, `torch.nn.utils.prune.global_unstructured`.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    pairs = list(parameters)
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    method._tensor_name = "all of them"
    tensors = [getattr(module, name) for module, name in pairs]
    masks = [getattr(module, f"{name}_mask", ones_like(one)) for (module, name), one in zip(pairs, tensors)]
    values = [scores_for(one, scores.get(pair)) for pair, one in zip(pairs, tensors)]
    mask = PruningContainer(method).compute_mask(parameters_to_vector(values), parameters_to_vector(masks))
    parts = mask.split([one.numel() for one in tensors])
    for (module, name), part, one in zip(pairs, parts, tensors):
        custom_from_mask(module, name, part.view(one.shape))


def remove(module: Any, name: str) -> Any:
    """Make a pruning permanent: the parameter has its pruned values and its own name again.

    Raises:
        ValueError: it is not pruned.

    >>> m = torch.nn.utils.prune.random_unstructured(torch.nn.Linear(5, 7), "weight", amount=0.2)
    >>> sorted(torch.nn.utils.prune.remove(m, "weight").state_dict())
    ['bias', 'weight']

    Source: PyTorch, `torch.nn.utils.prune.remove`.
    """
    key = hook_of(module, name)
    if key is None:
        raise ValueError(
            f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
        )
    module._forward_pre_hooks.pop(key).remove(module)
    return module


def is_pruned(module: Module) -> bool:
    """Whether a parameter of the module, or of one below it, is pruned.

    >>> torch.nn.utils.prune.is_pruned(torch.nn.Linear(5, 7))
    False

    Source: PyTorch, `torch.nn.utils.prune.is_pruned`.
    """
    hooks = (hook for one in module.modules() for hook in one._forward_pre_hooks.values())
    return any(isinstance(hook, BasePruningMethod) for hook in hooks)
