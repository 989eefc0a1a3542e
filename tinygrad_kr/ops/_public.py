"""Public names: one decorator gives an operation its function, its method, its in-place form and `out=`.

A page declares each public operation once:

    @public(inplace=True)
    def exp(input: Tensor) -> Tensor:
        \"\"\"...\"\"\"
        return exp_primitive(input)

and the decorator grafts `Tensor.exp` and `Tensor.exp_`, lets the function take `out=`, and enters it in
`faces`, which the tests walk: a public name without a declared property test fails there.
"""

from __future__ import annotations

import functools
import operator
import warnings
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np

from .. import dtypes
from ..autograd.inplace import assign, check_writable, original
from ..state import state
from ..tensor import Tensor, dimension_error, graft, wrap
from ..written import at_once, parameters_of

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Face:
    """What `public` made of one operation."""

    name: str
    module: str
    function: Callable[..., Any]
    methods: tuple[str, ...]
    inplace: tuple[str, ...]


faces: dict[str, Face] = {}


def public(
    *,
    method: bool | str | Sequence[str] = True,
    inplace: bool | str | Sequence[str] = False,
    out: bool = True,
    saves_input: bool = True,
) -> Callable[[F], F]:
    """Declare a public operation.

    Args:
        method: graft it on `Tensor` under its own name (True), under these names, or not at all.
        inplace: graft the in-place form under the name followed by `_` (True), or under these names.
        out: whether the function takes `out=`, a tensor (or tuple of them) that receives the result.
        saves_input: whether a rule may name the first argument, which the in-place form then keeps a copy of.
    """

    def decorate(function: F) -> F:
        name = function.__name__.rstrip("_")
        face = _face(function, out=out)
        function = _face(function, out=False)
        methods = _names(method, name)
        changing = _names(inplace, name + "_")
        for one in methods:
            graft(function, one)
        for one in changing:
            graft(in_place(function, one, saves_input=saves_input), one)
        key = name if name not in faces else f"{function.__module__.rsplit('.', 1)[-1]}.{name}"
        faces[key] = Face(name, function.__module__, face, methods, changing)
        return face  # type: ignore[return-value]

    return decorate


def _names(wanted: bool | str | Sequence[str], default: str) -> tuple[str, ...]:
    if isinstance(wanted, bool):
        return (default,) if wanted else ()
    return (wanted,) if isinstance(wanted, str) else tuple(wanted)


def in_place(
    function: Callable[..., Tensor], name: str, *, saves_input: bool = True
) -> Callable[..., Tensor]:
    """The form of an operation that writes its result into its first argument.

    `saves_input=False` says that no rule of the operation names that argument, whose old values are not kept.
    """

    def changed(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_writable(self)
        source = original(self, (*args, *kwargs.values())) if saves_input else self
        return assign(self, function(source, *args, **kwargs))

    changed.__name__ = changed.__qualname__ = name
    changed.__doc__ = (
        f"In-place form of `{function.__name__.rstrip('_')}`: changes this tensor and returns it."
    )
    changed.__wrapped__ = function  # type: ignore[attr-defined]
    return changed


# What a public function is, written out for its own arguments. For `softmax` with `out=` it comes to
#
#     def face(input, dim, *, dtype=None, axis=missing, out=None):
#         if axis is not missing:
#             dim = axis
#         if out is not None:
#             return deliver(function(input, dim, dtype=dtype), out, name)
#         return function(input, dim, dtype=dtype)
_FACE = """
def face({signature}):
{words}
{out}
    return function({call})
"""
_NUMPY_WORDS = (("axis", "dim"), ("keepdims", "keepdim"))
_missing = object()


def _face(function: F, *, out: bool) -> F:
    """The function taking `axis` for `dim` and `keepdims` for `keepdim` as well, as PyTorch's do, and `out=`.

    A wrapper of any arguments would spend 0.1 to 0.25 microseconds on packing them, so one is written out;
    only where a required argument follows `dim`, or there is any number of them, it has to be that.
    """
    positional, keywords, any_number, defaults = parameters_of(function)
    every = positional + keywords
    words = [pair for pair in _NUMPY_WORDS if "dim" in every and pair[1] in every]
    if not words and not out:
        return function
    required = [name for name in every if name not in defaults]
    if any_number or (words and "dim" in required[:-1]):
        return _face_of_any(function, words, out)
    asked = [f"{name}={name}" if name in defaults else name for name in positional]
    asked += ["*", *[f"{name}={name}" if name in defaults else name for name in keywords]]
    asked += [f"{theirs}=missing" for theirs, _ in words] + (["out=None"] if out else [])
    call = ", ".join([*positional, *[f"{name}={name}" for name in keywords]])
    lines = [f"    if {theirs} is not missing:\n        {ours} = {theirs}" for theirs, ours in words]
    if words and "dim" in required:  # `dim` or `axis`: leave it out, and the function will say so
        asked[positional.index("dim")] = "dim=missing"
        lines.append(f"    if dim is missing:\n        function({', '.join(required[:-1])})")
    delivery = f"    if out is not None:\n        return deliver(function({call}), out, name)"
    names: dict[str, Any] = {
        **defaults,
        "function": function,
        "missing": _missing,
        "deliver": deliver,
        "name": function.__name__,
    }
    signature = ", ".join(asked).removesuffix(", *")
    source = _FACE.format(signature=signature, words="\n".join(lines), out=delivery if out else "", call=call)
    at_once(source, f"{__file__}: face", names)
    return cast(F, functools.update_wrapper(names["face"], function))


def _face_of_any(function: F, words: list[tuple[str, str]], out: bool) -> F:
    @functools.wraps(function)
    def face(*args: Any, **kwargs: Any) -> Any:
        for theirs, ours in words:
            if theirs in kwargs:
                kwargs[ours] = kwargs.pop(theirs)
        target = kwargs.pop("out", None) if out else None
        result = function(*args, **kwargs)
        return result if target is None else deliver(result, target, function.__name__)

    return face  # type: ignore[return-value]


def deliver(result: Any, out: Any, name: str) -> Any:
    """Write results into the tensors given as `out=`, resizing them as PyTorch does, and return those."""
    if isinstance(result, tuple):
        for one, target in zip(result, out):
            deliver(one, target, name)
        return type(result)(*out) if hasattr(result, "_fields") else tuple(out)
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if state.recording and (result._node is not None or out._node is not None):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one "
            f"of the "
            "arguments requires grad. Leave out= away, or work under torch.no_grad()."
        )
    if not dtypes.can_cast(result.dtype, out.dtype):
        raise RuntimeError(f"result type {result.dtype} can't be cast to the desired output type {out.dtype}")
    if out._array.shape != result._array.shape:
        if out._array.size:
            warnings.warn(
                f"an output with one or more elements was resized since it had shape {list(out.shape)}, "
                f"which does not "
                f"match the required output shape {list(result.shape)}",
                UserWarning,
                stacklevel=3,
            )
        out._array = np.empty(result._array.shape, out._array.dtype)
    out._array[...] = result._array
    out._storage.version += 1
    return out


