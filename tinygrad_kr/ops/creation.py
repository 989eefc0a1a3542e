"""Making tensors: from data, filled with a value, as ranges. None of these has a derivative.

All take `dtype`, `device` (the CPU) and `requires_grad` as keywords, and PyTorch's `layout`, `pin_memory` and
`memory_format`, which change nothing on a CPU in this package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..devices import require_cpu
from ..tensor import Tensor, graft, wrap
from ._public import as_array, require_tensor, sizes_of

__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "is_tensor",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "range",
    "scalar_tensor",
    "tensor",
    "zeros",
    "zeros_like",
]

Dtype = Any


def finish(array: np.ndarray, device: Any = None, requires_grad: bool = False, **ignored: Any) -> Tensor:
    """A tensor over a fresh array, with the keywords that all factories share."""
    unknown = set(ignored) - {"layout", "pin_memory", "memory_format", "names"}
    if unknown:
        raise TypeError(f"unexpected keyword argument {sorted(unknown)[0]!r}")
    if device is not None:
        require_cpu(device)
    result = wrap(array)
    return result.requires_grad_() if requires_grad else result


def numpy_dtype(dtype: Any, default: Any = None) -> np.dtype:
    """The NumPy dtype of a `dtype` argument; `default` (or the default dtype) if it is None."""
    if dtype is None:
        return dtypes.default_numpy if default is None else default
    return dtypes.as_dtype(dtype).numpy


def _array_from(data: Any, dtype: Any) -> np.ndarray:
    """A new array from anything that holds numbers: nested lists, arrays, scalars, tensors inside lists."""
    if isinstance(data, Tensor):
        data = data._array
    if isinstance(data, (np.ndarray, np.generic)):
        dtypes.from_numpy(data.dtype)
        return np.array(data, None if dtype is None else numpy_dtype(dtype), order="C")
    plain = _plain(data)
    try:
        array = np.array(plain)
    except ValueError as error:
        raise ValueError(f"expected nested sequences of equal lengths: {error}") from None
    if array.dtype.kind not in "biufc":
        what = type(data).__name__ if array.ndim == 0 else f"{array.dtype.name} elements"
        raise TypeError(
            f"new(): data must be numbers, (nested) sequences of numbers or arrays, got {what}: {data!r:.80}"
        )
    if dtype is not None:
        return array.astype(numpy_dtype(dtype), copy=False)
    if array.dtype.kind == "f" or (array.size == 0 and not isinstance(plain, (bool, int))):
        return array.astype(_found_dtype(data) or dtypes.default_numpy, copy=False)
    if array.dtype == np.uint64:
        raise RuntimeError(f"an integer in {data!r:.80} does not fit into int64; give dtype=torch.float64")
    if array.dtype.kind == "c":
        return array.astype(dtypes.promote_types(dtypes.get_default_dtype(), dtypes.complex64).numpy)
    return array


def _plain(data: Any) -> Any:
    if isinstance(data, Tensor):
        return data._array
    if isinstance(data, (list, tuple)) and any(isinstance(one, (Tensor, list, tuple)) for one in data):
        return [_plain(one) for one in data]
    return data


def _found_dtype(data: Any) -> np.dtype | None:
    """The dtype of arrays or NumPy scalars nested in lists, which they keep; None for Python numbers."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    data = as_array(data)
    return data.dtype if isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind == "f" else None


