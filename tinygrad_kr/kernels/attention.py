"""Scaled dot-product attention, forward and backward, on blocks of scores that stay in the cache.

The matrix of scores is never whole in memory unless it is small: each worker takes some of the leading
positions (samples, heads) and goes through their queries block by block. What backward needs of the softmax,
the shift and the sum of every row, is kept; the exponentials themselves are kept where they are few, and made
again where they are many (Dao et al., "FlashAttention", 2022, do the latter always).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .threads import parallel_for, scratch, split

__all__ = ["Softmax", "attention", "attention_backward"]

_BUDGET = 2**18  # scores per block
_CAUSAL_ROWS = 128  # queries per block, at most, where later blocks see more keys
_KEPT = 2**22  # scores that are kept for backward, at most
_PARALLEL = 2**16  # scores from which a second thread pays
_SAFE = 50.0  # scores that are nearer to zero than this need no shift before exp, in float32

Index = tuple[slice, ...]


class Softmax(NamedTuple):
    """What backward needs: e^(scores - shift) if kept, and per row the shift and 1 / Σ e^(scores - shift)."""

    exponentials: np.ndarray | None
    shift: np.ndarray
    inverse: np.ndarray


def attention(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    mask: np.ndarray | None = None,
    *,
    causal: bool = False,
    scale: float,
    keep: bool = False,
) -> tuple[np.ndarray, Softmax | None]:
    """softmax(q @ kᵀ · scale + mask) @ v, and what `attention_backward` needs if `keep`.

    A boolean mask says which keys a query sees, another is added; a query that sees none gives zeros. The
    result has the order of q's memory.

    Args:
        q, k, v: (*, L, E), (*, S, E) and (*, S, F); leading dimensions broadcast, one at least must be there.
        mask: broadcastable to (*, L, S).
        causal: the i-th query sees the keys up to the i-th.

    >>> attention(np.zeros((1, 1, 2)), np.ones((1, 2, 2)), np.array([[[1.0], [3.0]]]), scale=1.0)[0]
    array([[[2.]]])
    """
    q, k, v, mask = _broadcast(q, k, v, mask)
    lead, (rows, keys) = q.shape[:-2], (q.shape[-2], k.shape[-2])
    out = np.empty_like(q, shape=(*lead, rows, v.shape[-1]))
    shift, inverse = np.zeros((*lead, rows, 1), q.dtype), np.empty((*lead, rows, 1), q.dtype)
    few = keep and math.prod(lead) * rows * keys <= _KEPT
    exponentials = np.empty((*lead, rows, keys), q.dtype) if few else None

    def run(piece: Index) -> None:
        bounded = (mask is None or mask.dtype == bool) and _bound(q[piece], k[piece]) * abs(scale) < _SAFE
        for block, seen in _blocks(out[piece].shape[:-2], rows, keys, causal):
            at = (*piece, block)
            if exponentials is None:
                scores = scratch(0, (*out[at].shape[:-1], seen), q.dtype)
            else:
                scores = exponentials[at][..., :seen]
            _score(scores, q[at], k[piece], mask if mask is None else mask[at], block, causal, scale)
            if not bounded:
                _shift(scores, shift[at])
            np.exp(scores, out=scores)
            total = np.matmul(scores, np.ones((seen, 1), q.dtype), out=inverse[at])
            total[total == 0] = 1
            np.divide(1, total, out=total)
            target = np.matmul(scores, v[piece][..., :seen, :], out=out[at])
            np.multiply(target, total, out=target)

    parallel_for(run, _pieces(lead, rows * keys))
    return out, Softmax(exponentials, shift, inverse) if keep else None


def attention_backward(
    g: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    mask: np.ndarray | None,
    out: np.ndarray,
    kept: Softmax,
    *,
    causal: bool,
    scale: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of `attention` for q, k and v, of the leading dimensions that all broadcast to.

    With p the softmax and h = g @ vᵀ: gv = pᵀ @ g, and through the scores s = p · (h - Σ g·out), from which
    gq = s @ k · scale and gk = sᵀ @ q · scale. The rows of p are left unnormalised; g is divided instead.
    """
    q, k, v, mask = _broadcast(q, k, v, mask)
    lead, (rows, keys) = q.shape[:-2], (q.shape[-2], k.shape[-2])
    gq, gk, gv = (np.empty_like(one) for one in (q, k, v))

    def run(piece: Index) -> None:
        first = True
        for block, seen in _blocks(out[piece].shape[:-2], rows, keys, causal):
            at, upto = (*piece, block), (*piece, slice(0, seen))
            if kept.exponentials is None:
                weights = scratch(0, (*out[at].shape[:-1], seen), q.dtype)
                _score(weights, q[at], k[piece], mask if mask is None else mask[at], block, causal, scale)
                np.subtract(weights, kept.shift[at], out=weights)
                np.exp(weights, out=weights)
            else:
                weights = kept.exponentials[at][..., :seen]
            share = g[at] * kept.inverse[at]
            slope = scratch(1, weights.shape, q.dtype)
            np.matmul(share, v[upto].swapaxes(-1, -2), out=slope)
            np.subtract(slope, np.vecdot(share, out[at])[..., None], out=slope)
            np.multiply(slope, weights, out=slope)
            target = np.matmul(slope, k[upto], out=gq[at])
            np.multiply(target, scale, out=target)
            _gather(gv, piece, upto, weights.swapaxes(-1, -2), share, first)
            _gather(gk, piece, upto, slope.swapaxes(-1, -2), q[at] * q.dtype.type(scale), first)
            first = False
        if first:
            gk[piece], gv[piece] = 0, 0

    parallel_for(run, _pieces(lead, rows * keys))
    return gq, gk, gv


