"""The Mersenne twister that is PyTorch's CPU generator: its raw words, and its 5,056 bytes of state.

NumPy's `RandomState` runs the same MT19937 with the same seeding, and its stream is frozen by promise, so
the words are drawn in C. Kept here is what NumPy has no place for: a 64-bit seed, of which the twister sees
the low 32 bits, and the second half of the last Box-Muller pair, which the next small draw of normals
returns first.

A million 64-bit words take 3.9 ms, a million 32-bit words 2.6 ms (`random_raw` 5.2 and 2.6, and its words
must then be joined or narrowed).
"""

from __future__ import annotations

import operator
import threading
from functools import cached_property

import numpy as np

__all__ = ["DEFAULT_SEED", "PIECE", "STATE_BYTES", "WordSource", "pieces", "unit_float32", "unit_float64"]

DEFAULT_SEED = 67280421310721  # of a generator that nobody seeded, as PyTorch's
STATE_BYTES = 5056

_WORDS = 624
_STATE = np.dtype(
    {
        "names": ["seed", "left", "seeded", "next", "words", "normal", "has_normal", "float_normal"],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", _WORDS), "<f8", "<i4", "V8"],
        "offsets": [0, 8, 12, 16, 24, 5024, 5040, 5048],
        "itemsize": STATE_BYTES,
    }
)
# Below this many words the 4 us of checks in `randint` cost more than `random_raw`'s wider output.
_FEW = 4096
# Numbers made at a time: their words stay in cache, and in memory that the allocator hands out again (fresh
# pages for a million words would cost as much as the words).
PIECE = 65536


def pieces(out: np.ndarray) -> list[np.ndarray]:
    """Views of a flat array, `PIECE` numbers each, the last one shorter."""
    return [out[start : start + PIECE] for start in range(0, out.size, PIECE)]


def unit_float32(words: np.ndarray, out: np.ndarray) -> None:
    """Words to float32 in [0, 1): `(word & 0xFFFFFF) * 2**-24`; `words` is overwritten."""
    words &= np.uint32(0xFFFFFF)
    out[...] = words.view(np.int32)  # int32 has a vector conversion everywhere, uint32 has not
    out *= np.float32(2**-24)


def unit_float64(words: np.ndarray, out: np.ndarray) -> None:
    """64-bit words to float64 in [0, 1): `(word & (2**53 - 1)) * 2**-53`; `words` is overwritten."""
    words &= np.uint64(2**53 - 1)
    out[...] = words.view(np.int64)
    out *= 2.0**-53


