"""Indexing: reading and writing parts of tensors with integers, slices, masks and integer tensors.

What can be said with integers, slices, `None` and `...` gives views; masks and integer tensors give copies. Taking
elements and putting elements into zeros are each other's derivative, so both are primitives here.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.inplace import assign, check_writable
from ..autograd.primitive import constant, rule
from ..kernels.scatter import scatter_sum
from ..state import state
from ..tensor import Tensor, base_of, graft, wrap
from ._public import as_array, axis_of, constant_tensor, public, require_tensor
from .shape import broadcast_tensors, unsqueeze_rule

__all__ = [
    "argwhere",
    "diagonal_scatter",
    "fill",
    "fill_",
    "index_put",
    "index_put_",
    "masked_scatter",
    "masked_select",
    "narrow",
    "narrow_copy",
    "nonzero",
    "select",
    "select_scatter",
    "slice_scatter",
    "zero_",
]


# -- the derivatives ---------------------------------------------------------------------------------------------


def slice_(x: Any, *, index: tuple[Any, ...]) -> Any:
    """The view that integers, slices, None and `...` describe."""
    return x[index]


def select_(x: Any, *, axis: int, index: int) -> Any:
    """The view at one position of one dimension."""
    return x[(*[slice(None)] * axis, index, ...)]


def place_(value: Any, *, shape: tuple[int, ...], index: tuple[Any, ...]) -> Any:
    """Zeros of a shape with the region that `slice_` would show filled with values."""
    out = np.zeros(shape, value.dtype)
    out[index] = value
    return out


def index_(x: Any, *, index: tuple[Any, ...]) -> Any:
    """The elements at a mask, or at integer arrays (with full slices between them)."""
    if index[-1].dtype != bool and all(type(one) is slice for one in index[:-1]):
        return x.take(index[-1], axis=len(index) - 1)
    return x[index]


def scatter_(value: Any, *, shape: tuple[int, ...], index: tuple[Any, ...]) -> Any:
    """Zeros of a shape with values added where `index_` would take elements."""
    return scatter_sum(value, shape, index)


def put_(x: Any, value: Any, *, index: tuple[Any, ...]) -> Any:
    """A copy of x with values in place of the elements that `index_` would take."""
    out = np.array(x, order="K")
    out[index] = value
    return out


def put_slice_(x: Any, value: Any, *, index: tuple[Any, ...]) -> Any:
    """A copy of x with values in place of the region that `slice_` would show."""
    out = np.array(x, order="K")
    out[index] = value
    return out


slice_rule = rule(
    slice_, name="slice", view=True, x=lambda g, x_shape, index: place_rule(g, shape=x_shape, index=index)
)
select_rule = rule(
    select_,
    name="select",
    view=True,
    x=lambda g, x_shape, axis, index: place_rule(
        g, shape=x_shape, index=(*[slice(None)] * axis, index, ...)
    ),
)
place_rule = rule(place_, name="slice_backward", value=lambda g, index: slice_rule(g, index=index))
index_rule = rule(
    index_, name="index", x=lambda g, x_shape, index: scatter_rule(g, shape=x_shape, index=index)
)
scatter_rule = rule(scatter_, name="index_put", value=lambda g, index: index_rule(g, index=index))
put_rule = rule(
    put_,
    name="index_put",
    x=lambda g, index: put_rule(g, 0.0, index=index),
    value=lambda g, index: index_rule(g, index=index),
)
put_slice_rule = rule(
    put_slice_,
    name="slice_scatter",
    x=lambda g, index: put_slice_rule(g, 0.0, index=index),
    value=lambda g, index: slice_rule(g, index=index),
)

constant(np.nonzero, np.flatnonzero, np.argwhere)


# -- what stands between the brackets ----------------------------------------------------------------------------


def _as_integers(item: Any) -> np.ndarray:
    """An index given as tensor, array or (nested) sequence, as an array of integers or booleans."""
    array = as_array(item)
    if not isinstance(array, np.ndarray):
        array = np.asarray([as_array(one) for one in item] if len(item) else np.empty(0, np.int64))
    if array.dtype.kind not in "iub":
        raise IndexError(
            "tensors used as indices must be long, int, byte or bool tensors, got "
            f"{array.dtype.name}; convert it with .long()"
        )
    if array.dtype == np.uint8:
        array = array.astype(bool)  # PyTorch reads byte tensors as masks
    return array


def _checked_slice(item: slice) -> slice:
    if item.step is not None and operator.index(item.step) <= 0:
        raise ValueError(f"step must be greater than zero, got {item.step}; use torch.flip to reverse a dimension")
    for bound in (item.start, item.stop):
        if bound is not None and not hasattr(bound, "__index__"):
            raise TypeError(
                "slice indices must be integers or None or have an __index__ method, got "
                f"{type(bound).__name__}"
            )
    return item


def parse(items: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[tuple[Any, ...] | None, Any]:
    """What stands between the brackets, as a basic index (views) and an advanced one to apply after it.

    As PyTorch does, integers are part of the basic index even beside integer tensors. Either part may be None; the
    advanced one is a mask alone, or integer arrays with full slices between them.
    """
    basic: list[Any] = []
    arrays: dict[int, np.ndarray] = {}  # by dimension of what the basic index leaves
    place, taken, plain = 0, 0, True
    wanted = sum(_dimensions(item) for item in items)
    if wanted > len(shape):
        if not shape and type(items[0]) is int:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` to convert a 0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}: got {wanted}")
    for item in items:
        kind = type(item)
        if kind is slice:
            basic.append(_checked_slice(item))
            plain = plain and item == slice(None)
            place, taken = place + 1, taken + 1
        elif item is None or kind is bool or kind is np.bool_:
            basic.append(None)
            if item is not None:
                arrays[place] = np.zeros(1 if item else 0, np.intp)
            place, plain = place + 1, False
        elif item is Ellipsis:
            if Ellipsis in [one for one in basic if one is Ellipsis]:
                raise IndexError("an index can only have a single ellipsis ('...')")
            basic.append(item)
            place, taken = place + len(shape) - wanted, taken + len(shape) - wanted
        elif kind is int or isinstance(item, (int, np.integer)):
            basic.append(int(item))
            taken, plain = taken + 1, False
        elif isinstance(item, (Tensor, np.ndarray, list, tuple, range)):
            array = _as_integers(item)
            if array.ndim == 0 and array.dtype != bool:
                basic.append(int(array))
                taken, plain = taken + 1, False
            elif array.ndim == 0:
                basic.append(None)
                arrays[place] = np.zeros(int(array), np.intp)
                place, plain = place + 1, False
            elif array.dtype == bool:
                _check_mask(array, shape, taken)
                basic += [slice(None)] * array.ndim
                for axis, found in enumerate([array] if len(items) == 1 else array.nonzero()):
                    arrays[place + axis] = found
                place, taken = place + array.ndim, taken + array.ndim
            else:
                basic.append(slice(None))
                arrays[place] = array
                place, taken = place + 1, taken + 1
        else:
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
                f"(got {kind.__name__})"
            )
    advanced = tuple([arrays.get(axis, slice(None)) for axis in range(max(arrays) + 1)]) if arrays else None
    return None if plain else (*basic, ...) if Ellipsis not in map(id_of, basic) else tuple(basic), advanced
