"""How parameters reach an algorithm's `update`: small ones joined end to end, large ones in pieces.

A formula is element-wise, so it gives the same whatever it runs on: one parameter, a piece of one, or many in
a row. NumPy takes half a microsecond for any call, so a step should make few of them on small parameters; of
large ones, what the formula makes on the way should stay in the cache, and all threads should take part.

The state of parameters that began together lies in one array, of which `optimizer.state[p]` holds views.
Nothing depends on that: a state that was loaded or replaced since is copied in and out.

Measured on 2 cores, Adam's step (and PyTorch's): 6 parameters with 17 thousand elements 57 µs one by one, 36
joined (112), of which the formula takes 19; the 30 small ones of a ResNet-8 269 and 150 (480). Pieces are as
large as they are because threads wait for Python's lock at every NumPy call: 1.9 million elements take 2.9 ms
in pieces of 2**14, 1.8 in 2**15, 1.5 in 2**16 to 2**18, where an update that makes one array less on the way
takes 1.2. Scratch arrays for all of them, and scalars as 0-d arrays, gain less than a tenth more.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from operator import is_
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from ..kernels.threads import parallel_for, split
from ..tensor import Tensor, wrap
from ._support import Arrays, Options, plain, real, restored

if TYPE_CHECKING:
    from .optimizer import Optimizer

SMALL = 1 << 14  # elements up to which copying a parameter costs less than the calls that joining it saves
PIECE = 1 << 18  # elements of a piece
LARGE = 1 << 18  # elements in all from which threads pay

_PLAIN = frozenset([bool, float, int, type(None)])  # what options mostly are

Portion = tuple[np.ndarray, np.ndarray, Arrays]  # what one call of `update` gets: parameter, gradient, state


def update_group(optimizer: Optimizer, group: dict[str, Any]) -> None:
    """Update the parameters of a group that have gradients, by `optimizer.update`."""
    params = group["params"]
    if not params:
        return
    options = {
        name: value if type(value) in _PLAIN else plain(value)
        for name, value in group.items()
        if name != "params"
    }
    if not optimizer.elementwise:
        for p in params:
            if p._grad is not None:
                one = Single(optimizer, p, options)
                g = np.negative(one.g) if options.get("maximize") else one.g
                optimizer.update(one.p, g, one.state, options)
                one.finish(optimizer)
        return
    layout = optimizer._layouts.get(params[0])
    if layout is None or not layout.fits(params):
        layout = optimizer._layouts[params[0]] = Layout(params)
    live = [p for p in params if p._grad is not None]
    if layout.overlapping:  # the second of two updates must see the first
        for p in live:
            _update(optimizer, [Single(optimizer, p, options)], options)
    else:
        _update(optimizer, layout.batches(optimizer, live, options), options)


def _update(optimizer: Optimizer, batches: Sequence[Single | Joint], options: Options) -> None:
    cuts = [_cut(batch.p, batch.g, batch.state) for batch in batches]
    portions = [portion for cut in cuts for portion in cut]
    maximize = options.get("maximize", False)

    def update(portion: Portion) -> None:
        p, g, state = portion
        optimizer.update(p, np.negative(g) if maximize else g, state, options)

    if sum([batch.p.size for batch in batches]) >= LARGE:
        parallel_for(update, portions)
    else:
        for portion in portions:
            update(portion)
    for batch, cut in zip(batches, cuts):
        if len(cut) > 1:
            _merge(batch, [state for _, _, state in cut])
        batch.finish(optimizer)


class Single:
    """A parameter that is updated by itself."""

    def __init__(self, optimizer: Optimizer, tensor: Tensor, options: Options) -> None:
        self.tensor = tensor
        self.known = optimizer.state.get(tensor) or optimizer._start_parameter(tensor, options)
        self.p, self.g = real(tensor._array), real(tensor._grad._array)  # type: ignore[union-attr]
        self.state = {
            name: real(value._array) for name, value in self.known.items() if isinstance(value, Tensor)
        }

    def finish(self, optimizer: Optimizer) -> None:
        """Put what is new in the state where the user sees it."""
        for name in self.state:
            if name not in self.known:
                self.known[name] = restored(self.state[name], self.tensor)
        if self.known:
            optimizer.state[self.tensor] = self.known
        self.tensor._storage.version += 1


class Row:
    """A flat array, and a view of it for each of several shapes."""

    def __init__(self, flat: np.ndarray, shapes: Iterable[tuple[int, ...]]) -> None:
        self.flat, self.views = flat, []
        first = 0
        for shape in shapes:
            last = first + math.prod(shape)
            self.views.append(flat[first:last].reshape(shape))
            first = last

    def take(self, arrays: Iterable[np.ndarray]) -> np.ndarray:
        """The arrays as one, copied unless they are the views."""
        for view, array in zip(self.views, arrays):
            if array is not view:
                view[...] = array
        return self.flat

    def give(self, arrays: Iterable[np.ndarray]) -> None:
        """The way back."""
        for view, array in zip(self.views, arrays):
            if array is not view:
                array[...] = view


class Joint:
    """Small parameters whose states agree, which are updated as one."""

    p: np.ndarray
    g: np.ndarray
    state: Arrays
    known: list[dict[str, Any]]

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.tensors = tensors
        self.arrays = [one._array for one in tensors]
        self.shapes = [one.shape for one in self.arrays]
        self.parameters = Row(np.concatenate(self.arrays, None), self.shapes)
        self.rows: dict[str, Row] = {}
        self.left: list[dict[str, Any]] = []  # the states as the last step left them

    def joins(self, tensors: Sequence[Tensor]) -> bool:
        """Whether these are the parameters, in this order."""
        return len(tensors) == len(self.tensors) and all(map(is_, tensors, self.tensors))

    def continues(self, optimizer: Optimizer) -> bool:
        """Whether the states are those that the last step left, so that they are together and agree."""
        left = self.left
        if not left or not all(map(is_, map(optimizer.state.get, self.tensors), left)):
            return False
        for name, value in left[0].items():
            try:
                arrays = [state[name]._array for state in left]
            except (KeyError, AttributeError):
                return False
            if name in self.rows:
                if not all(map(is_, arrays, self.rows[name].views)):
                    return False
            elif value._array.ndim or len({array.item() for array in arrays}) > 1:
                return False
        return len({len(state) for state in left}) == 1

    def begin(self, optimizer: Optimizer, options: Options, *, continues: bool = False) -> None:
        """Bring the parameters, their gradients and, unless it `continues`, their states together."""
        self.p = self.parameters.take(self.arrays)
        self.g = np.concatenate([one._grad._array for one in self.tensors], None)  # type: ignore[union-attr]
        if continues:
            self.known = self.left
            self.state = {
                name: self.rows[name].flat if name in self.rows else value._array.copy()
                for name, value in self.left[0].items()
            }
            return
        self.known = [optimizer.state.get(one) or {} for one in self.tensors]
        self.state = {}
        if not self.known[0]:
            self._adopt(optimizer.start(self.p, options))
        for name, value in self.known[0].items():
            if not value._array.ndim:
                self.state[name] = value._array.copy()
                continue
            if name not in self.rows:
                self.rows[name] = Row(np.empty_like(self.p), self.shapes)
            self.state[name] = self.rows[name].take([state[name]._array for state in self.known])

    def _adopt(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Let the parts of new arrays be the states of the parameters."""
        for name, array in arrays.items():
            array = np.asarray(array)
            if array.ndim:
                self.rows[name] = Row(array, self.shapes)
            for place, state in enumerate(self.known):
                state[name] = wrap(self.rows[name].views[place] if array.ndim else array.copy())

    def finish(self, optimizer: Optimizer) -> None:
        """Bring them back."""
        before = self.known[0].keys()
        self._adopt({name: array for name, array in self.state.items() if name not in before})
        for name, array in self.state.items():
            column = [state[name]._array for state in self.known]
            if array.ndim:
                self.rows[name].give(column)
            else:
                for one in column:
                    one[...] = array
        self.parameters.give(self.arrays)
        for one, state in zip(self.tensors, self.known):
            if state:
                optimizer.state[one] = state
            one._storage.version += 1
        self.left = self.known
        del self.g, self.known, self.state  # for a joint lives until the next step