def _gather(
    total: np.ndarray, piece: Index, upto: Index, left: np.ndarray, right: np.ndarray, first: bool
) -> None:
    """Add left @ right to the part of `total` that it belongs to; the first block finds it unwritten."""
    if not first:
        total[upto] += left @ right
        return
    np.matmul(left, right, out=total[upto])
    rest = total[piece][..., left.shape[-2] :, :]
    rest[...] = 0


def _broadcast(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """The arguments with leading dimensions in common."""
    given = [one.shape[:-2] for one in (q, k, v)]
    lead = np.broadcast_shapes(*given, () if mask is None else mask.shape[:-2])
    if any(shape != lead for shape in given):
        q, k, v = (np.broadcast_to(one, (*lead, *one.shape[-2:])) for one in (q, k, v))
    if mask is not None:
        mask = np.broadcast_to(mask, (*lead, q.shape[-2], k.shape[-2]))
    return q, k, v, mask


def _score(
    scores: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    mask: np.ndarray | None,
    block: slice,
    causal: bool,
    scale: float,
) -> None:
    """Write the scores of a block of queries and the first keys; minus infinity for keys they do not see."""
    keys = scores.shape[-1]
    np.matmul(q * q.dtype.type(scale), k[..., :keys, :].swapaxes(-1, -2), out=scores)
    if mask is not None and mask.dtype == bool:
        np.copyto(scores, -np.inf, where=~mask[..., :keys])
    elif mask is not None:
        np.add(scores, mask[..., :keys], out=scores)
    if causal:
        np.add(scores, _later(block.start, block.stop, keys, scores.dtype), out=scores)


@lru_cache(maxsize=16)
def _later(start: int, stop: int, keys: int, dtype: np.dtype) -> np.ndarray:
    """Zero, and minus infinity where a key comes after its query; queries are numbered from `start`."""
    return np.where(np.arange(keys) > np.arange(start, stop)[:, None], -np.inf, 0).astype(dtype)


def _bound(q: np.ndarray, k: np.ndarray) -> float:
    """What no |q · k| exceeds: the product of the largest lengths."""
    longest = [np.vecdot(one, one).max(initial=0) for one in (q, k)]
    return math.sqrt(longest[0] * longest[1])


def _shift(scores: np.ndarray, shift: np.ndarray) -> None:
    """Subtract each row's maximum, and note it; a row that sees nothing stays."""
    np.max(scores, axis=-1, keepdims=True, initial=-np.inf, out=shift)
    shift[shift == -np.inf] = 0
    np.subtract(scores, shift, out=scores)


def _pieces(sizes: tuple[int, ...], per: int) -> list[Index]:
    """Cut leading dimensions into pieces of about `_BUDGET` scores, one leading position at least."""
    inner = math.prod(sizes[1:]) * per
    rest = (slice(None),) * (len(sizes) - 1)
    if inner <= _BUDGET or not rest:
        parallel = inner * sizes[0] > _PARALLEL
        return [
            (slice(*cut), *rest)
            for cut in split(sizes[0], max(1, _BUDGET // max(1, inner)), parallel=parallel)
        ]
    return [(slice(i, i + 1), *piece) for i in range(sizes[0]) for piece in _pieces(sizes[1:], per)]


def _blocks(lead: tuple[int, ...], rows: int, keys: int, causal: bool) -> Iterator[tuple[slice, int]]:
    """Blocks of queries, and how many keys each may see."""
    at_most = max(1, _BUDGET // max(1, math.prod(lead) * keys))
    if causal:
        at_most = min(at_most, _CAUSAL_ROWS)
    for start, stop in split(rows, at_most, parallel=False):
        yield slice(start, stop), min(keys, stop) if causal else keys
