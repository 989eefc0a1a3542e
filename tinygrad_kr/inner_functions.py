"""Functions of `torch.*` that PyTorch's own layers call: those of `nn.functional` with inner arguments.

Reductions are numbers (0 none, 1 mean, 2 sum; none by default, as in PyTorch), modes too, and what
`nn.functional` leaves out must be given. New code writes `nn.functional`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .ops import (
    adaptive_pooling,
    grid_sampling,
    linear,
    loss_ctc,
    loss_likelihood,
    loss_margin,
    normalization,
    pooling,
)
from .ops import dropout as dropouts
from .ops import embedding as tables
from .ops._public import in_place
from .ops.conv import conv1d
from .ops.linalg import matrix_norm
from .ops.norms import linalg_vector_norm
from .tensor import Tensor, wrap

__all__ = [
    *("adaptive_max_pool1d", "affine_grid_generator", "alpha_dropout_", "batch_norm", "bilinear"),
    *("binary_cross_entropy_with_logits", "conv_tbc", "cosine_embedding_loss", "ctc_loss", "dropout_"),
    *("embedding", "embedding_bag", "embedding_renorm_", "feature_alpha_dropout_", "feature_dropout_"),
    *("frobenius_norm", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d", "hinge_embedding_loss"),
    *("instance_norm", "kl_div", "margin_ranking_loss", "max_pool1d_with_indices", "norm_except_dim"),
    *("nuclear_norm", "poisson_nll_loss", "triplet_margin_loss"),
]

bilinear = linear.bilinear


def _named(number: int, names: Sequence[str], what: str) -> str:
    """The name of a mode that PyTorch numbers."""
    if number not in range(len(names)):
        raise ValueError(f"{what} must be one of {dict(enumerate(names))}, got {number!r}")
    return names[number]


def _reduction(number: int) -> str:
    return _named(number, ("none", "mean", "sum"), "reduction")


# -- losses --------------------------------------------------------------------------------------------------


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: int = 0,
) -> Tensor:
    """`nn.functional.binary_cross_entropy_with_logits` with a number for the reduction.

    >>> torch.binary_cross_entropy_with_logits(torch.zeros(2), torch.ones(2), reduction=1)
    tensor(0.6931)

    Source: PyTorch, `torch.binary_cross_entropy_with_logits`.
    """
    return loss_likelihood.binary_cross_entropy_with_logits(
        input, target, weight, reduction=_reduction(reduction), pos_weight=pos_weight
    )


def kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """`nn.functional.kl_div` with a number for the reduction.

    >>> torch.kl_div(torch.zeros(2), torch.ones(2), 2)
    tensor(0.)

    Source: PyTorch, `torch.kl_div`.
    """
    values = loss_likelihood.kl_div(input, target, reduction="none", log_target=log_target)
    return values.mean() if _reduction(reduction) == "mean" else values.sum() if reduction else values


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """`nn.functional.cosine_embedding_loss` with a number for the reduction.

    >>> torch.cosine_embedding_loss(torch.ones(1, 2), torch.ones(1, 2), torch.ones(1))
    tensor([0.])

    Source: PyTorch, `torch.cosine_embedding_loss`.
    """
    reduced = _reduction(reduction)
    return loss_margin.cosine_embedding_loss(input1, input2, target, margin, reduction=reduced)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0) -> Tensor:
    """`nn.functional.hinge_embedding_loss` with a number for the reduction.

    >>> torch.hinge_embedding_loss(torch.tensor([0.25, 0.25]), torch.tensor([1.0, -1.0]))
    tensor([0.2500, 0.7500])

    Source: PyTorch, `torch.hinge_embedding_loss`.
    """
    return loss_margin.hinge_embedding_loss(input, target, margin, reduction=_reduction(reduction))


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """`nn.functional.margin_ranking_loss` with a number for the reduction.

    >>> torch.margin_ranking_loss(torch.zeros(1), torch.ones(1), torch.ones(1))
    tensor([1.])

    Source: PyTorch, `torch.margin_ranking_loss`.
    """
    reduced = _reduction(reduction)
    return loss_margin.margin_ranking_loss(input1, input2, target, margin, reduction=reduced)


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """`nn.functional.poisson_nll_loss` with all arguments, and a number for the reduction.

    >>> torch.poisson_nll_loss(torch.zeros(2), torch.ones(2), True, False, 1e-8, 1)
    tensor(1.)

    Source: PyTorch, `torch.poisson_nll_loss`.
    """
    return loss_likelihood.poisson_nll_loss(
        input, target, log_input, full, eps=eps, reduction=_reduction(reduction)
    )


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """`nn.functional.triplet_margin_loss` with a number for the reduction.

    >>> torch.triplet_margin_loss(torch.ones(1, 2), torch.ones(1, 2), torch.ones(1, 2))
    tensor([1.])

    Source: PyTorch, `torch.triplet_margin_loss`.
    """
    return loss_margin.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, reduction=_reduction(reduction)
    )


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """`nn.functional.ctc_loss` with a number for the reduction.

    >>> torch.ctc_loss(torch.zeros(2, 1, 2), torch.tensor([[1]]), [2], [1])
    tensor([-1.0986])

    Source: PyTorch, `torch.ctc_loss`.
    """
    return loss_ctc.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, _reduction(reduction), zero_infinity
    )


# -- tables --------------------------------------------------------------------------------------------------


def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """`nn.functional.embedding`, the table first; a `padding_idx` below 0 is none.

    >>> torch.embedding(torch.tensor([[1.0], [3.0]]), torch.tensor([1, 0]))
    tensor([[3.],
            [1.]])

    Source: PyTorch, `torch.embedding`.
    """
    padding = padding_idx if padding_idx >= 0 else None
    return tables.embedding(indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`nn.functional.embedding_bag`, the table first and a number for the mode: 0 sum, 1 mean, 2 max.

    The three other results of PyTorch, notes for its backward, are empty here.

    >>> torch.embedding_bag(torch.tensor([[1.0], [3.0]]), torch.tensor([0, 1]), torch.tensor([0]))[0]
    tensor([[4.]])

    Source: PyTorch, `torch.embedding_bag`.
    """
    out = tables.embedding_bag(
        indices,
        weight,
        offsets,
        scale_grad_by_freq=scale_grad_by_freq,
        mode=_named(mode, ("sum", "mean", "max"), "mode"),
        sparse=sparse,
        per_sample_weights=per_sample_weights,
        include_last_offset=include_last_offset,
        padding_idx=padding_idx,
    )
    first, second, third = (wrap(np.empty(0, np.int64)) for _ in range(3))
    return out, first, second, third


