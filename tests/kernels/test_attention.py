"""The attention kernel against its formula, with blocks so small that every cut happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels import attention as kernel
from tinygrad_kr.kernels import threads


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    """Blocks of a few scores, two threads."""
    patch, before = pytest.MonkeyPatch(), threads.get_num_threads()
    for name, value in {"_BUDGET": 6, "_PARALLEL": 4, "_CAUSAL_ROWS": 2, "_KEPT": 0}.items():
        patch.setattr(kernel, name, value)
    threads.set_num_threads(2)
    yield
    patch.undo()
    threads.set_num_threads(before)


def formula(q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: Any, causal: bool, scale: float) -> np.ndarray:
    """Attention with the whole matrix of scores."""
    scores = q @ np.swapaxes(k, -1, -2) * scale
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    top = scores.max(-1, keepdims=True, initial=-np.inf)
    e = np.exp(scores - np.where(np.isinf(top), 0, top))
    total = e.sum(-1, keepdims=True)
    return e / np.where(total == 0, 1, total) @ v


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    lead = draw(st.sampled_from([(1,), (3,), (2, 2), (0, 2), (2, 1, 3)]))
    rows, keys, width, out = (draw(st.integers(least, 6)) for least in (0, 0, 1, 1))
    size = draw(st.sampled_from([1, 30]))  # beyond what exp bears without a shift
    shapes = ((rows, width), (keys, width), (keys, out))
    q, k, v = (rng.standard_normal((*lead, *shape)) for shape in shapes)
    mask = draw(st.sampled_from([None, "bool", "added", "short"]))
    masks = {
        "bool": rng.random((*lead, rows, keys)) < 0.6,
        "added": rng.standard_normal((*lead, rows, keys)),
        "short": rng.random((rows, keys)) < 0.6,
    }
    return {
        "q": q * size,
        "k": k * size,
        "v": v,
        "mask": masks.get(mask) if mask else None,
        "causal": draw(st.booleans()),
        "scale": 0.5,
    }


@given(arguments(), st.booleans())
def test_value_and_gradients(drawn: dict[str, Any], few: bool) -> None:
    kernel._KEPT = 2**22 if few else 0
    out, kept = kernel.attention(**drawn, keep=True)
    np.testing.assert_allclose(out, formula(**drawn), atol=1e-9)
    assert kept is not None and (kept.exponentials is not None) == (
        few or 0 in (*out.shape[:-1], drawn["k"].shape[-2])
    )
    rng = np.random.default_rng(0)
    g = rng.standard_normal(out.shape)
    inputs = {name: drawn[name] for name in "qkv"}
    moves = {name: rng.standard_normal(one.shape) / 100 for name, one in inputs.items()}
    grads = kernel.attention_backward(
        g, *inputs.values(), drawn["mask"], out, kept, causal=drawn["causal"], scale=0.5
    )
    step = 1e-4
    ends = [
        (g * formula(**{**drawn, **{name: one + s * moves[name] for name, one in inputs.items()}})).sum()
        for s in (step, -step)
    ]
    slope = sum((gradient * moves[name]).sum() for gradient, name in zip(grads, "qkv"))
    assert abs((ends[0] - ends[1]) / (2 * step) - slope) < 1e-5 * max(
        1, *(np.abs(one).sum() for one in grads)
    )


def test_nothing_is_kept_without_gradients() -> None:
    assert kernel.attention(*np.ones((3, 1, 2, 2)), scale=1.0)[1] is None


def test_the_result_has_the_order_of_the_query() -> None:
    q = np.ones((2, 5, 3, 4)).transpose(0, 2, 1, 3)  # heads split off from rows of features
    out, _ = kernel.attention(q, q, q, scale=1.0)
    assert out.transpose(0, 2, 1, 3).flags.c_contiguous
