"""Cosine schedules."""

from __future__ import annotations

import math
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, Rates, values

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


class CosineAnnealingLR(LRScheduler):
    r"""Let the rate fall to `eta_min` along half a cosine in `T_max` epochs (and rise again after those).

    .. math::
        lr = lr_{min} + (lr_0 - lr_{min}) (1 + \cos(\pi \, epoch / T_{max})) / 2

    Like PyTorch's it works from the rate that it finds, so that it can be chained with others.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    >>> for epoch in range(5):
    ...     print(round(*scheduler.get_last_lr(), 4), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    1.0 0.8536 0.5 0.1464 0.0

    Source: PyTorch, `torch.optim.lr_scheduler.CosineAnnealingLR`; Loshchilov and Hutter, "SGDR: Stochastic
    Gradient Descent with Warm Restarts", 2017.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        self._warn_outside_step()
        rates = values(self.optimizer, "lr")
        if self._is_initial:
            return rates
        if self._step_count == 1 and self.last_epoch > 0:
            return self._get_closed_form_lr()
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            # The rate is at its lowest, where a ratio says nothing: rise by the first step of the cosine.
            rise = 1 - math.cos(math.pi / self.T_max)
            return [lr + (top - self.eta_min) * rise / 2 for lr, top in zip(rates, self.base_lrs)]
        ratio = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / (
            1 + math.cos(math.pi * (self.last_epoch - 1) / self.T_max)
        )
        return [ratio * (lr - self.eta_min) + self.eta_min for lr in rates]

    def _get_closed_form_lr(self) -> Rates:
        return [_cosine(top, self.eta_min, math.pi * self.last_epoch / self.T_max) for top in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Let the rate fall along half a cosine, again and again, in periods that grow by `T_mult`.

    .. math::
        lr = lr_{min} + (lr_0 - lr_{min}) (1 + \cos(\pi \, T_{cur} / T_i)) / 2

    `step` may be given a fraction of an epoch: `scheduler.step(epoch + i / batches)`.

    Raises:
        ValueError: unless T_0 and T_mult are positive integers and eta_min is a number.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> for epoch in range(5):
    ...     print(round(*scheduler.get_last_lr(), 4), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    1.0 0.5 1.0 0.5 1.0

    Source: PyTorch, `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`; Loshchilov and Hutter, 2017.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (int, float)):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        self._warn_outside_step()
        return [_cosine(top, self.eta_min, math.pi * self.T_cur / self.T_i) for top in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:  # type: ignore[override]
        """Go on to the next epoch, or to the given one, which may be a fraction."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        elif epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        else:
            self._jump(epoch)
        self.last_epoch = math.floor(epoch)
        self._get_lr_called_within_step = True
        try:
            rates = self.get_lr()
        finally:
            self._get_lr_called_within_step = False
        self._set_rates(rates)

    def _jump(self, epoch: float) -> None:
        """Find the period that an epoch lies in, and the place there."""
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            period = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**period - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**period


def _cosine(top: Any, bottom: float, angle: float) -> Any:
    """From `top` (angle 0) to `bottom` (angle π) along half a cosine."""
    return bottom + (top - bottom) * (1 + math.cos(angle)) / 2
