"""Element types under PyTorch's names, and PyTorch's rules for what mixed types give.

A ``dtype`` is a named singleton that points at the NumPy dtype which stores it. The rest of the package
computes with NumPy dtypes; ``dtype`` objects appear where a user reads or writes one.

Each dtype has a category, ``bool < integer < floating < complex``, and the category decides most promotions.
"""

from __future__ import annotations

import builtins
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np

__all__ = [
    "as_dtype",
    "bfloat16",
    "bool",
    "can_cast",
    "complex128",
    "complex64",
    "double",
    "dtype",
    "finfo",
    "float",
    "float16",
    "float32",
    "float64",
    "from_numpy",
    "get_default_dtype",
    "half",
    "iinfo",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "long",
    "promote_types",
    "result_type",
    "set_default_dtype",
    "short",
    "uint8",
]

_BOOL, _INTEGER, _FLOATING, _COMPLEX = range(4)
_CATEGORY = {"b": _BOOL, "i": _INTEGER, "u": _INTEGER, "f": _FLOATING, "c": _COMPLEX}  # by np.dtype.kind


class dtype:
    """The type of a tensor's elements; one object per type, so ``is`` and ``==`` mean the same.

    Attributes: ``is_floating_point``, ``is_complex``, ``is_signed``, ``itemsize`` (bytes), ``numpy`` (the
    ``np.dtype`` of the storage; TypeError for bfloat16, which NumPy lacks) and ``scalar_name`` (the name in
    PyTorch's messages and in ``Tensor.type()``).

    >>> float32, float32.itemsize, float32.numpy
    (torch.float32, 4, dtype('float32'))

    Source: PyTorch: torch.dtype.
    """

    __slots__ = ("_category", "_name", "is_signed", "itemsize", "numpy", "scalar_name")

    numpy: np.dtype[Any]

    def __init__(self, name: str, scalar_name: str, stored_as: str | None) -> None:
        self._name = name
        self.scalar_name = scalar_name
        like = np.dtype(stored_as or "float16")  # bfloat16, without storage, is float16's kind and size
        self._category = _CATEGORY[like.kind]
        self.itemsize = like.itemsize
        self.is_signed = like.kind not in "bu"
        if stored_as is not None:
            self.numpy = like

    def __getattr__(self, name: str) -> NoReturn:
        if name == "numpy":  # reached only where __init__ left the slot empty
            raise TypeError(
                f"NumPy has no {self._name}, so no tensor can hold it; the nearest is torch.float32"
            )
        raise AttributeError(f"'dtype' object has no attribute {name!r}")

    @property
    def is_floating_point(self) -> builtins.bool:
        """Whether the elements are real floating-point numbers."""
        return self._category == _FLOATING

    @property
    def is_complex(self) -> builtins.bool:
        """Whether the elements are complex numbers."""
        return self._category == _COMPLEX

    def to_real(self) -> dtype:
        """The dtype of the real part: complex64 gives float32; a real dtype gives itself."""
        return {complex64: float32, complex128: float64}.get(self, self)

    def to_complex(self) -> dtype:
        """The complex dtype of this precision: float32 gives complex64. RuntimeError if there is none."""
        if self.is_complex:
            return self
        found = {float32: complex64, bfloat16: complex64, float64: complex128}.get(self)
        if found is None:
            raise RuntimeError(
                f"Unknown Complex ScalarType for {self.scalar_name}: only float32 and float64 have a complex "
                f"dtype, {self} has none; convert to one of them first"
            )
        return found

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> str:
        return self._name  # pickled and copied as this module's global, hence always the same object


float16 = half = dtype("float16", "Half", "float16")
float32 = dtype("float32", "Float", "float32")
float64 = double = dtype("float64", "Double", "float64")
bfloat16 = dtype("bfloat16", "BFloat16", None)
complex64 = dtype("complex64", "ComplexFloat", "complex64")
complex128 = dtype("complex128", "ComplexDouble", "complex128")
uint8 = dtype("uint8", "Byte", "uint8")
int8 = dtype("int8", "Char", "int8")
int16 = short = dtype("int16", "Short", "int16")
int32 = dtype("int32", "Int", "int32")
int64 = long = dtype("int64", "Long", "int64")
# From here on these hide Python's own, which this module therefore calls builtins.float, .int and .bool.
float = float32
int = int32
bool = dtype("bool", "Bool", "bool")

_STORED = (float16, float32, float64, complex64, complex128, uint8, int8, int16, int32, int64, bool)
_FROM_NUMPY = {d.numpy: d for d in _STORED}
_FROM_PYTHON: dict[type, dtype] = {
    builtins.float: float64,
    builtins.int: int64,
    builtins.bool: bool,
    complex: complex128,
}
_WIDER = {  # where the supported dtypes hold the values of an unsupported one
    "uint16": "int32",
    "uint32": "int64",
    "uint64": "int64",
    "longdouble": "float64",
    "clongdouble": "complex128",
}


