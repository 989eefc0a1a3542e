"""Averages of a model's parameters over its training: stochastic weight averaging and moving averages."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..autograd.modes import no_grad
from ..nn.batchnorm import _BatchNorm
from ..nn.module import Module
from ..ops.creation import tensor
from ..tensor import Tensor
from .lr_scheduler.base import LRScheduler, Rates, per_group
from .optimizer import Optimizer

__all__ = [
    "AveragedModel",
    "SWALR",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

Average = Callable[[Tensor, Tensor, Any], Tensor]
Averages = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """`decay`·average + (1 - `decay`)·current: the moving average, for `AveragedModel`.

    Raises:
        ValueError: unless 0 ≤ decay ≤ 1.

    >>> average = torch.optim.swa_utils.get_ema_avg_fn(0.9)
    >>> average(torch.tensor([1.0]), torch.tensor([2.0]), 1)
    tensor([1.1000])

    Source: PyTorch, `torch.optim.swa_utils.get_ema_avg_fn`.
    """
    _check_decay(decay)

    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Average:
    """average + (current - average)/(n + 1): the equal average, for `AveragedModel`.

    >>> average = torch.optim.swa_utils.get_swa_avg_fn()
    >>> average(torch.tensor([1.0]), torch.tensor([4.0]), 2)
    tensor([2.])

    Source: PyTorch, `torch.optim.swa_utils.get_swa_avg_fn`.
    """

    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> Averages:
    """`get_ema_avg_fn` for lists of tensors, changing the averages in place.

    Source: PyTorch, `torch.optim.swa_utils.get_ema_multi_avg_fn`.
    """
    _check_decay(decay)

    def ema_update(ema_params: Sequence[Tensor], current_params: Sequence[Tensor], _: Any) -> None:
        with no_grad():
            for ema, current in zip(ema_params, current_params):
                if ema.is_floating_point():
                    ema.lerp_(current, 1 - decay)
                else:
                    ema.copy_(ema * decay + current * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Averages:
    """`get_swa_avg_fn` for lists of tensors, changing the averages in place.

    Source: PyTorch, `torch.optim.swa_utils.get_swa_multi_avg_fn`.
    """

    def swa_update(averaged: Sequence[Tensor], current_params: Sequence[Tensor], num_averaged: Any) -> None:
        with no_grad():
            for average, current in zip(averaged, current_params):
                if average.is_floating_point():
                    average.lerp_(current, 1 / (float(num_averaged) + 1))
                else:
                    average.copy_(average + (current - average) / (num_averaged + 1))

    return swa_update


def _check_decay(decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's, taken at each `update_parameters`.

    Args:
        model: what to average.
        device: the CPU.
        avg_fn: `f(average, current, number averaged)`, the new average of one parameter; by default all
            count the same (`get_swa_avg_fn`); `get_ema_avg_fn(decay)` makes a moving average.
        multi_avg_fn: in its place, a function of lists, which changes the averages in place.
        use_buffers: average buffers as well, rather than copy them.

    Raises:
        AssertionError: both functions are given.

    >>> net = torch.nn.Linear(1, 1, bias=False)
    >>> averaged = torch.optim.swa_utils.AveragedModel(net)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = torch.nn.init.constant_(net.weight, value)
    ...     averaged.update_parameters(net)
    >>> averaged(torch.ones(1)).item(), averaged.n_averaged
    (3.0, tensor(3))

    Source: PyTorch, `torch.optim.swa_utils.AveragedModel`; Izmailov et al., "Averaging Weights Leads to Wider
    Optima and Better Generalization", 2018.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: Averages | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's parameters into the averages."""
        averages, currents = ([one.detach() for one in self._averaged(net)] for net in (self.module, model))
        if self.n_averaged == 0:
            for average, current in zip(averages, currents):
                average.copy_(current)
        elif self.multi_avg_fn is not None:
            for kind in dict.fromkeys(one.dtype for one in averages):  # one call for each dtype, as PyTorch's
                pairs = [pair for pair in zip(averages, currents) if pair[0].dtype == kind]
                sides = [[pair[side] for pair in pairs] for side in (0, 1)]
                self.multi_avg_fn(sides[0], sides[1], self.n_averaged)
        else:
            average_of = self.avg_fn or get_swa_avg_fn()
            for average, current in zip(averages, currents):
                average.copy_(average_of(average, current, self.n_averaged))
        if not self.use_buffers:
            for own, buffer in zip(self.module.buffers(), model.buffers()):
                own.detach().copy_(buffer.detach())
        self.n_averaged += 1

    def _averaged(self, model: Module) -> Iterable[Tensor]:
        return itertools.chain(model.parameters(), model.buffers() if self.use_buffers else ())


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of all batch norms anew, as means over the batches of a loader.

    Args:
        loader: batches, or tuples and lists that begin with one.
        model: what is called with each batch, in training mode; its mode is restored.
        device: the CPU.

    >>> net = torch.nn.Sequential(torch.nn.BatchNorm1d(1))
    >>> torch.optim.swa_utils.update_bn([torch.tensor([[1.0], [3.0]])] * 2, net)
    >>> net[0].running_mean
    tensor([2.])

    Source: PyTorch, `torch.optim.swa_utils.update_bn`.
    """
    momenta = {one: one.momentum for one in model.modules() if isinstance(one, _BatchNorm)}
    if not momenta:
        return
    training = model.training
    model.train()
    for one in momenta:
        one.reset_running_stats()
        one.momentum = None
    with no_grad():
        for batch in loader:
            batch = batch[0] if isinstance(batch, (list, tuple)) else batch
            model(batch if device is None else batch.to(device))
    for one, momentum in momenta.items():
        one.momentum = momentum
    model.train(training)


class SWALR(LRScheduler):
    """Anneal the rates to fixed ones within some epochs, and stay there: for stochastic weight averaging.

    Args:
        optimizer: whose rates.
        swa_lr: the rate to reach, one for all groups or a list with one for each.
        anneal_epochs: how many epochs it takes.
        anneal_strategy: "cos" or "linear".
        last_epoch: the last epoch that was done.

    Raises:
        ValueError: another strategy, or no number of epochs.

    >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.swa_utils.SWALR(optimizer, 0.5, anneal_epochs=2, anneal_strategy="linear")
    >>> for epoch in range(4):
    ...     print(*scheduler.get_last_lr(), end=" ")
    ...     optimizer.step()
    ...     scheduler.step()
    1.0 0.75 0.5 0.5

    Source: PyTorch, `torch.optim.swa_utils.SWALR`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | Sequence[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for group, lr in zip(optimizer.param_groups, per_group("swa_lr", optimizer, swa_lr)):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _part(self, step: int) -> float:
        """Which part of the way is behind."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def get_lr(self) -> Rates:
        self._warn_outside_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._part(step - 1), self._part(step)
        rates = []
        for group in self.optimizer.param_groups:
            lr, end = group["lr"], group["swa_lr"]
            start = end if before == 1 else (lr - before * end) / (1 - before)  # where the way began
            rates.append(end * now + start * (1 - now))
        return rates
