"""Conversion: other dtypes, copies, memory order. To gradients all of them are the identity."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.primitive import numpy_function, rule
from ..constants import sparse_coo
from ..devices import device as Device
from ..devices import require_cpu
from ..kernels.copying import row_major
from ..tensor import Tensor, graft
from ._public import public, require_tensor

__all__ = ["clone"]


def astype_(x: Any, *, dtype: np.dtype) -> Any:
    """A copy in another dtype."""
    return x.astype(dtype)


def copy_(x: Any, *, order: Any = "K") -> Any:
    """A copy; "K" keeps the order of the memory, "C" makes it row-major."""
    return row_major(x) if order == "C" else np.array(x, order=order)


astype_rule = rule(astype_, name="to_copy", x=lambda g: g)  # the engine casts the gradient back
clone_rule = rule(copy_, name="clone", x=lambda g: g)


@numpy_function(np.copy)
def _np_copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return clone_rule(a, order=order)


@public(out=False)
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    r"""A copy that gradients flow through.

    >>> x = torch.tensor([1.0, 2.0])
    >>> y = torch.clone(x)
    >>> y[0] = 5
    >>> x
    tensor([1., 2.])

    Source: PyTorch, `torch.clone`.
    """
    return clone_rule(require_tensor(input, "clone"))


def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """This tensor in another dtype or on another device (there is only the CPU); itself if nothing changes.

    `t.to(dtype)`, `t.to(device)`, `t.to(device, dtype)`, `t.to(other)`; keywords `dtype`, `device`, `copy`.
    """
    dtype, copy = kwargs.get("dtype"), kwargs.get("copy", False)
    if kwargs.get("device") is not None:
        require_cpu(kwargs["device"])
    for arg in args:
        if isinstance(arg, Tensor):
            dtype = arg.dtype
        elif isinstance(arg, (str, Device)):
            require_cpu(arg)
        elif isinstance(arg, bool) or arg is None:
            continue
        else:
            dtype = dtypes.as_dtype(arg)
    target = self._array.dtype if dtype is None else dtypes.as_dtype(dtype).numpy
    if target == self._array.dtype:
        return clone_rule(self) if copy else self
    if self._array.dtype.kind == "c" and target.kind not in "cb":
        warnings.warn("Casting complex values to real discards the imaginary part", UserWarning, stacklevel=2)
        self = np.real(self)  # type: ignore[assignment]
        if target == self._array.dtype:
            return clone_rule(self)
    return astype_rule(self, dtype=target)


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor in the dtype of another."""
    return to(self, other.dtype)


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of its legacy type, such as 'torch.FloatTensor'; with a dtype, the tensor converted."""
    if dtype is None:
        return f"torch.{_LEGACY[self.dtype]}Tensor"
    if isinstance(dtype, str):
        names = {f"torch.{name}Tensor": one for one, name in _LEGACY.items()}
        if dtype not in names:
            raise ValueError(f"invalid type: {dtype!r}; expected one of {sorted(names)}")
        dtype = names[dtype]
    legacy = getattr(dtype, "dtype", None)  # of `torch.FloatTensor` and the like
    return to(self, legacy if isinstance(legacy, dtypes.dtype) else dtype)


_LEGACY = {
    dtypes.float32: "Float",
    dtypes.float64: "Double",
    dtypes.float16: "Half",
    dtypes.complex64: "ComplexFloat",
    dtypes.complex128: "ComplexDouble",
    dtypes.int64: "Long",
    dtypes.int32: "Int",
    dtypes.int16: "Short",
    dtypes.int8: "Char",
    dtypes.uint8: "Byte",
    dtypes.bool: "Bool",
}


def _converter(name: str, dtype: dtypes.dtype) -> None:
    def convert(self: Tensor, memory_format: Any = None) -> Tensor:
        return to(self, dtype)

    convert.__name__ = name
    convert.__doc__ = f"This tensor as {dtype}; itself if it is that already."
    graft(convert)


for _name, _dtype in {
    "float": dtypes.float32,
    "double": dtypes.float64,
    "half": dtypes.float16,
    "cfloat": dtypes.complex64,
    "cdouble": dtypes.complex128,
    "long": dtypes.int64,
    "int": dtypes.int32,
    "short": dtypes.int16,
    "char": dtypes.int8,
    "byte": dtypes.uint8,
    "bool": dtypes.bool,
}.items():
    _converter(_name, _dtype)


def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """This tensor in row-major memory: itself if it is so already, else a copy."""
    return self if self._array.flags.c_contiguous else clone_rule(self, order="C")


def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """This tensor on the CPU, where it is."""
    return self


def cuda(self: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """PyTorch's way to a GPU; raises, since there is only the CPU."""
    require_cpu("cuda" if device is None else device)
    return self


def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """This tensor; memory for GPUs need not be pinned here."""
    return self


def share_memory_(self: Tensor) -> Tensor:
    """This tensor; worker processes receive copies."""
    return self


def to_dense(self: Tensor, dtype: Any = None, *, masked_grad: bool | None = None) -> Tensor:
    """This tensor, which is dense already, perhaps in another dtype."""
    return self if dtype is None else to(self, dtype)


def to_sparse(self: Tensor, *, layout: Any = None) -> Tensor:
    """The sparse matrix of the elements that are not 0; see `torch.sparse_coo_tensor`."""
    from .sparse import from_dense

    if layout not in (None, sparse_coo):
        raise NotImplementedError(f"of sparse layouts there is only torch.sparse_coo, not {layout}")
    return from_dense(self)


def __dlpack__(self: Tensor, **options: Any) -> Any:
    """The tensor's memory as a capsule that another library's `from_dlpack` takes."""
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    return self._array.__dlpack__(**options)


def __dlpack_device__(self: Tensor) -> tuple[int, int]:
    """The CPU, as DLPack numbers it."""
    return self._array.__dlpack_device__()


graft(__dlpack__)
graft(__dlpack_device__)
for _function in (to, type_as, contiguous, cpu, cuda, pin_memory, share_memory_, to_dense, to_sparse):
    graft(_function)
graft(to_sparse, "to_sparse_coo")


def _sparse_only(name: str) -> None:
    def method(self: Tensor) -> Any:
        raise RuntimeError(
            f"{name} expected sparse coordinate tensor layout but got Strided; a dense matrix becomes "
            "sparse by .to_sparse()"
        )

    method.__name__ = name
    method.__doc__ = f"`{name}` of a sparse matrix; RuntimeError for a dense tensor."
    graft(method)


for _name in ("coalesce", "is_coalesced", "indices", "values", "sparse_dim", "dense_dim"):
    _sparse_only(_name)
graft(type_, "type")
