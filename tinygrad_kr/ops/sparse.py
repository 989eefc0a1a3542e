"""Sparse matrices as graph networks use them: entries at (row, column) positions, times dense matrices.

`sparse_coo_tensor` makes one, `sparse_matrix @ dense` multiplies, and gradients flow to the dense matrix and
to the entries. Everything else asks for `.to_dense()`.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs. The two primitives are each other's: the gradient of the entries is a dense product where there are
entries.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from .. import dtypes
from ..autograd.primitive import Primitive, rule
from ..constants import sparse_coo
from ..devices import require_cpu
from ..kernels.sparse import Pattern, product, sampled, transposed
from ..printing import sparse_text
from ..size import Size
from ..tensor import Tensor, wrap
from ._public import as_array, axis_of, require_tensor
from .conversion import to
from .creation import as_tensor
from .indexing import index_rule, scatter_rule
from .scattering import index_add

__all__ = ["SparseTensor", "mm", "sparse_coo_tensor", "spmm"]

# -- the derivatives -----------------------------------------------------------------------------------------


def sparse_product_(values: Any, dense: Any, *, pattern: Pattern) -> Any:
    """The sparse matrix with these entries times a dense one."""
    return product(values, dense, pattern)


def sampled_product_(x: Any, y: Any, *, pattern: Pattern) -> Any:
    """The entries of x @ yᵀ that the sparse matrix has."""
    return sampled(x, y, pattern)


sparse_product_rule: Primitive = rule(
    sparse_product_,
    name="sparse_addmm",
    values=lambda g, dense, pattern: sampled_product_rule(g, dense, pattern=pattern),
    dense=lambda g, values, pattern: sparse_product_rule(values, g, pattern=transposed(pattern)),
)
sampled_product_rule: Primitive = rule(
    sampled_product_,
    name="sparse_sampled_addmm",
    x=lambda g, y, pattern: sparse_product_rule(g, y, pattern=pattern),
    y=lambda g, x, pattern: sparse_product_rule(g, x, pattern=transposed(pattern)),
)


# -- the matrix ----------------------------------------------------------------------------------------------


class SparseTensor(Tensor):
    """A sparse matrix: a dense tensor of its entries, which may require gradients, and where they are.

    Of two entries at one position the sum counts; `coalesce` adds them up. Made by `sparse_coo_tensor` and by
    `Tensor.to_sparse`. An operation that is not for sparse tensors raises NotImplementedError.
    """

    is_sparse = True
    layout = sparse_coo  # type: ignore[assignment]
    _entries: Tensor
    _pattern: Pattern
    _coalesced: bool
    _leaf: bool  # made with requires_grad=True, so that the gradient is one of the matrix

    @classmethod
    def of(cls, entries: Tensor, pattern: Pattern, *, coalesced: bool = False) -> SparseTensor:
        """The matrix with these entries."""
        made = object.__new__(cls)
        made._entries, made._pattern, made._coalesced, made._leaf = entries, pattern, coalesced, False
        return made

    @property
    def _array(self) -> NoReturn:  # type: ignore[override]
        raise NotImplementedError(
            "this operation is not implemented for sparse tensors, of which there are only products with "
            "dense ones (`sparse @ dense`); call .to_dense() first"
        )

    @property
    def _node(self) -> Any:  # type: ignore[override]
        return self._entries._node

    # -- what it holds

    @property
    def shape(self) -> Size:
        """The number of rows and of columns."""
        return Size(self._pattern.shape)

    def size(self, dim: int | None = None) -> Any:
        """Both sizes, or one."""
        return self.shape if dim is None else self.shape[axis_of(dim, 2)]

    @property
    def dtype(self) -> dtypes.dtype:
        """The dtype of the entries."""
        return self._entries.dtype

    ndim = 2

    def dim(self) -> int:
        """2, as it is a matrix."""
        return 2

    ndimension = sparse_dim = dim

    def dense_dim(self) -> int:
        """0: the entries are numbers."""
        return 0

    def numel(self) -> int:
        """The number of elements of the dense matrix."""
        return self.shape.numel()

    nelement = numel

    def __len__(self) -> int:
        return self._pattern.shape[0]

    def _nnz(self) -> int:
        """The number of entries."""
        return self._entries.numel()

    def is_floating_point(self) -> bool:
        """Whether the entries are floating-point numbers."""
        return self._entries.is_floating_point()

    def is_complex(self) -> bool:
        """Whether the entries are complex numbers."""
        return self._entries.is_complex()

    def _indices(self) -> Tensor:
        """The positions (2, entries), in whatever order they were given."""
        return wrap(self._pattern.indices)

    def _values(self) -> Tensor:
        """The entries, in the order of `_indices`; outside the graph."""
        return self._entries.detach()

    def is_coalesced(self) -> bool:
        """Whether the positions are known to be sorted and different."""
        return self._coalesced

    def indices(self) -> Tensor:
        """The positions (2, entries) of a coalesced matrix."""
        self._require_coalesced("indices")
        return self._indices()

    def values(self) -> Tensor:
        """The entries of a coalesced matrix, through which gradients flow."""
        self._require_coalesced("values")
        return self._entries

    def _require_coalesced(self, what: str) -> None:
        if not self._coalesced:
            raise RuntimeError(f"Cannot get {what} on an uncoalesced tensor, please call .coalesce() first")

    def __repr__(self) -> str:
        grad_fn = self._entries.grad_fn
        return sparse_text(
            self._pattern.indices,
            self._entries._array,
            self._pattern.shape,
            requires_grad=self.requires_grad,
            grad_fn=None if grad_fn is None or self._leaf else grad_fn.name(),
        )

    # -- its place in the graph

    @property
    def is_leaf(self) -> bool:
        """Whether the gradient of the matrix itself is accumulated: it was asked for with `requires_grad`."""
        return self._leaf or not self.requires_grad

    @property
    def grad(self) -> Any:
        """The gradient of the matrix, at its own entries."""
        grad = self._entries.grad if self._leaf else None
        return None if grad is None else self._with(grad)

    @grad.setter
    def grad(self, value: Any) -> None:
        self._entries.grad = None if value is None else value._entries

    def requires_grad_(self, requires_grad: bool = True) -> SparseTensor:
        """Ask for the gradient of the matrix (or stop asking), in place."""
        if requires_grad and not self.requires_grad:
            self._entries, self._leaf = self._entries.detach(), True
        self._entries.requires_grad_(requires_grad)
        return self

    def _with(self, entries: Tensor) -> SparseTensor:
        return SparseTensor.of(entries, self._pattern, coalesced=self._coalesced)

    def detach(self) -> SparseTensor:
        """The same matrix outside the graph."""
        return self._with(self._entries.detach())

    def clone(self, *, memory_format: Any = None) -> SparseTensor:
        """A copy that gradients flow through."""
        return self._with(self._entries.clone())

    def __deepcopy__(self, memo: dict[int, Any]) -> SparseTensor:
        made = self._with(copy.deepcopy(self._entries, memo))
        made._leaf = self._leaf
        return made

    # -- other forms

    def coalesce(self) -> SparseTensor:
        """The same matrix with sorted, different positions: entries at one position are added up."""
        if self._coalesced:
            return self
        rows, columns = self._pattern.indices
        flat, place = np.unique(rows * self.shape[1] + columns, return_inverse=True)
        zeros = wrap(np.zeros(len(flat), self._entries._array.dtype))
        entries = index_add(zeros, 0, wrap(place.reshape(-1)), self._entries)
        indices = np.stack(np.divmod(flat, max(1, self.shape[1])))
        return SparseTensor.of(entries, Pattern(indices, self._pattern.shape), coalesced=True)

    def to_dense(self, dtype: Any = None, *, masked_grad: bool | None = None) -> Tensor:
        """The matrix with its zeros."""
        dense = scatter_rule(self._entries, shape=self._pattern.shape, index=tuple(self._pattern.indices))
        return dense if dtype is None else to(dense, dtype)

    def to_sparse(self, *args: Any, **kwargs: Any) -> SparseTensor:
        """The matrix itself."""
        return self

    to_sparse_coo = to_sparse

    def to(self, *args: Any, **kwargs: Any) -> SparseTensor:
        """The matrix with entries of another dtype; the only device is the CPU."""
        entries = to(self._entries, *args, **kwargs)
        return self if entries is self._entries else self._with(entries)

    def float(self, memory_format: Any = None) -> SparseTensor:
        """The matrix as float32."""
        return self.to(dtypes.float32)

    def double(self, memory_format: Any = None) -> SparseTensor:
        """The matrix as float64."""
        return self.to(dtypes.float64)

    def t(self) -> SparseTensor:
        """The transposed matrix, on the same entries."""
        return SparseTensor.of(self._entries, transposed(self._pattern))

    def transpose(self, dim0: int, dim1: int) -> SparseTensor:
        """The transposed matrix, or the matrix itself where both dims are one."""
        return self if axis_of(dim0, 2) == axis_of(dim1, 2) else self.t()

    T = mT = property(t)

    def numpy(self, *, force: bool = False) -> NoReturn:
        """TypeError: a sparse matrix is no array."""
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")

    # -- products

    def matmul(self, other: Tensor) -> Tensor:
        """The product with a dense matrix or vector."""
        if isinstance(other, SparseTensor):
            raise NotImplementedError(
                "the product of two sparse matrices is not implemented; make the second dense: b.to_dense()"
            )
        size = require_tensor(other, "matmul", "other")._array.shape
        if len(size) not in (1, 2):
            raise RuntimeError(
                f"a sparse matrix is multiplied by a matrix or a vector, got the shape {list(size)}"
            )
        if size[0] != self.shape[1]:
            raise RuntimeError(
                f"addmm: Argument #3 (dense): Expected dim 0 size {self.shape[1]}, got {size[0]}: the shapes "
                f"are {list(self.shape)} and {list(size)}"
            )
        if other.dtype is not self.dtype:
            raise RuntimeError(
                f"expected scalar type {self.dtype.scalar_name} but found {other.dtype.scalar_name}; convert "
                "one of them, for example with .to(x.dtype)"
            )
        if len(size) == 1:
            return self.matmul(other.unsqueeze(1)).squeeze(1)
        result: Tensor = sparse_product_rule(self._entries, other, pattern=self._pattern)
        return result

    mm = mv = __matmul__ = matmul  # type: ignore[assignment]

    def __rmatmul__(self, other: Any) -> Tensor:
        if not isinstance(other, Tensor):
            return NotImplemented
        return self.t().matmul(other if other.dim() == 1 else other.t()).t()

    def _scaled(self, entries: Callable[[Tensor], Any], other: Any) -> Any:
        if isinstance(other, Tensor) and (other.is_sparse or other.numel() != 1):
            raise NotImplementedError("a sparse matrix is multiplied by one number; for matrices write a @ b")
        return self._with(entries(self._entries))

    def __mul__(self, other: Any) -> Any:
        return self._scaled(lambda x: x * other, other)

    __rmul__ = mul = __mul__  # type: ignore[assignment]

    def __truediv__(self, other: Any) -> Any:
        return self._scaled(lambda x: x / other, other)

    def __neg__(self) -> Any:
        return self._with(-self._entries)

    def sum(self, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
        """The sum of all entries."""
        if dim is not None:
            raise NotImplementedError("sums over a dim of a sparse tensor: write x.to_dense().sum(dim)")
        return self._entries.sum(dtype=dtype)


# -- the functions -------------------------------------------------------------------------------------------


def sparse_coo_tensor(
    indices: Any,
    values: Any,
    size: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> SparseTensor:
    """A sparse matrix with the given entries; at one position their sum.

    Args:
        indices: (2, n): the rows and the columns of the entries.
        values: (n) numbers, or a tensor, through which gradients flow.
        size: (rows, columns); by default just enough for the indices.
        dtype: of the entries; their own by default.
        requires_grad: ask for the gradient of the matrix, which is sparse as well.
        check_invariants: accepted; indices are always checked.
        is_coalesced: True promises that the positions are sorted and different.

    Raises:
        RuntimeError: indices and values do not fit, or an index lies outside of `size`.
        NotImplementedError: another number of dimensions than two.

    >>> import tinygrad_kr as torch
    >>> torch.sparse_coo_tensor([[0, 1, 1], [2, 0, 2]], [3.0, 4.0, 5.0], (2, 3))
    tensor(indices=tensor([[0, 1, 1],
                           [2, 0, 2]]),
           values=tensor([3., 4., 5.]),
           size=(2, 3), nnz=3, layout=torch.sparse_coo)

    Source: PyTorch, `torch.sparse_coo_tensor`.
    """
    if device is not None:
        require_cpu(device)
    positions = np.array(as_array(indices))
    if positions.dtype.kind not in "iuf" or positions.ndim != 2:
        raise RuntimeError(f"indices must be an integer tensor of two dimensions, got {indices!r:.80}")
    positions = positions.astype(np.int64)
    if len(positions) != 2:
        raise NotImplementedError(
            f"sparse tensors have two dimensions here, got {len(positions)} rows of indices; use a "
            "dense tensor"
        )
    entries = as_tensor(values) if dtype is None else to(as_tensor(values), dtype)
    if entries.dim() != 1:
        raise NotImplementedError(
            f"the values must be numbers in one dimension, got the shape {list(entries.shape)}"
        )
    if entries.numel() != positions.shape[1]:
        raise RuntimeError(
            f"indices and values must have same nnz, but got nnz from indices: {positions.shape[1]}, nnz "
            f"from values: {entries.numel()}"
        )
    shape = tuple(int(n) for n in (positions.max(1, initial=-1) + 1 if size is None else size))
    if len(shape) != 2:
        raise NotImplementedError(f"sparse tensors have two dimensions here, got the size {list(shape)}")
    for dim, (row, n) in enumerate(zip(positions, shape)):
        if row.size and (row.min() < 0 or row.max() >= n):
            wrong = row.min() if row.min() < 0 else row.max()
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {dim}, size is {n} but found index {wrong}"
            )
    made = SparseTensor.of(entries, Pattern(positions, shape), coalesced=bool(is_coalesced))
    return made.requires_grad_() if requires_grad else made


def from_dense(input: Tensor) -> SparseTensor:
    """The sparse matrix of the elements of a matrix that are not 0; what `Tensor.to_sparse` does."""
    if input.dim() != 2:
        raise NotImplementedError(f"to_sparse is for matrices here, got the shape {list(input.shape)}")
    indices = np.stack(np.nonzero(input._array))
    return SparseTensor.of(
        index_rule(input, index=tuple(indices)), Pattern(indices, input._array.shape), coalesced=True
    )


def mm(mat1: Tensor, mat2: Tensor) -> Tensor:
    r"""The product of two matrices, the first of which, or both, may be dense or sparse, but not both sparse.

    Raises:
        RuntimeError: the sizes or dtypes do not fit.

    >>> import tinygrad_kr as torch
    >>> a = torch.sparse_coo_tensor([[0, 1], [1, 0]], [2.0, 3.0], (2, 2))
    >>> torch.sparse.mm(a, torch.eye(2))
    tensor([[0., 2.],
            [3., 0.]])

    Source: PyTorch, `torch.sparse.mm`.
    """
    for name, one in (("mat1", mat1), ("mat2", mat2)):
        if require_tensor(one, "sparse.mm", name).dim() != 2:
            raise RuntimeError(f"sparse.mm: {name} must be a matrix, got the shape {list(one.shape)}")
    return mat1 @ mat2


spmm = mm
