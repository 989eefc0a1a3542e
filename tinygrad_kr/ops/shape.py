"""Shape: the same elements under other shapes and orders. The results are views of their input's memory.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule needs. A view
has the inverse view as its derivative; `expand`, which shows elements many times, has the sum, and that is the engine's.
"""

from __future__ import annotations

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
    "adjoint",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "flatten",
    "moveaxis",
    "movedim",
    "numel",
    "permute",
    "ravel",
    "reshape",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
]


# -- the derivatives ----------------------------------------------------------------------------------------------------


def reshape_(x: Any, *, shape: tuple[int, ...]) -> Any:
    """The elements in row-major order, in another shape."""
    return x.reshape(shape)


def unsqueeze_(x: Any, *, axis: int) -> Any:
    """One more dimension, of size 1, at `axis`."""
    return x.reshape(*x.shape[:axis], 1, *x.shape[axis:])


def t_(x: Any) -> Any:
    """A matrix transposed."""
    return x.T


def inverse_of(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    """The permutation that undoes another; None reverses the dimensions and undoes itself."""
    if axes is None:
        return None
    places = [axis % len(axes) for axis in axes]
    return tuple(sorted(range(len(places)), key=places.__getitem__))


reshape_rule = rule(reshape_, name="view", view=True, x=lambda g, x_shape: np.reshape(g, x_shape))
squeeze_rule = rule(
    np.squeeze,
    forward=lambda a, *, axis=None: a.squeeze(axis),
    view=True,
    a=lambda g, a_shape: np.reshape(g, a_shape),
)
unsqueeze_rule = rule(unsqueeze_, name="unsqueeze", view=True, x=lambda g, x_shape: np.reshape(g, x_shape))
permute_rule = rule(
    np.transpose,
    name="permute",
    forward=lambda a, *, axes=None: a.transpose(axes),
    view=True,
    a=lambda g, axes: np.transpose(g, inverse_of(axes)),
)
transpose_rule = rule(
    np.swapaxes,
    name="transpose",
    forward=lambda a, *, axis1, axis2: a.swapaxes(axis1, axis2),
    view=True,
    a=lambda g, axis1, axis2: np.swapaxes(g, axis1, axis2),
)
t_rule = rule(t_, name="t", view=True, x=lambda g: np.transpose(g))


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


@numpy_function(np.moveaxis)
def _np_moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return movedim(a, source, destination)


@numpy_function(np.matrix_transpose)
def _np_matrix_transpose(x: Any, /) -> Any:
    return transpose_rule(x, axis1=-1, axis2=-2)


# -- other shapes -------------------------------------------------------------------------------------------------------


def _given(sizes: tuple[Any, ...], keyword: Any) -> tuple[int, ...]:
    """Sizes given one by one, as one sequence, or by keyword."""
    return sizes_of(sizes if keyword is None else (keyword,))


def _reshaped(input: Tensor, shape: tuple[int, ...]) -> Tensor:
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
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 can "
            "be any value and is ambiguous"
        )
    return RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")


@public(out=False)
def reshape(input: Tensor, *sizes: Any, shape: Sequence[int] | None = None) -> Tensor:
    """The same elements, in row-major order, in another shape: a view where the memory allows it, else a copy.

    Args:
        sizes: the new sizes, one by one or as one sequence; -1 stands for the size that fits.

    Raises:
        RuntimeError: the sizes hold another number of elements.

    >>> torch.arange(6).reshape(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])

    Source: PyTorch, `torch.reshape`.
    """
    return _reshaped(require_tensor(input, "reshape"), _given(sizes, shape))


def view(self: Tensor, *sizes: Any, dtype: Any = None) -> Tensor:
    """The same memory in another shape, or read as another dtype.

    What convolutions and poolings return lies channels-last in memory; PyTorch would have it row-major, where any view is
    possible, so such a tensor is copied if it must be.

    Args:
        sizes: the new sizes; -1 stands for the size that fits. Or a dtype.

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
    result = _reshaped(self, sizes_of(sizes))
    array = self._array
    if not (array.flags.c_contiguous or np.may_share_memory(result._array, array) or _channels_last(array)):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return result


def _channels_last(array: np.ndarray) -> bool:
    """Whether the second dimension is the innermost of the memory, and the others are in order."""
    if array.ndim < 3:
        return False
    first, channels, *spatial = array.strides
    order = [first, *spatial, channels]
    return all(outer >= inner for outer, inner in zip(order, order[1:]))


def _reinterpreted(self: Tensor, dtype: dtypes.dtype) -> Tensor:
    array = self._array
    try:
        result = wrap(array.view(dtype.numpy))
    except ValueError:
        raise RuntimeError(
            f"self.size(-1) must be divisible by {max(1, dtype.itemsize // array.itemsize)} to view {self.dtype} as {dtype} "
            f"(different element sizes), and the last dimension contiguous, but got sizes {list(self.shape)} with strides "
            f"{self.stride()}"
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
            f"flatten() has invalid args: start_dim cannot come after end_dim, got {start_dim} and {end_dim} for a "
            f"tensor of {len(shape)} dimensions"
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
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {axis} ({shape[axis]}) in the "
            "input tensor"
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
    """Tensors of fewer than three dimensions with ones put around: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1).

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


# -- other orders -------------------------------------------------------------------------------------------------------


