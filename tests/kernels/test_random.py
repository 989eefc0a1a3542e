"""The stream without PyTorch at hand: numbers it printed, distributions, states, errors, threads."""

from __future__ import annotations

import copy
import hashlib
import math
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels.random import DEFAULT_SEED, Stream

# Printed by PyTorch 2.13 on the CPU after torch.manual_seed(42).
PINNED: dict[str, tuple[Callable[[Stream], np.ndarray], list[float]]] = {
    "uniform": (
        lambda s: s.uniform((4,)),
        [0.8822692632675171, 0.9150039553642273, 0.38286375999450684, 0.9593056440353394],
    ),
    "uniform float64": (
        lambda s: s.uniform((3,), np.float64),
        [0.05815448596142969, 0.06291016742457756, 0.12358607277440903],
    ),
    "uniform bounds": (
        lambda s: s.uniform((3,), np.float32, -0.1, 0.7),
        [0.6058154106140137, 0.6320031881332397, 0.20629100501537323],
    ),
    "normal": (lambda s: s.normal((3,)), [0.33669036626815796, 0.12880940735340118, 0.23446236550807953]),
    "normal float64": (
        lambda s: s.normal((3,), np.float64),
        [0.33669035438385886, 0.1288094051365897, 0.23446236336153173],
    ),
    "normal of 16": (
        lambda s: s.normal((16,))[:4],
        [1.9269152879714966, 1.4872840642929077, 0.9007171988487244, -2.1055209636688232],
    ),
    "normal of 17": (
        lambda s: s.normal((17,))[[0, 1, 16]],
        [1.9269152879714966, -0.1595974713563919, -0.3097267746925354],
    ),
    "normal with mean": (
        lambda s: s.normal((20,), np.float32, 0.3, 0.02)[-3:],
        [0.29208579659461975, 0.31606820225715637, 0.2875680923461914],
    ),
    "normal float16": (
        lambda s: s.normal((17,), np.float16)[-3:],
        [0.041748046875, -0.25146484375, 0.85986328125],
    ),
    "truncated": (
        lambda s: s.truncated_normal((3,)),
        [0.33669036626815796, 0.12880940735340118, 0.23446236550807953],
    ),
    "truncated far": (
        lambda s: s.truncated_normal((3,), low=2.0, high=2.5),
        [2.128286361694336, 2.3137245178222656, 2.191431999206543],
    ),
    "exponential": (
        lambda s: s.exponential((3,)),
        [0.05991401523351669, 0.06497612595558167, 0.13191677629947662],
    ),
    "cauchy": (lambda s: s.cauchy((3,)), [-5.412487506866455, -4.993700981140137, -2.4448742866516113]),
    "log normal": (lambda s: s.log_normal((3,)), [5.330157279968262, 3.5170366764068604, 4.3445611000061035]),
    "integers": (lambda s: s.integers(0, 10, (8,)), [2, 7, 6, 4, 6, 5, 0, 4]),
    "wide integers": (lambda s: s.integers(0, 2**40, (2,)), [441507790259, 395924837646]),
    "full range": (lambda s: s.full_range((2,)), [6909045637428952499, 8314211556539077902]),
    "permutation": (lambda s: s.permutation(10), [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]),
    "bernoulli": (lambda s: s.bernoulli(0.5, (8,)), [1, 1, 1, 1, 0, 1, 0, 0]),
    "bernoulli of an array": (lambda s: s.bernoulli(np.full(8, 0.5, np.float32)), [0, 0, 1, 0, 1, 0, 1, 0]),
    "dropout": (
        lambda s: s.dropout_noise(0.1, (8,)),
        [
            1.1111111640930176,
            1.1111111640930176,
            1.1111111640930176,
            1.1111111640930176,
            1.1111111640930176,
            1.1111111640930176,
            0.0,
            0.0,
        ],
    ),
    "geometric": (lambda s: s.geometric(0.3, (6,)), [8, 8, 6, 9, 2, 3]),
    "poisson": (lambda s: s.poisson(np.float32([1, 5, 20, 1000])), [0, 2, 20, 947]),
    "multinomial": (
        lambda s: s.multinomial(np.float32([1, 2, 3, 4]), 6, replacement=True),
        [0, 0, 1, 0, 2, 2],
    ),
    "multinomial without": (lambda s: s.multinomial(np.float32([1, 2, 3, 4]), 4), [3, 1, 2, 0]),
    "linear weight": (
        lambda s: s.uniform((3, 4), np.float32, -0.5, 0.5)[0],
        [0.3822692632675171, 0.4150039553642273, -0.11713624000549316, 0.45930564403533936],
    ),
}


