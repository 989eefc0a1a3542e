"""PyTorch's generator of random numbers: its seed, its state, and the default one that all draws share."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..devices import device as Device
from ..devices import require_cpu
from ..kernels.random import DEFAULT_SEED, Stream
from ..tensor import Tensor, wrap


def _unpredictable_seed() -> int:
    return int.from_bytes(os.urandom(8), "little")


class Generator:
    """A stream of pseudo-random numbers with a seed and a state of its own: PyTorch's Mersenne twister.

    Everything that draws takes `generator=`; without it, it draws from `torch.default_generator`.

    >>> generator = torch.Generator().manual_seed(0)
    >>> torch.rand(2, generator=generator)
    tensor([0.4963, 0.7682])

    Source: PyTorch, `torch.Generator`.
    """

    def __init__(self, device: Any = "cpu") -> None:
        self.device: Device = require_cpu(device)
        self.stream = Stream(DEFAULT_SEED)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of a seed, from -2**63 to 2**64 - 1; returns the generator."""
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise RuntimeError(
                f"manual_seed expected a long, but got {type(seed).__name__} ({seed!r}); use int(...)"
            )
        self.stream.seed(int(seed))
        return self

    def seed(self) -> int:
        """Start an unpredictable stream; returns its seed."""
        value = _unpredictable_seed()
        self.stream.seed(value)
        return value

    def initial_seed(self) -> int:
        """The seed that the stream started from."""
        return self.stream.initial_seed

    def get_state(self) -> Tensor:
        """The state, as bytes in a tensor."""
        return wrap(self.stream.get_state())

    def set_state(self, new_state: Tensor) -> None:
        """Continue from a state that `get_state` returned."""
        if not isinstance(new_state, Tensor) or new_state._array.dtype != np.uint8:
            kind = new_state.dtype if isinstance(new_state, Tensor) else type(new_state).__name__
            raise TypeError(
                f"RNG state must be a torch.ByteTensor, as get_state() returns it, but got {kind}"
            )
        self.stream.set_state(new_state._array)

    def clone_state(self) -> Generator:
        """A generator of its own that continues from the same state."""
        twin = Generator()
        twin.stream.set_state(self.stream.get_state())
        return twin


default_generator = Generator()
default_generator.seed()


def stream_of(generator: Generator | None) -> Stream:
    """The stream of a `generator` argument; that of the default generator if it is None."""
    if generator is None:
        return default_generator.stream
    if not isinstance(generator, Generator):
        raise TypeError(f"argument 'generator' must be torch.Generator, not {type(generator).__name__}")
    return generator.stream


def manual_seed(seed: int) -> Generator:
    """Start the stream of a seed in the default generator, which is returned.

    >>> _ = torch.manual_seed(0)
    >>> torch.rand(2)
    tensor([0.4963, 0.7682])

    Source: PyTorch, `torch.manual_seed`.
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Start an unpredictable stream in the default generator; returns its seed.

    >>> 0 <= torch.seed() < 2**64
    True

    Source: PyTorch, `torch.seed`.
    """
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator started from.

    >>> _ = torch.manual_seed(3)
    >>> torch.initial_seed()
    3

    Source: PyTorch, `torch.initial_seed`.
    """
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator, as bytes in a tensor.

    >>> torch.get_rng_state().shape
    torch.Size([5056])

    Source: PyTorch, `torch.get_rng_state`.
    """
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Let the default generator continue from a state that `get_rng_state` returned.

    >>> before = torch.get_rng_state()
    >>> x = torch.rand(3)
    >>> torch.set_rng_state(before)
    >>> torch.equal(torch.rand(3), x)
    True

    Source: PyTorch, `torch.set_rng_state`.
    """
    default_generator.set_state(new_state)
