"""Declarations of `ops/sorting.py` and `ops/counting.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, fixed, real, shaped, whole
from tests.ops.declare_shape import a_dim

DISTINCT = real(distinct=True)


def with_flag(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    return [a_dim(draw, shape), draw(st.booleans())]


def with_k(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    """A k that the dimension has, the dimension, and a flag."""
    dim = a_dim(draw, shape)
    return [draw(st.integers(1, shape[dim] if shape else 1)), dim, draw(st.booleans())]


# -- sorting ---------------------------------------------------------------------------------------

declare("sort", None, shaped(DISTINCT, with_flag))
declare("sort", None, shaped(DISTINCT, min_dims=1), reference=lambda x: [np.sort(x), np.argsort(x)])
declare("sort", None, shaped(DISTINCT, lambda draw, shape: [a_dim(draw, shape)]))
declare(
    "sort",
    lambda torch, x, dim, down: torch.sort(x, dim=dim, descending=down, stable=True),
    shaped(whole(0, 2), with_flag),
    order=0,
)
declare(
    "np.sort",
    lambda torch, x: np.sort(x, 0),
    fixed(((3, 2), DISTINCT)),
    reference=lambda x: np.sort(x, 0),
    torch=False,
)
declare("argsort", None, shaped(DISTINCT, with_flag), order=0)
declare(
    "argsort",
    lambda torch, x, dim, down: torch.argsort(x, dim=dim, descending=down, stable=True),
    shaped(whole(0, 2), with_flag),
    order=0,
)
declare("msort", None, shaped(DISTINCT, min_dims=1), reference=lambda x: np.sort(x, 0))
declare("topk", None, shaped(DISTINCT, with_k, min_side=1))


@st.composite
def many(draw: Any) -> list[Any]:
    """Few of many elements, where they are found without sorting all."""
    x = DISTINCT.fill(draw(st.sampled_from([(300,), (2, 300)])), np.random.default_rng(draw(SEEDS)))
    return [x, draw(st.integers(1, 5)), -1, draw(st.booleans())]


declare("topk", None, many(), order=1)
declare("kthvalue", None, shaped(DISTINCT, with_k, min_side=1))
declare("median", None, shaped(DISTINCT, with_flag, min_side=1))
declare("median", None, shaped(DISTINCT, min_side=1))
declare("nanmedian", None, shaped(DISTINCT, with_flag, min_side=1))
declare("nanmedian", None, shaped(DISTINCT, min_side=1))


def with_gaps(args: list[Any]) -> list[Any]:
    """The same arguments with some elements NaN."""
    x, *rest = args
    return [np.where(np.arange(x.size).reshape(x.shape) % 4 == 1, np.nan, x), *rest]


for _name in ("median", "nanmedian"):
    declare(_name, None, shaped(DISTINCT, min_side=1).map(with_gaps), order=0)
    declare(
        _name, None, shaped(DISTINCT, with_flag, min_side=1).map(with_gaps), order=0, torch=_name == "median"
    )
declare("mode", None, shaped(whole(0, 2), with_flag, min_side=1), order=0)
declare("mode", None, shaped(DISTINCT, with_flag, min_side=1))

# -- quantiles -------------------------------------------------------------------------------------

WAYS = ["linear", "lower", "higher", "midpoint", "nearest"]
for _name in ("quantile", "nanquantile"):
    for _order, _strategy in ((2, DISTINCT), (0, None)):
        _inputs = shaped(
            DISTINCT,
            lambda draw, shape: [
                draw(st.sampled_from([0.0, 0.31, 0.5, 1.0])),
                draw(st.sampled_from([None, a_dim(draw, shape)])),
                draw(st.booleans()),
                draw(st.sampled_from(WAYS)),
            ],
            min_side=1,
        )
        declare(
            _name,
            lambda torch, x, q, dim, keep, how, name=_name: getattr(torch, name)(
                x, q, dim, keep, interpolation=how
            ),
            _inputs if _strategy else _inputs.map(with_gaps),
            order=_order,
        )
    declare(
        _name,
        lambda torch, x, name=_name: getattr(torch, name)(
            x, torch.tensor([0.1, 0.6, 0.9], dtype=x.dtype), 1, True
        ),
        fixed(((2, 4), DISTINCT)),
    )
    declare(
        _name,
        lambda torch, x, name=_name: getattr(torch, name)(x, torch.tensor([0.1, 0.6], dtype=x.dtype)),
        fixed(((2, 4), DISTINCT)),
        reference=lambda x, name=_name: getattr(np, name)(x, [0.1, 0.6]),
    )

# -- counting and looking up -----------------------------------------------------------------------

declare(
    "unique",
    lambda torch, x, inverse, counts: torch.unique(x, True, inverse, counts),
    shaped(whole(), lambda draw, shape: [draw(st.booleans()), draw(st.booleans())]),
    order=0,
)
declare(
    "unique",
    lambda torch, x, dim: torch.unique(x, return_inverse=True, return_counts=True, dim=dim),
    fixed(((3, 2), whole(0, 1)), extra=[st.sampled_from([0, 1, -1])]),
    order=0,
)
declare(
    "unique_consecutive",
    lambda torch, x, inverse, counts: torch.unique_consecutive(
        x, return_inverse=inverse, return_counts=counts
    ),
    shaped(whole(0, 1), lambda draw, shape: [draw(st.booleans()), draw(st.booleans())]),
    order=0,
)
declare(
    "unique_consecutive",
    lambda torch, x, dim: torch.unique_consecutive(x, return_inverse=True, return_counts=True, dim=dim),
    fixed(((3, 2), whole(0, 1)), extra=[st.sampled_from([0, 1, -1])]),
    order=0,
)
declare("bincount", None, fixed(((5,), whole(0, 4))), reference=np.bincount, order=0)
declare(
    "bincount",
    lambda torch, x, w: torch.bincount(x, w, minlength=7),
    fixed(((5,), whole(0, 4)), ((5,), real())),
    reference=lambda x, w: np.bincount(x, w, 7),
    order=0,
)
EDGES = fixed(((4,), whole(0, 5)), ((2, 3), whole(-1, 6)), extra=[st.booleans(), st.booleans()]).map(
    lambda args: [np.sort(args[0]), *args[1:]]
)
declare(
    "searchsorted",
    lambda torch, edges, x, right, narrow: torch.searchsorted(edges, x, right=right, out_int32=narrow),
    EDGES,
    order=0,
)
declare(
    "searchsorted",
    lambda torch, edges, x: torch.searchsorted(edges, x, side="right"),
    fixed(((2, 4), whole(0, 5)), ((2, 3), whole(-1, 6))).map(lambda args: [np.sort(args[0]), args[1]]),
    order=0,
)
declare(
    "searchsorted",
    lambda torch, edges, x: torch.searchsorted(edges, x, sorter=torch.argsort(edges)),
    fixed(((4,), real()), ((2, 3), real())),
    order=0,
)
declare(
    "bucketize",
    lambda torch, edges, x, right, narrow: torch.bucketize(x, edges, right=right, out_int32=narrow),
    EDGES,
    order=0,
)
declare("histc", None, fixed(((7,), real()), extra=[st.integers(1, 5), st.just(-1), st.just(1)]), order=0)
declare("histc", lambda torch, x: torch.histc(x, bins=4), fixed(((2, 3), real())), order=0)
declare(
    "histogram", lambda torch, x: torch.histogram(x, 3, range=(-1.0, 1.0)), fixed(((7,), real())), order=0
)
declare(
    "histogram",
    lambda torch, x, w: torch.histogram(
        x, torch.tensor([-1.0, 0, 0.5, 1], dtype=x.dtype), weight=w, density=True
    ),
    fixed(((7,), real()), ((7,), real(0.5, 2))),
    order=0,
)
declare(
    "unravel_index",
    lambda torch, i: torch.unravel_index(i, (2, 3)),
    fixed(((2, 2), whole(0, 5))),
    reference=lambda i: list(np.unravel_index(i, (2, 3))),
    order=0,
)
declare("one_hot", lambda torch, x: torch.nn.functional.one_hot(x), fixed(((2, 3), whole(0, 3))), order=0)
declare("one_hot", lambda torch, x: torch.nn.functional.one_hot(x, 5), fixed(((), whole(0, 3))), order=0)
