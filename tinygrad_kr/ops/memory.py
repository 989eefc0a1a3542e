"""Where the elements of a tensor lie: strides, storages, buffers, files; and Python functions on elements."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.inplace import check_writable
from ..storage import Storage
from ..tensor import Tensor, graft
from ._public import public, require_tensor
from .arrangement import as_strided
from .creation import finish, numpy_dtype
from .shape import becoming

__all__ = [
    *("as_strided_", "as_strided_scatter", "empty_strided", "from_file", "frombuffer", "is_same_size"),
    *("resize_as_", "result_type"),
]


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype in which two tensors or numbers meet in arithmetic.

    >>> torch.result_type(torch.tensor([1, 2]), 1.5)
    torch.float32

    Source: PyTorch, `torch.result_type`.
    """
    operands = [one._array if isinstance(one, Tensor) else one for one in (tensor1, tensor2)]
    return dtypes.from_numpy(dtypes.result_type(*operands))


@public(out=False)
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape.

    >>> torch.is_same_size(torch.ones(2), torch.zeros(2, dtype=torch.int64))
    True

    Source: PyTorch, `torch.is_same_size`.
    """
    one, two = require_tensor(input, "is_same_size"), require_tensor(other, "is_same_size", "other")
    return one._array.shape == two._array.shape


# -- strides -------------------------------------------------------------------------------------------------


def empty_strided(size: Sequence[int], stride: Sequence[int], *, dtype: Any = None, **options: Any) -> Tensor:
    """A tensor of unfilled memory with given strides, counted in elements.

    >>> torch.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)

    Source: PyTorch, `torch.empty_strided`.
    """
    size, stride = tuple(size), tuple(stride)
    if len(size) != len(stride):
        raise RuntimeError(f"mismatch in length of strides and shape: {list(stride)} and {list(size)}")
    if min((*size, *stride), default=0) < 0:
        raise RuntimeError(f"sizes and strides must not be negative, got {list(size)} and {list(stride)}")
    needed = 0 if 0 in size else 1 + sum((n - 1) * step for n, step in zip(size, stride))
    memory = np.empty(needed, numpy_dtype(dtype))
    steps = tuple(step * memory.itemsize for step in stride)
    return finish(np.lib.stride_tricks.as_strided(memory, size, steps), **options)


def new_empty_strided(
    self: Tensor, size: Sequence[int], stride: Sequence[int], dtype: Any = None, **options: Any
) -> Tensor:
    """`torch.empty_strided` with the dtype of this tensor."""
    return empty_strided(size, stride, dtype=self.dtype if dtype is None else dtype, **options)


@public(out=False)
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy of `input` with what `as_strided` would show of it replaced by `src`.

    >>> torch.as_strided_scatter(torch.zeros(4), torch.ones(2), (2,), (2,))
    tensor([1., 0., 1., 0.])

    Source: PyTorch, `torch.as_strided_scatter`.
    """
    out = require_tensor(input, "as_strided_scatter").contiguous().clone()
    region = as_strided(out, size, stride, storage_offset)
    if require_tensor(src, "as_strided_scatter", "src").shape != region.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(region.shape)}"
        )
    region.copy_(src)
    return out


as_strided_ = becoming(as_strided, "as_strided_")


def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """Give a tensor the sizes of another, in place.

    >>> torch.resize_as_(torch.zeros(4), torch.ones(2, 2)).shape
    torch.Size([2, 2])

    Source: PyTorch, `torch.resize_as_`.
    """
    return input.resize_as_(the_template, memory_format=memory_format)


def dim_order(self: Tensor) -> tuple[int, ...]:
    """The dimensions as they lie in memory, the outermost first."""
    return tuple(sorted(range(self.ndim), key=lambda axis: -self._array.strides[axis]))


# -- buffers and files ---------------------------------------------------------------------------------------


