"""Recording: how a primitive runs on Tensors.

There are three ways to run. `unary` and `binary` serve element-wise functions and are as short as can be,
since they are what a small model spends its time in; `general` serves everything else.

What a recorded product of three numbers takes, nanoseconds, CPython 3.11 and NumPy 2.4 (PyTorch: some 3,500
forward and backward):

    the ufunc                                         240    170 where it finds its memory in the cache
    a Tensor with its array                           125
    its Storage                                        50
    an empty node                                     105
    the node's parents, number, shape, dtype, saved   205    shape and dtype are objects made by NumPy
    the call of the plan's `record`                    50
    two operands told apart, dtypes, who needs what   175

The first five, 725, need no engine, only a graph: in pure Python half of PyTorch's time leaves 1,025 for the
rest of forward and all of backward, whose ufuncs take 340 of it. Of a chain of 1,000 element-wise operations
both directions together take 1,940 each, 0.55 of PyTorch's. Not done: one function for each primitive in
which the node is made without a call, 55 less, but two hundred more functions to compile at import.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..state import departed, state
from ..storage import InferenceStorage, Storage, Storages
from ..tensor import Tensor, wrap
from ..written import at_first_call
from .node import Node, Output
from .plan import recorders

if TYPE_CHECKING:
    from .primitive import Definition

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
ndarray = np.ndarray
_new = object.__new__
OPERANDS = (Tensor, int, float, complex, np.ndarray, np.generic)
CONSTANT = Storage()  # stands for an argument that is no tensor


def unary(definition: Definition) -> Callable[[Any], Any]:
    """The way an element-wise function of one argument runs: the shortest there is."""
    forward, to_float = definition.forward, definition.promote == "float"
    differentiable = bool(definition.rules)
    records = recorders(definition.plans)
    special = to_float or definition.real  # whether there are dtypes to look out for
    usual = "f" if definition.real else "fc"

    def apply(x: Any) -> Any:
        if not isinstance(x, Tensor):
            return forward(x)
        array = x._array
        if special and array.dtype.kind not in usual:
            check_real(definition, array)
            if to_float and array.dtype.kind not in "fc":
                array = array.astype(dtypes.default_numpy)
        out = forward(array)
        if type(out) is not ndarray:
            out = np.asarray(out)
        result = _new(Tensor)
        result._array = out
        node = x._node
        if node is None or not differentiable or (departed and not state.recording):
            result._storage = InferenceStorage() if departed and state.inference else Storage()
            return result
        storage = result._storage = Storage()
        result._node = records[1](array, out, None, x._storage, storage, node)
        return result

    return apply


def binary(definition: Definition, *, operator: bool = False) -> Callable[[Any, Any], Any]:
    """The way an element-wise function of two arguments runs: tensors and numbers, with type promotion.

    Args:
        definition: the primitive.
        operator: whether it stands for an operator, which asks the other operand where it does not know it.
    """
    forward, to_float = definition.forward, definition.promote == "float"
    differentiable = bool(definition.rules)
    records = recorders(definition.plans)
    meet = partial(promote_real, definition) if definition.real else promote

    def apply(x: Any, y: Any) -> Any:
        a: Any
        b: Any
        x_node = y_node = None
        x_storage = y_storage = CONSTANT
        if isinstance(x, Tensor):
            a, x_node, x_storage = x._array, x._node, x._storage
            dtype = a.dtype
            if isinstance(y, Tensor):
                b, y_node, y_storage = y._array, y._node, y._storage
                if dtype is not b.dtype or not (dtype is F32 or dtype is F64):
                    a, b = meet(a, b, to_float=to_float)
            elif (type(y) is float or type(y) is int) and (dtype is F32 or dtype is F64):
                b = numbers[dtype][y]
            elif operator and not isinstance(y, OPERANDS):
                return NotImplemented
            else:
                a, b = meet(a, y, to_float=to_float)
        elif isinstance(y, Tensor):
            b, y_node, y_storage = y._array, y._node, y._storage
            dtype = b.dtype
            if (type(x) is float or type(x) is int) and (dtype is F32 or dtype is F64):
                a = numbers[dtype][x]
            elif operator and not isinstance(x, OPERANDS):
                return NotImplemented
            else:
                a, b = meet(x, b, to_float=to_float)
        else:
            return forward(x, y)
        try:
            out = forward(a, b)
        except ValueError:
            _check_broadcast(a, b)
            raise
        if type(out) is not ndarray:
            out = np.asarray(out)
        result = _new(Tensor)
        result._array = out
        if not differentiable or (x_node is None and y_node is None) or (departed and not state.recording):
            result._storage = InferenceStorage() if departed and state.inference else Storage()
            return result
        storage = result._storage = Storage()
        record = records[2 if x_node is None else 1 if y_node is None else 3]
        result._node = record(a, b, out, None, x_storage, y_storage, storage, x_node, y_node)
        return result

    return apply


# How every other primitive runs, written out for its own arguments. For `sum` the parts in braces come to
#
#     def apply(a, *, axis=axis, keepdims=keepdims):
#         ...
#         recording = (a_node is not None) and (not departed or state.recording)
#         out = forward(a, axis=axis, keepdims=keepdims)
#         ...
#             node = plans[1].record(a, out, kept, axis, keepdims, a_storage, storage, a_node)
GENERAL = """
def apply({signature}):
    tensor = kept = node = storage = None
    recording = False
{unwrapping}
    if tensor is None:
        return forward({call}){first}
    recording = {recording}
{guard}{promotion}
    {results} = forward({call})
    if type(out) is not ndarray:
        out = as_arrays(out)
    if recording:
        storage = Storages([Storage() for _ in out]) if type(out) is tuple else Storage()
        node = plans[{needs}].record({saving})
{composite}
    if type(out) is tuple:
        return several(out, node, storage)
    result = _new(Tensor)
    result._array = out
    result._storage = storage or (InferenceStorage() if departed and state.inference else Storage())
    if recording and out.dtype.kind in "fc":
        result._node = node
{sharing}
    return result
