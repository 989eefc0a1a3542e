"""Schedulers without PyTorch: closed forms, tensors as rates, warnings, errors, one's own."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr.optim import lr_scheduler


def make_optimizer(lr: Any = 1.0, groups: int = 1, **options: Any) -> Any:
    return torch.optim.SGD([{"params": [torch.zeros(1)]} for _ in range(groups)], lr=lr, **options)


def rates(scheduler: Any, steps: int) -> list[float]:
    seen = []
    for _ in range(steps):
        seen.append(float(scheduler.get_last_lr()[0]))
        scheduler.optimizer.step()
        scheduler.step()
    return seen


SIMPLE: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 3, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [2, 2, 5], "gamma": 0.5}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 4}),
    ("LinearLR", {"start_factor": 0.25, "total_iters": 5}),
    ("ExponentialLR", {"gamma": 0.8}),
    ("PolynomialLR", {"total_iters": 6, "power": 2.0}),
    ("PowerLR", {"step_size": 3, "power": 1.5}),
    ("CosineAnnealingLR", {"T_max": 5, "eta_min": 0.1}),
    ("LambdaLR", {"lr_lambda": lambda t: 1 / (1 + t)}),
    ("MultiplicativeLR", {"lr_lambda": lambda t: 0.9}),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 3, "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 12, "cycle_momentum": False}),
]
each_scheduler = pytest.mark.parametrize(("name", "options"), SIMPLE, ids=[name for name, _ in SIMPLE])


@pytest.mark.parametrize(("name", "options"), SIMPLE[:8], ids=[name for name, _ in SIMPLE[:8]])
def test_jumps_and_steps_agree(name: str, options: dict[str, Any]) -> None:
    walked = rates(getattr(lr_scheduler, name)(make_optimizer(), **options), 12)
    scheduler = getattr(lr_scheduler, name)(make_optimizer(), **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for epoch in (11, 3, 7, 0):
            scheduler.step(epoch)
            # A cosine at its end and a polynomial that reached 0 do not come back by steps.
            if walked[epoch]:
                assert scheduler.get_last_lr() == [pytest.approx(walked[epoch], abs=1e-12)]


@given(step_size=st.floats(0.5, 20), power=st.floats(0.2, 3), lr=st.floats(0.01, 10))
def test_power_schedule(step_size: float, power: float, lr: float) -> None:
    scheduler = lr_scheduler.PowerLR(make_optimizer(lr), step_size, power)
    expected = [lr * (1 + t / step_size) ** -power for t in range(20)]
    assert rates(scheduler, 20) == pytest.approx(expected, rel=1e-12)


@each_scheduler
def test_tensor_rates_are_filled(name: str, options: dict[str, Any]) -> None:
    expected = rates(getattr(lr_scheduler, name)(make_optimizer(1.0), **options), 8)
    lr = torch.tensor(1.0, dtype=torch.float64)
    scheduler = getattr(lr_scheduler, name)(make_optimizer(lr), **options)
    assert rates(scheduler, 8) == pytest.approx(expected, rel=1e-12)
    assert scheduler.optimizer.param_groups[0]["lr"] is lr and scheduler.get_last_lr()[0] is not lr
    before = scheduler.base_lrs[0]
    assert before is not lr and float(before) == pytest.approx(
        float(getattr(lr_scheduler, name)(make_optimizer(1.0), **options).base_lrs[0])
    )


@each_scheduler
def test_state_continues(name: str, options: dict[str, Any]) -> None:
    first = getattr(lr_scheduler, name)(make_optimizer(), **options)
    rates(first, 5)
    second = getattr(lr_scheduler, name)(make_optimizer(), **options)
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert rates(second, 4) == rates(first, 4)


def test_schedulers_compound() -> None:
    optimizer = make_optimizer()
    halve = lr_scheduler.ExponentialLR(optimizer, 0.5)
    third = lr_scheduler.StepLR(optimizer, 2, gamma=1 / 3)
    for _ in range(4):
        optimizer.step()
        halve.step()
        third.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.5**4 / 9)


def test_groups_and_lists() -> None:
    optimizer = make_optimizer(groups=2)
    scheduler = lr_scheduler.LambdaLR(optimizer, [lambda t: 0.5, lambda t: 0.25])
    assert scheduler.get_last_lr() == [0.5, 0.25]
    cyclic = lr_scheduler.CyclicLR(
        make_optimizer(groups=2, momentum=0.9), [0.1, 0.2], 1.0, base_momentum=[0.7, 0.8]
    )
    assert cyclic.get_last_lr() == [0.1, 0.2] and cyclic.base_momentums == [0.7, 0.8]


def test_momentum_goes_the_other_way() -> None:
    optimizer = make_optimizer(momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(
        optimizer, 1.0, total_steps=11, pct_start=0.5, anneal_strategy="linear"
    )
    seen = []
    for _ in range(10):
        group = optimizer.param_groups[0]
        seen.append((group["lr"], group["momentum"]))
        optimizer.step()
        scheduler.step()
    assert max(seen)[0] == max(lr for lr, _ in seen) and min(m for _, m in seen) == pytest.approx(
        0.85, abs=0.02
    )
    assert seen[0][1] == 0.95
    adam = torch.optim.Adam([torch.zeros(1)], betas=(0.9, 0.99))
    lr_scheduler.OneCycleLR(adam, 1.0, total_steps=10)
    assert adam.param_groups[0]["betas"] == (0.95, 0.99)


class Warm:
    """A function of the epoch that has attributes, which are saved."""

    def __init__(self, speed: float) -> None:
        self.speed = speed

    def __call__(self, epoch: float) -> float:
        return 1 / (1 + self.speed * epoch)


@pytest.mark.parametrize("name", ["LambdaLR", "MultiplicativeLR", "CyclicLR"])
def test_callable_objects_are_saved(name: str) -> None:
    def make(speed: float) -> Any:
        if name == "CyclicLR":
            return lr_scheduler.CyclicLR(
                make_optimizer(), 0.1, 1.0, 2, scale_fn=Warm(speed), cycle_momentum=False
            )
        return getattr(lr_scheduler, name)(make_optimizer(), Warm(speed))

    first, second = make(3.0), make(5.0)
    rates(first, 3)
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    second.load_state_dict(first.state_dict())
    assert rates(second, 3) == rates(first, 3)


def test_functions_are_not_saved() -> None:
    scheduler = lr_scheduler.LambdaLR(make_optimizer(), lambda t: 0.5)
    assert scheduler.state_dict()["lr_lambdas"] == [None]
    cyclic = lr_scheduler.CyclicLR(make_optimizer(), 0.1, 1.0, scale_fn=lambda x: 1.0, cycle_momentum=False)
    assert cyclic.state_dict()["_scale_fn_custom"] is None


# -- one's own -----------------------------------------------------------------------------------------------


def test_own_scheduler_as_for_older_pytorch() -> None:
    class Noam(lr_scheduler._LRScheduler):
        def __init__(self, optimizer: Any, warmup: int) -> None:
            self.warmup = warmup
            super().__init__(optimizer)

        def get_lr(self) -> list[float]:
            t = self.last_epoch + 1
            return [lr * min(t**-0.5, t * self.warmup**-1.5) for lr in self.base_lrs]

    seen = rates(Noam(make_optimizer(), 4), 10)
    assert seen.index(max(seen)) == 3


def test_wrong_number_of_rates() -> None:
    optimizer = make_optimizer()
    scheduler = lr_scheduler.LambdaLR(optimizer, lambda t: 1.0)
    optimizer.add_param_group({"params": [torch.zeros(1)]})
    optimizer.step()
    with pytest.raises(ValueError, match="1 rates for 2 parameter groups"):
        scheduler.step()


# -- warnings and errors -------------------------------------------------------------------------------------


def test_warns_when_stepped_first() -> None:
    optimizer = make_optimizer()
    optimizer.step()  # what came before the scheduler does not count
    scheduler = lr_scheduler.StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()
        optimizer.step()
        lr_scheduler.StepLR(optimizer, 2).step()


def test_warns_about_get_lr_and_epoch() -> None:
    scheduler = lr_scheduler.ExponentialLR(make_optimizer(), 0.5)
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()
    scheduler.optimizer.step()
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(4)
    assert scheduler.get_last_lr() == [0.5**4]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: lr_scheduler.StepLR("sgd", 2), TypeError, "str is not an Optimizer"),
        (lambda o: lr_scheduler.StepLR(o, 2, last_epoch=3), KeyError, "initial_lr"),
        (lambda o: lr_scheduler.LambdaLR(o, [abs, abs]), ValueError, "Expected 1 lr_lambda"),
        (lambda o: lr_scheduler.MultiplicativeLR(o, 0.5), TypeError, "should be a function, but got float"),
        (lambda o: lr_scheduler.ConstantLR(o, 1.5), ValueError, "factor=1.5"),
        (lambda o: lr_scheduler.LinearLR(o, 0.0), ValueError, "start_factor=0.0"),
        (lambda o: lr_scheduler.LinearLR(o, 0.5, 2.0), ValueError, "end_factor=2.0"),
        (lambda o: lr_scheduler.PowerLR(o, 0), ValueError, "must be positive, but got 0"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0, but got 0"),
        (
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1, 0.5),
            ValueError,
            "T_mult >= 1, but got 0.5",
        ),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1, eta_min="0"), ValueError, "eta_min"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1).step(-1), ValueError, "epoch, but got -1"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1.0, mode="square"), ValueError, "'square'"),
        (lambda o: lr_scheduler.CyclicLR(o, [0.1, 0.2], 1.0), ValueError, "base_lr has 2 values"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0), ValueError, "either total_steps OR"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 0), ValueError, "total_steps, but got 0"),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 1.0, epochs=-1, steps_per_epoch=3),
            ValueError,
            "epochs, but got -1",
        ),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 10, pct_start=2.0), ValueError, "pct_start, but got 2.0"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 10, anneal_strategy="sin"), ValueError, "instead got sin"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ValueError, "got 1.0"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="best"), ValueError, "mode best is unknown"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "threshold mode x"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, min_lr=[0, 0]), ValueError, "expected 1 min_lrs, got 2"),
        (lambda o: lr_scheduler.ChainedScheduler([]), ValueError, "got no scheduler"),
        (lambda o: lr_scheduler.ChainedScheduler(["step"]), TypeError, "at index 0"),
        (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 1)], [1]), ValueError, "equal to 1"),
        (
            lambda o: lr_scheduler.SequentialLR(
                o, [a := lr_scheduler.StepLR(o, 1), lr_scheduler.ChainedScheduler([a])], [1]
            ),
            ValueError,
            "ChainedScheduler at index 1 cannot begin",
        ),
        (
            lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(o)]),
            ValueError,
            "ReduceLROnPlateau",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(make_optimizer(), 1)], []),
            ValueError,
            "same optimizer",
        ),
    ],
)
def test_errors(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(make_optimizer(momentum=0.9))


def test_momentum_needs_an_optimizer_with_momentum() -> None:
    adagrad = torch.optim.Adagrad([torch.zeros(1)])
    with pytest.raises(ValueError, match="Adagrad does not"):
        lr_scheduler.OneCycleLR(adagrad, 1.0, 10)


def test_too_many_steps() -> None:
    scheduler = lr_scheduler.OneCycleLR(make_optimizer(momentum=0.9), 1.0, 3)
    rates(scheduler, 3)
    with pytest.raises(ValueError, match="Tried to step 4 times"):
        scheduler.step()


def test_plateau_after_new_group() -> None:
    optimizer = make_optimizer()
    plain = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
    listed = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.0])
    optimizer.add_param_group({"params": [torch.zeros(1)]})
    for scheduler in (plain, listed):
        scheduler.step(1.0)
    plain.step(1.0)
    assert plain.get_last_lr() == [0.5, 0.5]
    with pytest.raises(RuntimeError, match=r"\(2\) differs .* \(1\)"):
        listed.step(1.0)
