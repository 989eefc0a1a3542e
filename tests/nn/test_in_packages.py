"""What packages built on PyTorch ask of modules, beside what its documentation says."""

from __future__ import annotations

import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn


def test_a_list_of_one_size_stands_for_all_dimensions() -> None:
    layer = nn.Conv2d(1, 2, 3, stride=[2], padding=(1,))
    assert layer.stride == (2, 2) and layer(torch.ones(1, 1, 5, 5)).shape == (1, 2, 3, 3)
    with pytest.raises(ValueError, match="must be one number or a tuple of 2"):
        nn.Conv2d(1, 2, 3, stride=(1, 2, 3))


def test_names_of_all_weights_in_order() -> None:
    lstm = nn.LSTM(2, 3, num_layers=2)
    assert lstm._flat_weights_names == [name for name, _ in lstm.named_parameters()]
    assert all(
        one is lstm.get_parameter(name) for one, name in zip(lstm._flat_weights, lstm._flat_weights_names)
    )
