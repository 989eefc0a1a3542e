"""Declarations of `ops/recurrent.py` and `ops/multihead.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, real

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


# -- by definition: one sample, one step at a time -----------------------------------------------


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def step(kind: str, x: np.ndarray, state: list[np.ndarray], weights: list[Any]) -> list[np.ndarray]:
    """The next state of one sample."""
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    ours = w_ih @ x + (0 if b_ih is None else b_ih)
    theirs = w_hh @ state[0] + (0 if b_hh is None else b_hh)
    if kind == "lstm":
        i, f, g, o = np.split(ours + theirs, 4)
        c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return [h if w_hr is None else w_hr @ h, c]
    if kind == "gru":
        (r, z, n), (u, v, m) = np.split(ours, 3), np.split(theirs, 3)
        z = sigmoid(z + v)
        return [(1 - z) * np.tanh(n + sigmoid(r + u) * m) + z * state[0]]
    return [np.tanh(ours + theirs) if kind == "rnn_tanh" else np.maximum(ours + theirs, 0)]


def network(
    kind: str, sequences: list[np.ndarray], hx: list[np.ndarray], params: list[Any], options: list[Any]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The outputs for each sequence, and the final states (layers · directions, samples, width)."""
    biases, layers, bidirectional = options[0], options[1], options[4]
    directions = 1 + bidirectional
    projected = kind == "lstm" and hx[0].shape[2] != hx[1].shape[2]
    count = 2 + 2 * biases + projected
    finals = [np.array(one) for one in hx]
    outputs = []
    for sample, sequence in enumerate(sequences):
        rows = list(sequence)
        for layer in range(layers):
            columns = []
            for direction in range(directions):
                place = layer * directions + direction
                found = params[place * count : (place + 1) * count]
                weights = (
                    found[:2]
                    + (found[2:4] if biases else [None, None])
                    + (found[-1:] if projected else [None])
                )
                state = [one[place, sample] for one in hx]
                made = []
                for x in reversed(rows) if direction else rows:
                    state = step(kind, x, state, weights)
                    made.append(state[0])
                for final, one in zip(finals, state):
                    final[place, sample] = one
                columns.append(made[::-1] if direction else made)
            rows = [np.concatenate(parts) for parts in zip(*columns)]
        outputs.append(np.stack(rows))
    return outputs, finals


def states(kind: str, hx: Any) -> list[np.ndarray]:
    return list(hx) if kind == "lstm" else [hx]


def padded(kind: str) -> Any:
    def reference(x: np.ndarray, hx: Any, params: list[Any], options: list[Any]) -> list[np.ndarray]:
        first = options[5]
        outputs, finals = network(
            kind, list(x if first else x.swapaxes(0, 1)), states(kind, hx), params, options
        )
        return [np.stack(outputs, 0 if first else 1), *finals]

    return reference


def packed(kind: str) -> Any:
    def reference(
        data: np.ndarray, sizes: np.ndarray, hx: Any, params: list[Any], options: list[Any]
    ) -> list[np.ndarray]:
        ends = np.cumsum(sizes)
        steps = [list(data[end - size : end]) for end, size in zip(ends, sizes)]
        sequences = [np.stack([one[i] for one in steps if len(one) > i]) for i in range(sizes[0])]
        outputs, finals = network(kind, sequences, states(kind, hx), params, options)
        return [np.stack([out[t] for t in range(len(sizes)) for out in outputs if len(out) > t]), *finals]

    return reference


# -- strategies ----------------------------------------------------------------------------------


def weights_of(
    kind: str, rng: np.random.Generator, inputs: int, width: int, outputs: int, biases: bool
) -> list[np.ndarray]:
    """The weights of one layer and direction. For ReLU each unit is always on or always off: no kinks."""
    rows = GATES[kind] * width
    shapes = [
        (rows, inputs),
        (rows, outputs),
        *[(rows,)] * (2 * biases),
        *[(outputs, width)] * (outputs != width),
    ]
    if kind != "rnn_relu":
        return [rng.uniform(-1, 1, shape) for shape in shapes]
    sign = rng.choice([-1, 1], rows)
    return [(rng.uniform(0.2, 0.6, shape).T * sign).T for shape in shapes]


@st.composite
def recurrent(draw: Any, kind: str, *, sizes: bool = False) -> list[Any]:
    """Input, initial state, weights and options of a network; `sizes` for packed input."""
    rng = np.random.default_rng(draw(SEEDS))
    layers, bidirectional = draw(st.integers(1, 2)), draw(st.booleans())
    biases = kind == "rnn_relu" or draw(st.booleans())
    directions, inputs, width = 1 + bidirectional, draw(st.integers(1, 3)), draw(st.integers(2, 3))
    outputs = 1 if kind == "lstm" and draw(st.booleans()) else width
    length, batch = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    fill = (
        (lambda *shape: rng.uniform(0.2, 1, shape))
        if kind == "rnn_relu"
        else lambda *shape: rng.normal(size=shape)
    )
    params = []
    for layer in range(layers):
        for _ in range(directions):
            params += weights_of(kind, rng, outputs * directions if layer else inputs, width, outputs, biases)
    hx: Any = fill(layers * directions, batch, outputs)
    if kind == "lstm":
        hx = (hx, fill(layers * directions, batch, width))
    options = [biases, layers, 0.0, False, bidirectional]
    if sizes:
        counts = np.sort(rng.integers(1, batch + 1, length))[::-1].copy()
        counts[0] = batch
        return [fill(int(counts.sum()), inputs), counts, hx, params, options]
    batch_first = draw(st.booleans())
    shape = (batch, length) if batch_first else (length, batch)
    return [fill(*shape, inputs), hx, params, [*options, batch_first]]


