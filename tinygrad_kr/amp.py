"""`torch.amp`: mixed precision, which on this CPU framework means full precision.

PyTorch's autocast runs products in bfloat16, which NumPy lacks. Here they run in float32: the program works,
and its numbers are the more exact ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .devices import device

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]


class autocast:
    """A block, or a decorated function, that PyTorch would run in lower precision; here in float32.

    Args:
        device_type: "cpu", "cuda" ...; must be a device that PyTorch knows.
        dtype, enabled, cache_enabled: accepted, without effect.

    >>> with torch.autocast("cpu", dtype=torch.bfloat16):
    ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    torch.float32

    Source: PyTorch, `torch.autocast`.
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = device(device_type).type
        self.fast_dtype = dtype
        self.enabled = enabled

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return decorated


class GradScaler:
    """A scaler of losses for float16 training; in float32 nothing underflows, so it is disabled.

    `scale(loss)` is the loss, `step(optimizer)` is `optimizer.step()`, `update()` does nothing: as
    PyTorch's does where its device is missing.

    >>> scaler = torch.amp.GradScaler("cuda")
    >>> w = torch.ones(1, requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.5)
    >>> scaler.scale(w.sum()).backward()
    >>> scaler.step(optimizer); scaler.update()
    >>> w.item(), scaler.get_scale()
    (0.5, 1.0)

    Source: PyTorch, `torch.amp.GradScaler`.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self._device = device

    def is_enabled(self) -> bool:
        """False."""
        return False

    def scale(self, outputs: Any) -> Any:
        """The outputs as they are."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Nothing: the gradients are not scaled."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step(...)`."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Nothing."""

    def get_scale(self) -> float:
        """1.0."""
        return 1.0

    def state_dict(self) -> dict[str, Any]:
        """Empty, as that of a disabled scaler."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing."""


def custom_fwd(fwd: Any = None, *, device_type: str = "cuda", cast_inputs: Any = None) -> Any:
    """A decorator of `autograd.Function.forward`; without autocast, the function itself."""
    return fwd if fwd is not None else lambda function: function


def custom_bwd(bwd: Any = None, *, device_type: str = "cuda") -> Any:
    """A decorator of `autograd.Function.backward`; without autocast, the function itself."""
    return bwd if bwd is not None else lambda function: function


def is_autocast_available(device_type: str) -> bool:
    """Whether `autocast` takes this device: any that PyTorch knows, since it does nothing.

    >>> torch.amp.is_autocast_available("cpu")
    True
    """
    return bool(device(device_type))
