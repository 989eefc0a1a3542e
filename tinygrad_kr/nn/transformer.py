"""The transformer: layers of attention and dense networks, stacks of them, and the encoder-decoder model."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ..ops.creation import numpy_dtype
from ..ops.multihead import additive, causal_mask
from ..state import state
from ..tensor import Tensor
from . import functional as F
from . import init
from .activation import GELU, ReLU
from .attention import MultiheadAttention
from .containers import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

Activation = str | Callable[[Tensor], Tensor]


def _function(activation: Activation) -> Callable[[Tensor], Tensor]:
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return F.relu if activation == "relu" else F.gelu


def _is_causal(mask: Tensor | None, hint: bool | None, size: int) -> bool:
    """Whether a mask is the causal one: what the hint says, or the mask itself."""
    if hint is not None or mask is None:
        return bool(hint)
    if mask.shape != (size, size) or not mask.is_floating_point():
        return False
    return bool((mask.detach() == causal_mask(size, mask.detach().numpy().dtype)).all())


def _length(x: Tensor, batch_first: bool) -> int:
    return x.size(1) if batch_first and x.dim() == 3 else x.size(0)


class _Layer(Module):
    """What the layers of encoder and decoder share: blocks with a residual connection and a norm.

    With `norm_first` a block is x + f(norm(x)), otherwise norm(x + f(x)).
    """

    attentions: tuple[str, ...]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        places: dict[str, Any] = {"device": device, "dtype": dtype}
        for name in self.attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **places
            )
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **places)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **places)
        self.norm_first = norm_first
        blocks = range(1, len(self.attentions) + 2)
        for number in blocks:
            setattr(self, f"norm{number}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **places))
        for number in blocks:
            setattr(self, f"dropout{number}", Dropout(dropout))
        self.activation = _function(activation)

    def _block(self, x: Tensor, norm: Module, function: Callable[[Tensor], Tensor]) -> Tensor:
        return x + function(norm(x)) if self.norm_first else norm(x + function(x))

    def _dense(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def _sa_block(
        self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        """Self-attention, then dropout."""
        masks = {"attn_mask": attn_mask, "key_padding_mask": key_padding_mask, "is_causal": is_causal}
        return self.dropout1(self.self_attn(x, x, x, need_weights=False, **masks)[0])


class TransformerEncoderLayer(_Layer):
    r"""Self-attention and a dense network, each with a residual connection, dropout and layer normalisation.

    x = norm1(x + attention(x)), x = norm2(x + W₂ f(W₁ x)); with `norm_first` the norms come before the
    blocks.

    Args:
        d_model: features of input and output.
        nhead: heads of attention.
        dim_feedforward: features inside the dense network.
        dropout: probability of dropout, in attention and after each block.
        activation: f: "relu", "gelu", or a function.
        layer_norm_eps: eps of the norms.
        batch_first: whether batches are (N, T, E) rather than (T, N, E).
        norm_first: whether the norms come before attention and network rather than after.
        bias: whether linear layers and norms have biases.
        device, dtype: of the parameters.

    Shapes: (T, N, d_model) or (T, d_model) -> the same.

    >>> layer = torch.nn.TransformerEncoderLayer(d_model=8, nhead=2)
    >>> layer(torch.rand(10, 3, 8)).shape
    torch.Size([10, 3, 8])

    Source: Vaswani et al. 2017, "Attention is all you need"; PyTorch, `torch.nn.TransformerEncoderLayer`.
    """

    attentions = ("self_attn",)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """The encoded sequence; the masks are those of `MultiheadAttention`."""
        padding = additive(src_key_padding_mask, "src_key_padding_mask", src.dtype, src_mask, "src_mask")
        mask = additive(src_mask, "src_mask", src.dtype)
        x = self._block(src, self.norm1, lambda x: self._sa_block(x, mask, padding, is_causal))
        return self._block(x, self.norm2, self._ff_block)

    def _ff_block(self, x: Tensor) -> Tensor:
        """The dense network, then dropout."""
        return self.dropout2(self._dense(x))


class TransformerDecoderLayer(_Layer):
    r"""Self-attention, attention to the encoder's output and a dense network, each with a residual.

    The arguments are those of `TransformerEncoderLayer`.

    Shapes: (T, N, d_model) and the encoder's (S, N, d_model) -> (T, N, d_model); all without N for one
        sequence.

    >>> layer = torch.nn.TransformerDecoderLayer(d_model=8, nhead=2)
    >>> layer(torch.rand(7, 3, 8), torch.rand(10, 3, 8)).shape
    torch.Size([7, 3, 8])

    Source: Vaswani et al. 2017, "Attention is all you need"; PyTorch, `torch.nn.TransformerDecoderLayer`.
    """

    attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The decoded sequence; the masks are those of `MultiheadAttention`, for both attentions."""

        def own(x: Tensor) -> Tensor:
            return self._sa_block(x, tgt_mask, tgt_key_padding_mask, tgt_is_causal)

        def across(x: Tensor) -> Tensor:
            return self._mha_block(x, memory, memory_mask, memory_key_padding_mask, memory_is_causal)

        x = self._block(tgt, self.norm1, own)
        x = self._block(x, self.norm2, across)
        return self._block(x, self.norm3, self._ff_block)

    def _mha_block(
        self,
        x: Tensor,
        mem: Tensor,
        attn_mask: Tensor | None,
        key_padding_mask: Tensor | None,
        is_causal: bool = False,
    ) -> Tensor:
        """Attention to the encoder's output, then dropout."""
        masks = {"attn_mask": attn_mask, "key_padding_mask": key_padding_mask, "is_causal": is_causal}
        return self.dropout2(self.multihead_attn(x, mem, mem, need_weights=False, **masks)[0])

    def _ff_block(self, x: Tensor) -> Tensor:
        """The dense network, then dropout."""
        return self.dropout3(self._dense(x))


