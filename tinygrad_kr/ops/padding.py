"""Padding: constants around a tensor, or its own values reflected, replicated or wrapped.

Two pairs of primitives, each other's derivatives. `pad_` adds constants and, for negative widths, removes
elements; with the widths negated it is its own adjoint. `extend_` copies runs of elements outwards, along one
dimension after the other; `extend_back_` adds what lies there back to where it came from.

Results keep the order of the memory: an image that is channels-last stays so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.primitive import Primitive, numpy_function, rule
from ..tensor import Tensor
from ._public import public, require_tensor

__all__ = ["constant_pad_nd"]

FUNCTIONAL = ["pad"]

_LARGE = 2**15  # elements from which writing the borders alone is quicker than all, and then x

Widths = tuple[tuple[int, int], ...]
Run = tuple[
    slice, slice
]  # where elements go along a dimension, and where they come from (one: it is repeated)


# -- constants -----------------------------------------------------------------------------------------------


def pad_(x: Any, *, widths: Widths, value: float = 0.0) -> Any:
    """x with (before, after) elements of a value added at each dimension; negative widths remove elements."""
    shape = tuple(size + before + after for size, (before, after) in zip(x.shape, widths))
    stay = [max(0, size + min(0, before) + min(0, after)) for size, (before, after) in zip(x.shape, widths)]
    source = tuple(slice(max(0, -before), max(0, -before) + n) for n, (before, _) in zip(stay, widths))
    target = tuple(slice(max(0, before), max(0, before) + n) for n, (before, _) in zip(stay, widths))
    if shape == tuple(stay):
        return np.array(x[source], order="K")
    if x.size < _LARGE:
        out = np.full_like(x, value, shape=shape)
        if 0 not in stay:
            out[target] = x[source]
        return out
    out = np.empty_like(x, shape=shape)
    out[target] = x[source]
    inside: tuple[slice, ...] = ()  # of the dimensions seen so far, whose borders are written
    for one in target:
        for border in (slice(0, one.start), slice(one.stop, None)):
            out[(*inside, border)] = value
        inside = (*inside, one)
    return out


def negated(widths: Widths) -> Widths:
    """The widths that undo others."""
    return tuple((-before, -after) for before, after in widths)


pad_rule: Primitive = rule(
    pad_, name="constant_pad_nd", x=lambda g, widths: pad_rule(g, widths=negated(widths))
)


# -- the tensor's own values ---------------------------------------------------------------------------------


def extend_(x: Any, *, runs: dict[int, Sequence[Run]]) -> Any:
    """x extended along some dimensions, each by runs of its own elements."""
    for axis, along in runs.items():
        at = (slice(None),) * axis
        size = max(target.stop for target, _ in along)
        out = np.empty_like(x, shape=(*x.shape[:axis], size, *x.shape[axis + 1 :]))
        for target, source in along:
            out[(*at, target)] = x[(*at, source)]
        x = out
    return x


def extend_back_(g: Any, *, runs: dict[int, Sequence[Run]], shape: tuple[int, ...]) -> Any:
    """The adjoint of `extend_`: every element added to the one it was copied from."""
    for axis, along in reversed(runs.items()):
        at = (slice(None),) * axis
        out = np.zeros_like(g, shape=(*g.shape[:axis], shape[axis], *g.shape[axis + 1 :]))
        for target, source in along:
            part, place = g[(*at, target)], out[(*at, source)]
            place += part if place.shape == part.shape else part.sum(axis, keepdims=True)
        g = out
    return g


extend_rule: Primitive = rule(
    extend_, name="extend", x=lambda g, runs, x_shape: extend_back_rule(g, runs=runs, shape=x_shape)
)
extend_back_rule: Primitive = rule(
    extend_back_, name="extend_back", g=lambda g, runs: extend_rule(g, runs=runs)
)


def reflected(size: int, before: int, after: int) -> list[Run]:
    """Runs that mirror at the border elements, which are not repeated: 3 2 | 1 2 3 | 2 1."""
    inside = interior(size, before, after)
    left = (slice(0, before), slice(before, 0, -1))
    stop = size - 2 - after
    right = (slice(inside[0].stop, inside[0].stop + after), slice(size - 2, stop if stop >= 0 else None, -1))
    return [inside, *([left] if before > 0 else []), *([right] if after > 0 else [])]


def replicated(size: int, before: int, after: int) -> list[Run]:
    """Runs that repeat the border elements: 1 1 | 1 2 3 | 3 3."""
    inside = interior(size, before, after)
    left = (slice(0, before), slice(0, 1))
    right = (slice(inside[0].stop, inside[0].stop + after), slice(size - 1, size))
    return [inside, *([left] if before > 0 else []), *([right] if after > 0 else [])]


def wrapped(size: int, before: int, after: int) -> list[Run]:
    """Runs that go round: 2 3 | 1 2 3 | 1 2. What negative widths cut off does not come back."""
    inside = interior(size, before, after)
    start, stop = inside[1].start, inside[1].stop
    left = (slice(0, before), slice(stop - before, stop))
    right = (slice(inside[0].stop, inside[0].stop + after), slice(start, start + after))
    return [inside, *([left] if before > 0 else []), *([right] if after > 0 else [])]


def interior(size: int, before: int, after: int) -> Run:
    """The run of the elements that stay."""
    source = slice(max(0, -before), size + min(0, after))
    first = max(0, before)
    return slice(first, first + source.stop - source.start), source


MODES = {"reflect": reflected, "replicate": replicated, "circular": wrapped}


# -- the functions -------------------------------------------------------------------------------------------


@public(method=False, out=False)
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    r"""Add elements at the ends of the last dimensions; negative widths remove some.

    Args:
        input: any shape for "constant"; else the last one, two or three dimensions are padded, one or
            two more stand before them.
        pad: widths (before, after) of the last dimension, then of the one before it, and so on.
        mode: "constant", "reflect" (mirror at the border element), "replicate" (repeat it) or "circular".
        value: of "constant", 0 by default.

    Raises:
        RuntimeError: widths that do not fit the input.
        NotImplementedError: a mode or number of dimensions that does not exist.

    >>> x = torch.tensor([[1.0, 2.0, 3.0]])
    >>> torch.nn.functional.pad(x, (2, 1), value=9)
    tensor([[9., 9., 1., 2., 3., 9.]])
    >>> torch.nn.functional.pad(x, (2, -1), mode="reflect")
    tensor([[3., 2., 1., 2.]])

    Source: PyTorch, `torch.nn.functional.pad`.
    """
    shape = require_tensor(input, "pad")._array.shape
    widths = widths_of(pad, shape)
    if mode == "constant":
        return pad_rule(input, widths=widths, value=0 if value is None else value)
    if mode not in MODES:
        raise NotImplementedError(
            f"Unrecognised padding mode {mode}; expected 'constant', 'reflect', 'replicate' or 'circular'"
        )
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument, got value={value}')
    dims = len(pad) // 2
    if dims not in (1, 2, 3) or len(shape) - dims not in (1, 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {len(shape)}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    return extended(input, widths, mode)


def extended(input: Tensor, widths: Widths, mode: str) -> Tensor:
    """The input padded with its own values."""
    runs = {}
    for axis, (size, (before, after)) in enumerate(zip(input._array.shape, widths)):
        if before == after == 0:
            continue
        most = {"reflect": size - 1, "circular": size}.get(mode)
        if most is not None and max(before, after) > most:
            raise RuntimeError(
                f"Padding size should be less than {'' if mode == 'reflect' else 'or equal to '}the "
                f"corresponding input dimension for mode '{mode}', but got: padding {before, after} at "
                f"dimension {axis} of input {list(input.shape)}"
            )
        if size == 0 or min(before, after) < -size:
            raise RuntimeError(
                f"Padding mode '{mode}' needs elements to copy, but got: padding {before, after} at "
                f"dimension {axis} of input {list(input.shape)}"
            )
        runs[axis] = MODES[mode](size, before, after)
    return extend_rule(input, runs=runs)


def widths_of(pad: Sequence[int], shape: tuple[int, ...]) -> Widths:
    """PyTorch's flat list of widths, last dimension first, as one pair per dimension."""
    if not isinstance(pad, (tuple, list)):
        raise TypeError(f"pad(): argument 'pad' (position 2) must be tuple of ints, not {type(pad).__name__}")
    if len(pad) % 2:
        raise RuntimeError(
            f"Padding length must be divisible by 2: a pair per dimension, got pad={tuple(pad)}"
        )
    if len(pad) > 2 * len(shape):
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding "
            f"length {len(pad)} and input of dimension {len(shape)}"
        )
    for position, one in enumerate(pad):
        if not hasattr(one, "__index__"):
            raise TypeError(
                "pad(): argument 'pad' (position 2) must be tuple of ints, but found element of type "
                f"{type(one).__name__} at pos {position}"
            )
    sizes = [one.__index__() for one in pad]
    pairs = list(zip(sizes[::2], sizes[1::2]))[::-1]
    widths = ((0, 0),) * (len(shape) - len(pairs)) + tuple(pairs)
    for axis, (size, (before, after)) in enumerate(zip(shape, widths)):
        if size + min(0, before) + min(0, after) < 0:
            raise RuntimeError(
                f"The input size {size}, plus negative padding {before} and {after}, resulted in a negative "
                f"output size, which is invalid. Check dimension {axis} of your input {list(shape)}."
            )
    return widths


@public(method=False, out=False)
def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    r"""Padding with a constant: `torch.nn.functional.pad(input, pad, value=value)`.

    >>> torch.constant_pad_nd(torch.tensor([1.0, 2.0]), (1, 0))
    tensor([0., 1., 2.])

    Source: PyTorch, `torch.constant_pad_nd`.
    """
    return pad_rule(input, widths=widths_of(pad, require_tensor(input, "pad")._array.shape), value=value)


@numpy_function(np.pad)
def _np_pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Any:
    widths = tuple(map(tuple, np.broadcast_to(pad_width, (array._array.ndim, 2)).tolist()))
    if mode == "constant":
        if np.ndim(constant_values):
            raise TypeError(
                f"np.pad on a Tensor takes one constant_values for all sides, got {constant_values!r}"
            )
        return pad_rule(array, widths=widths, value=constant_values)
    names = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    if mode not in names:
        raise TypeError(
            f"np.pad on a Tensor takes mode 'constant', 'reflect', 'edge' or 'wrap', got {mode!r}"
        )
    return extended(array, widths, names[mode])
