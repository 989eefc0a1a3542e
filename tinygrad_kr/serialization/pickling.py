"""Data as a pickle with PyTorch's names in it, and the memory of its tensors as storages.

It is protocol 2, as in PyTorch's own files. Nothing is imported to write a name, so PyTorch need not be
there.

A storage is memory that tensors of the file share: those whose memory overlaps lie in one, and are views of
it when they are loaded. (PyTorch writes all that a view could reach; this writes what is in use.) Which
storage a tensor lies in is known only when all have been seen, so the places that say it are filled in at the
end.
"""

from __future__ import annotations

import ctypes
import pickle
import struct
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import dtypes
from ..devices import device
from ..nn.parameter import Buffer, Parameter
from ..size import Size
from ..tensor import Tensor
from . import allowed

__all__ = ["Pickler", "Shared", "shared_memory"]


@dataclass(eq=False)
class Shared:
    """Memory of one or more overlapping arrays: from byte address `low` up to `high`."""

    low: int
    high: int
    dtype: np.dtype[Any]
    key: str = ""

    @property
    def content(self) -> Any:
        """Its bytes, not copied: the arrays must stay alive."""
        size = self.high - self.low
        return memoryview((ctypes.c_ubyte * size).from_address(self.low)) if size else b""


def shared_memory(arrays: Iterable[np.ndarray]) -> list[Shared]:
    """For each array the memory it lies in, the same for arrays that overlap, directly or in a chain."""
    arrays = list(arrays)
    bounds = [np.lib.array_utils.byte_bounds(array) if array.size else (0, 0) for array in arrays]
    placed = [Shared(0, 0, array.dtype) for array in arrays]
    current = None
    for place in sorted(
        (place for place in range(len(arrays)) if arrays[place].size), key=bounds.__getitem__
    ):
        low, high = bounds[place]
        if current is None or low >= current.high:
            current = Shared(low, high, arrays[place].dtype)
        current.high = max(current.high, high)
        placed[place] = current
    return placed