def tensor(
    data: Any,
    *,
    dtype: Dtype = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor with a copy of `data`, a leaf of the graph.

    Args:
        data: a number, nested sequences of numbers, an array or a tensor.
        dtype: by default int64, bool, or the default dtype for floats; arrays keep theirs.
        device: the CPU.
        requires_grad: whether gradients are wanted.

    Raises:
        ValueError: sequences of unequal lengths.
        TypeError: `data` holds something else than numbers.

    >>> torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])

    Source: PyTorch, `torch.tensor`.
    """
    return finish(_array_from(data, dtype), device, requires_grad)


def as_tensor(data: Any, dtype: Dtype = None, device: Any = None) -> Tensor:
    """A tensor over the memory of `data` where that is an array or tensor of the dtype already, else a copy.

    >>> import numpy as np
    >>> array = np.zeros(2)
    >>> t = torch.as_tensor(array)
    >>> array[0] = 5
    >>> t
    tensor([5., 0.], dtype=torch.float64)

    Source: PyTorch, `torch.as_tensor`.
    """
    if device is not None:
        require_cpu(device)
    if isinstance(data, Tensor):
        return (
            data if dtype is None or data.dtype is dtypes.as_dtype(dtype) else data.to(dtypes.as_dtype(dtype))
        )
    if isinstance(data, np.ndarray):
        dtypes.from_numpy(data.dtype)
        return wrap(data if dtype is None else data.astype(numpy_dtype(dtype), copy=False))
    return tensor(data, dtype=dtype)


def asarray(
    obj: Any,
    *,
    dtype: Dtype = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`as_tensor`, with a say in whether to copy.

    >>> torch.asarray([1, 2])
    tensor([1, 2])

    Source: PyTorch, `torch.asarray`.
    """
    result = tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype, device)
    if (
        copy is False
        and isinstance(obj, (np.ndarray, Tensor))
        and not np.shares_memory(as_array(obj), result._array)
    ):
        raise ValueError(
            "asarray(copy=False): a tensor of that dtype cannot share this memory; leave copy out"
        )
    return result.requires_grad_() if requires_grad else result


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the memory of a NumPy array: a change of one is seen in the other.

    Raises:
        TypeError: it is no array, or of a dtype that tensors do not have.

    >>> import numpy as np
    >>> torch.from_numpy(np.arange(3))
    tensor([0, 1, 2])

    Source: PyTorch, `torch.from_numpy`.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(
            f"expected np.ndarray (got {type(ndarray).__name__}); use torch.tensor(...) for other data"
        )
    dtypes.from_numpy(ndarray.dtype)
    return wrap(ndarray)


def is_tensor(obj: Any) -> bool:
    """Whether `obj` is a tensor.

    >>> torch.is_tensor([1])
    False

    Source: PyTorch, `torch.is_tensor`.
    """
    return isinstance(obj, Tensor)


def _filled_dtype(value: Any) -> np.dtype:
    """The dtype that `full` takes from its value."""
    value = as_array(value)
    if isinstance(value, (bool, np.bool_)):
        return np.dtype(np.bool_)
    if isinstance(value, (int, np.integer)):
        return np.dtype(np.int64)
    return value.dtype if isinstance(value, np.ndarray) else dtypes.default_numpy


def shape_of_sizes(size: Sequence[Any], keywords: dict[str, Any]) -> tuple[int, ...]:
    """The shape that a factory was asked for, as positional sizes or as `size=`; checked."""
    sizes = sizes_of((keywords.pop("size"),) if "size" in keywords else size)
    for one in sizes:
        if one < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {one}: {list(sizes)}")
    return sizes


def zeros(*size: Any, dtype: Dtype = None, **options: Any) -> Tensor:
    """A tensor of zeros.

    >>> torch.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])

    Source: PyTorch, `torch.zeros`.
    """
    return placed(np.zeros(shape_of_sizes(size, options), numpy_dtype(dtype)), options)


def ones(*size: Any, dtype: Dtype = None, **options: Any) -> Tensor:
    """A tensor of ones.

    >>> torch.ones(3, dtype=torch.int64)
    tensor([1, 1, 1])

    Source: PyTorch, `torch.ones`.
    """
    return placed(np.ones(shape_of_sizes(size, options), numpy_dtype(dtype)), options)


def empty(*size: Any, dtype: Dtype = None, **options: Any) -> Tensor:
    """A tensor whose values are whatever the memory holds: fill it before you read it.

    >>> torch.empty(2, 3).shape
    torch.Size([2, 3])

    Source: PyTorch, `torch.empty`.
    """
    return placed(np.empty(shape_of_sizes(size, options), numpy_dtype(dtype)), options)


