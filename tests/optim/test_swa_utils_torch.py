"""Averages and their schedule are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = pytest.mark.torch


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize(
    "average",
    ["{}", "{'avg_fn': u.get_ema_avg_fn(0.9)}", "{'avg_fn': u.get_swa_avg_fn()}"]
    + ["{'multi_avg_fn': u.get_ema_multi_avg_fn(0.7)}", "{'multi_avg_fn': u.get_swa_multi_avg_fn()}"],
)
def test_averages(average: str, use_buffers: bool) -> None:
    if use_buffers and "swa_multi" in average:
        pytest.skip("PyTorch's cannot average a batch norm's integer count")
    states = []
    for module in (torch, tinygrad_kr):
        module.manual_seed(0)
        utils = module.optim.swa_utils
        net = module.nn.Sequential(module.nn.Linear(3, 4), module.nn.BatchNorm1d(4), module.nn.Linear(4, 1))
        averaged = utils.AveragedModel(net, use_buffers=use_buffers, **eval(average, {"u": utils}))
        optimizer = module.optim.SGD(net.parameters(), lr=0.1)
        batches = [module.randn(6, 3) for _ in range(5)]
        for x in batches:
            net(x).square().mean().backward()
            optimizer.step()
            averaged.update_parameters(net)
        before = {name: value.clone() for name, value in averaged.state_dict().items()}
        utils.update_bn(batches, averaged)
        states.append([*before.items(), *averaged.state_dict().items(), ("out", averaged(batches[0]))])
    for (name, one), (other_name, other) in zip(*states):
        assert name == other_name and str(one.dtype) == str(other.dtype)
        np.testing.assert_allclose(other.detach().numpy(), one.detach().numpy(), rtol=1e-5, atol=1e-6)


@given(
    options=st.fixed_dictionaries(
        {"swa_lr": st.floats(0.01, 1) | st.lists(st.floats(0.01, 1), min_size=2, max_size=2)},
        optional={"anneal_epochs": st.integers(0, 6), "anneal_strategy": st.sampled_from(["cos", "linear"])},
    ),
    start=st.integers(0, 4),
)
def test_rates(options: dict[str, Any], start: int) -> None:
    """Also after another schedule, and when its state is loaded on the way."""
    paths = []
    for module in (torch, tinygrad_kr):
        groups = [{"params": [module.zeros(1)]}, {"params": [module.zeros(1)], "lr": 0.7}]
        optimizer = module.optim.SGD(groups, lr=0.2)
        first = module.optim.lr_scheduler.ExponentialLR(optimizer, 0.8)
        path = []
        for _ in range(start):
            optimizer.step()
            first.step()
        scheduler = module.optim.swa_utils.SWALR(optimizer, **options)
        for step in range(8):
            path += [group["lr"] for group in optimizer.param_groups]
            optimizer.step()
            scheduler.step()
            if step == 2:
                saved = optimizer.state_dict(), scheduler.state_dict()
                scheduler = module.optim.swa_utils.SWALR(optimizer, 0.5)
                optimizer.load_state_dict(saved[0])
                scheduler.load_state_dict(saved[1])
        paths.append(path)
    assert paths[1] == pytest.approx(paths[0], rel=1e-12)
