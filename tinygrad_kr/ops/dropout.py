"""Dropout in its variants, and DropConnect.

In all of them `p` is the probability that something is *dropped* (some texts call the keep probability p).
The masks are PyTorch's: under the same seed the same elements are dropped.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from ..autograd.inplace import assign
from ..tensor import Tensor, wrap
from ._public import public, require_tensor
from .generator import Generator, stream_of
from .linear import linear
from .matmul import matmul_rule
from .random import in_fill_order

__all__ = ["alpha_dropout", "dropout", "feature_alpha_dropout", "feature_dropout"]

FUNCTIONAL = [
    "alpha_dropout",
    "dropconnect",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]


# -- masks ---------------------------------------------------------------------------------------------------


def require_probability(p: float) -> float:
    """A dropout probability as a float, or PyTorch's error."""
    p = float(p)
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    return p


def keep_mask(array: np.ndarray, p: float, generator: Generator | None, features: bool = False) -> np.ndarray:
    """Which elements (or whole channels) of an array are kept, laid out in memory as the array is."""
    stream = stream_of(generator)
    if features:
        return stream.bernoulli(1 - p, (*array.shape[:2], *[1] * (array.ndim - 2)))
    drawn = in_fill_order(array, lambda shape: stream.bernoulli(1 - p, shape))
    if array.flags.c_contiguous:
        return drawn
    mask = np.empty_like(array, np.bool_)
    mask[...] = drawn
    return mask


def dropout_noise(
    array: np.ndarray, p: float, generator: Generator | None, mode: str, features: bool = False
) -> np.ndarray:
    """The factors of dropout in training: 0 for what is dropped, 1/(1-p) (inverted) or 1 (classic) else."""
    if p == 1:
        return np.zeros(array.shape, array.dtype)
    dtype = array.dtype.type
    scale = dtype(1) / dtype(1 - p) if mode == "inverted" else dtype(1)
    return keep_mask(array, p, generator, features) * scale


def _require_mode(mode: str) -> None:
    if mode not in ("inverted", "classic"):
        raise ValueError(
            f"mode must be 'inverted' (scale in training) or 'classic' (in evaluation), got {mode!r}"
        )


def _dropped(
    input: Tensor,
    p: float,
    training: bool,
    inplace: bool,
    mode: str,
    generator: Generator | None,
    *,
    features: bool = False,
) -> Tensor:
    """Dropout of elements, or of features (channels)."""
    p = require_probability(p)
    _require_mode(mode)
    array = input._array
    if not p or not array.size or (not training and mode == "inverted"):
        return input
    if not training:
        out = input * (1 - p)
    else:
        _require_droppable(array, features)
        out = input * wrap(dropout_noise(array, p, generator, mode, features))
    return assign(input, out) if inplace else out


def _require_droppable(array: np.ndarray, features: bool) -> None:
    if array.dtype.kind not in "fc":
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {array.dtype.name}: dropout needs a "
            "floating tensor, use .float()"
        )
    if features and array.ndim < 2:
        raise RuntimeError(
            f"Feature dropout requires at least 2 dimensions in the input, but it is {array.ndim}-D"
        )


# -- dropout -------------------------------------------------------------------------------------------------


@public(method=False, out=False)
def dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    mode: str = "inverted",
    generator: Generator | None = None,
) -> Tensor:
    r"""Drop each element with probability p.

    "inverted" (the default, PyTorch's): training divides survivors by 1 - p, evaluation changes nothing.
    "classic" (the paper's): training leaves survivors as they are, evaluation multiplies everything by 1 - p.
    Either way training and evaluation have the same expectation.

    Args:
        input: any tensor.
        p: the probability to be *dropped*.
        training: False in evaluation.
        inplace: change the input itself.
        mode: "inverted" or "classic".
        generator: where to draw from.

    Raises:
        ValueError: p is outside [0, 1].

    >>> _ = torch.manual_seed(0)
    >>> dropout(torch.ones(6), 0.5)
    tensor([0., 0., 2., 0., 0., 0.])
    >>> dropout(torch.ones(2), 0.25, training=False, mode="classic")
    tensor([0.7500, 0.7500])

    Source: Srivastava et al., "Dropout" (2014); PyTorch, `torch.nn.functional.dropout`.
    """
    return _dropped(require_tensor(input, "dropout"), p, training, inplace, mode, generator)


@public(method=False, out=False)
def feature_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    mode: str = "inverted",
    generator: Generator | None = None,
) -> Tensor:
    r"""Drop whole channels: the first two dimensions share one draw for all that follows.

    >>> _ = torch.manual_seed(0)
    >>> feature_dropout(torch.ones(1, 3, 2), 0.5)
    tensor([[[0., 0.],
             [0., 0.],
             [2., 2.]]])

    Source: Tompson et al. (2015); PyTorch, `torch.feature_dropout`.
    """
    return _dropped(require_tensor(input, "dropout"), p, training, inplace, mode, generator, features=True)


