"""Schedulers made of others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, put, values
from .plateau import ReduceLROnPlateau

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Combined(LRScheduler):
    _schedulers: Sequence[LRScheduler]

    def _take(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        """Check that the schedulers fit together, and keep them."""
        name = type(self).__name__
        if len(schedulers) < 1:
            raise ValueError(f"{name} expects at least one scheduler, but got no scheduler.")
        for index, one in enumerate(schedulers):
            if not hasattr(one, "optimizer"):
                raise TypeError(f"{name} at index {index} should have `optimizer` as its attribute.")
            if isinstance(one, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau`, whose step() needs a metric, but got one "
                    f"at index {index}"
                )
            optimizer = optimizer or one.optimizer
            if one.optimizer is not optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                    f"{type(one).__name__} at index {index} of another one"
                )
        self.optimizer = optimizer  # type: ignore[assignment]
        self._schedulers = schedulers

    def state_dict(self) -> dict[str, Any]:
        """As ever, with the states of the schedulers."""
        return super().state_dict() | {"_schedulers": [one.state_dict() for one in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As ever, into the schedulers that are there."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_schedulers"})
        for one, saved in zip(self._schedulers, state_dict["_schedulers"]):
            one.load_state_dict(saved)


class ChainedScheduler(_Combined):
    """Several schedulers at once: each changes the rate that the one before it left.

    Raises:
        ValueError: for no schedulers, those of different optimizers, and `ReduceLROnPlateau`.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> first = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> second = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = torch.optim.lr_scheduler.ChainedScheduler([first, second])
    >>> for epoch in range(4):
    ...     print(*scheduler.get_last_lr(), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    0.5 0.25 0.25 0.125

    Source: PyTorch, `torch.optim.lr_scheduler.ChainedScheduler`.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._take(schedulers, optimizer)
        self._last_lr = values(self.optimizer, "lr")

    def step(self) -> None:  # type: ignore[override]
        """Step each of the schedulers."""
        for one in self._schedulers:
            one.step()
        self._last_lr = values(self.optimizer, "lr")


class SequentialLR(_Combined):
    """Several schedulers one after the other; at each of the `milestones` the next one begins.

    Raises:
        ValueError: for no schedulers, those of different optimizers, `ReduceLROnPlateau`, and unless there is
            one milestone fewer than schedulers.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> warmup = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.25, total_iters=2)
    >>> decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[2])
    >>> for epoch in range(5):
    ...     print(*scheduler.get_last_lr(), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    0.25 0.25 1.0 0.5 0.25

    Source: PyTorch, `torch.optim.lr_scheduler.SequentialLR`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        self._take(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number "
                f"of milestone points, but got number of schedulers {len(schedulers)} and the number of "
                f"milestones to be equal to {len(milestones)}"
            )
        for index, one in enumerate(schedulers[1:], 1):
            if isinstance(one, _Combined):
                raise ValueError(
                    f"{type(one).__name__} at index {index} cannot begin at a milestone; only the first of a "
                    "sequence may be made of others"
                )
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        # Each scheduler has set its first rate when it was made: undo that, and let the first one do it
        # again.
        for group in optimizer.param_groups:
            put(group, "lr", group["initial_lr"])
        _step_back(self)
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Step the scheduler whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        current = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            current._update_lr(0)
        else:
            current.step()
        self._last_lr = current.get_last_lr()


def _step_back(scheduler: Any) -> None:
    """Take one epoch back from a scheduler, or from all those it is made of."""
    if hasattr(scheduler, "_schedulers"):
        for one in scheduler._schedulers:
            _step_back(one)
    elif hasattr(scheduler, "last_epoch"):
        scheduler.last_epoch -= 1