def _copies(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


class TransformerEncoder(Module):
    """A stack of encoder layers.

    Args:
        encoder_layer: the layer, of which each layer of the stack is a copy: all start from the same values.
        num_layers: how many.
        norm: a layer at the end, usually a `LayerNorm`.
        enable_nested_tensor: whether padding may be skipped in evaluation, as PyTorch does with nested
            tensors: the output at padded positions is then 0 before `norm`.
        mask_check: whether padding is checked to be at the end before it is skipped.

    Shapes: (T, N, d_model) or (T, d_model) -> the same.

    >>> layer = torch.nn.TransformerEncoderLayer(d_model=8, nhead=2, batch_first=True)
    >>> torch.nn.TransformerEncoder(layer, num_layers=2)(torch.rand(3, 10, 8)).shape
    torch.Size([3, 10, 8])

    Source: Vaswani et al. 2017, "Attention is all you need"; PyTorch, `torch.nn.TransformerEncoder`.
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.use_nested_tensor = enable_nested_tensor and _can_nest(encoder_layer)
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """The sequence after all layers; `is_causal=None` looks whether the mask is the causal one."""
        padding = additive(src_key_padding_mask, "src_key_padding_mask", src.dtype, mask, "mask")
        added = additive(mask, "mask", src.dtype)
        first = self.layers[0]
        causal = _is_causal(added, is_causal, _length(src, first.self_attn.batch_first))
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=added, is_causal=causal, src_key_padding_mask=padding)
        if padding is not None and added is None and self._skips(first, src, padding):
            output = output.masked_fill((padding != 0).unsqueeze(2), 0.0)
        return output if self.norm is None else self.norm(output)

    def _skips(self, first: Module, src: Tensor, padding: Tensor) -> bool:
        """Whether PyTorch would leave padded positions out, so that zeros stand there."""
        if not self.use_nested_tensor or first.training or src.dim() != 3:
            return False
        if state.recording and (src.requires_grad or any(one.requires_grad for one in first.parameters())):
            return False
        padded = padding.detach().numpy() != 0
        return not self.mask_check or bool((padded[:, 1:] >= padded[:, :-1]).all() and not padded[:, 0].any())


def _can_nest(layer: Module) -> bool:
    """Whether PyTorch's nested path takes such a layer."""
    if not isinstance(layer, TransformerEncoderLayer) or layer.norm_first:
        return False
    attention = layer.self_attn
    plain = layer.activation in (F.relu, F.gelu) or isinstance(layer.activation, (ReLU, GELU))
    return (
        attention.batch_first
        and attention.in_proj_bias is not None
        and attention.num_heads % 2 == 0
        and layer.norm1.eps == layer.norm2.eps
        and plain
    )


class TransformerDecoder(Module):
    """A stack of decoder layers.

    Args:
        decoder_layer: the layer, of which each layer of the stack is a copy.
        num_layers: how many.
        norm: a layer at the end, usually a `LayerNorm`.

    Shapes: (T, N, d_model) and the encoder's (S, N, d_model) -> (T, N, d_model).

    >>> layer = torch.nn.TransformerDecoderLayer(d_model=8, nhead=2)
    >>> torch.nn.TransformerDecoder(layer, num_layers=2)(torch.rand(7, 3, 8), torch.rand(10, 3, 8)).shape
    torch.Size([7, 3, 8])

    Source: Vaswani et al. 2017, "Attention is all you need"; PyTorch, `torch.nn.TransformerDecoder`.
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The sequence after all layers; `tgt_is_causal=None` looks whether the mask is the causal one."""
        causal = _is_causal(tgt_mask, tgt_is_causal, _length(tgt, self.layers[0].self_attn.batch_first))
        output = tgt
        for layer in self.layers:
            output = layer(
                output,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return output if self.norm is None else self.norm(output)


class Transformer(Module):
    """An encoder that reads one sequence, and a decoder that writes another, looking at the first.

    Args: d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
        device,
            dtype: of the layers, see `TransformerEncoderLayer`.
        num_encoder_layers, num_decoder_layers: how many layers each stack has.
        custom_encoder, custom_decoder: modules to use instead.

    Shapes: src (S, N, d_model) and tgt (T, N, d_model) -> (T, N, d_model); all without N for one sequence.

    >>> model = torch.nn.Transformer(d_model=8, nhead=2, num_encoder_layers=1, num_decoder_layers=1)
    >>> model(torch.rand(10, 3, 8), torch.rand(7, 3, 8)).shape
    torch.Size([7, 3, 8])

    Source: Vaswani et al. 2017, "Attention is all you need"; PyTorch, `torch.nn.Transformer`.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        options: tuple[Any, ...] = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)
        options += (batch_first, norm_first, bias, device, dtype)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)

        if custom_encoder is None:
            layer = TransformerEncoderLayer(*options)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm())
        self.encoder = custom_encoder
        if custom_decoder is None:
            custom_decoder = TransformerDecoder(TransformerDecoderLayer(*options), num_decoder_layers, norm())
        self.decoder = custom_decoder
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def _reset_parameters(self) -> None:
        """Draw all matrices anew."""
        for parameter in self.parameters():
            if parameter.dim() > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """What the decoder makes of `tgt` and of what the encoder makes of `src`.

        Raises:
            RuntimeError: batches of different sizes, or features other than `d_model`.
        """
        batch = 0 if self.batch_first else 1
        if src.dim() == 3 and src.size(batch) != tgt.size(batch):
            raise RuntimeError(
                f"the batch number of src and tgt must be equal, got {src.size(batch)} and {tgt.size(batch)}"
            )
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise RuntimeError(
                f"the feature number of src and tgt must be equal to d_model (={self.d_model}), got "
                f"{src.size(-1)} and {tgt.size(-1)}"
            )
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The causal mask (sz, sz): 0 up to the own position, -inf at later ones.

        >>> torch.nn.Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])

        Source: PyTorch, `torch.nn.Transformer.generate_square_subsequent_mask`.
        """
        return causal_mask(sz, numpy_dtype(dtype))