@pytest.mark.parametrize("name", PINNED)
def test_numbers_pytorch_printed(name: str) -> None:
    draw, expected = PINNED[name]
    np.testing.assert_array_equal(draw(Stream(42)).ravel(), expected)


def test_state_pytorch_printed() -> None:
    stream = Stream(42)
    stream.normal((3,))
    state = stream.get_state()
    assert state.dtype == np.uint8 and state.shape == (5056,)
    assert (
        hashlib.sha256(state.tobytes()).hexdigest()
        == "465eb69e777fa9219f5c7fe27ddd8c19305fee009fb9ff06a4c8ea775fec0b7d"
    )


DRAWS: dict[str, Callable[[Stream, tuple[int, ...]], np.ndarray]] = {
    "uniform": lambda s, shape: s.uniform(shape),
    "uniform float64": lambda s, shape: s.uniform(shape, np.float64, -1, 3),
    "uniform complex": lambda s, shape: s.uniform(shape, np.complex64),
    "normal": lambda s, shape: s.normal(shape),
    "normal float64": lambda s, shape: s.normal(shape, np.float64, 1.0, 2.0),
    "normal float16": lambda s, shape: s.normal(shape, np.float16),
    "normal strided": lambda s, shape: s.normal(shape, contiguous=False),
    "normal complex": lambda s, shape: s.normal(shape, np.complex128),
    "normal each": lambda s, shape: s.normal_each(np.zeros(shape, np.float32), np.ones(shape, np.float32)),
    "truncated": lambda s, shape: s.truncated_normal(shape),
    "truncated far": lambda s, shape: s.truncated_normal(shape, low=2.0, high=2.5),
    "exponential": lambda s, shape: s.exponential(shape),
    "cauchy": lambda s, shape: s.cauchy(shape),
    "log normal": lambda s, shape: s.log_normal(shape),
    "leaky slopes": lambda s, shape: s.leaky_slopes(np.zeros(shape, np.float32), 0.1, 0.3),
    "integers": lambda s, shape: s.integers(-3, 9, shape),
    "wide integers": lambda s, shape: s.integers(0, 2**40, shape),
    "full range": lambda s, shape: s.full_range(shape, np.int32),
    "bernoulli": lambda s, shape: s.bernoulli(0.3, shape),
    "bernoulli of an array": lambda s, shape: s.bernoulli(np.full(shape, 0.3, np.float32)),
    "dropout": lambda s, shape: s.dropout_noise(0.3, shape),
    "geometric": lambda s, shape: s.geometric(0.3, shape),
    "poisson": lambda s, shape: s.poisson(np.full(shape, 3.0)),
}


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (3, 5), (17,), (2, 3, 4)])
def test_results_are_new_contiguous_arrays(name: str, shape: tuple[int, ...]) -> None:
    stream = Stream(1)
    before = stream.get_state()
    out = DRAWS[name](stream, shape)
    assert isinstance(out, np.ndarray) and out.shape == shape
    assert out.flags.c_contiguous and out.flags.writeable
    assert (stream.get_state() == before).all() == (out.size == 0)


@pytest.mark.parametrize("name", DRAWS)
def test_states_restore(name: str) -> None:
    stream = Stream(2)
    stream.normal((3,))
    state = stream.get_state()
    first = DRAWS[name](stream, (5, 7))
    after = stream.get_state()
    stream.set_state(state)
    np.testing.assert_array_equal(DRAWS[name](stream, (5, 7)), first)
    np.testing.assert_array_equal(stream.get_state(), after)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies_go_their_own_way(duplicate: Callable[[Stream], Stream]) -> None:
    stream = Stream(3)
    stream.normal((1,))
    other = duplicate(stream)
    assert other.initial_seed == 3
    expected = stream.normal((4,))
    stream.uniform((10,))
    np.testing.assert_array_equal(other.normal((4,)), expected)


@given(seed=st.integers(-(2**63), 2**64 - 1), used=st.integers(0, 1500))
def test_states_round_trip(seed: int, used: int) -> None:
    stream = Stream(seed)
    stream.words(used)
    state = stream.get_state()
    other = Stream()
    other.set_state(state)
    np.testing.assert_array_equal(other.get_state(), state)
    assert other.initial_seed == seed % 2**64
    np.testing.assert_array_equal(other.words(5), stream.words(5))


def test_seeding_forgets_the_cached_normal() -> None:
    stream = Stream(4)
    first = stream.normal((3,))
    stream.seed(4)
    np.testing.assert_array_equal(stream.normal((3,)), first)
    assert Stream().initial_seed == DEFAULT_SEED


