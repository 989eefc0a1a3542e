"""Activations of straight pieces: ReLU and its variants, the hard and the shrinking ones.

Derivatives at the corners are PyTorch's: relu'(0) = 0, and `hardtanh` and its kin, unlike `clamp`, have 0 at
theirs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.inplace import assign, original
from ..autograd.primitive import rule
from ..kernels import selection
from ..kernels.blockwise import blockwise
from ..tensor import Tensor
from ._public import in_place, public, require_tensor
from .elementwise import unsupported
from .random import stream_of
from .selection import gate_rule, where_rule
from .shape import reshape_rule

__all__ = [
    "hardshrink",
    "prelu",
    "relu",
    "relu_",
    "rrelu",
    "rrelu_",
    "threshold",
    "threshold_",
]

FUNCTIONAL = [
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "relu6",
    "softshrink",
]


# -- the derivatives -----------------------------------------------------------------------------


@blockwise(selection.relu_gradient, shared=True)
def relu_gradient(g: Any, out: Any) -> Any:
    """g where the result is not 0."""
    return gate_rule(g, np.not_equal(out, 0))


relu_rule = rule(selection.positive, name="relu", promote="same", x=relu_gradient)


@blockwise(selection.leaky, shared=True)
def leaky(x: Any, *, slope: float) -> Any:
    """x where it is positive, slope·x elsewhere."""
    return selection.select(x > 0, x, x * slope)


@blockwise(selection.leaky_gradient, shared=True)
def leaky_gradient(g: Any, x: Any, *, slope: float) -> Any:
    """g where x is positive, slope·g elsewhere."""
    return where_rule(np.greater(x, 0), g, g * slope)


leaky_relu_rule = rule(leaky, name="leaky_relu", x=lambda g, x, slope: leaky_gradient(g, x, slope=slope))


def clipped(x: Any, *, low: float, high: float) -> Any:
    """x between low and high."""
    return np.clip(x, x.dtype.type(low), x.dtype.type(high))


def _between(x: Any, low: float, high: float) -> Any:
    """Where x lies between low and high and is neither; NaN counts as inside."""
    return np.logical_not(np.logical_or(np.less_equal(x, low), np.greater_equal(x, high)))


@blockwise(selection.hardtanh_gradient, shared=True)
def hardtanh_gradient(g: Any, x: Any, *, low: float, high: float) -> Any:
    """g where x lies between low and high."""
    return gate_rule(g, _between(x, low, high))


hardtanh_rule = rule(
    clipped, name="hardtanh", x=lambda g, x, low, high: hardtanh_gradient(g, x, low=low, high=high)
)


@blockwise(selection.hardsigmoid, shared=True)
def hardsigmoid_(x: Any) -> Any:
    """min(max(x + 3, 0), 6) / 6."""
    return np.clip(x + 3, 0, 6) / 6


@blockwise(selection.hardsigmoid_gradient, shared=True)
def hardsigmoid_gradient(g: Any, x: Any) -> Any:
    """g/6 where x lies between -3 and 3."""
    return gate_rule(g / 6, _between(x, -3, 3))


hardsigmoid_rule = rule(hardsigmoid_, name="hardsigmoid", promote="same", x=hardsigmoid_gradient)


@blockwise(selection.hardswish, shared=True)
def hardswish_(x: Any) -> Any:
    """x·min(max(x + 3, 0), 6) / 6."""
    return x * np.clip(x + 3, 0, 6) / 6


@blockwise(selection.hardswish_gradient, shared=True)
def hardswish_gradient(g: Any, x: Any) -> Any:
    """g·(x/3 + 1/2) between -3 and 3, 0 below, g above."""
    return where_rule(np.less(x, 3), gate_rule(g * (x / 3 + 0.5), np.greater(x, -3)), g)


hardswish_rule = rule(hardswish_, name="hardswish", promote="same", x=hardswish_gradient)


def _far(x: Any, lambd: float) -> Any:
    """Where x is further from 0 than lambd; NaN is far."""
    return np.logical_not(np.logical_and(np.less_equal(x, lambd), np.greater_equal(x, -lambd)))


def hardshrink_(x: Any, *, lambd: float) -> Any:
    """x where it is further from 0 than lambd, 0 elsewhere."""
    return selection.gate(x, _far(x, lambd))


def softshrink_(x: Any, *, lambd: float) -> Any:
    """x moved towards 0 by lambd, as far as 0."""
    return x - np.clip(x, -lambd, lambd)


hardshrink_rule = rule(hardshrink_, name="hardshrink", x=lambda g, x, lambd: gate_rule(g, _far(x, lambd)))
softshrink_rule = rule(softshrink_, name="softshrink", x=lambda g, x, lambd: gate_rule(g, _far(x, lambd)))


def above(x: Any, *, threshold: float, value: float) -> Any:
    """x where it is larger than the threshold, a value elsewhere."""
    return selection.select(np.less_equal(x, threshold), np.asarray(value).astype(x.dtype), x)


threshold_rule = rule(
    above,
    name="threshold",
    x=lambda g, x, threshold: gate_rule(g, np.logical_not(np.less_equal(x, threshold))),
)


def prelu_(x: Any, weight: Any) -> Any:
    """x where it is positive, weight·x elsewhere."""
    return selection.select(x > 0, x, weight * x)


prelu_rule = rule(
    prelu_,
    name="prelu_kernel",
    x=lambda g, x, weight: where_rule(np.greater(x, 0), g, g * weight),
    weight=lambda g, x: gate_rule(g * x, np.logical_not(np.greater(x, 0))),
)


def rrelu_(x: Any, *, noise: Any) -> Any:
    """x times its noise, which is 1 where x is positive."""
    return x * noise


rrelu_rule = rule(rrelu_, name="rrelu_with_noise", x=lambda g, noise: g * noise)


# -- what the pages of activations share ---------------------------------------------------------


def floating(input: Any, name: str, inplace: bool = False) -> Tensor:
    """The input, if it is a real tensor; a copy if it will be written over and backward needs it."""
    if require_tensor(input, name)._array.dtype.kind != "f":
        raise unsupported(input, name)
    return original(input, ()) if inplace else input


def numeric(input: Any, name: str, inplace: bool = False) -> Tensor:
    """As `floating`, for operations that take integers too."""
    if require_tensor(input, name)._array.dtype.kind == "b":
        raise NotImplementedError(
            f"Boolean inputs not supported for {name}; convert them first, for example with .float()"
        )
    return original(input, ()) if inplace else input


def delivered(input: Tensor, output: Tensor, inplace: bool) -> Tensor:
    """The output, or the input with the output written into it."""
    return assign(input, output) if inplace else output


# -- the functions -------------------------------------------------------------------------------


@public(inplace=True, out=False, saves_input=False)
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    r"""Rectified linear unit: outᵢ = max(inputᵢ, 0); its derivative at 0 is 0.

    Args:
        inplace: write the result into the input.

    >>> torch.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])

    Source: PyTorch, `torch.relu`.
    """
    return delivered(input, relu_rule(numeric(input, "relu")), inplace)


@public(method=False, out=False)
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    r"""outᵢ = inputᵢ where that is positive, negative_slope · inputᵢ elsewhere.

    Args:
        negative_slope: the slope below 0.
        inplace: write the result into the input.

    >>> torch.nn.functional.leaky_relu(torch.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])

    Source: Maas et al. 2013; PyTorch, `torch.nn.functional.leaky_relu`.
    """
    output = leaky_relu_rule(floating(input, "leaky_relu", inplace), slope=negative_slope)
    return delivered(input, output, inplace)


@public(method=False, out=False)
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    r"""outᵢ = min(max(inputᵢ, min_val), max_val); its derivative at both bounds is 0.

    Args:
        min_val, max_val: the bounds.
        inplace: write the result into the input.

    Raises:
        ValueError: the bounds contradict each other.

    >>> torch.nn.functional.hardtanh(torch.tensor([-2.0, 0.5]))
    tensor([-1.0000,  0.5000])

    Source: PyTorch, `torch.nn.functional.hardtanh`.
    """
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val, got {min_val} and {max_val}")
    output = hardtanh_rule(numeric(input, "hardtanh", inplace), low=min_val, high=max_val)
    return delivered(input, output, inplace)


@public(method=False, out=False)
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    r"""outᵢ = min(max(inputᵢ, 0), 6).

    >>> torch.nn.functional.relu6(torch.tensor([-1.0, 7.0]))
    tensor([0., 6.])

    Source: Krizhevsky 2010; PyTorch, `torch.nn.functional.relu6`.
    """
    return delivered(input, hardtanh_rule(numeric(input, "relu6", inplace), low=0, high=6), inplace)


@public(method=False, out=False)
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    r"""outᵢ = min(max(inputᵢ + 3, 0), 6) / 6.

    >>> torch.nn.functional.hardsigmoid(torch.tensor([-4.0, 0.0]))
    tensor([0.0000, 0.5000])

    Source: PyTorch, `torch.nn.functional.hardsigmoid`.
    """
    return delivered(input, hardsigmoid_rule(floating(input, "hardsigmoid", inplace)), inplace)


@public(method=False, out=False)
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    r"""outᵢ = inputᵢ · min(max(inputᵢ + 3, 0), 6) / 6.

    >>> torch.nn.functional.hardswish(torch.tensor([-4.0, 3.0]))
    tensor([-0., 3.])

    Source: Howard et al. 2019 (MobileNetV3); PyTorch, `torch.nn.functional.hardswish`.
    """
    return delivered(input, hardswish_rule(floating(input, "hardswish", inplace)), inplace)


@public(out=False)
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    r"""outᵢ = inputᵢ where |inputᵢ| > lambd, 0 elsewhere.

    >>> torch.hardshrink(torch.tensor([-0.4, 2.0]))
    tensor([0., 2.])

    Source: PyTorch, `torch.nn.functional.hardshrink`.
    """
    return hardshrink_rule(floating(input, "hardshrink"), lambd=lambd)


@public(method=False, out=False)
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    r"""outᵢ = inputᵢ moved towards 0 by lambd, as far as 0.

    Raises:
        RuntimeError: lambd is negative.

    >>> torch.nn.functional.softshrink(torch.tensor([-0.4, 2.0]))
    tensor([0.0000, 1.5000])

    Source: PyTorch, `torch.nn.functional.softshrink`.
    """
    if not lambd >= 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}")
    return softshrink_rule(floating(input, "softshrink"), lambd=lambd)


@public(method=False, out=False)
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    r"""outᵢ = inputᵢ where that is larger than a threshold, a value elsewhere.

    Args:
        threshold, value: numbers.
        inplace: write the result into the input.

    >>> torch.threshold(torch.tensor([0.5, 2.0]), 1, 20)
    tensor([20.,  2.])

    Source: PyTorch, `torch.nn.functional.threshold`.
    """
    output = threshold_rule(numeric(input, "threshold", inplace), threshold=threshold, value=value)
    return delivered(input, output, inplace)


@public(out=False)
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    r"""outᵢ = inputᵢ where that is positive, weight · inputᵢ elsewhere; the weight is learned.

    Args:
        input: (N, C, *) or of any other shape, which counts as one channel.
        weight: one number, or one per channel: (C,).

    Raises:
        RuntimeError: the weight has several dimensions, another dtype, or does not fit the channels.

    >>> torch.prelu(torch.tensor([[-1.0, -2.0]]), torch.tensor([0.5, 0.25]))
    tensor([[-0.5000, -0.5000]])

    Source: He et al. 2015; PyTorch, `torch.nn.functional.prelu`.
    """
    require_tensor(weight, "prelu", "weight")
    if floating(input, "prelu")._array.dtype != weight._array.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {input.dtype} and {weight.dtype}; convert one of them"
        )
    if weight.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}"
        )
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel() not in (1, channels) or not weight.numel():
        raise RuntimeError(
            "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
            f"{weight.numel()} and channel size = {channels}; the channels are dimension 1 of the input"
        )
    shape = (-1, *[1] * (input.ndim - 2)) if input.ndim > 1 else ()
    return prelu_rule(input, reshape_rule(weight, shape=shape))


@public(method=False, out=False)
def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    r"""Leaky ReLU whose slope is drawn for each element in training, and the mean of its range otherwise.

    Args:
        lower, upper: the range of the slope.
        training: whether to draw.
        inplace: write the result into the input.

    Raises:
        RuntimeError: the bounds contradict each other.

    >>> torch.rrelu(torch.tensor([-1.0, 2.0]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])

    Source: Xu et al. 2015; PyTorch, `torch.nn.functional.rrelu`.
    """
    if not lower <= upper:
        raise RuntimeError(
            f"Lower bound should be less than or equal to the upper bound, got {lower} and {upper}"
        )
    source = floating(input, "rrelu", inplace)
    if not training:
        return delivered(input, leaky_relu_rule(source, slope=(lower + upper) / 2), inplace)
    below = source._array <= 0
    noise = np.ones_like(source._array)
    drawn = stream_of(None).uniform((int(np.count_nonzero(below)),), np.float64)
    noise[below] = drawn * (upper - lower) + lower  # as PyTorch: drawn where the slope matters, in order
    return delivered(input, rrelu_rule(source, noise=noise), inplace)


relu_, leaky_relu_ = in_place(relu, "relu_", saves_input=False), in_place(leaky_relu, "leaky_relu_")
hardtanh_, threshold_ = in_place(hardtanh, "hardtanh_"), in_place(threshold, "threshold_")
rrelu_ = in_place(rrelu, "rrelu_")