def frombuffer(
    buffer: Any, *, dtype: dtypes.dtype, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A 1-d tensor over the memory of a Python buffer (bytearray, array, mmap ...), which they share.

    Args:
        buffer: the buffer; of a read-only one (bytes) the tensor cannot be changed.
        dtype: how its bytes are read.
        count: how many elements; all by default.
        offset: bytes to skip.

    >>> torch.frombuffer(bytearray(b"ab"), dtype=torch.uint8)
    tensor([97, 98], dtype=torch.uint8)

    Source: PyTorch, `torch.frombuffer`.
    """
    stored = numpy_dtype(dtype)
    size, width = memoryview(buffer).nbytes, stored.itemsize
    if not size or not count:
        raise ValueError(f"both buffer length ({size}) and count ({count}) must not be 0")
    if not 0 <= offset < size:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({size} bytes) "
            "minus 1"
        )
    if count < 0 and (size - offset) % width:
        raise ValueError(
            f"buffer length ({size - offset} bytes) after offset ({offset} bytes) must be a multiple of "
            f"element size ({width})"
        )
    if offset + count * width > size:
        raise ValueError(
            f"requested buffer length ({count} * {width} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({size} bytes)"
        )
    return finish(np.frombuffer(buffer, stored, count, offset), requires_grad=requires_grad)


def from_file(
    filename: str, shared: bool | None = None, size: int = 0, *, dtype: Any = None, **options: Any
) -> Tensor:
    """A 1-d tensor whose memory is a file.

    Args:
        filename: the file; with `shared` it is made, or made longer, as needed.
        shared: whether changes are written to the file.
        size: how many elements.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     _ = file.write(bytes(8)), file.flush()
    ...     torch.from_file(file.name, size=2, dtype=torch.int32)
    tensor([0, 0], dtype=torch.int32)

    Source: PyTorch, `torch.from_file`.
    """
    stored = numpy_dtype(dtype)
    if shared:
        with open(filename, "ab") as file:
            if file.tell() < size * stored.itemsize:
                file.truncate(size * stored.itemsize)
    memory = np.memmap(filename, stored, "r+" if shared else "c", shape=(size,))
    return finish(np.asarray(memory), **options)


# -- storages ------------------------------------------------------------------------------------------------


def untyped_storage(self: Tensor) -> Any:
    """The memory this tensor lies in, as bytes."""
    from ..raw_storage import untyped_storage

    return untyped_storage(self)


def storage(self: Tensor) -> Any:
    """The memory this tensor lies in, as elements of its dtype."""
    from ..raw_storage import typed_storage

    return typed_storage(self)


def set_(
    self: Tensor,
    source: Any = None,
    storage_offset: int = 0,
    size: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
) -> Tensor:
    """Make this tensor show the memory of another, or of a storage, with sizes and strides if given."""
    from ..raw_storage import memory_of

    check_writable(self)
    dtype = self._array.dtype
    if isinstance(source, Tensor) and source._array.dtype != dtype:
        raise RuntimeError(
            f"Could not set tensor of type {source.dtype} to a tensor of type {self.dtype}: convert it with "
            f".to({self.dtype})"
        )
    if source is None:
        self._array, self._storage = np.empty(0, dtype), Storage()
    elif isinstance(source, Tensor) and size is None:
        self._array, self._storage = source._array, source._storage
    else:
        memory = memory_of(source._array) if isinstance(source, Tensor) else _bytes_of(source)
        elements = memory.view(dtype)[storage_offset:]
        size = (elements.size,) if size is None else tuple(size)
        steps = tuple(stride) if stride is not None else [math.prod(size[i + 1 :]) for i in range(len(size))]
        last = sum((n - 1) * step for n, step in zip(size, steps))
        if 0 not in size and last >= elements.size:
            raise RuntimeError(
                f"setStorage: sizes {list(size)}, strides {list(steps)} and storage offset {storage_offset} "
                f"are out of bounds for a storage of {memory.nbytes} bytes"
            )
        strides = tuple(step * dtype.itemsize for step in steps)
        self._array = np.lib.stride_tricks.as_strided(elements, size, strides)
        self._storage = source._storage if isinstance(source, Tensor) else Storage()
    self._view = None
    return self


def _bytes_of(source: Any) -> np.ndarray:
    from ..raw_storage import TypedStorage, UntypedStorage

    if not isinstance(source, (TypedStorage, UntypedStorage)):
        raise TypeError(f"set_(): argument 'source' must be Tensor or storage, not {type(source).__name__}")
    return (source.untyped() if isinstance(source, TypedStorage) else source)._bytes


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both show the same memory in the same way."""
    one, two = self._array, tensor._array
    same = one.shape == two.shape and one.strides == two.strides and one.dtype == two.dtype
    return same and self.data_ptr() == tensor.data_ptr()


def const_data_ptr(self: Tensor) -> int:
    """The address of the first element."""
    return self.data_ptr()


def is_pinned(self: Tensor, device: Any = None) -> bool:
    """False: memory is pinned for accelerators."""
    return False


def is_shared(self: Tensor) -> bool:
    """False: `share_memory_` shares nothing here."""
    return False


# -- Python functions on elements ----------------------------------------------------------------------------


def _require_no_grad(self: Tensor, name: str) -> None:
    if self._node is not None:
        raise RuntimeError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead."
        )


def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace each element by what a Python function gives for it; slow."""
    return _filled(self, callable, "apply_")


def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by what a Python function gives for it and another tensor's; slow."""
    return _filled(self, callable, "map_", tensor)


def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replace each element by what a Python function gives for it and those of two tensors; slow."""
    return _filled(self, callable, "map2_", x, y)


def _filled(self: Tensor, function: Callable[..., Any], name: str, *others: Tensor) -> Tensor:
    _require_no_grad(self, name)
    for one in others:
        if one._array.dtype != self._array.dtype:
            raise TypeError(f"{name}: expected {self.type()} for 'other' (got {one.type()})")
    columns = [np.broadcast_to(one._array, self._array.shape).ravel().tolist() for one in (self, *others)]
    values = [function(*row) for row in zip(*columns)]
    self._array[...] = np.array(values, self._array.dtype).reshape(self._array.shape)
    self._storage.version += 1
    return self


# -- other classes and layouts -------------------------------------------------------------------------------


def as_subclass(self: Tensor, cls: type) -> Any:
    """This tensor as an object of a subclass of Tensor, on the same memory and in the same graph."""
    if not issubclass(cls, Tensor):
        raise TypeError(f"cls must be a type that inherits from Tensor, got {cls!r}")
    result = object.__new__(cls)
    result._array, result._storage = self._array, self._storage
    result._node, result._view = self._node, self._view
    return result


def bfloat16(self: Tensor, memory_format: Any = None) -> Tensor:
    """Raises: NumPy has no bfloat16, so there are no tensors of it; `.half()` and `.float()` are there."""
    return self.to(dtypes.bfloat16)


def module_load(self: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What `Module.load_state_dict` puts in the place of this tensor: itself with new values, or `other`."""
    return other.detach() if assign else self.copy_(other).detach()


def grad_dtype(self: Tensor) -> dtypes.dtype:
    """The dtype of its gradient: its own."""
    return self.dtype


graft(property(grad_dtype), "grad_dtype")  # type: ignore[arg-type]
for _function in (
    *(new_empty_strided, as_strided_, dim_order, untyped_storage, storage, set_, is_set_to, const_data_ptr),
    *(is_pinned, is_shared, apply_, map_, map2_, as_subclass, bfloat16, module_load),
):
    graft(_function)