def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Shorten the rows of a table that the indices name to a norm, in place.

    >>> torch.embedding_renorm_(torch.tensor([[3.0, 4.0], [0.0, 9.0]]), torch.tensor([0]), 1.0, 2.0)
    tensor([[0.6000, 0.8000],
            [0.0000, 9.0000]])

    Source: PyTorch, `torch.embedding_renorm_`.
    """
    tables.renormalize(input, indices._array, float(max_norm), norm_type)
    return input


# -- normalisation and norms ---------------------------------------------------------------------------------


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`nn.functional.batch_norm`, in another order and with all arguments.

    >>> torch.batch_norm(torch.tensor([[0.0], [2.0]]), None, None, None, None, True, 0.1, 0.0, False)
    tensor([[-1.],
            [ 1.]])

    Source: PyTorch, `torch.batch_norm`.
    """
    return normalization.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`nn.functional.instance_norm`, in another order and with all arguments.

    >>> torch.instance_norm(torch.tensor([[[0.0, 2.0]]]), None, None, None, None, True, 0.1, 0.0, False)
    tensor([[[-1.,  1.]]])

    Source: PyTorch, `torch.instance_norm`.
    """
    return normalization.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norms of the slices along one dimension, whose sizes elsewhere are 1; -1 means of everything.

    >>> torch.norm_except_dim(torch.tensor([[3.0, 4.0], [0.0, 2.0]]))
    tensor([[5.],
            [2.]])

    Source: PyTorch, `torch.norm_except_dim`.
    """
    if dim == -1:
        return linalg_vector_norm(v, pow)
    others = [one for one in range(v.ndim) if one != dim % v.ndim]
    return linalg_vector_norm(v, pow, others, True) if others else v.abs()


