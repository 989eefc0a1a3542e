"""The rates (and momenta) of every schedule equal PyTorch's, also chained, in sequence and after loading."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::UserWarning")]

STEPS = 30
part = st.floats(0.05, 1.0)
epochs = st.integers(1, 12)

OPTIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "StepLR": st.fixed_dictionaries({"step_size": epochs, "gamma": part}),
    "MultiStepLR": st.fixed_dictionaries({"milestones": st.lists(st.integers(0, 20)), "gamma": part}),
    "ConstantLR": st.fixed_dictionaries({"factor": part, "total_iters": epochs}),
    "LinearLR": st.fixed_dictionaries(
        {"start_factor": part, "end_factor": st.floats(0.05, 1), "total_iters": epochs}
    ),
    "ExponentialLR": st.fixed_dictionaries({"gamma": part}),
    "PolynomialLR": st.fixed_dictionaries({"total_iters": epochs, "power": st.floats(0.3, 3)}),
    "CosineAnnealingLR": st.fixed_dictionaries({"T_max": epochs, "eta_min": st.floats(0, 0.05)}),
    "CosineAnnealingWarmRestarts": st.fixed_dictionaries(
        {"T_0": epochs, "T_mult": st.integers(1, 3), "eta_min": st.floats(0, 0.05)}
    ),
    "LambdaLR": st.fixed_dictionaries(
        {"lr_lambda": st.sampled_from([lambda t: 0.9**t, lambda t: 1 / (1 + t)])}
    ),
    "MultiplicativeLR": st.fixed_dictionaries({"lr_lambda": st.just(lambda t: 1 - 1 / (t + 2))}),
    "OneCycleLR": st.fixed_dictionaries(
        {
            "max_lr": st.floats(0.01, 2),
            "total_steps": st.integers(STEPS, 60),
            "pct_start": st.floats(0.1, 0.4),
            "anneal_strategy": st.sampled_from(["cos", "linear"]),
            "cycle_momentum": st.booleans(),
            "div_factor": st.floats(1, 30),
            "three_phase": st.booleans(),
        }
    ),
    "CyclicLR": st.fixed_dictionaries(
        {
            "base_lr": st.floats(0.01, 0.1),
            "max_lr": st.floats(0.1, 2),
            "step_size_up": epochs,
            "mode": st.sampled_from(["triangular", "triangular2", "exp_range"]),
            "gamma": part,
            "cycle_momentum": st.booleans(),
        },
        optional={
            "step_size_down": epochs,
            "scale_fn": st.just(lambda x: 1 / (1 + x)),
            "scale_mode": st.sampled_from(["cycle", "iterations"]),
        },
    ),
}


def make_optimizer(module: Any, kind: str = "SGD", lr: Any = 0.1) -> Any:
    options = {"momentum": 0.5} if kind in ("SGD", "RMSprop") else {}
    groups = [{"params": [module.zeros(1)]}, {"params": [module.zeros(1)], "lr": 0.7}]
    return getattr(module.optim, kind)(groups, lr=lr, **options)


def schedule(
    module: Any, make: Callable[[Any, Any], Any], steps: int = STEPS, kind: str = "SGD", lr: Any = 0.1
) -> tuple[list[Any], Any]:
    """The rates and momenta of all epochs, and the scheduler."""
    optimizer = make_optimizer(module, kind, lr)
    scheduler = make(module.optim.lr_scheduler, optimizer)
    seen = []
    for _ in range(steps):
        rates = [float(group["lr"]) for group in optimizer.param_groups]
        assert rates == [float(lr) for lr in scheduler.get_last_lr()]
        momenta = [group["momentum"] if kind == "SGD" else group["betas"] for group in optimizer.param_groups]
        seen.append((rates, momenta))
        optimizer.step()
        scheduler.step()
    return seen, scheduler


@pytest.mark.parametrize("name", OPTIONS)
@given(data=st.data())
def test_rates_are_torchs(name: str, data: st.DataObject) -> None:
    options = data.draw(OPTIONS[name])
    kind = data.draw(st.sampled_from(["SGD", "Adam"]))
    make = lambda schedulers, optimizer: getattr(schedulers, name)(optimizer, **options)  # noqa: E731
    ours, mine = schedule(tinygrad_kr, make, kind=kind)
    theirs, other = schedule(torch, make, kind=kind)
    if name == "CyclicLR":  # PyTorch multiplies its three numbers in another order
        assert ours == [close(one) for one in theirs]
    else:
        assert ours == theirs
    saved, expected = mine.state_dict(), other.state_dict()
    assert saved.keys() >= {key for key in expected if not key.startswith("_is_") and "_called" not in key}


def close(seen: Any) -> Any:
    return tuple(
        [tuple(map(approx, one)) if isinstance(one, tuple) else approx(one) for one in side] for side in seen
    )


def approx(value: Any) -> Any:
    return pytest.approx(value, rel=1e-12)


@given(data=st.data())
def test_sequences_are_torchs(data: st.DataObject) -> None:
    names = data.draw(
        st.lists(st.sampled_from(sorted(set(OPTIONS) - {"OneCycleLR", "CyclicLR"})), min_size=1, max_size=3)
    )
    options = [data.draw(OPTIONS[name]) for name in names]
    milestones = sorted(
        data.draw(st.sets(st.integers(1, 20), min_size=len(names) - 1, max_size=len(names) - 1))
    )
    chained = data.draw(st.booleans())

    def make(schedulers: Any, optimizer: Any) -> Any:
        parts = [getattr(schedulers, name)(optimizer, **one) for name, one in zip(names, options)]
        if chained:
            return schedulers.ChainedScheduler(parts)
        return schedulers.SequentialLR(optimizer, parts, milestones)

    assert schedule(tinygrad_kr, make)[0] == schedule(torch, make)[0]


@pytest.mark.parametrize("chained", [False, True])
def test_sequence_that_begins_with_a_combined_scheduler(chained: bool) -> None:
    def make(schedulers: Any, optimizer: Any) -> Any:
        parts = [schedulers.LinearLR(optimizer, 0.5), schedulers.StepLR(optimizer, 2)]
        inner = (
            schedulers.ChainedScheduler(parts) if chained else schedulers.SequentialLR(optimizer, parts, [3])
        )
        return schedulers.SequentialLR(optimizer, [inner, schedulers.ExponentialLR(optimizer, 0.9)], [9])

    assert schedule(tinygrad_kr, make)[0] == schedule(torch, make)[0]


@given(
    metrics=st.lists(st.floats(0, 4).map(lambda x: round(x, 1)), min_size=5, max_size=30),
    options=st.fixed_dictionaries(
        {"patience": st.integers(0, 3), "mode": st.sampled_from(["min", "max"])},
        optional={
            "factor": st.floats(0.1, 0.9),
            "threshold": st.sampled_from([0.0, 0.3]),
            "threshold_mode": st.sampled_from(["rel", "abs"]),
            "cooldown": st.integers(0, 2),
            "min_lr": st.sampled_from([0, 0.01, [0.05, 0.2]]),
            "eps": st.sampled_from([1e-8, 0.02]),
        },
    ),
)
def test_plateau_is_torchs(metrics: list[float], options: dict[str, Any]) -> None:
    paths = []
    for module in (tinygrad_kr, torch):
        optimizer = make_optimizer(module)
        scheduler = module.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        path = []
        for metric in metrics:
            scheduler.step(metric)
            path.append((scheduler.get_last_lr(), scheduler.num_bad_epochs, scheduler.best))
        paths.append(path)
    assert paths[0] == paths[1]


@pytest.mark.parametrize("name", OPTIONS)
@given(data=st.data())
def test_epoch_argument(name: str, data: st.DataObject) -> None:
    options, jumps = data.draw(OPTIONS[name]), data.draw(st.lists(st.integers(0, 20), min_size=1, max_size=5))
    paths = []
    for module in (tinygrad_kr, torch):
        optimizer = make_optimizer(module)
        scheduler = getattr(module.optim.lr_scheduler, name)(optimizer, **options)
        path = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for epoch in jumps:
                scheduler.step(epoch)
                path += scheduler.get_last_lr()
        paths.append(path)
    assert paths[0] == [approx(one) for one in paths[1]]


@pytest.mark.parametrize("name", OPTIONS)
@given(data=st.data())
def test_resuming_is_torchs(name: str, data: st.DataObject) -> None:
    """A scheduler made anew with `last_epoch`, and one that loads a state, go on as PyTorch's do."""
    options, before = data.draw(OPTIONS[name]), data.draw(st.integers(1, 10))
    load = data.draw(st.booleans())
    paths = []
    for module in (tinygrad_kr, torch):
        make = lambda schedulers, optimizer, **more: getattr(schedulers, name)(  # noqa: E731
            optimizer, **options, **more
        )
        _, scheduler = schedule(module, make, before)
        saved = scheduler.optimizer.state_dict(), scheduler.state_dict()
        optimizer = make_optimizer(module)
        if load:
            resumed = make(module.optim.lr_scheduler, optimizer)
            optimizer.load_state_dict(saved[0])
            resumed.load_state_dict(saved[1])
        else:
            optimizer.load_state_dict(saved[0])
            resumed = make(module.optim.lr_scheduler, optimizer, last_epoch=before - 1)
        path = []
        for _ in range(10):
            optimizer.step()
            resumed.step()
            path += [float(lr) for lr in resumed.get_last_lr()]
        paths.append(path)
    assert paths[0] == [approx(one) for one in paths[1]]


@pytest.mark.parametrize("name", ["StepLR", "CosineAnnealingLR", "LambdaLR"])
def test_states_are_interchangeable(name: str) -> None:
    options: dict[str, dict[str, Any]] = {
        "StepLR": {"step_size": 3},
        "CosineAnnealingLR": {"T_max": 7},
        "LambdaLR": {"lr_lambda": lambda t: 0.9**t},
    }
    make = lambda schedulers, optimizer: getattr(schedulers, name)(optimizer, **options[name])  # noqa: E731
    for source, target in ((torch, tinygrad_kr), (tinygrad_kr, torch)):
        _, first = schedule(source, make, 5)
        optimizer = make_optimizer(target)
        second = make(target.optim.lr_scheduler, optimizer)
        for group, lr in zip(optimizer.param_groups, first.get_last_lr()):
            group["lr"] = lr
        second.load_state_dict(first.state_dict())
        for scheduler in (first, second):
            for _ in range(6):
                scheduler.optimizer.step()
                scheduler.step()
        assert second.get_last_lr() == first.get_last_lr()
