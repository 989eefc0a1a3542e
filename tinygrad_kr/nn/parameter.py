"""`Parameter`: a tensor that a module learns. `Buffer`: a tensor that it keeps without learning it.

And both before their shape is known, which a lazy module finds out in its first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..ops.creation import empty
from ..tensor import Tensor, wrap

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "is_lazy"]


class Parameter(Tensor):
    """A tensor that becomes a parameter of the module it is assigned to.

    Assigned as an attribute of a `Module` it appears in `parameters()` and in the state dict, and an
    optimizer can train it.

    Args:
        data: its values; the memory is shared, not copied.
        requires_grad: whether gradients are wanted.

    Raises:
        TypeError: `data` is no tensor.
        RuntimeError: gradients are wanted of an integer or boolean tensor.

    >>> torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    Parameter containing:
    tensor([1., 2.], requires_grad=True)

    Source: PyTorch, `torch.nn.Parameter`.
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        return _stand_for(cls, data, requires_grad, cls.__name__)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that becomes a buffer of the module it is assigned to: part of its state, but not trained.

    Args:
        data: its values; the memory is shared, not copied.
        persistent: whether it belongs to the module's state dict.

    >>> m = torch.nn.Module()
    >>> m.mean = torch.nn.Buffer(torch.zeros(2), persistent=False)
    >>> list(m.named_buffers()), list(m.state_dict())
    ([('mean', tensor([0., 0.]))], [])

    Source: PyTorch, `torch.nn.Buffer`.
    """

    persistent: bool = True

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        requires_grad = isinstance(data, Tensor) and data.requires_grad
        self = _stand_for(cls, data, requires_grad, cls.__name__)
        self.persistent = persistent
        return self


def _stand_for(cls: type[Any], data: Tensor | None, requires_grad: bool, name: str) -> Any:
    """A leaf of class `cls` over the memory of `data`, whose in-place changes both notice."""
    if data is None:
        data = wrap(np.empty(0, dtypes.default_numpy))
    if not isinstance(data, Tensor):
        raise TypeError(
            f"{name}() takes a Tensor, got {type(data).__name__}; write {name}(torch.tensor(...)) for "
            "numbers or arrays"
        )
    self = object.__new__(cls)
    self._array = data._array
    self._storage = data._storage
    return self.requires_grad_() if requires_grad else self


class UninitializedTensorMixin:
    """What uninitialized parameters and buffers share: a dtype, and no shape until `materialize` gives one.

    Whatever reads the elements reads `_array`, which raises here; so only what this class defines works.
    """

    cls_to_become: type[Any]

    if TYPE_CHECKING:
        data: Any
        requires_grad: bool

    @property
    def _array(self) -> np.ndarray:
        raise ValueError(
            f"Attempted to use an uninitialized parameter, a {type(self).__name__}: call the lazy module it "
            "belongs to once, with inputs of the right shape, before anything else uses its parameters"
        )

    @_array.setter
    def _array(self, array: np.ndarray) -> None:
        self.__dict__["_array"] = array

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary parameter or buffer of this shape, with no particular values."""
        made = empty(shape, device=device, dtype=self.dtype if dtype is None else dtype)
        self.__class__ = self.cls_to_become
        self.data = made

    @property
    def shape(self) -> Any:
        """Raises `RuntimeError`: there is none yet."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call "
            "`forward` to initialize the parameters before accessing their attributes."
        )

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type it will have."""
        return dtypes.from_numpy(self.__dict__["_array"].dtype)

    def size(self, dim: int | None = None) -> Any:
        """The size of nothing."""
        return wrap(self.__dict__["_array"]).size(dim)

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating one."""
        return self.dtype.is_floating_point

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """Nothing, in another dtype: what `Module.to` puts in its place."""
        return wrap(self.__dict__["_array"]).to(*args, **kwargs)

    def detach(self) -> Any:
        """Itself."""
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, dtype=self.dtype)  # type: ignore[call-arg]
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.requires_grad,)


def is_lazy(param: Any) -> bool:
    """Whether this is an uninitialized parameter or buffer.

    >>> torch.nn.parameter.is_lazy(torch.nn.LazyLinear(2).weight)
    True

    Source: PyTorch, `torch.nn.parameter.is_lazy`.
    """
    return isinstance(param, UninitializedTensorMixin)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape is not known yet.

    Args:
        requires_grad: whether gradients are wanted.
        device: the CPU.
        dtype: what it will have.

    >>> w = torch.nn.UninitializedParameter()
    >>> w.materialize((2, 3))
    >>> type(w).__name__, w.shape
    ('Parameter', torch.Size([2, 3]))

    Source: PyTorch, `torch.nn.UninitializedParameter`.
    """

    cls_to_become = Parameter

    def __new__(
        cls, requires_grad: bool = True, device: Any = None, dtype: Any = None
    ) -> UninitializedParameter:
        return _without_shape(cls, requires_grad, device, dtype)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose shape is not known yet; the arguments are those of `UninitializedParameter`.

    >>> torch.nn.UninitializedBuffer()
    <UninitializedBuffer>

    Source: PyTorch, `torch.nn.UninitializedBuffer`.
    """

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None
    ) -> UninitializedBuffer:
        return _without_shape(cls, requires_grad, device, dtype)

    def to(self, *args: Any, **kwargs: Any) -> UninitializedBuffer:
        """Another one, of another dtype."""
        return type(self)(dtype=super().to(*args, **kwargs).dtype)


def _without_shape(cls: type[Any], requires_grad: bool, device: Any, dtype: Any) -> Any:
    nothing = empty(0, device=device, dtype=dtype)
    self = object.__new__(cls)
    self.__class__ = cls.cls_to_become
    self._array, self._storage = nothing._array, nothing._storage
    self.requires_grad_(requires_grad)
    self.__class__ = cls
    return self
