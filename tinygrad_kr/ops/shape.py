"""Shape: the same elements in the same order under other shapes. The results are views where memory allows.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs. Here the derivative is always the way back: the gradient in the shape of the input.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.inplace import check_writable
from ..autograd.primitive import constant, dispatch, numpy_function, rule
from ..autograd.record import share
from ..tensor import Tensor, dimension_error, graft, wrap
from ._public import axes_of, axis_of, public, require_tensor, sizes_of

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "flatten",
    "numel",
    "ravel",
    "reshape",
    "squeeze",
    "unflatten",
    "unsqueeze",
]


# -- the derivatives ---------------------------------------------------------------------------------------


def reshape_(x: Any, *, shape: tuple[int, ...]) -> Any:
    """The elements in row-major order, in another shape."""
    return x.reshape(shape)


def unsqueeze_(x: Any, *, axis: int) -> Any:
    """One more dimension, of size 1, at `axis`."""
    return x.reshape(*x.shape[:axis], 1, *x.shape[axis:])


reshape_rule = rule(reshape_, name="view", view=True, x=lambda g, x_shape: np.reshape(g, x_shape))
squeeze_rule = rule(
    np.squeeze,
    forward=lambda a, *, axis=None: a.squeeze(axis),
    view=True,
    a=lambda g, a_shape: np.reshape(g, a_shape),
)
unsqueeze_rule = rule(unsqueeze_, name="unsqueeze", view=True, x=lambda g, x_shape: np.reshape(g, x_shape))


constant(np.zeros_like, np.ones_like, np.full_like, np.empty_like)
dispatch[np.shape] = lambda a: a._array.shape
dispatch[np.ndim] = lambda a: a._array.ndim
dispatch[np.size] = lambda a, axis=None: a._array.size if axis is None else a._array.shape[axis]


@numpy_function(np.reshape)
def _np_reshape(a: Any, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    if order != "C" or copy is not None:
        raise TypeError(
            "np.reshape on a Tensor takes order='C' and no copy=; use Tensor.reshape or Tensor.view"
        )
    return reshape_rule(a, shape=shape)


@numpy_function(np.ravel)
def _np_ravel(a: Any, order: str = "C") -> Any:
    return _np_reshape(a, -1, order)


@numpy_function(np.expand_dims)
def _np_expand_dims(a: Any, axis: int | tuple[int, ...]) -> Any:
    axes = (axis,) if isinstance(axis, int) else axis
    ndim = a._array.ndim + len(axes)
    for one in sorted(axis_of(one, ndim) for one in axes):
        a = unsqueeze_rule(a, axis=one)
    return a


# -- other shapes ------------------------------------------------------------------------------------------


def _reshaped(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    if shape and min(shape) < -1:
        raise _shape_error(shape, input._array.size)
    try:
        return reshape_rule(input, shape=shape)
    except ValueError:
        raise _shape_error(shape, input._array.size) from None


def _shape_error(shape: tuple[int, ...], numel: int) -> RuntimeError:
    if shape.count(-1) > 1:
        return RuntimeError(
            f"only one dimension can be inferred, but {list(shape)} has {shape.count(-1)} entries of -1"
        )
    negative = [size for size in shape if size < -1]
    if negative:
        return RuntimeError(
            f"invalid shape dimension {negative[0]} in {list(shape)}; only -1 may be negative"
        )
    if -1 in shape and 0 in shape and numel == 0:
        return RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified "
            "dimension size -1 can be any value and is ambiguous"
        )
    return RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")


@public(out=False)
def reshape(input: Tensor, *sizes: Any, shape: Sequence[int] | None = None) -> Tensor:
    """The same elements, in row-major order, in another shape: a view if the memory allows it, else a copy.

    Args:
        sizes: the new sizes, one by one or as one sequence; -1 stands for the size that fits.

    Raises:
        RuntimeError: the sizes hold another number of elements.

    >>> torch.arange(6).reshape(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])

    Source: PyTorch, `torch.reshape`.
    """
    return _reshaped(require_tensor(input, "reshape"), sizes_of(sizes, shape))


def view(self: Tensor, *sizes: Any, size: Sequence[int] | None = None, dtype: Any = None) -> Tensor:
    """The same memory in another shape, or read as another dtype.

    What convolutions and poolings return lies channels-last in memory; PyTorch would have it row-major, where
    any view is possible, so such a tensor is copied if it must be.

    Args:
        sizes, size: the new sizes, one by one, as one sequence or by keyword; -1 stands for the size that
            fits. Or a dtype.

    Raises:
        RuntimeError: the sizes hold another number of elements, or the memory allows no such view.

    >>> torch.arange(6).view(3, 2)
    tensor([[0, 1],
            [2, 3],
            [4, 5]])

    Source: PyTorch, `torch.Tensor.view`.
    """
    if dtype is not None or (len(sizes) == 1 and isinstance(sizes[0], (dtypes.dtype, type))):
        return _reinterpreted(self, dtypes.as_dtype(sizes[0] if dtype is None else dtype))
    result = _reshaped(self, sizes_of(sizes, size))
    array = self._array
    if not (array.flags.c_contiguous or np.may_share_memory(result._array, array) or _channels_last(array)):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans "
            "across two contiguous subspaces). Use .reshape(...) instead."
        )
    return result


def _channels_last(array: np.ndarray) -> bool:
    """Whether the second dimension is the innermost of the memory, and the others are in order."""
    if array.ndim < 3:
        return False
    first, channels, *spatial = array.strides
    order = [first, *spatial, channels]
    return all(outer >= inner for outer, inner in itertools.pairwise(order))


def _reinterpreted(self: Tensor, dtype: dtypes.dtype) -> Tensor:
    array = self._array
    try:
        result = wrap(array.view(dtype.numpy))
    except ValueError:
        raise RuntimeError(
            f"self.size(-1) must be divisible by {max(1, dtype.itemsize // array.itemsize)} to view "
            f"{self.dtype} as {dtype} (different element sizes), and the last dimension contiguous, but got "
            f"sizes {list(self.shape)} with strides {self.stride()}"
        ) from None
    if result._array.dtype == array.dtype:
        return _reshaped(self, array.shape)
    share(result, self, lambda tensor: _reinterpreted(tensor, dtype))
    return result


def view_as(self: Tensor, other: Tensor) -> Tensor:
    """The same memory in the shape of another tensor."""
    return view(self, *other._array.shape)


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """The same elements in the shape of another tensor."""
    return _reshaped(self, other._array.shape)


@public(out=False)
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` merged into one; a 0-d tensor becomes 1-d.

    Raises:
        RuntimeError: `start_dim` comes after `end_dim`.

    >>> torch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])

    Source: PyTorch, `torch.flatten`.
    """
    shape = require_tensor(input, "flatten")._array.shape
    start, end = axis_of(start_dim, len(shape)), axis_of(end_dim, len(shape))
    if start > end:
        raise RuntimeError(
            f"flatten() has invalid args: start_dim cannot come after end_dim, got {start_dim} and "
            f"{end_dim} for a tensor of {len(shape)} dimensions"
        )
    if start == end and shape:
        return input
    return reshape_rule(input, shape=(*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@public(out=False)
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension split into several; one of the sizes may be -1.

    Raises:
        RuntimeError: the sizes do not multiply to the size of the dimension.

    >>> torch.zeros(2, 12).unflatten(1, (3, -1)).shape
    torch.Size([2, 3, 4])

    Source: PyTorch, `torch.unflatten`.
    """
    shape = require_tensor(input, "unflatten")._array.shape
    axis, sizes = axis_of(dim, len(shape)), sizes_of((sizes,))
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    try:
        return reshape_rule(input, shape=(*shape[:axis], *_fitted(sizes, shape[axis]), *shape[axis + 1 :]))
    except ValueError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {axis} "
            f"({shape[axis]}) in the input tensor"
        ) from None


def _fitted(sizes: tuple[int, ...], total: int) -> tuple[int, ...]:
    """Sizes with the -1 among them replaced by what fits."""
    known = math.prod(size for size in sizes if size != -1)
    if math.prod(sizes) != total and (sizes.count(-1) != 1 or known == 0 or total % known):
        raise ValueError
    return tuple(total // known if size == -1 else size for size in sizes)


@public(out=False)
def ravel(input: Tensor) -> Tensor:
    """The elements in one dimension, in row-major order.

    >>> torch.ravel(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])

    Source: PyTorch, `torch.ravel`.
    """
    return reshape_rule(require_tensor(input, "ravel"), shape=(-1,))


@public(out=False)
def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Without its dimensions of size 1: all of them, or those among `dim` (others are left as they are).

    >>> torch.zeros(1, 2, 1).squeeze().shape, torch.zeros(1, 2, 1).squeeze(0).shape
    (torch.Size([2]), torch.Size([2, 1]))

    Source: PyTorch, `torch.squeeze`.
    """
    shape = require_tensor(input, "squeeze")._array.shape
    if dim is None:
        axes = [axis for axis, size in enumerate(shape) if size == 1]
    elif isinstance(dim, int):
        axis = axis_of(dim, len(shape))
        axes = [axis] if shape and shape[axis] == 1 else []
    else:
        axes = [axis for axis in axes_of(dim, len(shape)) if shape[axis] == 1] if len(dim) else []
    return squeeze_rule(input, axis=tuple(axes))


@public(out=False)
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """One more dimension, of size 1, at `dim`.

    Raises:
        IndexError: `dim` is not between -(ndim + 1) and ndim.

    >>> torch.zeros(2, 3).unsqueeze(1).shape
    torch.Size([2, 1, 3])

    Source: PyTorch, `torch.unsqueeze`.
    """
    ndim = require_tensor(input, "unsqueeze")._array.ndim + 1
    if not -ndim <= dim < ndim:
        raise dimension_error(dim, ndim)
    return unsqueeze_rule(input, axis=dim % ndim)


def _at_least(tensors: tuple[Any, ...], single: Callable[[Tensor], Tensor]) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return single(tensors[0])
    return tuple(single(one) for one in (tensors[0] if len(tensors) == 1 else tensors))


@public(method=False, out=False)
def atleast_1d(*tensors: Any) -> Any:
    """0-d tensors as 1-d ones; takes one tensor, or several and gives a tuple.

    >>> torch.atleast_1d(torch.tensor(5.0))
    tensor([5.])

    Source: PyTorch, `torch.atleast_1d`.
    """
    return _at_least(tensors, lambda one: reshape_rule(one, shape=(1,)) if one._array.ndim == 0 else one)


@public(method=False, out=False)
def atleast_2d(*tensors: Any) -> Any:
    """Tensors of fewer than two dimensions as rows; takes one tensor, or several and gives a tuple.

    >>> torch.atleast_2d(torch.tensor([1, 2]))
    tensor([[1, 2]])

    Source: PyTorch, `torch.atleast_2d`.
    """
    return _at_least(tensors, lambda one: reshape_rule(one, shape=(1, -1)) if one._array.ndim < 2 else one)


@public(method=False, out=False)
def atleast_3d(*tensors: Any) -> Any:
    """Tensors of fewer than three dimensions with ones put around: (n,) to (1, n, 1), (m, n) to (m, n, 1).

    >>> torch.atleast_3d(torch.zeros(2, 3)).shape
    torch.Size([2, 3, 1])

    Source: PyTorch, `torch.atleast_3d`.
    """

    def single(one: Tensor) -> Tensor:
        if one._array.ndim < 2:
            return reshape_rule(one, shape=(1, -1, 1))
        return unsqueeze_rule(one, axis=2) if one._array.ndim == 2 else one

    return _at_least(tensors, single)


@public(method=False, out=False)
def numel(input: Tensor) -> int:
    """The number of elements.

    >>> torch.numel(torch.zeros(2, 3))
    6

    Source: PyTorch, `torch.numel`.
    """
    return require_tensor(input, "numel")._array.size


# -- changing a tensor's own shape -------------------------------------------------------------------------


def becoming(function: Callable[..., Tensor], name: str | None = None) -> Callable[..., Tensor]:
    """The form of a view that changes the tensor itself: it becomes the view.

    Views taken from it before stay as they are: a stand-in for the former tensor becomes their base, and that
    of the tensor itself.
    """

    def changed(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_writable(self)
        connected = self._view is not None or bool(self._storage.living_views())
        former = object.__new__(Tensor)
        former._array, former._storage = self._array, self._storage
        former._node, former._view = self._node, self._view
        for other in self._storage.living_views():
            if other._view is not None and other._view[0] is self:
                other._view = (former, other._view[1])
        result = function(former, *args, **kwargs)
        self._array, self._node = result._array, result._node
        if connected and result._view is not None:
            if any(view is self for view in self._storage.living_views()):
                self._view = result._view
            else:
                share(self, *result._view)
        return self

    changed.__name__ = changed.__qualname__ = name or function.__name__ + "_"
    changed.__doc__ = f"In-place form of `{function.__name__}`: this tensor becomes that view of itself."
    return changed


def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Give this tensor other sizes: its first elements in row-major order, then unfilled memory."""
    if self._node is not None:
        raise RuntimeError("cannot resize variables that require grad; use reshape, or slices")
    shape = sizes_of(sizes)
    flat = self._array.reshape(-1)
    if math.prod(shape) > flat.size:
        flat = np.concatenate([flat, np.empty(math.prod(shape) - flat.size, flat.dtype)])
    self._array = flat[: math.prod(shape)].reshape(shape)
    self._storage.version += 1
    return self


def resize_as_(self: Tensor, the_template: Tensor, memory_format: Any = None) -> Tensor:
    """Give this tensor the sizes of another; see `resize_`."""
    return resize_(self, *the_template._array.shape)


for _function in (view, view_as, reshape_as, resize_, resize_as_):
    graft(_function)
graft(becoming(squeeze))
graft(becoming(unsqueeze))
