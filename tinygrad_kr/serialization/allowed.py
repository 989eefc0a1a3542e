"""The allow-list: what the names in a file mean, and what may be made of them.

A pickle names classes and functions, and says with which arguments to call them. Here a name is a key of one
dict. `GLOBALS` says what stands for it, `MAKERS` what happens when it is called: a function of this package
that checks its arguments first. Names that are not in it raise.
"""

from __future__ import annotations

import pickle
import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..devices import device
from ..size import Size
from ..tensor import Tensor
from . import tensors
from .tensors import (
    StorageType,
    rebuild_from_type,
    rebuild_parameter,
    rebuild_parameter_with_state,
    rebuild_tensor,
)

__all__ = [
    "GLOBALS",
    "MAKERS",
    "NUMPY_CODES",
    "add_safe_globals",
    "build_numpy_array",
    "build_numpy_dtype",
    "build_ordered_dict",
    "check_key",
    "clear_safe_globals",
    "get_safe_globals",
    "refusal",
    "safe_globals",
    "user_globals",
]

_MOST_IN_A_KEY = 1000
_SCALARS = (str, bytes, int, float, complex, type(None), dtypes.dtype, device, Tensor, np.generic)

_user: dict[str, Any] = {}  # what `add_safe_globals` allowed, by name


# -- what may be made ----------------------------------------------------------------------------------------
#
# An argument can be anything that a file can build, a tensor that claims 2**50 elements included. So types
# are looked at first, and nothing is printed, compared or iterated over before.


def check_key(key: Any) -> None:
    """UnpicklingError unless `key` can be hashed quickly: tuples may contain each other many times over."""
    waiting, seen = [key], 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if isinstance(one, (tuple, frozenset)) and seen + len(waiting) + len(one) <= _MOST_IN_A_KEY:
            waiting.extend(one)
        elif not isinstance(one, _SCALARS) and type(one) not in _user.values():
            raise pickle.UnpicklingError(
                f"a {type(key).__name__} cannot be a key of a dict or part of a set here"
            )


def sequence(x: Any) -> Any:
    """`x`, if it is a list or a tuple."""
    if type(x) not in (list, tuple, Size):
        raise pickle.UnpicklingError(f"a list or tuple is needed here, not {type(x).__name__}")
    return x


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """How protocol 2 spells bytes."""
    if type(text) is not str or type(encoding) is not str or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError("bytes must come as latin1 text")
    return text.encode("latin1")


def _bytes() -> bytes:
    return b""


def _bytearray(content: Any = b"", encoding: Any = "latin1") -> bytearray:
    return bytearray(content if type(content) is bytes else _encode(content, encoding))


def _ordered_dict(pairs: Any = ()) -> OrderedDict[Any, Any]:
    made: OrderedDict[Any, Any] = OrderedDict()
    for pair in sequence(pairs):
        key, value = sequence(pair)
        check_key(key)
        made[key] = value
    return made


def _counter(counts: Any = None) -> Counter[Any]:
    if counts is not None and type(counts) is not dict:
        raise pickle.UnpicklingError(f"a Counter is made of a dict, not of {type(counts).__name__}")
    return Counter(counts)


def _default_dict(factory: Any = None) -> defaultdict[Any, Any]:
    known = (None, *_BUILTINS, OrderedDict, Counter, *_user.values())
    if not any(factory is one for one in known):
        raise pickle.UnpicklingError("the factory of a defaultdict must be a basic type such as list or int")
    return defaultdict(factory)


def _set(items: Any = ()) -> set[Any]:
    for item in sequence(items):
        check_key(item)
    return set(items)


def _frozenset(items: Any = ()) -> frozenset[Any]:
    return frozenset(_set(items))


def _complex(real: Any, imag: Any) -> complex:
    if type(real) not in (int, float) or type(imag) not in (int, float):
        raise pickle.UnpicklingError("a complex number is made of two numbers")
    return complex(real, imag)


def _size(items: Any = ()) -> Size:
    return Size(sequence(items))


def _numpy_dtype(code: Any, align: Any = False, copy: Any = True) -> np.dtype[Any]:
    if type(code) is not str or code not in NUMPY_CODES:
        raise pickle.UnpicklingError(
            "a NumPy dtype must be one of plain numbers: objects and texts are not allowed"
        )
    return np.dtype(code)


def _numpy_scalar(kind: Any, content: Any) -> Any:
    if not isinstance(kind, np.dtype) or type(content) is not bytes or len(content) != kind.itemsize:
        raise pickle.UnpicklingError("a NumPy scalar needs a dtype and as many bytes as that has")
    return np.frombuffer(content, kind)[0]


def _numpy_array(kind: Any, shape: Any, code: Any) -> np.ndarray:
    """An empty array: what it holds comes later, see `build_numpy_array`."""
    return np.empty(0, np.int8)


NUMPY_CODES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
_BUILTINS = (list, dict, set, frozenset, tuple, int, float, str, bool, bytes, bytearray, complex)
_OWN = (
    *(_encode, _numpy_scalar, _numpy_array),
    *(rebuild_tensor, rebuild_parameter, rebuild_parameter_with_state, rebuild_from_type),
)

MAKERS: dict[Any, Callable[..., Any]] = {
    OrderedDict: _ordered_dict,
    Counter: _counter,
    defaultdict: _default_dict,
    set: _set,
    frozenset: _frozenset,
    bytes: _bytes,
    bytearray: _bytearray,
    complex: _complex,
    Size: _size,
    device: device,
    np.dtype: _numpy_dtype,
    **{function: function for function in _OWN},
}