def _spatial_dropout(
    name: str,
    dims: int,
    input: Tensor,
    p: float,
    training: bool,
    inplace: bool,
    mode: str,
    generator: Generator | None,
) -> Tensor:
    """Dropout of channels with `dims` further dimensions; a missing batch dimension is added meanwhile."""
    require_probability(p)
    ndim = require_tensor(input, name).ndim
    batched = ndim == dims + 2
    if ndim not in (dims + 1, dims + 2):
        message = (
            f"{name}: Expected {dims + 1}D or {dims + 2}D input, but received a {ndim}D input: a batch "
            f"dimension (optional), channels, and {dims} more; use dropout for other shapes"
        )
        if dims == 1:
            raise RuntimeError(message)
        warnings.warn(message, UserWarning, stacklevel=3)
        batched = True
    if dims == 2 and ndim == 3:
        warnings.warn(
            f"{name}: a 3D input counts as (N, C, L), as PyTorch has it, not as (C, H, W); use dropout1d to "
            "say so, or unsqueeze(0) for one image",
            UserWarning,
            stacklevel=3,
        )
        batched = True
    if batched:
        return feature_dropout(input, p, training, inplace, mode=mode, generator=generator)
    out = feature_dropout(input.unsqueeze(0), p, training, mode=mode, generator=generator).squeeze(0)
    return assign(input, out) if inplace else out


@public(method=False, out=False)
def dropout1d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    mode: str = "inverted",
    generator: Generator | None = None,
) -> Tensor:
    r"""Drop whole channels of (N, C, L) or (C, L). The arguments are those of `dropout`.

    >>> _ = torch.manual_seed(0)
    >>> dropout1d(torch.ones(3, 2), 0.5)
    tensor([[0., 0.],
            [0., 0.],
            [2., 2.]])

    Source: PyTorch, `torch.nn.functional.dropout1d`.
    """
    return _spatial_dropout("dropout1d", 1, input, p, training, inplace, mode, generator)


@public(method=False, out=False)
def dropout2d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    mode: str = "inverted",
    generator: Generator | None = None,
) -> Tensor:
    r"""Drop whole feature maps of (N, C, H, W). The arguments are those of `dropout`.

    >>> _ = torch.manual_seed(0)
    >>> dropout2d(torch.ones(1, 3, 1, 2), 0.5)
    tensor([[[[0., 0.]],
    <BLANKLINE>
             [[0., 0.]],
    <BLANKLINE>
             [[2., 2.]]]])

    Source: Tompson et al., "Efficient object localization using convolutional networks" (2015); PyTorch,
    `torch.nn.functional.dropout2d`.
    """
    return _spatial_dropout("dropout2d", 2, input, p, training, inplace, mode, generator)


@public(method=False, out=False)
def dropout3d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    mode: str = "inverted",
    generator: Generator | None = None,
) -> Tensor:
    r"""Drop whole channels of (N, C, D, H, W) or (C, D, H, W). The arguments are those of `dropout`.

    >>> dropout3d(torch.ones(1, 2, 1, 1, 1), 0.0).flatten()
    tensor([1., 1.])

    Source: PyTorch, `torch.nn.functional.dropout3d`.
    """
    return _spatial_dropout("dropout3d", 3, input, p, training, inplace, mode, generator)


# -- dropout for SELU ----------------------------------------------------------------------------------------

_SELU_LIMIT = 1.7580993408473766  # minus what SELU tends to for large negative inputs


def _alpha_dropped(
    name: str,
    input: Tensor,
    p: float,
    training: bool,
    inplace: bool,
    generator: Generator | None,
    features: bool,
) -> Tensor:
    p = require_probability(p)
    array = require_tensor(input, name)._array
    if not training or not p or not array.size:
        return input
    _require_droppable(array, features)
    if p == 1:
        out = input * 0.0
    else:
        kept = keep_mask(array, p, generator, features).astype(array.dtype)
        slope = 1.0 / math.sqrt((_SELU_LIMIT**2 * p + 1) * (1 - p))
        shift = (kept - 1) * (_SELU_LIMIT * slope) + _SELU_LIMIT * slope * p
        out = input * wrap(kept * slope) + wrap(shift)
    return assign(input, out) if inplace else out


@public(method=False, out=False)
def alpha_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    r"""Dropout that keeps mean 0 and variance 1: dropped elements become SELU's negative limit, then all are
    rescaled.

    Note that `training` is False by default, as in PyTorch.

    >>> _ = torch.manual_seed(0)
    >>> alpha_dropout(torch.zeros(4), 0.5, training=True)
    tensor([-0.7792, -0.7792,  0.7792, -0.7792])

    Source: Klambauer et al., "Self-normalizing neural networks" (2017); PyTorch,
    `torch.nn.functional.alpha_dropout`.
    """
    return _alpha_dropped("alpha_dropout", input, p, training, inplace, generator, False)


