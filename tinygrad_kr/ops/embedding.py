"""Look-ups in a table of vectors: embeddings, and bags of them.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs. Gathering rows and adding into rows are each other's derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, rule
from ..kernels import rows
from ..tensor import Tensor, wrap
from ._public import public, require_tensor
from .selection import gate_rule

__all__: list[str] = []

FUNCTIONAL = ["embedding", "embedding_bag"]


# -- the derivatives -----------------------------------------------------------------------------------------


def take_rows(weight: Any, index: Any, *, padding_idx: int = -1, by_frequency: bool = False) -> Any:
    """The rows of a matrix at the given positions; the two options change the gradient only."""
    return weight.take(index, axis=0)


def add_rows(values: Any, index: Any, *, count: int) -> Any:
    """Zeros with rows added at the given positions."""
    return rows.sum_rows(values, index, count)


def row_gradients(g: Any, index: Any, padding_idx: int, by_frequency: bool) -> Any:
    """What each look-up passes on: nothing for the padding, and 1/n for a row looked up n times."""
    if padding_idx >= 0:
        g = gate_rule(g, np.not_equal(index, padding_idx)[..., None])
    if by_frequency and np.size(index):
        counts = np.bincount(np.reshape(index, -1)).astype(np.float32)
        g = g / counts[index][..., None]
    return g


take_rows_rule = rule(
    take_rows,
    name="embedding",
    weight=lambda g, index, weight_shape, padding_idx, by_frequency: add_rows_rule(
        row_gradients(g, index, padding_idx, by_frequency), index, count=weight_shape[0]
    ),
)
add_rows_rule: Primitive = rule(
    add_rows,
    name="embedding_dense_backward",
    values=lambda g, index: take_rows_rule(g, index),
)


# -- the functions -------------------------------------------------------------------------------------------


def _check_table(input: Tensor, weight: Tensor, function: str) -> None:
    """Raise PyTorch's errors for a table that is no matrix, and for positions that it does not have."""
    if require_tensor(weight, function, "weight")._array.ndim != 2:
        raise RuntimeError(
            f"'weight' must be 2-D, but its shape is {list(weight.shape)}; the order is {function}(indices, "
            "table)"
        )
    index = input._array
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, "
            f"Int; but got {input.dtype} instead (while checking arguments for {function}); use .long()"
        )
    if index.size and (index.min() < 0 or index.max() >= len(weight._array)):
        wrong = index[(index < 0) | (index >= len(weight._array))].flat[0]
        raise IndexError(
            f"index out of range in self: {wrong} in a table of {len(weight._array)} rows, numbered from 0"
        )


def renormalize(weight: Tensor, index: np.ndarray, max_norm: float, norm_type: float) -> None:
    """Shorten the rows that are looked up to a length, in place and outside the graph."""
    used = np.unique(index)
    table = weight._array
    lengths = np.linalg.norm(table[used], norm_type, axis=1)
    long = lengths > max_norm
    table[used[long]] *= (max_norm / (lengths[long] + 1e-7))[:, None].astype(table.dtype)
    weight._storage.version += 1


def _padding_row(padding_idx: int | None, weight: Tensor) -> int:
    """The padding row counted from 0; -1 if there is none."""
    count = len(weight._array)
    if padding_idx is None:
        return -1
    if not -count <= padding_idx < count:
        raise AssertionError(
            f"Padding_idx must be within num_embeddings, but it is {padding_idx} for {count} rows"
        )
    return padding_idx % count


@public(method=False, out=False)
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    r"""The rows of a table: out[...] = weight[input[...]].

    Args:
        input: row numbers, of any shape.
        weight: the table, (rows, d).
        padding_idx: a row whose gradient is 0.
        max_norm: shorten the rows that are looked up to this norm first, in place.
        norm_type: the p of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often it is looked up here.
        sparse: PyTorch's sparse gradients; here they are always dense.

    Raises:
        IndexError: a row that the table does not have.
        RuntimeError: the table is no matrix, or the input holds no integers.

    >>> embedding(torch.tensor([1, 0]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.]])

    Source: PyTorch, `torch.nn.functional.embedding`.
    """
    _check_table(require_tensor(input, "embedding"), weight, "embedding")
    padding = _padding_row(padding_idx, weight)
    if max_norm is not None:
        renormalize(weight, input._array, float(max_norm), norm_type)
    return take_rows_rule(weight, input, padding_idx=padding, by_frequency=bool(scale_grad_by_freq))