def from_numpy(numpy_dtype: np.dtype[Any]) -> dtype:
    """The dtype of an array of ``numpy_dtype``; TypeError if there is none, ValueError if it is byte-swapped.

    >>> from_numpy(np.zeros(3).dtype)
    torch.float64
    """
    found = _FROM_NUMPY.get(numpy_dtype)
    if found is None:
        raise _unsupported(np.dtype(numpy_dtype))
    return found


def _unsupported(numpy_dtype: np.dtype[Any]) -> Exception:
    """The error for a NumPy dtype that no tensor can hold."""
    if numpy_dtype.newbyteorder("=") in _FROM_NUMPY:
        return ValueError(
            f"given numpy array has byte order different from the native byte order ({numpy_dtype.str!r}); "
            "byte-swap it first: array.astype(array.dtype.newbyteorder('='))"
        )
    name = numpy_dtype.type.__name__
    supported = ", ".join(d._name for d in _STORED)
    hint = f"; convert it first: array.astype(np.{_WIDER[name]})" if name in _WIDER else ""
    return TypeError(
        f"can't convert np.ndarray of type numpy.{name}. The only supported types are: {supported}{hint}"
    )


def as_dtype(x: object) -> dtype:
    """The dtype that ``x`` names: a dtype, a Python type, an ``np.dtype`` or a NumPy scalar type.

    Python's ``float`` means float64 and ``int`` means int64, as in ``torch.zeros(2, dtype=float)``. Anything
    else raises TypeError, names of dtypes included.

    >>> as_dtype(np.float32), as_dtype(float16), as_dtype(builtins.float)
    (torch.float32, torch.float16, torch.float64)
    """
    if isinstance(x, dtype):
        return x
    if isinstance(x, np.dtype):
        return from_numpy(x)
    if isinstance(x, type):
        if x in _FROM_PYTHON:
            return _FROM_PYTHON[x]
        if issubclass(x, np.generic):
            return from_numpy(np.dtype(x))
    hint = f"; write torch.{x}" if isinstance(x, str) and isinstance(globals().get(x), dtype) else ""
    raise TypeError(
        f"dtype must be a torch.dtype, such as torch.float32, not {type(x).__name__} ({x!r}){hint}"
    )


_default = float32
default_numpy = (
    float32.numpy
)  # set_default_dtype rebinds it: read it as dtypes.default_numpy, never import it


def get_default_dtype() -> dtype:
    """The dtype of new floating-point tensors; torch.float32 until ``set_default_dtype`` changes it.

    Source: PyTorch: torch.get_default_dtype.
    """
    return _default


def set_default_dtype(d: dtype) -> None:
    """Make ``d`` the dtype of new floating-point tensors. TypeError unless it is a floating-point dtype.

    >>> set_default_dtype(float64); result_type(np.arange(3), 0.5); set_default_dtype(float32)
    dtype('float64')

    Source: PyTorch: torch.set_default_dtype.
    """
    global _default, default_numpy
    if not isinstance(d, dtype) or not d.is_floating_point:
        problem = "" if isinstance(d, dtype) else "invalid dtype object: "
        raise TypeError(
            f"{problem}only floating-point types are supported as the default type, not {d!r}; "
            "use torch.float32 or torch.float64"
        )
    default_numpy = d.numpy  # before any change, since bfloat16 raises here
    _default = d
    _resolve.cache_clear()


def promote_types(a: dtype, b: dtype) -> dtype:
    """The smallest dtype that holds both, where a floating dtype absorbs any integer without widening.

    >>> promote_types(int64, float16), promote_types(uint8, int8), promote_types(float64, complex64)
    (torch.float16, torch.int16, torch.complex128)

    Source: PyTorch: torch.promote_types.
    """
    if _checked(a, "promote_types") is _checked(b, "promote_types"):
        return a
    if a._category != b._category and min(a._category, b._category) < _FLOATING:
        return a if a._category > b._category else b
    # bfloat16 has float32's range with less precision, so beside another inexact dtype it acts as float32.
    a, b = (float32 if d is bfloat16 else d for d in (a, b))
    return _FROM_NUMPY[np.promote_types(a.numpy, b.numpy)]


def can_cast(from_: dtype, to: dtype) -> builtins.bool:
    """Whether a result of dtype ``from_`` may be stored as ``to``: unless ``to`` is of a lower category.

    >>> can_cast(float64, float16), can_cast(float32, int64)
    (True, False)

    Source: PyTorch: torch.can_cast.
    """
    return _checked(to, "can_cast")._category >= _checked(from_, "can_cast")._category