@public(out=False)
def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in another order.

    Args:
        dims: for each dimension of the result, which one of the input it is; one by one or as one sequence.

    Raises:
        RuntimeError: not every dimension is named exactly once.

    >>> torch.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])

    Source: PyTorch, `torch.permute`.
    """
    order, ndim = sizes_of(dims), require_tensor(input, "permute")._array.ndim
    if len(order) != ndim:
        raise RuntimeError(
            "permute(): number of dimensions in the tensor input does not match the length of the desired ordering of "
            f"dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(order)}"
        )
    axes = tuple(axis_of(dim, ndim) for dim in order)
    if len(set(axes)) != ndim:
        raise RuntimeError(f"permute(): duplicate dims are not allowed, got {order}")
    return permute_rule(input, axes=axes)


@public(out=False)
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged.

    >>> torch.transpose(torch.tensor([[1, 2], [3, 4]]), 0, 1)
    tensor([[1, 3],
            [2, 4]])

    Source: PyTorch, `torch.transpose`.
    """
    ndim = require_tensor(input, "transpose")._array.ndim
    first, second = axis_of(dim0, ndim), axis_of(dim1, ndim)
    return transpose_rule(input, axis1=first, axis2=second) if ndim else reshape_rule(input, shape=())


@public(out=False)
def t(input: Tensor) -> Tensor:
    """A matrix transposed; tensors of fewer dimensions as they are.

    Raises:
        RuntimeError: more than two dimensions.

    >>> torch.t(torch.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])

    Source: PyTorch, `torch.t`.
    """
    ndim = require_tensor(input, "t")._array.ndim
    if ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D; use .mT or .transpose(dim0, dim1)"
        )
    return t_rule(input)


def _axes_from(dim: Any, ndim: int) -> tuple[int, ...]:
    return (
        axes_of((dim,) if isinstance(dim, int) else tuple(dim), ndim)
        if not isinstance(dim, tuple) or dim
        else ()
    )


@public(out=False)
def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions moved to other places, the rest in their order.

    Raises:
        RuntimeError: `source` and `destination` name different numbers of dimensions.

    >>> torch.zeros(2, 3, 4).movedim(0, -1).shape
    torch.Size([3, 4, 2])

    Source: PyTorch, `torch.movedim`.
    """
    ndim = require_tensor(input, "movedim")._array.ndim
    sources, targets = _axes_from(source, ndim), _axes_from(destination, ndim)
    if len(sources) != len(targets):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({source}) should contain the same number of dims as "
            f"destination ({destination})"
        )
    order = [axis for axis in range(ndim) if axis not in sources]
    for target, origin in sorted(zip(targets, sources)):
        order.insert(target, origin)
    return permute_rule(input, axes=tuple(order))


@public(out=False)
def adjoint(input: Tensor) -> Tensor:
    """Matrices transposed (their elements are real): the last two dimensions exchanged.

    >>> torch.adjoint(torch.zeros(5, 2, 3)).shape
    torch.Size([5, 3, 2])

    Source: PyTorch, `torch.adjoint`.
    """
    return _matrices_transposed(require_tensor(input, "adjoint"), "adjoint()")


def _matrices_transposed(input: Tensor, what: str) -> Tensor:
    ndim = input._array.ndim
    if ndim == 1:
        raise RuntimeError(
            f"{what} is only supported on matrices or batches of matrices. Got {ndim}-D tensor."
        )
    return transpose_rule(input, axis1=-2, axis2=-1) if ndim else reshape_rule(input, shape=())


def _T(self: Tensor) -> Tensor:
    """The dimensions in reverse order; for a matrix, its transpose."""
    return permute_rule(self, axes=tuple(range(self._array.ndim))[::-1])


def _mT(self: Tensor) -> Tensor:
    """Matrices transposed: the last two dimensions exchanged."""
    return _matrices_transposed(self, "tensor.mT")


def _mH(self: Tensor) -> Tensor:
    """Matrices transposed and conjugated; the elements are real, so this is `mT`."""
    return _matrices_transposed(self, "tensor.mH")


def _H(self: Tensor) -> Tensor:
    """A matrix transposed and conjugated; the elements are real, so this is its transpose."""
    if self._array.ndim not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {self._array.ndim}-D tensor."
        )
    return _matrices_transposed(self, "tensor.H")


# -- changing a tensor's own shape --------------------------------------------------------------------------------------


def _becoming(function: Callable[..., Tensor], name: str) -> Callable[..., Tensor]:
    """The form of a view that changes the tensor itself: it becomes the view, and views taken before stay as they are."""

    def changed(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_writable(self)
        former = object.__new__(Tensor)
        former._array, former._storage = self._array, self._storage
        former._node, former._view = self._node, self._view
        for reference in list(self._storage.views or ()):
            other = reference()
            if other is not None and other._view[0] is self:
                other._view = (former, other._view[1])
        result = function(former, *args, **kwargs)
        self._array, self._node = result._array, result._node
        if result._view is not None and (former._view is not None or former._storage.views):
            share(self, *result._view)
        return self

    changed.__name__ = changed.__qualname__ = name
    changed.__doc__ = f"In-place form of `{function.__name__}`: this tensor becomes that view of itself."
    return changed


for _function in (view, view_as, reshape_as):
    graft(_function)
for _name, _property in {"T": _T, "mT": _mT, "mH": _mH, "H": _H}.items():
    graft(property(_property), _name)  # type: ignore[arg-type]
swapaxes, swapdims, moveaxis = transpose, transpose, movedim
for _function, _names in (
    (transpose, ("transpose", "swapaxes", "swapdims")),
    (movedim, ("moveaxis",)),
    (squeeze, ("squeeze",)),
    (unsqueeze, ("unsqueeze",)),
    (t, ("t",)),
):
    for _name in _names:
        if _name not in Tensor.__dict__:
            graft(_function, _name)
        if _function is not movedim:
            graft(_becoming(_function, _name + "_"), _name + "_")
