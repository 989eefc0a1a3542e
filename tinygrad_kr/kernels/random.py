"""PyTorch's CPU random numbers: every draw takes the same words of the same generator and rounds as PyTorch.

Each method names the PyTorch function it equals. Equal to the last bit, for every seed and size: words, states,
uniforms, integers, permutations, Bernoulli draws (so dropout), float32 normals, multinomials. What passes through
a float64 logarithm or tangent (exponential, geometric, Cauchy, log-normal, float64 normals) may differ in its
last bits, since NumPy's functions are not the C library's; rounding to float32 hides that. Compared with PyTorch
2.13 on x86-64 with AVX2 or AVX-512.

Not reproduced: PyTorch before 2.5, built with MKL, takes `bernoulli_` (so dropout) from Intel's own sampler on
Intel processors, and before that release `exponential_` too (issue 132395); PyTorch without AVX2 fuses no product
with a sum, and takes float32 normals from its C library, which moves last bits; equal keys (of zero weights) in
`multinomial` without replacement come in another order; bfloat16, which NumPy lacks.

Numbers fill a destination in the order of its memory, as PyTorch's do: for a transposed or channels-last
destination draw an array of the permuted shape, and transpose that.

Times in ms for a million numbers, here and in PyTorch on the same two cores: `uniform` 2.9 and 2.8, `normal` 12.2
and 3.4, `bernoulli` 4.3 and 11.6, `exponential` 10 and 18.8; `permutation(60000)` 4.6 and 0.24.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_kr.kernels.random_discrete import (
    SIGNIFICAND_BITS,
    Uniforms,
    integer_range,
    look_up,
    poisson_count,
)
from tinygrad_kr.kernels.random_normal import (
    fused_multiply_add,
    normal_float32,
    normal_float64,
    polar_pairs,
    unit_float32,
    unit_float64,
)
from tinygrad_kr.kernels.random_words import DEFAULT_SEED, WordSource

__all__ = ["DEFAULT_SEED", "Stream"]

_BLOCK = 16  # normals are made sixteen at a time, fewer than that one pair at a time
_WIDE_RANGE = 2**28  # integer ranges from here on take 64-bit words


class Stream(WordSource):
    """One generator: seed it, keep and restore its state, draw arrays from it.

    Arrays are new and C-contiguous; `shape` is a tuple. A draw of no elements takes nothing from the stream.
    Methods are safe to call from several threads. Distribution parameters out of range raise RuntimeError, as
    in PyTorch.

    >>> stream = Stream(0)
    >>> stream.uniform((3,))
    array([0.49625659, 0.7682218 , 0.08847743], dtype=float32)

    PyTorch: `torch.Generator`.
    """

    # -- continuous ---------------------------------------------------------------------------------------

    def uniform(
        self, shape: tuple[int, ...], dtype: DTypeLike = np.float32, low: float = 0.0, high: float = 1.0
    ) -> np.ndarray:
        """Uniform in [low, high): `u * (high - low) + low`, with 24 bits of a word, or 53 of two for float64.

        The product and the sum round once. float16 is the float32 result, rounded; complex numbers have
        uniform parts.

        >>> Stream(42).uniform((2,), low=-0.5, high=0.5)
        array([0.38226926, 0.41500396], dtype=float32)

        PyTorch: `torch.rand`, `Tensor.uniform_`.
        """
        dtype = _floating(dtype, "uniform_", allow_complex=True)
        if dtype.kind == "c":
            return self.uniform((*shape, 2), _part(dtype), low, high).view(dtype)[..., 0]
        if not low <= high:
            raise RuntimeError(
                f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}; swap them"
            )
        if not max(-low, high, high - low) <= np.finfo(dtype).max:
            raise RuntimeError(f"uniform_ expects from={low}, to={high} and to-from to be finite in {dtype}")
        single = dtype != np.float64
        out = self._unit(math.prod(shape), single=single)
        if (low, high) != (0.0, 1.0):
            span = float(np.float32(high) - np.float32(low)) if single else high - low
            out = fused_multiply_add(out, span, low)
        out = out.astype(dtype, copy=False)
        if (low, high) != (0.0, 1.0) or dtype == np.float16:
            # Rounding may reach the bound that the range leaves out.
            out[out == dtype.type(high)] = dtype.type(low)
        return out.reshape(shape)

    def normal(
        self,
        shape: tuple[int, ...],
        dtype: DTypeLike = np.float32,
        mean: float = 0.0,
        std: float = 1.0,
        *,
        contiguous: bool = True,
    ) -> np.ndarray:
        """Normal by the Box-Muller transform; `contiguous` says whether the destination is C-contiguous.

        From 16 numbers on, and for a contiguous destination: blocks of 16 uniforms, and if the size is no
        multiple of 16, the last 16 numbers once more from 16 further uniforms. Otherwise pairs in float64, of
        which an odd number leaves one for the next such draw. The parts of complex numbers have `std/sqrt(2)`.

        >>> Stream(0).normal((2,))
        array([ 1.5409961, -0.2934289], dtype=float32)

        PyTorch: `torch.randn`, `Tensor.normal_`.
        """
        dtype = _floating(dtype, "normal_", allow_complex=True)
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        if dtype.kind == "c":
            std /= math.sqrt(2)
            parts = self.normal((*shape, 2), _part(dtype), mean, std, contiguous=contiguous)
            return parts.view(dtype)[..., 0]
        count = math.prod(shape)
        if count < _BLOCK or not contiguous:
            out = fused_multiply_add(self._normal_pairs(count), std, mean)
        else:
            out = self._normal_blocks(count, dtype, mean, std)
        return _rounded(out, dtype).reshape(shape)

    def normal_each(self, mean: np.ndarray | float, std: np.ndarray | float) -> np.ndarray:
        """Normal with a mean and a standard deviation for each element, broadcast; at least one is an array.

        The dtype is that of `mean` if it is an array, else of `std`.

        >>> Stream(0).normal_each(np.float32([0, 100]), 1.0)
        array([ 1.5409961, 99.70657  ], dtype=float32)

        PyTorch: `torch.normal` with tensors.
        """
        dtype = mean.dtype if isinstance(mean, np.ndarray) else np.asarray(std).dtype
        shape = np.broadcast_shapes(np.shape(mean), np.shape(std))
        if not isinstance(std, np.ndarray):
            out = self.normal(shape, dtype, 0.0, std)
        else:
            if std.size and not std.min() >= 0:
                raise RuntimeError(f"normal expects all elements of std >= 0.0, but found {std.min()}")
            out = self.normal(shape, dtype)
            out *= std
        out += mean
        return out

    def truncated_normal(
        self,
        shape: tuple[int, ...],
        dtype: DTypeLike = np.float32,
        mean: float = 0.0,
        std: float = 1.0,
        low: float = -2.0,
        high: float = 2.0,
        *,
        contiguous: bool = True,
    ) -> np.ndarray:
        """Normal, kept to [low, high] by rejection.

        Where more than 0.3 of the distribution is in range, normals are drawn for the whole array until each
        element had one in range; else uniforms in the range, accepted with probability `pdf(x) / max pdf`.

        >>> float(abs(Stream(0).truncated_normal((1000,), low=-1.0, high=1.0)).max()) <= 1.0
        True

        PyTorch: `torch.nn.init.trunc_normal_` (2.13; it inverted erf before).
        """
        dtype = _floating(dtype, "normal_")

        def below(x: float) -> float:
            return (1 + math.erf((x - mean) / std / math.sqrt(2))) / 2

        with self.lock:
            if below(high) - below(low) > 0.3:
                out = self.normal(shape, dtype, mean, std, contiguous=contiguous)
                bottom, top = dtype.type(low), dtype.type(high)
                while (outside := (out < bottom) | (out > top)).any():
                    again = self.normal(shape, dtype, mean, std, contiguous=contiguous)
                    np.copyto(out, again, where=outside)
                return out
            peak = -0.5 * ((max(low, min(mean, high)) - mean) / std) ** 2
            out = np.empty(shape, dtype)
            pending = np.ones(shape, np.bool_)
            while pending.any():
                candidates = self.uniform(shape, dtype, low, high)
                np.copyto(out, candidates, where=pending)
                log_density = ((candidates - dtype.type(mean)) / dtype.type(std)) ** 2 * dtype.type(-0.5)
                log_density -= dtype.type(peak)
                with np.errstate(divide="ignore"):
                    level = np.log(self.uniform(shape, dtype).astype(np.float64)).astype(dtype)
                pending &= level > log_density
            return out

    def exponential(
        self, shape: tuple[int, ...], dtype: DTypeLike = np.float32, rate: float = 1.0
    ) -> np.ndarray:
        """Exponential: `-log1p(-u) / rate` with a float64 uniform for every dtype.

        >>> Stream(0).exponential((2,))
        array([0.8042943, 2.4377158], dtype=float32)

        PyTorch: `Tensor.exponential_`.
        """
        dtype = _floating(dtype, "exponential_")
        if not rate > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate}")
        out = self._unit(math.prod(shape))
        np.log1p(np.negative(out, out=out), out=out)
        out *= -1.0 / rate
        return _rounded(out, dtype).reshape(shape)

    def cauchy(
        self, shape: tuple[int, ...], dtype: DTypeLike = np.float32, median: float = 0.0, sigma: float = 1.0
    ) -> np.ndarray:
        """Cauchy: `median + sigma * tan(pi * (u - 1/2))` with a float64 uniform.

        >>> Stream(0).cauchy((2,))
        array([ 0.20410313, -3.2418034 ], dtype=float32)

        PyTorch: `Tensor.cauchy_`.
        """
        dtype = _floating(dtype, "cauchy_")
        if not sigma > 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
        out = self._unit(math.prod(shape))
        out -= 0.5
        out *= math.pi
        out = fused_multiply_add(np.tan(out, out=out), sigma, median)
        return _rounded(out, dtype).reshape(shape)

    def log_normal(
        self, shape: tuple[int, ...], dtype: DTypeLike = np.float32, mean: float = 1.0, std: float = 2.0
    ) -> np.ndarray:
        """exp of normals, which are always made in pairs, in float64.

        >>> Stream(0).log_normal((2,), mean=0.0, std=1.0)
        array([4.669239 , 0.7457019], dtype=float32)

        PyTorch: `Tensor.log_normal_`.
        """
        dtype = _floating(dtype, "log_normal_")
        if not std > 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
        out = fused_multiply_add(self._normal_pairs(math.prod(shape)), std, mean)
        with np.errstate(over="ignore"):
            return _rounded(np.exp(out, out=out), dtype).reshape(shape)

    def leaky_slopes(self, x: np.ndarray, lower: float, upper: float) -> np.ndarray:
        """The random factors of RReLU: uniform in [lower, upper) where `x <= 0`, in C order, and 1 elsewhere.

        >>> Stream(0).leaky_slopes(np.float32([-1, 2, -3]), 0.1, 0.3)
        array([0.1, 1. , 0.1], dtype=float32)

        PyTorch: `torch.nn.functional.rrelu` in training (`rrelu_with_noise`).
        """
        dtype = _floating(x.dtype, "rrelu_with_noise")
        noise = np.ones(x.shape, dtype)
        chosen = x <= 0
        if dtype != np.float64:
            lower, upper = float(np.float32(lower)), float(np.float32(upper))
        noise[chosen] = self._unit(int(chosen.sum())) * (upper - lower) + lower
        return noise

    # -- discrete -----------------------------------------------------------------------------------------

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
        span, count = stop - low, math.prod(shape)
        if span < _WIDE_RANGE:
            words = self.words(count)
            words %= np.uint32(span)
            out = words.astype(np.int64)
        else:
            words = self.double_words(count)
            if span < 2**64:
                words %= np.uint64(span)
            out = words.view(np.int64)
        if low and span < 2**64:
            out += np.int64(low)  # wraps, as PyTorch's sum does
        return out.astype(dtype, copy=False).reshape(shape)

    def full_range(self, shape: tuple[int, ...], dtype: DTypeLike = np.int64) -> np.ndarray:
        """Every non-negative integer of the dtype, or for a float dtype up to 2**(its significand bits).

        >>> Stream(0).full_range((3,), np.uint8)
        array([ 44, 112,  85], dtype=uint8)

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
            out %= out.dtype.type(span)
        return out.astype(dtype).reshape(shape)

    def permutation(self, count: int, dtype: DTypeLike = np.int64) -> np.ndarray:
        """0 ... count-1 in random order (Fisher and Yates): from the left, i swaps with `i + word % (count-i)`.

        >>> Stream(0).permutation(5)
        array([4, 1, 2, 0, 3])

        PyTorch: `torch.randperm`, and through it `DataLoader(shuffle=True)`.
        """
        if count < 0:
            raise RuntimeError(f"n must be non-negative, got {count}")
        draw = self.words if count < (2**32 - 1) // 20 else self.double_words
        words = draw(max(count - 1, 0))
        words %= np.arange(count, 1, -1, dtype=words.dtype)
        order = list(range(count))
        # Each swap needs the one before it. A list does them in 50 ns, an array would take three times that.
        for i, j in enumerate((words.astype(np.int64) + np.arange(len(words))).tolist()):
            order[i], order[j] = order[j], order[i]
        return np.array(order, dtype)

    def bernoulli(
        self, p: float | np.ndarray, shape: tuple[int, ...] | None = None, dtype: DTypeLike = np.bool_
    ) -> np.ndarray:
        """1 with probability `p`, a number or an array that broadcasts to `shape` (its own by default).

        `u < p`, with a float64 uniform u for a number or a float64 array, and a float32 uniform for an array of
        less precision: other words, so other draws. Fastest for dtype bool.

        >>> Stream(0).bernoulli(0.5, (6,))
        array([False, False,  True,  True,  True, False])

        PyTorch: `Tensor.bernoulli_`, `torch.bernoulli`.
        """
        if isinstance(p, np.ndarray):
            shape = p.shape if shape is None else shape
            if p.size and not (p.min() >= 0 and p.max() <= 1):
                raise RuntimeError(f"bernoulli expects p in [0, 1], but got {p.min()} to {p.max()}")
            _floating(p.dtype, "bernoulli")
            out = self._unit(math.prod(shape), single=p.dtype != np.float64).reshape(shape) < p
        else:
            shape = () if shape is None else shape
            if not 0 <= p <= 1:
                raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
            words = self.double_words(math.prod(shape))
            words &= np.uint64(2**53 - 1)
            # k * 2**-53 < p where k < p * 2**53: the comparison needs no conversion to float64.
            out = (words < np.uint64(math.ceil(p * 2**53))).reshape(shape)
        return out.astype(dtype, copy=False)

    def dropout_noise(self, p: float, shape: tuple[int, ...], dtype: DTypeLike = np.float32) -> np.ndarray:
        """Factors of inverted dropout: 0 with probability `p`, else `1 / (1-p)`; draws nothing for 0 and 1.

        >>> Stream(0).dropout_noise(0.5, (6,))
        array([0., 0., 2., 2., 2., 0.], dtype=float32)

        PyTorch: `torch.nn.functional.dropout` (and `alpha_dropout`'s mask) draws `bernoulli_(1 - p)`.
        """
        dtype = _floating(dtype, "dropout")
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
        array([2, 1, 1, 4])

        PyTorch: `Tensor.geometric_`.
        """
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
        out = self._unit(math.prod(shape))
        with np.errstate(divide="ignore"):
            np.log(out, out=out)
        out /= math.log1p(-p)
        return np.ceil(out, out=out).astype(dtype, copy=False).reshape(shape)

    def poisson(self, rate: np.ndarray) -> np.ndarray:
        """Poisson counts for an array of rates, in its dtype, one after the other (1 to 5 us each).

        Rates below 10 multiply uniforms until the product passes `exp(-rate)`; from 10 on, transformed
        rejection.

        >>> Stream(0).poisson(np.float32([0, 1, 4, 50]))
        array([ 0.,  0.,  2., 40.], dtype=float32)

        Source: Hörmann (1993), algorithm PTRS. PyTorch: `torch.poisson`.
        """
        _floating(rate.dtype, "poisson")
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
        array([2, 2, 0, 0])

        PyTorch: `torch.multinomial`.
        """
        dtype = _floating(weights.dtype, "multinomial")
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
            uniforms = self._unit(len(rows) * samples).reshape(-1, samples)
            out = np.stack([look_up(row, u) for row, u in zip(rows, uniforms)])
            return out.reshape(*weights.shape[:-1], samples)
        with np.errstate(divide="ignore"):
            keys = weights / self.exponential(weights.shape, dtype)
        if samples == 1:
            return keys.argmax(-1, keepdims=True)
        return (-keys).argsort(-1, kind="stable")[..., :samples].copy()

    # -- shared -------------------------------------------------------------------------------------------

    def _unit(self, count: int, *, single: bool = False) -> np.ndarray:
        """`count` uniforms in [0, 1): float64 from two words each, or float32 from one."""
        if single:
            return unit_float32(self.words(count))
        return unit_float64(self.double_words(count))

    def _normal_blocks(self, count: int, dtype: np.dtype[Any], mean: float, std: float) -> np.ndarray:
        """`count` >= 16 normals made by the sixteen; the last block is a fresh one that overlaps the one before."""
        draw, transform = self.words, normal_float32
        if dtype == np.float64:
            draw, transform = self.double_words, normal_float64
        whole = count // _BLOCK * _BLOCK
        if whole == count:
            return fused_multiply_add(transform(draw(count)), std, mean)
        # PyTorch fills float32 and float64 with uniforms to the end first, float16 block by block.
        skipped = 0 if dtype == np.float16 else count - whole
        words = draw(whole + skipped + _BLOCK)
        words[whole : whole + _BLOCK] = words[whole + skipped :].copy()
        blocks = fused_multiply_add(transform(words[: whole + _BLOCK]), std, mean)
        out = np.empty(count, blocks.dtype)
        out[:whole] = blocks[:whole]
        out[-_BLOCK:] = blocks[whole:]
        return out

    def _normal_pairs(self, count: int) -> np.ndarray:
        """Standard normals made in pairs; one that is left over is kept for the next call."""
        out = np.empty(count)
        if not count:
            return out
        with self.lock:
            start = 0
            if self._cached_normal is not None:
                out[0], self._cached_normal, start = self._cached_normal, None, 1
            missing = count - start
            if missing:
                normals = polar_pairs(self._unit(missing + missing % 2))
                out[start:] = normals[:missing]
                if missing % 2:
                    self._cached_normal = float(normals[-1])
        return out


def _part(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of a complex number's parts."""
    return np.dtype(np.float32 if dtype == np.complex64 else np.float64)


def _rounded(x: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """`x` in `dtype`; float64 becomes float16 by way of float32, as in PyTorch."""
    with np.errstate(over="ignore"):
        if dtype == np.float16:
            x = x.astype(np.float32, copy=False)
        return x.astype(dtype, copy=False)


def _floating(dtype: DTypeLike, name: str, *, allow_complex: bool = False) -> np.dtype[Any]:
    """`dtype` as a NumPy dtype, if it is a floating one."""
    dtype = np.dtype(dtype)
    if dtype.char in SIGNIFICAND_BITS or (allow_complex and dtype.char in "FD"):
        return dtype
    raise RuntimeError(f"{name} expects a floating point dtype, but got {dtype}; convert with .float()")