def test_half_a_pair_waits_for_the_next_small_draw() -> None:
    pieces, whole = Stream(5), Stream(5).normal((9,))
    parts = [pieces.normal((1,)), pieces.normal((4,)), pieces.normal((0,)), pieces.normal((4,))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_seeds_with_equal_low_bits_share_their_numbers() -> None:
    np.testing.assert_array_equal(Stream(7).words(3), Stream(7 + 2**32).words(3))


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_seeds_out_of_range(seed: int) -> None:
    with pytest.raises(ValueError, match=str(seed)):
        Stream(seed)


def test_states_that_are_none() -> None:
    stream = Stream()
    state = stream.get_state()
    with pytest.raises(TypeError, match="uint8"):
        stream.set_state(state.view(np.int8))
    with pytest.raises(TypeError, match="list"):
        stream.set_state(state.tolist())
    with pytest.raises(RuntimeError, match="5056 bytes, but found 10"):
        stream.set_state(state[:10])
    for field in (8, 12, 16):  # left, seeded, next
        broken = state.copy()
        broken[field] = 99
        with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
            stream.set_state(broken)
    np.testing.assert_array_equal(stream.get_state(), state)


REFUSED: dict[str, Callable[[Stream], object]] = {
    "uniform bounds": lambda s: s.uniform((2,), low=1.0, high=0.0),
    "uniform span": lambda s: s.uniform((2,), np.float32, -3e38, 3e38),
    "uniform dtype": lambda s: s.uniform((2,), np.int64),
    "normal std": lambda s: s.normal((2,), std=-1.0),
    "normal nan": lambda s: s.normal((2,), std=math.nan),
    "normal each": lambda s: s.normal_each(0.0, np.float32([1, -1])),
    "exponential": lambda s: s.exponential((2,), rate=0.0),
    "cauchy": lambda s: s.cauchy((2,), sigma=0.0),
    "log normal": lambda s: s.log_normal((2,), std=0.0),
    "empty range": lambda s: s.integers(3, 3, (2,)),
    "beyond the dtype": lambda s: s.integers(0, 257, (2,), np.uint8),
    "beyond float16": lambda s: s.integers(0, 10**6, (2,), np.float16),
    "permutation": lambda s: s.permutation(-1),
    "bernoulli": lambda s: s.bernoulli(1.5, (2,)),
    "bernoulli array": lambda s: s.bernoulli(np.float32([0.5, math.nan])),
    "geometric": lambda s: s.geometric(1.0, (2,)),
    "poisson": lambda s: s.poisson(np.float32([-1.0])),
    "multinomial": lambda s: s.multinomial(np.float32([0.0, 0.0]), 1),
    "multinomial samples": lambda s: s.multinomial(np.float32([1.0, 1.0]), 3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_take_nothing_from_the_stream(name: str) -> None:
    stream = Stream(6)
    before = stream.get_state()
    with pytest.raises(RuntimeError):
        REFUSED[name](stream)
    np.testing.assert_array_equal(stream.get_state(), before)
    with pytest.raises(ValueError, match="but got 2"):
        stream.dropout_noise(2, (3,))


MOMENTS: dict[str, tuple[Callable[[Stream, tuple[int, ...]], np.ndarray], float, float]] = {
    "uniform": (lambda s, n: s.uniform(n, np.float32, -1.0, 3.0), 1.0, 4 / math.sqrt(12)),
    "normal": (lambda s, n: s.normal(n, np.float32, 2.0, 0.5), 2.0, 0.5),
    "normal float64": (lambda s, n: s.normal(n, np.float64, 2.0, 0.5), 2.0, 0.5),
    "normal pairs": (lambda s, n: s.normal(n, contiguous=False), 0.0, 1.0),
    "truncated": (lambda s, n: s.truncated_normal(n, low=-1.0, high=1.0), 0.0, 0.5396),
    "truncated far": (lambda s, n: s.truncated_normal(n, low=1.0, high=3.0), 1.5104, 0.4193),
    "exponential": (lambda s, n: s.exponential(n, rate=2.0), 0.5, 0.5),
    "log normal": (lambda s, n: s.log_normal(n, mean=0.0, std=0.5), 1.1331, 0.6039),
    "integers": (lambda s, n: s.integers(-5, 6, n), 0.0, math.sqrt(10)),
    "wide integers": (lambda s, n: s.integers(0, 2**40, n) / 2**40, 0.5, 1 / math.sqrt(12)),
    "full range": (lambda s, n: s.full_range(n, np.int32) / 2**31, 0.5, 1 / math.sqrt(12)),
    "bernoulli": (lambda s, n: s.bernoulli(0.3, n), 0.3, math.sqrt(0.21)),
    "dropout": (lambda s, n: s.dropout_noise(0.5, n), 1.0, 1.0),
    "geometric": (lambda s, n: s.geometric(0.25, n), 4.0, math.sqrt(12)),
    "poisson": (lambda s, n: s.poisson(np.full(n, 4.0)), 4.0, 2.0),
    "large poisson": (lambda s, n: s.poisson(np.full(n, 40.0)), 40.0, math.sqrt(40)),
    "multinomial": (lambda s, n: s.multinomial(np.float32([1, 0, 3]), n[0], True), 1.5, math.sqrt(0.75)),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_mean_and_spread(name: str) -> None:
    draw, mean, spread = MOMENTS[name]
    sample = draw(Stream(8), (20_000,)).astype(np.float64)
    # Five standard errors of the mean; the seed is fixed, so this passes always or never.
    assert abs(sample.mean() - mean) < 5 * spread / math.sqrt(sample.size)
    assert sample.std() == pytest.approx(spread, rel=0.05)


def test_ranges() -> None:
    stream = Stream(9)
    for dtype in (np.float16, np.float32, np.float64):
        sample = stream.uniform((20_000,), dtype)
        assert sample.min() >= 0 and sample.max() < 1
        sample = stream.uniform((20_000,), dtype, 100.0, 100.5)
        assert sample.min() >= 100 and sample.max() < 100.5
    assert set(stream.integers(-2, 3, (1000,)).tolist()) == {-2, -1, 0, 1, 2}
    assert stream.geometric(0.5, (1000,)).min() == 1
    assert abs(stream.truncated_normal((5000,), low=-0.3, high=0.2)).max() <= 0.3
    slopes = stream.leaky_slopes(np.linspace(-1, 1, 100), 0.1, 0.3)
    assert (slopes[50:] == 1).all() and slopes[:50].min() >= 0.1 and slopes[:50].max() < 0.3


@given(count=st.integers(0, 300), seed=st.integers(0, 100))
def test_permutations_hold_every_index(count: int, seed: int) -> None:
    assert sorted(Stream(seed).permutation(count).tolist()) == list(range(count))


def test_permutations_of_three_are_equally_likely() -> None:
    stream = Stream(10)
    seen = [tuple(stream.permutation(3).tolist()) for _ in range(3000)]
    assert all(abs(seen.count(order) - 500) < 110 for order in set(seen)) and len(set(seen)) == 6


def test_multinomial_without_replacement_takes_each_index_once() -> None:
    weights = np.float32([[1, 2, 3, 4], [0, 5, 0, 1]])
    chosen = Stream(11).multinomial(weights, 2)
    assert set(chosen[1].tolist()) == {1, 3}
    assert len(set(chosen[0].tolist())) == 2
    assert Stream(11).multinomial(np.ones((0, 3), np.float32), 2, True).shape == (0, 2)


def test_dropout_of_nothing_and_of_everything() -> None:
    stream = Stream(12)
    before = stream.get_state()
    assert (stream.dropout_noise(0, (4,)) == 1).all() and (stream.dropout_noise(1.0, (4,)) == 0).all()
    np.testing.assert_array_equal(stream.get_state(), before)


def test_pieces_join_without_a_seam() -> None:
    whole = Stream(13).uniform((200_000,))
    stream = Stream(13)
    np.testing.assert_array_equal(np.concatenate([stream.uniform((n,)) for n in (1, 69_999, 130_000)]), whole)


def test_threads_share_the_stream_without_losing_words() -> None:
    stream = Stream(14)
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda _: stream.uniform((5000,), np.float64), range(16)))
    expected = Stream(14).uniform((80_000,), np.float64)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.sort(expected))
    # Each draw is a run of the stream, never a mixture of two.
    starts = {value: i for i, value in enumerate(expected.tolist())}
    for part in parts:
        start = starts[part[0].item()]
        np.testing.assert_array_equal(part, expected[start : start + 5000])


@given(st.integers(0, 3000), st.integers(0, 2**32 - 1))
def test_a_permutation_is_its_swaps(count: int, seed: int) -> None:
    stream = Stream(seed)
    words = Stream(seed).words(max(count - 1, 0)).tolist()
    order = list(range(count))
    for i, word in enumerate(words):
        j = i + word % (count - i)
        order[i], order[j] = order[j], order[i]
    assert stream.permutation(count).tolist() == order
