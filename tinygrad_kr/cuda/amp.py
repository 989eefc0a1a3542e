"""`torch.cuda.amp`, the older names of `torch.amp`: without CUDA both do nothing."""

from __future__ import annotations

from typing import Any

from .. import amp

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]

custom_fwd, custom_bwd = amp.custom_fwd, amp.custom_bwd


class autocast(amp.autocast):
    """A block of mixed precision on CUDA: without CUDA an ordinary block.

    >>> with torch.cuda.amp.autocast():
    ...     torch.ones(2).dtype
    torch.float32
    """

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """A scaler of losses on CUDA: without CUDA it is disabled.

    >>> torch.cuda.amp.GradScaler().is_enabled()
    False
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("cuda", *args, **kwargs)
