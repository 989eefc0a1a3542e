"""Attention and transformer layers: what they mean, what the masks hide, what they refuse."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.nn.attention import SDPBackend, sdpa_kernel


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def assert_close(got: torch.Tensor, want: torch.Tensor) -> None:
    np.testing.assert_allclose(got.detach().numpy(), want.detach().numpy(), rtol=1e-10, atol=1e-10)


def test_weights_are_a_distribution_and_do_not_change_the_output() -> None:
    attention, x = nn.MultiheadAttention(6, 3, dtype=torch.float64), drawn(4, 2, 6)
    out, weights = attention(x, x, x, average_attn_weights=False)
    assert weights.shape == (2, 3, 4, 4)
    assert_close(weights.sum(-1), torch.ones(2, 3, 4, dtype=torch.float64))
    assert_close(attention(x, x, x)[1], weights.mean(1))
    fast, none = attention(x, x, x, need_weights=False)
    assert none is None
    assert_close(fast, out)


def test_the_order_of_the_keys_does_not_matter() -> None:
    attention, query, key = nn.MultiheadAttention(4, 2, dtype=torch.float64), drawn(3, 2, 4), drawn(5, 2, 4)
    order = torch.tensor([2, 0, 4, 1, 3])
    assert_close(attention(query, key[order], key[order])[0], attention(query, key, key)[0])


@pytest.mark.parametrize("need_weights", [True, False])
def test_masked_keys_are_not_seen(need_weights: bool) -> None:
    attention, x = nn.MultiheadAttention(4, 2, dtype=torch.float64), drawn(5, 2, 4)
    hidden = torch.tensor([[False, False, False, True, True]] * 2)
    seen = attention(x, x[:3], x[:3], need_weights=need_weights)[0]
    assert_close(attention(x, x, x, key_padding_mask=hidden, need_weights=need_weights)[0], seen)
    mask = hidden[:1].expand(5, 5)
    assert_close(attention(x, x, x, attn_mask=mask, need_weights=need_weights)[0], seen)


def test_a_causal_encoder_does_not_see_the_future() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8, dtype=torch.float64)
    encoder, x = nn.TransformerEncoder(layer, 2).eval(), drawn(5, 1, 4)
    mask = nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64)
    changed = x.clone()
    changed[3:] += 1
    out = encoder(x, mask)
    assert_close(encoder(changed, mask)[:3], out[:3])
    assert_close(encoder(x, mask, is_causal=True), out)
    assert not torch.allclose(encoder(changed)[:3], encoder(x)[:3])


def test_second_derivatives() -> None:
    layer = nn.TransformerDecoderLayer(4, 2, 3, dropout=0.0, dtype=torch.float64)
    layer.activation = torch.tanh  # smooth
    assert torch.autograd.gradgradcheck(
        layer, (drawn(2, 1, 4).requires_grad_(), drawn(3, 1, 4).requires_grad_())
    )


def test_the_layers_of_a_stack_are_copies_that_start_equal() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8)
    encoder = nn.TransformerEncoder(layer, 3)
    for one in encoder.layers:
        assert one is not layer
        assert torch.equal(one.self_attn.in_proj_weight, layer.self_attn.in_proj_weight)
    again = copy.deepcopy(encoder)
    assert list(again.state_dict()) == list(encoder.state_dict())


def test_training_reaches_every_parameter() -> None:
    model = nn.Transformer(8, 2, 1, 1, 16)
    model(torch.randn(5, 2, 8), torch.randn(3, 2, 8)).sum().backward()
    assert all(one.grad is not None for one in model.parameters())


def test_custom_stacks_are_used() -> None:
    class Stack(nn.Module):
        def forward(self, x: Any, *others: Any, **masks: Any) -> Any:
            return x + 1

    model = nn.Transformer(4, 2, custom_encoder=Stack(), custom_decoder=Stack())
    assert torch.equal(model(torch.zeros(3, 1, 4), torch.zeros(2, 1, 4)), torch.ones(2, 1, 4))


def test_names_of_the_parameters() -> None:
    attention = nn.MultiheadAttention(4, 2, add_bias_kv=True)
    assert set(attention.state_dict()) == {
        "in_proj_weight",
        "in_proj_bias",
        "out_proj.weight",
        "out_proj.bias",
        "bias_k",
        "bias_v",
    }
    apart = nn.MultiheadAttention(4, 2, kdim=3, bias=False)
    assert set(apart.state_dict()) == {"q_proj_weight", "k_proj_weight", "v_proj_weight", "out_proj.weight"}


def test_masks_of_different_kinds_warn() -> None:
    attention, x = nn.MultiheadAttention(4, 2), torch.zeros(3, 2, 4)
    with pytest.warns(UserWarning, match="mismatched key_padding_mask"):
        attention(x, x, x, torch.zeros(2, 3, dtype=torch.bool), attn_mask=torch.zeros(3, 3))


def test_the_choice_of_an_implementation_is_accepted() -> None:
    with sdpa_kernel([SDPBackend.MATH, SDPBackend.FLASH_ATTENTION]):
        pass
    with pytest.raises(TypeError, match="'math'"), sdpa_kernel(["math"]):  # type: ignore[list-item]
        pass


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: nn.MultiheadAttention(5, 2), AssertionError, "embed_dim=5 and num_heads=2"),
        (lambda: nn.MultiheadAttention(4, 0), ValueError, "num_heads=0"),
        (lambda: nn.TransformerEncoderLayer(4, 2, activation="tanh"), RuntimeError, "tanh"),
        (
            lambda: nn.Transformer(4, 2, 1, 1)(torch.zeros(3, 2, 4), torch.zeros(3, 1, 4)),
            RuntimeError,
            "2 and 1",
        ),
        (
            lambda: nn.Transformer(4, 2, 1, 1)(torch.zeros(3, 2, 4), torch.zeros(3, 2, 2)),
            RuntimeError,
            "4 and 2",
        ),
        (
            lambda: nn.MultiheadAttention(4, 2)(*[torch.zeros(3, 2, 4)] * 3, attn_mask=torch.zeros(2, 3)),
            RuntimeError,
            r"2, 3.*\(3, 3\)",
        ),
        (
            lambda: nn.MultiheadAttention(4, 2)(*[torch.zeros(3, 2, 4)] * 3, is_causal=True),
            RuntimeError,
            "generate_square_subsequent_mask",
        ),
    ],
)
def test_errors_say_what_to_do(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()
