"""The stream against PyTorch's generator: the same bits after any history, and the same state afterwards.

Where NumPy's float64 functions may differ from the C library's in a last bit, float64 results get a tolerance
of a few units in the last place, and float32 results none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_kr.kernels.random import Stream

torch = pytest.importorskip("torch", reason="compares with PyTorch")
AVX2 = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
pytestmark = [pytest.mark.torch, pytest.mark.skipif(not AVX2, reason="PyTorch without AVX2 rounds otherwise")]

SIZES = (0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 100, 623, 624, 625, 1000, 4095, 4097, 70001)
FLOATS = ("float16", "float32", "float64")
ULP = 4 * 2.0**-52


def pair(seed: int) -> tuple[Stream, Any]:
    return Stream(seed), torch.Generator().manual_seed(seed)


def blank(shape: int | tuple[int, ...], dtype: str) -> Any:
    return torch.empty(shape, dtype=getattr(torch, dtype))


def same_state(stream: Stream, generator: Any) -> bool:
    return bool((stream.get_state() == generator.get_state().numpy()).all())


def same_bits(ours: np.ndarray, theirs: Any) -> bool:
    theirs = theirs.numpy()
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape and ours.flags.c_contiguous
    return ours.tobytes() == np.ascontiguousarray(theirs).tobytes()


def assert_close(ours: np.ndarray, theirs: Any, tolerance: float = ULP) -> None:
    """Equal bits below float64, nearly equal in float64."""
    if ours.dtype == np.float64:
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(ours, theirs.numpy())
        assert ours.dtype == theirs.numpy().dtype


@pytest.mark.parametrize("seed", [0, 1, 42, 2**31, 2**32 - 1, 2**32, 2**40 + 3, 2**64 - 1, -1, -(2**63)])
def test_seeds(seed: int) -> None:
    stream, generator = pair(seed)
    assert stream.initial_seed == generator.initial_seed()
    assert same_state(stream, generator)
    assert same_bits(stream.uniform((50,)), torch.rand(50, generator=generator))


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_seeds_out_of_range(seed: int) -> None:
    with pytest.raises(ValueError):
        torch.Generator().manual_seed(seed)
    with pytest.raises(ValueError):
        Stream(seed)


def test_default_seed() -> None:
    assert same_state(Stream(), torch.Generator())


def test_states_cross_over() -> None:
    stream, generator = pair(3)
    stream.normal((3,))  # leaves half a pair
    stream.uniform((700,))
    generator.set_state(torch.from_numpy(stream.get_state()))
    assert same_state(stream, generator)
    assert same_bits(stream.normal((2,)), torch.randn(2, generator=generator))
    torch.randn(5, generator=generator)
    stream.set_state(generator.get_state().numpy())
    assert same_bits(stream.normal((6,)), torch.randn(6, generator=generator))
    assert same_state(stream, generator)


@pytest.mark.parametrize("dtype", [*FLOATS, "complex64", "complex128"])
@pytest.mark.parametrize(
    "bounds", [(0.0, 1.0), (-0.5, 0.5), (0.1, 0.7), (-3.3, 1.1), (100.0, 100.001), (2.0, 2.0)]
)
def test_uniform(dtype: str, bounds: tuple[float, float]) -> None:
    stream, generator = pair(7)
    for size in SIZES:
        ours = stream.uniform((size,), dtype, *bounds)
        assert same_bits(ours, blank(size, dtype).uniform_(*bounds, generator=generator)), size
    assert same_state(stream, generator)


@pytest.mark.parametrize("dtype", ["float16", "float32", "complex64"])
@pytest.mark.parametrize(
    ("mean", "std"), [(0.0, 1.0), (0.3, 0.7), (-5.0, 0.02), (0.0, 0.05), (2.0, 1.0), (1.0, 0.0)]
)
def test_normal(dtype: str, mean: float, std: float) -> None:
    stream, generator = pair(8)
    for size in SIZES:
        ours = stream.normal((size,), dtype, mean, std)
        assert same_bits(ours, blank(size, dtype).normal_(mean, std, generator=generator)), size


def test_normal_of_three_million() -> None:
    stream, generator = pair(9)
    ours, theirs = stream.normal((3_000_005,)), torch.randn(3_000_005, generator=generator)
    assert same_bits(ours, theirs)
    assert same_state(stream, generator)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.3, 0.7)])
def test_normal_float64(dtype: str, mean: float, std: float) -> None:
    stream, generator = pair(8)
    for size in SIZES:
        ours = stream.normal((size,), dtype, mean, std)
        theirs = blank(size, dtype).normal_(mean, std, generator=generator)
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=ULP, atol=ULP)
        if size * (2 if dtype == "complex128" else 1) < 16:
            assert same_bits(ours, theirs)
    # The state holds the leftover normal to the last bit, as few numbers go through the C library.
    assert same_state(stream, generator)


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_into_a_strided_destination(dtype: str) -> None:
    stream, generator = pair(10)
    for rows, columns in ((3, 5), (5, 5), (7, 9), (40, 30)):
        theirs = blank((rows, columns), dtype).t().normal_(1.0, 2.0, generator=generator)
        ours = stream.normal((rows, columns), dtype, 1.0, 2.0, contiguous=False).T
        assert_close(np.ascontiguousarray(ours), theirs)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", [5, 40])
def test_normal_each(dtype: str, size: int) -> None:
    mean, std = (torch.linspace(-1, 2, size), torch.linspace(0, 3, size))
    mean, std = mean.to(getattr(torch, dtype)), std.to(getattr(torch, dtype))
    stream, generator = pair(11)
    assert_close(stream.normal_each(mean.numpy(), std.numpy()), torch.normal(mean, std, generator=generator))
    assert_close(stream.normal_each(mean.numpy(), 0.7), torch.normal(mean, 0.7, generator=generator))
    assert_close(stream.normal_each(0.3, std.numpy()), torch.normal(0.3, std, generator=generator))
    column = mean[:, None]
    ours = stream.normal_each(column.numpy(), std.numpy())
    assert_close(ours, torch.normal(column, std, generator=generator))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("mean", "std", "low", "high"),
    [
        (0.0, 1.0, -2.0, 2.0),
        (0.0, 0.02, -2.0, 2.0),
        (0.5, 1.0, 0.0, 1.0),
        (0.0, 1.0, 1.0, 3.0),
        (0.0, 1.0, -0.2, 0.1),
    ],
)
def test_truncated_normal(dtype: str, mean: float, std: float, low: float, high: float) -> None:
    stream = Stream(12)
    for shape in ((3,), (17,), (30, 50)):
        torch.set_rng_state(torch.from_numpy(stream.get_state()))
        theirs = torch.nn.init.trunc_normal_(blank(shape, dtype), mean, std, low, high)
        assert_close(stream.truncated_normal(shape, dtype, mean, std, low, high), theirs)
        assert_same_words(stream, torch.default_generator)


def assert_same_words(stream: Stream, generator: Any) -> None:
    """The same words were taken; a leftover float64 normal may differ in its last bit."""
    ours, theirs = stream.get_state(), generator.get_state().numpy()
    np.testing.assert_array_equal(np.delete(ours, slice(5024, 5032)), np.delete(theirs, slice(5024, 5032)))


CONTINUOUS: dict[str, tuple[Callable[..., np.ndarray], Callable[..., Any]]] = {
    "exponential": (
        lambda s, shape, dtype: s.exponential(shape, dtype, 1.7),
        lambda t, g: t.exponential_(1.7, generator=g),
    ),
    "cauchy": (
        lambda s, shape, dtype: s.cauchy(shape, dtype, 0.5, 3.0),
        lambda t, g: t.cauchy_(0.5, 3.0, generator=g),
    ),
    "log_normal": (
        lambda s, shape, dtype: s.log_normal(shape, dtype, 0.3, 0.7),
        lambda t, g: t.log_normal_(0.3, 0.7, generator=g),
    ),
    "log_normal defaults": (
        lambda s, shape, dtype: s.log_normal(shape, dtype),
        lambda t, g: t.log_normal_(generator=g),
    ),
}


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_continuous(name: str, dtype: str) -> None:
    ours, theirs = CONTINUOUS[name]
    stream, generator = pair(13)
    for size in SIZES:
        assert_close(ours(stream, (size,), dtype), theirs(blank(size, dtype), generator), 16 * ULP)
    assert_same_words(stream, generator)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32"])
@pytest.mark.parametrize("p", [0.001, 0.3, 0.999])
def test_geometric(dtype: str, p: float) -> None:
    stream, generator = pair(14)
    for size in SIZES:
        assert same_bits(
            stream.geometric(p, (size,), dtype), blank(size, dtype).geometric_(p, generator=generator)
        )
    assert same_state(stream, generator)


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [
        (0, 10, "int64"),
        (-5, 5, "int64"),
        (0, 2**28 - 1, "int64"),
        (0, 2**28, "int64"),
        (-3, 2**31, "int64"),
        (-(2**63), 2**63 - 1, "int64"),
        (0, 1, "int64"),
        (0, 256, "uint8"),
        (-128, 128, "int8"),
        (-(2**31), 2**31, "int32"),
        (0, 2, "bool"),
        (0, 10, "float32"),
        (-7, 7, "float16"),
        (0, 2**24, "float32"),
        (-(2**24), 2**24, "float32"),
        (0, 2**24 + 1, "float32"),
        (-2047, 2049, "float16"),
        (0, 2**53, "float64"),
    ],
)
def test_integers(low: int, high: int, dtype: str) -> None:
    stream, generator = pair(15)
    for size in SIZES:
        theirs = blank(size, dtype).random_(low, high, generator=generator)
        assert same_bits(stream.integers(low, high, (size,), dtype), theirs), size
    assert same_state(stream, generator)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64", "bool", *FLOATS])
def test_integers_without_bounds(dtype: str) -> None:
    stream, generator = pair(16)
    for size in SIZES:
        theirs = blank(size, dtype).random_(generator=generator)
        assert same_bits(stream.full_range((size,), dtype), theirs)
        if dtype != "bool":
            theirs = blank(size, dtype).random_(5, None, generator=generator)
            assert same_bits(stream.integers(5, None, (size,), dtype), theirs)
    assert same_state(stream, generator)


def test_integers_of_all_64_bits() -> None:
    stream, generator = pair(17)
    theirs = torch.empty(100, dtype=torch.int64).random_(-(2**63), None, generator=generator)
    assert same_bits(stream.integers(-(2**63), None, (100,)), theirs)


@pytest.mark.filterwarnings("ignore:.*out of bounds")
@given(low=st.integers(-70000, 70000), span=st.integers(1, 5000), seed=st.integers(0, 9))
def test_float16_integers_stay_in_range(low: int, span: int, seed: int) -> None:
    stream, generator = pair(seed)
    try:
        theirs = torch.empty(50, dtype=torch.float16).random_(low, low + span, generator=generator)
    except RuntimeError:
        with pytest.raises(RuntimeError):
            stream.integers(low, low + span, (50,), np.float16)
        return
    assert same_bits(stream.integers(low, low + span, (50,), np.float16), theirs)


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [
        (5, 5, "int64"),
        (6, 5, "int64"),
        (0, 257, "uint8"),
        (-1, 5, "uint8"),
        (0, 3, "bool"),
        (0, 10**6, "float16"),
    ],
)
def test_integers_that_do_not_fit(low: int, high: int, dtype: str) -> None:
    with pytest.raises(RuntimeError):
        blank(3, dtype).random_(low, high)
    with pytest.raises(RuntimeError):
        Stream(0).integers(low, high, (3,), dtype)


@pytest.mark.parametrize("seed", range(3))
def test_permutation(seed: int) -> None:
    stream, generator = pair(seed)
    for size in (*SIZES, 60_000):
        assert same_bits(stream.permutation(size), torch.randperm(size, generator=generator)), size
    assert same_bits(
        stream.permutation(9, np.int32), torch.randperm(9, generator=generator, dtype=torch.int32)
    )
    assert same_state(stream, generator)


@pytest.mark.parametrize("p", [0.0, 1e-9, 0.1, 0.3, 0.5, 0.9, 1 - 2**-53, 1.0])
def test_bernoulli(p: float) -> None:
    stream, generator = pair(18)
    for size in SIZES:
        assert same_bits(stream.bernoulli(p, (size,)), blank(size, "bool").bernoulli_(p, generator=generator))
    theirs = blank((3, 4), "float32").bernoulli_(p, generator=generator)
    assert same_bits(stream.bernoulli(p, (3, 4), np.float32), theirs)
    assert same_state(stream, generator)


@pytest.mark.parametrize("dtype", FLOATS)
def test_bernoulli_of_an_array(dtype: str) -> None:
    p = torch.linspace(0, 1, 3000).to(getattr(torch, dtype))
    stream, generator = pair(19)
    assert same_bits(stream.bernoulli(p.numpy(), dtype=dtype), torch.bernoulli(p, generator=generator))
    theirs = blank((4, 3000), "int64").bernoulli_(p, generator=generator)
    assert same_bits(stream.bernoulli(p.numpy(), (4, 3000), np.int64), theirs)
    assert same_state(stream, generator)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("p", [0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
def test_dropout(dtype: str, p: float) -> None:
    stream = Stream(20)
    x = torch.rand(30, 40, generator=torch.Generator().manual_seed(0)).to(getattr(torch, dtype))
    torch.set_rng_state(torch.from_numpy(stream.get_state()))
    theirs = torch.nn.functional.dropout(x, p)
    assert same_bits(x.numpy() * stream.dropout_noise(p, (30, 40), dtype), theirs)
    assert same_state(stream, torch.default_generator)


def test_dropout_follows_the_memory_of_its_input() -> None:
    stream = Stream(21)
    torch.set_rng_state(torch.from_numpy(stream.get_state()))
    for x, axes in (
        (torch.ones(30, 40).t(), (1, 0)),
        (torch.ones(2, 5, 6, 7).to(memory_format=torch.channels_last), (0, 3, 1, 2)),
        (torch.ones(30, 80)[:, ::2], (0, 1)),
    ):
        shape = tuple(x.shape[axes.index(i)] for i in range(x.ndim))
        ours = stream.dropout_noise(0.5, shape).transpose(axes)
        np.testing.assert_array_equal(ours, torch.nn.functional.dropout(x, 0.5).numpy())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_leaky_slopes(dtype: str) -> None:
    stream = Stream(22)
    x = torch.linspace(-1, 1, 501, dtype=getattr(torch, dtype)).reshape(3, 167)
    torch.set_rng_state(torch.from_numpy(stream.get_state()))
    theirs = torch.nn.functional.rrelu(x, 0.1, 0.3, training=True)
    assert same_bits(x.numpy() * stream.leaky_slopes(x.numpy(), 0.1, 0.3), theirs)
    assert same_state(stream, torch.default_generator)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_poisson(dtype: str) -> None:
    rates = torch.tensor([0.0, 0.01, 1, 5, 9.99, 10, 12, 50, 1000, 1e6], dtype=getattr(torch, dtype))
    rates = rates.repeat(40).reshape(20, 20)
    stream, generator = pair(23)
    assert same_bits(stream.poisson(rates.numpy()), torch.poisson(rates, generator=generator))
    assert same_state(stream, generator)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(1,), (7,), (5, 50), (3, 1000)])
def test_multinomial(dtype: str, shape: tuple[int, ...]) -> None:
    weights = (torch.rand(shape, generator=torch.Generator().manual_seed(1)) + 0.01).to(getattr(torch, dtype))
    stream, generator = pair(24)
    for samples, replacement in ((1, False), (1, True), (40, True), (min(5, shape[-1]), False)):
        theirs = torch.multinomial(weights, samples, replacement, generator=generator)
        assert same_bits(stream.multinomial(weights.numpy(), samples, replacement), theirs), (
            samples,
            replacement,
        )
    assert same_state(stream, generator)


BAD_WEIGHTS = {
    "too many": ([1.0, 2.0], 3, False),
    "none wanted": ([1.0, 2.0], 0, False),
    "all zero": ([0.0, 0.0], 1, False),
    "a zero row": ([[0.0, 0.0], [1.0, 1.0]], 2, True),
    "negative": ([1.0, -1.0], 1, False),
    "infinite": ([1.0, float("inf")], 2, True),
    "nan": ([1.0, float("nan")], 1, False),
    "three dimensions": ([[[1.0]]], 1, False),
    "no dimension": (1.0, 1, True),
}


@pytest.mark.parametrize("name", BAD_WEIGHTS)
def test_multinomial_refuses(name: str) -> None:
    weights, samples, replacement = BAD_WEIGHTS[name]
    with pytest.raises(RuntimeError):
        torch.multinomial(torch.tensor(weights), samples, replacement)
    with pytest.raises(RuntimeError):
        Stream(0).multinomial(np.array(weights, np.float32), samples, replacement)


DRAWS: dict[str, tuple[Callable[..., np.ndarray], Callable[..., Any]]] = {
    "uniform": (lambda s, n: s.uniform((n,)), lambda n, g: torch.rand(n, generator=g)),
    "uniform64": (
        lambda s, n: s.uniform((n,), np.float64),
        lambda n, g: torch.rand(n, generator=g, dtype=torch.float64),
    ),
    "normal": (lambda s, n: s.normal((n,)), lambda n, g: torch.randn(n, generator=g)),
    "integers": (lambda s, n: s.integers(0, 7, (n,)), lambda n, g: torch.randint(7, (n,), generator=g)),
    "permutation": (lambda s, n: s.permutation(n), lambda n, g: torch.randperm(n, generator=g)),
    "bernoulli": (
        lambda s, n: s.bernoulli(0.4, (n,), np.float32),
        lambda n, g: torch.empty(n).bernoulli_(0.4, generator=g),
    ),
    "log_normal": (lambda s, n: s.log_normal((n,)), lambda n, g: torch.empty(n).log_normal_(generator=g)),
}


@given(
    seed=st.integers(-(2**63), 2**64 - 1),
    history=st.lists(st.tuples(st.sampled_from(sorted(DRAWS)), st.integers(0, 40)), min_size=2, max_size=12),
)
def test_any_sequence_of_draws(seed: int, history: list[tuple[str, int]]) -> None:
    stream, generator = pair(seed)
    for name, size in history:
        ours, theirs = DRAWS[name]
        np.testing.assert_allclose(ours(stream, size), theirs(size, generator).numpy(), rtol=0, atol=1e-6)
    assert same_state(stream, generator)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gamma_dirichlet_and_binomial(dtype: str) -> None:
    rng = np.random.default_rng(0)
    alpha = rng.gamma(0.7, 3, (40, 5)).astype(dtype)
    stream, generator = pair(12)
    stream.normal((3,))  # leaves half a pair, which the first gamma variate takes
    torch.randn(3, generator=generator)
    assert same_bits(stream.gamma(alpha), torch._standard_gamma(torch.from_numpy(alpha), generator=generator))
    assert same_state(stream, generator)
    theirs = torch._sample_dirichlet(torch.from_numpy(alpha), generator=generator)
    np.testing.assert_allclose(
        stream.dirichlet(alpha), theirs.numpy(), rtol=0 if dtype == "float32" else 1e-15
    )
    count = rng.integers(0, 300, 2000).astype(dtype)
    p = rng.random(2000).astype(dtype)
    p[:20] = np.repeat([0, 1, 0.5, 1e-3], 5)
    theirs = torch.binomial(torch.from_numpy(count), torch.from_numpy(p), generator=generator)
    assert same_bits(stream.binomial(count, p), theirs)
    assert same_state(stream, generator)


def test_gamma_at_the_ends() -> None:
    alpha = np.float32([0, 1e-4, 1e-30, np.nan, 1e30])
    stream, generator = pair(13)
    theirs = torch._standard_gamma(torch.from_numpy(alpha), generator=generator).numpy()
    np.testing.assert_array_equal(stream.gamma(alpha)[:3], theirs[:3])
    tiny = np.full((2, 3), 1e-4, np.float32)
    theirs = torch._sample_dirichlet(torch.from_numpy(tiny), generator=pair(14)[1])
    np.testing.assert_array_equal(pair(14)[0].dirichlet(tiny), theirs.numpy())
