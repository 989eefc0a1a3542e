"""Schedulers that multiply the learning rate by a number at each epoch.

Most of them multiply the rate that they find, not the one that they set, as PyTorch's do: so schedulers on
the same optimizer compound, and a rate changed by hand stays changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, Rates, functions_per_group, require_optimizer, saved_function, values

__all__ = [
    "ConstantLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "PolynomialLR",
    "PowerLR",
    "StepLR",
]

Factor = Callable[[int], float]


class _FunctionLR(LRScheduler):
    """A scheduler made from the user's functions of the epoch, one for each parameter group."""

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1
    ) -> None:
        self.lr_lambdas = functions_per_group("lr_lambda", require_optimizer(optimizer), lr_lambda)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """As ever; of the functions, only those that are objects with attributes are saved."""
        return super().state_dict() | {"lr_lambdas": [saved_function(one) for one in self.lr_lambdas]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As ever; the functions stay, those that are objects with attributes get the saved ones."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "lr_lambdas"})
        for function, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"]):
            if saved is not None:
                function.__dict__.update(saved)


class LambdaLR(_FunctionLR):
    """The initial rate times a function of the epoch: lr = lr₀ · f(epoch).

    Args:
        optimizer: whose rates it sets.
        lr_lambda: f, or a list with one function for each parameter group.
        last_epoch: the last epoch that was done; -1 to begin.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]

    Source: PyTorch, `torch.optim.lr_scheduler.LambdaLR`.
    """

    def get_lr(self) -> Rates:
        self._warn_outside_step()
        return [lr * function(self.last_epoch) for lr, function in zip(self.base_lrs, self.lr_lambdas)]


class MultiplicativeLR(_FunctionLR):
    """The rate times a function of the epoch, at each epoch: lr ← lr · f(epoch).

    Args:
        optimizer: whose rates it sets.
        lr_lambda: f, or a list with one function for each parameter group.
        last_epoch: the last epoch that was done; -1 to begin.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
    >>> for epoch in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.125]

    Source: PyTorch, `torch.optim.lr_scheduler.MultiplicativeLR`.
    """

    def get_lr(self) -> Rates:
        self._warn_outside_step()
        rates = values(self.optimizer, "lr")
        if self._is_initial:
            return rates
        return [lr * function(self.last_epoch) for lr, function in zip(rates, self.lr_lambdas)]


class _FactorLR(LRScheduler):
    """A scheduler given by `change`; `factor` is the same in closed form, for jumps to an epoch."""

    def change(self, epoch: int) -> float | None:
        """What the rate is multiplied by on coming to `epoch`; None if it stays."""
        raise NotImplementedError

    def factor(self, epoch: int) -> float:
        """What the initial rate has been multiplied by, up to `epoch`."""
        raise NotImplementedError

    def get_lr(self) -> Rates:
        self._warn_outside_step()
        change = self.change(self.last_epoch)
        return [lr if change is None else lr * change for lr in values(self.optimizer, "lr")]

    def _get_closed_form_lr(self) -> Rates:
        factor = self.factor(self.last_epoch)
        return [lr * factor for lr in self.base_lrs]


class StepLR(_FactorLR):
    """Multiply the rate by `gamma` every `step_size` epochs.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for epoch in range(5):
    ...     print(*scheduler.get_last_lr(), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    1.0 1.0 0.5 0.5 0.25

    Source: PyTorch, `torch.optim.lr_scheduler.StepLR`.
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def change(self, epoch: int) -> float | None:
        return self.gamma if epoch and epoch % self.step_size == 0 else None

    def factor(self, epoch: int) -> float:
        return self.gamma ** (epoch // self.step_size)


class MultiStepLR(_FactorLR):
    """Multiply the rate by `gamma` at each of the given epochs: a piecewise constant schedule.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
    >>> for epoch in range(5):
    ...     print(*scheduler.get_last_lr(), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    1.0 0.5 0.5 0.25 0.25

    Source: PyTorch, `torch.optim.lr_scheduler.MultiStepLR`.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def change(self, epoch: int) -> float | None:
        return self.gamma ** self.milestones[epoch] if epoch in self.milestones else None

    def factor(self, epoch: int) -> float:
        return self.gamma ** bisect_right(sorted(self.milestones.elements()), epoch)


class ConstantLR(_FactorLR):
    """Multiply the rate by `factor` for the first `total_iters` epochs.

    Raises:
        ValueError: unless 0 <= factor <= 1.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> for epoch in range(4):
    ...     print(*scheduler.get_last_lr(), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    0.5 0.5 1.0 1.0

    Source: PyTorch, `torch.optim.lr_scheduler.ConstantLR`.
    """

    factor: float  # type: ignore[assignment]  # PyTorch's name of the argument

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(
                f"Constant multiplicative factor expected to be between 0 and 1, but got factor={factor}"
            )
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def change(self, epoch: int) -> float | None:
        if epoch == 0:
            return self.factor
        return 1.0 / self.factor if epoch == self.total_iters else None

    def _get_closed_form_lr(self) -> Rates:
        factor = 1.0 if self.last_epoch >= self.total_iters else self.factor
        return [lr * factor for lr in self.base_lrs]


class LinearLR(_FactorLR):
    """Multiply the initial rate by a factor that changes linearly for `total_iters` epochs: a warm-up.

    Raises:
        ValueError: unless 0 < start_factor <= 1 and 0 <= end_factor <= 1.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> for epoch in range(5):
    ...     print(*scheduler.get_last_lr(), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    0.25 0.5 0.75 1.0 1.0

    Source: PyTorch, `torch.optim.lr_scheduler.LinearLR`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and less or equal to 1, but "
                f"got start_factor={start_factor}"
            )
        if not 0 <= end_factor <= 1:
            raise ValueError(
                "Ending multiplicative factor expected to be between 0 and 1, but got "
                f"end_factor={end_factor}"
            )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def change(self, epoch: int) -> float | None:
        if epoch == 0:
            return self.start_factor
        if self._is_initial or epoch > self.total_iters:
            return None
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (epoch - 1) * rise)

    def factor(self, epoch: int) -> float:
        rise = self.end_factor - self.start_factor
        return self.start_factor + rise * min(self.total_iters, epoch) / self.total_iters


class ExponentialLR(_FactorLR):
    """Multiply the rate by `gamma` at each epoch: lr = lr₀ · gammaᵉᵖᵒᶜʰ.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> for epoch in range(4):
    ...     print(*scheduler.get_last_lr(), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    1.0 0.5 0.25 0.125

    Source: PyTorch, `torch.optim.lr_scheduler.ExponentialLR`.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def change(self, epoch: int) -> float | None:
        return None if self._is_initial else self.gamma

    def factor(self, epoch: int) -> float:
        return self.gamma**epoch


class PolynomialLR(_FactorLR):
    """Let the rate fall to 0 in `total_iters` epochs: lr = lr₀ · (1 - epoch / total_iters)ᵖᵒʷᵉʳ.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4)
    >>> for epoch in range(6):
    ...     print(*scheduler.get_last_lr(), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    1.0 0.75 0.5 0.25 0.0 0.0

    Source: PyTorch, `torch.optim.lr_scheduler.PolynomialLR`.
    """

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def change(self, epoch: int) -> float | None:
        if self._is_initial or epoch > self.total_iters:
            return None
        return ((1.0 - epoch / self.total_iters) / (1.0 - (epoch - 1) / self.total_iters)) ** self.power

    def factor(self, epoch: int) -> float:
        return (1.0 - min(self.total_iters, epoch) / self.total_iters) ** self.power


class PowerLR(_FactorLR):
    """Let the rate fall like a power of the epoch: lr = lr₀ / (1 + epoch / step_size)ᵖᵒʷᵉʳ.

    It falls fast first and ever more slowly then: to 1/2 after `step_size` epochs, to 1/3 after twice as many
    (power 1).

    Args:
        optimizer: whose rates it sets.
        step_size: s, after how many epochs the rate has fallen to 2⁻ᵖᵒʷᵉʳ.
        power: c, usually 1.
        last_epoch: the last epoch that was done; -1 to begin.

    Raises:
        ValueError: unless `step_size` is positive.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.PowerLR(optimizer, step_size=1)
    >>> for epoch in range(4):
    ...     print(round(*scheduler.get_last_lr(), 4), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    1.0 0.5 0.3333 0.25

    Source: Géron, "Hands-On Machine Learning", chapter 11, "power scheduling"; not in PyTorch.
    """

    def __init__(
        self, optimizer: Optimizer, step_size: float, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        if not step_size > 0:
            raise ValueError(f"step_size must be positive, but got {step_size}")
        self.step_size = step_size
        self.power = power
        super().__init__(optimizer, last_epoch)

    def change(self, epoch: int) -> float | None:
        return None if self._is_initial else self.factor(epoch) / self.factor(epoch - 1)

    def factor(self, epoch: int) -> float:
        return (1.0 + epoch / self.step_size) ** -self.power
