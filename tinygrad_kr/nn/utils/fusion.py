"""Batch norm folded into the layer before it, for evaluation."""

from __future__ import annotations

import copy
from typing import Any

from ...autograd.modes import no_grad
from ...ops.creation import ones_like, zeros_like
from ...tensor import Tensor
from ..module import Module
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that does what `conv` and then `bn` do, both in evaluation mode.

    Args:
        conv: a convolution layer.
        bn: a batch norm with running statistics.
        transpose: whether `conv` is a transposed convolution, whose output channels come second.

    Raises:
        AssertionError: one is in training mode, or there are no running statistics.

    >>> conv, bn = torch.nn.Conv2d(3, 8, 3).eval(), torch.nn.BatchNorm2d(8).eval()
    >>> x = torch.randn(1, 3, 5, 5)
    >>> torch.allclose(torch.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
    True

    Source: PyTorch, `torch.nn.utils.fuse_conv_bn_eval`.
    """
    return _fused(conv, bn, transpose)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A dense layer that does what `linear` and then `bn` do, both in evaluation mode.

    Raises:
        AssertionError: one is in training mode, there are no running statistics, or the numbers of features
            differ (unless that of `bn` is 1).

    >>> linear, bn = torch.nn.Linear(3, 4).eval(), torch.nn.BatchNorm1d(4).eval()
    >>> x = torch.randn(2, 3)
    >>> torch.allclose(torch.nn.utils.fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)), atol=1e-6)
    True

    Source: PyTorch, `torch.nn.utils.fuse_linear_bn_eval`.
    """
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError(
            f"To fuse, linear.out_features (={linear.out_features}) must equal bn.num_features "
            f"(={bn.num_features}), or that must be 1"
        )
    return _fused(linear, bn, False)


def _fused(layer: Module, bn: Any, transpose: bool) -> Any:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval! Call .eval() on both modules first")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None: it has no statistics")
    fused = copy.deepcopy(layer)
    statistics = (bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias)
    fused.weight, fused.bias = fuse_conv_bn_weights(fused.weight, fused.bias, *statistics, transpose)
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    r"""The weight and bias of a layer with its batch norm folded in.

    .. math::
        W' = W \gamma / \sqrt{\sigma^2 + \epsilon}, \qquad
        b' = (b - \mu) \gamma / \sqrt{\sigma^2 + \epsilon} + \beta

    Source: PyTorch, `torch.nn.utils.fuse_conv_bn_weights`.
    """
    bias = zeros_like(bn_rm) if conv_b is None else conv_b
    trained = conv_w.requires_grad, bias.requires_grad
    gain = ones_like(bn_rm) if bn_w is None else bn_w
    shift = zeros_like(bn_rm) if bn_b is None else bn_b
    with no_grad():
        scale = gain * (bn_rv + bn_eps).rsqrt()
        channels = [1] * conv_w.ndim
        channels[1 if transpose else 0] = -1
        weight = (conv_w * scale.reshape(channels)).to(conv_w.dtype)
        bias = ((bias - bn_rm) * scale + shift).to(bias.dtype)
    return Parameter(weight, trained[0]), Parameter(bias, trained[1])


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor,
    bn_b: Tensor,
) -> tuple[Parameter, Parameter]:
    """`fuse_conv_bn_weights` for a dense layer.

    Source: PyTorch, `torch.nn.utils.fuse_linear_bn_weights`.
    """
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