@public(method=False, out=False)
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    r"""The sum, mean or maximum of the embeddings of each bag of row numbers; zeros for an empty bag.

    Args:
        input: (bags, n), or all bags one after the other, with `offsets`.
        weight: the table, (rows, d).
        offsets: where each bag starts.
        max_norm, norm_type, scale_grad_by_freq, sparse: as for `embedding`.
        mode: "sum", "mean" or "max".
        per_sample_weights: a factor for each look-up, in the shape of `input`; for sums only.
        include_last_offset: whether `offsets` ends with the length of `input`.
        padding_idx: a row that counts in no bag.

    Raises:
        ValueError, RuntimeError: shapes, offsets or mode do not fit.
        IndexError: a row that the table does not have.

    >>> embedding_bag(torch.tensor([0, 1, 1]), torch.tensor([[1.0], [3.0]]), torch.tensor([0, 2]))
    tensor([[2.],
            [3.]])

    Source: PyTorch, `torch.nn.functional.embedding_bag`.
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"mode has to be one of sum, mean or max, but got {mode!r}")
    _check_table(require_tensor(input, "embedding_bag"), weight, "embedding_bag")
    if per_sample_weights is not None:
        if mode != "sum":
            raise NotImplementedError(
                f"embedding_bag: per_sample_weights is only supported for mode='sum' (got mode='{mode}')."
            )
        if per_sample_weights.shape != input.shape:
            raise ValueError(
                f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it "
                f"must have the same shape as the input ({input.shape})"
            )
    bags, count = _bags(input, offsets, include_last_offset)
    padding = _padding_row(padding_idx, weight)
    if max_norm is not None:
        renormalize(weight, input._array, float(max_norm), norm_type)
    index = input._array.reshape(-1)
    factors = None if per_sample_weights is None else per_sample_weights.reshape(-1, 1)
    if padding >= 0:
        kept = index != padding
        index, bags = index[kept], bags[kept]
        factors = None if factors is None else factors[wrap(np.flatnonzero(kept))]
    vectors = take_rows_rule(weight, wrap(index), by_frequency=bool(scale_grad_by_freq))
    if factors is not None:
        vectors = vectors * factors
    if mode == "max":
        return _largest(vectors, bags, count)
    total = add_rows_rule(vectors, wrap(bags), count=count)
    if mode == "sum":
        return total
    sizes = np.maximum(np.bincount(bags, minlength=count), 1)[:, None]
    return total * (1.0 / sizes).astype(weight._array.dtype)


def _bags(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> tuple[np.ndarray, int]:
    """The bag of each look-up, and how many bags there are."""
    shape = input._array.shape
    if len(shape) == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed "
                f"length sequences. However, found offsets of type {type(offsets)}"
            )
        return np.repeat(np.arange(shape[0]), shape[1]), shape[0]
    if len(shape) != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {len(shape)}")
    if offsets is None or offsets.ndim != 1:
        found = "None" if offsets is None else f"a {offsets.ndim}D one"
        raise ValueError(f"offsets has to be a 1D Tensor but got {found}")
    starts = offsets._array[:-1] if include_last_offset else offsets._array
    if len(starts) and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position "
            f"0. However, got {starts[0]}"
        )
    if len(starts) and starts[-1] > shape[0]:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {shape[0]} but got offsets[-1] of "
            f"{starts[-1]}"
        )
    return np.repeat(np.arange(len(starts)), np.diff(np.append(starts, shape[0]))), len(starts)


def _largest(vectors: Tensor, bags: np.ndarray, count: int) -> Tensor:
    """The maximum of the vectors of each bag, coordinate by coordinate; zeros for an empty bag."""
    sizes = np.bincount(bags, minlength=count)
    if not len(bags):
        return wrap(np.zeros((count, vectors.shape[-1]), vectors._array.dtype))
    ranks = np.arange(len(bags)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    # Short bags repeat their first vector; empty ones take any and are masked.
    places = np.broadcast_to((np.cumsum(sizes) - sizes)[:, None], (count, sizes.max())).copy()
    places[bags, ranks] = np.arange(len(bags))
    found = take_rows_rule(vectors, wrap(np.minimum(places, len(bags) - 1)))
    return found.max(dim=1).values.masked_fill(wrap(sizes == 0)[:, None], 0.0)