class WordSource:
    """MT19937 behind a lock: 32- and 64-bit words in order, a seed, a state, and a cached normal.

    Every method is safe to call from several threads; a caller whose draws belong together holds `lock`
    (re-entrant) meanwhile. Copies (`copy.copy`, `copy.deepcopy`, `pickle`) continue from the same state.

    >>> source = WordSource(0)
    >>> source.words(3)
    array([2357136044, 2546248239, 3071714933], dtype=uint32)

    Source: Matsumoto and Nishimura (1998), "Mersenne Twister". PyTorch: `torch.Generator`.
    """

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self.lock = threading.RLock()
        self.seed(seed)

    @cached_property
    def _engine(self) -> tuple[np.random.MT19937, np.random.RandomState]:
        """NumPy's twister and what draws from it, of this seed; made at the first draw, which imports it."""
        twister = np.random.MT19937(0)
        frozen = np.random.RandomState(twister)
        frozen.seed(self._seed & 0xFFFFFFFF)
        return twister, frozen

    def seed(self, value: int) -> None:
        """Start the stream of seed `value`, from -2**63 to 2**64-1; a negative one stands for 2**64 more.

        Seeds with equal low 32 bits give the same numbers. Raises ValueError outside the range.

        >>> source = WordSource()
        >>> source.seed(-1)
        >>> source.initial_seed == 2**64 - 1
        True

        PyTorch: `torch.manual_seed`, `torch.Generator.manual_seed`.
        """
        value = operator.index(value)
        if not -(2**63) <= value < 2**64:
            raise ValueError(
                f"manual_seed expects a seed from -2**63 to 2**64-1, but got {value}; take it modulo 2**64"
            )
        with self.lock:
            self._seed = value % 2**64
            self.__dict__.pop("_engine", None)
            self._unused = True
            self._cached_normal: float | None = None
            self._float_normal = bytes(8)

    @property
    def initial_seed(self) -> int:
        """The seed of the stream, from 0 to 2**64-1. PyTorch: `torch.initial_seed`."""
        return self._seed

    def get_state(self) -> np.ndarray:
        """The whole state as 5,056 uint8, byte for byte PyTorch's.

        >>> source = WordSource(7)
        >>> state = source.get_state()
        >>> before = source.words(2)
        >>> source.set_state(state)
        >>> bool((source.words(2) == before).all())
        True

        PyTorch: `torch.get_rng_state`, `torch.Generator.get_state`.
        """
        state = np.zeros((), _STATE)
        with self.lock:
            twister = self._engine[0].state["state"]
            state["seed"] = self._seed
            state["seeded"] = 1
            state["words"] = twister["key"]
            # A twister that has just been seeded says so by next = 0, one that is used up by next = 624.
            state["left"] = _WORDS + 1 - twister["pos"]
            state["next"] = 0 if self._unused else twister["pos"]
            if self._cached_normal is not None:
                state["has_normal"], state["normal"] = 1, self._cached_normal
            state["float_normal"] = self._float_normal
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def set_state(self, state: np.ndarray) -> None:
        """Continue from `state`, an array that `get_state` (or PyTorch) returned.

        Raises TypeError unless it is a uint8 array, RuntimeError unless it holds a state.
        """
        if not isinstance(state, np.ndarray) or state.dtype != np.uint8:
            kind = state.dtype if isinstance(state, np.ndarray) else type(state).__name__
            raise TypeError(f"RNG state must be a uint8 array, as get_state returns it, but got {kind}")
        if state.size != STATE_BYTES:
            raise RuntimeError(f"Expected an RNG state of {STATE_BYTES} bytes, but found {state.size}")
        fields = np.frombuffer(state.tobytes(), _STATE)[0]
        left, following = int(fields["left"]), int(fields["next"])
        unused = (left, following) == (1, 0)
        if fields["seeded"] != 1 or not 1 <= left <= _WORDS or not (unused or left + following == _WORDS + 1):
            raise RuntimeError(
                f"Invalid mt19937 state: seeded={fields['seeded']}, left={left}, next={following}; "
                f"pass what get_state returned, unchanged"
            )
        with self.lock:
            self._engine[0].state = {
                "bit_generator": "MT19937",
                "state": {"key": fields["words"].astype(np.uint32), "pos": _WORDS + 1 - left},
            }
            self._seed = int(fields["seed"])
            self._unused = unused
            self._cached_normal = float(fields["normal"]) if fields["has_normal"] else None
            self._float_normal = fields["float_normal"].tobytes()

    def words(self, count: int) -> np.ndarray:
        """The next `count` words, uint32."""
        with self.lock:
            self._unused &= not count
            twister, frozen = self._engine
            if count < _FEW:
                return twister.random_raw(count).astype(np.uint32)
            return frozen.randint(0, 2**32, count, np.uint32)

    def double_words(self, count: int) -> np.ndarray:
        """The next `count` pairs of words as uint64, the first word on top."""
        with self.lock:
            self._unused &= not count
            twister, frozen = self._engine
            if count < _FEW:
                raw = twister.random_raw(2 * count)
                return (raw[0::2] << np.uint64(32)) | raw[1::2]
            return frozen.randint(0, 2**64, count, np.uint64)

    def unit(self, count: int, *, single: bool = False) -> np.ndarray:
        """`count` uniforms in [0, 1): float64 from two words each, or float32 from one."""
        out = np.empty(count, np.float32 if single else np.float64)
        with self.lock:
            for part in pieces(out):
                if single:
                    unit_float32(self.words(part.size), part)
                else:
                    unit_float64(self.double_words(part.size), part)
        return out

    def __getstate__(self) -> np.ndarray:
        return self.get_state()

    def __setstate__(self, state: np.ndarray) -> None:
        self.__init__()  # type: ignore[misc]
        self.set_state(state)
