"""Layers that find out the size of their input in their first call.

`LazyLinear(10)` is a `Linear(?, 10)`: its parameters have no shape until the first call (or a state dict)
gives them one; then they are drawn, and the module's class becomes `Linear`.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, ClassVar

from ..ops.creation import tensor
from ..tensor import Tensor
from ._arguments import IntOrTuple
from .batchnorm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear
from .module import Module
from .parameter import UninitializedBuffer, UninitializedParameter, is_lazy

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]

if TYPE_CHECKING:
    _Base = Module
else:
    _Base = object


class LazyModuleMixin(_Base):
    """What makes a module lazy: put it before the base class, and define `initialize_parameters`.

    That gets the inputs of the first call and gives each uninitialized parameter its shape
    (`parameter.materialize`). Afterwards the module's class is `cls_to_become`, if there is one.

    >>> class LazyScale(torch.nn.modules.lazy.LazyModuleMixin, torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = torch.nn.UninitializedParameter()
    ...     def initialize_parameters(self, x):
    ...         if self.has_uninitialized_params():
    ...             self.scale.materialize(x.shape[-1:])
    ...             torch.nn.init.ones_(self.scale)
    ...     def forward(self, x):
    ...         return self.scale * x
    >>> LazyScale()(torch.ones(2, 3)).shape
    torch.Size([2, 3])

    Source: PyTorch, `torch.nn.modules.lazy.LazyModuleMixin`.
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(_give_shapes, with_module=True)
        self._initialize_hook = self.register_forward_pre_hook(_first_call, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes, given the inputs of the first call, and draw them."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of this module has no shape yet."""
        return any(map(is_lazy, itertools.chain(self._parameters.values(), self._buffers.values())))

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once they have shapes."""
        if "_initialize_hook" in self.__dict__ and not self.has_uninitialized_params():
            super().reset_parameters()  # type: ignore[misc]


def _give_shapes(module: Module, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
    """Before loading: the shapes of the state dict for what has none."""
    for name, own in itertools.chain(module._parameters.items(), module._buffers.items()):
        given = state_dict.get(prefix + name)
        if is_lazy(own) and given is not None and not is_lazy(given):
            own.materialize(given.shape)  # type: ignore[union-attr]


def _first_call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise RuntimeError(f"module {type(module).__name__} has not been fully initialized")
    for name in ("_initialize_hook", "_load_hook"):
        getattr(module, name).remove()
        delattr(module, name)
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become


class LazyLinear(LazyModuleMixin, Linear):
    """A `Linear` whose `in_features` is the size of the last dimension of its first input.

    >>> layer = torch.nn.LazyLinear(3)
    >>> layer.weight
    <UninitializedParameter>
    >>> layer(torch.ones(2, 5)).shape
    torch.Size([2, 3])
    >>> layer
    Linear(in_features=5, out_features=3, bias=True)

    Source: PyTorch, `torch.nn.LazyLinear`.
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def initialize_parameters(self, input: Tensor) -> None:  # type: ignore[override]
        """(out_features, size of the last dimension of the input)."""
        found = input.shape[-1]
        if self.has_uninitialized_params():
            self.in_features = found
            self.weight.materialize((self.out_features, found))  # type: ignore[attr-defined]
            if self.bias is not None:
                self.bias.materialize((self.out_features,))  # type: ignore[attr-defined]
            self.reset_parameters()
        elif self.in_features == 0:
            if found != self.weight.shape[-1]:
                raise AssertionError(
                    f"The in_features inferred from input: {found} is not equal to in_features from "
                    f"self.weight: {self.weight.shape[-1]}"
                )
            self.in_features = found


class _LazyConv(LazyModuleMixin):
    """The parameters of a convolution whose input channels are unknown."""

    if TYPE_CHECKING:
        weight: Any
        bias: Any
        groups: int
        dims: int
        transposed: bool
        kernel_size: tuple[int, ...]

    def _make_lazy(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        self.in_channels, self.out_channels = 0, out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """The weight for the channels of the input, which come before the positions."""
        if input.dim() not in (self.dims + 1, self.dims + 2):
            raise RuntimeError(
                f"Expected {self.dims + 1}D (unbatched) or {self.dims + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {input.shape}"
            )
        self.in_channels = channels = input.shape[-self.dims - 1]
        if channels % self.groups:
            raise ValueError(
                f"in_channels must be divisible by groups, got {channels} and groups={self.groups}"
            )
        if self.has_uninitialized_params():
            sizes = (self.out_channels, channels // self.groups)
            if self.transposed:
                sizes = (channels, self.out_channels // self.groups)
            self.weight.materialize((*sizes, *self.kernel_size))
            if self.bias is not None:
                self.bias.materialize((self.out_channels,))
            self.reset_parameters()


class _LazyForward(_LazyConv):
    """The constructor of the lazy convolutions."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: IntOrTuple,
        stride: IntOrTuple = 1,
        padding: str | IntOrTuple = 0,
        dilation: IntOrTuple = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        # As many channels as groups: what the constructor makes of them is replaced at once.
        options = (kernel_size, stride, padding, dilation, groups, False, padding_mode)
        super().__init__(groups, groups, *options)
        self._make_lazy(out_channels, bias, device, dtype)


class _LazyTransposed(_LazyConv):
    """The constructor of the lazy transposed convolutions."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: IntOrTuple,
        stride: IntOrTuple = 1,
        padding: IntOrTuple = 0,
        output_padding: IntOrTuple = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: IntOrTuple = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        options = (kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        super().__init__(groups, groups, *options)
        self._make_lazy(out_channels, bias, device, dtype)


class _LazyNorm(LazyModuleMixin):
    """The parameters and statistics of a norm whose number of features is unknown."""

    if TYPE_CHECKING:
        weight: Any
        bias: Any
        running_mean: Any
        running_var: Any

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False)
        options = {"device": device, "dtype": dtype}
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(**options)
            if bias:
                self.bias = UninitializedParameter(**options)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(**options)
            self.running_var = UninitializedBuffer(**options)
            self.num_batches_tracked = tensor(0)

    def initialize_parameters(self, input: Tensor) -> None:  # type: ignore[override]
        """One element for each feature of the input."""
        self.num_features = features = input.shape[1]
        if self.has_uninitialized_params():
            for one in (self.weight, self.bias, self.running_mean, self.running_var):
                if one is not None:
                    one.materialize((features,))
            self.reset_parameters()


class LazyConv1d(_LazyForward, Conv1d):  # type: ignore[misc]
    """A `Conv1d` whose `in_channels` are those of its first input.

    >>> torch.nn.LazyConv1d(4, 3)(torch.ones(2, 5, 8)).shape
    torch.Size([2, 4, 6])

    Source: PyTorch, `torch.nn.LazyConv1d`.
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyForward, Conv2d):  # type: ignore[misc]
    """A `Conv2d` whose `in_channels` are those of its first input.

    >>> torch.nn.LazyConv2d(4, 3)(torch.ones(2, 5, 8, 8)).shape
    torch.Size([2, 4, 6, 6])

    Source: PyTorch, `torch.nn.LazyConv2d`.
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyForward, Conv3d):  # type: ignore[misc]
    """A `Conv3d` whose `in_channels` are those of its first input.

    >>> torch.nn.LazyConv3d(4, 3)(torch.ones(2, 5, 4, 4, 4)).shape
    torch.Size([2, 4, 2, 2, 2])

    Source: PyTorch, `torch.nn.LazyConv3d`.
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyTransposed, ConvTranspose1d):  # type: ignore[misc]
    """A `ConvTranspose1d` whose `in_channels` are those of its first input.

    >>> torch.nn.LazyConvTranspose1d(4, 3)(torch.ones(2, 5, 8)).shape
    torch.Size([2, 4, 10])

    Source: PyTorch, `torch.nn.LazyConvTranspose1d`.
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyTransposed, ConvTranspose2d):  # type: ignore[misc]
    """A `ConvTranspose2d` whose `in_channels` are those of its first input.

    >>> torch.nn.LazyConvTranspose2d(4, 3)(torch.ones(2, 5, 8, 8)).shape
    torch.Size([2, 4, 10, 10])

    Source: PyTorch, `torch.nn.LazyConvTranspose2d`.
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyTransposed, ConvTranspose3d):  # type: ignore[misc]
    """A `ConvTranspose3d` whose `in_channels` are those of its first input.

    >>> torch.nn.LazyConvTranspose3d(4, 2)(torch.ones(2, 5, 3, 3, 3)).shape
    torch.Size([2, 4, 4, 4, 4])

    Source: PyTorch, `torch.nn.LazyConvTranspose3d`.
    """

    cls_to_become = ConvTranspose3d


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):  # type: ignore[misc]
    """A `BatchNorm1d` whose `num_features` are those of its first input.

    >>> torch.nn.LazyBatchNorm1d()(torch.ones(2, 5)).shape
    torch.Size([2, 5])

    Source: PyTorch, `torch.nn.LazyBatchNorm1d`.
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):  # type: ignore[misc]
    """A `BatchNorm2d` whose `num_features` are those of its first input.

    >>> torch.nn.LazyBatchNorm2d()(torch.ones(2, 5, 3, 3)).shape
    torch.Size([2, 5, 3, 3])

    Source: PyTorch, `torch.nn.LazyBatchNorm2d`.
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):  # type: ignore[misc]
    """A `BatchNorm3d` whose `num_features` are those of its first input.

    >>> torch.nn.LazyBatchNorm3d()(torch.ones(2, 5, 2, 2, 2)).shape
    torch.Size([2, 5, 2, 2, 2])

    Source: PyTorch, `torch.nn.LazyBatchNorm3d`.
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):  # type: ignore[misc]
    """An `InstanceNorm1d` whose `num_features` are those of its first input.

    >>> torch.nn.LazyInstanceNorm1d()(torch.ones(2, 5, 3)).shape
    torch.Size([2, 5, 3])

    Source: PyTorch, `torch.nn.LazyInstanceNorm1d`.
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):  # type: ignore[misc]
    """An `InstanceNorm2d` whose `num_features` are those of its first input.

    >>> torch.nn.LazyInstanceNorm2d()(torch.ones(2, 5, 3, 3)).shape
    torch.Size([2, 5, 3, 3])

    Source: PyTorch, `torch.nn.LazyInstanceNorm2d`.
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):  # type: ignore[misc]
    """An `InstanceNorm3d` whose `num_features` are those of its first input.

    >>> torch.nn.LazyInstanceNorm3d()(torch.ones(2, 5, 2, 2, 2)).shape
    torch.Size([2, 5, 2, 2, 2])

    Source: PyTorch, `torch.nn.LazyInstanceNorm3d`.
    """

    cls_to_become = InstanceNorm3d