def result_type(*operands: np.ndarray[Any, Any] | np.generic | complex) -> np.dtype[Any]:
    """The NumPy dtype of an element-wise operation on ``operands``.

    Operands have three priorities: arrays with dimensions, then 0-d arrays, then Python and NumPy scalars
    (where a float counts as the default dtype and an integer as int64). Within a priority the dtypes are
    promoted. A lower priority matters only if its category is higher: ``x * 2.0`` keeps a float16 ``x`` and
    lifts an integer one to the default dtype.

    float16 with a complex scalar gives complex64, since NumPy lacks PyTorch's complex32.

    >>> x = np.zeros(3, np.float32)
    >>> result_type(x, np.array(1.0)), result_type(np.arange(3), 2.5), result_type(np.array(1.0), 2)
    (dtype('float32'), dtype('float32'), dtype('float64'))

    Source: PyTorch: torch.result_type.
    """
    keys: list[Any] = [
        (x.dtype if x.ndim else (x.dtype,)) if isinstance(x, np.ndarray) else type(x) for x in operands
    ]
    return _resolve(*keys)


@lru_cache(maxsize=1024)
def _resolve(*keys: Any) -> np.dtype[Any]:
    """``result_type`` of operands given by their dtypes, in a tuple if 0-d, or types, if scalars."""
    by_priority: list[dtype | None] = [None, None, None]
    for key in keys:
        if isinstance(key, type):
            priority, found = 2, _wrapped_number(key)
        elif isinstance(key, tuple):
            priority, found = 1, from_numpy(key[0])
        else:
            priority, found = 0, from_numpy(key)
        previous = by_priority[priority]
        by_priority[priority] = found if previous is None else promote_types(previous, found)
    dimensioned, zero_dim, wrapped = by_priority
    result = _combine(dimensioned, _combine(zero_dim, wrapped))
    if result is None:
        raise TypeError("result_type needs at least one operand")
    return result.numpy


def _wrapped_number(scalar_type: type) -> dtype:
    """The dtype that a Python or NumPy scalar of this type stands for."""
    if issubclass(scalar_type, (builtins.bool, np.bool)):
        return bool
    if issubclass(scalar_type, (builtins.int, np.integer)):
        return int64
    if issubclass(scalar_type, (builtins.float, np.floating)):
        return _default
    if issubclass(scalar_type, (complex, np.complexfloating)):
        return promote_types(_default, complex64)
    raise TypeError(
        f"operands must be arrays or numbers, not {scalar_type.__name__}; convert it to an array first"
    )


def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    """The dtype of two priorities together: ``higher`` stands unless ``lower`` has a higher category."""
    if higher is None or lower is None:
        return higher or lower
    if lower._category <= higher._category:
        return higher
    # The real part of a complex result keeps the precision of a floating `higher`.
    return promote_types(higher, complex64 if higher._category == _FLOATING else lower)


_DType = dtype  # for the two classes below, where ``dtype`` is an attribute


class finfo:
    """The limits of a floating-point dtype, by default the default one. A complex dtype means its real part.

    Attributes: ``bits``, ``eps``, ``max``, ``min``, ``resolution``, ``smallest_normal`` (or ``tiny``) and
    ``dtype`` (a str).

    >>> finfo(float32).eps
    1.1920928955078125e-07

    Source: PyTorch: torch.finfo.
    """

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, type: _DType | None = None) -> None:
        d = _default if type is None else _checked(type, "finfo").to_real()
        if not d.is_floating_point:
            raise TypeError(f"torch.finfo() requires a floating point dtype. Use torch.iinfo to handle '{d}'")
        limits = np.finfo(d.numpy)
        self.bits, self.dtype = limits.bits, d._name
        self.eps, self.max, self.min = (builtins.float(x) for x in (limits.eps, limits.max, limits.min))
        self.resolution = 10.0**-limits.precision
        self.smallest_normal = self.tiny = builtins.float(limits.tiny)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )

    def __eq__(self, other: object) -> builtins.bool:
        return self.dtype == other.dtype if isinstance(other, finfo) else NotImplemented


class iinfo:
    """The limits of an integer dtype: ``bits``, ``max``, ``min`` and ``dtype`` (a str).

    >>> iinfo(uint8).max
    255

    Source: PyTorch: torch.iinfo.
    """

    __slots__ = ("bits", "dtype", "max", "min")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, type: _DType) -> None:
        d = _checked(type, "iinfo")
        if d._category > _INTEGER:
            raise TypeError(f"torch.iinfo() requires an integer dtype. Use torch.finfo to handle '{d}'")
        if d is bool:
            raise TypeError("torch.bool is not supported by torch.iinfo; its values are False and True")
        limits = np.iinfo(d.numpy)
        self.bits, self.dtype, self.max, self.min = limits.bits, d._name, limits.max, limits.min

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"

    def __eq__(self, other: object) -> builtins.bool:
        return self.dtype == other.dtype if isinstance(other, iinfo) else NotImplemented


def _checked(x: object, function: str) -> dtype:
    """``x``, if it is a dtype; TypeError naming ``function`` if not."""
    if not isinstance(x, dtype):
        raise TypeError(
            f"{function}() takes a torch.dtype, such as torch.float32, not {type(x).__name__} ({x!r})"
        )
    return x
