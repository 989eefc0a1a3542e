"""Declarations of the losses: `ops/loss.py`, and `loss_likelihood`, `loss_classification`, `loss_margin`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, Domain, declare, fixed, real, shapes, whole

REDUCTIONS = st.sampled_from(["mean", "sum", "none"])


def functional(name: str, **options: Any) -> Callable[..., Any]:
    """The loss `torch.nn.functional.<name>` on tensors and a reduction, which is drawn last."""

    def call(torch: Any, *args: Any) -> Any:
        *tensors, reduction = args
        return getattr(torch.nn.functional, name)(*tensors, reduction=reduction, **options)

    return call


def reduced(values: Callable[..., Any]) -> Callable[..., Any]:
    """A reference for all reductions, from one for single elements."""

    def reference(*args: Any) -> Any:
        *arrays, reduction = args
        found = np.asarray(values(*arrays))
        return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](found)

    return reference


@st.composite
def alike(draw: Any, *domains: Domain, min_dims: int = 0) -> list[Any]:
    """Arrays of one shape, and a reduction."""
    shape = draw(shapes(3, min_dims, min_side=1))
    rng = np.random.default_rng(draw(SEEDS))
    return [*(domain.fill(shape, rng) for domain in domains), draw(REDUCTIONS)]


def constant(torch: Any, values: Any, like: Any) -> Any:
    """A tensor of the dtype of another that needs no gradient: class weights have none."""
    return None if values is None else torch.tensor(values, dtype=like.dtype)


WEIGHTS = [0.5, 2.0, 1.5]
X = real()
SIGN = whole(0, 1).fill


@st.composite
def signed(draw: Any, *domains: Domain) -> list[Any]:
    """Arrays of one shape, a target of 1 and -1 (as integers, so without gradient), and a reduction."""
    *arrays, reduction = draw(alike(*domains, min_dims=1))
    rng = np.random.default_rng(draw(SEEDS))
    return [*arrays, 2 * SIGN(arrays[0].shape, rng) - 1, reduction]


# -- regression ----------------------------------------------------------------------------------------------

declare("mse_loss", functional("mse_loss"), alike(X, X), reference=reduced(lambda x, t: (x - t) ** 2))
declare(
    "l1_loss",
    functional("l1_loss"),
    alike(real(0.1, 2), real(-2, -0.1)),
    reference=reduced(lambda x, t: np.abs(x - t)),
)
for _name in ("mse_loss", "l1_loss"):
    declare(
        _name,
        lambda torch, x, t, w, reduction, _name=_name: getattr(torch.nn.functional, _name)(
            x, t, reduction=reduction, weight=w
        ),
        alike(real(0.1, 2), real(-2, -0.1), real(0.5, 2)),
    )


def _huber(x: np.ndarray, t: np.ndarray, delta: float) -> np.ndarray:
    d = np.abs(x - t)
    return np.where(d < delta, d * d / 2, delta * (d - delta / 2))


FAR, NEAR = (real(1, 2), real(-1, 0)), (real(-0.2, 0.2), real(-0.2, 0.2))
for _inputs in (FAR, NEAR):
    declare(
        "huber_loss",
        functional("huber_loss", delta=0.6),
        alike(*_inputs),
        reference=reduced(lambda x, t: _huber(x, t, 0.6)),
    )
    declare(
        "smooth_l1_loss",
        functional("smooth_l1_loss", beta=0.6),
        alike(*_inputs),
        reference=reduced(lambda x, t: _huber(x, t, 0.6) / 0.6),
    )
declare(
    "huber_loss",
    lambda torch, x, t, w, reduction: torch.nn.functional.huber_loss(x, t, reduction=reduction, weight=w),
    alike(*FAR, real(0.5, 2)),
)
declare("smooth_l1_loss", functional("smooth_l1_loss", beta=0), alike(*FAR))

# -- likelihoods of numbers ----------------------------------------------------------------------------------

PROBABILITY = real(0.1, 0.9)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _bce(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return -t * np.log(x) - (1 - t) * np.log(1 - x)


declare(
    "binary_cross_entropy",
    functional("binary_cross_entropy"),
    alike(PROBABILITY, PROBABILITY),
    reference=reduced(_bce),
)
declare(
    "binary_cross_entropy",
    lambda torch, x, t: torch.nn.functional.binary_cross_entropy(x, t, constant(torch, WEIGHTS, x)),
    fixed(((2, 3), PROBABILITY), ((2, 3), PROBABILITY)),
    reference=lambda x, t: (_bce(x, t) * WEIGHTS).mean(),
)
declare(
    "binary_cross_entropy_with_logits",
    functional("binary_cross_entropy_with_logits"),
    alike(real(-4, 4, avoid=0), PROBABILITY),
    reference=reduced(lambda x, t: _bce(_sigmoid(x), t)),
)
declare(
    "binary_cross_entropy_with_logits",
    lambda torch, x, t: torch.nn.functional.binary_cross_entropy_with_logits(
        x, t, weight=constant(torch, [[0.5], [2.0]], x), pos_weight=constant(torch, WEIGHTS, x)
    ),
    fixed(((2, 3), X), ((2, 3), PROBABILITY)),
    reference=lambda x, t: (
        [[0.5], [2.0]] * (-np.array(WEIGHTS) * t * np.log(_sigmoid(x)) - (1 - t) * np.log(_sigmoid(-x)))
    ).mean(),
)
declare(
    "kl_div",
    functional("kl_div"),
    alike(X, PROBABILITY),
    reference=reduced(lambda x, t: t * (np.log(t) - x)),
)
declare(
    "kl_div",
    functional("kl_div", log_target=True),
    alike(X, X),
    reference=reduced(lambda x, t: np.exp(t) * (t - x)),
)
declare(
    "kl_div",
    lambda torch, x, t: torch.nn.functional.kl_div(x, t, reduction="batchmean"),
    fixed(((2, 3), X), ((2, 3), PROBABILITY)),
    reference=lambda x, t: (t * (np.log(t) - x)).sum() / 2,
)
declare(
    "poisson_nll_loss",
    functional("poisson_nll_loss"),
    alike(X, real(0.5, 3)),
    reference=reduced(lambda x, t: np.exp(x) - t * x),
)
declare(
    "poisson_nll_loss",
    functional("poisson_nll_loss", log_input=False, full=True),
    alike(real(0.5, 2), real(0.2, 3, avoid=1)),
    reference=reduced(
        lambda x, t: (
            x - t * np.log(x + 1e-8) + np.where(t > 1, t * np.log(t) - t + np.log(2 * np.pi * t) / 2, 0)
        )
    ),
)
declare(
    "gaussian_nll_loss",
    functional("gaussian_nll_loss", full=True),
    alike(X, X, real(0.5, 2)),
    reference=reduced(lambda x, t, v: (np.log(2 * np.pi * v) + (x - t) ** 2 / v) / 2),
)
for _shape in ((2,), (2, 1)):
    declare(
        "gaussian_nll_loss",
        lambda torch, x, t, v: torch.nn.functional.gaussian_nll_loss(x, t, v),
        fixed(((2, 3), X), ((2, 3), X), (_shape, real(0.5, 2))),
        reference=lambda x, t, v: ((np.log(v.reshape(2, 1)) + (x - t) ** 2 / v.reshape(2, 1)) / 2).mean(),
    )

# -- classes -------------------------------------------------------------------------------------------------


@st.composite
def classes(draw: Any) -> list[Any]:
    """Logits (C), (N, C) or (N, C, d), class numbers, weights of the classes or None, and a reduction."""
    rng = np.random.default_rng(draw(SEEDS))
    count = draw(st.integers(2, 4))
    batch, others = draw(st.sampled_from([((), ()), ((3,), ()), ((2,), (2,)), ((2,), (1, 2))]))
    target = np.asarray(rng.integers(0, count, (*batch, *others)))
    if batch and draw(st.booleans()):
        target.flat[0] = -100
        target.flat[-1] = 0
    weight = rng.uniform(0.5, 2, count).tolist() if draw(st.booleans()) else None
    return [real(-3, 3).fill((*batch, count, *others), rng), target, weight, draw(REDUCTIONS)]


def _classified(
    x: np.ndarray,
    t: np.ndarray,
    w: list[float] | None,
    reduction: str,
    smoothing: float = 0.0,
    logs: bool = False,
) -> np.ndarray:
    """Cross-entropy, one prediction after the other."""
    axis = 0 if x.ndim == 1 else 1
    rows = np.moveaxis(x, axis, -1)
    w = np.ones(rows.shape[-1]) if w is None else np.array(w)
    values, total = np.zeros(t.shape), 0.0
    for place in np.ndindex(t.shape):
        if t[place] != -100:
            minus_log = -rows[place] if logs else np.log(np.exp(rows[place]).sum()) - rows[place]
            sharp = w[t[place]] * minus_log[t[place]]
            values[place] = (1 - smoothing) * sharp + smoothing * (w * minus_log).mean()
            total += w[t[place]]
    return {"mean": values.sum() / total if total else np.nan, "sum": values.sum(), "none": values}[reduction]


for _smoothing in (0.0, 0.2):
    declare(
        "cross_entropy",
        lambda torch, x, t, w, reduction, _smoothing=_smoothing: torch.nn.functional.cross_entropy(
            x, t, constant(torch, w, x), reduction=reduction, label_smoothing=_smoothing
        ),
        classes(),
        reference=lambda *args, _smoothing=_smoothing: _classified(*args, smoothing=_smoothing),
    )
declare(
    "nll_loss",
    lambda torch, x, t, w, reduction: torch.nn.functional.nll_loss(
        x, t, constant(torch, w, x), reduction=reduction
    ),
    classes(),
    reference=lambda *args: _classified(*args, logs=True),
)
for _shape in ((3,), (2, 3), (2, 3, 2)):
    declare(
        "cross_entropy",
        lambda torch, x, t, reduction: torch.nn.functional.cross_entropy(
            x, t, constant(torch, WEIGHTS, x), reduction=reduction, label_smoothing=0.1
        ),
        fixed((_shape, X), (_shape, PROBABILITY), extra=[REDUCTIONS]),
    )

# -- margins -------------------------------------------------------------------------------------------------

declare(
    "soft_margin_loss",
    functional("soft_margin_loss"),
    signed(X),
    reference=reduced(lambda x, t: np.log1p(np.exp(-t * x))),
)
declare(
    "hinge_embedding_loss",
    functional("hinge_embedding_loss", margin=1.5),
    signed(real(-2, 2, avoid=1.5)),
    reference=reduced(lambda x, t: np.where(t == 1, x, np.maximum(0, 1.5 - x))),
)
declare(
    "margin_ranking_loss",
    functional("margin_ranking_loss", margin=0.1),
    signed(real(0.3, 2), real(-2, 0)),
    reference=reduced(lambda x, y, t: np.maximum(0, t * (y - x) + 0.1)),
)
declare(
    "cosine_embedding_loss",
    functional("cosine_embedding_loss", margin=-1.5),
    fixed(((3, 2), X), ((3, 2), X), extra=[st.just(np.array([1, -1, 1])), REDUCTIONS]),
)
declare(
    "cosine_embedding_loss",
    functional("cosine_embedding_loss"),
    fixed(((2,), real(0.5, 1)), ((2,), real(0.5, 1)), extra=[st.just(np.array(-1)), REDUCTIONS]),
)


@st.composite
def triplets(draw: Any) -> list[Any]:
    """Anchors, positives nearby and negatives far away, and a reduction."""
    rng = np.random.default_rng(draw(SEEDS))
    shape = draw(st.sampled_from([(3,), (2, 3)]))
    anchor = X.fill(shape, rng)
    return [anchor, anchor + 3, anchor + real(0.5, 1).fill(shape, rng), draw(REDUCTIONS)]


for _p, _swap in ((2, False), (1, True), (3, False)):
    declare(
        "triplet_margin_loss",
        functional("triplet_margin_loss", p=_p, swap=_swap),
        triplets(),
        reference=None,
    )
declare(
    "triplet_margin_with_distance_loss",
    functional("triplet_margin_with_distance_loss", distance_function=lambda x, y: ((x - y) ** 2).sum(-1)),
    triplets(),
    reference=reduced(lambda a, p, n: np.maximum(0, ((a - p) ** 2).sum(-1) - ((a - n) ** 2).sum(-1) + 1)),
)


@st.composite
def scores(draw: Any) -> list[Any]:
    """Scores that stay away from the hinge, class numbers, weights, and a reduction."""
    rng = np.random.default_rng(draw(SEEDS))
    batch = draw(st.sampled_from([(), (3,)]))
    grid = np.linspace(-2, 2, 12).reshape(3, 4)[: batch[0] if batch else 1].reshape(*batch, 4)
    return [
        rng.permuted(grid, axis=-1) + 0.01 * rng.uniform(size=grid.shape),
        np.asarray(rng.integers(0, 4, batch)),
        rng.uniform(0.5, 2, 4).tolist(),
        draw(REDUCTIONS),
    ]


for _p in (1, 2):
    declare(
        "multi_margin_loss",
        lambda torch, x, t, w, reduction, _p=_p: torch.nn.functional.multi_margin_loss(
            x, t, p=_p, margin=0.7, weight=constant(torch, w, x), reduction=reduction
        ),
        scores(),
        torch=_p == 1,
    )
declare(
    "multilabel_margin_loss",
    functional("multilabel_margin_loss"),
    scores().map(lambda args: [args[0], _label_lists(args[0].shape), args[3]]),
)
declare(
    "multilabel_soft_margin_loss",
    lambda torch, x, t, reduction: torch.nn.functional.multilabel_soft_margin_loss(
        x, t, weight=constant(torch, WEIGHTS, x), reduction=reduction
    ),
    fixed(((2, 3), real(avoid=0)), ((2, 3), PROBABILITY), extra=[REDUCTIONS]),
    reference=reduced(lambda x, t: (WEIGHTS * _bce(_sigmoid(x), t)).mean(-1)),
)


def _label_lists(shape: Sequence[int]) -> np.ndarray:
    """Right classes, then -1, then what is not read."""
    lists = np.array([[3, 0, -1, 1], [2, -1, 0, 0], [-1, 0, 0, 0]])
    return lists[0] if len(shape) == 1 else lists[: shape[0]]


# -- alignments ----------------------------------------------------------------------------------------------


@st.composite
def sequences(draw: Any) -> list[Any]:
    """Logits over time, labels as a matrix or one after the other, lengths, and a reduction."""
    rng = np.random.default_rng(draw(SEEDS))
    count, steps = draw(st.integers(1, 2)), 4
    lengths = [draw(st.integers(0, 2)) for _ in range(count)]
    labels = rng.integers(1, 3, (count, 2))
    if draw(st.booleans()) and count > 1:
        labels = np.concatenate([row[:length] for row, length in zip(labels, lengths)])
    times = [draw(st.integers(3, steps)) for _ in range(count)]
    return [X.fill((steps, count, 3), rng), labels, times, lengths, draw(REDUCTIONS)]


def _ctc(
    x: np.ndarray, labels: np.ndarray, times: list[int], lengths: list[int], reduction: str
) -> np.ndarray:
    """By definition: the probabilities of all paths that shrink to the labels, added up."""
    p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    losses = []
    for n, (time, length) in enumerate(zip(times, lengths)):
        own = labels[n, :length] if labels.ndim == 2 else labels[sum(lengths[:n]) :][:length]
        total = 0.0
        for path in np.ndindex(*[3] * time):
            merged = [one for i, one in enumerate(path) if one and (i == 0 or one != path[i - 1])]
            if merged == own.tolist():
                total += np.prod([p[t, n, one] for t, one in enumerate(path)])
        losses.append(-np.log(total))
    if reduction == "none":
        return np.array(losses)
    return np.mean(np.array(losses) / np.maximum(lengths, 1)) if reduction == "mean" else np.sum(losses)


declare(
    "ctc_loss",
    lambda torch, x, labels, times, lengths, reduction: torch.nn.functional.ctc_loss(
        torch.nn.functional.log_softmax(x, -1), labels, times, lengths, reduction=reduction
    ),
    sequences(),
    reference=_ctc,
)
declare(
    "ctc_loss",
    lambda torch, x: torch.nn.functional.ctc_loss(x, torch.tensor([1, 2]), [4], [2]),
    fixed(((4, 1, 3), real(-2, -1))),
    torch=False,  # PyTorch's gradient is that of normalised log-probabilities only
)
