"""What a learning-rate scheduler is."""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ...tensor import Tensor
from ..optimizer import Optimizer

__all__ = ["LRScheduler"]

Rates = list[Any]  # one per parameter group: floats, or tensors where the group's lr is one


class LRScheduler:
    """Sets the learning rates of an optimizer, epoch by epoch; subclass it and define `get_lr`.

    Call `step` once per epoch (or per batch, for schedules in batches), after the optimizer's. The first
    epoch is number 0, and its rate is set when the scheduler is made.

    Args:
        optimizer: whose `param_groups[...]["lr"]` it sets.
        last_epoch: the last epoch that was done; -1 to begin.

    Raises:
        TypeError: if `optimizer` is none.
        KeyError: when resuming (`last_epoch` >= 0) with groups that lack "initial_lr".

    >>> class Harmonic(torch.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr / (1 + self.last_epoch) for lr in self.base_lrs]
    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = Harmonic(optimizer)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]

    Source: PyTorch, `torch.optim.lr_scheduler.LRScheduler`.
    """

    optimizer: Optimizer
    base_lrs: Rates
    last_epoch: int
    _last_lr: Rates
    _step_count: int
    _is_initial = False
    _get_lr_called_within_step = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = require_optimizer(optimizer)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{number}] when resuming a "
                    f"scheduler with last_epoch={last_epoch}: load the optimizer's state first, or leave "
                    "last_epoch at -1"
                )
        self.base_lrs = values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        if optimizer._scheduled_since is None:
            optimizer._scheduled_since = optimizer._steps_taken
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> Rates:
        """The rate of each group at epoch `self.last_epoch`. `step` calls it; to look, use `get_last_lr`."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr()")

    def get_last_lr(self) -> Rates:
        """The rate of each group that the last `step` set."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch. (To jump to `epoch` instead is deprecated, as in PyTorch.)"""
        if self._step_count == 1 and self.optimizer._steps_taken == self.optimizer._scheduled_since:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. Call them in the opposite "
                "order: otherwise the first value of the schedule is never used.",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warn_about_epoch()
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._get_lr_called_within_step = True
        try:
            closed_form = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
            rates = (closed_form or self.get_lr)()
        finally:
            self._get_lr_called_within_step = False
        self._set_rates(rates)

    def _set_rates(self, rates: Rates) -> None:
        if len(rates) != len(self.optimizer.param_groups):
            raise ValueError(
                f"{type(self).__name__}.get_lr() gave {len(rates)} rates for "
                f"{len(self.optimizer.param_groups)} parameter groups; a scheduler made before "
                "add_param_group() must be made anew"
            )
        for group, rate in zip(self.optimizer.param_groups, rates):
            put(group, "lr", rate)
        self._last_lr = values(self.optimizer, "lr")

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, as a dict."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned.

        Making a scheduler sets rates: load the optimizer's state after that.
        """
        self.__dict__.update(state_dict)


# Programs written for older versions of PyTorch subclass it under this name.
_LRScheduler = LRScheduler


# -- for the schedulers --------------------------------------------------------------------------------------


def require_optimizer(optimizer: Any) -> Optimizer:
    """The optimizer, or PyTorch's TypeError if it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def copied(value: Any) -> Any:
    """A rate that later changes of a tensor do not reach."""
    return value.detach().clone() if isinstance(value, Tensor) else value


def values(optimizer: Optimizer, name: str) -> Rates:
    """An option of all groups."""
    return [copied(group[name]) for group in optimizer.param_groups]


def put(group: dict[str, Any], name: str, value: Any) -> None:
    """Set an option of a group; a tensor is kept and filled."""
    old = group.get(name)
    if isinstance(old, Tensor):
        old._array[...] = float(value)
        old._storage.version += 1
    else:
        group[name] = value


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """One value for all groups, or a list with one for each, as a list."""
    if not isinstance(value, (list, tuple)):
        return [copied(value) for _ in optimizer.param_groups]
    if len(value) != len(optimizer.param_groups):
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, "
            f"param_groups has {len(optimizer.param_groups)}."
        )
    return [copied(one) for one in value]


def saved_function(function: Any) -> dict[str, Any] | None:
    """What is saved of a user's function: nothing, unless it is an object with attributes."""
    return None if isinstance(function, types.FunctionType) else dict(function.__dict__)


def functions_per_group(name: str, optimizer: Optimizer, given: Any) -> list[Callable[[int], float]]:
    """One function for all groups, or one for each, as a list."""
    functions: Sequence[Any] = (
        given if isinstance(given, (list, tuple)) else [given] * len(optimizer.param_groups)
    )
    if len(functions) != len(optimizer.param_groups):
        raise ValueError(
            f"Expected {len(optimizer.param_groups)} {name}s, one for each parameter group, but got "
            f"{len(functions)}"
        )
    for function in functions:
        if not callable(function):
            raise TypeError(f"{name} should be a function, but got {type(function).__name__}")
    return list(functions)


def warn_about_epoch() -> None:
    """PyTorch's warning about `scheduler.step(epoch)`."""
    warnings.warn(
        "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated. Please use "
        "`scheduler.step()` to step the scheduler.",
        UserWarning,
        stacklevel=3,
    )
