"""Properties that all optimizers share: they descend, they keep dtypes, they update pieces as the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr.optim import _portions as base

# Each algorithm with the options that it needs to come down a quadratic valley in 300 steps.
ALGORITHMS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.02, "momentum": 0.9}),
    ("SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.02, "momentum": 0.9, "dampening": 0.5}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.0}),
    ("RMSprop", {"lr": 0.03}),
    ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5}),
    ("Adagrad", {"lr": 1.0}),
    ("Adadelta", {"lr": 5.0, "eps": 1e-4}),
    ("Adamax", {"lr": 0.1}),
    ("NAdam", {"lr": 0.1}),
    ("RAdam", {"lr": 0.1}),
    ("ASGD", {"lr": 0.05}),
    ("Rprop", {}),
]
each_algorithm = pytest.mark.parametrize(
    ("name", "options"), ALGORITHMS, ids=["-".join([name, *options]) for name, options in ALGORITHMS]
)


def parameter(values: Any, dtype: Any = np.float64) -> torch.Tensor:
    return torch.from_numpy(np.array(values, dtype)).requires_grad_()


def put_grad(p: torch.Tensor, g: Any) -> None:
    p.grad = torch.from_numpy(np.array(g, p.detach().numpy().dtype))


def trajectory(
    name: str, options: dict[str, Any], start: np.ndarray, grads: list[np.ndarray]
) -> tuple[np.ndarray, torch.optim.Optimizer]:
    """Where an algorithm gets from `start` on given gradients, and the optimizer."""
    p = parameter(start, start.dtype)
    optimizer = getattr(torch.optim, name)([p], **options)
    for g in grads:
        put_grad(p, g)
        optimizer.step()
    return p.detach().numpy(), optimizer


@each_algorithm
def test_comes_down_a_valley(name: str, options: dict[str, Any]) -> None:
    target, width = np.array([1.0, -2.0, 0.5]), np.array([1.0, 4.0, 2.0])
    p = parameter([3.0, 3.0, 3.0])
    optimizer = getattr(torch.optim, name)([p], **options)
    for _ in range(300):
        put_grad(p, width * (p.detach().numpy() - target))
        optimizer.step()
    assert np.abs(p.detach().numpy() - target).max() < 0.1


@each_algorithm
def test_maximize_climbs(name: str, options: dict[str, Any]) -> None:
    start = np.array([1.0, -2.0])
    grads = [np.array([0.5, 1.0]), np.array([-0.25, 2.0]), np.array([1.0, 0.125])]
    options = {**options, "weight_decay": 0.0} if name != "Rprop" else options
    down, _ = trajectory(name, options, start, [-g for g in grads])
    up, _ = trajectory(name, {**options, "maximize": True}, start, grads)
    np.testing.assert_array_equal(up, down)


@each_algorithm
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_keeps_the_dtype(name: str, options: dict[str, Any], dtype: Any) -> None:
    # NumPy's float64 scalars as options would pull float32 up to float64.
    options = {key: np.float64(value) if type(value) is float else value for key, value in options.items()}
    final, optimizer = trajectory(name, options, np.ones((2, 3), dtype), [np.full((2, 3), 0.5, dtype)] * 3)
    assert final.dtype == dtype
    for state in optimizer.state.values():
        for key, value in state.items():
            assert isinstance(value, torch.Tensor), key
            expected = np.float32 if value.ndim == 0 else dtype
            assert value.numpy().dtype == expected, key


@each_algorithm
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2), (2, 3)])
def test_any_shape(name: str, options: dict[str, Any], shape: tuple[int, ...]) -> None:
    final, optimizer = trajectory(name, options, np.ones(shape), [np.ones(shape)] * 3)
    assert final.shape == shape and (final < 1).all()
    for state in optimizer.state.values():
        assert {value.shape for value in state.values()} <= {torch.Size(shape), torch.Size(())}


@each_algorithm
@given(rows=st.integers(2, 9), columns=st.integers(1, 4), piece=st.integers(1, 12), seed=st.integers(0, 99))
def test_pieces_update_as_the_whole(
    name: str, options: dict[str, Any], rows: int, columns: int, piece: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    start = rng.standard_normal((rows, columns))
    grads = [rng.standard_normal((rows, columns)) for _ in range(4)]
    whole, one = trajectory(name, options, start, grads)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "PIECE", piece)
        pieces, other = trajectory(name, options, start, grads)
    np.testing.assert_array_equal(pieces, whole)
    for before, after in zip(one.state.values(), other.state.values()):
        assert before.keys() == after.keys()
        for key in before:
            np.testing.assert_array_equal(after[key].numpy(), before[key].numpy(), err_msg=key)


@each_algorithm
def test_strided_memory(name: str, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    start, grads = rng.standard_normal((4, 3)), [rng.standard_normal((4, 3)) for _ in range(3)]
    expected, _ = trajectory(name, options, start, grads)
    memory = np.zeros((6, 8))
    memory[::2, ::2] = start.T
    p = torch.from_numpy(memory[::2, ::2].T).requires_grad_()
    optimizer = getattr(torch.optim, name)([p], **options)
    for g in grads:
        p.grad = torch.from_numpy(g)
        optimizer.step()
    np.testing.assert_array_equal(p.detach().numpy(), expected)
    np.testing.assert_array_equal(memory[::2, ::2].T, expected)  # in place, and nothing beside it
    assert not memory[1::2].any() and not memory[:, 1::2].any()


@each_algorithm
def test_leaves_gradients_alone(name: str, options: dict[str, Any]) -> None:
    p = parameter([1.0, 2.0])
    optimizer = getattr(torch.optim, name)([p], **options)
    for _ in range(2):
        put_grad(p, [0.5, -1.5])
        optimizer.step()
        np.testing.assert_array_equal(p.grad.numpy(), [0.5, -1.5])
        for state in optimizer.state.values():
            for value in state.values():
                assert not np.shares_memory(value.numpy(), p.grad.numpy())


@each_algorithm
def test_complex_parameters_are_pairs_of_real_ones(name: str, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(5)
    start, grads = rng.standard_normal((3, 2)), [rng.standard_normal((3, 2)) for _ in range(3)]
    expected, real = trajectory(name, options, start, grads)
    got, optimizer = trajectory(
        name, options, start.view(np.complex128)[:, 0], [g.view(np.complex128)[:, 0] for g in grads]
    )
    np.testing.assert_array_equal(got.view(np.float64).reshape(3, 2), expected)
    for one, other in zip(optimizer.state.values(), real.state.values()):
        for key, value in one.items():
            if value.ndim:
                assert value.dtype is torch.complex128
                np.testing.assert_array_equal(
                    value.numpy().view(np.float64).reshape(3, 2), other[key].numpy()
                )


@each_algorithm
def test_tensor_lr(name: str, options: dict[str, Any]) -> None:
    lr = options.get("lr", 0.01)
    start, grads = np.array([1.0, 2.0]), [np.array([0.5, -1.0])] * 3
    expected, _ = trajectory(name, options, start, grads)
    got, _ = trajectory(name, {**options, "lr": torch.tensor([lr], dtype=torch.float64)}, start, grads)
    np.testing.assert_array_equal(got, expected)


@each_algorithm
def test_step_counts_a_version(name: str, options: dict[str, Any]) -> None:
    p = parameter([1.0])
    optimizer = getattr(torch.optim, name)([p], **options)
    before = p._version
    put_grad(p, [1.0])
    optimizer.step()
    assert p._version == before + 1


def test_adamw_shrinks_without_gradient() -> None:
    p = parameter([4.0])
    optimizer = torch.optim.AdamW([p], lr=0.5, weight_decay=0.5)
    put_grad(p, [0.0])
    optimizer.step()
    np.testing.assert_array_equal(p.detach().numpy(), [3.0])


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_lbfgs_solves_a_quadratic(line_search: str | None) -> None:
    matrix = np.array([[3.0, 1.0], [1.0, 2.0]])
    p = parameter([5.0, -5.0])
    optimizer = torch.optim.LBFGS(
        [p], lr=0.5 if line_search is None else 1, line_search_fn=line_search, max_iter=50
    )

    def closure() -> float:
        x = p.detach().numpy()
        put_grad(p, matrix @ x - 1)
        return float(0.5 * x @ matrix @ x - x.sum())

    first = optimizer.step(closure)
    assert first == 0.5 * 5 * 5 * 3
    np.testing.assert_allclose(p.detach().numpy(), np.linalg.solve(matrix, [1, 1]), atol=1e-4)


def test_lbfgs_errors() -> None:
    groups = [{"params": [parameter([1.0])]}, {"params": [parameter([1.0])]}]
    with pytest.raises(ValueError, match="but got 2 groups"):
        torch.optim.LBFGS(groups)
    p = parameter([1.0])

    def closure() -> float:
        put_grad(p, [1.0])
        return 1.0

    with pytest.raises(RuntimeError, match="'armijo'"):
        torch.optim.LBFGS([p], line_search_fn="armijo").step(closure)
