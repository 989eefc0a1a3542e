"""`torch.testing`: comparisons for tests, with PyTorch's tolerances and messages."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import dtypes
from .ops.creation import as_tensor
from .size import Size
from .tensor import Tensor, wrap

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

# (rtol, atol) by dtype; everything else is compared exactly.
_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
_NUMBERS = (bool, int, float, complex)


@dataclass(frozen=True)
class _Rules:
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_dtype: bool
    check_stride: bool
    message: Callable[[str], str]

    def tolerances(self, *kinds: str) -> tuple[float, float]:
        """The tolerances given, or the widest of those of the dtypes."""
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        pairs = [_TOLERANCES.get(kind, (0.0, 0.0)) for kind in kinds]
        return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    r"""Raise unless two values are close, element by element.

    .. math:: |actual - expected| \le atol + rtol \cdot |expected|

    Args:
        actual, expected: tensors, arrays, numbers, None, or sequences and mappings of such.
        allow_subclasses: whether one may be of a subclass of the other's type.
        rtol, atol: the tolerances, given both or neither; by default those of the dtype: 1.3e-6 and 1e-5 for
            float32, 1e-7 for float64, 1e-3 and 1e-5 for float16, 0 for integers.
        equal_nan: whether NaN equals NaN.
        check_dtype: whether dtypes must be the same; otherwise both are promoted.
        check_stride: whether strides must be the same.
        check_device, check_layout: there is one of each.
        msg: what the error says instead, or a function of what it would say.

    Raises:
        AssertionError: they are not close, or differ in shape, dtype or structure.
        ValueError: one of the tolerances is given without the other.
        TypeError: they are of kinds that cannot be compared.

    >>> torch.testing.assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0 + 1e-6]))
    >>> torch.testing.assert_close(torch.ones(3), torch.tensor([1.0, 2.0, 1.0]))
    Traceback (most recent call last):
    AssertionError: Tensor-likes are not close!
    <BLANKLINE>
    Mismatched elements: 1 / 3 (33.3%)
    Greatest absolute difference: 1.0 at index (1,) (up to 1e-05 allowed)
    Greatest relative difference: 0.5 at index (1,) (up to 1.3e-06 allowed)

    Source: PyTorch, `torch.testing.assert_close`.
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
    if isinstance(msg, str):
        text = msg
        message: Callable[[str], str] = lambda _: text  # noqa: E731
    else:
        message = msg or str
    rules = _Rules(rtol, atol, equal_nan, check_dtype, check_stride, message)
    if not allow_subclasses and type(actual) is not type(expected):
        raise TypeError(
            f"If `allow_subclasses` is False, both must be of one type, got {type(actual)} and "
            f"{type(expected)}"
        )
    _compare(actual, expected, rules, ())


_ROUGHLY = {"float16": (1e-3, 1e-3), "float32": (1e-4, 1e-5), "float64": (1e-5, 1e-8)}


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """`assert_close` of PyTorch's first releases: rougher tolerances, and the dtypes may differ.

    Deprecated, as in PyTorch.

    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     torch.testing.assert_allclose(torch.ones(2), [1.0, 1.00001])

    Source: PyTorch, `torch.testing.assert_allclose`.
    """
    warnings.warn(
        "`torch.testing.assert_allclose()` is deprecated. Please use `torch.testing.assert_close()` instead.",
        FutureWarning,
        stacklevel=2,
    )
    one = as_tensor(actual)
    other = as_tensor(expected, dtype=None if isinstance(expected, Tensor) else one.dtype)
    if rtol is None and atol is None:
        names = (str(each.dtype).removeprefix("torch.") for each in (one, other))
        rtol, atol = map(max, zip(*(_ROUGHLY.get(name, (0.0, 0.0)) for name in names)))
    assert_close(one, other, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None)


def _compare(actual: Any, expected: Any, rules: _Rules, place: tuple[Any, ...]) -> None:
    def fail(text: str) -> AssertionError:
        where = f"\n\nThe failure occurred for item {''.join(f'[{one!r}]' for one in place)}" if place else ""
        return AssertionError(rules.message(text + where))

    if actual is None and expected is None:
        return
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        missing = [key for key in expected if key not in actual]
        additional = [key for key in actual if key not in expected]
        if missing or additional:
            raise fail(
                f"The keys of the mappings do not match:\nMissing keys in the actual mapping: {missing}\n"
                f"Additional keys in the actual mapping: {additional}"
            )
        for key in expected:
            _compare(actual[key], expected[key], rules, (*place, key))
    elif _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            raise fail(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}")
        for i, (one, other) in enumerate(zip(actual, expected)):
            _compare(one, other, rules, (*place, i))
    elif isinstance(actual, _NUMBERS) and isinstance(expected, _NUMBERS):
        problem = _numbers_apart(actual, expected, rules)
        if problem:
            raise fail(problem)
    elif any(isinstance(actual, kind) and isinstance(expected, kind) for kind in (Tensor, np.ndarray)):
        problem = _arrays_apart(_array(actual), _array(expected), rules)
        if problem:
            raise fail(problem)
    else:
        raise TypeError(
            f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
        )


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _array(value: Any) -> np.ndarray:
    return value._array if isinstance(value, Tensor) else value


