"""One declaration per operation gives its property test and its comparison with PyTorch.

    declare("add", lambda torch, x, y: torch.add(x, y, alpha=2), elementwise(real(), real()),
            reference=lambda x, y: x + 2 * y)

A declaration is a name (of the public operation), a call written once against PyTorch's API, a strategy that
draws its arguments, and the value in plain NumPy. Drawn float64 arrays become tensors that require gradients,
integer and boolean arrays tensors that do not, everything else is passed as it is.

`check` then asserts, in float64: the value; the gradient at order one and two against two-sided finite
differences; that `create_graph` gives the same first gradient; that inputs are unchanged and results do not
alias them (unless it is a view); that read-only and strided inputs give the same; and in float32: that the
dtype is kept. Kinks are avoided by the strategy (`real(avoid=...)`), never by a loose tolerance.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr
from tinygrad_kr import Tensor

STEP = 1e-5


@dataclass(frozen=True)
class Declaration:
    """What is known of one operation; see the head of this file."""

    name: str
    call: Callable[..., Any]
    inputs: st.SearchStrategy[Sequence[Any]]
    reference: Callable[..., Any] | None = None
    order: int = 2  # of the derivatives to check: 0 where there are none
    view: bool = False  # the result may share memory with the first input
    float32: bool = True  # also run in float32
    torch: bool = True  # also compare with PyTorch
    tolerance: float = 1e-6  # of derivatives, relative to their size
    value_tolerance: float = 1e-10
    extra: dict[str, Any] = field(default_factory=dict)
    plain: bool = False  # the call is the function itself on the drawn arguments
    page: str = ""  # of which `declare_<page>.py` it stands in

    def __str__(self) -> str:
        return self.name


declarations: list[Declaration] = []


def load() -> list[Declaration]:
    """All declarations: those of every module `tests/ops/declare_*.py`."""
    import tests.ops
    from tinygrad_kr import ops

    for page in pkgutil.iter_modules(ops.__path__):  # some are imported when they are first asked for
        importlib.import_module(f"tinygrad_kr.ops.{page.name}")
    for module in pkgutil.iter_modules(tests.ops.__path__):
        if module.name.startswith("declare_"):
            importlib.import_module(f"tests.ops.{module.name}")
    return declarations


def declared_tests(
    check: Callable[[Declaration, Any], None], wanted: Callable[[Declaration], bool] = lambda one: True
) -> dict[str, Any]:
    """A test for every module of declarations, by its name; each checks all of that module's.

    There is more than one since hypothesis nests the settings of a test one deeper for every parameter, and
    a thousand is deeper than Python goes.
    """
    found: dict[str, list[Declaration]] = {}
    for declaration in load():
        if wanted(declaration):
            found.setdefault(declaration.page, []).append(declaration)

    def test_of(members: list[Declaration]) -> Any:
        @pytest.mark.parametrize("declaration", members, ids=str)
        @given(data=st.data())
        def test(declaration: Declaration, data: st.DataObject) -> None:
            check(declaration, data.draw(declaration.inputs))

        return test

    return {f"test_{page}": test_of(members) for page, members in found.items()}


def declare(
    name: str, call: Callable[..., Any] | None, inputs: st.SearchStrategy[Any], **options: Any
) -> None:
    """Declare an operation; a call of None means the function `torch.<name>` on the drawn arguments."""
    page = sys._getframe(1).f_globals["__name__"].rpartition("declare_")[2]
    options |= {"plain": call is None, "page": page}
    declarations.append(Declaration(name, call or _by_name(name), inputs, **options))


def _by_name(name: str) -> Callable[..., Any]:
    def call(torch: Any, *args: Any) -> Any:
        found = torch
        for part in name.split("."):
            found = getattr(found, part)
        return found(*args)

    return call


# -- strategies ----------------------------------------------------------------------------------

SHAPES = [(), (1,), (3,), (0,), (2, 3), (1, 3), (2, 1), (2, 0), (2, 1, 3)]


def shapes(
    max_dims: int = 3, min_dims: int = 0, *, max_side: int = 3, min_side: int = 0
) -> st.SearchStrategy[Any]:
    """Small shapes, empty and 0-d ones among them."""
    return st.lists(st.integers(min_side, max_side), min_size=min_dims, max_size=max_dims).map(tuple)


@dataclass(frozen=True)
class Domain:
    """Numbers between low and high, at a distance from the points to avoid; distinct on request."""

    low: float = -2.0
    high: float = 2.0
    avoid: tuple[float, ...] = ()
    gap: float = 0.05
    distinct: bool = False
    dtype: Any = np.float64

    def fill(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """An array of this domain."""
        if np.dtype(self.dtype).kind in "iu":
            return rng.integers(int(self.low), int(self.high) + 1, shape).astype(self.dtype)
        if np.dtype(self.dtype).kind == "b":
            return rng.integers(0, 2, shape).astype(bool)
        values = rng.uniform(self.low, self.high, shape)
        if self.distinct:
            size = int(np.prod(shape))
            grid = np.linspace(self.low, self.high, max(size, 2))[:size]
            values = rng.permutation(grid).reshape(shape)
        for point in self.avoid:
            near = np.abs(values - point) < self.gap
            values = np.where(near, point + np.where(values < point, -self.gap, self.gap) * 1.5, values)
        return np.asarray(values, np.float64)


def real(
    low: float = -2.0, high: float = 2.0, *, avoid: Any = (), gap: float = 0.05, distinct: bool = False
) -> Domain:
    """Real numbers of an interval; `avoid` names the kinks to stay away from."""
    return Domain(low, high, tuple(np.atleast_1d(avoid)), gap, distinct)


def whole(low: int = -3, high: int = 3, dtype: Any = np.int64) -> Domain:
    """Integers from low to high, both included."""
    return Domain(low, high, dtype=dtype)


def truth() -> Domain:
    """Booleans."""
    return Domain(dtype=np.bool_)


SEEDS = st.integers(0, 2**31)


@st.composite
def elementwise(draw: Any, *domains: Domain, extra: Sequence[st.SearchStrategy[Any]] = ()) -> list[Any]:
    """Arguments whose shapes broadcast together (each may lack leading dimensions or have ones)."""
    shape = draw(st.sampled_from(SHAPES))
    rng = np.random.default_rng(draw(SEEDS))
    args = []
    for domain in domains:
        own = shape
        if len(domains) > 1:
            own = tuple(draw(st.sampled_from([side, 1])) for side in shape)
            own = own[draw(st.integers(0, len(own))) :] if draw(st.booleans()) else own
        args.append(domain.fill(own, rng))
    return args + [draw(one) for one in extra]


@st.composite
def fixed(draw: Any, *parts: Any, extra: Sequence[st.SearchStrategy[Any]] = ()) -> list[Any]:
    """Arguments of given shapes: `fixed(((2, 3), real()), ((3,), real()))`; `extra` is drawn after them."""
    rng = np.random.default_rng(draw(SEEDS))
    return [domain.fill(shape, rng) for shape, domain in parts] + [draw(one) for one in extra]


@st.composite
def shaped(
    draw: Any,
    domain: Domain,
    arguments: Callable[[Any, tuple[int, ...]], Sequence[Any]] = lambda draw, shape: (),
    *,
    min_dims: int = 0,
    max_dims: int = 3,
    min_side: int = 0,
) -> list[Any]:
    """One array of any small shape, and arguments that `arguments(draw, shape)` chooses to fit it."""
    shape = draw(shapes(max_dims, min_dims, min_side=min_side))
    rng = np.random.default_rng(draw(SEEDS))
    return [domain.fill(shape, rng), *arguments(draw, shape)]


# -- the properties ------------------------------------------------------------------------------


def tensors(args: Sequence[Any], dtype: Any = None, *, requires_grad: bool = True) -> list[Any]:
    """The drawn arguments as the operation gets them: arrays become tensors."""
    made = []
    for arg in args:
        if isinstance(arg, np.ndarray):
            array = arg.astype(dtype) if dtype is not None and arg.dtype.kind == "f" else arg
            tensor = tinygrad_kr.from_numpy(array)
            made.append(tensor.requires_grad_() if requires_grad and array.dtype.kind == "f" else tensor)
        elif isinstance(arg, (list, tuple)) and any(isinstance(one, np.ndarray) for one in arg):
            made.append(type(arg)(tensors(arg, dtype, requires_grad=requires_grad)))
        else:
            made.append(arg)
    return made


def leaves(args: Sequence[Any]) -> list[Tensor]:
    """The tensors among the arguments that require gradients, those inside lists included."""
    found: list[Tensor] = []
    for arg in args:
        if isinstance(arg, Tensor) and arg.requires_grad:
            found.append(arg)
        elif isinstance(arg, (list, tuple)):
            found += leaves(arg)
    return found


def outputs(result: Any) -> list[Any]:
    """The floating tensors of a result, in order."""
    flat = [result] if not isinstance(result, (tuple, list)) else [o for one in result for o in outputs(one)]
    return [one for one in flat if hasattr(one, "is_floating_point") and one.is_floating_point()]


def all_outputs(result: Any) -> list[Any]:
    """Everything a result consists of, in order."""
    return (
        [result] if not isinstance(result, (tuple, list)) else [o for one in result for o in all_outputs(one)]
    )


def _weights(results: Sequence[Any]) -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [np.asarray(rng.uniform(0.5, 1.5, one.shape) * rng.choice([-1, 1], one.shape)) for one in results]


def _weighted(results: Sequence[Tensor], weights: Sequence[np.ndarray]) -> float:
    return float(sum((one.detach().numpy() * weight).sum() for one, weight in zip(results, weights)))


def _moved(args: Sequence[Any], directions: list[np.ndarray], step: float) -> list[Any]:
    """The drawn arguments with every floating array moved along its direction."""
    remaining = iter(directions)

    def move(arg: Any) -> Any:
        if isinstance(arg, np.ndarray) and arg.dtype.kind == "f":
            return np.asarray(arg + step * next(remaining))
        if isinstance(arg, (list, tuple)) and any(isinstance(one, np.ndarray) for one in arg):
            return type(arg)(move(one) for one in arg)
        return arg

    return [move(arg) for arg in args]


def gradients(
    declaration: Declaration, args: Sequence[Any], *, create_graph: bool = False
) -> tuple[list[Tensor], list[Tensor]]:
    """The leaves, and the gradients there of the weighted sum of the results."""
    inputs = tensors(args)
    results = [one for one in outputs(declaration.call(tinygrad_kr, *inputs)) if one.requires_grad]
    weights = [tinygrad_kr.from_numpy(weight) for weight in _weights(results)]
    found = leaves(inputs)
    if not results:
        return found, [tinygrad_kr.zeros_like(one) for one in found]
    grads = tinygrad_kr.autograd.grad(
        results, found, weights, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )
    return found, list(grads)


def check(declaration: Declaration, args: Sequence[Any]) -> None:
    """All properties of one operation at one point."""
    before = [np.copy(arg) if isinstance(arg, np.ndarray) else arg for arg in args]
    inputs = tensors(args)
    result = declaration.call(tinygrad_kr, *inputs)
    _check_value(declaration, args, result)
    _check_memory(declaration, args, before, inputs, result)
    _check_unusual_memory(declaration, args, result)
    if declaration.float32:
        _check_float32(declaration, args, result)
    if declaration.order:
        _check_first_order(declaration, args)
    if declaration.order > 1:
        _check_second_order(declaration, args)


def _check_value(declaration: Declaration, args: Sequence[Any], result: Any) -> None:
    if declaration.reference is None:
        return
    expected = declaration.reference(*args)
    expected = list(expected) if isinstance(expected, (tuple, list)) else [expected]
    got = all_outputs(result)
    assert len(got) == len(expected)
    for one, want in zip(got, expected):
        want = np.asarray(want)
        assert tuple(one.shape) == want.shape, f"shape {tuple(one.shape)}, expected {want.shape}"
        tolerance = declaration.value_tolerance
        np.testing.assert_allclose(one.detach().numpy(), want, rtol=tolerance, atol=tolerance)


def _check_memory(
    declaration: Declaration, args: Sequence[Any], before: Sequence[Any], inputs: Sequence[Any], result: Any
) -> None:
    for arg, was in zip(args, before):
        if isinstance(arg, np.ndarray):
            np.testing.assert_array_equal(arg, was, err_msg="the operation changed its input")
    if not declaration.view:
        for one in all_outputs(result):
            for tensor in inputs:
                if isinstance(one, Tensor) and isinstance(tensor, Tensor):
                    shared = np.shares_memory(one.detach().numpy(), tensor.detach().numpy())
                    assert not shared, "the result shares memory with an input"


def _check_unusual_memory(declaration: Declaration, args: Sequence[Any], result: Any) -> None:
    strange = []
    for arg in args:
        if isinstance(arg, np.ndarray) and arg.ndim:
            wide = np.zeros((*arg.shape[:-1], 2 * arg.shape[-1]), arg.dtype)
            wide[..., ::2] = arg
            arg = wide[..., ::2]
            arg.flags.writeable = False
        strange.append(arg)
    again = declaration.call(tinygrad_kr, *tensors(strange))
    for one, other in zip(outputs(result), outputs(again)):
        np.testing.assert_allclose(
            one.detach().numpy(),
            other.detach().numpy(),
            rtol=1e-9,
            atol=1e-9,
            err_msg="strided, read-only inputs",
        )


def _check_float32(declaration: Declaration, args: Sequence[Any], result: Any) -> None:
    inputs = tensors(args, np.float32)
    narrow = declaration.call(tinygrad_kr, *inputs)
    for one, wide in zip(outputs(narrow), outputs(result)):
        if wide.dtype is tinygrad_kr.float64:
            assert one.dtype in (tinygrad_kr.float32, declaration.extra.get("dtype")), (
                f"float32 became {one.dtype}"
            )
            np.testing.assert_allclose(one.detach().numpy(), wide.detach().numpy(), rtol=2e-3, atol=2e-3)
    results = [one for one in outputs(narrow) if one.requires_grad]
    if results and declaration.order:
        grads = tinygrad_kr.autograd.grad(
            results, leaves(inputs), [tinygrad_kr.ones_like(one) for one in results], allow_unused=True
        )
        assert all(g is None or g.dtype is tinygrad_kr.float32 for g in grads), (
            "a float32 input got another gradient"
        )


def _check_first_order(declaration: Declaration, args: Sequence[Any]) -> None:
    found, grads = gradients(declaration, args)
    rng = np.random.default_rng(11)
    directions = [np.asarray(rng.uniform(-1, 1, one.shape)) for one in found]
    for one, g in zip(found, grads):
        assert g.shape == one.shape and g.dtype is one.dtype
    for i, g in enumerate(grads):
        for other in [*grads[:i], *found]:
            assert not np.shares_memory(g.detach().numpy(), other.detach().numpy()), "gradients share memory"

    def value(step: float) -> float:
        results = outputs(declaration.call(tinygrad_kr, *tensors(_moved(args, directions, step))))
        results = [one for one in results if one.requires_grad]
        return _weighted(results, _weights(results))

    expected = (value(STEP) - value(-STEP)) / (2 * STEP)
    got = float(sum((g.detach().numpy() * v).sum() for g, v in zip(grads, directions)))
    scale = max(1.0, abs(expected), *(float(np.abs(g.detach().numpy()).sum()) for g in grads), 0.0)
    assert abs(got - expected) <= declaration.tolerance * scale, (
        f"first order: {got}, finite differences {expected}"
    )


def _check_second_order(declaration: Declaration, args: Sequence[Any]) -> None:
    found, raw = gradients(declaration, args)
    same, first = gradients(declaration, args, create_graph=True)
    for one, two in zip(raw, first):
        np.testing.assert_allclose(
            one.detach().numpy(),
            two.detach().numpy(),
            rtol=1e-8,
            atol=1e-8,
            err_msg="create_graph changed the gradient",
        )
    rng = np.random.default_rng(13)
    across = [np.asarray(rng.uniform(-1, 1, one.shape)) for one in found]
    directions = [np.asarray(rng.uniform(-1, 1, one.shape)) for one in found]

    def slope(step: float) -> float:
        _, grads = gradients(declaration, _moved(args, directions, step))
        return _weighted(grads, across)

    expected = (slope(STEP) - slope(-STEP)) / (2 * STEP)
    curved = [(g, weight) for g, weight in zip(first, across) if g.requires_grad]
    got, scale = 0.0, max(1.0, abs(expected))
    if curved:
        second = tinygrad_kr.autograd.grad(
            [g for g, _ in curved],
            same,
            [tinygrad_kr.from_numpy(weight) for _, weight in curved],
            allow_unused=True,
            materialize_grads=True,
        )
        got = float(sum((h.detach().numpy() * v).sum() for h, v in zip(second, directions)))
        scale = max(scale, *(float(np.abs(h.detach().numpy()).sum()) for h in second), 0.0)
    tolerance = 20 * declaration.tolerance * scale
    assert abs(got - expected) <= tolerance, f"second order: {got}, finite differences {expected}"


def _numbers(theirs: Any) -> np.ndarray:
    """The numbers of PyTorch's tensor, which may have put off changing their signs."""
    return np.asarray(theirs.detach().resolve_neg().numpy())


