"""From the storages of a file to tensors that view them."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..devices import device, require_cpu
from ..nn.parameter import Buffer, Parameter
from ..tensor import Storage, Tensor, wrap

__all__ = [
    "StorageType",
    "Stored",
    "from_bfloat16",
    "numel",
    "possible",
    "rebuild_from_type",
    "rebuild_parameter",
    "rebuild_parameter_with_state",
    "rebuild_tensor",
    "relocation",
    "storage_description",
]

_NEVER = 1 << 58  # elements that no memory has


class StorageType:
    """What `torch.FloatStorage` and its like stand for in a file: the dtype of a storage."""

    def __init__(self, kind: dtypes.dtype) -> None:
        self.kind = kind


def storage_description(described: tuple[Any, ...]) -> tuple[dtypes.dtype, Any, str, int]:
    """The dtype, key, location and number of elements of a storage, as the pickle describes it."""
    name, storage_type, key, location, count, *view = (*described, *[None] * 5)[:6]
    name, location = (one.decode("latin1") if type(one) is bytes else one for one in (name, location))
    sound = type(name) is str and type(location) is str and type(key) in (str, bytes, int)
    if not (sound and name == "storage" and isinstance(storage_type, StorageType) and possible((count,))):
        raise pickle.UnpicklingError("only storages of known types can be referred to")
    if view != [None]:
        raise pickle.UnpicklingError(
            "a storage that is a part of another, as before PyTorch 0.4, is not supported"
        )
    return storage_type.kind, key, location, count


class Stored:
    """The memory of one storage of a file: a flat array, and the count of changes that its tensors share.

    It is what `map_location` gets if it is a function, and what a storage that was saved by itself becomes.
    bfloat16, which NumPy lacks, becomes float32.
    """

    def __init__(self, kind: dtypes.dtype, numel: int) -> None:
        self.kind = kind
        self.array = np.empty(numel, dtypes.float32.numpy if kind is dtypes.bfloat16 else kind.numpy)
        self.changes = Storage()

    def fill(self, read: Callable[[np.ndarray], None], swapped: bool) -> None:
        """Let `read` fill an array with the bytes of the file; make of them numbers of this machine."""
        half = self.kind is dtypes.bfloat16
        content = np.empty(len(self.array), np.uint16) if half else self.array
        read(content.view(np.uint8))
        if swapped:
            content.byteswap(inplace=True)
        if half:
            self.array[...] = from_bfloat16(content)
        elif self.kind is dtypes.bool:
            content[...] = content.view(np.uint8) != 0

    def cpu(self) -> Stored:
        """The storage itself."""
        return self

    def cuda(self, device: Any = None) -> Stored:
        """Raises PyTorch's error, since there is only the CPU."""
        require_cpu("cuda")
        return self

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        return f"<storage of {len(self)} elements of {self.kind}>"


def from_bfloat16(bits: np.ndarray) -> np.ndarray:
    """The values of bfloat16 numbers, given as uint16: each is the upper half of a float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def relocation(map_location: Any) -> Callable[[Stored, str], None]:
    """What raises, as `map_location` says, unless a storage that was saved at a place can come to the CPU."""
    if map_location is None:
        return _require_place
    if isinstance(map_location, dict):
        return lambda stored, location: _require_place(stored, str(map_location.get(location, location)))
    if isinstance(map_location, bytes):
        map_location = map_location.decode()
    if isinstance(map_location, (str, device)):
        place = str(map_location)
        return lambda stored, location: _require_place(stored, place)
    if not callable(map_location):
        raise TypeError(
            "map_location must be a device, its name, a dict of names, or a function of a storage and a "
            f"name, not {type(map_location).__name__} ({map_location!r:.80})"
        )

    def relocate(stored: Stored, location: str) -> None:
        found = map_location(stored, location)
        if found is None:
            _require_place(stored, location)
        elif found is not stored:
            raise TypeError("map_location must return the storage that it gets, or None")

    return relocate


def _require_place(stored: Stored, place: str) -> None:
    """PyTorch's error unless `place` is the CPU."""
    kind = place.partition(":")[0]
    if kind == "cuda":
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If "
            "you are running on a CPU-only machine, please use torch.load with "
            "map_location=torch.device('cpu') to map your storages to the CPU."
        )
    if kind != "cpu":
        raise RuntimeError(
            f"don't know how to restore data location of a storage (tagged with {place!r:.40}): use "
            "torch.load(..., map_location='cpu')"
        )


