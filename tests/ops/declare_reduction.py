"""Declarations of `ops/reduction.py`, `scans.py` and `norms.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, elementwise, fixed, real, shaped, truth, whole
from tests.ops.declare_shape import a_dim

X = real()
DISTINCT = real(distinct=True)
SIZES = real(0.3, 2)  # away from the kink of |x|


def signed(args: list[Any]) -> list[Any]:
    """The same arguments with every other element negative."""
    x, *rest = args
    return [np.asarray(x * (1 - 2 * (np.arange(x.size) % 2)).reshape(x.shape)), *rest]


def reduced(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    """A `dim` (none, one or several) and a `keepdim`."""
    options: list[Any] = [None, a_dim(draw, shape)]
    if shape:
        options.append(tuple(draw(st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1))))
    return [draw(st.sampled_from(options)), draw(st.booleans())]


def axis_of(x: np.ndarray, dim: Any) -> Any:
    """A drawn `dim` as NumPy's axis."""
    return None if dim is None or not x.ndim else dim


def like_numpy(name: str) -> Any:
    """NumPy's function of that name, on a drawn `dim` and `keepdim`."""
    return lambda x, dim, keep: getattr(np, name)(x, axis=axis_of(x, dim), keepdims=keep)


# -- sums and means --------------------------------------------------------------------------------

declare("sum", None, shaped(X, reduced), reference=like_numpy("sum"))
declare("sum", None, shaped(X), reference=np.sum)
declare(
    "sum",
    lambda torch, x: x.sum(axis=0, keepdims=True),
    fixed(((2, 3), X)),
    reference=lambda x: x.sum(0)[None],
)
declare("sum", lambda torch, x: torch.sum(x), shaped(whole()), reference=np.sum, order=0)
declare(
    "sum",
    lambda torch, x: torch.sum(x, 0),
    fixed(((2, 3), truth())),
    reference=lambda x: np.sum(x, 0),
    order=0,
)
declare(
    "sum",
    lambda torch, x: x.sum(dtype=torch.float32),
    fixed(((2, 3), X)),
    tolerance=1e-3,
    order=0,
    torch=False,
)
declare(
    "np.sum",
    lambda torch, x: np.sum(x, axis=1),
    fixed(((2, 3), X)),
    reference=lambda x: np.sum(x, 1),
    torch=False,
)
declare("mean", None, shaped(X, reduced, min_side=1), reference=like_numpy("mean"))
declare("mean", lambda torch, x: x.mean((0, 2), keepdim=True), fixed(((2, 3, 2), X)))
declare(
    "mean",
    lambda torch, x: torch.mean(x, dtype=torch.float64),
    fixed(((2, 3), whole())),
    order=0,
    float32=False,
)
declare("np.mean", lambda torch, x: np.mean(x), fixed(((2, 3), X)), reference=np.mean, torch=False)


def with_gaps(args: list[Any]) -> list[Any]:
    """The same arguments with some elements NaN."""
    x, *rest = args
    return [np.where(np.arange(x.size).reshape(x.shape) % 3 == 1, np.nan, x), *rest]


declare("nansum", None, shaped(X, reduced), reference=like_numpy("nansum"))
declare(
    "nansum",
    lambda torch, x: torch.nansum(x * torch.tensor([1.0, math.nan, 1.0], dtype=x.dtype), 1),
    fixed(((2, 3), X)),
    torch=False,
    order=0,
)
declare("nanmean", None, shaped(X, reduced, min_side=1), reference=like_numpy("nanmean"))
declare("nansum", None, shaped(X, reduced).map(with_gaps), order=0)
declare("nanmean", None, shaped(X, reduced, min_side=1).map(with_gaps), order=0)
declare("count_nonzero", None, shaped(whole(0, 2), lambda draw, shape: reduced(draw, shape)[:1]), order=0)

# -- spread and products ---------------------------------------------------------------------------

SPREAD = shaped(
    X,
    lambda draw, shape: [reduced(draw, shape)[0], draw(st.booleans()), draw(st.booleans())],
    min_side=2,
    min_dims=1,
)
declare("var", None, SPREAD, reference=lambda x, dim, u, keep: np.var(x, axis=dim, ddof=u, keepdims=keep))
declare("std", None, SPREAD, reference=lambda x, dim, u, keep: np.std(x, axis=dim, ddof=u, keepdims=keep))
declare("var", lambda torch, x: torch.var(x, correction=0.5), fixed(((2, 3), X)))
declare("var", lambda torch, x: x.var(False), fixed(((2, 3), X)), reference=np.var)
declare(
    "std", lambda torch, x: x.std(dim=0, correction=0), fixed(((3, 2), X)), reference=lambda x: np.std(x, 0)
)
declare("var_mean", None, SPREAD)
declare("std_mean", None, SPREAD)
declare("prod", None, shaped(X), reference=np.prod)
declare(
    "prod",
    None,
    shaped(X, lambda draw, shape: [a_dim(draw, shape), draw(st.booleans())], min_dims=1),
    reference=like_numpy("prod"),
)


