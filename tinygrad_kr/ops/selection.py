"""Choices between elements: by a mask, by bounds, by size.

At ties the derivatives are PyTorch's: `maximum` and `minimum` give each side half of the gradient, `fmax` and
`fmin` give all of it to the first, `clamp` passes it at its bounds and stops it beyond them.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.primitive import Primitive, numpy_function, promote, rule
from ..kernels import selection
from ..tensor import Tensor, graft
from ._public import constant_tensor, public, require_tensor
from .arithmetic import OPERANDS

__all__ = [
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "fmax",
    "fmin",
    "masked_fill",
    "maximum",
    "minimum",
    "where",
]

Bound = Tensor | int | float | None


# -- the derivatives: choices --------------------------------------------------------------------


def select_(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, y elsewhere, in the common dtype.

    NumPy's arithmetic makes scalars of 0-d arrays; here they count as arrays again, to keep their dtype.
    """
    choices = [np.asarray(one) if isinstance(one, np.generic) else one for one in (x, y)]
    return selection.select(condition, *promote(*choices))


gate_rule: Primitive = rule(selection.gate, name="mul", x=lambda g, mask: gate_rule(g, mask))
where_rule = rule(
    select_,
    name="where",
    x=lambda g, condition: gate_rule(g, condition),
    y=lambda g, condition: gate_rule(g, np.logical_not(condition)),
)


@numpy_function(np.where)
def _np_where(condition: Any, x: Any = None, y: Any = None) -> Any:
    return where(condition) if x is None else where_rule(condition, x, y)


def masked_fill_(x: Any, mask: Any, value: Any) -> Any:
    """x with one value where the mask is true, in the dtype of x."""
    return selection.select(mask, np.asarray(value).astype(x.dtype), x)


masked_fill_rule = rule(
    masked_fill_,
    name="masked_fill",
    x=lambda g, mask: gate_rule(g, np.logical_not(mask)),
    value=lambda g, mask: np.sum(gate_rule(g, mask)),
)


# -- the derivatives: bounds ---------------------------------------------------------------------


def _inside(x: Any, low: Any, high: Any) -> Any:
    """Where x lies between its bounds, which belong to the inside."""
    above = None if low is None else np.greater_equal(x, low)
    below = None if high is None else np.less_equal(x, high)
    return below if above is None else above if below is None else np.logical_and(above, below)


def clamp_(x: Any, *, low: Any, high: Any) -> Any:
    """x, no lower than low and no higher than high, in the dtype that numbers and x give together."""
    if x.dtype.kind != "f":
        bounds = [bound for bound in (low, high) if bound is not None]
        x = x.astype(dtypes.result_type(x, *bounds), copy=False)
    if low is None:
        return np.minimum(x, high)
    return np.maximum(x, low) if high is None else np.clip(x, low, high)


def clamp_between_(x: Any, low: Any, high: Any) -> Any:
    """x, no lower than low and no higher than high; high where they contradict each other."""
    return np.minimum(np.maximum(x, low), high)


def clamp_above_(x: Any, low: Any) -> Any:
    """x, no lower than low."""
    return np.maximum(x, low)


def clamp_below_(x: Any, high: Any) -> Any:
    """x, no higher than high."""
    return np.minimum(x, high)


clamp_rule = rule(clamp_, name="clamp", x=lambda g, x, low, high: gate_rule(g, _inside(x, low, high)))
clamp_between_rule = rule(
    clamp_between_,
    name="clamp",
    promote="same",
    x=lambda g, x, low, high: gate_rule(g, _inside(x, low, high)),
    low=lambda g, x, low, high: gate_rule(g, np.logical_and(np.less(x, low), np.less(low, high))),
    high=lambda g, x, low, high: gate_rule(g, np.logical_or(np.greater(x, high), np.greater(low, high))),
)
clamp_above_rule = rule(
    clamp_above_,
    name="clamp_min",
    promote="same",
    x=lambda g, x, low: gate_rule(g, np.greater_equal(x, low)),
    low=lambda g, x, low: gate_rule(g, np.less(x, low)),
)
clamp_below_rule = rule(
    clamp_below_,
    name="clamp_max",
    promote="same",
    x=lambda g, x, high: gate_rule(g, np.less_equal(x, high)),
    high=lambda g, x, high: gate_rule(g, np.greater(x, high)),
)


@numpy_function(np.clip)
def _np_clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return _clamp(a, a_min if min is None else min, a_max if max is None else max)


def _share(g: Any, loses: Any, tie: Any) -> Any:
    """The part of g that goes to one side of a contest: nothing where it loses, half at a tie."""
    return np.where(tie, 0.5 * g, gate_rule(g, np.logical_not(loses)))


