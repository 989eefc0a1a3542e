"""Schedules in cycles, which move the momentum the other way."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, Rates, per_group, put, require_optimizer, saved_function

__all__ = ["CyclicLR", "OneCycleLR"]

Values = float | list[float]


class _MomentumCycle(LRScheduler):
    """A scheduler that also sets the momentum: "momentum", or the first of "betas"."""

    cycle_momentum: bool
    use_beta1: bool

    def _begin_momentum(self, base_momentum: Values, max_momentum: Values, last_epoch: int) -> None:
        defaults, groups = self.optimizer.defaults, self.optimizer.param_groups
        if "momentum" not in defaults and "betas" not in defaults:
            raise ValueError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option enabled, and "
                f"{type(self.optimizer).__name__} does not; give cycle_momentum=False"
            )
        self.use_beta1 = "betas" in defaults
        tops = per_group("max_momentum", self.optimizer, max_momentum)
        bottoms = per_group("base_momentum", self.optimizer, base_momentum)
        if last_epoch == -1:
            for group, top, bottom in zip(groups, tops, bottoms):
                self._put_momentum(group, top)
                group["max_momentum"], group["base_momentum"] = top, bottom

    def _put_momentum(self, group: dict[str, Any], value: float) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


class CyclicLR(_MomentumCycle):
    """Let the rate rise from `base_lr` to `max_lr` and fall again, in cycles; call `step` after each batch.

    Args:
        optimizer: whose rates (and momenta) it sets.
        base_lr, max_lr: the bounds of the rate, or lists with one for each parameter group.
        step_size_up, step_size_down: batches in the rising and the falling half; the second is as the first
            by default.
        mode: "triangular": all cycles alike; "triangular2": each half as high as the one before; "exp_range":
            heights times gammaᵇᵃᵗᶜʰ.
        gamma: for "exp_range".
        scale_fn: instead of `mode`: a function that gives the height.
        scale_mode: whether `scale_fn` is one of the "cycle" (from 1) or of the "iterations".
        cycle_momentum: whether the momentum goes from `max_momentum` down to `base_momentum` meanwhile.
        last_epoch: the last batch that was done; -1 to begin.

    Raises:
        ValueError: for an unknown mode, and with `cycle_momentum` for an optimizer without momentum.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = torch.optim.lr_scheduler.CyclicLR(optimizer, base_lr=1.0, max_lr=2.0, step_size_up=2)
    >>> for batch in range(6):
    ...     print(*scheduler.get_last_lr(), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    1.0 1.5 2.0 1.5 1.0 1.5

    Source: PyTorch, `torch.optim.lr_scheduler.CyclicLR`; Smith, "Cyclical Learning Rates for Training Neural
    Networks", 2017.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Values,
        max_lr: Values,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: Values = 0.8,
        max_momentum: Values = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = require_optimizer(optimizer)
        base_lrs = per_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs):
                put(group, "lr", lr)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(
                "mode must be 'triangular', 'triangular2' or 'exp_range' where scale_fn is None, but got "
                f"{mode!r}"
            )
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn else ("iterations" if mode == "exp_range" else "cycle")
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums = per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = per_group("max_momentum", optimizer, max_momentum)
            self._begin_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height of the cycle (number `x`, from 1), or at the batch `x`."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 0.5 ** (x - 1)
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def get_lr(self) -> Rates:
        self._warn_outside_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        place = 1.0 + self.last_epoch / self.total_size - cycle  # within the cycle, 0 to 1
        rise = place / self.step_ratio if place <= self.step_ratio else (place - 1) / (self.step_ratio - 1)
        height = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums):
                self._put_momentum(group, high - (high - low) * rise * height)
        return [low + (high - low) * rise * height for low, high in zip(self.base_lrs, self.max_lrs)]

    def state_dict(self) -> dict[str, Any]:
        """As ever; a `scale_fn` is saved only if it is an object with attributes."""
        function = self._scale_fn_custom
        return super().state_dict() | {"_scale_fn_custom": function and saved_function(function)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As ever; a `scale_fn` stays, one that is an object with attributes gets the saved ones."""
        saved = state_dict["_scale_fn_custom"]
        super().load_state_dict(
            {name: value for name, value in state_dict.items() if name != "_scale_fn_custom"}
        )
        if saved is not None:
            self._scale_fn_custom.__dict__.update(saved)


class OneCycleLR(_MomentumCycle):
    """One cycle for the whole training: up to `max_lr`, and down to far below where it came from.

    Call `step` after each batch.

    Args:
        optimizer: whose rates (and momenta) it sets.
        max_lr: the highest rate, or a list with one for each parameter group.
        total_steps: batches in all; or give `epochs` and `steps_per_epoch`.
        pct_start: the part of the cycle that rises.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: whether the momentum goes from `max_momentum` down to `base_momentum` and back
            meanwhile.
        div_factor: max_lr over the first rate.
        final_div_factor: the first rate over the last one.
        three_phase: fall as fast as it rose first, then on to the end; instead of in one go.
        last_epoch: the last batch that was done; -1 to begin.

    Raises:
        ValueError: without a number of steps, for options out of their range, for more steps than planned,
            and with `cycle_momentum` for an optimizer without momentum.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = torch.optim.lr_scheduler.OneCycleLR(
    ...     optimizer, max_lr=1.0, total_steps=6, pct_start=0.5, anneal_strategy="linear", div_factor=5
    ... )
    >>> for batch in range(5):
    ...     print(round(*scheduler.get_last_lr(), 4), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    0.2 0.6 1.0 0.6667 0.3333

    Source: PyTorch, `torch.optim.lr_scheduler.OneCycleLR`; Smith and Topin, "Super-Convergence", 2018.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Values,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Values = 0.85,
        max_momentum: Values = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = require_optimizer(optimizer)
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        if last_epoch == -1:
            for group, top in zip(optimizer.param_groups, per_group("max_lr", optimizer, max_lr)):
                group["initial_lr"] = top / div_factor
                group["max_lr"] = top
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        self._warn_outside_step()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. The specified number of total steps is {self.total_steps}"
            )
        start = 0.0
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if step <= end or phase is self._schedule_phases[-1]:
                break
            start = end
        part = (step - start) / (end - start)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                first, last = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._put_momentum(group, self._anneal(first, last, part))
        return [
            self._anneal(group[phase["start_lr"]], group[phase["end_lr"]], part)
            for group in self.optimizer.param_groups
        ]

    def _anneal(self, start: float, end: float, part: float) -> float:
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    if total_steps is not None:
        epochs = steps_per_epoch = 1
    else:
        total_steps = 1
    names = {"total_steps": total_steps, "epochs": epochs, "steps_per_epoch": steps_per_epoch}
    for name, value in names.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value}")
    return total_steps * epochs * steps_per_epoch  # type: ignore[operator]


def _phases(total_steps: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """What goes where until when, in names of group options; in PyTorch's layout, for state dicts."""

    def phase(end: float, lr: str, to_lr: str, momentum: str, to_momentum: str) -> dict[str, Any]:
        return {
            "end_step": end,
            "start_lr": lr,
            "end_lr": to_lr,
            "start_momentum": momentum,
            "end_momentum": to_momentum,
        }

    up = phase(pct_start * total_steps - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum")
    if not three_phase:
        return [up, phase(total_steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
    return [
        up,
        phase(2 * pct_start * total_steps - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
        phase(total_steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
    ]
