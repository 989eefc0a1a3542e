"""Joined and cut, parameters are updated as one by one: the same values, the same states, at every step."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tests.optim.test_algorithms import each_algorithm
from tinygrad_kr.optim import _portions

shapes = st.lists(st.lists(st.integers(0, 4), max_size=3).map(tuple), min_size=1, max_size=6)
events = st.sampled_from(["step", "some", "reload", "copy", "replace state", "replace data", "write"])


def made(name: str, options: dict[str, Any], values: list[np.ndarray]) -> torch.optim.Optimizer:
    params = [torch.from_numpy(value.copy()).requires_grad_() for value in values]
    return getattr(torch.optim, name)(params, **options)


def play(optimizer: Any, script: list[str], seed: int, dtype: Any) -> list[Any]:
    """Steps with all that may happen between them; returns what the user saw."""
    rng = np.random.default_rng(seed)
    seen = []
    for event in script:
        params = optimizer.param_groups[0]["params"]
        chosen = int(rng.integers(len(params)))
        state = optimizer.state.get(params[chosen]) or {}
        if event == "reload":
            optimizer.load_state_dict(pickle.loads(pickle.dumps(optimizer.state_dict())))
        elif event == "copy":
            optimizer = copy.deepcopy(optimizer)
        elif event == "replace data":
            params[chosen].data = params[chosen].data.clone()
        elif event == "replace state":
            for key in state:
                state[key] = state[key] * 0.5 if state[key].ndim else state[key] + 1
        elif event == "write":
            for value in state.values():
                value.mul_(2)
        params = optimizer.param_groups[0]["params"]
        for p in params:
            g = rng.standard_normal(tuple(p.shape)).astype(dtype)
            p.grad = None if event == "some" and rng.random() < 0.5 else torch.from_numpy(np.asarray(g))
        versions = [p._version + (p.grad is not None) for p in params]
        optimizer.step()
        assert [p._version for p in params] == versions
        seen.append([p.detach().numpy().copy() for p in params])
        saved = optimizer.state_dict()["state"]
        seen.append({(n, key): np.array(v.numpy()) for n, one in saved.items() for key, v in one.items()})
    return seen


@each_algorithm
@given(
    shapes=shapes,
    script=st.lists(events, min_size=1, max_size=6),
    small=st.integers(0, 40),
    piece=st.integers(1, 30),
    seed=st.integers(0, 99),
    dtype=st.sampled_from([np.float32, np.float64]),
    maximize=st.booleans(),
    threads=st.sampled_from([1, 2]),
)
def test_as_one_by_one(
    name: str,
    options: dict[str, Any],
    shapes: list[tuple[int, ...]],
    script: list[str],
    small: int,
    piece: int,
    seed: int,
    dtype: Any,
    maximize: bool,
    threads: int,
) -> None:
    rng = np.random.default_rng(seed)
    values = [np.asarray(rng.standard_normal(shape), dtype) for shape in shapes]
    options = {**options, "maximize": maximize}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_portions, "SMALL", -1)
        expected = play(made(name, options, values), script, seed, dtype)
        patch.setattr(_portions, "SMALL", small)
        patch.setattr(_portions, "PIECE", piece)
        patch.setattr(_portions, "LARGE", 20)
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            got = play(made(name, options, values), script, seed, dtype)
        finally:
            torch.set_num_threads(before)
    for one, other in zip(got, expected):
        if isinstance(one, list):
            one, other = dict(enumerate(one)), dict(enumerate(other))
        assert one.keys() == other.keys()
        for key in one:
            assert one[key].dtype == other[key].dtype and one[key].shape == other[key].shape
            np.testing.assert_array_equal(one[key], other[key], err_msg=str(key))


def step(optimizer: torch.optim.Optimizer, g: float = 1.0) -> None:
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = torch.full_like(p.detach(), g)
    optimizer.step()


def pair() -> list[torch.Tensor]:
    return [torch.zeros(2, 3, requires_grad=True), torch.zeros(4, requires_grad=True)]


def test_small_parameters_take_one_update(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    update = torch.optim.Adam.update
    monkeypatch.setattr(
        torch.optim.Adam, "update", lambda self, p, *rest: sizes.append(p.size) or update(self, p, *rest)
    )
    optimizer = torch.optim.Adam(pair())
    step(optimizer)
    step(optimizer)
    assert sizes == [10, 10]


def test_the_state_is_live() -> None:
    params = pair()
    optimizer = torch.optim.SGD(params, lr=1.0, momentum=0.5)
    step(optimizer)
    buffers = [optimizer.state[p]["momentum_buffer"] for p in params]
    arrays = [buffer.numpy() for buffer in buffers]
    step(optimizer)
    for buffer, array in zip(buffers, arrays):
        assert (array == 1.5).all() and (buffer == 1.5).all()
    buffers[0].zero_()
    step(optimizer)
    assert (arrays[0] == 1).all() and (arrays[1] == 1.75).all()


def test_parameters_keep_their_memory() -> None:
    params = pair()
    arrays = [p.detach().numpy() for p in params]
    views = [params[0].detach()[1], params[1].detach()[::2]]
    optimizer = torch.optim.SGD(params, lr=1.0)
    step(optimizer)
    assert all((array == -1).all() for array in arrays) and all((view == -1).all() for view in views)


def test_shared_memory_gets_both_updates() -> None:
    first = torch.ones(3, requires_grad=True)
    second = first.detach().requires_grad_()
    optimizer = torch.optim.SGD([first, second], lr=0.5, weight_decay=1.0)
    step(optimizer, 0.0)
    assert first.tolist() == [0.25] * 3


def test_duplicates_are_updated_twice() -> None:
    p = torch.zeros(3, requires_grad=True)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optimizer = torch.optim.Adagrad([p, p], lr=0.5)
    step(optimizer)
    assert optimizer.state[p]["step"].item() == 2


def test_an_optimizer_leaves_no_cycle() -> None:
    optimizer = torch.optim.Adam(pair())
    step(optimizer)
    gone = weakref.ref(optimizer)
    gc.disable()
    try:
        del optimizer
        assert gone() is None
    finally:
        gc.enable()
