"""Attention: values averaged with weights that say how well their keys match a query."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.primitive import joint
from ..kernels import attention as kernel
from ..tensor import Tensor
from ._public import as_array, public, require_tensor
from .dropout import dropout

__all__: list[str] = []

FUNCTIONAL = ["scaled_dot_product_attention"]


# -- what it means -------------------------------------------------------------------------------------------


def attention_weights(query: Any, key: Any, mask: Any, *, causal: bool, scale: float) -> Any:
    """softmax(query @ keyᵀ · scale + mask); a query that may see no key has weights of zero."""
    scores = np.matmul(query, np.swapaxes(key, -1, -2)) * scale
    if mask is not None:
        scores = np.where(mask, scores, -math.inf) if is_boolean(mask) else scores + mask
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=np.bool_), scores, -math.inf)
    top = np.max(as_array(scores), axis=-1, keepdims=True, initial=-math.inf)  # cancels out: a constant
    e = np.exp(scores - np.where(top == -math.inf, 0, top).astype(top.dtype))
    total = np.sum(e, axis=-1, keepdims=True)
    return e / np.where(np.equal(total, 0), 1.0, total)


def attention_meaning(query: Any, key: Any, value: Any, mask: Any, *, causal: bool, scale: float) -> Any:
    """The mean of the values under the attention weights."""
    return np.matmul(attention_weights(query, key, mask, causal=causal, scale=scale), value)


def is_boolean(mask: Any) -> bool:
    """Whether a mask says which keys are seen, rather than what is added to the scores."""
    return as_array(mask).dtype == bool


# -- how it runs ---------------------------------------------------------------------------------------------


def attention_(
    query: Any, key: Any, value: Any, mask: Any, *, causal: bool, scale: float, recording: bool = False
) -> Any:
    """Attention in blocks; what backward needs of the softmax is kept."""
    return kernel.attention(query, key, value, mask, causal=causal, scale=scale, keep=recording)


def attention_backward(
    g: Any, query: Any, key: Any, value: Any, mask: Any, out: Any, kept: Any, causal: bool, scale: float
) -> Any:
    """The gradients for query, key and value; a mask that needs one takes the composite instead."""
    grads = kernel.attention_backward(g, query, key, value, mask, out, kept, causal=causal, scale=scale)
    return (*grads, None)


attention_rule = joint(
    attention_,
    attention_backward,
    composite=attention_meaning,
    keeps=True,
    name="scaled_dot_product_flash_attention_for_cpu",
)


# -- the function --------------------------------------------------------------------------------------------


@public(method=False, out=False)
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    r"""Attention: softmax(query @ keyᵀ · scale + mask) @ value.

    Args:
        query: (*, L, E).
        key: (*, S, E).
        value: (*, S, F); leading dimensions broadcast.
        attn_mask: broadcastable to (*, L, S): booleans, True where a query sees a key, or numbers that are
            added to the scores. A query that sees nothing gives zeros.
        dropout_p: the probability of dropping a weight; give 0 in evaluation, there is no other switch.
        is_causal: the i-th query sees the keys up to the i-th; not together with `attn_mask`.
        scale: 1 / √E by default.
        enable_gqa: grouped queries: several neighbouring heads (the third dimension from the end) of the
            query share one head of key and value.

    Returns:
        (*, L, F).

    Raises:
        RuntimeError: shapes or dtypes that do not fit each other.

    >>> q, k, v = torch.zeros(1, 2), torch.ones(2, 2), torch.tensor([[1.0], [3.0]])
    >>> torch.nn.functional.scaled_dot_product_attention(q, k, v)
    tensor([[2.]])

    Source: Vaswani et al., "Attention Is All You Need", 2017; PyTorch,
    `torch.nn.functional.scaled_dot_product_attention`.
    """
    check(query, key, value, attn_mask, dropout_p, is_causal)
    scale = 1 / math.sqrt(max(1, query._array.shape[-1])) if scale is None else float(scale)
    options: dict[str, Any] = {"causal": bool(is_causal), "scale": scale}
    heads = query._array.shape[-3] if enable_gqa else 0
    if enable_gqa:
        query, key, value, attn_mask = in_groups(query, key, value, attn_mask)
    ndim = max(one._array.ndim for one in (query, key, value, query if attn_mask is None else attn_mask))
    out: Any
    if dropout_p > 0 or (attn_mask is not None and attn_mask._node is not None):
        weights = attention_weights(query, key, attn_mask, **options)
        out = np.matmul(dropout(weights, dropout_p) if dropout_p > 0 else weights, value)
    elif ndim == 2:
        parts: Any = [np.expand_dims(one, 0) for one in (query, key, value)]
        out = np.squeeze(attention_rule(*parts, attn_mask, **options), axis=0)
    else:
        out = attention_rule(query, key, value, attn_mask, **options)
    if enable_gqa:
        out = np.reshape(out, (*out.shape[:-4], heads, *out.shape[-2:]))
    return out


def in_groups(query: Any, key: Any, value: Any, mask: Any) -> Any:
    """Heads (*, H, L, E) as (*, groups, H/groups, L, E), so that those of a group meet one key and value."""
    q, k, v = (one._array.shape for one in (query, key, value))
    if len(q) < 3 or len(k) < 3 or len(v) < 3 or k[-3] != v[-3] or not k[-3] or q[-3] % k[-3]:
        raise RuntimeError(
            "enable_gqa: the number of heads in key and value must be equal and divide the number of heads "
            f"in query, but got query {list(q)}, key {list(k)} and value {list(v)}"
        )
    groups = k[-3]
    query = np.reshape(query, (*q[:-3], groups, q[-3] // groups, *q[-2:]))
    key, value = (np.expand_dims(one, -3) for one in (key, value))
    if mask is not None and mask._array.ndim > 2:
        m = mask._array.shape
        split = (1, 1) if m[-3] == 1 else (groups, m[-3] // groups)
        mask = np.reshape(mask, (*m[:-3], *split, *m[-2:]))
    return query, key, value, mask


def check(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, is_causal: bool
) -> None:
    """Raise where the arguments of attention do not fit each other."""
    name = "scaled_dot_product_attention"
    arrays = [
        require_tensor(one, name, what)._array
        for one, what in zip((query, key, value), ("query", "key", "value"))
    ]
    q, k, v = (array.shape for array in arrays)
    if min(len(q), len(k), len(v)) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be at least 2 dimensional, but got query.dim: "
            f"{len(q)}, key.dim: {len(k)} and value.dim: {len(v)} instead."
        )
    if len({array.dtype for array in arrays}) > 1 or arrays[0].dtype.kind != "f":
        raise RuntimeError(
            "Expected query, key, and value to have the same floating dtype, but got query.dtype: "
            f"{query.dtype}, key.dtype: {key.dtype} and value.dtype: {value.dtype} instead."
        )
    if q[-1] != k[-1] or k[-2] != v[-2]:
        raise RuntimeError(
            "query and key must have the same last size, key and value the same number of rows, but got "
            f"query {list(q)}, key {list(k)} and value {list(v)}"
        )
    if mask is not None:
        if is_causal:
            raise RuntimeError(f"{name}: Explicit attn_mask should not be set when is_causal=True")
        dtype = require_tensor(mask, name, "attn_mask")._array.dtype
        if dtype not in (np.dtype(bool), arrays[0].dtype):
            raise RuntimeError(
                "Expected attn_mask dtype to be bool or to match query dtype, but got attn_mask.dtype: "
                f"{mask.dtype} and query.dtype: {query.dtype} instead."
            )
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")
