"""The ways to prune that `prune` offers: which elements each one's mask leaves."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from ...autograd.modes import no_grad
from ...ops.creation import ones_like, zeros_like
from ...ops.random import rand, rand_like
from ...ops.sorting import kthvalue, topk
from ...tensor import Tensor
from ..module import Module

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
]


class BasePruningMethod(ABC):
    """A way to prune: subclass it, say its `PRUNING_TYPE`, and define `compute_mask`.

    The type says on what a second pruning works: "unstructured" on the elements that are left, "structured"
    on the channels that are left along `self.dim`, "global" on everything.

    Source: PyTorch, `torch.nn.utils.prune.BasePruningMethod`.
    """

    PRUNING_TYPE: str
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Which elements of `t` stay (1) and which go (0), given which there are."""

    def apply_mask(self, module: Module) -> Tensor:
        """The pruned tensor: mask times original."""
        original = getattr(module, self._tensor_name + "_orig")
        return getattr(module, self._tensor_name + "_mask").to(dtype=original.dtype) * original

    @classmethod
    def apply(
        cls,
        module: Any,
        name: str,
        *args: Any,
        importance_scores: Tensor | None = None,
        **kwargs: Any,
    ) -> BasePruningMethod:
        """Prune the parameter `name` of a module; what else is given makes the method.

        Args:
            module: whose parameter.
            name: its name.
            importance_scores: of the same shape; decide in place of the parameter's values what goes.
        """
        tensor = getattr(module, name)
        scores = scores_for(tensor, importance_scores)
        method = cls(*args, **kwargs)
        method._tensor_name = name
        earlier = hook_of(module, name)
        if earlier is None:
            mask = method.compute_mask(scores, default_mask=ones_like(tensor))
            del module._parameters[name]
            module.register_parameter(name + "_orig", tensor)
            hook = method
        else:
            before = module._forward_pre_hooks[earlier]
            container = before if isinstance(before, PruningContainer) else PruningContainer(before)
            hook = PruningContainer(*container, method)
            mask = hook.compute_mask(scores, default_mask=getattr(module, name + "_mask").detach().clone())
            del module._forward_pre_hooks[earlier]
        module.register_buffer(name + "_mask", mask)
        hook(module, None)
        module.register_forward_pre_hook(hook)
        return hook

    def prune(
        self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None
    ) -> Tensor:
        """A pruned version of `t`, as this method would prune it; no module takes part."""
        mask = ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(scores_for(t, importance_scores), default_mask=mask)

    def remove(self, module: Module) -> None:
        """Make the pruned tensor the parameter; the hook itself stays (see the function `remove`)."""
        name = self._tensor_name
        with no_grad():
            pruned = self.apply_mask(module)
        delattr(module, name)
        original = module._parameters[name + "_orig"]
        assert original is not None  # a pruned parameter has one
        original.data = pruned
        del module._parameters[name + "_orig"]
        del module._buffers[name + "_mask"]
        setattr(module, name, original)


def scores_for(tensor: Tensor, given: Tensor | None) -> Tensor:
    scores = tensor if given is None else given
    if scores.shape != tensor.shape:
        raise AssertionError(
            f"importance_scores should have the shape of the tensor, {tensor.shape}, but have {scores.shape}"
        )
    return scores.detach()


def hook_of(module: Module, name: str) -> int | None:
    """The key of the hook that prunes a parameter."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            return key
    return None


class PruningContainer(BasePruningMethod):
    """Several prunings of one tensor, one after the other; each prunes what the ones before it left.

    Raises:
        TypeError: something else than a pruning method.
        ValueError: one for a tensor of another name.

    Source: PyTorch, `torch.nn.utils.prune.PruningContainer`.
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add one at the end."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to "
                f"PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of the last method, on what `default_mask` left."""
        method = self._pruning_methods[-1]
        if method.PRUNING_TYPE == "unstructured":
            where: Any = default_mask == 1
        elif method.PRUNING_TYPE == "structured":
            if not hasattr(method, "dim"):
                raise AttributeError(
                    'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.'
                )
            if method.dim < -t.ndim:
                raise IndexError(f"Index is out of bounds for tensor with dimensions {t.ndim}")
            dim = method.dim % t.ndim
            left = default_mask.sum([d for d in range(t.ndim) if d != dim]) != 0
            where = tuple([slice(None)] * dim + [left])
        elif method.PRUNING_TYPE == "global":
            where = ...
        else:
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        mask = default_mask.to(dtype=t.dtype, copy=True)
        mask[where] = method.compute_mask(t[where], default_mask=default_mask[where]).to(dtype=mask.dtype)
        return mask