maximum_rule = rule(
    np.maximum,
    name="maximum",
    promote="same",
    x=lambda g, x, y: _share(g, np.less(x, y), np.equal(x, y)),
    y=lambda g, x, y: _share(g, np.less(y, x), np.equal(x, y)),
)
minimum_rule = rule(
    np.minimum,
    name="minimum",
    promote="same",
    x=lambda g, x, y: _share(g, np.greater(x, y), np.equal(x, y)),
    y=lambda g, x, y: _share(g, np.greater(y, x), np.equal(x, y)),
)


def _first_wins(x: Any, y: Any, wins: Any) -> Any:
    """Where `fmax` or `fmin` takes its first argument: it wins, ties, or the second is NaN."""
    return np.logical_or(wins, np.isnan(y))


fmax_rule = rule(
    np.fmax,
    name="fmax",
    promote="same",
    x=lambda g, x, y: gate_rule(g, _first_wins(x, y, np.greater_equal(x, y))),
    y=lambda g, x, y: gate_rule(g, np.logical_not(_first_wins(x, y, np.greater_equal(x, y)))),
)
fmin_rule = rule(
    np.fmin,
    name="fmin",
    promote="same",
    x=lambda g, x, y: gate_rule(g, _first_wins(x, y, np.less_equal(x, y))),
    y=lambda g, x, y: gate_rule(g, np.logical_not(_first_wins(x, y, np.less_equal(x, y)))),
)


# -- choices -------------------------------------------------------------------------------------


def _require_mask(mask: Any, function: str, argument: str) -> Tensor:
    dtype = require_tensor(mask, function, argument)._array.dtype
    if dtype == np.uint8 and function == "where":
        warnings.warn(
            "where received a uint8 condition tensor, which is deprecated; use condition.bool()",
            UserWarning,
            stacklevel=4,
        )
        return mask.bool()
    if dtype.kind != "b":
        expected = f"{function} expected {argument} to be a boolean tensor, but got a tensor with dtype"
        raise RuntimeError(f"{expected} {mask.dtype.scalar_name}; compare first, for example {argument} != 0")
    return mask


def broadcasting(primitive: Primitive, *args: Any, **statics: Any) -> Tensor:
    """Run a primitive of three arguments; PyTorch's error where their shapes do not broadcast."""
    try:
        return primitive(*args, **statics)
    except ValueError:
        shapes = [list(one.shape) for one in args if isinstance(one, Tensor)]
        raise RuntimeError(f"the shapes {', '.join(map(str, shapes))} cannot be broadcast together") from None


@public(method=False)
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    r"""inputᵢ where the condition holds, otherᵢ elsewhere; `where(condition)` gives the indices of holding.

    Args:
        condition: a boolean tensor.
        input, other: tensors or numbers; shapes broadcast, dtypes promote.

    Raises:
        RuntimeError: the condition is not boolean.

    >>> x = torch.tensor([-1.0, 2.0])
    >>> torch.where(x > 0, x, 0.0), torch.where(x > 0)
    (tensor([0., 2.]), (tensor([1]),))

    Source: PyTorch, `torch.where`.
    """
    if input is None and other is None:
        array = require_tensor(condition, "where", "condition")._array
        return tuple(constant_tensor(one) for one in np.nonzero(np.atleast_1d(array)))
    for name, value in (("input", input), ("other", other)):
        if not isinstance(value, OPERANDS):
            raise TypeError(
                f"where(): argument '{name}' must be Tensor or a number, not {type(value).__name__}"
            )
    return broadcasting(where_rule, _require_mask(condition, "where", "condition"), input, other)


def where_(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """This tensor's elements where the condition holds, those of `other` elsewhere."""
    return where(condition, self, other)


graft(where_, "where")


@public(inplace=True, out=False, saves_input=False)
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | float) -> Tensor:
    r"""One value where the mask is true, the input elsewhere.

    Args:
        input: the tensor, whose dtype the result has.
        mask: a boolean tensor; shapes broadcast.
        value: a number or a 0-d tensor.

    Raises:
        RuntimeError: the mask is not boolean, or the value has dimensions.

    >>> x = torch.tensor([1.0, 2.0, 3.0])
    >>> torch.masked_fill(x, x > 1.5, 0)
    tensor([1., 0., 0.])

    Source: PyTorch, `torch.masked_fill`.
    """
    require_tensor(input, "masked_fill")
    _require_mask(mask, "masked_fill", "mask")
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                f"masked_fill only supports a 0-dimensional value tensor, but got tensor with {value.ndim} "
                "dimension(s); torch.where(mask, value, input) takes any shape"
            )
    elif input._array.dtype.kind in "iu" and not np.isfinite(value):
        raise RuntimeError(
            f"value cannot be converted to type {input.dtype} without overflow: {value}; "
            "convert the tensor first, for example with .float()"
        )
    return broadcasting(masked_fill_rule, input, mask, value)


