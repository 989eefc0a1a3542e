"""The table's numbers, counted another way."""

from __future__ import annotations

from typing import Any

import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.summary import summary


@pytest.mark.parametrize(
    ("layer", "inputs", "expected"),
    [
        (nn.Linear(5, 3), [(2, 7, 5)], 2 * 7 * 5 * 3),
        (nn.Bilinear(2, 3, 4), [(5, 2), (5, 3)], 5 * 4 * 2 * (3 + 1)),
        (nn.Conv2d(4, 6, 3, padding=1), [(2, 4, 5, 5)], 2 * 25 * 6 * 4 * 9),
        (nn.Conv2d(4, 6, 3, groups=2), [(1, 4, 5, 5)], 9 * 6 * 2 * 9),
        (nn.Conv1d(4, 6, 3, stride=2), [(1, 4, 9)], 4 * 6 * 4 * 3),
        (nn.ConvTranspose2d(4, 6, 2, stride=2), [(1, 4, 5, 5)], 25 * 4 * 6 * 4),
        (nn.LSTM(3, 4, num_layers=2), [(7, 2, 3)], 14 * (16 * 3 + 16 * 4 + 16 * 4 + 16 * 4)),
        (nn.GRU(3, 4, bidirectional=True), [(7, 3)], 7 * 2 * (12 * 3 + 12 * 4)),
        (
            nn.MultiheadAttention(8, 2, batch_first=True),
            [(2, 5, 8), (2, 3, 8), (2, 3, 8)],
            2 * (5 * 64 * 2 + 3 * 64 * 2 + 2 * 5 * 3 * 8),
        ),
        (nn.ReLU(), [(3,)], 0),
    ],
    ids=lambda value: str(value) if isinstance(value, nn.Module) else "",
)
def test_multiply_adds(layer: nn.Module, inputs: list[tuple[int, ...]], expected: int) -> None:
    found = summary(layer, *(torch.zeros(shape) for shape in inputs))
    assert found.multiply_adds == expected
    assert found.parameters == sum(one.numel() for one in layer.parameters())


class Shared(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.unused = nn.Linear(4, 4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embedding.weight
        self.embedding.weight.requires_grad_(False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.head(self.embedding(tokens)) @ self.embedding.weight)


def test_shared_weights_count_once_and_repeated_calls_add_up() -> None:
    model = Shared().train()
    found = summary(model, torch.zeros(3, dtype=torch.int64))
    assert found.parameters == 40 + 20 and found.trainable == 20
    assert [row.multiply_adds for row in found.rows] == [0, 0, 0, 2 * 3 * 40]
    text = str(found)
    assert "unused: Linear" in text and "not called" in text and "60 (20 trainable)" in text
    assert model.training and not model.head._forward_hooks


def test_it_leaves_the_model_as_it_was() -> None:
    model: Any = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout())
    model[2].eval()
    summary(model, input_size=(1, 4))  # one row: batch statistics would not do
    assert [part.training for part in model] == [True, True, False] and model[1].num_batches_tracked == 0
    with pytest.raises(RuntimeError):
        summary(model, input_size=(1, 5))
    assert [part.training for part in model] == [True, True, False] and not model[0]._forward_hooks


def test_bad_input() -> None:
    for options in ({}, {"input_size": (1, 2)}):
        inputs = [torch.zeros(1, 2)] if options else []
        with pytest.raises(ValueError, match="either the inputs to call the model with"):
            summary(nn.Linear(2, 2), *inputs, **options)
