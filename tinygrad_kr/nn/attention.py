"""Multi-head attention as a layer, and PyTorch's switch between implementations of attention."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..ops.multihead import multi_head_attention_forward
from ..tensor import Tensor
from . import init
from ._arguments import new_parameter
from .linear import Linear
from .module import Module
from .parameter import Parameter

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear`, under the name by which PyTorch prints the output projection of attention."""


class MultiheadAttention(Module):
    r"""Attention in several heads: each looks for something else; a projection joins what they found.

    headₕ = softmax(Q W_qₕ (K W_kₕ)ᵀ / √head_dim + mask) V W_vₕ, out = [head₁, head₂, ...] W_o

    Args:
        embed_dim: E, features of query and output; `num_heads` must divide it.
        num_heads: heads, of E / num_heads features each.
        dropout: probability of dropping an attention weight in training.
        bias: whether the projections have biases.
        add_bias_kv: whether there is a learned key and value besides.
        add_zero_attn: whether there is a key and value of zeros besides.
        kdim, vdim: features of key and value; E by default.
        batch_first: whether batches are (N, L, E) rather than (L, N, E).
        device, dtype: of the parameters.

    Shapes: query (L, N, E), key (S, N, kdim), value (S, N, vdim) -> output (L, N, E) and weights (N, L, S);
    all without N for a single sample.

    Raises:
        ValueError: `embed_dim` or `num_heads` is not positive.
        AssertionError: `num_heads` does not divide `embed_dim`; shapes that do not fit.

    >>> attention = torch.nn.MultiheadAttention(8, 2)
    >>> x = torch.randn(5, 3, 8)
    >>> out, weights = attention(x, x, x)
    >>> out.shape, weights.shape
    (torch.Size([5, 3, 8]), torch.Size([3, 5, 5]))

    Source: Vaswani et al. 2017, "Attention is all you need"; PyTorch, `torch.nn.MultiheadAttention`.
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError(
                f"embed_dim must be divisible by num_heads, got embed_dim={embed_dim} and "
                f"num_heads={num_heads}"
            )
        sizes: dict[str, tuple[int, ...] | None]
        if self._qkv_same_embed_dim:
            sizes = dict.fromkeys(("q_proj_weight", "k_proj_weight", "v_proj_weight"))
            sizes = {"in_proj_weight": (3 * embed_dim, embed_dim), **sizes}
        else:
            widths = {"q": embed_dim, "k": self.kdim, "v": self.vdim}
            sizes = {f"{name}_proj_weight": (embed_dim, width) for name, width in widths.items()}
            sizes["in_proj_weight"] = None
        sizes["in_proj_bias"] = (3 * embed_dim,) if bias else None
        for name, size in sizes.items():
            parameter = None if size is None else new_parameter(size, device=device, dtype=dtype)
            self.register_parameter(name, parameter)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        for name in ("bias_k", "bias_v"):
            extra = new_parameter((1, 1, embed_dim), device=device, dtype=dtype) if add_bias_kv else None
            self.register_parameter(name, extra)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw the weights anew, and set the biases to 0."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None and self.out_proj.bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                init.xavier_normal_(extra)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The output, and the attention weights.

        Args:
            query, key, value: who asks, what is compared with, and what is averaged.
            key_padding_mask: (N, S), True (or -inf) at keys that nobody sees.
            need_weights: whether the weights are returned; without them attention is faster.
            attn_mask: (L, S) or (N · num_heads, L, S), True where a query does not see a key, or numbers to
                add to the scores.
            average_attn_weights: whether the weights are averaged over the heads.
            is_causal: a promise that `attn_mask` is the causal one.
        """
        swapped = self.batch_first and query.dim() == 3
        if swapped:
            same_key, same_value = key is query, value is key
            query = query.transpose(0, 1)
            key = query if same_key else key.transpose(0, 1)
            value = key if same_value else value.transpose(0, 1)
        out, weights = multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (out.transpose(0, 1) if swapped else out), weights


class SDPBackend(enum.Enum):
    """The implementations of attention that PyTorch chooses from; here there is one, so nothing is chosen."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextmanager
def sdpa_kernel(backends: SDPBackend | list[SDPBackend], set_priority: bool = False) -> Iterator[None]:
    """PyTorch's choice of an implementation of attention; accepted, and without effect.

    >>> with sdpa_kernel(SDPBackend.MATH):
    ...     out = torch.nn.functional.scaled_dot_product_attention(*[torch.zeros(1, 1, 2, 4)] * 3)

    Source: PyTorch, `torch.nn.attention.sdpa_kernel`.
    """
    for one in [backends] if isinstance(backends, SDPBackend) else backends:
        if not isinstance(one, SDPBackend):
            raise TypeError(f"sdpa_kernel takes SDPBackend values, got {one!r}")
    yield
