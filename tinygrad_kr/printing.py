"""The text of a tensor, character for character as PyTorch prints it.

One style is chosen for all elements that will be shown: whole numbers (``3.``), fixed point (``3.1416``) or
scientific (``3.1416e+00``), and each is padded to the width of the widest. A tensor of more than
``threshold`` elements shows only ``edgeitems`` at each end of each dimension, so a large one prints as fast
as a small one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import dtypes

__all__ = ["get_printoptions", "printoptions", "set_printoptions", "tensor_text"]

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options: dict[str, Any] = {**_PROFILES["default"], "sci_mode": None}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors print. An option left at None stays as it is, but ``sci_mode`` returns to automatic.

    Args:
        precision: digits after the point of floating-point elements (4).
        threshold: the most elements that are shown without summarising (1000).
        edgeitems: elements shown at each end of each dimension when summarising (3).
        linewidth: characters per line (80).
        profile: "default", "short" or "full", a set of the four above, which may still be given.
        sci_mode: scientific notation always (True), never (False), or where the range needs it (None).

    Raises ValueError for an unknown profile and for negative numbers.

    >>> with printoptions(precision=2):
    ...     print(tensor_text(np.array([0.5, 0.25], np.float32)))
    tensor([0.50, 0.25])

    Source: PyTorch: torch.set_printoptions.
    """
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"profile must be one of {', '.join(map(repr, _PROFILES))}, not {profile!r}")
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in given.items():
        if value is not None and value < 0:
            raise ValueError(f"{name} must not be negative, got {value}")
    _options.update(_PROFILES[profile] if profile else {})
    _options.update({name: value for name, value in given.items() if value is not None}, sci_mode=sci_mode)


def get_printoptions() -> dict[str, Any]:
    """The current print options, as keyword arguments for ``set_printoptions``."""
    return dict(_options)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Print with these options, the arguments of ``set_printoptions``, inside a ``with`` block only."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        _options.update(before)


def tensor_text(
    array: np.ndarray[Any, Any],
    *,
    requires_grad: bool = False,
    grad_fn: str | None = None,
    prefix: str = "tensor(",
) -> str:
    """The text of a tensor with the elements of ``array``.

    Args:
        array: the elements, of a dtype that tensors have.
        requires_grad: whether to say so; a tensor with a ``grad_fn`` says that instead.
        grad_fn: the name of the node that made the tensor, such as ``"MulBackward0"``.
        prefix: what precedes the elements, for subclasses that print under another name.

    >>> print(tensor_text(np.eye(2, dtype=np.float32), requires_grad=True))
    tensor([[1., 0.],
            [0., 1.]], requires_grad=True)
    >>> tensor_text(np.arange(2000, dtype=np.int16))
    'tensor([   0,    1,    2,  ..., 1997, 1998, 1999], dtype=torch.int16)'

    Source: PyTorch: torch.Tensor.__repr__.
    """
    default = dtypes.get_default_dtype()
    dtype = dtypes.from_numpy(array.dtype)
    suffixes = []
    if array.size == 0:
        body = "[]"
        if array.ndim != 1:
            suffixes.append(f"size={array.shape}")
        # With no element to show it, even int64 has to be named.
        dtype_shown = dtype is not default
    else:
        body = _elements(array, len(prefix))
        if _options["edgeitems"] == 0:
            suffixes.append(f"size={array.shape}")
        default_complex = dtypes.promote_types(default, dtypes.complex64)
        dtype_shown = dtype not in (default, default_complex, dtypes.int64, dtypes.bool)
    if dtype_shown:
        suffixes.append(f"dtype={dtype}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    return _with_suffixes(prefix + body, suffixes, len(prefix)) + ")"


