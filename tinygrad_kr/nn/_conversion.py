"""Changing the dtype and the gradient flags of all parameters and buffers of a module at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .. import dtypes
from ..autograd.inplace import written
from ..autograd.modes import no_grad
from ..devices import device as Device
from ..devices import require_cpu
from ..ops.creation import empty_like
from ..tensor import Tensor
from .parameter import Parameter

if TYPE_CHECKING:
    from typing import Self


class Conversion:
    """The part of `Module` that converts: `to`, `float`, `double`, `requires_grad_`, `zero_grad` ..."""

    if TYPE_CHECKING:
        _parameters: dict[str, Parameter | None]
        _buffers: dict[str, Tensor | None]

        def children(self) -> Iterator[Any]: ...
        def parameters(self, recurse: bool = True) -> Iterator[Parameter]: ...

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Put `fn(t)` in place of every parameter, gradient and buffer `t`.

        Parameters stay the same objects, so an optimizer that was given them keeps working.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is None:
                continue
            grad = parameter._grad
            _replace(parameter, fn)
            if grad is not None:
                _replace(grad, fn)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert floating parameters and buffers to a dtype, in place; returns the module itself.

        `m.to(dtype)`, `m.to(device)`, `m.to(device, dtype)`, `m.to(tensor)`, with keywords `device`, `dtype`,
        `non_blocking` and `memory_format`. There is only the CPU; `non_blocking` and `memory_format` change
        nothing.

        Raises:
            TypeError: the dtype is not a floating one.
            AssertionError: the device is "cuda".

        >>> torch.nn.Linear(2, 1).to(torch.float64).weight.dtype
        torch.float64

        Source: PyTorch, `torch.nn.Module.to`.
        """
        dtype = _target_dtype(*args, **kwargs)
        if dtype is None:
            return self
        if not dtype.is_floating_point:
            raise TypeError(f"nn.Module.to only accepts floating point dtypes, but got desired dtype={dtype}")
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers, integer ones too, to a dtype."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self) -> Self:
        """Convert floating parameters and buffers to float32."""
        return self._floating(dtypes.float32)

    def double(self) -> Self:
        """Convert floating parameters and buffers to float64."""
        return self._floating(dtypes.float64)

    def half(self) -> Self:
        """Convert floating parameters and buffers to float16."""
        return self._floating(dtypes.float16)

    def bfloat16(self) -> Self:
        """Convert to bfloat16, which NumPy does not have: raises, with what to use instead."""
        return self._floating(dtypes.bfloat16)

    def _floating(self, dtype: dtypes.dtype) -> Self:
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def cpu(self) -> Self:
        """The module itself: it is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """PyTorch's way to a GPU; raises, since there is only the CPU."""
        require_cpu("cuda" if device is None or isinstance(device, int) else device)
        return self

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Give all parameters and buffers new memory, unfilled."""
        require_cpu(device)
        return self._apply(empty_like, recurse=recurse)

    def share_memory(self) -> Self:
        """The module itself: worker processes receive copies."""
        return self._apply(lambda t: t.share_memory_())

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Ask for gradients of all parameters, or stop asking (freeze them); returns the module.

        >>> m = torch.nn.Linear(2, 1).requires_grad_(False)
        >>> any(p.requires_grad for p in m.parameters())
        False

        Source: PyTorch, `torch.nn.Module.requires_grad_`.
        """
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero if `set_to_none` is false."""
        for parameter in self.parameters():
            grad = parameter._grad
            if set_to_none:
                parameter._grad = None
            elif grad is not None:
                if grad._node is not None:  # made under create_graph: it leaves that graph
                    grad = parameter._grad = grad.detach()
                written(grad)._array.fill(0)


def _replace(tensor: Tensor, fn: Callable[[Tensor], Tensor]) -> None:
    """Give `tensor` the memory of `fn(tensor)`; it stays the same object."""
    with no_grad():
        converted = fn(tensor)
    if converted is not tensor:
        tensor.data = converted


def _target_dtype(*args: Any, **kwargs: Any) -> dtypes.dtype | None:
    """The dtype that the arguments of `Module.to` name, after checking their device."""
    unknown = set(kwargs) - {"device", "dtype", "tensor", "other", "non_blocking", "copy", "memory_format"}
    if unknown:
        raise TypeError(
            f"to() received an invalid combination of arguments: {sorted(unknown)[0]!r} is none of its own"
        )
    dtype = kwargs.get("dtype")
    for arg in (*args, *(kwargs[key] for key in ("device", "tensor", "other") if key in kwargs)):
        if isinstance(arg, Tensor):
            dtype = arg.dtype
        elif isinstance(arg, dtypes.dtype):
            dtype = arg
        elif isinstance(arg, (str, Device)):
            require_cpu(arg)
        elif isinstance(arg, int) and not isinstance(arg, bool):
            require_cpu(f"cuda:{arg}")
        elif arg is not None and not isinstance(arg, bool):
            raise TypeError(
                f"to() takes a device, a dtype or a tensor, got {type(arg).__name__} ({arg!r:.80})"
            )
    return dtype