@st.composite
def one_step(draw: Any, kind: str) -> list[Any]:
    """Input, state and weights of a cell."""
    rng = np.random.default_rng(draw(SEEDS))
    inputs, width, batch = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    biases = kind == "rnn_relu" or draw(st.booleans())
    weights = weights_of(kind, rng, inputs, width, width, biases)
    fill = real(0.2, 1).fill if kind == "rnn_relu" else real().fill
    hx: Any = fill((batch, width), rng)
    return [fill((batch, inputs), rng), (hx, fill((batch, width), rng)) if kind == "lstm" else hx, weights]


def cell(kind: str) -> Any:
    def reference(x: np.ndarray, hx: Any, weights: list[Any]) -> Any:
        parts = states(kind, hx)
        weights = [*weights, *[None] * (5 - len(weights))]
        made = [step(kind, x[i], [one[i] for one in parts], weights) for i in range(len(x))]
        found = [np.stack(column) for column in zip(*made)]
        return found if kind == "lstm" else found[0]

    return reference


for _kind in GATES:
    declare(
        _kind,
        lambda torch, x, hx, params, options, kind=_kind: getattr(torch, kind)(x, hx, params, *options),
        recurrent(_kind),
        reference=padded(_kind),
    )
    declare(
        _kind,
        lambda torch, data, sizes, hx, params, options, kind=_kind: getattr(torch, kind)(
            data, sizes, hx, params, *options
        ),
        recurrent(_kind, sizes=True),
        reference=packed(_kind),
    )
    declare(
        f"{_kind}_cell",
        lambda torch, x, hx, weights, kind=_kind: getattr(torch, f"{kind}_cell")(x, hx, *weights),
        one_step(_kind),
        reference=cell(_kind),
    )


# -- attention in heads --------------------------------------------------------------------------


@st.composite
def in_heads(draw: Any, own: bool) -> list[Any]:
    """Query, key, value, weights and options; `own` for self-attention."""
    rng = np.random.default_rng(draw(SEEDS))
    heads, length, batch = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    size = heads * draw(st.integers(1, 2))
    source = length if own else draw(st.integers(1, 3))
    biases, extra = draw(st.booleans()), draw(st.booleans())
    x = [real().fill((count, batch, size), rng) for count in (length, source, source)]
    weights = [real().fill(shape, rng) for shape in ((3 * size, size), (size, size))]
    vectors = [real().fill((count * size,), rng) if biases else None for count in (3, 1)]
    besides = [real().fill((1, 1, size), rng) if extra else None for _ in range(2)]
    mask = draw(st.sampled_from(["none", "added", "bool"]))
    masks = {"added": real().fill((length, source), rng), "bool": rng.random((length, source)) < 0.3}
    if mask == "bool":
        masks["bool"][:, 0] = False  # everybody sees something
    options = {"need_weights": draw(st.booleans()), "add_zero_attn": draw(st.booleans())}
    return [heads, x, weights, vectors, besides, masks.get(mask), options]


def attend(
    torch: Any,
    own: bool,
    heads: int,
    x: Any,
    weights: Any,
    vectors: Any,
    besides: Any,
    mask: Any,
    options: Any,
) -> Any:
    """The call as PyTorch takes it."""
    q, k, v = (x[0],) * 3 if own else x
    out, seen = torch.nn.functional.multi_head_attention_forward(
        q,
        k,
        v,
        q.shape[-1],
        heads,
        weights[0],
        vectors[0],
        *besides,
        options["add_zero_attn"],
        0.0,
        weights[1],
        vectors[1],
        attn_mask=mask,
        need_weights=options["need_weights"],
    )
    return out if seen is None else (out, seen)


def attended(own: bool) -> Any:
    """Attention in heads by its definition."""

    def reference(
        heads: int, x: Any, weights: Any, vectors: Any, besides: Any, mask: Any, options: Any
    ) -> Any:
        q, k, v = (x[0],) * 3 if own else x
        size = q.shape[-1]
        parts = [0] * 3 if vectors[0] is None else np.split(vectors[0], 3)
        q, k, v = (one @ w.T + b for one, w, b in zip((q, k, v), np.split(weights[0], 3), parts))
        more = 0
        if besides[0] is not None:
            k, v = (np.concatenate([one, np.repeat(b, one.shape[1], 1)]) for one, b in zip((k, v), besides))
            more += 1
        if options["add_zero_attn"]:
            k, v = (np.concatenate([one, np.zeros_like(one[:1])]) for one in (k, v))
            more += 1
        q, k, v = (one.reshape(len(one), -1, heads, size // heads).transpose(1, 2, 0, 3) for one in (q, k, v))
        scores = q @ k.swapaxes(-1, -2) / math.sqrt(size // heads)
        if mask is not None:
            wide = np.where(mask, -np.inf, 0.0) if mask.dtype == bool else mask
            scores = scores + np.pad(wide, ((0, 0), (0, more)))
        seen = np.exp(scores)
        seen = seen / seen.sum(-1, keepdims=True)
        out = (seen @ v).transpose(2, 0, 1, 3).reshape(q.shape[2], q.shape[0], size) @ weights[1].T
        out = out if vectors[1] is None else out + vectors[1]
        return [out, seen.mean(1)] if options["need_weights"] else out

    return reference


for _own in (True, False):
    declare(
        "multi_head_attention_forward",
        lambda torch, *args, own=_own: attend(torch, own, *args),
        in_heads(_own),
        reference=attended(_own),
    )
