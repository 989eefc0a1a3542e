"""`torch.sparse`: products of sparse matrices with dense ones, as graph networks use them."""

from __future__ import annotations

from typing import Any

from .ops.sparse import mm
from .tensor import Tensor

__all__ = ["mm", "sum"]


def sum(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
    """The sum of all entries of a sparse matrix.

    >>> import tinygrad_kr as torch
    >>> torch.sparse.sum(torch.eye(3).to_sparse())
    tensor(3.)

    Source: PyTorch, `torch.sparse.sum`.
    """
    return input.sum(dim, dtype=dtype)
