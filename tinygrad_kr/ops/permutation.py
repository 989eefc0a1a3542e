"""Permutation: the dimensions of a tensor in another order. All results are views.

The derivative of a permutation is the permutation that undoes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import numpy_function, rule
from ..tensor import Tensor, graft
from ._public import axes_of, axis_of, public, require_tensor, sizes_of
from .shape import becoming, reshape_rule

__all__ = [
    "adjoint",
    "moveaxis",
    "movedim",
    "permute",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
]


# -- the derivatives ---------------------------------------------------------------------------------------


def t_(x: Any) -> Any:
    """A matrix transposed."""
    return x.T


def inverse_of(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    """The permutation that undoes another; None reverses the dimensions and undoes itself."""
    if axes is None:
        return None
    places = [axis % len(axes) for axis in axes]
    return tuple(sorted(range(len(places)), key=places.__getitem__))


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


@numpy_function(np.moveaxis)
def _np_moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return movedim(a, source, destination)


@numpy_function(np.matrix_transpose)
def _np_matrix_transpose(x: Any, /) -> Any:
    return transpose_rule(x, axis1=-1, axis2=-2)


# -- the functions -----------------------------------------------------------------------------------------


@public(out=False)
def permute(input: Tensor, *order: Any, dims: Sequence[int] | None = None) -> Tensor:
    """The dimensions in another order.

    Args:
        order, dims: for each dimension of the result, which one of the input it is; one by one, as one
            sequence or by keyword.

    Raises:
        RuntimeError: not every dimension is named exactly once.

    >>> torch.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])

    Source: PyTorch, `torch.permute`.
    """
    order, ndim = sizes_of(order, dims), require_tensor(input, "permute")._array.ndim
    if len(order) != ndim:
        raise RuntimeError(
            "permute(): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(order)}"
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
            f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D; use .mT or .transpose(dim0, "
            "dim1)"
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
            f"movedim: Invalid source or destination dims: source ({source}) should contain the same number "
            f"of dims as destination ({destination})"
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
    return _conjugate(_matrices_transposed(require_tensor(input, "adjoint"), "adjoint()"))


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


def _conjugate(input: Tensor) -> Tensor:
    conjugated: Any = np.conj(input) if input.is_complex() else input
    return conjugated  # type: ignore[no-any-return]


def _mH(self: Tensor) -> Tensor:
    """Matrices transposed and, if complex, conjugated."""
    return _conjugate(_matrices_transposed(self, "tensor.mH"))


def _H(self: Tensor) -> Tensor:
    """A matrix transposed and, if complex, conjugated."""
    if self._array.ndim not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {self._array.ndim}-D tensor."
        )
    return _conjugate(_matrices_transposed(self, "tensor.H"))


for _name, _property in {"T": _T, "mT": _mT, "mH": _mH, "H": _H}.items():
    graft(property(_property), _name)  # type: ignore[arg-type]
swapaxes = swapdims = transpose
moveaxis = movedim
graft(movedim, "moveaxis")
graft(transpose, "swapaxes", "swapdims")
graft(becoming(t), "t_")
for _name in ("transpose_", "swapaxes_", "swapdims_"):
    graft(becoming(transpose, _name))