class Layout:
    """The parameters of a group, their memory, and which of them were joined in the last step."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.tensors = list(tensors)
        self.arrays = [one._array for one in tensors]
        bounds = sorted([byte_bounds(array) for array in self.arrays if array.size])
        self.overlapping = any(one[1] > other[0] for one, other in itertools.pairwise(bounds))
        self.joints: dict[Tensor, Joint] = {}
        self.whole: Joint | None = None  # the joint of the last step, if it was one of all parameters

    def fits(self, tensors: Sequence[Tensor]) -> bool:
        """Whether these are the parameters still, in the memory that they had."""
        if len(tensors) != len(self.tensors):
            return False
        known = zip(tensors, self.tensors, self.arrays)
        return all(one is other and one._array is array for one, other, array in known)

    def batches(self, optimizer: Optimizer, live: Sequence[Tensor], options: Options) -> list[Single | Joint]:
        """Small parameters whose states agree together, any other by itself."""
        whole = self.whole
        if whole is not None and whole.joins(live) and whole.continues(optimizer):
            whole.begin(optimizer, options, continues=True)
            return [whole]
        alike: dict[Any, list[Tensor]] = {}
        for p in live:
            alike.setdefault(_agreement(p, optimizer.state.get(p)) or id(p), []).append(p)
        batches: list[Single | Joint] = []
        for together in alike.values():
            if len(together) == 1:
                batches.append(Single(optimizer, together[0], options))
                continue
            joint = self.joints.get(together[0])
            if (
                joint is None
                or len(together) != len(joint.tensors)
                or not all(map(is_, together, joint.tensors))
            ):
                joint = self.joints[together[0]] = Joint(together)
            joint.begin(optimizer, options)
            batches.append(joint)
        only = batches[0] if len(batches) == 1 else None
        self.whole = only if isinstance(only, Joint) else None
        return batches


def _agreement(p: Tensor, state: dict[str, Any] | None) -> tuple[Any, ...] | None:
    """In what parameters must agree to be joined; None for one that must not be."""
    array = p._array
    if array.size > SMALL or not array.ndim or array.dtype.kind != "f":
        return None
    agreement: list[Any] = [array.dtype.char]
    for name, value in (state or {}).items():
        if not isinstance(value, Tensor):
            return None
        part = value._array
        if not part.ndim:
            agreement.append((name, part.item()))
        elif part.shape == array.shape and part.dtype == array.dtype:
            agreement.append(name)
        else:
            return None
    return tuple(agreement)


def _cut(p: np.ndarray, g: np.ndarray, state: Arrays) -> list[Portion]:
    """A large parameter in pieces, each with its piece of the state and copies of 0-d arrays."""
    if p.size <= PIECE or not p.ndim:
        return [(p, g, state)]
    arrays = [p, g, *(array for array in state.values() if array.ndim)]
    if all(array.flags.c_contiguous for array in arrays):
        p, g = p.reshape(-1), g.reshape(-1)
        state = {name: array.reshape(-1) if array.ndim else array for name, array in state.items()}
    rows = max(1, PIECE * len(p) // p.size)
    return [
        (p[i:j], g[i:j], {name: part[i:j] if part.ndim else part.copy() for name, part in state.items()})
        for i, j in split(len(p), rows)
    ]


def _merge(batch: Single | Joint, pieces: list[Arrays]) -> None:
    """Take over from the states of the pieces what is new or 0-d."""
    state = batch.state
    for name, array in pieces[0].items():
        if name not in state:
            state[name] = np.concatenate([piece[name] for piece in pieces]).reshape(batch.p.shape)
        elif not array.ndim:
            state[name][...] = array
