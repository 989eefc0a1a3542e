"""The continuous half of `Stream`: uniform numbers, normals, and what is computed from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_kr.kernels.random_discrete import SIGNIFICAND_BITS
from tinygrad_kr.kernels.random_normal import fused_multiply_add, normal_float32, normal_float64, polar_pairs
from tinygrad_kr.kernels.random_words import WordSource, pieces

__all__ = ["ContinuousDraws", "floating"]

_BLOCK = 16  # normals are made sixteen at a time, fewer than that one pair at a time


class ContinuousDraws(WordSource):
    """A source of words with the methods that draw real numbers; see `Stream`, which has them all."""

    def uniform(
        self, shape: tuple[int, ...], dtype: DTypeLike = np.float32, low: float = 0.0, high: float = 1.0
    ) -> np.ndarray:
        """Uniform in [low, high): `u * (high - low) + low`, with 24 bits of a word, or 53 of two for float64.

        The product and the sum round once. float16 is the float32 result, rounded; complex numbers have
        uniform parts.

        >>> ContinuousDraws(42).uniform((2,), low=-0.5, high=0.5)
        array([0.38226926, 0.41500396], dtype=float32)

        PyTorch: `torch.rand`, `Tensor.uniform_`.
        """
        dtype = floating(dtype, "uniform_", allow_complex=True)
        if dtype.kind == "c":
            return self.uniform((*shape, 2), _part(dtype), low, high).view(dtype)[..., 0]
        if not low <= high:
            raise RuntimeError(
                f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}; swap them"
            )
        if not max(-low, high, high - low) <= float(np.finfo(dtype).max):
            raise RuntimeError(f"uniform_ expects from={low}, to={high} and to-from to be finite in {dtype}")
        single = dtype != np.float64
        out = self.unit(math.prod(shape), single=single)
        if (low, high) != (0.0, 1.0):
            span = float(np.float32(high) - np.float32(low)) if single else high - low
            fused_multiply_add(out, span, low)
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
        multiple of 16, the last 16 numbers once more from 16 further uniforms. Otherwise pairs in float64,
        of which an odd number leaves one for the next such draw. The parts of complex numbers have
        `std/sqrt(2)`.

        >>> ContinuousDraws(0).normal((2,))
        array([ 1.5409961, -0.2934289], dtype=float32)

        PyTorch: `torch.randn`, `Tensor.normal_`.
        """
        dtype = floating(dtype, "normal_", allow_complex=True)
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
        if dtype.kind == "c":
            std /= math.sqrt(2)
            parts = self.normal((*shape, 2), _part(dtype), mean, std, contiguous=contiguous)
            return parts.view(dtype)[..., 0]
        count = math.prod(shape)
        if count < _BLOCK or not contiguous:
            out = self._normal_pairs(count)
        else:
            out = self._normal_blocks(count, dtype)
        fused_multiply_add(out, std, mean)
        return _rounded(out, dtype).reshape(shape)

    def normal_each(self, mean: np.ndarray | float, std: np.ndarray | float) -> np.ndarray:
        """Normal with a mean and a standard deviation for each element, broadcast; at least one is an array.

        The dtype is that of `mean` if it is an array, else of `std`.

        >>> ContinuousDraws(0).normal_each(np.float32([0, 100]), 1.0)
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

        >>> float(abs(ContinuousDraws(0).truncated_normal((1000,), low=-1.0, high=1.0)).max()) <= 1.0
        True

        PyTorch: `torch.nn.init.trunc_normal_` (2.13; it inverted erf before).
        """
        dtype = floating(dtype, "normal_")

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

        >>> ContinuousDraws(0).exponential((2,))
        array([3.5083263, 1.2303847], dtype=float32)

        PyTorch: `Tensor.exponential_`.
        """
        dtype = floating(dtype, "exponential_")
        if not rate > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate}")
        out = self.unit(math.prod(shape))
        np.log1p(np.negative(out, out=out), out=out)
        out *= -1.0 / rate
        return _rounded(out, dtype).reshape(shape)

    def cauchy(
        self, shape: tuple[int, ...], dtype: DTypeLike = np.float32, median: float = 0.0, sigma: float = 1.0
    ) -> np.ndarray:
        """Cauchy: `median + sigma * tan(pi * (u - 1/2))` with a float64 uniform.

        >>> ContinuousDraws(0).cauchy((2,))
        array([10.59773  ,  0.7647673], dtype=float32)

        PyTorch: `Tensor.cauchy_`.
        """
        dtype = floating(dtype, "cauchy_")
        if not sigma > 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
        out = self.unit(math.prod(shape))
        out -= 0.5
        out *= math.pi
        np.tan(out, out=out)
        fused_multiply_add(out, sigma, median)
        return _rounded(out, dtype).reshape(shape)

    def log_normal(
        self, shape: tuple[int, ...], dtype: DTypeLike = np.float32, mean: float = 1.0, std: float = 2.0
    ) -> np.ndarray:
        """exp of normals, which are always made in pairs, in float64.

        >>> ContinuousDraws(0).log_normal((2,), mean=0.0, std=1.0)
        array([4.669239 , 0.7457022], dtype=float32)

        PyTorch: `Tensor.log_normal_`.
        """
        dtype = floating(dtype, "log_normal_")
        if not std > 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
        out = self._normal_pairs(math.prod(shape))
        fused_multiply_add(out, std, mean)
        with np.errstate(over="ignore"):
            return _rounded(np.exp(out, out=out), dtype).reshape(shape)

    def leaky_slopes(self, x: np.ndarray, lower: float, upper: float) -> np.ndarray:
        """The random factors of RReLU: uniform in [lower, upper) where `x <= 0`, in C order, and 1 elsewhere.

        >>> ContinuousDraws(0).leaky_slopes(np.float32([-1, 2, -3]), 0.1, 0.3)
        array([0.2940106 , 1.        , 0.24156398], dtype=float32)

        PyTorch: `torch.nn.functional.rrelu` in training (`rrelu_with_noise`).
        """
        dtype = floating(x.dtype, "rrelu_with_noise")
        noise = np.ones(x.shape, dtype)
        chosen = x <= 0
        if dtype != np.float64:
            lower, upper = float(np.float32(lower)), float(np.float32(upper))
        noise[chosen] = self.unit(int(chosen.sum())) * (upper - lower) + lower
        return noise

    def _normal_blocks(self, count: int, dtype: np.dtype[Any]) -> np.ndarray:
        """`count` >= 16 standard normals by the sixteen, in float32 or float64.

        Where sixteen do not divide the count, a fresh block is laid over the end.
        """
        draw, transform = self.words, normal_float32
        if dtype == np.float64:
            draw, transform = self.double_words, normal_float64
        out = np.empty(count, dtype if dtype == np.float64 else np.float32)
        whole = count // _BLOCK * _BLOCK
        with self.lock:
            *before, last = pieces(out[:whole])
            for part in before:
                in_place = part.view(np.uint64 if dtype == np.float64 else np.uint32)
                in_place[...] = draw(part.size)
            # PyTorch fills float32 and float64 with uniforms to the end first, float16 block by block.
            rest = 0 if whole == count else _BLOCK
            unused = 0 if dtype == np.float16 or not rest else count - whole
            words = draw(last.size + unused + rest)
        if before:
            drawn = out[: whole - last.size]
            transform(drawn.view(words.dtype), drawn)
        if not rest:
            transform(words, last)
            return out
        words[last.size : last.size + _BLOCK] = words[last.size + unused :].copy()
        blocks = np.empty(last.size + _BLOCK, out.dtype)
        transform(words[: blocks.size], blocks)
        last[...] = blocks[: last.size]
        out[-_BLOCK:] = blocks[last.size :]
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
                normals = polar_pairs(self.unit(missing + missing % 2))
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


def floating(dtype: DTypeLike, name: str, *, allow_complex: bool = False) -> np.dtype[Any]:
    """`dtype` as a NumPy dtype, if it is a floating one."""
    dtype = np.dtype(dtype)
    if dtype.char in SIGNIFICAND_BITS or (allow_complex and dtype.char in "FD"):
        return dtype
    raise RuntimeError(f"{name} expects a floating point dtype, but got {dtype}; convert with .float()")
