"""Random numbers: the factories that draw from a generator, and the in-place draws of Tensors.

Under the same seed every draw takes the numbers that PyTorch takes on a CPU; `kernels/random.py` says how
exactly. Numbers fill a tensor in the order of its memory. A draw has no derivative: what it depends on gets a
gradient of zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd.inplace import assign, check_writable
from ..autograd.primitive import joint
from ..kernels.random import Stream
from ..state import state
from ..tensor import Tensor, graft, wrap
from ._public import as_array, public, require_tensor
from .creation import finish, numpy_dtype, placed, shape_of_sizes
from .generator import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
    stream_of,
)

__all__ = [
    "Generator",
    "bernoulli",
    "default_generator",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "seed",
    "set_rng_state",
]


# -- drawing in PyTorch's order ------------------------------------------------------------------------------


def fill_order(array: np.ndarray) -> tuple[int, ...] | None:
    """The axes of an array from the outermost to the innermost as draws fill it; None for their own order.

    PyTorch fills along the memory. Where this package keeps channels last, PyTorch has its usual order in
    memory, so that a channels-last array is filled in its own order of axes.
    """
    if array.flags.c_contiguous:
        return None
    if array.ndim > 2 and array.transpose(0, *range(2, array.ndim), 1).flags.c_contiguous:
        return None
    return tuple(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))


def in_fill_order(array: np.ndarray, draw: Callable[[tuple[int, ...]], np.ndarray]) -> np.ndarray:
    """What `draw(shape)` makes for an array, in its shape: how PyTorch would fill it."""
    order = fill_order(array)
    if order is None:
        return draw(array.shape)
    drawn = draw(tuple([array.shape[axis] for axis in order]))
    return drawn.transpose(np.argsort(order))


def drawn_(*inputs: Any, values: np.ndarray) -> Any:
    """Values that were drawn; what they depend on gets a gradient of zero."""
    return values


drawn_rule = joint(drawn_, lambda g, inputs_shape: [np.zeros(shape) for shape in inputs_shape], name="random")


def _fill(target: Tensor, draw: Callable[[tuple[int, ...]], np.ndarray]) -> Tensor:
    """Write drawn values into a tensor, in place; its old values get a gradient of zero."""
    check_writable(target)
    values = in_fill_order(target._array, draw)
    if state.recording and target._node is not None:
        return assign(target, drawn_rule(target, values=values))
    target._array[...] = values
    target._storage.version += 1
    return target


# -- factories -----------------------------------------------------------------------------------------------


def rand(*size: Any, generator: Generator | None = None, dtype: Any = None, **options: Any) -> Tensor:
    """Uniform numbers from [0, 1).

    >>> _ = torch.manual_seed(0)
    >>> torch.rand(2, 2)
    tensor([[0.4963, 0.7682],
            [0.0885, 0.1320]])

    Source: PyTorch, `torch.rand`.
    """
    return placed(stream_of(generator).uniform(shape_of_sizes(size, options), numpy_dtype(dtype)), options)


def randn(*size: Any, generator: Generator | None = None, dtype: Any = None, **options: Any) -> Tensor:
    """Normal numbers of mean 0 and variance 1.

    >>> _ = torch.manual_seed(0)
    >>> torch.randn(3)
    tensor([ 1.5410, -0.2934, -2.1788])

    Source: PyTorch, `torch.randn`.
    """
    return placed(stream_of(generator).normal(shape_of_sizes(size, options), numpy_dtype(dtype)), options)


def _require_int(function: str, name: str, value: Any) -> int:
    value = as_array(value)
    try:
        return int(value.__index__())
    except (AttributeError, TypeError):
        raise TypeError(f"{function}(): argument '{name}' must be int, not {type(value).__name__}") from None


def randint(
    *args: Any,
    low: Any = None,
    high: Any = None,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """Integers from [low, high), all equally likely: `randint(high, size)` or `randint(low, high, size)`.

    Args:
        low: the smallest; 0 by default.
        high: one above the largest.
        size: the shape, a tuple.
        generator, dtype: where to draw from; int64 by default.

    Raises:
        TypeError: `size` is no tuple, or a bound no integer.
        RuntimeError: low is not below high.

    >>> _ = torch.manual_seed(0)
    >>> torch.randint(10, (5,))
    tensor([4, 9, 3, 0, 3])

    Source: PyTorch, `torch.randint`.
    """
    positional = list(args)
    if size is None:
        if not positional:
            raise TypeError("randint() needs a size: randint(high, size) or randint(low, high, size)")
        size = positional.pop()
    if len(positional) > 2:
        raise TypeError(f"randint() takes high, or low and high, before size, but got {tuple(positional)}")
    if positional:
        high = positional.pop()
    if positional:
        low = positional.pop()
    if high is None or not isinstance(size, (tuple, list)):
        raise TypeError(
            f"randint(): argument 'size' must be tuple of ints, not {type(size).__name__}: write "
            "randint(high, size) or randint(low, high, size) with a size such as (2, 3)"
        )
    bottom = 0 if low is None else _require_int("randint", "low", low)
    top = _require_int("randint", "high", high)
    target = numpy_dtype(dtype, np.dtype(np.int64))
    drawn = stream_of(generator).integers(bottom, top, shape_of_sizes((size,), options), target)
    return placed(drawn, options)


def randperm(n: int, *, generator: Generator | None = None, dtype: Any = None, **options: Any) -> Tensor:
    """The numbers from 0 to n - 1 in random order.

    >>> _ = torch.manual_seed(0)
    >>> torch.randperm(5)
    tensor([4, 0, 1, 3, 2])

    Source: PyTorch, `torch.randperm`.
    """
    target = numpy_dtype(dtype, np.dtype(np.int64))
    return placed(stream_of(generator).permutation(_require_int("randperm", "n", n), target), options)


def rand_like(
    input: Tensor, *, dtype: Any = None, generator: Generator | None = None, **options: Any
) -> Tensor:
    """Uniform numbers from [0, 1) in the shape and dtype of another tensor.

    >>> _ = torch.manual_seed(0)
    >>> torch.rand_like(torch.zeros(2))
    tensor([0.4963, 0.7682])

    Source: PyTorch, `torch.rand_like`.
    """
    array, stream = require_tensor(input, "rand_like")._array, stream_of(generator)
    target = numpy_dtype(dtype, array.dtype)
    return finish(in_fill_order(array, lambda shape: stream.uniform(shape, target)), **options)


def randn_like(
    input: Tensor, *, dtype: Any = None, generator: Generator | None = None, **options: Any
) -> Tensor:
    """Normal numbers of mean 0 and variance 1 in the shape and dtype of another tensor.

    >>> _ = torch.manual_seed(0)
    >>> torch.randn_like(torch.zeros(2))
    tensor([ 1.5410, -0.2934])

    Source: PyTorch, `torch.randn_like`.
    """
    array = require_tensor(input, "randn_like")._array
    target = numpy_dtype(dtype, array.dtype)
    return finish(_normal_values(array, stream_of(generator), target, 0.0, 1.0), **options)


def _normal_values(array: np.ndarray, stream: Stream, dtype: np.dtype, mean: float, std: float) -> np.ndarray:
    contiguous = fill_order(array) is None
    return in_fill_order(array, lambda shape: stream.normal(shape, dtype, mean, std, contiguous=contiguous))


def randint_like(
    input: Tensor,
    *args: Any,
    low: Any = None,
    high: Any = None,
    dtype: Any = None,
    generator: Generator | None = None,
    **options: Any,
) -> Tensor:
    """Integers from [low, high) in the shape and dtype of another tensor: `randint_like(input, [low,] high)`.

    >>> _ = torch.manual_seed(0)
    >>> torch.randint_like(torch.zeros(3), 10)
    tensor([4., 9., 3.])

    Source: PyTorch, `torch.randint_like`.
    """
    bounds = [*([] if low is None else [low]), *args, *([] if high is None else [high])]
    if len(bounds) not in (1, 2):
        raise TypeError(f"randint_like() takes high, or low and high, after the tensor, but got {args}")
    bottom, top = (_require_int("randint_like", "high", one) for one in ([0, *bounds])[-2:])
    array, stream = require_tensor(input, "randint_like")._array, stream_of(generator)
    target = numpy_dtype(dtype, array.dtype)
    drawn = in_fill_order(array, lambda shape: stream.integers(bottom, top, shape, target))
    return finish(drawn, **options)


# -- draws that depend on tensors ----------------------------------------------------------------------------


@public()
def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    r"""1 with a probability, else 0, of the dtype of `input`.

    Args:
        input: the probabilities, from 0 to 1.
        p: one probability for all elements instead; `input` then gives the shape only.
        generator: where to draw from.

    Raises:
        RuntimeError: a probability outside [0, 1], or integers.

    >>> _ = torch.manual_seed(0)
    >>> torch.bernoulli(torch.full((4,), 0.5))
    tensor([1., 0., 1., 1.])

    Source: PyTorch, `torch.bernoulli`.
    """
    array, stream = require_tensor(input, "bernoulli")._array, stream_of(generator)
    if p is None:
        values = stream.bernoulli(array, dtype=array.dtype)
    else:
        values = in_fill_order(array, lambda shape: stream.bernoulli(p, shape, array.dtype))
    return drawn_rule(input, values=values)


def normal(
    mean: Tensor | float,
    std: Tensor | float = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """Normal numbers of a given mean and standard deviation.

    Args:
        mean, std: numbers (then `size` says how many), or tensors with one for each element.
        size: the shape, where both are numbers.
        generator, dtype: where to draw from; the dtype, where both are numbers.

    Raises:
        RuntimeError: a standard deviation below 0.

    >>> _ = torch.manual_seed(0)
    >>> torch.normal(torch.tensor([0.0, 100.0]), 1.0)
    tensor([ 1.5410, 99.7066])

    Source: PyTorch, `torch.normal`.
    """
    stream = stream_of(generator)
    if size is None:
        if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
            raise TypeError(
                f"normal() of two numbers needs a size: normal({mean}, {std}, size=(1,)), or use tensors"
            )
        values = stream.normal_each(as_array(mean), as_array(std))
        result = drawn_rule(*(one for one in (mean, std) if isinstance(one, Tensor)), values=values)
        return placed(result._array, options) if "out" in options else result
    shape = shape_of_sizes((tuple(size),), options)
    values = stream.normal(shape, numpy_dtype(dtype), float(as_array(mean)), float(as_array(std)))
    return placed(values, options)


@public()
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    r"""Indices drawn with probabilities proportional to the weights of each row.

    Args:
        input: weights, not negative, of shape (k) or (rows, k); they need not sum to 1.
        num_samples: how many indices per row.
        replacement: whether an index may be drawn again.
        generator: where to draw from.

    Raises:
        RuntimeError: more samples than weights without replacement, or weights that are no distribution.

    >>> _ = torch.manual_seed(0)
    >>> torch.multinomial(torch.tensor([1.0, 0.0, 3.0]), 4, replacement=True)
    tensor([2, 2, 2, 2])

    Source: PyTorch, `torch.multinomial`.
    """
    weights = require_tensor(input, "multinomial")._array
    if weights.dtype.kind != "f":
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {input.dtype.scalar_name}"
        )
    return wrap(stream_of(generator).multinomial(weights, int(num_samples), bool(replacement)))


@public(method=False)
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    r"""Counts of events, for the rate in each element.

    Raises:
        RuntimeError: a negative rate, or integers.

    >>> _ = torch.manual_seed(0)
    >>> torch.poisson(torch.tensor([0.0, 1.0, 50.0]))
    tensor([ 0.,  2., 62.])

    Source: PyTorch, `torch.poisson`.
    """
    rate = require_tensor(input, "poisson")._array
    return drawn_rule(input, values=stream_of(generator).poisson(rate))


# -- in place ------------------------------------------------------------------------------------------------


def uniform_(
    self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, **named: float
) -> Tensor:
    """Fill this tensor with uniform numbers from [from, to), in place."""
    low, stream, dtype = named.pop("from", from_), stream_of(generator), self._array.dtype
    return _fill(self, lambda shape: stream.uniform(shape, dtype, float(low), float(to)))


def normal_(
    self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill this tensor with normal numbers, in place."""
    stream, array = stream_of(generator), self._array
    contiguous = fill_order(array) is None
    return _fill(
        self,
        lambda shape: stream.normal(shape, array.dtype, float(mean), float(std), contiguous=contiguous),
    )


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill this tensor with 1 of probability p (a number, or a tensor that broadcasts) or 0, in place."""
    stream, array = stream_of(generator), self._array
    if not isinstance(p, Tensor):
        return _fill(self, lambda shape: stream.bernoulli(float(p), shape, array.dtype))
    chances = np.broadcast_to(p._array, array.shape)
    order = fill_order(array)
    chances = chances if order is None else chances.transpose(order)
    return _fill(self, lambda shape: stream.bernoulli(chances, shape, array.dtype))


def random_(self: Tensor, *bounds: Any, generator: Generator | None = None, **named: Any) -> Tensor:
    """Fill this tensor with integers, in place: `random_()`, `random_(to)` or `random_(from, to)`."""
    low, high = named.pop("from", None), named.pop("to", None)
    given = [*([] if low is None else [low]), *bounds, *([] if high is None else [high])]
    stream, dtype = stream_of(generator), self._array.dtype
    if len(given) > 2 or named:
        raise TypeError(f"random_() takes at most from and to, but got {(*bounds, *named)}")
    if not given:
        return _fill(self, lambda shape: stream.full_range(shape, dtype))
    bottom, top = [0, *given][-2:]
    top = None if top is None else _require_int("random_", "to", top)
    bottom = _require_int("random_", "from", bottom)
    return _fill(self, lambda shape: stream.integers(bottom, top, shape, dtype))


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill this tensor with exponentially distributed numbers of rate `lambd`, in place."""
    stream, dtype = stream_of(generator), self._array.dtype
    return _fill(self, lambda shape: stream.exponential(shape, dtype, float(lambd)))


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill this tensor with the numbers of trials up to the first success of probability p, in place."""
    stream, dtype = stream_of(generator), self._array.dtype
    return _fill(self, lambda shape: stream.geometric(float(p), shape, dtype))


def log_normal_(
    self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill this tensor with numbers whose logarithm is normal, in place."""
    stream, dtype = stream_of(generator), self._array.dtype
    return _fill(self, lambda shape: stream.log_normal(shape, dtype, float(mean), float(std)))


def cauchy_(
    self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill this tensor with Cauchy distributed numbers, in place."""
    stream, dtype = stream_of(generator), self._array.dtype
    return _fill(self, lambda shape: stream.cauchy(shape, dtype, float(median), float(sigma)))


for _method in (
    uniform_,
    normal_,
    bernoulli_,
    random_,
    exponential_,
    geometric_,
    log_normal_,
    cauchy_,
):
    graft(_method)
