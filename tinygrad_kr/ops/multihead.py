"""Multi-head attention: projections into heads, attention in each, and a projection of what they found."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
from ._public import public, require_tensor
from .attention import scaled_dot_product_attention
from .creation import zeros
from .dropout import dropout
from .joining import cat
from .linear import linear
from .matmul import matmul
from .padding import pad
from .softmax import softmax

__all__: list[str] = []

FUNCTIONAL = ["multi_head_attention_forward"]


def additive(
    mask: Tensor | None, name: str, dtype: Any, other: Tensor | None = None, other_name: str = ""
) -> Any:
    """A mask as numbers to add to the scores: a boolean one, True at what is not seen, as 0 and -inf.

    Warns where the mask is boolean and `other` is not, or the other way round; raises AssertionError for
    integers.
    """
    if mask is None:
        return None
    kind = require_tensor(mask, "attention", name)._array.dtype.kind
    if kind not in "bf":
        raise AssertionError(f"only bool and floating types of {name} are supported, got {mask.dtype}")
    if other is not None and other.dtype is not mask.dtype:
        warnings.warn(
            f"Support for mismatched {name} ({mask.dtype}) and {other_name} ({other.dtype}) is deprecated. "
            "Use same type for both instead.",
            stacklevel=3,
        )
    if kind == "f":
        return mask
    return zeros(mask.shape, dtype=dtype).masked_fill(mask, -math.inf)


def _check_dimensions(
    query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None
) -> bool:
    """Whether the input is a batch; raises for numbers of dimensions that do not fit."""
    dims = query.dim()
    if dims not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {dims}-D query tensor"
        )
    what = "batched (3-D)" if dims == 3 else "unbatched (2-D)"
    if key.dim() != dims or value.dim() != dims:
        raise AssertionError(
            f"For {what} `query`, expected `key` and `value` to be {dims}-D but found {key.dim()}-D and "
            f"{value.dim()}-D tensors respectively"
        )
    if padding is not None and padding.dim() != dims - 1:
        raise AssertionError(
            f"For {what} `query`, expected `key_padding_mask` to be `None` or {dims - 1}-D but found "
            f"{padding.dim()}-D tensor instead"
        )
    if mask is not None and mask.dim() not in (2, 3):
        raise AssertionError(
            f"For {what} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found {mask.dim()}-D "
            "tensor instead"
        )
    return dims == 3


def _check_sizes(query: Tensor, key: Tensor, value: Tensor, wanted: int, heads: int, separate: bool) -> None:
    """Raise unless features and heads fit, and keys and values go together."""
    size = query.size(-1)
    if size != wanted:
        raise AssertionError(f"was expecting embedding dimension of {wanted}, but got {size}")
    if size % heads:
        raise AssertionError(f"embed_dim {size} not divisible by num_heads {heads}")
    if key.shape[:2] != value.shape[:2] or not (separate or key.shape == value.shape):
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def _check_masks(
    padding: Tensor | None, mask: Tensor | None, batch: int, heads: int, length: int, source: int
) -> None:
    """Raise unless the masks have the sizes of the batch."""
    if mask is not None:
        wanted = (length, source) if mask.dim() == 2 else (batch * heads, length, source)
        if mask.shape != wanted:
            raise RuntimeError(
                f"The shape of the {mask.dim()}D attn_mask is {mask.shape}, but should be {wanted}: "
                f"{'(L, S)' if mask.dim() == 2 else '(N * num_heads, L, S)'}"
            )
    if padding is not None and padding.shape != (batch, source):
        raise AssertionError(
            f"Expected key_padding_mask of shape {(batch, source)}, (N, S), but got {tuple(padding.shape)}"
        )


def _projected(query: Tensor, key: Tensor, value: Tensor, weight: Tensor | None, bias: Tensor | None) -> Any:
    """Query, key and value through the three parts of one weight, in as few products as there are inputs."""
    if weight is None:
        raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
    if query is key and key is value:
        return linear(query, weight, bias).chunk(3, -1)
    size = query.size(-1)
    w_q, w_rest = weight.split([size, 2 * size])
    b_q, b_rest = (None, None) if bias is None else bias.split([size, 2 * size])
    q = linear(query, w_q, b_q)
    if key is value:
        return q, *linear(key, w_rest, b_rest).chunk(2, -1)
    (w_k, w_v), (b_k, b_v) = w_rest.chunk(2), (None, None) if b_rest is None else b_rest.chunk(2)
    return q, linear(key, w_k, b_k), linear(value, w_v, b_v)


def _projected_apart(inputs: Sequence[Tensor], weights: Sequence[Tensor | None], bias: Tensor | None) -> Any:
    """Query, key and value, each through a weight of its own."""
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    out = []
    for name, x, w, b in zip("qkv", inputs, weights, biases):
        if w is None:
            raise AssertionError(f"use_separate_proj_weight is True but {name}_proj_weight is None")
        out.append(linear(x, w, b))
    return out


def _in_heads(x: Tensor, heads: int, *, static: Tensor | None = None, zero: bool = False) -> Tensor:
    """(S, N, E) -> (N, heads, S, E / heads), or what is given in its place; with a row of zeros besides."""
    length, batch, size = x.shape
    if static is None:
        x = x.reshape(length, batch, heads, size // heads).permute(1, 2, 0, 3)
    elif (static.size(0), static.size(2)) != (batch * heads, size // heads):
        raise AssertionError(
            f"expecting static keys and values of shape ({batch * heads}, S, {size // heads}), but got "
            f"{tuple(static.shape)}"
        )
    else:
        x = static.reshape(batch, heads, static.size(1), size // heads)
    return cat([x, zeros(batch, heads, 1, size // heads, dtype=x.dtype)], 2) if zero else x


def _merged(mask: Tensor | None, padding: Tensor | None, batch: int, more: int) -> Tensor | None:
    """The sum of both masks, broadcastable to (N, heads, L, S), for `more` keys that everybody sees."""
    if more:
        mask, padding = (None if one is None else pad(one, (0, more)) for one in (mask, padding))
    if mask is not None and mask.dim() == 3:
        mask = mask.reshape(batch, -1, *mask.shape[1:])
    if padding is None:
        return mask
    padding = padding.reshape(batch, 1, 1, padding.size(1))
    return padding if mask is None else mask + padding


@public(method=False, out=False)
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    r"""Multi-head attention: headₕ = attention(Q W_qₕ, K W_kₕ, V W_vₕ), out = [head₁, head₂, ...] W_o.

    What `nn.MultiheadAttention` computes; the layer explains the arguments they share.

    Args:
        query, key, value: (L, N, E), (S, N, kdim), (S, N, vdim), all three without N for a single sample.
        embed_dim_to_check: E.
        in_proj_weight, in_proj_bias: the projections of query, key and value below each other, (3 E, E) and
            (3 E).
        bias_k, bias_v: a learned key and value (1, 1, E) that every query sees besides.
        add_zero_attn: whether there is a key and value of zeros besides.
        out_proj_weight, out_proj_bias: the projection at the end.
        use_separate_proj_weight: take `q_proj_weight` (E, E), `k_proj_weight` (E, kdim) and `v_proj_weight`
            (E, vdim) rather than `in_proj_weight`.
        static_k, static_v: projected keys or values (N · num_heads, S, E / num_heads) to take instead.

    Returns:
        (L, N, E), and the weights (N, L, S), (N, num_heads, L, S) unless averaged, or None.

    Raises:
        AssertionError, RuntimeError: a shape that does not fit; `is_causal` without the mask that it
            describes.

    >>> x, w = torch.tensor([[1.0], [3.0]]), torch.ones(3, 1)
    >>> F.multi_head_attention_forward(
    ...     x, x, x, 1, 1, w, None, None, None, False, 0.0, torch.ones(1, 1), None
    ... )[0]
    tensor([[2.7616],
            [2.9951]])

    Source: Vaswani et al., "Attention Is All You Need", 2017; PyTorch,
    `torch.nn.functional.multi_head_attention_forward`.
    """
    batched = _check_dimensions(query, key, value, key_padding_mask, attn_mask)
    if not batched:
        same_key, same_value = key is query, value is key
        query = query.unsqueeze(1)
        key = query if same_key else key.unsqueeze(1)
        value = key if same_value else value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, size = query.shape
    padding = additive(key_padding_mask, "key_padding_mask", query.dtype, attn_mask, "attn_mask")
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint; "
            "nn.Transformer.generate_square_subsequent_mask makes it."
        )
    is_causal = is_causal and padding is None and not need_weights  # else the mask itself says it
    mask = None if is_causal else additive(attn_mask, "attn_mask", query.dtype)
    _check_sizes(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    _check_masks(padding, mask, batch, num_heads, length, key.size(0))
    if use_separate_proj_weight:
        weights = (q_proj_weight, k_proj_weight, v_proj_weight)
        q, k, v = _projected_apart((query, key, value), weights, in_proj_bias)
    else:
        q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias)
    if (bias_k is None) != (bias_v is None):
        raise AssertionError("bias_k and bias_v must be given together, but one of them is None")
    if bias_k is not None and bias_v is not None:
        if static_k is not None or static_v is not None:
            raise AssertionError("bias_k and bias_v cannot be added to static_k and static_v")
        k, v = (cat([x, extra.expand(1, batch, size)]) for x, extra in ((k, bias_k), (v, bias_v)))
    q = _in_heads(q, num_heads)
    k = _in_heads(k, num_heads, static=static_k, zero=add_zero_attn)
    v = _in_heads(v, num_heads, static=static_v, zero=add_zero_attn)
    mask = _merged(mask, padding, batch, (bias_k is not None) + bool(add_zero_attn))
    dropout_p = dropout_p if training else 0.0
    seen = None
    if need_weights:
        scores = matmul(q * math.sqrt(1.0 / (size // num_heads)), k.transpose(-2, -1))
        seen = softmax(scores if mask is None else scores + mask, -1)
        if dropout_p > 0:
            seen = dropout(seen, dropout_p)
        out = matmul(seen, v)
        seen = seen.mean(1) if average_attn_weights else seen
    else:
        out = scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal)
    out = linear(out.permute(2, 0, 1, 3).reshape(length, batch, size), out_proj_weight, out_proj_bias)
    if batched:
        return out, seen
    return out.squeeze(1), None if seen is None else seen.squeeze(0)


def causal_mask(size: int, dtype: Any) -> Tensor:
    """0 where a position may look, -inf at later ones: (size, size)."""
    return wrap(np.triu(np.full((size, size), -math.inf, dtype), 1))