# -- bounds --------------------------------------------------------------------------------------


def _clamp(input: Tensor, low: Bound, high: Bound) -> Tensor:
    if not isinstance(low, Tensor) and not isinstance(high, Tensor):
        return clamp_rule(input, low=low, high=high)
    if high is None:
        return clamp_above_rule(input, low)
    if low is None:
        return clamp_below_rule(input, high)
    return clamp_between_rule(input, low, high)


@public(method=("clamp", "clip"), inplace=("clamp_", "clip_"))
def clamp(input: Tensor, min: Bound = None, max: Bound = None) -> Tensor:
    r"""Between bounds: outᵢ = min(max(inputᵢ, minᵢ), maxᵢ). The gradient passes at the bounds, not beyond.

    Args:
        min, max: numbers or tensors, or None for no bound; where they contradict each other, `max` holds.

    Raises:
        RuntimeError: neither bound is given.
        TypeError: one bound is a tensor, the other a number.

    >>> torch.clamp(torch.tensor([-1.5, 0.5, 2.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])

    Source: PyTorch, `torch.clamp`.
    """
    require_tensor(input, "clamp")
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if min is not None and max is not None and isinstance(min, Tensor) != isinstance(max, Tensor):
        raise TypeError(
            "clamp(): 'min' and 'max' must both be numbers or both Tensors, got "
            f"{type(min).__name__} and {type(max).__name__}; torch.tensor(...) makes a number a Tensor"
        )
    if input._array.dtype.kind == "b":
        input = input.long()
    return _clamp(input, min, max)


clip = clamp


@public(inplace=True)
def clamp_min(input: Tensor, min: Tensor | float) -> Tensor:
    r"""No lower than a bound: outᵢ = max(inputᵢ, minᵢ).

    >>> torch.clamp_min(torch.tensor([-1.5, 0.5]), 0)
    tensor([0.0000, 0.5000])

    Source: PyTorch, `torch.clamp_min`.
    """
    return clamp(input, min=min)


@public(inplace=True)
def clamp_max(input: Tensor, max: Tensor | float) -> Tensor:
    r"""No higher than a bound: outᵢ = min(inputᵢ, maxᵢ).

    >>> torch.clamp_max(torch.tensor([-1.5, 0.5]), 0)
    tensor([-1.5000,  0.0000])

    Source: PyTorch, `torch.clamp_max`.
    """
    return clamp(input, max=max)


def _pair(primitive: Primitive, input: Tensor, other: Tensor, name: str) -> Tensor:
    return primitive(require_tensor(input, name), require_tensor(other, name, "other"))


@public()
def maximum(input: Tensor, other: Tensor) -> Tensor:
    r"""The larger of two elements; NaN if either is. At a tie each gets half of the gradient.

    >>> torch.maximum(torch.tensor([1.0, 4.0]), torch.tensor([3.0, 2.0]))
    tensor([3., 4.])

    Source: PyTorch, `torch.maximum`.
    """
    return _pair(maximum_rule, input, other, "maximum")


@public()
def minimum(input: Tensor, other: Tensor) -> Tensor:
    r"""The smaller of two elements; NaN if either is. At a tie each gets half of the gradient.

    >>> torch.minimum(torch.tensor([1.0, 4.0]), torch.tensor([3.0, 2.0]))
    tensor([1., 2.])

    Source: PyTorch, `torch.minimum`.
    """
    return _pair(minimum_rule, input, other, "minimum")


@public()
def fmax(input: Tensor, other: Tensor) -> Tensor:
    r"""The larger of two elements; the other one if one is NaN. At a tie the first gets the gradient.

    >>> torch.fmax(torch.tensor([1.0, float("nan")]), torch.tensor([3.0, 2.0]))
    tensor([3., 2.])

    Source: PyTorch, `torch.fmax`.
    """
    return _pair(fmax_rule, input, other, "fmax")


@public()
def fmin(input: Tensor, other: Tensor) -> Tensor:
    r"""The smaller of two elements; the other one if one is NaN. At a tie the first gets the gradient.

    >>> torch.fmin(torch.tensor([1.0, float("nan")]), torch.tensor([3.0, 2.0]))
    tensor([1., 2.])

    Source: PyTorch, `torch.fmin`.
    """
    return _pair(fmin_rule, input, other, "fmin")
