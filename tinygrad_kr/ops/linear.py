"""Linear and bilinear maps: what dense layers compute."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import rule
from ..kernels import product
from ..tensor import Tensor
from ._products import check_dtypes, check_expands, sizes_text
from ._public import public, require_tensor
from .matmul import as_rows, matmul_rule, times

__all__: list[str] = []

FUNCTIONAL = ["bilinear", "linear"]


def column_sums(x: Any) -> Any:
    """The sum of the rows of a matrix, as a product with ones: on narrow ones much faster than np.sum."""
    return product.matmul(product.ones(len(x), x.dtype), x)


column_sums_rule = rule(column_sums, name="sum", x=lambda g, x_shape: np.broadcast_to(g, x_shape))


def affine(input: Any, weight: Any, bias: Any) -> Any:
    """x Wᵀ + b for the rows of x; b may be None."""
    out = product.affine(as_rows(input), weight.T, bias)
    return out if input.ndim == 2 else out.reshape(*input.shape[:-1], len(weight))


linear_rule = rule(
    affine,
    name="addmm",
    input=lambda g, weight: matmul_rule(g, weight),
    weight=lambda g, input: matmul_rule(np.transpose(as_rows(g)), as_rows(input)),
    bias=lambda g: column_sums_rule(as_rows(g)),
)


@public(method=False, out=False)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""The affine map of a dense layer: y = x Wᵀ + b.

    Args:
        input: (*, in_features); any number of batch dimensions.
        weight: (out_features, in_features), or (in_features) for a single output without its dimension.
        bias: (out_features).

    Raises:
        RuntimeError: the shapes or the dtypes do not fit.

    >>> linear(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 1.0], [0.0, 3.0]]), torch.tensor([0.5, 0.0]))
    tensor([[3.5000, 6.0000]])

    Source: PyTorch, `torch.nn.functional.linear`.
    """
    if not (isinstance(input, Tensor) and isinstance(weight, Tensor)):
        require_tensor(input, "linear")
        require_tensor(weight, "linear", "weight")
    x, w = input._array, weight._array
    if w.ndim != 2 or not x.ndim:
        return _linear_of_vector(input, weight, bias)
    fits = x.shape[-1] == w.shape[1] and x.dtype is w.dtype
    if not fits or (bias is not None and not _is_row(bias, w)):
        bias = _checked_bias(input, weight, bias)
    return linear_rule(input, weight, bias)


def _is_row(bias: Any, w: np.ndarray) -> bool:
    """Whether a bias has one element for each output, and the dtype of the weight."""
    return isinstance(bias, Tensor) and bias._array.shape == w.shape[:1] and bias._array.dtype is w.dtype


def _checked_bias(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor | None:
    """The bias with one element for each output; raises where shapes or dtypes do not fit."""
    x, w = input._array, weight._array
    check_dtypes(input, weight)
    if bias is not None:
        check_dtypes(input, require_tensor(bias, "linear", "bias"))
        if bias._array.shape != w.shape[:1]:
            check_expands(bias, (math.prod(x.shape[:-1]), len(w)))
            bias = bias.expand(w.shape[:1])
    if x.shape[-1] != w.shape[1]:
        raise RuntimeError(
            "mat1 and mat2 shapes cannot be multiplied "
            f"({sizes_text((math.prod(x.shape[:-1]), x.shape[-1]))} and {sizes_text(w.shape[::-1])}): the "
            f"input has {x.shape[-1]} features, the weight expects {w.shape[1]}"
        )
    return bias


def _linear_of_vector(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`linear` for a weight of one dimension, and its errors for impossible ones."""
    dims = input._array.ndim, weight._array.ndim
    if not dims[0] or not dims[1]:
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are {dims[0]}D and {dims[1]}D"
        )
    if dims[1] > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {dims[1]}D: the weight")
    out = times(input, weight)
    return out if bias is None else out + bias


@public(method=False, out=False)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""A bilinear map: y[.., o] = Σᵢⱼ x₁[.., i] · W[o, i, j] · x₂[.., j] + b[o].

    Args:
        input1, input2: (*, in1_features) and (*, in2_features) with equal batch dimensions.
        weight: (out_features, in1_features, in2_features).
        bias: (out_features).

    Raises:
        RuntimeError: the shapes or the dtypes do not fit.

    >>> bilinear(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]]), torch.ones(1, 2, 1))
    tensor([[9.]])

    Source: PyTorch, `torch.nn.functional.bilinear`.
    """
    a, b = (
        require_tensor(input1, "bilinear", "input1").shape,
        require_tensor(input2, "bilinear", "input2").shape,
    )
    w = require_tensor(weight, "bilinear", "weight").shape
    if len(w) != 3 or a[:-1] != b[:-1] or (a[-1], b[-1]) != w[1:]:
        raise RuntimeError(
            "bilinear(): expected input1 (*, in1), input2 (*, in2) and weight (out, in1, in2), got the "
            f"shapes {list(a)}, {list(b)} and {list(w)}"
        )
    check_dtypes(input1, weight)
    check_dtypes(input2, weight)
    out_features, in1, in2 = w
    # (*, i) @ (i, o·j) -> (rows, o, j), times x₂ summed over j
    flat = weight.transpose(0, 1).reshape(in1, out_features * in2)
    half = matmul_rule(as_rows(input1), flat).reshape(math.prod(a[:-1]), out_features, in2)
    column = input2.reshape(math.prod(b[:-1]), in2, 1)
    out = matmul_rule(half, column).reshape(*a[:-1], out_features)
    return out if bias is None else out + bias