# -- how much --------------------------------------------------------------------------------------------


def _amount(amount: Any) -> Any:
    """The amount, a number of elements or a fraction, if it is one."""
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    number = float(amount)
    if number < 0 or (number > 1 and not isinstance(amount, numbers.Integral)):
        raise ValueError(
            f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer"
        )
    return amount


def _count(amount: Any, size: int) -> int:
    """How many of `size` elements to prune."""
    count = int(amount) if isinstance(amount, numbers.Integral) else round(amount * size)
    if count > size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
    return count


def _channels(t: Tensor, dim: int) -> int:
    """How many channels along `dim`, of a tensor that has channels."""
    if t.ndim <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
            f"{t.shape} with {t.ndim} dims"
        )
    if dim >= t.ndim:
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")
    return t.shape[dim]


def _without(mask: Tensor, places: Tensor) -> Tensor:
    """The mask with zeros at flat `places`."""
    flat = mask.flatten().clone()
    flat[places] = 0
    return flat.view(mask.shape)


def _only(channels: Tensor, t: Tensor, dim: int, mask: Tensor) -> Tensor:
    """The mask with zeros at all but the given channels."""
    kept = zeros_like(t)
    kept[tuple([slice(None)] * (dim % t.ndim) + [channels])] = 1
    return kept * mask.to(dtype=kept.dtype)


# -- the methods -----------------------------------------------------------------------------------------


class Identity(BasePruningMethod):
    """Prunes nothing, but brings the mask and the names.

    Source: PyTorch, `torch.nn.utils.prune.Identity`.
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask there is."""
        return default_mask


class RandomUnstructured(BasePruningMethod):
    """Prunes elements at random.

    Args:
        amount: how many, as an int, or which part, as a float from 0 to 1.

    Source: PyTorch, `torch.nn.utils.prune.RandomUnstructured`, with the same mask under the same seed.
    """

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float) -> None:
        self.amount = _amount(amount)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Zeros where random numbers are largest."""
        count = _count(self.amount, t.numel())
        if count == 0:
            return default_mask.clone()
        return _without(default_mask, topk(rand_like(t).flatten(), count).indices)


class L1Unstructured(BasePruningMethod):
    """Prunes the elements that are smallest in absolute value.

    Args:
        amount: how many, as an int, or which part, as a float from 0 to 1.

    Source: PyTorch, `torch.nn.utils.prune.L1Unstructured`.
    """

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float) -> None:
        self.amount = _amount(amount)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Zeros where absolute values are smallest."""
        count = _count(self.amount, t.numel())
        if count == 0:
            return default_mask.clone()
        return _without(default_mask, topk(t.abs().flatten(), count, largest=False).indices)


class RandomStructured(BasePruningMethod):
    """Prunes whole channels at random.

    Args:
        amount: how many, as an int, or which part, as a float from 0 to 1.
        dim: the dimension of the channels.

    Source: PyTorch, `torch.nn.utils.prune.RandomStructured`, with the same mask under the same seed.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        self.amount = _amount(amount)
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Zeros in the channels whose random numbers are smallest."""
        size = _channels(t, self.dim)
        count = _count(self.amount, size)
        if count == 0:
            return default_mask
        drawn = rand(size)
        return _only(drawn > kthvalue(drawn, count).values, t, self.dim, default_mask)


class LnStructured(BasePruningMethod):
    """Prunes the channels whose norm is smallest.

    Args:
        amount: how many, as an int, or which part, as a float from 0 to 1.
        n: the order of the norm, as for `torch.norm`.
        dim: the dimension of the channels.

    Source: PyTorch, `torch.nn.utils.prune.LnStructured`.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, n: float | str, dim: int = -1) -> None:
        self.amount = _amount(amount)
        self.n = n
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Zeros in the channels with the smallest norms."""
        size = _channels(t, self.dim)
        count = _count(self.amount, size)
        if count == 0:
            return default_mask
        norms = t.norm(self.n, [d for d in range(t.ndim) if d != self.dim % t.ndim])
        return _only(topk(norms, size - count).indices, t, self.dim, default_mask)


class CustomFromMask(BasePruningMethod):
    """Prunes where a given mask is 0.

    Source: PyTorch, `torch.nn.utils.prune.CustomFromMask`.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Both masks at once."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(f"the mask must have shape {default_mask.shape}, got {self.mask.shape}")
        return default_mask * self.mask.to(dtype=default_mask.dtype)
