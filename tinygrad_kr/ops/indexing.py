"""Indexing: reading and writing parts of tensors with integers, slices, masks and integer tensors.

What integers, slices, `None` and `...` describe is a view; masks and integer tensors give copies. Taking
elements and placing elements among zeros are each other's derivative, so both are primitives here.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.inplace import assign, check_writable
from ..autograd.primitive import Primitive, constant, rule
from ..kernels.scatter import add_at, numbered, scatter_sum, shape_at
from ..state import state
from ..tensor import Tensor, base_of, graft, wrap
from ._public import as_array
from .broadcasting import expand_rule
from .conversion import astype_rule
from .shape import reshape_rule, unsqueeze_rule

__all__: list[str] = []

FULL = slice(None)
BasicIndex = tuple[Any, ...]
_BOUNDS = (int, type(None))


# -- the derivatives ---------------------------------------------------------------------------------------


def slice_(x: Any, *, index: BasicIndex) -> Any:
    """The view that integers, slices, None and `...` describe."""
    return x[index]


def select_(x: Any, *, index: BasicIndex) -> Any:
    """The view that an index describes whose last item is an integer."""
    return x[index]


def place_(value: Any, *, shape: tuple[int, ...], index: BasicIndex) -> Any:
    """Zeros of a shape with the region that `slice_` would show filled with values."""
    out = np.zeros(shape, value.dtype)
    out[index] = value
    return out


def index_(x: Any, *, index: tuple[Any, ...]) -> Any:
    """The elements at a mask, or at integer arrays with full slices between them."""
    x, index = numbered(x, index)
    last = index[-1]
    alone = all(type(one) is slice for one in index[:-1])
    if alone and last.dtype != bool and x.flags.c_contiguous:
        return x.take(last, axis=len(index) - 1)
    return x[index]


def scatter_(value: Any, *, shape: tuple[int, ...], index: tuple[Any, ...]) -> Any:
    """Zeros of a shape with values added where `index_` would take elements."""
    return scatter_sum(value, shape, index)


def put_(x: Any, value: Any, *, index: tuple[Any, ...]) -> Any:
    """A copy of x with values in place of the elements at an index."""
    out = np.array(x, order="K")
    rows, index = numbered(out, index)
    rows[index] = value
    return out


def put_slice_(x: Any, value: Any, *, index: BasicIndex) -> Any:
    """A copy of x with the region that `slice_` would show replaced."""
    out = np.array(x, order="K")
    out[index] = value
    return out


def add_at_(x: Any, value: Any, *, index: tuple[Any, ...]) -> Any:
    """x with values added at an index, where positions may repeat."""
    out = np.array(x, np.result_type(x, value), order="C")
    shape = shape_at(x.shape, index)
    add_at(out, index, value if np.shape(value) == shape else np.broadcast_to(value, shape))
    return out


def along(axis: int, item: Any) -> BasicIndex:
    """The index that applies `item` to one dimension."""
    return (*[FULL] * axis, item, ...)


slice_rule = rule(
    slice_, name="slice", view=True, x=lambda g, x_shape, index: place_rule(g, shape=x_shape, index=index)
)
select_rule = rule(
    select_, name="select", view=True, x=lambda g, x_shape, index: place_rule(g, shape=x_shape, index=index)
)
place_rule: Primitive = rule(place_, name="slice_backward", value=lambda g, index: slice_rule(g, index=index))
index_rule = rule(
    index_, name="index", x=lambda g, x_shape, index: scatter_rule(g, shape=x_shape, index=index)
)
scatter_rule: Primitive = rule(scatter_, name="index_put", value=lambda g, index: index_rule(g, index=index))
put_rule: Primitive = rule(
    put_,
    name="index_put",
    x=lambda g, index: put_rule(g, 0.0, index=index),
    value=lambda g, index: index_rule(g, index=index),
)
put_slice_rule: Primitive = rule(
    put_slice_,
    name="slice_scatter",
    x=lambda g, index: put_slice_rule(g, 0.0, index=index),
    value=lambda g, index: slice_rule(g, index=index),
)
add_at_rule = rule(
    add_at_, name="index_put", x=lambda g: g, value=lambda g, index: index_rule(g, index=index)
)

constant(np.nonzero, np.flatnonzero, np.argwhere)


# -- what stands between the brackets ----------------------------------------------------------------------


def _integers(item: Any) -> np.ndarray:
    """An index given as tensor, array or sequence of numbers, as an array of integers or booleans."""
    array = as_array(item)
    if not isinstance(array, np.ndarray):
        array = np.array(list(item)) if len(item) else np.empty(0, np.intp)
    if array.dtype == np.uint8:
        return array.astype(bool)  # PyTorch reads byte tensors as masks
    if array.dtype.kind not in "iub":
        raise IndexError(
            "tensors used as indices must be long, int, byte or bool tensors, got "
            f"{array.dtype.name}; convert it with .long()"
        )
    return array


def checked_slice(item: slice) -> slice:
    if item.step is not None and operator.index(item.step) <= 0:
        raise ValueError(f"step must be greater than zero, got {item.step}; torch.flip reverses a dimension")
    if any(type(bound) not in (int, type(None)) for bound in (item.start, item.stop, item.step)):
        bounds = (item.start, item.stop, item.step)
        return slice(*[None if bound is None else operator.index(bound) for bound in bounds])
    return item


def _canonical(item: Any) -> Any:
    """One item of an index as an int, a slice, None, `...`, a bool, or an array of at least one dimension."""
    kind = type(item)
    if kind is int or kind is bool or item is None or item is Ellipsis:
        return item
    if kind is slice:
        return checked_slice(item)
    if kind is np.bool_:
        return bool(item)
    if isinstance(item, (int, np.integer)):
        return int(item)
    if isinstance(item, (Tensor, np.ndarray, list, tuple, range)):
        array = _integers(item)
        return array if array.ndim else array.item()
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        f"(got {kind.__name__})"
    )


def _consumed(item: Any) -> int:
    """How many dimensions an item of an index is about."""
    if type(item) is np.ndarray:
        return item.ndim if item.dtype == bool else 1
    return 0 if item is None or item is Ellipsis or type(item) is bool else 1


def _full_length(items: Sequence[Any], shape: tuple[int, ...]) -> list[Any]:
    """The canonical items of an index with `...` written out: each dimension has its item."""
    given = [_canonical(item) for item in items]
    consumed = sum(map(_consumed, given))
    if consumed > len(shape):
        if not shape and type(given[0]) is int:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` to convert a 0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}: {consumed}")
    places = [place for place, item in enumerate(given) if item is Ellipsis]
    if len(places) > 1:
        places = places[:1]
        given = [item for place, item in enumerate(given) if item is not Ellipsis or place == places[0]]
    where = places[0] if places else len(given)
    given[where : where + 1] = [FULL] * (len(shape) - consumed)
    return given


def parse(items: Sequence[Any], shape: tuple[int, ...]) -> tuple[list[Any], tuple[Any, ...] | None]:
    """What stands between the brackets as a basic index, and an advanced one to apply to its result.

    Integers belong to the basic index even beside integer tensors (NumPy has it differently). The advanced
    index is a mask alone, or integer arrays with full slices between them; None if there is none.
    """
    basic: list[Any] = []
    arrays: dict[int, Any] = {}  # by dimension of what the basic index leaves
    axis = place = 0
    given = _full_length(items, shape)
    for item in given:
        if type(item) is np.ndarray:
            found: tuple[Any, ...] = (item,)
            if item.dtype == bool:
                _check_mask(item, shape, axis)
                if place or any(type(other) is np.ndarray for other in given[1:]):
                    found = item.nonzero()
            arrays.update(enumerate(found, place))
            basic += [FULL] * _consumed(item)
            place, axis = place + _consumed(item), axis + _consumed(item)
        elif item is None or type(item) is bool:
            if item is not None:
                arrays[place] = np.zeros(int(item), np.intp)
            basic.append(None)
            place += 1
        else:
            basic.append(item)
            place, axis = place + (type(item) is slice), axis + 1
    if not arrays:
        return basic, None
    return basic, tuple([arrays.get(one, FULL) for one in range(max(arrays) + 1)])


def _check_mask(mask: np.ndarray, shape: tuple[int, ...], axis: int) -> None:
    for place, size in enumerate(mask.shape):
        if size != shape[axis + place]:
            raise IndexError(
                f"The shape of the mask {list(mask.shape)} at index {place} does not match the shape of the "
                f"indexed tensor {list(shape)} at index {axis + place}"
            )


def _view(self: Tensor, basic: list[Any]) -> Tensor:
    """The view that the basic part of an index describes; the tensor itself is never returned."""
    special = [place for place, item in enumerate(basic) if item != FULL]
    if len(special) == 1:
        item = basic[special[0]]
        if type(item) is int:
            return select_rule(self, index=(*basic, ...))
        if item is None:
            return unsqueeze_rule(self, axis=special[0])
    return slice_rule(self, index=(*basic, ...))


def _simple(items: Sequence[Any], ndim: int) -> BasicIndex | None:
    """An index of integers and slices between integers, complete; None if it is another or too long."""
    consumed = 0
    for item in items:
        kind = type(item)
        if kind is int:
            consumed += 1
        elif kind is slice and item.step is None:
            if type(item.start) not in _BOUNDS or type(item.stop) not in _BOUNDS:
                return None
            consumed += 1
        else:
            return None
    return (*items, ...) if 0 < consumed <= ndim else None


def _positions(items: Sequence[Any], ndim: int) -> tuple[np.ndarray, ...] | None:
    """An index of integer tensors alone, the most frequent of advanced ones; None if it is another."""
    if not 0 < len(items) <= ndim:
        return None
    for item in items:
        if not isinstance(item, Tensor) or item._array.dtype != np.int64 or not item._array.ndim:
            return None
    return tuple([item._array for item in items])


def _items(index: Any) -> Sequence[Any]:
    """The items of an index; a list that holds more than numbers means the same as a tuple, as in PyTorch."""
    if type(index) is tuple:
        return index
    if type(index) is list and any(
        one is None or one is Ellipsis or isinstance(one, (list, tuple, slice, Tensor, range))
        for one in index
    ):
        return index
    return (index,)


def index_error(error: IndexError) -> IndexError:
    """NumPy's error in PyTorch's words."""
    words = str(error).replace("axis", "dimension").replace("indexing arrays", "indexing tensors")
    return IndexError(words)


def _kept(self: Tensor, index: tuple[Any, ...]) -> tuple[Any, ...]:
    """An index as backward will need it: the user may change it before."""
    if self._node is None or not state.recording:
        return index
    return tuple([np.array(one) if type(one) is np.ndarray else one for one in index])


def getitem(self: Tensor, index: Any) -> Tensor:
    """The elements at an index: views for integers, slices, None and `...`, copies for masks and arrays."""
    try:
        if type(index) is int and self._array.ndim:
            return select_rule(self, index=(index, ...))
        items = _items(index)
        simple = _simple(items, self._array.ndim)
        if simple is not None:
            return (select_rule if type(items[-1]) is int else slice_rule)(self, index=simple)
        positions = _positions(items, self._array.ndim)
        if positions is not None:
            return index_rule(self, index=_kept(self, positions))
        basic, advanced = parse(items, self._array.shape)
        if advanced is None:
            return _view(self, basic)
        source = self if all(item == FULL for item in basic) else _view(self, basic)
        return index_rule(source, index=_kept(self, advanced))
    except IndexError as error:
        raise index_error(error) from None


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """Write a tensor or number into the elements at an index; recorded where gradients flow."""
    if not isinstance(value, (Tensor, int, float, np.generic, complex)):
        kind = "numpy.ndarray" if isinstance(value, np.ndarray) else type(value).__name__
        hint = "; wrap it: torch.as_tensor(...)" if isinstance(value, (np.ndarray, list, tuple)) else ""
        raise TypeError(f"can't assign a {kind} to a {self.type()}{hint}")
    try:
        basic, advanced = parse(_items(index), self._array.shape)
        if state.recording and (
            self._node is not None
            or (isinstance(value, Tensor) and value._node is not None)
            or (self._view is not None and base_of(self)._node is not None)
        ):
            _write_recorded(self, basic, advanced, value)
        else:
            check_writable(self)
            region = self._array[(*basic, ...)]
            _write(region, ... if advanced is None else advanced, as_array(value))
            self._storage.version += 1
    except IndexError as error:
        raise index_error(error) from None


def _write(region: np.ndarray, index: Any, value: Any) -> None:
    try:
        rows, where = numbered(region, index)
        rows[where] = value
    except ValueError:
        raise assignment_error(np.shape(value), region[index].shape, index is not ...) from None


def assignment_error(given: tuple[int, ...], wanted: tuple[int, ...], advanced: bool) -> RuntimeError:
    if advanced:
        return RuntimeError(
            f"shape mismatch: value tensor of shape {list(given)} cannot be broadcast to indexing result of "
            f"shape {list(wanted)}"
        )
    return RuntimeError(
        f"The expanded size of the tensor {list(wanted)} must match the existing size of the value: "
        f"{list(given)} does not broadcast to it"
    )


def _write_recorded(self: Tensor, basic: list[Any], advanced: Any, value: Any) -> None:
    target = self if all(item == FULL for item in basic) else _view(self, basic)
    shape = target._array.shape
    if advanced is not None:
        shape = shape_at(shape, advanced)
    try:
        fitted = fitted_to(target, value, shape)
    except ValueError:
        raise assignment_error(np.shape(as_array(value)), shape, advanced is not None) from None
    if advanced is not None:
        advanced = tuple([np.array(one) if type(one) is np.ndarray else one for one in advanced])
        fitted = put_rule(target, fitted, index=advanced)
    elif target is self:  # all is overwritten; what was there gets a gradient of zeros
        fitted = put_slice_rule(target, fitted, index=(...,))
    assign(target, fitted)


def fitted_to(target: Tensor, value: Any, shape: tuple[int, ...]) -> Tensor:
    """A value as a tensor of the target's dtype, broadcast to a shape; leading ones may go."""
    dtype = target._array.dtype
    if not isinstance(value, Tensor):
        return wrap(np.broadcast_to(np.asarray(value).astype(dtype), shape))
    if value._array.dtype != dtype:
        value = astype_rule(value, dtype=dtype)
    extra = value._array.ndim - len(shape)
    if extra > 0 and value._array.shape[:extra] == (1,) * extra:
        value = reshape_rule(value, shape=value._array.shape[extra:])
    return value if value._array.shape == shape else expand_rule(value, shape=shape)


graft(getitem, "__getitem__")
graft(setitem, "__setitem__")
