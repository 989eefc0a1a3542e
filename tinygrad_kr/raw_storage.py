"""The memory of tensors as PyTorch's storages show it: `tensor.storage()`, `tensor.untyped_storage()`.

They are faces of an array: nothing is copied, and an element written through one is seen by the tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from .devices import device
from .tensor import Tensor

__all__ = ["TypedStorage", "UntypedStorage"]


def memory_of(array: np.ndarray) -> np.ndarray:
    """The bytes of the memory that an array is a view of."""
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    in_order = root.transpose(np.argsort([-step for step in root.strides], kind="stable"))
    if not in_order.flags.c_contiguous:
        raise RuntimeError(
            f"the memory of this tensor has gaps: it lies in an array of shape {root.shape} and strides "
            f"{root.strides}; take the storage of .clone()"
        )
    return in_order.reshape(-1).view(np.uint8)


class UntypedStorage:
    """The bytes of a tensor's memory, or `size` new ones.

    >>> storage = torch.tensor([1, 2]).untyped_storage()
    >>> storage.nbytes(), storage[0]
    (16, 1)

    Source: PyTorch, `torch.UntypedStorage`.
    """

    is_cuda = is_sparse = False

    def __init__(self, size: int | np.ndarray = 0) -> None:
        self._bytes = size if isinstance(size, np.ndarray) else np.empty(size, np.uint8)

    @property
    def device(self) -> device:
        """The CPU."""
        return device("cpu")

    def nbytes(self) -> int:
        """How many bytes."""
        return self._bytes.nbytes

    size = __len__ = nbytes

    def __sizeof__(self) -> int:
        return object.__sizeof__(self) + self.nbytes()

    def element_size(self) -> int:
        """1."""
        return 1

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return int(self._bytes.__array_interface__["data"][0])

    def __getitem__(self, index: Any) -> Any:
        found = self._bytes[index]
        return UntypedStorage(found) if isinstance(index, slice) else int(found)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._bytes[index] = value

    def tolist(self) -> list[int]:
        """The bytes as a list."""
        return self._bytes.tolist()

    def clone(self) -> UntypedStorage:
        """A copy."""
        return UntypedStorage(self._bytes.copy())

    def fill_(self, value: int) -> UntypedStorage:
        """Set every byte."""
        self._bytes[...] = value
        return self

    def __repr__(self) -> str:
        return _listing(self, f"torch.storage.UntypedStorage(device=cpu) of size {len(self)}")


class TypedStorage:
    """The memory of a tensor as elements of its dtype, or `size` new ones.

    >>> storage = torch.tensor([[1.0, 2.0], [3.0, 4.0]])[1].storage()
    >>> storage.tolist(), storage.size(), storage.dtype
    ([1.0, 2.0, 3.0, 4.0], 4, torch.float32)

    Source: PyTorch, `torch.TypedStorage`.
    """

    is_cuda = is_sparse = False

    def __init__(
        self, size: int = 0, *, wrap_storage: UntypedStorage | None = None, dtype: Any = None
    ) -> None:
        self.dtype = dtypes.get_default_dtype() if dtype is None else dtype
        self._untyped = wrap_storage or UntypedStorage(size * self.dtype.itemsize)

    @property
    def _elements(self) -> np.ndarray:
        return self._untyped._bytes.view(self.dtype.numpy)

    @property
    def device(self) -> device:
        """The CPU."""
        return device("cpu")

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return self._untyped

    def size(self) -> int:
        """How many elements."""
        return self._elements.size

    __len__ = size

    def nbytes(self) -> int:
        """How many bytes."""
        return self._untyped.nbytes()

    def element_size(self) -> int:
        """Bytes per element."""
        return int(self.dtype.itemsize)

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self._untyped.data_ptr()

    def __getitem__(self, index: int) -> Any:
        return self._elements[index].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._elements[index] = value

    def tolist(self) -> list[Any]:
        """The elements as a list."""
        return self._elements.tolist()

    def clone(self) -> TypedStorage:
        """A copy."""
        return TypedStorage(wrap_storage=self._untyped.clone(), dtype=self.dtype)

    def fill_(self, value: Any) -> TypedStorage:
        """Set every element."""
        self._elements[...] = value
        return self

    def __repr__(self) -> str:
        return _listing(
            self, f"torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size {len(self)}"
        )


def _listing(storage: Any, description: str) -> str:
    return "\n".join([*(f" {value}" for value in storage.tolist()), f"[{description}]"])


def untyped_storage(tensor: Tensor) -> UntypedStorage:
    """The memory of a tensor as bytes."""
    return UntypedStorage(memory_of(tensor._array))


def typed_storage(tensor: Tensor) -> TypedStorage:
    """The memory of a tensor as elements."""
    return TypedStorage(wrap_storage=untyped_storage(tensor), dtype=tensor.dtype)