def check_against_torch(declaration: Declaration, args: Sequence[Any], torch: Any) -> None:
    """The same call on PyTorch: values, shapes, dtypes and gradients are equal."""

    def convert(arg: Any) -> Any:
        if isinstance(arg, np.ndarray):
            tensor = torch.from_numpy(np.array(arg))
            return tensor.requires_grad_() if arg.dtype.kind == "f" and declaration.order else tensor
        if isinstance(arg, (list, tuple)) and any(isinstance(one, np.ndarray) for one in arg):
            return type(arg)(convert(one) for one in arg)
        return arg

    mine = tensors(args)
    theirs = [convert(arg) for arg in args]
    got, want = declaration.call(tinygrad_kr, *mine), declaration.call(torch, *theirs)
    got_flat, want_flat = all_outputs(got), all_outputs(want)
    assert len(got_flat) == len(want_flat)
    for one, other in zip(got_flat, want_flat):
        if not isinstance(other, torch.Tensor):
            assert one == other
            continue
        assert tuple(one.shape) == tuple(other.shape), (
            f"shape {tuple(one.shape)}, PyTorch {tuple(other.shape)}"
        )
        assert str(one.dtype) == str(other.dtype), f"{one.dtype}, PyTorch {other.dtype}"
        np.testing.assert_allclose(one.detach().numpy(), _numbers(other), rtol=1e-7, atol=1e-9)
    if not declaration.order:
        return
    mine_results = [one for one in outputs(got) if one.requires_grad]
    their_results = [one for one in outputs(want) if one.requires_grad]
    assert len(mine_results) == len(their_results)
    if not mine_results:
        return
    weights = _weights(mine_results)
    grads = tinygrad_kr.autograd.grad(
        mine_results, leaves(mine), [tinygrad_kr.from_numpy(w) for w in weights], allow_unused=True
    )
    flat = [arg for part in theirs for arg in (part if isinstance(part, (list, tuple)) else [part])]
    their_leaves = [arg for arg in flat if isinstance(arg, torch.Tensor) and arg.requires_grad]
    expected = torch.autograd.grad(
        their_results, their_leaves, [torch.from_numpy(w) for w in weights], allow_unused=True
    )
    for g, other in zip(grads, expected):
        zero = np.zeros(())
        np.testing.assert_allclose(
            zero if g is None else g.detach().numpy(),
            zero if other is None else _numbers(other),
            rtol=1e-6,
            atol=1e-8,
        )