def full(size: Any, fill_value: Any, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """A tensor filled with one value; its dtype is the value's unless given.

    >>> torch.full((2, 2), 7)
    tensor([[7, 7],
            [7, 7]])

    Source: PyTorch, `torch.full`.
    """
    shape = shape_of_sizes((size,), options)
    return placed(
        np.full(shape, as_array(fill_value), numpy_dtype(dtype, _filled_dtype(fill_value))), options
    )


def placed(array: np.ndarray, options: dict[str, Any]) -> Tensor:
    """What a factory returns: a fresh tensor over the array, or `out=` filled with it."""
    out = options.pop("out", None)
    if out is None:
        return finish(array, **options)
    from ._public import deliver

    return deliver(wrap(array), out, "factory")


def zeros_like(input: Tensor, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """Zeros of the shape and dtype of another tensor.

    >>> torch.zeros_like(torch.tensor([1, 2]))
    tensor([0, 0])

    Source: PyTorch, `torch.zeros_like`.
    """
    array = require_tensor(input, "zeros_like")._array
    return finish(np.zeros_like(array, numpy_dtype(dtype, array.dtype)), **options)


def ones_like(input: Tensor, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """Ones of the shape and dtype of another tensor.

    >>> torch.ones_like(torch.tensor([1.5, 2.5]))
    tensor([1., 1.])

    Source: PyTorch, `torch.ones_like`.
    """
    array = require_tensor(input, "ones_like")._array
    return finish(np.ones_like(array, numpy_dtype(dtype, array.dtype)), **options)


def empty_like(input: Tensor, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """Memory of the shape and dtype of another tensor, unfilled.

    >>> torch.empty_like(torch.zeros(2)).shape
    torch.Size([2])

    Source: PyTorch, `torch.empty_like`.
    """
    array = require_tensor(input, "empty_like")._array
    return finish(np.empty_like(array, numpy_dtype(dtype, array.dtype)), **options)


def full_like(input: Tensor, fill_value: Any, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """One value in the shape and dtype of another tensor.

    >>> torch.full_like(torch.zeros(2), 7)
    tensor([7., 7.])

    Source: PyTorch, `torch.full_like`.
    """
    array = require_tensor(input, "full_like")._array
    return finish(np.full_like(array, as_array(fill_value), numpy_dtype(dtype, array.dtype)), **options)


def scalar_tensor(s: Any, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """A 0-d tensor of the default dtype (or the one given).

    >>> torch.scalar_tensor(3)
    tensor(3.)

    Source: PyTorch, `torch.scalar_tensor`.
    """
    return finish(np.array(s, numpy_dtype(dtype)), **options)


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """The numbers start, start + step, ... below end (which is not included).

    Args:
        start: the first number; 0 if only one is given, which then is the end.
        end: where to stop.
        step: the distance.
        dtype: by default int64 if all are integers, else the default dtype.

    Raises:
        RuntimeError: a step of 0, or bounds that the step leads away from.

    >>> torch.arange(1, 4), torch.arange(0, 1, 0.25)
    (tensor([1, 2, 3]), tensor([0.0000, 0.2500, 0.5000, 0.7500]))

    Source: PyTorch, `torch.arange`.
    """
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (
        one.item() if isinstance(one, (Tensor, np.generic)) else one for one in (start, end, step)
    )
    if dtype is not None and numpy_dtype(dtype).kind in "iu":
        start, end, step = int(start), int(end), int(step)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError(f"upper bound and lower bound inconsistent with step sign: {start}, {end}, {step}")
    whole = all(isinstance(one, int) for one in (start, end, step))
    target = numpy_dtype(dtype, np.dtype(np.int64) if whole else None)
    if whole:
        values = np.arange(start, end, step)
    else:
        values = start + np.arange(float(math.ceil((end - start) / step))) * step
    return placed(values.astype(target, copy=False), options)


def range(
    start: float = 0, end: float = 0, step: float = 1, *, dtype: Dtype = None, **options: Any
) -> Tensor:
    """The numbers from start to end, *both included*; deprecated in PyTorch in favour of `arange`.

    >>> torch.range(1, 3)
    tensor([1., 2., 3.])

    Source: PyTorch, `torch.range`.
    """
    count = math.floor((end - start) / step) + 1
    return placed((start + np.arange(count) * step).astype(numpy_dtype(dtype)), options)


def linspace(start: Any, end: Any, steps: int, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """`steps` numbers from start to end, both included, at equal distances.

    >>> torch.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])

    Source: PyTorch, `torch.linspace`.
    """
    start, end = as_array(start), as_array(end)
    if steps < 0:
        raise RuntimeError(f"number of steps must be non-negative, got {steps}")
    target = numpy_dtype(dtype)
    if target.kind in "iu":
        start, end = int(start), int(end)
    kind = target if target.kind == "f" else np.dtype(np.float64)
    return placed(_spaced(float(start), float(end), int(steps), kind).astype(target, copy=False), options)


def _spaced(start: float, end: float, steps: int, dtype: np.dtype) -> np.ndarray:
    """PyTorch's linspace: the first half counted from the start, the second from the end."""
    if steps == 1:
        return np.array([start], dtype)
    step = dtype.type((dtype.type(end) - dtype.type(start)) / dtype.type(max(steps - 1, 1)))
    half = steps // 2
    out = np.arange(steps - half, dtype=dtype) * step
    return np.concatenate([dtype.type(start) + out[:half], (dtype.type(end) - out)[::-1]])


def logspace(
    start: float, end: float, steps: int, base: float = 10.0, *, dtype: Dtype = None, **options: Any
) -> Tensor:
    """`steps` numbers from base^start to base^end, at equal ratios.

    >>> torch.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])

    Source: PyTorch, `torch.logspace`.
    """
    target = numpy_dtype(dtype)
    if target.kind in "iu":
        start, end = int(start), int(end)
    exponents = _spaced(float(start), float(end), int(steps), np.dtype(np.float64))
    return placed((base**exponents).astype(target), options)


def eye(n: int, m: int | None = None, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """Ones on the diagonal, zeros elsewhere.

    >>> torch.eye(2)
    tensor([[1., 0.],
            [0., 1.]])

    Source: PyTorch, `torch.eye`.
    """
    for name, value in (("n", n), ("m", m)):
        if value is not None and value < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")
    return placed(np.eye(n, m, dtype=numpy_dtype(dtype)), options)


# -- methods: new tensors like this one ----------------------------------------------------------


def new_tensor(self: Tensor, data: Any, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """A tensor with a copy of `data`, by default of this tensor's dtype."""
    return finish(_array_from(data, dtype or self.dtype), **options)


def new_zeros(self: Tensor, *size: Any, dtype: Dtype = None, **options: Any) -> Tensor:
    """Zeros of another shape, by default of this tensor's dtype."""
    return zeros(*size, dtype=dtype or self.dtype, **options)


def new_ones(self: Tensor, *size: Any, dtype: Dtype = None, **options: Any) -> Tensor:
    """Ones of another shape, by default of this tensor's dtype."""
    return ones(*size, dtype=dtype or self.dtype, **options)


def new_empty(self: Tensor, *size: Any, dtype: Dtype = None, **options: Any) -> Tensor:
    """Unfilled memory of another shape, by default of this tensor's dtype."""
    return empty(*size, dtype=dtype or self.dtype, **options)


def new_full(self: Tensor, size: Any, fill_value: Any, *, dtype: Dtype = None, **options: Any) -> Tensor:
    """One value in another shape, by default of this tensor's dtype."""
    return full(size, fill_value, dtype=dtype or self.dtype, **options)


for _function in (new_tensor, new_zeros, new_ones, new_empty, new_full):
    graft(_function)
