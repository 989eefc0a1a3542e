"""A pickle machine that can make data and nothing else.

Python's own unpickler imports what a file names, calls what it finds, and sets any attribute of anything.
This one knows the opcodes that data needs. It looks names up in the allow-list, calls only what stands there
as a maker, and changes only lists, dicts, sets and what it made itself.

Work and memory are bounded by the size of the pickle: every opcode takes at least a byte and adds at most one
object, lengths are checked against what is left, and the arguments of calls, which may be large objects named
again and again, are charged to a budget.
"""

from __future__ import annotations

import pickle
import struct
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from . import allowed

__all__ = ["Unpickler"]

_SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset)
_BLOCKED = ("sys", "os", "posix", "nt")  # never allowed, whatever the user says


class Unpickler:
    """Reads one pickle from `data`, beginning at `at`; afterwards `at` is the byte behind it.

    Args:
        data: the pickle, and whatever follows it.
        persistent_load: gives the storage for its description in the pickle.
        encoding: of Python 2's strings; "bytes" keeps them as bytes.
        at: where to begin.

    Raises:
        pickle.UnpicklingError: the pickle asks for what is not allowed, or is damaged.
        EOFError: it ends too early.
    """

    def __init__(
        self,
        data: Any,
        persistent_load: Callable[[Any], Any] | None = None,
        *,
        encoding: str = "utf-8",
        at: int = 0,
    ) -> None:
        self.data = memoryview(data)
        self.at = at
        self.persistent_load = persistent_load
        self.encoding = encoding
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []  # the stacks below the marks
        self.memo: dict[int, Any] = {}
        self.budget = 4 * len(self.data) + 1000

    def load(self) -> Any:
        """The object that the pickle describes."""
        try:
            while True:
                opcode = self.take(1)[0]
                if opcode == pickle.STOP[0]:
                    return self.stack.pop()
                action = _ACTIONS.get(opcode)
                if action is None:
                    raise pickle.UnpicklingError(f"opcode {bytes([opcode])!r} is not allowed")
                action(self)
        except (LookupError, TypeError, ValueError, OverflowError, AttributeError, struct.error) as error:
            raise pickle.UnpicklingError(
                f"the pickle is damaged at byte {self.at}: {type(error).__name__}: {error}"
            ) from error

    # -- what the opcodes are made of ------------------------------------------------------------------------

    def take(self, count: int) -> memoryview:
        """The next `count` bytes."""
        end = self.at + count
        if not self.at <= end <= len(self.data):
            raise EOFError(
                f"the pickle ends at byte {len(self.data)}, in the middle of a value: it is cut short"
            )
        self.at, start = end, self.at
        return self.data[start:end]

    def number(self, form: str) -> Any:
        """The next number, in the notation of `struct`."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def counted(self, form: str) -> bytes:
        """The next bytes, whose number comes first."""
        return bytes(self.take(self.number(form)))

    def line(self) -> str:
        """The next line, without its end."""
        here = bytes(self.data[self.at : self.at + 1000])
        text = here[: here.index(b"\n")]
        self.at += len(text) + 1
        return text.decode()

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def marked(self) -> list[Any]:
        """All values since the last mark."""
        items, self.stack = self.stack, self.outer.pop()
        return items

    def text(self, content: bytes) -> Any:
        """A string of Python 2."""
        return content if self.encoding == "bytes" else content.decode(self.encoding)

    def charge(self, argument: Any) -> None:
        """Count what a call is going to copy."""
        self.budget -= len(argument) if isinstance(argument, _SIZED) else 0
        if self.budget < 0:
            raise pickle.UnpicklingError(
                "the pickle uses the same large objects over and over; that is an attack"
            )

    # -- what needs care -------------------------------------------------------------------------------------

    def find(self, module: Any, name: Any) -> None:
        """Push what a name stands for."""
        if type(module) is not str or type(name) is not str:
            raise pickle.UnpicklingError("a name must be text")
        full = f"{module}.{name}"
        if full in allowed.GLOBALS:
            self.push(allowed.GLOBALS[full])
        elif full in allowed.user_globals() and module not in _BLOCKED:
            self.push(allowed.user_globals()[full])
        else:
            raise allowed.refusal(full)

    def is_users(self, thing: Any) -> bool:
        """Whether the user allowed this very class or function."""
        return any(thing is one for one in allowed.user_globals().values())

    def reduce(self) -> None:
        """Call a maker, or what the user allowed."""
        arguments = self.stack.pop()
        function = self.stack[-1]
        if type(arguments) is not tuple:
            raise pickle.UnpicklingError(f"arguments must be a tuple, got {type(arguments).__name__}")
        for argument in arguments:
            self.charge(argument)
        if not callable(function):
            raise pickle.UnpicklingError(f"a {type(function).__name__} cannot be called")
        maker = function if self.is_users(function) else allowed.MAKERS.get(function)
        if maker is None:
            raise pickle.UnpicklingError(f"{function} is not allowed to be called")
        self.stack[-1] = maker(*arguments)

    def new(self) -> None:
        """Make an object of a class that the user allowed."""
        arguments = self.stack.pop()
        kind = self.stack.pop()
        if not self.is_users(kind) or type(arguments) is not tuple:
            raise pickle.UnpicklingError("only classes allowed with add_safe_globals can make new objects")
        self.push(kind.__new__(kind, *arguments))

    def build(self) -> None:
        """Give an object its state."""
        state = self.stack.pop()
        target = self.stack[-1]
        kind = type(target)
        if kind is OrderedDict:
            allowed.build_ordered_dict(target, state)
        elif isinstance(target, np.dtype):
            allowed.build_numpy_dtype(target, state)
        elif kind is np.ndarray:
            self.charge(state[4])
            allowed.build_numpy_array(target, state)
        elif not self.is_users(kind):
            raise pickle.UnpicklingError(f"a file cannot set the state of a {kind.__name__}")
        elif hasattr(target, "__setstate__"):
            target.__setstate__(state)
        else:
            attributes, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
            target.__dict__.update(attributes or {})
            for name, value in (slots or {}).items():
                setattr(target, name, value)

    def persistent(self) -> None:
        """Push a storage."""
        described = self.stack.pop()
        if self.persistent_load is None or type(described) is not tuple or not described:
            raise pickle.UnpicklingError("a storage was expected, described by a tuple")
        self.push(self.persistent_load(described))

    def target(self, *kinds: type) -> Any:
        """What lies on top of the stack, if it is exactly of one of these types."""
        if type(self.stack[-1]) not in kinds:
            raise pickle.UnpicklingError(f"nothing can be added to a {type(self.stack[-1]).__name__}")
        return self.stack[-1]

    def extend(self, items: list[Any]) -> None:
        """Append to a list."""
        self.target(list).extend(items)

    def update(self, items: list[Any]) -> None:
        """Set keys of a dict; `items` are keys and values in turn."""
        target = self.target(dict, OrderedDict, defaultdict, Counter)
        for key, value in zip(items[::2], items[1::2], strict=True):
            allowed.check_key(key)
            target[key] = value

    def add(self, items: list[Any]) -> None:
        """Add to a set."""
        target = self.target(set)
        for item in items:
            allowed.check_key(item)
            target.add(item)

    def last(self, count: int) -> list[Any]:
        """The `count` values on top of the stack, taken off."""
        if len(self.stack) < count:
            raise pickle.UnpicklingError("the pickle is damaged: a value is missing")
        items, self.stack[-count:] = self.stack[-count:], []
        return items

    def mark(self) -> None:
        """Begin a new stack."""
        self.outer.append(self.stack)
        self.stack = []

    def store(self, index: int) -> None:
        """Remember the value on top of the stack."""
        self.memo[index] = self.stack[-1]

    def protocol(self) -> None:
        """Check the version."""
        if self.number("<B") > pickle.HIGHEST_PROTOCOL:
            raise pickle.UnpicklingError("this version of pickle does not exist")


def _long(content: bytes) -> int:
    return int.from_bytes(content, "little", signed=True)


def _utf8(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")


_ACTIONS: dict[int, Callable[[Unpickler], Any]] = {
    code[0]: action
    for code, action in {
        pickle.PROTO: Unpickler.protocol,
        pickle.FRAME: lambda u: u.take(8),
        pickle.MARK: Unpickler.mark,
        pickle.NONE: lambda u: u.push(None),
        pickle.NEWTRUE: lambda u: u.push(True),
        pickle.NEWFALSE: lambda u: u.push(False),
        pickle.BININT: lambda u: u.push(u.number("<i")),
        pickle.BININT1: lambda u: u.push(u.number("<B")),
        pickle.BININT2: lambda u: u.push(u.number("<H")),
        pickle.LONG1: lambda u: u.push(_long(u.counted("<B"))),
        pickle.LONG4: lambda u: u.push(_long(u.counted("<I"))),
        pickle.BINFLOAT: lambda u: u.push(u.number(">d")),
        pickle.SHORT_BINSTRING: lambda u: u.push(u.text(u.counted("<B"))),
        pickle.BINSTRING: lambda u: u.push(u.text(u.counted("<I"))),
        pickle.SHORT_BINUNICODE: lambda u: u.push(_utf8(u.counted("<B"))),
        pickle.BINUNICODE: lambda u: u.push(_utf8(u.counted("<I"))),
        pickle.BINUNICODE8: lambda u: u.push(_utf8(u.counted("<Q"))),
        pickle.SHORT_BINBYTES: lambda u: u.push(u.counted("<B")),
        pickle.BINBYTES: lambda u: u.push(u.counted("<I")),
        pickle.BINBYTES8: lambda u: u.push(u.counted("<Q")),
        pickle.BYTEARRAY8: lambda u: u.push(bytearray(u.counted("<Q"))),
        pickle.EMPTY_TUPLE: lambda u: u.push(()),
        pickle.EMPTY_LIST: lambda u: u.push([]),
        pickle.EMPTY_DICT: lambda u: u.push({}),
        pickle.EMPTY_SET: lambda u: u.push(set()),
        pickle.TUPLE: lambda u: u.push(tuple(u.marked())),
        pickle.TUPLE1: lambda u: u.push(tuple(u.last(1))),
        pickle.TUPLE2: lambda u: u.push(tuple(u.last(2))),
        pickle.TUPLE3: lambda u: u.push(tuple(u.last(3))),
        pickle.FROZENSET: lambda u: u.push(allowed.MAKERS[frozenset](u.marked())),
        pickle.APPEND: lambda u: u.extend(u.last(1)),
        pickle.APPENDS: lambda u: u.extend(u.marked()),
        pickle.SETITEM: lambda u: u.update(u.last(2)),
        pickle.SETITEMS: lambda u: u.update(u.marked()),
        pickle.ADDITEMS: lambda u: u.add(u.marked()),
        pickle.BINPUT: lambda u: u.store(u.number("<B")),
        pickle.LONG_BINPUT: lambda u: u.store(u.number("<I")),
        pickle.MEMOIZE: lambda u: u.store(len(u.memo)),
        pickle.BINGET: lambda u: u.push(u.memo[u.number("<B")]),
        pickle.LONG_BINGET: lambda u: u.push(u.memo[u.number("<I")]),
        pickle.GLOBAL: lambda u: u.find(u.line(), u.line()),
        pickle.STACK_GLOBAL: lambda u: u.find(*u.last(2)),
        pickle.REDUCE: Unpickler.reduce,
        pickle.NEWOBJ: Unpickler.new,
        pickle.BUILD: Unpickler.build,
        pickle.BINPERSID: Unpickler.persistent,
    }.items()
}
