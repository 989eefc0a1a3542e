"""Switches of the `torch` namespace for what has one way here: they check what they are given and keep it."""

from __future__ import annotations

import warnings
from typing import Any

from . import dtypes
from .devices import device as Device
from .devices import require_cpu
from .tensor import Tensor

__all__ = [
    "are_deterministic_algorithms_enabled",
    "get_autocast_dtype",
    "get_default_device",
    "get_deterministic_debug_mode",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "is_autocast_cache_enabled",
    "is_autocast_enabled",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_storage",
    "is_warn_always_enabled",
    "set_default_device",
    "set_default_tensor_type",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_warn_always",
    "typename",
    "use_deterministic_algorithms",
]

_PRECISIONS = ("highest", "high", "medium")
_DEBUG_MODES = ("default", "warn", "error")
_TENSOR_TYPES = {"Half": "float16", "Float": "float32", "Double": "float64"}


class _Switches:
    """What was set last."""

    precision = "highest"
    deterministic = False
    warn_only = False
    warn_always = False
    interop_threads: int | None = None


def set_float32_matmul_precision(precision: str) -> None:
    """Say how exact float32 products must be. They are always exact here.

    Args:
        precision: "highest", "high" or "medium".

    >>> torch.set_float32_matmul_precision("high")
    >>> torch.get_float32_matmul_precision()
    'high'
    >>> torch.set_float32_matmul_precision("highest")

    Source: PyTorch, `torch.set_float32_matmul_precision`.
    """
    if precision not in _PRECISIONS:
        warnings.warn(
            f"{precision!r} is none of {', '.join(_PRECISIONS)}; it stays {_Switches.precision!r}",
            stacklevel=2,
        )
        return
    _Switches.precision = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` set; "highest" at first."""
    return _Switches.precision


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for deterministic results. They always are, for a fixed number of threads.

    >>> torch.use_deterministic_algorithms(True)
    >>> torch.are_deterministic_algorithms_enabled()
    True
    >>> torch.use_deterministic_algorithms(False)
    """
    _Switches.deterministic, _Switches.warn_only = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` set; False at first."""
    return _Switches.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """The `warn_only` that `use_deterministic_algorithms` set."""
    return _Switches.warn_only


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """`use_deterministic_algorithms` in other words: "default" (0), "warn" (1) or "error" (2)."""
    if debug_mode not in (0, 1, 2, *_DEBUG_MODES):
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, 2 or a name, got {debug_mode!r}")
    number = _DEBUG_MODES.index(debug_mode) if isinstance(debug_mode, str) else debug_mode
    use_deterministic_algorithms(number > 0, warn_only=number == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2: see `set_deterministic_debug_mode`."""
    return 0 if not _Switches.deterministic else 1 if _Switches.warn_only else 2


def set_warn_always(b: bool) -> None:
    """Ask for every warning every time; Python's own filters decide that here."""
    _Switches.warn_always = bool(b)


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` set."""
    return _Switches.warn_always


def set_flush_denormal(mode: bool) -> bool:
    """False: the processor's treatment of denormal numbers stays as it is."""
    return False


def set_num_interop_threads(num_threads: int) -> None:
    """Keep a number of threads for parallel operations; operations run one after the other here."""
    if num_threads < 1:
        raise RuntimeError(f"set_num_interop_threads expects a positive integer, got {num_threads}")
    _Switches.interop_threads = num_threads


def get_num_interop_threads() -> int:
    """What `set_num_interop_threads` set; 1 at first."""
    return _Switches.interop_threads or 1


def set_default_device(device: Device | str | None) -> None:
    """Set where new tensors live: the CPU. Another device raises at once, not at the first tensor.

    >>> torch.set_default_device("cpu")
    >>> torch.get_default_device()
    device(type='cpu')
    """
    require_cpu(device)


def get_default_device() -> Device:
    """The CPU."""
    return Device("cpu")


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by the name or class of a legacy tensor type: `torch.DoubleTensor`.

    >>> torch.set_default_tensor_type("torch.DoubleTensor")
    >>> torch.zeros(1).dtype
    torch.float64
    >>> torch.set_default_tensor_type(torch.FloatTensor)
    """
    name = t if isinstance(t, str) else f"{t.__module__}.{t.__name__}"
    kind = name.removeprefix("torch.").removesuffix("Tensor")
    if kind not in _TENSOR_TYPES:
        raise TypeError(
            f"only CPU types of floating dtypes can be the default: one of "
            f"{', '.join(f'torch.{one}Tensor' for one in _TENSOR_TYPES)}; got {name}"
        )
    dtypes.set_default_dtype(getattr(dtypes, _TENSOR_TYPES[kind]))


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False: `torch.autocast` changes no dtype here."""
    return False


def is_autocast_cache_enabled() -> bool:
    """True, PyTorch's default."""
    return True


def get_autocast_dtype(device_type: str) -> Any:
    """What PyTorch's autocast would compute in: bfloat16 on the CPU, float16 elsewhere."""
    return dtypes.bfloat16 if Device(device_type).type == "cpu" else dtypes.float16


def is_storage(obj: Any) -> bool:
    """Whether it is a storage: what `tensor.storage()` or `tensor.untyped_storage()` returns.

    >>> torch.is_storage(torch.ones(2).untyped_storage()), torch.is_storage(torch.ones(2))
    (True, False)
    """
    from .raw_storage import TypedStorage, UntypedStorage

    return isinstance(obj, (TypedStorage, UntypedStorage))


def typename(obj: Any) -> str:
    """PyTorch's name of a tensor's type, or the qualified name of any other object's.

    >>> torch.typename(torch.ones(1))
    'torch.FloatTensor'
    """
    if isinstance(obj, Tensor):
        return str(obj.type())  # type: ignore[attr-defined]
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(named, "__module__", "") or ""
    return named.__qualname__ if module in ("", "builtins") else f"{module}.{named.__qualname__}"