_DTYPES = {value for value in vars(dtypes).values() if isinstance(value, dtypes.dtype)}

GLOBALS: dict[str, Any] = {
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,
    "collections.defaultdict": defaultdict,
    "_codecs.encode": _encode,
    "torch.Size": Size,
    "torch.device": device,
    "torch.Tensor": Tensor,
    "torch._utils._rebuild_tensor": rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": rebuild_tensor,
    "torch._utils._rebuild_parameter": rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": rebuild_parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": rebuild_from_type,
    "torch.storage.UntypedStorage": StorageType(dtypes.uint8),
    "numpy.dtype": np.dtype,
    "numpy.ndarray": np.ndarray,
    **{f"numpy.{core}.multiarray.scalar": _numpy_scalar for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray._reconstruct": _numpy_array for core in ("core", "_core")},
    **{f"torch.{kind.scalar_name}Storage": StorageType(kind) for kind in _DTYPES},
    **{str(kind): kind for kind in _DTYPES},
    # Protocol 2 has Python 2's name of the module.
    **{f"{module}.{kind.__name__}": kind for kind in _BUILTINS for module in ("builtins", "__builtin__")},
}


def refusal(name: str) -> pickle.UnpicklingError:
    """The error for a name that is not allowed, with what to do about it."""
    if name.startswith("torch.nn."):
        why = (
            "the file holds a whole module, whose code would have to be run. In PyTorch, save its weights "
            "instead: torch.save(model.state_dict(), f); here, build the model and call model.load_state_dict"
        )
    elif name.startswith(("torch.", "torch_")):
        why = (
            "this package has nothing like it; in PyTorch, convert it to dense tensors of usual dtypes first"
        )
    else:
        why = (
            "what a file names is never run. If it is a module, save model.state_dict() instead; if it is a "
            f"class of yours whose values you trust, allow it: serialization.add_safe_globals([{name}])"
        )
    return pickle.UnpicklingError(f"Unsupported global: GLOBAL {name} was not an allowed global: {why}")


# -- what may be changed after it was made -------------------------------------------------------------------


def build_ordered_dict(target: OrderedDict[Any, Any], state: Any) -> None:
    """Give it attributes: the `_metadata` of a state dict is one."""
    if type(state) is not dict:
        raise pickle.UnpicklingError("the attributes of an OrderedDict must be a dict")
    for name, value in state.items():
        if type(name) is not str or hasattr(OrderedDict, name):
            raise pickle.UnpicklingError(f"a file cannot set the attribute {name!r:.80} of an OrderedDict")
        setattr(target, name, value)


def build_numpy_dtype(target: np.dtype[Any], state: Any) -> None:
    """Check that the rest of what a dtype's pickle says changes nothing."""
    order, *fields = sequence(state)[1:5]
    known = type(order) is str and order in ("|", "=", "<" if sys.byteorder == "little" else ">")
    if not known or any(one is not None for one in fields):
        raise pickle.UnpicklingError("NumPy arrays of another byte order, or with fields, are not allowed")


def build_numpy_array(target: np.ndarray, state: Any) -> None:
    """Fill an array that `_numpy_array` made."""
    _, shape, kind, fortran, content = sequence(state)
    if not (type(content) is bytes and isinstance(kind, np.dtype) and tensors.possible(sequence(shape))):
        raise pickle.UnpicklingError("a NumPy array needs a possible shape, a dtype and bytes")
    if tensors.numel(shape) * kind.itemsize != len(content):
        raise pickle.UnpicklingError(f"a NumPy array of shape {shape} cannot have {len(content)} bytes")
    target.__setstate__((1, shape, kind, fortran is True, content))  # type: ignore[arg-type]


# -- what the user allows ------------------------------------------------------------------------------------


def user_globals() -> dict[str, Any]:
    """What `add_safe_globals` allowed, by name."""
    return _user


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Allow classes and functions of your own in files: `load` may then call them, and `save` write them.

    Args:
        safe_globals: classes and functions, or pairs of one and the full name it has in the file.

    >>> import argparse, io
    >>> file = io.BytesIO()
    >>> with torch.serialization.safe_globals([argparse.Namespace]):
    ...     torch.save({"args": argparse.Namespace(lr=0.1)}, file)
    ...     _ = file.seek(0)
    ...     torch.load(file)
    {'args': Namespace(lr=0.1)}

    Source: PyTorch, `torch.serialization.add_safe_globals`.
    """
    _user.update(_named(safe_globals))


def get_safe_globals() -> list[Any]:
    """What `add_safe_globals` has allowed."""
    return list(_user.values())


def clear_safe_globals() -> None:
    """Forget what `add_safe_globals` has allowed."""
    _user.clear()


class safe_globals:
    """`add_safe_globals` for a `with` block.

    Source: PyTorch, `torch.serialization.safe_globals`.
    """

    def __init__(self, safe_globals: list[Any]) -> None:
        self._added = _named(safe_globals)

    def __enter__(self) -> None:
        _user.update(self._added)

    def __exit__(self, *error: object) -> None:
        for name in self._added:
            _user.pop(name, None)


def _named(safe_globals: Iterable[Any]) -> dict[str, Any]:
    named = {}
    for one in safe_globals:
        pair = one if isinstance(one, tuple) else (one, f"{one.__module__}.{one.__qualname__}")
        if len(pair) != 2 or not isinstance(pair[1], str):
            raise ValueError(f"Expected a class or function, or a pair of one and its full name, got {one!r}")
        named[pair[1]] = pair[0]
    return named
