"""Draws by rejection, number by number: gamma, Dirichlet and binomial, in the order of PyTorch's draws."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tinygrad_kr.kernels.random_discrete import Uniforms
from tinygrad_kr.kernels.random_words import WordSource

__all__ = ["RejectionDraws"]

Draw = Callable[[], float]

# PyTorch writes these in float32, and works with them in float64.
_THIRD, _SQUEEZE = float(np.float32(1) / np.float32(3)), float(np.float32(0.0331))


class RejectionDraws(WordSource):
    """A source of words with the methods that draw by rejection; see `Stream`, which has them all."""

    def gamma(self, shape_parameter: np.ndarray) -> np.ndarray:
        """Gamma variates of rate 1 for an array of shape parameters, in its dtype (about 2 us each).

        What comes before the draws is computed in the dtype, the rest in float64; the result is at least the
        smallest normal number.

        >>> RejectionDraws(0).gamma(np.float32([0.5, 1, 20]))
        array([7.8935816e-04, 1.1898370e-01, 2.0386518e+01], dtype=float32)

        Source: Marsaglia and Tsang (2000), "A simple method for generating gamma variables".
        PyTorch: `torch._standard_gamma`.
        """
        dtype = shape_parameter.dtype
        return np.maximum(self._gamma(shape_parameter), float(np.finfo(dtype).tiny)).astype(dtype)

    def dirichlet(self, concentration: np.ndarray) -> np.ndarray:
        """Points of the simplex: gamma variates over the last axis, divided by their sum, all in float64.

        >>> RejectionDraws(0).dirichlet(np.float32([0.5, 1, 20]))
        array([3.849346e-05, 5.802302e-03, 9.941592e-01], dtype=float32)

        PyTorch: `torch._sample_dirichlet`.
        """
        drawn = np.maximum(self._gamma(concentration.astype(np.float64)), np.finfo(np.float64).tiny)
        shares = drawn / drawn.sum(-1, keepdims=True)
        limits = np.finfo(concentration.dtype)
        return np.clip(shares, float(limits.tiny), 1 - float(limits.eps) / 2).astype(concentration.dtype)

    def binomial(self, count: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Numbers of successes among `count` trials of probability `p`, arrays of one shape and dtype.

        Where fewer than 10 are expected, geometric gaps between successes are added up; else transformed
        rejection. For `p > 1/2` failures are counted.

        >>> RejectionDraws(0).binomial(np.float32([10, 100]), np.float32([0.2, 0.6]))
        array([ 5., 65.], dtype=float32)

        Source: Hörmann (1993), "The generation of binomial random variates", algorithm BTRS.
        PyTorch: `torch.binomial`.
        """
        with self.lock:
            uniform = Uniforms(self)
            drawn = [
                _binomial_count(n, chance, uniform)
                for n, chance in zip(count.ravel().tolist(), p.ravel().tolist())
            ]
            uniform.give_back()
        return np.array(drawn, p.dtype).reshape(p.shape)

    def _gamma(self, alpha: np.ndarray) -> np.ndarray:
        """Variates (1 + c x)³ d for d = alpha - 1/3; below 1 those of alpha + 1 times a uniform's power."""
        small = alpha < 1
        with np.errstate(divide="ignore"):
            powers = np.where(small, 1 / alpha, 0)
        d = np.where(small, alpha + alpha.dtype.type(1), alpha) - alpha.dtype.type(_THIRD)
        with self.lock:
            uniform = Uniforms(self)
            waiting = [] if self._cached_normal is None else [self._cached_normal]

            def normal() -> float:
                if waiting:
                    return waiting.pop()
                angle = 2 * math.pi * uniform()
                radius = math.sqrt(-2 * math.log1p(-uniform()))
                waiting.append(radius * math.sin(angle))
                return radius * math.cos(angle)

            drawn = [
                _gamma_variate(value, power, uniform, normal)
                for value, power in zip(d.ravel().tolist(), powers.ravel().tolist())
            ]
            uniform.give_back()
            self._cached_normal = waiting.pop() if waiting else None
        return np.array(drawn, np.float64).reshape(alpha.shape)


def _gamma_variate(d: float, power: float, uniform: Draw, normal: Draw) -> float:
    if not 0 < d < math.inf or power == math.inf:
        return 0.0 if power == math.inf else d
    scale = (1 - uniform()) ** power if power else 1.0
    c = 1 / math.sqrt(9 * d)
    while True:
        x = normal()
        root = 1 + c * x
        while root <= 0:
            x = normal()
            root = 1 + c * x
        v = root * root * root
        u = 1 - uniform()
        square = x * x
        if u < 1 - _SQUEEZE * square * square or math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v


def _binomial_count(count: float, p: float, uniform: Draw) -> float:
    if count != count or p != p:
        return math.nan
    if count <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return count
    if p > 0.5:
        return count - _binomial_count(count, 1 - p, uniform)
    if count * p >= 10:
        return _binomial_by_rejection(count, p, uniform)
    log_failure = math.log1p(-p)
    successes, trials = 0, 0.0
    while True:
        u = uniform()
        trials += math.ceil(math.log(u) / log_failure) if u else math.inf
        if trials > count:
            return float(successes)
        successes += 1


def _binomial_by_rejection(count: float, p: float, uniform: Draw) -> float:
    deviation = math.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    alpha = (2.83 + 5.1 / b) * deviation
    squeeze = 0.92 - 4.2 / b
    odds = p / (1 - p)
    mode = math.floor((count + 1) * p)
    while True:
        u = uniform() - 0.5
        v = uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + count * p + 0.5) if us else -1
        if not 0 <= k <= count:
            continue
        if us >= 0.07 and v <= squeeze:
            return float(k)
        height = math.log(v * alpha / (a / (us * us) + b)) if v else -math.inf
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (count - mode + 1)))
            + (count + 1) * math.log((count - mode + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + _stirling_rest(mode)
            + _stirling_rest(count - mode)
            - _stirling_rest(k)
            - _stirling_rest(count - k)
        )
        if height <= bound:
            return float(k)


def _stirling_rest(k: float) -> float:
    """log k! less Stirling's (k + 1/2) log(k + 1) - (k + 1) + log(2 pi) / 2."""
    if k < 10:
        return math.lgamma(k + 1) - (k + 0.5) * math.log(k + 1) + (k + 1) - 0.5 * math.log(2 * math.pi)
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
