"""PyTorch's CPU random numbers: each draw takes the same words of the same generator, and rounds as PyTorch.

Each method names the PyTorch function it equals. Equal to the last bit, for every seed and size: words,
states, uniforms, integers, permutations, Bernoulli draws (so dropout), Poisson and binomial counts,
multinomials, float32 normals, gamma and float32 Dirichlet draws. What goes through a float64 logarithm or
tangent (exponential, Cauchy, log-normal, float64 normals) may differ in its last bits, for NumPy's functions
are not the C library's, and so may float64 Dirichlet draws, by the order of a sum; rounding to float32
hides that. Compared with PyTorch 2.13 on x86-64, AVX2 and AVX-512.

Not reproduced: older releases of PyTorch with MKL, which take `bernoulli_` (so dropout) and `exponential_`
from Intel's own sampler (issue 132395; 2.13 has no such sampler in it); PyTorch without AVX2, whose float32
normals differ by up to 2e-6 and whose `uniform_(a, b)` may differ in the last bit; the order of zero weights
in `multinomial` without replacement, should it run out of others; bfloat16, which NumPy lacks.

Numbers fill a destination in the order of its memory, as PyTorch's do: for a transposed or channels-last
destination draw an array of the permuted shape, and transpose that.

Times in ms for a million numbers, here and in PyTorch on the same two cores: `uniform` 1.8 and 2.1, float32
`normal` 5.9 and 2.4, `integers` 2.0 and 1.9, `bernoulli` 3.3 and 9.5, `dropout_noise` 3.5 and 9.7,
`exponential` 4.7 and 14.4; `permutation(65536)` 2.3 and 0.19. Words come one after the other, 1.9 ns each, in
both; what is left above that is NumPy's passes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_kr.kernels.random_continuous import ContinuousDraws, floating
from tinygrad_kr.kernels.random_discrete import (
    SIGNIFICAND_BITS,
    Uniforms,
    integer_range,
    look_up,
    poisson_count,
    swapped,
)
from tinygrad_kr.kernels.random_rejection import RejectionDraws
from tinygrad_kr.kernels.random_words import DEFAULT_SEED, pieces

__all__ = ["DEFAULT_SEED", "Stream"]

_WIDE_RANGE = 2**28  # integer ranges from here on take 64-bit words


def _take_remainder(words: np.ndarray, span: int) -> None:
    """`words %= span` by way of the quotient: NumPy has vectors for that, none for remainders (8 times)."""
    divisor = words.dtype.type(span)
    quotient = words // divisor
    quotient *= divisor
    words -= quotient


class Stream(ContinuousDraws, RejectionDraws):
    """One generator: seed it, keep and restore its state, draw arrays from it.

    Arrays are new and C-contiguous; `shape` is a tuple. A draw of no elements takes nothing from the stream.
    Methods are safe to call from several threads. Distribution parameters out of range raise RuntimeError, as
    in PyTorch.

    >>> stream = Stream(0)
    >>> stream.uniform((3,))
    array([0.4962566 , 0.7682218 , 0.08847743], dtype=float32)

    PyTorch: `torch.Generator`.
    """

    def integers(
        self, low: int, high: int | None, shape: tuple[int, ...], dtype: DTypeLike = np.int64
    ) -> np.ndarray:
        """Integers in [low, high): `word % (high - low) + low`, with 64-bit words for ranges from 2**28 on.

        `high=None` goes up to the largest value of an integer dtype, or 2**significand bits of a float dtype.

        >>> Stream(0).integers(0, 10, (5,))
        array([4, 9, 3, 0, 3])

        PyTorch: `torch.randint`, `Tensor.random_(from, to)`.
        """
        dtype = np.dtype(dtype)
        low, stop = integer_range(int(low), None if high is None else int(high), dtype)
        span = stop - low
        out = np.empty(math.prod(shape), np.int64)
        with self.lock:
            for part in pieces(out):
                words = self.words(part.size) if span < _WIDE_RANGE else self.double_words(part.size)
                if span < 2**64:
                    _take_remainder(words, span)
                part[...] = words.view(np.int64) if span >= _WIDE_RANGE else words
        if low and span < 2**64:
            out += np.int64(low)  # wraps, as PyTorch's sum does
        return out.astype(dtype, copy=False).reshape(shape)

    def full_range(self, shape: tuple[int, ...], dtype: DTypeLike = np.int64) -> np.ndarray:
        """Every non-negative integer of the dtype, or for a float dtype up to 2**(its significand bits).

        >>> Stream(0).full_range((3,), np.uint8)
        array([172,  47, 117], dtype=uint8)

        PyTorch: `Tensor.random_()`.
        """
        dtype = np.dtype(dtype)
        if dtype.kind == "b":
            span = 2
        elif dtype.kind == "f":
            span = 2 ** SIGNIFICAND_BITS[dtype.char] + 1
        else:
            span = int(np.iinfo(dtype).max) + 1
        if dtype.itemsize == 8:
            out = self.double_words(math.prod(shape))
        else:
            out = self.words(math.prod(shape))
        if span <= np.iinfo(out.dtype).max:
            _take_remainder(out, span)
        return out.astype(dtype).reshape(shape)

    def permutation(self, count: int, dtype: DTypeLike = np.int64) -> np.ndarray:
        """0 ... count-1 shuffled by Fisher and Yates: from the left, i swaps with `i + word % (count-i)`.

        >>> Stream(0).permutation(5)
        array([4, 0, 1, 3, 2])

        PyTorch: `torch.randperm`, and through it `DataLoader(shuffle=True)`.
        """
        if count < 0:
            raise RuntimeError(f"n must be non-negative, got {count}")
        draw = self.words if count < (2**32 - 1) // 20 else self.double_words
        words = draw(max(count - 1, 0))
        words %= np.arange(count, 1, -1, dtype=words.dtype)
        partners = np.arange(count)
        partners[: len(words)] += words.astype(np.int64)
        return swapped(partners).astype(dtype, copy=False)

    def bernoulli(
        self, p: float | np.ndarray, shape: tuple[int, ...] | None = None, dtype: DTypeLike = np.bool_
    ) -> np.ndarray:
        """1 with probability `p`, a number or an array that broadcasts to `shape` (its own by default).

        `u < p`, with a float64 uniform u for a number or a float64 array, and a float32 uniform for an array
        of less precision: other words, so other draws. Fastest for dtype bool.

        >>> Stream(0).bernoulli(0.5, (6,))
        array([False, False,  True, False, False, False])

        PyTorch: `Tensor.bernoulli_`, `torch.bernoulli`.
        """
        if isinstance(p, np.ndarray):
            shape = p.shape if shape is None else shape
            if p.size and not (p.min() >= 0 and p.max() <= 1):
                raise RuntimeError(f"bernoulli expects p in [0, 1], but got {p.min()} to {p.max()}")
            floating(p.dtype, "bernoulli")
            out = np.empty(shape, np.bool_)
            np.less(self.unit(out.size, single=p.dtype != np.float64).reshape(shape), p, out=out)
        else:
            shape = () if shape is None else shape
            if not 0 <= p <= 1:
                raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
            out = np.empty(math.prod(shape), np.bool_)
            # k * 2**-53 < p where k < p * 2**53: the comparison needs no conversion to float64.
            bound = np.uint64(math.ceil(p * 2**53))
            with self.lock:
                for part in pieces(out):
                    words = self.double_words(part.size)
                    words &= np.uint64(2**53 - 1)
                    np.less(words, bound, out=part)
            out = out.reshape(shape)
        return out.astype(dtype, copy=False)

    def dropout_noise(self, p: float, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> np.ndarray:
        """Factors of inverted dropout: 0 with probability `p`, else `1 / (1-p)`; draws nothing for 0 and 1.

        >>> Stream(0).dropout_noise(0.5, (6,))
        array([0., 0., 2., 0., 0., 0.], dtype=float32)

        PyTorch: `torch.nn.functional.dropout` (and `alpha_dropout`'s mask) draws `bernoulli_(1 - p)`.
        """
        dtype = floating(dtype, "dropout")
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        if p in (0, 1):
            return np.full(shape, 1 - p, dtype)
        noise = self.bernoulli(1 - p, shape, dtype)
        noise *= dtype.type(1) / dtype.type(1 - p)
        return noise

    def geometric(self, p: float, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> np.ndarray:
        """Trials up to the first success: `ceil(log(u) / log1p(-p))` with a float64 uniform.

        >>> Stream(0).geometric(0.3, (4,), np.int64)
        array([1, 1, 3, 1])

        PyTorch: `Tensor.geometric_`.
        """
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
        out = self.unit(math.prod(shape))
        with np.errstate(divide="ignore"):
            np.log(out, out=out)
        out /= math.log1p(-p)
        return np.ceil(out, out=out).astype(dtype, copy=False).reshape(shape)

    def poisson(self, rate: np.ndarray) -> np.ndarray:
        """Poisson counts for an array of rates, in its dtype, one after the other (1 to 5 us each).

        Rates below 10 multiply uniforms until the product passes `exp(-rate)`; from 10 on, transformed
        rejection.

        >>> Stream(0).poisson(np.float32([0, 1, 4, 50]))
        array([ 0.,  2.,  5., 45.], dtype=float32)

        Source: Hörmann (1993), algorithm PTRS. PyTorch: `torch.poisson`.
        """
        floating(rate.dtype, "poisson")
        if rate.size and not rate.min() >= 0:
            raise RuntimeError(f"invalid Poisson rate, expected non-negative rates, but got {rate.min()}")
        with self.lock:
            uniforms = Uniforms(self)
            counts = [poisson_count(value, uniforms) for value in rate.ravel().tolist()]
            uniforms.give_back()
        return np.array(counts, rate.dtype).reshape(rate.shape)

    def multinomial(self, weights: np.ndarray, samples: int, replacement: bool = False) -> np.ndarray:
        """`samples` indices (int64) per row of non-negative `weights`, of one or two dimensions.

        With replacement: each float64 uniform is looked up in the cumulated, normalised row. Without, and for
        one sample: the indices of the largest `weight / e`, where e are exponential, in decreasing order.

        >>> Stream(0).multinomial(np.float32([1, 0, 3]), 4, replacement=True)
        array([2, 2, 2, 2])

        PyTorch: `torch.multinomial`.
        """
        dtype = floating(weights.dtype, "multinomial")
        if weights.ndim not in (1, 2):
            raise RuntimeError(f"prob_dist must be 1 or 2 dim, but got shape {weights.shape}")
        if samples <= 0:
            raise RuntimeError(f"cannot sample n_sample <= 0 samples, but got {samples}")
        if not replacement and samples > weights.shape[-1]:
            raise RuntimeError(
                f"cannot sample n_sample > prob_dist.size(-1) samples without replacement, "
                f"but got {samples} > {weights.shape[-1]}"
            )
        if weights.size and not (weights.min() >= 0 and weights.max() < np.inf):
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        if not (weights.sum(-1) > 0).all():
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
        if replacement and samples > 1:
            rows = weights.reshape(-1, weights.shape[-1])
            uniforms = self.unit(len(rows) * samples).reshape(-1, samples)
            out = np.empty(uniforms.shape, np.int64)
            for row, u, chosen in zip(rows, uniforms, out):
                chosen[...] = look_up(row, u)
            return out.reshape(*weights.shape[:-1], samples)
        with np.errstate(divide="ignore", invalid="ignore"):
            keys = weights / self.exponential(weights.shape, dtype)
        if samples == 1:
            return keys.argmax(-1, keepdims=True)
        return (-keys).argsort(-1, kind="stable")[..., :samples].copy()
