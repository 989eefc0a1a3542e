"""Loading draws PyTorch's random numbers: the same splits, shuffles and seeds, the same numbers after."""

from __future__ import annotations

import random
import warnings
from collections import namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = pytest.mark.torch

seeds = st.integers(0, 2**63 - 1)
BOTH = (tinygrad_kr, torch)


def same(one: Any, other: Any) -> bool:
    """The same structure of the same values, dtypes and types."""
    if isinstance(other, torch.Tensor):
        assert isinstance(one, tinygrad_kr.Tensor) and str(one.dtype) == str(other.dtype)
        np.testing.assert_array_equal(one.numpy(), other.numpy())
        return True
    if isinstance(other, dict):
        assert type(one) is type(other) and list(one) == list(other)
        return all(same(one[key], other[key]) for key in other)
    if isinstance(other, (list, tuple)):
        assert type(one) is type(other) and len(one) == len(other)
        return all(map(same, one, other))
    return type(one) is type(other) and one == other


def same_state_after(run: Any) -> None:
    """`run(module)` gives the same in both, and leaves both default generators in the same state."""
    results, states = [], []
    for module in BOTH:
        results.append(run(module))
        states.append(module.get_rng_state().numpy())
    assert results[0] == results[1]
    np.testing.assert_array_equal(states[0], states[1])


