"""`torch.random`: the default generator, its seed and its state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .ops.generator import default_generator as default_generator
from .ops.generator import get_rng_state as get_rng_state
from .ops.generator import initial_seed as initial_seed
from .ops.generator import manual_seed as manual_seed
from .ops.generator import seed as seed
from .ops.generator import set_rng_state as set_rng_state


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, device_type: str = "cpu") -> Iterator[None]:
    """A block that draws without a trace: at its end the default generator is back in its earlier state.

    Args:
        devices, device_type: PyTorch's accelerators, of which there are none.
        enabled: False makes the block an ordinary one.

    >>> import tinygrad_kr as torch
    >>> _ = torch.manual_seed(0)
    >>> with torch.random.fork_rng():
    ...     _ = torch.rand(100)
    >>> torch.rand(2)
    tensor([0.4963, 0.7682])

    Source: PyTorch, `torch.random.fork_rng`.
    """
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)