# -- translating PyTorch's words -----------------------------------------------------------------


def require_tensor(value: Any, function: str, argument: str = "input") -> Tensor:
    """The value, or PyTorch's TypeError if it is no Tensor."""
    if not isinstance(value, Tensor):
        hint = "; wrap it: torch.as_tensor(...)" if isinstance(value, (int, float, list, np.ndarray)) else ""
        raise TypeError(
            f"{function}(): argument '{argument}' must be Tensor, not {type(value).__name__}{hint}"
        )
    return value


def require_ordered(value: Any, function: str, argument: str = "input") -> Tensor:
    """The value, or PyTorch's error if it is no Tensor or complex, since complex numbers have no order."""
    if require_tensor(value, function, argument).is_complex():
        raise NotImplementedError(
            f"{function}() does not support complex input, got {value.dtype}: complex numbers have no order; "
            "take .real, .imag or .abs() first"
        )
    return value  # type: ignore[no-any-return]


def axis_of(dim: int, ndim: int) -> int:
    """A `dim` as a non-negative axis; a 0-d tensor has the dims -1 and 0."""
    size = max(ndim, 1)
    if not -size <= dim < size:
        raise dimension_error(dim, ndim)
    return dim % size


def axes_of(dim: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """A `dim` argument as a tuple of axes; None and () mean all of them. On a 0-d tensor there are none."""
    if type(dim) is int:
        axis = axis_of(dim, ndim)
        return (axis,) if ndim else ()
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        return tuple(range(ndim))
    axes = tuple(axis_of(one, ndim) for one in ((dim,) if isinstance(dim, int) else dim))
    if len(set(axes)) != len(axes):
        repeated = next(axis for axis in axes if axes.count(axis) > 1)
        raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")
    return axes if ndim else ()


def sizes_of(sizes: Sequence[Any], keyword: Any = None) -> tuple[int, ...]:
    """Numbers given as `f(2, 3)`, `f((2, 3))`, `f(torch.Size([2, 3]))` or by keyword, as a tuple of ints."""
    if keyword is not None:
        sizes = (keyword,)
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[0]
    return tuple(size if type(size) is int else operator.index(size) for size in sizes)


def structured(name: str, *fields: str) -> Any:
    """A named tuple that prints as PyTorch's `torch.return_types`."""

    def represent(self: Any) -> str:
        inside = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self))
        return f"torch.return_types.{name}(\n{inside})"

    base = namedtuple(name, fields)  # type: ignore[misc]
    return type(name, (base,), {"__repr__": represent, "__slots__": (), "__module__": __name__})


def as_array(value: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return value._array if isinstance(value, Tensor) else value


def constant_tensor(array: Any) -> Tensor:
    """A tensor over an array that no gradient flows through."""
    return wrap(np.asarray(array))