@given(
    seed=seeds,
    size=st.integers(1, 50),
    batch_size=st.none() | st.integers(1, 7),
    shuffle=st.booleans(),
    own=st.booleans(),
    epochs=st.integers(1, 3),
    early=st.booleans(),
)
def test_epochs(
    seed: int, size: int, batch_size: int | None, shuffle: bool, own: bool, epochs: int, early: bool
) -> None:
    def run(module: Any) -> list[Any]:
        module.manual_seed(seed)
        generator = module.Generator().manual_seed(seed // 2) if own else None
        dataset = module.utils.data.TensorDataset(module.arange(size))
        loader = module.utils.data.DataLoader(dataset, batch_size, shuffle=shuffle, generator=generator)
        seen: list[Any] = []
        for _ in range(epochs):
            for (batch,) in loader:
                seen.append(batch.tolist())
                if early:
                    break
            seen.append(module.rand(1).item())  # what a dropout between the epochs would draw
        return seen

    same_state_after(run)


@given(seed=seeds, size=st.integers(2, 40), draws=st.integers(1, 90), own=st.booleans())
def test_samplers(seed: int, size: int, draws: int, own: bool) -> None:
    def run(module: Any) -> list[Any]:
        module.manual_seed(seed)
        generator = module.Generator().manual_seed(seed // 3) if own else None
        data = module.utils.data
        weights = [1.0 + i % 3 for i in range(size)]
        samplers = [
            data.RandomSampler(range(size), generator=generator),
            data.RandomSampler(range(size), num_samples=draws, generator=generator),
            data.RandomSampler(range(size), replacement=True, num_samples=draws, generator=generator),
            data.SubsetRandomSampler(range(5, 5 + size), generator=generator),
            data.WeightedRandomSampler(weights, draws, generator=generator),
            data.WeightedRandomSampler(weights, size // 2, replacement=False, generator=generator),
        ]
        return [list(sampler) for sampler in [*samplers, *samplers]]

    same_state_after(run)


@given(
    size=st.integers(1, 20),
    replicas=st.integers(1, 6),
    seed=st.integers(0, 99),
    epoch=st.integers(0, 3),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
)
def test_distributed_sampler(
    size: int, replicas: int, seed: int, epoch: int, shuffle: bool, drop_last: bool
) -> None:
    def run(module: Any) -> list[Any]:
        module.manual_seed(0)
        found = []
        for rank in range(replicas):
            sampler = module.utils.data.distributed.DistributedSampler(
                range(size), replicas, rank, shuffle, seed, drop_last
            )
            sampler.set_epoch(epoch)
            found.append((len(sampler), sampler.total_size, list(sampler)))
        return found

    same_state_after(run)


@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4), seed=seeds)
def test_datasets_of_datasets(sizes: list[int], seed: int) -> None:
    def run(module: Any) -> list[Any]:
        module.manual_seed(seed)
        data = module.utils.data
        parts = [data.TensorDataset(module.arange(10 * i, 10 * i + size)) for i, size in enumerate(sizes)]
        joined = data.ConcatDataset(parts)
        stacked = data.StackDataset(joined, list(range(len(joined))))
        named = data.StackDataset(a=joined, b=list(range(len(joined))))
        found = [joined.cumulative_sizes, len(joined), joined[-1][0].item()]
        for dataset in (joined, stacked, data.Subset(stacked, range(0, len(joined), 2))):
            found += [str(batch) for batch in data.DataLoader(dataset, batch_size=2, shuffle=True)]
        return [*found, *(str(batch) for batch in data.DataLoader(named, batch_size=2))]

    same_state_after(run)


@given(seed=seeds, size=st.integers(1, 60), cut=st.floats(0, 1), own=st.booleans())
def test_random_split(seed: int, size: int, cut: float, own: bool) -> None:
    first = int(size * cut)

    def run(module: Any) -> list[Any]:
        module.manual_seed(seed)
        more = {"generator": module.Generator().manual_seed(seed)} if own else {}
        split = module.utils.data.random_split
        parts = [
            *split(range(size), [first, size - first], **more),
            *split(range(size), [0.5, 0.25, 0.25], **more),
        ]
        return [list(part.indices) for part in parts]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about empty parts
        same_state_after(run)


Point = namedtuple("Point", ["x", "y"])
leaf = st.sampled_from(["int", "float", "bool", "str", "array", "tensor", "scalar"])
layout = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.tuples(st.just("tuple"), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(st.just("list"), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(st.just("dict"), st.lists(inner, min_size=1, max_size=2)),
        st.tuples(st.just("point"), st.lists(inner, min_size=2, max_size=2)),
    ),
    max_leaves=5,
)


def sample(module: Any, shape: Any, i: int) -> Any:
    if isinstance(shape, tuple):
        parts = [sample(module, one, i) for one in shape[1]]
        kinds: dict[str, Any] = {
            "tuple": tuple,
            "list": list,
            "dict": lambda values: dict(zip("ab", values)),
            "point": lambda values: Point(*values),
        }
        return kinds[shape[0]](parts)
    leaves: dict[str, Any] = {
        "int": i,
        "float": i / 4,
        "bool": i % 2 == 0,
        "str": f"s{i}",
        "array": np.full((2, 1), i, np.float32),
        "tensor": module.full((3,), i),
        "scalar": np.float16(i),
    }
    return leaves[shape]


@given(shape=layout, size=st.integers(1, 4))
def test_default_collate(shape: Any, size: int) -> None:
    batches = [
        module.utils.data.default_collate([sample(module, shape, i) for i in range(size)]) for module in BOTH
    ]
    assert same(*batches)


@given(shape=layout)
def test_default_convert(shape: Any) -> None:
    assert same(*[module.utils.data.default_convert(sample(module, shape, 3)) for module in BOTH])


# -- workers -------------------------------------------------------------------------------------------------


class Drawn:
    """A dataset whose samples are random numbers of all kinds."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> Any:
        info = self.module.utils.data.get_worker_info()
        return index, self.module.rand(1).item(), random.random(), np.random.rand(), info.seed, info.id


def to_list(batch: list[Any]) -> list[Any]:
    return batch


@pytest.mark.parametrize("persistent", [False, True])
def test_workers_draw_torchs_numbers(persistent: bool) -> None:
    def run(module: Any) -> list[Any]:
        module.manual_seed(11)
        loader = module.utils.data.DataLoader(
            Drawn(module),
            batch_size=3,
            shuffle=True,
            num_workers=2,
            collate_fn=to_list,
            persistent_workers=persistent,
            multiprocessing_context="fork",
        )
        return [batch for _ in range(2) for batch in loader]

    same_state_after(run)


def test_uneven_iterable_workers_come_in_torchs_order() -> None:
    def run(module: Any) -> list[Any]:
        module.manual_seed(1)

        class Uneven(module.utils.data.IterableDataset):  # type: ignore[name-defined]
            def __iter__(self) -> Any:
                number = module.utils.data.get_worker_info().id
                return iter(range(100 * number, 100 * number + 2 + 5 * number))

        loader = module.utils.data.DataLoader(
            Uneven(), batch_size=2, num_workers=2, multiprocessing_context="fork"
        )
        return [batch.tolist() for batch in loader]

    same_state_after(run)


def test_errors_read_as_torchs() -> None:
    messages = []
    for module in BOTH:
        loader = module.utils.data.DataLoader([1, "x" * 3, 2], num_workers=1, collate_fn=refuse)
        with pytest.raises(ValueError) as caught:
            list(loader)
        text = str(caught.value)
        messages.append((text.splitlines()[0], text.splitlines()[1], text.splitlines()[-1]))
    assert messages[0] == messages[1]


def refuse(batch: Any) -> Any:
    raise ValueError(f"cannot make a batch of {batch}")