class Pickler:
    """Writes one object; afterwards `storages` has the memory that belongs to it, by key in the file.

    Args:
        legacy: describe storages as the format before PyTorch 1.6 does.

    Raises:
        pickle.PicklingError: something in it is no data; the message says where it is and what to do.
        RuntimeError: tensors of different dtypes share memory.
    """

    def __init__(self, *, legacy: bool = False) -> None:
        self.legacy = legacy
        self.parts: list[bytes | Callable[[], bytes]] = [pickle.PROTO + b"\2"]
        self.memo: dict[Any, int] = {}  # by id; strings and names by value
        self.kept: list[Any] = []  # what the memo knows by id stays alive
        self.path: list[Any] = []
        self.arrays: list[np.ndarray] = []
        self.placed: list[Shared] = []
        self.storages: list[Shared] = []

    def dump(self, x: Any) -> bytes:
        """The pickle."""
        self.save(x)
        self.put(pickle.STOP)
        self.placed = shared_memory(self.arrays)
        self.storages = list(dict.fromkeys(self.placed))
        for number, storage in enumerate(self.storages):
            storage.key = str(number)
        for array, storage in zip(self.arrays, self.placed):
            shift = array.__array_interface__["data"][0] - storage.low if array.size else 0
            if array.dtype != storage.dtype or shift % array.itemsize:
                raise RuntimeError(
                    "Cannot save multiple tensors or storages that view the same data as different types: "
                    f"{storage.dtype} and {array.dtype}; clone() one of them first"
                )
        return b"".join(part if isinstance(part, bytes) else part() for part in self.parts)

    def save(self, x: Any) -> None:
        """Write any object."""
        kind = type(x)
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            self.put(scalar(x))
        elif kind is str:
            self.save_text(x)
        elif not self.recall(id(x)):
            self.kept.append(x)
            special = _SPECIAL.get(kind)
            if special is not None:
                special(self, x)
            elif isinstance(x, Tensor):
                self.save_tensor(x)
            elif isinstance(x, (type, types.FunctionType, types.BuiltinFunctionType)):
                self.save_name(x)
            else:
                self.save_by_parts(x)

    # -- pieces ----------------------------------------------------------------------------------------------

    def put(self, part: bytes | Callable[[], bytes]) -> None:
        """Append opcodes, or what gives them at the end."""
        self.parts.append(part)

    def recall(self, key: Any) -> bool:
        """Write a reference to what was written before; False if it was not."""
        index = self.memo.get(key)
        if index is None:
            return False
        self.put(
            pickle.BINGET + bytes([index]) if index < 256 else pickle.LONG_BINGET + struct.pack("<I", index)
        )
        return True

    def memoize(self, key: Any) -> None:
        """Give what was just written a number to refer to it."""
        index = self.memo[key] = len(self.memo)
        self.put(
            pickle.BINPUT + bytes([index]) if index < 256 else pickle.LONG_BINPUT + struct.pack("<I", index)
        )

    def save_text(self, text: str) -> None:
        """A string, written once."""
        if not self.recall(text):
            self.put(_text(text))
            self.memoize(text)

    def save_global(self, module: str, name: str) -> None:
        """A name, written once."""
        if not self.recall((module, name)):
            self.put(pickle.GLOBAL + f"{module}\n{name}\n".encode())
            self.memoize((module, name))

    def save_call(self, module: str, name: str, *arguments: Any) -> None:
        """What calling a name with these arguments gives."""
        self.save_global(module, name)
        self.put(pickle.MARK)
        for argument in arguments:
            self.save(argument)
        self.put(pickle.TUPLE + pickle.REDUCE)

    def save_entries(self, entries: Iterable[tuple[Any, Any]]) -> None:
        """Keys and values of the dict before."""
        self.put(pickle.MARK)
        for key, value in entries:
            self.path.append(key)
            self.save(key)
            self.save(value)
            self.path.pop()
        self.put(pickle.SETITEMS)

    def save_items(self, items: Iterable[Any], end: bytes) -> None:
        """A mark, the items, and what is to happen with them."""
        self.put(pickle.MARK)
        for number, item in enumerate(items):
            self.path.append(number)
            self.save(item)
            self.path.pop()
        self.put(end)

    # -- containers and values -------------------------------------------------------------------------------

    def save_dict(self, x: dict[Any, Any]) -> None:
        """A dict; known before its content, which may contain it."""
        self.put(pickle.EMPTY_DICT)
        self.memoize(id(x))
        self.save_entries(x.items())

    def save_list(self, x: list[Any]) -> None:
        """A list; known before its content, which may contain it."""
        self.put(pickle.EMPTY_LIST)
        self.memoize(id(x))
        self.save_items(x, pickle.APPENDS)

    def save_tuple(self, x: tuple[Any, ...]) -> None:
        """A tuple."""
        self.save_items(x, pickle.TUPLE)
        self.memoize(id(x))

    def save_bytes(self, x: bytes) -> None:
        """Bytes, which protocol 2 spells as text."""
        self.save_global("_codecs", "encode")
        self.put(pickle.MARK + _text(x.decode("latin1")))
        self.save_text("latin1")
        self.put(pickle.TUPLE + pickle.REDUCE)

    def save_name(self, x: Any) -> None:
        """A class or function, if it is one that may be loaded."""
        full = f"{x.__module__}.{x.__qualname__}"
        if full not in allowed.GLOBALS and not any(x is one for one in allowed.user_globals().values()):
            raise self.refused(x)
        module = "__builtin__" if x.__module__ == "builtins" else x.__module__  # protocol 2: Python 2's
        self.save_global(module, x.__qualname__)

    def save_by_parts(self, x: Any) -> None:
        """What says itself how it is made: sets, ordered dicts, what is NumPy's, what the user allowed."""
        known = (*allowed.MAKERS, *allowed.user_globals().values())
        if not is_numeric(x) and not any(type(x) is one for one in known):
            raise self.refused(x)
        function, arguments, state, items, entries = (*x.__reduce_ex__(2), None, None, None)[:5]
        if getattr(function, "__name__", "") == "__newobj__":
            self.save(arguments[0])
            self.save(arguments[1:])
            self.put(pickle.NEWOBJ)
        else:
            self.save(function)
            self.save(arguments)
            self.put(pickle.REDUCE)
        self.memoize(id(x))
        if items is not None:
            self.save_items(items, pickle.APPENDS)
        if entries is not None:
            self.save_entries(entries)
        if state is not None:
            self.save(state)
            self.put(pickle.BUILD)

    # -- tensors ---------------------------------------------------------------------------------------------

    def save_tensor(self, x: Tensor) -> None:
        """A tensor, parameter or buffer, with the attributes that the user gave it."""
        kind = type(x)
        if kind not in (Tensor, Parameter, Buffer):
            raise self.refused(x)
        state = {
            name: value
            for name, value in vars(x).items()
            if not hasattr(Tensor, name) and name not in ("_array", "_storage")
        }
        if kind is Parameter:
            self.save_global(
                "torch._utils", "_rebuild_parameter_with_state" if state else "_rebuild_parameter"
            )
            self.put(pickle.MARK)
            self.save_global("torch._utils", "_rebuild_tensor_v2")
            self.save_view(x._array, requires_grad=False)
            self.put(pickle.REDUCE)
            self.save(x.requires_grad)
            self.save_call("collections", "OrderedDict")
        else:
            if isinstance(x, Buffer):
                state |= {"persistent": x.persistent, "_is_buffer": True}
            if state:
                self.save_global("torch._tensor", "_rebuild_from_type_v2")
                self.put(pickle.MARK)
            self.save_global("torch._utils", "_rebuild_tensor_v2")
            if state:
                self.save_global("torch", "Tensor")
            self.save_view(x._array, x.requires_grad)
        if state:
            self.save(state)
        if state or kind is Parameter:
            self.put(pickle.TUPLE)
        self.put(pickle.REDUCE)
        self.memoize(id(x))

    def save_view(self, array: np.ndarray, requires_grad: bool) -> None:
        """The arguments of `_rebuild_tensor_v2`: a storage, and how the array views it."""
        if any(step < 0 or step % array.itemsize for step in array.strides):
            array = np.array(array, order="C")  # PyTorch knows no such steps
        number = len(self.arrays)
        self.arrays.append(array)
        start = array.__array_interface__["data"][0]
        size = array.itemsize

        self.put(pickle.MARK + pickle.MARK)
        self.save_text("storage")
        self.save_global("torch", f"{dtypes.from_numpy(array.dtype).scalar_name}Storage")
        self.put(lambda: _text(self.placed[number].key))
        self.save_text("cpu")
        self.put(lambda: _integer((self.placed[number].high - self.placed[number].low) // size))
        self.put((pickle.NONE if self.legacy else b"") + pickle.TUPLE + pickle.BINPERSID)
        self.put(lambda: _integer((start - self.placed[number].low) // size if array.size else 0))
        self.save_items(array.shape, pickle.TUPLE)
        self.save_items((step // size for step in array.strides), pickle.TUPLE)
        self.save(requires_grad)
        self.save_call("collections", "OrderedDict")
        self.put(pickle.TUPLE)

    def refused(self, x: Any) -> pickle.PicklingError:
        """The error for what is no data."""
        kind = x if isinstance(x, (type, types.FunctionType)) else type(x)
        name = f"{kind.__module__}.{kind.__qualname__}"
        where = "".join(f"[{key!r:.40}]" for key in self.path)
        if callable(getattr(x, "state_dict", None)) and not isinstance(x, type):
            what = f"a whole {name}"
            remedy = "save its state_dict(), and give that to load_state_dict() later"
        elif kind is x:
            what = f"{name}, a class or function"
            remedy = "a file holds data; save what is needed to find it again"
        elif isinstance(x, Tensor) and x.is_sparse:
            what, remedy = (
                f"a sparse matrix ({name})",
                "save x.indices(), x.values() and x.shape, or x.to_dense()",
            )
        elif isinstance(x, Tensor):
            what, remedy = f"a {name}", "save x.detach(), a plain tensor"
        elif isinstance(x, (np.ndarray, np.generic)):
            what, remedy = f"NumPy's {x.dtype}", "save x.tolist()"
        else:
            what = f"a {name}"
            remedy = (
                "save its values as a dict, list, tuple or number, or allow the class on both sides with "
                "serialization.add_safe_globals"
            )
        return pickle.PicklingError(f"cannot save {what}{' at ' if where else ''}{where}: {remedy}")


def is_numeric(x: Any) -> bool:
    """Whether it is NumPy's, and of plain numbers."""
    kind = x.dtype if type(x) is np.ndarray or isinstance(x, np.generic) else x
    return isinstance(kind, np.dtype) and kind.isnative and kind.str[1:] in allowed.NUMPY_CODES


def _text(text: str) -> bytes:
    content = text.encode("utf-8", "surrogatepass")
    return pickle.BINUNICODE + struct.pack("<I", len(content)) + content


def _integer(n: int) -> bytes:
    if 0 <= n < 1 << 8:
        return pickle.BININT1 + struct.pack("<B", n)
    if 0 <= n < 1 << 16:
        return pickle.BININT2 + struct.pack("<H", n)
    if -(1 << 31) <= n < 1 << 31:
        return pickle.BININT + struct.pack("<i", n)
    content = pickle.encode_long(n)
    if len(content) < 256:
        return pickle.LONG1 + bytes([len(content)]) + content
    return pickle.LONG4 + struct.pack("<i", len(content)) + content


_SCALARS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda x: pickle.NONE,
    bool: lambda x: pickle.NEWTRUE if x else pickle.NEWFALSE,
    int: _integer,
    float: lambda x: pickle.BINFLOAT + struct.pack(">d", x),
}

_SPECIAL: dict[type, Callable[[Pickler, Any], None]] = {
    dict: Pickler.save_dict,
    list: Pickler.save_list,
    tuple: Pickler.save_tuple,
    bytes: Pickler.save_bytes,
    bytearray: lambda p, x: p.save_call("__builtin__", "bytearray", bytes(x)),
    complex: lambda p, x: p.save_call("__builtin__", "complex", x.real, x.imag),
    Size: lambda p, x: p.save_call("torch", "Size", tuple(x)),
    device: lambda p, x: p.save_call("torch", "device", x.type, *(() if x.index is None else (x.index,))),
    dtypes.dtype: lambda p, x: p.save_global(*str(x).split(".")),
}
