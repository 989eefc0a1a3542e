"""``device``: the name of a place for tensors. Any of PyTorch's can be named; tensors live on ``cpu``."""

from __future__ import annotations

import re
from typing import Any, NoReturn

__all__ = ["device", "require_cpu"]

_TYPES = (
    *("cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla"),
    *("lazy", "vulkan", "mps", "meta", "hpu", "mtia", "privateuseone"),
)
_NAME_AND_INDEX = re.compile(r"([a-zA-Z_]+)(?::(0|[1-9][0-9]*))?")


class device:
    """The name of a device: ``device("cpu")``, ``device("cuda:1")`` or ``device("cuda", 1)``. Immutable.

    Naming a device does not need it to exist. A ``with device("cpu"):`` block changes nothing, since tensors
    are made on the CPU anyway; with another device it raises as ``require_cpu`` does.

    Args:
        type: the name, with or without ``:index``, or another device.
        index: which device of that type; None means the current one.

    Raises RuntimeError for an unknown name, a malformed string, a negative index, or an index alone (which
    names an accelerator); TypeError for anything that is neither a string nor a device.

    >>> device("cpu"), str(device("cuda", 1)), device("cpu") == device("cpu:0")
    (device(type='cpu'), 'cuda:1', False)

    Source: PyTorch: torch.device.
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | device, index: int | None = None) -> None:
        if isinstance(type, device) and index is None:
            name, index = type.type, type.index
        elif isinstance(type, str):
            name, index = _parse(type, index)
        elif isinstance(type, int) and not isinstance(type, bool):
            raise RuntimeError(
                "Cannot access accelerator device when none is available: "
                f"device({type}) means accelerator number {type}; use device('cpu')"
            )
        else:
            given = repr(type) if index is None else f"{type!r}, {index!r}"
            raise TypeError(f"device() takes a string such as 'cpu' or 'cpu:0', or a device, not ({given})")
        object.__setattr__(self, "type", name)
        object.__setattr__(self, "index", index)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"attribute {name!r} of 'device' objects is not writable; make another device")

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, device):
            return NotImplemented
        return self.type == other.type and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        require_cpu(self)
        return self

    def __exit__(self, *exc: object) -> None:
        return None


def _parse(text: str, index: int | None) -> tuple[str, int | None]:
    """The type and the index that ``text`` names, the index from the second argument if that is given."""
    if index is not None and (not isinstance(index, int) or isinstance(index, bool)):
        raise TypeError(f"device(): argument 'index' must be int, not {type(index).__name__} ({index!r})")
    if not text:
        raise RuntimeError("Device string must not be empty; write 'cpu'")
    match = _NAME_AND_INDEX.fullmatch(text)
    if match is None:
        raise RuntimeError(f"Invalid device string: {text!r}; write 'cpu', or 'cpu:0' to give an index")
    name, own_index = match.groups()
    if name not in _TYPES:
        hint = f"; write {text.lower()!r}" if name.lower() in _TYPES else ""
        expected = ", ".join(_TYPES)
        raise RuntimeError(f"Expected one of {expected} device type at start of device string: {text}{hint}")
    if own_index is not None:
        if index is not None:
            raise RuntimeError(
                "type (string) must not include an index because index was passed explicitly: "
                f"{text!r} with index {index}"
            )
        return name, int(own_index)
    if index is not None and index < 0:
        raise RuntimeError(f"Device index must not be negative, got {index}")
    return name, index


_CPU = device("cpu")


def require_cpu(requested: device | str | None) -> device:
    """``device("cpu")``, the one place of tensors, if ``requested`` means it: ``"cpu:0"`` and None do.

    For another device, what PyTorch's CPU build raises: AssertionError for cuda, xpu and mtia, and for the
    rest NotImplementedError (a RuntimeError).

    >>> require_cpu("cpu:0")
    device(type='cpu')
    """
    if requested is None:
        return _CPU
    found = requested if isinstance(requested, device) else device(requested)
    if found.type == "cpu":
        return _CPU
    advice = f"tinygrad_kr computes on the CPU only, so no tensor can be on '{found}'; use device='cpu'"
    if found.type in ("cuda", "xpu", "mtia"):
        raise AssertionError(f"Torch not compiled with {found.type.upper()} enabled: {advice}")
    raise NotImplementedError(f"Could not run on the '{found.type}' backend: {advice}")
