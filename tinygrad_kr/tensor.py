"""`Tensor`: an array, the node of the graph that made it, and the storage it shares with its views.

The class is a seed. It knows what a tensor *is* (memory, dtype, place in the graph) and nothing about
mathematics; the derivative pages in `ops/` graft their functions onto it as methods (`graft`), so that each
operation has one home.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes
from .constants import strided
from .devices import device
from .methods import TensorMethods
from .printing import tensor_text
from .size import Size
from .state import state
from .storage import InferenceStorage, Storage

if TYPE_CHECKING:
    from .autograd.node import Node

CPU = device("cpu")


class Tensor(TensorMethods):
    """A multi-dimensional array of one dtype that can take part in automatic differentiation.

    `Tensor(data)` and `Tensor(*sizes)` are PyTorch's legacy constructors (float32 values, zeros for sizes);
    `tensor(data)` infers the dtype and is what new code should use.

    >>> import tinygrad_kr as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])

    Source: PyTorch, `torch.Tensor`.
    """

    _array: np.ndarray
    _storage: Storage
    _node: Node | None = None  # the node that made it, a Leaf if it requires gradients itself, else None
    _view: tuple[Tensor, Callable[[Any], Any]] | None = None  # (what it is a view of, how to take that view)
    _grad: Tensor | None = None
    _frozen: Node | None = None  # the Leaf of a parameter whose requires_grad is switched off for now

    def __new__(cls, *data: Any, device: Any = None) -> Tensor:
        self = object.__new__(cls)
        if len(data) == 1 and not isinstance(data[0], int):
            source = data[0]
            if isinstance(source, Size):
                array = np.zeros(source, dtypes.default_numpy)
            else:
                source = source._array if isinstance(source, Tensor) else source
                array = np.array(source, dtypes.default_numpy)
        else:
            array = np.zeros(data or (0,), dtypes.default_numpy)
        self._array = array
        self._storage = Storage()
        return self

    # -- what it holds -----------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return tuple.__new__(Size, self._array.shape)

    def size(self, dim: int | None = None) -> Any:
        """The sizes of all dimensions, or of one."""
        if dim is None:
            return tuple.__new__(Size, self._array.shape)
        try:
            return self._array.shape[dim]
        except IndexError:
            raise dimension_error(dim, self._array.ndim) from None

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    nelement = numel

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type, for example `torch.float32`."""
        return dtypes.from_numpy(self._array.dtype)

    @property
    def device(self) -> device:
        """Where the elements live: always `cpu`."""
        return CPU

    is_cpu = True
    layout = strided
    is_cuda = is_mps = is_xpu = is_sparse = is_quantized = is_nested = is_meta = False

    def get_device(self) -> int:
        """-1, PyTorch's index for the CPU."""
        return -1

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self._array.itemsize

    def element_size(self) -> int:
        """Bytes per element."""
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._array.nbytes

    def stride(self, dim: int | None = None) -> Any:
        """Steps, in elements, from one index to the next along each dimension."""
        strides = tuple(step // self._array.itemsize for step in self._array.strides)
        return strides if dim is None else strides[dim]

    def storage_offset(self) -> int:
        """Elements between the start of the memory this tensor views and its own first element."""
        root = self._array
        while isinstance(root.base, np.ndarray):
            root = root.base
        start = lambda array: array.__array_interface__["data"][0]  # noqa: E731
        return (start(self._array) - start(root)) // self._array.itemsize

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements lie in row-major order without gaps."""
        return bool(self._array.flags.c_contiguous)

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(self._array.__array_interface__["data"][0])

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating one."""
        return self._array.dtype.kind == "f"

    def is_complex(self) -> bool:
        """Whether the dtype is a complex one."""
        return self._array.dtype.kind == "c"

    def is_signed(self) -> bool:
        """Whether the dtype can hold negative numbers."""
        return self._array.dtype.kind in "ifc"

    # -- its place in the graph --------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor; settable on leaves of a floating dtype."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for gradients (or stop asking), in place; returns the tensor itself."""
        from .autograd.node import Leaf

        if bool(requires_grad) == (self._node is not None):
            return self
        if requires_grad:
            if self._array.dtype.kind not in "fc":
                raise RuntimeError(
                    f"only Tensors of floating point dtype can require gradients, got {self.dtype}; "
                    "convert it first, for example with .float()"
                )
            self._node, self._frozen = self._frozen or Leaf(self), None
        elif not self.is_leaf:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. To use a computed tensor in a "
                "subgraph "
                "that needs no gradient, use var_no_grad = var.detach()"
            )
        else:
            self._frozen, self._node = self._node, None
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user (or without recording) rather than by a recorded operation."""
        return self._node is None or self._node.is_leaf

    @property
    def grad_fn(self) -> Node | None:
        """The graph node that made this tensor; None for leaves."""
        return None if self._node is None or self._node.is_leaf else self._node

    @property
    def grad(self) -> Tensor | None:
        """The gradient accumulated here by `backward`; None until there is one."""
        if self._grad is None and not self.is_leaf and not self.retains_grad:
            _warn_about_grad_of_non_leaf()
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got {type(value).__name__}"
                )
            if value._array.shape != self._array.shape:
                raise RuntimeError(
                    f"assigned grad has data of a different size: {list(value.shape)} for a tensor of size "
                    f"{list(self.shape)}"
                )
            if value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"assigned grad has data of a different type: {value.dtype} for a tensor of {self.dtype}"
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was asked of this non-leaf tensor."""
        return self._node is not None and not self._node.is_leaf and self._node.retains(self)

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf tensor in `.grad` during backward."""
        if self._node is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if not self._node.is_leaf:
            self._node.retain(self)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Any:
        """Call `hook(grad)` when this tensor's gradient is known; what it returns (if anything) replaces it.

        Returns a handle whose `remove()` takes the hook off.
        """
        if self._node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return self._node.add_hook(hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> Any:
        """Call `hook(tensor)` each time backward has accumulated into the `.grad` of this leaf."""
        from .autograd.node import Leaf

        if not isinstance(self._node, Leaf):
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return self._node.add_post_hook(hook)

    @property
    def data(self) -> Tensor:
        """The same memory as a tensor outside the graph, whose changes are not tracked."""
        return wrap(self._array)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        self._array = value._array
        self._storage = Storage()
        self._view = None
        for node in (self._node, self._frozen):
            if node is not None:
                node.shape, node.dtype = value._array.shape, value._array.dtype

    def detach(self) -> Tensor:
        """The same memory as a tensor outside the graph; in-place changes to either are noticed by both."""
        result = wrap(self._array)
        result._storage = self._storage
        return result

    def detach_(self) -> Tensor:
        """Take this tensor itself out of the graph; it becomes a leaf."""
        if self._view is not None:
            raise RuntimeError("can't detach views in-place; use detach() instead")
        self._node = None
        return self

    @property
    def _version(self) -> int:
        return self._storage.version

    @property
    def _base(self) -> Tensor | None:
        return base_of(self) if self._view is not None else None

    def _is_view(self) -> bool:
        return self._view is not None

    def is_inference(self) -> bool:
        """Whether it was made inside `inference_mode`."""
        return isinstance(self._storage, InferenceStorage)

    # -- out of the framework ----------------------------------------------------------------------

    def item(self) -> Any:
        """The only element as a Python number."""
        if self._array.size != 1:
            raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
        return self._array.item()

    def tolist(self) -> Any:
        """The elements as nested Python lists."""
        return self._array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as an array that shares this tensor's memory; `force=True` detaches first."""
        if self._node is not None and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
            )
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self) -> bool:
        if self._array.size != 1:
            count = "no values" if self._array.size == 0 else f"more than one value ({self._array.size})"
            raise RuntimeError(
                f"Boolean value of Tensor with {count} is ambiguous; use .any(), .all() or .numel() to say "
                f"which"
            )
        return bool(self._array.item())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self._array.size != 1 or self._array.dtype.kind not in "iub":
            raise TypeError(
                f"only integer tensors of a single element can be converted to an index, got {self.dtype} "
                f"of shape "
                f"{tuple(self._array.shape)}"
            )
        return int(self._array.item())

    def __contains__(self, element: Any) -> bool:
        value = element._array if isinstance(element, Tensor) else element
        if not isinstance(value, (bool, int, float, complex, np.ndarray, np.generic)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
                f"{type(element).__name__}"
            )
        return bool(np.any(self._array == value))

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        grad_fn = self.grad_fn
        return tensor_text(
            self._array,
            requires_grad=self._node is not None and grad_fn is None,
            grad_fn=None if grad_fn is None else grad_fn.name(),
        )

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0 and self._node is None:
            return format(self._array.item(), spec)
        if self._array.ndim == 0 and spec:
            return format(self._array.item(), spec)
        return format(repr(self), spec)

    # -- copying -----------------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise RuntimeError(
                "only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol "
                "at the "
                "moment; use tensor.detach().clone() for the values of a computed one"
            )
        result = rebuild(type(self), np.array(self._array, order="K"), self.requires_grad)
        memo[id(self)] = result
        if self._grad is not None:
            result._grad = self._grad.__deepcopy__(memo)
        for name, value in self.__dict__.items():
            if not hasattr(Tensor, name) and name not in ("_array", "_storage"):
                import copy

                setattr(result, name, copy.deepcopy(value, memo))
        return result

    def __reduce_ex__(self, protocol: Any) -> Any:
        if not self.is_leaf:
            raise RuntimeError(
                "only leaf tensors can be pickled: a computed tensor would lose its graph; pickle "
                "tensor.detach()"
            )
        return rebuild, (type(self), self._array, self.requires_grad)


