"""Declarations of `ops/joining.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, fixed, real, shaped

X = real()


@st.composite
def several(draw: Any, *, vary: bool = True, least: int = 1, dims: int = 3) -> list[Any]:
    """A list of arrays that differ in size along one dimension at most, and that dimension."""
    shape = list(draw(st.lists(st.integers(0, 3), min_size=least, max_size=dims)))
    axis = draw(st.integers(0, max(len(shape) - 1, 0)))
    rng = np.random.default_rng(draw(SEEDS))
    arrays = []
    for _ in range(draw(st.integers(1, 3))):
        if vary and shape:
            shape[axis] = draw(st.integers(0, 3))
        arrays.append(X.fill(tuple(shape), rng))
    return [arrays, axis - draw(st.integers(0, 1)) * len(shape)]


def listed(name: str) -> Any:
    """The call on a list of the drawn arrays."""
    return lambda torch, *xs: getattr(torch, name)(list(xs))


for _name in ("cat", "concat"):
    declare(_name, None, several(), torch=_name == "cat")
declare(
    "cat",
    lambda torch, x, y: torch.cat((x, y, x), dim=1),
    fixed(((2, 1), X), ((2, 3), X)),
    reference=lambda x, y: np.concatenate([x, y, x], 1),
)
declare(
    "cat",
    lambda torch, x: torch.cat([x, torch.arange(3), torch.zeros(0)]),
    fixed(((2,), X)),
    reference=lambda x: np.concatenate([x, np.arange(3)]),
)
declare(
    "np.concatenate",
    lambda torch, x, y: np.concatenate([x, np.ones((1, 2)), y]),
    fixed(((2, 2), X), ((3, 2), X)),
    reference=lambda x, y: np.concatenate([x, np.ones((1, 2)), y]),
    torch=False,
    float32=False,
)
declare(
    "np.concatenate",
    lambda torch, x, y: np.concatenate([x, y], axis=None),
    fixed(((2, 2), X), ((3,), X)),
    torch=False,
)
declare("stack", None, several(vary=False, least=0))
declare("np.stack", lambda torch, x, y: np.stack([x, y], -1), fixed(((2,), X), ((2,), X)), torch=False)
for _name in ("hstack", "vstack", "dstack", "column_stack"):
    for _parts in (((2,), (2,)), ((2, 3), (2, 3)), ((1, 2, 1), (1, 2, 1)), ((), ())):
        declare(
            _name,
            listed(_name),
            fixed(*[(shape, X) for shape in _parts]),
            reference=lambda *xs, name=_name: getattr(np, name)(xs),
        )
    declare(
        f"np.{_name}",
        lambda torch, x, name=_name: getattr(np, name)([x, np.ones((2, 2))]),
        fixed(((2, 2), X)),
        torch=False,
        float32=False,
    )
declare("block_diag", None, fixed(((2, 3), X), ((2,), X), ((), X), ((0, 1), X)))
declare("cartesian_prod", None, fixed(((2,), X), ((3,), X)))
declare("cartesian_prod", None, fixed(((2,), X)), view=True)
declare(
    "combinations",
    None,
    fixed(((4,), X), extra=[st.integers(1, 3), st.booleans()]),
)


def a_split(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    return [draw(st.integers(1, 4)), dim]


def sizes(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    """Sizes that add up to one dimension."""
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    first = draw(st.integers(0, shape[dim]))
    return [draw(st.sampled_from([[first, shape[dim] - first], [0, first, 0, shape[dim] - first]])), dim]


declare("split", None, shaped(X, a_split, min_dims=1), view=True)
declare("split", None, shaped(X, sizes, min_dims=1), view=True)
declare("split_with_sizes", None, shaped(X, sizes, min_dims=1), view=True)
declare(
    "split", lambda torch, x: torch.split(x, 2)[0], fixed(((3, 2), X)), reference=lambda x: x[:2], view=True
)
declare("chunk", None, shaped(X, a_split, min_dims=1), view=True)
declare("tensor_split", None, shaped(X, a_split, min_dims=1), view=True)
declare(
    "tensor_split",
    None,
    fixed(((5,), X), extra=[st.lists(st.integers(-6, 6), max_size=3)]),
    view=True,
)
declare(
    "np.split",
    lambda torch, x: np.split(x, 2),
    fixed(((4,), X)),
    reference=lambda x: np.split(x, 2),
    view=True,
    torch=False,
)
declare("hsplit", None, fixed(((2, 4), X), extra=[st.sampled_from([2, [1, 3]])]), view=True)
declare("hsplit", None, fixed(((4,), X), extra=[st.sampled_from([2, [1, 3]])]), view=True)
declare("vsplit", None, fixed(((4, 2), X), extra=[st.sampled_from([2, [1, 3]])]), view=True)
declare("dsplit", None, fixed(((1, 2, 4), X), extra=[st.sampled_from([2, [1, 3]])]), view=True)
declare(
    "unbind",
    None,
    shaped(X, lambda draw, shape: [draw(st.integers(-len(shape), len(shape) - 1))], min_dims=1),
    reference=lambda x, dim: list(np.moveaxis(x, dim, 0)),
    view=True,
)