def frobenius_norm(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """`linalg.vector_norm` of order 2 under PyTorch's older name.

    >>> torch.frobenius_norm(torch.tensor([[3.0, 4.0]]), [0, 1])
    tensor(5.)

    Source: PyTorch, `torch.frobenius_norm`.
    """
    return linalg_vector_norm(input, 2, dim or None, keepdim)


def nuclear_norm(input: Tensor, dim: Any = (-2, -1), keepdim: bool = False) -> Tensor:
    """`linalg.matrix_norm` of order "nuc" under PyTorch's older name.

    >>> torch.nuclear_norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(7.)

    Source: PyTorch, `torch.nuclear_norm`.
    """
    return matrix_norm(input, "nuc", dim, keepdim)


# -- grids, convolution, pooling -----------------------------------------------------------------------------


def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """`nn.functional.affine_grid` with all arguments.

    >>> torch.affine_grid_generator(torch.eye(2, 3)[None], [1, 1, 1, 2], False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])

    Source: PyTorch, `torch.affine_grid_generator`.
    """
    return grid_sampling.affine_grid(theta, size, align_corners)


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`nn.functional.grid_sample` with numbers: bilinear, nearest, bicubic; zeros, border, reflection.

    >>> torch.grid_sampler(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 1, 2), 0, 0, False)
    tensor([[[[1.]]]])

    Source: PyTorch, `torch.grid_sampler`.
    """
    mode = _named(interpolation_mode, ("bilinear", "nearest", "bicubic"), "interpolation_mode")
    padding = _named(padding_mode, ("zeros", "border", "reflection"), "padding_mode")
    return grid_sampling.grid_sample(input, grid, mode, padding, align_corners)


grid_sampler_2d = grid_sampler_3d = grid_sampler


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """A 1-d convolution of (time, batch, channels) with a weight (width, channels in, channels out).

    >>> torch.conv_tbc(torch.ones(4, 1, 2), torch.ones(2, 2, 1), torch.zeros(1)).flatten()
    tensor([4., 4., 4.])

    Source: PyTorch, `torch.conv_tbc`.
    """
    for tensor, name in ((input, "Input"), (weight, "Weight")):
        if tensor.ndim != 3:
            raise RuntimeError(f"{name} must have 3 dims, but its shape is {list(tensor.shape)}")
    return conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad).permute(2, 0, 1)


def adaptive_max_pool1d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """`nn.functional.adaptive_max_pool1d` with its indices.

    >>> torch.adaptive_max_pool1d(torch.tensor([[1.0, 3.0, 2.0]]), 1)
    (tensor([[3.]]), tensor([[1]]))

    Source: PyTorch, `torch.adaptive_max_pool1d`.
    """
    values, indices = adaptive_pooling.adaptive_max_pool1d(input, output_size, return_indices=True)
    return values, indices


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """`nn.functional.max_pool1d` with its indices.

    >>> torch.max_pool1d_with_indices(torch.tensor([[1.0, 3.0, 2.0]]), 2)
    (tensor([[3.]]), tensor([[1]]))

    Source: PyTorch, `torch.max_pool1d_with_indices`.
    """
    values, indices = pooling.max_pool1d(
        input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True
    )
    return values, indices


# -- dropout in place ----------------------------------------------------------------------------------------


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.dropout` in place.

    >>> torch.dropout_(torch.ones(2), 0.5, False)
    tensor([1., 1.])

    Source: PyTorch, `torch.dropout_`.
    """
    return _dropout(input, p, train)


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`torch.feature_dropout` in place: whole channels are dropped."""
    return _feature_dropout(input, p, train)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.alpha_dropout` in place."""
    return _alpha_dropout(input, p, train)


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`nn.functional.feature_alpha_dropout` in place."""
    return _feature_alpha_dropout(input, p, train)


_dropout = in_place(dropouts.dropout, "dropout_", saves_input=False)
_feature_dropout = in_place(dropouts.feature_dropout, "feature_dropout_", saves_input=False)
_alpha_dropout = in_place(dropouts.alpha_dropout, "alpha_dropout_", saves_input=False)
_feature_alpha_dropout = in_place(dropouts.feature_alpha_dropout, "feature_alpha_dropout_", saves_input=False)
