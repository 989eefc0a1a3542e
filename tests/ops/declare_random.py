"""Declarations of `ops/random.py`, `ops/dropout.py` and `ops/embedding.py`.

Draws are seeded inside the call, so that every call of one example draws the same: the derivative is then
that for one mask, and the comparison with PyTorch says that the stream is PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, elementwise, fixed, real, shapes, whole


def seeded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The call under a fixed seed."""

    def call(torch: Any, *args: Any) -> Any:
        torch.manual_seed(5)
        return function(torch, *args)

    return call


X = real()

# -- draws ---------------------------------------------------------------------------------------------------

declare("bernoulli", seeded(lambda torch, p: torch.bernoulli(p)), elementwise(real(0, 1)), float32=False)
declare("poisson", seeded(lambda torch, x: torch.poisson(x)), elementwise(real(0, 20)))
declare(
    "multinomial",
    seeded(lambda torch, x: torch.multinomial(x, 2)),
    fixed(((3, 4), real(0.5, 1))),
    order=0,
)
declare(
    "multinomial",
    seeded(lambda torch, x: torch.multinomial(x, 5, replacement=True)),
    fixed(((4,), real(0.5, 1))),
    order=0,
)

# -- dropout -------------------------------------------------------------------------------------------------


@st.composite
def features(draw: Any, dims: int) -> list[Any]:
    """An array (N, C, ...) and a probability."""
    rng = np.random.default_rng(draw(SEEDS))
    shape = draw(shapes(dims + 2, dims + 2, min_side=1))
    return [X.fill(shape, rng), draw(st.sampled_from([0.0, 0.3, 1.0]))]


declare(
    "dropout",
    seeded(lambda torch, x, p: torch.nn.functional.dropout(x, p)),
    features(0),
    view=True,  # the input itself where nothing is dropped
)
for _dims in (1, 2, 3):
    declare(
        f"dropout{_dims}d",
        seeded(lambda torch, x, p, _dims=_dims: getattr(torch.nn.functional, f"dropout{_dims}d")(x, p)),
        features(_dims),
        view=True,
    )
declare(
    "feature_dropout", seeded(lambda torch, x, p: torch.feature_dropout(x, p, True)), features(1), view=True
)
declare(
    "alpha_dropout",
    seeded(lambda torch, x, p: torch.nn.functional.alpha_dropout(x, p, training=True)),
    features(0),
    view=True,
)
declare(
    "feature_alpha_dropout",
    seeded(lambda torch, x, p: torch.nn.functional.feature_alpha_dropout(x, p, training=True)),
    features(1),
    view=True,
)
declare(
    "dropout",
    seeded(lambda torch, x: torch.nn.functional.dropout(x, 0.3, training=False, mode="classic")),
    elementwise(X),
    reference=lambda x: 0.7 * x,
    torch=False,
    view=True,
)
declare(
    "dropout",
    seeded(lambda torch, x: torch.nn.functional.dropout(x, 0.3, mode="classic")),
    elementwise(X),
    torch=False,
    view=True,
)
for _options in (
    {},
    {"per_example": True},
    {"drop_bias": True},
    {"per_example": True, "drop_bias": True, "mode": "classic"},
    {"training": False},
    {"training": False, "mode": "classic", "drop_bias": True},
    {"training": False, "inference": "gaussian"},
    {"training": False, "inference": "gaussian", "mode": "classic", "drop_bias": True, "samples": 2},
):
    declare(
        "dropconnect",
        seeded(
            lambda torch, x, w, b, _options=_options: torch.nn.functional.dropconnect(
                x, w, b, p=0.4, **_options
            )
        ),
        fixed(((2, 3), X), ((4, 3), X), ((4,), X)),
        torch=False,
        float32="inference" not in _options,  # float32 normals take other words than float64 ones
    )

# -- embedding -----------------------------------------------------------------------------------------------


@st.composite
def look_ups(draw: Any) -> list[Any]:
    """Row numbers of any shape, and a table."""
    rng = np.random.default_rng(draw(SEEDS))
    count = draw(st.integers(1, 4))
    return [
        whole(0, count - 1).fill(draw(shapes(2, max_side=30)), rng),
        X.fill((count, draw(st.integers(1, 3))), rng),
    ]


declare(
    "embedding",
    lambda torch, i, w: torch.nn.functional.embedding(i, w),
    look_ups(),
    reference=lambda i, w: w[i],
)
declare(
    "embedding",
    lambda torch, i, w: torch.nn.functional.embedding(i, w, padding_idx=-1),
    look_ups(),
    order=0,
    torch=False,
)
declare(
    "embedding",
    lambda torch, i, w: torch.nn.functional.embedding(i, w, padding_idx=-1, scale_grad_by_freq=True),
    look_ups(),
    order=0,
)


@st.composite
def bags(draw: Any) -> list[Any]:
    """Row numbers with offsets (or none, if the numbers are a matrix), and a table of distinct numbers."""
    rng = np.random.default_rng(draw(SEEDS))
    table = real(distinct=True).fill((4, 2), rng)
    if draw(st.booleans()):
        return [rng.integers(0, 4, (2, 3)), table, None]
    length = draw(st.integers(1, 6))
    starts = sorted(draw(st.lists(st.integers(0, length), max_size=3)))
    return [rng.integers(0, 4, length), table, np.array([0, *starts])]


for _mode in ("sum", "mean", "max"):
    for _padding in (None, 1):
        declare(
            "embedding_bag",
            lambda torch, i, w, o, _mode=_mode, _padding=_padding: torch.nn.functional.embedding_bag(
                i, w, o, mode=_mode, padding_idx=_padding
            ),
            bags(),
            torch=_mode != "max" or _padding is None,
        )
declare(
    "embedding_bag",
    lambda torch, i, w, o, s: torch.nn.functional.embedding_bag(
        i, w, o, mode="sum", per_sample_weights=s, include_last_offset=True
    ),
    fixed(((5,), whole(0, 3)), ((4, 2), X), extra=[st.just(np.array([0, 2, 2, 5]))]).map(
        lambda args: [*args, np.linspace(-1, 2, 5)]
    ),
)