# -- what a pickle calls -------------------------------------------------------------------------------------


def rebuild_tensor(
    stored: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any = False,
    backward_hooks: Any = None,
    metadata: Any = None,
) -> Tensor:
    """A view of a storage; every number is checked against the storage before anything is made."""
    if not isinstance(stored, Stored):
        raise pickle.UnpicklingError(f"a tensor needs a storage, got {type(stored).__name__}")
    if metadata is not None:
        raise pickle.UnpicklingError(
            "a tensor has a pending conjugation or negation; in PyTorch, save x.resolve_conj().resolve_neg()"
        )
    if not (possible(size) and possible(stride) and possible((offset,)) and len(size) == len(stride)):
        raise pickle.UnpicklingError("a tensor has a size, stride and offset that cannot be")
    array = stored.array
    if not numel(size):
        tensor = wrap(np.empty(size, array.dtype))
    else:
        last = offset + sum((n - 1) * step for n, step in zip(size, stride))
        if last >= len(array):
            raise pickle.UnpicklingError(
                f"a tensor of size {size}, stride {stride} and offset {offset} reaches element {last} "
                f"of a storage of {len(array)} elements"
            )
        steps = tuple(step * array.itemsize for step in stride)
        tensor = wrap(np.ndarray(size, array.dtype, array, offset * array.itemsize, steps))
        tensor._storage = stored.changes
    return tensor.requires_grad_(bool(requires_grad))


def rebuild_parameter(data: Any, requires_grad: Any, backward_hooks: Any = None) -> Parameter:
    """A parameter over a tensor's memory."""
    if not isinstance(data, Tensor):
        raise pickle.UnpicklingError(f"a parameter needs a tensor, got {type(data).__name__}")
    return Parameter(data, bool(requires_grad))


def rebuild_parameter_with_state(data: Any, requires_grad: Any, backward_hooks: Any, state: Any) -> Tensor:
    """A parameter with attributes of its own."""
    return _with_attributes(rebuild_parameter(data, requires_grad), state)


def rebuild_from_type(function: Any, kind: Any, arguments: Any, state: Any) -> Tensor:
    """A tensor with attributes of its own; `Buffer` is one in PyTorch."""
    if function is not rebuild_tensor or kind is not Tensor:
        raise pickle.UnpicklingError("only plain tensors can have attributes of their own, not subclasses")
    tensor = rebuild_tensor(*arguments)
    if isinstance(state, dict) and state.get("_is_buffer"):
        buffer = Buffer(tensor, persistent=bool(state.get("persistent", True)))
        rest = {name: value for name, value in state.items() if name not in ("_is_buffer", "persistent")}
        return _with_attributes(buffer, rest)
    return _with_attributes(tensor, state)


def _with_attributes(tensor: Tensor, state: Any) -> Tensor:
    """The tensor with attributes that are the user's; one of the framework's own cannot come from a file."""
    if not isinstance(state, dict):
        raise pickle.UnpicklingError(f"the attributes of a tensor must be a dict, got {type(state).__name__}")
    for name, value in state.items():
        if not isinstance(name, str) or hasattr(tensor, name):
            raise pickle.UnpicklingError(f"a file cannot set the attribute {name!r:.80} of a tensor")
        setattr(tensor, name, value)
    return tensor


def possible(numbers: Any) -> bool:
    """Whether this is a tuple of whole numbers such as the size or the stride of a tensor could have."""
    if not isinstance(numbers, (tuple, list)) or len(numbers) > 64:
        return False
    return all(type(n) is int and 0 <= n < _NEVER for n in numbers)


def numel(size: Any) -> int:
    """The number of elements of a possible size; UnpicklingError if NumPy could not even describe it."""
    if math.prod(max(n, 1) for n in size) >= _NEVER:
        raise pickle.UnpicklingError(f"a size of {list(size)} is larger than any memory")
    return math.prod(size)
