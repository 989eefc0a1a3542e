"""`torch.cuda` on a machine without CUDA: it says so, and what asks for a device raises as in PyTorch."""

from __future__ import annotations

from typing import Any, NoReturn

from ..absent import no_accelerator
from . import amp as amp

__all__ = [
    "Event",
    "OutOfMemoryError",
    "Stream",
    "amp",
    "current_device",
    "current_stream",
    "device",
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_rng_state",
    "get_rng_state_all",
    "init",
    "initial_seed",
    "ipc_collect",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_reserved",
    "reset_max_memory_allocated",
    "reset_peak_memory_stats",
    "seed",
    "seed_all",
    "set_device",
    "set_rng_state",
    "set_rng_state_all",
    "stream",
    "synchronize",
]


class OutOfMemoryError(RuntimeError):
    """What an accelerator raises when its memory is full; never raised here."""


def is_available() -> bool:
    """False: there is no CUDA device.

    >>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: there is no device whose generator could be seeded; `torch.manual_seed` seeds the CPU's."""


def manual_seed_all(seed: int) -> None:
    """Nothing, as `manual_seed`."""


def seed() -> None:
    """Nothing, as `manual_seed`."""


def seed_all() -> None:
    """Nothing, as `manual_seed`."""


def empty_cache() -> None:
    """Nothing: there is no cache."""


def memory_allocated(device: Any = None) -> int:
    """0 bytes."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def reset_peak_memory_stats(device: Any = None) -> None:
    """Nothing: there is nothing to reset."""


reset_max_memory_allocated = reset_peak_memory_stats


def get_rng_state_all() -> list[Any]:
    """No states: []."""
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Nothing, for no states."""
    for _ in new_states:
        no_accelerator("cuda.set_rng_state")()


class device:
    """A block on a device; with an index it changes nothing, as in PyTorch's CPU build."""

    def __init__(self, device: Any) -> None:
        self.idx = -1

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exception: object) -> None:
        return None


class _NeedsCuda:
    """A class that cannot be made without a device."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        no_accelerator(f"cuda.{type(self).__name__}")()


class Event(_NeedsCuda):
    """Needs a device; time with `time.perf_counter()` instead."""


class Stream(_NeedsCuda):
    """Needs a device."""


init = no_accelerator("cuda.init")
current_device = no_accelerator("cuda.current_device")
set_device = no_accelerator("cuda.set_device")
get_device_name = no_accelerator("cuda.get_device_name")
get_device_capability = no_accelerator("cuda.get_device_capability")
get_device_properties = no_accelerator("cuda.get_device_properties")
get_rng_state = no_accelerator("cuda.get_rng_state")
set_rng_state = no_accelerator("cuda.set_rng_state")
initial_seed = no_accelerator("cuda.initial_seed")
synchronize = no_accelerator("cuda.synchronize")
current_stream = no_accelerator("cuda.current_stream")
stream = no_accelerator("cuda.stream")
ipc_collect = no_accelerator("cuda.ipc_collect")
mem_get_info = no_accelerator("cuda.mem_get_info")


def _tensor_class(name: str) -> type:
    def refuse(cls: type, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            f"type torch.cuda.{name} not available. Torch not compiled with CUDA enabled; "
            f"use torch.{name}, which is on the CPU"
        )

    return type(name, (), {"__new__": refuse, "__doc__": "A tensor on a CUDA device: there is none."})


for _name in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool"):
    globals()[f"{_name}Tensor"] = _tensor_class(f"{_name}Tensor")
    __all__ += [f"{_name}Tensor"]