@st.composite
def with_zeros(draw: Any) -> list[Any]:
    """An array some of whose elements are 0."""
    rng = np.random.default_rng(draw(SEEDS))
    shape = draw(st.sampled_from([(2, 3), (4,), (2, 2, 2)]))
    return [X.fill(shape, rng) * rng.integers(0, 2, shape)]


declare("prod", None, with_zeros(), reference=np.prod)
declare("prod", lambda torch, x: torch.prod(x, -1), with_zeros(), reference=lambda x: np.prod(x, -1))
declare("np.prod", lambda torch, x: np.prod(x, axis=0), fixed(((2, 3), X)), torch=False)
declare(
    "logsumexp",
    None,
    shaped(X, lambda draw, shape: [a_dim(draw, shape), draw(st.booleans())], min_dims=1, min_side=1),
    reference=lambda x, dim, keep: np.logaddexp.reduce(x, axis=dim, keepdims=keep),
)
declare("logsumexp", None, fixed(((0, 2), X), extra=[st.sampled_from([0, 1])]), order=0)
declare("logsumexp", lambda torch, x: torch.logsumexp(x * 400, (0, 1)), fixed(((2, 3), X)), order=0)
declare("logsumexp", lambda torch, x: torch.logsumexp(x, -1), fixed(((2, 3), whole())), order=0, torch=False)

# -- extremes --------------------------------------------------------------------------------------


