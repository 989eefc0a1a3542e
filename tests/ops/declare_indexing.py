"""Declarations of `ops/indexing.py` and `ops/scattering.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, fixed, real, truth, whole

X = real()

# -- reading ---------------------------------------------------------------------------------------

BASIC: list[Any] = [
    0,
    -1,
    (1, 2),
    (1, -1, 0),
    slice(None),
    slice(1, None),
    slice(0, 10, 2),
    (slice(None), slice(1, 3)),
    (..., 0),
    (..., slice(None, 2)),
    (1, ..., 0),
    None,
    (None, 0),
    (slice(None), None, 1),
    (..., None),
    ...,
    (),
    (slice(2, 1), 0),
]
declare(
    "getitem",
    lambda torch, x, i: x[i],
    fixed(((2, 3, 4), X), extra=[st.sampled_from(BASIC)]),
    reference=lambda x, i: x[i],
    view=True,
)
declare("getitem", lambda torch, x: x[...], fixed(((), X)), reference=lambda x: x, view=True)

ADVANCED: list[Any] = [
    [0, 1, 1],
    [[0, 1], [1, 0]],
    ([0, 1], [2, 0]),
    ([[0], [1]], [2, 0, 1]),
    (slice(None), [2, 0, 0]),
    (slice(None), [2, -1], [0, 3]),
    ([0, 1], slice(None), [0, 3]),
    (slice(0, 1), [2, 0], slice(1, 3)),
    (..., [3, 0]),
    (1, [2, 0]),
    (1, slice(None), [3, 0]),
    (None, [1, 0]),
    ([1, 0], None, [2, 0]),
    (slice(None), [1], None, [0, 3]),
    ([],),
    True,
    False,
    [True, False],
    (slice(None), [True, False, True]),
    ([True, True], [0, 2]),
    ([False, True], slice(1, 3), [True, False, False, True]),
]


def tensors_for(torch: Any, index: Any) -> Any:
    """The index with its lists as tensors."""
    if isinstance(index, tuple):
        return tuple(tensors_for(torch, one) for one in index)
    return torch.tensor(index, dtype=None if index else torch.int64) if isinstance(index, list) else index


declare(
    "getitem",
    lambda torch, x, i: x[tensors_for(torch, i)],
    fixed(((2, 3, 4), X), extra=[st.sampled_from(ADVANCED)]),
)
declare("getitem", lambda torch, x, i: x[i], fixed(((2, 3, 4), X), extra=[st.sampled_from(ADVANCED)]))
declare(
    "getitem", lambda torch, x, m: x[m], fixed(((2, 3), X), ((2, 3), truth())), reference=lambda x, m: x[m]
)
declare(
    "getitem",
    lambda torch, x, m: x[:, m],
    fixed(((2, 3), X), ((3,), truth())),
    reference=lambda x, m: x[:, m],
)
declare("getitem", lambda torch, x, m: x[m], fixed(((3, 2), X), ((3,), truth())), reference=lambda x, m: x[m])
declare(
    "getitem",
    lambda torch, x, i, j: x[i, j],
    fixed(((3, 4), X), ((2, 3), whole(-3, 2)), ((3,), whole(-4, 3))),
    reference=lambda x, i, j: x[i, j],
)
declare(
    "getitem",
    lambda torch, x, i: x[i],
    fixed(((3,), X), ((), whole(-3, 2))),
    reference=lambda x, i: x[i],
    view=True,
)
declare("getitem", lambda torch, x: list(x), fixed(((2, 3), X)), reference=list, view=True)
declare(
    "select",
    None,
    fixed(((2, 3), X), extra=[st.just(-1), st.integers(-3, 2)]),
    reference=lambda x, dim, i: x[:, i],
    view=True,
)
declare(
    "narrow",
    None,
    fixed(((2, 4), X), extra=[st.just(1), st.integers(0, 2), st.integers(0, 2)]),
    reference=lambda x, dim, i, n: x[:, i : i + n],
    view=True,
)
declare(
    "narrow_copy",
    None,
    fixed(((2, 4), X), extra=[st.just(1), st.integers(0, 2), st.integers(0, 2)]),
    reference=lambda x, dim, i, n: x[:, i : i + n],
)
declare("masked_select", None, fixed(((2, 3), X), ((2, 3), truth())), reference=lambda x, m: x[m])
declare("masked_select", None, fixed(((3,), X), ((2, 1), truth())))
for _sides in ((), (3,), (2, 3)):
    declare("nonzero", None, fixed((_sides, whole(0, 1))), order=0)
    declare(
        "nonzero", lambda torch, x: torch.nonzero(x, as_tuple=True), fixed((_sides, whole(0, 1))), order=0
    )
    declare("argwhere", None, fixed((_sides, truth())), reference=np.argwhere, order=0)

# -- writing ---------------------------------------------------------------------------------------


def write(torch: Any, x: Any, index: Any, value: Any) -> Any:
    y = x * 2
    y[tensors_for(torch, index)] = value
    return y


@st.composite
def written(draw: Any, indices: list[Any]) -> list[Any]:
    """An array, an index without repetitions, and values that broadcast to what is there."""
    rng = np.random.default_rng(draw(SEEDS))
    x, index = X.fill((2, 3, 4), rng), draw(st.sampled_from(indices))
    shape = np.zeros_like(x)[tensors_for(np_tensor, index)].shape
    shape = tuple(draw(st.sampled_from([size, 1])) if size else size for size in shape)
    return [x, index, X.fill(shape[draw(st.integers(0, len(shape))) :], rng)]


class np_tensor:
    """NumPy under the two names that `tensors_for` needs."""

    int64 = np.int64
    tensor = staticmethod(np.array)


UNIQUE: list[Any] = [
    [1, 0],
    ([0, 1], [2, 0]),
    ([[0], [1]], [2, 0, 1]),
    (slice(None), [2, 0]),
    (slice(None), [2, -1], [0, 3]),
    ([0, 1], slice(None), [0, 3]),
    (slice(0, 1), [2, 0], slice(1, 3)),
    [True, False],
    (slice(None), [True, False, True]),
]
declare("setitem", write, written([i for i in BASIC if i != (slice(2, 1), 0)]))
declare("setitem", write, written(UNIQUE))
declare("setitem", lambda torch, x: write(torch, x, (0, slice(1)), 3.5), fixed(((2, 3), X)))
declare("setitem", lambda torch, x: write(torch, x, x[:, 0] > 0, -1), fixed(((3, 2), real(avoid=0))))
declare(
    "setitem",
    lambda torch, x, v: write(torch, torch.zeros(2, 3, dtype=x.dtype), 1, v * x[0]),
    fixed(((2, 3), X), ((3,), X)),
)


def loop(torch: Any, x: Any) -> Any:
    """Rows written one after the other, each from the one before."""
    y = torch.zeros_like(x)
    y[0] = x[0]
    for i in range(1, 3):
        y[i] = y[i - 1].clone() * x[i]
    return y


declare("setitem", loop, fixed(((3, 2), X)), reference=lambda x: np.cumprod(x, 0))
declare(
    "index_put",
    lambda torch, x, v: torch.index_put(x, (torch.tensor([2, 0]),), v),
    fixed(((3, 2), X), ((2,), X)),
)
declare(
    "index_put",
    lambda torch, x, v: torch.index_put(
        x, (torch.tensor([0, 2, 0]), torch.tensor([1, 1, 1])), v, accumulate=True
    ),
    fixed(((3, 2), X), ((3,), X)),
)
declare(
    "index_put",
    lambda torch, x, v: torch.index_put(x, (torch.tensor([0, 0]),), v, True),
    fixed(((3, 2), X), ((1, 2), X)),
)
declare("masked_scatter", None, fixed(((2, 3), X), ((2, 3), truth()), ((7,), X)))
declare("masked_scatter", None, fixed(((3,), X), ((2, 1), truth()), ((2, 4), X)), torch=False)
declare("select_scatter", None, fixed(((2, 3), X), ((2,), X), extra=[st.just(1), st.integers(-3, 2)]))
declare(
    "slice_scatter",
    None,
    fixed(((2, 5), X), ((2, 2), X), extra=[st.just(1), st.just(0), st.just(4), st.just(2)]),
)
declare("slice_scatter", None, fixed(((2, 3), X), ((2, 3), X)))
declare("fill", None, fixed(((2, 3), X), ((), X)))
declare("fill", None, fixed(((2, 3), X), extra=[st.just(2.5)]))


def through(change: Any) -> Any:
    """A change in place, applied to a tensor that was computed."""

    def call(torch: Any, x: Any, *args: Any) -> Any:
        y = x * 2
        change(y, *args)
        return y

    return call


declare("fill_", through(lambda y, v: y[0].fill_(v)), fixed(((2, 3), X), ((), X)))
declare("fill_", through(lambda y: y.fill_(3)), fixed(((2, 3), X)))
declare("zero_", through(lambda y: y[:, 1].zero_()), fixed(((2, 3), X)))
declare("copy_", through(lambda y, v: y[0].copy_(v)), fixed(((2, 3), X), ((1,), X)))
declare("fill_diagonal_", through(lambda y: y.fill_diagonal_(3)), fixed(((2, 3), X)))

# -- gathering and scattering ----------------------------------------------------------------------


@st.composite
def pointed(draw: Any, *, unique: bool = False, source: int | None = None) -> list[Any]:
    """An array, a dimension, an index no larger elsewhere; on request a source, by so much larger than it."""
    shape = tuple(draw(st.lists(st.integers(1, 3), max_size=3)))
    axis = draw(st.integers(0, max(len(shape) - 1, 0)))
    rng = np.random.default_rng(draw(SEEDS))
    size = shape[axis] if shape else 1
    own = [draw(st.integers(1, n)) for n in shape]
    if shape:
        own[axis] = draw(st.integers(0, size if unique else 4))
    if unique and shape:  # no position twice: the head of a permutation along the axis
        index = np.argsort(rng.random([size if dim == axis else n for dim, n in enumerate(own)]), axis)
        index = index[tuple(map(slice, own))]
    else:
        index = rng.integers(0, size, own)
    args = [X.fill(shape, rng), axis - draw(st.integers(0, 1)) * max(len(shape), 1), np.asarray(index)]
    return args if source is None else [*args, X.fill(tuple(n + source for n in own), rng)]


declare("gather", None, pointed())
declare(
    "gather",
    None,
    fixed(((2, 3), X), extra=[st.just(1)]).map(lambda args: [*args, np.array([[0, 0], [2, 1]])]),
    reference=lambda x, dim, i: np.take_along_axis(x, i, dim),
)
declare(
    "take_along_dim",
    lambda torch, x, i: torch.take_along_dim(x, i, 1),
    fixed(((1, 3), X), ((2, 2), whole(0, 2))),
    reference=lambda x, i: np.take_along_axis(x, i, 1),
)
declare("take_along_dim", None, fixed(((2, 3), X), ((2, 2), whole(0, 5))))
declare(
    "np.take_along_axis",
    lambda torch, x, i: np.take_along_axis(x, i, 0),
    fixed(((3, 2), X), ((2, 1), whole(-3, 2))),
    reference=lambda x, i: np.take_along_axis(x, i, 0),
    torch=False,
)
for _axis in (0, 1, None):
    declare(
        "np.take",
        lambda torch, x, i, axis=_axis: np.take(x, i, axis),
        fixed(((3, 4), X), ((2, 2), whole(-3, 2))),
        reference=lambda x, i, axis=_axis: np.take(x, i, axis),
        torch=False,
    )
declare(
    "index_select",
    lambda torch, x, i: torch.index_select(x, 1, i),
    fixed(((2, 3, 2), X), ((4,), whole(0, 2))),
    reference=lambda x, i: x[:, i],
)
declare("index_select", lambda torch, x, i: torch.index_select(x, 0, i), fixed(((), X), ((1,), whole(0, 0))))
declare("take", None, fixed(((2, 3), X), ((2, 2), whole(-6, 5))), reference=np.take)
declare("put", None, fixed(((2, 3), X)).map(lambda a: [*a, np.array([[5], [0]]), a[0][:2, 0]]))
declare("put", None, fixed(((2, 3), X), ((4,), whole(-6, 5)), ((2, 2), X), extra=[st.just(True)]))
declare("scatter", None, pointed(unique=True, source=0))
declare("scatter", None, pointed().map(lambda args: [*args, 1.5]))
declare("scatter", lambda torch, x, dim, i: torch.scatter(x, dim, i, value=2), pointed())
declare("scatter_add", None, pointed(source=0))
declare(
    "scatter", None, pointed(unique=True, source=1), torch=False
)  # PyTorch has no gradient for larger ones
declare("scatter_add", None, pointed(source=1), torch=False)
declare("scatter_reduce", None, pointed(source=0).map(lambda args: [*args, "sum"]))
for _reduce in ("sum", "mean", "prod", "amax", "amin"):
    for _own in (True, False):
        declare(
            "scatter_reduce",
            lambda torch, x, dim, i, src, how=_reduce, own=_own: torch.scatter_reduce(
                x, dim, i, src, how, include_self=own
            ),
            pointed(source=0),
        )
        if _reduce != "sum":
            declare(
                "index_reduce",
                lambda torch, x, i, src, how=_reduce, own=_own: torch.index_reduce(
                    x, 1, i, src, how, include_self=own
                ),
                fixed(((2, 3), real(0.5, 2)), ((4,), whole(0, 2)), ((2, 4), real(0.5, 2))),
            )
declare(
    "scatter_reduce",
    lambda torch, x, src: torch.scatter_reduce(x, 0, torch.tensor([0, 0, 1, 2, 2]), src, "prod"),
    fixed(((3,), X), ((5,), X)).map(lambda a: [a[0] * [1, 1, 0], a[1] * [0, 1, 0, 1, 1]]),
    order=1,
)
declare(
    "scatter",
    lambda torch, x, i, src: torch.scatter(x, 0, i, src, reduce="add"),
    fixed(((3,), X), ((4,), whole(0, 2)), ((4,), X)),
    torch=False,
)
declare(
    "index_add",
    lambda torch, x, i, src: torch.index_add(x, 1, i, src, alpha=2),
    fixed(((2, 3), X), ((4,), whole(0, 2)), ((2, 4), X)),
)
declare(
    "index_add",
    lambda torch, x, i, src: torch.index_add(x, 0, i, src),
    fixed(((), X), ((1,), whole(0, 0)), ((), X)),
)
declare(
    "index_copy",
    lambda torch, x, src: torch.index_copy(x, 1, torch.tensor([2, 0]), src),
    fixed(((2, 3), X), ((2, 2), X)),
)
declare(
    "index_fill",
    lambda torch, x, v: torch.index_fill(x, 1, torch.tensor([2, 0]), v),
    fixed(((2, 3), X), ((), X)),
)
declare("index_fill", lambda torch, x: torch.index_fill(x, 0, torch.tensor([1]), 7), fixed(((3,), X)))
