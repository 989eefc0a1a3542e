"""Attention: errors, queries that see nothing, dropout, gradients of masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.kernels import attention as kernel

attend = torch.nn.functional.scaled_dot_product_attention
Q, K, V = torch.ones(2, 3, 4), torch.ones(2, 5, 4), torch.ones(2, 5, 6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: attend(Q[0, 0], K, V), "at least 2 dimensional, but got query.dim: 1"),
        (lambda: attend(Q, K.double(), V), "key.dtype: torch.float64"),
        (lambda: attend(Q.long(), K.long(), V.long()), "same floating dtype"),
        (lambda: attend(Q, torch.ones(2, 5, 5), V), "query [2, 3, 4], key [2, 5, 5]"),
        (lambda: attend(Q, K, torch.ones(2, 6, 6)), "value [2, 6, 6]"),
        (lambda: attend(Q, K, V, torch.ones(3, 5), is_causal=True), "should not be set when is_causal=True"),
        (lambda: attend(Q, K, V, torch.ones(3, 5).long()), "attn_mask.dtype: torch.int64"),
        (lambda: attend(Q, K, V, dropout_p=1.5), "between 0 and 1, but got 1.5"),
        (lambda: attend(torch.ones(3, 2, 4), K, V, enable_gqa=True), "divide the number of heads in query"),
    ],
)
def test_arguments_that_do_not_fit(call: Any, words: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        call()
    assert words in str(caught.value)


@pytest.mark.parametrize("mask", [torch.zeros(3, 5).bool(), torch.full((3, 5), -float("inf"))])
def test_a_query_that_sees_nothing_gives_zeros(mask: Any) -> None:
    q = torch.randn(2, 3, 4, requires_grad=True)
    out = attend(q, K, V, mask)
    assert not out.detach().numpy().any()
    out.sum().backward()
    assert q.grad is not None and not q.grad.numpy().any()


def test_no_keys_give_zeros() -> None:
    assert not attend(Q, torch.ones(2, 0, 4), torch.ones(2, 0, 6)).numpy().any()


def test_a_mask_can_be_learned() -> None:
    mask = torch.zeros(3, 5, requires_grad=True)
    values = torch.arange(5.0).reshape(1, 5, 1).expand(2, 5, 1)
    attend(Q, K, values, mask).sum().backward()
    # All weights are 1/5, so a score counts by how far its value lies above the mean, in both samples.
    np.testing.assert_allclose(mask.grad.numpy(), np.tile((np.arange(5) - 2) / 5 * 2, (3, 1)), atol=1e-6)


def test_dropout_drops_weights() -> None:
    torch.manual_seed(0)
    out = attend(torch.zeros(1, 400, 4), torch.zeros(1, 10, 4), torch.ones(1, 10, 1), dropout_p=0.5)
    assert len(np.unique(out.numpy().round(3))) > 3
    assert abs(out.mean().item() - 1) < 0.1
    assert not attend(Q, K, V, dropout_p=1.0).numpy().any()


def test_blocks_that_are_made_again_equal_blocks_that_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    inputs = [torch.randn(2, 2, 300, 8, requires_grad=True) for _ in range(3)]
    grads = []
    for kept in (0, 2**22):
        monkeypatch.setattr(kernel, "_KEPT", kept)
        out = attend(*inputs, is_causal=True)
        grads.append(torch.autograd.grad(out.square().sum(), inputs))
    for one, other in zip(*grads):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-5)


def test_no_gradient_is_kept_for_without_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    original = kernel.attention

    def spy(*args: Any, keep: bool, **options: Any) -> Any:
        asked.append(keep)
        return original(*args, keep=keep, **options)

    monkeypatch.setattr(kernel, "attention", spy)
    attend(Q, K, V)
    attend(Q.clone().requires_grad_(), K, V)
    assert asked == [False, True]
