"""The parts of `random.py`'s discrete draws that go number by number, and the ranges of integers by dtype."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_kr.kernels.random_words import WordSource

__all__ = ["SIGNIFICAND_BITS", "Uniforms", "integer_range", "look_up", "poisson_count", "swapped"]

SIGNIFICAND_BITS = {"e": 11, "f": 24, "d": 53}  # of float16, float32, float64, by dtype.char
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_AHEAD = 256
_FEW_SWAPS = 1024  # up to which a list does them faster


class Uniforms:
    """float64 uniforms one by one, for algorithms that cannot say beforehand how many they need."""

    def __init__(self, source: WordSource) -> None:
        self._source, self._before, self._used = source, source.get_state(), 0
        self._waiting: list[float] = []

    def __call__(self) -> float:
        if not self._waiting:
            self._waiting = self._source.unit(_AHEAD).tolist()[::-1]
        self._used += 1
        return self._waiting.pop()

    def give_back(self) -> None:
        """Return to the stream what was drawn ahead and not used."""
        self._source.set_state(self._before)
        self._source.double_words(self._used)


def swapped(partners: np.ndarray) -> np.ndarray:
    """0 ... n-1 after each place i, from the left, swapped its number with that of place `partners[i] >= i`.

    Each swap needs the ones before it, and yet none has to be done. At swap i place p holds what its latest
    swap before i brought there: the number that the place of that swap held then, which the same question
    tells; or p itself, if there was none. Sorting the swaps by partner finds the latest ones, and following
    them all at once, twice as far each time, the numbers. 65,536 swaps take 1.9 ms so, 8.7 ms in a list.

    >>> swapped(np.array([2, 1, 2]))
    array([2, 1, 0])
    """
    count = len(partners)
    if count < _FEW_SWAPS:
        order = list(range(count))
        for i, j in enumerate(partners.tolist()):
            order[i], order[j] = order[j], order[i]
        return np.array(order, np.int64)
    swaps = np.arange(count)
    by_partner = np.sort(partners * count + swaps)
    partner = by_partner // count
    swap = by_partner - partner * count
    repeats = partner[1:] == partner[:-1]
    before = np.full(count, -1)  # of each swap, the latest before it with the same partner
    before[swap[1:][repeats]] = swap[:-1][repeats]
    latest = np.full(count, -1)  # of each place, the latest swap before its own that had it as partner
    last = np.append(~repeats, True)
    latest[partner[last]] = swap[last]
    latest = np.where(partners == swaps, before, latest)
    held = np.where(latest < 0, swaps, latest)  # by each place at its own swap
    while (held != (further := held.take(held))).any():
        held = further
    return np.where(before < 0, partners, held.take(before))


def poisson_count(rate: float, uniform: Uniforms) -> int:
    """One Poisson count."""
    if rate == 0:
        return 0
    if rate < 10:
        floor, product, count = math.exp(-rate), uniform(), 0
        while product > floor:
            product *= uniform()
            count += 1
        return count
    root, log_rate = math.sqrt(rate), math.log(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    log_inverse_alpha = math.log(1.1239 + 1.1328 / (b - 3.4))
    squeeze = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = uniform() - 0.5
        v = uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= squeeze:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        height = math.log(v) + log_inverse_alpha - math.log(a / (us * us) + b)
        if height <= -rate + k * log_rate - math.lgamma(k + 1):
            return k


def look_up(weights: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """For each uniform the first index whose cumulated share reaches it."""
    precision = np.float64 if weights.dtype == np.float64 else np.float32
    shares = np.cumsum(weights, dtype=precision)
    shares = shares / shares[-1]
    shares[-1] = 1
    return np.searchsorted(shares.astype(np.float64), uniforms)


def integer_range(low: int, high: int | None, dtype: np.dtype[Any]) -> tuple[int, int]:
    """The bounds of `integers` in a dtype: checked, and for a float dtype moved to values that it holds."""
    floating = dtype.kind == "f"
    if floating:
        digits = SIGNIFICAND_BITS[dtype.char]
        lowest, highest = int(np.finfo(dtype).min), int(np.finfo(dtype).max)
    elif dtype.kind == "b":
        lowest, highest = 0, 1
    else:
        lowest, highest = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    if high is None:
        stop = min(2**digits, _INT64_MAX) + 1 if floating else highest + 1
    else:
        stop = high
    if not low < stop:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={stop}")
    for name, bound in (("from", low), ("to - 1", stop - 1)):
        if not max(lowest, _INT64_MIN) <= bound <= min(highest, _INT64_MAX):
            raise RuntimeError(f"{name} (={bound}) is out of bounds for {dtype}, [{lowest}, {highest}]")
    if floating:
        low = _inward(low, +1, dtype)
        if high is not None:
            stop = _inward(stop, -1, dtype)
        if not low < stop:
            raise RuntimeError(
                f"random_ expects a value of {dtype} from {low} to below {stop}; take a wider range or dtype"
            )
    return low, stop


def _inward(bound: int, step: int, dtype: np.dtype[Any]) -> int:
    """The bound, or the next value inside if its neighbour inside rounds out (`step` points inside)."""
    neighbour = bound + step
    rounded = int(dtype.type(neighbour))
    rounds_out = rounded < bound if step > 0 else rounded >= bound
    if not rounds_out:
        return bound
    spacing = 2 ** (abs(neighbour).bit_length() - SIGNIFICAND_BITS[dtype.char])
    return rounded + step * spacing