def sparse_text(
    indices: np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
    size: tuple[int, ...],
    *,
    requires_grad: bool = False,
    grad_fn: str | None = None,
) -> str:
    """The text of a sparse tensor with these entries at these positions."""
    prefix = "tensor("
    dtype = dtypes.from_numpy(values.dtype)
    parts = []
    for name, array in (("indices", indices), ("values", values)):
        indent = len(prefix) + len(f"{name}=tensor(")
        body = _elements(array, indent) if array.size else f"[], size={array.shape}"
        parts.append(f"{name}=tensor({body})")
    suffixes = [f"size={size}", f"nnz={values.size}"]
    if dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool):
        suffixes.append(f"dtype={dtype}")
    suffixes.append("layout=torch.sparse_coo")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    text = prefix + f",\n{' ' * len(prefix)}".join(parts)
    return _with_suffixes(text, suffixes, len(prefix), new_line=True) + ")"


def _with_suffixes(text: str, suffixes: Sequence[str], indent: int, *, new_line: bool = False) -> str:
    """``text`` and the suffixes, each on the last line if it fits there, else on a line of its own."""
    # Two more than its length: PyTorch counts so, and where lines break depends on it.
    line_length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if new_line or line_length + len(suffix) + 2 > _options["linewidth"]:
            text += f",\n{' ' * indent}{suffix}"
            line_length = indent + len(suffix)
            new_line = False
        else:
            text += f", {suffix}"
            line_length += len(suffix) + 2
    return text


def _elements(array: np.ndarray[Any, Any], indent: int) -> str:
    """The elements, of which there is at least one, in nested brackets that begin in column ``indent``."""
    edge = _options["edgeitems"]
    summarized = [array.size > _options["threshold"] and n > 2 * edge for n in array.shape]
    if any(summarized):
        ends = [np.r_[:edge, n - edge : n] if n > 2 * edge else np.arange(n) for n in array.shape]
        array = array[np.ix_(*ends)]
    element, width = _style(array)
    per_line = max(1, (_options["linewidth"] - indent - array.ndim + 1) // (width + 2))

    def nested(values: Any, axis: int) -> str:
        if axis == array.ndim:
            return element(values)
        items = [nested(value, axis + 1) for value in values]
        innermost = axis == array.ndim - 1
        if summarized[axis]:
            items.insert(edge, " ..." if innermost and edge else "...")
        line_start = " " * (indent + axis + 1)
        if innermost:
            lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
            return "[" + (",\n" + line_start).join(lines) + "]"
        return "[" + ("," + "\n" * (array.ndim - 1 - axis) + line_start).join(items) + "]"

    return nested(array.tolist(), 0)


def _style(values: np.ndarray[Any, Any]) -> tuple[Callable[[Any], str], int]:
    """What turns each element, as a Python number, into text, and the width that lines count for it."""
    if values.dtype.kind == "c":
        return _complex_style(values)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values) & (values != 0)]  # zeros, nan and inf adapt to the others
        text = _float_style(values)
    else:
        text = str
    width = max(map(len, map(text, values.ravel().tolist())), default=1)
    return lambda value: text(value).rjust(width), width


def _float_style(values: np.ndarray[Any, Any]) -> Callable[[float], str]:
    """How to write floating-point numbers like ``values``, which are finite and not 0."""
    precision, scientific = _options["precision"], _options["sci_mode"]
    if scientific is None and values.size:
        magnitudes = np.abs(values)
        low, high = float(magnitudes.min()), float(magnitudes.max())
        scientific = high / low > 1000 or high > 1e8 or low < 1e-4
    if scientific and values.size:
        return lambda value: f"{value:.{precision}e}"
    if (values == np.ceil(values)).all():
        return lambda value: f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"
    return lambda value: f"{value:.{precision}f}"


def _complex_style(values: np.ndarray[Any, Any]) -> tuple[Callable[[complex], str], int]:
    """``_style`` of complex elements: the parts have a style each, and only the real part is padded."""
    real, real_width = _style(values.real)
    imaginary, imaginary_width = _style(values.imag)

    def text(value: complex) -> str:
        unpadded = imaginary(value.imag).lstrip()
        sign = "" if unpadded.startswith("-") else "+"
        return f"{real(value.real)}{sign}{unpadded}j"

    return text, real_width + imaginary_width + 1