@public(method=False, out=False)
def feature_alpha_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    r"""`alpha_dropout` of whole channels.

    >>> _ = torch.manual_seed(0)
    >>> feature_alpha_dropout(torch.zeros(1, 3, 1), 0.5, training=True).flatten()
    tensor([-0.7792, -0.7792,  0.7792])

    Source: PyTorch, `torch.nn.functional.feature_alpha_dropout`.
    """
    return _alpha_dropped("feature_alpha_dropout", input, p, training, inplace, generator, True)


# -- DropConnect ---------------------------------------------------------------------------------------------


@public(method=False, out=False)
def dropconnect(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    p: float = 0.5,
    training: bool = True,
    *,
    per_example: bool = False,
    drop_bias: bool = False,
    mode: str = "inverted",
    inference: str = "mean",
    samples: int | None = None,
    generator: Generator | None = None,
) -> Tensor:
    r"""A dense layer each of whose *weights* is dropped with probability p: y = x (M ∘ W)ᵀ + b.

    The mask M is drawn anew in every call. "inverted" divides the surviving weights by 1 - p in training;
    "classic" (the paper's) multiplies them by 1 - p in evaluation instead.

    Args:
        input: (*, in_features).
        weight: (out_features, in_features).
        bias: (out_features).
        p: the probability to be *dropped*.
        training: False in evaluation.
        per_example: a mask of its own for each example, not one for the whole batch.
        drop_bias: drop elements of the bias likewise.
        mode: "inverted" or "classic".
        inference: in evaluation, "mean" takes the expected weights; "gaussian" draws the output from the
            normal distribution that has the mean and variance which the dropped weights give it.
        samples: for "gaussian": how many draws, stacked in a new first dimension; None for one draw without
            it. The paper averages over draws *after* the activation: `relu(dropconnect(...,
            samples=100)).mean(0)`.
        generator: where to draw from.

    Raises:
        ValueError: p is outside [0, 1], or an option is unknown.

    >>> _ = torch.manual_seed(0)
    >>> x, W = torch.ones(1, 3), torch.ones(2, 3)
    >>> dropconnect(x, W, p=0.5), dropconnect(x, W, p=0.5, training=False)
    (tensor([[2., 0.]]), tensor([[3., 3.]]))

    Source: Wan et al., "Regularization of neural networks using DropConnect" (2013).
    """
    p = require_probability(p)
    _require_mode(mode)
    if inference not in ("mean", "gaussian"):
        raise ValueError(f"inference must be 'mean' or 'gaussian', got {inference!r}")
    require_tensor(input, "dropconnect")
    require_tensor(weight, "dropconnect", "weight")
    if training and p:
        return _drop_weights(input, weight, bias, p, per_example, drop_bias, mode, generator)
    keep = 1 - p if mode == "classic" and not training else 1.0
    mean_bias = bias * keep if drop_bias and bias is not None else bias
    mean = linear(input, weight * keep if keep != 1 else weight, mean_bias)
    if training or inference == "mean":
        return mean
    # A weight w kept with probability q contributes the variance q(1-q)·(w x)², or (1-q)/q of it when divided
    # by q.
    spread = p * (1 - p) if mode == "classic" else p / (1 - p) if p < 1 else 0.0
    squared_bias = bias.square() if drop_bias and bias is not None else None
    deviation = (linear(input.square(), weight.square(), squared_bias) * spread).sqrt()
    shape = mean._array.shape if samples is None else (samples, *mean._array.shape)
    return mean + deviation * wrap(stream_of(generator).normal(shape, mean._array.dtype))


def _drop_weights(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    p: float,
    per_example: bool,
    drop_bias: bool,
    mode: str,
    generator: Generator | None,
) -> Tensor:
    """DropConnect in training."""
    examples = input._array.shape[:-1]
    lead = [math.prod(examples)] if per_example else []

    def dropped(parameter: Tensor) -> Tensor:
        shape = (*lead, *parameter._array.shape)
        return parameter * wrap(dropout_noise(np.empty(shape, parameter._array.dtype), p, generator, mode))

    if not per_example:
        noisy = dropped(weight)
        return linear(input, noisy, dropped(bias) if drop_bias and bias is not None else bias)
    # (rows, out, in) @ (rows, in, 1) -> (rows, out, 1)
    column = input.reshape(math.prod(examples), input._array.shape[-1], 1)
    out = matmul_rule(dropped(weight), column).reshape(*examples, weight._array.shape[0])
    if bias is None:
        return out
    return out + (dropped(bias).reshape(out.shape) if drop_bias else bias)
