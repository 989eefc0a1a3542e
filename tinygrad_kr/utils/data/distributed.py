"""The part of a dataset that one of several processes gets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

from ...ops.random import Generator, randperm
from .sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every n-th index of a shuffled order that all of n processes share, each beginning at its own place.

    There are no processes to ask here, so both numbers must be given.

    Args:
        dataset: for its length.
        num_replicas: n, how many processes.
        rank: which of them this is, from 0.
        shuffle: whether to shuffle.
        seed: of the shuffle; the same in all processes.
        drop_last: leave out what does not divide evenly, rather than repeat indices from the beginning.

    Raises:
        RuntimeError: a number is missing.
        ValueError: no such rank.

    >>> sampler = torch.utils.data.DistributedSampler(range(5), num_replicas=2, rank=1, shuffle=False)
    >>> list(sampler)
    [1, 3, 0]

    Source: PyTorch, `torch.utils.data.distributed.DistributedSampler`, with the same order under one seed.
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError(
                "Requires distributed package to be available, to ask it for num_replicas and rank; give both"
            )
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        size = len(dataset)
        self.num_samples = size // num_replicas if drop_last else math.ceil(size / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        size = len(self.dataset)
        indices = list(range(size))
        if self.shuffle:
            indices = randperm(size, generator=Generator().manual_seed(self.seed + self.epoch)).tolist()
        indices = list(islice(cycle(indices), self.total_size))
        return iter(indices[self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Shuffle by `seed` + `epoch` from now on: call it before each epoch, or all have one order."""
        self.epoch = epoch
