"""Averages of models and the schedule that goes with them."""

from __future__ import annotations

import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.optim import swa_utils


def test_buffers_are_copied_or_averaged() -> None:
    net = nn.BatchNorm1d(1)
    copied, averaged = swa_utils.AveragedModel(net), swa_utils.AveragedModel(net, use_buffers=True)
    for value in (1.0, 3.0):
        net.running_mean.fill_(value)
        for one in (copied, averaged):
            one.update_parameters(net)
    assert copied.module.running_mean.item() == 3 and averaged.module.running_mean.item() == 2
    assert next(iter(copied.state_dict())) == "n_averaged"
    assert all(p.is_leaf and p.grad is None for p in averaged.parameters())


def test_statistics_of_batch_norms_are_taken_anew() -> None:
    net = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1)).eval()
    batches = [(torch.randn(8, 2), torch.zeros(8)) for _ in range(3)]
    swa_utils.update_bn(batches, net)
    mean = sum(x.mean(0) for x, _ in batches) / 3
    assert torch.allclose(net[0].running_mean, mean, atol=1e-6)
    assert net[0].momentum == 0.1 and not net.training


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda: swa_utils.get_ema_avg_fn(1.5), ValueError),
        (lambda: swa_utils.get_ema_multi_avg_fn(-1), ValueError),
        (lambda: swa_utils.AveragedModel(nn.ReLU(), avg_fn=max, multi_avg_fn=max), AssertionError),
        (lambda: swa_utils.SWALR(torch.optim.SGD([torch.zeros(1)]), 0.1, anneal_strategy="exp"), ValueError),
        (lambda: swa_utils.SWALR(torch.optim.SGD([torch.zeros(1)]), 0.1, anneal_epochs=-1), ValueError),
        (lambda: swa_utils.SWALR(torch.optim.SGD([torch.zeros(1)]), [0.1, 0.2]), ValueError),
        (lambda: torch.optim.Muon([torch.zeros(2)]), ValueError),
        (lambda: torch.optim.Muon([torch.zeros(2, 2)], adjust_lr_fn="none"), ValueError),
        (lambda: torch.optim.Muon([torch.zeros(2, 2)], ns_steps=100), ValueError),
        (lambda: torch.optim.Adafactor([torch.zeros(2)], beta2_decay=0.1), ValueError),
        (lambda: torch.optim.Adafactor([torch.zeros(2)], d=0.5), ValueError),
        (lambda: torch.optim.Adafactor([torch.zeros(2)], eps=(None, -1.0)), ValueError),
    ],
)
def test_what_does_not_go(call, error: type[Exception]) -> None:
    with pytest.raises(error):
        call()
