"""Random numbers: the generator and its state, draws in place, arguments and errors."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import tinygrad_kr as torch


def test_the_same_seed_gives_the_same_numbers() -> None:
    torch.manual_seed(3)
    one = [torch.rand(5), torch.randn(20), torch.randint(9, (4,)), torch.randperm(7)]
    assert torch.manual_seed(3) is torch.default_generator and torch.initial_seed() == 3
    two = [torch.rand(5), torch.randn(20), torch.randint(9, (4,)), torch.randperm(7)]
    assert all(torch.equal(a, b) for a, b in zip(one, two))


def test_state_is_saved_and_restored() -> None:
    torch.randn(3)  # leaves half a pair of normals in the state
    state = torch.get_rng_state()
    one = torch.randn(5)
    torch.set_rng_state(state)
    assert torch.equal(torch.randn(5), one)
    assert state.dtype is torch.uint8 and tuple(state.shape) == (5056,)
    with pytest.raises(TypeError, match=r"RNG state must be a torch\.ByteTensor"):
        torch.set_rng_state(torch.zeros(3))


def test_fork_rng_leaves_no_trace() -> None:
    state = torch.get_rng_state()
    with pytest.raises(KeyError), torch.random.fork_rng():
        torch.rand(3)
        raise KeyError
    assert torch.equal(torch.get_rng_state(), state)
    with torch.random.fork_rng(enabled=False):
        torch.rand(3)
    assert not torch.equal(torch.get_rng_state(), state)


def test_seed_is_unpredictable() -> None:
    assert torch.seed() != torch.seed()
    assert torch.Generator().initial_seed() == 67280421310721


def test_a_generator_stands_alone() -> None:
    generator = torch.Generator()
    assert generator.manual_seed(4) is generator and generator.device == torch.device("cpu")
    state = torch.get_rng_state()
    draws: list[Callable[[torch.Generator], Any]] = [
        lambda g: torch.rand(3, generator=g),
        lambda g: torch.randn(3, generator=g),
        lambda g: torch.randint(5, (3,), generator=g),
        lambda g: torch.randperm(5, generator=g),
        lambda g: torch.rand_like(torch.ones(3), generator=g),
        lambda g: torch.bernoulli(torch.full((3,), 0.5), generator=g),
        lambda g: torch.normal(0.0, 1.0, (3,), generator=g),
        lambda g: torch.multinomial(torch.ones(4), 2, generator=g),
        lambda g: torch.poisson(torch.ones(3), generator=g),
        lambda g: torch.empty(3).uniform_(generator=g),
        lambda g: torch.empty(3).exponential_(generator=g),
    ]
    for draw in draws:
        one = draw(generator.manual_seed(4))
        assert torch.equal(one, draw(torch.Generator().manual_seed(4)))
        with pytest.raises(TypeError, match=r"argument 'generator' must be torch\.Generator, not int"):
            draw(3)  # type: ignore[arg-type]
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))])
def test_generators_are_copied_with_their_state(copied: Callable[[Any], Any]) -> None:
    generator = torch.Generator().manual_seed(1)
    torch.rand(3, generator=generator)
    twin = copied(generator)
    assert torch.equal(torch.rand(3, generator=twin), torch.rand(3, generator=generator))
    assert torch.equal(torch.rand(1, generator=generator.clone_state()), torch.rand(1, generator=generator))


def test_seeds_are_checked() -> None:
    with pytest.raises(ValueError, match=r"2\*\*64"):
        torch.manual_seed(2**64)
    with pytest.raises(RuntimeError, match="manual_seed expected a long, but got float"):
        torch.Generator().manual_seed(1.5)
    with pytest.raises(AssertionError, match="not compiled with CUDA"):
        torch.Generator("cuda")


# -- draws ---------------------------------------------------------------------------------------------------


def test_factories_take_the_usual_keywords() -> None:
    x = torch.rand((2, 3), dtype=torch.float64, requires_grad=True)
    assert x.dtype is torch.float64 and x.requires_grad and tuple(x.shape) == (2, 3)
    out = torch.empty(2)
    assert torch.randn(2, out=out) is out
    assert torch.randint(3, (2,), dtype=torch.float32).dtype is torch.float32
    assert torch.randint(low=2, high=3, size=(2,)).tolist() == [2, 2]
    assert torch.randint_like(torch.ones(2), 2, 3).tolist() == [2, 2]
    assert torch.normal(5.0, 0.0, (2,), dtype=torch.float64).tolist() == [5, 5]


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: torch.randint(5), TypeError, "needs? a? ?size|argument 'size'"),
        (lambda: torch.randint(5, 2), TypeError, "argument 'size' must be tuple of ints, not int"),
        (lambda: torch.randint(1.5, (2,)), TypeError, "argument 'high' must be int, not float"),
        (lambda: torch.randint(5, 2, (2,)), RuntimeError, "random_ expects 'from' to be less than 'to'"),
        (lambda: torch.rand(-1), RuntimeError, "negative dimension -1"),
        (lambda: torch.rand(2, dtype=torch.int64), RuntimeError, "floating point dtype"),
        (lambda: torch.normal(0, 1), TypeError, "normal\\(\\) of two numbers needs a size"),
        (lambda: torch.normal(0.0, -1.0, (2,)), RuntimeError, "std >= 0.0, but found std -1"),
        (lambda: torch.bernoulli(torch.tensor([1.5])), RuntimeError, "p in \\[0, 1\\]"),
        (lambda: torch.multinomial(torch.ones(3), 5), RuntimeError, "without replacement"),
        (lambda: torch.multinomial(torch.ones(3, dtype=torch.int64), 1), RuntimeError, "got: Long"),
        (lambda: torch.multinomial(-torch.ones(3), 1), RuntimeError, "element < 0"),
        (lambda: torch.empty(2).uniform_(2, 1), RuntimeError, "from=2.0 > to=1.0"),
        (lambda: torch.empty(2).random_(5, 2), RuntimeError, "'from' to be less than 'to'"),
        (lambda: torch.empty(2).exponential_(-1), RuntimeError, "lambda > 0.0"),
    ],
)
def test_errors(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


IN_PLACE = ["uniform_", "normal_", "bernoulli_", "random_", "exponential_", "log_normal_", "cauchy_"]


@pytest.mark.parametrize("name", IN_PLACE)
def test_draws_in_place_count_as_changes(name: str) -> None:
    x = torch.zeros(3, 4)
    version = x._version
    assert getattr(x, name)() is x
    assert x._version > version
    y = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        getattr(y, name)()
    with torch.no_grad():
        getattr(y, name)()
    with pytest.raises(RuntimeError, match="single memory location"):
        getattr(torch.zeros(1).expand(3), name)()


def test_a_saved_tensor_that_is_redrawn_is_noticed() -> None:
    x = torch.ones(3, requires_grad=True) * 1
    y = x * x
    x.uniform_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_old_values_get_a_gradient_of_zero() -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.normal_()
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
    mean = torch.zeros(3, requires_grad=True)
    torch.normal(mean, 1.0).sum().backward()
    assert mean.grad.tolist() == [0, 0, 0]


def test_views_are_filled_in_place() -> None:
    x = torch.zeros(2, 4)
    x[:, ::2].uniform_(1, 2)
    assert (x[:, ::2] >= 1).all() and x[:, 1::2].abs().sum().item() == 0


def test_arguments_of_random_and_geometric() -> None:
    x = torch.empty(1000)
    assert x.random_(2, 5).min().item() == 2 and x.max().item() == 4
    assert x.random_(3).max().item() == 2
    assert torch.empty(1000, dtype=torch.uint8).random_().max().item() > 200
    assert x.geometric_(0.5).min().item() == 1
    assert x.uniform_(to=3).max().item() > 2
