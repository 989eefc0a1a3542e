"""Initialisation: filling a tensor in place with random or chosen values, outside the graph.

Every function takes the tensor, changes it and returns it; those that draw take `generator=` and read
PyTorch's random stream, so that one seed gives PyTorch's weights.

Variance is kept from layer to layer when a weight has standard deviation gain / √fan, where the gain belongs
to the activation that follows (`calculate_gain`) and fan is the number of inputs of a unit (`fan_in`), of the
units it feeds (`fan_out`), or, in Xavier's compromise, their mean.

| activation | function | standard deviation |
| --- | --- | --- |
| sigmoid, tanh | `xavier_uniform_`, `xavier_normal_` | gain · √(2 / (fan_in + fan_out)) |
| ReLU and its kin | `kaiming_uniform_`, `kaiming_normal_` | √(2 / (1 + a²)) / √fan |
| SELU | `lecun_normal_`, `lecun_uniform_` | 1 / √fan_in |
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.modes import no_grad
from ..ops.creation import empty_like
from ..ops.random import randperm
from ..tensor import Tensor, wrap

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lecun_normal_",
    "lecun_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

_GAINS = {
    "linear": 1,
    "conv1d": 1,
    "conv2d": 1,
    "conv3d": 1,
    "conv_transpose1d": 1,
    "conv_transpose2d": 1,
    "conv_transpose3d": 1,
    "sigmoid": 1,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    r"""The factor by which weights before an activation are widened to keep the variance.

    1 for linear layers and sigmoid, 5/3 for tanh, √2 for relu, √(2 / (1 + slope²)) for leaky_relu, 3/4 for
    selu.

    Args:
        nonlinearity: the name of the activation, or of a layer: "relu", "leaky_relu", "tanh", "conv2d" ...
        param: the negative slope of leaky_relu; 0.01 if it is not given.

    Raises:
        ValueError: an unknown name, or a slope that is no number.

    >>> torch.nn.init.calculate_gain("leaky_relu", 0.2)
    1.3867504905630728

    Source: PyTorch, `torch.nn.init.calculate_gain`.
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        known = ", ".join([*_GAINS, "leaky_relu"])
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}: expected one of {known}")
    return _GAINS[nonlinearity]


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs a unit has and how many units an input feeds, for a weight (out, in, *kernel)."""
    if tensor.dim() < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, "
            f"got shape {list(tensor.shape)}"
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _calculate_fan_in_and_fan_out(tensor)[modes.index(mode.lower())]


# -- plain values and distributions ----------------------------------------------------------------


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    r"""Fill with draws from the uniform distribution U(a, b).

    >>> torch.nn.init.uniform_(torch.empty(2, 3), -1, 1).abs().max().item() <= 1
    True

    Source: PyTorch, `torch.nn.init.uniform_`.
    """
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    r"""Fill with draws from the normal distribution N(mean, std²).

    >>> torch.nn.init.normal_(torch.empty(2, 3), 5.0, 0.0)
    tensor([[5., 5., 5.],
            [5., 5., 5.]])

    Source: PyTorch, `torch.nn.init.normal_`.
    """
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value.

    >>> torch.nn.init.constant_(torch.empty(2), 0.5)
    tensor([0.5000, 0.5000])

    Source: PyTorch, `torch.nn.init.constant_`.
    """
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones.

    >>> torch.nn.init.ones_(torch.empty(2))
    tensor([1., 1.])

    Source: PyTorch, `torch.nn.init.ones_`.
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros.

    >>> torch.nn.init.zeros_(torch.empty(2))
    tensor([0., 0.])

    Source: PyTorch, `torch.nn.init.zeros_`.
    """
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity: a linear layer then passes its input on, as far as the sizes allow.

    Raises:
        ValueError: it has not two dimensions.

    >>> torch.nn.init.eye_(torch.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])

    Source: PyTorch, `torch.nn.init.eye_`.
    """
    if tensor.dim() != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported, got shape {list(tensor.shape)}")
    return _write(tensor, np.eye(*tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution's weight with Dirac deltas: it then passes its input on, as far as channels allow.

    Args:
        tensor: (out_channels, in_channels / groups, *kernel), with one to three kernel dimensions.
        groups: the groups of the convolution; each passes its channels on.

    Raises:
        ValueError: another number of dimensions, or out_channels not divisible by `groups`.

    >>> torch.nn.init.dirac_(torch.empty(1, 1, 3))
    tensor([[[0., 1., 0.]]])

    Source: PyTorch, `torch.nn.init.dirac_`.
    """
    if tensor.dim() not in (3, 4, 5):
        raise ValueError(
            f"Only tensors with 3, 4, or 5 dimensions are supported, got shape {list(tensor.shape)}"
        )
    out_channels, in_channels, *kernel = tensor.shape
    if out_channels % groups:
        raise ValueError(f"dim 0 must be divisible by groups, got {out_channels} and groups={groups}")
    values = np.zeros(tensor.shape)
    centre = tuple(size // 2 for size in kernel)
    each = out_channels // groups
    for group in range(groups):
        for channel in range(min(each, in_channels)):
            values[(group * each + channel, channel, *centre)] = 1
    return _write(tensor, values)


# -- weights that keep the variance ----------------------------------------------------------------


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    r"""Fill with U(-a, a), a = gain · √(6 / (fan_in + fan_out)): Glorot's way, for sigmoid and tanh.

    >>> w = torch.nn.init.xavier_uniform_(torch.empty(3, 3), gain=torch.nn.init.calculate_gain("tanh"))
    >>> w.abs().max().item() <= 5 / 3
    True

    Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks";
    PyTorch, `torch.nn.init.xavier_uniform_`.
    """
    std = gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor)))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    r"""Fill with N(0, std²), std = gain · √(2 / (fan_in + fan_out)).

    >>> torch.nn.init.xavier_normal_(torch.empty(3, 5)).shape
    torch.Size([3, 5])

    Source: Glorot & Bengio 2010; PyTorch, `torch.nn.init.xavier_normal_`.
    """
    std = gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor)))
    return normal_(tensor, 0.0, std, generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    r"""Fill with U(-b, b), b = gain · √(3 / fan): He's initialisation, for ReLU and its kin.

    Args:
        tensor: a weight (out, in, *kernel).
        a: the negative slope of the rectifier that follows.
        mode: "fan_in" keeps the variance of the signal on its way forward, "fan_out" that of the gradient.
        nonlinearity: the activation that follows, as `calculate_gain` names it.
        generator: where to draw from.

    >>> w = torch.nn.init.kaiming_uniform_(torch.empty(3, 6), nonlinearity="relu")
    >>> w.abs().max().item() <= 1
    True

    Source: He et al. 2015, "Delving deep into rectifiers"; PyTorch, `torch.nn.init.kaiming_uniform_`.
    """
    if _is_empty(tensor):
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    r"""Fill with N(0, std²), std = gain / √fan; the arguments are those of `kaiming_uniform_`.

    >>> torch.nn.init.kaiming_normal_(torch.empty(3, 5), mode="fan_out", nonlinearity="relu").shape
    torch.Size([3, 5])

    Source: He et al. 2015; PyTorch, `torch.nn.init.kaiming_normal_`.
    """
    if _is_empty(tensor):
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return normal_(tensor, 0, std, generator)


def lecun_uniform_(tensor: Tensor, generator: Any = None) -> Tensor:
    r"""Fill with U(-b, b), b = √(3 / fan_in): what SELU networks start from.

    >>> torch.nn.init.lecun_uniform_(torch.empty(2, 3)).abs().max().item() <= 1
    True

    Source: LeCun et al. 1998, "Efficient BackProp".
    """
    return kaiming_uniform_(tensor, nonlinearity="linear", generator=generator)


def lecun_normal_(tensor: Tensor, generator: Any = None) -> Tensor:
    r"""Fill with N(0, 1 / fan_in): what SELU networks start from.

    >>> torch.nn.init.lecun_normal_(torch.empty(2, 3)).shape
    torch.Size([2, 3])

    Source: LeCun et al. 1998, "Efficient BackProp"; Klambauer et al. 2017, "Self-normalizing neural
    networks".
    """
    return kaiming_normal_(tensor, nonlinearity="linear", generator=generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Tensor:
    r"""Fill with N(mean, std²), draws outside [a, b] being drawn again.

    Args:
        tensor: what to fill.
        mean, std: of the normal distribution before it is cut.
        a, b: the bounds, as values and not in units of std.
        generator: where to draw from.

    >>> torch.nn.init.trunc_normal_(torch.empty(100), std=3.0).abs().max().item() <= 2
    True

    Source: PyTorch, `torch.nn.init.trunc_normal_`.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            f"incorrect: mean={mean}, std={std}, a={a}, b={b}.",
            UserWarning,
            stacklevel=2,
        )
    below = [(1.0 + math.erf((bound - mean) / std / math.sqrt(2.0))) / 2.0 for bound in (a, b)]
    draw = _redrawn_normal if below[1] - below[0] > 0.3 else _rejected_uniform
    with no_grad():
        return draw(tensor, mean, std, a, b, generator)


def _redrawn_normal(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any) -> Tensor:
    """Draw all, then all again for those outside, until none is."""
    values = tensor.normal_(mean, std, generator=generator)._array.copy()
    while (outside := (values < a) | (values > b)).any():
        again = empty_like(tensor).normal_(mean, std, generator=generator)
        values = np.where(outside, again._array, values)
    return _write(tensor, values)


def _rejected_uniform(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any) -> Tensor:
    """Draw uniformly from [a, b], accept with the density over its peak: for an improbable [a, b]."""
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    other = empty_like(tensor)

    def rejected(candidates: np.ndarray) -> np.ndarray:
        score = ((candidates - mean) / std) ** 2 * -0.5 - peak
        with np.errstate(divide="ignore"):
            return np.log(other.uniform_(generator=generator)._array) > score

    values = tensor.uniform_(a, b, generator=generator)._array.copy()
    pending = rejected(values)
    while pending.any():
        candidates = other.uniform_(a, b, generator=generator)._array.copy()
        values = np.where(pending, candidates, values)
        pending = pending & rejected(candidates)
    return _write(tensor, values)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    r"""Fill with a matrix with orthonormal rows or columns, times `gain`.

    Args:
        tensor: two or more dimensions; those after the first are taken as one.
        gain: the factor.
        generator: where to draw from.

    Raises:
        ValueError: fewer than two dimensions.

    >>> w = torch.nn.init.orthogonal_(torch.empty(2, 5))
    >>> torch.allclose(w @ w.T, torch.eye(2), atol=1e-6)
    True

    Source: Saxe et al. 2013, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks"; PyTorch, `torch.nn.init.orthogonal_`.
    """
    if tensor.dim() < 2:
        raise ValueError(
            f"Only tensors with 2 or more dimensions are supported, got shape {list(tensor.shape)}"
        )
    if tensor.numel() == 0:
        return tensor
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    drawn = tensor.new_empty((rows, columns)).normal_(0, 1, generator=generator)._array
    q, r = np.linalg.qr(drawn.T if rows < columns else drawn)
    q = q * np.sign(np.diagonal(r))  # QR alone is not uniform over the orthogonal matrices
    return _write(tensor, gain * (q.T if rows < columns else q).reshape(tensor.shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    r"""Fill a matrix with N(0, std²), and a part of every column with zeros.

    Args:
        tensor: a matrix.
        sparsity: the part of each column that is zero.
        std: of the other values.
        generator: where to draw the values from; the places of the zeros come from the global one, as in
            PyTorch.

    Raises:
        ValueError: it has not two dimensions.

    >>> (torch.nn.init.sparse_(torch.empty(10, 4), sparsity=0.3) == 0).sum(0)
    tensor([3, 3, 3, 3])

    Source: Martens 2010, "Deep learning via Hessian-free optimization"; PyTorch, `torch.nn.init.sparse_`.
    """
    if tensor.dim() != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported, got shape {list(tensor.shape)}")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        values = tensor.normal_(0, std, generator=generator)._array.copy()
    for column in range(columns):
        values[randperm(rows)._array[:zeros], column] = 0
    return _write(tensor, values)


def _write(tensor: Tensor, values: np.ndarray) -> Tensor:
    """Put values into a tensor, noticed by the graph but not part of it."""
    with no_grad():
        return tensor.copy_(wrap(values))


def _is_empty(tensor: Tensor) -> bool:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", UserWarning, stacklevel=3)
        return True
    return False


# -- PyTorch's older names, without the underscore -------------------------------------------------


def _older_name(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    new = function.__name__
    old = new.removesuffix("_")

    def renamed(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(
            f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.", FutureWarning, stacklevel=2
        )
        return function(*args, **kwargs)

    renamed.__name__ = renamed.__qualname__ = old
    renamed.__doc__ = f"The older name of `{new}`, which it calls with a warning."
    return renamed


uniform = _older_name(uniform_)
normal = _older_name(normal_)
constant = _older_name(constant_)
eye = _older_name(eye_)
dirac = _older_name(dirac_)
xavier_uniform = _older_name(xavier_uniform_)
xavier_normal = _older_name(xavier_normal_)
kaiming_uniform = _older_name(kaiming_uniform_)
kaiming_normal = _older_name(kaiming_normal_)
orthogonal = _older_name(orthogonal_)
sparse = _older_name(sparse_)