def wrap(array: np.ndarray) -> Tensor:
    """A plain tensor over an array, without copying."""
    tensor = object.__new__(Tensor)
    tensor._array = array
    tensor._storage = InferenceStorage() if state.inference else Storage()
    return tensor


def rebuild(cls: type[Tensor], array: np.ndarray, requires_grad: bool) -> Tensor:
    """A tensor of a given class over an array: what unpickling and deep copies call."""
    tensor = object.__new__(cls)
    tensor._array = array
    tensor._storage = Storage()
    if requires_grad:
        tensor.requires_grad_()
    return tensor


def base_of(tensor: Tensor) -> Tensor:
    """The tensor at the end of a chain of views; the tensor itself if it is no view."""
    while tensor._view is not None:
        tensor = tensor._view[0]
    return tensor


def dimension_error(dim: int, ndim: int) -> IndexError:
    """PyTorch's error for a dimension that does not exist."""
    low, high = (-max(ndim, 1), max(ndim, 1) - 1)
    return IndexError(f"Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})")


def graft(function: Callable[..., Any], *names: str) -> None:
    """Make a function a method of `Tensor` under the given names (its own by default)."""
    for name in names or (function.__name__,):
        if name in Tensor.__dict__:
            raise TypeError(f"Tensor.{name} exists already ({Tensor.__dict__[name]!r}); one name, one home")
        setattr(Tensor, name, function)


def _warn_about_grad_of_non_leaf() -> None:
    import warnings

    warnings.warn(
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
        "won't be "
        "populated during autograd.backward(). If you indeed want the .grad field to be populated for a "
        "non-leaf "
        "Tensor, use .retain_grad() on the non-leaf Tensor.",
        UserWarning,
        stacklevel=3,
    )