def _numbers_apart(actual: Any, expected: Any, rules: _Rules) -> str | None:
    """What is to be said of two numbers that are not close."""
    if rules.check_dtype and type(actual) is not type(expected):
        return f"The (d)types do not match: {type(actual)} != {type(expected)}."
    names = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}
    rtol, atol = rules.tolerances(names[type(actual)], names[type(expected)])
    if np.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=rules.equal_nan):
        return None
    away = abs(actual - expected)
    relative = away / abs(expected) if expected else np.inf
    equal = "equal" if rtol == atol == 0 else "close"
    allowed = ("", "") if equal == "equal" else (f" (up to {atol} allowed)", f" (up to {rtol} allowed)")
    return (
        f"Scalars are not {equal}!\n\nExpected {expected} but got {actual}.\n"
        f"Absolute difference: {away}{allowed[0]}\nRelative difference: {relative}{allowed[1]}"
    )


def _arrays_apart(actual: np.ndarray, expected: np.ndarray, rules: _Rules) -> str | None:
    """What is to be said of two arrays that are not close, or not alike."""
    if actual.shape != expected.shape:
        sizes = [Size(each.shape) for each in (actual, expected)]
        return f"The values for attribute 'shape' do not match: {sizes[0]} != {sizes[1]}."
    if rules.check_dtype and actual.dtype != expected.dtype:
        names = [dtypes.from_numpy(one.dtype) for one in (actual, expected)]
        return f"The values for attribute 'dtype' do not match: {names[0]} != {names[1]}."
    if rules.check_stride and actual.strides != expected.strides:
        strides = [tuple(step // one.itemsize for step in one.strides) for one in (actual, expected)]
        return f"The values for attribute 'stride()' do not match: {strides[0]} != {strides[1]}."
    rtol, atol = rules.tolerances(actual.dtype.name, expected.dtype.name)
    common = np.result_type(actual, expected)
    wide = np.promote_types(common, np.float32) if common.kind in "fc" else np.dtype(object)
    with np.errstate(all="ignore"):
        one, other = actual.astype(wide), expected.astype(wide)
        if common.kind in "fc":
            close = np.isclose(one, other, rtol=rtol, atol=atol, equal_nan=rules.equal_nan)
        else:
            close = np.abs(one - other) <= atol + rtol * np.abs(other)
        if np.all(close):
            return None
        away = np.abs(one - other).astype(np.float64)
        divided = np.float64 if common.kind in "fc" else np.float32  # as PyTorch divides integers
        relative = away.astype(divided) / np.abs(other).astype(divided)
    return _told(np.asarray(close, bool), away, relative, rtol, atol, common)


def _told(
    close: np.ndarray, away: np.ndarray, relative: np.ndarray, rtol: float, atol: float, dtype: np.dtype
) -> str:
    """The report on elements that are not close: how many, and the worst."""
    equal = "equal" if rtol == atol == 0 else "close"
    if not close.ndim:
        bounds = ("", "") if equal == "equal" else (f" (up to {atol} allowed)", f" (up to {rtol} allowed)")
        return (
            f"Scalars are not {equal}!\n\nAbsolute difference: {away}{bounds[0]}\n"
            f"Relative difference: {relative}{bounds[1]}"
        )
    count = int(np.sum(~close))
    lines = [
        f"Tensor-likes are not {equal}!",
        "",
        f"Mismatched elements: {count} / {close.size} ({count / close.size:.1%})",
    ]
    for name, values, bound in (("absolute", away, atol), ("relative", relative, rtol)):
        values = np.where(close, -1, values)
        worst = np.unravel_index(int(np.argmax(values)), values.shape)
        value = int(values[worst]) if name == "absolute" and dtype.kind in "iub" else float(values[worst])
        allowed = "" if equal == "equal" else f" (up to {bound} allowed)"
        place = tuple(int(i) for i in worst)
        lines.append(f"Greatest {name} difference: {value} at index {place}{allowed}")
    return "\n".join(lines)


def make_tensor(
    *shape: Any,
    dtype: Any,
    device: Any = "cpu",
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
) -> Tensor:
    """A tensor of uniform random values, for tests.

    Args:
        shape: the sizes, or one sequence of them.
        dtype: the dtype.
        low, high: the bounds, the upper one exclusive; -9 and 9 by default (0 and 10 for unsigned integers).
        requires_grad: ask for its gradient.
        noncontiguous: every second element of a larger tensor along the last dimension.
        exclude_zero: put 1 (the smallest positive number of a floating dtype) in place of 0.
        device: the CPU.

    >>> torch.testing.make_tensor(2, 3, dtype=torch.int64, low=1, high=2).tolist()
    [[1, 1, 1], [1, 1, 1]]

    Source: PyTorch, `torch.testing.make_tensor`.
    """
    from .devices import require_cpu
    from .ops.random import rand, randint

    require_cpu(device)
    sizes = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else tuple(shape)
    stored = dtypes.as_dtype(dtype).numpy
    if stored.kind == "b":
        low, high = 0, 2
    else:
        low = (0 if stored.kind == "u" else -9) if low is None else low
        high = (10 if stored.kind in "iu" else 9) if high is None else high
    if low >= high:
        raise ValueError(f"low must be less than high, got {low} and {high}")
    drawn = (*sizes[:-1], 2 * sizes[-1]) if noncontiguous and sizes else sizes
    if stored.kind in "iub":
        array = randint(int(low), int(high), drawn)._array.astype(stored)
    else:
        uniform = rand(drawn, dtype=dtypes.float64)._array
        array = (uniform * (high - low) + low).astype(stored)
    if exclude_zero:
        array[array == 0] = 1 if stored.kind in "iub" else np.finfo(stored).tiny
    result = wrap(array[..., ::2] if noncontiguous and sizes else array)
    return result.requires_grad_() if requires_grad else result