"""
UNWRAPPING = """
    {x}_node, {x}_storage = None, CONSTANT
    if isinstance({x}, Tensor):
        tensor = {x}
        {x}_node, {x}_storage = {x}._node, {x}._storage
        {x} = {x}._array
"""
UNWRAPPING_ALL = """
    tensor = next((x for x in {x} if isinstance(x, Tensor)), None)
    {x}_node = [x._node if isinstance(x, Tensor) else None for x in {x}]
    {x}_storage = Storages([x._storage if isinstance(x, Tensor) else CONSTANT for x in {x}])
    positions = tuple([i for i, node in enumerate({x}_node) if node is not None])
    {x} = tuple([x._array if isinstance(x, Tensor) else x for x in {x}])
"""


def general(definition: Definition) -> Callable[..., Any]:
    """The way every other primitive runs: `GENERAL`, filled in for it."""
    names = {
        **definition.defaults,
        **globals(),
        "definition": definition,
        "forward": definition.forward,
        "plans": definition.plans,
    }
    # No such file: a traceback shows no source, and anomaly detection still knows that it is ours.
    return at_first_call("apply", partial(_source, definition), f"{__file__}: {definition.__name__}", names)


def _source(definition: Definition) -> str:
    """`GENERAL`, filled in for a primitive."""
    xs, statics, variadic = definition.parameters, definition.statics, definition.variadic
    nodes = [f"{x}_node" for x in xs]
    positional = f"*{xs[0]}" if variadic else ", ".join(xs)
    options = [name for name in statics if name != "recording"]
    given = [f"{name}={name}" for name in options]
    defaults = [name if name not in definition.defaults else f"{name}={name}" for name in options]
    storages = [*[f"{x}_storage" for x in xs], "storage"]
    differentiable = bool(definition.rules or definition.joint)
    needing = "positions" if variadic else "(" + " or ".join(f"{node} is not None" for node in nodes) + ")"
    bits = " + ".join(f"{1 << i} * ({node} is not None)" for i, node in enumerate(nodes))
    one = len(xs) == 1
    inputs = f"({positional},)"
    to_float = definition.promote == "float"
    promoted = inputs if definition.promote is None else f"promote({positional}, to_float={to_float})"
    kept_statics = ", ".join(f"'{name}': {name}" for name in options)
    return GENERAL.format(
        signature=", ".join([positional, *(["*"] if defaults and not variadic else ()), *defaults]),
        unwrapping="".join((UNWRAPPING_ALL if variadic else UNWRAPPING).format(x=x) for x in xs),
        recording=f"{needing} and (not departed or state.recording)" if differentiable else "False",
        promotion=f"    {xs[0]} = tuple({promoted})" if variadic else f"    {positional}, = {promoted}",
        guard=f"    check_real(definition, {positional})\n" if definition.real else "",
        call=", ".join([positional, *[f"{name}={name}" for name in statics]]),
        results="out, kept" if definition.keeps else "out",
        first="[0]" if definition.keeps else "",
        needs="positions" if variadic else "1" if one else bits,
        saving=", ".join([*xs, "out", "kept", *statics, *storages, *nodes]),
        composite=f"        node.inputs, node.statics = {inputs}, {{{kept_statics}}}"
        if definition.composite is not None
        else "",
        sharing=f"    share(result, tensor, lambda source: apply({', '.join(['source', *given])}))"
        if definition.view
        else "",
    )


def as_arrays(out: Any) -> Any:
    """The results of a primitive, among which may be NumPy scalars, as arrays."""
    if type(out) is tuple:
        return tuple([one if type(one) is ndarray else np.asarray(one) for one in out])
    return np.asarray(out)


def several(
    arrays: tuple[np.ndarray, ...], node: Node | None, storages: Storages | None
) -> tuple[Tensor, ...]:
    """The results of one primitive as Tensors, each behind a node of its own that knows its position."""
    results = [result_of(one, None) for one in arrays]
    if node is not None and storages is not None:
        for position, (result, one, storage) in enumerate(zip(results, arrays, storages)):
            result._storage = storage
            if one.dtype.kind in "fc":
                result._node = Output(node, position, one.shape, one.dtype)
    return tuple(results)


def result_of(array: np.ndarray, node: Node | None) -> Tensor:
    """A tensor over an array, on a node."""
    tensor = wrap(array)
    if node is not None:
        tensor._node = node
    return tensor


def share(result: Tensor, source: Tensor, view: Callable[[Any], Any]) -> None:
    """Make `result` a view of `source` if it lies in the same memory: they share their versions.

    Args:
        result, source: the tensors.
        view: how to take this view of another tensor; it holds nothing of `source`.
    """
    array, base = source._array, result._array.base
    if base is None:
        return
    if base is not array and base is not array.base and not np.may_share_memory(result._array, array):
        return
    result._storage = source._storage
    result._view = (source, view)
    source._storage.add_view(result)


class Numbers(dict[float, np.ndarray]):
    """Python numbers as arrays of one dtype: a ufunc takes twice as long where it has to convert them."""

    LIMIT = 1000

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype

    def __missing__(self, number: float) -> np.ndarray:
        array = np.asarray(number, self.dtype)
        array.flags.writeable = False
        if number != 0:  # 0.0 and -0.0 are equal
            if len(self) >= self.LIMIT:
                self.clear()
            self[number] = array
        return array


numbers = {dtype: Numbers(dtype) for dtype in (F32, F64)}


def promote(*operands: Any, to_float: bool = False) -> Any:
    """The operands of an element-wise operation in the dtype that PyTorch gives their result."""
    checked = [_operand(operand) for operand in operands]
    dtype = dtypes.result_type(*checked)
    if to_float and dtype.kind not in "fc":
        dtype = dtypes.default_numpy
    return [
        one.astype(dtype, copy=False) if isinstance(one, np.ndarray) else _scalar(one, dtype)
        for one in checked
    ]


def promote_real(definition: Definition, *operands: Any, to_float: bool = False) -> Any:
    """`promote` for an operation that no complex tensor may enter."""
    found = promote(*operands, to_float=to_float)
    check_real(definition, *found)
    return found


def check_real(definition: Definition, *arrays: Any) -> None:
    """Raise PyTorch's error where an array is complex that should not be."""
    for array in arrays if definition.real else ():
        if isinstance(array, (ndarray, np.generic)) and array.dtype.kind == "c":
            name = dtypes.from_numpy(array.dtype).scalar_name
            raise NotImplementedError(
                f"\"{definition.__name__}\" not implemented for '{name}': it is for real tensors only; "
                "take .real, .imag or .abs() first"
            )


def _scalar(number: Any, dtype: np.dtype) -> Any:
    """A Python number in a dtype; an integer that does not fit wraps around, as in PyTorch."""
    try:
        return dtype.type(number)
    except OverflowError:
        return np.asarray(number).astype(dtype)[()]


def _operand(value: Any) -> Any:
    if isinstance(value, np.ndarray) or type(value) in (bool, int, float, complex):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (int, float, complex)):
        return value
    raise TypeError(
        f"expected a Tensor, an array or a number, got {type(value).__name__}; "
        "convert it with torch.tensor(...) first"
    )


def _check_broadcast(a: Any, b: Any) -> None:
    """Raise PyTorch's error where two shapes do not broadcast."""
    one, two = np.shape(a), np.shape(b)
    for dim in range(1, min(len(one), len(two)) + 1):
        if one[-dim] != two[-dim] and 1 not in (one[-dim], two[-dim]):
            raise RuntimeError(
                f"The size of tensor a ({one[-dim]}) must match the size of tensor b ({two[-dim]}) at "
                f"non-singleton dimension {max(len(one), len(two)) - dim}; the shapes are {list(one)} and "
                f"{list(two)}"
            ) from None