def along(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    """One dimension and a `keepdim`."""
    return [a_dim(draw, shape), draw(st.booleans())]


for _name in ("max", "min"):
    _numpy, _place = getattr(np, _name), getattr(np, f"arg{_name}")
    declare(_name, None, shaped(DISTINCT, min_side=1), reference=_numpy)
    declare(_name, None, shaped(DISTINCT, along, min_side=1))
    declare(
        _name,
        None,
        shaped(DISTINCT, along, min_side=1, min_dims=1),
        reference=lambda x, dim, keep, f=_numpy, g=_place: [
            f(x, dim, keepdims=keep),
            g(x, dim, keepdims=keep),
        ],
    )
    declare(_name, None, fixed(((2, 3), real(0, 1)), ((2, 3), real(-1, -0.1))))
    declare(f"a{_name}", None, shaped(DISTINCT, min_side=1), reference=_numpy)
    declare(
        f"a{_name}",
        None,
        shaped(DISTINCT, lambda draw, shape: [reduced(draw, shape)[0] or 0, draw(st.booleans())], min_side=1),
        reference=like_numpy(_name),
    )
    declare(
        f"arg{_name}",
        None,
        shaped(whole(0, 3), lambda draw, shape: [a_dim(draw, shape), draw(st.booleans())], min_side=1),
        order=0,
    )
    declare(f"arg{_name}", None, shaped(X, min_side=1), reference=_place, order=0)
    for _other in (_name, f"a{_name}"):
        declare(
            f"np.{_other}",
            lambda torch, x, name=_other: getattr(np, name)(x, axis=0),
            fixed(((2, 3), DISTINCT)),
            reference=lambda x, f=_numpy: f(x, 0),
            torch=False,
        )
declare("aminmax", None, shaped(DISTINCT, min_side=1), reference=lambda x: [np.min(x), np.max(x)])
declare(
    "aminmax",
    lambda torch, x, dim, keep: torch.aminmax(x, dim=dim, keepdim=keep),
    shaped(DISTINCT, along, min_side=1),
)
for _name in ("any", "all"):
    declare(_name, None, shaped(truth(), reduced), reference=like_numpy(_name), order=0)
    declare(_name, None, shaped(whole(0, 1), reduced), reference=like_numpy(_name), order=0)
    declare(_name, None, shaped(whole(0, 1, np.uint8)), order=0)

# -- running reductions ----------------------------------------------------------------------------


def a_dim_only(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    return [a_dim(draw, shape)]


for _name in ("cumsum", "cumprod"):
    declare(_name, None, shaped(X, a_dim_only))
    declare(_name, None, shaped(X, a_dim_only, min_dims=1), reference=getattr(np, _name))
    declare(_name, None, shaped(whole(), a_dim_only), order=0)
    declare(
        f"np.{_name}",
        lambda torch, x, n=_name: getattr(np, n)(x),
        fixed(((2, 2), X)),
        torch=False,
        reference=getattr(np, _name),
    )
    declare(f"np.{_name}", lambda torch, x, n=_name: getattr(np, n)(x, 0), fixed(((2, 2), X)), torch=False)
declare("cumprod", lambda torch, x: torch.cumprod(x, -1), with_zeros(), reference=lambda x: np.cumprod(x, -1))
declare("logcumsumexp", None, shaped(X, a_dim_only))
declare("logcumsumexp", lambda torch, x: torch.logcumsumexp(x * 100, 0), fixed(((4, 2), X)), tolerance=1e-4)
declare("cummax", None, shaped(DISTINCT, a_dim_only, min_side=1))
declare("cummin", None, shaped(DISTINCT, a_dim_only, min_side=1))
declare("cummax", None, shaped(whole(0, 2), a_dim_only, min_side=1), order=0)
declare("cummin", None, shaped(whole(0, 2), a_dim_only, min_side=1), order=0)
declare(
    "diff",
    None,
    fixed(((2, 4), X), extra=[st.integers(0, 3), st.sampled_from([0, -1])]),
    reference=lambda x, n, dim: np.diff(x, n, dim),
)
declare("diff", lambda torch, x, y: torch.diff(x, prepend=y, append=y), fixed(((2, 3), X), ((2, 1), X)))
declare("diff", None, fixed(((4,), truth())), order=0)
declare(
    "np.diff",
    lambda torch, x: np.diff(x, 2),
    fixed(((2, 4), X)),
    reference=lambda x: np.diff(x, 2),
    torch=False,
)
declare("trapezoid", None, fixed(((2, 4), X)), reference=np.trapezoid if hasattr(np, "trapezoid") else None)
declare("trapezoid", None, fixed(((2, 3), X), ((3,), X)), reference=lambda y, x: np.trapezoid(y, x))
declare("trapezoid", lambda torch, y: torch.trapezoid(y, dx=0.5, dim=0), fixed(((2, 3), X)))
declare("trapezoid", lambda torch, y, x: torch.trapezoid(y, x, dim=0), fixed(((3, 2), X), ((3, 2), X)))
declare("trapz", lambda torch, y, x: torch.trapz(y, x), fixed(((3,), X), ((3,), X)))
declare("cumulative_trapezoid", None, fixed(((2, 4), X)))
declare("cumulative_trapezoid", None, fixed(((2, 3), X), ((3,), X)))

# -- norms -----------------------------------------------------------------------------------------

ORDERS = st.sampled_from([0.5, 1, 1.5, 2, 3, 4.0, math.inf, -math.inf, -1.5])


def with_norm(draw: Any, shape: tuple[int, ...]) -> list[Any]:
    return [draw(ORDERS), *reduced(draw, shape)]


NORMS = shaped(SIZES, with_norm, min_side=1).map(signed)
declare("linalg_vector_norm", lambda torch, x, *a: torch.linalg.vector_norm(x, *a), NORMS, float32=False)
declare("norm", None, NORMS, float32=False)
declare(
    "linalg_vector_norm",
    lambda torch, x: torch.linalg.vector_norm(x, 0),
    fixed(((3,), whole())).map(lambda args: [args[0].astype(float)]),
    order=0,
)
declare("norm", None, shaped(X, min_side=1), reference=lambda x: np.sqrt(np.sum(x * x)))
declare("norm", lambda torch, x: x.norm(dim=1, keepdim=True), fixed(((2, 3), X)))
declare("norm", lambda torch, x: x.t().norm(), fixed(((2, 3), X)))
declare("linalg_norm", lambda torch, x: torch.linalg.norm(x), shaped(X, min_side=1))
declare(
    "linalg_norm",
    lambda torch, x, p: torch.linalg.norm(x, p, dim=1),
    fixed(((2, 3), SIZES), extra=[ORDERS]).map(signed),
)
declare(
    "linalg_norm",
    lambda torch, x, p: torch.linalg.norm(x, p),
    fixed(((2, 3), SIZES), extra=[st.sampled_from(["fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2])]).map(
        signed
    ),
    reference=np.linalg.norm,
)
declare(
    "linalg_norm",
    lambda torch, x: torch.linalg.norm(x, 1, (0, 2), True),
    fixed(((2, 2, 3), SIZES)).map(signed),
)
declare("dist", None, elementwise(real(0.1, 2), real(-2, 0)), torch=False)
declare(
    "dist",
    None,
    fixed(((2, 3), real(0.1, 2)), ((3,), real(-2, 0)), extra=[st.sampled_from([0.5, 1, 2, 3, math.inf])]),
)
declare(
    "renorm",
    None,
    fixed(((3, 4), X), extra=[st.sampled_from([1, 2, 3]), st.sampled_from([0, -1]), st.just(0.5)]),
    tolerance=1e-5,
)
declare("renorm", None, fixed(((2, 3, 2), X), extra=[st.just(2), st.just(1), st.just(100.0)]))
