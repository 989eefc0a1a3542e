"""Declarations of `ops/shape.py`, `broadcasting.py`, `arrangement.py` and `diagonal.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, fixed, real, shaped, whole

X = real()


def a_dim(draw: Any, shape: tuple[int, ...]) -> int:
    """A dimension, from the front or from the back; 0-d tensors have one as well."""
    size = max(len(shape), 1)
    return draw(st.integers(-size, size - 1))


def with_dim(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    return [a_dim(draw, shape)]


def with_two_dims(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    return [a_dim(draw, shape), a_dim(draw, shape)]


def with_order(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    order = draw(st.permutations(range(len(shape))))
    return [tuple(axis - len(shape) * draw(st.integers(0, 1)) for axis in order)]


def with_dims(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    """Some different dimensions, as a tuple."""
    return [tuple(draw(st.lists(st.integers(0, len(shape) - 1), unique=True)) if shape else ())]


# -- other shapes ----------------------------------------------------------------------------------


def new_shape(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    """A shape of as many elements, one size perhaps left open."""
    size = math.prod(shape)
    options: list[Any] = [(size,), (1, size), (size, 1, 1), shape[::-1]]
    options += [(-1,), (1, -1)] if size else [(0, 3), (2, 0)]
    options += [(2, size // 2), (-1, 2)] if size and size % 2 == 0 else []
    return [draw(st.sampled_from(options))]


declare("reshape", None, shaped(X, new_shape), reference=np.reshape, view=True)
declare(
    "reshape", lambda torch, x: x.T.reshape(-1) * 2, fixed(((2, 3), X)), reference=lambda x: x.T.ravel() * 2
)
declare(
    "view",
    lambda torch, x, s: x.view(s),
    fixed(((2, 3), X), extra=[st.sampled_from([(6,), (3, -1)])]),
    view=True,
)
declare("view_as", lambda torch, x: x.view_as(x[None]), fixed(((2, 3), X)), view=True)
declare("reshape_as", lambda torch, x: x.reshape_as(x[None]), fixed(((2, 3), X)), view=True)
declare("np.reshape", lambda torch, x: np.reshape(x, (3, -1)), fixed(((2, 3), X)), view=True, torch=False)
declare("np.ravel", lambda torch, x: np.ravel(x), fixed(((2, 3), X)), view=True, torch=False)
declare("flatten", None, shaped(X), reference=np.ravel, view=True)
declare(
    "flatten",
    lambda torch, x: x.flatten(1, -2),
    fixed(((2, 3, 2, 1), X)),
    reference=lambda x: x.reshape(2, 6, 1),
    view=True,
)
declare(
    "unflatten",
    None,
    fixed(((2, 6), X), extra=[st.just(-1), st.sampled_from([(2, 3), (-1, 2), (1, 6)])]),
    reference=lambda x, dim, sizes: x.reshape(2, *sizes),
    view=True,
)
declare("ravel", None, shaped(X), reference=np.ravel, view=True)
declare("squeeze", None, shaped(X), reference=np.squeeze, view=True)
declare("squeeze", None, shaped(X, with_dim), view=True)
declare("squeeze", None, shaped(X, with_dims), view=True)
declare(
    "unsqueeze",
    None,
    shaped(X, lambda draw, shape: [draw(st.integers(-len(shape) - 1, len(shape)))]),
    reference=np.expand_dims,
    view=True,
)
declare(
    "np.expand_dims",
    lambda torch, x: np.expand_dims(x, (0, -1)),
    shaped(X),
    view=True,
    torch=False,
    reference=lambda x: np.expand_dims(x, (0, -1)),
)
declare("np.squeeze", lambda torch, x: np.squeeze(x, 0), fixed(((1, 2), X)), view=True, torch=False)
for _count in (1, 2, 3):
    _name = f"atleast_{_count}d"
    declare(_name, None, shaped(X), reference=getattr(np, _name), view=True)
    declare(
        _name,
        lambda torch, x, y, name=_name: getattr(torch, name)(x, y),
        fixed(((), X), ((2, 3), X)),
        view=True,
    )
declare("numel", lambda torch, x: torch.tensor(torch.numel(x)), shaped(X), reference=np.size, order=0)

# -- other orders ----------------------------------------------------------------------------------

declare("permute", None, shaped(X, with_order), reference=np.transpose, view=True)
declare(
    "np.transpose",
    lambda torch, x: np.transpose(x),
    shaped(X),
    reference=np.transpose,
    view=True,
    torch=False,
)
declare("transpose", None, shaped(X, with_two_dims), view=True)
declare("transpose", None, shaped(X, with_two_dims, min_dims=1), reference=np.swapaxes, view=True)
declare(
    "np.swapaxes",
    lambda torch, x: np.swapaxes(x, 0, -1),
    fixed(((2, 3), X)),
    view=True,
    torch=False,
    reference=lambda x: x.T,
)
declare("t", None, shaped(X, max_dims=2), reference=np.transpose, view=True)
declare(
    "movedim",
    None,
    shaped(X, lambda draw, shape: with_two_dims(draw, shape), min_dims=1),
    reference=np.moveaxis,
    view=True,
)
declare(
    "movedim",
    None,
    fixed(((1, 2, 3), X), extra=[st.sampled_from([(0, 1), (2, 0)]), st.sampled_from([(1, 2), (-1, -3)])]),
    reference=np.moveaxis,
    view=True,
)
declare("np.moveaxis", lambda torch, x: np.moveaxis(x, 0, -1), fixed(((1, 2, 3), X)), view=True, torch=False)
declare("adjoint", None, shaped(X, min_dims=2), reference=lambda x: np.swapaxes(x, -1, -2), view=True)
for _name in ("T", "mT", "H", "mH"):
    declare(
        _name,
        lambda torch, x, name=_name: getattr(x, name),
        fixed(((2, 3), X)),
        reference=np.transpose,
        view=True,
    )
declare("mT", lambda torch, x: x.mT, fixed(((2, 1, 3), X)), reference=np.matrix_transpose, view=True)
declare(
    "np.matrix_transpose",
    lambda torch, x: np.matrix_transpose(x),
    fixed(((2, 1, 3), X)),
    view=True,
    torch=False,
)

# -- seen and copied many times --------------------------------------------------------------------


@st.composite
def expandable(draw: Any) -> list[Any]:
    """An array and a shape that it expands to."""
    target = tuple(draw(st.lists(st.integers(1, 3), max_size=3)))
    own = tuple(draw(st.sampled_from([size, 1])) for size in target)
    own = own[draw(st.integers(0, len(own))) :]
    return [X.fill(own, np.random.default_rng(draw(SEEDS))), target]


declare("expand", lambda torch, x, size: x.expand(size), expandable(), reference=np.broadcast_to, view=True)
declare(
    "expand",
    lambda torch, x: x.expand(2, -1, 4),
    fixed(((3, 1), X)),
    reference=lambda x: np.broadcast_to(x, (2, 3, 4)),
    view=True,
)
declare("expand_as", lambda torch, x, y: x.expand_as(y), fixed(((3, 1), X), ((2, 3, 2), whole())), view=True)
declare("broadcast_to", None, expandable(), reference=np.broadcast_to, view=True)
declare("np.broadcast_to", lambda torch, x, s: np.broadcast_to(x, s), expandable(), view=True, torch=False)
declare(
    "broadcast_tensors",
    lambda torch, x, y: torch.broadcast_tensors(x, y),
    fixed(((3, 1), X), ((2, 1, 2), X)),
    reference=np.broadcast_arrays,
    view=True,
)
declare(
    "np.broadcast_arrays",
    lambda torch, x, y: np.broadcast_arrays(x, y),
    fixed(((3, 1), X), ((2, 1, 2), X)),
    view=True,
    torch=False,
)
declare(
    "broadcast_shapes", lambda torch, x: tuple(torch.broadcast_shapes((2, 1), 3, ())), fixed(((), X)), order=0
)
declare(
    "sum_to_size",
    lambda torch, x, size: x.sum_to_size(size),
    fixed(((2, 3, 2), X), extra=[st.sampled_from([(2, 3, 2), (1, 3, 1), (3, 2), (2,), (1,)])]),
    view=True,
)
declare(
    "meshgrid",
    lambda torch, x, y, z, how: torch.meshgrid(x, y, z, indexing=how),
    fixed(((2,), X), ((3,), X), ((), X), extra=[st.sampled_from(["ij", "xy"])]),
    reference=lambda x, y, z, how: np.meshgrid(x, y, z, indexing=how),
    view=True,
)


def counts(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    return [tuple(draw(st.lists(st.integers(0, 2), min_size=len(shape), max_size=len(shape) + 1)))]


declare("repeat", lambda torch, x, n: x.repeat(n), shaped(X, counts, max_dims=2), reference=np.tile)
declare(
    "tile",
    None,
    shaped(X, lambda draw, shape: [tuple(draw(st.lists(st.integers(0, 2), max_size=3)))], max_dims=2),
    reference=np.tile,
)
declare("np.tile", lambda torch, x: np.tile(x, 2), shaped(X), reference=lambda x: np.tile(x, 2), torch=False)
declare(
    "repeat_interleave", None, shaped(X, lambda draw, shape: [draw(st.integers(0, 3))]), reference=np.repeat
)
declare(
    "repeat_interleave",
    None,
    shaped(X, lambda draw, shape: [draw(st.integers(0, 3)), a_dim(draw, shape)], min_dims=1),
    reference=np.repeat,
)
declare(
    "repeat_interleave",
    lambda torch, x, n: torch.repeat_interleave(x, n, dim=1),
    fixed(((2, 3), X), ((3,), whole(0, 3))),
    reference=lambda x, n: np.repeat(x, n, 1),
)
declare(
    "repeat_interleave",
    None,
    fixed(((3,), whole(0, 3))),
    reference=lambda n: np.repeat(np.arange(3), n),
    order=0,
)
declare("np.repeat", lambda torch, x: np.repeat(x, 2, 0), fixed(((2, 3), X)), torch=False)
declare("np.repeat", lambda torch, x: np.repeat(x, [1, 2], 0), fixed(((2, 3), X)), torch=False)

# -- in other places -------------------------------------------------------------------------------


def _flipped(x: np.ndarray, dims: tuple[int, ...]) -> np.ndarray:
    return np.flip(x, dims) if dims else x


declare("flip", None, shaped(X, with_dims), reference=_flipped)
declare("flip", lambda torch, x: x.flip(0, 1), fixed(((2, 3), X)), reference=np.flip)
declare("np.flip", lambda torch, x: np.flip(x), shaped(X), reference=np.flip, torch=False)
declare("fliplr", None, shaped(X, min_dims=2), reference=np.fliplr)
declare("flipud", None, shaped(X, min_dims=1), reference=np.flipud)
declare("np.fliplr", lambda torch, x: np.fliplr(x), fixed(((2, 3), X)), torch=False, reference=np.fliplr)
declare("np.flipud", lambda torch, x: np.flipud(x), fixed(((2, 3), X)), torch=False, reference=np.flipud)
declare("roll", None, shaped(X, lambda draw, shape: [draw(st.integers(-4, 4))]), reference=np.roll)
declare(
    "roll",
    None,
    shaped(X, lambda draw, shape: [draw(st.integers(-4, 4)), a_dim(draw, shape)], min_dims=1),
    reference=np.roll,
)
declare(
    "roll",
    lambda torch, x: torch.roll(x, (1, -2), (0, 1)),
    fixed(((2, 3), X)),
    reference=lambda x: np.roll(x, (1, -2), (0, 1)),
)
declare(
    "rot90",
    None,
    fixed(((2, 3, 1), X), extra=[st.integers(-5, 5), st.sampled_from([(0, 1), (2, 0), (-1, 1)])]),
    reference=np.rot90,
)
declare(
    "unfold",
    lambda torch, x, *args: x.unfold(*args),
    fixed(((2, 5), X), extra=[st.just(1), st.integers(1, 5), st.integers(1, 4)]),
    reference=lambda x, dim, size, step: np.lib.stride_tricks.sliding_window_view(x, size, 1)[:, ::step],
    view=True,
)
declare(
    "unfold",
    lambda torch, x, *args: x.unfold(*args),
    fixed(((4, 2), X), extra=[st.sampled_from([0, -2]), st.integers(0, 4), st.integers(1, 3)]),
    view=True,
)
declare("unfold", lambda torch, x: x.unfold(0, 1, 1), fixed(((), X)), view=True)
declare("unfold", lambda torch, x: x.unfold(1, 3, 2) ** 2, fixed(((2, 5), X)))
declare(
    "np.sliding_window_view",
    lambda torch, x: np.lib.stride_tricks.sliding_window_view(x, (2, 3)),
    fixed(((4, 4), X)),
    reference=lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 3)),
    view=True,
    torch=False,
)
declare(
    "as_strided",
    lambda torch, x, size, stride, offset: torch.as_strided(x.contiguous(), size, stride, offset),
    fixed(
        ((3, 4), X),
        extra=[
            st.sampled_from([(2, 2), (3, 1)]),
            st.sampled_from([(1, 2), (3, 1), (0, 1), (1, 1)]),
            st.integers(0, 3),
        ],
    ),
    reference=lambda x, size, stride, offset: np.lib.stride_tricks.as_strided(
        x.ravel()[offset:], size, [8 * step for step in stride]
    ),
    view=True,
)

# -- diagonals and triangles -----------------------------------------------------------------------

OFFSETS = st.integers(-3, 3)
declare("diagonal", None, fixed(((2, 3), X), extra=[OFFSETS]), reference=np.diagonal, view=True)
declare(
    "diagonal",
    None,
    fixed(((2, 3, 2), X), extra=[OFFSETS, st.sampled_from([1, -1]), st.just(0)]),
    reference=np.diagonal,
    view=True,
)
declare(
    "np.diagonal",
    lambda torch, x: np.diagonal(x, 1),
    fixed(((2, 3), X)),
    view=True,
    torch=False,
    reference=lambda x: np.diagonal(x, 1),
)
declare("diag", None, fixed(((3,), X), extra=[OFFSETS]), reference=np.diag)
declare("diag", None, fixed(((2, 3), X), extra=[OFFSETS]), reference=np.diag)
declare("np.diag", lambda torch, x: np.diag(x), fixed(((2, 3), X)), reference=np.diag, torch=False)
declare("diagflat", None, shaped(X, lambda draw, shape: [draw(OFFSETS)]), reference=np.diagflat)
declare("diag_embed", None, shaped(X, lambda draw, shape: [draw(OFFSETS)], min_dims=1))
declare("diag_embed", None, fixed(((2, 3), X), extra=[OFFSETS, st.just(0), st.sampled_from([1, -1])]))
declare("diagonal_scatter", None, fixed(((3, 3), X), ((3,), X)))
declare("diagonal_scatter", None, fixed(((3, 3), X), ((2,), X), extra=[st.sampled_from([1, -1])]))
for _name in ("tril", "triu"):
    declare(
        _name, None, shaped(X, lambda draw, shape: [draw(OFFSETS)], min_dims=2), reference=getattr(np, _name)
    )
    declare(
        f"{_name}_indices", None, st.tuples(st.integers(0, 3), st.integers(0, 3), OFFSETS).map(list), order=0
    )
    declare(
        f"np.{_name}",
        lambda torch, x, name=_name: getattr(np, name)(x, 1),
        fixed(((2, 3), X)),
        reference=lambda x, name=_name: getattr(np, name)(x, 1),
        torch=False,
    )
